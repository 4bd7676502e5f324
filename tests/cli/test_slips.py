"""What somebody new to the tool runs into on the first day: slips that must not look like success, or cost a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Emulator


def test_the_first_saved_plan_can_be_applied(
    cli: Cli, project: Path, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "first.plan"

    assert cli("plan", "-o", file, "--chdir", project).code == 0
    done = cli("apply", file, "--chdir", project)

    assert done.code == 0, done.out + done.err
    assert cli("plan", "--detailed-exitcode", "--chdir", project).code == 0

    # once there is a ledger, another secret than the planned one is another plan
    monkeypatch.setenv("QUICKSTART_CRM_TOKEN", "second-token")
    assert cli("plan", "-o", file, "--chdir", project).code == 0
    monkeypatch.setenv("QUICKSTART_CRM_TOKEN", "third-token")
    before = emulator.writes()
    stale = cli("apply", file, "--chdir", project)
    assert stale.code == 4
    assert "token was (sensitive) → (sensitive), now another value" in stale.err
    assert "hmac" not in stale.err
    assert emulator.writes() == before


def test_a_saved_plan_replaces_no_other_file(cli: Cli, project: Path, emulator: Emulator, tmp_path: Path) -> None:
    del emulator
    text = (project / "reconciler.yaml").read_text(encoding="utf-8")

    refused = cli("plan", "-o", project / "reconciler.yaml", "--chdir", project)

    assert refused.code == 1
    assert "is no saved plan" in refused.err
    assert (project / "reconciler.yaml").read_text(encoding="utf-8") == text
    plan = tmp_path / "a.plan"
    assert [cli("plan", "-o", plan, "--chdir", project).code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("option", ["--target", "--exclude", "--replace", "--resend-secrets"])
def test_an_address_that_names_nothing_is_an_error(cli: Cli, project: Path, emulator: Emulator, option: str) -> None:
    found = [
        cli(*command, option, "convert.goals.quote_requestet", "--chdir", project)
        for command in (["plan"], ["apply", "--auto-approve"])
    ]

    for done in found:
        assert done.code == 1
        assert f"{option} convert.goals.quote_requestet: there is no such resource" in done.err
        assert "did you mean convert.goals.quote_requested?" in done.err
    assert emulator.writes() == 0
    assert cli("plan", option, "convert.goals", "--chdir", project).code == 0


def test_a_destroy_of_nothing_says_so(cli: Cli, project: Path, emulator: Emulator) -> None:
    del emulator

    done = cli("destroy", "--auto-approve", "--chdir", project)

    assert done.code == 0
    assert done.out == "Nothing to remove: nothing is managed.\n"


def test_accounts_are_named_once_by_validate_online(cli: Cli, project: Path, emulator: Emulator) -> None:
    done = cli("validate", "--online", "--chdir", project)

    assert done.code == 0
    assert done.err.count(emulator.url) == 1


def test_show_makes_up_no_line(cli: Cli, applied: Path) -> None:
    shown = cli("show", "convert.goals.calculator_used", "--chdir", applied).out

    assert "declared in: resources/experiment.yaml\n" in shown
