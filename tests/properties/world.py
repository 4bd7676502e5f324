"""One emulator and one project folder for many examples: each begins with nothing on either side."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cli.options import Common
from reconciler.cli.planning import plan_now
from reconciler.model.plan import Allowed, Plan, ResourceChange
from reconciler.planner.planner import PlanOptions
from tests.harness import CONFIG, FULLSTACK, Bench, _environ, bench

SECRETS = {f"RECONCILER_SECRET_{name}": f"s3cr3t-{name.lower()}" for name in ("TOKEN", "USER", "PASSWORD", "HEADER")}
QUIET = frozenset({"no-op", "read"})


@dataclass
class World:
    """The project and the emulator, and what both sides say."""

    bench: Bench

    def begin(self, disguises: list[str], seed: int) -> None:
        """Forget everything, and answer in these disguises from now on."""
        self.bench.control("POST", "reset")
        self.bench.control("POST", "load", json=FULLSTACK)
        shutil.rmtree(self.bench.root / ".reconciler", ignore_errors=True)
        self.disguised(disguises, seed)

    def disguised(self, disguises: list[str], seed: int) -> None:
        """Answer in these disguises from now on."""
        self.bench.faults(disguise=disguises, seed=seed)

    def declare(self, config: Mapping[str, Any]) -> None:
        """Write the project's files. JSON is YAML, and quick to write."""
        self.bench.write(json.dumps(config, ensure_ascii=False, indent=1))

    def apply(self) -> None:
        """Apply what is declared; all of it must succeed."""
        self.bench.apply(0)

    def plan(self) -> Plan:
        """Return the plan; there must be one, and it must be allowed."""
        common = Common(self.bench.root, None, (), (), Allowed(), 0, None, False, False, False, None)
        with _environ(self.bench.env()), plan_now(common, PlanOptions(attribute=False)) as planning:
            plan = planning.planned.plan
        assert not plan.errors, plan.errors
        assert not plan.refused, plan.checks
        return plan

    def changed(self) -> dict[str, ResourceChange]:
        """Return what a plan would change or has to say about, by address."""
        plan = self.plan()
        busy = {step.address for step in plan.steps}
        return {
            one.address: one for one in plan.resources if one.action not in QUIET or one.address in busy or one.kept
        }

    def settled(self, when: str) -> None:
        """Assert that a plan is empty: nothing to do, nothing to record, nothing kept."""
        found = self.changed()
        told = [
            f"{one.address}: {one.action} {sorted(one.causes)} "
            + "; ".join(f"{leaf.text}: {leaf.before!r} → {leaf.after!r}" for leaf in (*one.leaves, *one.kept))
            + "; ".join(f"{child.action} {child.text}" for child in one.children)
            + "; ".join(one.released)
            for one in found.values()
        ]
        assert not found, f"{when}, the plan is not empty:\n" + "\n".join(told)


@contextlib.contextmanager
def world() -> Iterator[World]:
    """Start an emulator and an empty project, both for as long as the caller wants."""
    with tempfile.TemporaryDirectory() as root, bench(Path(root), CONFIG) as one:
        one.environ |= SECRETS
        one.write(CONFIG + "guardrails: {max_deletes: 100%}\n", "reconciler.yaml")
        yield World(one)
