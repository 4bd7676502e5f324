from __future__ import annotations

import time

import pytest
from starlette.requests import Request

from reconciler.emulator.convert.auth import full_url, signature
from tests.emulator.convert_client import ACCOUNT, PROJECT, Api
from tests.emulator.convert_client import BASE as HOST

KEY = "a1b2c3d4-1111-2222-3333-444455556666"
SECRET = "s3cr3t-EXAMPLE-key"
BASE = "https://api.convert.com/api/v2/accounts/10001/projects/10002"


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        (
            f"{BASE}/tags/add",
            b'{"name":"q1-campaign"}',
            "3bf340acd32726ca76706eb9a92ac2d09e5b2eb0f1b88747fcfcb88b1cdde6a8",
        ),
        (
            f"{BASE}/experiences/1000123?include[]=variations&include[]=variations.changes",
            b"",
            "23aad3af2aa95847ba3bffa918120fd22955c3d7bc9a753583705a89f6c926b4",
        ),
    ],
)
def test_worked_vectors_of_the_signature(url: str, body: bytes, expected: str) -> None:
    assert signature(KEY, SECRET, "1767225600", url, body) == expected


def test_the_signed_url_is_the_one_received_to_the_byte() -> None:
    scope = {
        "type": "http",
        "scheme": "http",
        "method": "GET",
        "path": "/a/b/c",
        "raw_path": b"/a%2Fb/c",
        "query_string": b"include%5B%5D=x&include[]=y",
        "headers": [(b"host", b"127.0.0.1:9")],
    }
    assert full_url(Request(scope)) == "http://127.0.0.1:9/a%2Fb/c?include%5B%5D=x&include[]=y"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Convert-HMAC-SHA256 Signature=00"},
        {"Authorization": ""},
        {"Convert-Application-ID": "someone-else"},
        {"Expires": str(int(time.time()) - 1)},
        {"Expires": str(int(time.time()) + 90_000)},
        {"Expires": "soon"},
    ],
)
def test_wrong_signatures_are_unauthorized(headers: dict[str, str]) -> None:
    response = Api().send("GET", PROJECT, None, **headers)
    assert response.status_code == 401
    assert response.json()["code"] == 401
    assert response.json()["message"] == "Unauthorized"


@pytest.mark.parametrize(
    ("seconds", "status"), [(60, 200), (86_000, 200), (-1, 401), (90_000, 401)], ids=["soon", "today", "past", "late"]
)
def test_a_right_signature_has_its_time(seconds: int, status: int) -> None:
    url = f"{HOST}/convert{PROJECT}"
    expires = f"{time.time() + seconds:.3f}"
    mark = signature("emulator-x", "emulator-secret-x", expires, url, b"")
    headers = {
        "Convert-Application-ID": "emulator-x",
        "Expires": expires,
        "Authorization": f"Convert-HMAC-SHA256 Signature={mark}",
    }
    assert Api().raw("GET", url, headers=headers).status_code == status


def test_a_changed_body_is_unauthorized() -> None:
    url = f"{HOST}/convert{PROJECT}/tags/add"
    expires = str(int(time.time()) + 60)
    mark = signature("emulator-x", "emulator-secret-x", expires, url, b'{"name": "a"}')
    headers = {
        "Convert-Application-ID": "emulator-x",
        "Expires": expires,
        "Authorization": f"Convert-HMAC-SHA256 Signature={mark}",
    }
    assert Api().raw("POST", url, b'{"name":"a"}', headers).status_code == 401
    assert Api().raw("POST", url, b'{"name": "a"}', headers).status_code == 201


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("emulator-convert-eu:emulator-secret-convert-eu", 200),
        ("emulator-convert:emulator-secret-convert-eu", 401),
        ("emulator-convert", 401),
        ("nobody:emulator-secret-nobody", 401),
    ],
)
def test_bearer_keys(token: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    response = Api().raw("GET", f"{HOST}/convert{PROJECT}", headers=headers)
    assert response.status_code == status


def test_a_read_only_key_reads_lists_and_may_not_write() -> None:
    api = Api(key="readonly-emulator-convert")
    api("POST", "P/goals", {})
    api("GET", "P")
    api("POST", "P/tags/add", {"name": "x"}, 403)
    api("DELETE", "P/delete", None, 403)


def test_the_api_prefix_is_optional() -> None:
    api = Api()
    assert api.send("GET", f"/api/v2{PROJECT}").json()["id"] == 10002
    assert api.send("GET", PROJECT).json()["id"] == 10002


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", f"{PROJECT}/goals", 405),
        ("PUT", PROJECT, 405),
        ("GET", f"{ACCOUNT}/projects/abc", 404),
        ("GET", "/accounts/abc/details", 404),
        ("GET", f"{PROJECT}/goals/1", 404),
        ("POST", f"{PROJECT}/tags/add", 400),
    ],
)
def test_what_is_not_there(method: str, path: str, status: int) -> None:
    response = Api().send(method, path)
    assert response.status_code == status
    assert response.json()["code"] == status


def test_a_project_that_is_asked_for_is_there_until_it_is_deleted() -> None:
    api = Api()
    project = api("GET", "P?include[]=default_goals")
    assert project["name"] == "Project 10002"
    assert project["project_type"] == "web"
    assert project["account_id"] == 10001
    assert project["environments"] == {"production": {"label": "Production", "is_default": True}}
    assert project["default_goals"] == []
    assert "default_audiences" not in project
    assert api("DELETE", "P/delete")["code"] == 200
    api("GET", "P", None, 404)


