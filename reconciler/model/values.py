"""Values that are not yet, or must not be shown as, plain text: references, secrets, templates.

A declared value is plain JSON-like data in which a scalar may also be one of these:

* `Loose`: a plain YAML scalar that looks like a number without being that number's own spelling (`01234`);
  text fields take it as written, number fields if it is exact.
* `Template`: text with parts known later. A template of one part keeps that part's type.
* `Sensitive`: a resolved value that must never be printed or stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final


class Loose(str):
    """Text as written of a plain scalar that looks like a number but is not spelt as one: `01234`, `17.10`, `5e3`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """What another resource will tell: its id (`output` empty) or one of its attributes or outputs."""

    address: str
    """Full address of the resource, as state spells it."""
    output: tuple[str, ...] = ()
    """Path below the resource (`("sources", "web", "submit_url")`); empty means the id."""

    def __str__(self) -> str:
        return ".".join((self.address, *self.output))


@dataclass(frozen=True, slots=True)
class SecretRef:
    """`${secret.NAME}`: resolved only when a value is compared or sent."""

    name: str

    def __str__(self) -> str:
        return f"secret.{self.name}"


class Sensitive:
    """A resolved value that no output, log, error or file may show; compared by value, printed by provenance."""

    __slots__ = ("label", "value")

    def __init__(self, value: Any, label: str) -> None:
        self.value = value
        self.label = label

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sensitive) and type(self.value) is type(other.value) and bool(self.value == other.value)
        )

    def __hash__(self) -> int:
        return hash((Sensitive, str(self.value)))

    def __repr__(self) -> str:
        return f"<secret {self.label}>"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a secret is never serialised")


Part = str | Ref | SecretRef | Sensitive


@dataclass(frozen=True, slots=True)
class Template:
    """A scalar with parts that are known later. With one part that is not text, the part's own type is kept."""

    parts: tuple[Part, ...]

    @property
    def refs(self) -> tuple[Ref, ...]:
        """References to other resources in it, in order."""
        return tuple(part for part in self.parts if isinstance(part, Ref))

    @property
    def is_secret(self) -> bool:
        """Whether any part of it came from a secret."""
        return any(isinstance(part, SecretRef | Sensitive) for part in self.parts)

    @property
    def only(self) -> Part | None:
        """The single part of a value that is nothing but `${…}`, else None."""
        return self.parts[0] if len(self.parts) == 1 and not isinstance(self.parts[0], str) else None

    def __str__(self) -> str:
        return "".join(
            part if isinstance(part, str) else f"⟨{part}⟩" if isinstance(part, Ref) else f"<secret {part}>"
            for part in self.parts
        )


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "(absent)"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
"""An attribute that is not there at all, as opposed to null."""

Path = tuple[str | int, ...]
"""Where a value sits in an object: attribute names, local names of children, indices of plain list items."""


_PLAIN = frozenset({str, int, float, bool, type(None)})


def refs_in(value: Any) -> Iterator[Ref]:
    """Yield every reference to another resource inside a declared value, without recursion limits in practice."""
    if type(value) in _PLAIN:
        return
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(inner for inner in item.values() if type(inner) not in _PLAIN)
        elif isinstance(item, Template):
            yield from item.refs
        elif isinstance(item, Ref):
            yield item
        elif isinstance(item, list | tuple):
            stack.extend(inner for inner in item if type(inner) not in _PLAIN)


def is_secret(value: Any) -> bool:
    """Tell whether a value, at any depth, is a secret or holds one."""
    if type(value) in _PLAIN:
        return False
    stack = [value]
    for item in stack:  # grows while it is walked
        if isinstance(item, dict):
            stack.extend(inner for inner in item.values() if type(inner) not in _PLAIN)
        elif isinstance(item, list | tuple):
            stack.extend(inner for inner in item if type(inner) not in _PLAIN)
        elif isinstance(item, Sensitive | SecretRef) or (isinstance(item, Template) and item.is_secret):
            return True
    return False


def has_slot(value: Any) -> bool:
    """Tell whether a value, at any depth, waits for another resource."""
    return next(refs_in(value), None) is not None


def reveal(value: Any) -> Any:
    """Return the value with every secret in clear text: for the wire only."""
    if isinstance(value, Sensitive):
        return value.value
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def path_text(path: Path, named: frozenset[int] = frozenset()) -> str:
    """Spell a path: `variations.bar.name`, `steps["crm"].outcome` for positions in `named`, `rules[0]` for indices."""
    out = ""
    for position, part in enumerate(path):
        if isinstance(part, int):
            out += f"[{part}]"
        elif position in named or not _plain(part):
            out += f'["{part}"]'
        else:
            out += f".{part}" if out else part
    return out


def _plain(part: str) -> bool:
    return part.replace("_", "a").replace("-", "a").replace("$", "a").isalnum()
