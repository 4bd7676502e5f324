"""Environments and the emulator: each has a ledger of its own, and a ledger knows where it belongs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Bench, bench
from tests.scenarios.asking import busy, tracked

CLIENTS = """\
version: 1
name: agency
accounts:
  convert-acme: {account_id: 10001, project_id: 10002, key_id: k, secret: "${secret.a}"}
  convert-globex: {account_id: 20001, project_id: 20002, key_id: k, secret: "${secret.b}"}
  leadconduit-acme: {api_key: "${secret.c}"}
  leadconduit-globex: {api_key: "${secret.d}"}
"""
STAGED = """\
version: 1
name: staged
accounts:
  convert: {account_id: 10001, project_id: 10002, key_id: k, secret: "${secret.a}"}
variables:
  brand: {type: string, default: Bright}
environments:
  production: {}
  staging:
    accounts: {convert: {project_id: 10003}}
    variables: {brand: Test}
"""


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, CLIENTS, None) as one:
        yield one


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, STAGED, None) as one:
        one.write("convert.tags.sale: {name: '${var.brand} sale'}\n")
        yield one


# -- the emulator ---------------------------------------------------------------------------------------------------
def test_each_account_name_is_an_account_of_its_own_there(agency: Bench) -> None:
    entity = "{{name: Form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}}\n"
    agency.write(
        "".join(f"leadconduit-{name}.entities.form: {entity.format()}" for name in ("acme", "globex"))
        + "convert-acme.tags.sale: {name: Acme sale}\nconvert-globex.tags.sale: {name: Globex sale}\n"
    )
    agency.apply()
    agency.settled()
    tags = {one["name"]: one["project_id"] for one in agency.dump("convert", "tags")}
    assert tags == {"Acme sale": 10002, "Globex sale": 20002}
    forms = [one for one in agency.dump("leadconduit", "entities") if one["name"] == "Form"]
    assert len({one["id"] for one in forms}) == 2
    assert len({one["_account"] for one in forms}) == 2
    identities = agency.state()["accounts"]
    assert len({identities[name]["id"] for name in ("leadconduit-acme", "leadconduit-globex")}) == 2
    assert "leadconduit-acme" in agency.run("whoami", expect=0).out


def test_every_command_says_that_it_is_the_emulator(agency: Bench) -> None:
    agency.write("convert-acme.tags.sale: {name: Sale}\n")
    for argv in (["plan"], ["apply", "--auto-approve"], ["drift"], ["whoami"], ["destroy", "--auto-approve"]):
        ran = agency.run(*argv, expect=0)
        assert f"EMULATOR at {agency.url}" in ran.err, argv
        assert "EMULATOR" not in ran.out


def test_the_ledger_of_the_emulator_is_kept_apart(agency: Bench) -> None:
    agency.write("convert-acme.tags.sale: {name: Sale}\n")
    agency.apply()
    folder = agency.root / ".reconciler"
    assert (folder / "state.emulator.json").exists() or list(folder.glob("state.emulator*"))
    assert not list(folder.glob("state.json*"))


def test_no_secret_is_needed_there(agency: Bench) -> None:
    agency.write("convert-acme.tags.sale: {name: Sale}\n")
    agency.apply()
    assert tracked(agency) == ["convert-acme.tags.sale"]


# -- environments ---------------------------------------------------------------------------------------------------
def test_an_environment_has_to_be_chosen(staged: Bench) -> None:
    ran = staged.run("plan", expect=1)
    assert "--env" in ran.out + ran.err
    assert "staging" in ran.out + ran.err


def test_two_environments_have_two_ledgers(staged: Bench) -> None:
    staged.apply(0, "--env", "staging")
    assert set(busy(staged, "--env", "production").values()) == {"create"}
    staged.apply(0, "--env", "production")
    tags = {one["name"]: one["project_id"] for one in staged.dump("convert", "tags")}
    assert tags == {"Test sale": 10003, "Bright sale": 10002}
    names = sorted(one.name for one in (staged.root / ".reconciler").iterdir() if one.is_file() and "json" in one.name)
    assert any("staging" in name for name in names)
    assert any("production" in name for name in names)
    staged.run("destroy", "--auto-approve", "--env", "staging", expect=0)
    assert [one["name"] for one in staged.dump("convert", "tags")] == ["Bright sale"]
    assert staged.run("plan", "--detailed-exitcode", "--env", "production").code == 0


def _ledger(staged: Bench, environment: str) -> Path:
    (found,) = [one for one in (staged.root / ".reconciler").glob("state*.json") if environment in one.name]
    return found


def test_the_ledger_of_another_environment_is_refused(staged: Bench) -> None:
    for environment in ("staging", "production"):
        staged.apply(0, "--env", environment)
    for left in (staged.root / ".reconciler").glob("*production*"):
        if left.is_file() and left != _ledger(staged, "production"):
            left.unlink()
    shutil.copy(_ledger(staged, "staging"), _ledger(staged, "production"))
    for argv in (["plan"], ["apply", "--auto-approve"], ["destroy", "--auto-approve"], ["drift"]):
        ran = staged.run(*argv, "--env", "production", expect=1)
        assert "staging" in ran.out + ran.err, argv
    assert len(staged.dump("convert", "tags")) == 2


def test_the_ledger_of_another_account_is_refused(staged: Bench) -> None:
    staged.apply(0, "--env", "staging")
    path = _ledger(staged, "staging")
    state = json.loads(path.read_text())
    state["accounts"]["convert"]["id"] = "somebody else"
    path.write_text(json.dumps(state))
    ran = staged.run("plan", "--env", "staging", expect=1)
    assert "somebody else" in ran.out + ran.err
    assert staged.run("apply", "--auto-approve", "--env", "staging").code == 1


def test_two_environments_with_the_same_scope_are_a_warning(staged: Bench) -> None:
    assert "same" not in staged.run("validate", "--env", "staging", expect=0).err
    staged.write(STAGED.replace("    accounts: {convert: {project_id: 10003}}\n", ""), "reconciler.yaml")
    ran = staged.run("validate", "--env", "staging", expect=0)
    assert "staging" in ran.out + ran.err
    assert "warning" in ran.out + ran.err
