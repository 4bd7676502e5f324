"""Steps of a flow, run in order: filters end it, recipients add data or take delivery (LeadConduit API, Step).

Enhancements and deliveries are both recipients. Both sorts are closed objects: each refuses what the other has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.leadconduit.caps import Caps, cap_risks, check_caps
from reconciler.adapters.leadconduit.entity_reference import EntityReference
from reconciler.adapters.leadconduit.mappings import Feedback, Integration, check_integration
from reconciler.adapters.leadconduit.pricing import Pricing, check_pricing
from reconciler.adapters.leadconduit.rules import Outcome, RuleSet
from reconciler.adapters.leadconduit.templates import in_template
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, Children, ServerDefault, Switch, TextReference
from reconciler.model.values import Path

FILTER_ONLY = frozenset({"outcome", "reason"})
RECIPIENT_ONLY = frozenset({"entity", "integration", "feedback", "caps", "pricing", "retry_enabled"})


class Step(Attributes):
    """A filter (`outcome`, `reason`, `rule_set`) or a recipient (`entity`, `integration`, …)."""

    type: Literal["filter", "recipient"]
    description: Annotated[str | None, Field(max_length=120)] = None
    notes: Annotated[str | None, Field(max_length=2000)] = None
    enabled: Annotated[bool, Switch(), ServerDefault(True)] = True
    rule_set: RuleSet | None = None
    """Of a filter: the flow ends when it matches. Of a recipient: the step is skipped unless it matches."""
    outcome: Outcome | None = None
    reason: Annotated[str | None, TextReference(in_template)] = None
    entity: EntityReference | None = None
    integration: Integration | None = None
    retry_enabled: Annotated[bool, ServerDefault(False)] = False
    pricing: Pricing | None = None
    caps: Caps | None = None
    feedback: Feedback | None = None


Steps = Annotated[
    list[Step], Children(match=("description", "entity", "integration.module_id", "outcome"), ordered=True)
]
"""The outcome is in it because a filter may have nothing else to be known by."""


def check_steps(steps: Any, path: Path) -> Iterator[Problem]:
    """Yield what the API refuses about steps."""
    for local, step in steps.items() if isinstance(steps, Mapping) else ():
        here = (*path, local)
        match step.get("type"):
            case "filter":
                yield from _shape(step, here, "filter", ("outcome", "rule_set"), RECIPIENT_ONLY)
            case "recipient":
                yield from _shape(step, here, "recipient", ("entity", "integration"), FILTER_ONLY)
        yield from check_integration(step.get("integration"), (*here, "integration"), "outbound")
        yield from check_pricing(step.get("pricing"), (*here, "pricing"))
        yield from check_caps(step.get("caps"), (*here, "caps"))
        feedback = step.get("feedback")
        if isinstance(feedback, Mapping):
            yield from check_integration(feedback.get("integration"), (*here, "feedback", "integration"), None)


def _shape(
    step: Mapping[str, Any], path: Path, sort: str, needed: tuple[str, ...], foreign: frozenset[str]
) -> Iterator[Problem]:
    for name in needed:
        if step.get(name) is None:
            yield Problem(path, f"a {sort} step needs {name}, the platform requires it", f"add {name}: …")
    for name in step:
        if name in foreign:
            yield Problem((*path, name), f"a {sort} step takes no {name}", "remove the line, or change the step's type")


def step_risks(live: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[str]:
    """Say what a change of steps means for leads and counters."""
    steps = declared.get("steps")
    if not isinstance(steps, Mapping):
        return
    yield "steps decide which leads are kept and where they are delivered, and their order counts"
    old = [one for one in live.get("steps") or () if isinstance(one, Mapping)]
    for local, step in steps.items():
        caps = step.get("caps")
        title = step.get("description")
        before = [one for one in old if title is not None and one.get("description") == title]
        if isinstance(caps, Mapping) and len(before) == 1:
            yield from cap_risks(f"step {title}", before[0].get("caps") or (), caps)
        if step.get("enabled") is False and len(before) == 1 and before[0].get("enabled", True) is not False:
            yield f"step {title or local} is switched off: rules that read what it appends no longer match"


def without_foreign(step: dict[str, Any]) -> None:
    """Drop in place what a step kept from the time before its type was changed."""
    for name in RECIPIENT_ONLY if step.get("type") == "filter" else FILTER_ONLY:
        step.pop(name, None)
