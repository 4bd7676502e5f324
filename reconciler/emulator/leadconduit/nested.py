"""What the server does to a flow it stores: ids for every nested thing, copies of entities, defaults of caps.

Ids that come back are kept, so that history and counters stay attached; an id the flow never had is replaced by a fresh
one. Cap and ping-limit ids are ObjectIds, shared with their counters; all other nested ids are six alphanumerics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reconciler.emulator.ids import object_id, short_id

Node = dict[str, Any]


def walk(flow: Node) -> Iterator[tuple[str, Node]]:
    """Iterate over all nested things that have an id, as (sort, thing)."""
    yield from _holder(flow)
    for source in flow.get("sources") or ():
        yield "source", source
        yield from _holder(source)
    for step in flow.get("steps") or ():
        yield "step", step
        yield from _holder(step)


def _holder(node: Node) -> Iterator[tuple[str, Node]]:
    """Iterate over what flows, sources, steps and feedbacks have in common."""
    yield from _rules(node.get("rule_set"))
    yield from _rules((node.get("acceptance_criteria") or {}).get("rule_set"))
    for mapping in (node.get("integration") or {}).get("mappings") or ():
        yield "mapping", mapping
        yield from _rules(mapping.get("rule_set"))
    yield from _caps(node.get("caps"))
    for limit in node.get("ping_limits") or ():
        yield "ping_limit", limit
    for price in (node.get("pricing") or {}).get("prices") or ():
        yield "price", price
        yield from _rules(price.get("rule_set"))
    if node.get("feedback"):
        yield from _holder(node["feedback"])


def _caps(caps: list[Node] | None) -> Iterator[tuple[str, Node]]:
    for cap in caps or ():
        yield "cap", cap
        yield from _rules(cap.get("rule_set"))
        yield from _caps(cap.get("caps"))


def _rules(rule_set: Node | None) -> Iterator[tuple[str, Node]]:
    if not rule_set:
        return
    yield "rule_set", rule_set
    for rule in rule_set.get("rules") or ():
        if "rules" in rule and "lhv" not in rule:
            yield from _rules(rule)
        else:
            yield "rule", rule
            yield from _rules(rule.get("rule_set"))


def number(nodes: Iterator[tuple[str, Node]], known: dict[tuple[str, str], Node]) -> None:
    """Give an id to each nested thing in place: the one it came with if it is in `known`, otherwise a fresh one."""
    used: set[tuple[str, str]] = set()
    for sort, node in nodes:
        counted = sort in {"cap", "ping_limit"}
        given = node.get("id")
        if isinstance(given, str):
            key = (sort, given.lower() if counted else given)
            if key in known and key not in used:
                used.add(key)
                node["id"] = key[1]
                continue
        node["id"] = object_id() if counted else short_id()


def settle(flow: Node, before: Node | None, entity: Callable[[str], Node | None], time_zone: str, now: str) -> None:
    """Complete a flow in place, as the server does with each one it saves.

    `before` is the flow as it was; `entity` finds an entity by id; `time_zone` is the account's.
    """
    known = {(sort, node.get("id", "")): node for sort, node in walk(before)} if before else {}
    number(walk(flow), known)
    flow.setdefault("ping_enabled", False)
    _complete_limits(flow, f"{flow['name']}", time_zone, now, known)
    for child in (*flow.get("sources", ()), *flow.get("steps", ())):
        copy = child.get("entity")
        if copy is not None:
            copy["id"] = copy["id"].lower()
            if found := entity(copy["id"]):
                copy["name"] = found["name"]
                copy["time_zone"] = found.get("time_zone") or time_zone
        if isinstance(child.get("credential_id"), str):
            child["credential_id"] = child["credential_id"].lower()
        _complete_limits(child, f"{flow['name']}: {(copy or {}).get('name', '')}", time_zone, now, known)


def _complete_limits(holder: Node, name: str, time_zone: str, now: str, known: dict[tuple[str, str], Node]) -> None:
    counter = 0
    for sort, node in [*_caps(holder.get("caps")), *(("ping_limit", one) for one in holder.get("ping_limits") or ())]:
        if sort not in {"cap", "ping_limit"}:
            continue
        counter += 1
        if sort == "cap":
            node.setdefault("type", "volume")
        if not node.get("name"):
            node["name"] = f"{name} - {'Cap' if sort == 'cap' else 'Ping limit'} {counter}"
        if not node.get("time_zone"):
            node["time_zone"] = time_zone
        node["created_at"] = known.get((sort, node["id"]), {}).get("created_at") or node.get("created_at") or now


def references(flow: Node) -> set[tuple[str, str]]:
    """Return the fields, entities and credentials that a flow names, as (kind, id)."""
    return {(kind, target) for kind, target, _, _ in _named(flow)}


def broken(flow: Node, kind: str, object_id_: str) -> dict[str, Any]:
    """Return the tree of messages of a flow that names an object that is gone."""
    tree: dict[str, Any] = {}
    for found_kind, target, path, message in _named(flow):
        if (found_kind, target) == (kind, object_id_):
            place = tree
            for part in path[:-1]:
                place = place.setdefault(part, {})
            place[path[-1]] = [message]
    return tree


def _named(flow: Node) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    for index, field_id in enumerate(flow.get("fields") or ()):
        yield "fields", field_id, ("fields", str(index)), "Unknown field"
    for index, source in enumerate(flow.get("sources") or ()):
        here = ("sources", str(index))
        yield "entities", source["entity"]["id"], (*here, "entity", "id"), "Unknown source"
        if source.get("credential_id"):
            yield "credentials", source["credential_id"], (*here, "credential_id"), "Unknown credential"
        yield from _mapped(source, here)
    for index, step in enumerate(flow.get("steps") or ()):
        here = ("steps", str(index))
        if step.get("entity"):
            yield "entities", step["entity"]["id"], (*here, "entity", "id"), "Unknown recipient"
        yield from _mapped(step, here)
    if flow.get("firehose") and flow["firehose"].get("credential_id"):
        target = flow["firehose"]["credential_id"].lower()
        yield "credentials", target, ("firehose", "credential_id"), "Unknown credential"


def _mapped(child: Node, here: tuple[str, ...]) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    for index, mapping in enumerate((child.get("integration") or {}).get("mappings") or ()):
        if mapping["property"] == "credential_id" and isinstance(mapping["value"], str):
            path = (*here, "integration", "mappings", str(index), "value")
            yield "credentials", mapping["value"].lower(), path, "Not a valid value"


def rules_of(router: Node) -> Iterator[tuple[str, Node]]:
    """Iterate over the routes of a router and their rules, as (sort, thing)."""
    for one in router.get("routes") or ():
        yield "route", one
        yield from _rules(one.get("rule_set"))
