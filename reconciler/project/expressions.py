"""The grammar of `${…}`: one path or one call, no operators. Parsing only; what a path means is for `evaluate`.

A text is parsed once into literal parts and nodes; `$${` is a literal `${`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reconciler.adapters.base.spelling import suggestion

FUNCTIONS = {"file": (1, 1), "template": (1, 1), "lines": (1, 1), "csv": (1, 1), "json": (1, 1), "yaml": (1, 1)}
FUNCTIONS |= {"env": (1, 2), "default": (2, 2)}
"""Names of functions, with the least and the most arguments they take."""
ROOTS = ("env", "var", "secret", "each", "self", "module", "project")
"""First words of paths that are not accounts."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>\$?[A-Za-z_][A-Za-z0-9_-]*)|(?P<text>'[^']*'|"[^"]*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark>[.\[\](),]))"""
)
_END = re.compile(r"""\}|'[^']*'|"[^"]*"|\$\{""")


class ExpressionError(ValueError):
    """What is wrong with an expression, and what would be right."""

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(f"{problem} ({fix})" if fix else problem)
        self.problem = problem
        self.fix = fix


class MissingValueError(ExpressionError):
    """The expression is right, but nothing is there: `default(a, b)` then takes `b`."""


class CircleError(ExpressionError):
    """Things need each other to be worked out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: `.name`, or `['name']`, `[0]`, `[each.key]` in brackets."""

    value: str | int | PathNode
    bracket: bool = False


@dataclass(frozen=True, slots=True)
class PathNode:
    """A path: its first word and the steps behind it."""

    head: str
    steps: tuple[Step, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """An argument written out: text, a number, true, false or null."""

    value: Any


@dataclass(frozen=True, slots=True)
class CallNode:
    """A call of a function."""

    name: str
    arguments: tuple[PathNode | Literal, ...]
    text: str


Node = PathNode | CallNode


@lru_cache(maxsize=65536)
def parse(text: str) -> tuple[str | Node, ...]:
    """Split a text into literal parts and expressions. Raises ExpressionError."""
    parts: list[str | Node] = []
    literal = ""
    position = 0
    while True:
        start = text.find("${", position)
        if start < 0:
            literal += text[position:]
            break
        if start > position and text[start - 1] == "$":
            literal += text[position : start - 1] + "${"
            position = start + 2
            continue
        literal += text[position:start]
        end = closing(text, start)
        if end is None:
            raise ExpressionError("${ has no closing }", "close it, or write $${ for the characters themselves")
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(_Parser(text[start + 2 : end]).whole())
        position = end + 1
    if literal or not parts:
        parts.append(literal)
    return tuple(parts)


def closing(text: str, start: int) -> int | None:
    """Return where the `}` stands that closes the `${` at `start`, or None."""
    position = start + 2
    while (match := _END.search(text, position)) is not None:
        if match[0] == "}":
            return match.start()
        if match[0] == "${":
            return None
        position = match.end()
    return None


def is_one(text: str) -> bool:
    """Tell whether a text is one `${…}` and nothing else."""
    return text.startswith("${") and closing(text, 0) == len(text) - 1


def parse_path(text: str) -> PathNode:
    """Parse a path that stands without `${…}` around it: an address. Raises ExpressionError."""
    node = _Parser(text).whole()
    if isinstance(node, CallNode):
        raise ExpressionError(f"{text} is a call, and an address is needed here")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def whole(self) -> Node:
        if not self.text.strip():
            raise ExpressionError("${} is empty", "write a path or a call in it, or $${ for the characters themselves")
        node = self._node()
        if self.text[self.position :].strip():
            raise self._odd()
        return node

    def _node(self) -> Node:
        kind, word = self._next()
        if kind != "name":
            raise self._odd(back=word)
        if self._peek("("):
            return self._call(word)
        return self._path(word)

    def _call(self, name: str) -> CallNode:
        if name not in FUNCTIONS:
            raise ExpressionError(f"there is no function {name}", suggestion(name, list(FUNCTIONS)))
        self._take("(")
        arguments: list[PathNode | Literal] = []
        while not self._peek(")"):
            arguments.append(self._argument())
            if not self._peek(")"):
                self._take(",")
        self._take(")")
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} or {most}"
            raise ExpressionError(f"{name}(…) takes {wanted} argument(s), {len(arguments)} are written")
        return CallNode(name, tuple(arguments), self.text.strip())

    def _argument(self) -> PathNode | Literal:
        kind, word = self._next()
        if kind == "text":
            return Literal(word[1:-1])
        if kind == "number":
            return Literal(float(word) if "." in word else int(word))
        if kind == "name" and word in {"true", "false", "null"}:
            return Literal({"true": True, "false": False, "null": None}[word])
        if kind == "name":
            if self._peek("("):
                raise ExpressionError(f"{word}(…) stands inside another call", "an expression holds one call")
            return self._path(word)
        raise self._odd(back=word)

    def _path(self, head: str) -> PathNode:
        start = self.position - len(head)
        steps: list[Step] = []
        while True:
            if self._peek("."):
                self._take(".")
                kind, word = self._next()
                if kind == "number":
                    raise ExpressionError(f"{self.text.strip()}: write [{word}] in place of .{word}")
                if kind != "name":
                    raise self._odd(back=word)
                steps.append(Step(word))
            elif self._peek("["):
                self._take("[")
                kind, word = self._next()
                if kind == "text":
                    steps.append(Step(word[1:-1], bracket=True))
                elif kind == "number" and word.isdigit():
                    steps.append(Step(int(word), bracket=True))
                elif kind == "name":
                    steps.append(Step(self._path(word), bracket=True))
                else:
                    raise self._odd(back=word)
                self._take("]")
            else:
                return PathNode(head, tuple(steps), self.text[start : self.position].strip())

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.position)
        if match is None or match.lastgroup is None:
            raise self._odd()
        self.position = match.end()
        return match.lastgroup, match[match.lastgroup]

    def _peek(self, mark: str) -> bool:
        return self.text[self.position :].lstrip().startswith(mark)

    def _take(self, mark: str) -> None:
        if not self._peek(mark):
            raise self._odd(wanted=mark)
        self._next()

    def _odd(self, *, back: str = "", wanted: str = "") -> ExpressionError:
        rest = (back + self.text[self.position :]).strip()
        shown = "${" + self.text.strip() + "}"
        if not rest:
            return ExpressionError(f"{shown} ends too early", f"add {wanted}" if wanted else "complete it")
        return ExpressionError(
            f"{shown} cannot be read from {rest[:20]!r} on",
            "an expression is one path (var.name) or one call (file('…')), without operators; $${ is a literal ${",
        )
