"""What the files say and cannot mean: names, kinds, references, variables, environments, accounts, modules."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.bad_input.checking import refused
from tests.harness import CONFIG, Bench

GOAL = "convert.goals.a: {key: a, name: A, type: revenue, settings: {triggering_type: manual}}\n"
AB = """\
convert.experiences.x:
  {name: X, type: a/b, status: draft, url: "https://x.example/", goals: [GOALS],
   variations: {original: {name: O, is_baseline: true, traffic_distribution: 50}, b: {name: B, traffic_distribution: 50}}}
"""


@dataclass(frozen=True)
class Case:
    """A project that is wrong, and what is run on it."""

    text: str = GOAL
    config: str = CONFIG
    argv: tuple[str, ...] = ("plan", "--json")
    code: int = 1
    environ: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def many(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


STAGES = CONFIG + "environments: {production: {}, staging: {}}\n"
CASES: dict[str, Case] = {
    "unknown account": Case("convrt.goals.a: {name: A}\n"),
    "unknown kind": Case("convert.gaols.a: {name: A}\n"),
    "unknown kind in flow of names": Case("convert.gaols: {a: {name: A}, b: {name: B}}\n"),
    "misspelt attribute": Case(GOAL.replace("name:", "nmae:")),
    "misspelt attribute deep": Case(GOAL.replace("triggering_type", "trigering_type")),
    "wrong enum": Case(GOAL.replace("revenue", "revenu")),
    "enum in another case": Case(GOAL.replace("revenue", "Revenue")),
    "too long": Case(GOAL.replace("name: A", f"name: {'long ' * 40}")),
    "too long name of a resource": Case(GOAL.replace("goals.a", f"goals.{'a' * 101}")),
    "emoji as a name of a resource": Case(GOAL.replace("goals.a", "goals.🎯")),
    "space in a name of a resource": Case(GOAL.replace("convert.goals.a", '"convert.goals.a b"')),
    "a path as a name": Case(GOAL.replace("convert.goals.a", '"convert.goals.../../etc/passwd"')),
    "reference to nothing": Case(AB.replace("GOALS", "purchase")),
    "reference misspelt": Case(GOAL.replace("goals.a", "goals.purchase") + AB.replace("GOALS", "purchse")),
    "reference across projects": Case(
        "convert-app.goals.a: {key: a, name: A, type: revenue}\n" + AB.replace("GOALS", '"${convert-app.goals.a}"')
    ),
    "reference to another account by a bare name": Case(
        "convert-app.goals.a: {key: a, name: A, type: revenue}\n" + AB.replace("GOALS", "a")
    ),
    "reference to another kind": Case("convert.tags.t: {name: T}\n" + AB.replace("GOALS", '"${convert.tags.t}"')),
    "reference by a raw id": Case(AB.replace("GOALS", "100123")),
    "reference by half an address": Case(GOAL + AB.replace("GOALS", "goals.a")),
    "circle of references": Case(
        many(
            'convert.tags.a: {name: "${convert.tags.b.name}x"}',
            'convert.tags.b: {name: "${convert.tags.c.name}x"}',
            'convert.tags.c: {name: "${convert.tags.a.name}x"}',
        )
    ),
    "refers to itself": Case('convert.tags.a: {name: "${convert.tags.a.name}x"}\n'),
    "depends on itself": Case("convert.tags.a: {name: A, $depends_on: [convert.tags.a]}\n"),
    "circle of depends_on": Case(
        many(
            "convert.tags.a: {name: A, $depends_on: [convert.tags.b]}",
            "convert.tags.b: {name: B, $depends_on: [convert.tags.a]}",
        )
    ),
    "circle of variables": Case(
        config=CONFIG + 'variables: {a: {default: "${var.b}"}, b: {default: "${var.c}"}, c: {default: "${var.a}"}}\n'
    ),
    "variable of itself": Case(config=CONFIG + 'variables: {a: {default: "${var.a}"}}\n'),
    "secret in clear text": Case(config=CONFIG.replace('"${secret.leadconduit}"', "lc-key-0123456789")),
    "secret in clear text in a resource": Case(
        "leadconduit.credentials.c: {name: C, type: token, module_id: leadconduit-x, token: hunter2hunter2}\n"
    ),
    "secret as name of a goal": Case(GOAL.replace("name: A", 'name: "${secret.nothing}"'), argv=("plan",)),
    "secret in $for_each": Case(GOAL.replace("{key: a", '{$for_each: ["${secret.x}"], key: a')),
    "secret in an output to all": Case(config=CONFIG + 'outputs: {x: "${secret.nothing}"}\n', argv=("output",)),
    "missing variable": Case(GOAL.replace("name: A", 'name: "${var.brand}"')),
    "variable without a value": Case(config=CONFIG + "variables: {brand: {type: string}}\n"),
    "missing environment variable": Case(GOAL.replace("name: A", 'name: "${env.NO_SUCH_THING}"')),
    "unknown function": Case(GOAL.replace("name: A", "name: \"${upper('a')}\"")),
    "operator": Case(GOAL.replace("name: A", 'name: "${var.a + 1}"')),
    "unclosed expression": Case(GOAL.replace("name: A", 'name: "${var.a"')),
    "expression in an expression": Case(GOAL.replace("name: A", 'name: "${var.${var.b}}"')),
    "expression in a key": Case(GOAL.replace("name: A", '"${var.a}": A')),
    "missing file": Case(GOAL.replace("name: A", "name: \"${file('nope.txt')}\"")),
    "var of a wrong type": Case(
        config=CONFIG + "variables: {n: {type: number, default: 1}}\n", argv=("plan", "--var", "n=many")
    ),
    "var of a wrong type bool": Case(
        config=CONFIG + "variables: {b: {type: bool, default: true}}\n", argv=("plan", "--var", "b=yes")
    ),
    "var list is not YAML": Case(
        config=CONFIG + "variables: {l: {type: list, default: []}}\n", argv=("plan", "--var", "l=[1, 2")
    ),
    "var not declared": Case(argv=("plan", "--var", "brnad=x"), config=CONFIG + "variables: {brand: {default: x}}\n"),
    "var without a value": Case(argv=("plan", "--var", "brand")),
    "var without a name": Case(argv=("plan", "--var", "=x")),
    "var not in enum": Case(
        config=CONFIG + "variables: {c: {default: red, enum: [red, blue]}}\n", argv=("plan", "--var", "c=green")
    ),
    "var from the environment of a wrong type": Case(
        config=CONFIG + "variables: {n: {type: number, default: 1}}\n", environ={"RECONCILER_VAR_n": "many"}
    ),
    "var file that is not there": Case(argv=("plan", "--var-file", "nope.yaml")),
    "pattern that is no pattern": Case(config=CONFIG + "variables: {c: {default: red, pattern: '['}}\n"),
    "unknown environment": Case(config=STAGES, argv=("plan", "--env", "stagin")),
    "environment where there are none": Case(argv=("plan", "--env", "staging")),
    "environment required": Case(config=STAGES),
    "environment with odd characters": Case(config=STAGES, argv=("plan", "--env", "../../x")),
    "environments named oddly": Case(config=CONFIG + "environments: {'../x': {}}\n", argv=("plan", "--env", "../x")),
    "required version too new": Case(config=CONFIG + 'required_version: ">=99.0"\n'),
    "required version odd": Case(config=CONFIG + "required_version: newest\n"),
    "format version too new": Case(config=CONFIG.replace("version: 1", "version: 2")),
    "unknown key": Case(config=CONFIG + "resuorces: [x/]\n"),
    "unknown platform": Case(config=CONFIG + "  celigo: {token: '${secret.x}'}\n"),
    "account without settings": Case(config="version: 1\nname: tests\naccounts: {convert: {}}\n"),
    "account that is null": Case(config="version: 1\nname: tests\naccounts: {convert: null}\n"),
    "accounts are a list": Case(config="version: 1\nname: tests\naccounts: [convert]\n"),
    "name is missing": Case(config=CONFIG.replace("name: tests\n", "")),
    "name is a number": Case(config=CONFIG.replace("name: tests", "name: 12")),
    "state outside": Case(config=CONFIG + "state: ../../state.json\n"),
    "state elsewhere": Case(config=CONFIG + "state: s3://bucket/state.json\n", environ={"RECONCILER_EMULATOR": ""}),
    "state is a folder": Case(config=CONFIG + "state: resources\n", environ={"RECONCILER_EMULATOR": ""}),
    "resource folder outside": Case(config=CONFIG + "resources: [../other]\n"),
    "resource folder that is not there": Case(config=CONFIG + "resources: [goals/]\n"),
    "guardrails odd": Case(config=CONFIG + "guardrails: {max_deletes: lots, timezone: Mars}\n"),
    "rate odd": Case(config=CONFIG.replace("key_id: unused", "key_id: unused, rate: {per_second: fast}", 1)),
    "rate nothing": Case(config=CONFIG.replace("key_id: unused", "key_id: unused, rate: {per_second: 0}", 1)),
    "module that is not there": Case(config=CONFIG + "modules: {m: {source: modules/nope}}\n"),
    "module with an unknown variable": Case(
        config=CONFIG + "modules: {m: {source: modules/m, accounts: {convert: convert}, with: {brnad: x}}}\n",
        files={"modules/m/module.yaml": "variables: {brand: {type: string}}\naccounts: [convert]\n"},
    ),
    "module of itself": Case(
        config=CONFIG + "modules: {m: {source: modules/m}}\n",
        files={"modules/m/module.yaml": "modules: {m: {source: ../m}}\n"},
    ),
    "module with an unknown account": Case(
        config=CONFIG + "modules: {m: {source: modules/m, accounts: {convert: convert-eu}}}\n",
        files={"modules/m/module.yaml": "accounts: [convert]\n"},
    ),
    "for_each with duplicates": Case(GOAL.replace("{key: a", '{$for_each: [de, at, de], key: "g-${each.key}"')),
    "for_each over a number": Case(GOAL.replace("{key: a", '{$for_each: 3, key: "g-${each.key}"')),
    "for_each with quotes in a key": Case(GOAL.replace("{key: a", """{$for_each: ["d'e", "a]t", ""], key: x""")),
    "for_each over what is not known": Case(
        "convert.tags.t: {name: T}\n" + GOAL.replace("{key: a", '{$for_each: "${convert.tags.t}", key: "${each.key}"')
    ),
    "index of nothing": Case(
        GOAL.replace("{key: a", '{$for_each: [de], key: "g-${each.key}"')
        + AB.replace("GOALS", "\"${convert.goals.a['at']}\"")
    ),
    "index odd": Case(GOAL + AB.replace("GOALS", '"${convert.goals.a[}"')),
    "each without for_each": Case(GOAL.replace("name: A", 'name: "${each.key}"')),
    "import and adopt": Case(GOAL.replace("{key: a", "{$import: 1, $adopt: true, key: a")),
    "import of an id that is not there": Case(GOAL.replace("{key: a", '{$import: "999999999", key: a'), argv=("plan",)),
    "import of an odd id": Case(GOAL.replace("{key: a", '{$import: "../../projects", key: a'), argv=("plan",)),
    "import twice the same": Case(
        many(
            "convert.goals.a: {$import: 7, key: a, name: A, type: revenue}",
            "convert.goals.b: {$import: 7, key: b, name: B, type: revenue}",
        )
    ),
    "existing that is not there": Case("convert.goals.a: {$existing: {key: nothing}}\n", argv=("plan",)),
    "unknown meta key": Case(GOAL.replace("{key: a", "{$improt: 1, key: a")),
    "lifecycle odd": Case(GOAL.replace("{key: a", "{$lifecycle: {on_remove: explode, prevent_destory: true}, key: a")),
    "moved to nowhere": Case(GOAL + "moved: [{from: convert.goals.a, to: convert.goals.b}]\n"),
    "moved to another kind": Case(GOAL + "moved: [{from: convert.tags.a, to: convert.goals.a}]\n"),
    "moved in a circle": Case(
        GOAL + "moved: [{from: convert.goals.b, to: convert.goals.a}, {from: convert.goals.c, to: convert.goals.a}]\n"
    ),
    "removed and declared": Case(GOAL + "removed: [{address: convert.goals.a}]\n"),
    "same key twice": Case(GOAL + GOAL.replace("goals.a", "goals.b")),
    "no baseline": Case(AB.replace("goals: [GOALS],", "").replace("is_baseline: true, ", "")),
    "traffic is not 100": Case(AB.replace("goals: [GOALS],", "").replace("50", "60")),
    "null for what is required": Case(GOAL.replace("name: A", "name: null")),
    "list for a map": Case(
        AB.replace("goals: [GOALS],", "").replace("variations: {", "variations: [{").replace("}}}", "}}]}")
    ),
    "many at once": Case(
        many(
            "convert.gaols.a: {name: A}",
            "convert.goals.b: {nmae: B, type: revenu}",
            'convert.goals.c: {key: c, name: "${var.nope}", type: revenue}',
            "convert.experiences.d: {name: D, goals: [zzz], primary_goal: yyy}",
            "leadconduit.fields.e: {type: nmber}",
        ),
        config=CONFIG + "outputs: {x: '${convert.goals.zz}'}\nresuorces: []\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(shop: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.root)
    case = CASES[name]
    shop.write(case.text)
    shop.write(case.config, "reconciler.yaml")
    for file, text in case.files.items():
        shop.write(text, file)
    shop.environ.update(case.environ)
    refused(shop, f"project/{name}", *case.argv, code=case.code)


def test_emoji_and_other_scripts_in_values_are_fine(shop: Bench) -> None:
    shop.write(GOAL.replace("name: A", "name: 'Kauf 🛒 – 购买 – «شراء» \"q\" | `t`'"))
    shop.apply()
    shop.settled()
    assert "🛒" in shop.dump("convert", "goals")[0]["name"]
    assert "🛒" in shop.run("show", "convert.goals.a", expect=0).out


def test_a_folder_with_a_strange_name_is_fine(shop: Bench, tmp_path: Path) -> None:
    strange = tmp_path / "my shop 🛒 'x' [1]"
    shop.root.rename(strange)
    shop.root = strange
    shop.write(GOAL)
    shop.apply()
    shop.settled()
