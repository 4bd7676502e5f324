"""What `${…}` stands for: values at load time, or templates with parts that are known later.

Interpolation happens once: what variables, files and the environment deliver is never read for `${…}` again (only
`template('…')` asks for that). A value that is nothing but one expression keeps its type; inside text it is text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any, Protocol

from reconciler.adapters.base.declare import FAILED
from reconciler.adapters.base.spelling import as_written, shown, suggestion
from reconciler.model.values import Ref, SecretRef, Sensitive, Template
from reconciler.project.expressions import (
    CallNode,
    CircleError,
    ExpressionError,
    Literal,
    MissingValueError,
    Node,
    PathNode,
    Step,
    closing,
    is_one,
    parse,
)

Key = str | int
MOST_NESTED = 20
"""Templates within templates: beyond that it is a file that includes itself."""


class Room(Protocol):
    """One module instance (or the root) as expressions see it."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The process environment."""

    @property
    def project_name(self) -> str:
        """Name of the project."""

    @property
    def environment(self) -> str | None:
        """Name of the environment."""

    def variable(self, name: str) -> Any:
        """Return a variable's value. Raises ExpressionError."""

    def secret(self, name: str) -> SecretRef:
        """Return a reference to a secret. Raises ExpressionError when it cannot be one."""

    def module_output(self, steps: tuple[tuple[Key, bool], ...], text: str) -> tuple[Any, int]:
        """Return an output of a module called here, and how many steps named it. Raises ExpressionError."""

    def address(self, head: str, steps: tuple[tuple[Key, bool], ...], text: str) -> Ref | None:
        """Return the reference that an address, with what stands behind it, means. Raises ExpressionError.

        None when it names what could not be read, which is reported already.
        """

    def read(self, folder: FilePath, path: str) -> tuple[str, FilePath]:
        """Return the text of a file named relative to a folder, and its real path. Raises ExpressionError."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an expression stands."""

    room: Room
    folder: FilePath
    """Folder of the file that says it: paths in it are relative to that."""
    each: tuple[str, Any] | None = None
    own: Own | None = None
    heads: frozenset[str] | None = None
    """First words that may be used here; None for all, accounts included."""
    where: str = "here"
    """How this place is called in messages."""
    depth: int = 0


class Own:
    """The attributes of the resource that an expression stands in, for `self.…`."""

    __slots__ = ("_body", "_busy", "frame")

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self._busy: list[str] = []
        self.frame: Frame | None = None

    def get(self, keys: tuple[Key, ...], text: str) -> Any:
        """Return an own attribute, itself interpolated. Raises ExpressionError, for a cycle too."""
        assert self.frame is not None
        here: Any = self._body
        for i, key in enumerate(keys):
            if isinstance(here, str) and "${" in here:
                rest = tuple((step, False) for step in keys[i:])
                return descend(self._evaluate(here, text), rest, text)
            here = step_into(here, key, text)
        return self._evaluate(here, text)

    def _evaluate(self, value: Any, text: str) -> Any:
        assert self.frame is not None
        if text in self._busy:
            chain = " → ".join([*self._busy[self._busy.index(text) :], text])
            raise CircleError(f"attributes refer to each other in a circle: {chain}", "write one of them out")
        self._busy.append(text)
        try:
            return whole(value, self.frame)
        finally:
            self._busy.pop()


def whole(value: Any, frame: Frame) -> Any:
    """Interpolate every scalar of a value. Raises ExpressionError at the first that cannot be."""
    if isinstance(value, str):
        return text_value(value, frame) if "${" in value else value
    if isinstance(value, dict):
        return {key: whole(item, frame) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item, frame) for item in value]
    return value


def text_value(text: str, frame: Frame) -> Any:
    """Interpolate one scalar. Raises ExpressionError."""
    parts = parse(text)
    if len(parts) == 1:
        only = parts[0]
        return only if isinstance(only, str) else node_value(only, frame)
    out: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            out.append(part)
            continue
        value = node_value(part, frame)
        if value is FAILED:
            return FAILED
        if isinstance(value, Template):
            out.extend(value.parts)
        elif isinstance(value, Sensitive):
            out.append(value)
        elif isinstance(value, dict | list) or value is None:
            raise ExpressionError(
                f"${{{part.text}}} is {shown(value)}, which cannot stand inside text", "let it stand alone"
            )
        else:
            out.append(as_written(value))
    return joined(out)


def joined(parts: list[Any]) -> Any:
    """Return parts as text, or as a template where any is known later."""
    merged: list[Any] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if not merged:
        return ""
    return merged[0] if len(merged) == 1 and isinstance(merged[0], str) else Template(tuple(merged))


def code_value(text: str, frame: Frame) -> Any:
    """Interpolate source code: only when it is one `${…}` and nothing else, for code has `${…}` of its own."""
    bare = text.strip()
    if is_one(bare):
        return text_value(bare, frame)
    if bare.startswith("$${") and closing(bare, 1) == len(bare) - 1:
        return bare[1:]
    return text


def node_value(node: Node, frame: Frame) -> Any:
    """Return what an expression stands for. Raises ExpressionError."""
    if isinstance(node, PathNode):
        return _path(node, frame)
    from reconciler.project.functions import call

    return call(node, frame)


def argument(value: PathNode | Literal, frame: Frame) -> Any:
    """Return the value of a call's argument. Raises ExpressionError."""
    return value.value if isinstance(value, Literal) else _path(value, frame)


