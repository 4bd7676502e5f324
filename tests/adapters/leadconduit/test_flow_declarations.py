from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.leadconduit import PLATFORM
from reconciler.model.values import Ref, SecretRef, Template
from tests.adapters.leadconduit.declaring import declare, texts

TOKEN = Template((SecretRef("token"),))
INBOUND = "leadconduit-default.inbound"
OUTBOUND = "leadconduit-custom.outbound.json"


def flow(**more: Any) -> dict[str, Any]:
    return {"name": "Leads", "enabled": True, "fields": [], "sources": {}, "steps": [], **more}


def source(**more: Any) -> dict[str, Any]:
    return {"entity": "web", "integration": {"module_id": INBOUND}, **more}


def recipient(**more: Any) -> dict[str, Any]:
    return {"type": "recipient", "entity": "crm", "integration": {"module_id": OUTBOUND}, **more}


def rules(*items: Any) -> dict[str, Any]:
    return {"rule_set": {"op": "and", "rules": list(items)}, "outcome": "failure"}


def errors(kind: str, body: dict[str, Any]) -> list[tuple[str, str]]:
    return texts(declare(kind, body)[1])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"lhv": "lead.state", "op": "is blank"}, []),
        ({"lhv": "lead.state", "op": "is equal to", "rhv": "TX"}, []),
        ({"lhv": "lead.state", "op": "is equal to", "rhv": Template((Ref("a.b.c"),))}, []),
        ({"lhv": "lead.zip", "op": "is included in", "rhv": [75001, True]}, []),
        ({"lhv": "lead.zip", "op": "is included in", "rhv": "{{snippets.zips}}"}, []),
        ({"lhv": "lead.zip", "op": "is between", "rhv": "78700-78799"}, []),
        ({"op": "or", "rules": [{"lhv": "a", "op": "is true"}]}, []),
        ({"lhv": "a", "op": "is true", "rule_set": {"op": "or", "rules": [{"lhv": "a", "op": "is true"}]}}, []),
        (
            {"lhv": "lead.state", "op": "is blank", "rhv": "x"},
            [(".rhv", "is blank compares with nothing, so it takes no rhv")],
        ),
        ({"lhv": "lead.state", "op": "is equal to"}, [("", "rhv is missing: is equal to compares with something")]),
        ({"op": "is blank"}, [("", "lhv is missing, the platform requires it")]),
        ({"lhv": "lead.zip", "op": "is included in", "rhv": "TX"}, [(".rhv", "is included in takes a list")]),
        (
            {"lhv": "lead.zip", "op": "includes", "rhv": {"a": 1}},
            [(".rhv", "rhv must be text, a number, true or false, or a list of texts, not a map")],
        ),
        ({"lhv": "lead.zip", "op": "is between", "rhv": 7}, [(".rhv", "is between takes a range as text")]),
        ({"lhv": "a", "op": "is", "rhv": 1}, [(".op", 'op cannot be "is"')]),
        ({"op": "or"}, [("", "or joins rules, and there are none")]),
        ({"op": "or", "rules": []}, [(".rules", "rules must have at least 1 item(s)")]),
        (
            {"op": "or", "lhv": "a", "rules": [{"lhv": "a", "op": "is true"}]},
            [(".lhv", "a rule set within a rule set takes no lhv")],
        ),
        ({"lhv": "a", "op": "is true", "rules": [{"lhv": "a", "op": "is true"}]}, None),
        (
            {"op": "and", "rules": [{"op": "or", "rules": [{"lhv": "a", "op": "is true", "rhv": 1}]}]},
            [(".rules.0.rules.0.rhv", "is true compares with nothing, so it takes no rhv")],
        ),
        (
            {"lhv": "a", "op": "is true", "rule_set": {"op": "and", "rules": [{"lhv": "a", "op": "includes"}]}},
            [(".rule_set.rules.0", "rhv is missing: includes compares with something")],
        ),
        (
            {"lhv": "a", "op": "is true", "rule_set": {"op": "and", "rules": []}},
            [(".rule_set.rules", "rules must have at least 1 item(s)")],
        ),
    ],
)
def test_rules(rule: dict[str, Any], expected: list[tuple[str, str]] | None) -> None:
    found = errors("flows", flow(acceptance_criteria=rules(rule)))
    prefix = "acceptance_criteria.rule_set.rules.0"
    if expected is None:
        assert found
    else:
        assert found == [(prefix + path, text) for path, text in expected]


