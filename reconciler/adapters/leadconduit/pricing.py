"""Prices of leads: what a flow or source pays, and what a recipient step earns (LeadConduit API, Pricing)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from reconciler.adapters.leadconduit.rules import RuleSet
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, Children, Reference, ServerDefault
from reconciler.model.values import Path


class Price(Attributes):
    """One price in USD and when it holds."""

    amount: Annotated[float, Field(gt=0, le=1_000_000)]
    rule_set: RuleSet | None = None


class Pricing(Attributes):
    """Prices in order: the last that matches wins. With `override` the source or buyer names the price."""

    override: Annotated[bool | None, ServerDefault(False)] = None
    prices: Annotated[list[Price] | None, Children(ordered=True)] = None


class PricingService(Attributes):
    """A service that is asked for the price, and what holds when it does not answer."""

    service_id: Annotated[str, Reference("services", presets=True)]
    fallback_price: Annotated[float, Field(ge=0)]


def check_pricing(pricing: Any, path: Path) -> Iterator[Problem]:
    """Yield what the API refuses about prices."""
    if isinstance(pricing, Mapping) and pricing.get("override") is True and pricing.get("prices"):
        yield Problem(
            (*path, "prices"),
            "with override: true the other side names the price, and prices must be empty",
            "write override: false, or prices: []",
        )


def without_overridden(flow: Mapping[str, Any]) -> None:
    """Empty in place the prices that were carried over to where the other side names the price from now on."""
    holders = [flow, *(flow.get("sources") or ()), *(flow.get("steps") or ())]
    for holder in holders:
        pricing = holder.get("pricing")
        if isinstance(pricing, dict) and pricing.get("override") is True and pricing.get("prices"):
            pricing["prices"] = []
