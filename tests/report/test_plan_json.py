from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.model.plan import LeafChange, Overlay, Plan, ResourceChange, Step
from reconciler.model.values import Ref, Sensitive, Template
from reconciler.report.plan_json import digest, dump, plan_document, step_data
from tests.report.plans import EVERY, SECRET, any_text, full, leaf, plan, plans, resource

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parent / "terraform_plan_schema.json").read_text("utf-8")))


def document(found: Plan) -> dict[str, Any]:
    """Return the document as others read it."""
    loaded: dict[str, Any] = json.loads(dump(plan_document(found)))
    return loaded


def changes(found: Plan) -> dict[str, Any]:
    return {entry["address"]: entry for entry in document(found)["resource_changes"]}


def test_every_mark_is_in_the_format() -> None:
    SCHEMA.validate(document(full()))


def test_the_schema_itself_refuses() -> None:
    broken = document(full())
    broken["resource_changes"][0]["change"]["actions"] = ["archive"]
    broken["resource_changes"][1]["effect"] = "none"
    broken["surprise"] = 1
    assert len(list(SCHEMA.iter_errors(broken))) == 3


@given(plans())
def test_any_plan_is_in_the_format(found: Plan) -> None:
    SCHEMA.validate(document(found))


@given(plans())
def test_no_secret_in_the_document(found: Plan) -> None:
    assert SECRET not in dump(plan_document(found))
    assert SECRET not in dump(plan_document(found, lambda value: f"hmac:{hash(str(value))}"))


def test_top_level() -> None:
    found = document(full())
    assert found["format_version"] == "1.2"
    assert found["terraform_version"] == "1.9.0"
    assert (found["errored"], found["applyable"], found["complete"]) == (True, False, False)
    assert found["x_allowed"] == ["freeze", "deletes=3"]
    assert [check["status"] for check in found["checks"]] == ["fail", "pass", "pass"]


def test_actions() -> None:
    found = {address: entry["change"]["actions"] for address, entry in changes(full()).items()}
    assert found["convert.goals.purchase"] == ["create"]
    assert found["convert.goals.typed"] == ["delete", "create"]
    assert found["convert.goals.asked"] == ["create", "delete"]
    assert found["convert.goals.away"] == ["delete"]
    assert found["convert.goals.let"] == ["forget"]
    assert found["convert.goals.freed"] == found["convert.goals.mine"] == found["convert.goals.went"] == ["no-op"]
    assert found["convert.projects.shop"] == ["read"]


def test_labels() -> None:
    found = changes(full())
    assert found["convert.goals.away"]["x_effect"] == "archive"
    assert found["convert.goals.mine"]["change"]["importing"] == {"id": "4711"}
    assert found["convert.goals.went"]["previous_address"] == "convert.goals.here"
    assert found["convert.goals.freed"]["x_released"] == ["settings.a", "settings.b"]
    assert found["convert.goals.typed"]["change"]["replace_paths"] == [["type"]]
    assert found["convert.goals.typed"]["action_reason"] == "replace_because_cannot_update"
    assert found["convert.goals.asked"]["action_reason"] == "replace_by_request"
    assert found["convert.projects.shop"]["mode"] == "data"
    bar = found["convert.experiences.bar"]
    assert bar["x_kept"] == ["status"]
    assert bar["x_secret_changed"] == ["api_key"]
    assert bar["x_actor"]["name"] == "ana@brightsolar.example"
    assert bar["x_source"] == {"file": "resources/checkout.yaml", "line": 7}
    old = found["module.acme['de'].leadconduit-acme.flows.old['x']"]
    assert (old["module_address"], old["index"], old["name"]) == ("module.acme['de']", "x", "old")
    assert (old["type"], old["provider_config_key"]) == ("leadconduit_flows", "leadconduit-acme")


def test_unknown_values_are_left_out_and_secrets_masked_on_both_sides() -> None:
    ref = Template((Ref("convert.goals.purchase"),))
    found = resource(
        "convert.goals.a",
        "update",
        after={"goal": ref, "list": ["a", ref], "token": Sensitive(SECRET, "secret.k"), "name": "A"},
        leaves=(
            leaf("goal", "7", ref),
            leaf("token", Sensitive("old", "token"), Sensitive(SECRET, "secret.k"), secret=True),
        ),
    )
    change = changes(plan(found))["convert.goals.a"]["change"]
    assert change["before"] == {"goal": "7", "list": ["a", None], "token": "(sensitive)", "name": "A"}
    assert change["after"] == {"list": ["a", None], "token": "(sensitive)", "name": "A"}
    assert change["after_unknown"] == {"goal": True, "list": [False, True]}
    assert change["before_sensitive"] == change["after_sensitive"] == {"token": True}


def test_secrets_of_what_goes_are_masked() -> None:
    change = changes(plan(EVERY[8]))[EVERY[8].address]["change"]
    assert change["before"] == {"name": "Old", "steps": {"crm": {"outcome": "success", "token": "(sensitive)"}}}
    assert change["before_sensitive"] == {"steps": {"crm": {"token": True}}}
    assert change["after"] is None


