"""The shape of a flow as LeadConduit accepts it (LeadConduit API, Flow and the components below it).

Closed objects refuse unknown attributes: flow, step, integration, mapping, rule, rule set, price, pricing, acceptance
criteria, list checks, feedback, firehose, pricing service, entity summary. Sources, caps, ping limits and destinations
are open.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.emulator.leadconduit.checks import (
    OBJECT_ID,
    SHORT_ID,
    Check,
    Known,
    Tree,
    anything,
    array,
    flag,
    named,
    number,
    one_of,
    refers,
    shape,
    text,
)

BINARY = frozenset(
    {
        "is equal to",
        "is not equal to",
        "is less than",
        "is less than or equal to",
        "is greater than",
        "is greater than or equal to",
        "is included in",
        "is not included in",
        "includes",
        "does not include",
        "is between",
        "is not between",
        "matches pattern",
        "does not match pattern",
    }
)
UNARY = frozenset(
    {
        "is blank",
        "is not blank",
        "is true",
        "is false",
        "is not true",
        "is not false",
        "format is valid",
        "format is invalid",
        "is obscene",
        "is not obscene",
    }
)
OUTCOMES = ("success", "failure", "error")
UNITS = ("month", "week", "day", "hour", "minute")
TIME_ZONE = re.compile(r"[A-Za-z_]+(/[A-Za-z0-9_+-]+)*")
_BUCKET = re.compile(r"(?=.{3,63}$)(?![0-9.]+$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")

short_id = text(pattern=SHORT_ID)
object_id = text(pattern=OBJECT_ID)


def right_hand_value(value: Any, _known: Known) -> Tree | None:
    """Check a rule's rhv: string, number, boolean or array of strings."""
    if isinstance(value, str | bool | int | float):
        return None
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return None
    return ["must be a string, a number, a boolean or an array of strings"]


def rule_set(value: Any, known: Known) -> Tree | None:
    """Check a rule set with everything in it; rule sets nest without limit."""
    return _RULE_SET(value, known)


def _criteria(value: Any, known: Known) -> Tree | None:
    """Check an optional rule set: `null` clears it."""
    return None if value is None else _RULE_SET(value, known)


def _rule(value: Any, known: Known) -> Tree | None:
    if not isinstance(value, dict):
        return ["must be an object"]
    if "rules" in value and "lhv" not in value:
        return _RULE_SET(value, known)
    operator = value.get("op")
    if operator is None:
        return _BINARY(value, known)
    if not isinstance(operator, str) or operator not in BINARY | UNARY:
        return {"op": ["is not included in the list"]}
    if operator in UNARY:
        return {"rhv": ["is not allowed with this operator"]} if "rhv" in value else _UNARY(value, known)
    if operator in {"is included in", "is not included in"} and isinstance(value.get("rhv"), bool | int | float):
        return {"rhv": ["must be an array of strings"]}
    return _BINARY(value, known)


_LEFT: dict[str, Check] = {"lhv": text(least=1), "op": text(least=1)}
_RULE_EXTRAS: dict[str, Check] = {"id": short_id, "rule_set": _criteria}
_BINARY = shape({**_LEFT, "rhv": right_hand_value}, _RULE_EXTRAS)
_UNARY = shape(_LEFT, _RULE_EXTRAS)
_RULE_SET = shape({"op": one_of(("and", "or")), "rules": array(_rule, least=1)}, {"id": short_id})


def _mapping_value(value: Any, _known: Known) -> Tree | None:
    if value is None or isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return None
    if isinstance(value, list) and value and all(one is None or isinstance(one, str) for one in value):
        return None
    if isinstance(value, list):
        return ["must be a non-empty array of strings"]
    return ["must be a string, a number, null or an array of strings"]


def _credential_mapping(value: Any, known: Known) -> Tree | None:
    """Refuse a `credential_id` that is no credential of the account; a template is looked at when a lead comes."""
    given = value["value"]
    if value["property"] != "credential_id" or (isinstance(given, str) and "{{" in given):
        return None
    if isinstance(given, str) and known.has("credentials", given.lower()):
        return None
    return {"value": ["Not a valid value"]}


_MAPPING = shape(
    {"property": text(least=1), "value": _mapping_value},
    {"id": short_id, "rule_set": _criteria},
    also=_credential_mapping,
)


def _integration(kind: str, message: str) -> Check:
    return shape({"module_id": named(kind, message)}, {"mappings": array(_MAPPING)})


_INBOUND = _integration("inbound modules", "Unknown inbound module")
_OUTBOUND = _integration("outbound modules", "Unknown outbound module")
_ANY_WAY = _integration("modules", "Unknown module")

_ACCEPTANCE = shape({"rule_set": rule_set, "outcome": one_of(OUTCOMES)}, {"reason": text(nullable=True)}, nullable=True)
_FEEDBACK = shape({"integration": _ANY_WAY}, {"rule_set": _criteria}, nullable=True)


def _overridden(value: Any, _known: Known) -> Tree | None:
    if value.get("override") is True and value.get("prices"):
        return {"prices": ["must be empty when the price is overridden"]}
    return None


_PRICE = shape({"amount": number(above=0, most=1_000_000)}, {"id": short_id, "rule_set": _criteria})
_PRICING = shape(
    {}, {"override": flag(nullable=True), "prices": array(_PRICE, nullable=True)}, nullable=True, also=_overridden
)
_PRICING_SERVICE = shape(
    {"service_id": refers("services", "Unknown pricing service"), "fallback_price": number(least=0)}, nullable=True
)


