"""Flows: what happens to a lead between its submission and its delivery (LeadConduit API, Flow).

Saving a flow does not change what runs: leads are handled by the version that was deployed last. So `$published` stands
for the call `POST /flows/{id}/deploy`. A client may choose the id of a flow, which makes its creation repeatable.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.leadconduit.caps import Caps, PingLimits, cap_risks, check_caps
from reconciler.adapters.leadconduit.pricing import Pricing, PricingService, check_pricing
from reconciler.adapters.leadconduit.rules import AcceptanceCriteria, check_rule_sets
from reconciler.adapters.leadconduit.sources import Sources, check_sources, source_risks
from reconciler.adapters.leadconduit.steps import Steps, check_steps, step_risks
from reconciler.adapters.leadconduit.templates import in_template
from reconciler.model.kind import Endpoints, HintKey, Kind, Method, Problem, Publish
from reconciler.model.markers import (
    Attributes,
    Children,
    Reference,
    Secret,
    ServerDefault,
    SetLike,
    Switch,
    TextReference,
    Virtual,
)

_BUCKET = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"

_process = os.urandom(5).hex()
_counter = count(int.from_bytes(os.urandom(3), "big"))


def object_id() -> str:
    """Make an id as the platform makes them (BSON ObjectId): 24 hexadecimal digits, no two alike."""
    return f"{int(time.time()):08x}{_process}{next(_counter) & 0xFFFFFF:06x}"


class Lookback(Attributes):
    """How far back a list check looks."""

    value: Annotated[float, Field(gt=0)]
    interval: Literal["year", "month", "week", "day", "hour", "minute"]


class ListCheck(Attributes):
    """One value looked up in one list of SuppressionList."""

    value: Annotated[str, TextReference(in_template)] = ""
    list_name: Annotated[str, Field(min_length=1)] = ""
    lookback: Lookback | None = None


class ListChecks(Attributes):
    """Lists that every lead is looked up in; rules read `suppressionlist.is_duplicate` and its like."""

    duplicate: ListCheck | None = None
    existing_customer: ListCheck | None = None
    dnc: ListCheck | None = None


class DestinationAction(Attributes):
    """One action of a destination. Its address is filled in from the account's destinations."""

    action_id: Annotated[str, Field(min_length=1)]
    name: str = ""
    webhook_url: Annotated[str, Secret(reads="clear")] = ""


class Destination(Attributes):
    """A destination, run after all steps succeeded. What is not written is filled in from the account's catalogue."""

    instance_id: Annotated[str, Field(min_length=1), Reference("destinations", presets=True)]
    name: str = ""
    integration_name: str = ""
    actions: Annotated[list[DestinationAction], Children(match=("action_id",), id="action_id")] = Field(
        default_factory=list
    )


class CloudStore(Attributes):
    """Where one cloud keeps the event files."""

    enabled: Annotated[bool, Switch()] = True
    credential_id: Annotated[str, Reference("credentials")] = ""
    bucket: Annotated[str, Field(min_length=1)] = ""
    prefix: str | None = None


class CloudStores(Attributes):
    """Stores by cloud."""

    aws: CloudStore | None = None
    azure: CloudStore | None = None


class Firehose(Attributes):
    """A file per event, in a bucket: `<prefix>/<lead id>/<event id>.json`."""

    credential_id: Annotated[str, Reference("credentials")]
    bucket: Annotated[str, Field(min_length=3, max_length=63, pattern=_BUCKET)]
    enabled: Annotated[bool, Switch()]
    prefix: str | None = None
    services: CloudStores | None = None


class Flow(Attributes):
    """What may be declared of a flow."""

    name: Annotated[str, Field(min_length=1)]
    enabled: Annotated[bool, Switch()]
    fields: Annotated[list[str], SetLike(), Reference("fields", presets=True)]
    sources: Sources
    steps: Steps
    acceptance_criteria: AcceptanceCriteria | None = None
    caps: Caps | None = None
    pricing: Pricing | None = None
    pricing_service: PricingService | None = None
    list_checks: ListChecks | None = None
    destinations: Annotated[list[Destination], Children(match=("instance_id",), id="instance_id")] = Field(
        default_factory=list
    )
    ping_enabled: Annotated[bool, ServerDefault(False)] = False
    ping_limits: PingLimits = Field(default_factory=list)
    firehose: Firehose | None = None
    published: Annotated[bool, Virtual(), Switch(), Field(alias="$published")] = True
    """Whether what is saved is taken live by a deploy."""


def _check(flow: Mapping[str, Any]) -> Sequence[Problem]:
    return list(_problems(flow))


def _problems(flow: Mapping[str, Any]) -> Iterator[Problem]:
    yield from check_rule_sets(flow)
    yield from check_pricing(flow.get("pricing"), ("pricing",))
    yield from check_caps(flow.get("caps"), ("caps",))
    yield from check_caps(flow.get("ping_limits"), ("ping_limits",))
    yield from check_sources(flow.get("sources"), ("sources",))
    yield from check_steps(flow.get("steps"), ("steps",))
    firehose = flow.get("firehose")
    bucket = firehose.get("bucket") if isinstance(firehose, Mapping) else None
    if isinstance(bucket, str) and bucket.replace(".", "").isdigit():
        yield Problem(("firehose", "bucket"), f"bucket {bucket} looks like an address: a name needs a letter")


def _risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    return list(_risky(live, declared, touched))


def _risky(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Iterator[str]:
    if "enabled" in touched and declared.get("enabled") is False and live.get("enabled") is not False:
        yield "the flow is switched off: every lead submitted to it gets the outcome error"
    if "acceptance_criteria" in touched:
        yield "acceptance criteria decide which leads are taken and paid for"
    if touched & {"pricing", "pricing_service"}:
        yield "prices hold from the next deploy on"
    if "caps" in touched and isinstance(declared.get("caps"), Mapping):
        yield from cap_risks("the flow", live.get("caps") or (), declared["caps"])
    elif "caps" in touched and live.get("caps"):
        yield "all caps of the flow go, with their counters: nothing limits what it takes"
    if "sources" in touched:
        yield from source_risks(live, declared)
    if "steps" in touched:
        yield from step_risks(live, declared)
    if live.get("errors"):
        yield "the saved flow has errors: it can be saved again only when they are gone"


FLOWS = Kind(
    platform="leadconduit",
    name="flows",
    title="flow",
    model=Flow,
    key=HintKey("name"),
    endpoints=Endpoints(
        list=Method("GET", "/flows", source="LeadConduit API, List flows"),
        get=Method("GET", "/flows/{id}", source="LeadConduit API, Get a flow"),
        create=Method("POST", "/flows", source="LeadConduit API, Create a flow"),
        update=Method("PUT", "/flows/{id}", source="LeadConduit API, Update a flow"),
        delete=Method("DELETE", "/flows/{id}", source="LeadConduit API, Delete a flow"),
        style="full",
        read_only=frozenset({"id", "errors", "level", "created_at", "updated_at", "$published"}),
    ),
    on_remove="disable",
    removals=("disable", "delete", "forget"),
    disable_with={"enabled": False},
    mint=object_id,
    publish=Publish(effect="deploy flow, with whatever others saved in it"),
    checks=(_check,),
    risks=(_risks,),
    has_history=True,
    assumptions=(
        "a PUT replaces the whole flow: a source, step, mapping or cap that is left out is removed",
        "updated_at in the body of a PUT is what the platform compares before it answers 409",
        "deploying does not change updated_at",
        "a source is submitted to under the id of its entity",
    ),
)
