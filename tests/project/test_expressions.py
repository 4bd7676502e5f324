"""`${…}`: the grammar, and what paths and calls deliver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.values import Ref, SecretRef, Template
from reconciler.project.diagnostics import ProjectError
from reconciler.project.expressions import CallNode, ExpressionError, Literal, PathNode, Step, closing, is_one, parse
from tests.project.shop import CONFIG, load_shop

NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_-]{0,8}\Z")


def test_grammar() -> None:
    assert parse("plain") == ("plain",)
    assert parse("${var.a}") == (PathNode("var", (Step("a"),), "var.a"),)
    assert parse("a ${ var.a [0] } b") == (
        "a ",
        PathNode("var", (Step("a"), Step(0, bracket=True)), "var.a [0]"),
        " b",
    )
    assert parse("""${file('a}b')}""") == (CallNode("file", (Literal("a}b"),), "file('a}b')"),)
    assert parse("""${default(each.value.x, -1.5)}""")[0].arguments[1] == Literal(-1.5)  # type: ignore[union-attr]  # a call
    each = PathNode("each", (Step("key"),), "each.key")
    assert parse("${shop.goals.a[each.key].url}")[0].steps[2] == Step(each, bracket=True)  # type: ignore[union-attr]  # a path


@pytest.mark.parametrize(
    "text",
    [
        "${",
        "${}",
        "${a",
        "${a.}",
        "${a..b}",
        "${.a}",
        "${a b}",
        "${a + b}",
        "${a[}",
        "${a[0}",
        "${file(}",
        "${file()}",
        "${default(a, file('x'))}",
        "${a['x}",
        "${a${b}}",
        "${a.0}",
        "${nope()}",
        "${a ? b : c}",
        "${'text'}",
        "${12}",
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=40))
def test_parser_never_fails_otherwise(text: str) -> None:
    try:
        parts = parse(text)
    except ExpressionError:
        return
    assert parts
    if "${" not in text:
        assert parts == (text,)


@given(
    st.lists(
        st.one_of(st.text(alphabet="ab c}'\"[].{", max_size=6), NAMES.map(lambda name: f"${{var.{name}}}")), max_size=6
    )
)
def test_parts_put_together_are_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    parts = parse(text)
    assert "".join(part if isinstance(part, str) else f"${{{part.text}}}" for part in parts) == text


@given(st.text(alphabet="ab$ {}'", max_size=20))
def test_doubled_dollars_make_any_text_literal(text: str) -> None:
    if "$$" in text:
        return
    assert parse(text.replace("${", "$${")) == (text,)


def test_one_expression_and_nothing_else() -> None:
    assert is_one("${file('}')}")
    assert not is_one("${a} ${b}")
    assert not is_one("x${a}")
    assert closing("${'", 0) is None


def goal(root: Path, attributes: str, *, files: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    text = f"shop.goals.b: {{name: B, type: click}}\nshop.goals.a:\n  name: A\n  type: click\n{attributes}"
    project = load_shop(root, {"resources/main.yaml": text, **(files or {})}, **options)
    return project.declarations["shop.goals.a"].body


VARIABLES = """\
variables:
  brand: {type: string, default: Bright}
  many: {type: list, default: [x, y]}
  map: {type: map, default: {a: {b: 1.50}, "a b": 2}}
  flag: {type: bool, default: true}
  number: {type: number, default: 3}
  half: {type: number, default: 2.5}
  nested: {default: "${var.brand} ${project.name}"}
  hidden: {type: string, default: s3cret, sensitive: true}
  nothing: {default: null}
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("extra: ${var.brand}", "Bright"),
        ("extra: a ${var.brand} b", "a Bright b"),
        ("extra: $${var.brand}", "${var.brand}"),
        ("extra: ${var.many}", ["x", "y"]),
        ("extra: '${var.many[1]}'", "y"),
        ("extra: \"${var.map['a b']}\"", 2),
        ("extra: ${var.flag}", True),
        ("extra: is ${var.flag}", "is true"),
        ("extra: n ${var.number}/${var.half}", "n 3/2.5"),
        ("weight: ${var.number}", 3),
        ("extra: ${var.nested}", "Bright demo"),
        ("extra: \"${default(var.map.c, 'x')}\"", "x"),
        ('extra: "${default(env.NOPE, 7)}"', 7),
        ("extra: \"${default(var.nothing, 'x')}\"", "x"),
        ("extra: \"${default(var.brand, 'x')}\"", "Bright"),
        ("extra: \"${env('NOPE', 'd')}\"", "d"),
        ("extra: \"${env('HERE', 'd')}\"", "yes"),
        ("extra: ${env.HERE}", "yes"),
        ("extra: ${self.weight}\n  weight: 4", 4),
        ("extra: ${self.settings.selector}\n  settings: {selector: '${var.brand}'}", "Bright"),
        ("extra: \"${file('../x.txt')}\"", "one\ntwo\n"),
        ("extra: \"${lines('../x.txt')}\"", ["one", "two"]),
        ("extra: \"${csv('../x.csv')}\"", [{"a": "01", "b": "x, y"}]),
        ("extra: \"${json('../x.json')}\"", {"a": [1, 2.5, None]}),
        ("extra: \"${yaml('../x.yaml')}\"", {"no": "no", "list": [1]}),
        ("extra: \"${template('../x.tpl')}\"", "Hello Bright"),
        ("extra: \"${file('../x.tpl')}\"", "Hello ${var.brand}"),
    ],
)  # fmt: skip
def test_values(tmp_path: Path, written: str, expected: Any) -> None:
    files = {
        "x.txt": "one\r\ntwo\r\n\r\n",
        "x.csv": 'a,b\n01,"x, y"\n',
        "x.json": '{"a": [1, 2.5, null]}',
        "x.yaml": "no: no\nlist: [1]\n",
        "x.tpl": "Hello ${var.brand}\n",
    }
    body = goal(tmp_path, f"  {written}\n", files=files, config=CONFIG + VARIABLES, environ={"HERE": "yes"})
    value = body["weight"] if written.startswith("weight") else body["extra"]
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${shop.goals.b}", Template((Ref("shop.goals.b"),))),
        ("${shop.goals.b.id}", Template((Ref("shop.goals.b"),))),
        ("${shop.goals.b.url}", Template((Ref("shop.goals.b", ("url",)),))),
        ("x ${shop.goals.b.url}/y", Template(("x ", Ref("shop.goals.b", ("url",)), "/y"))),
        ("Bearer ${secret.tok-1}", Template(("Bearer ", SecretRef("tok-1")))),
    ],
)
def test_values_known_later(tmp_path: Path, written: str, expected: Template) -> None:
    assert goal(tmp_path, f"  extra: {written}\n")["extra"] == expected


