"""`reconciler whoami`."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Cli, Emulator


def test_each_account_says_who_it_is(cli: Cli, project: Path, emulator: Emulator) -> None:
    done = cli("whoami", "--chdir", project)

    assert done.code == 0
    assert "convert: Convert Experiences, 10001" in done.out
    assert "leadconduit: LeadConduit, " in done.out
    assert "clock skew: +0 s" in done.out
    assert emulator.writes() == 0


def test_verbose_says_what_can_be_read(cli: Cli, project: Path, emulator: Emulator) -> None:
    faults = {"fail": [{"method": "GET", "path": "/flows", "status": 403, "times": 9}]}
    httpx.post(f"{emulator.url}/_control/faults", json=faults, trust_env=False).raise_for_status()

    done = cli("whoami", "leadconduit", "--verbose", "--chdir", project)

    assert done.code == 0
    assert "entities: can be read (" in done.out
    assert "flows: cannot be read: " in done.out
    assert "convert:" not in done.out


def test_a_wrong_key_fails_and_the_others_are_told(
    cli: Cli, project: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = {"fail": [{"path": "/leadconduit/*", "status": 401, "times": 9}]}
    httpx.post(f"{emulator.url}/_control/faults", json=faults, trust_env=False).raise_for_status()

    done = cli("whoami", "--chdir", project)

    assert done.code == 1
    assert "convert: Convert Experiences" in done.out
    assert "account leadconduit" in done.err


def test_an_account_that_is_not_there(cli: Cli, project: Path, emulator: Emulator) -> None:
    done = cli("whoami", "celigo", "--chdir", project)

    assert done.code == 1
    assert "convert, leadconduit" in done.err
    assert emulator.writes() == 0
