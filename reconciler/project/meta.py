"""Meta keys of a resource: how it is found, ordered and treated, as opposed to what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from reconciler.adapters.base.declare import FAILED
from reconciler.adapters.base.spelling import as_written, shown, suggestion
from reconciler.model.address import index_text
from reconciler.model.kind import Kind, Removal
from reconciler.model.shape import Scalar
from reconciler.model.values import Path, Ref, Template, has_slot, is_secret
from reconciler.project.evaluate import Frame, interpolate, node_value
from reconciler.project.expressions import ExpressionError, parse_path
from reconciler.project.model import Meta, Rules
from reconciler.project.rooms import ModuleRoom

ATTRIBUTES = frozenset({"$published", "$raw"})
"""Keys with `$` that go through the body."""
META = ("$for_each", "$enabled", "$depends_on", "$import", "$adopt", "$existing", "$lifecycle")
KNOWN = (*META, *sorted(ATTRIBUTES))
RULES = ("prevent_destroy", "ignore_changes", "create_before_destroy", "on_remove", "on_drift", "publish_with")
NONE = Meta()
Problem = Callable[[Path, str, str], None]


def read_meta(body: Mapping[str, Any], frame: Frame, kind: Kind, problem: Problem) -> Meta:
    """Return what the meta keys of an instance say; everything wrong is told to `problem`."""

    def value_of(key: str) -> Any:
        return interpolate(body[key], frame, lambda path, error: problem((key, *path), error.problem, error.fix))

    for key in body:
        if key.startswith("$") and key not in KNOWN:
            problem((key,), f"unknown meta key {key}", suggestion(key, list(KNOWN)))
    if "$published" in body and kind.publish is None:
        problem(("$published",), f"{kind.name} are not published", "remove the line")
    chosen = [key for key in ("$import", "$adopt", "$existing") if key in body and body[key] is not False]
    if len(chosen) > 1:
        problem((chosen[1],), f"{' and '.join(chosen)} exclude each other", "keep one")
    import_id = _import(value_of("$import"), problem) if "$import" in body else None
    adopt = body.get("$adopt", False)
    if adopt is not False:
        adopt = value_of("$adopt")
        if not isinstance(adopt, bool) and adopt is not FAILED:
            problem(("$adopt",), f"$adopt must be true or false, not {shown(adopt)}", "")
    existing = _existing(value_of("$existing"), kind, problem) if "$existing" in body else None
    if existing is not None:
        for key in body:
            if not key.startswith("$") and not ((shape := kind.shape.fields.get(key)) is not None and shape.parent):
                problem((key,), f"{key} is never written, because of $existing", "remove the line, or use $adopt: true")
    depends = _addresses(value_of("$depends_on"), ("$depends_on",), frame, problem) if "$depends_on" in body else ()
    rules = _rules(value_of("$lifecycle"), kind, frame, problem) if "$lifecycle" in body else Rules()
    return Meta(import_id, adopt is True, existing, depends, rules)


def _import(value: Any, problem: Problem) -> str | None:
    if value is FAILED:
        return None
    if has_slot(value):
        problem(("$import",), "$import waits for another resource", "its id must be known when files are loaded")
    elif isinstance(value, Template) or is_secret(value):
        problem(("$import",), "$import cannot be a secret", "")
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
        return as_written(value)
    else:
        problem(("$import",), f"$import takes the id of an object, not {shown(value)}", "")
    return None


def _existing(value: Any, kind: Kind, problem: Problem) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if value is FAILED:
        return out
    if not isinstance(value, dict) or not value:
        problem(("$existing",), "$existing takes the attributes to look it up by", f"write {{{_example(kind)}: …}}")
        return out
    fields = {name: shape for name, shape in kind.shape.fields.items() if isinstance(shape, Scalar)}
    for key, item in value.items():
        here = ("$existing", key)
        if key not in fields and key not in {"id", kind.id_attribute}:
            problem(here, f"{kind.name} cannot be looked up by {key}", suggestion(key, ["id", *fields]))
        elif has_slot(item):
            problem(here, "$existing waits for another resource", "its values must be known when files are loaded")
        elif isinstance(item, dict | list) or item is None or is_secret(item):
            problem(here, f"{key} must be a single value, not {'a secret' if is_secret(item) else shown(item)}", "")
        else:
            text = key not in fields or fields[key].base in {"text", "any"}
            out[key] = as_written(item) if text else item
    return out


def _example(kind: Kind) -> str:
    return kind.key_attributes[0] if kind.key_attributes else "id"


def _addresses(value: Any, path: Path, frame: Frame, problem: Problem) -> tuple[str, ...]:
    """Return addresses given as a list of texts or `${address}`; one without index stands for all its instances."""
    if value is FAILED:
        return ()
    items = value if isinstance(value, list) else [value]
    out: dict[str, None] = {}
    for i, item in enumerate(items):
        here = (*path, i) if isinstance(value, list) else path
        if item is FAILED:
            continue
        if isinstance(item, Template) and isinstance(item.only, Ref):
            out[item.only.address] = None
            continue
        if not isinstance(item, str):
            problem(here, f"{shown(item)} is no address", "write account.kind.name")
            continue
        try:
            out.update(dict.fromkeys(_instances(item, frame)))
        except ExpressionError as error:
            problem(here, error.problem, error.fix)
    return tuple(out)


def _instances(text: str, frame: Frame) -> list[str]:
    node = parse_path(text)
    room = frame.room
    assert isinstance(room, ModuleRoom)
    if len(node.steps) == 2:
        named = room.entries.get((node.head, str(node.steps[0].value)), {})
        entry = named.get(str(node.steps[1].value))
        if entry is not None and entry.repeated:
            return [entry.address + index_text(key) for key in entry.instances() if entry.enabled(key)]
    found = node_value(node, frame)
    if not isinstance(found, Template) or not isinstance(found.only, Ref):
        raise ExpressionError(f"{text} is no address", "write account.kind.name")
    return [found.only.address]


def _rules(value: Any, kind: Kind, frame: Frame, problem: Problem) -> Rules:
    top = "$lifecycle"
    if not isinstance(value, dict):
        if value is not FAILED:
            problem((top,), f"$lifecycle must be a map, not {shown(value)}", f"known: {', '.join(RULES)}")
        return Rules()
    found: dict[str, Any] = {}
    for key, item in value.items():
        here = (top, key)
        if item is FAILED:
            continue
        match key:
            case "prevent_destroy" | "create_before_destroy":
                if isinstance(item, bool):
                    found[key] = item
                else:
                    problem(here, f"{key} must be true or false, not {shown(item)}", "")
            case "ignore_changes":
                found[key] = _ignored(item, here, kind, problem)
            case "on_remove":
                if item in kind.removals or (item == kind.on_remove and item in get_args(Removal)):
                    found[key] = item
                else:
                    fix = f"{kind.name} can: {', '.join(dict.fromkeys((kind.on_remove, *kind.removals)))}"
                    problem(here, f"on_remove cannot be {shown(item)}", fix)
            case "on_drift":
                if item in ("keep", "revert"):
                    found[key] = item
                else:
                    problem(here, f"on_drift cannot be {shown(item)}", "write keep or revert")
            case "publish_with":
                if kind.publish is None:
                    problem(here, f"{kind.name} are not published", "remove the line")
                else:
                    found[key] = _addresses(item, here, frame, problem)
            case _:
                problem(here, f"unknown key {key} of $lifecycle", suggestion(key, list(RULES)))
    return Rules(**found)


def _ignored(value: Any, path: Path, kind: Kind, problem: Problem) -> tuple[str, ...]:
    if not isinstance(value, list) or any(not isinstance(item, str) or not item for item in value):
        problem(path, "ignore_changes takes a list of attributes", "write [status, settings.min_running_time]")
        return ()
    fields = kind.shape.writable
    for i, item in enumerate(value):
        first = item.partition(".")[0].partition("[")[0]
        if first != "*" and first not in fields:
            problem((*path, i), f"ignore_changes: unknown attribute {first}", suggestion(first, list(fields)))
    return tuple(value)
