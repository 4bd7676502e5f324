"""What waits for what: creates, publishes, removals, replacements, circles; and that the list can be executed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.plan import Step
from reconciler.planner.item import Item
from reconciler.planner.order import Ordered, dependencies, order
from reconciler.planner.steps import Work
from tests.planner.board import KEYED, PUBLISHED_BOARDS, address, going, item, known, ref, works


def ordered(*items: Item, state: Mapping[str, Sequence[str]] | None = None) -> Ordered:
    found = works(*items)
    tracked = {i.address: i.entry.deps for i in items if i.entry is not None}
    return order(found, {**tracked, **(state or {})}, dependencies(found))


def ids(result: Ordered) -> list[str]:
    return [step.id.removeprefix("toy.") for step in result.steps if step.call != "state"]


def before(result: Ordered, first: str, second: str) -> bool:
    """Tell whether a step waits, directly or by others, for another one."""
    steps = {step.id.removeprefix("toy."): step for step in result.steps}
    waiting, reached = [second], set()
    while waiting:
        name = waiting.pop()
        needs = [need.removeprefix("toy.") for need in steps[name].needs]
        reached |= set(needs)
        waiting.extend(needs)
    return first in reached


def valid(steps: Sequence[Step]) -> None:
    done: set[str] = set()
    every = {step.id for step in steps}
    for step in steps:
        assert set(step.needs) <= every, step
        assert set(step.needs) <= done, step
        done.add(step.id)


def test_what_is_referred_to_comes_first() -> None:
    result = ordered(item("a", {"must": ref("b")}), item("b", {"must": ref("c")}), item("c"))
    assert ids(result) == ["boards.c:write", "boards.b:write", "boards.a:write"]


def test_depends_on_and_texts_order_too() -> None:
    result = ordered(item("a", depends_on=(address("b"),)), item("b", text_refs=[("boards", "c")]), item("c"))
    assert ids(result) == ["boards.c:write", "boards.b:write", "boards.a:write"]


def test_an_update_waits_for_the_create_that_it_refers_to() -> None:
    old = item("a", {"must": ref("z")}, raw={"id": "1", "name": "a"}, entry=known("1", sent={"name": "a"}))
    result = ordered(old, item("z"))
    assert ids(result) == ["boards.z:write", "boards.a:write"]
    assert before(result, "boards.z:write", "boards.a:write")


def test_publishing_waits_for_the_publishing_of_what_it_refers_to() -> None:
    one = item("a", {"must": ref("b", "pages")}, kind=PUBLISHED_BOARDS)
    two = item("b", kind=PUBLISHED_BOARDS)
    result = ordered(one, two)
    assert before(result, "pages.b:publish", "pages.a:publish")
    assert not before(result, "pages.b:publish", "pages.a:write")


def test_activation_waits_for_what_goes_live_first() -> None:
    result = ordered(item("a", {"status": "active", "must": ref("b")}), item("b", {"status": "active"}))
    assert [step.body["status"] for step in result.steps if step.call == "create"] == ["draft", "draft"]
    assert before(result, "boards.b:publish", "boards.a:publish")


def test_a_facet_that_is_written_late_does_not_hold_up_the_create() -> None:
    result = ordered(item("a", {"goes_live": ref("b")}), item("b", {"must": ref("a")}))
    assert result.errors == []
    assert result.cycles == []
    valid(result.steps)
    assert before(result, "boards.b:write", "boards.a:publish")


# -- circles ------------------------------------------------------------------------------------------------------
def test_a_circle_of_two_is_cut_once_at_the_first_address() -> None:
    result = ordered(item("a", {"next": ref("b")}), item("b", {"next": ref("a")}))
    assert ids(result) == ["boards.b:write", "boards.a:write", "boards.a:link"] or ids(result) == [
        "boards.a:write",
        "boards.b:write",
        "boards.a:link",
    ]
    assert result.cycles == [(address("a"), address("b"))]
    create = next(step for step in result.steps if step.id == f"{address('a')}:write")
    assert "next" not in create.body
    valid(result.steps)


def test_a_circle_of_three_is_cut_where_it_can_be() -> None:
    result = ordered(item("a", {"must": ref("b")}), item("b", {"must": ref("c")}), item("c", {"many": [ref("a")]}))
    assert ids(result) == ["boards.c:write", "boards.b:write", "boards.a:write", "boards.c:link"]
    assert next(step for step in result.steps if step.id == f"{address('c')}:write").body["many"] == ()


def test_the_fewest_attributes_are_cut() -> None:
    result = ordered(
        item("a", {"next": ref("c"), "other": ref("b")}),
        item("b", {"next": ref("c")}),
        item("c", {"next": ref("a")}),
    )
    assert [name for name in ids(result) if name.endswith(":link")] == ["boards.c:link"]


def test_a_circle_that_cannot_be_cut_is_an_error_with_its_places() -> None:
    result = ordered(item("a", {"must": ref("b")}), item("b", {"must": ref("a")}))
    assert len(result.errors) == 1
    assert "toy.boards.a (must), toy.boards.b (must)" in result.errors[0].text


def test_an_object_that_refers_to_itself_is_linked_after_its_create() -> None:
    result = ordered(item("a", {"next": ref("a")}))
    assert ids(result) == ["boards.a:write", "boards.a:link"]
    assert "in a circle" in ordered(item("a", {"must": ref("a")})).errors[0].text


def test_an_object_whose_id_we_chose_may_refer_to_itself() -> None:
    one = item("a", {"must": ref("a")})
    one.minted = "m1"
    result = ordered(one)
    assert result.errors == []
    assert ids(result) == ["boards.a:write"]


def test_a_circle_through_an_object_that_exists_needs_no_cut() -> None:
    old = item("a", {"must": ref("b")}, raw={"id": "1", "name": "a"}, entry=known("1", sent={"name": "a"}))
    result = ordered(old, item("b", {"must": ref("a")}))
    assert (result.cycles, result.errors) == ([], [])
    assert ids(result) == ["boards.b:write", "boards.a:write"]


def test_two_that_go_live_for_each_other_wait_for_each_others_write() -> None:
    result = ordered(
        item("a", {"next": ref("b", "pages")}, kind=PUBLISHED_BOARDS),
        item("b", {"next": ref("a", "pages")}, kind=PUBLISHED_BOARDS),
    )
    assert result.errors == []
    valid(result.steps)
    assert before(result, "pages.b:write", "pages.a:publish")
    assert before(result, "pages.a:link", "pages.b:publish")


# -- removals -----------------------------------------------------------------------------------------------------
def test_a_removal_waits_until_every_former_referrer_is_published() -> None:
    raw = {"id": "1", "name": "a", "must": "2"}
    kept = item("a", {"must": None}, raw=raw, entry=known("1", PUBLISHED_BOARDS), kind=PUBLISHED_BOARDS)
    assert kept.entry is not None
    kept.entry.deps = [address("b")]
    result = ordered(kept, going("b", raw={"id": "2", "name": "b"}))
    assert before(result, "pages.a:publish", "boards.b:remove")


def test_referrers_are_removed_first() -> None:
    result = ordered(
        going("b", raw={"id": "2", "name": "b"}), going("a", raw={"id": "1", "name": "a"}, deps=(address("b"),))
    )
    assert ids(result) == ["boards.a:remove", "boards.b:remove"]


def test_of_two_that_go_and_refer_to_each_other_one_lets_go_first() -> None:
    result = ordered(
        going("a", raw={"id": "1", "name": "a", "next": "2"}, deps=(address("b"),)),
        going("b", raw={"id": "2", "name": "b", "next": "1"}, deps=(address("a"),)),
    )
    assert result.errors == []
    valid(result.steps)
    assert ids(result)[0] == "boards.a:letgo"
    assert before(result, "boards.a:letgo", "boards.b:remove")
    assert result.steps[0].overlay.leaves[0].after is None


def test_a_circle_of_removals_without_a_way_to_let_go_is_opened() -> None:
    result = ordered(
        going("a", raw={"id": "1", "name": "a", "must": "2"}, deps=(address("b"),)),
        going("b", raw={"id": "2", "name": "b", "must": "1"}, deps=(address("a"),)),
    )
    assert result.errors == []
    assert sorted(ids(result)) == ["boards.a:remove", "boards.b:remove"]
    valid(result.steps)


def test_an_archive_takes_the_lifecycles_way_and_never_by_a_live_state() -> None:
    result = ordered(going("a", raw={"id": "1", "name": "a", "status": "active"}, removal="archive"))
    assert [(step.call, [leaf.after for leaf in step.overlay.leaves]) for step in result.steps] == [
        ("update", ["paused"]),
        ("remove", []),
    ]


# -- replacements -------------------------------------------------------------------------------------------------
def replaced(name: str, **meta: Any) -> Item:
    raw = {"id": "1", "name": name, "fixed": "old"}
    made = item(name, {"fixed": "new"}, raw=raw, entry=known("1", sent={"fixed": "old"}, seen={"fixed": "old"}), **meta)
    made.replaced = True
    return made


def referrer(attribute: str, value: Any, raw_value: Any) -> Item:
    raw = {"id": "2", "name": "z", attribute: raw_value}
    return item("z", {attribute: value}, raw=raw, entry=known("2", deps=[address("a")]))


def test_a_replacement_lets_go_deletes_creates_and_links_again() -> None:
    result = ordered(replaced("a"), referrer("many", [ref("a")], ["1", "9"]))
    assert ids(result) == ["boards.z:letgo", "boards.a:remove", "boards.a:write", "boards.z:write"]
    assert next(s for s in result.steps if s.id.endswith(":letgo")).overlay.leaves[0].after == ["9"]
    valid(result.steps)


def test_a_referrer_that_is_only_linked_waits_for_its_letting_go_too() -> None:
    one = referrer("next", ref("a"), "1")
    found = works(replaced("a"), one)
    found[one.address].deferred.add("next")
    result = order(found, {one.address: [address("a")]}, dependencies(found))
    assert before(result, "boards.z:letgo", "boards.z:link")


def test_create_before_destroy_removes_last() -> None:
    result = ordered(replaced("a", create_before_destroy=True), referrer("many", [ref("a")], ["1"]))
    assert ids(result) == ["boards.a:write", "boards.z:write", "boards.a:remove"]


# -- size and determinism -----------------------------------------------------------------------------------------
def test_a_chain_of_ten_thousand() -> None:
    many = [item(f"n{i:05}", {"must": ref(f"n{i - 1:05}")} if i else {}) for i in range(10_000)]
    shuffled = list(many)
    random.Random(1).shuffle(shuffled)  # noqa: S311 - a test's own dice
    result = ordered(*shuffled)
    assert [step.address for step in result.steps] == [one.address for one in many]


def test_the_order_does_not_depend_on_the_order_of_files() -> None:
    bodies: dict[str, dict[str, Any]] = {"a": {"next": ref("c")}, "b": {"must": ref("a")}, "c": {"many": [ref("b")]}}
    one = ordered(*(item(name, body) for name, body in bodies.items()))
    other = ordered(*(item(name, body) for name, body in reversed(bodies.items())))
    assert [(s.id, s.needs) for s in one.steps] == [(s.id, s.needs) for s in other.steps]


NAMES = "abcdefg"
ATTRIBUTES = ("next", "other", "must", "many", "goes_live")


@settings(max_examples=200, deadline=None)
@given(
    edges=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(ATTRIBUTES), st.sampled_from(NAMES)), max_size=14),
    state=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["new", "old", "fixed", "gone"])),
    status=st.sets(st.sampled_from(NAMES)),
)
def test_whatever_refers_to_whatever_the_list_can_be_executed(
    edges: list[tuple[str, str, str]], state: dict[str, str], status: set[str]
) -> None:
    """Steps come after what they need, and a create sends no id that nobody knows yet."""
    refer: dict[str, dict[str, str]] = {name: {} for name in NAMES}
    for source, attribute, target in edges:
        if state.get(target) != "gone":
            refer[source][attribute] = target
    made: list[Item] = []
    for name in NAMES:
        how = state.get(name, "new")
        live = {a: [t] if a == "many" else t for a, t in refer[name].items()}
        deps = [address(t) for t in refer[name].values()]
        body: dict[str, Any] = {a: [ref(t)] if a == "many" else ref(t) for a, t in refer[name].items()}
        if name in status:
            body["status"] = "active"
        if how == "gone":
            made.append(going(name, raw={"id": name, "name": name, **live}, deps=tuple(deps)))
        elif how == "new":
            made.append(item(name, body))
        else:
            raw = {"id": name, "name": name, "fixed": "x", "status": "draft", **live}
            entry = known(name, deps=deps, sent={"fixed": "x"}, seen={"fixed": "x"})
            made.append(item(name, {**body, "fixed": "y" if how == "fixed" else "x"}, raw=raw, entry=entry))
            made[-1].replaced = how == "fixed"
    result = ordered(*made)
    valid(result.steps)
    if result.errors:
        assert all("in a circle" in note.text for note in result.errors)
        return
    created: set[str] = {one.address for one in made if one.raw is not None and not one.replaced}
    for step in result.steps:
        if step.call == "create":
            assert {r.address for r in _refs(step.body)} <= created
            created.add(step.address)
        elif step.phase in {"write", "link"} and step.call in {"update", "facet"}:
            assert {r.address for leaf in step.overlay.leaves for r in _refs(leaf.after)} <= created
    assert len({step.id for step in result.steps}) == len(result.steps)


def _refs(value: Any) -> list[Any]:
    from reconciler.model.values import refs_in

    return list(refs_in(value))


def test_a_removal_that_is_only_forgotten_waits_for_nobody() -> None:
    one = going("b", raw={"id": "2", "name": "b"}, removal="forget", kind=KEYED)
    assert [(step.call, step.edit) for step in ordered(one).steps] == [("state", "forget")]
    assert Work(one, None).last("write") is None


def test_what_an_interrupted_replacement_left_goes_with_its_address() -> None:
    gone = going("a", raw={"id": "2", "name": "a"})
    assert gone.entry is not None
    gone.entry.deposed.append({"id": "1", "kind": "boards", "account": "toy", "scope": {}})
    found = ordered(gone)
    assert [step.remote_id for step in found.steps if step.call == "remove"] == ["1", "2"]
