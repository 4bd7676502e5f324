"""Samples of LeadConduit's fields, entities, credentials (one for each type), reports and routers."""

from __future__ import annotations

from typing import Any

from tests.convergence.sample import Kids, Sample, Vary, vary

FIELDS = Sample(
    "leadconduit",
    "fields",
    {
        "id": "roof_age_acme",
        "name": "Roof age",
        "type": "number",
        "description": "In years",
        "aggregate": True,
        "see": "state",
    },
    {
        "id": vary("roof_years_acme", effect="replace"),
        "name": vary("Roof age", "Age of the roof"),
        "type": vary("number", "range", "string"),
        "description": vary("In years", "In months"),
        "aggregate": vary(True, False),
        "deprecated": vary(False, True),
        "see": vary("state", "city", "other_acme"),
    },
    others={"leadconduit.fields.other_acme": {"name": "Other", "type": "string"}},
)

ENTITIES = Sample(
    "leadconduit",
    "entities",
    {
        "name": "Bright CRM",
        "source": "seller",
        "recipient": "crm",
        "module_ids": ["leadconduit-default.inbound", "leadconduit-custom.outbound.json"],
        "description": "Where leads go",
        "field_suffix": "acme",
        "logo_url": "https://crm.example/logo.png",
        "website": "https://crm.example/",
        "time_zone": "America/Chicago",
    },
    {
        "name": vary("Bright CRM", "Brighter CRM"),
        "source": vary("seller", "form"),
        "recipient": vary("crm", "buyer"),
        "module_ids": vary(
            ["leadconduit-default.inbound", "leadconduit-custom.outbound.json"],
            ["leadconduit-custom.outbound.json", "leadconduit-default.inbound", "leadconduit-custom.outbound.xml"],
            ["leadconduit-default.inbound"],
        ),
        "description": vary("Where leads go", "Where all leads go"),
        "field_suffix": vary("other", effect="refuse", says="only once"),
        "logo_url": vary("https://crm.example/logo.png", "https://crm.example/new.png"),
        "website": vary("https://crm.example/", "https://crm.example/en"),
        "time_zone": vary("America/Chicago", "America/Denver"),
        "deprecated": vary(False, True),
        "see": vary("new", "newer"),
        "trustedform_certified_vendor": vary(False, True),
    },
    others={
        f"leadconduit.entities.{name}": {
            "name": f"{name} CRM",
            "source": None,
            "recipient": "crm",
            "module_ids": ["leadconduit-default.outbound"],
        }
        for name in ("new", "newer")
    },
)

_MASKED = "reads show asterisks"
_NEEDED = "every call needs it"


def secret(name: str, *, needed: str = _NEEDED) -> Vary:
    """Return two secrets, from `${secret.NAME_one}` and `${secret.NAME_two}`."""
    return vary(f"${{secret.{name}_one}}", f"${{secret.{name}_two}}", hidden=_MASKED, needed=needed)


_SECRETS = ("username", "password", "token", "access", "refresh")
_ENVIRON = {
    f"RECONCILER_SECRET_{name.upper()}_{number.upper()}": f"{name}-{number}-value"
    for name in _SECRETS
    for number in ("one", "two")
}


def credential(sort: str, body: dict[str, Any], values: dict[str, Vary]) -> Sample:
    """Return a sample of a credential of one type."""
    common = {"name": "CRM", "type": sort, "package": "leadconduit-custom"}
    return Sample("leadconduit", "credentials", {**common, **body}, values, variant=sort, environ=_ENVIRON)


