import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state import Change, ForeignState, State, StateDamaged, SurgeryRefused
from reconciler.state.surgery import list_entries, moves, mv, pull, push, rm, show
from tests.state.data import entry, new_state

A, B, C = "convert.goals.a", "convert.goals.b", "convert.experiences.c"


def ledger() -> State:
    state = new_state()
    state.resources = {
        A: entry("1"),
        B: entry("2", deps=[A]),
        C: entry(
            "3",
            kind="experiences",
            deps=[A, B],
            children={"variations.original": "10", "variations.bar": "11", 'variations.bar.changes["x"]': "12"},
            sent={"name": "C", "variations.bar.name": "Bar", 'variations.bar.changes["x"].js': "1"},
            seen={"variations.bar.name": "Bar", "variations.barn.name": "Barn"},
            secrets={"variations.bar.token": "assumed"},
        ),
        "convert.goals.many['de']": entry("4"),
        "convert.goals.many['at']": entry("5"),
        "module.acme.convert.goals.a": entry("6", deps=["module.acme.convert.goals.b"]),
        "module.acme.convert.goals.b": entry("7"),
    }
    return state


def applied(state: State, change: Change) -> State:
    for address in change.remove:
        state.resources.pop(address, None)
    state.resources.update(change.put)
    return state


def ids(state: State) -> dict[str, str]:
    return {address: found.id for address, found in state.resources.items()}


def test_listing_takes_patterns() -> None:
    state = ledger()
    assert list_entries(state) == sorted(state.resources)
    assert list_entries(state, "convert.goals.many") == ["convert.goals.many['at']", "convert.goals.many['de']"]
    assert list_entries(state, "convert.*.c", "module.acme") == [
        C,
        "module.acme.convert.goals.a",
        "module.acme.convert.goals.b",
    ]


def test_showing_one() -> None:
    assert show(ledger(), 'convert.goals.many["de"]')["id"] == "4"
    with pytest.raises(SurgeryRefused, match="not in the state"):
        show(ledger(), "convert.goals.gone")


def test_a_move_takes_those_along_who_refer_to_it() -> None:
    before = ledger()
    state = applied(ledger(), mv(before, A, "convert.goals.z"))
    assert A not in state.resources
    assert state.resources["convert.goals.z"].id == "1"
    assert state.resources[B].deps == ["convert.goals.z"]
    assert state.resources[C].deps == ["convert.goals.z", B]
    assert ids(before) == ids(ledger()), "the ledger handed in must not change"


def test_two_may_change_places() -> None:
    state = applied(ledger(), moves(ledger(), {A: B, B: A}))
    assert (state.resources[A].id, state.resources[B].id) == ("2", "1")
    assert state.resources[A].deps == [B]
    assert state.resources[C].deps == [B, A]


@given(st.permutations([f"convert.goals.g{number}" for number in range(6)]))
def test_any_permutation_is_one_simultaneous_mapping(order: list[str]) -> None:
    state = new_state()
    names = sorted(order)
    state.resources = {name: entry(name, deps=[names[(index + 1) % 6]]) for index, name in enumerate(names)}
    mapping: Mapping[str, str] = dict(zip(names, order, strict=True))
    applied(state, moves(state, mapping))
    for name in names:
        moved = state.resources[mapping[name]]
        assert moved.id == name
        assert moved.deps == [mapping[names[(names.index(name) + 1) % 6]]]


def test_instances_and_modules_move_whole() -> None:
    state = applied(ledger(), mv(ledger(), "convert.goals.many", "convert.goals.lots"))
    assert ids(state)["convert.goals.lots['de']"] == "4"
    state = applied(ledger(), mv(ledger(), "module.acme", "module.bright"))
    assert state.resources["module.bright.convert.goals.a"].deps == ["module.bright.convert.goals.b"]
    assert not list_entries(state, "module.acme")


def test_a_child_is_renamed_wherever_its_path_stands() -> None:
    state = applied(ledger(), mv(ledger(), f"{C}.variations.bar", f"{C}.variations.banner"))
    found = state.resources[C]
    assert found.children == {
        "variations.original": "10",
        "variations.banner": "11",
        'variations.banner.changes["x"]': "12",
    }
    assert set(found.sent) == {"name", "variations.banner.name", 'variations.banner.changes["x"].js'}
    assert set(found.seen) == {"variations.banner.name", "variations.barn.name"}
    assert set(found.secrets) == {"variations.banner.token"}
    swapped = applied(
        ledger(),
        moves(
            ledger(),
            {f"{C}.variations.bar": f"{C}.variations.original", f"{C}.variations.original": f"{C}.variations.bar"},
        ),
    ).resources[C]
    assert (swapped.children["variations.original"], swapped.children["variations.bar"]) == ("11", "10")


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("convert.goals.gone", "convert.goals.z", "not in the state"),
        (A, B, "in the state already"),
        (A, "convert.audiences.a", "account and kind must stay the same"),
        (A, "convert-eu.goals.a", "account and kind must stay the same"),
        (A, "nonsense", "not an address"),
        (f"{C}.variations.bar", f"{C}.variations.original", "already"),
        (f"{C}.variations.bar", f"{A}.variations.bar", "stays in it"),
        (f"{C}.variations.gone", f"{C}.variations.z", "has no `variations.gone`"),
    ],
)
def test_a_move_that_would_break_the_ledger_is_refused(source: str, target: str, says: str) -> None:
    with pytest.raises(SurgeryRefused, match=says):
        mv(ledger(), source, target)


def test_two_cannot_become_one() -> None:
    with pytest.raises(SurgeryRefused, match="would both become"):
        moves(ledger(), {A: "convert.goals.z", B: "convert.goals.z"})


def test_a_move_done_long_ago_is_passed_over() -> None:
    change = moves(ledger(), {"convert.goals.gone": "convert.goals.z"})
    assert (change.put, list(change.remove)) == ({}, [])


def test_forgetting_takes_all_beneath() -> None:
    assert sorted(rm(ledger(), "convert.goals.many").remove) == ["convert.goals.many['at']", "convert.goals.many['de']"]
    with pytest.raises(SurgeryRefused):
        rm(ledger(), "convert.goals.gone")


def test_what_was_pulled_can_be_pushed() -> None:
    state = ledger()
    assert push(state, pull(state)) == state
    assert push(None, pull(state)) == state


def test_pushing_checks_lineage_serial_and_ownership() -> None:
    state = ledger()
    state.serial = 5

    def edited(**fields: object) -> bytes:
        return json.dumps({**json.loads(pull(state)), **fields}).encode()

    assert push(state, edited(serial=6)).serial == 6
    for force in (False, True):
        with pytest.raises(ForeignState, match="`other`"):
            push(state, edited(project="other"), force=force)
        with pytest.raises(StateDamaged):
            push(state, b"{", force=force)
    refused: list[tuple[type[Exception], dict[str, object], str]] = [
        (ForeignState, {"lineage": "another", "serial": 9}, "lineage"),
        (SurgeryRefused, {"serial": 4}, "older"),
        (SurgeryRefused, {"tool": "9"}, "other content"),
    ]
    for error, fields, says in refused:
        with pytest.raises(error, match=says):
            push(state, edited(**fields))
        assert push(state, edited(**fields), force=True)
