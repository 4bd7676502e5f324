"""Adapters that talk to an emulator over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import httpx
import pytest

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.leadconduit import PLATFORM
from reconciler.adapters.leadconduit.adapter import LeadConduitAdapter
from reconciler.emulator.server import EmulatorServer
from reconciler.http import Client, HostPolicy, Rate, RetryPolicy
from reconciler.model.kind import Kind

ACCOUNT = "leadconduit"


Requests = list[tuple[str, str, int]]


class Account:
    """One account at an emulator: the adapter under test, and the control API beside it."""

    def __init__(self, adapter: LeadConduitAdapter, url: str) -> None:
        self.adapter = adapter
        self.control = httpx.Client(base_url=f"{url}/_control", timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        self.adapter.client.close()

    def kind(self, name: str) -> Kind:
        return PLATFORM.kinds[name]

    def list(self, name: str) -> dict[str, Raw]:
        kind = self.kind(name)
        return {self.adapter.id_of(kind, raw): raw for raw in self.adapter.list(kind, {})}

    def get(self, name: str, object_id: str) -> Raw:
        found = self.adapter.get(self.kind(name), {}, object_id)
        assert found is not None
        return found

    def create(self, name: str, body: Raw, object_id: str | None = None) -> Raw:
        return self.adapter.create(self.kind(name), {}, body, object_id)

    def update(self, plural: str, live: Raw, /, **values: Any) -> Raw:
        kind = self.kind(plural)
        body = {**live, **values}
        return self.adapter.update(kind, {}, self.adapter.id_of(kind, live), body, frozenset(values), live)

    def edit(self, name: str, object_id: str, values: Mapping[str, Any], user: str = "jane.doe") -> None:
        body = {"platform": "leadconduit", "kind": name, "id": object_id, "set": dict(values), "user": user}
        assert self.control.post("/edit", json=body).status_code < 300

    def faults(self, **values: Any) -> None:
        assert self.control.post("/faults", json=values).status_code < 300

    def requests(self) -> Requests:
        found = self.control.get("/requests").json()
        rows = found["requests"] if isinstance(found, dict) else found
        return [(row["method"], row["path"].removeprefix("/leadconduit"), row["status"]) for row in rows]

    def forget_requests(self) -> None:
        self.control.delete("/requests")

    def stored(self, name: str) -> Any:
        return self.control.get("/dump").json()["leadconduit"][name]


@pytest.fixture(scope="session")
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer(["leadconduit"]) as found:
        yield found


def connect(url: str, key: str = f"emulator-{ACCOUNT}") -> LeadConduitAdapter:
    """Connect as a run does, without a throttle."""

    def client_for(*, account: str, base_url: str, hosts: Any, auth: Any, headers: Any, **_: Any) -> Client:
        return Client(
            base_url,
            auth,
            rate=Rate(None, burst=100, writers=None, reads=None),
            hosts=HostPolicy(hosts, environ={}),
            account=account,
            headers=headers,
            retry=RetryPolicy(),
        )

    maker: Callable[..., Any] = client_for
    return PLATFORM.connect(ACCOUNT, {"api_key": key, "base_url": f"{url}/leadconduit"}, maker)  # type: ignore[arg-type]  # stands for the run's factory


@pytest.fixture
def account(server: EmulatorServer) -> Iterator[Account]:
    with Account(connect(server.url), server.url) as found:
        found.control.post("/reset")
        found.control.post("/faults", json={})
        found.forget_requests()
        yield found


@pytest.fixture
def made(account: Account) -> dict[str, Raw]:
    """Entities, a credential and a field, and a flow that uses them."""
    web = account.create(
        "entities",
        {"name": "Web form", "source": "form", "recipient": None, "module_ids": ["leadconduit-default.inbound"]},
    )
    crm = account.create(
        "entities",
        {"name": "CRM", "source": None, "recipient": "crm", "module_ids": ["leadconduit-custom.outbound.json"]},
    )
    token = account.create(
        "credentials", {"name": "CRM", "type": "token", "package": "leadconduit-custom", "token": "t0ps3cret"}
    )
    field = account.create("fields", {"id": "roof_age_brsol", "name": "Roof age", "type": "number"})
    flow = account.create(
        "flows",
        {
            "name": "Leads",
            "enabled": True,
            "fields": ["email", "state", "roof_age_brsol"],
            "acceptance_criteria": {
                "outcome": "failure",
                "rule_set": {
                    "op": "and",
                    "rules": [
                        {"lhv": "lead.state", "op": "is equal to", "rhv": "TX"},
                        {"lhv": "lead.email", "op": "format is valid"},
                    ],
                },
            },
            "sources": [
                {
                    "entity": {"id": web["id"]},
                    "integration": {
                        "module_id": "leadconduit-default.inbound",
                        "mappings": [{"property": "lead.email", "value": "{{mail}}"}],
                    },
                    "caps": [],
                }
            ],
            "steps": [
                {
                    "type": "recipient",
                    "description": "Deliver",
                    "entity": {"id": crm["id"]},
                    "caps": [{"name": "Daily", "maximum": 5, "duration": 1, "duration_units": "day"}],
                    "integration": {
                        "module_id": "leadconduit-custom.outbound.json",
                        "mappings": [
                            {"property": "url", "value": "https://crm.example/"},
                            {"property": "credential_id", "value": token["id"]},
                        ],
                    },
                }
            ],
        },
        "5f0000000000000000000001",
    )
    return {"web": web, "crm": crm, "token": token, "field": field, "flow": flow}
