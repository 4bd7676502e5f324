"""The traps of YAML: one message each, at its place, with what would be right; nothing is asked, nothing is written."""

from __future__ import annotations

import pytest

from tests.bad_input.checking import refused
from tests.bad_input.test_files import BYTES
from tests.harness import Bench

GOAL = "convert.goals.a: {key: a, name: A, type: revenue, settings: {triggering_type: manual}}\n"
CASES: dict[str, str] = {
    "interpolation in flow": "convert.goals.a: {key: a, name: ${var.brand} sale, type: revenue}\n",
    "mustache in flow": "leadconduit.flows.web: {name: {{lead.email}}}\n",
    "mustache at start": "convert.goals.a:\n  name: {{lead.email}}\n  type: revenue\n",
    "hash": "convert.goals.a:\n  key: a\n  name: A\n  type: clicks_element\n  settings:\n    selector: #buy\n",
    "hash in flow": "convert.goals.a: {key: a, name: A, type: clicks_element, settings: {selector: #buy}}\n",
    "star slash 15": "convert.goals.a:\n  name: */15 * * * *\n  type: revenue\n",
    "question mark": "convert.goals.a:\n  name: ? 0 2 * * ?\n  type: revenue\n",
    "at sign": "convert.goals.a: {name: @handle, type: revenue}\n",
    "percent": "convert.goals.a:\n  name: %d sold\n  type: revenue\n",
    "greater": "convert.goals.a:\n  name: > 5\n  type: revenue\n",
    "pipe": "convert.goals.a:\n  name: | x\n  type: revenue\n",
    "exclamation": "convert.goals.a:\n  name: !important\n  type: revenue\n",
    "ampersand": "convert.goals.a:\n  name: & co\n  type: revenue\n",
    "backtick": "convert.goals.a:\n  name: `A`\n  type: revenue\n",
    "colon in text": "convert.goals.a:\n  name: Offer: best\n  type: revenue\n",
    "no space after colon": "convert.goals.a:\n  name:Offer\n  type: revenue\n",
    "no space after dash": "convert.experiences.x:\n  goals:\n    - a\n    -b\n",
    "empty value": "convert.goals.a:\n  key: a\n  name:\n  type: revenue\n",
    "empty value in flow": "convert.goals.a: {key: a, name: , type: revenue}\n",
    "empty body": "convert.goals.a:\n",
    "empty item": "convert.experiences.x:\n  goals:\n    - a\n    -\n",
    "duplicate key": "convert.goals.a:\n  name: A\n  type: revenue\n  name: B\n",
    "duplicate top key": GOAL + GOAL,
    "unknown tag": "convert.goals.a:\n  name: !secret abc\n  type: revenue\n",
    "python tag": "convert.goals.a: {name: !!python/object/apply:os.system [echo], type: revenue}\n",
    "several documents": f"{GOAL}---\nconvert.goals.b: {{key: b, name: B, type: revenue}}\n",
    "tab indents": "convert.goals.a:\n\tname: A\n\ttype: revenue\n",
    "tab and spaces": "convert.goals.a:\n  name: A\n \ttype: revenue\n",
    "leading zero": (
        "convert.experiences.x: {$raw: {zip: 01234}, name: X, type: a/b, url: 'https://x.example/', "
        "variations: {o: {is_baseline: true}}}\n"
    ),
    "leading zero in a number": "convert.experiences.x: {name: X, type: a/b, traffic_distribution: 01234}\n",
    "trailing zero in a number": "convert.experiences.x: {name: X, type: a/b, traffic_distribution: 17.10}\n",
    "phone": "leadconduit.reports.r: {$raw: {phone: +4930123456}, name: R}\n",
    "exponent": "convert.experiences.x: {$raw: {x: 5e3}, name: X, type: a/b}\n",
    "beyond 2 to the 53": "convert.experiences.x: {$raw: {x: 9007199254740993}, name: X, type: a/b}\n",
    "yes in a truth value": "convert.experiences.x: {name: X, type: a/b, variations: {o: {is_baseline: yes}}}\n",
    "no in a truth value": "convert.experiences.x: {name: X, type: a/b, variations: {o: {is_baseline: no}}}\n",
    "on in a truth value": "leadconduit.flows.web: {name: Web, enabled: on}\n",
    "off in a truth value": "leadconduit.flows.web: {name: Web, enabled: off}\n",
    "True in a truth value": "leadconduit.flows.web: {name: Web, enabled: True}\n",
    "number for a truth value": "leadconduit.flows.web: {name: Web, enabled: 1}\n",
    "tilde": "convert.goals.a: {key: a, name: ~, type: revenue}\n",
    "Null": "convert.goals.a: {key: a, name: Null, type: revenue}\n",
    "not closed quote": 'convert.goals.a:\n  name: "A\n  type: revenue\n',
    "not closed bracket": "convert.goals.a: {name: A, type: revenue\nconvert.goals.b: {name: B, type: revenue}\n",
    "wrong bracket": "convert.goals.a: {name: A, type: revenue]\n",
    "indentation": "convert.goals.a:\n  name: A\n   type: revenue\n",
    "unknown alias": "convert.goals.a: *base\n",
    "alias of itself": "convert.goals.a: &a {name: A, type: revenue, settings: *a}\n",
    "alias bomb": (
        "x-a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"x-{n}: &{n} [{', '.join([f'*{p}'] * 10)}]\n" for p, n in zip("abcdef", "bcdefg", strict=True))
        + "convert.goals.a: {name: A, type: revenue, settings: *g}\n"
    ),
    "merge of a list": "convert.goals.a: {<<: [a, b], name: A, type: revenue}\n",
    "list file": "- convert.goals.a\n",
    "text file": "hello\n",
    "number file": "42\n",
    "null file": "null\n",
    "number key": "convert.goals:\n  1: {name: A, type: revenue}\n",
    "complex key": "? [a, b]\n: c\n",
    "regular expression": 'convert.goals.a:\n  name: "\\d+"\n  type: revenue\n',
    "git conflict": f"<<<<<<< HEAD\n{GOAL}=======\n{GOAL}>>>>>>> theirs\n",
    "json with comment": '{"convert.goals.a": {"name": "A", // the name\n "type": "revenue"}}\n',
    "many at once": (
        "convert.goals.a:\n  name: ${x}\n  settings: {selector: ${y}}\n\n"
        "convert.goals.b:\n  cron: */15 * * * *\n  title: Offer: new\n\n"
        "convert.goals.c:\n  empty:\n  no: ~\n  twice: 1\n  twice: 2\n"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_trap(shop: Bench, name: str) -> None:
    shop.write(CASES[name])
    ran = refused(shop, f"yaml/{name}", "validate")
    assert shop.requests() == []
    for argv in (("plan", "--json"), ("apply", "--auto-approve", "--json"), ("drift", "--json"), ("output", "--json")):
        again = shop.run(*argv, expect=1)
        assert again.out == ""
        assert again.err == ran.err
    assert "resources/main.yaml:" in ran.err


@pytest.mark.parametrize("name", [*CASES, *BYTES])
@pytest.mark.parametrize("file", ["resources/main.yaml", "reconciler.yaml"])
def test_fmt_leaves_what_it_cannot_read(shop: Bench, name: str, file: str) -> None:
    content = CASES[name].encode() if name in CASES else BYTES[name]
    path = shop.root / file
    path.write_bytes(content)
    checked = shop.run("fmt", "--check")
    assert path.read_bytes() == content
    assert checked.code in {0, 1}
    ran = shop.run("fmt")
    if ran.code == 1:
        assert path.read_bytes() == content
        assert f"{file}:" in ran.err
    else:
        assert shop.run("fmt", "--check").code == 0
