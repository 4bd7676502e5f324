"""Bodies that the LeadConduit tests send, and what they all need to build them."""

from __future__ import annotations

import copy
from typing import Any

import httpx

RULES = {"op": "and", "rules": [{"lhv": "lead.state", "op": "is equal to", "rhv": "TX"}]}


def entity_id(client: httpx.Client, name: str) -> str:
    found = [one["id"] for one in client.get("/entities").json() if one["name"] == name]
    assert len(found) == 1, name
    return str(found[0])


def own_id(client: httpx.Client) -> str:
    return str(client.get("/account").json()["id"])


def create(client: httpx.Client, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def field(field_id: str = "roof_age_brsol", **more: Any) -> dict[str, Any]:
    return {"id": field_id, "name": "Roof age", "type": "number", **more}


def entity(name: str = "Bright CRM", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "source": None,
        "recipient": "crm",
        "module_ids": ["leadconduit-custom.outbound.json"],
        **more,
    }


def credential(**more: Any) -> dict[str, Any]:
    return {"name": "CRM", "type": "token", "package": "leadconduit-custom", "token": "s3cret", **more}


def report(**more: Any) -> dict[str, Any]:
    return {"name": "Cost by day", "columns": ["source-success", "cost"], "group_by": ["vars.source.id"], **more}


def filter_step(**more: Any) -> dict[str, Any]:
    return {"type": "filter", "outcome": "failure", "reason": "No", "rule_set": copy.deepcopy(RULES), **more}


def recipient_step(recipient: str, **more: Any) -> dict[str, Any]:
    mappings = [{"property": "url", "value": "https://crm.example/leads"}]
    return {
        "type": "recipient",
        "entity": {"id": recipient, "name": "?"},
        "integration": {"module_id": "leadconduit-custom.outbound.json", "mappings": mappings},
        **more,
    }


def cap(**more: Any) -> dict[str, Any]:
    return {"type": "volume", "maximum": 150, "duration": 1, "duration_units": "day", **more}


def flow(client: httpx.Client, **more: Any) -> dict[str, Any]:
    """A flow with a bit of everything, on standard fields and the account's own entity."""
    mappings = [{"property": "lead.phone_1", "value": "{{phone}}"}]
    source = {
        "entity": {"id": own_id(client), "name": "?"},
        "integration": {"module_id": "leadconduit-default.inbound", "mappings": mappings},
        "caps": [cap(name="daily", caps=[cap(maximum=60, rule_set=copy.deepcopy(RULES))])],
        "pricing": {"prices": [{"amount": 18}, {"amount": 24.5, "rule_set": copy.deepcopy(RULES)}]},
        "ping_limits": [{"maximum": 5, "duration": 1, "duration_units": "hour"}],
        "enabled": True,
    }
    unique = {
        "module_id": "leadconduit-suppressionlist.outbound.is_unique",
        "mappings": [{"property": "value", "value": "{{lead.email}}"}, {"property": "list_name", "value": "dupes"}],
    }
    return {
        "name": "Web leads",
        "enabled": True,
        "fields": ["first_name", "email", "state"],
        "acceptance_criteria": {"outcome": "failure", "reason": "No", "rule_set": copy.deepcopy(RULES)},
        "sources": [source],
        "steps": [
            {**recipient_step(entity_id(client, "SuppressionList")), "integration": unique, "caps": [cap()]},
            filter_step(description="Stop duplicates"),
        ],
        **more,
    }


def bare(value: Any) -> Any:
    """The value without ids and what else the server adds to nested things."""
    added = {"id", "created_at", "updated_at", "time_zone", "level", "ping_enabled"}
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if key not in added}
    return [bare(item) for item in value] if isinstance(value, list) else value
