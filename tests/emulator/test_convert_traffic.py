from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.convert.kind import slug
from reconciler.emulator.convert.store import Store
from reconciler.emulator.convert.variations import split_around, split_evenly, sums_up

SHARES = st.lists(st.integers(0, 10_000).map(lambda cents: cents / 100), min_size=1, max_size=40)


def variations(shares: list[float]) -> list[dict[str, Any]]:
    return [
        {"id": number, "status": "running", "traffic_distribution": share, "_rev": 0}
        for number, share in enumerate(shares)
    ]


@given(SHARES)
def test_an_even_split_is_whole_and_even(shares: list[float]) -> None:
    split = split_evenly(Store(), variations(shares))
    traffic = [one["traffic_distribution"] for one in split]
    assert sums_up(split)
    assert max(traffic[1:], default=traffic[0]) == min(traffic[1:], default=traffic[0])
    assert all(round(share, 2) == share for share in traffic)
    # what keeps its share keeps its revision
    before = variations(shares)
    assert all(
        (one["_rev"] == 0) is (one["traffic_distribution"] == was) for one, was in zip(split, shares, strict=True)
    )
    assert len(before) == len(split)


@given(SHARES.filter(lambda shares: len(shares) > 1), st.data())
def test_one_share_that_changes_moves_the_others(shares: list[float], data: st.DataObject) -> None:
    many = variations(shares)
    fixed = data.draw(st.integers(0, len(many) - 1))
    split = split_around(Store(), many, fixed)
    assert split[fixed] is many[fixed]
    assert abs(math.fsum(one["traffic_distribution"] for one in split) - 100) < 0.005


@given(st.text(max_size=300))
def test_keys_made_of_names_fit(name: str) -> None:
    key = slug(name)
    assert 1 <= len(key) <= 32
    assert slug(key) == key
