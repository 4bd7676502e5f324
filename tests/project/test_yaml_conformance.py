from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.project.diagnostics import Diagnostics
from reconciler.project.yaml import Loose, fast
from reconciler.project.yaml.compose import NOT_ALLOWED
from reconciler.project.yaml.document import read_exactly
from reconciler.project.yaml.scalars import StrangeSpellingError, plain, written
from tests.project.conformance.parsers import PARSERS, exact, same
from tests.project.conformance.table import ERRORS, VALUES


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(("text", "expected"), VALUES, ids=range(len(VALUES)))
def test_value(parser: str, text: str, expected: Any) -> None:
    value, codes = PARSERS[parser](text)
    assert codes == []
    assert same(value, expected), (value, expected)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(("text", "code", "line", "column"), ERRORS, ids=range(len(ERRORS)))
def test_error(parser: str, text: str, code: str, line: int, column: int) -> None:
    _, codes = PARSERS[parser](text)
    assert set(codes) == {code}
    found = Diagnostics()
    assert read_exactly(text, "f.yaml", found) is None
    place = next(iter(found)).place
    assert place is not None
    assert (place.line, place.column) == (line, column)


def test_the_table_is_large_and_has_no_row_twice() -> None:
    rows = [row[0] for row in VALUES] + [row[0] for row in ERRORS]
    assert len(rows) >= 120
    assert len(set(rows)) == len(rows)


def test_the_fast_way_is_used_for_common_files() -> None:
    text = 'convert.goals.a:\n  name: ${var.brand} x\n  n: [1, 2.5, null]\n  url: https://x/?a=1&b=2\n  s: "it\'s"\n'
    assert fast.AVAILABLE
    assert fast.load(text)[0]["convert.goals.a"]["n"] == [1, 2.5, None]


@settings(max_examples=600)
@given(st.text(alphabet="0123456789+-._eExXoObBinfaNAIF:truTRUlL~", min_size=1, max_size=10))
def test_whatever_looks_like_a_number_is_read_alike(token: str) -> None:
    for text in (f"a: {token}\n", f"a: [{token}]\n", f"a: {{b: {token}}}\n", f"- {token}\n"):
        try:
            value, _ = fast.load(text)
        except fast.NotProven:
            continue
        expected, codes = exact(text)
        assert codes == []
        assert same(value, expected)


@settings(max_examples=500)
@given(st.text(alphabet="0123456789+-._eExobtrufalsn", min_size=1, max_size=12))
def test_the_text_as_written_is_never_lost(token: str) -> None:
    try:
        value = plain(token)
    except StrangeSpellingError:
        return
    assert written(value) == token
    assert value is not True or token == "true"


PIECES = [
    "a", "b", "key", "x y", "1", "01", "1.5", "1.50", "null", "~", "true", "True", "no", "'q'", '"d"', "''",
    "#c", " #c", "*x", "&x ", "!t ",
    "<<", ": ", ":", "- ", "-", ", ", "[", "]", "{", "}",
    "\n", "\n  ", "\n    ", "\n- ", "|\n", ">-\n", "|2\n", "? ", "\t", "é", "😀",
    "\u2028", "---\n", "...\n", "%", "@", "`", "\\", '"', "'", "a: ", "b: ",
    "c: 1\n", "${x}", "{{y}}", "null\n", "a:\n",
]  # fmt: skip


@settings(max_examples=800)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_the_fast_way_never_differs_from_the_exact_one(text: str) -> None:
    try:
        value, _ = fast.load(text)
    except fast.NotProven:
        return
    expected, codes = exact(text)
    assert codes == [], (text, value)
    assert same(value, expected), (text, value, expected)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_reading_never_fails_without_a_diagnostic(text: str) -> None:
    found = Diagnostics()
    document = read_exactly(text, "f.yaml", found)
    assert (document is None) == found.has_errors
    for finding in found:
        assert finding.place is not None
        assert 1 <= finding.place.line <= text.count("\n") + 1


SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text(string.printable, max_size=20),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(string.printable, max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(st.dictionaries(st.text(string.ascii_letters, min_size=1, max_size=8), TREES, max_size=5))
def test_json_is_read_as_what_it_says(value: dict[str, Any]) -> None:
    import json

    text = json.dumps(value, ensure_ascii=True).replace("\\ud", "\\uD")
    if "\\uD" in text or NOT_ALLOWED.search(text):
        return
    expected = _loosened(value)
    for name in ("whole", "exact"):
        read, codes = PARSERS[name](text)
        assert codes == []
        assert same(read, expected), name


def _loosened(value: Any) -> Any:
    """JSON writes some floats (`1e-07`) as Python does; all are in their own spelling."""
    if isinstance(value, dict):
        return {key: _loosened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_loosened(item) for item in value]
    return value


def test_loose_is_text_as_written() -> None:
    value, _ = exact("a: 017.10")
    assert type(value["a"]) is Loose
    assert value["a"] == "017.10"
