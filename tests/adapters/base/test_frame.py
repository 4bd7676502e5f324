"""The frame property: an overlay makes the live object what is declared, and changes nothing else.

Drawn declarations are laid over drawn live objects; compared again nothing is left to do, whatever nobody declared is
as it was, and laying the same overlay a second time (an answer that was lost) changes nothing.
"""

from __future__ import annotations

import copy
import itertools
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.adapters.base.children import identity_of
from reconciler.adapters.base.compare import Compare, Comparison
from reconciler.adapters.base.declare import ChildMap
from reconciler.adapters.base.wire import lay_over, object_to_wire
from reconciler.model.shape import ChildrenShape, MapShape, ObjectShape
from tests.adapters.base.toys import SHAPE, Context, Declare, differences, give_ids, json_text, overlay_of

EXAMPLES = int(os.environ.get("FRAME_EXAMPLES", "150"))
WORDS = ("a", "b", "c", "d", "")
NAMES = ("ann", "bob", "cat", "dan", "eve")

word = st.sampled_from(WORDS)
name = st.sampled_from(NAMES)
number = st.integers(-2, 3)
share = st.sampled_from([0, 0.5, 33.333, 33.33, 50, 1.005])
target = st.sampled_from(["1", "2", "3"])


def some(fields: dict[str, st.SearchStrategy[Any]], **required: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=fields)


rule: st.SearchStrategy[dict[str, Any]] = st.deferred(
    lambda: some(
        {
            "value": st.one_of(st.none(), word),
            "weight": share,
            "rules": st.lists(rule, max_size=2),
            "keys": st.lists(target, max_size=3),
        },
        field=word,
    )
)
cap = some({"limit": number}, name=name)
part_fields = {
    "weight": share,
    "style": st.sampled_from(["Small", "Large", None]),
    "caps": st.dictionaries(name, some({"limit": number}), max_size=3),
    "change": st.one_of(st.none(), st.lists(rule, max_size=2)),
}
step = some(
    {"text": word, "caps": st.lists(cap, max_size=2, unique_by=lambda c: c["name"])}, type=st.sampled_from("xy")
)
named_step = st.tuples(step, st.one_of(st.none(), name)).map(
    lambda pair: {**pair[0], "$name": pair[1]} if pair[1] else pair[0]
)


def once_named(steps: list[dict[str, Any]]) -> bool:
    names = [one["$name"] for one in steps if "$name" in one]
    return len(names) == len(set(names))


declared_toy = some(
    {
        "note": st.one_of(st.none(), word),
        "size": number,
        "share": share,
        "live": st.booleans(),
        "level": st.sampled_from(["Low", "High", None]),
        "anything": st.one_of(st.none(), st.booleans(), word, st.lists(number, max_size=2)),
        "sort": st.sampled_from(["text", "integer", "json", None]),
        "code": st.sampled_from(["a\n", "a\r\nb", "a", None]),
        "owner": st.one_of(st.none(), target),
        "targets": st.one_of(st.none(), st.lists(target, max_size=3)),
        "tags": st.lists(word, max_size=3),
        "nested": some(
            {
                "color": st.sampled_from(["Red", "red", None]),
                "size": number,
                "deep": st.one_of(st.none(), some({"a": number, "b": st.lists(word, max_size=2)})),
            }
        ),
        "rules": st.one_of(st.none(), st.lists(rule, max_size=4)),
        "bag": st.one_of(st.none(), st.lists(rule, max_size=3, unique_by=str)),
        "settings": st.dictionaries(name, st.one_of(st.none(), word), max_size=3),
        "closed": st.dictionaries(name, rule, max_size=3),
        "parts": st.one_of(
            st.dictionaries(name, some(part_fields), max_size=4),
            st.dictionaries(name, some(part_fields), max_size=3).map(lambda parts: {**parts, "$others": "keep"}),
        ),
        "ranked": st.dictionaries(name, some(part_fields), max_size=4),
        "steps": st.lists(named_step, max_size=5).filter(once_named),
        "mapped": st.lists(some({"value": st.one_of(st.none(), word)}, property=name), max_size=4),
        "keyed": st.dictionaries(name, some({"on": st.booleans()}), max_size=3),
        "bare": st.dictionaries(name, some({"on": st.booleans(), "note": st.one_of(st.none(), word)}), max_size=3),
    },
    name=word,
)


