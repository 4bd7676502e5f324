"""Reads a project: `reconciler.yaml`, resource files, expressions, modules and environments."""
