"""Flows: saving, deploying, and what the delete of something they use does to them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from reconciler.emulator.leadconduit import counters, nested
from reconciler.emulator.leadconduit.call import Call, RefusedError, route
from reconciler.emulator.leadconduit.checks import OBJECT_ID
from reconciler.emulator.leadconduit.shapes_flow import FLOW
from reconciler.emulator.leadconduit.store import Store
from reconciler.emulator.platform import Stored
from reconciler.emulator.table import public
from reconciler.emulator.wire import answer, raw

_READ_ONLY = ("created_at", "updated_at", "errors", "level")


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes of flows."""
    return [
        route(store, "/flows", "GET", list_),
        route(store, "/flows", "POST", create),
        route(store, "/flows", "PUT", update_all),
        route(store, "/flows/{id}", "GET", get),
        route(store, "/flows/{id}", "PUT", update),
        route(store, "/flows/{id}", "POST", create),
        route(store, "/flows/{id}", "DELETE", delete),
        route(store, "/flows/{id}/deploy", "POST", deploy),
        route(store, "/flows/{id}/fields", "GET", fields),
        route(store, "/flows/{id}/fields/usage", "GET", usage),
    ]


async def list_(call: Call) -> Response:
    """GET /flows: all of them, in full, as one array."""
    return raw(call.store.flows.list_body(call.tenant))


async def get(call: Call) -> Response:
    """GET /flows/{id}."""
    call.find("flows")
    return raw(call.store.flows.body(call.tenant, call.id) or b"")


def save(store: Store, tenant: str, flow: Stored, before: Stored | None, user: Any) -> Stored:
    """Store a flow as the server does: nested ids, copies, counters; what is live stays as it was deployed."""
    zone = store.account(tenant)["time_zone"]
    nested.settle(flow, before, lambda one: store.entities.get(tenant, one), zone, store.clock.iso())
    for name in _READ_ONLY:
        flow.pop(name, None)
    flow["level"] = 1
    if before:
        flow.update({name: value for name, value in before.items() if name.startswith("_")})
    saved = store.write("flows", tenant, flow, user)
    counters.follow(store, tenant, before, saved)
    return saved


def make_live(store: Store, tenant: str, flow: Stored) -> None:
    """Let leads run through the flow as it is saved now."""
    live = public(flow)
    store.flows.put(tenant, {**flow, "_deployed": live, "_deployed_at": store.clock.iso()})


async def create(call: Call) -> Response:
    """POST /flows: the id may be chosen by the client."""
    flow = await call.document(call.store.flows.loose)
    call.check(FLOW, flow)
    chosen = flow.get("id") or call.request.path_params.get("id")
    if chosen is not None:
        if not OBJECT_ID.fullmatch(chosen):
            raise RefusedError(422, {"id": ["is invalid"]})
        if call.store.flows.find(chosen.lower()):
            raise RefusedError(422, {"id": ["has already been taken"]})
    flow = {**flow, "id": chosen.lower() if chosen else call.store.new_id()}
    saved = save(call.store, call.tenant, flow, None, call.user)
    return answer(call.store.flows.shown(saved), 201)


async def update(call: Call) -> Response:
    """PUT /flows/{id}: replaces the whole flow; what is left out is gone."""
    before = call.find("flows")
    flow = await call.document(call.store.flows.loose)
    call.check_id(flow)
    call.check_version(before, flow)
    call.check(FLOW, flow)
    saved = save(call.store, call.tenant, {**flow, "id": call.id}, before, call.user)
    return answer(call.store.flows.shown(saved))


async def update_all(_call: Call) -> Response:
    """PUT /flows: for superusers, whom the emulator has none of."""
    raise RefusedError(403, {"error": "not authorized"})


async def delete(call: Call) -> Response:
    """DELETE /flows/{id}: at once, also when a router still points to it."""
    flow = call.find("flows")
    call.store.remove("flows", call.tenant, flow, call.user)
    counters.follow(call.store, call.tenant, flow, None)
    return answer(call.store.flows.shown(flow))


async def deploy(call: Call) -> Response:
    """POST /flows/{id}/deploy: makes the saved flow live; refused while it has errors."""
    flow = call.find("flows")
    if flow.get("errors"):
        raise RefusedError(422, flow["errors"])
    make_live(call.store, call.tenant, flow)
    return answer({"message": f"Flow {flow['name']} has been deployed"})


async def fields(call: Call) -> Response:
    """GET /flows/{id}/fields: the flow's fields in full."""
    flow = call.find("flows")
    known = [call.store.fields.get(call.tenant, one) for one in flow["fields"]]
    return answer([call.store.fields.shown(one) for one in known if one is not None])


async def usage(call: Call) -> Response:
    """GET /flows/{id}/fields/usage: how often each field had a value; there are no leads here."""
    flow = call.find("flows")
    return answer(dict.fromkeys(flow["fields"], 0))


def in_use(hurt: list[Stored]) -> dict[str, Any]:
    """Return the body of a 202 answer: what was deleted is gone, and these flows still name it."""
    number = len(hurt)
    return {
        "message": f"{number} flow{'s have' if number > 1 else ' has'} errors that need to be fixed",
        "results": {
            "count": number,
            "success_flows": [],
            "error_flows": [{"id": one["id"], "name": one["name"], "errors": one["errors"]} for one in hurt],
        },
    }
