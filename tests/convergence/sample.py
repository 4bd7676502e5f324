"""What a sample of a kind is: a full body, other values for each of its attributes, other children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from reconciler.adapters.base.adapter import Platform
from reconciler.adapters.convert import PLATFORM as CONVERT
from reconciler.adapters.leadconduit import PLATFORM as LEADCONDUIT
from reconciler.model.kind import Kind
from tests.convergence.paths import drop, get, put

PLATFORMS: Mapping[str, Platform] = {"convert": CONVERT, "leadconduit": LEADCONDUIT}
NOT_THERE: Mapping[str, frozenset[str]] = {
    # Changes of a version are those of web pages: no other page, no redirect, no feature.
    "convert_experiences": frozenset(
        f"sections.*.versions.*.changes.*.data.{name}"
        for name in (
            "variables_data",
            "feature_id",
            "case_sensitive",
            "variation_pattern",
            "original_pattern",
            "page_id",
        )
    ),
    "leadconduit_flows": frozenset({"$published"}),  # see test_published.py
}
"""Attributes that a model has because it is shared and the platform takes elsewhere only, or with tests of their own."""
GONE: Final = object()
"""In `given`: the attribute is not written."""


@dataclass(frozen=True)
class Vary:
    """Values that an attribute goes through, and what is special about it."""

    values: tuple[Any, ...]
    given: Mapping[str, Any] = field(default_factory=dict)
    """Other attributes that have to have other values than in the body, or must be `GONE`."""
    also: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Attributes that can only change together with it: their values beside each of its own; `GONE` for not written."""
    effect: Literal["update", "replace", "refuse"] = "update"
    says: str = ""
    """Of a refused change: part of the message."""
    hidden: str = ""
    """Why a change by hand cannot be seen."""
    needed: str = ""
    """Why it cannot be left out, although the platform does not require it of every object of the kind."""
    not_null: str = ""
    """Why it cannot be unset here, although it can in general."""
    by_hand: Mapping[str, Any] | None = None
    """What somebody sets in the stored object; by default what the first value made of it."""

    def set_in(self, body: Mapping[str, Any], path: str, position: int) -> dict[str, Any]:
        """Return a copy of a body with one of the values."""
        out = put(dict(body), path, self.values[position])
        for other, values in self.also.items():
            if values[position] is not GONE:
                out = put(out, other, values[position])
            elif get(out, other, GONE) is not GONE:
                out = drop(out, other)
        return out


@dataclass(frozen=True)
class Kids:
    """A collection of children, and one child more."""

    name: str
    body: Any
    given: Mapping[str, Any] = field(default_factory=dict)
    """What else the body needs while the further child is there."""
    fixed: str = ""
    """Why children cannot be removed one by one."""


@dataclass(frozen=True)
class Sample:
    """One object of a kind, with all that it takes to change it."""

    account: str
    kind_name: str
    body: Mapping[str, Any]
    vary: Mapping[str, Vary]
    variant: str = ""
    name: str = "sample"
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Resources that it refers to, by address."""
    kids: Mapping[str, Kids] = field(default_factory=dict)
    not_null: Mapping[str, str] = field(default_factory=dict)
    """Parts that cannot be unset here, although they can in general, and why."""
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        """The platform's name."""
        return self.account.partition("-")[0]

    @property
    def kind(self) -> Kind:
        """The kind."""
        return PLATFORMS[self.platform].kinds[self.kind_name]

    @property
    def address(self) -> str:
        """The address of the object."""
        return f"{self.account}.{self.kind_name}.{self.name}"

    @property
    def title(self) -> str:
        """What tests call it."""
        return f"{self.platform}.{self.kind_name}" + (f"[{self.variant}]" if self.variant else "")

    def with_given(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body with some attributes changed or left out."""
        out = dict(self.body)
        for path, value in given.items():
            out = drop(out, path) if value is GONE else put(out, path, value)
        return out


def vary(*values: Any, **more: Any) -> Vary:
    """Make a `Vary` of values that can follow each other."""
    return Vary(values, **more)


def beneath(prefix: str, many: Mapping[str, Vary]) -> dict[str, Vary]:
    """Put the values of a part's attributes under the part's path."""
    return {f"{prefix}.{path}": one for path, one in many.items()}
