"""Credentials and routers: how flows reach others, and how others reach flows."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from reconciler.emulator.leadconduit import flows, shapes
from reconciler.emulator.leadconduit.call import Call, RefusedError, route
from reconciler.emulator.leadconduit.nested import number, rules_of
from reconciler.emulator.leadconduit.store import Store
from reconciler.emulator.platform import Stored
from reconciler.emulator.table import public
from reconciler.emulator.wire import answer, raw


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes of credentials and routers; there is no way to delete a router."""
    return [
        route(store, "/credentials", "GET", list_credentials),
        route(store, "/credentials", "POST", create_credential),
        route(store, "/credentials/", "POST", create_credential),
        route(store, "/credentials/{id}", "GET", get_credential),
        route(store, "/credentials/{id}", "PUT", update_credential),
        route(store, "/credentials/{id}", "DELETE", delete_credential),
        route(store, "/routers", "GET", list_routers),
        route(store, "/routers", "POST", create_router),
        route(store, "/routers/{id}", "GET", get_router),
        route(store, "/routers/{id}", "PUT", update_router),
    ]


async def list_credentials(call: Call) -> Response:
    """GET /credentials: `null` when there is none."""
    body = call.store.credentials.list_body(call.tenant)
    return raw(b"null" if body == b"[]" else body)


async def get_credential(call: Call) -> Response:
    """GET /credentials/{id}: secrets and user names are masked."""
    return answer(call.store.credentials.shown(call.find("credentials")))


async def create_credential(call: Call) -> Response:
    """POST /credentials: the answer, and only this one, has the secrets in clear."""
    sent = await call.document(call.store.credentials.loose)
    call.check(shapes.credential, sent)
    saved = call.store.write("credentials", call.tenant, {**sent, "id": call.store.new_id()}, call.user)
    return answer(public(saved), 201)


async def update_credential(call: Call) -> Response:
    """PUT /credentials/{id}: takes what is sent for the secret, asterisks too."""
    before = call.find("credentials")
    sent = await call.document(call.store.credentials.loose)
    call.check_id(sent)
    call.check_version(before, sent)
    call.check(shapes.credential, sent)
    for name in ("type", "package"):
        if sent[name] != before[name]:
            raise RefusedError(422, {name: ["cannot be changed"]})
    saved = call.store.write("credentials", call.tenant, {**sent, "id": before["id"]}, call.user)
    return answer(call.store.credentials.shown(saved))


async def delete_credential(call: Call) -> Response:
    """DELETE /credentials/{id}: 200 without a body, or 202 with the flows that still name it."""
    credential = call.find("credentials")
    hurt = call.store.remove("credentials", call.tenant, credential, call.user)
    return answer(flows.in_use(hurt), 202) if hurt else raw(b"")


async def list_routers(call: Call) -> Response:
    """GET /routers."""
    return raw(call.store.routers.list_body(call.tenant))


async def get_router(call: Call) -> Response:
    """GET /routers/{id}."""
    call.find("routers")
    return raw(call.store.routers.body(call.tenant, call.id) or b"")


def settle_router(router: Stored, before: Stored | None) -> Stored:
    """Complete a router in place: ids of routes and their rules, references in lower case."""
    for one in router.get("routes") or ():
        one.update(flow_id=one["flow_id"].lower(), source_id=one["source_id"].lower())
    known = {(sort, node["id"]): node for sort, node in rules_of(before)} if before else {}
    number(rules_of(router), known)
    return router


async def create_router(call: Call) -> Response:
    """POST /routers: one router per module."""
    sent = await call.document(call.store.routers.loose)
    call.check(shapes.ROUTER, sent)
    if call.store.router_of(call.tenant, sent["module_id"]) is not None:
        raise RefusedError(422, {"module_id": ["has already been taken"]})
    router = settle_router({**sent, "id": call.store.new_id()}, None)
    return answer(call.store.routers.shown(call.store.write("routers", call.tenant, router, call.user)), 201)


async def update_router(call: Call) -> Response:
    """PUT /routers/{id}: replaces the routes; they must lead to flows that exist."""
    before = call.find_changeable("routers")
    sent = await call.document(call.store.routers.loose)
    call.check_id(sent)
    call.check_version(before, sent)
    call.check(shapes.ROUTER, sent)
    if sent["module_id"] != before["module_id"]:
        raise RefusedError(422, {"module_id": ["cannot be changed"]})
    router = settle_router({**sent, "id": before["id"]}, before)
    return answer(call.store.routers.shown(call.store.write("routers", call.tenant, router, call.user)))
