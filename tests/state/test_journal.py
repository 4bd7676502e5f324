import copy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.state import Entry, LocalBackend, StateDamaged, open_session
from reconciler.state.records import header, replay, seal
from tests.state.data import entry, start

ADDRESSES = [f"convert.goals.g{number}" for number in range(5)]
OPERATION = st.tuples(
    st.sampled_from(["intent", "done", "failed", "unknown", "note"]),
    st.sampled_from(ADDRESSES),
    st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5), max_size=2),
    st.booleans(),
)


def play(backend: LocalBackend, operations: list[tuple[str, str, dict[str, object], bool]]) -> list[dict[str, Entry]]:
    """Run the operations; return the resources after each record."""
    from reconciler.state import Change

    history = []
    with start(backend) as session:
        history.append(dict(session.state.resources))
        for number, (kind, address, sent, removes) in enumerate(operations):
            put = {} if removes else {address: entry(str(number), sent=sent)}
            remove = [address] if removes else []
            step = f"s{number}"
            if kind == "intent":
                session.intent(step, body=sent)
            elif kind == "done":
                session.done(step, put=put, remove=remove)
            elif kind == "failed":
                session.failed(step, "no")
            elif kind == "unknown":
                session.unknown(step)
            else:
                session.note(Change(put, remove))
            history.append(dict(session.state.resources))
    return history


@settings(max_examples=60, deadline=None)
@given(st.lists(OPERATION, max_size=12), st.data())
def test_a_journal_cut_at_any_byte_is_the_replay_of_its_whole_lines(
    operations: list[tuple[str, str, dict[str, object], bool]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        backend = LocalBackend(Path(folder) / "state.json")
        history = play(backend, operations)
        whole = backend.journal.read_bytes()
        end = data.draw(st.integers(0, len(whole)))
        backend.journal.write_bytes(whole[:end])
        lines = whole[:end].count(b"\n")
        reading = backend.load()
        assert reading.state is not None
        assert reading.state.resources == history[max(lines - 1, 0)]
        cut = end > 0 and whole[end - 1 : end] != b"\n"
        assert bool(reading.notes) is cut
        with open_session(backend, run="r2") as session:  # the next run goes on behind the good part
            session.done("after", put={"convert.goals.new": entry("new")})
        again = LocalBackend(backend.path).load()
        assert again.notes == []
        assert again.state is not None
        assert again.state.resources == {**history[max(lines - 1, 0)], "convert.goals.new": entry("new")}


@settings(max_examples=40, deadline=None)
@given(st.lists(OPERATION, min_size=3, max_size=6), st.data())
def test_a_changed_byte_is_damage_with_its_line_or_a_dropped_end(
    operations: list[tuple[str, str, dict[str, object], bool]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        backend = LocalBackend(Path(folder) / "state.json")
        play(backend, operations)
        whole = bytearray(backend.journal.read_bytes())
        last = whole.rindex(b"\n", 0, len(whole) - 1)
        place = data.draw(st.integers(0, last))
        line = whole.count(b"\n", 0, place) + 1
        whole[place] ^= 0x41
        backend.journal.write_bytes(whole)
        with pytest.raises(StateDamaged) as caught:
            backend.load()
        assert caught.value.file == str(backend.journal)
        assert line <= caught.value.line <= line + 1


def journal_of(backend: LocalBackend) -> list[bytes]:
    return backend.journal.read_bytes().splitlines(keepends=True)


def broken(backend: LocalBackend, lines: list[bytes]) -> StateDamaged:
    backend.journal.write_bytes(b"".join(lines))
    with pytest.raises(StateDamaged) as caught:
        backend.load()
    assert "Nothing was changed" in caught.value.advice
    return caught.value


def three_steps(backend: LocalBackend) -> None:
    with start(backend) as session:
        for number in range(3):
            session.done(f"s{number}", put={ADDRESSES[number]: entry(str(number))})


def test_a_missing_record_is_a_gap(backend: LocalBackend) -> None:
    three_steps(backend)
    lines = journal_of(backend)
    error = broken(backend, [*lines[:2], *lines[3:]])
    assert error.line == 3
    assert "record 2 was expected here, found 3" in error.problem


def test_a_last_line_with_another_checksum_is_damage_not_a_cut(backend: LocalBackend) -> None:
    three_steps(backend)
    lines = journal_of(backend)
    error = broken(backend, [*lines[:-1], lines[-1].replace(b'"id":"2"', b'"id":"9"')])
    assert error.line == 4
    assert "checksum" in error.problem


def test_nonsense_at_the_very_end_is_a_cut_and_in_the_middle_is_not(backend: LocalBackend) -> None:
    three_steps(backend)
    lines = journal_of(backend)
    backend.journal.write_bytes(b"".join([*lines, b"\0\0\0\0\n"]))
    reading = backend.load()
    assert reading.seq == 3
    assert "was cut off by a crash (5 bytes)" in reading.notes[0]
    assert f"{backend.journal}:5:" in reading.notes[0]
    assert broken(backend, [lines[0], b'{"seq":1\n', *lines[2:]]).line == 2
    assert broken(backend, [*lines, b"nonsense\n", lines[-1][:9]]).line == 5


def test_a_journal_of_another_ledger_is_refused(backend: LocalBackend) -> None:
    three_steps(backend)
    error = broken(backend, [header("other-lineage", 1), *journal_of(backend)[1:]])
    assert error.line == 1
    assert "another ledger" in error.problem


def test_a_journal_newer_than_its_snapshot_is_refused(backend: LocalBackend) -> None:
    three_steps(backend)
    state = backend.load().state
    assert state is not None
    error = broken(backend, [header(state.lineage, state.serial + 1), *journal_of(backend)[1:]])
    assert "older" in error.problem


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"event": "finished"}, "unknown event"),
        ({"extra": 1}, "unknown key `extra`"),
        ({"seq": "1"}, "a record needs"),
        ({"put": {"a": {"id": "1"}}}, "a: "),
        ({"remove": [1]}, "`remove`"),
        ({"remove": {}}, "wrong type"),
        ({"runs": [{}]}, "is missing"),
        ({"accounts": {"a": 1}}, "identity"),
    ],
)
def test_a_record_is_read_strictly(backend: LocalBackend, change: dict[str, object], says: str) -> None:
    three_steps(backend)
    lines = journal_of(backend)
    good = {"seq": 1, "run": "r", "step": "s", "event": "done", "at": "2026-01-01T00:00:00.000Z"}
    error = broken(backend, [lines[0], seal({**good, **change}), *lines[2:]])
    assert error.line == 2
    assert says in error.problem


def test_a_lost_snapshot_is_not_an_empty_ledger(backend: LocalBackend) -> None:
    three_steps(backend)
    backend.path.unlink()
    with pytest.raises(StateDamaged, match="the state file is gone, but its journal is there"):
        backend.load()


def test_replay_removes_before_it_puts(backend: LocalBackend) -> None:
    from reconciler.state import Record

    with start(backend) as session:
        session.done("a", put={"x": entry("1"), "y": entry("2")})
        state = copy.deepcopy(session.state)
    swap = Record(1, "r", None, "state", "t", put={"x": entry("2"), "y": entry("1")}, remove=["x", "z"])
    replay(state, [swap])
    assert {address: found.id for address, found in state.resources.items()} == {"x": "2", "y": "1"}
