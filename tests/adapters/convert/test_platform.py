from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.adapters.convert import PLATFORM
from reconciler.adapters.convert.kind import ConvertKind
from reconciler.http import ForeignHost, Invalid
from reconciler.model.shape import ChildrenShape, ListShape, ObjectShape, Shape
from tests.adapters.convert.conftest import Unhurried
from tests.adapters.convert.declaring import declare

SETTINGS = {"account_id": "10001", "project_id": "10002", "key_id": "k", "secret": "s"}


def test_kinds() -> None:
    assert set(PLATFORM.kinds) == {
        "projects",
        "domains",
        "tags",
        "goals",
        "audiences",
        "locations",
        "features",
        "experiences",
        "hypotheses",
    }


def test_account_settings() -> None:
    PLATFORM.settings.model_validate(SETTINGS)
    PLATFORM.settings.model_validate({**SETTINGS, "auth": "bearer", "project_id": None})
    for wrong in ({"auth": "basic"}, {"token": "x"}, {"account_id": None}):
        with pytest.raises(ValidationError):
            PLATFORM.settings.model_validate({**SETTINGS, **wrong})
    assert list(PLATFORM.identity_scope(SETTINGS)) == [("account_id", "10001"), ("project_id", "10002")]


def test_credentials_go_to_convert_only() -> None:
    assert PLATFORM.connect("convert", SETTINGS, Unhurried()).scope == {"account_id": "10001", "project_id": "10002"}
    with pytest.raises(ForeignHost):
        PLATFORM.connect("convert", {**SETTINGS, "base_url": "https://convert.com.example/api/v2"}, Unhurried())


def test_loading_the_kinds_loads_no_http_library() -> None:
    script = "import sys, reconciler.adapters.convert; sys.exit('httpx' in sys.modules)"

    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("kind", PLATFORM.kinds.values(), ids=lambda kind: kind.name)
def test_every_reference_leads_to_a_kind(kind: ConvertKind) -> None:
    seen: set[type] = set()
    stack: list[Shape] = [kind.shape]
    while stack:
        shape = stack.pop()
        for reference in [shape.reference] if shape.reference is not None else []:
            assert set(reference.kinds) <= set(PLATFORM.kinds)
        if isinstance(shape, ObjectShape) and shape.model not in seen:
            seen.add(shape.model)
            stack.extend(shape.fields.values())
        elif isinstance(shape, ListShape | ChildrenShape):
            stack.append(shape.item)
    assert kind.endpoints.list is not None
    for method in (kind.endpoints.list, kind.endpoints.get, kind.endpoints.create, kind.endpoints.update):
        assert method is not None
        assert method.source.startswith("Convert API v2, ")


def risks(name: str, live: dict[str, Any], body: dict[str, Any]) -> list[str]:
    kind = PLATFORM.kinds[name]
    assert isinstance(kind, ConvertKind)
    declared, _ = declare(kind, body, creating=False)
    return [text for risk in kind.risks for text in risk(live, declared, frozenset(body))]


@pytest.mark.parametrize(
    ("name", "live", "body", "expected"),
    [
        ("experiences", {"status": "draft"}, {"traffic_distribution": 10}, []),
        (
            "experiences",
            {"status": "draft"},
            {"status": "active"},
            ["starts traffic: visitors are counted against the quota, and see it within about 5 minutes"],
        ),
        (
            "experiences",
            {"status": "active"},
            {"traffic_distribution": 10},
            [
                (
                    "changes traffic_distribution while it runs (how many visitors take part): "
                    "results before and after cannot be compared"
                )
            ],
        ),
        ("experiences", {"status": "active"}, {"status": "paused"}, ["stops the running experiment"]),
        (
            "experiences",
            {"status": "paused", "variations": [{}]},
            {"variations": {"a": {}, "b": {}}},
            ["adds variations to an experience that ran; Convert may refuse: clone it instead"],
        ),
        (
            "experiences",
            {"status": "paused", "variations": [{}, {}]},
            {"variations": {"a": {}}},
            ["removes variations of an experience that ran; their data is lost: use status: stopped instead"],
        ),
        (
            "goals",
            {"stats": {"times_used": 2}},
            {"status": "archived"},
            ["archives the goal for 2 active experiences"],
        ),
        (
            "audiences",
            {},
            {"rules": None},
            ["changes rules for every experience that uses it; running ones change at once"],
        ),
        ("projects", {}, {"status": "inactive"}, ["an inactive project stops everything in it"]),
        (
            "projects",
            {"environments": {"production": {}, "staging": {}}},
            {"environments": {"production": {"label": "P", "is_default": True}}},
            [
                "removes environment staging: experiences and SDK keys may be bound to it",
                "environments hold code that runs on every page of the environment",
            ],
        ),
    ],
)
def test_risks(name: str, live: dict[str, Any], body: dict[str, Any], expected: list[str]) -> None:
    assert risks(name, live, body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"message": ["name: too long", "type: required"], "fields": ["name", "type"]},
            [(("name",), "too long"), (("type",), "required")],
        ),
        ({"message": "wrong", "fields": "settings.selector"}, [(("settings", "selector"), "wrong")]),
        (
            {"message": "wrong", "fields": ["variations.0.changes.1.data", "goals[2]"]},
            [(("variations", 0, "changes", 1, "data"), "wrong"), (("goals", 2), "wrong")],
        ),
        ({"message": "include: unknown", "parameters": ["include"]}, [(("include",), "unknown")]),
        ({"message": "some failed", "errors": [{"id": 7, "message": "in use"}]}, [((), "7: in use")]),
        ("not JSON", []),
    ],
)
def test_refusals_become_paths(body: Any, expected: list[Any]) -> None:
    adapter = PLATFORM.connect("convert", SETTINGS, Unhurried())

    found = adapter.field_errors(PLATFORM.kinds["goals"], Invalid("refused", body=body))

    assert [(error.path, error.message) for error in found] == expected
