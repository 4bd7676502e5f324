"""Makes projects of any size for the benchmarks: about 25 lines of YAML a resource, a hundred resources a file."""

from __future__ import annotations

from pathlib import Path

PER_FILE = 100
CONFIG = """\
version: 1
name: bench
accounts:
  convert: {account_id: 10001, project_id: 10002, key_id: "${env.BENCH_KEY}", secret: "${secret.convert}"}
  leadconduit: {api_key: "${secret.leadconduit}"}
"""


def location(number: int, *, edited: bool) -> str:
    """Return a Convert location of 25 lines; `edited` is the same with one value changed."""
    rules = "".join(
        f"""\
            - rule_type: url
              matching: contains
              value: /area-{number}/page-{i}{"-x" if edited and i == 0 else ""}
"""
        for i in range(5)
    )
    return f"""\
convert.locations.area_{number}:
  name: Area {number}
  description: |
    Pages of area {number}, kept by the growth team.
    Owner: team-{number % 17}
  status: active
  selected_default: false
  trigger: {{type: upon_run}}
  rules:
    OR:
      - AND:
          - OR_WHEN:
{rules}"""


def field(number: int, *, edited: bool) -> str:
    """Return a LeadConduit field."""
    return f"""\
leadconduit.fields.attribute_{number}_bench:
  name: Attribute {number}{" edited" if edited else ""}
  type: string
  description: |
    Asked on page {number % 50} of the form.
    Owner: team-{number % 17}
"""


def goal(number: int, *, edited: bool) -> str:
    """Return a Convert goal with a rule."""
    return f"""\
convert.goals.goal_{number}:
  name: Goal {number}{" edited" if edited else ""}
  key: goal-{number}
  description: |
    Counts orders of shop {number}.
    Owner: team-{number % 17}
  type: visits_page
  status: active
  triggering_rule:
    OR:
      - AND:
          - OR_WHEN:
              - rule_type: url
                matching: endsWith
                value: /order/{number}/thank-you
              - rule_type: url
                matching: endsWith
                value: /order/{number}/danke
              - rule_type: url
                matching: endsWith
                value: /order/{number}/merci
"""


def write_project(root: Path, count: int, *, edited_percent: int = 0) -> None:
    """Write a project of `count` resources: six in ten locations, three goals, one field."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "reconciler.yaml").write_text(CONFIG)
    resources = root / "resources"
    resources.mkdir(exist_ok=True)
    for begin in range(0, count, PER_FILE):
        parts = []
        for number in range(begin, min(begin + PER_FILE, count)):
            edited = edited_percent > 0 and number % 100 < edited_percent
            make = (location, location, goal, location, goal, location, location, goal, location, field)[number % 10]
            parts.append(make(number, edited=edited))
        (resources / f"part_{begin // PER_FILE:04}.yaml").write_text("\n".join(parts))
