"""Entities: who sends leads, who gets them, and which services look at them (LeadConduit API, Entity)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.leadconduit.caps import TimeZone, check_time_zone
from reconciler.adapters.leadconduit.fields import SEE_WIRE
from reconciler.model.kind import Endpoints, HintKey, Kind, Method, Problem
from reconciler.model.markers import Attributes, Deferrable, Reference, ServerDefault, SetLike, SetOnce

READ_ONLY = frozenset(
    {
        "id",
        "flow_ids",
        "standard",
        "account",
        "pending",
        "connected",
        "connected_account_id",
        "invitation_expires_at",
        "expired",
        "created_at",
        "updated_at",
    }
)


class Entity(Attributes):
    """What may be declared of an entity."""

    name: Annotated[str, Field(min_length=1)]
    """Also the prefix of what a recipient of this entity appends to a lead."""
    source: Literal["form", "seller", "other"] | None
    recipient: Literal["buyer", "crm", "analytics", "enhancement", "esp", "other"] | None
    module_ids: Annotated[list[str], SetLike(), Reference("modules", presets=True)]
    description: str | None = None
    field_suffix: Annotated[str | None, SetOnce(), Field(min_length=3, max_length=5, pattern=r"^[0-9a-zA-Z]+$")] = None
    logo_url: Annotated[str | None, Field(pattern=r"^https?://\S+$")] = None
    website: str = ""
    time_zone: TimeZone | None = None
    deprecated: Annotated[bool | None, ServerDefault(False)] = None
    see: Annotated[str | None, Reference("entities"), Deferrable(), SEE_WIRE] = None
    """The entity to use instead of a deprecated one."""
    trustedform_certified_vendor: Annotated[bool | None, ServerDefault(False)] = None


def is_standard(entity: Mapping[str, Any]) -> bool:
    """Tell an entity of the platform. The account's own one may be marked so too, and can be written."""
    return entity.get("standard") is True and entity.get("account") is not True


def _check(entity: Mapping[str, Any]) -> Sequence[Problem]:
    return list(check_time_zone(entity.get("time_zone"), ("time_zone",)))


def _risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    return list(_risky(live, declared, touched))


def _risky(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Iterator[str]:
    if "name" in touched and "name" in declared and live.get("name") != declared["name"]:
        yield (
            f"what {live.get('name')} appends to leads gets another prefix: rules and templates that read it "
            "under the old one no longer find it"
        )
    if "field_suffix" in touched and live.get("field_suffix"):
        yield f"the field suffix is {live['field_suffix']} and can be set only once: the platform refuses another"
    for name, role in (("source", "submit leads"), ("recipient", "get leads")):
        if name in touched and live.get(name) is not None and declared.get(name, live[name]) is None:
            yield f"{live.get('name')} can no longer {role}"


ENTITIES = Kind(
    platform="leadconduit",
    name="entities",
    title="entity",
    model=Entity,
    key=HintKey("name"),
    endpoints=Endpoints(
        list=Method("GET", "/entities", source="LeadConduit API, List entities"),
        get=Method("GET", "/entities/{id}", source="LeadConduit API, Get an entity"),
        create=Method("POST", "/entities", source="LeadConduit API, Create an entity"),
        update=Method("PUT", "/entities/{id}", source="LeadConduit API, Update an entity"),
        delete=Method("DELETE", "/entities/{id}", source="LeadConduit API, Delete an entity"),
        style="full",
        read_only=READ_ONLY,
    ),
    is_preset=is_standard,
    consistency=5.0,
    checks=(_check,),
    risks=(_risks,),
    has_history=True,
    assumptions=("the server chooses the id of an entity", "what was created is in the list five seconds later"),
)
