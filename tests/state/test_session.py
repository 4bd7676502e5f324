import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.state import (
    Change,
    Entry,
    ForeignState,
    LocalBackend,
    Record,
    RunRecord,
    StateDamaged,
    StateError,
    StateWriteRefused,
    SurgeryRefused,
    Version,
    VersionConflict,
    is_errored,
    open_session,
    read_errored,
)
from tests.state.data import entry, new_state, start

RUN = RunRecord("r1", "apply", "2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z", "ana@laptop", 0, {"done": 1})


class Gated(LocalBackend):
    """Counts writes; while `gate` is closed, they wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self.batches: list[list[int]] = []
        self.error: Exception | None = None
        self.errors: list[Exception] = []

    def append(self, records: Sequence[Record], version: Version) -> Version:
        self.waiting.set()
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        if self.errors:
            raise self.errors.pop()
        self.batches.append([record.seq for record in records])
        return super().append(records, version)


def resources(path: Path) -> dict[str, Entry]:
    state = LocalBackend(path).read()[0]
    assert state is not None
    return state.resources


def test_a_run_from_intent_to_snapshot(backend: LocalBackend) -> None:
    with start(backend) as session:
        session.intent("create a", key="a")
        assert [(open_.step, open_.data) for open_ in session.pending()] == [("create a", {"key": "a"})]
        assert session.done("create a", put={"a": entry("7")})
        session.note(Change(accounts={"convert": {"account_id": "1"}}, note="identified"))
        session.intent("delete b")
        assert session.failed("delete b", "HTTP 409")
        assert session.pending() == []
        session.finish(RUN)
    reading = LocalBackend(backend.path).load()
    assert reading.state is not None
    assert reading.state.resources == {"a": entry("7")}
    assert reading.state.accounts == {"convert": {"account_id": "1"}}
    assert reading.state.runs == [RUN]
    assert (reading.state.serial, reading.version.offset, reading.pending) == (2, 0, [])


def test_a_run_that_did_nothing_writes_no_snapshot(backend: LocalBackend) -> None:
    with start(backend) as session:
        session.finish()
    before = backend.path.stat()
    with start(backend) as session:
        session.finish()
    assert backend.path.stat().st_mtime_ns == before.st_mtime_ns


def test_without_a_ledger_and_without_a_new_one_nothing_is_made(backend: LocalBackend) -> None:
    with pytest.raises(StateError, match="no state here yet"):
        open_session(backend, run="r")
    assert backend.lock_info() is None
    assert not backend.path.exists()


def test_a_damaged_ledger_leaves_no_lock_behind(backend: LocalBackend) -> None:
    with start(backend):
        pass
    backend.path.write_bytes(b"{")
    with pytest.raises(StateDamaged):
        start(backend)
    assert backend.lock_info() is None


def test_open_intents_survive_runs_that_do_not_resolve_them(backend: LocalBackend) -> None:
    with start(backend, "r1") as session:
        session.intent("create a", key="a")
        session.intent("create b", key="b")
        session.unknown("create b", error="the answer was lost")
    for run in ("r2", "r3"):
        with start(backend, run) as session:
            session.intent("other")
            session.done("other", put={run: entry()})
            session.finish(RUN)
            opened = session.pending()
        assert [(found.run, found.step, found.unclear) for found in opened] == [
            ("r1", "create a", False),
            ("r1", "create b", True),
        ]
    assert opened[1].data == {"key": "b", "error": "the answer was lost"}
    assert opened[0].at <= opened[1].at
    with start(backend, "r4") as session:
        assert session.resolve(opened[0], happened=True, put={"a": entry("5")})
        assert session.resolve(opened[1], happened=False)
        assert session.pending() == []
        session.finish(RUN)
    reading = LocalBackend(backend.path).load()
    assert reading.pending == []
    assert reading.version.offset == 0
    assert resources(backend.path) == {"a": entry("5"), "r2": entry(), "r3": entry()}
    assert reading.state is not None
    assert len(reading.state.runs) == 3


def test_threads_that_write_at_once_share_a_flush(path: Path) -> None:
    backend = Gated(path)
    with start(backend) as session:
        backend.batches.clear()
        backend.gate.clear()
        backend.waiting.clear()
        first = threading.Thread(target=session.intent, args=("first",))
        first.start()
        assert backend.waiting.wait(10)
        others = [threading.Thread(target=session.intent, args=(f"s{number}",)) for number in range(49)]
        for thread in others:
            thread.start()
        while len(session._commit._open.records) < 49:
            threading.Event().wait(0.001)
        backend.gate.set()
        for thread in [first, *others]:
            thread.join()
        assert backend.batches == [[1], list(range(2, 51))]
        assert len(session.pending()) == 50
    assert len(LocalBackend(path).load().pending) == 50


def test_those_who_wait_behind_a_failed_flush_are_refused_and_not_written(path: Path) -> None:
    backend = Gated(path)
    refused: list[str] = []
    with start(backend) as session:

        def work(name: str) -> None:
            try:
                session.intent(name)
            except StateWriteRefused:
                refused.append(name)

        backend.gate.clear()
        backend.waiting.clear()
        first = threading.Thread(target=work, args=("first",))
        first.start()
        assert backend.waiting.wait(10)
        others = [threading.Thread(target=work, args=(f"s{number}",)) for number in range(3)]
        for thread in others:
            thread.start()
        while len(session._commit._open.records) < 3:
            threading.Event().wait(0.001)
        backend.errors = [OSError(28, "No space left on device")]  # for one write only: the next would succeed
        backend.gate.set()
        for thread in [first, *others]:
            thread.join()
        assert sorted(refused) == ["first", "s0", "s1", "s2"]
        assert session.pending() == []
        assert session.unsaved == []
    assert backend.batches == []


def test_what_waits_for_company_while_a_write_fails_is_kept(path: Path, tmp_path: Path) -> None:
    backend = Gated(path)
    with start(backend) as session:
        backend.gate.clear()
        backend.waiting.clear()
        writing = threading.Thread(target=lambda: session.done("s1", put={"a": entry()}))
        writing.start()
        assert backend.waiting.wait(10)
        session.note(Change(put={"b": entry()}, note="adopt"), wait=False)
        backend.error = OSError(28, "No space left on device")
        backend.gate.set()
        writing.join()
        assert [list(record.put) for record in session.unsaved] == [["a"], ["b"]]
        session.done("s2", put={"b": entry(id="2")})
        left = session.abandon(tmp_path)
    assert left is not None
    lost = read_errored(left.read_bytes(), "f")
    with start(LocalBackend(path), run="r2") as session:
        lost.check(session.state, force=False)
        assert session.recover(lost)
    assert resources(path)["b"].id == "2"


def test_fifty_threads_lose_nothing_and_number_without_gaps(path: Path) -> None:
    backend = Gated(path)
    with start(backend) as session:

        def work(worker: int) -> None:
            for number in range(20):
                name = f"w{worker}-{number}"
                session.intent(name)
                assert session.done(name, put={name: entry(name)}, wait=number % 3 > 0) is (number % 3 > 0)

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        memory = dict(session.state.resources)
    assert [seq for batch in backend.batches for seq in batch] == list(range(1, 2001))
    assert len(backend.batches) < 1500
    reading = LocalBackend(path).load()
    assert reading.state is not None
    assert reading.state.resources == memory
    assert len(memory) == 1000
    assert reading.pending == []


def test_what_does_not_wait_is_durable_with_the_next_that_does(path: Path) -> None:
    backend = Gated(path)
    with start(backend) as session:
        session.intent("a", wait=False)
        assert session.done("a", put={"a": entry()}, wait=False) is False
        assert backend.batches == []
        session.intent("b")
        assert backend.batches == [[1, 2, 3]]
        session.done("b", wait=False)
    assert backend.batches == [[1, 2, 3], [4]]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), VersionConflict("somebody else")])
def test_a_refused_write_stops_intents_and_keeps_outcomes(path: Path, tmp_path: Path, error: Exception) -> None:
    backend = Gated(path)
    with start(backend) as session:
        session.done("old", put={"old": entry("1")})
        session.intent("create a")
        session.intent("create b")
        backend.error = error
        assert session.done("create a", put={"a": entry("7")}, remove=["old"]) is False
        backend.error = None  # the disk has room again; the journal must not go on behind a hole
        with pytest.raises(StateWriteRefused) as caught:
            session.intent("create c")
        assert caught.value.__cause__ is error
        assert session.refused is error
        assert session.done("create b", put={"b": entry("8")}) is False
        with pytest.raises(StateWriteRefused):
            session.finish(RUN)
        assert [found.step for found in session.pending()] == []
        assert [record.step for record in session.unsaved] == ["create a", "create b", None]
        left = session.abandon(tmp_path / "project")
    assert left is not None
    assert left.name == "errored-r1.jsonl"
    assert left.stat().st_mode & 0o777 == 0o600
    assert resources(path) == {"old": entry("1")}

    lost = read_errored(left.read_bytes(), left.name)
    with start(LocalBackend(path), "r2") as session:
        assert [found.step for found in session.pending()] == ["create a", "create b"]
        lost.check(session.state, force=False)
        assert session.recover(lost)
        assert session.pending() == []
        session.finish()
        lost.check(session.state, force=False)  # a second push finds its work done
    assert resources(path) == {"a": entry("7"), "b": entry("8")}


def test_an_intent_whose_own_write_is_refused_was_never_made(path: Path, tmp_path: Path) -> None:
    backend = Gated(path)
    with start(backend) as session:
        backend.error = OSError(28, "No space left on device")
        with pytest.raises(StateWriteRefused):
            session.intent("create a")
        assert session.pending() == []
        assert session.unsaved == []
        assert session.abandon(tmp_path) is None


def test_a_signal_in_the_middle_of_a_write_frees_those_who_wait(path: Path) -> None:
    backend = Gated(path)
    with start(backend) as session:
        backend.error = RuntimeError("a bug")
        with pytest.raises(RuntimeError):
            session.done("a", put={"a": entry()})
        with pytest.raises(StateWriteRefused):
            session.intent("b")
        assert [record.step for record in session.unsaved] == ["a"]


def lost_run(path: Path, folder: Path) -> bytes:
    backend = Gated(path)
    with start(backend) as session:
        session.done("base", put={"a": entry("1")})
        backend.error = OSError(28, "No space left on device")
        session.done("change", put={"a": entry("1", sent={"name": "x"})})
        left = session.abandon(folder)
    assert left is not None
    return left.read_bytes()


def test_a_lost_run_is_not_replayed_over_newer_work(path: Path, tmp_path: Path) -> None:
    lost = read_errored(lost_run(path, tmp_path), "errored-r1.jsonl")
    with start(LocalBackend(path), "r2") as session:
        session.done("newer", put={"a": entry("1", sent={"name": "y"})})
        assert lost.conflicts(session.state) == ["a"]
        with pytest.raises(SurgeryRefused, match=r"since run r1: a\."):
            lost.check(session.state, force=False)
        lost.check(session.state, force=True)
        with pytest.raises(ForeignState):
            lost.check(new_state(), force=True)


def test_a_damaged_errored_file_is_refused(path: Path, tmp_path: Path) -> None:
    data = lost_run(path, tmp_path)
    assert is_errored(data)
    assert not is_errored(new_state().to_bytes())
    head, rest = data.split(b"\n", 1)
    for damaged in (b"", head, head + b"\n" + rest.replace(b'"x"', b'"z"'), rest, b"{}\n"):
        with pytest.raises(StateDamaged):
            read_errored(damaged, "errored-r1.jsonl")


def test_a_snapshot_that_cannot_be_written_is_a_note_and_loses_nothing(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(backend) as session:
        session.done("a", put={"a": entry()})

        def full(*_: object) -> Version:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(backend, "compact", full)
        session.finish(RUN)
        assert "No space" in session.notes[0]
    reading = LocalBackend(backend.path).load()
    assert reading.state is not None
    assert (reading.state.resources, reading.state.runs) == ({"a": entry()}, [RUN])


def test_a_lock_broken_during_the_run_refuses_its_writes_and_is_said(backend: LocalBackend) -> None:
    with start(backend) as session:
        LocalBackend(backend.path).force_unlock(session.lock.info.id)
        with pytest.raises(StateWriteRefused, match="lock of this run was broken"):
            session.intent("a")
    assert "was broken while it worked" in session.notes[-1]


def test_a_closed_session_writes_nothing(backend: LocalBackend) -> None:
    with start(backend) as session:
        pass
    with pytest.raises(StateError, match="closed"):
        session.intent("a")
    assert backend.lock_info() is None


def test_work_can_go_on_after_a_snapshot(backend: LocalBackend) -> None:
    with start(backend) as session:
        session.done("a", put={"a": entry()})
        session.finish(RUN)
        session.done("b", put={"b": entry()})
    reading = LocalBackend(backend.path).load()
    assert reading.seq == 1
    assert set(resources(backend.path)) == {"a", "b"}


def test_an_outcome_that_is_not_json_uses_up_no_number_and_changes_nothing(backend: LocalBackend) -> None:
    with start(backend) as session:
        with pytest.raises(TypeError):
            session.done("a", put={"a": entry(sent={"x": object()})})
        assert session.state.resources == {}
        assert session.done("b")
    assert LocalBackend(backend.path).load().seq == 1
