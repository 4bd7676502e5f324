"""The page that says what is covered is up to date."""

from __future__ import annotations

from tests.convergence.coverage import COMMAND, FILE, render


def test_page_is_current() -> None:
    assert FILE.is_file(), f"write it: {COMMAND}"
    assert FILE.read_text(encoding="utf-8") == render(), f"kinds, attributes or cases have changed; write it: {COMMAND}"
