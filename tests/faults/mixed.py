"""A project with every sort of object, in generations: each has new objects, changed ones, and lets go of old ones."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tests.harness import Bench

SECRETS = {"RECONCILER_SECRET_CRM": "crm-token-0123456789", "RECONCILER_SECRET_HOOK": "hook-secret-9876543210"}
NEW = """\
convert.goals.clicks_{g}: {{key: clicks-{g}, name: Clicks {g}, type: clicks_element, settings: {{selector: "#c{g}"}}}}
convert.goals.thanks_{g}:
  key: thanks-{g}
  name: Thanks {g}
  type: visits_page
  triggering_rule: {{AND: [{{rule_type: url, matching: endsWith, value: /thanks-{g}}}]}}
convert.tags.tag_{g}: {{name: Tag {g}}}
convert.audiences.returning_{g}:
  name: Returning {g}
  type: transient
  rules: {{AND: [{{rule_type: cookie, key: seen, matching: matches, value: "g{g}"}}]}}
convert.locations.pages_{g}:
  name: Pages {g}
  rules: {{AND: [{{rule_type: url, matching: contains, value: /p{g}/}}]}}
convert.experiences.bar_{g}:
  key: bar-{g}
  name: Bar {g}
  type: a/b
  status: active
  url: https://shop.example/{g}
  goals: [clicks_{g}, thanks_{g}]
  primary_goal: thanks_{g}
  audiences: [returning_{g}]
  locations: [pages_{g}]
  tags: [tag_{g}]
  variations:
    original: {{name: Original, is_baseline: true, traffic_distribution: 50}}
    bar:
      name: With bar
      traffic_distribution: 50
      changes: [{{$name: bar, type: customCode, data: {{js: "bar({g})"}}}}]
convert.hypotheses.why_{g}:
  name: Why {g}
  status: draft
  prioritization_score_type: ICE
  prioritization_score_attributes: {{impact: 4, confidence: 3, ease: 5}}
  experiences: [bar_{g}]
  tags: [tag_{g}]
convert.domains.site_{g}: {{url: "https://www{g}.shop.example"}}
convert-app.features.checkout_{g}:
  key: checkout-{g}
  name: Checkout {g}
  variables: {{enabled: {{type: boolean, default_value: false}}}}
leadconduit.fields.roof_{g}_brsol: {{name: Roof {g}, type: number}}
leadconduit.entities.web_{g}:
  {{name: Form {g}, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}}
leadconduit.entities.crm_{g}:
  {{name: CRM {g}, source: null, recipient: crm, module_ids: [leadconduit-custom.outbound.json]}}
leadconduit.credentials.token_{g}:
  {{name: Token {g}, type: token, package: leadconduit-custom, token: "${{secret.crm}}"}}
leadconduit.flows.leads_{g}:
  name: Leads {g}
  enabled: true
  fields: [first_name, email, roof_{g}_brsol]
  sources:
    web: {{entity: web_{g}, enabled: true, integration: {{module_id: leadconduit-default.inbound, mappings: []}}}}
  steps:
    - $name: crm
      type: recipient
      description: Deliver
      entity: crm_{g}
      integration:
        module_id: leadconduit-custom.outbound.json
        mappings:
          url: https://crm.example/v{g}
          credential_id: ${{leadconduit.credentials.token_{g}}}
          header.X-Secret: Bearer ${{secret.hook}}
leadconduit.reports.cost_{g}:
  name: Cost {g}
  columns: [source-submitted, source-success]
  group_by: [vars.source.id]
"""
KEPT = """\
convert.goals.kept: {{key: kept, name: Kept {g}, type: revenue, settings: {{triggering_type: manual}}}}
leadconduit.fields.kept_brsol: {{name: Kept {g}, type: string}}
leadconduit.entities.kept:
  {{name: Kept form, description: "of {g}", source: form, recipient: null, module_ids: [leadconduit-default.inbound]}}
leadconduit.flows.kept:
  name: Kept
  enabled: true
  fields: [first_name, kept_brsol, roof_{g}_brsol]
  sources:
    web: {{entity: kept, enabled: true, integration: {{module_id: leadconduit-default.inbound, mappings: []}}}}
  steps: []
