"""What can be typed wrong: commands, options, addresses, files; and who is not there to be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.cli.main import run
from tests.bad_input.checking import check_snapshot, files, refused
from tests.harness import CONFIG, Bench

GOALS = """\
convert.goals.a: {key: a, name: A, type: revenue, settings: {triggering_type: manual}}
convert.goals.b: {key: b, name: B, type: revenue, settings: {triggering_type: manual}}
"""
OUTPUTS = CONFIG + 'outputs: {goal: "${convert.goals.a}", other: {value: x, sensitive: true}}\n'
USAGE: dict[str, tuple[str, ...]] = {
    "unknown command": ("aply",),
    "unknown command far from any": ("frobnicate",),
    "unknown option": ("plan", "--jsn"),
    "unknown option of a subcommand": ("state", "list", "--all"),
    "json and markdown": ("plan", "--json", "--markdown"),
    "json and markdown of show": ("show", "--json", "--markdown"),
    "json for graph": ("graph", "--json"),
    "too many arguments": ("plan", "convert.goals.a"),
    "too many files": ("apply", "a.plan", "b.plan"),
    "target that names nothing": ("plan", "--target", "convert.goals.zz"),
    "target that names nothing json": ("plan", "--json", "--target", "convert.goal.a"),
    "target that is empty": ("plan", "--target", ""),
    "target that names nothing apply": ("apply", "--auto-approve", "--target", "convert.goals.zz"),
    "target that names nothing destroy": ("destroy", "--auto-approve", "--target", "convert.goals.zz"),
    "one target of two names nothing": ("plan", "--target", "convert.goals.a", "--target", "convert.goals.zz"),
    "exclude that names nothing": ("apply", "--auto-approve", "--exclude", "convert.goals.zz"),
    "exclude that is empty": ("destroy", "--auto-approve", "--exclude", ""),
    "replace that names nothing": ("plan", "--replace", "convert.goals.zz"),
    "resend-secrets that names nothing": ("plan", "--resend-secrets", "convert.goals.zz"),
    "allow of an unknown rule": ("plan", "--allow", "everything"),
    "allow without how many": ("plan", "--allow", "deletes"),
    "allow with an odd number": ("plan", "--allow", "deletes=-1"),
    "odd timeout": ("plan", "--timeout", "soon"),
    "odd lock timeout": ("apply", "--lock-timeout", "-5"),
    "odd parallelism": ("apply", "--parallelism", "0"),
    "odd on-error": ("apply", "--on-error", "ignore"),
    "apply without a terminal": ("apply",),
    "apply without a terminal json": ("apply", "--json"),
    "apply of no file": ("apply", "nope.plan"),
    "apply of a resource file": ("apply", "resources/main.yaml"),
    "apply of a folder": ("apply", "resources"),
    "apply of JSON that is no plan": ("apply", "other.json"),
    "apply of an empty file": ("apply", "empty.plan"),
    "apply of a file with options": ("apply", "x.plan", "--target", "convert.goals.a"),
    "show of nothing": ("show", "convert.goals.zz"),
    "show of a resource file": ("show", "resources/main.yaml"),
    "show of JSON that is no plan": ("show", "other.json", "--json"),
    "output unknown": ("output", "gaol"),
    "output unknown json": ("output", "gaol", "--json"),
    "output not known yet": ("output", "goal", "--json"),
    "whoami of an unknown account": ("whoami", "convrt"),
    "graph in an unknown format": ("graph", "--format", "png"),
    "fmt of nothing": ("fmt", "nope.yaml"),
    "out into nowhere": ("plan", "-o", "nowhere/x.plan"),
    "out into a folder": ("plan", "-o", "resources"),
    "json into nowhere": ("plan", "--json=nowhere/x.json"),
    "json into a folder": ("plan", "--json=resources"),
    "log into nowhere": ("plan", "--log-json", "nowhere/log"),
}


@pytest.fixture(autouse=True)
def _inside(shop: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the project's folder, at no terminal."""
    monkeypatch.chdir(shop.root)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    shop.write(OUTPUTS, "reconciler.yaml")
    shop.write(GOALS)


@pytest.mark.parametrize("name", USAGE)
def test_usage(shop: Bench, name: str) -> None:
    (shop.root / "empty.plan").write_text("")
    (shop.root / "other.json").write_text('{"a": 1}')
    refused(shop, f"command_line/{name}", *USAGE[name])


