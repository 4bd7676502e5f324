"""`reconciler output`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Emulator


@pytest.fixture
def with_secret(project: Path) -> Path:
    with (project / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write('  token: {value: "Bearer ${secret.crm_token}", sensitive: true}\n')
    return project


def test_before_an_apply_it_is_not_known(cli: Cli, project: Path, emulator: Emulator) -> None:
    done, one = cli("output", "--chdir", project), cli("output", "web_form_url", "--chdir", project)

    assert done.code == 0
    assert done.out == "web_form_url = (known after apply)\n"
    assert one.code == 1
    assert "before an apply" in one.err
    assert emulator.writes() == 0


def test_afterwards_it_is_what_the_platform_says(cli: Cli, applied: Path, emulator: Emulator) -> None:
    one = cli("output", "web_form_url", "--chdir", applied)

    (flow,) = emulator.dump()["leadconduit"]["flows"]
    entity = flow["sources"][0]["entity"]["id"]
    assert one.out == f"{emulator.url}/leadconduit/flows/{flow['id']}/sources/{entity}/submit\n"
    assert json.loads(cli("output", "web_form_url", "--json", "--chdir", applied).out) == one.out.strip()


def test_a_secret_is_shown_only_by_name(cli: Cli, with_secret: Path, emulator: Emulator) -> None:
    every = cli("output", "--chdir", with_secret)
    as_json = cli("output", "--json", "--chdir", with_secret)
    one = cli("output", "token", "--chdir", with_secret)

    assert "token = <sensitive>" in every.out
    assert json.loads(as_json.out)["token"] == {"sensitive": True, "value": "<sensitive>"}
    assert "made-up-token" not in every.out + every.err + as_json.out + as_json.err
    assert one.out == "Bearer made-up-token\n"
    assert emulator.writes() == 0


def test_a_name_that_is_not_there(cli: Cli, project: Path, emulator: Emulator) -> None:
    done = cli("output", "nothing", "--chdir", project)

    assert done.code == 1
    assert "web_form_url" in done.err
    assert emulator.writes() == 0
