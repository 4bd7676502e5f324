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


def test_a_credential_needs_every_secret_of_its_type() -> None:
    assert errors("credentials", {"name": "A", "type": "user", "package": "p"}) == [
        ("", "username is missing: a credential of type user needs it in every call"),
        ("", "password is missing: a credential of type user needs it in every call"),
    ]
    oauth = {"name": "A", "type": "oauth2", "package": "p", "access_token": TOKEN, "refresh_token": TOKEN}
    assert errors("credentials", oauth) == []


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
