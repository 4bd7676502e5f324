"""What a difference means: the truth table on whole resources, kept switches, refusals, replacements, publishing."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.plan import LeafChange
from reconciler.model.values import Sensitive
from reconciler.planner.diff import Diff
from reconciler.planner.item import Item
from tests.planner.board import PUBLISHED_BOARDS, differ, item, known


def live(**more: Any) -> dict[str, Any]:
    return {"id": "1", "name": "a", **more}


def state(**values: Any) -> dict[str, Any]:
    """Return sent and seen of an entry, as they are when both are alike."""
    return {"sent": {"name": "a", **values}, "seen": {"name": "a", **values}}


def diff(
    body: dict[str, Any], raw: dict[str, Any], entry: dict[str, Any] | None = None, **more: Any
) -> tuple[Diff, Item]:
    known_entry = known("1", **entry) if entry is not None else None
    made = item("a", body, raw=live(**raw), entry=known_entry, **more)
    return differ().diff(made), made


def causes(leaves: tuple[LeafChange, ...]) -> dict[str, str]:
    return {leaf.text: leaf.cause for leaf in leaves}


@pytest.mark.parametrize(
    ("want", "sent", "seen", "raw", "expected"),
    [
        ("a", "a", "A", "A", None),
        ("b", "a", "a", "a", "changed"),
        ("a", "a", "a", "c", "drifted"),
        ("b", "a", "a", "c", "changed+drifted"),
        ("b", "a", "a", "b", "converged"),
    ],
)
def test_the_truth_table(want: str, sent: str, seen: str, raw: str, expected: str | None) -> None:
    entry = {"sent": {"name": "a", "text": sent}, "seen": {"name": "a", "text": seen}}
    found, _ = diff({"text": want}, {"text": raw}, entry)
    change = found.change
    if expected in {None, "converged"}:
        assert change.leaves == ()
        assert change.action == "no-op"
        assert change.converged == (("text",) if expected else ())
        assert found.recorded.leaves == ({"text": want} if expected else {})
    else:
        assert causes(change.leaves) == {"text": expected}
        assert bool(change.drift) is ("drifted" in str(expected))


def test_a_leaf_that_is_no_longer_written_is_released() -> None:
    found, _ = diff({}, {"text": "x", "size": 3}, state(text="x", size=3))
    assert found.change.released == ("text", "size")
    assert found.change.leaves == ()


def test_what_is_adopted_is_said_to_be() -> None:
    made = item("a", {"text": "x", "cards": {"c": {}}}, raw=live(text="y", cards=[{"id": "9", "name": "d"}]))
    made.adopted = "1"
    change = differ().diff(made).change
    assert causes(change.leaves) == {"text": "adopting"}
    assert {child.cause for child in change.children} == {"adopting"}


def test_what_holds_already_is_recorded_and_no_change() -> None:
    found, _ = diff({"text": "x"}, {"text": "x"}, {"sent": {"name": "a"}, "seen": {"name": "a"}})
    assert found.change.action == "no-op"
    assert (found.recorded.leaves, found.recorded.seen) == ({"text": "x"}, {"text": "x"})


# -- switches and drift
def test_a_switch_turned_by_hand_is_kept() -> None:
    found, _ = diff({"on": True, "text": "n"}, {"on": False, "text": "o"}, state(on=True, text="o"))
    assert causes(found.change.leaves) == {"text": "changed"}
    assert causes(found.change.kept) == {"on": "drifted"}
    assert causes(found.change.drift) == {"on": "drifted"}


def test_a_switch_is_turned_when_the_files_say_so_or_drift_is_to_be_reverted() -> None:
    changed, _ = diff({"on": True}, {"on": False}, state(on=False))
    assert causes(changed.change.leaves) == {"on": "changed"}
    reverted, _ = diff({"on": True}, {"on": False}, state(on=True), on_drift="revert")
    assert causes(reverted.change.leaves) == {"on": "drifted"}


def test_all_drift_is_kept_where_it_says_so_children_too() -> None:
    raw = {"text": "theirs", "cards": [{"id": "9", "name": "c"}]}
    entry = {**state(text="ours"), "children": {"cards.b": "8"}}
    found, _ = diff({"text": "ours", "cards": {"b": {}}}, raw, entry, on_drift="keep")
    assert (found.change.leaves, found.change.children) == ((), ())
    assert set(causes(found.change.kept)) == {"text", "cards.b", "cards.c"}
    assert found.recorded.children == {}


def test_ignored_changes_are_not_acted_on() -> None:
    raw = {"text": "x", "frame": {"width": 1}, "cards": [{"id": "9", "name": "c"}]}
    body = {"text": "y", "frame": {"width": 2}, "cards": {}}
    found, _ = diff(body, raw, state(text="x"), ignore_changes=("frame", "toy.boards.a.cards", "text"))
    assert (found.change.leaves, found.change.children) == ((), ())


def test_what_the_platform_does_by_itself_is_a_note() -> None:
    found, made = diff({"traffic": 100}, {"traffic": 40, "bandit": True}, state(traffic=100))
    assert found.change.leaves == found.change.drift == ()
    assert made.notes == ["the platform itself changed traffic: 100 → 40"]


def test_a_test_that_the_platform_completed_is_a_note_and_no_error_even_where_drift_is_reverted() -> None:
    found, made = diff({"status": "active"}, {"status": "completed"}, state(status="active"), on_drift="revert")
    assert made.errors == []
    assert found.change.leaves == ()
    assert made.notes == ["the platform itself changed status: active → completed"]


# -- refusals
def test_an_illegal_transition_names_the_way_round() -> None:
    _, made = diff({"status": "active"}, {"status": "completed"}, state(status="paused"))
    assert made.errors == ["status cannot go from completed to active: clone it"]
    _, made = diff({"status": "archived"}, {"status": "active"}, state(status="active"))
    assert made.errors == ["status cannot go from active to archived: from active it can go to paused"]


def test_a_new_object_cannot_begin_where_nobody_gets_from_its_first_state() -> None:
    made = item("a", {"status": "paused"})
    differ().diff(made)
    assert made.errors[0].startswith("a new board cannot begin as status: paused")


def test_what_can_be_set_once_is_refused_when_it_is_another() -> None:
    _, made = diff({"once": "b"}, {"once": "a"}, state())
    assert "can be set only once" in made.errors[0]
    assert diff({"once": "b"}, {"once": None}, state())[1].errors == []


def test_a_create_needs_everything_the_platform_requires_children_included() -> None:
    made = item("a", {"cards": {"c": {"labels": {"l": {}}}}})
    made.desired = {key: value for key, value in made.desired.items() if key != "name"}
    differ().diff(made)
    assert made.errors == ["it does not exist yet, and name is missing: the platform requires it to create one"]


# -- replacements
def test_an_immutable_attribute_replaces_the_resource_at_any_depth_of_it() -> None:
    found, _ = diff({"fixed": "b"}, {"fixed": "a"}, state(fixed="a"))
    assert (found.change.action, found.change.replace_paths) == ("replace", ("fixed",))
    body, entry = {"frame": {"material": "oak"}}, state(**{"frame.material": "ash"})
    found, _ = diff(body, {"frame": {"material": "ash"}}, entry)
    assert (found.change.action, found.change.replace_paths) == ("replace", ("frame.material",))
    assert diff({"fixed": "b"}, {"fixed": None}, state())[0].change.action == "update"


def test_an_immutable_attribute_of_a_child_replaces_the_child_once_and_all_of_it() -> None:
    card = {"id": "9", "name": "c", "kind": "old", "text": "t", "labels": [{"id": "7", "name": "l", "color": "red"}]}
    body = {"cards": {"c": {"kind": "new", "text": "u", "labels": {"l": {"color": "blue"}, "m": {}}}}}
    found, _ = diff(body, {"cards": [card]}, {**state(), "children": {"cards.c": "9", "cards.c.labels.l": "7"}})
    assert found.change.action == "update"
    assert found.change.leaves == ()
    assert [(child.action, child.text, child.id) for child in found.change.children] == [
        ("remove", "cards.c", "9"),
        ("add", "cards.c", None),
    ]
    assert found.change.children[1].value["labels"].keys() == {"l", "m"}


# -- children that went
def test_leaves_of_a_child_that_is_gone_everywhere_are_dropped_without_a_word() -> None:
    entry = {"sent": {"name": "a", "cards.old.text": "x"}, "seen": {}, "children": {"cards.old": "9"}}
    found, _ = diff({"cards": {}}, {"cards": []}, entry)
    assert found.change.released == ()
    assert found.change.action == "no-op"
    assert found.recorded.dropped == ["cards.old.text"]


def test_ids_are_recorded_when_they_are_new_and_only_then() -> None:
    raw = {"cards": [{"id": "9", "name": "c"}]}
    found, _ = diff({"cards": {"c": {}}}, raw, {**state(), "children": {}})
    assert found.recorded.children == {"cards.c": "9"}
    assert not diff({"cards": {"c": {}}}, raw, {**state(), "children": {"cards.c": "9"}})[0].recorded.children


# -- secrets
def test_secrets_are_compared_by_fingerprint_and_never_shown() -> None:
    secret = Sensitive("new", "secret.x")
    entry = {**state(), "secrets": {"password": "old"}}
    found, _ = diff({"password": secret}, {"password": "****"}, entry)
    leaf = found.change.leaves[0]
    assert (leaf.secret, str(leaf.before), str(leaf.after)) == (True, "<secret password>", "<secret secret.x>")
    same, _ = diff({"password": secret}, {"password": "****"}, {**state(), "secrets": {"password": "new"}})
    assert same.change.leaves == ()


def test_a_masked_secret_without_a_fingerprint_is_assumed_and_sent_again_on_request() -> None:
    secret = Sensitive("new", "secret.x")
    found, made = diff({"password": secret}, {"password": "****"})
    assert found.change.leaves == ()
    assert found.recorded.secrets == {"password": None}
    again = differ(resend=("toy.boards",)).diff(made).change
    assert [leaf.text for leaf in again.leaves] == ["password"]


def test_a_secret_that_is_written_newly_on_a_tracked_object_is_sent() -> None:
    found, _ = diff({"password": Sensitive("new", "secret.x")}, {"password": "****"}, state())
    assert causes(found.change.leaves) == {"password": "changed"}


def test_a_secret_that_somebody_changed_is_drift() -> None:
    secret = Sensitive("ours", "secret.x")
    found, _ = diff({"password": secret}, {"password": "theirs"}, {**state(), "secrets": {"password": "ours"}})
    assert causes(found.change.drift) == {"password": "drifted"}
    assert "theirs" not in repr(found.change)


# -- publishing
def page(body: dict[str, Any], raw: dict[str, Any], entry: dict[str, Any] | None) -> Diff:
    return diff(body, raw, entry, kind=PUBLISHED_BOARDS)[0]


def test_any_write_makes_a_publish_due_and_so_does_one_that_failed() -> None:
    done = state(**{"$published": True})
    assert [leaf.text for leaf in page({"text": "n"}, {"text": "o"}, done).change.leaves] == ["text", "$published"]
    assert page({}, {}, done).change.leaves == ()
    assert [leaf.text for leaf in page({}, {}, state()).change.leaves] == ["$published"]
    assert page({"text": "n", "$published": False}, {}, state()).change.publishes is False


def test_an_adopted_object_counts_as_published_until_it_is_written_to() -> None:
    assert page({}, {}, None).change.leaves == ()
    assert page({"text": "n"}, {}, None).change.publishes


def test_saves_by_others_since_the_last_publish_are_told() -> None:
    entry = {**state(**{"$published": True}), "published": {"version": "1"}}
    _, made = diff({}, {"updated_at": "2"}, entry, kind=PUBLISHED_BOARDS)
    assert made.notes == ["somebody saved it since our last publish"]


# -- archived
def test_an_archived_object_is_brought_back_unless_its_state_is_declared_anyhow() -> None:
    made = item("a", {}, raw=live(status="archived"))
    made.unarchive, made.adopted = True, "1"
    assert {leaf.text: leaf.after for leaf in differ().diff(made).change.leaves} == {"status": "draft"}
