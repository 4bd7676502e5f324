"""The emulated Convert: routes, sign-in, data in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reconciler.emulator.convert import accounts, app_edits, history
from reconciler.emulator.convert.audiences import Audiences, Locations
from reconciler.emulator.convert.auth import Caller, authenticate
from reconciler.emulator.convert.call import Actor, Call, Endpoint, Paths
from reconciler.emulator.convert.children import Children
from reconciler.emulator.convert.compass import Hypotheses, KnowledgeBases, Observations
from reconciler.emulator.convert.experiences import Experiences
from reconciler.emulator.convert.features import Features
from reconciler.emulator.convert.goals import Goals
from reconciler.emulator.convert.keys import ApiKeys, SdkKeys
from reconciler.emulator.convert.kind import Kind
from reconciler.emulator.convert.problems import Refusal, not_found
from reconciler.emulator.convert.projects import Projects, new_project
from reconciler.emulator.convert.render import Renderer
from reconciler.emulator.convert.sections import Sections
from reconciler.emulator.convert.site import Domains, Placeholders, Tags
from reconciler.emulator.convert.store import ACCOUNT_KINDS, IDENTITY, Account, Partition, Store
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer

_ALIASES = {"users_accesses": "collaborators", "user_accesses": "collaborators", "account_settings": "accounts"}
_API = "api/v2/"
_HISTORY = "change_history"


class ConvertPlatform:
    """Convert Experiences API v2, as far as configuration goes."""

    name = "convert"

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        renderer = Renderer(self._kinds)
        experiences = Experiences(renderer)
        api_keys = ApiKeys(renderer)
        every: list[Kind] = [
            Projects(renderer),
            Domains(renderer),
            Tags(renderer),
            Goals(renderer),
            Audiences(renderer),
            Locations(renderer),
            Features(renderer),
            experiences,
            Hypotheses(renderer),
            KnowledgeBases(renderer),
            Observations(renderer),
            SdkKeys(renderer),
            api_keys,
            Placeholders(renderer),
        ]
        self._kinds |= {kind.name: kind for kind in every}
        self._api_keys = api_keys
        self._order = [kind.name for kind in every if kind.name not in ACCOUNT_KINDS]
        endpoints: list[Endpoint] = [endpoint for kind in every for endpoint in kind.endpoints()]
        endpoints += accounts.Accounts().endpoints()
        endpoints += Sections(experiences).endpoints()
        endpoints += Children(experiences).endpoints()
        endpoints += history.ENDPOINTS
        self._paths = Paths(endpoints)
        self._store = Store()

    def routes(self) -> Sequence[BaseRoute]:
        """Return the one route behind which all operations are found."""
        return [Route("/{path:path}", self._serve, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]

    def credentials(self) -> Sequence[str]:
        """Return how to sign in."""
        return [
            "key_id emulator-<account name>, secret emulator-secret-<account name> (hmac or bearer); any account_id",
            "key_id readonly-emulator-<account name> may read and not write",
        ]

    async def _serve(self, request: Request) -> Response:
        body = await request.body()
        try:
            caller = authenticate(request, body)
            return self._answer(request, body, caller)
        except Refusal as refusal:
            return answer(refusal.body(), refusal.status)

    def _answer(self, request: Request, body: bytes, caller: Caller) -> Response:
        path: str = request.path_params["path"]
        endpoint, params = self._paths.find(request.method, path.removeprefix(_API))
        request.scope["path_params"] = params
        if endpoint.writes and caller.read_only:
            raise Refusal(403, "This API key may not write")
        account = self._account(params)
        space = self._partition(account, params["project_id"]) if "project_id" in params else None
        query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return endpoint.handler(Call(self._store, account, space, params, query, body, Actor(caller.key_id)))

    def _account(self, params: dict[str, str]) -> Account:
        name = params.get("account_id")
        if name is None:
            return Account("", self._store)
        if not (name.isascii() and name.isdigit()):
            raise not_found("account", name)
        return self._store.account(name)

    def _partition(self, account: Account, text: str) -> Partition:
        if not (text.isascii() and text.isdigit()):
            raise not_found("project", text)
        project_id = int(text)
        if account.get("projects", project_id) is None:
            if project_id in account.deleted:
                raise not_found("project", text)
            if not self._store.adopt(account, project_id):
                account.put("projects", new_project(account, project_id))
        return account.partition(project_id)

    # ---- control

    def dump(self) -> Mapping[str, Sequence[Stored]]:
        """Return everything that is stored, by kind."""
        found: dict[str, list[Stored]] = {kind: [] for kind in ("accounts", "projects", "api_keys", "collaborators")}
        found |= {kind: [] for kind in self._order}
        records: list[Stored] = []
        for account in self._store.accounts.values():
            for kind in ("accounts", "projects", "api_keys", "collaborators"):
                found[kind].extend(account.all(kind))
            for part in account.partitions.values():
                for kind in self._order:
                    found[kind].extend(part.all(kind))
            records += [{**record, "_account": account.id} for record in account.history]
        copied: dict[str, list[Stored]] = orjson.loads(orjson.dumps({**found, _HISTORY: records}))
        return copied

    def load(self, data: Mapping[str, Sequence[Stored]]) -> None:
        """Add or overwrite stored objects, with whatever is missing in them filled in.

        An object without `_account` is there for every account that asks for its project. Raises ValueError for a kind
        that does not exist, and for an object without the project it belongs to.
        """
        known = {_ALIASES.get(kind, kind): rows for kind, rows in data.items()}
        if unknown := known.keys() - {*self._order, *ACCOUNT_KINDS, _HISTORY}:
            raise ValueError(f"convert has no kind {min(unknown)!r}")
        for kind in ("accounts", "projects", "api_keys", "collaborators"):
            for given in known.get(kind, ()):
                self._load_in_account(kind, given)
        for kind in self._order:
            for given in known.get(kind, ()):
                self._load_in_project(kind, given)
        for given in known.get(_HISTORY, ()):
            record = {name: value for name, value in given.items() if name != "_account"}
            self._store.account(str(given.get("_account", ""))).history.append(record)

    def _load_in_account(self, kind: str, given: Stored) -> None:
        account = self._store.account(str(given.get("_account") or ""))
        given = {**given, "_account": account.id}
        if kind == "projects":
            if not isinstance(given.get("id"), int):
                raise ValueError(f"projects: an integer id is required, got {given.get('id')!r}")
            self._store.keep_clear_of(given["id"])
            account.put("projects", new_project(account, **{"project_id": given["id"], **_without(given, "_account")}))
        elif kind == "accounts":
            own = self._store.account(str(given.get("_account") or given.get("id") or ""))
            own.put("accounts", accounts.new_account(own, **_without(given, "_account")))
        elif kind == "api_keys":
            account.put(kind, self._api_keys.fill_account(given))
        else:
            account.put(kind, accounts.fill_collaborator({**given, "email": str(given["email"]).lower()}))

    def _load_in_project(self, kind: str, given: Stored) -> None:
        project_id = given.get("project_id")
        if not isinstance(project_id, int):
            raise ValueError(f"{kind}: an integer project_id is required, got {project_id!r}")  # noqa: TRY004 - bad data
        account = self._store.account(str(given.get("_account") or ""))
        if account.get("projects", project_id) is None:
            account.put("projects", new_project(account, project_id))
        part = account.partition(project_id)
        loaded = {**given, "_account": account.id}
        if kind not in IDENTITY:
            loaded["id"] = given.get("id") or self._store.mint()
            self._store.keep_clear_of(loaded["id"])
        filled = self._kinds[kind].fill(part, loaded)
        part.put(kind, filled)
        self._kinds[kind].loaded(part, filled)

    def edit(self, kind: str, object_id: str, values: Mapping[str, Any] | None, user: str) -> None:
        """Change or delete one object as somebody at Convert's app would.

        Beside the kinds there are `variations`, `changes` and `sections`, by their own ids. `_engine: true` among the
        values makes it the work of the statistics engine, `_account` picks one of several accounts that have the id.
        """
        app_edits.edit(self._store, self._kinds, _ALIASES.get(kind, kind), object_id, values, user)

    def reset(self) -> None:
        """Forget everything."""
        self._store = Store()


def _without(stored: Stored, *names: str) -> Stored:
    return {name: value for name, value in stored.items() if name not in names}
