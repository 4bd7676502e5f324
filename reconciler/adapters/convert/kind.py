"""What a Convert kind needs beyond the engine's own vocabulary: what to include in reads, list filters, history names.

Many writable attributes are absent from Convert's answers unless the call asks for them (Convert API v2, "Optional
fields"), and each list has its own filters and sort fields. Each kind's module says so beside its model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from reconciler.model.kind import Endpoints, Kind, Method, Problem
from reconciler.model.markers import Attributes, Immutable, Parent, Reference
from reconciler.model.values import Path, Ref, SecretRef, Sensitive, Template

ACCOUNT = "/accounts/{account_id}"
PROJECT = "/accounts/{account_id}/projects/{project_id}"
ACTIVE_OR_ARCHIVED: Mapping[str, Any] = {"status": ["active", "archived"]}
"""Whether a list without `status` shows archived objects is not documented, so every list names them all."""
ARCHIVED: Mapping[str, Any] = {"status": "archived"}
ACTIVE: Mapping[str, Any] = {"status": "active"}
KEY_LENGTH = 32
PAGE_SIZE = 50
"""Largest page that a Convert list call takes."""

Body = dict[str, Any]


class InProject(Attributes):
    """Attributes of everything that lives in a project."""

    project_id: Annotated[
        str, Parent("projects", wire="integer"), Reference("projects", wire="integer"), Immutable()
    ] = ""


@dataclass(frozen=True)
class ConvertKind(Kind):
    """A kind of Convert objects."""

    consistency: float = 5.0
    """How far lists may lag behind a create is not documented: so long is waited before a create is sent again."""
    include: tuple[str, ...] = ()
    """Optional fields that hold configuration; asked for in every read."""
    filters: Mapping[str, Any] = field(default_factory=dict)
    """What a list's body must say to get every object: status lists, project types."""
    sortable: bool = True
    """Whether the list takes `sort_by: id`."""
    writes_include: bool = False
    """Whether create and update take `include[]` in the query (experiences)."""
    together: tuple[frozenset[str], ...] = ()
    """Attributes that must be sent in one update once one of them is."""
    history_object: str = ""
    """What change history calls an object of this kind."""
    history_filter: str = ""
    """The id filter of the project's change history; without one, records are picked by their `object_id`."""
    tidy: Callable[[Body], None] | None = None
    """Edits a body in place before it is sent: drops members that the platform computes or refuses."""


def in_project(path: str, one: str, many: str, always: tuple[str, ...] = ()) -> Endpoints:
    """Return the five calls that most kinds of a project have; `one` and `many` are the vendor's names."""
    base = f"{PROJECT}/{path}"
    return Endpoints(
        list=Method("POST", base, reads=True, source=f"Convert API v2, List {many}"),
        get=Method("GET", f"{base}/{{id}}", source=f"Convert API v2, Get {one}"),
        create=Method("POST", f"{base}/add", source=f"Convert API v2, Create {one}"),
        update=Method("POST", f"{base}/{{id}}/update", source=f"Convert API v2, Update {one}"),
        delete=Method("DELETE", f"{base}/{{id}}/delete", source=f"Convert API v2, Delete {one}"),
        page_size=PAGE_SIZE,
        always=always,
    )


def is_archived(raw: Mapping[str, Any]) -> bool:
    """Tell whether an object is archived."""
    return raw.get("status") == "archived"


def is_preset(raw: Mapping[str, Any]) -> bool:
    """Tell Convert's own audiences and locations (`preset`) and goals (`is_system`) from the user's."""
    return raw.get("preset") is True or raw.get("is_system") is True


def known(value: Any) -> bool:
    """Tell whether a declared scalar can be looked at while planning: no reference, no secret, not unset."""
    return value is not None and not isinstance(value, Template | Ref | SecretRef | Sensitive)


def check_key(declared: Mapping[str, Any]) -> Sequence[Problem]:
    """Refuse keys made of digits only: get-by-key and get-by-id share one path, where digits mean an id."""
    key = declared.get("key")
    if isinstance(key, str) and key.isdigit():
        return [Problem(("key",), f"key {key!r} is made of digits only, the platform would take it for an id")]
    return ()


def surplus(body: Mapping[str, Any], allowed: frozenset[str], path: Path, what: str) -> list[Problem]:
    """Report members that do not go with the chosen type."""
    wanted = f"{what} takes {', '.join(sorted(allowed))}" if allowed else f"{what} takes no members here"
    return [
        Problem((*path, key), f"{key} does not go with {what}", wanted)
        for key in body
        if key not in allowed and not key.startswith("$")
    ]


def keep_only(body: Body, allowed: frozenset[str]) -> None:
    """Drop, in place, members that were carried over from another type of the same object."""
    for key in [key for key in body if key not in allowed]:
        del body[key]


__all__ = [
    "ACCOUNT",
    "ACTIVE",
    "ACTIVE_OR_ARCHIVED",
    "ARCHIVED",
    "KEY_LENGTH",
    "PAGE_SIZE",
    "PROJECT",
    "Body",
    "ConvertKind",
    "InProject",
    "check_key",
    "in_project",
    "is_archived",
    "is_preset",
    "keep_only",
    "known",
    "surplus",
]
