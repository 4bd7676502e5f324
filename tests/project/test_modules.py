"""Modules: rooms of their own, with variables, accounts and outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model.values import Ref, Template
from reconciler.project.diagnostics import ProjectError
from reconciler.project.model import Project
from tests.project.shop import CONFIG, load_shop

MODULE = """\
variables:
  label: {type: string}
  goal: {type: reference, to: shop.goals}
  note: {type: string, default: "${var.label} in ${project.name}"}
accounts: [shop]
outputs:
  page: ${shop.pages.p}
  url: {value: "${shop.goals.own.url}", description: Where}
  label: ${var.label}
moved: [{from: shop.goals.old, to: shop.goals.own}]
removed: [{address: shop.goals.gone}]
defaults: {shop.goals: {type: click}}
modules:
  inner: {source: inner, accounts: {shop: shop}, with: {text: "${var.label}!"}}
"""
INNER = "variables: {text: {}}\naccounts: [shop]\noutputs: {goal: '${shop.goals.deep}'}\n"
FILES = {
    "modules/m/module.yaml": MODULE,
    "modules/m/things.yaml": (
        "shop.goals.own: {name: '${var.label}', note: '${var.note}', js: \"${file('own.js')}\", key: 'own-${var.label}'}\n"
        "shop.pages.p: {name: P, goals: [own, '${var.goal}', '${module.inner.outputs.goal}']}\n"
    ),
    "modules/m/own.js": "1",
    "modules/m/deeper/ignored.yaml": "nonsense: 1\n",
    "modules/m/inner/module.yaml": INNER,
    "modules/m/inner/goals.yaml": "shop.goals.deep: {name: '${var.text}', type: click, key: 'd-${var.text}'}\n",
    "resources/main.yaml": "shop-eu.goals.mine: {name: M, type: click}\n",
}
CALL = """\
modules:
  acme:
    $for_each: {de: Germany, at: Austria}
    source: modules/m
    accounts: {shop: shop-eu}
    with: {label: "${each.value}", goal: mine}
