"""Variables: their types, and where their values come from.

Sources are asked in order of precedence; the first that has a value wins: `--var`, `--var-file`, `RECONCILER_VAR_name`,
the environment's overlay (a map lies over the default's), the default. A module's variables come from its `with`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.adapters.base.declare import FAILED
from reconciler.adapters.base.spelling import as_written, number, shown, suggestion
from reconciler.model.address import valid_name
from reconciler.model.values import Loose, Ref, Sensitive, Template, is_secret
from reconciler.project.diagnostics import Diagnostics, Place
from reconciler.project.evaluate import Frame, whole
from reconciler.project.expressions import CircleError, ExpressionError
from reconciler.project.session import Session
from reconciler.project.yaml.document import Document

TYPES = ("string", "number", "bool", "list", "map", "any", "reference")
KEYS = ("type", "default", "description", "sensitive", "enum", "pattern", "to")
ENV_PREFIX = "RECONCILER_VAR_"
ENVIRONMENT = "environment"
"""Source of an environment's `variables`: they lie over the defaults."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value from one source: data, or text that is read by the variable's type."""

    value: Any
    place: Place | None
    source: str
    """How the source is called in messages."""
    as_text: bool = False
    frame: Frame | None = None
    """Where expressions in it stand; None when it is not interpolated."""


Source = Callable[[str], Given | None]
Resolve = Callable[[str, str, Frame | None], Ref | None]
"""From the bare name given for a `reference` variable, and its `to`, to what it means where it was given."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One variable as declared."""

    name: str
    type: str
    place: Place
    default: Given | None
    description: str = ""
    sensitive: bool = False
    enum: tuple[Any, ...] = ()
    pattern: re.Pattern[str] | None = None
    to: str = ""


def read_definitions(
    session: Session, raw: Any, document: Document, path: tuple[str | int, ...], frame: Frame
) -> dict[str, Definition]:
    """Read a `variables:` section; everything wrong with it is reported."""
    out: dict[str, Definition] = {}
    if not isinstance(raw, dict):
        session.error("variables must be a map of names", place=document.position(path), code="type")
        return out
    for name, body in raw.items():
        here = (*path, name)
        place = document.position(here, "key")
        if not valid_name(name):
            session.error(f"{name!r} cannot be the name of a variable", "use letters, digits, _ and -", place=place)
            continue
        if not isinstance(body, dict):
            fix = f"write {name}: {{type: string, default: {as_written(body) if body is not None else '…'}}}"
            session.error(f"variable {name} must be a map", fix, place=place, code="type")
            continue
        session.unknown_keys(body, KEYS, document, here, "key of a variable:")
        out[name] = _definition(session, name, body, document, here, frame)
    return out


def _definition(
    session: Session, name: str, body: dict[str, Any], document: Document, here: tuple[str | int, ...], frame: Frame
) -> Definition:
    place = document.position(here, "key")
    kind = body.get("type", "any")
    if kind not in TYPES:
        fix = suggestion(str(kind), list(TYPES))
        session.error(
            f"variable {name} cannot have the type {shown(kind)}", fix, place=document.position((*here, "type"))
        )
        kind = "any"
    default = None
    if "default" in body:
        default = Given(body["default"], document.position((*here, "default")), "default", frame=frame)
    pattern = None
    if "pattern" in body:
        try:
            pattern = re.compile(as_written(body["pattern"]))
        except re.error as error:
            session.error(f"pattern of variable {name}: {error}", place=document.position((*here, "pattern")))
    enum = body.get("enum", [])
    if not isinstance(enum, list):
        session.error(f"enum of variable {name} must be a list", place=document.position((*here, "enum")), code="type")
        enum = []
    sensitive = body.get("sensitive", False)
    if not isinstance(sensitive, bool):
        session.error(
            f"sensitive of variable {name} must be true or false", place=document.position((*here, "sensitive"))
        )
        sensitive = False
    to = body.get("to", "")
    if (kind == "reference") != bool(to) or not isinstance(to, str) or (to and to.count(".") != 1):
        fix = "write {type: reference, to: <account>.<kind>}"
        session.error(f"variable {name}: type reference and to: belong together", fix, place=place)
        kind, to = "any", ""
    description = as_written(body["description"]) if body.get("description") is not None else ""
    return Definition(name, kind, place, default, description, sensitive, tuple(enum), pattern, to)


