from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.project.diagnostics import Diagnostic, Diagnostics
from reconciler.project.yaml import read_document
from reconciler.project.yaml.traps import repair

CASES = [
    # text, (code, line, column, part of the fix) …
    ("a: {b: ${x}}\n", [("interpolation", 1, 8, '"${x}"')]),
    ("a: [${x}, {b: ${y}}]\n", [("interpolation", 1, 5, '"${x}"')]),
    ("a: {js: ${file('../a,b.js')}}\n", [("interpolation", 1, 9, '"${file(\'../a,b.js\')}"')]),
    ("a: {b: {{lead.x}}}\n", [("interpolation", 1, 8, '"{{lead.x}}"')]),
    ("a: {{lead.x}}\n", [("interpolation", 1, 4, '"{{lead.x}}"')]),
    ("a: {{lead.x}} and {{lead.y}}\n", [("interpolation", 1, 4, '"{{lead.x}} and {{lead.y}}"')]),
    ("a: [\n  ${x},\n  b\n]\n", [("interpolation", 2, 3, '"${x}"')]),
    ("s: */15 * * * *\n", [("first-character", 1, 4, '"*/15 * * * *"')]),
    ("s: [*/15 * * * *]\n", [("first-character", 1, 5, '"*/15 * * * *"')]),
    ("s: ? 0 2 * * ?\n", [("first-character", 1, 4, '"? 0 2 * * ?"')]),
    ("s: @handle\n", [("first-character", 1, 4, '"@handle"')]),
    ("s: %d items # c\n", [("first-character", 1, 4, '"%d items"')]),
    ("s: `x`\n", [("first-character", 1, 4, '"`x`"')]),
    ("s: > 5\n", [("first-character", 1, 4, '"> 5"')]),
    ("s: | x\n", [("first-character", 1, 4, '"| x"')]),
    ("- @a\n- @b\n", [("first-character", 1, 3, '"@a"'), ("first-character", 2, 3, '"@b"')]),
    ("s: !important\n", [("unknown-tag", 1, 4, "quote")]),
    ("s: *star\n", [("undefined-alias", 1, 4, "quote")]),
    ("name: Offer: best\nb: 1\n", [("colon", 1, 12, '"Offer: best"')]),
    ("- note: a: b\n", [("colon", 1, 10, '"a: b"')]),
    ("s: {a: #buy}\nb: 1\n", [("comment", 1, 8, '"#buy"')]),
    ("selector: #buy\n", [("empty-value-comment", 1, 11 - 1, '"#buy"')]),
    ("a:\n\tb: 1\n", [("tab", 2, 1, "spaces")]),
    ("a: 1\nkey:value\nb: 2\n", [("missing-space", 2, 4, "`key: value`")]),
    ("a: {b:1}\n", [("missing-space", 1, 8, "`b: 1`")]),
    ("a:\n  - x\n  -y\n", [("missing-space", 3, 3, "`- y`")]),
    ('a: "foo\nb: 1\nc: "x"\n', [("unclosed-quote", 1, 4, "add")]),
    ("a: 'it's fine'\nb: 1\n", [("after-quote", 1, 8, '"it\'s fine"')]),
    ("a: [1, 2\nb: 3\n", [("bracket", 1, 4, "`]`")]),
    ("a: {x: [1, 2}\nb: 3\n", [("bracket", 1, 8, "`]")]),
    ("a: [1]]\nb: 3\n", [("bracket", 1, 7, "remove")]),
    ("a:\n  b: 1\n   c: 2\nd: 3\n", [("indentation", 3, 4, "by 2")]),
    ("a:\n    b: 1\n  c: 2\n", [("indentation", 3, 3, "by 4")]),
    ('a: "[0-9]+\\d"\nb: 1\n', [("escape", 1, 11, "'[0-9]+\\d'")]),
    ("a: - b\nc: 1\n", [("item-on-line", 1, 4, "`[b]`")]),
]  # fmt: skip


def findings(text: str) -> list[Diagnostic]:
    found = Diagnostics()
    assert read_document(text, "f.yaml", found) is None
    return found.sorted()


@pytest.mark.parametrize(("text", "expected"), CASES, ids=range(len(CASES)))
def test_the_cause_is_named_with_place_and_fix(text: str, expected: list[tuple[str, int, int, str]]) -> None:
    seen = findings(text)
    assert [(one.code, one.place and one.place.line, one.place and one.place.column) for one in seen] == [
        row[:3] for row in expected
    ], [str(one) for one in seen]
    for one, row in zip(seen, expected, strict=True):
        assert one.fix is not None
        assert row[3] in one.fix


def test_all_errors_of_a_file_are_said_at_once() -> None:
    text = (
        "convert.goals.a:\n  name: ${x}\n  settings: {selector: ${y}}\n\n"
        "convert.goals.b:\n  cron: */15 * * * *\n  title: Offer: new\n\n"
        "convert.goals.c:\n  empty:\n  no: ~\n  twice: 1\n  twice: 2\n"
    )
    assert [(one.code, one.place and one.place.line) for one in findings(text)] == [
        ("interpolation", 3),
        ("first-character", 6),
        ("colon", 7),
        ("empty-value", 10),
        ("strange-spelling", 11),
        ("duplicate-key", 13),
    ]


def test_what_no_repair_helps_is_left_out_and_the_rest_still_checked() -> None:
    text = 'a: "\\x4"\nb: @y\n'
    seen = findings(text)
    assert [one.code for one in seen] == ["syntax", "first-character"]
    assert seen[0].place is not None
    assert seen[0].place.line == 1


def test_a_second_document_is_one_error() -> None:
    assert [one.code for one in findings("a: 1\n---\nb: @x\n")] == ["several-documents"]


def test_a_block_text_is_not_searched_for_traps() -> None:
    text = "js: |\n  const a = {b: ${c}};\n  @media: x: y\nd: {e: ${f}}\n"
    assert [(one.code, one.place and one.place.line) for one in findings(text)] == [("interpolation", 4)]


def test_safe_repairs() -> None:
    text = "a: {b: ${x}, c: 1}\nd: */5 * * * *\ne: @x # c\nf: 50\n"
    mended, done = repair(text)
    assert mended == 'a: {b: "${x}", c: 1}\nd: "*/5 * * * *"\ne: "@x" # c\nf: 50\n'
    assert [one.code for one in done] == ["interpolation", "first-character", "first-character"]


@pytest.mark.parametrize("text", ["a: b: c\n", "a: > 5\n", "a: [1\nb: 2\n", "a: {b: #c}\nd: 1\n"])
def test_what_could_mean_two_things_is_not_repaired(text: str) -> None:
    assert repair(text)[0] == text


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:{}[]\"'#*&!|>%@`-, \n\t$\\?", max_size=40))
def test_any_text_gets_an_answer(text: str) -> None:
    found = Diagnostics()
    document = read_document(text, "f.yaml", found)
    assert (document is None) == found.has_errors
    assert all(one.place is not None for one in found)


def test_a_resource_that_no_repair_helps_does_not_hide_the_errors_of_its_neighbours() -> None:
    text = 'convert.goals:\n  a:\n    x: "\\x4"\n  b:\n    y: @y\n  c:\n    z: "open\n    w: "closed"\n  d:\n    v:\n'
    assert [(one.code, one.place and one.place.line) for one in findings(text)] == [
        ("syntax", 3),
        ("first-character", 5),
        ("unclosed-quote", 7),
        ("empty-value", 10),
    ]
