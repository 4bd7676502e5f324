"""Bodies: what creates send, and what an overlay makes of the object as read."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.base.wire import lay_over, merged, object_to_wire, to_wire
from reconciler.model.plan import ChildChange, LeafChange, Overlay
from reconciler.model.values import MISSING, Ref, Sensitive, Template
from tests.adapters.base.toys import SHAPE, compare, declared, overlay_of


def laid(body: dict[str, Any], raw: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what would be sent to make a live object what is declared."""
    return lay_over(SHAPE, raw, overlay_of(compare({"name": "n", **body}, raw, **more)))[0]


def test_a_create_sends_what_is_declared_and_nothing_else() -> None:
    body = {
        "name": "n",
        "note": None,
        "owner": "17",
        "targets": ["2", "1"],
        "sort": "json",
        "varied": {"a": 1},
        "nested": {"deep": {"a": 1}},
        "parts": {"p": {"weight": 1}},
        "steps": [{"$name": "s", "type": "x", "$id": "9"}],
        "keyed": {"k": {"on": True}},
        "bare": {"b": {"on": True}},
        "$raw": {"odd": [1]},
    }
    assert object_to_wire(SHAPE, declared(body)) == {
        "name": "n",
        "note": "",  # what null sends
        "owner": 17,
        "targets": [2, 1],
        "sort": "json",
        "varied": '{"a":1}',
        "nested": {"deep": '{"a": 1}'},
        "parts": [{"weight": 1, "name": "p"}],
        "steps": [{"type": "x"}],
        "keyed": [{"on": True, "key": "k"}],
        "bare": {"b": {"on": True}},
        "odd": [1],
    }


def test_secrets_are_sent_in_clear_and_slots_never() -> None:
    assert to_wire(SHAPE.fields["settings"], {"a": Sensitive("s", "x")}) == {"a": "s"}
    with pytest.raises(TypeError, match="still waits for"):
        to_wire(SHAPE.fields["name"], Template((Ref("toy.toys.a"),)))
    with pytest.raises(TypeError, match="still waits for"):
        to_wire(SHAPE.fields["anything"], {"a": [Template((Ref("toy.toys.a"),))]})


def test_unknown_members_are_carried_over_at_every_depth() -> None:
    raw = {
        "name": "o",
        "x": 1,
        "nested": {"size": 1, "x": 2, "deep": '{"a": 1, "x": 3}'},
        "parts": [{"id": "1", "name": "p", "x": 4, "caps": [{"id": "c", "name": "k", "limit": 1, "x": 5}]}],
        "closed": {"a": {"field": "f", "x": 6}},
        "settings": {"theirs": "t"},
    }
    found = laid(
        {
            "nested": {"size": 2, "deep": {"a": 2}},
            "parts": {"p": {"caps": {"k": {"limit": 2}}}},
            "closed": {"a": {"field": "g"}},
            "settings": {"ours": "o"},
        },
        raw,
    )
    assert found == {
        "name": "n",
        "x": 1,
        "nested": {"size": 2, "x": 2, "deep": '{"a": 2, "x": 3}'},
        "parts": [{"id": "1", "name": "p", "x": 4, "caps": [{"id": "c", "name": "k", "limit": 2, "x": 5}]}],
        "closed": {"a": {"field": "g", "x": 6}},
        "settings": {"theirs": "t", "ours": "o"},
    }


def test_children_come_go_and_change_places_and_keep_their_ids() -> None:
    ranked = [{"id": str(i), "name": name} for i, name in enumerate("abc")]
    found = laid({"ranked": {"c": {}, "x": {}, "a": {}}}, {"name": "n", "ranked": ranked})
    assert found["ranked"] == [{"id": "2", "name": "c"}, {"name": "x"}, {"id": "0", "name": "a"}]


def test_an_insert_in_the_middle_arrives_in_the_middle() -> None:
    ranked = [{"id": "0", "name": "a"}, {"id": "1", "name": "b"}]
    sent = {"name": "n", "ranked.$order": ["a", "b"]}
    found = laid({"ranked": {"a": {}, "x": {}, "b": {}}}, {"name": "n", "ranked": ranked}, sent=sent)
    assert [child["name"] for child in found["ranked"]] == ["a", "x", "b"]
    bare = laid({"bare": {"x": {"on": True}, "a": {}}}, {"name": "n", "bare": {"a": {}}})
    assert list(bare["bare"].items()) == [("x", {"on": True}), ("a", {})]


def test_others_that_are_kept_keep_their_places() -> None:
    ranked = [{"id": str(i), "name": name} for i, name in enumerate("byaz")]
    found = laid({"ranked": {"a": {}, "b": {}, "$others": "keep"}}, {"name": "n", "ranked": ranked})
    assert [child["name"] for child in found["ranked"]] == ["a", "y", "b", "z"]


def test_children_without_ids_are_edited_and_removed() -> None:
    mapped = [{"property": "p", "value": "1", "x": 1}, {"property": "q", "value": "2"}, {"property": "r", "value": "3"}]
    found = laid({"mapped": [{"property": "p", "value": "9"}, {"property": "r"}]}, {"name": "n", "mapped": mapped})
    assert found["mapped"] == [{"property": "p", "value": "9", "x": 1}, {"property": "r", "value": "3"}]


