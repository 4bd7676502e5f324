"""Whether a create arrived whose answer was lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.applier.recover import Attempt, Undecided, find_created
from reconciler.model.kind import Kind
from reconciler.model.values import Sensitive
from tests.planner.board import BOARDS, KEYED, Fake, item


def attempt(body: dict[str, Any] | None, kind: Kind = BOARDS, **more: Any) -> Attempt:
    declared = item("a", body).desired if body is not None else None
    return Attempt(kind, {}, "toy.boards.a", more.get("minted"), more.get("key", "a"), more.get("twins", ()), declared)


def look(one: Attempt, *objects: dict[str, Any], tracked: dict[str, str] | None = None) -> str | None:
    found = find_created(Fake({row["id"]: row for row in objects}), one, tracked or {})
    return None if found is None else str(found["id"])


def test_the_id_that_we_chose_decides() -> None:
    assert look(attempt({}, minted="m"), {"id": "m", "name": "other"}) == "m"
    assert look(attempt({}, minted="m"), {"id": "x", "name": "a"}) is None


def test_a_unique_key_decides_without_looking_at_the_body() -> None:
    assert look(attempt({"size": 3}, KEYED), {"id": "1", "name": "A", "size": 4}) == "1"


def test_a_name_decides_only_with_an_equal_body_that_was_not_there_before() -> None:
    one = attempt({"size": 3, "status": "active", "next": "9", "password": Sensitive("s", "x")})
    assert look(one, {"id": "1", "name": "a", "size": 3, "status": "draft"}) == "1"
    assert look(one, {"id": "1", "name": "a", "size": 4}) is None
    assert look(replace(one, twins=("1",)), {"id": "1", "name": "a", "size": 3}) is None
    assert look(one, {"id": "1", "name": "a", "size": 3}, tracked={"1": "toy.boards.b"}) is None


def test_what_the_platform_put_in_by_itself_does_not_hide_the_object() -> None:
    one = attempt({"cards": {"c": {}}})
    made = [{"id": "8", "name": "default"}, {"id": "9", "name": "c"}]
    assert look(one, {"id": "1", "name": "a", "cards": made}) == "1"
    assert look(one, {"id": "1", "name": "a", "cards": made[:1]}) is None


def test_several_are_for_a_person_to_decide() -> None:
    with pytest.raises(Undecided, match=r"\(1, 2\).*reconciler import toy.boards.a ID"):
        look(attempt({}), {"id": "1", "name": "a"}, {"id": "2", "name": "a"})


def test_without_a_key_nothing_is_guessed() -> None:
    assert look(attempt({}, key=None), {"id": "1", "name": "a"}) is None


def test_a_list_that_lags_behind_is_read_again() -> None:
    kind = replace(BOARDS, consistency=0.001)
    adapter = Fake()
    asked: list[int] = []

    def late(*_: Any) -> list[dict[str, Any]]:
        asked.append(1)
        return [{"id": "1", "name": "a"}] if len(asked) > 1 else []

    adapter.list = late  # type: ignore[method-assign, assignment] # the fake answers late
    found = find_created(adapter, attempt({}, kind), {})
    assert found is not None
    assert len(asked) == 2
