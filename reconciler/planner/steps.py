"""From the change of one resource to the calls that make it: up to three nodes (write, link, publish), and removals.

A node is a short chain of steps that run one after the other. Which node waits for which is `order`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reconciler.model.kind import Facet, Phase, Removal
from reconciler.model.plan import Call, ChildChange, LeafChange, Overlay, StateEdit, Step
from reconciler.model.values import MISSING
from reconciler.planner.diff import PUBLISHED, Diff
from reconciler.planner.item import Item

NodeName = Literal["state", "letgo", "remove", "write", "link", "publish"]
Node = tuple[str, NodeName]


@dataclass(slots=True)
class Work:
    """One resource and the chains of steps that its change needs."""

    item: Item
    diff: Diff | None
    chains: dict[NodeName, list[Step]] = field(default_factory=dict)
    deferred: set[str] = field(default_factory=set)
    """Top-level attributes that a cut cycle moves from the write to the link node."""

    def add(self, node: NodeName, call: Call, **more: Any) -> None:
        """Put one more step at the end of a node's chain."""
        chain = self.chains.setdefault(node, [])
        number = f":{len(chain) + 1}" if chain else ""
        phase: Phase = "publish" if node == "publish" else "link" if node == "link" else "write"
        chain.append(
            Step(id=f"{self.item.address}:{node}{number}", address=self.item.address, call=call, phase=phase, **more)
        )

    def last(self, *nodes: NodeName) -> Node | None:
        """Return the latest of these nodes that has steps."""
        found = [node for node in nodes if self.chains.get(node)]
        return (self.item.address, found[-1]) if found else None


def state_edit(work: Work, edit: StateEdit, **data: Any) -> None:
    """Add an edit of the ledger that needs no call."""
    work.add("state", "state", edit=edit, data=data, remote_id=work.item.id, title=edit)


def plan_steps(work: Work) -> None:
    """Fill in the chains of a declared resource."""
    item, diff = work.item, work.diff
    assert diff is not None
    change = diff.change
    if change.action == "read" or item.errors:
        return
    if item.previous_address is not None:
        state_edit(work, "move", previous=item.previous_address)
    if item.adopted is not None:
        state_edit(work, "adopt", id=item.adopted)
    kept = change.action != "replace"  # what state knows of an object that goes is not worth a note
    if change.released and kept:
        state_edit(work, "release", paths=list(change.released))
    if diff.recorded and kept:
        state_edit(work, "record")
    if change.action == "create":
        _create(work)
    elif change.action == "replace":
        _replace(work)
    elif change.leaves or change.children:
        _update(work, change.leaves, change.children, diff)
    _leftovers(work)


def _leftovers(work: Work) -> None:
    """Remove what replacements that were interrupted have left behind."""
    item = work.item
    for old in item.entry.deposed if item.entry is not None else ():
        verb: Removal = "delete" if "delete" in item.kind.removals else item.kind.on_remove
        title = f"{verb} the {item.kind.title} that was replaced"
        work.add("remove", "remove", removal=verb, remote_id=str(old["id"]), data={"deposed": True}, title=title)


def _create(work: Work) -> None:
    item = work.item
    kind, body = item.kind, dict(item.desired)
    body.pop(PUBLISHED, None)
    later: list[tuple[Facet, dict[str, Any]]] = []
    for facet in kind.facets:
        if not facet.on_create:
            values = {name: body.pop(name) for name in facet.attributes if name in body}
            if values:
                later.append((facet, values))
    live: list[LeafChange] = []
    lifecycle = kind.lifecycle
    if lifecycle is not None:
        wanted = body.get(lifecycle.attribute)
        if isinstance(wanted, str) and wanted != lifecycle.initial:
            live.append(
                LeafChange(
                    (lifecycle.attribute,), lifecycle.attribute, before=lifecycle.initial, after=wanted, switch=True
                )
            )
            body[lifecycle.attribute] = lifecycle.initial
    links: list[LeafChange] = []
    for name in sorted(work.deferred & body.keys()):
        shape = kind.shape.fields[name]
        value = body.pop(name)
        initial = shape.deferrable.initial if shape.deferrable is not None else MISSING
        if initial is not MISSING:
            body[name] = initial
        links.append(LeafChange((name,), name, before=initial, after=value, cause="created"))
    work.add("write", "create", body=body, remote_id=item.minted, title=f"create {kind.title}")
    for facet, values in later:
        _facet_step(work, facet, values)
    if links:
        work.add("link", "update", overlay=Overlay(tuple(links)), title=f"link {kind.title}")
    if live:
        work.add("publish", "update", overlay=Overlay(tuple(live)), title=_status_title(work, live[0]))
    _publish(work, item.desired.get(PUBLISHED, True) is True)


def _facet_step(work: Work, facet: Facet, values: Mapping[str, Any]) -> None:
    leaves = tuple(LeafChange((name,), name, after=value, cause="created") for name, value in values.items())
    work.add(
        node_of(facet), "facet", facet=facet.name, overlay=Overlay(leaves), title=facet.effect or f"write {facet.name}"
    )


def node_of(facet: Facet) -> NodeName:
    """Return the node in which a facet is written."""
    return "publish" if facet.phase == "publish" else "link" if facet.phase == "link" else "write"


def _status_title(work: Work, leaf: LeafChange) -> str:
    return f"{leaf.text} of {work.item.kind.title} → {leaf.after}"


def _publish(work: Work, due: bool) -> None:  # noqa: FBT001 - one yes or no, named at every call
    publish = work.item.kind.publish
    if publish is not None and due:
        leaf = LeafChange((PUBLISHED,), PUBLISHED, before=False, after=True, switch=True)
        work.add(
            "publish",
            "publish",
            overlay=Overlay((leaf,)),
            remote_id=work.item.known_id,
            title=publish.effect,
        )


