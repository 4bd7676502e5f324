"""Fixtures of the fault tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler.http import RetryPolicy
from tests.faults.mixed import SECRETS
from tests.harness import Bench, bench

LAG = 0.35
"""Seconds that stand for the time that a kind's lists may lag behind."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bench]:
    """Return an empty project with two Convert projects and LeadConduit, and its secrets."""
    with bench(tmp_path / "shop") as one:
        one.environ.update(SECRETS)
        yield one


@pytest.fixture
def _no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator shows at once what was written, so nothing has to be waited out."""
    monkeypatch.setattr("reconciler.applier.recover.time", SimpleNamespace(sleep=lambda _seconds: None))


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait milliseconds where a real platform is waited for in seconds; lists of the emulator lag less than 0.3 s."""
    quick = RetryPolicy(base=0.002, cap=0.02, jitter=lambda least, _most: least)
    monkeypatch.setattr("reconciler.http.client.RetryPolicy", lambda: quick)
    lag = SimpleNamespace(sleep=lambda seconds: time.sleep(min(seconds, LAG)))
    monkeypatch.setattr("reconciler.applier.recover.time", lag)
