"""The `configuration` of a plan document: accounts as providers, resources as blocks, values or what they refer to.

As in Terraform's format, a resource with several instances stands there once, and modules nest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.model.address import Address, parse_exact
from reconciler.model.plan import Plan, ResourceChange
from reconciler.model.values import Ref, Template, refs_in
from reconciler.report.values import masked, plain, sensitive

if TYPE_CHECKING:
    from reconciler.project.model import Project

SLOTTED = (Template, Ref, dict, list)
References = Mapping[str, Mapping[str, Sequence[str]]]
"""Address to top-level attribute to what it refers to, as `<address>` or `<address>.<output>`."""


def references_of(project: Project) -> dict[str, dict[str, list[str]]]:
    """Return what each declared attribute refers to, also where the plan knows the id already."""
    out: dict[str, dict[str, list[str]]] = {}
    for address, declaration in project.declarations.items():
        found = {name: refs for name, value in declaration.body.items() if (refs := _refs(value))}
        if found:
            out[address] = found
    return out


def _refs(value: Any) -> list[str]:
    """List references, each also without its output, as Terraform unwraps them."""
    return list(dict.fromkeys(text for ref in refs_in(value) for text in (str(ref), ref.address)))


def configuration(plan: Plan, references: References | None = None) -> dict[str, Any]:
    """Return the configuration as far as a plan knows it; `references` adds those that are resolved already."""
    root: dict[str, Any] = {"resources": []}
    if plan.outputs:
        root["outputs"] = {output.name: _output(output.sensitive, output.after) for output in plan.outputs}
    seen: set[tuple[str, ...]] = set()
    for change in plan.resources:
        address = parse_exact(change.address)
        if change.action in {"remove", "forget"} or address is None:
            continue
        modules = tuple(name for name, _ in address.module)
        block = f"{address.account}.{address.kind}.{address.name}"
        if (*modules, block) in seen:
            continue
        seen.add((*modules, block))
        refs = (references or {}).get(change.address, {})
        _module(root, modules)["resources"].append(_resource(change, address, block, refs))
    return {"provider_config": _providers(plan), "root_module": root}


def _providers(plan: Plan) -> dict[str, Any]:
    return {
        name: {"name": account["platform"], "full_name": f"reconciler.local/platforms/{account['platform']}"}
        | ({"alias": name} if name != account["platform"] else {})
        for name, account in plan.accounts.items()
    }


def _module(root: dict[str, Any], modules: Sequence[str]) -> dict[str, Any]:
    here = root
    for name in modules:
        call = here.setdefault("module_calls", {}).setdefault(name, {"module": {"resources": []}})
        here = call["module"]
    return here


def _resource(change: ResourceChange, address: Address, block: str, refs: Mapping[str, Sequence[str]]) -> Any:
    return {
        "address": block,
        "mode": "data" if change.action == "read" else "managed",
        "type": f"{change.platform}_{change.kind}",
        "name": address.name,
        "provider_config_key": change.account,
        "schema_version": 0,
        "expressions": {
            name: _expression(value, refs.get(name))
            for name, value in (change.after or {}).items()
            if name != "$implied"
        },
    }


def _expression(value: Any, refs: Sequence[str] | None) -> dict[str, Any]:
    found = list(dict.fromkeys([*(refs or ()), *_refs(value)])) if refs or isinstance(value, SLOTTED) else []
    return {"references": found} if found else {"constant_value": masked(plain(value), sensitive(value))}


def _output(hidden: bool, value: Any) -> dict[str, Any]:  # noqa: FBT001 - the one call stands above
    return {"sensitive": hidden, "expression": {} if hidden else _expression(value, None)}
