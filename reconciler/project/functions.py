"""The functions of `${…}`: files as text, lines and data, the environment, and values for what is missing."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from reconciler.adapters.base.declare import FAILED
from reconciler.adapters.base.spelling import shown
from reconciler.project.diagnostics import Diagnostics
from reconciler.project.evaluate import Frame, argument, environment_variable, nested, text_value
from reconciler.project.expressions import CallNode, ExpressionError, MissingValueError


def call(node: CallNode, frame: Frame) -> Any:
    """Return what a call delivers. Raises ExpressionError."""
    if node.name == "default":
        try:
            value = argument(node.arguments[0], frame)
        except MissingValueError:
            value = None
        return argument(node.arguments[1], frame) if value is None else value
    first = argument(node.arguments[0], frame)
    if first is FAILED:
        return FAILED
    if not isinstance(first, str):
        raise ExpressionError(f"${{{node.text}}} needs text that is known when files are loaded, not {shown(first)}")
    if node.name == "env":
        if len(node.arguments) == 1:
            return environment_variable(first, frame.room)
        return frame.room.environ.get(first) or argument(node.arguments[1], frame)
    text, path = frame.room.read(frame.folder, first)
    match node.name:
        case "file":
            return text
        case "template":
            return text_value(text, nested(frame, path.parent, node)) if "${" in text else text
        case "lines":
            return [line for line in text.split("\n") if line.strip()]
        case "csv":
            return _csv(text, first)
        case "json":
            return _json(text, first)
    return _yaml(text, first)


def _csv(text: str, name: str) -> list[dict[str, str]]:
    rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    if not rows:
        return []
    header = rows[0]
    if len(set(header)) != len(header) or "" in header:
        raise ExpressionError(f"{name}: the first row must name each column once")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise ExpressionError(f"{name}: row {number} has {len(row)} cells, the first row has {len(header)}")
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def _json(text: str, name: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(pairs)
        if len(out) != len(pairs):
            raise ExpressionError(f"{name}: a key stands twice in one object")
        return out

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise ExpressionError(f"{name} is no JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None


def _yaml(text: str, name: str) -> Any:
    from reconciler.project.yaml.document import read_document

    found = Diagnostics()
    document = read_document(text, name, found)
    if document is None:
        raise ExpressionError("; ".join(str(finding) for finding in found.errors) or f"{name} cannot be read")
    return document.value
