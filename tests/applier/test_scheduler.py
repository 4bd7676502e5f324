"""Steps run as soon as what they need is done; what failed stops only what needs it, and says so."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Event, Lock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.applier.result import StepResult
from reconciler.applier.scheduler import run_steps
from reconciler.model.plan import Step

WAIT = 20.0
"""Seconds after which a test that hangs fails."""


def step(name: str, *needs: str) -> Step:
    return Step(id=name, address=f"toy.boards.{name}", call="update", needs=needs, title="update board")


def done(one: Step) -> StepResult:
    return StepResult(one, "done")


def fails(*names: str) -> Callable[[Step], StepResult]:
    return lambda one: StepResult(one, "failed", error="no") if one.id in names else done(one)


def test_a_slow_step_holds_up_nobody_who_does_not_need_it() -> None:
    finished = Event()

    def execute(one: Step) -> StepResult:
        if one.id == "slow":
            assert finished.wait(WAIT), "the chain beside it never came to its end"
        if one.id == "c":
            finished.set()
        return done(one)

    steps = [step("slow"), step("a"), step("b", "a"), step("c", "b")]
    results = run_steps(steps, execute, parallelism=2, stop=Event())
    assert [result.status for result in results] == ["done"] * 4


def test_as_many_run_at_once_as_allowed_and_no_more() -> None:
    together, most, running, lock = Barrier(3), 0, 0, Lock()

    def execute(one: Step) -> StepResult:
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        together.wait(WAIT)
        with lock:
            running -= 1
        return done(one)

    run_steps([step(str(i)) for i in range(6)], execute, parallelism=3, stop=Event())
    assert most == 3


def test_what_needs_a_failed_step_is_skipped_and_says_why() -> None:
    seen: list[tuple[str, str]] = []
    steps = [step("a"), step("b", "a"), step("c", "b", "d"), step("d"), step("e", "c")]
    results = run_steps(
        steps,
        fails("a"),
        parallelism=2,
        stop=Event(),
        told=lambda result: seen.append((result.step.id, result.status)),
    )
    assert [result.status for result in results] == ["failed", "skipped", "skipped", "done", "skipped"]
    assert {result.cause for result in results if result.status == "skipped"} == {"update board of toy.boards.a failed"}
    assert sorted(seen) == [("a", "failed"), ("b", "skipped"), ("c", "skipped"), ("d", "done"), ("e", "skipped")]


def test_a_step_skipped_for_one_reason_does_not_run_when_another_need_is_done_later() -> None:
    results = run_steps(
        [step("a"), step("b"), step("c", "a", "b")],
        fails("a"),
        parallelism=1,
        stop=Event(),
    )
    assert [result.status for result in results] == ["failed", "done", "skipped"]


def test_each_step_is_reported_once_however_many_ways_lead_to_it() -> None:
    seen: list[str] = []
    steps = [step("a"), step("d", "a", "b"), step("b", "a")]
    run_steps(steps, fails("a"), parallelism=1, stop=Event(), told=lambda result: seen.append(result.step.id))
    assert sorted(seen) == ["a", "b", "d"]


def test_nothing_begins_after_stop_and_what_is_in_flight_is_reported() -> None:
    stop = Event()

    def execute(one: Step) -> StepResult:
        stop.set()
        return done(one)

    results = run_steps([step("a"), step("b"), step("c", "a")], execute, parallelism=1, stop=stop)
    assert [result.status for result in results] == ["done", "not started", "not started"]


def test_the_first_error_stops_the_rest_where_asked() -> None:
    steps = [step("a"), step("b"), step("c")]
    broken = fails("a")
    stopped = run_steps(steps, broken, parallelism=1, stop=Event(), stop_on_error=True)
    assert [result.status for result in stopped] == ["failed", "not started", "not started"]
    going = run_steps(steps, broken, parallelism=1, stop=Event())
    assert [result.status for result in going] == ["failed", "done", "done"]


def test_an_error_nobody_expected_comes_out() -> None:
    def execute(one: Step) -> StepResult:
        raise ZeroDivisionError(one.id)

    stop = Event()
    with pytest.raises(ZeroDivisionError, match="a"):
        run_steps([step("a"), step("b")], execute, parallelism=2, stop=stop)
    assert stop.is_set()


@pytest.mark.parametrize("parallelism", [0, 1])
def test_one_worker_is_the_least_and_runs_in_the_order_of_the_plan(parallelism: int) -> None:
    ran: list[str] = []

    def execute(one: Step) -> StepResult:
        ran.append(one.id)
        return done(one)

    run_steps([step("z"), step("a"), step("m", "z")], execute, parallelism=parallelism, stop=Event())
    assert ran == ["z", "a", "m"]


def test_needs_outside_the_list_are_met_already() -> None:
    assert run_steps([step("a", "elsewhere")], done, parallelism=1, stop=Event())[0].status == "done"


def test_a_chain_of_ten_thousand_that_fails_at_once_is_skipped_without_recursion() -> None:
    steps = [step(str(i), *([str(i - 1)] if i else [])) for i in range(10_000)]
    results = run_steps(steps, fails("0"), parallelism=4, stop=Event())
    assert [result.status for result in results] == ["failed"] + ["skipped"] * 9_999


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20),
    broken=st.sets(st.integers(0, 9), max_size=3),
)
def test_parallel_and_serial_come_to_the_same(edges: list[tuple[int, int]], broken: set[int]) -> None:
    steps = [step(str(i), *{str(low) for high, low in edges if high == i and low < i}) for i in range(10)]
    execute = fails(*map(str, broken))
    both = [run_steps(steps, execute, parallelism=n, stop=Event()) for n in (1, 6)]
    told = [[(result.step.id, result.status) for result in results] for results in both]
    assert told[0] == told[1]
    ok = {result.step.id for result in both[0] if result.status == "done"}
    assert all(set(result.step.needs) <= ok for result in both[0] if result.status == "done")
