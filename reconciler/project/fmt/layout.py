"""`fmt`: one layout for every file, and a proof that the file still says the same."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Final

from reconciler.model.address import NAME
from reconciler.project.diagnostics import Diagnostic, Diagnostics, Place, ProjectError
from reconciler.project.fmt.emit import LONG_BODY, body_lines, write_other, write_top
from reconciler.project.fmt.shorten import Shorten, shortened
from reconciler.project.fmt.tree import Collection, Item, Scalar, read_tree
from reconciler.project.yaml.compose import NOT_ALLOWED
from reconciler.project.yaml.document import normalised, read_document
from reconciler.project.yaml.traps import repair

_GROUP = re.compile(rf"{NAME}\.{NAME}")
_RESOURCE = re.compile(rf"({NAME}\.{NAME})\.{NAME}")
_NAME = re.compile(NAME)
_WHOLE: Final = frozenset({"reconciler.yaml", "reconciler.yml", "module.yaml", "module.yml"})
"""Files whose top-level keys are not resources."""


def format_text(text: str, file: str, shorten: Shorten | None = None) -> str:
    """Return the text of a project file in the canonical layout; a second run changes nothing.

    `file` is the file as shown to the user; `reconciler.yaml` and `module.yaml` have no resources to group. `shorten`
    is called with `account.kind` and the body of each resource and returns the body in short form, or the same. Traps
    whose repair is safe are repaired first.

    Raises ProjectError when the text cannot be read, or (`fmt-refused`) when the result would mean something else.
    """
    source = normalised(text)
    found = Diagnostics()
    document = read_document(source, file, found)
    if document is None:
        if NOT_ALLOWED.search(source) is not None:
            raise ProjectError(found.sorted())
        source, _ = repair(source)
        document = read_document(source, file, Diagnostics())
        if document is None:
            raise ProjectError(found.sorted())
    grouped = PurePosixPath(file).name not in _WHOLE
    wanted = _meaning(document.value, grouped=grouped, shorten=shorten)
    for rearrange in (True, False):
        out = _layout(source, grouped=grouped, rearrange=rearrange, shorten=shorten)
        after = read_document(out, file, Diagnostics())
        if after is not None and _same(_meaning(after.value, grouped=grouped, shorten=None), wanted):
            return out
    problem = "the formatted file would not say the same, so it is left as it is"
    place = Place(file, 1, 1)
    raise ProjectError(
        [Diagnostic(place, None, problem, "format it by hand, and report this file", code="fmt-refused")]
    )


def _layout(source: str, *, grouped: bool, rearrange: bool, shorten: Shorten | None) -> str:
    root, leftover = read_tree(source)
    if not isinstance(root, Collection) or not root.is_map or (root.flow and not root.items):
        assert root is not None
        return write_other(root, leftover)
    if grouped:
        if shorten is not None:
            shortened(root, shorten)
        if rearrange:
            root.items = [part for item in root.items for part in _regrouped(item)]
    return write_top(root, leftover, meta_first=rearrange)


def _regrouped(item: Item) -> list[Item]:
    """Return an `account.kind:` map without the resources of long bodies, and those under keys of their own."""
    group = item.value
    if item.key is None or not _GROUP.fullmatch(item.key.text) or not isinstance(group, Collection):
        return [item]
    if not group.is_map or group.prefix or any(one.key is None or one.key.text == "<<" for one in group.items):
        return [item]
    long = [one for one in group.items if one.key and _NAME.fullmatch(one.key.text) and body_lines(one) > LONG_BODY]
    if not long:
        return [item]
    out: list[Item] = []
    short = [one for one in group.items if all(one is not other for other in long)]
    if short:
        group.items = short
        out.append(item)
    else:
        long[0].before = [*item.before, *(note.text for note in item.behind), *long[0].before]
    for one in long:
        assert one.key is not None
        one.key = Scalar(f"{item.key.text}.{one.key.text}", prefix=one.key.prefix)
        out.append(one)
    if group.trailing and not short:
        last = out[-1].value
        if isinstance(last, Collection):
            last.trailing.extend(group.trailing)
    return out


def _meaning(value: Any, *, grouped: bool, shorten: Shorten | None) -> Any:
    """Return what a file says in a form in which two layouts of it are equal: resources by address, `$` keys first."""
    if not grouped or not isinstance(value, dict):
        return _ordered(value)
    out: dict[str, Any] = {}

    def put(key: str, body: Any) -> None:
        out[key if key not in out else f"{key} again"] = _ordered(body)

    for key, body in value.items():
        whole = _RESOURCE.fullmatch(key)
        if _GROUP.fullmatch(key) and isinstance(body, dict) and body:
            named = {name: one for name, one in body.items() if _NAME.fullmatch(name)}
            for name, one in named.items():
                put(f"{key}.{name}", shorten(key, one) if shorten else one)
            if len(named) < len(body):
                put(key, {name: one for name, one in body.items() if name not in named})
        elif whole is not None and shorten is not None:
            put(key, shorten(whole.group(1), body))
        else:
            put(key, body)
    return out


def _ordered(value: Any) -> Any:
    """Return maps as lists of pairs with `$` keys first, so that a changed order shows."""
    if isinstance(value, dict):
        return (
            "map",
            [(key, _ordered(item)) for key, item in sorted(value.items(), key=lambda pair: pair[0][:1] != "$")],
        )
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value


def _same(left: Any, right: Any) -> bool:
    """Compare strictly: `1`, `1.0`, `true` and `"1"` are four values."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