def _caps(value: Any, known: Known) -> Tree | None:
    return _CAPS(value, known)


_CAP = shape(
    {"maximum": number(least=0), "duration": number(whole=True, least=1), "duration_units": one_of(UNITS)},
    {
        "id": object_id,
        "type": one_of(("volume",)),
        "name": text(nullable=True),
        "rule_set": _criteria,
        "caps": _caps,
        "time_zone": text(pattern=TIME_ZONE, nullable=True),
        "reason": text(nullable=True),
        "created_at": anything,
    },
    closed=False,
)
_CAPS = array(_CAP, least=1, nullable=True)


def _ping_limits(value: Any, known: Known) -> Tree | None:
    if tree := _PING_LIMITS(value, known):
        return tree
    if value and not known.has("features", "real_time_bidding"):
        return ["Real-Time Bidding is not enabled for this account"]
    return None


_PING_LIMITS = array(
    shape(
        {
            "maximum": number(whole=True, least=0),
            "duration": number(whole=True, least=1),
            "duration_units": one_of(UNITS),
        },
        {
            "id": object_id,
            "name": text(nullable=True),
            "time_zone": text(pattern=TIME_ZONE, nullable=True),
            "created_at": anything,
        },
        closed=False,
    )
)


def _entity(message: str) -> Check:
    return shape(
        {"id": refers("entities", message), "name": text(least=1)},
        {"time_zone": text(pattern=TIME_ZONE, nullable=True)},
    )


_ON_FLOW_AND_SOURCE: dict[str, Check] = {
    "acceptance_criteria": _ACCEPTANCE,
    "caps": _caps,
    "ping_limits": _ping_limits,
    "pricing": _PRICING,
    "pricing_service": _PRICING_SERVICE,
}
_SOURCE = shape(
    {"entity": _entity("Unknown source"), "integration": _INBOUND},
    {
        **_ON_FLOW_AND_SOURCE,
        "id": short_id,
        "feedback": _FEEDBACK,
        "credential_id": refers("credentials", "Unknown credential", nullable=True),
        "enabled": flag(),
        "authentication_required": flag(),
    },
    closed=False,
)
_EVERY_STEP: dict[str, Check] = {
    "id": short_id,
    "description": text(most=120, nullable=True),
    "notes": text(most=2000, nullable=True),
    "enabled": flag(),
}
_FILTER = shape(
    {"type": one_of(("filter",)), "outcome": one_of(OUTCOMES), "rule_set": rule_set},
    {**_EVERY_STEP, "reason": text(nullable=True)},
)
_RECIPIENT = shape(
    {"type": one_of(("recipient",)), "entity": _entity("Unknown recipient"), "integration": _OUTBOUND},
    {
        **_EVERY_STEP,
        "rule_set": _criteria,
        "feedback": _FEEDBACK,
        "caps": _caps,
        "pricing": _PRICING,
        "retry_enabled": flag(),
    },
)


def _step(value: Any, known: Known) -> Tree | None:
    if not isinstance(value, dict):
        return ["must be an object"]
    if value.get("type") == "filter":
        return _FILTER(value, known)
    if value.get("type") == "recipient":
        return _RECIPIENT(value, known)
    return {"type": ["is not included in the list"] if "type" in value else ["is required"]}


_LIST_CHECK = shape(
    {},
    {
        "value": text(),
        "list_name": text(least=1),
        "lookback": shape(
            {"value": number(above=0), "interval": one_of(("year", "month", "week", "day", "hour", "minute"))},
            nullable=True,
        ),
    },
    nullable=True,
)
_STORE: dict[str, Check] = {
    "credential_id": refers("credentials", "Unknown credential"),
    "bucket": text(pattern=_BUCKET),
    "enabled": flag(),
}
_CLOUD = shape({"enabled": flag()}, {**_STORE, "prefix": text(nullable=True)}, closed=False, nullable=True)
_FIREHOSE = shape(
    _STORE,
    {"prefix": text(nullable=True), "services": shape({}, {"aws": _CLOUD, "azure": _CLOUD}, nullable=True)},
    nullable=True,
)
_DESTINATION = shape(
    {"instance_id": text(least=1)},
    {
        "name": text(),
        "integration_name": text(),
        "integration_icon_url": anything,
        "actions": array(shape({}, {"name": text(), "action_id": text(), "webhook_url": text()}, closed=False)),
    },
    closed=False,
)


def _one_source_per_entity(value: Any, _known: Known) -> Tree | None:
    """Submission URLs name the source by its entity, so a flow cannot have two sources of one entity."""
    seen: set[str] = set()
    for index, source in enumerate(value["sources"]):
        entity_id = source["entity"]["id"].lower()
        if entity_id in seen:
            return {"sources": {str(index): {"entity": {"id": ["has already been taken"]}}}}
        seen.add(entity_id)
    return None


FLOW = shape(
    {
        "name": text(least=1),
        "enabled": flag(),
        "fields": array(named("fields", "Unknown field")),
        "sources": array(_SOURCE),
        "steps": array(_step),
    },
    {
        **_ON_FLOW_AND_SOURCE,
        "list_checks": shape(
            {}, {"duplicate": _LIST_CHECK, "existing_customer": _LIST_CHECK, "dnc": _LIST_CHECK}, nullable=True
        ),
        "destinations": array(_DESTINATION, nullable=True),
        "ping_enabled": flag(),
        "firehose": _FIREHOSE,
        # shown by the server and ignored when it comes back
        "id": object_id,
        "level": anything,
        "errors": anything,
        "created_at": anything,
        "updated_at": anything,
    },
    also=_one_source_per_entity,
)