leadconduit.routers.facebook:
  module_id: leadconduit-facebook.inbound.apfacebook
  routes:
    - $name: kept
      flow_id: kept
      source_id: web
      rule_set: {{op: or, rules: [{{lhv: facebook.page_id, op: is equal to, rhv: "{g}"}}]}}
"""
NAMES = (
    ("convert", "goals", "key", "clicks-{g}"),
    ("convert", "goals", "key", "thanks-{g}"),
    ("convert", "tags", "name", "Tag {g}"),
    ("convert", "audiences", "name", "Returning {g}"),
    ("convert", "locations", "name", "Pages {g}"),
    ("convert", "experiences", "key", "bar-{g}"),
    ("convert", "hypotheses", "name", "Why {g}"),
    ("convert", "features", "key", "checkout-{g}"),
    ("leadconduit", "fields", "id", "roof_{g}_brsol"),
    ("leadconduit", "entities", "name", "Form {g}"),
    ("leadconduit", "entities", "name", "CRM {g}"),
    ("leadconduit", "credentials", "name", "Token {g}"),
    ("leadconduit", "flows", "name", "Leads {g}"),
    ("leadconduit", "reports", "name", "Cost {g}"),
)
"""Where each new object of a generation is found in a dump."""
KEPT_NAMES = (
    ("convert", "goals", "key", "kept"),
    ("leadconduit", "fields", "id", "kept_brsol"),
    ("leadconduit", "entities", "name", "Kept form"),
    ("leadconduit", "flows", "name", "Kept"),
    ("leadconduit", "routers", "module_id", "leadconduit-facebook.inbound.apfacebook"),
)
DELETED = frozenset({"tags", "fields", "entities", "credentials", "reports"})
"""Kinds whose objects are deleted when they are no longer declared; the others are archived or switched off."""


def mixed(generation: int) -> str:
    """Return the resources of a generation."""
    return (NEW + KEPT).format(g=generation)


def counted(bench: Bench) -> Counter[tuple[str, str, str, Any]]:
    """Count all objects of all platforms by the attributes that name them."""
    dump = bench.control("GET", "dump")
    places = {(platform, kind, attribute) for platform, kind, attribute, _ in (*NAMES, *KEPT_NAMES)}
    return Counter(
        (platform, kind, attribute, raw.get(attribute))
        for platform, kind, attribute in places
        for raw in dump[platform].get(kind, [])
    )


def assert_once(bench: Bench, generation: int) -> None:
    """Assert that every object of a generation is there once, and none of an earlier one twice."""
    found = counted(bench)
    for platform, kind, attribute, name in (*NAMES, *KEPT_NAMES):
        text = name.format(g=generation)
        assert found[platform, kind, attribute, text] == 1, f"{found[platform, kind, attribute, text]} × {kind} {text}"
    ours = re.compile(
        r"(clicks|thanks|bar|checkout)-\d+|(Tag|Returning|Pages|Why|Form|CRM|Token|Leads|Cost) \d+|roof_.*"
    )
    again = {key: count for key, count in found.items() if count > 1 and ours.fullmatch(str(key[3]))}
    assert not again, f"duplicates: {again}"
    lost = [
        key for key in found if key[1] in DELETED and ours.fullmatch(str(key[3])) and not _of(generation, str(key[3]))
    ]
    assert not lost, f"left behind: {lost}"


def _of(generation: int, name: str) -> bool:
    return str(generation) in re.findall(r"\d+", name)


def assert_deployed(bench: Bench, generation: int) -> None:
    """Assert that every managed flow takes leads by what is saved."""
    flows = {flow["name"]: flow for flow in bench.dump("leadconduit", "flows")}
    for name in (f"Leads {generation}", "Kept"):
        assert_same_copy(flows[name])


def assert_same_copy(flow: dict[str, Any]) -> None:
    """Assert that the deployed copy of a stored flow is what is saved."""
    saved = {name: value for name, value in flow.items() if not name.startswith("_")}
    assert flow.get("_deployed") == saved, f"{flow['name']}: what is deployed is not what is saved"
