"""An emulated Convert account behind real HTTP, and the engine's own walk from declarations to calls and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from reconciler.adapters.base.adapter import ClientFactory, Rates, Raw
from reconciler.adapters.base.compare import Compare, Comparison
from reconciler.adapters.base.wire import lay_over, object_to_wire
from reconciler.adapters.convert import PLATFORM
from reconciler.adapters.convert.adapter import ConvertAdapter
from reconciler.adapters.convert.kind import ConvertKind
from reconciler.emulator.server import EmulatorServer
from reconciler.http import Client, HostPolicy, Rate
from reconciler.model.plan import LeafChange, Overlay
from tests.adapters.convert.declaring import declare


class Unhurried(ClientFactory):
    """Clients without a throttle."""

    def __call__(
        self, *, account: str, base_url: str, hosts: Sequence[str], auth: Any, rate: Rates, headers: Mapping[str, str]
    ) -> Client:
        return Client(
            base_url,
            auth,
            rate=Rate(per_second=None, writers=None, reads=None),
            hosts=HostPolicy(hosts),
            account=account,
            headers=headers,
        )


def differences(found: Comparison) -> list[str]:
    """Name all that differs."""
    leaves = [f"{leaf.text}: {leaf.live!r} is not {leaf.desired!r}" for leaf in found.leaves if not leaf.equal]
    return [*found.problems, *leaves, *(f"{child.action} {child.text}" for child in found.children)]


@dataclass
class Session:
    """What the engine does with one account, step by step."""

    server: EmulatorServer
    adapter: ConvertAdapter
    scope: dict[str, str]
    executor: ThreadPoolExecutor
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    """Ids of children by path, for each object."""

    def kind(self, name: str) -> ConvertKind:
        kind = PLATFORM.kinds[name]
        assert isinstance(kind, ConvertKind)
        return kind

    def declared(self, name: str, body: dict[str, Any], *, creating: bool = True) -> Any:
        declared, names = declare(self.kind(name), body, creating=creating)
        assert names.problems == []
        return declared

    def create(self, name: str, body: dict[str, Any]) -> Raw:
        """Create an object and make sure that the server now has all that was declared."""
        kind, declared = self.kind(name), self.declared(name, body)
        facets = frozenset(attribute for facet in kind.facets for attribute in facet.attributes)
        raw = self.adapter.create(kind, self.scope, object_to_wire(kind.shape, declared, facets), None)
        for facet in kind.facets:
            if set(facet.attributes) & declared.keys():
                written = object_to_wire(kind.shape, {a: declared[a] for a in facet.attributes})
                whole = self.adapter.complete(kind, self.scope, raw)
                key = kind.id_attribute
                raw = self.adapter.write_facet(kind, facet, self.scope, str(raw[key]), {**whole, **written}, whole)
        self.settled(name, declared, raw)
        return raw

    def settled(self, name: str, declared: Any, raw: Raw) -> None:
        """Make sure that nothing differs, in the answer and when read again; remember the children's ids."""
        assert self.differs(name, declared, raw) == []
        assert self.differs(name, declared, self.read(name, str(raw["id"]))) == []
        if raw.get("status") != "archived" or name != "features":
            assert self.differs(name, declared, self.row(name, str(raw["id"]))) == []
        walk = Compare({}, {}, lambda _text, _value, _live: None, everything=True)
        self.known.setdefault(str(raw["id"]), {}).update(
            walk.run(self.kind(name).shape, declared, raw, frozenset()).ids
        )

    def differs(self, name: str, declared: Any, raw: Raw) -> list[str]:
        walk = Compare({}, {}, lambda _text, _value, _live: None, everything=True)
        return differences(walk.run(self.kind(name).shape, declared, raw, frozenset({"project_id"})))

    def read(self, name: str, object_id: str) -> Raw:
        """Get one object, with everything."""
        kind = self.kind(name)
        raw = self.adapter.get(kind, self.scope, object_id)
        assert raw is not None
        return self.adapter.complete(kind, self.scope, raw)

    def row(self, name: str, object_id: str) -> Raw:
        """Take one object out of the list, with everything."""
        kind = self.kind(name)
        rows = self.adapter.list(kind, self.scope, self.executor)
        raw = next(raw for raw in rows if self.adapter.id_of(kind, raw) == object_id)
        return self.adapter.complete(kind, self.scope, raw)

    def update(self, name: str, raw: Raw, body: dict[str, Any]) -> Raw:
        """Write what differs from the live object; afterwards nothing differs."""
        kind, declared = self.kind(name), self.declared(name, body, creating=False)
        known = self.known.get(str(raw["id"]), {})
        walk = Compare({}, known, lambda _text, _value, _live: None).run(kind.shape, declared, raw, frozenset())
        leaves = tuple(
            LeafChange(leaf.path, leaf.text, leaf.live, leaf.desired) for leaf in walk.leaves if not leaf.equal
        )
        overlay = Overlay(leaves, tuple(walk.children), walk.ids)
        assert overlay
        merged, touched = lay_over(kind.shape, raw, overlay)
        facet = next((f for f in kind.facets if touched & set(f.attributes)), None)
        object_id = str(raw["id"])
        if facet is not None:
            after = self.adapter.write_facet(kind, facet, self.scope, object_id, merged, raw)
        else:
            after = self.adapter.update(kind, self.scope, object_id, merged, touched, raw)
        self.settled(name, declared, after)
        return after

    def edit(self, kind: str, object_id: int, **values: Any) -> None:
        """Change something by hand, as somebody at the UI."""
        answer = httpx.post(
            f"{self.server.url}/_control/edit",
            json={"platform": "convert", "kind": kind, "id": str(object_id), "set": values, "user": "Anna Agency"},
        )
        answer.raise_for_status()

    def requests(self, contains: str) -> list[Any]:
        found = httpx.get(f"{self.server.url}/_control/requests").json()
        rows = found if isinstance(found, list) else found["requests"]
        return [row for row in rows if contains in row["path"]]


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorServer]:
    with EmulatorServer(["convert"]) as server:
        yield server


def connect(server: EmulatorServer, **more: Any) -> ConvertAdapter:
    settings = {
        "account_id": "10001",
        "project_id": "10002",
        "base_url": f"{server.url}/convert",
        **PLATFORM.emulator_settings("convert"),
        **more,
    }
    PLATFORM.settings.model_validate(settings)
    adapter = PLATFORM.connect("convert", settings, Unhurried())
    assert isinstance(adapter, ConvertAdapter)
    return adapter


@pytest.fixture
def session(emulator: EmulatorServer) -> Iterator[Session]:
    """An empty web project."""
    httpx.post(f"{emulator.url}/_control/reset").raise_for_status()
    with ThreadPoolExecutor(4) as executor:
        yield Session(emulator, connect(emulator), {"account_id": "10001", "project_id": "10002"}, executor)
    httpx.post(f"{emulator.url}/_control/reset").raise_for_status()


@pytest.fixture
def app(session: Session) -> Session:
    """An empty fullstack project of the same account."""
    project = session.create("projects", {"name": "Mobile API", "project_type": "fullstack"})
    session.scope = {"account_id": "10001", "project_id": str(project["id"])}
    return session
