"""The editors' schemas accept what the loader accepts, and find the commonest slips."""

from __future__ import annotations

import jsonschema
import pytest

from reconciler.project.diagnostics import Diagnostics
from reconciler.project.schema import schemas
from reconciler.project.yaml.document import read_document
from tests.project.shop import PLATFORMS
from tests.project.test_config import CONFIG
from tests.project.test_modules import INNER, MODULE

SCHEMAS = schemas(PLATFORMS.values())


def check(name: str, text: str) -> list[str]:
    schema = SCHEMAS[f"{name}.schema.json"]
    jsonschema.Draft7Validator.check_schema(schema)
    document = read_document(text, "test.yaml", Diagnostics())
    assert document is not None
    return [error.json_path for error in jsonschema.Draft7Validator(schema).iter_errors(document.value)]


GOOD = """\
x-base: 1
moved: [{from: shop.goals.a, to: shop.goals.b}]
removed: [{address: shop.goals.a, destroy: true}]
defaults: {shop.goals: {type: click}}
shop.goals:
  a: {name: 17, type: click, weight: "${var.x}", token: "${secret.t}", settings: {percentage: 5}, note: null}
shop-eu.pages.p:
  $for_each: [a]
  $lifecycle: {on_remove: delete, ignore_changes: [name]}
  name: P
  main_goal: {$id: 7}
  goals: [a, "${shop.goals.a}"]
  variations: {$others: keep, x: {$id: 1, share: 50, changes: [short, {js: x}]}}
  steps: [{$name: s, title: T}]
  $raw: {novel: 1}
shop.flows.f: {name: F, $published: false}
other.things.a: {whatever: 1}
"""


def test_what_the_loader_takes_is_taken() -> None:
    assert check("resources", GOOD) == []
    assert check("reconciler", CONFIG) == []
    assert check("module", MODULE) == []
    assert check("module", INNER) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("shop.gaols.a: {name: A}", "$"),
        ("shop.goals.a: {nam: A}", "$['shop.goals.a']"),
        ("shop.goals.a: {type: clikc}", "$['shop.goals.a'].type"),
        ("shop.goals.a: {weight: many}", "$['shop.goals.a'].weight"),
        ("shop.goals.a: {settings: {level: 0}}", "$['shop.goals.a'].settings"),
        ("shop.goals: {a: {token: hunter2}}", "$['shop.goals'].a.token"),
        ("shop.goals.a: {url: x}", "$['shop.goals.a']"),
        ("shop.goals.a: {$lifecycle: {on_remove: delete}}", "$['shop.goals.a']['$lifecycle'].on_remove"),
        ("moved: [{from: shop.goals.a}]", "$.moved[0]"),
        ("shop.goals.a: {name: null}", "$['shop.goals.a'].name"),
    ],
)
def test_slips_are_found(text: str, path: str) -> None:
    assert check("resources", text) == [path]


@pytest.mark.parametrize(
    "text",
    [
        "{version: 2, name: a}",
        "{version: 1}",
        "{version: 1, name: a, resuorces: []}",
        "{version: 1, name: a, accounts: {shop: {tokn: a}}}",
        "{version: 1, name: a, guardrails: {max_deletes: many}}",
        "{version: 1, name: a, variables: {x: {type: strng}}}",
        "{version: 1, name: a, secrets: {x: hunter2}}",
    ],
)
def test_slips_in_the_project_are_found(text: str) -> None:
    assert check("reconciler", text) != []


def test_descriptions_are_there_for_the_editor() -> None:
    goal = SCHEMAS["resources.schema.json"]["definitions"]["shop_goals"]["properties"]
    assert goal["name"]["description"] == "What people call it. Required."
    assert goal["type"]["description"] == "Required. Cannot be changed."


def test_real_platforms_have_schemas() -> None:
    from reconciler.adapters.convert import PLATFORM as CONVERT
    from reconciler.adapters.leadconduit import PLATFORM as LEADCONDUIT

    for schema in schemas((CONVERT, LEADCONDUIT)).values():
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        assert list(validator.iter_errors([])) != []
