"""Running a command as a process and ending it at a moment counted in requests, so that it lands inside of the run."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable

import httpx

from tests.harness import Bench

LIMIT = 60.0
"""Seconds after which a process that does nothing fails the test."""


def count(client: httpx.Client) -> int:
    """Return how many requests the platforms have seen since the log was emptied."""
    return sum(int(row["count"]) for row in client.get("requests", params={"counts": "1"}).json())


def wait_for(process: subprocess.Popen[str], until: Callable[[], bool]) -> bool:
    """Wait until something holds or the process ends; tell whether it held."""
    end = time.monotonic() + LIMIT
    while not until():
        if process.poll() is not None:
            return False
        assert time.monotonic() < end, "nothing happened"
        _pause(process, 0.002)
    return True


def kill_after(bench: Bench, process: subprocess.Popen[str], requests: int, more: float = 0.0) -> bool:
    """Kill a process once so many requests were seen, and `more` seconds later. Tell whether it was still running."""
    with httpx.Client(base_url=f"{bench.url}/_control", timeout=30) as client:
        wait_for(process, lambda: count(client) >= requests)
    _pause(process, more)
    running = process.poll() is None
    process.kill()
    process.communicate(timeout=LIMIT)
    return running


def _pause(process: subprocess.Popen[str], seconds: float) -> None:
    """Wait for a process, at most so long."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return


def moments(seed: int, number: int, total: int) -> list[tuple[int, float]]:
    """Return moments spread over a run of `total` requests: one in each equal part of it, at random there."""
    rng = random.Random(seed)  # noqa: S311 - repeatable moments
    spread = [(int((part + rng.random()) * total / number), rng.uniform(0, 0.012)) for part in range(number)]
    rng.shuffle(spread)
    return spread
