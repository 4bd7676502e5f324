"""The shapes of entities, fields, credentials, reports, routers and account settings as LeadConduit accepts them."""

from __future__ import annotations

import re
from typing import Any

from reconciler.emulator.leadconduit.checks import (
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
from reconciler.emulator.leadconduit.shapes_flow import TIME_ZONE, object_id, right_hand_value, rule_set, short_id

FIELD_TYPES = (
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
)

FIELD = shape(
    {"id": text(least=1, most=240, pattern=r"[a-z0-9_.]+"), "name": text(least=1), "type": one_of(FIELD_TYPES)},
    {
        "description": text(nullable=True),
        "aggregate": flag(nullable=True),
        "deprecated": flag(nullable=True),
        "see": text(nullable=True),
    },
    closed=False,
)

_ENTITY_READ_ONLY = (
    "id",
    "flow_ids",
    "standard",
    "account",
    "pending",
    "connected",
    "connected_account_id",
    "invitation_id",
    "invitation_expires_at",
    "expired",
    "created_at",
    "updated_at",
)

ENTITY = shape(
    {
        "name": text(least=1),
        "source": one_of((None, "form", "seller", "other")),
        "recipient": one_of((None, "buyer", "crm", "analytics", "enhancement", "esp", "other")),
        "module_ids": array(named("modules", "Unknown module")),
    },
    {
        "description": text(nullable=True),
        "field_suffix": text(least=3, most=5, pattern=r"[0-9a-zA-Z]+", nullable=True),
        "logo_url": text(pattern=r"https?://\S+", nullable=True),
        "website": text(),
        "time_zone": text(pattern=TIME_ZONE, nullable=True),
        "deprecated": flag(nullable=True),
        "see": text(nullable=True),
        "trustedform_certified_vendor": flag(nullable=True),
        **dict.fromkeys(_ENTITY_READ_ONLY, anything),
    },
)

_SECRET = text(least=1)
_EVERY_CREDENTIAL: dict[str, Check] = {"name": text(least=1), "package": named("packages", "Unknown package")}
_TOKENS: dict[str, Check] = {**_EVERY_CREDENTIAL, "access_token": _SECRET}
_OAUTH_OPTIONAL: dict[str, Check] = {
    "refresh_token": text(least=1, nullable=True),
    "expires_at": number(nullable=True),
    "user": shape({}, closed=False, nullable=True),
    "org": shape({}, closed=False, nullable=True),
}

CREDENTIALS = {
    "user": shape({**_EVERY_CREDENTIAL, "type": anything, "username": _SECRET, "password": _SECRET}, closed=False),
    "token": shape({**_EVERY_CREDENTIAL, "type": anything, "token": _SECRET}, closed=False),
    "oauth1": shape({**_TOKENS, "type": anything}, _OAUTH_OPTIONAL, closed=False),
    "oauth2": shape({**_TOKENS, "type": anything}, _OAUTH_OPTIONAL, closed=False),
    "oauth": shape({**_TOKENS, "type": anything}, _OAUTH_OPTIONAL, closed=False),
}
"""By type. Plain `oauth` is the older name."""

SECRETS = ("username", "password", "token", "access_token", "refresh_token")
"""Attributes of a credential that every read masks."""


def credential(value: Any, known: Known) -> Tree | None:
    """Check a credential against the shape that its type selects."""
    if not isinstance(value, dict):
        return ["must be an object"]
    if "type" not in value:
        return {"type": ["is required"]}
    kind = value["type"]
    checked = CREDENTIALS.get(kind) if isinstance(kind, str) else None
    return checked(value, known) if checked else {"type": ["is not included in the list"]}


_REPORT_BINARY = (
    "is equal to",
    "is not equal to",
    "is less than",
    "is less than or equal",
    "is greater than",
    "is greater than or equal",
    "is included in",
    "includes",
    "does not include",
)
_REPORT_UNARY = ("is blank", "is not blank", "is true", "is false")
_EVENT_COLUMN = (
    r"(source|recipient|filter|feedback|feedback-received|feedback-sent|retry|return-received|return-sent"
    r"|conversion-received|conversion-sent)(-(submitted|success|failure|error|skip|continue|stop))?"
)
_SUM_COLUMN = (
    r"ping-(submitted|success|success-rate|win-rate)|cost|revenue|profit|cost-per-conversion-received-success"
    r"|avg-(cost|revenue)-per-lead"
)
COLUMN = re.compile(f"{_EVENT_COLUMN}|{_SUM_COLUMN}")


def _report_rule(value: Any, known: Known) -> Tree | None:
    if not isinstance(value, dict):
        return ["must be an object"]
    operator = value.get("op")
    if operator in _REPORT_UNARY:
        return {"rhv": ["is not allowed with this operator"]} if "rhv" in value else _REPORT_UNARY_RULE(value, known)
    return _REPORT_BINARY_RULE(value, known)


_REPORT_UNARY_RULE = shape({"lhv": text(least=1), "op": one_of(_REPORT_UNARY)}, closed=False)
_REPORT_BINARY_RULE = shape({"lhv": text(least=1), "op": one_of(_REPORT_BINARY), "rhv": right_hand_value}, closed=False)

_REPORT_OPTIONAL: dict[str, Check] = {
    "description": text(nullable=True),
    "columns": array(text(pattern=COLUMN), nullable=True),
    "rules": array(_report_rule, nullable=True),
    "group_by": array(text(least=1), nullable=True),
}
REPORT = shape({"name": text(least=1)}, _REPORT_OPTIONAL, closed=False)
REPORT_CHANGE = shape({}, {"name": text(least=1), **_REPORT_OPTIONAL}, closed=False)


def _source_of_flow(value: Any, known: Known) -> Tree | None:
    """Refuse a route to an entity that is no source of its flow."""
    pair = f"{value['flow_id']}/{value['source_id']}".lower()
    return None if known.has("flow sources", pair) else {"source_id": ["Unknown source"]}


ROUTER = shape(
    {
        "module_id": named("inbound modules", "Unknown inbound module"),
        "routes": array(
            shape(
                {"flow_id": refers("flows", "Unknown flow"), "source_id": object_id},
                {"id": short_id, "rule_set": lambda value, known: None if value is None else rule_set(value, known)},
                closed=False,
                also=_source_of_flow,
            )
        ),
    },
    closed=False,
)

ACCOUNT = shape(
    {},
    {"data_retention_in_days": number(whole=True, least=1, most=3650), "features": shape({}, closed=False)},
    closed=False,
)
"""Only `data_retention_in_days` is ours to change; what is read-only is ignored."""
