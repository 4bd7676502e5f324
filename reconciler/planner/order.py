"""Which node waits for which, where cycles are cut, and the frozen list of steps in an order that can be executed.

Edges come from references, text references, `$depends_on` and, for removals, from what state knows; never from a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise

from reconciler.model.plan import Note, Step
from reconciler.model.shape import ListShape, Scalar
from reconciler.model.values import MISSING
from reconciler.planner.graph import components, topological
from reconciler.planner.references import declared_references, live_references
from reconciler.planner.steps import Node, NodeName, Work, let_go, node_of, plan_removal, plan_steps

MAX_COMBINATIONS = 2000
"""Beyond so many tries the fewest cuts of a cycle are no longer searched for, but taken one by one."""


@dataclass(slots=True)
class Ordered:
    """The result: steps in executable order, cycles that were cut, and what could not be ordered."""

    steps: list[Step]
    cycles: list[tuple[str, ...]]
    errors: list[Note]


@dataclass(slots=True)
class Dependencies:
    """What each address refers to, by top-level attribute; `$depends_on` and texts stand under an empty attribute."""

    by_attribute: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def of(self, address: str) -> set[str]:
        """Return all other addresses that one refers to."""
        return set().union(*self.by_attribute.get(address, {}).values()) - {address}


def dependencies(works: Mapping[str, Work]) -> Dependencies:
    """Collect what declared resources refer to, in references, in texts and by `$depends_on`."""
    found = Dependencies()
    by_key: dict[tuple[str, str, str], str] = {}
    for address, work in works.items():
        item = work.item
        names = {item.known_id, item.entry.id if item.entry is not None else None}
        if len(item.kind.key_attributes) == 1 and item.declaration is not None:
            names.add(item.declaration.body.get(item.kind.key_attributes[0]))
        for name in names:
            if isinstance(name, str):
                by_key[item.account, item.kind.name, name] = address
    for address, work in works.items():
        declaration = work.item.declaration
        if declaration is None:
            continue
        references = declared_references(declaration.body) if declaration.deps or declaration.names_itself else {}
        other = set(declaration.meta.depends_on)
        for kind, key in declaration.text_refs:
            target = by_key.get((work.item.account, kind, key))
            if target is not None and target != address:
                other.add(target)
        if other:
            references[""] = references.get("", set()) | other
        if references:
            found.by_attribute[address] = references
    return found


def order(works: Mapping[str, Work], state_deps: Mapping[str, Sequence[str]], deps: Dependencies) -> Ordered:
    """Order everything. `state_deps` says, per tracked address, what it referred to when it was last written."""
    result = Ordered([], [], [])
    _cut_cycles(works, deps, result)
    for work in works.values():
        if work.diff is not None:
            plan_steps(work)
        elif work.item.removal is not None:
            plan_removal(work)
    needs = _edges(works, state_deps, deps)
    _drop_courtesies(needs, works)
    _demote_publish_cycles(needs, works)
    _cut_removal_cycles(needs, works, result)
    result.steps = _freeze(works, needs)
    return result


# -- cycles among writes --------------------------------------------------------------------------------------------
def _writes(work: Work) -> bool:
    change = work.diff.change if work.diff is not None else None
    return change is not None and change.action in {"create", "replace"}


def _cut_cycles(works: Mapping[str, Work], deps: Dependencies, result: Ordered) -> None:
    """Defer attributes so that no create waits for itself. Only objects that do not exist yet can be waited for."""
    waits = {address: _waits(work, works, deps) for address, work in works.items() if _writes(work)}
    for group in components({address: set().union(*targets.values()) for address, targets in waits.items()}):
        members = set(group)
        candidates = sorted(
            (address, attribute)
            for address in group
            for attribute, targets in waits[address].items()
            if attribute
            and targets & members
            and works[address].item.kind.shape.fields[attribute].deferrable is not None
        )
        chosen = _fewest(candidates, members, waits)
        if chosen is None:
            places = ", ".join(f"{a} ({', '.join(_attributes(waits[a], members))})" for a in sorted(group))
            text = f"these refer to each other in a circle, and none of the attributes can be written later: {places}"
            result.errors.append(Note(min(group), text))
            continue
        result.cycles.append(tuple(sorted(group)))
        for address, attribute in chosen:
            works[address].deferred.add(attribute)


def _waits(work: Work, works: Mapping[str, Work], deps: Dependencies) -> dict[str, set[str]]:
    """Return, by attribute, the objects of this run that a create cannot do without.

    Itself is one of them as long as nobody knows its id; attributes that are written after the create are none.
    """
    address = work.item.address
    itself = {address} if work.item.known_id is not None else set()
    return {
        attribute: {t for t in targets if t in works and _writes(works[t])} - (itself if attribute else {address})
        for attribute, targets in deps.by_attribute.get(address, {}).items()
        if _written_in(work, attribute) == "write"
    }


def _attributes(waits: Mapping[str, set[str]], members: set[str]) -> list[str]:
    return [name or "$depends_on" for name, targets in waits.items() if targets & members]


def _fewest(
    candidates: list[tuple[str, str]], members: set[str], waits: Mapping[str, Mapping[str, set[str]]]
) -> tuple[tuple[str, str], ...] | None:
    def acyclic(cut: Iterable[tuple[str, str]]) -> bool:
        gone = set(cut)
        left = {
            address: {
                target
                for attribute, targets in waits[address].items()
                if (address, attribute) not in gone
                for target in targets & members
            }
            for address in members
        }
        return not components(left)

    if not acyclic(candidates):
        return None
    tried = 0
    for size in range(1, len(candidates) + 1):
        for cut in combinations(candidates, size):
            tried += 1
            if tried > MAX_COMBINATIONS:
                break
            if acyclic(cut):
                return cut
        if tried > MAX_COMBINATIONS:
            break
    kept = list(candidates)
    for candidate in candidates:  # as few as one pass finds: put back whatever is not needed
        fewer = [other for other in kept if other != candidate]
        if acyclic(fewer):
            kept = fewer
    return tuple(kept)


# -- edges ----------------------------------------------------------------------------------------------------------
def _edges(
    works: Mapping[str, Work], state_deps: Mapping[str, Sequence[str]], deps: Dependencies
) -> dict[Node, set[Node]]:
    needs: dict[Node, set[Node]] = {
        (address, node): set() for address, work in works.items() for node, chain in work.chains.items() if chain
    }

    def need(node: Node | None, target: Node | None) -> None:
        if node is not None and target is not None and node != target and node in needs and target in needs:
            needs[node].add(target)

    for address, work in works.items():
        own = [name for name in _FORWARD if work.chains.get(name)]
        for before, after in pairwise(own):
            need((address, after), (address, before))
        need((address, "remove"), (address, "state"))
        if work.item.removal is not None:
            need((address, "remove"), (address, "letgo"))
            continue
        for attribute, targets in deps.by_attribute.get(address, {}).items():
            node = _written_in(work, attribute)
            for target in targets:
                other = works.get(target)
                if other is not None:
                    need((address, node), other.last("write"))
                    need((address, "publish"), other.last("write", "link", "publish"))
        rules = work.item.declaration.meta.rules if work.item.declaration is not None else None
        for target in rules.publish_with if rules is not None else ():
            if target in works:  # what goes live together is all saved before any of it goes live
                need((address, "publish"), works[target].last("write", "link"))
        if "remove" in work.chains:
            _replacement(work, works, state_deps, need)
    referrers: dict[str, list[str]] = {}
    for address, tracked in state_deps.items():
        for target in tracked:
            referrers.setdefault(target, []).append(address)
    for address, work in works.items():
        if work.item.removal is None:
            continue
        for referrer in referrers.get(address, ()):
            other = works.get(referrer)
            if other is None:
                continue
            if other.item.removal is not None:
                need((address, "remove"), (referrer, "remove"))
            else:
                need((address, "remove"), other.last("write", "link", "publish"))
    # letting go adds nodes while edges are drawn: give each its place
    for address, work in works.items():
        if work.chains.get("letgo"):
            needs.setdefault((address, "letgo"), set())
            if work.item.removal is None:
                for later in ("write", "link", "publish"):
                    needs.get((address, later), set()).add((address, "letgo"))
    _let_go_edges(works, needs)
    return needs


_FORWARD: tuple[NodeName, ...] = ("state", "write", "link", "publish")


def _written_in(work: Work, attribute: str) -> NodeName:
    """Return the node that writes an attribute: a facet's own, else the link of a cut circle, else the write."""
    facet = work.item.kind.facet_of(attribute)
    if facet is not None and not (facet.on_create and _writes(work)):
        return node_of(facet)
    return "link" if attribute in work.deferred else "write"