def _replace(work: Work) -> None:
    item = work.item
    assert work.diff is not None
    old = replace(work.diff.change)
    verb: Removal = "delete" if "delete" in item.kind.removals else item.kind.on_remove
    work.add(
        "remove",
        "remove",
        removal=verb,
        remote_id=item.id,
        data={"deposed": old.create_before_destroy, "replaced": True},
        title=f"{verb} the old {item.kind.title}",
    )
    _create(work)


def _update(work: Work, leaves: tuple[LeafChange, ...], children: tuple[ChildChange, ...], diff: Diff) -> None:
    item, kind = work.item, work.item.kind
    ids = diff.comparison.located if diff.comparison is not None else {}
    main_leaves: list[LeafChange] = []
    live: list[LeafChange] = []
    links: list[LeafChange] = []
    facets: dict[str, tuple[list[LeafChange], list[ChildChange]]] = {}
    publish = False
    for leaf in leaves:
        top = str(leaf.path[0])
        facet = kind.facet_of(top)
        if leaf.text == PUBLISHED:
            publish = True
        elif facet is not None:
            facets.setdefault(facet.name, ([], []))[0].append(leaf)
        elif kind.lifecycle is not None and top == kind.lifecycle.attribute and leaf.after in kind.lifecycle.live:
            live.append(leaf)
        elif top in work.deferred:
            links.append(leaf)
        else:
            main_leaves.append(leaf)
    main_children = []
    for child in children:
        facet = kind.facet_of(str(child.path[0]))
        if facet is not None:
            facets.setdefault(facet.name, ([], []))[1].append(child)
        else:
            main_children.append(child)
    if main_leaves or main_children:
        main_leaves.extend(_repeated(item, main_leaves))
        overlay = Overlay(tuple(main_leaves), tuple(main_children), dict(ids))
        call: Call = "unarchive" if item.unarchive else "update"
        work.add("write", call, overlay=overlay, remote_id=item.id, title=f"update {kind.title}")
    for facet in kind.facets:
        if facet.name in facets:
            changed, moved = facets[facet.name]
            node = node_of(facet)
            overlay = Overlay(tuple(changed), tuple(moved), dict(ids))
            title = facet.effect or f"write {facet.name}"
            work.add(node, "facet", facet=facet.name, overlay=overlay, remote_id=item.id, title=title)
    if links:
        overlay = Overlay(tuple(links), (), dict(ids))
        work.add("link", "update", overlay=overlay, remote_id=item.id, title=f"link {kind.title}")
    if live:
        title = _status_title(work, live[0])
        work.add("publish", "update", overlay=Overlay(tuple(live)), remote_id=item.id, title=title)
    _publish(work, publish)


def _repeated(item: Item, leaves: list[LeafChange]) -> list[LeafChange]:
    """Return secrets that every update of the kind must repeat, because a read shows only their mask."""
    written = {leaf.text for leaf in leaves}
    return [
        LeafChange((name,), name, after=item.desired[name], secret=True)
        for name in item.kind.endpoints.always
        if name in item.desired and name not in written and item.kind.shape.fields[name].secret is not None
    ]


def plan_removal(work: Work) -> None:
    """Fill in the chain of a resource that goes: on the platform, or only from the ledger."""
    item = work.item
    verb = item.removal
    assert verb is not None
    if item.previous_address is not None and verb != "refuse":
        state_edit(work, "move", previous=item.previous_address)
    if verb not in {"forget", "refuse"}:
        _leftovers(work)  # before the ledger forgets them with their address
    if verb in {"forget", "refuse"} or item.raw is None:
        if verb != "refuse":
            state_edit(work, "forget", gone=item.raw is None and verb != "forget")
        return
    lifecycle = item.kind.lifecycle
    current = item.raw.get(lifecycle.attribute) if lifecycle is not None else None
    if verb == "archive" and lifecycle is not None and isinstance(current, str) and lifecycle.archived is not None:
        for state in _way(work, current, lifecycle.archived)[:-1]:
            leaf = LeafChange((lifecycle.attribute,), lifecycle.attribute, before=current, after=state, switch=True)
            title = _status_title(work, leaf)
            work.add("remove", "update", overlay=Overlay((leaf,)), remote_id=item.id, title=title)
            current = state
    work.add("remove", "remove", removal=verb, remote_id=item.id, title=f"{verb} {item.kind.title}")


def _way(work: Work, source: str, target: str) -> list[str]:
    """Return the states on the shortest way that a user can go from one to the other, the last one included."""
    lifecycle = work.item.kind.lifecycle
    assert lifecycle is not None
    paths: list[list[str]] = [[source]]
    seen = {source}
    while paths:
        path = paths.pop(0)
        if path[-1] == target:
            return path[1:]
        for edge in lifecycle.edges:
            # Never by way of a live state: an archive must not start traffic on its way.
            if edge.by == "user" and edge.source == path[-1] and edge.target not in seen | (lifecycle.live - {target}):
                seen.add(edge.target)
                paths.append([*path, edge.target])
    return [target]


def let_go(work: Work, attribute: str, value: Any, before: Any) -> None:
    """Add a step that takes a reference out, so that its target can be removed."""
    leaf = LeafChange((attribute,), attribute, before=before, after=value, cause="changed")
    work.add(
        "letgo",
        "update",
        overlay=Overlay((leaf,)),
        remote_id=work.item.id,
        title=f"let go of what is removed: {attribute}",
    )
