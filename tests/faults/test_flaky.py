"""Lost answers, 5xx, 429, cut answers, lists that lag: nothing twice, nothing lost, what is saved is deployed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.mixed import assert_deployed, assert_once, assert_same_copy, mixed
from tests.harness import Bench

ROUNDS = 4
FAULTS: dict[str, dict[str, Any]] = {
    "every tenth answer lost": {"lose_response": 0.1},
    "every other answer lost": {"lose_response": 0.5},
    "5xx": {"rate_5xx": 0.15},
    "429": {"rate_429": 0.15},
    "cut answers": {"truncate": 0.15},
    "lagging lists": {"stale_list": 250, "lose_response": 0.3},
    "all of it": {"lose_response": 0.15, "rate_5xx": 0.1, "rate_429": 0.1, "truncate": 0.05, "stale_list": 200},
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.usefixtures("_impatient")
def test_what_is_flaky_leaves_no_duplicate_and_loses_nothing(shop: Bench, name: str) -> None:
    unfinished = 0
    for round_ in range(1, ROUNDS + 1):
        shop.write(mixed(round_))
        shop.faults(**FAULTS[name], seed=round_, retry_after=0)
        ran = shop.run("apply", "--auto-approve", "--allow", "deletes=100")
        assert ran.code in {0, 1, 3}, str(ran)
        unfinished += ran.code == 3
        shop.faults()
        ran = shop.run("apply", "--auto-approve", "--allow", "deletes=100")
        assert ran.code == 0, str(ran)
        shop.settled()
        assert_once(shop, round_)
        assert_deployed(shop, round_)
    if name == "429":
        assert not unfinished, "a 429 was not carried out and can always be sent again"


CREATES = ("*/add", "/fields", "/entities", "/credentials", "/flows", "/reports", "/routers")


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.usefixtures("_impatient")
def test_creates_that_were_carried_out_and_answered_with_a_failure_are_found_again(shop: Bench, status: int) -> None:
    shop.write(mixed(1))
    shop.faults(
        fail=[{"method": "POST", "path": path, "status": status, "times": 3, "when": "after"} for path in CREATES]
    )
    ran = shop.run("apply", "--auto-approve")
    assert ran.code == 0, str(ran)
    assert not [row for row in shop.requests() if row["path"].endswith("/add") and row["status"] in {409, 422}]
    shop.faults()
    shop.settled()
    assert_once(shop, 1)
    assert_deployed(shop, 1)


@pytest.mark.usefixtures("_impatient")
def test_a_save_and_a_publish_that_were_carried_out_without_an_answer_are_not_taken_for_failures(shop: Bench) -> None:
    shop.write(mixed(1))
    shop.apply()
    shop.write(mixed(2))
    after = {"status": 502, "when": "after"}
    shop.faults(
        fail=[
            {"method": "PUT", "path": "/flows/*", "times": 4, **after},
            {"method": "POST", "path": "/flows/*/deploy", "times": 2, **after},
            {"method": "POST", "path": "*/update", "times": 4, **after},
        ]
    )
    ran = shop.run("apply", "--auto-approve", "--allow", "deletes=100")
    assert ran.code == 0, str(ran)
    shop.faults()
    shop.settled()
    assert_once(shop, 2)
    assert_deployed(shop, 2)


@pytest.mark.usefixtures("_impatient")
def test_a_save_whose_outcome_stays_unknown_is_published_by_the_next_run(shop: Bench) -> None:
    shop.write(mixed(1))
    shop.apply()
    shop.write(mixed(1).replace("name: Kept\n", "name: Kept anew\n"))
    identity = next(flow["id"] for flow in shop.dump("leadconduit", "flows") if flow["name"] == "Kept")
    path = f"/flows/{identity}"
    shop.faults(
        fail=[
            {"method": "PUT", "path": path, "status": 502, "times": 99, "when": "after"},
            {"method": "POST", "path": f"{path}/deploy", "status": 422, "times": 99},
        ]
    )
    ran = shop.run("apply", "--auto-approve")
    assert ran.code in {1, 3}, str(ran)
    shop.faults()
    change = next(c for c in shop.plan_json()["resource_changes"] if c["address"] == "leadconduit.flows.kept")
    assert change["change"]["actions"] == ["update"], "it was saved by the run before, but not published"
    shop.apply()
    shop.settled()
    flow = next(flow for flow in shop.dump("leadconduit", "flows") if flow["id"] == identity)
    assert flow["name"] == "Kept anew"
    assert_same_copy(flow)
