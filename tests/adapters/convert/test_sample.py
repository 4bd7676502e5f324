"""A whole sample project's Convert resources load, without a problem, into what the API takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.adapters.base.wire import object_to_wire
from reconciler.adapters.convert import PLATFORM
from reconciler.adapters.convert.kind import ConvertKind
from reconciler.model.values import Ref, Template
from tests.adapters.convert.declaring import declare

SAMPLE: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(Path(__file__).parent / "sample.yaml")


def resolved(value: Any) -> Any:
    """Put plain text in the place of variables and files."""
    if isinstance(value, dict):
        return {key: resolved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item) for item in value]
    if isinstance(value, str) and not value.startswith("const "):
        return re.sub(r"\$\{[^}]*\}", "text", value)
    return value


def numbered(value: Any) -> Any:
    """Put an id in the place of each reference."""
    if isinstance(value, Template):
        return "".join(str(100 + len(part.address)) if isinstance(part, Ref) else str(part) for part in value.parts)
    if isinstance(value, dict):
        out = type(value)(value) if type(value) is not dict else {}
        for key, item in value.items():
            out[key] = numbered(item)
        return out
    return [numbered(item) for item in value] if isinstance(value, list) else value


def kind_at(address: str) -> ConvertKind:
    kind = PLATFORM.kinds[address.split(".")[1]]
    assert isinstance(kind, ConvertKind)
    return kind


@pytest.mark.parametrize("address", SAMPLE)
def test_sample_resource_loads_without_a_problem(address: str) -> None:
    _, names = declare(kind_at(address), resolved(SAMPLE[address]), account=address.partition(".")[0])

    assert names.problems == []
    assert names.warnings == []


def wire(address: str) -> dict[str, Any]:
    kind = kind_at(address)
    declared, _ = declare(kind, resolved(SAMPLE[address]))
    return object_to_wire(kind.shape, numbered(declared))


def test_rules_get_all_their_levels_and_references_become_numbers() -> None:
    tree = wire("convert.audiences.mobile_dach_big_spender")["rules"]

    assert tree["OR"][0]["AND"][1] == {
        "OR_WHEN": [{"rule_type": "is_mobile", "matching": {"match_type": "equals", "negated": False}, "value": True}]
    }
    assert tree["OR"][0]["AND"][2]["OR_WHEN"][1] == {
        "rule_type": "goal_triggered",
        "matching": {"match_type": "equals", "negated": False},
        "value": 100 + len("convert.goals.purchase"),
    }
    assert tree["OR"][1]["AND"][0]["OR_WHEN"] == [
        {
            "rule_type": "browser_version",
            "matching": {"match_type": "startsWith", "negated": True},
            "value": "17.10",
        }
    ]


def test_experience_sends_lists_of_children_with_required_nulls() -> None:
    body = wire("convert.experiences.free-shipping")

    assert body["integrations"] == [
        {"enabled": True, "type": "ga4", "measurementId": "G-ABC1234567", "provider": "google_analytics"}
    ]
    assert [one["name"] for one in body["variations"]] == ["Original", "With bar", "Bar with countdown"]
    countdown = body["variations"][2]["changes"][0]["data"]
    assert countdown["css"] is None
    assert "${left}" in countdown["js"]
    assert body["goals"] == [100 + len(f"convert.goals.{name}") for name in ("purchase", "add_to_cart", "thank_you")]


def test_sections_send_ids_from_their_keys() -> None:
    sections = wire("convert.experiences.home-mvt")["sections"]

    assert [(one["id"], [version["id"] for version in one["versions"]]) for one in sections] == [
        ("a", ["a1", "a2"]),
        ("b", ["b1", "b2"]),
    ]
    assert sections[1]["versions"][1]["changes"][0]["data"]["js"] is None


def test_feature_variables_send_json_as_text() -> None:
    variables = wire("convert-app.features.new_checkout")["variables"]

    assert variables == [
        {"type": "boolean", "default_value": False, "key": "enabled"},
        {"type": "integer", "default_value": 20, "key": "max_items"},
        {"type": "json", "default_value": '{"mode":"light"}', "key": "theme"},
    ]


def test_rollout_refers_to_its_feature_by_number() -> None:
    change = wire("convert-app.experiences.new-checkout-rollout")["variations"][0]["changes"][0]

    assert change["data"] == {
        "feature_id": 100 + len("convert.features.new_checkout"),
        "variables_data": {"enabled": True, "max_items": 50},
    }
