"""A signing client for tests of the emulated Convert, on the platform's own routes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
from httpx import URL, ASGITransport, AsyncClient, Response

from reconciler.emulator.app import create_app
from reconciler.emulator.convert import ConvertPlatform
from reconciler.emulator.convert.auth import signature

BASE = "http://127.0.0.1:8765"
ACCOUNT = "/accounts/10001"
PROJECT = f"{ACCOUNT}/projects/10002"
RULE = {"rule_type": "js_condition", "matching": {"match_type": "equals"}, "value": "x"}
TREE = {"OR": [{"AND": [{"OR_WHEN": [RULE]}]}]}


def tree(rule_type: str, match: str = "contains", value: Any = "x", **more: Any) -> dict[str, Any]:
    """A rule tree of one rule."""
    rule = {"rule_type": rule_type, "matching": {"match_type": match, "negated": False}, "value": value, **more}
    return {"OR": [{"AND": [{"OR_WHEN": [rule]}]}]}


class Api:
    """Signs every request as the account `convert`; `expect` is the status that must come back."""

    def __init__(self, platform: ConvertPlatform | None = None, key: str = "emulator-convert") -> None:
        self.platform = platform or ConvertPlatform()
        self.key = key
        self.app = create_app([self.platform])

    def disguise(self, *names: str) -> None:
        """Put disguises in force."""
        self.app.state.faults.replace({"disguise": list(names)})

    def stale(self, answers: int) -> None:
        """Let lists lag behind writes for that many answers."""
        self.app.state.faults.replace({"stale_list": {"answers": answers}})

    def raw(self, method: str, url: str, content: bytes = b"", headers: dict[str, str] | None = None) -> Response:
        """Send a request as it is."""
        return asyncio.run(self._raw(method, url, content, headers or {}))

    async def _raw(self, method: str, url: str, content: bytes, headers: dict[str, str]) -> Response:
        async with AsyncClient(transport=ASGITransport(self.app), base_url=BASE) as client:
            return await client.request(method, url, content=content, headers=headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Sign and send a request; `headers` replace those of the signature."""
        url = str(URL(f"{BASE}/convert{path}"))
        content = b"" if body is None else orjson.dumps(body)
        expires = str(int(time.time()) + 60)
        secret = "emulator-secret-" + self.key.rpartition("emulator-")[2]
        mark = signature(self.key, secret, expires, url, content)
        signed = {
            "Convert-Application-ID": self.key,
            "Expires": expires,
            "Authorization": f"Convert-HMAC-SHA256 Signature={mark}",
        }
        return self.raw(method, url, content, {**signed, **headers})

    def __call__(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        if path.startswith("P"):
            path = PROJECT + path[1:]
        elif path.startswith("A"):
            path = ACCOUNT + path[1:]
        response = self.send(method, path, body)
        assert response.status_code == expect, (method, path, response.status_code, response.text)
        return response.json()

    def fullstack(self) -> None:
        """Make the project a fullstack one."""
        self.platform.load({"projects": [{"id": 10002, "_account": "10001", "project_type": "fullstack"}]})

    def goal(self, name: str = "Goal", **more: Any) -> int:
        found: int = self("POST", "P/goals/add", {"name": name, "type": "code_trigger", **more}, 201)["id"]
        return found

    def experience(self, **more: Any) -> dict[str, Any]:
        body = {"name": "Test", "type": "a/b", "status": "draft", "url": "https://www.example.com/", **more}
        found: dict[str, Any] = self("POST", "P/experiences/add", body, 201)
        return found


CODE = {"type": "customCode", "data": {"css": None, "js": "x()"}}
TWO = [{"name": "Original", "is_baseline": True}, {"name": "B", "changes": [CODE]}]

SITE = "https://www.example.com/"
ALL = "include[]=variations&include[]=variations.changes&include[]=goals&include[]=audiences&include[]=locations"


def read(api: Api, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api("GET", f"P/experiences/{made['id']}?{ALL}")
    return found


def update(api: Api, made: dict[str, Any], body: dict[str, Any], expect: int = 200) -> dict[str, Any]:
    found: dict[str, Any] = api("POST", f"P/experiences/{made['id']}/update", body, expect)
    return found


def running(api: Api, **more: Any) -> dict[str, Any]:
    return api.experience(status="active", goals=[api.goal()], variations=TWO, **more)


def shares(made: dict[str, Any]) -> list[float]:
    return [one["traffic_distribution"] for one in made["variations"]]


def kept(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": one["id"]} for one in made["variations"]]
