"""The truth table of one leaf, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.values import MISSING
from reconciler.planner.truth import verdict

ROWS: list[tuple[Any, Any, Any, Any, str]] = [
    # desired, sent, seen, live, verdict
    ("a", "a", "a'", "a'", "same"),  # a' is the server's way to write a
    ("a", "a", "a", "a", "same"),
    ("b", "a", "a", "a", "changed"),
    ("b", "a", "a'", "a'", "changed"),
    ("a", "a", "a", "c", "drifted"),
    ("a", "a", "a'", "c", "drifted"),
    ("a", "a", "a", MISSING, "drifted"),
    ("b", "a", "a", "c", "changed+drifted"),
    ("b", "a", "a", "b", "converged"),
    ("a", MISSING, MISSING, "c", "new"),
    ("a", MISSING, MISSING, MISSING, "new"),
    ("a", MISSING, MISSING, "a", "recorded"),
    (1, True, True, True, "changed"),  # 1 is not true
    ([1, 2], [1, 2], [1, 2], [1, 3], "drifted"),
]


@pytest.mark.parametrize(("desired", "sent", "seen", "live", "expected"), ROWS)
def test_row(desired: Any, sent: Any, seen: Any, live: Any, expected: str) -> None:
    holds = type(desired) is type(live) and desired == live
    assert verdict(desired=desired, sent=sent, seen=seen, live=live, holds=holds) == expected