def _replacement(
    work: Work,
    works: Mapping[str, Work],
    state_deps: Mapping[str, Sequence[str]],
    need: Callable[[Node | None, Node | None], None],
) -> None:
    """Referrers let go, the old object goes, the new one comes, referrers again; or the other way round."""
    address = work.item.address
    before_destroy = bool(work.chains["remove"][0].data.get("deposed"))
    referrers = [works[name] for name, targets in state_deps.items() if address in targets and name in works]
    if before_destroy:
        need((address, "remove"), (address, "write"))
        for other in referrers:
            need((address, "remove"), other.last("write", "link", "publish"))
        return
    need((address, "write"), (address, "remove"))
    for other in referrers:
        if other.item.removal is None and other.item.raw is not None and work.item.id is not None:
            _let_go_of(other, work)


def _let_go_of(other: Work, target: Work) -> None:
    """Take the id of what is replaced out of a referrer's lists and optional references."""
    raw = other.item.raw
    assert raw is not None
    for attribute, pairs in live_references(other.item.kind, raw).items():
        if (target.item.kind.name, target.item.id) not in pairs:
            continue
        shape = other.item.kind.shape.fields[attribute]
        live = raw.get(attribute)
        if isinstance(shape, ListShape) and isinstance(shape.item, Scalar) and isinstance(live, list):
            ids = [str(item["id"]) if isinstance(item, dict) else str(item) for item in live]
            let_go(other, attribute, [identity for identity in ids if identity != target.item.id], ids)
        elif shape.nullable and shape.deferrable is not None:
            let_go(other, attribute, None, live)


