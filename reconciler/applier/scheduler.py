"""Running steps as soon as what they need is done: node by node, never in waves, with bounded parallelism.

With one worker the same code runs one step after the other, in the order of the plan.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event

from reconciler.applier.result import StepResult
from reconciler.model.plan import Step


def run_steps(
    steps: Sequence[Step],
    execute: Callable[[Step], StepResult],
    *,
    parallelism: int,
    stop: Event,
    stop_on_error: bool = False,
    halted: Callable[[], bool] = lambda: False,
    told: Callable[[StepResult], None] = lambda _result: None,
) -> list[StepResult]:
    """Run all steps; return their results in plan order. What needs a failed step is skipped, naming the cause.

    When `stop` is set, or `halted` says so, no further step begins; those in flight are finished and reported. `told`
    is called with each result as it comes.
    """
    results = {step.id: StepResult(step) for step in steps}
    rank = {step.id: i for i, step in enumerate(steps)}
    waiting = {step.id: {need for need in step.needs if need in results} for step in steps}
    dependants: dict[str, list[str]] = {step.id: [] for step in steps}
    for name, needs in waiting.items():
        for need in needs:
            dependants[need].append(name)
    ready = [rank[name] for name, needs in waiting.items() if not needs]
    heapq.heapify(ready)
    failed = False

    def settle(result: StepResult) -> None:
        nonlocal failed
        queue = [result]
        while queue:
            settled = queue.pop()
            name = settled.step.id
            results[name] = settled
            told(settled)
            if settled.status == "done":
                for dependant in dependants[name]:
                    waiting[dependant].discard(name)
                    if not waiting[dependant] and results[dependant].status == "not started":
                        heapq.heappush(ready, rank[dependant])
                continue
            failed = failed or settled.status == "failed"
            cause = settled.cause or f"{settled.step.title} of {settled.step.address} failed"
            queue.extend(
                StepResult(results[dependant].step, "skipped", cause=cause)
                for dependant in dependants[name]
                if results[dependant].status == "not started"
            )
            for dependant in dependants[name]:
                if results[dependant].status == "not started":
                    results[dependant].status = "skipped"

    finished: SimpleQueue[StepResult | BaseException] = SimpleQueue()

    def work(step: Step) -> None:
        try:
            finished.put(execute(step))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits, which raises it
            finished.put(error)

    running, workers = 0, max(1, parallelism)
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="apply") as pool:
        while ready or running:
            while ready and running < workers and not (stop.is_set() or halted() or (failed and stop_on_error)):
                step = steps[heapq.heappop(ready)]
                if results[step.id].status == "not started":
                    pool.submit(work, step)
                    running += 1
            if not running:
                break
            outcome = finished.get()
            running -= 1
            if isinstance(outcome, BaseException):
                stop.set()
                raise outcome
            settle(outcome)
    return [results[step.id] for step in steps]
