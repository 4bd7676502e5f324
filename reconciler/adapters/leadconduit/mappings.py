"""Integrations: the module that a source or step runs through, and how values are mapped for it.

A mapping's `property` is a variable of the lead (inbound) or a request variable of the module (outbound). Later
mappings overwrite earlier ones for the same property, so their order counts (LeadConduit API, Integration).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from reconciler.adapters.leadconduit.rules import RuleSet, texts_in_list
from reconciler.adapters.leadconduit.templates import balanced, in_value, in_variable
from reconciler.model.kind import Problem
from reconciler.model.markers import (
    Attributes,
    Canonical,
    Children,
    Reference,
    SecretWhen,
    Short,
    TextReference,
    Variant,
)
from reconciler.model.values import Path, Template, is_secret

_SECRET_PROPERTY = re.compile(
    r"(?:^|[._-])(?:password|passwd|secret|api[_-]?key|authorization|(?:bearer|access|auth)[_-]token|private[_-]key)\Z",
    re.IGNORECASE,
)
"""Request variables that hold credentials: `basic_password`, `activecampaign.api_key`, `header.Authorization`."""

CREDENTIAL = Reference("credentials")


def holds_secret(mapping: Mapping[str, Any]) -> bool:
    """Tell whether a mapping's property is one whose value is a credential, which reads return in clear text."""
    name = mapping.get("property")
    return isinstance(name, str) and _SECRET_PROPERTY.search(name) is not None


def value_type(mapping: Mapping[str, Any]) -> str | Reference:
    """Tell what the value of a mapping is: for `credential_id` the id of a credential, unless it is a template."""
    value = mapping.get("value")
    if mapping.get("property") != "credential_id" or isinstance(value, list):
        return "any"
    return "any" if isinstance(value, str) and "{{" in value else CREDENTIAL


def expand(value: Any) -> Any:
    """Turn the short form `{property: value}` into the list of mappings that the platform takes."""
    if not isinstance(value, dict) or "$others" in value:
        return value
    return [{"property": name, "value": item} for name, item in value.items()]


def shorten(value: Any) -> Any:
    """Turn a list of mappings into the short form, where no property stands twice and none has more than a value."""
    if not isinstance(value, list) or not value:
        return value
    if any(not isinstance(item, dict) or set(item) != {"property", "value"} for item in value):
        return value
    short = {item["property"]: item["value"] for item in value}
    return short if len(short) == len(value) else value


class MappedValue(Attributes):
    """One property and its value: text (a template), a number, a list of texts, or null to blank it."""

    property: Annotated[str, Field(min_length=1), TextReference(in_variable)]
    value: Annotated[
        str | float | list[str | None] | None,
        Short(texts_in_list),
        Canonical(texts_in_list),
        Variant(value_type),
        SecretWhen(holds_secret),
        TextReference(in_value),
    ]
    rule_set: RuleSet | None = None


class Integration(Attributes):
    """A module and what is mapped for it."""

    module_id: Annotated[str, Field(min_length=1), Reference("modules", presets=True)]
    mappings: Annotated[list[MappedValue], Children(match=("property",), ordered=True), Short(expand, shorten)] = Field(
        default_factory=list
    )


class Feedback(Attributes):
    """What happens to feedback (returns, conversions): the module it goes through, and which of it counts."""

    integration: Integration
    rule_set: RuleSet | None = None


def direction(module_id: Any) -> str | None:
    """Tell from a module's id (`package.direction.name`) whether it is `inbound` or `outbound`."""
    if not isinstance(module_id, str):
        return None
    parts = module_id.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in {"inbound", "outbound"} else None


def check_integration(integration: Any, path: Path, wanted: str | None) -> Iterator[Problem]:
    """Yield what the API refuses about an integration; `wanted` is the direction that the place asks for."""
    if not isinstance(integration, Mapping):
        return
    found = direction(integration.get("module_id"))
    if wanted is not None and found is not None and found != wanted:
        yield Problem(
            (*path, "module_id"),
            f"{integration['module_id']} is {found}, and an {wanted} module is needed here",
            f"write a module of the form <package>.{wanted}.<name>",
        )
    mappings = integration.get("mappings")
    for local, mapping in mappings.items() if isinstance(mappings, Mapping) else ():
        if isinstance(mapping, Mapping):
            yield from _mapping(mapping, (*path, "mappings", local))


def _mapping(mapping: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    value, here = mapping.get("value"), (*path, "value")
    if isinstance(value, bool):
        text = "true" if value else "false"
        yield Problem(here, f"a mapping takes no {text} without quotes: it is text here", f'write "{text}"')
    elif isinstance(value, Mapping):
        yield Problem(here, "a mapping takes text, a number, a list of texts or null, not a map")
    elif isinstance(value, list):
        yield from _listed(value, here)
    elif isinstance(value, str) and not balanced(value):
        yield Problem(here, f"the template {value!r} has {{{{ without }}}}", "close it", severity="warning")
    if value is not None and holds_secret(mapping) and not _hidden(value):
        yield Problem(
            here,
            f"{mapping.get('property')} looks like a credential and stands here in clear text",
            "write ${secret.NAME} and keep the value outside",
            severity="warning",
        )


def _listed(value: list[Any], path: Path) -> Iterator[Problem]:
    if not value:
        yield Problem(path, "a list of values must not be empty", "write null to blank the property")
    for index, item in enumerate(value):
        if item is not None and not isinstance(item, str | Template) and not is_secret(item):
            yield Problem((*path, index), "a list of values holds texts and null only")


def _hidden(value: Any) -> bool:
    """Tell whether a value comes from a secret, from elsewhere, or is a template that reads the lead."""
    if is_secret(value) or isinstance(value, Template):
        return True
    return isinstance(value, str) and "{{" in value
