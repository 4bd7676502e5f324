"""The throttle: timing by a clock that moves by itself, fairness and limits by real threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.http import Budget, BudgetExhausted, Limiter, Rate
from reconciler.http.rate import _Gate
from tests.http.wire import FakeClock, Seen, Wire, answer, connect, upper


def starts(limiter: Limiter, clock: FakeClock, count: int) -> list[float]:
    begin = clock.now()
    times = []
    for _ in range(count):
        limiter.enter(read=True, budget=Budget(clock=clock))
        limiter.leave(read=True)
        times.append(round(clock.now() - begin, 6))
    return times


def test_a_burst_and_then_the_rate() -> None:
    clock = FakeClock()
    limiter = Limiter(Rate(per_second=2, burst=3), clock=clock)
    assert starts(limiter, clock, 6) == [0, 0, 0, 0.5, 1, 1.5]
    clock.wait(threading.Event(), 100)
    assert starts(limiter, clock, 5) == [0, 0, 0, 0.5, 1]


def test_no_rate_never_waits() -> None:
    clock = FakeClock()
    assert starts(Limiter(Rate(), clock=clock), clock, 100) == [0] * 100


@settings(deadline=None)
@given(st.floats(0.1, 1000), st.integers(1, 20), st.lists(st.floats(0, 5), min_size=1, max_size=40))
def test_no_window_has_more_than_burst_and_rate(per_second: float, burst: int, gaps: list[float]) -> None:
    clock = FakeClock()
    limiter = Limiter(Rate(per_second=per_second, burst=burst), clock=clock)
    times = []
    for gap in gaps:
        clock.wait(threading.Event(), gap)
        limiter.enter(read=True, budget=Budget(clock=clock))
        limiter.leave(read=True)
        times.append(clock.now())
    for first in range(len(times)):
        for last in range(first, len(times)):
            allowed = burst + (times[last] - times[first]) * per_second
            assert last - first + 1 <= allowed + 1e-3


def test_a_pause_holds_back_all_and_empties_the_bucket() -> None:
    clock = FakeClock()
    limiter = Limiter(Rate(per_second=2, burst=5), clock=clock)
    limiter.pause(10)
    limiter.pause(3)  # a shorter one does not shorten it
    assert starts(limiter, clock, 4) == [10, 10.5, 11, 11.5]


def test_a_pause_without_a_rate_is_left_at_different_times() -> None:
    clock = FakeClock()
    given_out = iter([0.1, 0.7, 0.3])
    limiter = Limiter(Rate(), clock=clock, jitter=lambda low, high: next(given_out))
    limiter.pause(10)
    assert starts(limiter, clock, 2) == [10.1, 10.1]


def test_who_waits_while_a_pause_begins_waits_for_its_end() -> None:
    class Pausing(FakeClock):
        def wait(self, stop: threading.Event, seconds: float) -> bool:
            if not self.waits:
                self.waits.append(0.0)
                limiter.pause(30)
            return super().wait(stop, seconds)

    clock = Pausing()
    limiter = Limiter(Rate(per_second=1), clock=clock)
    assert starts(limiter, clock, 2) == [0, 30]


def test_waiting_for_a_token_respects_the_budget_and_takes_nothing() -> None:
    clock = FakeClock()
    limiter = Limiter(Rate(per_second=0.1, reads=1), clock=clock)
    starts(limiter, clock, 1)
    with pytest.raises(BudgetExhausted):
        limiter.enter(read=True, budget=Budget(5, clock=clock))
    assert starts(limiter, clock, 1) == [10]


def test_waiting_for_a_place_respects_the_budget() -> None:
    limiter = Limiter(Rate(writers=1))
    limiter.enter(read=False, budget=Budget())
    with pytest.raises(BudgetExhausted):
        limiter.enter(read=False, budget=Budget(0.02))
    limiter.leave(read=False)
    limiter.enter(read=False, budget=Budget(10))  # the place was not lost


def test_places_are_given_in_the_order_of_coming() -> None:
    gate = _Gate(1)
    budget = Budget()
    gate.enter(budget)
    order: list[int] = []
    threads = []

    def work(number: int) -> None:
        gate.enter(budget)
        order.append(number)
        gate.leave()

    for number in range(8):
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        threads.append(thread)
        while len(gate._waiting) <= number:
            thread.join(0.001)
    gate.leave()
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))


@pytest.mark.parametrize(("reads", "limit"), [(True, 3), (False, 2)])
def test_no_more_in_flight_than_allowed(reads: bool, limit: int) -> None:
    lock = threading.Lock()
    now = most = 0
    full = threading.Event()

    def server(_: Seen) -> bytes:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == limit:
                full.set()
        full.wait(10)  # nobody leaves before the house is full once
        with lock:
            now -= 1
        return answer(200, {})

    with Wire(server) as wire, ThreadPoolExecutor(12) as pool:
        client = connect(wire, rate=Rate(reads=3, writers=2), clock=None, budget=Budget())
        list(pool.map(lambda _: client.request("POST", "/x", json={}, reads=reads), range(36)))
    assert most == limit


@pytest.mark.parametrize("wrong", [{"per_second": 0}, {"per_second": -1.0}, {"burst": 0}, {"writers": 0}, {"reads": 0}])
def test_senseless_rates_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="rate"):
        Rate(**wrong)


def test_the_time_that_calls_take_is_told_beforehand() -> None:
    assert Rate(per_second=2, burst=4).seconds_for(10) == 3
    assert Rate(per_second=2, burst=4).seconds_for(2) == 0
    assert Rate().seconds_for(1000) == 0
    assert upper(0, 1) == 1
