"""The live side in canonical form: what servers do to values must not look like a change."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.base.observe import leaf_same, masked, project, same
from reconciler.model.values import MISSING, Sensitive
from tests.adapters.base.toys import SHAPE, compare, declared, differences

FIELDS = SHAPE.fields


def live(name: str, raw: Any, want: Any = None, **beside: Any) -> Any:
    return project(FIELDS[name], want, raw, beside)


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("size", "12", 12),
        ("size", "1_000", "1_000"),  # no number but in Python
        ("size", "9007199254740993", 9007199254740993),  # beyond what a float holds
        ("size", "nan", "nan"),
        ("size", "infinity", "infinity"),
        ("size", 12.0, 12),
        ("size", True, True),
        ("share", "0.5", 0.5),
        ("share", 33.3349, 33.33),
        ("share", True, True),
        ("live", "true", True),
        ("live", "False", False),
        ("live", 1, True),
        ("live", "yes", "yes"),
        ("name", 5, "5"),
        ("name", True, "true"),
        ("level", "LOW", "Low"),
        ("level", "odd", "odd"),
        ("code", "a\r\nb\n", "a\nb"),
        ("owner", 17, "17"),
        ("owner", {"id": 17, "name": "x"}, "17"),
        ("owner", {"_id": "5f"}, "5f"),
        ("owner", None, None),
        ("anything", {"a": [1]}, {"a": [1]}),
    ],
)
def test_a_scalar_as_the_server_wrote_it(name: str, raw: Any, expected: Any) -> None:
    found = live(name, raw)
    assert type(found) is type(expected)
    assert found == expected


def test_a_default_fills_the_live_side_of_scalars_and_lists() -> None:
    assert live("size", MISSING) == 7
    assert live("tags", MISSING) == ["x"]
    assert live("name", MISSING) is MISSING


@pytest.mark.parametrize(("sort", "expected"), [("integer", 5), ("text", "5"), ("json", 5), (None, "5")])
def test_a_variant_takes_its_type_from_its_siblings(sort: str | None, expected: Any) -> None:
    assert live("varied", "5", sort=sort) == expected


def test_json_that_is_none_is_left_as_it_is() -> None:
    assert live("varied", "{no", sort="json") == "{no"


@pytest.mark.parametrize(
    ("want", "raw"),
    [
        (["2", "1"], [1, 2]),
        (["1", "2"], [{"id": 2}, {"id": 1}, {"id": 1}]),
        ([], None),
        ([], MISSING),
        (None, []),
        (None, MISSING),
    ],
)
def test_sets_of_references_are_equal_in_any_order_and_form(want: Any, raw: Any) -> None:
    shape = FIELDS["targets"]
    assert leaf_same(shape, want, project(shape, want, raw))


def test_a_set_shows_what_nobody_declared_behind_what_somebody_did() -> None:
    assert live("targets", [9, 1, 3, 2], ["2", "1"]) == ["2", "1", "3", "9"]


@pytest.mark.parametrize(
    ("name", "want", "raw", "equal"),
    [
        ("note", None, "", True),
        ("note", "", None, True),
        ("note", "", MISSING, True),
        ("note", None, "x", False),
        ("size", 0, None, False),
        ("live", False, None, False),
        ("share", 33.333, 33.33, True),  # both sides as the platform rounds
        ("share", 33.34, 33.33, False),
        ("rules", [{"field": "a", "value": None}], [{"field": "a"}], True),
        ("rules", [{"field": "a"}], [{"field": "a", "id": 7, "value": "live only"}], True),
        ("rules", [{"field": "a", "weight": 0.333}], [{"field": "a", "weight": "0.33"}], True),
        ("rules", [{"field": "a"}], [{"field": "a"}, {"field": "b"}], False),  # lists are closed
        ("rules", [{"field": "a"}, {"field": "b"}], [{"field": "b"}, {"field": "a"}], False),
        (
            "rules",
            [{"field": "a", "rules": [{"field": "b"}]}],
            [{"field": "a", "rules": [{"field": "b", "id": 1}]}],
            True,
        ),
        ("rules", [{"field": "a", "rules": []}], [{"field": "a"}], True),
        ("rules", [{"field": "a", "keys": ["2", "1"]}], [{"field": "a", "keys": [1, 2]}], True),
        ("rules", [{"field": "a", "$raw": {"odd": 1}}], [{"field": "a", "odd": 1}], True),
        ("rules", [{"field": "a", "$raw": {"odd": 1}}], [{"field": "a", "odd": 2}], False),
        ("bag", [{"field": "a"}, {"field": "b"}], [{"field": "b", "id": 2}, {"field": "a", "id": 1}], True),
        ("bag", [{"field": "a"}], [{"field": "a"}, {"field": "a"}], False),
        ("settings", {"a": "1"}, {"a": 1, "other": "x"}, True),  # free-form: others are not ours
        ("settings", {"a": None}, {"other": "x"}, True),
        ("settings", {"a": "1"}, {}, False),
        ("closed", {"a": {"field": "x"}}, {"a": {"field": "x", "id": 4}}, True),
        ("closed", {"a": {"field": "x"}}, {"a": {"field": "x"}, "b": {"field": "y"}}, False),
        ("closed", {}, None, True),
        ("anything", 1, True, False),
        ("anything", {"a": [1]}, {"a": [True]}, False),
    ],
)
def test_a_leaf_holds_or_does_not(name: str, want: Any, raw: Any, *, equal: bool) -> None:
    shape = FIELDS[name]
    body = declared({"name": "n", name: want})[name]
    assert leaf_same(shape, body, project(shape, body, raw)) is equal


def test_numbers_are_compared_as_the_platform_rounds_them_whoever_wrote_them() -> None:
    assert leaf_same(FIELDS["share"], 33.333, 33.33)
    assert leaf_same(FIELDS["rules"], [{"field": "a", "weight": 0.333}], [{"field": "a", "weight": 0.33}])
    assert not leaf_same(FIELDS["share"], 33.34, 33.33)


def test_objects_are_open_and_codecs_are_undone_at_any_depth() -> None:
    want = {"name": "n", "nested": {"color": "Red", "deep": {"a": 1}}}
    raw = {"name": "n", "nested": {"color": "RED", "size": 9, "deep": '{"a": 1, "b": ["x"], "c": 3}'}}
    assert differences(compare(want, raw)) == []
    raw["nested"] = {"color": "RED", "deep": '{"a": 2}'}
    assert differences(compare(want, raw)) == ["nested.deep.a: 2 -> 1"]


def test_same_is_strict_about_types_where_python_is_not() -> None:
    assert not same(1, True)
    assert same(1, 1.0)
    assert not same([1], [True])
    assert same(Sensitive("x", "l"), "x")
    assert not same("1", 1)


@pytest.mark.parametrize("value", [MISSING, None, "****", "*", "ab****yz"])
def test_masks(value: Any) -> None:
    assert masked(value)


@pytest.mark.parametrize("value", ["", "a", "a*b", 5])
def test_no_masks(value: Any) -> None:
    assert not masked(value)
