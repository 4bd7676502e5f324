"""One request on its way to a handler, and the table that finds the handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.responses import Response

from reconciler.emulator.convert.problems import Refusal
from reconciler.emulator.convert.store import Account, Partition, Store
from reconciler.emulator.disguise import Loose
from reconciler.emulator.faults import active


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: a name for the change history, and by what way (`api` or `app`)."""

    user: str
    method: str = "api"


@dataclass(slots=True)
class Call:
    """A request that has been let in."""

    store: Store
    account: Account
    space: Partition | None
    params: dict[str, str]
    query: list[tuple[str, str]]
    raw: bytes
    actor: Actor

    @property
    def part(self) -> Partition:
        """The project that the path names."""
        assert self.space is not None
        return self.space

    def body(self) -> dict[str, Any]:
        """Return the JSON object in the body; raises a 400 when there is none."""
        try:
            value = orjson.loads(self.raw)
        except orjson.JSONDecodeError as error:
            raise Refusal(400, f"The body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise Refusal(400, "The body must be a JSON object")
        disguise = active().disguise
        undressed: dict[str, Any] = disguise.undress(value, Loose()) if disguise else value
        return undressed

    def filter_body(self) -> dict[str, Any]:
        """Return the filter of a list: the body, all of which is optional."""
        return self.body() if self.raw.strip() else {}

    def number(self, name: str, word: str) -> int:
        """Return an integer of the path; raises a 404 when it is none."""
        text = self.params[name]
        if not (text.isascii() and text.isdigit()):
            raise Refusal(404, f"The {word} {text} was not found")
        return int(text)


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation: a method and a path template such as `P/goals/{goal_id}`.

    `A`, `P` and `E` at the start stand for the path of an account, a project and an experience.
    """

    method: str
    path: str
    handler: Handler
    writes: bool = False


@dataclass(slots=True)
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    at: dict[str, tuple[Endpoint, tuple[str, ...]]] = field(default_factory=dict)


_PREFIXES = {
    "A": "accounts/{account_id}",
    "P": "accounts/{account_id}/projects/{project_id}",
    "E": "accounts/{account_id}/projects/{project_id}/experiences/{experience_id}",
}


class Paths:
    """Finds endpoints by method and path; a fixed part goes before a variable one."""

    def __init__(self, endpoints: list[Endpoint]) -> None:
        self._root = _Node()
        for endpoint in endpoints:
            head, _, tail = endpoint.path.partition("/")
            full = f"{_PREFIXES.get(head, head)}/{tail}" if tail else _PREFIXES.get(head, head)
            node, names = self._root, []
            for part in full.split("/"):
                if part.startswith("{"):
                    names.append(part[1:-1])
                    node.any = node = node.any or _Node()
                else:
                    node = node.fixed.setdefault(part, _Node())
            assert endpoint.method not in node.at, endpoint
            node.at[endpoint.method] = (endpoint, tuple(names))

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        """Return the endpoint and the variable parts; raises a 404, or a 405 where only the method is wrong."""
        parts = path.strip("/").split("/")
        values: list[str] = []
        known: list[_Node] = []

        def walk(node: _Node, depth: int) -> tuple[Endpoint, tuple[str, ...]] | None:
            if depth == len(parts):
                if node.at:
                    known.append(node)
                return node.at.get(method)
            part = parts[depth]
            after = node.fixed.get(part)
            found = walk(after, depth + 1) if after is not None else None
            if found is None and node.any is not None and part:
                values.append(part)
                found = walk(node.any, depth + 1)
                if found is None:
                    values.pop()
            return found

        found = walk(self._root, 0)
        if found is None:
            raise Refusal(405, "Method not allowed") if known else Refusal(404, "Not found")
        endpoint, names = found
        return endpoint, dict(zip(names, values, strict=True))
