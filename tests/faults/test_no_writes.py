"""Commands that only look send nothing that writes: told by method and path of every request that reached a platform."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.adapters.convert import PLATFORM as CONVERT
from reconciler.adapters.leadconduit import PLATFORM as LEADCONDUIT
from reconciler.cli import runtime
from reconciler.cli.options import Common
from reconciler.http import WriteRefused
from reconciler.model.kind import Kind
from reconciler.model.plan import Allowed
from reconciler.planner.planner import make_plan
from tests.faults.mixed import mixed
from tests.harness import Bench

READING_POSTS = (
    r"/convert(/api/v2)?/accounts/\d+/projects",
    r"/convert(/api/v2)?/accounts/\d+/projects/\d+/(audiences|domains|experiences|features)",
    r"/convert(/api/v2)?/accounts/\d+/projects/\d+/(goals|hypotheses|locations|tags)",
    r"/convert(/api/v2)?/accounts/\d+(/projects/\d+(/experiences/\d+)?)?/change-history",
)
"""Convert lists by POST with a filter in the body (Convert API v2, every List call)."""
MORE = """\
convert.projects.second: {name: Second site, project_type: web}
"""


def writes(bench: Bench) -> list[str]:
    """Return the requests since last asked that are not known to read only."""
    rows = bench.requests()
    assert rows, "nothing was asked at all"
    return [f"{row['method']} {row['path']}" for row in rows if not reads(row["method"], row["path"])]


def reads(method: str, path: str) -> bool:
    if method in {"GET", "HEAD"}:
        return True
    return method == "POST" and any(re.fullmatch(pattern, path) for pattern in READING_POSTS)


LOOKING = (
    ("plan",),
    ("plan", "--json"),
    ("plan", "--markdown"),
    ("plan", "-o", "saved.plan"),
    ("plan", "--destroy"),
    ("plan", "--target", "leadconduit.flows"),
    ("plan", "--replace", "convert.goals.kept"),
    ("drift",),
    ("drift", "--unmanaged"),
    ("validate", "--online"),
    ("whoami",),
)


@pytest.mark.parametrize("argv", LOOKING, ids=" ".join)
def test_looking_sends_no_write(shop: Bench, argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.root)
    if argv[0] != "drift":
        shop.write(mixed(1) + MORE)
        shop.run(*argv, expect=0)
        assert writes(shop) == [], "before there is anything"

    shop.write(mixed(1))
    shop.apply()
    _by_hand(shop)
    shop.requests()
    shop.write(mixed(2) + MORE)
    dumped = shop.control("GET", "dump")
    state = sorted((path.name, path.read_bytes()) for path in (shop.root / ".reconciler").iterdir() if path.is_file())
    ran = shop.run(*argv, "--allow", "deletes=100") if argv[0] == "plan" else shop.run(*argv)
    assert ran.code == (2 if argv[0] == "drift" else 0), str(ran)
    assert "No such command" not in ran.err
    assert writes(shop) == []
    assert shop.control("GET", "dump") == dumped
    now = sorted((path.name, path.read_bytes()) for path in (shop.root / ".reconciler").iterdir() if path.is_file())
    assert now == state, "a command that only looks wrote state"


def _by_hand(shop: Bench) -> None:
    goal = next(goal for goal in shop.dump("convert", "goals") if goal.get("key") == "kept")
    shop.edit("convert", "goals", goal["id"], {"name": "By hand"})
    bar = next(one for one in shop.dump("convert", "experiences") if one.get("key") == "bar-1")
    shop.edit("convert", "experiences", bar["id"], {"status": "paused"})
    flow = next(flow for flow in shop.dump("leadconduit", "flows") if flow["name"] == "Kept")
    shop.edit("leadconduit", "flows", flow["id"], {"name": "Kept by hand"})
    report = next(one for one in shop.dump("leadconduit", "reports") if one["name"] == "Cost 1")
    shop.edit("leadconduit", "reports", report["id"], None)


def test_the_project_of_these_tests_has_every_kind_that_can_be_written(shop: Bench) -> None:
    shop.write(mixed(1) + MORE)
    declared = {(change["type"]) for change in shop.plan_json()["resource_changes"]}
    kinds = {
        f"{kind.platform}_{kind.name}" for platform in (CONVERT, LEADCONDUIT) for kind in _writable(platform.kinds)
    }
    assert kinds <= declared


def _writable(kinds: object) -> list[Kind]:
    assert hasattr(kinds, "values")
    return [kind for kind in kinds.values() if kind.endpoints.create is not None]


def test_an_adapter_that_tries_to_write_while_planning_is_refused(shop: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write(mixed(1))
    for name, value in {"RECONCILER_EMULATOR": shop.url, **shop.environ}.items():
        monkeypatch.setenv(name, value)
    common = Common(Path(shop.root), None, (), (), Allowed(), 0, None, False, False, False, None)
    project = runtime.load_project(common)
    accounts = runtime.open_accounts(project, common)
    try:
        planned = make_plan(project, runtime.new_state(project), accounts)
        assert planned.plan.has_changes
        for address in ("convert.goals.kept", "leadconduit.fields.kept_brsol"):
            item = planned.items[address]
            with pytest.raises(WriteRefused):
                item.adapter.create(item.kind, item.scope or {}, {"name": "x"}, None)
            with pytest.raises(WriteRefused):
                item.adapter.remove(item.kind, item.scope or {}, "1", "delete", {})
    finally:
        accounts.close()
    assert writes(shop) == []
