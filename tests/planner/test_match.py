"""Which live object belongs to which address: moves, adoption, what is gone, what is ambiguous."""

from __future__ import annotations

from typing import Any

from reconciler.model.kind import Kind
from reconciler.model.plan import Allowed
from reconciler.planner.item import Item
from reconciler.planner.match import Matcher, apply_moves, implicit_moves
from reconciler.planner.read import Group, Listing
from reconciler.project.model import Move
from reconciler.state.ledger import Entry
from tests.planner.board import BOARDS, KEYED, SCOPED, Fake, address, item, known

A, B, C = address("a"), address("b"), address("c")


def matcher(objects: list[dict[str, Any]], kind: Kind = BOARDS, *rules: tuple[str, str | None]) -> Matcher:
    rows = {row["id"]: row for row in objects}
    return Matcher(Listing(Group("toy", kind.name), Fake(rows), kind, rows), Allowed(rules))


def matched(one: Item, objects: list[dict[str, Any]], tracked: dict[str, str] | None = None, *rules: Any) -> Matcher:
    found = matcher(objects, one.kind, *rules)
    found.match([one], tracked or {})
    return found


# -- moves
def test_two_addresses_trade_places_at_once() -> None:
    moved = apply_moves({A: known("1"), B: known("2", deps=[A])}, (Move(A, B), Move(B, A)))
    assert {name: entry.id for name, entry in moved.entries.items()} == {B: "1", A: "2"}
    assert moved.previous == {B: A, A: B}
    assert moved.entries[A].deps == [B]


def test_those_that_have_traded_places_already_stay() -> None:
    swapped = {A: known("2", key="b"), B: known("1", key="a")}
    moves = (Move(A, B), Move(B, A))
    assert apply_moves(swapped, moves, {A: "b", B: "a"}.get).previous == {}
    assert apply_moves(swapped, moves, {A: "a", B: "b"}.get).previous == {B: A, A: B}


def test_nothing_is_lost_when_a_move_leads_to_a_taken_address() -> None:
    resources = {A: known("1"), B: known("2"), C: known("3")}
    moved = apply_moves(resources, (Move(A, B), Move(B, C)))
    assert {name: entry.id for name, entry in moved.entries.items()} == {A: "1", B: "2", C: "3"}
    both = apply_moves({A: known("1"), B: known("2")}, (Move(A, C), Move(B, C)))
    assert sorted(entry.id for entry in both.entries.values()) == ["1", "2"]


def test_a_chain_of_moves_to_a_free_address_goes_through() -> None:
    moved = apply_moves({A: known("1"), B: known("2")}, (Move(A, B), Move(B, C)))
    assert {name: entry.id for name, entry in moved.entries.items()} == {B: "1", C: "2"}


def test_children_trade_names_with_all_beneath_them() -> None:
    entry = known(
        "1",
        children={"cards.x": "9", "cards.y": "8", 'cards.x.steps["s"]': "7"},
        sent={"cards.x.text": "X", "cards.y.text": "Y", "cards.$order": ["x", "y"], "cards.xx.text": "other"},
        seen={"cards.x.text": "X"},
        secrets={"cards.y.key": "h"},
    )
    mapping = (Move(A, A, ("cards", "x"), ("cards", "y")), Move(A, A, ("cards", "y"), ("cards", "x")))
    found = apply_moves({A: entry}, mapping).entries[A]
    assert found.children == {"cards.y": "9", "cards.x": "8", 'cards.y.steps["s"]': "7"}
    assert found.sent["cards.y.text"] == "X"
    assert found.sent["cards.$order"] == ["y", "x"]
    assert found.sent["cards.xx.text"] == "other"
    assert found.secrets == {"cards.x.key": "h"}


def test_children_of_lists_are_renamed_at_any_depth() -> None:
    entry = known("1", children={'steps["s"]': "1", 'steps["s"].caps["c"]': "2"}, sent={'steps["s"].caps["c"].n': 1})
    found = apply_moves({A: entry}, (Move(A, A, ("steps", "s", "caps", "c"), ("steps", "s", "caps", "d")),)).entries[A]
    assert found.children == {'steps["s"]': "1", 'steps["s"].caps["d"]': "2"}
    assert found.sent == {'steps["s"].caps["d"].n': 1}


def test_an_unknown_source_is_ignored() -> None:
    resources = {A: known("1")}
    moved = apply_moves(resources, (Move(B, C), Move(A, A, ("cards", "no"), ("cards", "x"))))
    assert moved.entries == resources
    assert moved.previous == {}


def test_a_name_that_came_and_one_that_went_are_a_move() -> None:
    moves, checks = implicit_moves([item("b", {"name": "X"})], {A: known("1", key="X")}, BOARDS)
    assert (moves, checks) == ({B: A}, [])


def test_of_names_that_repeat_there_must_be_one_on_each_side() -> None:
    gone = {A: known("1", key="X"), C: known("2", key="X")}
    moves, checks = implicit_moves([item("b", {"name": "X"})], gone, BOARDS)
    assert moves == {}
    assert "moved: [- {from: toy.boards.a, to: …}; - {from: toy.boards.c, to: …}]" in checks[0].message


