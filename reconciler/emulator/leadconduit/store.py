"""What the emulated LeadConduit keeps: the tables, who uses what, and the change history."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.emulator.clock import Clock
from reconciler.emulator.disguise import Loose
from reconciler.emulator.ids import object_id
from reconciler.emulator.leadconduit import nested
from reconciler.emulator.leadconduit.catalog_entities import STANDARD_ENTITIES, own_account, own_entity
from reconciler.emulator.leadconduit.catalog_fields import STANDARD_FIELDS
from reconciler.emulator.leadconduit.catalog_modules import MODULES, PACKAGES
from reconciler.emulator.leadconduit.checks import merge
from reconciler.emulator.leadconduit.history import History
from reconciler.emulator.leadconduit.shapes import SECRETS
from reconciler.emulator.platform import Stored
from reconciler.emulator.table import ACCOUNT, Table, public

_TIMES = ("created_at", "updated_at", "*.created_at")
_FLOW = Loose(
    sets=("fields", "sources"),
    case=("id", "*.entity.id", "*credential_id", "*caps.id", "*ping_limits.id"),
    numbers=("*caps.maximum", "*caps.duration", "*ping_limits.maximum", "*.amount", "*.fallback_price"),
    times=_TIMES,
    defaults={
        "ping_enabled": False,
        "ping_limits": [],
        "caps": None,
        "acceptance_criteria": None,
        "pricing": None,
        "sources.enabled": True,
        "sources.caps": None,
        "steps.enabled": True,
        "steps.description": "",
        "steps.notes": None,
    },
)
_ENTITY = Loose(
    sets=("module_ids", "flow_ids"), case=("id",), times=_TIMES, defaults={"description": "", "deprecated": False}
)
_FIELD = Loose(times=_TIMES, defaults={"description": None, "see": "", "deprecated": False, "aggregate": True})
_CREDENTIAL = Loose(case=("id",), numbers=("expires_at",), times=_TIMES, opaque=("user", "org"))
_REPORT = Loose(case=("id",), times=_TIMES, defaults={"description": "", "token": None, "rules": [], "group_by": []})
_ROUTER = Loose(case=("id", "routes.flow_id", "routes.source_id"), times=_TIMES)
_COUNTER = Loose(numbers=("count", "maximum"), times=("*_at",))

_random = random.Random(0)  # noqa: S311 - lengths of masks, nothing secret


def mask(stored: Stored) -> dict[str, Any]:
    """Show a credential as every read does: asterisks, never twice as many."""
    shown = public(stored)
    for name in SECRETS:
        if isinstance(shown.get(name), str):
            shown[name] = "*" * _random.randint(6, 40)
    return shown


def _flow_shown(stored: Stored) -> dict[str, Any]:
    """Show a flow; icons of destinations are pre-signed URLs, new with every answer."""
    shown = public(stored)
    if shown.get("destinations"):
        shown["destinations"] = [
            {
                **one,
                "integration_icon_url": f"https://icons.example/{one['instance_id']}?sig={_random.randrange(10**9)}",
            }
            for one in shown["destinations"]
        ]
    return shown


def _sources(flow: Stored | None) -> set[str]:
    return {source["entity"]["id"] for source in flow["sources"]} if flow else set()


def time_ms(text: str) -> int:
    """Return milliseconds since 1970 of an ISO time; raises ValueError for what is none."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class Store:
    """All data of all accounts."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.flows = Table(
            "flows", show=_flow_shown, loose=_FLOW, keep_bodies=lambda flow: not flow.get("destinations")
        )
        self.entities = Table(
            "entities",
            show=self._entity_shown,
            loose=_ENTITY,
            keep_bodies=lambda entity: not entity.get("account"),
            presets=STANDARD_ENTITIES,
        )
        self.fields = Table("fields", loose=_FIELD, presets=STANDARD_FIELDS)
        self.credentials = Table("credentials", show=mask, loose=_CREDENTIAL, keep_bodies=lambda _: False)
        self.reports = Table("reports", loose=_REPORT)
        self.routers = Table("routers", loose=_ROUTER)
        self.accounts = Table("account")
        self.caps = Table("caps", loose=_COUNTER)
        self.ping_limits = Table("ping_limits", loose=_COUNTER)
        self.destinations = Table("destinations")
        self.services = Table("services")
        self.history = History()
        self._opened: set[str] = set()
        self._users: dict[tuple[str, str, str], dict[str, None]] = {}
        self._source_of: dict[tuple[str, str], dict[str, None]] = {}
        self._by_token: dict[str, tuple[str, str]] = {}
        self._by_module: dict[tuple[str, str], str] = {}

    @property
    def tables(self) -> dict[str, Table]:
        """All tables by kind."""
        every = (
            self.flows,
            self.entities,
            self.fields,
            self.credentials,
            self.reports,
            self.routers,
            self.accounts,
            self.caps,
            self.ping_limits,
            self.destinations,
            self.services,
        )
        return {table.kind: table for table in every}

    def clear(self) -> None:
        """Forget everything."""
        for table in self.tables.values():
            table.clear()
        self.history.clear()
        self._opened.clear()
        self._users.clear()
        self._source_of.clear()
        self._by_token.clear()
        self._by_module.clear()

    def open(self, tenant: str) -> None:
        """Make sure that an account has what every account starts with."""
        if tenant in self._opened:
            return
        self._opened.add(tenant)
        if not self.accounts.count(tenant):
            self.accounts.seed(tenant, own_account(tenant))
        entity = own_entity(tenant)
        if self.entities.get(tenant, entity["id"]) is None:
            self.entities.seed(tenant, entity)

    def account(self, tenant: str) -> Stored:
        """Return the settings of an account."""
        return next(self.accounts.all(tenant))

    def known(self, tenant: str) -> KnownTo:
        """Return what an account has, for checks of references."""
        return KnownTo(self, tenant)

    # -- writing, with history and back references ------------------------------------------------------------------

    def write(self, kind: str, tenant: str, stored: Stored, user: Mapping[str, Any], *, touch: bool = True) -> Stored:
        """Create or replace an object: times, back references, history. Returns it as stored."""
        table = self.tables[kind]
        before = table.get(tenant, stored["id"])
        if touch:
            now = self.clock.iso()
            stored["created_at"] = before["created_at"] if before and "created_at" in before else now
            stored["updated_at"] = now
        after = table.put(tenant, stored)
        self._index(kind, tenant, before, after)
        self.history.note(tenant, kind, before, after, user, self.clock.now_ms())
        return after

    def seed(self, kind: str, tenant: str, stored: Stored) -> None:
        """Put an object that was always there: no history; ids and times only where it has none."""
        if "id" not in stored:
            stored["id"] = self.new_id()
        if kind == "flows":
            for name, empty in (("name", ""), ("enabled", True), ("fields", []), ("sources", []), ("steps", [])):
                stored.setdefault(name, empty)
            nested.settle(stored, stored, lambda _: None, "America/New_York", "2020-01-01T00:00:00.000Z")
        if kind == "routers":
            nested.number(
                nested.rules_of(stored), {(sort, node.get("id", "")): node for sort, node in nested.rules_of(stored)}
            )
        if kind not in {"caps", "ping_limits", "destinations", "services", "account"}:
            stored.setdefault("created_at", self.clock.iso())
            stored.setdefault("updated_at", stored["created_at"])
        before = self.tables[kind].get(tenant, stored["id"])
        self.tables[kind].seed(tenant, stored)
        self._index(kind, tenant, before, stored)

    def remove(self, kind: str, tenant: str, stored: Stored, user: Mapping[str, Any]) -> list[Stored]:
        """Delete an object; returns the flows that it leaves broken."""
        self.tables[kind].delete(tenant, stored["id"])
        self._index(kind, tenant, stored, None)
        self.history.note(tenant, kind, stored, None, user, self.clock.now_ms())
        hurt = []
        for flow_id in self._users.get((tenant, kind, stored["id"]), {}):
            flow = self.flows.get(tenant, flow_id)
            if flow is not None:
                errors = merge(merge({}, flow.get("errors") or {}), nested.broken(flow, kind, stored["id"]))
                hurt.append(self.flows.put(tenant, {**flow, "errors": errors}))
        return hurt

    def _index(self, kind: str, tenant: str, before: Stored | None, after: Stored | None) -> None:
        if kind == "flows":
            self._index_flow(tenant, before, after)
        elif kind == "routers":
            if before:
                self._by_module.pop((tenant, before["module_id"]), None)
            if after:
                self._by_module[tenant, after["module_id"]] = after["id"]
        elif kind == "reports":
            if before and before.get("token"):
                self._by_token.pop(before["token"], None)
            if after and after.get("token"):
                self._by_token[after["token"]] = (tenant, after["id"])

    def _index_flow(self, tenant: str, before: Stored | None, after: Stored | None) -> None:
        flow_id = (after or before or {})["id"]
        old = nested.references(before) if before else set()
        new = nested.references(after) if after else set()
        for reference in old - new:
            users = self._users.get((tenant, *reference), {})
            users.pop(flow_id, None)
            if not users:
                self._users.pop((tenant, *reference), None)
        for reference in new - old:
            self._users.setdefault((tenant, *reference), {})[flow_id] = None
        for entity_id in _sources(before) - _sources(after):
            self._source_of[tenant, entity_id].pop(flow_id, None)
        for entity_id in _sources(after) - _sources(before):
            self._source_of.setdefault((tenant, entity_id), {})[flow_id] = None

    def _entity_shown(self, stored: Stored) -> dict[str, Any]:
        """Show an entity; the account's own says in which flows it is a source."""
        shown = public(stored)
        if stored.get("account") and ACCOUNT in stored:
            shown["flow_ids"] = list(self._source_of.get((stored[ACCOUNT], stored["id"]), ()))
        return shown

    # -- reading ----------------------------------------------------------------------------------------------------

    def shared_report(self, token: str) -> tuple[str, str] | None:
        """Return account and id of the report that a share token opens."""
        return self._by_token.get(token)

    def router_of(self, tenant: str, module_id: str) -> str | None:
        """Return the id of the router of a module."""
        return self._by_module.get((tenant, module_id))

    def new_id(self) -> str:
        """Return a fresh ObjectId."""
        return object_id()


class KnownTo:
    """What one account has."""

    def __init__(self, store: Store, tenant: str) -> None:
        self._store = store
        self._tenant = tenant

    def has(self, kind: str, object_id: str) -> bool:
        """Tell whether there is an object of this kind and id (see `checks.Known`)."""
        if kind == "modules":
            return object_id in MODULES
        if kind in {"inbound modules", "outbound modules"}:
            return object_id in MODULES and MODULES[object_id]["direction"] == kind.partition(" ")[0]
        if kind == "packages":
            return object_id in PACKAGES
        if kind == "features":
            return self._store.account(self._tenant).get("features", {}).get(object_id) is True
        if kind == "flow sources":
            flow_id, _, entity_id = object_id.partition("/")
            flow = self._store.flows.get(self._tenant, flow_id)
            return flow is not None and any(source["entity"]["id"] == entity_id for source in flow["sources"])
        return self._store.tables[kind].get(self._tenant, object_id) is not None


__all__ = ["ACCOUNT", "KnownTo", "Store", "mask", "time_ms"]
