from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.base.declare import ChildMap
from reconciler.adapters.leadconduit import PLATFORM
from reconciler.model.kind import HintKey, UniqueKey
from reconciler.model.markers import Immutable
from reconciler.model.values import Ref, SecretRef, Template
from tests.adapters.leadconduit.declaring import declare, sample, texts

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


def test_every_shape_compiles_and_every_kind_is_listed() -> None:
    assert set(PLATFORM.kinds) == {
        "fields",
        "entities",
        "credentials",
        "flows",
        "reports",
        "routers",
        "packages",
        "modules",
        "destinations",
        "services",
    }
    for kind in PLATFORM.kinds.values():
        assert kind.shape.fields
        assert kind.platform == "leadconduit"
        assert kind.managed == (kind.endpoints.create is not None)


def test_the_sample_project_declares_without_a_problem() -> None:
    seen = set()
    for kind, name, body in sample():
        if "$existing" in body:
            continue
        _, problems = declare(kind, body)
        assert problems == [], (kind, name)
        seen.add(kind)
    assert seen == {"fields", "entities", "credentials", "flows", "routers"}


def test_the_sample_flow_in_canonical_form() -> None:
    body = next(body for kind, name, body in sample() if name == "web_leads")
    declared, _ = declare("flows", body)
    assert list(declared["steps"]) == ["dedupe", "stop_duplicates", "trustedform", "crm", "overflow"]
    crm = declared["steps"]["crm"]
    assert crm["entity"] == Template((Ref("leadconduit.entities.crm"),))
    mappings = crm["integration"]["mappings"]
    assert isinstance(mappings, ChildMap)
    assert mappings["credential_id"]["value"] == Template((Ref("leadconduit.credentials.crm_token"),))
    assert mappings["header.X-Secret"]["value"] == Template(("Bearer ", SecretRef("crm_hmac")))
    assert mappings["json_property.phone"]["value"] == "+4930123456"
    assert declared["sources"]["leadstream"]["integration"]["mappings"] == ChildMap()
    assert list(declared["sources"]["leadstream"]["pricing"]["prices"]) == ["base", "tx"]
    excluded = declared["acceptance_criteria"]["rule_set"]["rules"][2]
    assert excluded["rhv"] == ["75001", "75002"]


def test_keys_and_removals() -> None:
    kinds = PLATFORM.kinds
    assert kinds["fields"].key == UniqueKey("id", sole=True)
    assert kinds["entities"].key == HintKey("name")
    assert kinds["credentials"].key_attributes == ("package", "name")
    assert kinds["routers"].key == UniqueKey("module_id", client_chosen=False)
    assert kinds["flows"].on_remove == "disable"
    assert set(kinds["flows"].removals) == {"disable", "delete", "forget"}
    assert kinds["flows"].disable_with == {"enabled": False}
    assert kinds["routers"].endpoints.delete is None
    assert "delete" not in kinds["routers"].removals
    assert kinds["routers"].destroy_keeps
    ids = {kinds["flows"].mint() for _ in range(1000)} if kinds["flows"].mint else set()
    assert len(ids) == 1000
    assert all(len(one) == 24 and int(one, 16) for one in ids)


