"""Text to nodes with marks: the exact way, over libyaml's parser, and what may not stand in a file at all."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

DEEPEST: Final = 100
"""Levels of nesting; the parsers recurse on the C stack, and nobody writes this by hand."""

PLAIN: Final = "plain"
TEXT: Final = "text"
"""Tags given here to scalars without a written one: plain (may be a number) and quoted or block (always text)."""

NOT_ALLOWED: Final = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Control characters, and the line breaks of YAML 1.1 (U+0085, U+2028, U+2029): invisible, and read in two ways.
Lines must have been normalised to LF before."""

__all__ = ["DEEPEST", "NOT_ALLOWED", "PLAIN", "TEXT", "Composer", "MappingNode", "Node", "ScalarNode", "SequenceNode"]


class TooDeep(yaml.MarkedYAMLError):
    """Nesting beyond `DEEPEST` levels."""


class Composer(CParser):
    """Composes nodes without giving meaning to plain scalars: that is done by `scalars.plain`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:  # noqa: ARG002 - called by the parser
        """Return the tag of a node that has no written one."""
        if kind is ScalarNode:
            return PLAIN if implicit[0] else TEXT
        return ""

    def descend_resolver(self, parent: Node | None, index: Any) -> None:  # noqa: ARG002 - called by the parser
        """Count levels on the way down."""
        self._depth += 1
        if self._depth > DEEPEST:
            mark = parent.start_mark if parent is not None else None
            raise TooDeep(None, None, f"nested more than {DEEPEST} levels deep", mark)

    def ascend_resolver(self) -> None:
        """Count levels on the way up."""
        self._depth -= 1


def compose(text: str) -> tuple[Node | None, Node | None]:
    """Return the first document's node and, if there is one, the second's (which is an error to report).

    Raises `yaml.MarkedYAMLError` for syntax errors.
    """
    parser = Composer(text)
    try:
        first = parser.get_node() if parser.check_node() else None
        second = parser.get_node() if first is not None and parser.check_node() else None
    finally:
        parser.dispose()
    return first, second
