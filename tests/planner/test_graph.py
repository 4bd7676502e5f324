"""Components and topological order, also for chains far deeper than Python's recursion limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planner.graph import components, topological


def test_a_chain_of_ten_thousand_is_ordered_without_recursion() -> None:
    names = [f"n{i:05}" for i in range(10_000)]
    needs = {name: ([names[i - 1]] if i else []) for i, name in enumerate(names)}
    assert topological(needs) == names
    assert components(needs) == []


def test_a_circle_is_one_component_and_cannot_be_ordered() -> None:
    needs = {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}
    assert [sorted(group) for group in components(needs)] == [["a", "b", "c"]]
    with pytest.raises(ValueError, match="cycle"):
        topological(needs)


def test_a_node_that_needs_itself_is_a_component() -> None:
    assert components({"a": ["a"], "b": []}) == [["a"]]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_order_respects_every_need_of_an_acyclic_graph(edges: list[tuple[int, int]]) -> None:
    needs: dict[str, list[str]] = {f"{i:02}": [] for i in range(13)}
    for one, other in edges:
        if one > other:  # only towards smaller numbers: no circle can arise
            needs[f"{one:02}"].append(f"{other:02}")
    order = topological(needs)
    place = {name: i for i, name in enumerate(order)}
    assert sorted(order) == sorted(needs)
    assert all(place[target] < place[name] for name, targets in needs.items() for target in targets)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=30))
def test_components_are_exactly_what_reaches_itself(edges: list[tuple[int, int]]) -> None:
    needs: dict[int, list[int]] = {i: [] for i in range(9)}
    for one, other in edges:
        needs[one].append(other)

    def reach(start: int) -> set[int]:
        seen: set[int] = set()
        stack = list(needs[start])
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(needs[node])
        return seen

    circular = {node for node in needs if node in reach(node)}
    assert {node for group in components(needs) for node in group} == circular
