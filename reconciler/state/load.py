"""Read a ledger strictly: a wrong type or an unknown key is damage with a place, never a guess.

The usual case is decided by a few comparisons per entry, because every command begins with this; the place of a damage
is looked for only once there is one.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, starmap
from operator import itemgetter
from typing import Any, NoReturn, cast

from reconciler.state import codec
from reconciler.state.errors import StateDamaged
from reconciler.state.ledger import FORMAT_VERSION, Entry, RunRecord, State
from reconciler.state.locate import locate

_NONE = type(None)
_Types = tuple[type, ...]
_STATE: dict[str, _Types] = {
    "version": (int,),
    "tool": (str,),
    "project": (str,),
    "environment": (str, _NONE),
    "lineage": (str,),
    "serial": (int,),
    "hmac_key": (str,),
    "accounts": (dict,),
    "resources": (dict,),
    "runs": (list,),
}
_ENTRY: dict[str, _Types] = {
    "kind": (str,),
    "id": (str,),
    "scope": (dict,),
    "children": (dict,),
    "sent": (dict,),
    "seen": (dict,),
    "secrets": (dict,),
    "published": (dict, _NONE),
    "deps": (list,),
    "protect": (bool,),
    "on_remove": (str, _NONE),
    "deposed": (list,),
    "origin": (dict, _NONE),
    "key": (str, _NONE),
    "account": (str,),
}
_RUN: dict[str, _Types] = {
    "id": (str,),
    "command": (str,),
    "started": (str,),
    "finished": (str,),
    "who": (str,),
    "exit_code": (int,),
    "counts": (dict,),
    "allowed": (list,),
    "reason": (str, _NONE),
    "details": (dict,),
}
_SPELLING: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    _NONE: "null",
}
_row = itemgetter(*_ENTRY)
_TEXT_MAPS = ("scope", "children", "secrets")
_SECRET = re.compile(r"hmac:[0-9a-f]{64}\Z|assumed\Z")
_KEY = re.compile(r"[0-9a-f]{64}\Z")

RESTORE = (
    "Put the backup beside it (`{file}.backup`) in its place, or make the ledger again from the platforms with "
    "`reconciler state rebuild`"
)


class Wrong(Exception):  # noqa: N818 - control flow inside the loaders, never seen outside
    """A value that has no business where it stands; `path` leads to it from the root of its document."""

    def __init__(self, path: tuple[str | int, ...], problem: str) -> None:
        super().__init__(problem)
        self.path = path
        self.problem = problem


def load_state(data: bytes, file: str, advice: str | None = None) -> State:
    """Read a snapshot; `file` is its name for messages, `advice` what to do about damage (default: the backup).

    Raises `StateDamaged` with line and column.
    """
    advice = RESTORE.format(file=file) if advice is None else advice
    with _no_gc():
        try:
            raw = codec.loads(data)
        except json.JSONDecodeError as error:
            problem = "the file is empty" if not data.strip() else f"this is not JSON ({error.msg})"
            if b"<<<<<<< " in data:
                problem += "; it has git's conflict marks in it, and a ledger cannot be merged by hand"
            raise StateDamaged(file, error.lineno, error.colno, problem, advice) from None
        try:
            return _state(raw)
        except Wrong as wrong:
            line, column = locate(data.decode(), wrong.path)
            newer = wrong.path == ("version",) and isinstance(raw["version"], int)
            if newer:
                advice = "Use the version of reconciler that wrote it, or a newer one"
            raise StateDamaged(file, line, column, wrong.problem, advice) from None


def load_run(raw: Any) -> RunRecord:
    """Build one run record from parsed JSON. Raises `Wrong`."""
    _check_fields(raw, _RUN)
    return RunRecord(**raw)


def load_accounts(raw: Any) -> dict[str, dict[str, Any]]:
    """Check a map of accounts to identities. Raises `Wrong`."""
    if type(raw) is not dict:
        raise Wrong((), "accounts must be an object")
    for name, identity in raw.items():
        if type(identity) is not dict:
            raise Wrong((name,), "an account's identity must be an object")
    return cast("dict[str, dict[str, Any]]", raw)


def load_entries(raw: dict[str, Any]) -> dict[str, Entry]:
    """Build a map of addresses to entries from parsed JSON. Raises `Wrong`.

    Checked by columns, each a few passes in C over all entries; only when something is wrong, entry by entry.
    """
    try:
        rows = list(map(_row, raw.values()))
        if rows and not (
            set(map(len, raw.values())) == {len(_ENTRY)} and _columns_are_right(list(zip(*rows, strict=True)))
        ):
            rows = []
    except (KeyError, TypeError):
        rows = []
    if len(rows) != len(raw):
        _find_wrong(raw)
    return dict(zip(raw, starmap(Entry, rows), strict=True))


def _columns_are_right(columns: list[tuple[Any, ...]]) -> bool:
    by_name = dict(zip(_ENTRY, columns, strict=True))
    return (
        all(set(map(type, by_name[name])).issubset(types) for name, types in _ENTRY.items())
        and all(_types_in(map(dict.values, filter(None, by_name[name]))) <= {str} for name in _TEXT_MAPS)
        and _types_in(by_name["deps"]) <= {str}
        and _types_in(by_name["deposed"]) <= {dict}
        and all(map(_SECRET.match, chain.from_iterable(map(dict.values, filter(None, by_name["secrets"])))))
    )


def _types_in(values: Iterable[Iterable[Any]]) -> set[type]:
    return set(map(type, chain.from_iterable(values)))


def _find_wrong(raw: dict[str, Any]) -> NoReturn:
    for address, value in raw.items():
        try:
            _check_fields(value, _ENTRY)
            _check_insides(value)
        except Wrong as wrong:
            raise Wrong((address, *wrong.path), f"{address}: {wrong.problem}") from None
    raise AssertionError("unreachable: the slow check refuses what the fast one refuses")


def _state(raw: Any) -> State:
    if type(raw) is dict and type(raw.get("version")) is int and raw["version"] != FORMAT_VERSION:
        raise Wrong(
            ("version",),
            f"this ledger has format {raw['version']}, and this version of reconciler reads format {FORMAT_VERSION}",
        )
    _check_fields(raw, _STATE)
    if _KEY.match(raw["hmac_key"]) is None:
        raise Wrong(("hmac_key",), "`hmac_key` must be 64 hexadecimal digits")
    if raw["serial"] < 0:
        raise Wrong(("serial",), "`serial` must not be negative")
    accounts = _under("accounts", lambda: load_accounts(raw["accounts"]))
    resources = _under("resources", lambda: load_entries(raw["resources"]))
    runs = []
    for index, run in enumerate(raw["runs"]):
        try:
            runs.append(load_run(run))
        except Wrong as wrong:
            raise Wrong(("runs", index, *wrong.path), wrong.problem) from None
    return State(**{**raw, "accounts": accounts, "resources": resources, "runs": runs})


def _under(name: str, load: Any) -> Any:
    try:
        return load()
    except Wrong as wrong:
        raise Wrong((name, *wrong.path), wrong.problem) from None


def _check_fields(raw: Any, fields: dict[str, _Types]) -> None:
    if type(raw) is not dict:
        raise Wrong((), f"expected an object, found {_SPELLING[type(raw)]}")
    for name in raw:
        if name not in fields:
            raise Wrong((name,), f"unknown key `{name}`")
    for name, types in fields.items():
        if name not in raw:
            raise Wrong((), f"`{name}` is missing")
        if type(raw[name]) not in types:
            wanted = " or ".join(_SPELLING[kind] for kind in types)
            raise Wrong((name,), f"`{name}` must be {wanted}, not {_SPELLING[type(raw[name])]}")


def _check_insides(raw: dict[str, Any]) -> None:
    for name in _TEXT_MAPS:
        values = raw[name]
        for key, value in values.items():
            if type(value) is not str:
                raise Wrong((name, key), f"`{name}` must hold texts only")
    for key, value in raw["secrets"].items():
        if _SECRET.match(value) is None:
            raise Wrong(("secrets", key), "a secret must be `hmac:` and 64 hexadecimal digits, or `assumed`")
    for name, wanted in (("deps", str), ("deposed", dict)):
        for index, value in enumerate(raw[name]):
            if type(value) is not wanted:
                raise Wrong((name, index), f"`{name}` must hold {_SPELLING[wanted]} in each place")


@contextmanager
def _no_gc() -> Iterator[None]:
    """Parse without the cyclic collector: it would walk the growing tree again and again, and there are no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
