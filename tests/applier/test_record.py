"""What goes into state after a write, and what leaves it."""

from __future__ import annotations

from typing import Any

from reconciler.applier.record import after_write, forget_paths, fresh_entry, published, unpublished, with_recorded
from reconciler.model.values import Sensitive
from reconciler.planner.leaves import Recorded
from reconciler.state import State, hmac_matches
from reconciler.state.ledger import Entry
from tests.planner.board import differ, item, known

STATE = State.new("p", None, "0")


def write(body: dict[str, Any], raw: dict[str, Any], touched: list[str] | None, entry: Entry | None = None) -> Any:
    one = item("a", body)
    live = {"id": "1", "name": "a", **raw}
    return after_write(STATE, one, entry or fresh_entry(one, "1"), live, touched, one.desired)


def test_everything_declared_is_recorded_after_a_create() -> None:
    seen = write(
        {"size": 3, "text": "x", "cards": {"c": {}}},
        {"size": "3", "text": "X", "cards": [{"id": 9, "name": "c"}]},
        None,
    )
    assert seen.entry.sent == {"name": "a", "size": 3, "text": "x"}
    assert seen.entry.seen == {"name": "a", "size": 3, "text": "X"}
    assert seen.entry.children == {"cards.c": "9"}
    assert seen.warnings == ["text: sent x, the platform shows X"]


def test_a_partial_write_leaves_the_other_leaves_alone() -> None:
    entry = known("1", sent={"text": "old", "on": True}, seen={"text": "old", "on": True}, children={"cards.c": "9"})
    raw = {"text": "new", "on": False, "cards": [{"id": "9", "name": "c"}]}
    seen = write({"text": "new", "on": True, "cards": {"c": {}}}, raw, ["text"], entry)
    assert seen.entry.sent == {"text": "new", "on": True}
    assert seen.entry.seen == {"text": "new", "on": True}  # a switch that was kept is as it was seen last
    assert seen.entry.children == {"cards.c": "9"}


def test_what_was_taken_and_not_kept_at_all_is_ignored_and_not_recorded() -> None:
    seen = write({"text": "x", "shared": True}, {}, None)
    assert seen.ignored == ["text"]
    assert "text" not in seen.entry.sent
    assert seen.entry.sent["shared"] is True  # a virtual attribute is not read back


def test_null_where_nothing_is_shown_is_kept() -> None:
    seen = write({"text": None}, {}, None)
    assert (seen.ignored, seen.warnings) == ([], [])
    assert seen.entry.sent["text"] is None


def test_secrets_are_stored_as_fingerprints_only() -> None:
    seen = write({"password": Sensitive("s3cret", "secret.x"), "text": Sensitive("t4inted", "secret.y")}, {}, None)
    assert seen.entry.secrets.keys() == {"password", "text"}
    assert hmac_matches(STATE, seen.entry.secrets["password"], "s3cret")
    assert not hmac_matches(STATE, seen.entry.secrets["password"], "other")
    assert "s3cret" not in repr(seen.entry)
    assert "t4inted" not in repr(seen.entry)


def test_a_child_that_went_takes_its_leaves_along_whatever_it_was_called() -> None:
    entry = known(
        "1",
        sent={"cards.c.text": "x", "cards.gone.text": "y", "text": "t"},
        seen={"cards.gone.text": "y"},
        secrets={"cards.gone.key": "h"},
        children={"cards.c": "9", "cards.gone": "8"},
    )
    raw = {"cards": [{"id": "9", "name": "c", "text": "x"}]}
    found = write({"cards": {"c": {"text": "x"}}}, raw, ['cards["#8"]', "cards.gone"], entry).entry
    assert found.sent == {"cards.c.text": "x", "text": "t"}
    assert (found.seen, found.secrets, found.children) == ({}, {}, {"cards.c": "9"})


def test_forgetting_takes_all_beneath_and_nothing_beside() -> None:
    entry = known("1", sent={"cards.c.text": 1, "cards.cc.text": 2, 'cards["c"].x': 3, "cards.c[0]": 4})
    assert forget_paths(entry, ["cards.c"]).sent == {"cards.cc.text": 2, 'cards["c"].x': 3}


def test_recording_needs_no_write() -> None:
    one = item("a", {"text": "x"}, prevent_destroy=True, on_remove="archive")
    recorded = Recorded({"text": "x"}, {"text": "X"}, {"password": None}, {"cards.c": "9"}, ["cards.old.text"])
    found = with_recorded(STATE, known("1", sent={"cards.old.text": 1}, children={"cards.old": "3"}), recorded, one)
    assert (found.sent, found.seen) == ({"text": "x"}, {"text": "X"})
    assert found.children == {"cards.c": "9"}
    assert found.secrets == {"password": "assumed"}
    assert (found.protect, found.on_remove, found.key) == (True, "archive", "a")


def test_a_save_takes_the_mark_of_publishing_away_and_a_publish_sets_it() -> None:
    entry = published(known("1", sent={"text": "x"}), {"id": "1"}, "v1", on=True)
    assert entry.sent == {"text": "x", "$published": True}
    assert entry.published is not None
    assert entry.published["version"] == "v1"
    assert unpublished(entry).sent == {"text": "x"}


def test_after_a_write_and_its_record_nothing_differs() -> None:
    body: dict[str, Any] = {"size": 3, "cards": {"c": {"text": "x"}}, "ranked": {"r": {}}}
    raw = {"size": 3, "cards": [{"id": "9", "name": "c", "text": "x"}], "ranked": [{"id": "5", "name": "r"}]}
    entry = write(body, raw, None).entry
    found = differ().diff(item("a", body, raw={"id": "1", "name": "a", **raw}, entry=entry))
    assert found.change.action == "no-op"
    assert not found.recorded