outputs: {page: "${module.acme['de'].outputs.page}", label: "x ${module.acme['at'].outputs.label}"}
"""


def loaded(root: Path, call: str = CALL, **files: str) -> Project:
    return load_shop(root, {**FILES, **files}, config=CONFIG + call)


def ref(address: str, *output: str) -> Template:
    return Template((Ref(address, output),))


def test_instances_are_rooms_of_their_own(tmp_path: Path) -> None:
    project = loaded(tmp_path)
    assert list(project.declarations) == [
        "shop-eu.goals.mine",
        "module.acme['de'].shop.goals.own",
        "module.acme['de'].shop.pages.p",
        "module.acme['de'].module.inner.shop.goals.deep",
        "module.acme['at'].shop.goals.own",
        "module.acme['at'].shop.pages.p",
        "module.acme['at'].module.inner.shop.goals.deep",
    ]
    own = project.declarations["module.acme['at'].shop.goals.own"]
    assert (own.account, own.module, own.name) == ("shop-eu", "module.acme['at']", "own")
    assert own.body == {"type": "click", "name": "Austria", "note": "Austria in demo", "js": "1", "key": "own-Austria"}
    page = project.declarations["module.acme['de'].shop.pages.p"]
    assert page.body["goals"] == [
        ref("module.acme['de'].shop.goals.own"),
        ref("shop-eu.goals.mine"),
        ref("module.acme['de'].module.inner.shop.goals.deep"),
    ]
    assert project.declarations["module.acme['at'].module.inner.shop.goals.deep"].body["name"] == "Austria!"
    assert project.outputs["page"].value == ref("module.acme['de'].shop.pages.p")
    assert project.outputs["label"].value == "x Austria"
    assert [str(move) for move in project.moved] == [
        f"module.acme['{key}'].shop.goals.old → module.acme['{key}'].shop.goals.own" for key in ("de", "at")
    ]
    assert [entry.address for entry in project.removed] == [
        "module.acme['de'].shop.goals.gone",
        "module.acme['at'].shop.goals.gone",
    ]
    assert own.file == "modules/m/things.yaml"


def test_moves_lead_into_modules(tmp_path: Path) -> None:
    call = CALL + "moved: [{from: shop-eu.pages.x, to: \"module.acme['de'].shop.pages.p\"}]\n"
    assert str(loaded(tmp_path, call).moved[0]) == "shop-eu.pages.x → module.acme['de'].shop.pages.p"
    wrong = call.replace("shop-eu.pages.x", "shop.pages.x")
    with pytest.raises(ProjectError, match=r"is of account shop, and .* of shop-eu"):
        loaded(tmp_path, wrong)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("goal: mine", "goal: mnie"), "variable goal (with): there is no shop-eu.goals.mnie (did you mean mine?)"),
        (("label: ", "lable: "), "the module has no variable lable (did you mean label?)"),
        (("label: ", "lable: "), "variable label has no value (write with: {label: …} where the module is called)"),
        (("shop: shop-eu", "shop: shop-us"), "module acme: there is no account shop-us (did you mean shop-eu?)"),
        (("shop: shop-eu", "depot: shop-eu"), "module acme has no account depot (known: shop)"),
        (("source: modules/m", "source: modules/n"), "there is no module.yaml in modules/n"),
        (("['de'].outputs", ".outputs"), "module acme has $for_each (write module.acme['KEY'], one of de, at)"),
        (("['de'].outputs", "['dd'].outputs"), "module acme has no 'dd' (known: at, de)"),
        (("outputs.page", "outputs.pgae"), "module acme has no output pgae (did you mean page?)"),
        (("outputs.page", "shop.pages.p"), "only outputs of a module can be read (write module.acme.outputs.NAME)"),
        (("module.acme['de']", "module.acne['de']"), "there is no module acne (did you mean acme?)"),
    ],
)
def test_bad_calls(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ProjectError) as caught:
        loaded(tmp_path, CALL.replace(*change))
    assert message in str(caught.value)


def test_each_error_of_a_module_is_at_its_place(tmp_path: Path) -> None:
    changed = FILES["modules/m/things.yaml"].replace("own.js", "../../reconciler.yaml")
    with pytest.raises(ProjectError) as caught:
        loaded(tmp_path, **{"modules/m/things.yaml": changed})
    assert {str(finding.place) for finding in caught.value.diagnostics} == {"modules/m/things.yaml:1:65"}
    assert all("lies outside the module" in finding.problem for finding in caught.value.diagnostics)


def test_modules_that_contain_themselves_are_an_error(tmp_path: Path) -> None:
    inner = INNER + "modules: {again: {source: .., with: {label: x, goal: y}}}\n"
    with pytest.raises(ProjectError, match=r"modules/m/inner/module\.yaml:4:27: module \.\. contains itself"):
        loaded(tmp_path, **{"modules/m/inner/module.yaml": inner})


def test_outputs_that_need_each_other_are_an_error(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "m/module.yaml": "variables: {a: {}}\noutputs: {o: '${var.a}'}\n",
        "m/r.yaml": "{}\n",
    }
    call = "modules: {x: {source: m, with: {a: '${module.x.outputs.o}'}}}\n"
    with pytest.raises(ProjectError, match="in a circle"):
        load_shop(tmp_path, files, config=CONFIG + call)


def test_two_clients_from_one_module_outside_the_project(tmp_path: Path) -> None:
    root = tmp_path / "clients"
    call = """\
modules:
  one: {source: ../m, accounts: {shop: shop}, with: {name: One}}
  two: {source: ../m, accounts: {shop: shop-eu}, with: {name: Two}}
"""
    files = {
        "../m/module.yaml": "variables: {name: {type: string}}\naccounts: [shop]\n",
        "../m/goals.yaml": "shop.goals.a: {name: '${var.name}', type: click}\n",
    }
    root.mkdir()
    found = load_shop(root, files, config=CONFIG + call).declarations
    assert {address: (one.account, one.body["name"]) for address, one in found.items()} == {
        "module.one.shop.goals.a": ("shop", "One"),
        "module.two.shop.goals.a": ("shop-eu", "Two"),
    }
