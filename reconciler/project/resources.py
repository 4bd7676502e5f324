"""Resource files: `account.kind:` maps and `account.kind.name:` entries, collected before any is worked out."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from reconciler.adapters.base.declare import NAME_RULE
from reconciler.adapters.base.spelling import shown, suggestion
from reconciler.model.address import valid_name
from reconciler.model.kind import Kind
from reconciler.project.model import AccountConfig
from reconciler.project.rooms import Entry, ModuleRoom
from reconciler.project.yaml.document import Document

SECTIONS = ("moved", "removed", "defaults")
NOT_IN_DEFAULTS = frozenset({"$for_each", "$import", "$existing", "$enabled", "$depends_on", "$raw"})


def collect(room: ModuleRoom, document: Document, path: FilePath, sections: list[tuple[str, Any, Document]]) -> None:
    """Take in one resource file: entries go to the room, `moved` and `removed` to `sections`. Reports what is wrong."""
    session, value = room.session, document.value
    if not isinstance(value, dict):
        session.error(
            f"a resource file must be a map, not {shown(value)}",
            "write account.kind: {name: …}, or {} for nothing",
            place=document.position(()),
            code="type",
        )
        return
    folder = path.parent
    for key, body in value.items():
        if key.startswith("x-"):
            continue
        if key == "defaults":
            collect_defaults(room, body, document, (key,), folder)
        elif key in SECTIONS:
            sections.append((key, body, document))
        else:
            _collect_key(room, key, body, document, folder)


def _collect_key(room: ModuleRoom, key: str, body: Any, document: Document, folder: FilePath) -> None:
    session = room.session
    parts = key.split(".")
    if len(parts) not in {2, 3} or not all(parts):
        known = [*SECTIONS, *(f"{alias}.{kind}" for alias, kind in room.entries)]
        fix = suggestion(key, known) if len(parts) == 1 else "write <account>.<kind>: or <account>.<kind>.<name>:"
        place = document.position((key,), "key")
        session.error(f"{key} is no account.kind and no account.kind.name", fix, place=place, code="unknown-key")
        return
    found = find_kind(room, parts[0], parts[1], document, (key,))
    if found is None:
        return
    account, kind = found
    if len(parts) == 3:
        _add(room, parts[0], account, kind, parts[2], body, document, folder, (key,))
    elif not isinstance(body, dict):
        place = document.position((key,), "key")
        session.error(f"{key} must be a map of names, not {shown(body)}", "write name: {…}", place=place, code="type")
    else:
        for name, item in body.items():
            _add(room, parts[0], account, kind, name, item, document, folder, (key, name))


def find_kind(
    room: ModuleRoom, alias: str, kind_name: str, document: Document, path: tuple[str | int, ...]
) -> tuple[AccountConfig, Kind] | None:
    """Return account and kind that stand in a key, or None after reporting that one is not known."""
    session = room.session
    account = room.accounts.get(alias)
    if account is None:
        if (room.prefix, alias) not in session.broken_accounts:
            fix = suggestion(alias, list(room.accounts)) or "declare it under accounts:"
            place = document.position(path, "key")
            session.error(f"there is no account {alias}", fix, place=place, code="unknown-account")
        return None
    kind = account.platform.kinds.get(kind_name)
    place_needed = kind is None or not kind.managed
    if place_needed:
        place = document.position(path, "key")
        known = [name for name, one in account.platform.kinds.items() if one.managed]
        if kind is None:
            problem, fix = f"{account.platform.name} has no kind {kind_name}", suggestion(kind_name, known)
        else:
            problem, fix = f"{kind_name} are the platform's own and cannot be declared", "refer to them by id"
        session.error(problem, fix, place=place, code="unknown-kind")
        return None
    assert kind is not None
    return account, kind


def _add(
    room: ModuleRoom,
    alias: str,
    account: AccountConfig,
    kind: Kind,
    name: str,
    body: Any,
    document: Document,
    folder: FilePath,
    path: tuple[str | int, ...],
) -> None:
    address = f"{room.prefix}{alias}.{kind.name}.{name}"
    if not valid_name(name):
        place = document.position(path, "key")
        room.session.error(f"{name!r} cannot be a name", NAME_RULE, place=place, address=address, code="name")
        return
    if not isinstance(body, dict):
        fix = "write {} for a resource with nothing to say" if body is None else ""
        place = document.position(path, "key")
        problem = f"{name} must be a map of attributes, not {shown(body)}"
        room.session.error(problem, fix, place=place, address=address, code="type")
        return
    named = room.entries.setdefault((alias, kind.name), {})
    other = named.get(name)
    if other is not None:
        first = other.document.position(other.path, "key")
        room.session.error(
            f"is declared twice, first at {first}",
            "give one of them another name, or make them one",
            place=document.position(path, "key"),
            address=address,
            code="duplicate-address",
        )
        return
    named[name] = room.session.entries[address] = Entry(room, alias, account, kind, name, body, document, folder, path)


def collect_defaults(
    room: ModuleRoom, raw: Any, document: Document, path: tuple[str | int, ...], folder: FilePath
) -> None:
    """Take in a `defaults:` section: attributes for all resources of a kind in this room."""
    session = room.session
    if not isinstance(raw, dict):
        session.error("defaults must be a map of account.kind", place=document.position(path), code="type")
        return
    for key, body in raw.items():
        here = (*path, key)
        place = document.position(here, "key")
        parts = key.split(".")
        if len(parts) != 2:
            session.error(f"defaults: {key} is no account.kind", "write <account>.<kind>: {…}", place=place)
            continue
        found = find_kind(room, parts[0], parts[1], document, here)
        if found is None:
            continue
        if not isinstance(body, dict):
            session.error(f"defaults of {key} must be a map of attributes", place=place, code="type")
            continue
        for meta in NOT_IN_DEFAULTS & set(body):
            place = document.position((*here, meta), "key")
            session.error(f"{meta} cannot stand in defaults", "write it at the resource", place=place, code="defaults")
        known = room.defaults.get((parts[0], parts[1]))
        if known is not None:
            first = known[1].position(known[2], "key")
            session.error(f"defaults of {key} are written twice, first at {first}", "make them one", place=place)
            continue
        fields = found[1].shape.writable
        for name in body:
            if not name.startswith("$") and name not in fields:
                place = document.position((*here, name), "key")
                fix = suggestion(name, list(fields))
                session.error(
                    f"defaults of {key}: unknown attribute {name}", fix, place=place, code="unknown-attribute"
                )
        kept = {name: item for name, item in body.items() if name.startswith("$") or name in fields}
        room.defaults[parts[0], parts[1]] = (kept, document, here, folder)
