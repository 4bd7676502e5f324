"""Convert Experiences API v2, emulated: its own tables, its own validation, nothing taken from the client's side."""

from reconciler.emulator.convert.platform import ConvertPlatform

__all__ = ["ConvertPlatform"]
