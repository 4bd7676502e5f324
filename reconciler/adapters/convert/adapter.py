"""Convert Experiences: what its API does differently from a plain REST platform.

Lists are POST calls with a filter body; optional fields are asked for in the body of lists and in the query of
everything else; version tokens go back with updates; sections of multivariate tests have calls of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from copy import deepcopy
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.adapters.base.adapter import Adapter, FieldError, HistoryEvent, Identity, Raw, RemovalResult, Scope
from reconciler.adapters.convert.changes import wire_id
from reconciler.adapters.convert.experience_bodies import keep_primary, stopped, wire_sections, wire_variations
from reconciler.adapters.convert.history import read_history
from reconciler.adapters.convert.kind import ACCOUNT, PAGE_SIZE, PROJECT, Body, ConvertKind
from reconciler.adapters.convert.refused import without_refused
from reconciler.model.kind import Facet, Kind, Method, Removal

if TYPE_CHECKING:
    from reconciler.http import HttpError, Page, Response

_DETAILS = Method("GET", f"{ACCOUNT}/details", source="Convert API v2, Get Account Details")
_PROJECT = Method("GET", PROJECT, source="Convert API v2, Get Project")
_SECTIONS = Method("GET", f"{PROJECT}/experiences/{{id}}/sections", source="Convert API v2, List Sections")
_WRITE_SECTIONS = Method(
    "POST", f"{PROJECT}/experiences/{{id}}/sections/update", source="Convert API v2, Update Sections"
)
_VARIATION = Method(
    "PUT",
    f"{PROJECT}/experiences/{{experience_id}}/variations/{{id}}/update",
    source="Convert API v2, Update Variation",
)
_SECTION_FIELDS = (("include[]", "versions"), ("include[]", "versions.changes"))
SECTIONS_KEY = "sections_concurrency_key"
"""Where the version token of the list of sections is kept in a raw experience."""
_TARGETS = ("goals", "audiences", "locations")


class ConvertAdapter(Adapter):
    """One account, and usually one project, of Convert Experiences."""

    # -- who ------------------------------------------------------------------------------------------------------
    def identity(self) -> Identity:
        """Ask for the account's details, and for the account's project, for whoami. Raises HttpError."""
        details = self._data(self.call(_DETAILS, {}).json())
        account = str(details.get("account_id") or details.get("id") or self.scope["account_id"])
        more: dict[str, str] = {"account": account}
        if "project_id" in self.scope:
            more |= self._project()
        return Identity(account, str(details.get("name") or ""), more)

    def _project(self) -> dict[str, str]:
        from reconciler.http import Forbidden, NotFound

        project = self.scope["project_id"]
        try:
            raw = self._data(self.call(_PROJECT, {}).json())
        except (NotFound, Forbidden) as error:
            return {"project": f"{project}: {error.message}"}
        names = {"project": "name", "project_type": "project_type", "status": "status", "role": "accessRole"}
        return {"project_id": project, **{label: str(raw[name]) for label, name in names.items() if raw.get(name)}}

    # -- reading --------------------------------------------------------------------------------------------------
    def list(self, kind: Kind, scope: Scope, executor: Executor | None = None) -> list[Raw]:
        """Return every object of a kind, archived ones too; pages after the first are read through the executor."""
        from reconciler.http import Page, paginate_numbered

        own, method = _own(kind), kind.endpoints.list
        assert method is not None
        body: Body = {"results_per_page": PAGE_SIZE, **own.filters}
        if own.sortable:
            body |= {"sort_by": "id", "sort_direction": "asc"}
        if own.include:
            body["include"] = [*own.include]

        def fetch(number: int) -> Page[Raw]:
            answer = self.call(method, scope, body={**body, "page": number}).json()
            pagination = (answer.get("extra") or {}).get("pagination") or {}
            return Page(
                answer.get("data") or [],
                pages=pagination.get("pages_count"),
                total=pagination.get("items_count"),
                size=PAGE_SIZE,
            )

        return paginate_numbered(
            fetch, executor=executor, key=lambda raw: self.id_of(kind, raw), name=f"{self.account}.{kind.name}"
        )

    def get(self, kind: Kind, scope: Scope, object_id: str) -> Raw | None:
        """Return one object as `list` would. Goals, features and experiences are found by their key too."""
        from reconciler.http import NotFound

        assert kind.endpoints.get is not None
        query = [("include[]", name) for name in _own(kind).include]
        try:
            return self.unwrap(kind, self.call(kind.endpoints.get, scope, object_id, query=query).json())
        except NotFound:
            return None

    def complete(self, kind: Kind, scope: Scope, raw: Raw) -> Raw:
        """Add the sections of a multivariate test, and the version token of their list."""
        if kind.name != "experiences" or raw.get("type") != "mvt":
            return raw
        answer = self.call(_SECTIONS, scope, self.id_of(kind, raw), query=_SECTION_FIELDS).json()
        sections = answer.get("data") if isinstance(answer, dict) else answer
        out = {**raw, "sections": sections or []}
        if isinstance(answer, dict) and answer.get("concurrency_key") is not None:
            out[SECTIONS_KEY] = answer["concurrency_key"]
        return out

    def version_of(self, kind: Kind, raw: Mapping[str, Any]) -> str | None:
        """Return the token that changes whenever the object is saved; only some kinds have one."""
        del kind
        names = ("concurrency_key", "modified_at", "updated_at")
        return next((str(raw[name]) for name in names if raw.get(name) is not None), None)

    # -- writing --------------------------------------------------------------------------------------------------
    def create(self, kind: Kind, scope: Scope, body: Raw, object_id: str | None) -> Raw:
        """Create an object. To an experience the platform adds the project's defaults: declared lists are put right."""
        del object_id
        method = kind.endpoints.create
        assert method is not None
        prepared = self.prepare(kind, body, None)
        answer = self.call(method, scope, body=prepared, query=self._asked(kind), idempotent=False)
        raw = self.unwrap(kind, answer.json())
        return self._settle(kind, scope, body, raw) if kind.name == "experiences" else raw

    def update(self, kind: Kind, scope: Scope, object_id: str, body: Raw, touched: frozenset[str], live: Raw) -> Raw:
        """Write the touched attributes, each whole, and those that must go with them."""
        own, method = _own(kind), kind.endpoints.update
        assert method is not None
        wanted = set(touched) | set(kind.endpoints.always)
        for group in own.together:
            if group & wanted:
                wanted |= group
        sent = self.prepare(kind, {name: body[name] for name in body if name in wanted}, live)
        answer = self._write(kind, method, scope, object_id, sent, self._asked(kind))
        raw = self.unwrap(kind, answer.json())
        if kind.name == "experiences" and "variations" in sent:
            raw = self._stop(kind, scope, body, raw)
        return self.complete(kind, scope, raw)

    def prepare(self, kind: Kind, body: Raw, live: Raw | None) -> Raw:
        """Return the body to send: tidied, children in their wire forms, with the version token last read."""
        own = _own(kind)
        body = deepcopy(body)
        if own.tidy is not None:
            own.tidy(body)
        if kind.name == "experiences":
            body.pop("sections", None)
            keep_primary(body, live)
            if isinstance(body.get("variations"), list):
                body["variations"] = wire_variations(body["variations"], (live or {}).get("variations"))
        if live is not None and live.get("concurrency_key") is not None:
            body["concurrency_key"] = live["concurrency_key"]
        return body

    def write_facet(self, kind: Kind, facet: Facet, scope: Scope, object_id: str, body: Raw, live: Raw) -> Raw:
        """Write the final list of sections, of which the platform makes the variations; or the times of a schedule."""
        if facet.name == "schedule":
            return self._schedule(kind, facet, scope, object_id, body, live)
        sent: Body = {"sections": wire_sections(deepcopy(body.get("sections") or []), live.get("sections"))}
        if live.get(SECTIONS_KEY) is not None:
            sent["concurrency_key"] = live[SECTIONS_KEY]
        self._write(kind, _WRITE_SECTIONS, scope, object_id, sent, _SECTION_FIELDS)
        raw = self.get(kind, scope, object_id)
        assert raw is not None, f"experience {object_id} is gone although its sections were just written"
        return self.complete(kind, scope, raw)

    def remove(self, kind: Kind, scope: Scope, object_id: str, verb: Removal, live: Raw) -> RemovalResult:
        """Delete or archive an object. A running experience is paused first: Convert archives no running one."""
        if verb != "archive":
            return super().remove(kind, scope, object_id, verb, live)
        if kind.is_archived is not None and kind.is_archived(live):
            return RemovalResult()
        if kind.name == "experiences" and live.get("status") == "active":
            paused = self.update(kind, scope, object_id, {**live, "status": "paused"}, frozenset({"status"}), live)
            live = {**live, **paused}
        return super().remove(kind, scope, object_id, verb, live)

    def removed(self, kind: Kind, answer: Response) -> RemovalResult:
        """Read the answer of a delete: even a success may name objects that were not processed."""
        del kind
        body = answer.json()
        errors = body.get("errors") if isinstance(body, dict) else None
        return RemovalResult(tuple(_error_text(error) for error in errors or ()))

    # -- knowing more ---------------------------------------------------------------------------------------------
    def history(self, kind: Kind, scope: Scope, object_id: str, since: datetime | None) -> Sequence[HistoryEvent]:
        """Return the change history of an object, newest first."""
        return read_history(
            _own(kind), object_id, since, lambda method, body: self.call(method, scope, object_id, body=body).json()
        )

    def field_errors(self, kind: Kind, error: HttpError) -> Sequence[FieldError]:
        """Read the `fields` (or `parameters`) of a refusal; texts and fields may each be one or a list."""
        del kind
        body = error.body if isinstance(error.body, dict) else {}
        texts = _listed(body.get("message")) or [error.message]
        fields = _listed(body.get("fields") or body.get("parameters"))
        if len(texts) == len(fields):
            pairs = list(zip(fields, texts, strict=True))
        else:
            pairs = [(field, "; ".join(texts)) for field in fields]
        found = [FieldError(_path(field), text.removeprefix(f"{field}: ")) for field, text in pairs]
        return [*found, *(FieldError((), _error_text(item)) for item in body.get("errors") or ())]

    # -- plumbing -------------------------------------------------------------------------------------------------
    def _write(
        self, kind: Kind, method: Method, scope: Scope, object_id: str, body: Body, query: Sequence[tuple[str, str]]
    ) -> Response:
        """Send an update; once more without members that were only carried over, when the platform refuses those."""
        from reconciler.http import Invalid

        try:
            return self.call(method, scope, object_id, body=body, query=query)
        except Invalid as error:
            less = without_refused(kind.shape, body, [found.path for found in self.field_errors(kind, error)])
            if less is None:
                raise
        return self.call(method, scope, object_id, body=less, query=query)

    def _asked(self, kind: Kind) -> Sequence[tuple[str, str]]:
        own = _own(kind)
        return [("include[]", name) for name in own.include] if own.writes_include else []

    def _settle(self, kind: Kind, scope: Scope, body: Raw, raw: Raw) -> Raw:
        """Take out what the platform added to a new experience, and stop variations that are to be stopped."""
        from reconciler.http import HttpError

        fixes = {name: body[name] for name in _TARGETS if name in body and _ids(body[name]) != _ids(raw.get(name))}
        if "primary_goal" in body and _ids([body["primary_goal"]]) != _ids([raw.get("primary_goal")]):
            fixes["primary_goal"] = body["primary_goal"]
        try:
            if fixes:
                raw = self.update(kind, scope, self.id_of(kind, raw), {**raw, **fixes}, frozenset(fixes), raw)
            return self._stop(kind, scope, body, raw)
        except HttpError:
            # The experience exists, and must not be taken for one that was not created: what is still
            # different shows in the answer, and in the next plan.
            return raw

    def _stop(self, kind: Kind, scope: Scope, body: Raw, raw: Raw) -> Raw:
        """Stop new variations that are declared stopped: on create they always run."""
        names = {item.get("name") for item in stopped(body.get("variations"))}
        if not names:
            return raw
        experience = self.id_of(kind, raw)
        for variation in raw.get("variations") or ():
            if variation.get("name") in names and variation.get("status") != "stopped":
                within = {**scope, "experience_id": experience}
                self.call(_VARIATION, within, str(variation["id"]), body={"status": "stopped"})
        return self.get(kind, scope, experience) or raw

    def _schedule(self, kind: Kind, facet: Facet, scope: Scope, object_id: str, body: Raw, live: Raw) -> Raw:
        """Write start and end, and in the same call the status they belong to: in any other they are not taken."""
        names = set(facet.attributes)
        if live.get("status") == "draft":
            body, names = {**body, "status": "scheduled"}, {*names, "status"}
        return self.update(kind, scope, object_id, body, frozenset(names), live)

    @staticmethod
    def _data(answer: Any) -> Raw:
        """Return an object that may or may not be wrapped in `data`."""
        data = answer.get("data", answer) if isinstance(answer, dict) else {}
        return data if isinstance(data, dict) else {}


def _own(kind: Kind) -> ConvertKind:
    assert isinstance(kind, ConvertKind), kind
    return kind


def _ids(values: Any) -> set[Any]:
    items = values if isinstance(values, list) else []
    return {wire_id(item.get("id") if isinstance(item, dict) else item) for item in items}


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _path(field: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"[.\[\]]+", field) if part)


def _error_text(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return f"{error.get('id')}: {error.get('message')}" if error.get("id") is not None else str(error.get("message"))


__all__ = ["SECTIONS_KEY", "ConvertAdapter"]
