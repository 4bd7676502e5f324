"""A directed graph of needs: strongly connected components and a topological order, without recursion."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def components(needs: Mapping[N, Iterable[N]]) -> list[list[N]]:
    """Return strongly connected components: of more than one node, or of one that needs itself (Tarjan, iterative)."""
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    on_stack: set[N] = set()
    stack: list[N] = []
    found: list[list[N]] = []
    for root in needs:
        if root in index:
            continue
        work = [(root, iter(needs.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(needs.get(target, ()))))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group: list[N] = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        group.append(member)
                        if member == node:
                            break
                    if len(group) > 1 or node in needs.get(node, ()):
                        found.append(group)
    return found


def topological(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the nodes so that each comes after what it needs; equal choices in alphabetical order.

    Raises ValueError on a cycle: cycles are cut before this is asked.
    """
    waiting = {node: {target for target in targets if target in needs} for node, targets in needs.items()}
    dependants: dict[str, list[str]] = {node: [] for node in needs}
    for node, targets in waiting.items():
        for target in targets:
            dependants[target].append(node)
    ready = [node for node, targets in waiting.items() if not targets]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        for dependant in dependants[node]:
            waiting[dependant].discard(node)
            if not waiting[dependant]:
                heapq.heappush(ready, dependant)
    if len(order) != len(waiting):
        raise ValueError("a cycle was left in the order of steps")
    return order
