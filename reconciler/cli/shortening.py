"""Short forms for `fmt`: bodies of resources as their kinds' shapes would have them written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Shape

if TYPE_CHECKING:
    from reconciler.project.fmt import Shorten


def shorten_with(root: Path) -> Shorten:
    """Return how to shorten the bodies of a project's resources; those of unknown kinds stay as they are."""
    from reconciler.project.platforms import Platforms, platform_name

    platforms = Platforms()
    named = _accounts(root)

    def shorten(kind_text: str, body: Any) -> Any:
        account, _, kind_name = kind_text.partition(".")
        platform = platforms.get(named.get(account) or platform_name(account))
        kind = platform.kinds.get(kind_name) if platform is not None else None
        if kind is None or not isinstance(body, dict):
            return body
        short = _walk(body, kind.shape, shorten=True)
        # Nothing is shortened that would not be read back as what stood there.
        return short if _walk(short, kind.shape) == _walk(body, kind.shape) else body

    return shorten


def _accounts(root: Path) -> Mapping[str, str]:
    """Return the platforms of accounts that say one, as far as `reconciler.yaml` can be read."""
    from reconciler.project.diagnostics import Diagnostics
    from reconciler.project.yaml.document import normalised, read_document

    path = root / "reconciler.yaml"
    if not path.is_file():
        return {}
    document = read_document(normalised(path.read_text(encoding="utf-8", errors="replace")), path.name, Diagnostics())
    accounts = document.value.get("accounts") if document is not None and isinstance(document.value, dict) else None
    out: dict[str, str] = {}
    for name, settings in accounts.items() if isinstance(accounts, dict) else ():
        platform = settings.get("platform") if isinstance(settings, dict) else None
        if isinstance(platform, str):
            out[name] = platform
    return out


def _walk(value: Any, shape: Shape | None, *, shorten: bool = False) -> Any:
    """Return a value with every short form written out, or put back in again afterwards."""
    if shape is None:
        return value
    forms = shape.short
    full = forms.expand(value) if forms is not None else value
    inside = _inside(full, shape, shorten=shorten)
    if shorten and forms is not None and forms.shorten is not None:
        return forms.shorten(inside)
    if shorten and forms is not None and inside == full:
        return value
    return inside


def _inside(value: Any, shape: Shape, *, shorten: bool) -> Any:
    match shape:
        case ObjectShape() if isinstance(value, dict):
            fields = shape.fields
            return {key: _walk(item, fields.get(key), shorten=shorten) for key, item in value.items()}
        case ChildrenShape() if isinstance(value, dict):
            return {
                key: item if key[:1] == "$" else _walk(item, shape.item, shorten=shorten) for key, item in value.items()
            }
        case ChildrenShape() | ListShape() if isinstance(value, list):
            return [_walk(item, shape.item, shorten=shorten) for item in value]
        case MapShape() if isinstance(value, dict):
            return {key: _walk(item, shape.value, shorten=shorten) for key, item in value.items()}
        case _:
            return value


__all__ = ["shorten_with"]