class Variables:
    """The variables of one room, worked out on first use; circles and errors are reported once."""

    def __init__(
        self,
        session: Session,
        definitions: Mapping[str, Definition],
        sources: Sequence[Source],
        resolve: Resolve,
        missing: Callable[[Definition], tuple[str, Place | None]],
    ) -> None:
        self.definitions = definitions
        self._session = session
        self._sources = sources
        self._resolve = resolve
        self._missing = missing
        self._values: dict[str, Any] = {}
        self._busy: list[str] = []

    def get(self, name: str) -> Any:
        """Return a value; `FAILED` when there is none, which is reported. Raises ExpressionError for unknown names."""
        if name in self._values:
            return self._values[name]
        definition = self.definitions.get(name)
        if definition is None:
            fix = suggestion(name, list(self.definitions)) or "declare it under variables:"
            raise ExpressionError(f"there is no variable {name}", fix)
        if name in self._busy:
            chain = " → ".join([*self._busy[self._busy.index(name) :], name])
            raise CircleError(f"variables refer to each other in a circle: {chain}", "write one of them out")
        self._busy.append(name)
        try:
            value = self._work_out(definition)
        finally:
            self._busy.pop()
        self._values[name] = value
        return value

    def all(self) -> dict[str, Any]:
        """Return every value."""
        return {name: self.get(name) for name in self.definitions}

    def _work_out(self, definition: Definition) -> Any:
        given = next((found for source in self._sources if (found := source(definition.name)) is not None), None)
        if given is None:
            given = definition.default
        elif given.value is None and given.source == ENVIRONMENT:
            given = None  # null in an overlay removes the default
        if given is None:
            fix, place = self._missing(definition)
            self._session.error(
                f"variable {definition.name} has no value",
                fix,
                place=place or definition.place,
                code="missing-variable",
            )
            return FAILED
        try:
            value = given.value
            if given.frame is not None:
                value = whole(value, given.frame)
                if given.source == ENVIRONMENT and isinstance(value, dict):
                    value = self._over_default(definition, value)
            return _hidden(self._checked(definition, value, given), definition)
        except ExpressionError as error:
            problem = f"variable {definition.name} ({given.source}): {error.problem}"
            self._session.error(problem, error.fix, place=given.place or definition.place, code="variable")
            return FAILED

    def _over_default(self, definition: Definition, value: dict[str, Any]) -> Any:
        from reconciler.project.overlay import overlay

        default = definition.default
        if default is None or default.frame is None:
            return value
        below = whole(default.value, default.frame)
        return overlay(below, value) if isinstance(below, dict) else value

    def _checked(self, definition: Definition, value: Any, given: Given) -> Any:
        if value is FAILED:
            return FAILED
        if given.as_text:
            value = _from_text(definition, value)
        value = self._typed(definition, value, given)
        if isinstance(value, Template):
            return value
        if definition.enum and value not in definition.enum:
            known = [as_written(item) if not isinstance(item, str) else item for item in definition.enum]
            raise ExpressionError(f"it cannot be {_safe(definition, value)}", suggestion(as_written(value), known))
        if definition.pattern is not None and (not isinstance(value, str) or definition.pattern.search(value) is None):
            raise ExpressionError(f"{_safe(definition, value)} does not match {definition.pattern.pattern}")
        return value

    def _typed(self, definition: Definition, value: Any, given: Given) -> Any:
        wanted = definition.type
        if wanted == "reference":
            return self._reference(definition, value, given)
        if wanted == "any":
            return value
        if isinstance(value, Template) and wanted not in {"list", "map"}:
            return value
        right: Any = None
        match wanted:
            case "string" if not isinstance(value, dict | list | Template) and value is not None:
                right = as_written(value)
            case "number":
                right = number(value)
            case "bool" if isinstance(value, bool):
                right = value
            case "list" if isinstance(value, list):
                right = value
            case "map" if isinstance(value, dict):
                right = value
        if right is None:
            raise ExpressionError(f"it must be {_TYPE_NAMES[wanted]}, not {_safe(definition, value)}")
        return right

    def _reference(self, definition: Definition, value: Any, given: Given) -> Any:
        if isinstance(value, Template) and isinstance(value.only, Ref):
            return value
        if isinstance(value, dict) and set(value) == {"$id"}:
            return value
        if not isinstance(value, str):
            raise ExpressionError(f"it must be a reference to {definition.to}, not {_safe(definition, value)}")
        found = self._resolve(definition.to, value, given.frame)
        return value if found is None else Template((found,))


