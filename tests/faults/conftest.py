"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.mixed import SECRETS
from tests.harness import Bench, bench


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bench]:
    """Return an empty project with two Convert projects and LeadConduit, and its secrets."""
    with bench(tmp_path / "shop") as one:
        one.environ.update(SECRETS)
        yield one


@pytest.fixture
def _no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator shows at once what was written, so nothing has to be waited out."""
    monkeypatch.setattr("reconciler.applier.recover.time.sleep", lambda _seconds: None)