def test_values_are_interpolated_once(tmp_path: Path) -> None:
    body = goal(
        tmp_path,
        "  extra: \"${file('../x.txt')}\"\n  note: ${env.TRICK}\n",
        files={"x.txt": "${secret.shop}"},
        environ={"TRICK": "${secret.shop}"},
    )
    assert body["extra"] == "${secret.shop}"
    assert body["note"] == "${secret.shop}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("|\n    const x = `${left} ${right}`;\n", "const x = `${left} ${right}`;"),
        ("'${left} $${right}'\n", "${left} $${right}"),
        ("\"${file('../x.js')}\"\n", "`${here}`"),
        ("|\n    ${file('../x.js')}\n", "`${here}`"),
        ("'$${left}'\n", "${left}"),
    ],
)
def test_code_keeps_its_own_expressions(tmp_path: Path, written: str, expected: str) -> None:
    assert goal(tmp_path, f"  js: {written}", files={"x.js": "`${here}`\r\n"})["js"] == expected


def test_code_in_short_forms_keeps_its_own_expressions(tmp_path: Path) -> None:
    text = """\
shop.pages.p:
  name: P
  variations:
    x: {share: 100, changes: [{js: "a ${b}"}, "c ${d}"]}
"""
    with pytest.raises(ProjectError, match="is no path"):  # a bare text is no attribute called js
        load_shop(tmp_path, text)
    project = load_shop(tmp_path, text.replace(', "c ${d}"', ""))
    assert project.declarations["shop.pages.p"].body["variations"]["x"]["changes"]["#0"]["js"] == "a ${b}"


def test_templates_that_include_each_other_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="templates include each other in a circle"):
        goal(tmp_path, "  extra: \"${template('../a.tpl')}\"\n", files={"a.tpl": "x ${template('a.tpl')}"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("csv", "a,a\n1,2\n", "the first row must name each column once"),
        ("csv", "a,b\n1\n", "row 2 has 1 cells"),
        ("json", "{a}", "is no JSON: line 1, column 2"),
        ("json", '{"a": 1, "a": 2}', "a key stands twice"),
        ("yaml", "a: 1\na: 2\n", "x.dat:2"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        goal(tmp_path, f"  extra: \"${{{name}('../x.dat')}}\"\n", files={"x.dat": content})


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ProjectError, match="the text is not UTF-8"):
        goal(tmp_path, "  extra: \"${file('../x.txt')}\"\n")


def test_sensitive_variable_is_never_shown(tmp_path: Path) -> None:
    body = goal(tmp_path, "  note: x ${var.hidden}\n", config=CONFIG + VARIABLES)
    assert "s3cret" not in repr(body["note"])
    assert "s3cret" not in str(body["note"])
    assert body["note"].is_secret
