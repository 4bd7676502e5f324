"""Edits of the ledger by hand: pure functions that say what would change; a session writes it, the caller prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeVar

from reconciler.model.address import Address, matches, parse, parse_exact
from reconciler.state.checks import check_belongs
from reconciler.state.errors import ForeignState, SurgeryRefused
from reconciler.state.ledger import Entry, State
from reconciler.state.load import load_state
from reconciler.state.session import Change

_Value = TypeVar("_Value")


def list_entries(state: State, *patterns: str) -> list[str]:
    """List addresses in order; with patterns, those that one of them takes in (`*` is one part, prefixes count)."""
    return sorted(
        address for address in state.resources if not patterns or any(matches(pattern, address) for pattern in patterns)
    )


def show(state: State, address: str) -> dict[str, Any]:
    """Show one entry as plain data. Secrets are fingerprints in there. Raises `SurgeryRefused` if it is not there."""
    entry = _entry(state, address)
    return {name: getattr(entry, name) for name in Entry.__dataclass_fields__}


def mv(state: State, source: str, target: str) -> Change:
    """Rename one address, or the child that an address leads to, wherever the ledger says it.

    `source` may be a resource, all instances of one, a module, or a child (`….variations.bar`).
    Raises `SurgeryRefused` if it is unknown, if the target is taken, or if account or kind would change.
    """
    if _canonical(source) == _canonical(target):
        raise SurgeryRefused(f"`{source}` and `{target}` are the same address")
    return moves(state, {source: target}, missing_ok=False)


def moves(state: State, mapping: Mapping[str, str], *, missing_ok: bool = True) -> Change:
    """Rename many at once: all sources are read before any target is written, so A and B may change places.

    With `missing_ok`, sources that are not there are passed over (a `moved` that was done long ago).
    """
    names: dict[str, str] = {}
    children: dict[str, dict[str, str]] = {}
    for source, target in mapping.items():
        hits = _under(state, source, target)
        if not hits and (child := _child(state, source, target)):
            children.setdefault(child[0], {})[child[1]] = child[2]
        elif not hits and not missing_ok:
            raise SurgeryRefused(_absent(state, source))
        names.update(hits)
    _check_targets(state, names)
    put: dict[str, Entry] = {}
    for address, entry in state.resources.items():
        changed = entry
        if renames := children.get(address):
            changed = _rename_children(address, changed, renames)
        if any(dep in names for dep in entry.deps):
            changed = replace(changed, deps=[names.get(dep, dep) for dep in entry.deps])
        if changed is not entry or address in names:
            put[names.get(address, address)] = changed
    note = ", ".join(f"moved {source} to {target}" for source, target in mapping.items())
    return Change(put=put, remove=[source for source in names if source not in put], note=note)


def rm(state: State, address: str) -> Change:
    """Forget an address and all beneath it; nothing happens on the platform. Raises `SurgeryRefused` if unknown."""
    found = list_entries(state, address)
    if not found:
        raise SurgeryRefused(_absent(state, address))
    return Change(remove=found, note=f"forgot {address} by hand")


def pull(state: State) -> bytes:
    """Give the whole ledger as a file would have it, journal included."""
    return state.to_bytes()


def push(current: State | None, data: bytes, *, force: bool = False, file: str = "the pushed state") -> State:
    """Check a ledger that is to take the place of the current one, and return it.

    Raises `StateDamaged`; `ForeignState` for another project or environment, always, and for another lineage without
    `force`; `SurgeryRefused` without `force` for an older serial, or the same serial with other content.
    """
    pushed = load_state(data, file, "Nothing was changed; give a file that `reconciler state pull` wrote")
    if current is None:
        return pushed
    check_belongs(pushed, current.project, current.environment)
    if force:
        return pushed
    if pushed.lineage != current.lineage:
        raise ForeignState(
            f"{file} is of another ledger (lineage {pushed.lineage}, not {current.lineage}); with --force it takes the "
            "place of this one all the same"
        )
    if pushed.serial < current.serial:
        raise SurgeryRefused(
            f"{file} is older (serial {pushed.serial}) than the state (serial {current.serial}); with --force what was "
            "done since is forgotten"
        )
    if pushed.serial == current.serial and pushed.to_bytes() != current.to_bytes():
        raise SurgeryRefused(
            f"{file} has the serial of the state ({current.serial}) but other content; set `serial` one higher if that "
            "is meant, or use --force"
        )
    return pushed


def _absent(state: State, address: str) -> str:
    close = get_close_matches(address, state.resources, n=1)
    hint = f"did you mean `{close[0]}`?" if close else "`reconciler state list` says what is"
    return f"`{address}` is not in the state ({hint})"


def _entry(state: State, address: str) -> Entry:
    entry = state.resources.get(_canonical(address))
    if entry is None:
        raise SurgeryRefused(_absent(state, address))
    return entry


def _canonical(text: str) -> str:
    exact = parse_exact(text)
    return str(exact) if exact is not None else text.replace('["', "['").replace('"]', "']")


def _under(state: State, source: str, target: str) -> dict[str, str]:
    start, end = _canonical(source), _canonical(target)
    return {
        address: end + address[len(start) :]
        for address in state.resources
        if address == start or (address.startswith(start) and address[len(start)] in ".[")
    }


def _child(state: State, source: str, target: str) -> tuple[str, str, str] | None:
    """Split a move of a child into the resource's address and the child's path before and after."""
    before, after = parse(source), parse(target)
    if before is None or not before[1] or str(before[0]) not in state.resources:
        return None
    if after is None or before[0] != after[0]:
        raise SurgeryRefused(f"`{source}` is a part of its resource and stays in it; `{target}` is elsewhere")
    return str(before[0]), _behind(source), _behind(target)


def _behind(text: str) -> str:
    """Give what stands behind the address in a text, as entries spell it."""
    for end in range(len(text), 0, -1):
        if parse_exact(text[:end]) is not None:
            return text[end:].removeprefix(".")
    raise AssertionError("unreachable: the caller has parsed it")


def _check_targets(state: State, names: dict[str, str]) -> None:
    taken: dict[str, str] = {}
    for source, target in names.items():
        address = parse_exact(target)
        if address is None:
            raise SurgeryRefused(f"`{target}` is not an address")
        if _sort(parse_exact(source)) != _sort(address):
            raise SurgeryRefused(f"`{source}` cannot become `{target}`: account and kind must stay the same")
        if target in taken:
            raise SurgeryRefused(f"`{taken[target]}` and `{source}` would both become `{target}`")
        if target in state.resources and target not in names:
            raise SurgeryRefused(f"`{target}` is in the state already")
        taken[target] = source


def _sort(address: Address | None) -> tuple[str, str] | None:
    return None if address is None else (address.account, address.kind)


def _rename_children(address: str, entry: Entry, renames: dict[str, str]) -> Entry:
    known = {*entry.children, *entry.sent, *entry.seen, *entry.secrets}
    for before, after in renames.items():
        if not any(_within(path, before) for path in known):
            raise SurgeryRefused(f"`{address}` has no `{before}` in the state")
        if after not in renames and any(_within(path, after) for path in known):
            raise SurgeryRefused(f"`{address}` has a `{after}` in the state already")
    return replace(
        entry,
        children=_renamed(entry.children, renames),
        sent=_renamed(entry.sent, renames),
        seen=_renamed(entry.seen, renames),
        secrets=_renamed(entry.secrets, renames),
    )


def _renamed(values: Mapping[str, _Value], renames: Mapping[str, str]) -> dict[str, _Value]:
    return {_rename(path, renames): value for path, value in values.items()}


def _rename(path: str, renames: Mapping[str, str]) -> str:
    for before, after in renames.items():
        if _within(path, before):
            return after + path[len(before) :]
    return path


def _within(path: str, part: str) -> bool:
    return path == part or (path.startswith(part) and path[len(part)] in ".[")
