import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.state import LocalBackend, Locked, LockInfo, LockLost, StateDamaged, VersionConflict
from reconciler.state.locks import LockFile
from reconciler.state.process import start_of, this_machine
from tests.state.data import new_state, start

RACE = """
import sys
from reconciler.state import LocalBackend, Locked, LockInfo
backend = LocalBackend(sys.argv[1])
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.stdin.readline()
try:
    lock = backend.lock(LockInfo.mine("apply", "r"))
    print("took" if lock.took_over else "won", flush=True)
except Locked as error:
    print("lost", error.info.pid, flush=True)
sys.stdin.readline()
"""


def spawn(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def race(path: Path, count: int) -> list[str]:
    processes = [spawn(RACE, str(path)) for _ in range(count)]
    try:
        assert [line(process) for process in processes] == ["ready"] * count
        for process in processes:
            go(process)
        return [line(process) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_of_many_processes_exactly_one_gets_the_lock(path: Path) -> None:
    results = race(path, 8)
    assert results.count("won") == 1
    assert sum(result.startswith("lost") for result in results) == 7
    assert len({result for result in results if result.startswith("lost")}) == 1


def test_of_many_processes_exactly_one_takes_over_from_the_dead(path: Path) -> None:
    assert race(path, 1) == ["won"]  # and was killed while it held the lock
    info = LocalBackend(path).lock_info()
    assert info is not None
    assert info.is_gone()
    results = race(path, 6)
    assert results.count("took") == 1
    assert sum(result.startswith("lost") for result in results) == 5


def test_a_killed_holder_is_taken_over_and_said(path: Path) -> None:
    process = spawn(RACE, str(path))
    line(process)
    go(process)
    assert line(process) == "won"
    backend = LocalBackend(path)
    with pytest.raises(Locked) as caught:
        start(backend)
    assert caught.value.info.pid == process.pid
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not collected: a zombie counts as gone
    with start(backend) as session:
        assert session.lock.took_over == caught.value.info
        assert f"process {process.pid}" in session.notes[0]
        assert "gone" in session.notes[0]
    process.communicate()
    assert backend.lock_info() is None


def test_the_refusal_says_who_since_when_and_how_to_break_it(backend: LocalBackend) -> None:
    lock = backend.lock(LockInfo.mine("apply", "run-7"))
    with pytest.raises(Locked) as caught:
        LocalBackend(backend.path).lock(LockInfo.mine("apply", "run-8"))
    text = str(caught.value)
    for part in (
        lock.info.who,
        lock.info.since,
        f"process {os.getpid()}",
        "run-7",
        f"reconciler unlock {lock.info.id}",
    ):
        assert part in text
    assert backend.lock_info() == lock.info
    backend.unlock(lock)
    assert backend.lock_info() is None


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({}, False),
        ({"pid": 2**22 + 1}, True),
        ({"started": "1"}, True),
        ({"started": ""}, False),
        ({"started": "", "pid": 2**22 + 1}, True),
        ({"host": "elsewhere", "pid": 2**22 + 1}, False),
        ({"machine": "another of this name", "pid": 2**22 + 1}, False),
        ({"namespace": "pid:[1]", "pid": 2**22 + 1}, False),
        ({"boot": "an earlier one", "namespace": "pid:[1]"}, False),
    ],
)
def test_only_a_process_that_is_provably_gone_is_gone(change: dict[str, object], gone: bool) -> None:
    info = dataclasses.replace(LockInfo.mine(), **change)  # type: ignore[arg-type]  # test data
    assert info.is_gone() is gone


def test_after_a_restart_of_the_machine_the_lock_is_taken_over_if_the_machine_is_known() -> None:
    here = dataclasses.replace(LockInfo.mine(), boot="an earlier one")
    assert here.is_gone() is bool(this_machine().machine)


def test_the_start_of_a_process_tells_it_from_a_later_one_with_its_number() -> None:
    assert start_of(os.getpid()) == start_of(os.getpid())
    assert start_of(os.getpid()) != start_of(1)
    assert start_of(2**22 + 1) is None


def test_waiting_ends_when_the_holder_lets_go(path: Path) -> None:
    holder = LockFile(path)
    lock = holder.acquire(LockInfo.mine())
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            holder.release(lock)

    waiter = LockFile(path, pause=pause, clock=lambda: sum(pauses))
    assert waiter.acquire(LockInfo.mine("second"), timeout=10).took_over is None
    assert pauses == sorted(pauses)
    assert len(pauses) == 3


def test_waiting_ends_at_the_timeout(path: Path) -> None:
    LockFile(path).acquire(LockInfo.mine())
    pauses: list[float] = []
    with pytest.raises(Locked):
        LockFile(path, pause=pauses.append, clock=lambda: sum(pauses)).acquire(LockInfo.mine(), timeout=5)
    assert sum(pauses) == pytest.approx(5)
    assert max(pauses) <= 1
    with pytest.raises(Locked):
        LockFile(path, pause=pauses.clear).acquire(LockInfo.mine())  # type: ignore[arg-type]  # must not be called
    assert pauses


def test_breaking_needs_the_right_id(path: Path) -> None:
    locks = LockFile(path)
    with pytest.raises(LockLost, match="nobody holds"):
        locks.force("any")
    lock = locks.acquire(LockInfo.mine())
    with pytest.raises(LockLost, match=lock.info.id):
        locks.force("another")
    assert locks.holder() == lock.info
    assert locks.force(lock.info.id) == lock.info
    assert locks.holder() is None
    locks.acquire(LockInfo.mine())
    assert locks.force(None) is not None


def test_a_broken_lock_is_not_given_back_over_its_new_holder(path: Path) -> None:
    locks = LockFile(path)
    first = locks.acquire(LockInfo.mine())
    locks.force(first.info.id)
    second = locks.acquire(LockInfo.mine("second"))
    with pytest.raises(LockLost, match="was broken"):
        locks.release(first)
    assert locks.holder() == second.info


def test_a_run_whose_lock_was_broken_can_write_no_more(backend: LocalBackend) -> None:
    version = backend.compact(new_state(), backend.read()[1])
    lock = backend.lock(LockInfo.mine())
    version = backend.append([], version)
    LocalBackend(backend.path).force_unlock(lock.info.id)
    with pytest.raises(VersionConflict, match="lock of this run was broken"):
        backend.append([], version)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"nonsense", b'{"id": 1}'])
def test_an_unreadable_lock_stops_and_can_be_broken_by_force(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    locks = LockFile(path)
    with pytest.raises(StateDamaged, match=r"unlock --force"):
        locks.acquire(LockInfo.mine())
    with pytest.raises(StateDamaged):
        locks.force("some id")
    assert locks.force(None) is None
    locks.acquire(LockInfo.mine())
