"""Outputs of the project and of modules: a value, or a value with a description, a mark of secrecy and a sink."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.adapters.base.declare import FAILED
from reconciler.adapters.base.spelling import as_written, shown
from reconciler.model.address import valid_name
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Shape
from reconciler.model.values import is_secret
from reconciler.project.declarations import output_problem, refs_with_paths
from reconciler.project.diagnostics import Place
from reconciler.project.evaluate import Frame, whole
from reconciler.project.expressions import ExpressionError
from reconciler.project.model import Declaration, Output
from reconciler.project.session import Session
from reconciler.project.yaml.document import Document

KEYS = ("value", "description", "sensitive", "sink")


def long_form(raw: Any) -> bool:
    """Tell whether an output is written as a map of `value` and more, rather than as the value itself."""
    return (
        isinstance(raw, dict) and "value" in raw and set(raw) <= {*KEYS, *(key for key in raw if key.startswith("x-"))}
    )


def output_values(session: Session, raw: Any, document: Document) -> dict[str, Any]:
    """Return the outputs' values as written, by name; what is wrong with the section is reported."""
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        session.error("outputs must be a map of names", place=document.position(("outputs",)), code="type")
        return {}
    out: dict[str, Any] = {}
    for name, body in raw.items():
        if not valid_name(name):
            place = document.position(("outputs", name), "key")
            session.error(f"{name!r} cannot be the name of an output", "use letters, digits, _ and -", place=place)
            continue
        out[name] = body["value"] if long_form(body) else body
    return out


def read_outputs(
    session: Session,
    raw: Any,
    document: Document,
    frame: Frame,
    declarations: Mapping[str, Declaration],
    prefix: str = "",
) -> dict[str, Output]:
    """Work out the `outputs:` section. An output made of a secret is sensitive by itself. Errors are reported."""
    out: dict[str, Output] = {}
    for name, written in output_values(session, raw, document).items():
        body = raw[name] if long_form(raw[name]) else {}
        path = ("outputs", name, "value") if body else ("outputs", name)
        place = document.position(path)
        address = f"{prefix}outputs.{name}"
        try:
            value = whole(written, frame)
        except ExpressionError as error:
            session.error(error.problem, error.fix, place=place, address=address, code="expression")
            continue
        if value is FAILED:
            continue
        _check_parts(session, value, declarations, place, address)
        sensitive = body.get("sensitive", False)
        if not isinstance(sensitive, bool):
            where = document.position(("outputs", name, "sensitive"))
            session.error(f"sensitive must be true or false, not {shown(sensitive)}", place=where, address=address)
            sensitive = True
        description = as_written(body["description"]) if body.get("description") is not None else ""
        tainted = sensitive or is_secret(value) or _secret_parts(value, declarations)
        out[name] = Output(name, value, description, tainted, body.get("sink"), place)
    return out


def _check_parts(
    session: Session, value: Any, declarations: Mapping[str, Declaration], place: Place, address: str
) -> None:
    for ref, _ in refs_with_paths(value):
        target = declarations.get(ref.address)
        if target is not None and ref.output and (found := output_problem(target, ref.output)) is not None:
            session.error(found[0], found[1], place=place, address=address, code="expression")


def _secret_parts(value: Any, declarations: Mapping[str, Declaration]) -> bool:
    """Tell whether a value is made of an attribute or output of a resource that is a credential."""
    for ref, _ in refs_with_paths(value):
        target = declarations.get(ref.address)
        if target is not None and output_is_secret(target, ref.output):
            return True
    return False


def output_is_secret(target: Declaration, output: tuple[str, ...]) -> bool:
    """Tell whether what stands at a path of a resource is a credential: marked so, or declared from a secret."""
    shape: Shape | None = target.kind.shape
    value: Any = target.body
    for part in output:
        if isinstance(shape, ObjectShape):
            shape = shape.fields.get(part)
        elif isinstance(shape, ChildrenShape | ListShape):
            shape = shape.item
        elif isinstance(shape, MapShape):
            shape = shape.value
        value = value.get(part) if isinstance(value, dict) else None
        if shape is not None and (shape.secret is not None or (shape.computed is not None and shape.computed.secret)):
            return True
    return bool(output) and is_secret(value)