def test_published_is_a_virtual_switch() -> None:
    shape = PLATFORM.kinds["flows"].shape.fields["$published"]
    assert shape.switch
    assert not shape.required
    declared, problems = declare("flows", flow(**{"$published": False}))
    assert problems == []
    assert declared["$published"] is False
    assert "published" not in PLATFORM.kinds["flows"].shape.fields


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (
            "fields",
            {},
            [("", "name is missing, the platform requires it"), ("", "type is missing, the platform requires it")],
        ),
        ("fields", {"name": "A", "type": "array"}, [("type", 'type cannot be "array"')]),
        (
            "fields",
            {"id": "Roof-Age", "name": "A", "type": "string"},
            [("id", 'id "Roof-Age" does not match ^[a-z0-9_.]+$')],
        ),
        (
            "fields",
            {"id": "a" * 241, "name": "A", "type": "string"},
            [("id", "id is 241 characters long, the platform takes 240")],
        ),
        ("fields", {"name": "A", "type": "string", "standard": True}, [("standard", "unknown attribute standard")]),
        (
            "entities",
            {"name": "A", "module_ids": []},
            [
                ("", "source is missing, the platform requires it"),
                ("", "recipient is missing, the platform requires it"),
            ],
        ),
        (
            "entities",
            {"name": "", "source": "shop", "recipient": None, "module_ids": [], "field_suffix": "toolong"},
            [
                ("name", "name must have at least 1 character(s)"),
                ("source", 'source cannot be "shop"'),
                ("field_suffix", "field_suffix is 7 characters long, the platform takes 5"),
            ],
        ),
        (
            "credentials",
            {"name": "A", "type": "token", "package": "p"},
            [("", "token is missing: a credential of type token needs it in every call")],
        ),
        (
            "credentials",
            {"name": "A", "type": "token", "package": "p", "token": TOKEN, "password": TOKEN},
            [("password", "a credential of type token takes no password")],
        ),
        (
            "credentials",
            {"name": "A", "type": "token", "package": "p", "token": "clear"},
            [("token", "token is a secret and stands here in clear text")],
        ),
        ("reports", {"name": "R", "columns": ["source-succes"]}, None),
        (
            "reports",
            {"name": "R", "rules": [{"lhv": "vars.flow.id", "op": "is less than or equal to", "rhv": 1}]},
            [("rules.0.op", 'op cannot be "is less than or equal to"')],
        ),
        (
            "reports",
            {
                "name": "R",
                "rules": [{"lhv": "vars.x", "op": "is blank", "rhv": 1}, {"lhv": "vars.x", "op": "is equal to"}],
            },
            [
                ("rules.0.rhv", "is blank compares with nothing, so it takes no rhv"),
                ("rules.1", "rhv is missing: is equal to compares with something"),
            ],
        ),
        (
            "reports",
            {
                "name": "R",
                "rules": [
                    {"lhv": "a", "op": "is included in", "rhv": "x"},
                    {"lhv": "a", "op": "is less than", "rhv": "x"},
                ],
            },
            [("rules.0.rhv", "is included in takes a list"), ("rules.1.rhv", "is less than compares numbers")],
        ),
        ("reports", {"name": "R", "token": "x"}, [("token", "token is told by the platform and cannot be declared")]),
        (
            "routers",
            {"module_id": OUTBOUND, "routes": []},
            [("module_id", f"{OUTBOUND} is outbound, and a router distributes what comes in")],
        ),
        (
            "routers",
            {"module_id": INBOUND, "routes": [{"flow_id": "a"}]},
            [("routes.0", "source_id is missing, the platform requires it")],
        ),
    ],
)
def test_refusals(kind: str, body: dict[str, Any], expected: list[tuple[str, str]] | None) -> None:
    found = errors(kind, body)
    if expected is None:
        assert len(found) == 1
    else:
        assert found == expected


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
        {"property": "a", "value": "2", **{"rule_set": rules({"lhv": "a", "op": "is true"})["rule_set"]}},
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


def test_a_credential_that_exists_may_leave_its_secret_out() -> None:
    problems = declare("credentials", {"name": "A", "type": "user", "package": "p"})[1]
    assert [one.create_only for one in problems] == [True, True]
    assert (
        errors(
            "credentials",
            {"name": "A", "type": "oauth2", "package": "p", "access_token": TOKEN, "refresh_token": TOKEN},
        )
        == []
    )


def test_immutable_attributes() -> None:
    found = {
        kind.name: {name for name, shape in kind.shape.fields.items() if shape.mark(Immutable)}
        for kind in PLATFORM.kinds.values()
    }
    assert {name: attributes for name, attributes in found.items() if attributes} == {
        "fields": {"id"},
        "credentials": {"type", "package"},
        "routers": {"module_id"},
    }


def test_presets() -> None:
    field, entity = PLATFORM.kinds["fields"], PLATFORM.kinds["entities"]
    assert field.is_preset is not None
    assert entity.is_preset is not None
    assert field.is_preset({"id": "email", "standard": True})
    assert field.is_preset({"id": "old"})
    assert not field.is_preset({"id": "x_brsol", "standard": False})
    assert entity.is_preset({"standard": True})
    assert not entity.is_preset({"standard": True, "account": True})
    assert not entity.is_preset({"standard": False})