def test_drift_goes_from_seen_to_live() -> None:
    found = {entry["address"]: entry for entry in document(full())["resource_drift"]}
    assert set(found) == {"convert.experiences.bar", "convert.goals.back", "convert.goals.dead"}
    bar = found["convert.experiences.bar"]
    assert bar["change"]["before"] == {"description": "ours", "status": "active"}
    assert bar["change"]["after"] == {"description": "by Ana", "status": "paused"}
    assert bar["x_children"] == [{"path": "variations.hand", "by_hand": "added", "id": "1235"}]
    assert found["convert.goals.back"]["change"]["actions"] == ["delete"]


def test_modules_nest() -> None:
    inner = "module.a.module.b['x'].convert.goals.g"
    change = ResourceChange(inner, "convert", "convert", "goals", "create", after={"name": "G"})
    found = document(plan(change))
    root = found["planned_values"]["root_module"]
    assert root["child_modules"][0]["address"] == "module.a"
    assert root["child_modules"][0]["child_modules"][0]["resources"][0]["address"] == inner
    calls = found["configuration"]["root_module"]["module_calls"]
    block = calls["a"]["module"]["module_calls"]["b"]["module"]["resources"][0]
    assert block["address"] == "convert.goals.g"


def test_configuration_tells_references() -> None:
    found = plan_document(plan(EVERY[0]), references={EVERY[0].address: {"type": ["convert.goals.other"]}})
    block = found["configuration"]["root_module"]["resources"][0]
    assert block["expressions"]["name"] == {"constant_value": "Bright Solar purchase"}
    assert block["expressions"]["type"] == {"references": ["convert.goals.other"]}
    assert block["expressions"]["settings"] == {"references": ["leadconduit.flows.web"]}
    assert block["expressions"]["secret"] == {"constant_value": "(sensitive)"}


def test_instances_are_one_block() -> None:
    found = [resource(f"convert.goals.g['{n}']", "create", after={"name": n}) for n in ("de", "fr")]
    blocks = document(plan(*found))["configuration"]["root_module"]["resources"]
    assert [block["address"] for block in blocks] == ["convert.goals.g"]


def test_steps_hold_fingerprints_in_place_of_secrets() -> None:
    overlay = Overlay(
        (
            LeafChange(("a",), "a", "x", Sensitive(SECRET, "secret.k"), secret=True),
            LeafChange(("b",), "b", SECRET, SECRET, secret=True),
        )
    )
    step = Step("s", "convert.goals.a", "update", overlay=overlay, body={"a": [Sensitive(SECRET, "secret.k")]})
    found = step_data(step, lambda value: f"hmac:{len(value)}")
    assert SECRET not in json.dumps(found)
    assert [entry["after"] for entry in found["overlay"]] == [{"$secret": "hmac:13"}] * 2
    assert found["body"] == {"a": [{"$secret": "hmac:13"}]}


@given(st.dictionaries(any_text(), any_text() | st.integers(), max_size=4))
def test_the_digest_knows_every_change(body: dict[str, Any]) -> None:
    first = document(plan(resource("convert.goals.a", "create", after=body)))
    assert digest(first) == digest({**first, "x_digest": "anything"})
    assert digest(first) != digest({**first, "x_serial": 99})


def test_one_line_for_tools_that_read_one() -> None:
    assert "\n" not in dump(plan_document(full()))
    assert "\n" in dump(plan_document(full()), pretty=True)


def test_odd_numbers_and_broken_text_can_be_written() -> None:
    found = resource("convert.goals.a", "create", after={"big": 1 << 80, "half": "a\ud800b", 3: "x"})
    after = changes(plan(found))["convert.goals.a"]["change"]["after"]
    assert after == {"big": str(1 << 80), "half": "a?b", "3": "x"}


FEATURE = """
Feature: Policies over a plan of ours
  Scenario: Goals have a type
    Given I have convert_goals defined
    Then it must have type
    And its value must be revenue
  Scenario: Flows say what they are called
    Given I have leadconduit_flows defined
    Then it must have name
"""


def compliance(tmp_path: Path, feature: str) -> subprocess.CompletedProcess[str]:
    found = plan(
        resource("convert.goals.a", "create", after={"name": "A", "type": "revenue"}),
        resource(
            "leadconduit.flows.b",
            "update",
            after={"name": "B", "goal": Template((Ref("convert.goals.a"),))},
            leaves=(leaf("name", "was", "B"),),
        ),
        resource("convert.goals.gone", "remove", removal="archive", before={"name": "G"}),
    )
    (tmp_path / "plan.json").write_text(dump(plan_document(found)) + "\n", encoding="utf-8")
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "policy.feature").write_text(feature, encoding="utf-8")
    command = Path(sys.executable).with_name("terraform-compliance")
    return subprocess.run(
        [str(command), "-p", "plan.json", "-f", "features"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("wanted", "code"), [("revenue", 0), ("clicks_element", 1)])
def test_terraform_compliance_reads_it(tmp_path: Path, wanted: str, code: int) -> None:
    done = compliance(tmp_path, FEATURE.replace("must be revenue", f"must be {wanted}"))
    assert done.returncode == code, done.stdout + done.stderr
    assert "2 scenarios (" in done.stdout
