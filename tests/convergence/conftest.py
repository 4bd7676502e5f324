"""Writes `docs/coverage.md` at the end of a session in which every case of every kind passed."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

WRITE = "RECONCILER_WRITE_COVERAGE"
MODULES = ("test_attributes", "test_children", "test_objects", "test_published")
_left_out: list[pytest.Item] = []
_passed: set[str] = set()
_failed: set[str] = set()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Note that not everything runs."""
    _left_out.extend(items)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how each test went."""
    if "tests/convergence/" not in report.nodeid or report.nodeid.endswith("::test_page_is_current"):
        return
    if report.failed:
        _failed.add(report.nodeid)
    elif report.when == "call":
        _passed.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page, in the process that sees all reports."""
    if not os.environ.get(WRITE) or hasattr(session.config, "workerinput"):
        return
    whole = all(any(f"/{module}.py::" in test for test in _passed) for module in MODULES)
    narrowed = any("::" in argument for argument in session.config.args)
    if whole and not (_failed or _left_out or narrowed or session.config.option.keyword):
        from tests.convergence.coverage import FILE, render

        FILE.write_text(render(), encoding="utf-8")