def nested(frame: Frame, folder: FilePath, call: CallNode) -> Frame:
    """Return the frame of a template file. Raises ExpressionError when files include each other in a circle."""
    if frame.depth >= MOST_NESTED:
        raise ExpressionError(f"{call.text}: templates include each other in a circle")
    return replace(frame, folder=folder, depth=frame.depth + 1)


def _path(node: PathNode, frame: Frame) -> Any:
    head, room = node.head, frame.room
    if frame.heads is not None and head not in frame.heads:
        allowed = ", ".join(f"{name}.…" for name in sorted(frame.heads))
        raise ExpressionError(f"${{{node.text}}} cannot be used {frame.where}", f"possible: {allowed} and functions")
    keys = tuple((_key(step, frame), step.bracket) for step in node.steps)
    if not keys:
        raise ExpressionError(f"${{{node.text}}} is no path", f"write ${{{head}.NAME}}, or $${{ for a literal ${{")
    match head:
        case "env":
            return environment_variable(str(keys[0][0]), room)
        case "var":
            return descend(room.variable(str(keys[0][0])), keys[1:], node.text)
        case "secret":
            if len(keys) > 1:
                raise ExpressionError(f"${{{node.text}}}: a secret has no parts", "write ${secret.NAME}")
            return Template((room.secret(str(keys[0][0])),))
        case "each":
            return _each(node, keys, frame)
        case "self":
            if frame.own is None:
                raise ExpressionError(f"${{{node.text}}}: there is no self {frame.where}")
            return frame.own.get(tuple(key for key, _ in keys), node.text)
        case "project":
            return _project(node, keys, room)
        case "module":
            value, used = room.module_output(keys, node.text)
            return descend(value, keys[used:], node.text)
    found = room.address(head, keys, node.text)
    return FAILED if found is None else Template((found,))


def _key(step: Step, frame: Frame) -> Key:
    if not isinstance(step.value, PathNode):
        return step.value
    value = _path(step.value, frame)
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"[{step.value.text}] must be text that is known when files are loaded")


def _each(node: PathNode, keys: tuple[tuple[Key, bool], ...], frame: Frame) -> Any:
    if frame.each is None:
        raise ExpressionError(f"${{{node.text}}} needs a $for_each", "add $for_each, or remove the expression")
    match keys[0][0]:
        case "key" if len(keys) == 1:
            return frame.each[0]
        case "value":
            return descend(frame.each[1], keys[1:], node.text)
    raise ExpressionError(f"${{{node.text}}} is not known", "write each.key or each.value")


def _project(node: PathNode, keys: tuple[tuple[Key, bool], ...], room: Room) -> Any:
    match keys:
        case (("name", _),):
            return room.project_name
        case (("environment", _),):
            if room.environment is None:
                raise MissingValueError(
                    f"${{{node.text}}}: the project has no environments", "add them, or use default(…)"
                )
            return room.environment
    raise ExpressionError(f"${{{node.text}}} is not known", "write project.name or project.environment")


def environment_variable(name: str, room: Room) -> str:
    """Return a variable of the process environment. Raises MissingValueError."""
    value = room.environ.get(name)
    if value is None:
        raise MissingValueError(
            f"environment variable {name} is not set", f"set it, or write ${{env('{name}', 'default')}}"
        )
    return value


def descend(value: Any, keys: tuple[tuple[Key, bool], ...], text: str) -> Any:
    """Walk into a value. Raises MissingValueError where a member is not there, ExpressionError where none can be."""
    for i, (key, _) in enumerate(keys):
        if value is FAILED:
            return FAILED
        if isinstance(value, Template) and isinstance(value.only, Ref):
            rest = tuple(str(key) for key, _ in keys[i:])
            return Template((Ref(value.only.address, (*value.only.output, *rest)),))
        value = step_into(value, key, text)
    return value


def step_into(value: Any, key: Key, text: str) -> Any:
    """Return a member of a map or an item of a list. Raises ExpressionError."""
    if isinstance(value, dict):
        found = key if key in value else str(key)
        if found in value:
            return value[found]
        raise MissingValueError(f"${{{text}}}: there is no {key}", suggestion(str(key), [str(name) for name in value]))
    if isinstance(value, list):
        if isinstance(key, int):
            if key < len(value):
                return value[key]
            raise MissingValueError(f"${{{text}}}: the list has {len(value)} items", "they count from [0]")
        for item in value:
            if isinstance(item, dict) and item.get("$name") == key:
                return item
        raise MissingValueError(f"${{{text}}}: the list has no {key}", "items are named by $name, or counted from [0]")
    what = "null" if value is None else "not known yet" if isinstance(value, Template) else "a single value"
    error = MissingValueError if value is None else ExpressionError
    raise error(f"${{{text}}}: what stands before {key} is {what}")


Report = Callable[[tuple[Key, ...], ExpressionError], None]
"""Takes note of an error at a path."""


def interpolate(value: Any, frame: Frame, report: Report, path: tuple[Key, ...] = ()) -> Any:
    """Interpolate every scalar, reporting errors and going on; what failed becomes `FAILED`."""
    if isinstance(value, str):
        if "${" not in value:
            return value
        try:
            return text_value(value, frame)
        except ExpressionError as error:
            report(path, error)
            return FAILED
    if isinstance(value, dict):
        return {key: interpolate(item, frame, report, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, frame, report, (*path, i)) for i, item in enumerate(value)]
    return value


def has_expression(value: Any) -> bool:
    """Tell whether `${` stands anywhere in a value."""
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, dict):
        return any(map(has_expression, value.values()))
    if isinstance(value, list):
        return any(map(has_expression, value))
    return False
