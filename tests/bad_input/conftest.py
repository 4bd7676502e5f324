"""An empty project against an emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Bench, bench


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bench]:
    """Return an empty project with two Convert projects and LeadConduit."""
    with bench(tmp_path / "shop") as one:
        yield one
