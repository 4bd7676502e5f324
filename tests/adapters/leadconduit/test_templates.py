from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.leadconduit.templates import (
    balanced,
    in_report_value,
    in_template,
    in_value,
    in_variable,
    prefixes,
)

ID = "507f1f77bcf86cd799439011"
ENTITY = "507f1f77bcf86cd799439012"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lead.state", ["state"]),
        ("lead.phone_1.area", ["phone_1.area", "phone_1"]),
        ("vars.lead.state.abbr", ["state.abbr", "state"]),
        ("lead.mortgage.annual_income.raw", ["mortgage.annual_income.raw", "mortgage.annual_income", "mortgage"]),
        ("{{lead.state}}", ["state"]),
        (" lead.state ", ["state"]),
        ("suppressionlist.is_unique.outcome", []),
        ("json_property.lead.email", []),
        ("mislead.email", []),
        ("lead.", []),
        ("lead", []),
        ("", []),
    ],
)
def test_variables(text: str, expected: list[str]) -> None:
    assert list(in_variable(text)) == [("fields", one) for one in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Outside: {{lead.state}}", ["state"]),
        ("{{lead.first_name}} {{ lead.last_name }}", ["first_name", "last_name"]),
        ("{{{lead.email}}}", ["email"]),
        ("{{#if lead.email}}x{{else}}{{lead.phone_1}}{{/if}}", ["email", "phone_1"]),
        ("{{#each lead.tags}}{{this}}{{/each}}", ["tags"]),
        ("{{uppercase lead.state}}", ["state"]),
        ("{{sha256 lead.email salt='lead.phone_1'}}", ["email"]),
        ('{{format lead.dob.raw "lead.x"}}', ["dob.raw", "dob"]),
        ('{{math "lead.income * 2 + lead.debt"}}', ["income", "debt"]),
        ("{{round (math 'lead.income / 12')}}", ["income"]),
        ("{{#with vars}}{{/with}}{{vars.lead.state}}", ["state"]),
        ("{{../lead.email}} {{@root.lead.email}}", ["email", "email"]),
        ("{{lead.[mortgage.loan]}}", ["mortgage.loan"]),
        ("{{!lead.email}}{{!-- lead.email --}}", []),
        ("{{!-- {{lead.email}} --}}{{lead.state}}", ["state"]),
        (r"\{{lead.email}}", []),
        ("lead.email", []),
        ("{{submission.ip}} {{my_crm.lead.id}}", []),
        ("{{lead.email", []),
        ("{{}}", []),
    ],
)
def test_templates(text: str, expected: list[str]) -> None:
    assert list(in_template(text)) == [("fields", one) for one in expected]


def test_submission_urls() -> None:
    url = f"https://app.leadconduit.com/flows/{ID.upper()}/sources/{ENTITY}/submit?email={{{{lead.email}}}}"
    assert list(in_value(url)) == [("fields", "email"), ("flows", ID), ("entities", ENTITY)]
    assert list(in_value(f"https://x.example/flows/{ID}")) == [("flows", ID)]
    assert list(in_value(f"https://x.example/flows/{ID}0/x")) == []
    assert list(in_value("https://x.example/flows/123")) == []


def test_values_of_reports() -> None:
    assert list(in_report_value(ID.upper())) == [("flows", ID), ("entities", ID)]
    assert list(in_report_value("TX")) == []


def test_balanced() -> None:
    assert balanced("{{a}} {{{b}}} c")
    assert not balanced("{{a}")


word = st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True)
field_ids = st.lists(word, min_size=1, max_size=4).map(".".join)


@given(field_ids)
def test_prefixes_are_all_and_longest_first(path: str) -> None:
    found = list(prefixes(path))
    assert found[0] == path
    assert all(path == one or path.startswith(f"{one}.") for one in found)
    assert [len(one) for one in found] == sorted((len(one) for one in found), reverse=True)
    assert len(found) == path.count(".") + 1


@given(st.lists(field_ids, max_size=5), st.text(alphabet=st.characters(exclude_characters="{}\\"), max_size=20))
def test_every_field_of_a_template_is_found_in_order(ids: list[str], between: str) -> None:
    text = between + between.join(f"{{{{lead.{one}}}}}" for one in ids) + between
    assert list(in_template(text)) == [("fields", prefix) for one in ids for prefix in prefixes(one)]


@given(field_ids)
def test_a_field_is_found_wherever_it_may_stand(path: str) -> None:
    wanted = [("fields", one) for one in prefixes(path)]
    for text in (
        f"{{{{lead.{path}}}}}",
        f'{{{{math "lead.{path} + 1"}}}}',
        f"{{{{#if (eq lead.{path} 1)}}}}{{{{/if}}}}",
    ):
        assert list(in_template(text)) == wanted
    assert list(in_variable(f"lead.{path}")) == wanted


@given(st.text())
def test_no_text_breaks_the_extraction(text: str) -> None:
    for extract in (in_template, in_variable, in_value, in_report_value):
        assert all(kind in {"fields", "flows", "entities"} and name for kind, name in extract(text))
