"""Drift: what differs on the platforms from what we saw there last, who made it so, and when."""

from reconciler.drift.detect import detect
from reconciler.drift.report import ChildDrift, Drifted, DriftReport, Found, Unmanaged
from reconciler.drift.unmanaged import find_unmanaged

__all__ = ["ChildDrift", "DriftReport", "Drifted", "Found", "Unmanaged", "detect", "find_unmanaged"]
