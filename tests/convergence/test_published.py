"""`$published` of flows: saving is not going live, and no attribute of the platform tells which was published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.convergence.samples.leadconduit_flows import FLOW
from tests.convergence.stage import Stage, applied, texts

DEPLOY = "/deploy"


def deploys(writes: list[str]) -> int:
    return sum(one.endswith(DEPLOY) for one in writes)


def body(**more: Any) -> dict[str, Any]:
    return {**FLOW.body, **more}


def test_saved_without_publishing_and_published_later(tmp_path: Path) -> None:
    with applied(FLOW, tmp_path, body(**{"$published": False})) as here:
        here.settled()
        here.write(body(**{"$published": False, "name": "Saved only"}))
        assert deploys(here.apply()) == 0
        here.settled()
        here.write(body(name="Saved only"))
        assert texts(here.plan()) == ["$published"]
        writes = here.apply()
        assert [one.split()[0] for one in writes] == ["POST"]
        assert deploys(writes) == 1
        here.settled()


def test_each_change_is_published_once(tmp_path: Path) -> None:
    with applied(FLOW, tmp_path) as here:
        here.write(body(name="Leads", ping_enabled=True))
        assert "$published" in texts(here.plan())
        assert deploys(here.apply()) == 1
        here.settled()


def test_a_failed_publish_is_shown_by_the_next_plan(tmp_path: Path) -> None:
    with applied(FLOW, tmp_path) as here:
        here.write(body(name="Leads"))
        here.bench.faults(fail=[{"method": "POST", "path": "*/deploy", "status": 422, "times": 9}])
        assert here.bench.run("apply", "--auto-approve").code == 3
        here.bench.faults()
        assert texts(here.plan()) == ["$published"]
        assert deploys(here.apply()) == 1
        here.settled()


def test_a_switch_that_is_kept_holds_back_no_other_change(tmp_path: Path) -> None:
    with applied(FLOW, tmp_path) as here:
        _switched_off(here)
        here.write(body(name="Leads"))
        change = here.plan()
        assert texts(change, "x_kept") == ["enabled"]
        assert "name" in texts(change)
        here.apply()
        stored = here.stored(here.remote_id())
        assert stored is not None
        assert (stored["name"], stored["enabled"]) == ("Leads", False)


def test_saved_by_hand_is_a_note_and_goes_live_with_the_next_publish(tmp_path: Path) -> None:
    with applied(FLOW, tmp_path) as here:
        stored = here.stored(here.remote_id())
        assert stored is not None
        here.edit(here.remote_id(), {"firehose": {**stored["firehose"], "level": "debug"}})
        change = here.plan("--detailed-exitcode")
        assert any("saved it since our last publish" in note for note in change["x_notes"]), change
        here.settled()


def _switched_off(here: Stage) -> None:
    here.edit(here.remote_id(), {"enabled": False})
