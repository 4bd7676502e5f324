from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.project.diagnostics import Diagnostics, ProjectError
from reconciler.project.fmt import format_text, layout
from reconciler.project.fmt.scalars import needs_quotes, text_scalar
from reconciler.project.yaml import read_document
from tests.project.conformance.parsers import exact, same
from tests.project.conformance.table import VALUES
from tests.project.test_yaml_conformance import TREES


def fmt(text: str, file: str = "resources/a.yaml", **more: Any) -> str:
    out = format_text(text, file, **more)
    assert format_text(out, file, **more) == out
    return out


def check(before: str, after: str, file: str = "resources/a.yaml") -> None:
    assert fmt(before, file) == after
    assert fmt(after, file) == after


def test_two_spaces_and_one_empty_line_between_top_level_keys() -> None:
    check("a:\n    b:\n        c: 1\nd:\n- 1\n-  2\n\n\n\ne: 2\n\n", "a:\n  b:\n    c: 1\n\nd:\n  - 1\n  - 2\n\ne: 2\n")


def test_line_ends_mark_and_final_newline() -> None:
    check("\ufeffa: 1\r\nb: 2", "a: 1\n\nb: 2\n")


def test_document_marks_go() -> None:
    check("---\na: 1\n...\n", "a: 1\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'x'", "x"),
        ('"x y"', "x y"),
        ("'yes'", '"yes"'),
        ("on", '"on"'),
        ("Off", '"Off"'),
        ("'01'", '"01"'),
        ('"17.10"', '"17.10"'),
        ('"true"', '"true"'),
        ("true", "true"),
        ("'null'", '"null"'),
        ("'2026-11-26'", '"2026-11-26"'),
        ("2026-11-26", "2026-11-26"),
        ("'12:30'", '"12:30"'),
        ('"#x"', '"#x"'),
        ('"x #y"', '"x #y"'),
        ('"x#y"', "x#y"),
        ('"a: b"', '"a: b"'),
        ('"a:b"', "a:b"),
        ('"*/15 * * * *"', '"*/15 * * * *"'),
        ('"? 0 2"', '"? 0 2"'),
        ('"{{x}}"', '"{{x}}"'),
        ('"${x}"', "${x}"),
        ('["${x}"]', '["${x}"]'),
        ("['a', 'b,c', \"d\"]", '[a, "b,c", d]'),
        ("'{\"a\": 1}'", "'{\"a\": 1}'"),
        ("'it''s'", "it's"),
        ('"\\u00e9"', "é"),
        ('"x\\ty"', '"x\\ty"'),
        ('"- x"', '"- x"'),
        ('"-x"', "-x"),
        ('"x "', '"x "'),
        ("''", '""'),
        ("'~'", '"~"'),
        ("01234", "01234"),
        ("[on, {no: yes}]", '["on", {"no": "yes"}]'),
    ],
)
def test_quotes_only_where_needed(before: str, after: str) -> None:
    check(f"a:\n  b: {before}\n", f"a:\n  b: {after}\n")


def test_keys_that_other_readers_take_for_truth_values_are_quoted() -> None:
    check("a: {on: 1, 'x': 2}\nno: 3\n", 'a: {"on": 1, x: 2}\n\n"no": 3\n')


def test_meta_keys_come_first_with_their_comments() -> None:
    check(
        "a:\n  x: 1\n  # about the name\n  $name: n # the name\n  y: 2\n  $id: 3\n",
        "a:\n  # about the name\n  $name: n # the name\n  $id: 3\n  x: 1\n  y: 2\n",
    )


def test_short_flow_stays_and_long_flow_is_broken() -> None:
    short = "a: {b: [1, 2], c: {d: e}}\n"
    check(short, short)
    check("a: {b: [1,\n  2], c: {d:   e}}\n", short)
    names = ", ".join(f"name_{number}" for number in range(20))
    check(f"a: [{names}]\n", "a:\n" + "".join(f"  - name_{number}\n" for number in range(20)))
    check(
        f"a: {{b: [{names}], c: {{d: 1}}}}\n",
        "a:\n  b:\n" + "".join(f"    - name_{n}\n" for n in range(20)) + "  c: {d: 1}\n",
    )


def test_flow_of_just_the_width_stays() -> None:
    line = "a: [" + "x" * 115 + "]\n"
    assert len(line) == 121
    check(line, line)
    assert fmt(line.replace("x]", "xx]")).startswith("a:\n  - x")


