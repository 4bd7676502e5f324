"""Declarative configuration for marketing platforms: plan, apply, drift."""

__version__ = "0.1.0"
