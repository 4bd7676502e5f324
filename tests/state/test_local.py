import os
import stat
import threading
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from reconciler.state import (
    LocalBackend,
    Record,
    RunRecord,
    State,
    StateDamaged,
    Version,
    VersionConflict,
    files,
    load_state,
    local,
)
from tests.state.data import entry, new_state, start


def record(seq: int, address: str = "a") -> Record:
    return Record(seq, "r", f"s{seq}", "done", "2026-01-01T00:00:00.000Z", put={address: entry(str(seq))}).encode()


def made(backend: LocalBackend) -> tuple[State, Version]:
    state = new_state()
    return state, backend.compact(state, backend.read()[1])


def test_nothing_there_is_no_state_and_reading_makes_nothing(backend: LocalBackend) -> None:
    assert backend.read() == (None, Version())
    assert not backend.path.parent.exists()


def test_files_are_for_their_owner_only(backend: LocalBackend) -> None:
    old = os.umask(0)
    try:
        with start(backend) as session:
            session.done("s", put={"a": entry()})
            session.finish()
            session.done("t", put={"b": entry()})
            names = sorted(path.name for path in backend.path.parent.iterdir())
            modes = {stat.S_IMODE(path.stat().st_mode) for path in backend.path.parent.iterdir()}
    finally:
        os.umask(old)
    assert names == ["state.json", "state.json.backup", "state.json.journal", "state.json.lock"]
    assert modes == {0o600}


def test_append_and_compact_move_the_version_and_keep_the_content(backend: LocalBackend) -> None:
    _, version = made(backend)
    after = backend.append([record(1), record(2, "b")], version)
    assert (after.serial, after.offset > 0) == (1, True)
    state, again = backend.read()
    assert state is not None
    assert again == after
    assert {address: found.id for address, found in state.resources.items()} == {"a": "1", "b": "2"}
    end = backend.compact(state, after)
    assert (end.serial, end.offset, state.serial) == (2, 0, 2)
    assert backend.read() == (state, end)
    assert load_state(backend.path.read_bytes(), "x") == state
    assert load_state(backend.backup.read_bytes(), "x").serial == 1


@pytest.mark.parametrize("other", ["append", "compact", "checkout", "rm journal"])
def test_a_write_on_an_old_version_is_refused_and_changes_nothing(backend: LocalBackend, other: str) -> None:
    state, version = made(backend)
    rival = LocalBackend(backend.path)
    seen = rival.read()[1]
    if other == "append":
        rival.append([record(1)], seen)
    elif other == "compact":
        rival.compact(state, seen)
    elif other == "checkout":
        fresh = backend.path.with_name("copy")
        fresh.write_bytes(backend.path.read_bytes())
        fresh.replace(backend.path)
    else:
        version = backend.append([record(1)], version)
        backend.journal.unlink()
        backend.journal.touch()
    before = [path.read_bytes() for path in (backend.path, backend.journal)]
    with pytest.raises(VersionConflict):
        backend.append([record(1)], version)
    with pytest.raises(VersionConflict):
        backend.compact(new_state(), version)
    assert [path.read_bytes() for path in (backend.path, backend.journal)] == before


def test_two_first_writers_cannot_both_begin_the_ledger(backend: LocalBackend) -> None:
    made(backend)
    with pytest.raises(VersionConflict):
        LocalBackend(backend.path).compact(new_state(), Version())


def test_a_crash_between_snapshot_and_emptied_journal_applies_nothing_twice(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, version = made(backend)
    backend.append([record(1)], version)
    state, version = backend.read()
    assert state is not None
    del state.resources["a"]  # a snapshot that differs from snapshot + journal, to see which one counts

    def crash(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(local, "sync_folder", crash)
    with pytest.raises(KeyboardInterrupt):
        backend.compact(state, version)
    monkeypatch.undo()
    assert backend.journal.stat().st_size > 0
    fresh = LocalBackend(backend.path)
    reading = fresh.load()
    assert reading.state is not None
    assert (reading.state.resources, reading.seq, reading.notes) == ({}, 0, [])
    fresh.append([record(1, "b")], reading.version)
    found = fresh.read()[0]
    assert found is not None
    assert list(found.resources) == ["b"]


@pytest.mark.parametrize("fails", ["write_all", "sync"])
def test_a_full_disk_leaves_the_file_as_it_was(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    state, version = made(backend)
    version = backend.append([record(1)], version)
    before = [path.read_bytes() for path in (backend.path, backend.journal)]

    def half(descriptor: int, data: bytes = b"") -> None:
        os.write(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    for module in (local, files):
        monkeypatch.setattr(module, fails, half)
    with pytest.raises(OSError, match="No space"):
        backend.append([record(2)], version)
    with pytest.raises(OSError, match="No space"):
        backend.compact(state, version)
    monkeypatch.undo()
    assert [path.read_bytes() for path in (backend.path, backend.journal)] == before
    assert state.serial == 1
    assert sorted(path.name for path in backend.path.parent.iterdir()) == ["state.json", "state.json.journal"]
    assert backend.append([record(2)], version).offset > version.offset


def test_a_backup_put_back_beside_a_newer_journal_is_noticed(backend: LocalBackend) -> None:
    state, version = made(backend)
    version = backend.compact(state, version)
    backend.append([record(1)], version)
    backend.backup.replace(backend.path)
    with pytest.raises(StateDamaged, match="continues snapshot 2, but the snapshot beside it is the older 1"):
        backend.load()


def test_a_link_to_the_state_stays_a_link(backend: LocalBackend, tmp_path: Path) -> None:
    made(backend)
    link = tmp_path / "link.json"
    link.symlink_to(backend.path)
    through = LocalBackend(link)
    state, version = through.read()
    assert state is not None
    through.compact(state, version)
    assert link.is_symlink()
    assert backend.read()[0] == state


def test_a_reader_waits_for_the_second_half_of_a_write(backend: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    _, version = made(backend)
    half_written, asked = threading.Event(), threading.Event()
    flocked, write_all = files.flocked, files.write_all

    def slow(descriptor: int, data: bytes) -> None:
        write_all(descriptor, data[:-5])
        half_written.set()
        assert asked.wait(10)
        write_all(descriptor, data[-5:])

    def ask(descriptor: int, *, exclusive: bool) -> AbstractContextManager[None]:
        if not exclusive:
            asked.set()
        return flocked(descriptor, exclusive=exclusive)

    monkeypatch.setattr(local, "write_all", slow)
    monkeypatch.setattr(local, "flocked", ask)
    writer = threading.Thread(target=backend.append, args=([record(1)], version))
    writer.start()
    assert half_written.wait(10)
    reading = LocalBackend(backend.path).load()
    asked.set()
    writer.join()
    assert (reading.seq, reading.notes) == (1, [])


def test_a_reader_beside_a_busy_writer_sees_whole_ledgers_only(backend: LocalBackend) -> None:
    started, stop = threading.Event(), threading.Event()

    def write() -> None:
        with start(backend) as session:
            number = 0
            while not stop.is_set():
                number += 1
                session.done("s", put={"a": entry(str(number)), "b": entry(str(number))})
                if number % 7 == 0:
                    session.finish(RunRecord(str(number), "apply", "", "", "me", 0))
                started.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert started.wait(10)
        last = 0
        for _ in range(150):
            reading = LocalBackend(backend.path).load()
            assert reading.state is not None
            assert reading.notes == []
            ids = {reading.state.resources[name].id for name in ("a", "b")}
            assert len(ids) == 1
            assert int(min(ids)) >= last
            last = int(min(ids))
    finally:
        stop.set()
        writer.join()
    assert last > 1