def _let_go_edges(works: Mapping[str, Work], needs: dict[Node, set[Node]]) -> None:
    letting: list[Node] = [
        (name, "letgo") for name, other in works.items() if other.chains.get("letgo") and other.item.removal is None
    ]
    for address, work in works.items():
        if work.item.removal is None and "remove" in work.chains and not work.chains["remove"][0].data.get("deposed"):
            needs[address, "remove"].update(letting)


def _drop_courtesies(needs: dict[Node, set[Node]], works: Mapping[str, Work]) -> None:
    """Let a write in a circle go before an update that it would rather wait for: what it needs is there already."""
    for group in components(needs):
        members = set(group)
        for node in group:
            for target in needs[node] & members:
                other = works[target[0]]
                if target[0] != node[0] and target[1] == "write" and not _writes(other) and node[1] != "remove":
                    needs[node].discard(target)


def _demote_publish_cycles(needs: dict[Node, set[Node]], works: Mapping[str, Work]) -> None:
    """Two that go live for each other: each waits only for the other to be written."""
    for group in components(needs):
        members = set(group)
        for node in group:
            if node[1] != "publish":
                continue
            for target in [t for t in needs[node] & members if t[0] != node[0] and t[1] == "publish"]:
                needs[node].discard(target)
                written = works[target[0]].last("write", "link")
                if written is not None:
                    needs[node].add(written)


def _cut_removal_cycles(needs: dict[Node, set[Node]], works: Mapping[str, Work], result: Ordered) -> None:
    """Of objects that refer to each other and all go, one lets go first if it can; else the circle is just opened."""
    for _ in range(len(needs) + 1):
        groups = [group for group in components(needs) if all(node[1] in {"remove", "letgo"} for node in group)]
        if not groups:
            break
        for group in groups:
            result.cycles.append(tuple(sorted({node[0] for node in group})))
            _open_removal(sorted(group), needs, works)
    left = components(needs)
    for group in left:
        addresses = sorted({node[0] for node in group})
        if not any(note.address in addresses for note in result.errors):  # else it is said already why
            result.errors.append(Note(addresses[0], f"these wait for each other: {', '.join(addresses)}"))
        for node in group:
            needs[node] -= set(group)


def _open_removal(group: list[Node], needs: dict[Node, set[Node]], works: Mapping[str, Work]) -> None:
    for address, _ in group:
        work = works[address]
        raw = work.item.raw
        if raw is None or work.chains.get("letgo"):
            continue
        targets = {works[a].item.id: works[a].item.kind.name for a, _ in group if a != address}
        for attribute, pairs in live_references(work.item.kind, raw).items():
            shape = work.item.kind.shape.fields[attribute]
            if shape.deferrable is None or not any(targets.get(identity) == kind for kind, identity in pairs):
                continue
            initial = shape.deferrable.initial
            let_go(work, attribute, None if initial is MISSING else initial, raw.get(attribute))
            needs[address, "letgo"] = set()
            for other, _ in group:
                if other != address and (address, "remove") in needs.get((other, "remove"), set()):
                    needs[other, "remove"].discard((address, "remove"))
                    needs[other, "remove"].add((address, "letgo"))
            needs[address, "remove"].add((address, "letgo"))
            return
    first = group[0]
    needs[first] -= set(group)


# -- the frozen list ------------------------------------------------------------------------------------------------
def _freeze(works: Mapping[str, Work], needs: Mapping[Node, set[Node]]) -> list[Step]:
    names = {node: f"{node[0]}:{node[1]}" for node in needs}
    ordered = topological({names[node]: [names[target] for target in targets] for node, targets in needs.items()})
    nodes = {name: node for node, name in names.items()}
    steps: list[Step] = []
    for name in ordered:
        address, part = nodes[name]
        chain = works[address].chains[part]
        first = tuple(sorted(works[target[0]].chains[target[1]][-1].id for target in needs[nodes[name]]))
        for position, step in enumerate(chain):
            wanted = first if position == 0 else (chain[position - 1].id,)
            steps.append(replace(step, needs=wanted))
    return steps
