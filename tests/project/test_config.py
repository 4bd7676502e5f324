"""`reconciler.yaml`: environments, variables, accounts, guardrails, outputs, where the ledger is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.values import Ref, Sensitive, Template
from reconciler.project.config import satisfies
from reconciler.project.diagnostics import ProjectError
from reconciler.project.model import Limit, Project
from reconciler.project.overlay import overlay
from tests.project.shop import load_shop, write

PLAIN = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from("abc"), PLAIN, max_size=3)

CONFIG = """\
version: 1
name: demo
required_version: ">=0.1"
accounts:
  shop: &shop {account_id: 0010, project_id: 2, token: "${secret.shop}"}
  shop-eu: {<<: *shop, project_id: "${var.eu}"}
  main: {platform: depot, account_id: "${env.DEPOT}", token: "x-${secret.depot}"}
variables:
  eu: {type: string, default: "3"}
  brand: {type: string, default: Bright}
  sizes: {type: map, default: {s: 1, m: 2}}
  list: {type: list, default: [1]}
environments:
  production: {}
  staging:
    accounts: {shop: {project_id: 5}, main: {account_id: 77, token: "${secret.depot_staging}"}}
    variables: {brand: Test, sizes: {m: 3, s: null, l: 4}, eu: "8"}
    guardrails: {freeze: []}
guardrails:
  max_deletes: 10%
  timezone: America/New_York
  freeze:
    - {name: black-friday, from: 2026-11-26, to: 2026-12-01T06:00, allow: ["shop.pages.*.status"], reason: Peak}
    - {from: 2026-12-24, to: 2026-12-24}
outputs:
  plain: ${var.brand}
  goal_url: {value: "${shop.goals.a.url}", description: Where, sink: {file: out.txt}}
  hook: ${shop.goals.a.hook}
  hidden: {value: x, sensitive: true}
  map: {a: "${shop.goals.a}"}
