"""Members that were carried over from a read and that the platform does not take back.

What our schema does not know is sent back with the object it stands in, because the platform may replace whole objects.
If the platform refuses exactly such members, they are its own and there is nothing to keep: they are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from reconciler.adapters.convert.kind import Body
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Shape
from reconciler.model.values import Path


def without_refused(shape: ObjectShape, body: Body, refused: Iterable[Path]) -> Body | None:
    """Return the body without the refused members, or None when any of them is one that our schema knows."""
    paths = sorted(set(refused), key=len, reverse=True)
    if not paths or not all(_is_foreign(shape, path) for path in paths):
        return None
    out = deepcopy(body)
    return out if all(_drop(out, path) for path in paths) else None


def _is_foreign(shape: Shape, path: Path) -> bool:
    current: Shape = shape
    for part in path:
        if isinstance(current, ObjectShape):
            found = current.fields.get(str(part))
            if found is None:
                return isinstance(part, str)
            current = found
        elif isinstance(current, ChildrenShape | ListShape):
            current = current.item
        elif isinstance(current, MapShape):
            current = current.value
        else:
            return False
    return False


def _drop(body: Any, path: Path) -> bool:
    node = body
    try:
        for part in path[:-1]:
            node = node[part]
        del node[path[-1]]
    except (LookupError, TypeError):
        return False
    return True


__all__ = ["without_refused"]
