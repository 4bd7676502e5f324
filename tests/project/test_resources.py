"""Resource files to declarations: names, references, children, meta keys, what is filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.adapters.base.declare import ChildMap
from reconciler.model.values import Ref, SecretRef, Template
from reconciler.project.diagnostics import Place
from reconciler.project.model import Declaration
from tests.project.shop import CONFIG, load_shop


def ref(address: str, *output: str) -> Template:
    return Template((Ref(address, output),))


def one(root: Path, text: str, address: str, **options: Any) -> Declaration:
    return load_shop(root, text, **options).declarations[address]


def test_both_forms_and_the_order_of_files(tmp_path: Path) -> None:
    project = load_shop(
        tmp_path,
        {
            "resources/b.yml": "shop.goals.late: {name: L, type: click}\n",
            "resources/a.yaml": "x-b: &b {type: click}\nshop.goals:\n  z: {<<: *b, name: Z}\n  a: {<<: *b, name: A}\n",
            "resources/deep/er/c.yaml": "shop-eu.goals.a: {name: A, type: revenue}\n",
            "resources/.hidden/d.yaml": "nonsense: [\n",
            "resources/.e.yaml": "nonsense: [\n",
            "resources/notes.txt": "nonsense: [\n",
        },
    )
    assert list(project.declarations) == ["shop.goals.z", "shop.goals.a", "shop.goals.late", "shop-eu.goals.a"]
    found = project.declarations["shop-eu.goals.a"]
    assert (found.account, found.platform, found.kind.name, found.name, found.index, found.module) == (
        "shop-eu",
        "shop",
        "goals",
        "a",
        None,
        "",
    )
    assert (found.file, found.line) == ("resources/deep/er/c.yaml", 1)


def test_resources_folder_may_be_missing(tmp_path: Path) -> None:
    assert load_shop(tmp_path, {}).declarations == {}


def test_scalars_in_text_attributes_are_as_written(tmp_path: Path) -> None:
    text = "shop.goals.a: {name: 17.10, type: click, key: 01234, tags: [true, 1, 1.5, no, 1], settings: {level: 5e0}}\n"
    body = one(tmp_path, text, "shop.goals.a").body
    assert body["name"] == "17.10"
    assert body["key"] == "01234"
    assert body["tags"] == ["true", "1", "1.5", "no"]
    assert body["settings"] == {"level": 5}


def test_natural_key_that_is_not_written_is_the_name(tmp_path: Path) -> None:
    project = load_shop(
        tmp_path,
        "shop.goals.a: {name: A, type: click}\nshop.goals.b: {name: B, type: click, key: own}\n"
        "shop.goals.c: {$existing: {name: C}}\nshop.pages.p: {name: P}\n",
    )
    keys = {address: (found.body.get("key"), found.implied) for address, found in project.declarations.items()}
    assert keys == {
        "shop.goals.a": ("a", frozenset({"key"})),
        "shop.goals.b": ("own", frozenset()),
        "shop.goals.c": (None, frozenset()),
        "shop.pages.p": (None, frozenset()),
    }


def test_bare_names_addresses_and_raw_ids(tmp_path: Path) -> None:
    text = """\
shop.goals.a: {name: A, type: click}
shop.fields.own: {label: Own}
shop.pages.p:
  name: P
  goals: [a, "${shop.goals.a}", {$id: 77}, "${var.which}"]
  main_goal: ${shop.goals.a}
  goal_url: a
  fields: [own, email.work]
"""
    config = CONFIG + "variables: {which: {default: a}}\n"
    found = one(tmp_path, text, "shop.pages.p", config=config)
    assert found.body["goals"] == [ref("shop.goals.a"), "77"]
    assert found.body["main_goal"] == ref("shop.goals.a")
    assert found.body["goal_url"] == ref("shop.goals.a", "url")
    assert found.body["fields"] == [ref("shop.fields.own"), "email.work"]
    assert found.presets == (("fields", "email.work", ("fields", 1)),)
    assert found.deps == ("shop.goals.a", "shop.fields.own")


def test_bare_names_in_for_each_of_the_same_keys_mean_the_own_key(tmp_path: Path) -> None:
    text = """\
