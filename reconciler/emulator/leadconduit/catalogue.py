"""What an account only reads: itself, its user, packages, modules, types, destinations, traffic (there is none)."""

from __future__ import annotations

import orjson
from starlette.responses import Response
from starlette.routing import BaseRoute

from reconciler.emulator.ids import object_id
from reconciler.emulator.leadconduit.call import Call, RefusedError, route
from reconciler.emulator.leadconduit.catalog_entities import own_user
from reconciler.emulator.leadconduit.catalog_modules import MODULES, PACKAGES
from reconciler.emulator.leadconduit.shapes import ACCOUNT
from reconciler.emulator.leadconduit.store import Store
from reconciler.emulator.leadconduit.types_table import TYPES
from reconciler.emulator.table import public
from reconciler.emulator.wire import answer, raw

_WRITABLE = ("data_retention_in_days", "data_truncated_at", "subscriptions", "features")
_PACKAGES = orjson.dumps(list(PACKAGES.values()))
_MODULES = orjson.dumps(list(MODULES.values()))
_TYPES = orjson.dumps(TYPES)
_METRICS = ("median", "funnel", "count", "count_unique", "select_unique")


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes of everything that is read only, and of the account and its user."""
    found: list[BaseRoute] = [
        route(store, "/account", "GET", get_account),
        route(store, "/account", "PUT", update_account),
        route(store, "/user", "GET", get_user),
        route(store, "/user/{id}", "PUT", update_user),
        route(store, "/packages", "GET", packages, public=True),
        route(store, "/packages/{id}", "GET", package, public=True),
        route(store, "/modules", "GET", modules, public=True),
        route(store, "/types", "GET", types),
        route(store, "/destinations", "GET", destinations),
        route(store, "/services", "GET", services),
        route(store, "/status", "GET", status),
        route(store, "/version/ui", "GET", status),
        route(store, "/vars", "GET", variables),
        route(store, "/events", "GET", nothing),
        route(store, "/events", "POST", nothing),
        route(store, "/events/stats", "GET", nothing),
        route(store, "/events/{id}", "GET", no_event),
        route(store, "/search/leads", "GET", leads),
        route(store, "/invitations/source", "POST", invite),
        route(store, "/invitations/recipient", "POST", invite),
    ]
    found += [route(store, f"/events/event-metrics/{name}", "GET", nothing) for name in _METRICS]
    return found


async def get_account(call: Call) -> Response:
    """GET /account: with several keys in clear."""
    return answer(public(call.store.account(call.tenant)))


async def update_account(call: Call) -> Response:
    """PUT /account: what is read-only is ignored."""
    sent = await call.document()
    call.check(ACCOUNT, sent)
    account = {**call.store.account(call.tenant), **{name: sent[name] for name in _WRITABLE if name in sent}}
    call.store.accounts.put(call.tenant, account)
    return answer(public(account))


async def get_user(call: Call) -> Response:
    """GET /user: who the key belongs to."""
    user = own_user(call.tenant, f"emulator-{call.tenant}")
    return answer({**user, "accounts": [public(call.store.account(call.tenant))]})


async def update_user(call: Call) -> Response:
    """PUT /user/{id}: state of the user interface only."""
    await call.document()
    user = own_user(call.tenant, f"emulator-{call.tenant}")
    if user["id"] != call.id:
        raise RefusedError(404, {"error": "not found"})
    return answer(user)


async def packages(_call: Call) -> Response:
    """GET /packages: also without a key."""
    return raw(_PACKAGES)


async def package(call: Call) -> Response:
    """GET /packages/{name}."""
    found = PACKAGES.get(call.id)
    if found is None:
        raise RefusedError(404, {"error": "not found"})
    return answer(found)


async def modules(_call: Call) -> Response:
    """GET /modules: the same, flattened."""
    return raw(_MODULES)


async def types(_call: Call) -> Response:
    """GET /types."""
    return raw(_TYPES)


async def destinations(call: Call) -> Response:
    """GET /destinations: with `include=flow_usages` also which flows use them."""
    rows = [public(one) for one in call.store.destinations.all(call.tenant)]
    if call.query("include") == "flow_usages":
        for row in rows:
            users = [
                {"id": flow["id"], "name": flow["name"]}
                for flow in call.store.flows.all(call.tenant)
                if any(one.get("instance_id") == row["id"] for one in flow.get("destinations") or ())
            ]
            row["flow_usages"] = {"count": len(users), "flows": users}
    return answer(rows)


async def services(call: Call) -> Response:
    """GET /services: pricing services."""
    return raw(call.store.services.list_body(call.tenant))


async def status(_call: Call) -> Response:
    """GET /status, GET /version/ui."""
    return answer({"version": "5.120.3"})


async def variables(call: Call) -> Response:
    """GET /vars: names for rules and reports."""
    names = [("flow.id", "Flow ID"), ("flow.name", "Flow Name"), ("source.id", "Source ID"), ("random", "Random")]
    rows = [{"name": name, "label": label, "type": "string"} for name, label in names]
    wanted = call.request.query_params.getlist("flow_id")
    for flow in call.store.flows.all(call.tenant):
        if not wanted or flow["id"] in wanted:
            rows += [{"name": f"lead.{one}", "label": one, "type": "string"} for one in flow["fields"]]
    return answer(list({row["name"]: row for row in rows}.values()))


async def nothing(_call: Call) -> Response:
    """GET /events and what is made of events: no lead has come yet."""
    return answer([])


async def no_event(_call: Call) -> Response:
    """GET /events/{id}."""
    raise RefusedError(404, {"error": "not found"})


async def leads(_call: Call) -> Response:
    """GET /search/leads."""
    return answer({"total": 0, "hits": []})


async def invite(call: Call) -> Response:
    """POST /invitations/…: makes a pending entity; the mail is not sent."""
    sent = await call.document()
    if not isinstance(sent.get("email"), str) or "@" not in sent["email"]:
        raise RefusedError(400, {"error": "email is invalid"})
    side = "source" if call.request.url.path.endswith("source") else "recipient"
    entity = {
        "id": object_id(),
        "name": sent["email"],
        "source": "seller" if side == "source" else None,
        "recipient": "buyer" if side == "recipient" else None,
        "module_ids": ["leadconduit-default.inbound" if side == "source" else "leadconduit-default.outbound"],
        "pending": True,
        "standard": False,
        "invitation_id": object_id(),
    }
    saved = call.store.write("entities", call.tenant, entity, call.user)
    return answer({"message": "invitation sent", "entity": public(saved)}, 201)
