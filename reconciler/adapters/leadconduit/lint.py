"""What the platform takes in a flow and what never works: operators that a type does not have, unmapped variables.

All of it is warnings: which fields and modules there are is told by the account, and the tables may grow. The operators
and components of each type are those of GET /types and of ActiveProspect's own `leadconduit-types`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from reconciler.adapters.leadconduit.templates import prefixes
from reconciler.model.kind import Problem
from reconciler.model.values import Path

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "E": ("is equal to", "is not equal to"),
    "L": ("is less than", "is less than or equal to", "is greater than", "is greater than or equal to"),
    "B": ("is blank", "is not blank"),
    "O": ("is obscene", "is not obscene"),
    "F": ("format is valid", "format is invalid"),
    "I": ("includes", "does not include"),
    "M": ("is included in", "is not included in"),
    "W": ("is between", "is not between"),
    "P": ("matches pattern", "does not match pattern"),
    "T": ("is true", "is false", "is not true", "is not false"),
}
_OPERATORS: Mapping[str, str] = {
    "string": "EBOIMP",
    "number": "ELBFIMW",
    "boolean": "TBF",
    "date": "ELBFW",
    "time": "ELBFW",
    "dob": "ELBFW",
    "email": "EBOFIMP",
    "phone": "EBFIM",
    "postal_code": "EBFIMP",
    "range": "ELBFIM",
    "state": "EBOIM",
    "street": "EBOFIMP",
    "city": "EBOFIMP",
    "first_name": "EBOFP",
    "last_name": "EBOFP",
    "gender": "EBF",
    "ip": "EBFIM",
    "ssn": "EBFIM",
    "credential": "EBIM",
    "trustedform_url": "BF",
    "url": "EBOFIM",
}
OPERATORS: Mapping[str, frozenset[str]] = {
    kind: frozenset(op for letter in letters for op in _GROUPS[letter]) for kind, letters in _OPERATORS.items()
}
"""Operators by type of field."""
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "string": (),
    "number": (),
    "boolean": (),
    "credential": (),
    "date": ("raw",),
    "time": ("raw",),
    "dob": ("raw", "age", "year"),
    "email": ("raw", "user", "domain", "host", "tld", "is_free", "is_disposable"),
    "phone": (
        "raw",
        "area",
        "exchange",
        "line",
        "number",
        "extension",
        "country_code",
        "country_calling_code",
        "type",
        "is_tollfree",
    ),
    "postal_code": ("raw", "country_code", "zip", "four", "fsa", "ldu", "outcode", "incode"),
    "range": ("raw", "min", "max", "mid", "avg"),
    "state": ("raw", "name", "abbr"),
    "street": ("raw", "number", "name"),
    "city": ("raw",),
    "first_name": ("raw",),
    "last_name": ("raw",),
    "gender": ("raw", "abbr"),
    "ip": ("raw", "is_ipv4", "ipv6_format"),
    "ssn": ("raw", "first_three", "middle_two", "last_four"),
    "trustedform_url": ("raw", "type", "cert_id", "is_masked", "is_web", "is_mobile", "is_facebook", "host", "path"),
    "url": ("raw", "protocol", "host", "port", "path", "query", "hash"),
}
"""Parts of a value that a rule may read, by type of field; `valid` exists for all of them."""


def lint_flow(
    flow: Mapping[str, Any], types: Mapping[str, str], modules: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    """Yield warnings about a declared flow; `types` are of all fields by id, `modules` those of the account by id."""
    yield from _rules(flow, (), types)
    for collection in ("sources", "steps"):
        children = flow.get(collection)
        for name, child in children.items() if isinstance(children, Mapping) else ():
            integration = child.get("integration") if isinstance(child, Mapping) else None
            if isinstance(integration, Mapping):
                yield from _integration(integration, (collection, name, "integration"), modules)


def _rules(value: Any, path: Path, types: Mapping[str, str]) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        if isinstance(value.get("lhv"), str) and isinstance(value.get("op"), str):
            yield from _rule(value["lhv"], value["op"], path, types)
        for key, item in value.items():
            yield from _rules(item, (*path, key), types)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _rules(item, (*path, index), types)


def _rule(variable: str, op: str, path: Path, types: Mapping[str, str]) -> Iterator[Problem]:
    if not variable.startswith("lead.") or "{{" in variable:
        return
    full = variable.removeprefix("lead.")
    field = next((one for one in prefixes(full) if one in types), None)
    if field is None:
        close = get_close_matches(full, types, n=1, cutoff=0.8)
        fix = f"did you mean lead.{close[0]}?" if close else ""
        yield Problem((*path, "lhv"), f"there is no field {full}", fix, severity="warning")
        return
    sort, component = types[field], full[len(field) + 1 :]
    if component:
        known = COMPONENTS.get(sort)
        if known is not None and component not in {*known, "valid"}:
            fix = f"known: {', '.join(known)}" if known else f"write lead.{field}"
            yield Problem((*path, "lhv"), f"a {sort} has no part {component}", fix, severity="warning")
    elif sort in OPERATORS and op not in OPERATORS[sort]:
        yield Problem((*path, "op"), f"{op} does not work on {field}, which is a {sort}", severity="warning")


def _integration(
    integration: Mapping[str, Any], path: Path, modules: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    module = modules.get(str(integration.get("module_id")))
    if module is None or module.get("direction") != "outbound":
        return
    mappings = integration.get("mappings")
    declared = mappings.values() if isinstance(mappings, Mapping) else ()
    mapped = {str(one.get("property")) for one in declared}
    variables = [one for one in module.get("request_variables") or () if isinstance(one, Mapping)]
    for one in variables:
        name = str(one.get("name"))
        # What is called lead.… is filled from the lead itself.
        if one.get("required") is True and name not in mapped and "*" not in name and not name.startswith("lead."):
            yield Problem(
                (*path, "mappings"),
                f"{module.get('id')} requires {name}, and nothing is mapped to it",
                f"add {name}: …",
                severity="warning",
            )
    names = [str(one.get("name")) for one in variables if "*" not in str(one.get("name"))]
    for local, one in mappings.items() if isinstance(mappings, Mapping) else ():
        given = str(one.get("property"))
        close = get_close_matches(given, names, n=1, cutoff=0.85)
        if given not in names and close and not _wildcard(given, variables):
            yield Problem(
                (*path, "mappings", local, "property"),
                f"{module.get('id')} does not know {given}",
                f"did you mean {close[0]}?",
                severity="warning",
            )


def _wildcard(name: str, variables: list[Mapping[str, Any]]) -> bool:
    stars = (str(one.get("name")) for one in variables)
    return any(name.startswith(star.removesuffix("*")) for star in stars if star.endswith("*"))
