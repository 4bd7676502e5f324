"""Guardrails: how many may go, what must never go, and how each is lifted."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.plan import Allowed
from reconciler.planner.guard import limit_of, max_deletes, nothing_declared, protected
from reconciler.planner.steps import Work
from reconciler.project.model import Guardrails, Limit
from tests.planner.board import address, going, item, known, works

NONE = Allowed()


@pytest.mark.parametrize(
    ("limit", "tracked", "expected"),
    [
        (Limit(3, percent=False), 100, 3),
        (Limit(0, percent=False), 5, 0),
        (Limit(30, percent=True), 9, None),  # binds from ten on
        (Limit(30, percent=True), 10, 3),
        (Limit(10, percent=True), 19, 1),
        (Limit(29, percent=True), 100, 29),
        (Limit(0, percent=True), 10, 0),
    ],
)
def test_limits(limit: Limit, tracked: int, expected: int | None) -> None:
    assert limit_of(limit, tracked) == expected


def test_a_percentage_is_of_what_state_tracks_not_of_what_is_looked_at() -> None:
    entries = {address(f"n{i}"): known(str(i)) for i in range(20)}
    gone = {address(f"n{i}"): Work(going(f"n{i}", raw={"id": str(i)}), None) for i in range(7)}
    rails = Guardrails()
    checks = max_deletes(gone, entries, rails, NONE)
    assert [(check.status, check.override) for check in checks] == [("fail", "deletes=7")]
    assert "7 of 20 would be deleted, the limit is 30%" in checks[0].message
    assert max_deletes(dict(list(gone.items())[:6]), entries, rails, NONE) == []


@pytest.mark.parametrize(("allowed", "status"), [("7", "allowed"), ("6", "fail"), ("x", "fail"), (None, "fail")])
def test_the_override_says_how_many(allowed: str | None, status: str) -> None:
    entries = {address(f"n{i}"): known(str(i)) for i in range(20)}
    gone = {address(f"n{i}"): Work(going(f"n{i}", raw={"id": str(i)}), None) for i in range(7)}
    assert max_deletes(gone, entries, Guardrails(), Allowed((("deletes", allowed),)))[0].status == status


def test_what_is_forgotten_or_gone_already_is_no_deletion() -> None:
    rails = Guardrails(max_deletes=Limit(0, percent=False))
    forgotten = going("a", raw={"id": "1"}, removal="forget")
    away = going("b", raw={"id": "2"})
    away.raw = None
    assert max_deletes({i.address: Work(i, None) for i in (forgotten, away)}, {}, rails, NONE) == []


def test_children_are_counted_in_their_own_collection() -> None:
    cards = [{"id": str(i), "name": f"c{i}", "labels": [{"id": f"l{i}", "name": "l"}]} for i in range(10)]
    ids = {f"cards.c{i}": str(i) for i in range(10)}
    body: dict[str, Any] = {"cards": {f"c{i}": {"labels": {"l": {}}} for i in range(6)}}
    one = item("a", body, raw={"id": "1", "name": "a", "cards": cards}, entry=known("1", children=ids))
    checks = max_deletes(works(one), {one.address: known("1")}, Guardrails(), NONE)
    assert [check.message for check in checks] == ["toy.boards.a.cards: 4 of 10 would be deleted, the limit is 30%"]


def test_protection_is_remembered_when_its_declaration_is_gone() -> None:
    one = going("a", raw={"id": "1"})
    assert one.entry is not None
    one.entry.protect = True
    assert [check.override for check in protected([one], [], NONE)] == [f"destroy={one.address}"]
    assert protected([one], [], Allowed((("destroy", one.address),)))[0].status == "allowed"
    one.removal = "forget"
    assert protected([one], [], NONE) == []


def test_a_replacement_of_what_is_protected_is_refused_and_a_kind_may_refuse_removal() -> None:
    shielded = item("a", {"fixed": "b"}, raw={"id": "1", "fixed": "a"}, prevent_destroy=True)
    assert protected([], [shielded], NONE)[0].status == "fail"
    refused = going("b", raw={"id": "2"}, removal="refuse")
    assert [(check.name, check.override) for check in protected([refused], [], NONE)] == [("on_remove", None)]


def test_nothing_declared_at_all_is_more_often_a_mistake() -> None:
    entries = {address("a"): known("1")}
    assert nothing_declared([], entries, NONE)[0].status == "fail"
    assert nothing_declared([], entries, Allowed((("empty", None),)))[0].status == "allowed"
    assert nothing_declared([("toy", "boards")], entries, NONE) == []
    assert nothing_declared([], {}, NONE) == []
