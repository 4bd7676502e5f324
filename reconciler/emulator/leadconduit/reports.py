"""Saved reports, and the share tokens that open them without a key."""

from __future__ import annotations

import secrets

from starlette.responses import Response
from starlette.routing import BaseRoute

from reconciler.emulator.leadconduit.call import Call, RefusedError, route
from reconciler.emulator.leadconduit.shapes import REPORT, REPORT_CHANGE
from reconciler.emulator.leadconduit.store import Store
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer, raw


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes of reports."""
    return [
        route(store, "/reports", "GET", list_),
        route(store, "/reports", "POST", create),
        route(store, "/reports/preview", "POST", preview),
        route(store, "/reports/{id}", "GET", get, public=True),
        route(store, "/reports/{id}", "PUT", update),
        route(store, "/reports/{id}", "DELETE", delete),
        route(store, "/reports/{id}/share", "PUT", share),
        route(store, "/reports/{id}/unshare", "PUT", unshare),
        route(store, "/reports/{id}/meta", "GET", meta, public=True),
        route(store, "/reports/{id}/run", "GET", run, public=True),
    ]


async def list_(call: Call) -> Response:
    """GET /reports."""
    return raw(call.store.reports.list_body(call.tenant))


def _opened(call: Call) -> tuple[str, Stored]:
    """Return account and report that the path opens: by share token for anybody, by id for those with the key."""
    if shared := call.store.shared_report(call.request.path_params["id"]):
        tenant, report_id = shared
        report = call.store.reports.get(tenant, report_id)
        assert report is not None
        return tenant, report
    if not call.tenant:
        raise RefusedError(401, {"error": "not authorized"})
    return call.tenant, call.find("reports")


async def get(call: Call) -> Response:
    """GET /reports/{id or token}."""
    return answer(call.store.reports.shown(_opened(call)[1]))


async def create(call: Call) -> Response:
    """POST /reports."""
    sent = await call.document(call.store.reports.loose)
    call.check(REPORT, sent)
    report = {**sent, "id": call.store.new_id(), "token": None}
    return answer(call.store.reports.shown(call.store.write("reports", call.tenant, report, call.user)), 201)


async def update(call: Call) -> Response:
    """PUT /reports/{id}: attributes that are left out stay as they were."""
    before = call.find("reports")
    sent = await call.document(call.store.reports.loose)
    call.check_id(sent)
    call.check_version(before, sent)
    call.check(REPORT_CHANGE, sent)
    report = {**before, **sent, "id": before["id"], "token": before.get("token")}
    return answer(call.store.reports.shown(call.store.write("reports", call.tenant, report, call.user)))


async def delete(call: Call) -> Response:
    """DELETE /reports/{id}: answers with the report that is gone."""
    report = call.find("reports")
    call.store.remove("reports", call.tenant, report, call.user)
    return answer(call.store.reports.shown(report))


def _set_token(call: Call, token: str | None) -> Response:
    report = call.find("reports")
    call.store.write("reports", call.tenant, {**report, "token": token}, call.user)
    return answer({"token": token})


async def share(call: Call) -> Response:
    """PUT /reports/{id}/share: a new token every time."""
    return _set_token(call, secrets.token_urlsafe(18))


async def unshare(call: Call) -> Response:
    """PUT /reports/{id}/unshare: the public URL stops working."""
    return _set_token(call, None)


async def meta(call: Call) -> Response:
    """GET /reports/{token}/meta: what a viewer of a shared report needs to name things."""
    tenant, report = _opened(call)
    store = call.store
    return answer(
        {
            "token": report.get("token"),
            "account_name": store.account(tenant)["name"],
            "vars": [],
            "flows": [{"id": one["id"], "name": one["name"]} for one in store.flows.all(tenant)],
            "entities": [{"id": one["id"], "name": one["name"]} for one in store.entities.all(tenant)],
        }
    )


async def run(call: Call) -> Response:
    """GET /reports/{id or token}/run: `start` and `end` are required; no lead has come yet."""
    _opened(call)
    _require_period(call)
    return answer([])


async def preview(call: Call) -> Response:
    """POST /reports/preview: runs a report without saving it."""
    sent = await call.document()
    call.check(REPORT_CHANGE, sent)
    _require_period(call)
    return answer([])


def _require_period(call: Call) -> None:
    if missing := [name for name in ("start", "end") if not call.query(name)]:
        raise RefusedError(422, {name: ["is required"] for name in missing})
