"""The benchmark suite: whole processes against the emulator on loopback, figures beside their goals.

    python -m benchmarks.bench [N ...]      # default 1000 10000; 50000 for the growth row

Prints, per size: seconds, calls, peak memory, and the ratio to the goal. Absolute figures move with the machine:
compare within one run.
"""

from __future__ import annotations

import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from benchmarks.project import write_project

GOALS_PLAN = {1_000: (0.5, 0.5), 10_000: (1.0, 2.3)}
"""Seconds of a plan with 1 % differing, by size: parse cache warm, cold."""
PAGE = 50
ROUNDS = 5


@dataclass
class Run:
    """One finished process."""

    seconds: float
    megabytes: float
    code: int
    output: str


class Bench:
    """One emulator process and the commands that are timed against it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="reconciler-bench-"))
        code = "from reconciler.emulator.server import serve; serve(0, None)"
        self.emulator = subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True)
        assert self.emulator.stdout is not None
        line = self.emulator.stdout.readline()
        self.url = next(word for word in line.replace(",", " ").split() if word.startswith("http://")).rstrip("/.")
        self.control = httpx.Client(base_url=f"{self.url}/_control", timeout=300)

    def close(self) -> None:
        """Stop the emulator and take everything away."""
        self.emulator.terminate()
        self.emulator.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, root: Path, *words: str) -> Run:
        """Run a command as a whole process; raises SystemExit with its output when it ends in error."""
        env = {**os.environ, "RECONCILER_EMULATOR": self.url, "PYTHONDONTWRITEBYTECODE": ""}
        started = time.perf_counter()
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "reconciler", *words, "--chdir", str(root)], env=env, stdout=out, stderr=out
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.perf_counter() - started
            out.seek(0)
            text = out.read()
        if process.returncode not in {0, 2}:
            raise SystemExit(f"{' '.join(words)} ended with {process.returncode}:\n{text[-4000:]}")
        return Run(seconds, usage.ru_maxrss / 1024, process.returncode, text)

    def calls(self) -> int:
        """Return how many requests the platforms have seen since last asked."""
        counts = self.control.get("/requests", params={"counts": "1"}).json()
        self.control.delete("/requests")
        return _total(counts)

    def faults(self, **values: Any) -> None:
        """Set what goes wrong from now on."""
        self.control.post("/faults", json=values)

    def reset(self) -> None:
        """Forget all data."""
        self.control.post("/reset")


def _total(counts: Any) -> int:
    if isinstance(counts, int):
        return counts
    if isinstance(counts, dict):
        return sum(_total(value) for value in counts.values())
    if isinstance(counts, list):
        return sum(_total(item.get("count", 0)) if isinstance(item, dict) else 0 for item in counts)
    return 0


def row(name: str, seconds: float, goal: float | None, calls: int | None = None, memory: float | None = None) -> None:
    """Print one line of the table."""
    ratio = "" if goal is None else f"{seconds / goal:5.2f} x"
    shown = "" if goal is None else f"{goal:8.2f}"
    print(
        f"{name:<52}{seconds:9.3f}{shown:>9}{ratio:>9}"
        f"{'' if calls is None else calls:>9}{'' if memory is None else f'{memory:.0f} MB':>10}",
        flush=True,
    )


def median(bench: Bench, root: Path, *words: str, before: Any = None) -> tuple[Run, int]:
    """Run a command some times and return the median run and the calls of the last one."""
    runs = []
    calls = 0
    for _ in range(ROUNDS):
        if before is not None:
            before()
        bench.calls()
        runs.append(bench.run(root, *words))
        calls = bench.calls()
    middle = statistics.median_low([run.seconds for run in runs])
    return next(run for run in runs if run.seconds == middle), calls


def startup(bench: Bench) -> None:
    """Time what has to feel instant."""
    root = bench.folder / "small"
    write_project(root, 20)
    row("reconciler --help", _help(), 0.100)
    run, _ = median(bench, root, "validate")
    row("validate, 20 resources", run.seconds, 0.300, memory=run.megabytes)


def _help() -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "reconciler", "--help"], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def size(bench: Bench, count: int) -> float:
    """Time apply and plans of one size; return the warm plan's seconds."""
    bench.reset()
    root = bench.folder / f"n{count}"
    write_project(root, count)
    bench.calls()
    if count <= 1_000:
        latency, workers = 0.020, 20
        bench.faults(latency_ms=latency * 1000)
        run = bench.run(root, "apply", "--auto-approve", "--parallelism", str(workers))
        bench.faults()
        row(
            f"apply {count} creates, 20 ms latency, 20 at once",
            run.seconds,
            1.25 * count * latency / workers,
            bench.calls(),
            run.megabytes,
        )
    else:
        run = bench.run(root, "apply", "--auto-approve", "--parallelism", "20")
        row(f"apply {count} creates", run.seconds, None, bench.calls(), run.megabytes)
    write_project(root, count, edited_percent=1)
    warm_goal, cold_goal = GOALS_PLAN.get(count, (None, None))
    cache = root / ".reconciler" / "cache"
    cold, calls = median(bench, root, "plan", before=lambda: shutil.rmtree(cache, ignore_errors=True))
    row(f"plan {count}, 1 % differing, cache cold", cold.seconds, cold_goal, calls, cold.megabytes)
    warm, calls = median(bench, root, "plan")
    row(f"plan {count}, 1 % differing, cache warm", warm.seconds, warm_goal, calls, warm.megabytes)
    pages = math.ceil(count * 6 / 10 / PAGE) + math.ceil(count * 3 / 10 / PAGE) + 1
    print(f"    list pages for {count} objects: {pages}; calls besides them: {calls - pages}")
    return warm.seconds


def main() -> None:
    """Run the suite for the sizes on the command line."""
    sizes = [int(word) for word in sys.argv[1:]] or [1_000, 10_000]
    bench = Bench()
    try:
        print(f"{'what':<52}{'seconds':>9}{'goal':>9}{'ratio':>9}{'calls':>9}{'memory':>10}")
        startup(bench)
        times = {count: size(bench, count) for count in sizes}
        for small, large in pairwise(sizes):
            growth = times[large] / times[small]
            print(f"growth {small} → {large}: {growth:.1f} x the time for {large / small:.0f} x the resources")
    finally:
        bench.close()


if __name__ == "__main__":
    main()