shop.goals.a: {$for_each: {de: Germany, at: Austria}, name: "${each.value}", type: click, key: "k_${each.key}"}
shop.pages.p: {$for_each: [at, de], name: "${each.key}", main_goal: a, goals: ["${shop.goals.a[each.key]}", "a['de']"]}
shop.pages.q: {name: Q, main_goal: '${shop.goals.a["de"]}', $depends_on: [shop.goals.a]}
"""
    found = load_shop(tmp_path, text).declarations
    assert found["shop.goals.a['de']"].body == {"name": "Germany", "type": "click", "key": "k_de"}
    assert found["shop.goals.a['de']"].index == "de"
    assert found["shop.pages.p['at']"].body["main_goal"] == ref("shop.goals.a['at']")
    assert found["shop.pages.p['at']"].body["goals"] == [ref("shop.goals.a['at']"), ref("shop.goals.a['de']")]
    assert found["shop.pages.q"].body["main_goal"] == ref("shop.goals.a['de']")
    assert found["shop.pages.q"].meta.depends_on == ("shop.goals.a['de']", "shop.goals.a['at']")


def test_for_each_of_files_and_enabled(tmp_path: Path) -> None:
    files = {
        "resources/main.yaml": (
            "shop.goals.a:\n  $for_each: \"${yaml('../c.yaml')}\"\n  $enabled: ${each.value.on}\n"
            "  name: ${each.value.label}\n  type: click\n  key: ${each.key}\n"
        ),
        "c.yaml": "de: {label: Germany, on: true}\nno: {label: Norway, on: false}\n",
    }
    assert list(load_shop(tmp_path, files).declarations) == ["shop.goals.a['de']"]


def test_meta_keys(tmp_path: Path) -> None:
    text = """\
shop.goals.a: {name: A, type: click, $import: 0123}
shop.goals.b: {status: paused, $adopt: true, $depends_on: shop.goals.a}
shop.goals.c: {$existing: {key: 17}}
shop.flows.f:
  name: F
  $lifecycle: {prevent_destroy: true, ignore_changes: [name], create_before_destroy: true, on_remove: forget,
    on_drift: revert, publish_with: [shop.flows.g]}
shop.flows.g: {name: G, $published: false}
"""
    found = load_shop(tmp_path, text).declarations
    assert found["shop.goals.a"].meta.import_id == "0123"
    assert found["shop.goals.b"].meta.adopt
    assert found["shop.goals.b"].deps == ("shop.goals.a",)
    assert found["shop.goals.c"].meta.existing == {"key": "17"}
    rules = found["shop.flows.f"].meta.rules
    assert rules.prevent_destroy
    assert rules.create_before_destroy
    assert (rules.on_remove, rules.on_drift, rules.publish_with) == ("forget", "revert", ("shop.flows.g",))
    assert rules.ignores("name")
    assert not rules.ignores("$published")
    assert found["shop.flows.f"].body == {"name": "F", "$published": True}
    assert found["shop.flows.g"].body["$published"] is False


def test_children(tmp_path: Path) -> None:
    text = """\
shop.groups.g: {name: G, sections: {Top of page: {}}}
shop.pages.p:
  name: P
  group: g
  section: Top of page
  primary: bar
  variations:
    $others: keep
    original: {name: Original, share: 50}
    bar: {$id: 12, share: 50, changes: [{goal: a}]}
  steps: [{$name: one, title: T}, {title: U}, {title: V}, {title: V}]
shop.goals.a: {name: A, type: click}
"""
    found = one(tmp_path, text, "shop.pages.p")
    variations = found.body["variations"]
    assert isinstance(variations, ChildMap)
    assert variations.open
    assert variations["bar"] == {
        "share": 50,
        "changes": {"#0": {"goal": ref("shop.goals.a")}},
        "name": "bar",
        "$id": "12",
        "$implied": ["name"],
    }
    assert found.body["primary"] == "bar"
    assert found.body["section"] == ref("shop.groups.g", "sections", "Top of page", "id")
    steps = found.body["steps"]
    assert list(steps) == ["one", "U", "#2", "#3"]
    assert steps.aligned == {"U", "#2", "#3"}
    assert found.deps == ("shop.groups.g", "shop.goals.a")


def test_secrets_and_text_references(tmp_path: Path) -> None:
    text = """\
shop.goals.a: {name: A, type: click, token: "${secret.t}", note: "uses field:email and field:own ${secret.n}"}
shop.pages.p:
  name: P
  steps: [{$name: s, title: T, secret: "${shop.goals.a.hook}"}]
  rules: [{sort: text, value: x}, {sort: password, value: y}, {sort: goal, value: a}]
"""
    found = load_shop(tmp_path, text).declarations
    goal, page = found["shop.goals.a"], found["shop.pages.p"]
    assert goal.body["token"] == Template((SecretRef("t"),))
    assert goal.secret_paths == (("token",), ("note",))
    assert goal.text_refs == (("fields", "email"), ("fields", "own"))
    assert page.secret_paths == (("steps", "s", "secret"), ("rules",))
    assert page.body["rules"][2]["value"] == ref("shop.goals.a")
    assert page.deps == ("shop.goals.a",)


def test_parent(tmp_path: Path) -> None:
    text = """\
shop.projects.x: {name: X}
shop.goals.a: {name: A, type: click, project_id: x}
shop.goals.b: {name: B, type: click, project_id: {$id: 9}}
shop.goals.c: {name: C, type: click}
shop.pages.p: {name: P, project_id: x, main_goal: a}
"""
    found = load_shop(tmp_path, text).declarations
    assert found["shop.goals.a"].parent == ref("shop.projects.x")
    assert found["shop.goals.b"].parent == "9"
    assert found["shop.goals.c"].parent is None
    assert found["shop.pages.p"].deps == ("shop.projects.x", "shop.goals.a")


def test_defaults_lie_under_what_is_written(tmp_path: Path) -> None:
    text = """\
