"""Ctrl-C: once, calls in flight are finished, saved and reported; twice, the run ends at once, and is safe all the same."""

from __future__ import annotations

import signal
import subprocess
import threading

import pytest

from tests.faults.killing import LIMIT, wait_for
from tests.harness import Bench

NUMBER = 60


def many() -> str:
    form = "source: form, recipient: null, module_ids: [leadconduit-default.inbound]"
    rows = [f"  form_{n:02}: {{name: Form {n}, {form}}}\n" for n in range(NUMBER)]
    return "leadconduit.entities:\n" + "".join(rows)


def made(shop: Bench) -> list[str]:
    return [one["name"] for one in shop.dump("leadconduit", "entities") if one["name"].startswith("Form ")]


class Listener:
    """Reads what a process says on one stream, as it says it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.text = ""
        self._process = process
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.text += line

    def close(self) -> None:
        """Read what is left and close the streams of a process that has ended."""
        self._thread.join(timeout=LIMIT)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()


def test_once_finishes_what_is_in_flight_saves_and_reports(shop: Bench) -> None:
    shop.write(many())
    shop.faults(latency_ms=60)
    process = shop.spawn("apply", "--auto-approve", "--parallelism", "4")
    assert wait_for(process, lambda: len(made(shop)) >= 10)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 3, out + err
    assert "stopping" in err
    there = made(shop)
    assert 10 <= len(there) < NUMBER
    assert len(set(there)) == len(there)
    assert f"{len(there)} done, 0 failed, 0 skipped, {NUMBER - len(there)} not started" in out, out
    tracked = [address for address in shop.state()["resources"] if address.startswith("leadconduit.entities.")]
    assert len(tracked) == len(there), "a call that was in flight was not written down"
    shop.faults()
    ran = shop.apply()
    assert "interrupted run" not in ran.err, "nothing was left open"
    assert sorted(made(shop)) == sorted(f"Form {n}" for n in range(NUMBER))
    shop.settled()


@pytest.mark.usefixtures("_no_lag")
def test_twice_ends_at_once_and_the_next_run_finishes(shop: Bench) -> None:
    shop.write(many())
    shop.faults(latency_ms=30)
    process = shop.spawn("apply", "--auto-approve", "--parallelism", "4")
    assert wait_for(process, lambda: len(made(shop)) >= 10)
    shop.faults(latency_ms=20_000)
    heard = Listener(process)
    process.send_signal(signal.SIGINT)
    wait_for(process, lambda: "again" in heard.text)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    heard.close()
    shop.faults()
    ran = shop.apply()
    assert "took over the lock" in ran.err
    assert sorted(made(shop)) == sorted(f"Form {n}" for n in range(NUMBER)), "one was made twice, or lost"
    shop.settled()


def test_while_it_reads_nothing_was_written_and_the_lock_is_given_back(shop: Bench) -> None:
    shop.write(many())
    shop.faults(latency_ms=1500)
    process = shop.spawn("apply", "--auto-approve")
    assert wait_for(process, (shop.root / ".reconciler" / "state.emulator.json").exists)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LIMIT)
    assert process.returncode in {1, 130}, err
    assert "Traceback" not in err
    assert made(shop) == []
    shop.faults()
    ran = shop.apply()
    assert "took over the lock" not in ran.err
    shop.settled()