def wild(shape: ObjectShape, value: Any, numbers: Any) -> Any:
    """Add to a body what only a platform knows: members of its own at every depth, ids of list items, odd spellings."""
    if not isinstance(value, dict):
        return value
    out = {key: item for key, item in value.items() if not key.startswith("$")}
    for key, field in shape.fields.items():
        if key not in out:
            continue
        if isinstance(field, ObjectShape):
            out[key] = wild(field, out[key], numbers) if field.wire is None else out[key]
        elif isinstance(field, ChildrenShape):
            items = out[key].values() if isinstance(out[key], dict) else out[key]
            made = [wild(field.item, item, numbers) for item in items]
            out[key] = dict(zip(out[key], made, strict=True)) if isinstance(out[key], dict) else made
        elif isinstance(field, MapShape) and isinstance(field.value, ObjectShape):
            out[key] = {one: {**item, "secret_id": next(numbers)} for one, item in out[key].items()}
        elif isinstance(out[key], list) and key in {"rules", "bag", "change"}:
            out[key] = [{**item, "secret_id": next(numbers)} for item in out[key]]
    out["unknown"] = next(numbers)
    return out


@st.composite
def live_toy(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a platform could hold: another declaration as it was once written, with the platform's additions."""
    body = draw(declared_toy)
    numbers = itertools.count(1)
    raw = wild(SHAPE, object_to_wire(SHAPE, canonical(body)), numbers)
    raw = give_ids(SHAPE, raw, itertools.count(1))
    if draw(st.booleans()) and isinstance(raw.get("size"), int):
        raw["size"] = str(raw["size"])
    if draw(st.booleans()) and isinstance(raw.get("owner"), int):
        raw["owner"] = {"id": raw["owner"], "name": "expanded"}
    return raw


def canonical(body: dict[str, Any]) -> dict[str, Any]:
    return Declare(Context(), creating=False).body(SHAPE, copy.deepcopy(body))


def again(want: dict[str, Any], raw: dict[str, Any], ids: dict[str, str]) -> Comparison:
    return Compare({}, ids, lambda *_: None).run(SHAPE, want, raw, frozenset())


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=declared_toy, live=live_toy())
def test_an_overlay_makes_it_so_and_touches_nothing_else(body: dict[str, Any], live: dict[str, Any]) -> None:
    want = canonical(body)
    before = copy.deepcopy(live)
    found = again(want, live, {})
    if found.problems:
        return  # two candidates: the plan stops, nothing is written
    overlay = overlay_of(found)
    laid, touched = lay_over(SHAPE, live, overlay)
    assert live == before, "the live object itself is never changed"
    assert touched <= set(body)
    sent = copy.deepcopy(laid)
    written = give_ids(SHAPE, copy.deepcopy(laid), itertools.count(1000))
    after = again(want, written, found.ids)
    assert differences(after) == []
    undeclared_stay(SHAPE, want, before, sent)
    relaid, _ = lay_over(SHAPE, written, overlay) if not removed_places(found) else (written, frozenset())
    assert relaid == written, "laid a second time, after an answer that was lost, it changes nothing"


def removed_places(found: Comparison) -> bool:
    """Tell whether the overlay speaks of children that only their content identifies: they cannot be found again."""
    return any(text not in found.ids for text in found.places)


def undeclared_stay(shape: ObjectShape, want: dict[str, Any], before: Any, after: Any) -> None:
    """Whatever is not declared is as it was, at every depth; children are followed by their ids."""
    for key, value in before.items():
        if key not in want:
            assert after[key] == value, key
            continue
        field = shape.fields[key]
        if isinstance(field, ObjectShape) and field.wire is None and isinstance(want[key], dict):
            if isinstance(value, dict):
                undeclared_stay(field, want[key], value, after[key])
        elif isinstance(field, ChildrenShape) and isinstance(want[key], ChildMap):
            children_stay(field, want[key], value, after[key])
        elif key == "settings":
            for one, text in value.items():
                assert one in want[key] or after[key][one] == text


def children_stay(shape: ChildrenShape, want: ChildMap, before: Any, after: Any) -> None:
    old = {identity_of(shape, k, v): v for k, v in _items(before) if identity_of(shape, k, v) is not None}
    new = {identity_of(shape, k, v): v for k, v in _items(after) if identity_of(shape, k, v) is not None}
    if want.open:
        assert old.keys() <= new.keys()
    for identity, child in new.items():
        if identity in old:
            assert child.get("unknown") == old[identity].get("unknown"), identity


def _items(raw: Any) -> list[tuple[str | None, Any]]:
    return list(raw.items()) if isinstance(raw, dict) else [(None, item) for item in raw or ()]


def test_json_text_helper_is_its_own_inverse() -> None:
    assert json_text({"a": 1}) == '{"a": 1}'