def test_accounts_are_apart() -> None:
    api = Api()
    api.goal("Only here", key="only")
    assert api.send("GET", "/accounts/20001/projects/10002/goals/only").status_code == 404
    assert api("GET", "P/goals/only")["name"] == "Only here"


def test_account_details_and_roles() -> None:
    api = Api()
    assert api("GET", "A/details")["data"]["id"] == 10001
    api("POST", "A/details", {"name": "Acme"})
    assert api("GET", "A/details")["data"]["name"] == "Acme"
    assert [one["name"] for one in api("GET", "/accounts")["data"]] == ["Acme"]
    api("POST", "A/details", {"colour": 1}, 422)
    roles = {role["name"]: role["permissions"] for role in api("GET", "/access-roles")["data"]}
    assert roles["browse"]["goal"]["edit"] is False
    assert roles["edit"]["experience"]["pauseplay"] is False
    assert roles["publish"]["experience"]["pauseplay"] is True
    history = api("POST", "A/change-history", {"objects": ["account"]})["data"]
    assert history[0]["changes"] == {"old": {"name": "Account 10001"}, "new": {"name": "Acme"}}


def test_collaborators() -> None:
    api = Api()
    api("GET", "P")
    access = {"project": 10002, "role": "publish", "api_access": True}
    added = api("POST", "A/users-accesses/add", {"email": "Anna@agency.example", "accesses": [access]}, 201)["data"]
    assert added["email"] == "anna@agency.example"
    assert added["user_id"] is None
    assert added["accesses"] == [{**access, "status": "pending"}]
    api("POST", "A/users-accesses/add", {"email": "anna@agency.example", "accesses": [access]}, 422)
    api("POST", "A/users-accesses/add", {"email": "b@c.example", "accesses": [{**access, "role": "owner"}]}, 422)
    api("PUT", "A/users-accesses/update", {"email": "anna@agency.example", "accesses": [{**access, "role": "browse"}]})
    people = {one["email"]: one for one in api("GET", "A/users-accesses")["data"]}
    assert people["anna@agency.example"]["accesses"][0]["role"] == "browse"
    assert people["owner@emulator.example"]["accesses"][0]["role"] == "owner"
    expanded = api("GET", "A/users-accesses?expand[]=accesses.project")["data"]
    assert {"id": 10002, "name": "Project 10002"} in [one["accesses"][0]["project"] for one in expanded]
    api("POST", "A/users-accesses/delete", {"user_id": "owner", "accesses": [{"project": None}]}, 422)
    # once accepted, the user id names the person and the address no longer does
    api.platform.edit("users_accesses", "anna@agency.example", {"user_id": "u1", "accesses.0.status": "active"}, "anna")
    api("PUT", "A/users-accesses/update", {"email": "anna@agency.example", "accesses": [access]}, 404)
    api("PUT", "A/users-accesses/update", {"user_id": "u1", "accesses": [access]})
    api("POST", "A/users-accesses/delete", {"user_id": "u1", "accesses": [{"project": 10002}]})
    assert len(api("GET", "A/users-accesses")["data"]) == 1


def test_keys_show_their_secret_once() -> None:
    api = Api()
    made = api("POST", "P/sdk-keys/create", {"name": "web", "environment": "production"}, 201)
    assert len(made["sdk_secret"]) == 64
    listed = api("GET", "P/sdk-keys")["data"][0]
    assert listed["sdk_secret"] == f"{made['sdk_secret'][:5]}*****{made['sdk_secret'][-3:]}"
    api("POST", "P/sdk-keys/create", {"name": "x", "environment": "nowhere"}, 422)
    public = {"name": "public", "environment": "production", "has_secret": False, "selected_default": True}
    first = api("POST", "P/sdk-keys/create", public, 201)
    assert first["sdk_secret"] is None
    second = api("POST", "P/sdk-keys/create", {**public, "name": "other"}, 201)
    chosen = {one["sdk_key"]: one["selected_default"] for one in api("GET", "P/sdk-keys")["data"]}
    assert chosen[first["sdk_key"]] is False
    assert chosen[second["sdk_key"]] is True
    updated = api("POST", f"P/sdk-keys/{made['sdk_key']}/update", {"status": "disabled"})
    assert updated["status"] == "disabled"
    api("DELETE", f"P/sdk-keys/{made['sdk_key']}/delete")
    api("DELETE", f"P/sdk-keys/{made['sdk_key']}/delete", None, 404)

    made = api("POST", "A/api-keys/add", {"name": "ci", "projects": [10002]}, 201)
    listed = api("GET", "A/api-keys")["data"][0]
    assert listed["key_secret"] == f"{made['key_secret'][:5]}*****{made['key_secret'][-3:]}"
    assert (listed["auth_type"], listed["projects"]) == ("requestSigning", [10002])
    api("POST", "A/api-keys/add", {"name": "ci", "role": "owner"}, 422)
    api("POST", "A/api-keys/add", {"name": "ci", "projects": [77]}, 422)
    api("DELETE", f"A/api-keys/{made['key_id']}/delete")
    assert api("GET", "A/api-keys")["data"] == []
