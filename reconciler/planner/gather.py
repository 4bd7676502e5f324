"""Who is under consideration: declared resources and tracked ones, after moves, each with the verb of its removal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.kind import Removal
from reconciler.model.plan import Note
from reconciler.planner import match
from reconciler.planner.accounts import Accounts
from reconciler.planner.item import Item
from reconciler.planner.run import Run
from reconciler.state import State, check_identity
from reconciler.state.ledger import Entry


def identify(run: Run) -> None:
    """Ask every account in use who it is, and compare with state. Raises HttpError, AccountError, ForeignState."""
    names = {declaration.account for declaration in run.project.declarations.values()}
    names |= {entry.account for entry in run.state.resources.values() if entry.account in run.project.accounts}
    ordered = [name for name in run.project.accounts if name in names]
    run.options.progress("asking accounts who they are")
    check_who(run.accounts, run.state, ordered)


def check_who(accounts: Accounts, state: State, names: Sequence[str]) -> None:
    """Ask accounts who they are, and compare with state. Raises HttpError, AccountError, ForeignState."""
    accounts.identify(names)
    for name in names:
        identity = accounts.identities[name]
        check_identity(state, name, {"id": identity.id, "label": identity.name})


def collect(run: Run) -> None:
    """Make an item of every declared and every tracked address; renames are applied first."""
    moved = match.apply_moves(run.state.resources, run.project.moved, lambda address: _declared_key(run, address))
    run.entries, run.previous = moved.entries, moved.previous
    destroy = run.options.mode == "destroy"
    for address, declaration in run.project.declarations.items():
        adapter = run.accounts.adapter(declaration.account)
        item = Item(address, declaration.kind, adapter, declaration, run.entries.get(address))
        item.previous_address = run.previous.get(address)
        item.traded = moved.circles.get(address, [])
        run.items[address] = item
        if destroy and item.entry is None and declaration.meta.existing is None:
            del run.items[address]  # never made: nothing to destroy
    if not destroy:
        _implicit_moves(run)
    forgotten = {entry.address: entry for entry in run.project.removed if not entry.path}
    for address, entry in run.entries.items():
        item_or_none = run.items.get(address)
        if item_or_none is not None and not destroy:
            continue
        if item_or_none is not None and item_or_none.existing:
            continue
        gone = _gone(run, address, entry)
        if gone is None:
            continue
        gone.removal = _verb(run, gone, entry)
        gone.previous_address = run.previous.get(address)
        removed = forgotten.get(address)
        if removed is not None and not removed.destroy and not destroy:
            gone.removal = "forget"
        run.items[address] = gone
    for removed in forgotten.values():
        if removed.address in run.project.declarations:
            run.errors.append(Note(removed.address, "it is declared and listed under `removed`; drop one of them"))


def _declared_key(run: Run, address: str) -> str | None:
    declaration = run.project.declarations.get(address)
    if declaration is None or declaration.implied.intersection(declaration.kind.key_attributes):
        return None  # a key that is the name says nothing about which object is meant
    return match.key_of(declaration.kind, declaration.body, live=False)


def _implicit_moves(run: Run) -> None:
    came: dict[tuple[str, str], list[Item]] = {}
    for item in run.items.values():
        if item.entry is None and not item.existing:
            came.setdefault((item.account, item.kind.name), []).append(item)
    went: dict[tuple[str, str], dict[str, Entry]] = {}
    for address, entry in run.entries.items():
        if address not in run.project.declarations:
            went.setdefault((entry.account, entry.kind), {})[address] = entry
    for group, items in came.items():
        if group not in went:
            continue
        moves, checks = match.implicit_moves(items, went[group], items[0].kind)
        run.checks.extend(checks)
        for target, source in moves.items():
            run.previous[target] = source
            run.entries[target] = run.entries.pop(source)
            run.items[target].entry = run.entries[target]
            run.items[target].previous_address = source
        if moves:
            renamed = {source: target for target, source in moves.items()}
            for address, entry in run.entries.items():
                if any(dep in renamed for dep in entry.deps):
                    run.entries[address] = replace(entry, deps=[renamed.get(d, d) for d in entry.deps])


def _gone(run: Run, address: str, entry: Entry) -> Item | None:
    config = run.project.accounts.get(entry.account)
    if config is None:
        text = f"state tracks it in account {entry.account}, which is no longer configured; put it back, or forget it"
        run.errors.append(Note(address, text))
        return None
    kind = config.platform.kinds.get(entry.kind)
    if kind is None:
        run.errors.append(Note(address, f"state tracks it as kind {entry.kind}, which {config.platform.name} has not"))
        return None
    return Item(address, kind, run.accounts.adapter(entry.account), None, entry)


def _verb(run: Run, item: Item, entry: Entry) -> Removal:
    if run.options.purge and "delete" in item.kind.removals:
        return "delete"
    chosen: Any = entry.on_remove
    declaration = run.project.declarations.get(item.address)
    if declaration is not None and declaration.meta.rules.on_remove is not None:
        chosen = declaration.meta.rules.on_remove
    return chosen or item.kind.on_remove
