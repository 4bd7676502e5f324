"""LeadConduit: signing in, content types, presets, catalogues."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.emulator.server import EmulatorServer
from tests.emulator import leadconduit_bodies as made

JSON = {"Accept": "application/json"}


def raw(server: EmulatorServer, method: str, path: str, **options: Any) -> httpx.Response:
    """A request with nothing but what the test gives it."""
    with httpx.Client() as client:
        request = httpx.Request(method, f"{server.url}/leadconduit{path}", **options)
        return client.send(request)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Basic WDplbXVsYXRvci1sZWFkY29uZHVpdA==", 200),  # X:emulator-leadconduit
        ("Basic QVBJOmVtdWxhdG9yLWxlYWRjb25kdWl0", 200),  # API:emulator-leadconduit
        ("Basic ZW11bGF0b3ItbGVhZGNvbmR1aXQ=", 401),  # the bare key, without a colon
        ("Basic WDp3cm9uZw==", 401),  # X:wrong
        ("Basic ***", 401),
        ("Bearer emulator-leadconduit", 401),
    ],
)
def test_authentication(leadconduit_server: EmulatorServer, authorization: str | None, status: int) -> None:
    headers = {**JSON, **({"Authorization": authorization} if authorization else {})}
    answer = raw(leadconduit_server, "GET", "/fields", headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"] in {"authentication failed", "not authorized"}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ({}, 403),
        ({"Accept": "*/*"}, 403),
        ({"Accept": "text/html"}, 406),
        ({"Accept": "application/json"}, 200),
        ({"Accept": "text/plain, application/json;q=0.5"}, 200),
        ({"Accept": "application/vnd.com.leadconduit.package+json"}, 200),
        ({"Accept": "application/vnd.com.leadconduit.nonsense+json"}, 406),
    ],
)
def test_accept_must_be_json(leadconduit_server: EmulatorServer, accept: dict[str, str], status: int) -> None:
    answer = raw(leadconduit_server, "GET", "/packages", headers=accept)
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == {"error": "misconfigured csrf: check Accept header is set properly"}


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("application/vnd.com.leadconduit.field+json", 201),
        ("text/plain", 415),
        (None, 415),
    ],
)
def test_content_type(leadconduit: httpx.Client, content_type: str | None, status: int) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    body = b'{"id": "x_brsol", "name": "X", "type": "string"}'
    assert leadconduit.post("/fields", content=body, headers=headers).status_code == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1"])
def test_body_must_be_an_object(leadconduit: httpx.Client, body: bytes) -> None:
    answer = leadconduit.post("/fields", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "error" in answer.json()


def test_each_account_name_is_an_account(leadconduit: httpx.Client, leadconduit_server: EmulatorServer) -> None:
    made.create(leadconduit, "fields", made.field())
    acme = httpx.Client(base_url=leadconduit.base_url, auth=("X", "emulator-leadconduit-acme"), headers=JSON)
    with acme:
        assert acme.get("/fields/roof_age_brsol").status_code == 404
        assert acme.get("/account").json()["id"] != made.own_id(leadconduit)
        assert acme.get("/account").json()["name"] == "Acme"
        made.create(acme, "fields", made.field())
    fields = httpx.get(leadconduit_server.url + "/_control/dump").json()["leadconduit"]["fields"]
    assert [one["_account"] for one in fields] == ["leadconduit", "leadconduit-acme"]
    assert "_account" not in leadconduit.get("/fields/roof_age_brsol").json()


def test_read_only_key(leadconduit: httpx.Client) -> None:
    with httpx.Client(
        base_url=leadconduit.base_url, auth=("X", "readonly-emulator-leadconduit"), headers=JSON
    ) as reader:
        assert reader.get("/fields").status_code == 200
        assert reader.post("/fields", json=made.field()).status_code == 403
        assert reader.delete("/fields/x").status_code == 403


@pytest.mark.parametrize("path", ["/packages", "/packages/leadconduit-trustedform", "/modules"])
def test_open_without_a_key(leadconduit_server: EmulatorServer, path: str) -> None:
    assert raw(leadconduit_server, "GET", path, headers=JSON).status_code == 200


@pytest.mark.parametrize(
    "path", ["/status", "/types", "/account", "/reports", "/reports/507f1f77bcf86cd799439011", "/changelogs", "/caps"]
)
def test_closed_without_a_key(leadconduit_server: EmulatorServer, path: str) -> None:
    assert raw(leadconduit_server, "GET", path, headers=JSON).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/flows/507f1f77bcf86cd799439011", 404),
        ("PUT", "/flows/507f1f77bcf86cd799439011", 404),
        ("DELETE", "/entities/507f1f77bcf86cd799439011", 404),
        ("GET", "/packages/leadconduit-nope", 404),
        ("DELETE", "/routers/507f1f77bcf86cd799439011", 405),
        ("PATCH", "/flows/507f1f77bcf86cd799439011", 405),
        ("PUT", "/flows", 403),
        ("GET", "/services", 200),
        ("GET", "/destinations", 200),
        ("GET", "/events", 200),
        ("GET", "/vars", 200),
        ("GET", "/ping_limits", 200),
        ("GET", "/user", 200),
        ("GET", "/status", 200),
    ],
)
def test_what_there_is(leadconduit: httpx.Client, method: str, path: str, status: int) -> None:
    assert leadconduit.request(method, path).status_code == status


def test_empty_lists_may_be_null(leadconduit: httpx.Client) -> None:
    assert leadconduit.get("/credentials").json() is None
    assert leadconduit.get("/changelogs").json() is None
    assert leadconduit.get("/flows").json() == []
    assert leadconduit.get("/destinations").json() == []


def test_presets(leadconduit: httpx.Client) -> None:
    fields = {one["id"]: one for one in leadconduit.get("/fields").json()}
    for name in (
        "first_name",
        "phone_1",
        "trustedform_cert_url",
        "ip_address",
        "mortgage.annual_income",
        "company.name",
    ):
        assert name in fields
    assert any("created_at" not in one for one in fields.values())
    assert any("standard" not in one for one in fields.values())
    entities = {one["name"]: one for one in leadconduit.get("/entities").json()}
    assert entities["SuppressionList"]["standard"] is True
    assert entities["Bright Solar"]["id"] == made.own_id(leadconduit)
    modules = {one["id"]: one for one in leadconduit.get("/modules").json()}
    required = [
        one["name"] for one in modules["leadconduit-custom.outbound.soap"]["request_variables"] if one["required"]
    ]
    assert required == ["url", "function"]
    assert {one["id"] for package in leadconduit.get("/packages").json() for one in package["integrations"]} == {
        *modules
    }
    owner = modules["leadconduit-trustedform.outbound.trustedform"]["entity_id"]
    assert owner == entities["TrustedForm"]["id"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("name", ["SuppressionList", "Example Partner Network"])
def test_standard_and_foreign_entities_are_read_only(leadconduit: httpx.Client, method: str, name: str) -> None:
    path = f"/entities/{made.entity_id(leadconduit, name)}"
    assert leadconduit.request(method, path, json=made.entity()).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("field_id", ["first_name", "agent.name"])
def test_standard_fields_are_read_only(leadconduit: httpx.Client, method: str, field_id: str) -> None:
    assert leadconduit.request(method, f"/fields/{field_id}", json=made.field(field_id)).status_code == 403


def test_own_entity_may_be_changed_and_not_deleted(leadconduit: httpx.Client) -> None:
    path = f"/entities/{made.own_id(leadconduit)}"
    own = leadconduit.get(path).json()
    assert leadconduit.put(path, json={**own, "field_suffix": "brsol"}).json()["field_suffix"] == "brsol"
    changed = leadconduit.put(path, json={**leadconduit.get(path).json(), "field_suffix": "other"})
    assert changed.status_code == 422
    assert changed.json() == {"field_suffix": ["cannot be changed once set"]}
    assert leadconduit.delete(path).status_code == 403


def test_account_settings(leadconduit: httpx.Client) -> None:
    answer = leadconduit.put("/account", json={"name": "Renamed", "data_retention_in_days": 30})
    assert answer.status_code == 200
    account = leadconduit.get("/account").json()
    assert account["data_retention_in_days"] == 30
    assert account["name"] == "Bright Solar", "read-only attributes are ignored"
    assert leadconduit.put("/account", json={"data_retention_in_days": 0}).status_code == 422


def test_types_say_which_operators_fit(leadconduit: httpx.Client) -> None:
    types = {one["name"]: one for one in leadconduit.get("/types").json()}
    assert "is between" in types["number"]["operators"]
    assert "is between" not in types["string"]["operators"]
    assert [one["name"] for one in types["dob"]["components"]] == ["raw", "age", "year", "valid"]
