"""`reconciler state …` and `reconciler unlock`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli import runtime
from reconciler.state import LocalBackend, LockInfo, State, open_session
from reconciler.state.ledger import Entry
from reconciler.state.session import Change
from tests.cli.conftest import Cli, Emulator

FLOW = "leadconduit.flows.web_leads"


def ledger(project: Path) -> Path:
    return project / ".reconciler" / "state.emulator.json"


def read(project: Path) -> State:
    state, _ = LocalBackend(ledger(project)).read()
    assert state is not None
    return state


def test_list_and_show(cli: Cli, applied: Path) -> None:
    assert cli("state", "list", "convert.goals", "--chdir", applied).out == (
        "convert.goals.calculator_used\nconvert.goals.quote_requested\n"
    )
    shown = cli("state", "show", "leadconduit.credentials.crm_token", "--chdir", applied)
    entry = json.loads(shown.out)
    assert entry["kind"] == "credentials"
    assert entry["secrets"]["token"].startswith("hmac:")
    assert "made-up-token" not in shown.out


def test_show_of_what_is_not_there(cli: Cli, project: Path) -> None:
    done = cli("state", "show", FLOW, "--chdir", project)

    assert done.code == 1
    assert "not in the state" in done.err


def test_mv_renames_and_the_plan_stays_empty(cli: Cli, applied: Path) -> None:
    done = cli("state", "mv", "convert.goals.calculator_used", "convert.goals.calculator", "--chdir", applied)
    file = applied / "resources" / "experiment.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("  calculator_used:\n", "  calculator:\n    key: calculator_used\n")
    file.write_text(text.replace("goals: [quote_requested, calculator_used]", "goals: [quote_requested, calculator]"))

    assert done.code == 0
    assert "convert.goals.calculator" in done.out
    assert cli("plan", "--detailed-exitcode", "--chdir", applied).code == 0
    assert read(applied).runs[-1].command.startswith("state mv")


def test_mv_to_another_kind_is_refused(cli: Cli, applied: Path) -> None:
    done = cli("state", "mv", FLOW, "leadconduit.reports.web_leads", "--chdir", applied)

    assert done.code == 1
    assert FLOW in cli("state", "list", "--chdir", applied).out


def test_rm_forgets_and_leaves_the_object(cli: Cli, applied: Path, emulator: Emulator) -> None:
    writes = emulator.writes()

    assert cli("state", "rm", FLOW, "--chdir", applied).code == 0

    assert FLOW not in cli("state", "list", "--chdir", applied).out
    assert emulator.writes() == writes
    assert emulator.dump()["leadconduit"]["flows"]


def test_editing_waits_for_the_lock_of_another_run(cli: Cli, applied: Path) -> None:
    backend = LocalBackend(ledger(applied))
    lock = backend.lock(LockInfo.mine("apply", "another"))
    try:
        done = cli("state", "rm", FLOW, "--chdir", applied)
        told = cli("unlock", "--chdir", applied)
    finally:
        backend.unlock(lock)

    assert done.code == told.code == 1
    assert lock.info.id in told.err
    assert FLOW in cli("state", "list", "--chdir", applied).out


def test_unlock_by_id_and_by_force(cli: Cli, applied: Path) -> None:
    backend = LocalBackend(ledger(applied))
    lock = backend.lock(LockInfo.mine("apply", "another"))

    assert cli("unlock", "another-id", "--chdir", applied).code == 1
    assert cli("unlock", lock.info.id, "--chdir", applied).code == 0
    backend.lock(LockInfo.mine("apply", "another"))
    assert cli("unlock", "--force", "--chdir", applied).code == 0
    assert cli("unlock", "--chdir", applied).out == "nobody holds the lock\n"


def test_pull_and_push(cli: Cli, applied: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    file.write_text(cli("state", "pull", "--chdir", applied).out, encoding="utf-8")
    cli("state", "rm", FLOW, "--chdir", applied)

    older = cli("state", "push", file, "--chdir", applied)
    forced = cli("state", "push", file, "--force", "--chdir", applied)

    assert older.code == 1
    assert "older" in older.err
    assert forced.code == 0
    assert FLOW in cli("state", "list", "--chdir", applied).out


def test_push_of_another_project_is_refused(cli: Cli, applied: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    other = read(applied)
    other.project = "other"
    file.write_bytes(other.to_bytes())

    done = cli("state", "push", file, "--force", "--chdir", applied)

    assert done.code == 1
    assert "other" in done.err


def test_push_replays_what_a_run_could_not_save(
    cli: Cli, applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = LocalBackend(ledger(applied))
    with open_session(backend, run="broken") as session:
        monkeypatch.setattr(backend, "append", _full)
        session.done("1", put={"convert.tags.late": Entry(kind="tags", id="7", account="convert")})
        lost = session.abandon(tmp_path)
    assert lost is not None

    done = cli("state", "push", lost, "--chdir", applied)

    assert done.code == 0, done.err
    assert read(applied).resources["convert.tags.late"].id == "7"


def _full(*_arguments: object) -> None:
    raise OSError(28, "No space left on device")


class TestRebuild:
    """A ledger that is lost is made again from what is live."""

    def test_the_plan_is_empty_again(self, cli: Cli, applied: Path, emulator: Emulator) -> None:
        before = read(applied)
        self.lose(applied)
        writes = emulator.writes()

        done = cli("state", "rebuild", "--auto-approve", "--chdir", applied)

        assert done.code == 0, done.err
        after = read(applied)
        assert {a: (e.kind, e.id, e.children) for a, e in after.resources.items()} == {
            a: (e.kind, e.id, e.children) for a, e in before.resources.items()
        }
        assert after.resources["leadconduit.credentials.crm_token"].secrets == {"token": "assumed"}
        assert after.accounts == before.accounts
        assert emulator.writes() == writes
        plan = cli("plan", "--detailed-exitcode", "--chdir", applied)
        assert plan.code == 0, plan.out

    def test_names_alone_are_asked_for(self, cli: Cli, applied: Path) -> None:
        self.lose(applied)

        done = cli("state", "rebuild", "--chdir", applied)

        assert done.code == 1
        assert FLOW in done.err
        assert "--auto-approve" in done.err
        assert cli("state", "list", "--chdir", applied).out == ""

    def test_two_of_one_name_are_left_out(self, cli: Cli, applied: Path, emulator: Emulator) -> None:
        (flow,) = emulator.dump()["leadconduit"]["flows"]
        self.twin(emulator, flow)
        self.lose(applied)

        done = cli("state", "rebuild", "--auto-approve", "--chdir", applied)

        assert done.code == 1
        assert f"not rebuilt: {FLOW}" in done.err
        assert FLOW not in read(applied).resources
        assert "convert.goals.quote_requested" in read(applied).resources

    def test_a_ledger_with_something_in_it_stays(self, cli: Cli, applied: Path) -> None:
        done = cli("state", "rebuild", "--auto-approve", "--chdir", applied)

        assert done.code == 1
        assert "--force" in done.err

    def test_force_takes_the_place_of_other_addresses(self, cli: Cli, applied: Path) -> None:
        entry = read(applied).resources[FLOW]
        with open_session(LocalBackend(ledger(applied)), run=runtime.run_id()) as session:
            session.note(Change(put={"leadconduit.flows.old": entry}, remove=[FLOW]))
            session.finish()

        done = cli("state", "rebuild", "--auto-approve", "--force", "--chdir", applied)

        assert done.code == 0, done.err
        found = [address for address, one in read(applied).resources.items() if one.id == entry.id]
        assert found == [FLOW]

    @staticmethod
    def lose(project: Path) -> None:
        for file in ledger(project).parent.glob("state.emulator.json*"):
            file.unlink()

    @staticmethod
    def twin(emulator: Emulator, flow: dict[str, object]) -> None:
        import httpx

        other = {**flow, "id": "5d3f0123456789abcdef0123"}
        answer = httpx.post(f"{emulator.url}/_control/load", json={"leadconduit": {"flows": [other]}}, trust_env=False)
        answer.raise_for_status()
