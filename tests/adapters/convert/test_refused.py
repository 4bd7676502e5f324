from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.convert.experiences import EXPERIENCES
from reconciler.adapters.convert.refused import without_refused
from reconciler.model.values import Path

BODY: dict[str, Any] = {
    "settings": {"min_running_time": 7, "served_by": 1, "visual_editor": {"screen_width": 800, "probe": 2}},
    "variations": [{"id": 1, "name": "A", "lane": 3}, {"id": 2, "name": "B"}],
}


def test_what_was_only_carried_over_is_left_out() -> None:
    refused: list[Path] = [("settings", "served_by"), ("settings", "visual_editor", "probe"), ("variations", 0, "lane")]

    assert without_refused(EXPERIENCES.shape, BODY, refused) == {
        "settings": {"min_running_time": 7, "visual_editor": {"screen_width": 800}},
        "variations": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}],
    }
    assert BODY["settings"]["served_by"] == 1


@pytest.mark.parametrize(
    "refused",
    [
        [],
        [("settings", "min_running_time")],
        [("settings", "served_by"), ("settings", "min_running_time")],
        [("settings", "not_sent")],
        [("variations", 5, "lane")],
        [("settings",)],
    ],
)
def test_what_was_declared_or_not_sent_is_never_left_out(refused: list[Path]) -> None:
    assert without_refused(EXPERIENCES.shape, BODY, refused) is None
