from pathlib import Path

import pytest

from reconciler.state import LocalBackend


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.json"


@pytest.fixture
def backend(path: Path) -> LocalBackend:
    return LocalBackend(path)
