"""The platform's own objects need no declaration; names that are nobody's are an error of the plan."""

from __future__ import annotations

import pytest

from tests.harness import Bench

TEXT = """\
leadconduit.entities.form: {{name: Form, source: form, recipient: null, module_ids: [{module}]}}
leadconduit.credentials.crm: {{name: CRM, type: token, package: {package}, token: "${{secret.crm}}"}}
leadconduit.flows.web:
  name: Web
  enabled: true
  fields: [email, {field}]
  sources:
    form: {{entity: form, integration: {{module_id: leadconduit-default.inbound, mappings: []}}}}
  steps: []
"""
KNOWN = {"module": "leadconduit-default.inbound", "package": "leadconduit-custom", "field": "mortgage.annual_income"}


@pytest.fixture
def account(shop: Bench) -> Bench:
    shop.environ["RECONCILER_SECRET_CRM"] = "t0ken"
    return shop


def test_standard_fields_modules_and_packages_are_just_there(account: Bench) -> None:
    account.write(TEXT.format(**KNOWN))
    account.run("validate", "--online", expect=0)
    account.apply()
    account.settled()
    (flow,) = account.dump("leadconduit", "flows")
    assert flow["fields"] == ["email", "mortgage.annual_income"]


@pytest.mark.parametrize(
    ("part", "wrong"), [("module", "leadconduit-defualt.inbound"), ("package", "nobodys"), ("field", "no_such_field")]
)
def test_a_name_that_is_nobodys_is_an_error_of_the_plan_and_not_of_validate_offline(
    account: Bench, part: str, wrong: str
) -> None:
    account.write(TEXT.format(**{**KNOWN, part: wrong}))
    account.run("validate", expect=0)
    for argv in (["plan"], ["validate", "--online"], ["apply", "--auto-approve"]):
        ran = account.run(*argv, expect=1)
        assert wrong in ran.out + ran.err
        assert "main.yaml:" in ran.out + ran.err
    assert [one["name"] for one in account.dump("leadconduit", "entities") if not one.get("account")] == []


def test_a_declared_field_goes_before_a_standard_one_of_that_name(account: Bench) -> None:
    account.write(
        "leadconduit.fields.roof: {id: roof_age_acme, name: Roof, type: number}\n"
        + TEXT.format(**{**KNOWN, "field": "roof"})
    )
    account.apply()
    account.settled()
    (flow,) = account.dump("leadconduit", "flows")
    assert flow["fields"] == ["email", "roof_age_acme"]


def test_a_kind_without_presets_knows_declared_names_only(account: Bench) -> None:
    account.write(TEXT.format(**KNOWN).replace("entity: form", "entity: from"))
    ran = account.run("validate", expect=1)
    assert "did you mean form?" in ran.out + ran.err


def test_a_standard_field_cannot_be_managed(account: Bench) -> None:
    account.write("leadconduit.fields.email: {name: E-mail, type: email}\n")
    ran = account.run("plan", expect=1)
    assert "platform's own" in ran.out + ran.err