_TYPE_NAMES = {
    "string": "text",
    "number": "a number",
    "bool": "true or false",
    "list": "a list",
    "map": "a map",
}


def _safe(definition: Definition, value: Any) -> str:
    return "what was given" if definition.sensitive or is_secret(value) else shown(value)


def _hidden(value: Any, definition: Definition) -> Any:
    if not definition.sensitive or value is FAILED or value is None:
        return value
    if isinstance(value, dict):
        return {key: _hidden(item, definition) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, definition) for item in value]
    if isinstance(value, Template):
        parts = tuple(Sensitive(p, f"var.{definition.name}") if isinstance(p, str) else p for p in value.parts)
        return Template(parts)
    return Template((Sensitive(value, f"var.{definition.name}"),))


def _from_text(definition: Definition, text: str) -> Any:
    match definition.type:
        case "number":
            from reconciler.project.yaml.scalars import plain

            value = plain(text.strip())
            return value if isinstance(value, int | float | Loose) else text
        case "bool":
            return {"true": True, "false": False}.get(text.strip(), text)
        case "list" | "map" | "any":
            return _from_yaml(text)
    return text


def _from_yaml(text: str) -> Any:
    from reconciler.project.yaml.document import read_document

    found = Diagnostics()
    document = read_document(text, "value", found)
    if document is None:
        raise ExpressionError(found.errors[0].problem, found.errors[0].fix or "")
    return document.value


def options_source(session: Session, options: Sequence[str], known: Mapping[str, Definition]) -> Source:
    """Return the source of `--var K=V`; malformed and unknown ones are reported."""
    values: dict[str, str] = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals:
            session.error(f"--var {option}: there is no =", "write --var NAME=VALUE", place=None, code="option")
        elif name not in known:
            session.error(
                f"--var {name}: there is no such variable", suggestion(name, list(known)), place=None, code="option"
            )
        else:
            values[name] = text
    return lambda name: Given(values[name], None, "--var", as_text=True) if name in values else None


def files_source(documents: Sequence[Document], session: Session, known: Mapping[str, Definition]) -> Source:
    """Return the source of `--var-file`; later files win. Unknown names are reported."""
    values: dict[str, Given] = {}
    for document in documents:
        if not isinstance(document.value, dict):
            session.error("a file of variables must be a map of names", place=document.position(()), code="type")
            continue
        for name, value in document.value.items():
            if name not in known:
                place = document.position((name,), "key")
                session.error(f"there is no variable {name}", suggestion(name, list(known)), place=place)
            else:
                values[name] = Given(value, document.position((name,)), "--var-file")
    return values.get


def process_source(environ: Mapping[str, str]) -> Source:
    """Return the source of `RECONCILER_VAR_name` in the process environment."""

    def find(name: str) -> Given | None:
        key = ENV_PREFIX + name
        return Given(environ[key], None, key, as_text=True) if key in environ else None

    return find


def section_source(
    values: Mapping[str, Any], document: Document, path: tuple[str | int, ...], frame: Frame, source: str
) -> Source:
    """Return a section of a file (an environment's `variables`, a module's `with`) as a source."""

    def find(name: str) -> Given | None:
        if name not in values:
            return None
        return Given(values[name], document.position((*path, name)), source, frame=frame)

    return find
