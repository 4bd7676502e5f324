"""Samples of LeadConduit's flows: everything that a flow can have, and one that is switched off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.convergence.sample import GONE, Kids, Sample, Vary, beneath, vary

STATE = {"lhv": "lead.state", "op": "is included in", "rhv": ["TX", "NM"]}
EMAIL = {"lhv": "lead.email", "op": "format is valid"}
NESTED = {
    "op": "or",
    "rules": [EMAIL, {"lhv": "lead.phone_1", "op": "is not blank", "rule_set": {"op": "and", "rules": [STATE]}}],
}
ALL = {"op": "and", "rules": [STATE, EMAIL]}

RULES: dict[str, Vary] = {
    "rule_set.op": vary("and", "or"),
    "rule_set.rules": vary([STATE, EMAIL], [EMAIL, STATE], [STATE, NESTED], [EMAIL]),
}
CRITERIA: dict[str, Vary] = {
    **RULES,
    "outcome": vary("failure", "error"),
    "reason": vary("Outside of {{lead.state}}", "Not here"),
}
LIMIT: dict[str, Vary] = {
    "name": vary("Monthly", "Per month"),
    "maximum": vary(3000, 4000),
    "duration": vary(1, 2),
    "duration_units": vary("month", "week", "day"),
    "time_zone": vary("America/Chicago", "America/Denver"),
}
CAP: dict[str, Vary] = {
    **LIMIT,
    **RULES,
    "reason": vary("Cap reached for {{lead.state}}", "Full"),
    "caps": vary(
        [{"$name": "inner", "name": "Texas", "maximum": 10, "duration": 1, "duration_units": "day", "rule_set": ALL}],
        [
            {"$name": "inner", "name": "Texas", "maximum": 12, "duration": 1, "duration_units": "day", "rule_set": ALL},
            {"$name": "more", "name": "Utah", "maximum": 5, "duration": 1, "duration_units": "hour"},
        ],
    ),
}
PRICING: dict[str, Vary] = {
    "prices.tx.amount": vary(18, 24.5),
    **beneath("prices.tx", RULES),
}
PRICES = {"prices": [{"$name": "base", "amount": 12}, {"$name": "tx", "amount": 18, "rule_set": ALL}]}
ONE_CAP = {
    "$name": "monthly",
    "name": "Monthly",
    "maximum": 3000,
    "duration": 1,
    "duration_units": "month",
    "time_zone": "America/Chicago",
    "rule_set": ALL,
    "reason": "Cap reached for {{lead.state}}",
}
ONE_LIMIT = {"$name": "monthly", "name": "Monthly", "maximum": 3000, "duration": 1, "duration_units": "month"}


def pricing(prefix: str) -> dict[str, Vary]:
    """Return values for prices; who lets the other side name them has none."""
    return {
        **beneath(prefix, PRICING),
        f"{prefix}.override": vary(True, False, given={prefix: {"prices": []}}, not_null="null says what false says"),
    }


def integration(prefix: str, modules: tuple[str, str], where: tuple[str, str], **more: Any) -> dict[str, Vary]:
    """Return values for an integration with a mapping called `phone`."""
    return {
        f"{prefix}.module_id": vary(*modules, **more),
        f"{prefix}.mappings.phone.property": vary(*where),
        f"{prefix}.mappings.phone.value": vary("{{phone}}", 3, ["{{phone}}", "x"], "{{lead.phone_1}} text"),
        **beneath(f"{prefix}.mappings.phone", RULES),
    }


def mapping(where: str) -> dict[str, Any]:
    """Return the mapping called `phone`."""
    return {"$name": "phone", "property": where, "value": "{{phone}}", "rule_set": ALL}


def uses(module: str, where: str) -> dict[str, Any]:
    """Return an integration."""
    return {"module_id": module, "mappings": [mapping(where)]}


INBOUND = ("leadconduit-default.inbound", "leadconduit-facebook.inbound.apfacebook")
OUTBOUND = ("leadconduit-custom.outbound.json", "leadconduit-default.outbound")
FEEDBACK_IN = ("leadconduit-default.inbound.feedback", "leadconduit-default.inbound")
FEEDBACK_OUT = ("leadconduit-default.outbound.feedback", "leadconduit-default.outbound")
LEAD = ("lead.phone_1", "lead.phone_2")
JSON = ("json_property.phone", "json_property.telephone")


def feedback(modules: tuple[str, str], where: tuple[str, str]) -> dict[str, Vary]:
    """Return values for feedback."""
    return {**RULES, **integration("integration", modules, where)}


SOURCE: dict[str, Any] = {
    "entity": "form",
    "enabled": True,
    "integration": uses(INBOUND[0], LEAD[0]),
    "acceptance_criteria": {"outcome": "failure", "reason": "No", "rule_set": ALL},
    "caps": [ONE_CAP],
    "ping_limits": [ONE_LIMIT],
    "pricing": PRICES,
    "feedback": {"integration": uses(FEEDBACK_OUT[0], "url"), "rule_set": ALL},
    "credential_id": "first",
    "authentication_required": False,
}
RECIPIENT: dict[str, Any] = {
    "$name": "crm",
    "type": "recipient",
    "description": "Deliver",
    "notes": "By post",
    "enabled": True,
    "entity": "crm",
    "integration": uses(OUTBOUND[0], JSON[0]),
    "retry_enabled": True,
    "rule_set": ALL,
    "pricing": PRICES,
    "caps": [ONE_CAP],
    "feedback": {"integration": uses(FEEDBACK_IN[0], "type"), "rule_set": ALL},
}
FILTER: dict[str, Any] = {
    "$name": "stop",
    "type": "filter",
    "description": "Stop",
    "enabled": True,
    "outcome": "failure",
    "reason": "Duplicate",
    "rule_set": ALL,
}
PLAIN_STEP = {
    "$name": "log",
    "type": "recipient",
    "description": "Log",
    "entity": "crm",
    "integration": {"module_id": OUTBOUND[0], "mappings": []},
}
ENTITY = {
    "source": "form",
    "recipient": "crm",
    "module_ids": ["leadconduit-default.inbound", "leadconduit-custom.outbound.json"],
}
TOKEN = {"type": "token", "package": "leadconduit-custom", "token": "${secret.token}"}
OTHERS: Mapping[str, Mapping[str, Any]] = {
    **{
        f"leadconduit.entities.{name}": {"name": f"A {name}", **ENTITY}
        for name in ("form", "partner", "third", "crm", "buyer")
    },
    **{f"leadconduit.credentials.{name}": {"name": name, **TOKEN} for name in ("first", "second")},
    "leadconduit.fields.roof_acme": {"name": "Roof", "type": "number"},
}
ENVIRON = {"RECONCILER_SECRET_TOKEN": "token-value", "RECONCILER_SECRET_HOOK": "https://hooks.example/own"}


def checked(value: str) -> dict[str, Any]:
    """Return a list check."""
    return {"value": value, "list_name": "duplicates", "lookback": {"value": 30, "interval": "day"}}


LIST_CHECK: dict[str, Vary] = {
    "value": vary("{{lead.phone_1}}", "{{lead.email}}"),
    "list_name": vary("duplicates", "doubles"),
    "lookback.value": vary(30, 2.5),
    "lookback.interval": vary("day", "week"),
}
STORE: dict[str, Vary] = {
    "enabled": vary(True, False),
    "credential_id": vary("first", "second"),
    "bucket": vary("leads-archive", "leads.archive.two"),
    "prefix": vary("a/b", "c"),
}
_ANOTHER = "what has another id is another one"
_NEEDED = "this type of step needs it"
FLOW = Sample(
    "leadconduit",
    "flows",
    {
        "name": "Web leads",
        "enabled": True,
        "fields": ["state", "email", "phone_1", "roof_acme"],
        "sources": {
            "form": SOURCE,
            "partner": {"entity": "partner", "integration": {"module_id": INBOUND[0], "mappings": []}},
        },
        "steps": [FILTER, RECIPIENT],
        "acceptance_criteria": {"outcome": "failure", "reason": "Outside of {{lead.state}}", "rule_set": ALL},
        "caps": [ONE_CAP],
        "pricing": PRICES,
        "list_checks": {name: checked("{{lead.phone_1}}") for name in ("duplicate", "existing_customer", "dnc")},
        "destinations": [
            {"$name": "sheet", "instance_id": "1" * 24, "actions": [{"$name": "append", "action_id": "append_1"}]}
        ],
        "ping_enabled": False,
        "ping_limits": [ONE_LIMIT],
        "firehose": {
            "credential_id": "first",
            "bucket": "leads-archive",
            "enabled": True,
            "prefix": "a/b",
            "services": {"aws": {"enabled": True, "credential_id": "first", "bucket": "leads-archive", "prefix": "a"}},
        },
        "$published": True,
    },
    {
        "name": vary("Web leads", "Leads of the web"),
        "enabled": vary(True, False),
        "fields": vary(["state", "email", "phone_1", "roof_acme"], ["state", "email", "phone_1"]),
        **beneath("acceptance_criteria", CRITERIA),
        **beneath("caps.monthly", CAP),
        **pricing("pricing"),
        "pricing_service.service_id": vary(
            "3" * 24, "4" * 24, given={"pricing_service": {"service_id": "3" * 24, "fallback_price": 5}}
        ),
        "pricing_service.fallback_price": vary(
            5, 7.5, given={"pricing_service": {"service_id": "3" * 24, "fallback_price": 5}}
        ),
        **beneath("list_checks.duplicate", LIST_CHECK),
        **beneath("list_checks.existing_customer", LIST_CHECK),
        **beneath("list_checks.dnc", LIST_CHECK),
        "destinations.sheet.name": vary("Sheet", "The sheet"),
        "destinations.sheet.integration_name": vary("sheets", "excel"),
        "destinations.sheet.instance_id": vary("2" * 24, "1" * 24, hidden=_ANOTHER),
        "destinations.sheet.actions.append.name": vary("Append", "Add"),
        "destinations.sheet.actions.append.action_id": vary("update_1", "append_1", hidden=_ANOTHER),
        "destinations.sheet.actions.append.webhook_url": vary("${secret.hook}", "${secret.hook_two}"),
        "ping_enabled": vary(True, False),
        **beneath("ping_limits.monthly", LIMIT),
        **beneath("firehose", STORE),
        **beneath("firehose.services.aws", STORE),
        **beneath("firehose.services.azure", STORE),
        "sources.form.entity": vary("third", "form"),
        **integration("sources.form.integration", INBOUND, LEAD),
        "sources.form.enabled": vary(True, False),
        **beneath("sources.form.acceptance_criteria", CRITERIA),
        **beneath("sources.form.caps.monthly", CAP),
        **beneath("sources.form.ping_limits.monthly", LIMIT),
        **pricing("sources.form.pricing"),
        "sources.partner.pricing_service.service_id": vary(
            "3" * 24, "4" * 24, given={"sources.partner.pricing_service": {"service_id": "3" * 24, "fallback_price": 5}}
        ),
        "sources.partner.pricing_service.fallback_price": vary(
            5, 7.5, given={"sources.partner.pricing_service": {"service_id": "3" * 24, "fallback_price": 5}}
        ),
        **beneath("sources.form.feedback", feedback(FEEDBACK_OUT, ("url", "type"))),
        "sources.form.credential_id": vary("first", "second"),
        "sources.form.authentication_required": vary(True, False),
        "steps.stop.type": vary(
            "recipient",
            "filter",
            also={
                "steps.stop.outcome": (GONE, "failure"),
                "steps.stop.reason": (GONE, "Duplicate"),
                "steps.stop.entity": ("buyer", GONE),
                "steps.stop.integration": ({"module_id": OUTBOUND[0], "mappings": []}, GONE),
            },
        ),
        "steps.crm.description": vary("Deliver", "Deliver it"),
        "steps.crm.notes": vary("By post", "By mail"),
        "steps.crm.enabled": vary(True, False),
        **beneath("steps.crm", RULES),
        "steps.stop.outcome": vary("failure", "error", needed=_NEEDED, not_null=_NEEDED),
        "steps.stop.reason": vary("Duplicate", "{{suppressionlist.reason}}"),
        "steps.crm.entity": vary("buyer", "crm", needed=_NEEDED, not_null=_NEEDED),
        **integration("steps.crm.integration", OUTBOUND, JSON, not_null=_NEEDED),
        "steps.crm.retry_enabled": vary(True, False),
        **pricing("steps.crm.pricing"),
        **beneath("steps.crm.caps.monthly", CAP),
        **beneath("steps.crm.feedback", feedback(FEEDBACK_IN, ("type", "reason"))),
    },
    others=OTHERS,
    not_null={"steps.crm.integration": _NEEDED},
    environ={**ENVIRON, "RECONCILER_SECRET_HOOK_TWO": "https://hooks.example/two"},
    kids={
        "sources": Kids("third", {"entity": "third", "integration": {"module_id": INBOUND[0], "mappings": []}}),
        "sources.form.caps": Kids("daily", {**ONE_CAP, "$name": "daily", "name": "Daily"}),
        "sources.form.ping_limits": Kids("daily", {**ONE_LIMIT, "$name": "daily", "name": "Daily"}),
        "sources.form.pricing.prices": Kids(
            "nm", {"$name": "nm", "amount": 30, "rule_set": {"op": "and", "rules": [EMAIL]}}
        ),
        "sources.form.integration.mappings": Kids(
            "mail", {"$name": "mail", "property": "lead.email", "value": "{{mail}}"}
        ),
        "sources.form.feedback.integration.mappings": Kids(
            "mail", {"$name": "mail", "property": "reason", "value": "x"}
        ),
        "steps": Kids("log", PLAIN_STEP),
        "steps.crm.caps": Kids("daily", {**ONE_CAP, "$name": "daily", "name": "Daily"}),
        "steps.crm.pricing.prices": Kids("nm", {"$name": "nm", "amount": 30}),
        "steps.crm.integration.mappings": Kids(
            "mail", {"$name": "mail", "property": "url", "value": "https://crm.example"}
        ),
        "steps.crm.feedback.integration.mappings": Kids("mail", {"$name": "mail", "property": "reason", "value": "x"}),
        "caps": Kids("daily", {**ONE_CAP, "$name": "daily", "name": "Daily"}),
        "pricing.prices": Kids("nm", {"$name": "nm", "amount": 30}),
        "ping_limits": Kids("daily", {**ONE_LIMIT, "$name": "daily", "name": "Daily"}),
        "destinations": Kids("other", {"$name": "other", "instance_id": "2" * 24, "actions": []}),
        "destinations.sheet.actions": Kids("update", {"$name": "update", "action_id": "update_1"}),
    },
)

SAMPLES = (FLOW,)
