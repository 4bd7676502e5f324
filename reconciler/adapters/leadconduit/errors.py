"""Refusals of LeadConduit: trees of messages in the shape of the document that was sent.

Leaves are lists of texts; positions in arrays are keys of objects (`{"steps": {"0": {"outcome": ["is required"]}}}`).
How the tree is wrapped is not documented, so it is taken bare and inside `errors`, `error` or `message`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.adapters.base.adapter import FieldError
from reconciler.model.values import Path


def field_errors(body: Any) -> list[FieldError]:
    """Flatten the body of a refusal to paths of the body that was sent; empty when it holds no text."""
    return list(_flatten(_unwrapped(body), ()))


def _unwrapped(body: Any) -> Any:
    if not isinstance(body, Mapping):
        return body
    for key in ("errors", "error", "message"):
        if key in body and set(body) <= {"errors", "error", "message", "status", "statusCode", "code"} and body[key]:
            return body[key]
    return body


def _flatten(tree: Any, path: Path) -> Iterator[FieldError]:
    if isinstance(tree, str):
        if tree:
            yield FieldError(path, tree)
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            part = int(key) if isinstance(key, str) and key.isascii() and key.isdigit() else key
            yield from _flatten(value, (*path, part))
    elif isinstance(tree, list):
        texts = all(isinstance(item, str) for item in tree)
        for index, item in enumerate(tree):
            yield from _flatten(item, path if texts or isinstance(item, str) else (*path, index))


def broken_flows(answer: Any) -> list[str]:
    """Read the 202 of a delete: which flows still refer to what is gone, and cannot be saved until that is mended."""
    results = answer.get("results") if isinstance(answer, Mapping) else None
    flows = results.get("error_flows") if isinstance(results, Mapping) else None
    out: list[str] = []
    for flow in flows if isinstance(flows, list) else ():
        if isinstance(flow, Mapping):
            where = "; ".join(f"{_dotted(one.path)}: {one.message}" for one in _flatten(flow.get("errors"), ()))
            out.append(
                f"flow {flow.get('name')} ({flow.get('id')}) still refers to it and cannot be saved until that is "
                f"mended{': ' + where if where else ''}"
            )
    if not out and isinstance(answer, Mapping) and answer.get("message"):
        out.append(str(answer["message"]))
    return out


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)
