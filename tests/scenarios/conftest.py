"""An emulator and an empty project for each scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Bench, bench


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bench]:
    """A project with the accounts convert, convert-app and leadconduit."""
    with bench(tmp_path) as one:
        yield one
