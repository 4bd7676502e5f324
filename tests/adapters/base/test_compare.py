"""Which live child is which declared one, and what a comparison says is to be done."""

from __future__ import annotations

import time
from typing import Any

import pytest

from reconciler.adapters.base.compare import covers, missing_required
from reconciler.model.values import Sensitive
from tests.adapters.base.toys import SHAPE, compare, declared, differences


def part(identity: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": identity, "name": name, **more}


def step(identity: str, kind: str = "x", **more: Any) -> dict[str, Any]:
    return {"id": identity, "type": kind, **more}


def toy(**more: Any) -> dict[str, Any]:
    return {"name": "n", **more}


# -- matching ---------------------------------------------------------------------------------------------------------
def test_the_id_in_state_decides_before_any_name() -> None:
    raw = toy(parts=[part("1", "b"), part("2", "a")])
    found = compare(toy(parts={"a": {"name": "b"}, "b": {"name": "a"}}), raw, ids={"parts.a": "1", "parts.b": "2"})
    assert found.ids == {"parts.a": "1", "parts.b": "2"}
    assert differences(found) == []


def test_a_written_id_decides_before_state() -> None:
    raw = toy(parts=[part("1", "a"), part("2", "a")])
    found = compare(toy(parts={"a": {"$id": "2"}, "$others": "keep"}), raw, ids={"parts.a": "1"})
    assert found.ids == {"parts.a": "2"}


def test_a_written_id_that_is_nowhere_is_a_problem_and_so_is_one_written_twice() -> None:
    raw = toy(parts=[part("1", "a")])
    assert "no live one has that id" in compare(toy(parts={"a": {"$id": "9"}}), raw).problems[0]
    both = compare(toy(parts={"a": {"$id": "1"}, "b": {"$id": "1"}}), raw)
    assert "another one of parts has already" in both.problems[0]


def test_a_key_on_the_wire_decides() -> None:
    raw = toy(keyed=[{"key": "b", "on": True}, {"key": "a", "on": False}], bare={"x": {"on": True}})
    found = compare(toy(keyed={"a": {"on": True}, "b": {"on": True}}, bare={"x": {"on": False}}), raw)
    assert differences(found) == ["keyed.a.on: False -> True", "bare.x.on: True -> False"]


def test_matching_attributes_find_a_child_that_state_does_not_know() -> None:
    found = compare(toy(parts={"one": {"name": "b", "weight": 1}}), toy(parts=[part("1", "a"), part("2", "b")]))
    assert found.ids == {"parts.one": "2"}
    assert differences(found) == ["parts.one.weight: <absent> -> 1".replace("<absent>", "(absent)"), "remove parts.a"]


def test_two_candidates_are_a_problem_that_names_them() -> None:
    found = compare(toy(parts={"a": {"weight": 3}}), toy(parts=[part("1", "a"), part("2", "a")]))
    assert found.problems == ["parts.a: live ones that match it: 1, 2; write $id to choose one"]


def test_of_two_candidates_the_one_that_already_is_as_declared_is_it() -> None:
    raw = toy(parts=[part("1", "a", weight=1), part("2", "a", weight=2)])
    found = compare(toy(parts={"a": {"weight": 2}, "$others": "keep"}), raw)
    assert (found.ids, found.problems) == ({"parts.a": "2"}, [])


def test_whoever_has_only_one_candidate_takes_it_first() -> None:
    steps = [{"$name": "any", "type": "x"}, {"$name": "exact", "type": "x", "text": "t"}]
    found = compare(toy(steps=steps), toy(steps=[step("1", text="t"), step("2", text="u")]))
    assert found.problems == []
    assert set(found.ids.values()) == {"1", "2"}


def test_a_local_name_may_be_changed_without_touching_the_child() -> None:
    found = compare(toy(parts={"new": {"name": "a"}}), toy(parts=[part("1", "a")]), ids={"parts.old": "1"})
    assert found.ids == {"parts.new": "1"}
    assert differences(found) == []


def test_extra_live_children_are_removed_one_by_one_and_kept_where_it_says_so() -> None:
    raw = toy(parts=[part("1", "a"), part("2", "b"), part("3", "b")])
    found = compare(toy(parts={"a": {}}), raw, ids={"parts.a": "1", "parts.b": "2"})
    gone = {(child.text, child.id): child.cause for child in found.children}
    assert gone == {("parts.b", "2"): "changed", ('parts["#3"]', "3"): "drifted"}
    assert compare(toy(parts={"a": {}, "$others": "keep"}), raw).children == []


def test_an_extra_child_never_bears_the_name_of_a_declared_one() -> None:
    found = compare(toy(parts={"a": {}}), toy(parts=[part("1", "a"), part("2", "a")]), ids={"parts.a": "1"})
    assert [child.text for child in found.children] == ['parts["#2"]']


def test_null_clears_a_collection_child_by_child() -> None:
    body = declared(toy(parts={}))
    body["parts"] = None
    from reconciler.adapters.base.compare import Compare

    found = Compare({}, {}, lambda *_: None).run(SHAPE, body, toy(parts=[part("1", "a")]), frozenset())
    assert differences(found) == ["remove parts.a"]


def test_a_child_that_somebody_deleted_is_drift_and_a_new_one_is_not() -> None:
    found = compare(toy(parts={"a": {}, "b": {}}), toy(parts=[]), ids={"parts.a": "1"})
    assert {child.text: child.cause for child in found.children} == {"parts.a": "drifted", "parts.b": "changed"}


def test_a_new_child_that_lacks_what_creating_it_takes_is_a_problem() -> None:
    found = compare(toy(steps=[{"$name": "s", "text": "t"}]), toy(steps=[]))
    assert found.problems == [
        'steps["s"] does not exist yet, and type is missing: the platform requires it to create one'
    ]
    assert list(missing_required(SHAPE, declared({"steps": [{"text": "t"}]}))) == ["name", 'steps["#0"].type']


# -- lists without names ----------------------------------------------------------------------------------------------
def test_an_insert_in_the_middle_of_an_unnamed_list_keeps_all_ids() -> None:
    raw = toy(steps=[step("1", text="a"), step("2", text="b"), step("3", text="c")])
    steps = [{"type": "x", "text": text} for text in ("a", "new", "b", "c")]
    found = compare(toy(steps=steps), raw, ids={f'steps["#{i}"]': str(i + 1) for i in range(3)})
    assert found.ids == {'steps["#0"]': "1", 'steps["#2"]': "2", 'steps["#3"]': "3"}
    assert [(child.action, child.text, child.cause) for child in found.children] == [("add", 'steps["#1"]', "changed")]


def test_an_edited_unnamed_item_takes_the_live_one_most_like_it() -> None:
    caps = [{"name": "c"}]
    raw = toy(steps=[step("1", text="a"), step("2", text="b"), step("3", text="c", caps=[part("9", "c")])])
    steps = [{"type": "x", "text": "a"}, {"type": "x", "text": "c!", "caps": caps}]
    found = compare(toy(steps=steps), raw)
    assert found.ids == {'steps["#0"]': "1", 'steps["#1"]': "3", 'steps["#1"].caps["c"]': "9"}
    assert [(child.action, child.id) for child in found.children] == [("remove", "2")]


def test_an_unnamed_item_of_another_type_is_another_item() -> None:
    found = compare(toy(steps=[{"type": "y"}]), toy(steps=[step("1", "x")]))
    assert [(child.action, child.id) for child in found.children] == [("add", None), ("remove", "1")]


def test_items_that_are_alike_are_taken_in_their_order() -> None:
    raw = toy(steps=[step("1"), step("2"), step("3")])
    found = compare(toy(steps=[{"type": "x"}] * 2), raw)
    assert found.ids == {'steps["#0"]': "1", 'steps["#1"]': "2"}


def test_named_items_of_a_list_keep_their_ids_when_moved_and_edited() -> None:
    raw = toy(steps=[step("1", text="a"), step("2", text="b")])
    steps = [{"$name": "two", "type": "x", "text": "B"}, {"$name": "one", "type": "x", "text": "a"}]
    found = compare(toy(steps=steps), raw, ids={'steps["one"]': "1", 'steps["two"]': "2"})
    assert differences(found) == ["steps[\"two\"].text: 'b' -> 'B'", "steps.$order: ['one', 'two'] -> ['two', 'one']"]


def test_children_without_any_id_are_found_by_what_they_say() -> None:
    raw = toy(mapped=[{"property": "p", "value": "1"}, {"property": "q"}])
    found = compare(toy(mapped=[{"property": "p", "value": "2"}]), raw)
    assert found.ids == {}
    assert differences(found) == ["mapped[\"p\"].value: '1' -> '2'", 'remove mapped["q"]']


# -- order ------------------------------------------------------------------------------------------------------------
def test_order_is_compared_only_where_it_is_ours() -> None:
    raw = toy(parts=[part("2", "b"), part("1", "a")], ranked=[part("4", "b"), part("3", "a")])
    found = compare(toy(parts={"a": {}, "b": {}}, ranked={"a": {}, "b": {}}), raw)
    assert differences(found) == ["ranked.$order: ['b', 'a'] -> ['a', 'b']"]


def test_a_new_child_in_the_middle_needs_the_order_to_be_written() -> None:
    raw = toy(ranked=[part("1", "a"), part("2", "b")])
    sent = {"ranked.$order": ["a", "b"], "name": "n"}
    found = compare(toy(ranked={"a": {}, "x": {}, "b": {}}), raw, sent=sent)
    assert differences(found) == ["ranked.$order: ['a', 'b'] -> ['a', 'x', 'b']", "add ranked.x"]
    assert differences(compare(toy(ranked={"a": {}, "b": {}, "x": {}}), raw, sent=sent)) == ["add ranked.x"]


# -- below children ---------------------------------------------------------------------------------------------------
def test_children_of_children_are_matched_within_their_parent() -> None:
    raw = toy(parts=[part("1", "a", caps=[part("c1", "x", limit=1)]), part("2", "b", caps=[part("c2", "x", limit=2)])])
    body = toy(parts={"a": {"caps": {"x": {"limit": 2}}}, "b": {"caps": {"x": {"limit": 2}}}})
    found = compare(body, raw)
    assert found.ids["parts.a.caps.x"] == "c1"
    assert differences(found) == ["parts.a.caps.x.limit: 1 -> 2"]


def test_leaves_below_a_child_that_went_are_orphans_and_others_are_not() -> None:
    found = compare(toy(parts={"a": {"weight": 1}}), toy(parts=[part("1", "a")]))
    assert found.orphaned("parts.b.weight")
    assert found.orphaned('parts["odd name"].caps.x.limit')
    assert not found.orphaned("parts.a.style")
    assert not found.orphaned("size")


# -- secrets ----------------------------------------------------------------------------------------------------------
SECRET = Sensitive("s3cret", "secret.x")


@pytest.mark.parametrize(
    ("attribute", "live", "known", "equal"),
    [
        ("password", "****", True, True),
        ("password", "****", False, False),
        ("password", "****", None, True),  # assumed
        ("password", "s3cret", None, True),
        ("password", "other", True, False),
        ("shown", "s3cret", None, True),
        ("shown", "other", True, False),
        ("shown", None, True, False),  # it would be shown if it were there
        ("note", "s3cret", None, True),  # a plain attribute that a secret came into
        ("note", "other", None, False),
    ],
)
def test_secrets(attribute: str, live: Any, known: bool | None, *, equal: bool) -> None:
    found = compare(toy(**{attribute: SECRET}), toy(**{attribute: live}), secret=known)
    leaf = next(leaf for leaf in found.leaves if leaf.text == attribute)
    assert (leaf.equal, leaf.secret) == (equal, True)


def test_a_secret_inside_a_value_may_be_masked_there() -> None:
    body = toy(settings={"token": SECRET, "plain": "a"})
    assert differences(compare(body, toy(settings={"token": "****", "plain": "a"}), secret=True)) == []
    assert len(differences(compare(body, toy(settings={"token": "****", "plain": "b"}), secret=True))) == 1
    assert len(differences(compare(body, toy(settings={"token": "****", "plain": "a"}), secret=False))) == 1


def test_an_attribute_that_is_secret_by_its_siblings() -> None:
    found = compare(toy(sort="text", header="x"), toy(sort="text", header="y"))
    assert next(leaf for leaf in found.leaves if leaf.text == "header").secret
    found = compare(toy(sort="json", header="x"), toy(sort="json", header="y"))
    assert not next(leaf for leaf in found.leaves if leaf.text == "header").secret


def test_asterisks_stand_for_what_was_sent_last_where_a_read_may_mask() -> None:
    assert differences(compare(toy(masked="a"), toy(masked="***"), sent={"masked": "a"})) == []
    assert differences(compare(toy(masked="b"), toy(masked="***"), sent={"masked": "a"})) == ["masked: 'a' -> 'b'"]
    assert differences(compare(toy(masked="b"), toy(masked="***"))) == []
    assert differences(compare(toy(note="b"), toy(note="***"))) == ["note: '***' -> 'b'"]


# -- the rest ---------------------------------------------------------------------------------------------------------
def test_only_what_differs_or_is_not_recorded_is_reported() -> None:
    found = compare(toy(size=3), toy(size=3), sent={"name": "n", "size": 3})
    assert found.leaves == []
    assert [leaf.text for leaf in compare(toy(size=3), toy(size=3), sent={"name": "n"}).leaves] == ["size"]
    assert found.visited == {"name", "size"}


def test_covers_asks_for_content_and_for_no_more_children() -> None:
    want = declared(toy(parts={"a": {"weight": 1}}))
    assert covers(SHAPE, want, toy(parts=[part("1", "a", weight=1, odd=2)]))
    assert not covers(SHAPE, want, toy(parts=[part("1", "a", weight=2)]))
    assert not covers(SHAPE, want, toy(parts=[part("1", "a", weight=1), part("2", "b")]))


def test_five_hundred_children_are_matched_in_no_time() -> None:
    names = [f"p{i}" for i in range(500)]
    raw = toy(parts=[part(str(i), name) for i, name in enumerate(reversed(names))])
    began = time.perf_counter()
    found = compare(toy(parts={name: {} for name in names}), raw)
    assert len(found.ids) == 500
    assert time.perf_counter() - began < 2