defaults:
  shop.goals: {type: click, settings: {selector: x, level: 2}, tags: [a], $lifecycle: {prevent_destroy: true}}
shop.goals.a: {name: A, settings: {level: 3}, tags: [b]}
shop.goals.b: {name: B, type: revenue, $lifecycle: {prevent_destroy: false}}
shop-eu.goals.a: {name: A, type: click}
"""
    found = load_shop(tmp_path, text).declarations
    assert found["shop.goals.a"].body["settings"] == {"selector": "x", "level": 3}
    assert found["shop.goals.a"].body["tags"] == ["b"]
    assert found["shop.goals.a"].meta.rules.prevent_destroy
    assert found["shop.goals.b"].body["type"] == "revenue"
    assert not found["shop.goals.b"].meta.rules.prevent_destroy
    assert "settings" not in found["shop-eu.goals.a"].body


def test_raw_is_passed_through_and_warned_about(tmp_path: Path) -> None:
    project = load_shop(tmp_path, "shop.goals.a: {name: A, type: click, $raw: {novel: {x: 1}}}\n")
    assert project.declarations["shop.goals.a"].body["$raw"] == {"novel": {"x": 1}}
    assert [str(warning) for warning in project.warnings] == [
        (
            "resources/main.yaml:1:44: warning: shop.goals.a: $raw is passed through unchecked and not compared "
            "(declare what is known by name)"
        )
    ]


def test_required_attributes_may_be_left_out_of_objects_that_exist(tmp_path: Path) -> None:
    text = "shop.goals.a: {$import: 1}\nshop.pages.p: {$adopt: true, variations: {x: {share: 100}}}\n"
    assert len(load_shop(tmp_path, text).declarations) == 2


def test_places_are_found_when_asked_for(tmp_path: Path) -> None:
    text = """\
shop.pages:
  p:
    name: P
    variations:
      x: {name: X, share: 100}
    steps:
      - {title: A}
      - {$name: second, title: B}
"""
    found = one(tmp_path, text, "shop.pages.p")
    file = "resources/main.yaml"
    assert found.place_of(()) == Place(file, 2, 3)
    assert found.place_of(("name",)) == Place(file, 3, 11)
    assert found.place_of(("variations", "x", "share")) == Place(file, 5, 27)
    assert found.place_of(("variations", "x", "changes")).line == 5
    assert found.place_of(("steps", "second", "title")) == Place(file, 8, 32)
    assert found.place_of(("steps", "A", "title")) == Place(file, 7, 17)
    assert found.place_of(("steps", "#0")).line == 7
    assert found.place_of(("variations", 0, "name")).line == 5


def test_digests_follow_what_is_declared(tmp_path: Path) -> None:
    base = "shop.goals.a: {name: A, type: click, token: '${secret.t}'}\n"
    digest = one(tmp_path, base, "shop.goals.a").digest
    assert one(tmp_path, "# moved\n\n" + base, "shop.goals.a").digest == digest
    assert one(tmp_path, base.replace("name: A, type: click", "type: click, name: A"), "shop.goals.a").digest == digest
    for other in (
        base.replace("A", "B"),
        base.replace("secret.t", "secret.u"),
        base.replace("{", "{$adopt: true, ", 1),
    ):
        assert one(tmp_path, other, "shop.goals.a").digest != digest


def test_moved_and_removed(tmp_path: Path) -> None:
    text = """\
moved:
  - {from: shop.goals.a, to: shop.goals.b}
  - {from: shop.goals.b, to: shop.goals.a}
  - {from: shop.goals.old, to: "shop.goals.many[\\"de\\"]"}
  - {from: shop.pages.p.variations.x, to: shop.pages.p.variations.y}
removed: [{address: shop.goals.gone}, {address: "shop.goals.many['at']", destroy: true}]
shop.goals: {a: {name: A, type: click}, b: {name: B, type: click}}
shop.goals.many: {$for_each: [de], name: N, type: click, key: "${each.key}"}
shop.pages.p: {name: P, variations: {y: {share: 100}}}
"""
    project = load_shop(tmp_path, text)
    assert [str(move) for move in project.moved] == [
        "shop.goals.a → shop.goals.b",
        "shop.goals.b → shop.goals.a",
        "shop.goals.old → shop.goals.many['de']",
        "shop.pages.p.variations.x → shop.pages.p.variations.y",
    ]
    assert [(entry.address, entry.destroy) for entry in project.removed] == [
        ("shop.goals.gone", False),
        ("shop.goals.many['at']", True),
    ]
    assert project.warnings == ()


@pytest.mark.parametrize("text", ["'${self.name}'", "${self.name}"])
def test_a_reference_to_itself_orders_nothing(tmp_path: Path, text: str) -> None:
    found = one(tmp_path, f'shop.goals.a: {{name: A, type: click, note: "{text.strip(chr(39))}"}}\n', "shop.goals.a")
    assert found.body["note"] == "A"
    assert found.deps == ()
