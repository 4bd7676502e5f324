"""The human part of an error answer, out of the shapes that platforms use for it."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["explain"]

_LONGEST = 300
_TEXT_KEYS = ("message", "error_description", "detail", "title", "msg")
_LEAVES = 5


def explain(body: Any) -> str:
    """Give one line of at most 300 characters; empty if the body says nothing.

    Knows ``{message}`` and ``{error}`` (text, list or object), ``{error, error_description}``, ``{errors: [{code,
    message, field}]}`` (Celigo), ``{errors: {path: [text]}}`` (Patchworks), ``{message, fields|parameters}`` (Convert),
    a tree of text lists in the shape of what was sent (LeadConduit), and plain text.
    """
    line = " ".join(_explain(body).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _explain(body: Any) -> str:
    if isinstance(body, str):
        # an error page of a proxy says nothing that a person wants on one line
        return "an HTML page" if body.lstrip()[:1] == "<" else body
    if isinstance(body, list):
        return "; ".join(filter(None, (_explain(item) for item in body[:_LEAVES])))
    if not isinstance(body, Mapping):
        return "" if body is None else str(body)
    text = next((found for key in _TEXT_KEYS if (found := _explain(body.get(key)))), "")
    error = body.get("error")
    errors = body.get("errors")
    if error and not text:
        text = _explain(error)
    code = body.get("code")
    if isinstance(code, str) and code not in text:
        text = f"{code}: {text}" if text else code
    where = body.get("field") or body.get("fields") or body.get("parameters")
    if where and text:
        return f"{text} ({', '.join(map(str, where)) if isinstance(where, list) else where})"
    if errors:
        return f"{text}: {_leaves(errors)}" if text else _leaves(errors)
    return text or _leaves(body)


def _leaves(tree: Any) -> str:
    if isinstance(tree, list):
        return _explain(tree)
    found = list(_walk(tree, ""))
    more = f"; and {len(found) - _LEAVES} more" if len(found) > _LEAVES else ""
    return "; ".join(found[:_LEAVES]) + more


def _walk(tree: Any, path: str) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, item in tree.items():
            yield from _walk(item, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        if texts := [item for item in tree if isinstance(item, str)]:
            yield f"{path}: {', '.join(texts)}" if path else ", ".join(texts)
        for item in tree:
            if not isinstance(item, str):
                yield from _walk(item, path)
    elif isinstance(tree, str) and tree:
        yield f"{path}: {tree}" if path else tree
