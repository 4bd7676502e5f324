"""The line of a file at which a resource begins, found by a search of its text: a plan shows it for what changes.

Exact positions are there too (`Declaration.place_of`), but reading a file with marks costs more than planning it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from reconciler.project.model import Declaration


@lru_cache(maxsize=64)
def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def line_of(root: Path, declaration: Declaration) -> int | None:
    """Return the line, counted from 1, at which a resource's key stands; None when it is not found."""
    text = _text(root / declaration.file)
    position = 0
    for depth, part in enumerate(declaration.origin.path):
        indent = "" if depth == 0 else r"[ ]+"
        found = re.compile(rf"^{indent}[\"']?{re.escape(str(part))}[\"']?\s*:", re.MULTILINE).search(text, position)
        if found is None:
            return None
        position = found.start()
    return text.count("\n", 0, position) + 1 if text else None