def test_numbers_in_a_list_to_compare_with_are_text() -> None:
    declared, _ = declare(
        "flows", flow(acceptance_criteria=rules({"lhv": "a", "op": "is included in", "rhv": [1, "b"]}))
    )
    assert declared["acceptance_criteria"]["rule_set"]["rules"][0]["rhv"] == ["1", "b"]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            recipient(description="x" * 121),
            [(".description", "description is 121 characters long, the platform takes 120")],
        ),
        ({"type": "enhancement"}, [(".type", 'type cannot be "enhancement"')]),
        (
            {"type": "recipient", "entity": "crm"},
            [("", "a recipient step needs integration, the platform requires it")],
        ),
        (recipient(outcome="failure"), [(".outcome", "a recipient step takes no outcome")]),
        (
            {"type": "filter"},
            [
                ("", "a filter step needs outcome, the platform requires it"),
                ("", "a filter step needs rule_set, the platform requires it"),
            ],
        ),
        (
            {"type": "filter", "retry_enabled": True, **rules({"lhv": "a", "op": "is true"})},
            [(".retry_enabled", "a filter step takes no retry_enabled")],
        ),
        (
            recipient(integration={"module_id": INBOUND}),
            [(".integration.module_id", f"{INBOUND} is inbound, and an outbound module is needed here")],
        ),
        (
            recipient(pricing={"override": True, "prices": [{"amount": 3}]}),
            [(".pricing.prices", "with override: true the other side names the price, and prices must be empty")],
        ),
        (recipient(pricing={"prices": [{"$name": "sale", "amount": 0}]}), None),
    ],
)
def test_steps(step: dict[str, Any], expected: list[tuple[str, str]] | None) -> None:
    found = errors("flows", flow(steps=[{"$name": "one", **step}]))
    if expected is None:
        assert len(found) == 1
    else:
        assert [(path.replace("steps.one", "").replace("steps.0", ""), text) for path, text in found] == expected


@pytest.mark.parametrize(
    ("value", "severity", "expected"),
    [
        (True, "error", ["a mapping takes no true without quotes: it is text here"]),
        ([], "error", ["a list of values must not be empty"]),
        ({"a": 1}, "error", ["a mapping takes text, a number, a list of texts or null, not a map"]),
        (["a", None, 1], "error", []),
        (None, "error", []),
        (3.5, "error", []),
        ("{{lead.a", "warning", ["the template '{{lead.a' has {{ without }}"]),
    ],
)
def test_values_of_mappings(value: Any, severity: str, expected: list[str]) -> None:
    step = recipient(integration={"module_id": OUTBOUND, "mappings": {"lead.a": value}})
    problems = declare("flows", flow(steps=[{"$name": "one", **step}]))[1]
    assert [text for _, text in texts(problems, severity)] == expected


@pytest.mark.parametrize(
    ("name", "value", "warned"),
    [
        ("basic_password", "hunter2", True),
        ("header.Authorization", "Bearer x", True),
        ("activecampaign.api_key", "x", True),
        ("header.X-Api-Key", "x", True),
        ("basic_password", TOKEN, False),
        ("basic_password", "{{lead.password}}", False),
        ("reference_path", "x", False),
        ("outcome_search_term", "token", False),
        ("json_property.password_hint", "x", False),
    ],
)
def test_a_credential_in_clear_text_is_warned_of(name: str, value: Any, warned: bool) -> None:
    step = recipient(integration={"module_id": OUTBOUND, "mappings": {name: value}})
    problems = declare("flows", flow(steps=[step]))[1]
    assert bool(texts(problems, "warning")) == warned
    assert texts(problems) == []


def test_mappings_short_and_long_are_one_thing() -> None:
    long = [{"property": "url", "value": "https://a.example"}, {"property": "method", "value": "POST"}]
    short = {"url": "https://a.example", "method": "POST"}
    bodies = [
        declare("flows", flow(steps=[recipient(integration={"module_id": OUTBOUND, "mappings": one})]))[0]
        for one in (long, short)
    ]
    assert bodies[0] == bodies[1]
    shape = PLATFORM.kinds["flows"].shape.fields["steps"].item.fields["integration"].fields["mappings"]  # type: ignore[attr-defined]  # shapes of children
    assert shape.short.shorten(long) == short
    twice = [*long, {"property": "url", "value": "x"}]
    assert shape.short.shorten(twice) == twice
    assert shape.short.shorten([]) == []
    assert shape.short.shorten([{**long[0], "$name": "a"}]) == [{**long[0], "$name": "a"}]


