"""`reconciler validate`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli, Emulator


def test_a_good_project_is_counted(cli: Cli, project: Path) -> None:
    done = cli("validate", "--chdir", project)

    assert (done.code, done.out) == (0, "11 resources in 5 files are valid\n")


def test_all_errors_come_at_once_with_places(cli: Cli, project: Path) -> None:
    file = project / "resources" / "experiment.yaml"
    file.write_text(
        file.read_text(encoding="utf-8")
        .replace("type: submits_form", "type: submits_from")
        .replace("primary_goal: quote_requested", "primary_goal: quote_requestet"),
        encoding="utf-8",
    )

    done = cli("validate", "--chdir", project)

    assert done.code == 1
    assert done.out == ""
    assert "resources/experiment.yaml:7:" in done.err
    assert "submits_form" in done.err
    assert "quote_requestet" in done.err


def test_offline_needs_neither_network_nor_secrets(cli: Cli, project: Path) -> None:
    assert cli("validate", "--chdir", project, "--quiet").code == 0


def test_online_asks_the_catalogue(cli: Cli, project: Path, emulator: Emulator) -> None:
    file = project / "resources" / "leads.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("fields: [first_name,", "fields: [frist_name,"), encoding="utf-8"
    )

    offline, online = cli("validate", "--chdir", project), cli("validate", "--online", "--chdir", project)

    assert offline.code == 0
    assert online.code == 1
    assert "frist_name" in online.err
    assert emulator.writes() == 0


def test_online_is_content_with_a_project_that_is_not_applied_yet(cli: Cli, project: Path, emulator: Emulator) -> None:
    done = cli("validate", "--online", "--chdir", project)

    assert (done.code, done.out) == (0, "11 resources in 5 files are valid\n")
    assert emulator.url in done.err


def test_online_says_what_exists_already(cli: Cli, applied: Path) -> None:
    cli("state", "rm", "leadconduit.flows.web_leads", "--chdir", applied)

    done = cli("validate", "--online", "--chdir", applied)

    assert done.code == 1
    assert "leadconduit.flows.web_leads" in done.err
    assert "exists already" in done.err
