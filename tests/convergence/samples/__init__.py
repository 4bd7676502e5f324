"""Samples of every managed kind."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.convergence.sample import Sample

SAMPLES: tuple[Sample, ...] = tuple(
    sample
    for file in sorted(Path(__file__).parent.glob("*_*.py"))
    if file.stem != "__init__"
    for sample in import_module(f"{__name__}.{file.stem}").SAMPLES
)