def test_a_replaced_child_takes_the_place_of_the_old_one() -> None:
    raw = {"name": "n", "ranked": [{"id": str(i), "name": name, "x": i} for i, name in enumerate("abc")]}
    gone = ChildChange(("ranked", "b"), "ranked.b", "remove", "1")
    come = ChildChange(("ranked", "b"), "ranked.b", "add", None, {"name": "b", "weight": 1})
    ids = {"ranked.a": "0", "ranked.b": "1", "ranked.c": "2"}
    found, touched = lay_over(SHAPE, raw, Overlay((), (gone, come), ids))
    assert found["ranked"][1] == {"name": "b", "weight": 1}
    assert [child["name"] for child in found["ranked"]] == ["a", "b", "c"]
    order = LeafChange(("ranked", "$order"), "ranked.$order", after=["c", "b", "a"])
    moved, _ = lay_over(SHAPE, raw, Overlay((order,), (gone, come), ids))
    assert [child["name"] for child in moved["ranked"]] == ["c", "b", "a"]
    assert touched == frozenset({"ranked"})


def test_what_arrived_although_the_answer_was_lost_is_not_added_twice() -> None:
    raw: dict[str, Any] = {"name": "n", "steps": [{"id": "1", "type": "x"}], "parts": []}
    overlay = overlay_of(compare({"name": "n", "steps": [{"type": "x"}] * 2, "parts": {"p": {}}}, raw))
    arrived = {
        "name": "n",
        "steps": [{"id": "1", "type": "x"}, {"id": "2", "type": "x", "x": 1}],
        "parts": [{"id": "3", "name": "p"}],
    }
    assert lay_over(SHAPE, arrived, overlay)[0] == arrived


def test_rules_that_did_not_change_keep_their_ids_and_an_edited_one_drops_what_is_stale() -> None:
    rules = [
        {"id": 1, "field": "a", "value": "1"},
        {"id": 2, "field": "b", "value": "stale", "theirs": True},
        {"id": 3, "field": "c"},
    ]
    found = laid(
        {"rules": [{"field": "c"}, {"field": "B"}, {"field": "a", "value": "1"}]}, {"name": "n", "rules": rules}
    )
    assert found["rules"] == [
        {"id": 3, "field": "c"},
        {"id": 2, "theirs": True, "field": "B"},
        {"id": 1, "field": "a", "value": "1"},
    ]


def test_nested_rule_trees_keep_ids_below() -> None:
    rules = [{"id": 1, "field": "a", "rules": [{"id": 2, "field": "x"}, {"id": 3, "field": "y"}]}]
    found = laid({"rules": [{"field": "a", "rules": [{"field": "y"}, {"field": "z"}]}]}, {"name": "n", "rules": rules})
    assert found["rules"] == [{"id": 1, "field": "a", "rules": [{"id": 3, "field": "y"}, {"id": 2, "field": "z"}]}]


def test_the_type_of_a_variant_is_the_one_that_it_will_be() -> None:
    raw = {"name": "n", "sort": "text", "varied": "x"}
    assert laid({"varied": {"a": 1}, "sort": "json"}, raw)["varied"] == '{"a":1}'


def test_an_object_that_is_not_there_yet_is_made() -> None:
    assert laid({"nested": {"size": 1, "deep": {"a": 1}}}, {"name": "n", "nested": None})["nested"] == {
        "size": 1,
        "deep": '{"a": 1}',
    }


def test_a_child_that_went_in_the_meantime_is_an_error_and_a_removed_one_is_not() -> None:
    leaf = LeafChange(("parts", "p", "weight"), "parts.p.weight", after=1)
    with pytest.raises(LookupError, match=r"parts\.p is not there any more"):
        lay_over(SHAPE, {"name": "n", "parts": []}, Overlay((leaf,), (), {"parts.p": "1"}))
    gone = ChildChange(("parts", "p"), "parts.p", "remove", "1")
    assert lay_over(SHAPE, {"name": "n", "parts": []}, Overlay((), (gone,)))[0]["parts"] == []


def test_what_is_no_child_at_all_stays_where_it_is() -> None:
    raw = {"name": "n", "parts": ["odd", {"id": "1", "name": "p"}]}
    assert laid({"parts": {"p": {"weight": 1}}}, raw)["parts"] == ["odd", {"id": "1", "name": "p", "weight": 1}]


def test_raw_attributes_are_touched_by_their_own_name() -> None:
    overlay = overlay_of(compare({"name": "n", "$raw": {"odd": 2}}, {"name": "n", "odd": 1}))
    body, touched = lay_over(SHAPE, {"name": "n", "odd": 1}, overlay)
    assert (body, touched) == ({"name": "n", "odd": 2}, frozenset({"odd"}))


def test_a_free_map_is_merged_and_a_closed_one_is_replaced() -> None:
    free = merged(SHAPE.fields["settings"], {"a": "1", "b": None}, {"b": "x", "c": "y"}, {})
    assert free == {"a": "1", "b": None, "c": "y"}
    assert merged(SHAPE.fields["closed"], {"a": {"field": "x"}}, {"b": {"field": "y"}}, {}) == {"a": {"field": "x"}}
    assert merged(SHAPE.fields["settings"], {"a": "1"}, MISSING, {}) == {"a": "1"}
