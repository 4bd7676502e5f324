"""What the engine asks of a platform, and how a REST platform answers from its kinds' endpoints.

Raw objects are what the platform returned, as JSON. The engine compares and overlays; an adapter only fetches and
sends.
A platform overrides the few methods in which its API is odd.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, field_validator

from reconciler.model.kind import Facet, Kind, Method, Removal
from reconciler.model.values import Path

if TYPE_CHECKING:
    from reconciler.http import Client, HttpError, Response

Raw = dict[str, Any]
Scope = Mapping[str, str]
"""Names in path templates: `{"account_id": "10001", "project_id": "10002"}`."""


@dataclass(frozen=True)
class Identity:
    """Who a set of credentials is: compared with state before anything is read or written."""

    id: str
    name: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    """More for `whoami`: permissions, role, limits. Never a secret."""


@dataclass(frozen=True)
class HistoryEvent:
    """One record of the platform's change history."""

    actor: str | None
    at: datetime | None
    event: str
    by_api: bool
    attributes: tuple[str, ...] = ()
    """Top-level attributes that changed, where told."""


@dataclass(frozen=True)
class RemovalResult:
    """What a removal left behind."""

    warnings: tuple[str, ...] = ()
    """Objects that still refer to what went, as the platform told."""


@dataclass(frozen=True)
class PublishResult:
    """The mark of a publish: a digest of what went live and when, as far as the platform tells."""

    raw: Raw | None = None
    version: str | None = None
    """The platform's token of the object that was published (`updated_at`), to notice later saves by others."""


@dataclass(frozen=True)
class FieldError:
    """One refusal by the platform's validation, at a path of the body that was sent."""

    path: Path
    message: str


