"""Fields: what a lead may hold (LeadConduit API, Field). Standard ones are the platform's own and cannot be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.model.kind import Endpoints, Kind, Method, UniqueKey
from reconciler.model.markers import (
    Attributes,
    Deferrable,
    Immutable,
    Reference,
    ServerDefault,
    Wire,
)


def _see_from_wire(value: Any) -> Any:
    """Read the empty text that the platform shows where there is no replacement as none."""
    return value or None


def _same(value: Any) -> Any:
    return value


SEE_WIRE = Wire(_same, _see_from_wire)
"""How the replacement of something deprecated looks on the wire."""


class LeadField(Attributes):
    """What may be declared of a field."""

    id: Annotated[str, Immutable(), Field(pattern=r"^[a-z0-9_.]+$", max_length=240)] = ""
    """Custom ids end in the account's suffix: `roof_age_brsol`."""
    name: Annotated[str, Field(min_length=1)]
    type: Literal[
        "boolean",
        "city",
        "credential",
        "date",
        "dob",
        "email",
        "first_name",
        "gender",
        "ip",
        "last_name",
        "number",
        "phone",
        "postal_code",
        "range",
        "ssn",
        "state",
        "street",
        "string",
        "time",
        "trustedform_url",
        "url",
    ]
    description: str | None = None
    aggregate: bool | None = None
    deprecated: Annotated[bool | None, ServerDefault(False)] = None
    see: Annotated[str | None, Reference("fields", presets=True), Deferrable(), SEE_WIRE] = None
    """The field to use instead of a deprecated one."""


def is_standard(field: Mapping[str, Any]) -> bool:
    """Tell a field of the platform: some old built-in ones lack the mark, custom ones always say `standard: false`."""
    return field.get("standard") is not False


def _risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    if "type" in touched and "type" in declared and live.get("type") != declared["type"]:
        text = f"the type goes from {live.get('type')} to {declared['type']}: "
        return (text + "rules whose operator or component the new type does not have stop to match",)
    return ()


FIELDS = Kind(
    platform="leadconduit",
    name="fields",
    title="field",
    model=LeadField,
    key=UniqueKey("id", sole=True),
    endpoints=Endpoints(
        list=Method("GET", "/fields", source="LeadConduit API, List fields"),
        get=Method("GET", "/fields/{id}", source="LeadConduit API, Get a field"),
        create=Method("POST", "/fields", source="LeadConduit API, Create a field"),
        update=Method("PUT", "/fields/{id}", source="LeadConduit API, Update a field"),
        delete=Method("DELETE", "/fields/{id}", source="LeadConduit API, Delete a field"),
        style="full",
        read_only=frozenset({"standard", "examples", "created_at", "updated_at"}),
    ),
    presets=True,
    is_preset=is_standard,
    risks=(_risks,),
    has_history=True,
    assumptions=(
        "a field without the attribute standard is a standard field, unless it is tracked",
        "the type of a field can be changed",
    ),
)
