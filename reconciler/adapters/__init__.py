"""Platforms: one package each, one module per kind; `base` holds what they share."""