class Adapter:
    """One account of one platform. Thread-safe: the engine calls it from many threads."""

    def __init__(self, account: str, scope: Scope, client: Client, kinds: Mapping[str, Kind]) -> None:
        self.account = account
        self.scope = dict(scope)
        """The account's own scope ids, defaults of parent attributes."""
        self.client = client
        self.kinds = kinds

    # -- who ------------------------------------------------------------------------------------------------------
    def identity(self) -> Identity:
        """Ask the platform whom the credentials belong to. Raises HttpError."""
        raise NotImplementedError

    # -- reading --------------------------------------------------------------------------------------------------
    def list(self, kind: Kind, scope: Scope, executor: Executor | None = None) -> list[Raw]:
        """Return every object of a kind in a scope, with every writable attribute, to the last page.

        Raises HttpError; never returns less than all without raising.
        """
        raise NotImplementedError

    def get(self, kind: Kind, scope: Scope, object_id: str) -> Raw | None:
        """Return one object as `list` would, or None when the platform says that it does not exist."""
        from reconciler.http import NotFound

        if kind.endpoints.get is None:
            return next((raw for raw in self.list(kind, scope) if self.id_of(kind, raw) == object_id), None)
        try:
            return self.unwrap(kind, self.call(kind.endpoints.get, scope, object_id).json())
        except NotFound:
            return None

    def complete(self, kind: Kind, scope: Scope, raw: Raw) -> Raw:
        """Add what a list row lacks (attributes with endpoints of their own). Called for objects that matter only."""
        del kind, scope
        return raw

    def id_of(self, kind: Kind, raw: Mapping[str, Any]) -> str:
        """Return an object's id as text."""
        return str(raw[kind.id_attribute])

    def version_of(self, kind: Kind, raw: Mapping[str, Any]) -> str | None:
        """Return the token that changes whenever the object is saved, if the platform has one."""
        del kind
        value = raw.get("updated_at")
        return None if value is None else str(value)

    # -- writing --------------------------------------------------------------------------------------------------
    def create(self, kind: Kind, scope: Scope, body: Raw, object_id: str | None) -> Raw:
        """Create an object and return it as `get` would. `object_id` is the minted id, where the client chooses."""
        if kind.endpoints.create is None:
            raise TypeError(f"{kind.type_name} cannot be created")
        if object_id is not None:
            body = {kind.id_attribute: object_id, **body}
        answer = self.call(kind.endpoints.create, scope, body=self.prepare(kind, body, None), idempotent=False).json()
        return self.created(kind, scope, self.unwrap(kind, answer))

    def created(self, kind: Kind, scope: Scope, raw: Raw) -> Raw:
        """Turn the answer of a create into what `get` returns; by default it already is."""
        del kind, scope
        return raw

    def update(self, kind: Kind, scope: Scope, object_id: str, body: Raw, touched: frozenset[str], live: Raw) -> Raw:
        """Write an object: `body` is the live object with the overlay laid over it, `touched` its changed top level.

        Returns the object as `get` would. Raises Conflict when somebody saved it since `live` was read.
        """
        if kind.endpoints.update is None:
            raise TypeError(f"{kind.type_name} cannot be updated")
        if kind.endpoints.style == "full":
            sent = {key: value for key, value in body.items() if key not in kind.endpoints.read_only}
        else:
            sent = {key: body[key] for key in body if key in touched or key in kind.endpoints.always}
        answer = self.call(kind.endpoints.update, scope, object_id, body=self.prepare(kind, sent, live)).json()
        return self.created(kind, scope, self.unwrap(kind, answer))

    def prepare(self, kind: Kind, body: Raw, live: Raw | None) -> Raw:
        """Last touch on a body before it is sent (version tokens, required nulls). `live` is None for a create."""
        del kind, live
        return body

    def write_facet(self, kind: Kind, facet: Facet, scope: Scope, object_id: str, body: Raw, live: Raw) -> Raw:
        """Write attributes that have a call of their own; `body` and result as for `update`."""
        del scope, body, live
        raise TypeError(f"{kind.type_name} {object_id}: there is no call for {facet.name}")

    def publish(self, kind: Kind, scope: Scope, object_id: str, live: Raw, *, on: bool) -> PublishResult:
        """Take the saved object live (or withdraw it)."""
        raise TypeError(f"{kind.type_name} is not published (object {object_id} of {dict(scope)}: {on}, {len(live)})")

    def remove(self, kind: Kind, scope: Scope, object_id: str, verb: Removal, live: Raw) -> RemovalResult:
        """Delete, archive or disable an object. Gone already is success."""
        from reconciler.http import NotFound

        if verb == "delete":
            if kind.endpoints.delete is None:
                raise TypeError(f"{kind.type_name} cannot be deleted")
            try:
                answer = self.call(kind.endpoints.delete, scope, object_id)
            except NotFound:
                return RemovalResult()
            return self.removed(kind, answer)
        values = kind.archive_with if verb == "archive" else kind.disable_with
        body = {**live, **values}
        self.update(kind, scope, object_id, body, frozenset(values), live)
        if verb == "disable" and kind.publish is not None:
            self.publish(kind, scope, object_id, body, on=True)
        return RemovalResult()

    def removed(self, kind: Kind, answer: Response) -> RemovalResult:
        """Read the answer of a delete for what it broke."""
        del kind, answer
        return RemovalResult()

    # -- knowing more ---------------------------------------------------------------------------------------------
    def history(self, kind: Kind, scope: Scope, object_id: str, since: datetime | None) -> Sequence[HistoryEvent]:
        """Return the change history of an object, newest first, as far back as `since`; empty where there is none."""
        del kind, scope, object_id, since
        return ()

    def computed(self, kind: Kind, scope: Scope, raw: Raw) -> Raw:
        """Return outputs that need more than the object itself (URLs made of the base URL), by path text."""
        del kind, scope, raw
        return {}

    def field_errors(self, kind: Kind, error: HttpError) -> Sequence[FieldError]:
        """Read a refusal (400, 422) into paths of the body that was sent, so that it can be shown at its line."""
        del kind, error
        return ()

    # -- plumbing -------------------------------------------------------------------------------------------------
    def call(
        self,
        method: Method,
        scope: Scope,
        object_id: str | None = None,
        *,
        body: Any = None,
        query: Sequence[tuple[str, str]] = (),
        idempotent: bool | None = None,
    ) -> Response:
        """Make one call of a kind. Path templates take the scope's names and `{id}`; POST reads say so themselves."""
        from urllib.parse import quote

        names = {key: quote(value, safe="") for key, value in {**self.scope, **scope}.items()}
        if object_id is not None:
            names["id"] = quote(object_id, safe="")
        return self.client.request(
            method.method,
            method.path.format_map(names),
            query=query,
            json=body,
            reads=method.reads or method.method == "GET",
            idempotent=idempotent,
        )

    def unwrap(self, kind: Kind, answer: Any) -> Raw:
        """Return the object inside an answer, which some calls wrap in `data`."""
        del kind
        if isinstance(answer, dict) and set(answer) == {"data"} and isinstance(answer["data"], dict):
            return answer["data"]
        return answer if isinstance(answer, dict) else {}


