from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.model.plan import Plan
from reconciler.report.markdown import LIMIT, plan_markdown
from reconciler.report.markup import fence, table
from tests.report.plans import BAR, SECRET, any_text, full, leaf, plan, plans, resource
from tests.report.test_text import check_snapshot


def tokens(text: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


def inline(text: str) -> list[Token]:
    return [child for token in tokens(text) for child in token.children or ()]


def test_every_mark() -> None:
    check_snapshot("full.md", plan_markdown(full()))


def test_risky_first_then_what_changed_here_then_what_drifted() -> None:
    drifted = resource(
        "convert.goals.d", "update", causes=frozenset({"drifted"}), leaves=(leaf("name", "a", "b", cause="drifted"),)
    )
    here = resource("convert.goals.h", "update", causes=frozenset({"changed"}), leaves=(leaf("name", "a", "b"),))
    both = resource(
        "convert.goals.b", "update", causes=frozenset({"changed+drifted"}), leaves=(leaf("name", "a", "b"),)
    )
    text = plan_markdown(plan(drifted, both, here, BAR))
    heads = re.findall("^### (.*)", text, re.MULTILINE)
    assert heads[:5] == ["Summary", "Risky", "Changed here", "Changed here and drifted", "Drifted"]
    assert text.index("convert.experiences.bar") < text.index("convert.goals.h") < text.index("convert.goals.b<")


def test_details_are_folded_and_diffs_are_blocks() -> None:
    found = tokens(plan_markdown(full()))
    blocks = [token for token in found if token.type == "fence"]
    assert {token.info for token in blocks} == {"diff"}
    assert any("+   show('new');" in token.content for token in blocks)
    html = "".join(token.content for token in found if token.type == "html_block")
    assert html.count("<details>") == html.count("</details>") == len(blocks)


def test_nobody_is_notified_and_nothing_is_linked() -> None:
    found = plan(
        resource("convert.goals.a", "update", leaves=(leaf("n", 1, 2),), risks=("@team see #12 https://x.example",))
    )
    text = re.sub("```.*?```", "", plan_markdown(found), flags=re.DOTALL)
    assert "@" not in text
    assert "&#64;&#8203;team see &#35;&#8203;12" in text
    assert "://" not in text


@given(plans())
def test_nothing_breaks_out_of_its_place(found: Plan) -> None:
    text = plan_markdown(found)
    parsed = tokens(text)
    kinds = {token.type for token in parsed} | {token.type for token in inline(text)}
    assert not kinds & {"image", "link_open", "code_block", "blockquote_open", "hr", "lheading_open", "code_inline"}
    assert {token.tag for token in parsed if token.type == "heading_open"} <= {"h2", "h3"}
    tags = {
        tag for t in (*parsed, *inline(text)) if t.type.startswith("html") for tag in re.findall(r"</?(\w+)", t.content)
    }
    assert tags <= {"details", "summary", "code", "sub"}
    html = "".join(token.content for token in parsed if token.type == "html_block")
    assert html.count("<details>") == html.count("</details>")
    for row in range(len(parsed)):
        if parsed[row].type == "tr_open":
            end = next(i for i in range(row, len(parsed)) if parsed[i].type == "tr_close")
            assert sum(1 for token in parsed[row:end] if token.type in {"td_open", "th_open"}) == 7
    assert sum(1 for token in parsed if token.type == "table_open") <= 1


@settings(max_examples=60)
@given(plans(), st.integers(1, 4_000))
def test_the_limit_holds_in_characters_and_bytes(found: Plan, limit: int) -> None:
    text = plan_markdown(found, limit=limit)
    assert len(text) <= limit
    assert len(text.encode()) <= limit
    assert SECRET not in text


@given(st.lists(any_text().map(lambda text: re.sub("[\r\n\x00]", " ", text)), min_size=1, max_size=4))
def test_a_fence_holds_what_is_in_it(lines: list[str]) -> None:
    parsed = tokens(f"before\n\n{fence(lines, 'diff')}\n\nafter")
    assert [token.type for token in parsed if token.type == "fence"] == ["fence"]
    content = next(token.content for token in parsed if token.type == "fence")
    assert content == "\n".join(lines) + "\n"


def test_what_does_not_fit_is_left_out_whole_and_counted() -> None:
    many = [
        resource(
            f"convert.goals.g{n}", "update", causes=frozenset({"changed"}), leaves=(leaf("name", "ä" * 90, "ö" * 90),)
        )
        for n in range(1_000)
    ]
    risky = resource(
        "convert.goals.zz", "remove", removal="delete", risks=("gone for good",), causes=frozenset({"removed"})
    )
    text = plan_markdown(plan(*many, risky))
    assert LIMIT * 0.9 < len(text.encode()) <= LIMIT
    shown = text.count("<summary>")
    left = re.search(r"\*\*([\d,]+) more resources are left out, or without details:\*\*", text)
    assert left is not None
    assert int(left[1].replace(",", "")) + shown == 1_000
    assert text.index("convert.goals.zz") < text.index("convert.goals.g0<")
    assert text.count("```") % 2 == 0


def test_one_huge_resource_keeps_its_line() -> None:
    code = "\n".join(f"line {n} of code" for n in range(4_000))
    huge = resource(
        "convert.goals.huge", "update", leaves=(leaf("code", "", code, code=True),), causes=frozenset({"changed"})
    )
    small = resource("convert.goals.small", "update", leaves=(leaf("name", "a", "b"),), causes=frozenset({"changed"}))
    text = plan_markdown(plan(huge, small), limit=5_000)
    assert "- <code>&#126;</code> <code>convert.goals.huge</code>" in text
    assert '! name: "a" → "b"' in text
    assert "1 more resource is left out, or without details" in text


def test_a_table_is_one() -> None:
    assert table(("a", "b"), [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