def test_the_same_name_in_another_scope_is_another_object() -> None:
    here, there = known("1", SCOPED, key="b", scope={"project_id": "p1"}), known("2", SCOPED, key="b")
    there.scope = {"project_id": "p2"}
    came = item("b", kind=SCOPED)
    assert implicit_moves([came], {A: there}, SCOPED)[0] == {}
    assert implicit_moves([came], {A: here}, SCOPED)[0] == {came.address: A}
    assert implicit_moves([came], {A: here, C: there}, SCOPED)[0] == {came.address: A}


# -- adoption
def test_a_unique_key_is_adopted_by_its_canonical_form() -> None:
    one = item("a", {"name": "KEY"}, kind=KEYED)
    matched(one, [{"id": "1", "name": "key"}])
    assert (one.id, one.adopted, one.unarchive) == ("1", "1", False)


def test_an_archived_unique_match_is_brought_back() -> None:
    one = item("a", kind=KEYED)
    matched(one, [{"id": "1", "name": "a", "status": "archived"}])
    assert (one.adopted, one.unarchive) == ("1", True)


def test_several_candidates_and_taken_keys_are_errors_that_name_them() -> None:
    one = item("a", kind=KEYED)
    matched(one, [{"id": "1", "name": "a"}, {"id": "2", "name": "A"}])
    assert one.errors == ["2 live ones have the key a: 1, 2; choose one with $import"]
    other = item("a", kind=KEYED)
    matched(other, [{"id": "1", "name": "a"}], {"1": "toy.keyed.z"})
    assert other.raw is None
    assert "taken by toy.keyed.z" in other.errors[0]


def test_a_name_that_may_repeat_is_adopted_only_when_told_to() -> None:
    rows: list[dict[str, Any]] = [{"id": "1", "name": "a", "created_at": "2026", "created_by": "ann"}]
    one = item("a")
    found = matched(one, rows)
    assert one.raw is None
    assert found.checks[0].override == f"adopt={A}"
    assert "id 1, since 2026 by ann" in found.checks[0].message
    for told, rules in ((item("a", adopt=True), ()), (item("a"), (("adopt", A),))):
        assert matched(told, rows, None, *rules).checks == []
        assert told.adopted == "1"


def test_what_is_tracked_elsewhere_is_no_candidate_nor_is_a_preset_nor_an_archived_twin() -> None:
    one = item("a")
    rows: list[dict[str, Any]] = [
        {"id": "1", "name": "a"},
        {"id": "2", "name": "a", "preset": 1},
        {"id": "3", "name": "a", "status": "archived"},
    ]
    found = matched(one, rows, {"1": B})
    assert (found.checks, one.raw, one.errors) == ([], None, [])
    assert one.notes == ["an archived board of the same name exists (3)"]
    assert one.twins == ("1", "2", "3")


def test_two_of_a_name_cannot_both_be_adopted() -> None:
    one = item("a", adopt=True)
    matched(one, [{"id": "1", "name": "a"}, {"id": "2", "name": "a"}])
    assert "choose one with $import" in one.errors[0]


# -- import, existing, gone
def test_import() -> None:
    rows: list[dict[str, Any]] = [{"id": "1", "name": "x"}]
    good, none, taken = item("a", import_id="1"), item("a", import_id="9"), item("a", import_id="1")
    matched(good, rows)
    matched(none, rows)
    matched(taken, rows, {"1": B})
    assert good.adopted == "1"
    assert none.errors == ["$import says 9, and there is no such board"]
    assert taken.errors == [f"$import says 1, which state tracks as {B}; to rename it, write `moved`"]


def test_import_of_what_is_tracked_here_does_nothing_and_of_another_is_an_error() -> None:
    rows: list[dict[str, Any]] = [{"id": "1", "name": "a"}]
    same, other = item("a", import_id="1", entry=known("1")), item("a", import_id="2", entry=known("1"))
    matched(same, rows, {"1": A})
    matched(other, rows, {"1": A})
    assert (same.adopted, same.errors, same.id) == (None, [], "1")
    assert "state already tracks 1 here" in other.errors[0]


def test_what_is_only_looked_up_must_be_there_once() -> None:
    rows: list[dict[str, Any]] = [{"id": "1", "name": "x", "size": "3"}, {"id": "2", "name": "x", "size": 4}]
    one, many, none = (
        item("a", existing={"size": 3}),
        item("a", existing={"name": "x"}),
        item("a", existing={"id": "7"}),
    )
    for each in (one, many, none):
        matched(each, rows)
    assert one.id == "1"
    assert "2 live ones have name x" in many.errors[0]
    assert "there is no board with id 7" in none.errors[0]


def gone(kind: Kind, objects: list[dict[str, Any]]) -> tuple[Item, Matcher, Entry]:
    entry = known("old", kind)
    one = item("a", kind=kind, entry=entry)
    found = matched(one, objects, {"old": one.address})
    assert one.gone
    found.recreate(one, {"old": one.address})
    return one, found, entry


def test_a_tracked_object_that_is_gone_is_found_again_by_a_unique_key() -> None:
    one, _, _ = gone(KEYED, [{"id": "new", "name": "a"}])
    assert (one.id, one.adopted, one.entry) == ("new", "new", None)


def test_a_tracked_object_that_is_gone_is_made_again_whatever_bears_its_name() -> None:
    one, found, entry = gone(BOARDS, [{"id": "twin", "name": "a"}])
    assert (one.id, one.raw, one.entry, found.checks) == (None, None, entry, [])
