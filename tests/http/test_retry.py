"""What is tried again, how long is waited, and what is left unclear. Waits take no time: the clock moves by itself."""

import threading
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.http import (
    BadAnswer,
    Budget,
    BudgetExhausted,
    Conflict,
    Limiter,
    NotFound,
    Rate,
    RetryPolicy,
    ServerError,
    Throttled,
    Timeouts,
    UnclearOutcome,
    Unreachable,
)
from reconciler.http.retry import Fault, Mode, may_retry, retry_after
from tests.http.wire import Cut, FakeClock, Seen, Silence, Wire, answer, connect, statuses, upper

TOO_MANY = answer(500, {"message": "Too Many Requests, slow down"})


@pytest.mark.parametrize(
    "first",
    [
        *statuses([408, 429, 500, 502, 503, 504, 524]),
        TOO_MANY,
        Cut(),
        Cut(reset=True),
        Cut(b"HTTP/1.1 200 OK\r\nContent-Le"),
        Cut(answer(200, [1, 2])[:-2]),
        Cut(b"garbage\r\n\r\n"),
        answer(200, raw=b'[{"id": 1}, {"i'),
    ],
)
def test_a_read_is_tried_again(first: Any) -> None:
    with Wire(first, answer(200, [1])) as wire:
        assert connect(wire).request("GET", "/goals").json() == [1]
        assert len(wire.seen) == 2
    with Wire(first, answer(200, [1])) as wire:
        assert connect(wire).request("POST", "/goals", json={}, reads=True).json() == [1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_a_final_answer_is_not_tried_again(status: int) -> None:
    with Wire(*statuses([status])) as wire:
        client = connect(wire)
        with pytest.raises(Exception, match=f"no {status}"):
            client.request("GET", "/goals")
    assert len(wire.seen) == 1


@pytest.mark.parametrize("first", [answer(429), answer(503, None, ("Retry-After", "1"))])
def test_a_write_is_tried_again_when_it_was_surely_not_carried_out(first: bytes) -> None:
    with Wire(first, answer(201, {"id": 1})) as wire:
        assert connect(wire).request("POST", "/goals/add", json={"n": 1}).json() == {"id": 1}
    assert [seen.body for seen in wire.seen] == [b'{"n":1}'] * 2


@pytest.mark.parametrize(
    "first", [Cut(), Cut(reset=True), Cut(answer(201, {"id": 1})[:-3]), *statuses([502, 504, 524])]
)
def test_the_outcome_of_a_write_is_unclear(first: Any) -> None:
    with Wire(first, answer(201, {"id": 1})) as wire, pytest.raises(UnclearOutcome) as caught:
        connect(wire).request("POST", "/goals/add", json={})
    assert len(wire.seen) == 1
    assert caught.value.maybe_applied
    assert caught.value.method == "POST"


@pytest.mark.parametrize("first", [*statuses([500, 503]), TOO_MANY])
def test_a_write_that_failed_on_the_server_is_not_repeated(first: bytes) -> None:
    with Wire(first, answer(201)) as wire, pytest.raises((ServerError, Throttled)) as caught:
        connect(wire).request("POST", "/goals/add", json={})
    assert len(wire.seen) == 1
    assert caught.value.maybe_applied


def test_silence_after_a_write_is_unclear() -> None:
    done = threading.Event()
    with Wire(Silence(done)) as wire:
        client = connect(wire, timeouts=Timeouts(read=0.05))
        with pytest.raises(UnclearOutcome, match="did not answer"):
            client.request("POST", "/goals/add", json={})
        with pytest.raises(Unreachable, match="did not answer"):
            client.request("GET", "/goals", timeout=0.01)
        done.set()
    assert [seen.method for seen in wire.seen] == ["POST"] + ["GET"] * 6


@pytest.mark.parametrize(("method", "idempotent"), [("PUT", None), ("DELETE", None), ("POST", True), ("PATCH", True)])
@pytest.mark.parametrize("first", [Cut(), *statuses([429, 500, 502, 503, 504])])
def test_a_repeatable_write_is_tried_again(method: str, idempotent: bool | None, first: Any) -> None:
    with Wire(first, answer(200, {})) as wire:
        connect(wire).request(method, "/goals/1", json={}, idempotent=idempotent)
    assert len(wire.seen) == 2


@pytest.mark.parametrize(("method", "idempotent"), [("POST", None), ("PATCH", None), ("PUT", False)])
def test_other_writes_are_not(method: str, idempotent: bool | None) -> None:
    with Wire(Cut(), answer(200, {})) as wire, pytest.raises(UnclearOutcome):
        connect(wire).request(method, "/goals/1", json={}, idempotent=idempotent)
    assert len(wire.seen) == 1


def test_an_answer_after_an_unclear_attempt_says_so() -> None:
    with Wire(Cut(), *statuses([404])) as wire, pytest.raises(NotFound) as gone:
        connect(wire).request("DELETE", "/goals/1")
    assert gone.value.maybe_applied  # perhaps it was our own first attempt that deleted it
    with Wire(Cut(), *statuses([409])) as wire, pytest.raises(Conflict) as conflict:
        connect(wire).request("PUT", "/goals/1", json={})
    assert conflict.value.maybe_applied
    with Wire(*statuses([404])) as wire, pytest.raises(NotFound) as plain:
        connect(wire).request("DELETE", "/goals/1")
    assert not plain.value.maybe_applied


def test_attempts_end() -> None:
    clock = FakeClock()
    with Wire(*statuses([503])) as wire, pytest.raises(ServerError, match="503"):
        connect(wire, clock=clock).request("GET", "/goals")
    assert len(wire.seen) == 6
    assert clock.waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    with Wire(*statuses([500])) as wire, pytest.raises(ServerError):
        connect(wire).request("GET", "/goals")
    assert len(wire.seen) == 3
    with Wire(answer(200, raw=b"[1")) as wire, pytest.raises(BadAnswer):
        connect(wire).request("GET", "/goals")
    assert len(wire.seen) == 6


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_closed_port_is_unreachable(method: str) -> None:
    with Wire(answer()) as wire:
        url = wire.url
    clock = FakeClock()
    with pytest.raises(Unreachable, match="did not accept a connection") as caught:
        connect(url, clock=clock).request(method, "/x")
    assert len(clock.waits) == 2
    assert not caught.value.maybe_applied


def test_an_unknown_host_is_said_at_once() -> None:
    clock = FakeClock()
    with pytest.raises(Unreachable):
        connect(f"https://{'x' * 70}.example.com", clock=clock).request("POST", "/x")
    assert clock.waits == []


def test_retry_after_in_seconds_and_as_a_date() -> None:
    clock = FakeClock()
    with Wire(answer(429, None, ("Retry-After", "7")), answer(200, [])) as wire:
        connect(wire, clock=clock).request("GET", "/goals")
    assert clock.waits == [7 + 7 / 4]
    clock = FakeClock()

    def later(_: Seen) -> bytes:
        # the platform's clock is 1,000 s ahead of ours; what counts is the difference by its own clock
        theirs = clock.wall() + 1000
        date = ("Date", formatdate(theirs, usegmt=True))
        return answer(503, None, ("Retry-After", formatdate(theirs + 20, usegmt=True)), date)

    with Wire(later, answer(200, [])) as wire:
        connect(wire, clock=clock).request("POST", "/goals/add", json={})
    assert clock.waits == [pytest.approx(25, abs=1.5)]


@settings(deadline=None)
@given(st.text(max_size=12))
def test_any_retry_after_can_be_read(text: str) -> None:
    headers = httpx.Headers([(b"retry-after", text.encode())])
    asked = retry_after(headers, 0.0)
    assert asked is None or asked >= 0


def test_a_wait_beyond_patience_is_not_begun() -> None:
    clock = FakeClock()
    with Wire(answer(429, None, ("Retry-After", "3600"))) as wire, pytest.raises(Throttled) as caught:
        connect(wire, clock=clock).request("GET", "/goals")
    assert caught.value.retry_after == 3600
    assert clock.waits == []


def test_a_throttle_without_a_time_is_never_answered_at_once() -> None:
    policy = RetryPolicy()
    assert all(0.5 <= policy.backoff(1, None, throttle=True) <= 1 for _ in range(50))
    assert all(policy.backoff(3, None, throttle=True) >= 2 for _ in range(50))
    assert all(policy.backoff(40, None) <= 30 for _ in range(50))
    assert all(10 <= policy.backoff(1, 10.0) <= 12.5 for _ in range(50))


def test_the_budget_binds_all_waiting() -> None:
    clock = FakeClock()
    budget = Budget(10, clock=clock)
    with Wire(*statuses([503])) as wire, pytest.raises(BudgetExhausted, match="time limit of 10 s") as caught:
        connect(wire, clock=clock, budget=budget).request("GET", "/goals")
    assert clock.waits == [0.5, 1.0, 2.0, 4.0]
    assert caught.value.url.endswith("/goals")
    assert budget.remaining() == 2.5
    clock.wait(threading.Event(), 2.5)
    with Wire(answer()) as wire, pytest.raises(BudgetExhausted):
        connect(wire, clock=clock, budget=budget).request("GET", "/goals")
    assert not wire.seen


def test_an_unclear_write_stays_unclear_when_time_runs_out() -> None:
    clock = FakeClock()
    with Wire(Cut()) as wire, pytest.raises(UnclearOutcome, match="time limit"):
        connect(wire, clock=clock, budget=Budget(0.25, clock=clock)).request("PUT", "/goals/1", json={})
    assert len(wire.seen) == 1


def test_a_stopped_run_sends_nothing_more_and_wakes_who_waits() -> None:
    budget = Budget()
    asked = threading.Event()
    failed: list[str] = []

    def slow_down(_: Seen) -> bytes:
        asked.set()
        return answer(429, None, ("Retry-After", "100"))

    with Wire(slow_down) as wire:
        client = connect(wire, budget=budget, clock=None)

        def work() -> None:
            try:
                client.request("GET", "/goals")
            except BudgetExhausted as error:
                failed.append(error.message)

        thread = threading.Thread(target=work)
        thread.start()
        assert asked.wait(10)
        budget.cancel("stopped by Ctrl-C")
        thread.join(10)
        assert not thread.is_alive()
        with pytest.raises(BudgetExhausted):
            client.request("GET", "/goals")
    assert failed == ["stopped by Ctrl-C"]
    assert len(wire.seen) == 1


def test_one_wait_holds_back_the_whole_account() -> None:
    clock = FakeClock()
    limiter = Limiter(Rate(reads=None), clock=clock, jitter=upper)
    with Wire(answer(429, None, ("Retry-After", "60")), answer(200, [])) as wire:
        first = connect(wire, clock=clock, rate=limiter, budget=Budget(20, clock=clock))
        second = connect(wire, clock=clock, rate=limiter)
        with pytest.raises(BudgetExhausted):
            first.request("GET", "/goals")
        second.request("GET", "/goals")
    assert clock.waits == [
        65 + 2
    ]  # Retry-After and its jitter, then a random part so that they do not all start at once


@settings(deadline=None)
@given(st.sampled_from(Mode), st.sampled_from(list(Fault)) | st.integers(400, 599), st.booleans(), st.booleans())
def test_the_more_careful_never_repeats_what_the_less_careful_does_not(
    mode: Mode, failure: Fault | int, throttle: bool, asked: bool
) -> None:
    once = may_retry(Mode.ONCE, failure, throttle=throttle, asked=asked)
    assert not once or may_retry(mode, failure, throttle=throttle, asked=asked)
    if once:
        assert failure in {Fault.NOT_CONNECTED, 429, 503}