def body(lines: int, indent: int) -> str:
    return "".join(f"{' ' * indent}key_{number}: {number}\n" for number in range(lines))


def test_a_body_over_ten_lines_gets_its_own_key() -> None:
    check(
        f"convert.goals:\n  # short one\n  a:\n{body(10, 4)}  # long one\n  b:\n{body(11, 4)}  c: {{x: 1}}\n",
        f"convert.goals:\n  # short one\n  a:\n{body(10, 4)}  c: {{x: 1}}\n\n"
        f"# long one\nconvert.goals.b:\n{body(11, 2)}",
    )


def test_a_group_of_long_bodies_only_goes() -> None:
    check(
        f"# all goals\nconvert.goals:\n  # the one\n  b:\n{body(11, 4)}z: 1\n",
        f"# all goals\n# the one\nconvert.goals.b:\n{body(11, 2)}\nz: 1\n",
    )


@pytest.mark.parametrize("file", ["reconciler.yaml", "modules/x/module.yaml"])
def test_project_and_module_files_are_not_regrouped(file: str) -> None:
    text = f"a.b:\n  c:\n{body(12, 4)}"
    check(text, text, file)


def test_groups_with_anchors_stay_as_they_are() -> None:
    text = f"convert.goals: &goals\n  b:\n{body(11, 4)}"
    check(text, text)


def test_what_refers_back_is_not_moved_before_its_anchor() -> None:
    text = "a:\n  x: &x {y: 1}\n  $z: *x\n"
    check(text, text)


COMMENTS = """\
# first

# about a
a: # behind a
  # about b
  b: 1 # behind b

  # about c, after an empty line
  c:
    - 1 # one
    # about two
    - 2
    # end of the list
  # end of a

# about d
d: | # a text
  x
  # no comment
e: [1, 2]    # set apart
# the end
"""


def test_comments_stay_where_they_belong() -> None:
    after = fmt(COMMENTS)
    assert after == COMMENTS.replace("e: [", "\ne: [").replace("# the end", "\n# the end")


def test_every_comment_is_kept() -> None:
    text = "a: [x, # one\n  y # two\n  # three\n] # four\nb: {c: 1, # five\n  d: 2}\ne: # six\n  f\n"
    after = fmt(text)
    for word in ("one", "two", "three", "four", "five", "six"):
        assert after.count(f"# {word}") == 1
    assert "- x # one\n  - y # two\n" in after


def test_block_texts_keep_their_text() -> None:
    check(
        "a:\n    b: |\n          x\n            y\n\n          z\n"
        "    c: >-\n        f\n        g\n    d: |2\n         h\n",
        "a:\n  b: |\n    x\n      y\n\n    z\n  c: >-\n    f\n    g\n  d: |2\n       h\n",
    )


def test_a_text_that_keeps_empty_lines_keeps_them() -> None:
    text = "a: |+\n  x\n\n\nb: 1\n"
    check(text, text)


def test_safe_traps_are_repaired() -> None:
    check("a: {b: ${x}}\nc: */5 * * * *\nd: @x\n", 'a: {b: "${x}"}\n\nc: "*/5 * * * *"\n\nd: "@x"\n')


@pytest.mark.parametrize("text", ["a: b: c\n", "a:\n", "", "# x\n", "a: 1\na: 2\n", "a: ~\n"])
def test_what_cannot_be_read_is_refused_with_its_errors(text: str) -> None:
    with pytest.raises(ProjectError) as raised:
        format_text(text, "f.yaml")
    assert raised.value.diagnostics[0].place is not None


def test_it_refuses_to_change_the_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_layout", lambda *_, **__: "a: 2\n")
    with pytest.raises(ProjectError) as raised:
        format_text("a: 1\n", "f.yaml")
    assert raised.value.diagnostics[0].code == "fmt-refused"


@pytest.mark.parametrize(
    ("before", "after"), [("{}", "{}\n"), ("# all gone\n{}\n", "# all gone\n{}\n"), ("- a\n-  b", "- a\n- b\n")]
)
def test_other_files(before: str, after: str) -> None:
    check(before, after)


