"""Draws from hypothesis, spelt so that generators of whole configurations read like a description of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

TRICKY = (
    "yes",
    "01234",
    "17.10",
    "null",
    "5e3",
    "- dash",
    "a: b # c",
    "Größe „M“ – 50 %",
    "pipe | tick ` star *",
    "<b>&amp;</b>",
    "quote \" and ' and \\",
    "日本語 🙂",
    "[x] {y}",
)
"""Texts that something on the way might take for something else."""
_TEXT = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12),
)


@cache
def _whole(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


@cache
def _places(count: int, least: int, most: int) -> st.SearchStrategy[list[int]]:
    return st.lists(_whole(0, count - 1), min_size=least, max_size=most, unique=True)


class Pick:
    """One example in the making."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def one(self, choices: Sequence[T]) -> T:
        """Return one of several."""
        return choices[self.number(0, len(choices) - 1)]

    def some(self, choices: Sequence[T], least: int = 0, most: int = 3) -> list[T]:
        """Return some of several, each once, in any order."""
        if not choices:
            return []
        return [choices[i] for i in self.draw(_places(len(choices), least, min(most, len(choices))))]

    def number(self, least: int, most: int) -> int:
        """Return a whole number."""
        found: int = self.draw(_whole(least, most))
        return found

    def maybe(self) -> bool:
        """Return yes or no."""
        return self.number(0, 1) == 1

    def rarely(self) -> bool:
        """Return yes once in a while."""
        return self.number(0, 5) == 5

    def money(self) -> float:
        """Return an amount with cents."""
        return self.number(1, 99_999) / 100

    def text(self, most: int = 80) -> str:
        """Return a text as a person might write it, that says nothing to the tool itself."""
        found: str = self.draw(_TEXT)
        return found.replace("${", "$ {").replace("{{", "{ {")[:most].strip() or "x"

    def optional(self, into: dict[str, Any], name: str, make: Callable[[], Any]) -> None:
        """Write an attribute, or leave it out."""
        if self.maybe():
            into[name] = make()

    def shares(self, count: int) -> list[float]:
        """Return so many shares with at most two decimals that add up to 100."""
        cuts = sorted(self.number(0, 10_000) for _ in range(count - 1))
        edges = [0, *cuts, 10_000]
        return [(after - before) / 100 for before, after in pairwise(edges)]
