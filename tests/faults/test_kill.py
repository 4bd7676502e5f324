"""`kill -9` in the middle of an apply: the next apply finds out what had arrived, and finishes the work."""

from __future__ import annotations

import pytest

from tests.faults.killing import kill_after, moments
from tests.faults.mixed import assert_deployed, assert_once, mixed
from tests.harness import Bench

APPLY = ("apply", "--auto-approve", "--allow", "deletes=100", "--parallelism")
ROUNDS = 10
LATENCY = [1, 8]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.usefixtures("_no_lag")
def test_fifty_kills_leave_no_duplicate_and_lose_nothing(shop: Bench, seed: int) -> None:
    shop.faults(latency_ms=LATENCY, seed=seed)
    shop.write(mixed(100))
    shop.run(*APPLY, "8", expect=0)
    shop.write(mixed(101))
    shop.requests()
    shop.run(*APPLY, "1", expect=0)
    total = len(shop.requests()) * 9 // 10

    landed = 0
    for generation, (requests, more) in enumerate(moments(seed, ROUNDS, total), start=102):
        shop.write(mixed(generation))
        shop.requests()
        process = shop.spawn(*APPLY, "1" if generation % 3 == 0 else "8")
        landed += kill_after(shop, process, requests, more)
        shop.faults(latency_ms=0)
        ran = shop.run(*APPLY, "8")
        assert ran.code == 0, f"after a kill at request {requests}: {ran}"
        shop.settled()
        assert_once(shop, generation)
        assert_deployed(shop, generation)
        shop.faults(latency_ms=LATENCY, seed=generation)
    assert landed >= ROUNDS - 3, "the kills came too late to prove anything"