def test_destroy_without_a_terminal(shop: Bench) -> None:
    shop.apply()
    refused(shop, "command_line/destroy without a terminal", "destroy", "--json")


ELSEWHERE: dict[str, tuple[str, ...]] = {
    "nothing but an option": ("--jsn",),
    "option without a value": ("plan", "--target"),
    "emulator with odd data": ("emulator", "--port", "0", "--data", "resources/main.yaml"),
    "emulator with data that is not there": ("emulator", "--port", "0", "--data", "nope.json"),
    "emulator on an odd port": ("emulator", "--port", "99999"),
    "init with too much": ("init", "a", "b"),
    "init into a file": ("init", "reconciler.yaml"),
    "schema into a file": ("schema", "--out", "reconciler.yaml"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_commands_without_a_project(shop: Bench, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(shop.root)
    code = run(list(ELSEWHERE[name]))
    said = capsys.readouterr()
    assert code == 1
    assert said.out == ""
    assert files(shop.root) == before
    check_snapshot(f"command_line/{name}", f"$ reconciler {' '.join(ELSEWHERE[name])}\n{said.err}", shop)


def test_exclude_of_what_the_state_has_is_fine(shop: Bench) -> None:
    shop.apply()
    shop.write(GOALS.splitlines()[0])
    ran = shop.run("plan", "--exclude", "convert.goals.b", expect=0)
    assert "No changes" in ran.out


# -- saved plans ------------------------------------------------------------------------------------------------------
def tampered(change: Callable[[dict[str, Any]], Any]) -> Callable[[str], str]:
    def edit(text: str) -> str:
        document = json.loads(text)
        change(document)
        return json.dumps(document)

    return edit


PLANS: dict[str, Callable[[str], str]] = {
    "cut short": lambda text: text[: len(text) // 2],
    "a value changed": lambda text: text.replace('"name":"A"', '"name":"X"'),
    "a step removed": tampered(lambda plan: plan["x_steps"].pop()),
    "an allow added": tampered(lambda plan: plan["x_allowed"].append("deletes=99")),
    "no digest": tampered(lambda plan: plan.pop("x_digest")),
    "digest is a number": tampered(lambda plan: plan.update(x_digest=5)),
    "made by a later version": tampered(lambda plan: plan.update(x_version="9.1.0")),
    "version is a number": tampered(lambda plan: plan.update(x_version=1)),
    "of terraform": lambda _: '{"format_version":"1.2","terraform_version":"1.9.0","resource_changes":[]}',
    "binary": lambda _: "PK\x03\x04\0\0",
}


@pytest.mark.parametrize("name", PLANS)
def test_saved_plan_that_was_changed(shop: Bench, name: str) -> None:
    shop.run("plan", "-o", "saved.plan", expect=0)
    path = shop.root / "saved.plan"
    before = path.read_text()
    path.write_text(PLANS[name](before))
    assert path.read_text() != before
    refused(shop, f"command_line/plan {name}", "apply", "saved.plan", "--json")
    shop.run("show", "saved.plan", "--json", expect=1)


def test_saved_plan_of_another_project(shop: Bench) -> None:
    shop.run("plan", "-o", "saved.plan", expect=0)
    shop.write(OUTPUTS.replace("name: tests", "name: other"), "reconciler.yaml")
    refused(shop, "command_line/plan of another project", "apply", "saved.plan", "--json")


def test_saved_plan_of_another_environment(shop: Bench) -> None:
    text = OUTPUTS + "environments: {a: {}, b: {accounts: {convert: {project_id: 10003}}}}\n"
    shop.write(text, "reconciler.yaml")
    shop.run("plan", "-o", "saved.plan", "--env", "a", expect=0)
    refused(shop, "command_line/plan of another environment", "apply", "saved.plan", "--env", "b")


def test_saved_plan_that_is_stale(shop: Bench) -> None:
    shop.apply()
    shop.write(GOALS.replace("name: A", "name: A2"))
    shop.run("plan", "-o", "saved.plan", expect=0)
    shop.write(GOALS.replace("name: A", "name: A3"))
    refused(shop, "command_line/plan stale by the files", "apply", "saved.plan", "--json", code=4)
    shop.write(GOALS.replace("name: A", "name: A2"))
    goal = next(one for one in shop.dump("convert", "goals") if one["key"] == "a")
    shop.edit("convert", "goals", goal["id"], {"name": "By hand"})
    refused(shop, "command_line/plan stale by hand", "apply", "saved.plan", "--json", code=4)


def test_saved_plan_whose_target_is_gone(shop: Bench) -> None:
    shop.write(CONFIG, "reconciler.yaml")
    shop.run("plan", "-o", "saved.plan", "--target", "convert.goals.a", expect=0)
    shop.write(GOALS.splitlines()[1])
    refused(shop, "command_line/plan whose target is gone", "apply", "saved.plan", code=4)


def test_saved_plan_twice(shop: Bench) -> None:
    shop.run("plan", "-o", "saved.plan", expect=0)
    shop.run("apply", "saved.plan", expect=0)
    refused(shop, "command_line/plan twice", "apply", "saved.plan", code=4)


def test_a_plan_is_never_written_over_by_show(shop: Bench) -> None:
    shop.run("plan", "-o", "saved.plan", expect=0)
    before = (shop.root / "saved.plan").read_bytes()
    shop.run("show", "--json", "saved.plan", expect=0)
    shop.run("show", "--markdown", "saved.plan", expect=0)
    assert (shop.root / "saved.plan").read_bytes() == before


# -- accounts ---------------------------------------------------------------------------------------------------------
HOSTS: dict[str, tuple[str, dict[str, str]]] = {
    "wrong credentials": ("<url>", {"KEY_ID": "emulator-convert", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"}),
    "unknown key": ("<url>", {"KEY_ID": "nobody", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"}),
    "missing secret": ("<url>", {"KEY_ID": "emulator-convert"}),
    "empty secret": ("<url>", {"KEY_ID": "emulator-convert", "RECONCILER_SECRET_CONVERT": ""}),
    "missing key": ("<url>", {"RECONCILER_SECRET_CONVERT": "wrong-secret-123"}),
    "unreachable": ("http://127.0.0.1:9", {"KEY_ID": "k", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"}),
    "foreign host": ("https://evil.example", {"KEY_ID": "k", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"}),
    "host that looks like it": (
        "https://api.convert.com.evil.example",
        {"KEY_ID": "k", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"},
    ),
    "user in the address": (
        "https://api.convert.com@evil.example",
        {"KEY_ID": "k", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"},
    ),
    "no encryption": ("http://api.convert.com", {"KEY_ID": "k", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"}),
    "no address": ("not an address", {"KEY_ID": "k", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"}),
    "a file": ("file:///etc/passwd", {"KEY_ID": "k", "RECONCILER_SECRET_CONVERT": "wrong-secret-123"}),
}
REAL = """\
version: 1
name: tests
accounts:
  convert:
    {base_url: "URL", account_id: 10001, project_id: 10002, key_id: "${env.KEY_ID}", secret: "${secret.convert}"}
"""


@pytest.mark.parametrize("name", HOSTS)
def test_account(shop: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler.http import RetryPolicy

    quick = RetryPolicy(base=0.001, cap=0.002, jitter=lambda least, _most: least)
    monkeypatch.setattr("reconciler.http.client.RetryPolicy", lambda: quick)
    url, environ = HOSTS[name]
    shop.write(REAL.replace("URL", url.replace("<url>", f"{shop.url}/convert")), "reconciler.yaml")
    for variable in ("KEY_ID", "RECONCILER_SECRET_CONVERT", "RECONCILER_EMULATOR"):
        monkeypatch.delenv(variable, raising=False)
    shop.environ = environ
    monkeypatch.setattr(Bench, "env", lambda self: {"NO_COLOR": "1", **self.environ})
    ran = refused(shop, f"command_line/account {name}", "plan", "--json")
    again = shop.run("apply", "--auto-approve", "--json", expect=1)
    assert "wrong-secret-123" not in ran.err + again.err
    assert again.out == ""


def test_all_missing_secrets_are_told_at_once(shop: Bench) -> None:
    shop.write(
        "convert.tags.a: {name: '${secret.one}'}\n"
        "convert.tags.b: {name: 'x ${secret.two}'}\n"
        "convert.tags.c: {name: '${secret.one}${secret.three}'}\n"
    )
    shop.write(CONFIG, "reconciler.yaml")
    refused(shop, "command_line/missing secrets", "plan", "--json")
