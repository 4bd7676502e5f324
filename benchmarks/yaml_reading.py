"""How long reading takes: 10,000 resources of 25 lines in 100 files, cold, the exact way, and from the parse cache.

Run with `python -m benchmarks.yaml_reading`; prints the best of some runs in seconds.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reconciler.project.diagnostics import Diagnostics
from reconciler.project.yaml import fast
from reconciler.project.yaml.cache import ParseCache
from reconciler.project.yaml.document import read_exactly
from reconciler.project.yaml.files import read_files

RESOURCE = """\
convert.experiences.exp_{number}:
  name: Free shipping bar {number}
  type: a/b
  status: active
  url: https://www.brightsolar.example/
  traffic_distribution: 80
  goals: [purchase, add_to_cart, thank_you]
  primary_goal: purchase
  settings:
    min_running_time: 14
    stats: {{stats_type: frequentist, confidence: 95, power: 80}}
  integrations:
    google_analytics: {{enabled: true, type: ga4, measurementId: G-ABC1234567}}
  variations:
    original: {{name: Original, is_baseline: true, traffic_distribution: 33.34}}
    bar:
      name: With bar
      traffic_distribution: 33.33
      changes:
        - $name: bar
          type: customCode
          data:
            js: ${{file('../code/bar.js')}}
            css: "${{file('../code/bar.css')}}"

"""


def project(directory: Path, files: int = 100, each: int = 100) -> list[Path]:
    """Write a project's resource files and return their paths."""
    paths = []
    for file in range(files):
        path = directory / f"resources_{file:03}.yaml"
        path.write_text("".join(RESOURCE.format(number=file * each + one) for one in range(each)), encoding="utf-8")
        paths.append(path)
    return paths


def best(work: Callable[[], object], runs: int = 5) -> float:
    """Return the shortest time of some runs, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        paths = project(root)
        texts = [path.read_text(encoding="utf-8") for path in paths]
        store = root / "cache"
        read_files(paths, root, ParseCache(store), Diagnostics())
        gc.disable()  # as reading does, for as long as it takes
        print(f"fast parser available: {fast.AVAILABLE}")
        print(f"cold            {best(lambda: read_files(paths, root, None, Diagnostics())):.3f}")
        print(f"exact way only  {best(lambda: [read_exactly(text, 'x', Diagnostics()) for text in texts], 2):.3f}")
        print(f"cache warm      {best(lambda: read_files(paths, root, ParseCache(store), Diagnostics())):.3f}")


if __name__ == "__main__":
    main()
