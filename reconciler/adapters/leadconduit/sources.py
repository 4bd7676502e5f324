"""Sources of a flow: who may submit leads to it, on which terms (LeadConduit API, Source)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from reconciler.adapters.leadconduit.caps import Caps, PingLimits, cap_risks, check_caps
from reconciler.adapters.leadconduit.entity_reference import EntityReference
from reconciler.adapters.leadconduit.mappings import Feedback, Integration, check_integration
from reconciler.adapters.leadconduit.pricing import Pricing, PricingService, check_pricing
from reconciler.adapters.leadconduit.rules import AcceptanceCriteria
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, Children, Computed, Named, Reference, ServerDefault, Switch
from reconciler.model.values import Path, Template


class Source(Attributes):
    """One submitter. Its submission URL is made of the ids of flow and entity, so an entity stands once in a flow."""

    entity: EntityReference
    integration: Integration
    enabled: Annotated[bool, Switch(), ServerDefault(True)] = True
    acceptance_criteria: AcceptanceCriteria | None = None
    caps: Caps | None = None
    ping_limits: PingLimits | None = None
    pricing: Pricing | None = None
    pricing_service: PricingService | None = None
    feedback: Feedback | None = None
    credential_id: Annotated[str | None, Reference("credentials")] = None
    authentication_required: Annotated[bool, ServerDefault(False)] = False
    submit_url: Annotated[str, Computed()] = ""
    """Where leads are posted to."""


Sources = Annotated[dict[str, Source], Named(), Children(match=("entity",))]


def check_sources(sources: Any, path: Path) -> Iterator[Problem]:
    """Yield what the API refuses about sources."""
    seen: dict[str, str] = {}
    for name, source in sources.items() if isinstance(sources, Mapping) else ():
        here = (*path, name)
        entity = source.get("entity")
        if isinstance(entity, str | Template):
            first = seen.setdefault(str(entity), name)
            if first != name:
                yield Problem(
                    (*here, "entity"),
                    f"{first} and {name} are the same entity: a flow has one submission URL for each",
                    "keep one of the two sources",
                )
        yield from check_integration(source.get("integration"), (*here, "integration"), "inbound")
        yield from check_pricing(source.get("pricing"), (*here, "pricing"))
        yield from check_caps(source.get("caps"), (*here, "caps"))
        yield from check_caps(source.get("ping_limits"), (*here, "ping_limits"))
        feedback = source.get("feedback")
        if isinstance(feedback, Mapping):
            yield from check_integration(feedback.get("integration"), (*here, "feedback", "integration"), None)


def source_risks(live: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[str]:
    """Say what a change of sources means for those who submit leads."""
    sources = declared.get("sources")
    if not isinstance(sources, Mapping):
        return
    old = {
        str(one["entity"]["id"]).lower(): one
        for one in live.get("sources") or ()
        if isinstance(one.get("entity"), dict)
    }
    new = {one["entity"].lower(): one for one in sources.values() if isinstance(one.get("entity"), str)}
    unclear = sum(not isinstance(one.get("entity"), str) for one in sources.values())
    gone = [] if getattr(sources, "open", False) else [one for key, one in old.items() if key not in new]
    if len(gone) > unclear:
        names = (
            "" if unclear else ": " + ", ".join(str(one["entity"].get("name") or one["entity"]["id"]) for one in gone)
        )
        count = len(gone) - unclear
        yield f"{count} source(s) go{names}: their submission URLs answer 404 from the next deploy on"
    for key, one in new.items():
        before = old.get(key)
        if before is None:
            continue
        name = str(before["entity"].get("name") or key)
        if one.get("enabled") is False and before.get("enabled", True) is not False:
            yield f"source {name} is switched off: what it submits is answered 403 and leaves no event"
        if one.get("authentication_required") is True and not before.get("authentication_required"):
            yield f"source {name} must authenticate from now on"
        caps = one.get("caps")
        if isinstance(caps, Mapping):
            yield from cap_risks(f"source {name}", before.get("caps") or (), caps)