"""
FILES = {"resources/main.yaml": "shop.goals.a: {name: '${var.brand}', type: click}\n"}


def demo(root: Path, env: str | None = "production", **options: Any) -> Project:
    return load_shop(root, FILES, config=options.pop("config", CONFIG), env=env, **options)


def test_environment_is_an_overlay(tmp_path: Path) -> None:
    production, staging = demo(tmp_path), demo(tmp_path, "staging")
    assert production.accounts["shop"].scope() == {"account_id": "0010", "project_id": "2"}
    assert staging.accounts["shop"].scope() == {"account_id": "0010", "project_id": "5"}
    assert staging.accounts["shop-eu"].scope() == {"account_id": "0010", "project_id": "8"}
    assert staging.variables == {"eu": "8", "brand": "Test", "sizes": {"m": 3, "l": 4}, "list": [1]}
    assert staging.declarations["shop.goals.a"].body["name"] == "Test"
    assert staging.guardrails.freeze == ()
    assert staging.guardrails.max_deletes == Limit(10, percent=True)
    assert production.digest != staging.digest


def test_each_environment_has_a_ledger_of_its_own(tmp_path: Path) -> None:
    def path(env: str | None, config: str = CONFIG, **environ: str) -> str:
        found = demo(tmp_path, env, config=config, environ=environ).state.path
        assert found is not None
        return found.relative_to(tmp_path).as_posix()

    bare = CONFIG.replace("environments:", "x-environments:")
    own = CONFIG.replace("staging:", "staging:\n    state: elsewhere/own.json")
    assert path("production") == ".reconciler/state.production.json"
    assert path("staging", CONFIG + "state: ledgers/s.json\n") == "ledgers/s.staging.json"
    assert path("staging", own) == "elsewhere/own.json"
    assert path("production", own) == ".reconciler/state.production.json"
    assert path(None, bare) == ".reconciler/state.json"
    assert path(None, bare, RECONCILER_EMULATOR="http://127.0.0.1:1") == ".reconciler/state.emulator.json"
    assert path("staging", own, RECONCILER_EMULATOR="http://127.0.0.1:1") == ".reconciler/state.staging.emulator.json"


def test_expressions_work_in_every_section(tmp_path: Path) -> None:
    config = CONFIG.replace("max_deletes: 10%", "max_deletes: ${var.most}").replace(
        "variables:\n", "variables:\n  most: {type: string, default: 7%}\n", 1
    )
    config += "resources: ['${var.brand}/']\nstate: '${env.WHERE}/x.json'\nsecrets: {pin: {file: '${env.WHERE}/pin'}}\n"
    write(tmp_path, {"Bright/r.yaml": "shop.goals.a: {name: A, type: click}\n", "w/pin": "12"})
    project = demo(tmp_path, config=config, environ={"WHERE": "w"})
    assert str(project.guardrails.max_deletes) == "7%"
    assert project.state.path == (tmp_path / "w/x.production.json").resolve()
    assert project.declarations["shop.goals.a"].file == "Bright/r.yaml"
    assert project.secrets.resolve("pin", lambda _: None).value == "12"
    with pytest.raises(ProjectError, match=r"reconciler\.yaml:33:8: environment variable WHERE is not set"):
        demo(tmp_path, config=config)


def test_state_by_url(tmp_path: Path) -> None:
    state = demo(tmp_path, config=CONFIG + "state: {url: s3://bucket/demo.json, region: eu-west-1}\n").state
    assert (state.path, state.url, state.options) == (None, "s3://bucket/demo.production.json", {"region": "eu-west-1"})


def test_an_environment_must_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no environment is chosen \(say --env, one of production, staging\)"):
        demo(tmp_path, None)
    assert demo(tmp_path, None, config=CONFIG + "default_environment: staging\n").environment == "staging"
    with pytest.raises(ProjectError, match=r"there is no environment prod \(did you mean production\?\)"):
        demo(tmp_path, "prod")
    with pytest.raises(ProjectError, match="the project has no environments"):
        load_shop(tmp_path / "other", {}, config="version: 1\nname: demo\n", env="x")


def test_two_environments_with_one_scope_are_a_warning(tmp_path: Path) -> None:
    text = CONFIG.replace("shop: {project_id: 5}, ", "")
    assert [str(warning) for warning in demo(tmp_path, config=text).warnings] == [
        (
            "reconciler.yaml:15:3: warning: shop: environments production and staging write to the same place "
            "(account shop) (give each its own scope)"
        )
    ]
    assert demo(tmp_path).warnings == ()


def test_precedence_of_variables(tmp_path: Path) -> None:
    files = write(tmp_path / "vars", {"one.yaml": "brand: File\nsizes: {x: 1}\n", "two.yaml": "brand: File2\n"})
    paths = (files / "one.yaml", files / "two.yaml")
    environ = {"RECONCILER_VAR_brand": "Env", "RECONCILER_VAR_list": "[a, 1]", "RECONCILER_VAR_other": "x"}
    assert demo(tmp_path, "staging").variables["brand"] == "Test"
    assert demo(tmp_path, "staging", environ=environ).variables["brand"] == "Env"
    assert demo(tmp_path, "staging", environ=environ).variables["list"] == ["a", 1]
    assert demo(tmp_path, "staging", environ=environ, var_files=paths).variables["brand"] == "File2"
    assert demo(tmp_path, "staging", var_files=paths).variables["sizes"] == {"x": 1}
    chosen = demo(tmp_path, "staging", environ=environ, var_files=paths, variables=("brand=a=b", "eu=01"))
    assert (chosen.variables["brand"], chosen.variables["eu"]) == ("a=b", "01")


@pytest.mark.parametrize(
    ("definition", "text", "expected"),
    [
        ("{type: string}", "01", "01"),
        ("{type: string}", "true", "true"),
        ("{type: number}", "1.5", 1.5),
        ("{type: number}", "12", 12),
        ("{type: bool}", "true", True),
        ("{type: list}", "[a, b]", ["a", "b"]),
        ("{type: map}", "{a: 1}", {"a": 1}),
        ("{type: any}", "[1]", [1]),
        ("{type: string, sensitive: true}", "pw", Sensitive("pw", "var.x")),
        ("{type: reference, to: shop.goals}", "a", Template((Ref("shop.goals.a"),))),
        ("{type: reference, to: shop.goals}", "shop.goals.a", Template((Ref("shop.goals.a"),))),
    ],
)
def test_texts_are_read_by_the_type(tmp_path: Path, definition: str, text: str, expected: Any) -> None:
    config = CONFIG.replace("variables:\n", f"variables:\n  x: {definition}\n", 1)
    value = demo(tmp_path, config=config, variables=(f"x={text}",)).variables["x"]
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("definition", "option", "message"),
    [
        ("{type: number}", "x=abc", 'variable x (--var): it must be a number, not "abc"'),
        ("{type: number}", "x=017", "variable x (--var): it must be a number, not 017"),
        ("{type: bool}", "x=yes", 'variable x (--var): it must be true or false, not "yes"'),
        ("{type: list}", "x={a: 1}", "variable x (--var): it must be a list, not a map"),
        ("{type: list}", "x=[", "variable x (--var)"),
        ("{type: string, enum: [red, blue]}", "x=rde", 'it cannot be "rde" (did you mean red?)'),
        ("{type: string, sensitive: true, pattern: '^z'}", "x=pw", "what was given does not match ^z"),
        ("{type: reference, to: shop.goals}", "x=b", "there is no shop.goals.b"),
        ("{type: string, default: a}", "y=b", "--var y: there is no such variable (did you mean"),
        ("{type: string, default: a}", "y", "--var y: there is no ="),
        ("{type: string}", "brand=b", "variable x has no value"),
    ],
)
def test_bad_variables(tmp_path: Path, definition: str, option: str, message: str) -> None:
    config = CONFIG.replace("variables:\n", f"variables:\n  x: {definition}\n", 1)
    with pytest.raises(ProjectError) as caught:
        demo(tmp_path, config=config, variables=(option,))
    if message.endswith("did you mean"):
        message = message.removesuffix("(did you mean")
    assert message.removesuffix(" (did you mean") in str(caught.value)


def test_null_in_an_environment_removes_the_default(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="variable brand has no value"):
        demo(tmp_path, "staging", config=CONFIG.replace("brand: Test", "brand: null"))


def test_accounts_are_resolved_on_contact_only(tmp_path: Path) -> None:
    environ = {"RECONCILER_SECRET_DEPOT": "pw1", "DEPOT": "d9"}
    project = demo(tmp_path, environ=environ)
    seen: list[str] = []
    settings = project.accounts["main"].resolve(project.secrets, seen.append)
    assert settings["token"] == "x-pw1"
    assert settings["account_id"] == "d9"
    assert seen == ["pw1", "x-pw1"]
    with pytest.raises(
        ValueError, match=r"account shop: token: secret.shop is not there: set .* RECONCILER_SECRET_SHOP"
    ):
        project.accounts["shop"].resolve(project.secrets, seen.append)
    with pytest.raises(ValueError, match="account main: account_id: environment variable DEPOT is not set"):
        demo(tmp_path).accounts["main"].resolve(project.secrets, seen.append)


def test_emulator_takes_all_accounts(tmp_path: Path) -> None:
    project = demo(tmp_path, environ={"RECONCILER_EMULATOR": "http://127.0.0.1:8765/"})
    settings = project.accounts["shop-eu"].resolve(project.secrets, lambda _: None)
    assert settings["base_url"] == "http://127.0.0.1:8765/shop"
    assert settings["token"] == "emulated-shop-eu"
    assert (settings["account_id"], settings["project_id"]) == ("0010", "3")
    assert settings["rate"] == {"per_second": None}
    assert project.emulator == "http://127.0.0.1:8765/"


def test_guardrails(tmp_path: Path) -> None:
    rails = demo(tmp_path).guardrails
    zone = ZoneInfo("America/New_York")
    first, second = rails.freeze
    assert (first.name, first.reason, first.allow) == ("black-friday", "Peak", ("shop.pages.*.status",))
    assert first.start == datetime(2026, 11, 26, tzinfo=zone)
    assert first.until == datetime(2026, 12, 1, 6, tzinfo=zone)
    assert second.start == datetime(2026, 12, 24, tzinfo=zone)
    assert second.until == datetime(2026, 12, 25, tzinfo=zone)


def test_limits_by_kind(tmp_path: Path) -> None:
    text = CONFIG.replace("max_deletes: 10%", "max_deletes: {default: 5, shop: 20%, shop-eu.goals: 0}")
    rails = demo(tmp_path, config=text).guardrails
    assert str(rails.limit("shop-eu", "shop", "goals")) == "0"
    assert str(rails.limit("shop", "shop", "goals")) == "20%"
    assert str(rails.limit("main", "depot", "goals")) == "5"
    nothing = load_shop(tmp_path / "other", {}, config="version: 1\nname: demo\n").guardrails
    assert str(nothing.limit("a", "b", "c")) == "30%"
    assert nothing.timezone == "UTC"


def test_a_time_with_an_offset_keeps_it(tmp_path: Path) -> None:
    text = CONFIG.replace("from: 2026-12-24,", "from: 2026-12-24T00:00Z,")
    assert demo(tmp_path, config=text).guardrails.freeze[1].start == datetime(2026, 12, 24, tzinfo=UTC)


def test_outputs(tmp_path: Path) -> None:
    found = demo(tmp_path).outputs
    assert {name: output.sensitive for name, output in found.items()} == {
        "plain": False,
        "goal_url": False,
        "hook": True,
        "hidden": True,
        "map": False,
    }
    assert found["plain"].value == "Bright"
    assert found["goal_url"].value == Template((Ref("shop.goals.a", ("url",)),))
    assert (found["goal_url"].description, found["goal_url"].sink) == ("Where", {"file": "out.txt"})
    assert found["map"].value == {"a": Template((Ref("shop.goals.a"),))}


def test_secrets_are_not_needed_to_load(tmp_path: Path) -> None:
    assert demo(tmp_path, environ={}).name == "demo"


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("0.1.0", ">=0.1", True),
        ("0.1.0", ">=0.1,<0.1", False),
        ("1.4.2", "~=1.4", True),
        ("2.0", "~=1.4", False),
        ("1.4", "==1.4.0", True),
        ("1.4", "!=1.4", False),
        ("1.4", "1.4", True),
        ("1.4", "latest", None),
    ],
)
def test_versions(version: str, wanted: str, expected: bool | None) -> None:
    assert satisfies(version, wanted) is expected


@given(MAPS, MAPS)
def test_overlay_wins_and_leaves_the_rest(base: dict[str, Any], over: dict[str, Any]) -> None:
    before = (repr(base), repr(over))
    laid = overlay(base, over)
    assert (repr(base), repr(over)) == before
    assert set(laid) == set(base) | set(over)
    for key, value in laid.items():
        if key not in over:
            assert value == base[key]
        elif not isinstance(over[key], dict):
            assert value == over[key]
    assert overlay(laid, over) == laid


@given(MAPS)
def test_overlay_of_nulls_removes(base: dict[str, Any]) -> None:
    assert overlay(base, {}) == base
    assert overlay(base, dict.fromkeys(base)) == {}
