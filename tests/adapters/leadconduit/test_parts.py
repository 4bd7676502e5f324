"""Parts of the adapter that need no server: refusals, history, ids of rules, risks, lint."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.base.declare import ChildMap
from reconciler.adapters.leadconduit import PLATFORM
from reconciler.adapters.leadconduit.alignment import keep_ids, said
from reconciler.adapters.leadconduit.bodies import empty_caps_to_null, fill_destinations
from reconciler.adapters.leadconduit.errors import broken_flows, field_errors
from reconciler.adapters.leadconduit.history import event_of
from reconciler.adapters.leadconduit.lint import OPERATORS, lint_flow
from reconciler.adapters.leadconduit.names import Names
from reconciler.model.values import Ref, Template, path_text
from tests.adapters.leadconduit.conftest import Account
from tests.adapters.leadconduit.declaring import declare

TREE = {"steps": {"0": {"integration": {"mappings": {"2": {"value": ["Not a valid value", "is short"]}}}}}}
PATH = "steps[0].integration.mappings[2].value"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (TREE, [(PATH, "Not a valid value"), (PATH, "is short")]),
        ({"errors": TREE}, [(PATH, "Not a valid value"), (PATH, "is short")]),
        ({"error": TREE, "message": "bad"}, None),
        ({"errors": TREE, "message": "bad", "status": 422}, [(PATH, "Not a valid value"), (PATH, "is short")]),
        ({"error": "text"}, [("", "text")]),
        ({"message": "text"}, [("", "text")]),
        ({"message": ["can't be blank"]}, [("", "can't be blank")]),
        ({"name": ["can't be blank"]}, [("name", "can't be blank")]),
        ({"name": ["is bad"], "message": ["is bad"]}, [("name", "is bad"), ("message", "is bad")]),
        ({"rules": [{"lhv": ["is bad"]}, {"op": ["is bad"]}]}, [("rules[0].lhv", "is bad"), ("rules[1].op", "is bad")]),
        ("text", [("", "text")]),
        (None, []),
        ({}, []),
    ],
)
def test_refusals_become_paths(body: Any, expected: list[tuple[str, str]] | None) -> None:
    found = [(path_text(one.path), one.message) for one in field_errors(body)]
    assert found == (expected if expected is not None else [(PATH, "Not a valid value"), (PATH, "is short")])


def test_the_flows_that_a_delete_broke() -> None:
    body = {
        "message": "1 flow has errors that need to be fixed",
        "results": {
            "count": 1,
            "success_flows": [],
            "error_flows": [
                {"id": "1", "name": "Leads", "errors": {"sources": {"0": {"entity": {"id": ["Unknown source"]}}}}}
            ],
        },
    }
    (text,) = broken_flows(body)
    assert text.startswith("flow Leads (1) still refers to it and cannot be saved until that is mended")
    assert text.endswith(": sources.0.entity.id: Unknown source")
    assert broken_flows({"message": "2 flows have errors"}) == ["2 flows have errors"]
    assert broken_flows(None) == []


def test_nothing_of_a_user_but_name_and_address() -> None:
    user = {"id": "1", "first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example", "api_key": "kkk"}
    record = {
        "id": "2",
        "action": "update",
        "created_at": "2026-11-22T04:00:00.123Z",
        "user": user,
        "changes": [
            {"action": "changed", "delta_path": "steps.0.enabled"},
            {"action": "changed", "delta_path": ["name"]},
            {"action": "changed", "delta_path": "updated_at"},
        ],
    }
    event = event_of(record)
    assert event.actor == "Jane Doe <jane@acme.example>"
    assert event.attributes == ("steps", "name")
    assert not event.by_api
    assert "kkk" not in repr(event)
    assert event.at is not None
    assert event.at.microsecond == 123000
    nobody = event_of({"id": "3", "delta_from_last_revision": {"caps": [], "_t": "a"}, "created_at": "?"})
    assert (nobody.actor, nobody.by_api, nobody.attributes, nobody.at) == (None, True, ("caps",), None)
    assert event_of({"user": {"first_name": "Jane"}}).actor == "Jane"
    assert event_of({"user": {"email": "j@acme.example"}}).actor == "j@acme.example"
    assert event_of({"user": {}}).actor is None


def rule(name: str, **more: Any) -> dict[str, Any]:
    return {"lhv": name, "op": "is blank", **more}


def test_an_inserted_rule_takes_no_other_ones_id() -> None:
    live = {"rule_set": {"id": "s", "op": "and", "rules": [rule("a", id="1"), rule("b", id="2")]}}
    body: dict[str, Any] = {"rule_set": {"op": "and", "rules": [rule("new"), rule("b"), rule("a")]}}
    keep_ids(body, live)
    assert body["rule_set"]["id"] == "s"
    assert [one.get("id") for one in body["rule_set"]["rules"]] == [None, "2", "1"]


def test_an_edited_rule_keeps_its_id_and_nested_ones_theirs() -> None:
    nested = {"id": "n", "op": "or", "rules": [rule("c", id="3")]}
    live = {"rule_set": {"id": "s", "op": "and", "rules": [rule("a", id="1", rule_set=nested), rule("b", id="2")]}}
    edited = {"op": "or", "rules": [rule("c"), rule("d")]}
    body: dict[str, Any] = {"rule_set": {"op": "and", "rules": [rule("a", rule_set=edited), rule("b")]}}
    keep_ids(body, live)
    first, second = body["rule_set"]["rules"]
    assert (first["id"], second["id"]) == ("1", "2")
    assert first["rule_set"]["id"] == "n"
    assert [one.get("id") for one in first["rule_set"]["rules"]] == ["3", None]


def test_children_are_found_by_their_ids() -> None:
    live = {
        "steps": [{"id": "x", "rule_set": {"id": "1", "rules": []}}, {"id": "y", "rule_set": {"id": "2", "rules": []}}]
    }
    body: dict[str, Any] = {"steps": [{"id": "y", "rule_set": {"rules": []}}, {"rule_set": {"rules": []}}]}
    keep_ids(body, live)
    assert body["steps"][0]["rule_set"]["id"] == "2"
    assert "id" not in body["steps"][1]["rule_set"]


names = st.sampled_from(["a", "b", "c", "d"])


@given(st.lists(names, max_size=6), st.lists(names, max_size=6))
def test_ids_are_kept_once_and_content_is_not_touched(before: list[str], after: list[str]) -> None:
    live = {"rule_set": {"id": "s", "rules": [rule(name, id=str(i)) for i, name in enumerate(before)]}}
    body: dict[str, Any] = {"rule_set": {"rules": [rule(name) for name in after]}}
    keep_ids(body, live)
    found = [one["id"] for one in body["rule_set"]["rules"] if "id" in one]
    assert len(found) == len(set(found)) == min(len(before), len(after))
    assert said(body) == {"rule_set": {"rules": [rule(name) for name in after]}}
    if sorted(before) == sorted(after):
        assert all(before[int(one["id"])] == one["lhv"] for one in body["rule_set"]["rules"])


def test_no_caps() -> None:
    flow: dict[str, Any] = {
        "caps": [{"caps": []}],
        "sources": [{"caps": []}],
        "steps": [{"caps": [{"caps": [{"caps": []}]}]}],
    }
    empty_caps_to_null(flow)
    assert flow == {
        "caps": [{"caps": None}],
        "sources": [{"caps": None}],
        "steps": [{"caps": [{"caps": [{"caps": None}]}]}],
    }


def test_destinations_are_filled_in_from_the_account() -> None:
    known = {
        "instance_id": "i",
        "name": "Acme",
        "integration_name": "Slack",
        "actions": [{"action_id": "a", "name": "Send", "webhook_url": "https://hook.example/s"}],
    }
    flow: dict[str, Any] = {"destinations": [{"instance_id": "i", "name": "Mine", "actions": [{"action_id": "a"}]}]}
    fill_destinations(flow, {"i": known}.get)
    assert flow["destinations"] == [{**known, "name": "Mine"}]
    fill_destinations(flow, lambda _: pytest.fail("nothing is missing"))


def test_names_are_read_once() -> None:
    reads: list[int] = []

    def read() -> list[dict[str, Any]]:
        reads.append(1)
        return [{"id": "A", "name": "x"}]

    found = Names(read, "id")
    assert found.find("a") == {"id": "A", "name": "x"}
    assert found.find("b") is None
    assert found.find("b") is None
    assert len(reads) == 2
    found.learn([{"id": "b", "name": "y"}])
    assert found.find("B") == {"id": "b", "name": "y"}
    found.forget()
    assert found.find("b") is None


def risks(kind: str, live: dict[str, Any], declared: dict[str, Any], *touched: str) -> list[str]:
    return [text for risk in PLATFORM.kinds[kind].risks for text in risk(live, declared, frozenset(touched))]


CAP = {"name": "Daily", "maximum": 5, "duration": 1, "duration_units": "day"}


@pytest.mark.parametrize(
    ("cap", "word"),
    [
        ({**CAP, "maximum": 9}, None),
        ({**CAP, "duration": 2}, None),
        ({**CAP, "duration_units": "hour"}, "to zero"),
        ({**CAP, "rule_set": {"op": "and", "rules": [rule("a")]}}, "to zero"),
        ({**CAP, "name": "Other"}, "counter with it"),
    ],
)
def test_risks_of_caps(cap: dict[str, Any], word: str | None) -> None:
    found = risks("flows", {"caps": [{**CAP, "id": "1"}]}, {"caps": ChildMap({"daily": cap})}, "caps")
    assert (len(found) == 1 and word in found[0]) if word else found == []


def test_other_risks_of_flows() -> None:
    live = {
        "enabled": True,
        "caps": [CAP],
        "sources": [
            {"entity": {"id": "e1", "name": "Web"}, "enabled": True},
            {"entity": {"id": "e2", "name": "Vendor"}},
        ],
    }
    assert "outcome error" in risks("flows", live, {"enabled": False}, "enabled")[0]
    assert risks("flows", {**live, "enabled": False}, {"enabled": False}, "enabled") == []
    assert "nothing limits" in risks("flows", live, {"caps": None}, "caps")[0]
    assert "next deploy" in risks("flows", live, {"pricing": None}, "pricing")[0]
    assert "order counts" in risks("flows", live, {"steps": ChildMap()}, "steps")[0]
    assert "taken and paid" in risks("flows", live, {"acceptance_criteria": None}, "acceptance_criteria")[0]
    one = ChildMap({"web": {"entity": "e1", "enabled": False}})
    assert risks("flows", live, {"sources": one}, "sources") == [
        "1 source(s) go: Vendor: their submission URLs answer 404 from the next deploy on",
        "source Web is switched off: what it submits is answered 403 and leaves no event",
    ]
    unknown = ChildMap({"web": {"entity": Template((Ref("leadconduit.entities.web"),))}})
    assert risks("flows", live, {"sources": unknown}, "sources") == [
        "1 source(s) go: their submission URLs answer 404 from the next deploy on"
    ]
    kept = ChildMap({"web": {"entity": "e1"}}, open=True)
    assert risks("flows", live, {"sources": kept}, "sources") == []
    assert PLATFORM.kinds["flows"].publish is not None
    assert "others saved" in PLATFORM.kinds["flows"].publish.effect


def test_risks_of_the_other_kinds() -> None:
    assert "rules whose operator" in risks("fields", {"type": "string"}, {"type": "number"}, "type")[0]
    assert risks("fields", {"type": "string"}, {"type": "string"}, "name") == []
    assert "another prefix" in risks("entities", {"name": "A"}, {"name": "B"}, "name")[0]
    assert "only once" in risks("entities", {"field_suffix": "abc"}, {"field_suffix": "xyz"}, "field_suffix")[0]
    assert "no longer submit" in risks("entities", {"name": "A", "source": "form"}, {"source": None}, "source")[0]
    assert "routed anew" in risks("routers", {"module_id": "m", "routes": []}, {"routes": ChildMap()}, "routes")[0]
    assert "public link" in risks("reports", {"token": "t"}, {"shared": False}, "shared")[0]
    assert "anybody" in risks("reports", {"token": None}, {"shared": True}, "shared")[0]
    assert "at once" in risks("credentials", {"name": "A", "type": "token"}, {"token": "x"}, "token")[0]
    assert "will not be sent" in risks("credentials", {"name": "A", "type": "token"}, {"name": "B"}, "name")[0]


def linted(lhv: str, op: str) -> list[str]:
    flow = {"acceptance_criteria": {"rule_set": {"op": "and", "rules": [{"lhv": lhv, "op": op}]}}}
    types = {"state": "state", "age_x": "number", "ok": "boolean", "mortgage.rate": "number", "phone_1": "phone"}
    return [one.text for one in lint_flow(flow, types, {})]


@pytest.mark.parametrize(
    ("lhv", "op", "expected"),
    [
        ("lead.state", "is equal to", []),
        ("lead.state", "is between", ["is between does not work on state, which is a state"]),
        ("lead.mortgage.rate", "is less than", []),
        ("lead.mortgage.rate.max", "is less than", ["a number has no part max"]),
        ("lead.phone_1.area", "is between", []),
        ("lead.phone_1.valid", "is true", []),
        ("lead.phone_1.aera", "is equal to", ["a phone has no part aera"]),
        ("lead.stat", "is equal to", ["there is no field stat"]),
        ("lead.ok", "is true", []),
        ("lead.ok", "is equal to", ["is equal to does not work on ok, which is a boolean"]),
        ("trustedform.outcome", "is between", []),
        ("{{lead.state}}", "is between", []),
    ],
)
def test_operators_and_components(lhv: str, op: str, expected: list[str]) -> None:
    assert linted(lhv, op) == expected
    assert set(OPERATORS) >= {"dob", "ip", "url"}


def test_lint_against_an_account(account: Account) -> None:
    mappings = {"list_name": "a", "vlaue": "{{lead.email}}", "json_property.x": "1"}
    sl = {"module_id": "leadconduit-suppressionlist.outbound.is_unique", "mappings": mappings}
    declared, _ = declare(
        "flows",
        {
            "name": "F",
            "enabled": True,
            "fields": ["email"],
            "sources": {},
            "steps": [{"$name": "sl", "type": "recipient", "entity": "sl", "integration": sl}],
            "acceptance_criteria": {
                "outcome": "failure",
                "rule_set": {"op": "and", "rules": [rule("lead.new_x"), rule("lead.emial")]},
            },
        },
    )
    found = account.adapter.lint(account.kind("flows"), declared, {"new_x": "string"})
    assert [(path_text(one.path), one.text, one.fix) for one in found] == [
        ("acceptance_criteria.rule_set.rules[1].lhv", "there is no field emial", "did you mean lead.email?"),
        (
            "steps.sl.integration.mappings",
            "leadconduit-suppressionlist.outbound.is_unique requires value, and nothing is mapped to it",
            "add value: …",
        ),
    ]
    assert all(one.severity == "warning" for one in found)
    assert account.adapter.lint(account.kind("fields"), {}, {}) == ()
