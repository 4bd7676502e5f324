"""Addresses: how resources are named in files, state, plans and on the command line.

`<account>.<kind>.<name>`, of one instance `convert.goals.purchase['de']`, in a module
`module.acme.convert.goals.purchase`. `[each.key]`, `['de']` and `["de"]` are one form; `['de']` is how it is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,99}"
NAME_PATTERN = re.compile(rf"{NAME}\Z")
_INDEX = r"""\[(?:'([^'"\[\]\x00-\x1f]*)'|"([^'"\[\]\x00-\x1f]*)")\]"""
_MODULE = re.compile(rf"module\.({NAME})(?:{_INDEX})?\.")
_BODY = re.compile(rf"({NAME})\.({NAME})\.({NAME})(?:{_INDEX})?")
_PART = re.compile(rf"""\.({NAME}|\$?[a-z_]+|\*)|{_INDEX}|\[(\d+)\]""")


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address. `rest` is what stands behind it: the path to a child or an attribute."""

    account: str
    kind: str
    name: str
    index: str | None = None
    module: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        return f"{module_prefix(self.module)}{self.account}.{self.kind}.{self.name}{index_text(self.index)}"

    @property
    def module_path(self) -> str:
        """The module's address (`module.acme`), empty at the root."""
        return module_prefix(self.module).removesuffix(".")


def index_text(index: str | None) -> str:
    """Spell an instance's key as state and plans do: `['de']`."""
    return "" if index is None else f"['{index}']"


def module_prefix(module: tuple[tuple[str, str | None], ...]) -> str:
    """Spell a module path with its final dot: `module.acme['de'].`."""
    return "".join(f"module.{name}{index_text(index)}." for name, index in module)


def valid_name(name: str) -> bool:
    """Tell whether a resource or child may be called so: a letter or `_`, then letters, digits, `_`, `-`; up to 100."""
    return NAME_PATTERN.match(name) is not None


@lru_cache(maxsize=65536)
def parse(text: str) -> tuple[Address, tuple[str | int, ...]] | None:
    """Split a text into an address and the path behind it; None when it does not begin with an address.

    `convert.experiences.bar.variations.original` gives the experience and `("variations", "original")`.
    """
    modules: list[tuple[str, str | None]] = []
    start = 0
    while (match := _MODULE.match(text, start)) is not None:
        modules.append((match[1], match[2] if match[2] is not None else match[3]))
        start = match.end()
    body = _BODY.match(text, start)
    if body is None:
        return None
    index = body[4] if body[4] is not None else body[5]
    address = Address(body[1], body[2], body[3], index, tuple(modules))
    rest: list[str | int] = []
    position = body.end()
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            return None
        if part[1] is not None:
            rest.append(part[1])
        elif part[4] is not None:
            rest.append(int(part[4]))
        else:
            rest.append(part[2] if part[2] is not None else part[3])
        position = part.end()
    return address, tuple(rest)


def parse_exact(text: str) -> Address | None:
    """Parse a text that must be an address and nothing more."""
    parsed = parse(text)
    return parsed[0] if parsed is not None and not parsed[1] else None


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str, ...]:
    parts: list[str] = []
    position = 0
    for match in re.finditer(rf"""{_INDEX}|\[(\d+)\]|[^.\[\]]+""", text):
        position = match.end()
        if match[1] is not None or match[2] is not None:
            parts.append(f"['{match[1] if match[1] is not None else match[2]}']")
        else:
            parts.append(match[0])
    return tuple(parts) if position else ()


def matches(pattern: str, address: str) -> bool:
    """Tell whether an address pattern takes in an address.

    A pattern takes in all that is beneath it; `*` stands for one part; a resource without index takes in its instances.
    A pattern without any part (an empty text, from a variable that is not set) takes in nothing.
    """
    wanted, given = _parts(pattern), _parts(address)
    if not wanted or len(wanted) > len(given):
        return False
    return all(want in ("*", have) for want, have in zip(wanted, given, strict=False))