def test_a_property_may_stand_twice() -> None:
    twice = [
        {"property": "a", "value": "1"},
        {"property": "a", "value": "2", "rule_set": rules({"lhv": "a", "op": "is true"})["rule_set"]},
    ]
    declared, problems = declare(
        "flows", flow(sources={"web": source(integration={"module_id": INBOUND, "mappings": twice})})
    )
    assert problems == []
    assert [one["value"] for one in declared["sources"]["web"]["integration"]["mappings"].values()] == ["1", "2"]


def test_entities_may_be_written_as_the_api_shows_them() -> None:
    raw_id = "507f1f77bcf86cd799439011"
    declared, problems = declare(
        "flows", flow(sources={"a": source(entity={"id": raw_id, "name": "Web"}), "b": source(entity={"id": "web"})})
    )
    assert problems == []
    assert declared["sources"]["a"]["entity"] == raw_id
    assert declared["sources"]["b"]["entity"] == Template((Ref("leadconduit.entities.web"),))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            {"sources": {"a": source(), "b": source()}},
            [("sources.b.entity", "a and b are the same entity: a flow has one submission URL for each")],
        ),
        (
            {"sources": {"a": source(integration={"module_id": OUTBOUND})}},
            [("sources.a.integration.module_id", f"{OUTBOUND} is outbound, and an inbound module is needed here")],
        ),
        (
            {"sources": {"a": source(submit_url="x")}},
            [("sources.a.submit_url", "submit_url is told by the platform and cannot be declared")],
        ),
        (
            {"caps": [{"maximum": 1, "duration": 0, "duration_units": "day"}]},
            [("caps.0.duration", "duration is 0, the least is 1")],
        ),
        (
            {"caps": [{"maximum": 1, "duration": 1, "duration_units": "year"}]},
            [("caps.0.duration_units", 'duration_units cannot be "year"')],
        ),
        ({"firehose": {"credential_id": "s3", "bucket": "My_Bucket", "enabled": True}}, None),
        ({"firehose": {"credential_id": "s3", "bucket": "12.34", "enabled": True}}, None),
        ({"firehose": {"credential_id": "s3", "bucket": "leads.archive-1", "enabled": True}}, []),
        (
            {"list_checks": {"duplicate": {"value": "{{lead.email}}", "list_name": ""}}},
            [("list_checks.duplicate.list_name", "list_name must have at least 1 character(s)")],
        ),
        (
            {
                "list_checks": {
                    "duplicate": {
                        "value": "{{lead.email}}",
                        "list_name": "d",
                        "lookback": {"value": 30, "interval": "day"},
                    }
                }
            },
            [],
        ),
        ({"pricing_service": {"service_id": {"$id": "507f1f77bcf86cd799439011"}, "fallback_price": 1}}, []),
        ({"destinations": [{"instance_id": "abc", "actions": [{"action_id": "send"}]}]}, []),
        ({"caps": None, "acceptance_criteria": None, "firehose": None}, []),
        ({"ping_limits": None}, [("ping_limits", "ping_limits cannot be null")]),
        ({"errors": {}}, [("errors", "unknown attribute errors")]),
    ],
)
def test_flows(more: dict[str, Any], expected: list[tuple[str, str]] | None) -> None:
    found = errors("flows", flow(**more))
    if expected is None:
        assert len(found) == 1
    else:
        assert found == expected


def test_two_caps_of_one_name_and_unknown_time_zones() -> None:
    cap = {"name": "Daily", "maximum": 1, "duration": 1, "duration_units": "day"}
    nested = {**cap, "name": "A", "caps": [{**cap, "name": "B"}, {**cap, "name": "B", "time_zone": "America/Chicgo"}]}
    problems = declare("flows", flow(caps=[cap, {**cap, "$name": "b"}, nested]))[1]
    assert [text for _, text in texts(problems)] == [
        "two caps are called Daily: their counters could not be told apart",
        "two caps are called B: their counters could not be told apart",
    ]
    assert [text for _, text in texts(problems, "warning")] == ["no time zone is called America/Chicgo"]