def test_short_forms_are_applied_by_the_hook_and_comments_stay() -> None:
    def shorten(kind: str, value: Any) -> Any:
        assert kind == "convert.goals"
        return {key: ("short" if key == "rule" else item) for key, item in value.items() if key != "drop"}

    head = "convert.goals:\n  a:\n    # name\n    name: x # n\n"
    before = f"{head}    rule: {{deep: {{er: 1}}}}\n    drop: 1\nconvert.goals.b: {{rule: [1]}}\nother: {{rule: 1}}\n"
    after = f"{head}    rule: short\n\nconvert.goals.b: {{rule: short}}\n\nother: {{rule: 1}}\n"
    assert fmt(before, shorten=shorten) == after


@pytest.mark.parametrize("text", [row[0] for row in VALUES], ids=range(len(VALUES)))
def test_every_row_of_the_table_keeps_its_meaning(text: str) -> None:
    after = fmt(text, "reconciler.yaml")
    assert same(exact(after)[0], exact(text)[0])


@settings(max_examples=500)
@given(
    st.text(st.characters(codec="utf-8"), max_size=12) | st.text("-?:,[]{}#&*!|>'\"%@` ab0", max_size=8), st.booleans()
)
def test_a_new_text_is_written_so_that_it_is_read_back(text: str, flow: bool) -> None:
    shown = text_scalar(text, flow=flow)
    document = read_document(f"a: [{shown}]\n" if flow else f"a:\n  - {shown}\n", "f.yaml", Diagnostics())
    assert document is not None, shown
    assert same(document.value["a"][0], text)
    assert shown == text or needs_quotes(text, flow=flow)


KEYS = st.sampled_from(["a", "b", "on", "$id", "$name", "x y", "1", "key"])
LEAVES = st.sampled_from(
    ["x", "1", "01", "1.50", "null", "true", "no", "'q'", '"d e"', '"a: b"', "'${x}'", '"x\\ty"', "x\n{i}  y",
     "|\n{i}  t\n{i}   u", ">-\n{i}  f\n{i}  g", "|+\n{i}  k\n", "[]", "{}", "[a, 'b']", "{c: 1, $d: [2]}",
     "[a,\n{i}  b]",
     "[a, # c\n{i}  b]",
     '"' + "long " * 30 + '"', "[" + "item, " * 25 + "z]"]
)  # fmt: skip
COMMENT = st.sampled_from(["", "", "", " # c", "   # far"])
ABOVE = st.sampled_from(["", "", "", "\n", "{i}# above\n", "\n{i}# above\n", "\n\n\n{i}# one\n\n{i}# two\n"])


@st.composite
def blocks(draw: st.DrawFn, indent: int = 0, depth: int = 0) -> str:
    pad = " " * indent
    out = []
    step = draw(st.sampled_from([1, 2, 3, 4]))
    if depth and draw(st.integers(0, 3)) == 0:
        for _ in range(draw(st.integers(1, 3))):
            above = draw(ABOVE).replace("{i}", pad)
            leaf = draw(LEAVES).replace("{i}", pad)
            out.append(f"{above}{pad}- {leaf}{'' if chr(10) in leaf else draw(COMMENT)}\n")
        return "".join(out)
    for key in draw(st.lists(KEYS, min_size=1, max_size=4, unique=True)):
        above = draw(ABOVE).replace("{i}", pad)
        if depth < 3 and draw(st.booleans()):
            inner = draw(blocks(indent + step, depth + 1))
            out.append(f"{above}{pad}{key}:{draw(COMMENT)}\n{inner}")
        else:
            leaf = draw(LEAVES).replace("{i}", pad)
            out.append(f"{above}{pad}{key}: {leaf}{'' if chr(10) in leaf else draw(COMMENT)}\n")
    return "".join(out)


@settings(max_examples=400, deadline=None)
@given(blocks(), st.sampled_from(["reconciler.yaml", "resources/a.yaml"]))
def test_any_file_is_formatted_once_and_keeps_its_comments(text: str, file: str) -> None:
    document = read_document(text, file, Diagnostics())
    if document is None:
        return
    after = fmt(text, file)
    assert after.count("#") == text.count("#"), after
    assert not any(line != line.rstrip() for line in after.split("\n"))
    assert after.endswith("\n")


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(string.ascii_letters, min_size=1, max_size=6), TREES, min_size=1, max_size=4))
def test_any_json_is_formatted(value: dict[str, Any]) -> None:
    import json

    text = json.dumps(value, ensure_ascii=False)
    if read_document(text, "f.yaml", Diagnostics()) is not None:
        fmt(text, "reconciler.yaml")