CREDENTIALS = (
    credential(
        "token",
        {"token": "${secret.token_one}"},
        {
            "name": vary("CRM", "The CRM"),
            "package": vary("leadconduit-salesforce", effect="replace"),
            "type": vary("user", effect="refuse", says="username"),
            "token": secret("token"),
        },
    ),
    credential(
        "user",
        {"username": "${secret.username_one}", "password": "${secret.password_one}"},
        {"username": secret("username"), "password": secret("password"), "name": vary("CRM", "The CRM")},
    ),
    credential(
        "oauth2",
        {"access_token": "${secret.access_one}", "refresh_token": "${secret.refresh_one}", "expires_at": 1800000000},
        {
            "access_token": secret("access"),
            "refresh_token": secret("refresh", needed=""),
            "expires_at": vary(1800000000, 1900000000),
        },
    ),
    credential(
        "oauth1",
        {"access_token": "${secret.access_one}"},
        {"name": vary("CRM", "The CRM"), "access_token": secret("access")},
    ),
    credential(
        "oauth",
        {"access_token": "${secret.access_one}"},
        {"name": vary("CRM", "The CRM"), "access_token": secret("access")},
    ),
)

REPORTS = Sample(
    "leadconduit",
    "reports",
    {
        "name": "Costs by day",
        "description": "What vendors cost",
        "columns": ["source-submitted", "source-success", "cost"],
        "rules": [{"lhv": "vars.lead.state", "op": "is included in", "rhv": ["TX", "NM"]}],
        "group_by": ["vars.source.id"],
        "shared": False,
    },
    {
        "name": vary("Costs by day", "Costs by week"),
        "description": vary("What vendors cost", "What they cost"),
        "columns": vary(["source-submitted", "cost"], ["cost", "source-submitted"], ["revenue"]),
        "rules": vary(
            [{"lhv": "vars.lead.state", "op": "is included in", "rhv": ["TX", "1"]}],
            [
                {"lhv": "vars.price", "op": "is less than or equal", "rhv": 3},
                {"lhv": "vars.lead.state", "op": "is blank"},
            ],
            [{"lhv": "vars.lead.state", "op": "is equal to", "rhv": "TX"}],
        ),
        "group_by": vary(["vars.source.id"], ["vars.flow.id", "vars.source.id"], ["vars.source.id", "vars.flow.id"]),
        "shared": vary(False, True, False, True),
    },
)

_FLOW = {
    "name": "Web leads",
    "enabled": True,
    "fields": ["state"],
    "sources": {
        name: {"entity": name, "integration": {"module_id": "leadconduit-default.inbound", "mappings": []}}
        for name in ("form", "partner")
    },
    "steps": [],
}


def when(*pages: str) -> list[Any]:
    """Return the rule of a route."""
    return [{"lhv": "facebook.page_id", "op": "is included in", "rhv": list(pages)}]


def route(name: str, flow: str, source: str, *pages: str) -> dict[str, Any]:
    """Return a route."""
    return {"$name": name, "flow_id": flow, "source_id": source, "rule_set": {"op": "or", "rules": when(*pages)}}


ROUTERS = Sample(
    "leadconduit",
    "routers",
    {
        "module_id": "leadconduit-facebook.inbound.apfacebook",
        "routes": [route("shop", "web", "form", "71158000000"), route("other", "more", "form", "80231000000")],
    },
    {
        "module_id": vary("leadconduit-google.inbound.lead_form", effect="replace"),
        "routes.shop.flow_id": vary("web", "more", given={"routes": [route("shop", "web", "form", "1")]}),
        "routes.shop.source_id": vary("form", "partner"),
        "routes.shop.rule_set.op": vary("or", "and"),
        "routes.shop.rule_set.rules": vary(when("71158000000"), when("71158000000", "2"), when("3") + when("4")),
    },
    others={
        "leadconduit.flows.web": _FLOW,
        "leadconduit.flows.more": {**_FLOW, "name": "More leads"},
        **{
            f"leadconduit.entities.{name}": {
                "name": f"A {name}",
                "source": "form",
                "recipient": None,
                "module_ids": ["leadconduit-default.inbound"],
            }
            for name in ("form", "partner")
        },
    },
    kids={"routes": Kids("third", route("third", "web", "partner", "9"))},
)

SAMPLES = (FIELDS, ENTITIES, *CREDENTIALS, REPORTS, ROUTERS)
