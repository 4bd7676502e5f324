"""Resolving and diffing every item, referred-to ones first; whoever refers to a replaced object is diffed again."""

from __future__ import annotations

from reconciler.model.plan import Note
from reconciler.model.values import reveal
from reconciler.planner.diff import Differ
from reconciler.planner.item import Item
from reconciler.planner.order import dependencies
from reconciler.planner.run import PlanOptions, Run
from reconciler.planner.steps import Work
from reconciler.planner.unchanged import Unchanged
from reconciler.state import ASSUMED, State, hmac_matches


def differ_for(state: State, options: PlanOptions) -> Differ:
    """Return what compares items: the same for the plan and, before the first write, for its verification."""
    return Differ(
        lambda stored, value: None if stored == ASSUMED else hmac_matches(state, stored, reveal(value)),
        options.resend_secrets,
        options.replaces,
    )


def compare(run: Run) -> None:
    """Fill `run.works` with the diff of each item, and `run.errors` with what was found on the way."""
    run.options.progress("comparing")
    differ = differ_for(run.state, run.options)
    run.deps = dependencies({address: Work(item, None) for address, item in run.items.items()})
    for address in run.deps.by_attribute:
        run.items[address].depends = tuple(sorted(run.deps.of(address)))
    resolver = run.resolver()
    options = run.options
    plain = not (options.replaces or options.resend_secrets)
    unchanged = Unchanged(run.project.root / ".reconciler" / "cache" / "unchanged", run.state.hmac_key)
    waiting = [item for item in _in_order(run) if item.declaration is not None and item.removal is None]
    while waiting:
        replaced: list[Item] = []
        for item in waiting:
            assert item.declaration is not None
            body = item.declaration.body
            plain_body = not (item.declaration.deps or item.declaration.secret_paths or item.declaration.names_itself)
            item.desired = body if plain_body else resolver(body)
            digest = unchanged.digest(item) if plain else None
            if digest is not None and unchanged.holds(digest):
                work = Work(item, differ.nothing(item))
            else:
                work = Work(item, differ.diff(item))
                if digest is not None and work.diff is not None and not item.errors:
                    unchanged.note(digest, work.diff)
            run.works[item.address] = work
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
    for item in run.items.values():
        if item.removal is not None:
            run.works[item.address] = Work(item, None)
        for text in item.errors:
            run.errors.append(Note(item.address, text))


def _in_order(run: Run) -> list[Item]:
    """Return items so that what is referred to comes first, as far as circles allow."""
    seen: set[str] = set()
    out: list[Item] = []
    for root in run.items.values():
        if root.address in seen:
            continue
        stack = [(root, iter(root.declaration.deps if root.declaration is not None else ()))]
        seen.add(root.address)
        while stack:
            item, deps = stack[-1]
            target = next((run.items[dep] for dep in deps if dep in run.items and dep not in seen), None)
            if target is None:
                out.append(item)
                stack.pop()
            else:
                seen.add(target.address)
                stack.append((target, iter(target.declaration.deps if target.declaration is not None else ())))
    return out
