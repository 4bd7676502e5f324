"""Loading grows with the project and not faster, in processor time so that other work on the machine counts little."""

from __future__ import annotations

import time
from pathlib import Path

from tests.project.shop import CONFIG, PLATFORMS, write

PAIR = """\
shop.goals.gNN:
  {name: "${var.brand} NN", type: click, key: kNN, status: active, weight: NN, tags: [a, b], labels: {x: y}, note: N,
   settings: {selector: "#bNN", percentage: 5, level: 1}}
shop.pages.pNN:
  {name: Page NN, goals: [gNN], main_goal: gNN, primary: other, steps: [{$name: s, title: T}],
   variations: {original: {share: 50}, other: {name: Other, share: 50}}}
"""


def project(root: Path, count: int) -> Path:
    """Write a project of so many resources of about twelve attributes, half of them with references."""
    files = {"reconciler.yaml": CONFIG + "variables: {brand: {type: string, default: Bright}}\n"}
    for start in range(0, count, 500):
        wanted = range(start, min(start + 500, count), 2)
        files[f"resources/r{start}.yaml"] = "".join(PAIR.replace("NN", str(i)) for i in wanted)
    return write(root, files)


def seconds(root: Path) -> float:
    """Return the least processor time of three loads, files read from the cache."""
    from reconciler.project.loader import load
    from reconciler.project.model import LoadOptions

    best = 1e9
    for _ in range(4):
        started = time.process_time()
        load(root, LoadOptions(platforms=PLATFORMS, environ={}))
        best = min(best, time.process_time() - started)
    return best


def test_loading_is_fast_and_grows_linearly(tmp_path: Path) -> None:
    small, large = seconds(project(tmp_path / "small", 500)), seconds(project(tmp_path / "large", 4000))
    assert large < 1.5
    assert large / small < 16
