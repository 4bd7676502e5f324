"""Making a plan: the steps of `docs/how-a-run-goes.md` from *identify* to *guard*, in that order.

`make_plan` reads through adapters that cannot write, and returns one frozen `Plan`. It takes no lock, writes no state.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from reconciler import __version__
from reconciler.adapters.base.adapter import Adapter
from reconciler.model.address import matches
from reconciler.model.kind import Kind, Removal, UniqueKey
from reconciler.model.plan import (
    Allowed,
    CheckResult,
    Estimate,
    Note,
    OutputChange,
    Plan,
    ResourceChange,
    Step,
)
from reconciler.model.values import MISSING, Ref, SecretRef, Sensitive, Template, has_slot, is_secret, reveal
from reconciler.planner import guard, match
from reconciler.planner.accounts import Accounts
from reconciler.planner.attribute import attribute_drift
from reconciler.planner.diff import PUBLISHED, Differ
from reconciler.planner.item import Item
from reconciler.planner.order import Dependencies, dependencies, order
from reconciler.planner.read import Listing, Reader
from reconciler.planner.resolve import Resolver, output_of
from reconciler.planner.steps import Work
from reconciler.planner.unchanged import Unchanged
from reconciler.project.model import Project
from reconciler.state import State, check_identity, hmac_matches
from reconciler.state.ledger import Entry


@dataclass(frozen=True)
class PlanOptions:
    """What the command line adds to a plan."""

    mode: Literal["apply", "destroy"] = "apply"
    purge: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    resend_secrets: tuple[str, ...] = ()
    allowed: Allowed = field(default_factory=Allowed)
    progress: Callable[[str], None] = lambda _text: None
    minted: Mapping[str, str] = field(default_factory=dict)
    """Ids to use again for objects that do not exist yet: those of a saved plan."""
    attribute: bool = True
    """Ask change histories who made what drifted."""


@dataclass
class Planned:
    """A plan, and what the applier needs besides it: items by address, the resolver, the adapters in contact."""

    plan: Plan
    items: dict[str, Item]
    works: dict[str, Work]
    entries: dict[str, Entry]
    """State entries under the addresses of this plan."""


class Planner:
    """One planning run. Its methods are the steps, each leaving its result in a field."""

    def __init__(self, project: Project, state: State, accounts: Accounts, options: PlanOptions) -> None:
        self.project = project
        self.state = state
        self.accounts = accounts
        self.options = options
        self.items: dict[str, Item] = {}
        self.entries: dict[str, Entry] = {}
        self.previous: dict[str, str] = {}
        self.checks: list[CheckResult] = []
        self.errors: list[Note] = []
        self.notes: list[Note] = []
        self.reader = Reader()
        self.works: dict[str, Work] = {}
        self.deps = Dependencies()
        self._computed: dict[str, Mapping[str, Any]] = {}

    def run(self) -> Planned:
        """Run all steps. Raises HttpError, AccountError, StateError, SecretError: then there is no plan at all."""
        started = time.monotonic()
        try:
            self._identify()
            self._collect()
            self._read_and_match()
            self._presets()
            self._resolve_and_diff()
            plan = self._order_and_guard(started)
        finally:
            self.reader.close()
        return Planned(plan, self.items, self.works, self.entries)

    # -- 2 identify -----------------------------------------------------------------------------------------------
    def _identify(self) -> None:
        names = {declaration.account for declaration in self.project.declarations.values()}
        names |= {entry.account for entry in self.state.resources.values() if entry.account in self.project.accounts}
        ordered = [name for name in self.project.accounts if name in names]
        self.options.progress("asking accounts who they are")
        self.accounts.identify(ordered)
        for name in ordered:
            identity = self.accounts.identities[name]
            check_identity(self.state, name, {"id": identity.id, "label": identity.name})

    # -- who is under consideration ---------------------------------------------------------------------------------
    def _collect(self) -> None:
        moved = match.apply_moves(self.state.resources, self.project.moved)
        self.entries, self.previous = moved.entries, moved.previous
        destroy = self.options.mode == "destroy"
        for address, declaration in self.project.declarations.items():
            adapter = self.accounts.adapter(declaration.account)
            item = Item(address, declaration.kind, adapter, declaration, self.entries.get(address))
            item.previous_address = self.previous.get(address)
            self.items[address] = item
            if destroy and item.entry is None and declaration.meta.existing is None:
                del self.items[address]  # never made: nothing to destroy
        if not destroy:
            self._implicit_moves()
        forgotten = {entry.address: entry for entry in self.project.removed if not entry.path}
        for address, entry in self.entries.items():
            item_or_none = self.items.get(address)
            if item_or_none is not None and not destroy:
                continue
            if item_or_none is not None and item_or_none.existing:
                continue
            gone = self._gone(address, entry)
            if gone is None:
                continue
            gone.removal = self._verb(gone, entry)
            removed = forgotten.get(address)
            if removed is not None and not removed.destroy and not destroy:
                gone.removal = "forget"
            self.items[address] = gone
        for removed in forgotten.values():
            if removed.address in self.project.declarations:
                self.errors.append(Note(removed.address, "it is declared and listed under `removed`; drop one of them"))

    def _implicit_moves(self) -> None:
        came: dict[tuple[str, str], list[Item]] = {}
        for item in self.items.values():
            if item.entry is None and not item.existing:
                came.setdefault((item.account, item.kind.name), []).append(item)
        went: dict[tuple[str, str], dict[str, Entry]] = {}
        for address, entry in self.entries.items():
            if address not in self.project.declarations:
                went.setdefault((entry.account, entry.kind), {})[address] = entry
        for group, items in came.items():
            if group not in went:
                continue
            moves, checks = match.implicit_moves(items, went[group], items[0].kind)
            self.checks.extend(checks)
            for target, source in moves.items():
                self.previous[target] = source
                self.entries[target] = self.entries.pop(source)
                self.items[target].entry = self.entries[target]
                self.items[target].previous_address = source
            if moves:
                renamed = {source: target for target, source in moves.items()}
                for address, entry in self.entries.items():
                    if any(dep in renamed for dep in entry.deps):
                        self.entries[address] = replace(entry, deps=[renamed.get(d, d) for d in entry.deps])

    def _gone(self, address: str, entry: Entry) -> Item | None:
        config = self.project.accounts.get(entry.account)
        if config is None:
            text = (
                f"state tracks it in account {entry.account}, which is no longer configured; put it back, or forget it"
            )
            self.errors.append(Note(address, text))
            return None
        kind = config.platform.kinds.get(entry.kind)
        if kind is None:
            self.errors.append(
                Note(address, f"state tracks it as kind {entry.kind}, which {config.platform.name} has not")
            )
            return None
        return Item(address, kind, self.accounts.adapter(entry.account), None, entry)

    def _verb(self, item: Item, entry: Entry) -> Removal:
        if self.options.purge and "delete" in item.kind.removals:
            return "delete"
        chosen: Any = entry.on_remove
        declaration = self.project.declarations.get(item.address)
        if declaration is not None and declaration.meta.rules.on_remove is not None:
            chosen = declaration.meta.rules.on_remove
        return chosen or item.kind.on_remove

    # -- 3 and 4 read, match ------------------------------------------------------------------------------------------
    def _scope(self, item: Item) -> dict[str, str] | None:
        if item.kind.parent is None:
            return {}
        name = next(n for n, s in item.kind.shape.fields.items() if s.parent is not None)
        if item.declaration is None:
            assert item.entry is not None
            return dict(item.entry.scope) or self._own_scope(item.adapter, name)
        value = item.declaration.parent
        if value is None:
            return self._own_scope(item.adapter, name)
        resolved = Resolver(self._ref, self.accounts.secret)(value)
        return None if isinstance(resolved, Template) else {name: str(reveal(resolved))}

    @staticmethod
    def _own_scope(adapter: Adapter, name: str) -> dict[str, str]:
        return {name: adapter.scope[name]} if name in adapter.scope else {}

    def _read_and_match(self) -> None:
        self.options.progress("reading")
        waiting = list(self.items.values())
        kinds_waited: set[str] = set()
        while waiting:
            parents = {item.kind.parent for item in waiting if item.kind.parent} & {item.kind.name for item in waiting}
            ready = [
                item
                for item in waiting
                if not (
                    item.kind.parent in parents and item.declaration is not None and item.declaration.parent is not None
                )
            ] or waiting
            waiting = [item for item in waiting if item not in ready] if len(ready) < len(waiting) else []
            self._match_round(ready)
            kinds_waited.update(item.kind.name for item in ready)

    def _match_round(self, items: list[Item]) -> None:
        groups: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[Item]] = {}
        for item in items:
            item.scope = self._scope(item)
            if item.scope is not None:
                groups.setdefault((item.account, item.kind.name, tuple(sorted(item.scope.items()))), []).append(item)
        for members in groups.values():
            first = members[0]
            self.reader.begin(first.adapter, first.kind, first.scope or {})
        for members in groups.values():
            self._match_group(members)

    def _match_group(self, members: list[Item]) -> None:
        first = members[0]
        listing = self.reader.listing(first.adapter, first.kind, first.scope or {})
        tracked = {
            entry.id: address
            for address, entry in self.entries.items()
            if entry.account == first.account and entry.kind == first.kind.name
        }
        known = [item for item in members if item.entry is not None]
        if known and not listing.objects:
            subject = f"{first.account}.{first.kind.name}"
            if self.options.allowed.has("empty-read", subject):
                self.checks.append(
                    CheckResult("empty-read", "allowed", f"{subject} was read empty", f"empty-read={subject}")
                )
        missing = [item for item in known if item.entry is not None and item.entry.id not in listing.objects]
        # What a list lacks is asked for by its id: lists may hide archived objects, or lag behind.
        found = self.reader.get_many(
            (item.adapter, item.kind, item.scope or {}, item.entry.id) for item in missing if item.entry is not None
        )
        for item, raw in zip(missing, found, strict=True):
            if raw is not None and item.entry is not None:
                listing.objects[item.entry.id] = raw
        self._hidden(members, listing)
        matcher = match.Matcher(listing, self.options.allowed)
        matcher.match(members, tracked)
        for item in members:
            if item.gone and item.declaration is not None and item.removal is None:
                matcher.recreate(item, tracked)
        self.checks.extend(matcher.checks)
        live = [item for item in members if item.raw is not None]
        if first.kind.facets or first.kind.endpoints.slim:
            wanted = [(i.adapter, i.kind, i.scope or {}, i.raw) for i in live if i.raw is not None]
            for item, raw in zip(live, self.reader.complete_many(wanted), strict=True):
                item.raw = raw
        for item in members:
            if item.raw is None and item.kind.mint is not None and item.removal is None:
                item.minted = self.options.minted.get(item.address) or item.kind.mint()
            elif item.raw is None and isinstance(item.kind.key, UniqueKey) and item.kind.key.sole and item.declaration:
                value = item.declaration.body.get(item.kind.key.attribute)
                item.minted = value if isinstance(value, str) else None

    def _hidden(self, members: list[Item], listing: Listing) -> None:
        """Ask by key for objects that lists hide, so that an archived one is found before a second is made."""
        kind = listing.kind
        if not kind.get_by_key:
            return
        known = {match.key_of(kind, raw, live=True) for raw in listing.objects.values()}
        wanted = [
            (item.adapter, kind, item.scope or {}, key)
            for item in members
            if item.entry is None and item.declaration is not None and item.declaration.meta.import_id is None
            if (key := match.key_of(kind, item.declaration.body, live=False)) is not None and key not in known
        ]
        for raw in self.reader.get_many(wanted):
            if raw is not None:
                listing.objects[listing.adapter.id_of(kind, raw)] = raw

    def _presets(self) -> None:
        """Check names that were taken for the platform's own objects against the live catalogue."""
        for item in self.items.values():
            declaration = item.declaration
            if declaration is None or not declaration.presets:
                continue
            for kind_name, identity, path in declaration.presets:
                kind = item.adapter.kinds[kind_name]
                if kind.parent is not None and item.scope is None:
                    continue
                scope = item.scope if kind.parent is not None else {}
                if identity not in self.reader.listing(item.adapter, kind, scope or {}).objects:
                    place = declaration.place_of(path)
                    text = f"{place}: {identity} is neither declared nor in the catalogue of {kind.title}s"
                    self.errors.append(Note(item.address, text))

    # -- 5 resolve, diff ------------------------------------------------------------------------------------------------
    def _ref(self, ref: Ref) -> Any:
        item = self.items.get(ref.address)
        if item is None:
            return MISSING
        if not ref.output:
            return MISSING if item.known_id is None else item.known_id
        if item.replaced:
            return MISSING
        raw = item.raw
        if raw is not None and ref.address not in self._computed:
            self._computed[ref.address] = item.adapter.computed(item.kind, item.scope or {}, raw)
        desired = item.desired or (item.declaration.body if item.declaration is not None else {})
        value = output_of(item.kind, desired, raw, self._computed.get(ref.address, {}), self._ids(item), ref.output)
        return MISSING if value is MISSING or has_slot(value) else value

    @staticmethod
    def _ids(item: Item) -> Mapping[str, str]:
        return item.child_ids or (item.entry.children if item.entry is not None else {})

    def _resolve_and_diff(self) -> None:
        self.options.progress("comparing")
        differ = Differ(
            lambda stored, value: None if stored == "assumed" else hmac_matches(self.state, stored, reveal(value)),
            self.options.resend_secrets,
            self.options.replaces,
        )
        self.deps = dependencies({address: Work(item, None) for address, item in self.items.items()})
        for address in self.deps.by_attribute:
            self.items[address].depends = tuple(sorted(self.deps.of(address)))
        resolver = Resolver(self._ref, self.accounts.secret)
        options = self.options
        plain = not (options.replaces or options.resend_secrets)
        unchanged = Unchanged(self.project.root / ".reconciler" / "cache" / "unchanged", self.state.hmac_key)
        waiting = [item for item in self._in_order() if item.declaration is not None and item.removal is None]
        while waiting:
            replaced: list[Item] = []
            for item in waiting:
                assert item.declaration is not None
                body = item.declaration.body
                item.desired = resolver(body) if item.declaration.deps or item.declaration.secret_paths else body
                digest = unchanged.digest(item) if plain else None
                if digest is not None and unchanged.holds(digest):
                    work = Work(item, differ.nothing(item))
                else:
                    work = Work(item, differ.diff(item))
                    if digest is not None and work.diff is not None and not item.errors:
                        unchanged.note(digest, work.diff)
                self.works[item.address] = work
                assert work.diff is not None
                if work.diff.change.action == "replace" and not item.replaced:
                    item.replaced = True
                    item.minted = item.kind.mint() if item.kind.mint is not None else None
                    replaced.append(item)
            names = {item.address for item in replaced}
            # whoever refers to a replaced object was compared with an id that will be gone: once more
            waiting = [
                item
                for item in waiting
                if item.declaration is not None and names & set(item.declaration.deps) and item.address not in names
            ]
        unchanged.save()
        for item in self.items.values():
            if item.removal is not None:
                self.works[item.address] = Work(item, None)
            for text in item.errors:
                self.errors.append(Note(item.address, text))

    def _in_order(self) -> list[Item]:
        """Return items so that what is referred to comes first, as far as circles allow."""
        seen: set[str] = set()
        out: list[Item] = []
        for root in self.items.values():
            if root.address in seen:
                continue
            stack = [(root, iter(root.declaration.deps if root.declaration is not None else ()))]
            seen.add(root.address)
            while stack:
                item, deps = stack[-1]
                target = next((self.items[dep] for dep in deps if dep in self.items and dep not in seen), None)
                if target is None:
                    out.append(item)
                    stack.pop()
                else:
                    seen.add(target.address)
                    stack.append((target, iter(target.declaration.deps if target.declaration is not None else ())))
        return out

    # -- 6 to 8 order, guard, freeze --------------------------------------------------------------------------------
    def _order_and_guard(self, started: float) -> Plan:
        options = self.options
        works = {address: work for address, work in self.works.items() if self._selected(address)}
        ordered = order(works, {address: entry.deps for address, entry in self.entries.items()}, self.deps)
        self.errors.extend(ordered.errors)
        destroy = options.mode == "destroy"
        if not destroy:
            self.checks.extend(guard.max_deletes(works, self.entries, self.project.guardrails, options.allowed))
            declared = [(d.account, d.kind.name) for d in self.project.declarations.values()]
            self.checks.extend(guard.nothing_declared(declared, self.entries, options.allowed))
        going = [work.item for work in works.values() if work.item.removal is not None]
        replaced = [work.item for work in works.values() if work.item.replaced]
        self.checks.extend(guard.protected(going, replaced, options.allowed))
        bad = {note.address for note in self.errors} | {
            c.address for c in self.checks if c.status == "fail" and c.address
        }
        steps = [step for step in ordered.steps if step.address not in bad]
        changes = [self._change(works[address]) for address in works]
        if options.attribute:
            changes = attribute_drift(changes, self.items, self.state)
        calls = sum(counter.calls for counter in self.accounts.wiring.log.totals().values())
        return Plan(
            id=uuid.uuid4().hex[:12],
            project=self.project.name,
            environment=self.project.environment,
            tool=__version__,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            mode=options.mode,
            resources=tuple(changes),
            steps=tuple(steps),
            checks=tuple(self.checks),
            notes=tuple(self.notes),
            errors=tuple(self.errors),
            outputs=tuple(self._outputs()),
            accounts={
                name: {
                    "platform": self.project.accounts[name].platform.name,
                    "id": identity.id,
                    "name": identity.name,
                }
                for name, identity in self.accounts.identities.items()
            },
            variables={name: value for name, value in self.project.variables.items() if not is_secret(value)},
            estimate=self._estimate(steps),
            calls=calls,
            seconds=time.monotonic() - started,
            cycles=tuple(ordered.cycles),
            allowed=options.allowed,
            digests=self._digests(steps),
            lineage=self.state.lineage,
            serial=self.state.serial,
            filters=(*(f"target={t}" for t in options.targets), *(f"exclude={e}" for e in options.excludes)),
        )

    def _selected(self, address: str) -> bool:
        if any(matches(pattern, address) for pattern in self.options.excludes):
            return False
        if not self.options.targets:
            return True
        return address in self._targeted()

    def _targeted(self) -> set[str]:
        """Return what `--target` names, and what that needs."""
        chosen = [a for a in self.items if any(matches(pattern, a) for pattern in self.options.targets)]
        found: set[str] = set()
        while chosen:
            address = chosen.pop()
            if address not in found:
                found.add(address)
                declaration = self.items[address].declaration if address in self.items else None
                chosen.extend(declaration.deps if declaration is not None else ())
        return found

    def _change(self, work: Work) -> ResourceChange:
        item = work.item
        if work.diff is not None:
            return work.diff.change
        assert item.entry is not None
        verb = item.removal
        forget = verb == "forget" or item.raw is None
        history = f"the {item.kind.title} and its history on the platform are deleted for good"
        return ResourceChange(
            address=item.address,
            account=item.account,
            platform=item.kind.platform,
            kind=item.kind.name,
            action="forget" if forget else "remove",
            causes=frozenset({"removed"}),
            id=item.entry.id,
            removal="forget" if forget else verb,
            gone=item.raw is None,
            risks=(history,) if verb == "delete" and not forget else (),
            before={**item.entry.seen},
            secret_paths=tuple(item.entry.secrets),
            file=(item.entry.origin or {}).get("file"),
            line=(item.entry.origin or {}).get("line"),
        )

    def _estimate(self, steps: Sequence[Step]) -> Estimate:
        calls: dict[str, int] = {}
        for step in steps:
            if step.call != "state":
                account = self.items[step.address].account
                calls[account] = calls.get(account, 0) + (1 if step.call in {"create", "publish"} else 2)
        seconds = 0.0
        for account, count in calls.items():
            rate = self.project.accounts[account].platform.rate.per_second
            if rate is not None and self.project.accounts[account].emulator is None:
                seconds = max(seconds, count / rate)
        return Estimate(sum(calls.values()), seconds)

    def _outputs(self) -> list[OutputChange]:
        resolver = Resolver(self._ref, self.accounts.secret)
        out: list[OutputChange] = []
        for name, output in self.project.outputs.items():
            value = resolver(output.value)
            sensitive = output.sensitive or is_secret(value)
            out.append(OutputChange(name, MISSING, value, sensitive=sensitive, description=output.description))
        return out

    def _digests(self, steps: Sequence[Step]) -> dict[str, str]:
        found: dict[str, str] = {}
        for address in dict.fromkeys(step.address for step in steps):
            item = self.items[address]
            declared = item.declaration.digest if item.declaration is not None else "-"
            entry = self.entries.get(address)
            found[address] = f"{declared}:{entry_digest(entry)}"
        return found


def entry_digest(entry: Entry | None) -> str:
    """Return a digest of what state knows of a resource, to notice that a saved plan has been overtaken."""
    if entry is None:
        return "-"
    from reconciler.project.model import digest_of

    return digest_of(
        [entry.kind, entry.id, entry.scope, entry.children, entry.sent, entry.seen, entry.secrets, entry.published]
    )


def make_plan(project: Project, state: State, accounts: Accounts, options: PlanOptions | None = None) -> Planned:
    """Make a plan. Raises what stops it altogether; what stops it at single addresses is in `plan.errors`."""
    return Planner(project, state, accounts, options or PlanOptions()).run()


__all__ = ["PUBLISHED", "Kind", "PlanOptions", "Planned", "Planner", "SecretRef", "Sensitive", "make_plan"]
