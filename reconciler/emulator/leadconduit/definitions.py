"""Entities and fields: what flows are made of."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from reconciler.emulator.leadconduit import flows
from reconciler.emulator.leadconduit.call import Call, RefusedError, route
from reconciler.emulator.leadconduit.shapes import ENTITY, FIELD
from reconciler.emulator.leadconduit.store import Store
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer, raw

_ENTITY_KEPT = (
    "flow_ids",
    "standard",
    "account",
    "pending",
    "connected",
    "connected_account_id",
    "invitation_id",
    "invitation_expires_at",
    "expired",
)
"""What the server alone says of an entity, whatever a client sends."""


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes of entities and fields."""
    return [
        route(store, "/entities", "GET", list_entities),
        route(store, "/entities", "POST", create_entity),
        route(store, "/entities/{id}", "GET", get_entity),
        route(store, "/entities/{id}", "PUT", update_entity),
        route(store, "/entities/{id}", "DELETE", delete_entity),
        route(store, "/fields", "GET", list_fields),
        route(store, "/fields", "POST", create_field),
        route(store, "/fields/{id}", "GET", get_field),
        route(store, "/fields/{id}", "PUT", update_field),
        route(store, "/fields/{id}", "DELETE", delete_field),
    ]


async def list_entities(call: Call) -> Response:
    """GET /entities: standard ones, those of other accounts, our own."""
    return raw(call.store.entities.list_body(call.tenant))


async def get_entity(call: Call) -> Response:
    """GET /entities/{id}."""
    call.find("entities")
    return raw(call.store.entities.body(call.tenant, call.id) or b"")


def _with_server_side(entity: Stored, before: Stored | None) -> Stored:
    """Return an entity with what only the server says of it."""
    given = {name: value for name, value in entity.items() if name not in _ENTITY_KEPT}
    if before is None:
        return {**given, "standard": False, "account": None, "flow_ids": None}
    return {**given, **{name: before[name] for name in (*_ENTITY_KEPT, "id") if name in before}}


async def create_entity(call: Call) -> Response:
    """POST /entities: the id is the server's."""
    sent = await call.document(call.store.entities.loose)
    call.check(ENTITY, sent)
    entity = {**_with_server_side(sent, None), "id": call.store.new_id()}
    saved = call.store.write("entities", call.tenant, entity, call.user)
    return answer(call.store.entities.shown(saved), 201)


async def update_entity(call: Call) -> Response:
    """PUT /entities/{id}: standard entities and other accounts' are not ours to change; our own account's is."""
    before = call.find_changeable("entities")
    sent = await call.document(call.store.entities.loose)
    call.check_id(sent)
    call.check_version(before, sent)
    call.check(ENTITY, sent)
    if before.get("field_suffix") and sent.get("field_suffix") != before["field_suffix"]:
        raise RefusedError(422, {"field_suffix": ["cannot be changed once set"]})
    saved = call.store.write("entities", call.tenant, _with_server_side(sent, before), call.user)
    return answer(call.store.entities.shown(saved))


async def delete_entity(call: Call) -> Response:
    """DELETE /entities/{id}: 200 without a body, or 202 with the flows that still name it."""
    entity = call.find_changeable("entities")
    if entity.get("account"):
        raise RefusedError(403, {"error": "the account's own entity may not be deleted"})
    hurt = call.store.remove("entities", call.tenant, entity, call.user)
    return answer(flows.in_use(hurt), 202) if hurt else raw(b"")


async def list_fields(call: Call) -> Response:
    """GET /fields: standard ones, then the account's; `flow_id`: those of one flow."""
    flow_id = call.query("flow_id")
    if flow_id is None:
        return raw(call.store.fields.list_body(call.tenant))
    flow = call.store.flows.get(call.tenant, flow_id.lower())
    wanted = set(flow["fields"]) if flow else set()
    return raw(call.store.fields.list_body(call.tenant, lambda field: field["id"] in wanted))


async def get_field(call: Call) -> Response:
    """GET /fields/{id}."""
    call.find("fields")
    return raw(call.store.fields.body(call.tenant, call.id) or b"")


def _with_defaults(field: Stored) -> Stored:
    """Return a custom field as the server completes it."""
    return {"aggregate": True, "see": "", **field, "standard": False}


async def create_field(call: Call) -> Response:
    """POST /fields: the id is the client's, and taken only once."""
    sent = await call.document(call.store.fields.loose)
    call.check(FIELD, sent)
    if call.store.fields.get(call.tenant, sent["id"]) is not None:
        raise RefusedError(422, {"id": ["has already been taken"]})
    saved = call.store.write("fields", call.tenant, _with_defaults(sent), call.user)
    return answer(call.store.fields.shown(saved), 201)


async def update_field(call: Call) -> Response:
    """PUT /fields/{id}: replaces the field; standard fields are not ours to change."""
    before = call.find_changeable("fields")
    sent = await call.document(call.store.fields.loose)
    call.check_id(sent)
    call.check_version(before, sent)
    sent = {**sent, "id": before["id"]}
    call.check(FIELD, sent)
    saved = call.store.write("fields", call.tenant, _with_defaults(sent), call.user)
    return answer(call.store.fields.shown(saved))


async def delete_field(call: Call) -> Response:
    """DELETE /fields/{id}: 200 with the field, or 202 with the flows that still name it."""
    field = call.find_changeable("fields")
    hurt = call.store.remove("fields", call.tenant, field, call.user)
    return answer(flows.in_use(hurt), 202) if hurt else answer(call.store.fields.shown(field))
