"""LeadConduit as one platform of the emulator: its routes, its data, and a hand at its UI."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.routing import BaseRoute

from reconciler.emulator.dotted import set_dotted
from reconciler.emulator.leadconduit import access, catalogue, changelogs, counters, definitions, flows, reports
from reconciler.emulator.leadconduit.history import ui_user
from reconciler.emulator.leadconduit.store import ACCOUNT, Store, time_ms
from reconciler.emulator.platform import Stored

DEFAULT_TENANT = "leadconduit"
_WITHOUT_TIMES = frozenset({"account", "caps", "ping_limits", "destinations", "services"})


class LeadConduitPlatform:
    """LeadConduit (ActiveProspect): flows, entities, fields, credentials, reports, routers."""

    name = "leadconduit"

    def __init__(self) -> None:
        self.store = Store()

    def routes(self) -> Sequence[BaseRoute]:
        """Return all routes; the longer paths of a kind come before those with an id in their place."""
        store = self.store
        return [
            *changelogs.routes(store),
            *reports.routes(store),
            *flows.routes(store),
            *definitions.routes(store),
            *access.routes(store),
            *counters.routes(store),
            *catalogue.routes(store),
        ]

    def credentials(self) -> Sequence[str]:
        """Return how to sign in."""
        return [
            "api_key: emulator-<account name>, e.g. emulator-leadconduit (HTTP Basic: any user, the key as password)",
            "read only: readonly-emulator-<account name>",
        ]

    def dump(self) -> Mapping[str, Sequence[Stored]]:
        """Return everything but presets, and the change history as `changelogs`."""
        dumped: dict[str, list[Stored]] = {kind: list(table.everything()) for kind, table in self.store.tables.items()}
        dumped["changelogs"] = self.store.history.dump()
        return dumped

    def load(self, data: Mapping[str, Sequence[Stored]]) -> None:
        """Add or overwrite objects; nested ids and times are filled in where they are missing.

        Raises ValueError for a kind that there is none of.
        """
        tables = self.store.tables
        if unknown := data.keys() - {*tables, "changelogs"}:
            raise ValueError(f"leadconduit: no kind {min(unknown)!r}, there are: {', '.join(tables)}, changelogs")
        for kind in tables:
            for stored in data.get(kind, ()):
                tenant = stored.get(ACCOUNT, DEFAULT_TENANT)
                self.store.seed(kind, tenant, orjson.loads(orjson.dumps(stored)))  # a copy, ten times faster
        for record in data.get("changelogs", ()):
            self.store.history.load(record.get(ACCOUNT, DEFAULT_TENANT), record, time_ms)

    def edit(self, kind: str, object_id: str, values: Mapping[str, Any] | None, user: str) -> None:
        """Change or delete an object as somebody at the UI.

        A flow is saved and not deployed, unless `values` has `_deploy: true`. Raises LookupError for what is not there,
        presets included, ValueError for a change that cannot be made.
        """
        stored = self._find("account" if kind == "accounts" else kind, object_id)
        tenant = stored[ACCOUNT]
        self.store.open(tenant)
        somebody = ui_user(user)
        if values is None:
            self.store.remove(kind, tenant, stored, somebody)
            if kind == "flows":
                counters.follow(self.store, tenant, stored, None)
            return
        changed = copy.deepcopy(stored)
        for path, value in values.items():
            if path != "_deploy":
                set_dotted(changed, path, copy.deepcopy(value))
        if kind == "flows":
            changed = flows.save(self.store, tenant, changed, stored, somebody)
            if values.get("_deploy") is True:
                flows.make_live(self.store, tenant, changed)
            return
        if kind == "routers":
            changed = access.settle_router(changed, stored)
        self.store.write(kind, tenant, changed, somebody, touch=kind not in _WITHOUT_TIMES)

    def _find(self, kind: str, object_id: str) -> Stored:
        table = self.store.tables.get(kind)
        if table is None:
            raise LookupError(f"leadconduit: no kind {kind!r}, there are: {', '.join(self.store.tables)}")
        found = table.find(object_id) or table.find(object_id.lower())
        if not found and "/" in object_id:
            tenant, _, inner = object_id.partition("/")
            found = [one for one in table.find(inner) or table.find(inner.lower()) if one[ACCOUNT] == tenant]
        if not found and kind == "account":
            found = [one for one in table.everything() if one[ACCOUNT] == object_id]
        if not found:
            raise LookupError(f"leadconduit: no {kind} {object_id!r} that can be edited")
        return next((one for one in found if one[ACCOUNT] == DEFAULT_TENANT), found[0])

    def reset(self) -> None:
        """Forget everything."""
        self.store.clear()
