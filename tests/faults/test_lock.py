"""Two runs on one ledger: the second is told who works there, waits when asked to, and takes over from the dead."""

from __future__ import annotations

import json
import re

from reconciler.state.process import user_at_host
from tests.faults.killing import LIMIT
from tests.faults.terminal import Terminal
from tests.harness import Bench

GOAL = "convert.goals.one: {name: One, type: revenue, settings: {triggering_type: manual}}\n"


def test_the_second_of_two_applies_is_refused_with_who_and_since_when(shop: Bench) -> None:
    shop.write(GOAL)
    with Terminal(shop, "apply") as first:
        first.until("Apply this?")
        shop.requests()
        ran = shop.run("apply", "--auto-approve")
        assert ran.code == 1, str(ran)
        assert user_at_host() in ran.err
        assert str(first.process.pid) in ran.err
        assert re.search(r"since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", ran.err), ran.err
        assert "unlock" in ran.err
        assert shop.requests() == [], "it asked or wrote something all the same"
        shop.run("plan", expect=0)  # looking takes no lock
        first.say("y")
        assert first.wait() == 0, first.seen
    shop.settled()
    assert len(shop.dump("convert", "goals")) == len({goal["key"] for goal in shop.dump("convert", "goals")})


def test_lock_timeout_waits_for_the_other_run(shop: Bench) -> None:
    shop.write(GOAL)
    with Terminal(shop, "apply") as first:
        first.until("Apply this?")
        second = shop.spawn("apply", "--auto-approve", "--lock-timeout", "60s")
        short = shop.run("apply", "--auto-approve", "--lock-timeout", "0.1s")
        assert short.code == 1, short
        assert second.poll() is None
        first.say("n")
        assert first.wait() == 1
        out, err = second.communicate(timeout=LIMIT)
        assert second.returncode == 0, out + err
    shop.settled()


def test_the_lock_of_a_killed_run_is_taken_over_and_that_is_said(shop: Bench) -> None:
    shop.write(GOAL)
    with Terminal(shop, "apply") as first:
        first.until("Apply this?")
        first.process.kill()
        first.process.wait(timeout=LIMIT)
        ran = shop.apply()
    assert "took over the lock" in ran.err
    assert str(first.process.pid) in ran.err
    shop.settled()


def test_the_lock_of_another_machine_is_never_taken_over(shop: Bench) -> None:
    shop.write(GOAL)
    with Terminal(shop, "apply") as first:
        first.until("Apply this?")
        lock = next(path for path in (shop.root / ".reconciler").iterdir() if path.name.endswith(".lock"))
        held = json.loads(lock.read_text())
        first.say("n")
        assert first.wait() == 1
    lock.write_text(json.dumps({**held, "host": "elsewhere", "machine": "another", "who": "anna@elsewhere"}))
    shop.requests()
    ran = shop.run("apply", "--auto-approve")
    assert ran.code == 1, str(ran)
    assert "anna@elsewhere" in ran.err
    assert shop.requests() == []
    shop.run("unlock", held["id"], "--force", expect=0)
    shop.apply()
