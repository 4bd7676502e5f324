"""Convert Experiences (API v2): A/B tests, personalisations and feature rollouts."""

from reconciler.adapters.convert.platform import PLATFORM

__all__ = ["PLATFORM"]
