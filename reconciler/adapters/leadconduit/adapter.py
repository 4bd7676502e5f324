"""One LeadConduit account: what its API does differently from the plain scheme of list, get, create, update, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from copy import deepcopy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.adapters.base.adapter import (
    Adapter,
    FieldError,
    HistoryEvent,
    Identity,
    PublishResult,
    Raw,
    RemovalResult,
    Scope,
)
from reconciler.adapters.leadconduit.alignment import keep_ids
from reconciler.adapters.leadconduit.bodies import (
    MASK,
    empty_caps_to_null,
    fill_destinations,
    fill_entities,
    seen_flow,
    seen_plain,
    seen_router,
    without_computed,
)
from reconciler.adapters.leadconduit.credentials import REQUIRED, SECRETS, is_mask
from reconciler.adapters.leadconduit.errors import broken_flows, field_errors
from reconciler.adapters.leadconduit.history import event_of
from reconciler.adapters.leadconduit.lint import lint_flow
from reconciler.adapters.leadconduit.names import Names
from reconciler.adapters.leadconduit.pricing import without_overridden
from reconciler.adapters.leadconduit.reports import SHARE, UNSHARE
from reconciler.adapters.leadconduit.rules import without_right_hand_of_unary
from reconciler.adapters.leadconduit.steps import without_foreign
from reconciler.adapters.leadconduit.templates import OBJECT_ID
from reconciler.model.kind import Facet, Kind, Method, Problem, Removal

if TYPE_CHECKING:
    from reconciler.http import Client, HttpError, Response

PUBLIC_URL = "https://app.leadconduit.com"
DEPLOY = Method("POST", "/flows/{id}/deploy", source="LeadConduit API, Deploy a flow")
ACCOUNT = Method("GET", "/account", source="LeadConduit API, Get the account")
USER = Method("GET", "/user", source="LeadConduit API, Get the user")
CHANGES = {
    kind: Method("GET", f"/{kind}/{{id}}/changelogs", source="LeadConduit API, Changelogs")
    for kind in ("flows", "entities", "fields")
}
ALL_CHANGES = Method("GET", "/changelogs", source="LeadConduit API, Changelogs")
_HISTORY = {"flows": "flow", "entities": "entity", "fields": "field", "reports": "report"}
_PAGE = 100
_PAGES = 10
"""Pages of history that are read at most: who changed an object last stands in the first few records."""

Rows = list[Raw]
Records = list[Mapping[str, Any]]


class LeadConduitAdapter(Adapter):
    """Calls the API of one account. Its entities and destinations are remembered: flows hold copies of them."""

    def __init__(
        self, account: str, scope: Scope, client: Client, kinds: Mapping[str, Kind], base_url: str = PUBLIC_URL
    ) -> None:
        super().__init__(account, scope, client, kinds)
        self.base_url = base_url.rstrip("/")
        self._entities = Names(lambda: self._rows(kinds["entities"], scope), "id")
        self._destinations = Names(lambda: self._rows(kinds["destinations"], scope), "instance_id")

    # -- who ------------------------------------------------------------------------------------------------------
    def identity(self) -> Identity:
        """Ask for the account; the role of the key's user is told where the key belongs to one."""
        from reconciler.http import Forbidden, NotFound, Unauthorized

        account = self.call(ACCOUNT, {}).json()
        details: dict[str, str] = {}
        try:
            user = self.call(USER, {}).json()
        except (Unauthorized, Forbidden, NotFound):
            user = None
        if isinstance(user, Mapping):
            name = " ".join(str(user[key]) for key in ("first_name", "last_name") if user.get(key))
            told = {"user": name, "email": user.get("email"), "role": user.get("role_string")}
            details = {key: str(value) for key, value in told.items() if value}
        for key in ("product_id", "time_zone", "financial_state"):
            if account.get(key):
                details[key] = str(account[key])
        return Identity(str(account["id"]), str(account.get("name") or ""), details)

    # -- reading --------------------------------------------------------------------------------------------------
    def list(self, kind: Kind, scope: Scope, executor: Executor | None = None) -> Rows:
        """Return every object of a kind: lists are one array without pages, `null` when empty."""
        del executor
        rows = self._rows(kind, scope)
        if kind.name == "credentials":
            rows = [self._unmasked(kind, scope, row) for row in rows]
        return [self._seen(kind, row) for row in rows]

    def _rows(self, kind: Kind, scope: Scope) -> Rows:
        from reconciler.http import BadAnswer

        assert kind.endpoints.list is not None, kind.name
        answer = self.call(kind.endpoints.list, scope).json()
        if answer is None:
            return []
        if isinstance(answer, Mapping) and kind.id_attribute in answer:
            return [dict(answer)]  # GET /routers is shown as a single object too
        if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
            raise BadAnswer(
                f"the list of {kind.name} is no list of objects", method="GET", url=kind.endpoints.list.path
            )
        return answer

    def _unmasked(self, kind: Kind, scope: Scope, row: Raw) -> Raw:
        """Get a credential by itself when its row masks more than secrets."""
        if not any(is_mask(row.get(name)) for name in ("name", "package", "type")):
            return row
        assert kind.endpoints.get is not None
        found = self.call(kind.endpoints.get, scope, str(row["id"])).json()
        return found if isinstance(found, dict) and found else row

    def get(self, kind: Kind, scope: Scope, object_id: str) -> Raw | None:
        """Return one object as `list` would; None when there is none."""
        from reconciler.http import NotFound

        if kind.endpoints.get is None:
            return super().get(kind, scope, object_id)
        try:
            answer = self.call(kind.endpoints.get, scope, object_id).json()
        except NotFound:
            return None
        found = self._object(kind, answer, kind.id_attribute, object_id)
        return None if found is None else self._seen(kind, found)

    def id_of(self, kind: Kind, raw: Mapping[str, Any]) -> str:
        """Return an object's id; ids of destinations are called `instance_id` in flows and `id` in some lists."""
        if kind.name == "destinations":
            return str(raw["instance_id"] if "instance_id" in raw else raw["id"])
        found = super().id_of(kind, raw)
        return found.lower() if OBJECT_ID.match(found) is not None else found

    def unwrap(self, kind: Kind, answer: Any) -> Raw:
        """Return the object inside an answer."""
        return self._object(kind, answer, None, None) or {}

    def _object(self, kind: Kind, answer: Any, key: str | None, value: str | None) -> Raw | None:
        """Return the object in an answer; writes of routers answer with one or with an array of all."""
        if isinstance(answer, list):
            rows = [row for row in answer if isinstance(row, dict)]
            if key is None:
                return rows[0] if len(rows) == 1 else None
            return next((row for row in rows if str(row.get(key)).lower() == str(value).lower()), None)
        return super().unwrap(kind, answer) or None

    def _seen(self, kind: Kind, raw: Raw) -> Raw:
        """Remember what others need of an object that was just read or written."""
        if kind.name == "entities":
            self._entities.learn([raw])
        return self._read(kind, raw)

    def _read(self, kind: Kind, raw: Raw) -> Raw:
        """Bring an answer to one form, and add what is told by other means: URLs, whether a report is shared."""
        match kind.name:
            case "flows":
                return seen_flow(raw, self.base_url)
            case "routers":
                return seen_router(raw)
            case "reports":
                return {**seen_plain(raw), "shared": bool(raw.get("token"))}
            case "credentials":
                # The answer to a create has the secrets in clear text; nothing here needs them.
                return {key: MASK if key in SECRETS and value else value for key, value in seen_plain(raw).items()}
            case "entities":
                return seen_plain(raw)
            case "destinations":
                return {**raw, "instance_id": self.id_of(kind, raw)}
        return raw

    # -- writing --------------------------------------------------------------------------------------------------
    def create(self, kind: Kind, scope: Scope, body: Raw, object_id: str | None) -> Raw:
        """Create an object. The call is never repeated blindly: a flow is looked up by the id chosen for it."""
        if kind.endpoints.create is None:
            raise TypeError(f"{kind.type_name} cannot be created")
        sent = {key: value for key, value in body.items() if key not in kind.endpoints.read_only}
        if object_id is not None:
            sent[kind.id_attribute] = object_id
        sent = self.prepare(kind, sent, None)
        answer = self.call(kind.endpoints.create, scope, body=sent, idempotent=False).json()
        return self._written(kind, scope, answer, sent)

    def update(self, kind: Kind, scope: Scope, object_id: str, body: Raw, touched: frozenset[str], live: Raw) -> Raw:
        """Replace an object: there is no PATCH, and what a PUT leaves out is removed."""
        del touched
        if kind.endpoints.update is None:
            raise TypeError(f"{kind.type_name} cannot be updated")
        sent = {key: value for key, value in body.items() if key not in kind.endpoints.read_only}
        sent = self.prepare(kind, sent, live)
        answer = self.call(kind.endpoints.update, scope, object_id, body=sent).json()
        return self._written(kind, scope, answer, {**sent, kind.id_attribute: object_id})

    def _written(self, kind: Kind, scope: Scope, answer: Any, sent: Mapping[str, Any]) -> Raw:
        """Return the object that a write answers with; where it answers with nothing usable, read it."""
        from reconciler.http import BadAnswer

        key = next((name for name in (kind.id_attribute, *kind.key_attributes) if name in sent), None)
        value = str(sent[key]) if key is not None else None
        found = self._object(kind, answer, key, value)
        if found is not None and kind.id_attribute in found:
            return self._seen(kind, found)
        read = self.get(kind, scope, value) if key == kind.id_attribute and value is not None else None
        if read is None:
            raise BadAnswer(f"the {kind.title} was written, and the answer does not show it", maybe_applied=True)
        return read

    def prepare(self, kind: Kind, body: Raw, live: Raw | None) -> Raw:
        """Make a body fit to be sent: version token, copies of entities, ids of rules, no masks, no leftovers."""
        body = deepcopy(body)
        if live is not None and live.get("updated_at") is not None:
            body["updated_at"] = live["updated_at"]
        if kind.name in {"flows", "routers"}:
            without_right_hand_of_unary(body)
            if live is not None:
                keep_ids(body, live)
        if kind.name == "flows":
            without_computed(body)
            for step in body.get("steps") or ():
                without_foreign(step)
            without_overridden(body)
            empty_caps_to_null(body)
            fill_entities(body, self._entities.find)
            fill_destinations(body, self._destinations.find)
        elif kind.name == "credentials":
            self._check_secrets(body)
        return body

    def _check_secrets(self, body: Raw) -> None:
        """Leave out asterisks, which the platform would store as the secret; refuse a body that lacks a needed one."""
        from reconciler.http import Invalid

        for name in SECRETS:
            if is_mask(body.get(name)):
                del body[name]
        missing = [name for name in REQUIRED.get(str(body.get("type")), ()) if not body.get(name)]
        if missing:
            raise Invalid(
                f"LeadConduit needs {', '.join(missing)} with every update of a credential and shows only asterisks: "
                "declare it as ${secret.NAME}; nothing was sent",
                body={name: ["is needed with every update"] for name in missing},
            )

    def write_facet(self, kind: Kind, facet: Facet, scope: Scope, object_id: str, body: Raw, live: Raw) -> Raw:
        """Share or unshare a report. A report that is shared already keeps its token: sharing again would change it."""
        if facet.name != "shared":
            return super().write_facet(kind, facet, scope, object_id, body, live)
        wanted = bool(body.get("shared"))
        if wanted == bool(live.get("token")):
            return self._read(kind, live)
        answer = self.call(SHARE if wanted else UNSHARE, scope, object_id).json()
        found = self.get(kind, scope, object_id)
        token = answer.get("token") if isinstance(answer, Mapping) else None
        return found if found is not None else self._read(kind, {**live, "token": token})

    def publish(self, kind: Kind, scope: Scope, object_id: str, live: Raw, *, on: bool) -> PublishResult:
        """Deploy a flow: what is saved, by whomever, goes live. There is no way to take a deploy back."""
        if kind.name != "flows" or not on:
            return super().publish(kind, scope, object_id, live, on=on)
        self.call(DEPLOY, scope, object_id, idempotent=True)
        return PublishResult(version=self.version_of(kind, live))

    # -- removing -------------------------------------------------------------------------------------------------
    def remove(self, kind: Kind, scope: Scope, object_id: str, verb: Removal, live: Raw) -> RemovalResult:
        """Delete or switch off an object; a router cannot be deleted, so its routes are emptied. Gone is success."""
        from reconciler.http import Invalid, NotFound

        if verb != "disable":
            return super().remove(kind, scope, object_id, verb, live)
        values = kind.disable_with
        try:
            saved = self.update(kind, scope, object_id, {**live, **deepcopy(dict(values))}, frozenset(values), live)
            if kind.publish is not None:
                self.publish(kind, scope, object_id, saved, on=True)
        except NotFound:
            return RemovalResult()
        except Invalid as error:
            if kind.name != "routers":
                raise
            return RemovalResult(
                (f"LeadConduit keeps the routes of {live.get('module_id')}: {error.message}; remove them in its UI",)
            )
        return RemovalResult()

    def removed(self, kind: Kind, answer: Response) -> RemovalResult:
        """Read the 202 of a delete: the object is gone, and flows still refer to it."""
        if kind.name == "entities":
            self._entities.forget()
        return RemovalResult(tuple(broken_flows(answer.json()))) if answer.status == 202 else RemovalResult()

    # -- knowing more ---------------------------------------------------------------------------------------------
    def history(self, kind: Kind, scope: Scope, object_id: str, since: datetime | None) -> Sequence[HistoryEvent]:
        """Return the changelog of a flow, entity, field or report; there is none for credentials and routers."""
        sort = _HISTORY.get(kind.name)
        if sort is None:
            return ()
        records: Records = []
        before: str | None = None
        for _ in range(_PAGES):
            page = self._changes(kind, scope, object_id, sort, since, before)
            records += [one for one in page if kind.name != "reports" or _target(one) == object_id]
            if len(page) < _PAGE:
                break
            before = str(page[-1]["id"])
        events = [event_of(record) for record in records]
        return [one for one in events if since is None or one.at is None or one.at >= since]

    def _changes(
        self, kind: Kind, scope: Scope, object_id: str, sort: str, since: datetime | None, before: str | None
    ) -> Records:
        from reconciler.http import NotFound

        query = [("limit", str(_PAGE)), ("sort", "desc")]
        if since is not None:
            # The API's times have milliseconds; one that is cut would leave out what happened right then.
            query.append(("start", since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")))
        if before is not None:
            query.append(("before_id", before))
        answer: Any = None
        if kind.name in CHANGES:
            try:
                answer = self.call(CHANGES[kind.name], scope, object_id, query=query).json()
            except NotFound:  # the object is gone, its history is not
                answer = self.call(ALL_CHANGES, scope, query=[*query, (f"{sort}_id", object_id)]).json()
        else:
            answer = self.call(ALL_CHANGES, scope, query=[*query, ("type", sort)]).json()
        return [record for record in answer or () if isinstance(record, Mapping)]

    def lint(self, kind: Kind, body: Mapping[str, Any], types: Mapping[str, str]) -> Sequence[Problem]:
        """Return warnings about a declared flow that only the account's own fields and modules can tell.

        `types` are those of declared fields by id, which may not exist yet. For `validate --online`. Raises HttpError.
        """
        if kind.name != "flows":
            return ()
        live = {str(one["id"]): str(one.get("type")) for one in self._rows(self.kinds["fields"], {})}
        modules = {str(one["id"]): one for one in self._rows(self.kinds["modules"], {})}
        return list(lint_flow(body, {**live, **types}, modules))

    def field_errors(self, kind: Kind, error: HttpError) -> Sequence[FieldError]:
        """Read a refusal: messages in the shape of the body that was sent."""
        del kind
        return field_errors(error.body)


def _target(record: Mapping[str, Any]) -> str | None:
    revision = record.get("current_revision")
    return str(revision.get("_id")) if isinstance(revision, Mapping) else None


__all__ = ["LeadConduitAdapter"]
