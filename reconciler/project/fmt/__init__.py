"""The canonical layout of files, comments kept, and writing values into it."""

from reconciler.project.fmt.layout import format_text
from reconciler.project.fmt.shorten import Shorten

__all__ = ["Shorten", "format_text"]