class AccountSettings(BaseModel):
    """Settings that every account has; a platform's own model extends this."""

    model_config = {"extra": "forbid"}

    platform: str | None = None
    base_url: str | None = None
    rate: dict[str, float | None] | None = None
    overrides: dict[str, Any] | None = None

    @field_validator("rate")
    @classmethod
    def _rate(cls, rate: dict[str, float | None] | None) -> dict[str, float | None] | None:
        """Refuse what no throttle can be made of: at a rate of 0 a run would wait for ever."""
        for name, value in (rate or {}).items():
            if name not in {"per_second", "burst", "writers", "reads"}:
                raise ValueError(f"there is no {name}; known: per_second, burst, writers, reads")
            if value is None and name == "per_second":
                continue
            if value is None or not value > 0 or (name != "per_second" and value != int(value)):
                what = "a number above 0" if name == "per_second" else "a whole number above 0"
                raise ValueError(f"{name} must be {what}, not {value}")
        return rate


@dataclass(frozen=True)
class Rates:
    """Default throttle of a platform, per account: requests per second, burst, concurrent writers and readers."""

    per_second: float | None
    burst: int
    writers: int
    reads: int


class Platform:
    """One platform as a plug-in: entry point group `reconciler.platforms`, an instance each."""

    name: str = ""
    title: str = ""
    kinds: Mapping[str, Kind] = {}
    settings: type[AccountSettings] = AccountSettings
    secret_settings: frozenset[str] = frozenset()
    """Settings that hold credentials: a literal there is an error."""
    text_settings: frozenset[str] = frozenset()
    """Settings whose plain scalars are text as written (ids)."""
    scope_settings: tuple[str, ...] = ()
    """Settings that are scope ids, names in path templates."""
    base_url: str = ""
    hosts: tuple[str, ...] = ()
    """Host suffixes that credentials may be sent to."""
    rate: Rates = Rates(per_second=2.0, burst=4, writers=1, reads=4)

    def connect(self, account: str, settings: Mapping[str, Any], client_for: ClientFactory) -> Adapter:
        """Make the adapter of an account. `settings` are resolved; `client_for` builds the HTTP client."""
        raise NotImplementedError

    def emulator_settings(self, account: str) -> Mapping[str, Any]:
        """Return the settings that reach the emulator under this account name (public, made-up credentials)."""
        raise NotImplementedError

    def identity_scope(self, settings: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """Return the scope ids of an account, to warn when two environments write to the same place."""
        return [(name, str(settings[name])) for name in self.scope_settings if settings.get(name) is not None]


class ClientFactory:
    """Builds HTTP clients for accounts; the run hands one to `Platform.connect`."""

    def __call__(
        self, *, account: str, base_url: str, hosts: Sequence[str], auth: Any, rate: Rates, headers: Mapping[str, str]
    ) -> Client:
        """Build a client that signs with `auth`; raises ForeignHost before any secret is used."""
        raise NotImplementedError
