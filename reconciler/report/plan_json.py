"""The plan as a JSON document in Terraform's plan format 1.2, with our own members under `x_`.

The same document, with its digest, is a saved plan. Policy and summary tools for Terraform read it as it is; some of
them take the first line only, so `dump` writes one line unless asked otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from reconciler.model.address import module_prefix, parse_exact
from reconciler.model.plan import Actor, CheckResult, OutputChange, Plan, ResourceChange, Step
from reconciler.model.values import MISSING, Sensitive, Template, has_slot
from reconciler.report.coding import child_data, encode, leaf_data
from reconciler.report.config_json import References, configuration
from reconciler.report.values import (
    SENSITIVE,
    after_of,
    before_of,
    known,
    masked,
    plain,
    put,
    sensitive,
    unknown,
)

FORMAT = "1.2"
TERRAFORM = "1.9.0"
"""Constant: tools look at the major version only; ours is in `x_version`."""
ACTIONS: Mapping[str, list[str]] = {
    "create": ["create"],
    "update": ["update"],
    "remove": ["delete"],
    "no-op": ["no-op"],
    "adopt": ["no-op"],
    "move": ["no-op"],
    "forget": ["forget"],
    "read": ["read"],
}
Fingerprint = Callable[[Any], str]


def plan_document(
    plan: Plan, fingerprint: Fingerprint | None = None, references: References | None = None
) -> dict[str, Any]:
    """Return the plan as a document.

    `fingerprint` makes secrets comparable (for a saved plan) without showing them; `references` (see
    `config_json.references_of`) adds to `configuration` the references whose ids are known already.
    """
    values = {change.address: _sides(change) for change in plan.resources}
    return {
        "format_version": FORMAT,
        "terraform_version": TERRAFORM,
        "timestamp": plan.created_at,
        "errored": bool(plan.errors),
        "applyable": plan.applyable,
        "complete": not plan.errors and not plan.filters,
        "variables": {
            name: {"value": masked(plain(value), sensitive(value))} for name, value in plan.variables.items()
        },
        "planned_values": {"outputs": _outputs(plan), "root_module": _modules(plan, values, 1)},
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": TERRAFORM,
            "values": {"root_module": _modules(plan, values, 0)},
        },
        "configuration": configuration(plan, references),
        "resource_changes": [_resource(change, *values[change.address]) for change in plan.resources],
        "resource_drift": [_drift(change) for change in plan.resources if by_hand(change)],
        "output_changes": {output.name: _output_change(output) for output in plan.outputs},
        "checks": [_check(check) for check in plan.checks],
        "x_version": plan.tool,
        "x_plan": plan.id,
        "x_project": plan.project,
        "x_environment": plan.environment,
        "x_mode": plan.mode,
        "x_accounts": plan.accounts,
        "x_steps": [step_data(step, fingerprint) for step in plan.steps],
        "x_cycles": [list(cycle) for cycle in plan.cycles],
        "x_errors": [{"address": note.address, "message": note.text, "kind": note.kind} for note in plan.errors],
        "x_notes": [{"address": note.address, "message": note.text, "kind": note.kind} for note in plan.notes],
        "x_overrides": [
            {
                "rule": check.name,
                "message": check.message,
                "allow": check.override,
                "status": check.status,
                "address": check.address,
            }
            for check in plan.checks
        ],
        "x_allowed": [f"{name}={what}" if what is not None else name for name, what in plan.allowed.rules],
        "x_reason": plan.allowed.reason,
        "x_estimate": {"calls": plan.estimate.calls, "seconds": round(plan.estimate.seconds, 1)},
        "x_read_calls": plan.calls,
        "x_filters": list(plan.filters),
        "x_digests": plan.digests,
        "x_lineage": plan.lineage,
        "x_serial": plan.serial,
    }


@dataclass(slots=True)
class _Side:
    """An object before or after, as far as it is known, with the trees of what is secret and what is not known yet."""

    value: Any
    known: Any
    hidden: Any
    unknown: Any


_Sides = tuple[_Side | None, _Side | None]


def _sides(change: ResourceChange) -> _Sides:
    before, after = before_of(change), after_of(change)
    last = None if after is None else _side(after)
    return (last if before is after else None if before is None else _side(before)), last


def _side(value: Any) -> _Side:
    return _Side(value, known(value), sensitive(value) or {}, unknown(value) or {})


def by_hand(change: ResourceChange) -> bool:
    """Tell whether somebody changed an object on the platform since we saw it last."""
    return bool(
        change.drift or change.gone or (not change.importing and any(c.cause == "drifted" for c in change.children))
    )


def _check(check: CheckResult) -> dict[str, Any]:
    status = "fail" if check.status == "fail" else "pass"
    shown = f"check.{check.name}" + (f".{check.address}" if check.address else "")
    problems = [{"message": check.message}] if check.status == "fail" else []
    return {
        "address": {"kind": "check", "name": check.name, "to_display": shown},
        "status": status,
        "instances": [{"address": {"to_display": check.address or shown}, "status": status, "problems": problems}],
    }


def _output_change(output: OutputChange) -> dict[str, Any]:
    out: dict[str, Any] = {
        "actions": ["create"] if output.before is MISSING else ["update"],
        "before": SENSITIVE if output.sensitive and output.before is not MISSING else plain(output.before),
        "before_sensitive": output.sensitive and output.before is not MISSING,
        "after_sensitive": output.sensitive,
        "after_unknown": unknown(output.after),
        "x_description": output.description,
    }
    if out["after_unknown"] is not True:
        out["after"] = SENSITIVE if output.sensitive else known(output.after)
    if not output.sensitive and (coded := encode(output.after)) != out.get("after"):
        out["x_after"] = coded
    return out


def _outputs(plan: Plan) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for output in plan.outputs:
        out[output.name] = {"sensitive": output.sensitive}
        if not isinstance(output.after, Template) or not has_slot(output.after):
            out[output.name]["value"] = SENSITIVE if output.sensitive else known(output.after)
    return out


def _identity(change: ResourceChange) -> dict[str, Any]:
    address = parse_exact(change.address)
    assert address is not None, change.address
    out: dict[str, Any] = {"address": change.address}
    if address.module:
        out["module_address"] = address.module_path
    out |= {
        "mode": "data" if change.action == "read" else "managed",
        "type": f"{change.platform}_{change.kind}",
        "name": address.name,
    }
    if address.index is not None:
        out["index"] = address.index
    out["provider_name"] = f"reconciler.local/platforms/{change.platform}"
    return out


def _change(change: ResourceChange, before: _Side | None, after: _Side | None) -> dict[str, Any]:
    actions = ACTIONS.get(change.action)
    if change.action == "replace":
        actions = ["create", "delete"] if change.create_before_destroy else ["delete", "create"]
    out: dict[str, Any] = {
        "actions": actions,
        "before": before.known if before is not None else None,
        "after": after.known if after is not None else None,
        "after_unknown": after.unknown if after is not None else {},
        "before_sensitive": before.hidden if before is not None else False,
        "after_sensitive": after.hidden if after is not None else False,
    }
    if change.importing is not None:
        out["importing"] = {"id": change.importing}
    paths = [path.split(".") for path in change.replace_paths if path != "--replace"]
    if paths:
        out["replace_paths"] = paths
    return out


def _resource(change: ResourceChange, before: _Side | None, after: _Side | None) -> dict[str, Any]:
    out = _identity(change)
    if change.previous_address is not None and change.previous_address != change.address:
        out["previous_address"] = change.previous_address
    out["change"] = _change(change, before, after)
    if change.action == "replace":
        out["action_reason"] = (
            "replace_by_request" if "--replace" in change.replace_paths else "replace_because_cannot_update"
        )
    elif change.action == "remove":
        out["action_reason"] = "delete_because_no_resource_config"
    out |= {
        "provider_config_key": change.account,
        "x_account": change.account,
        "x_action": change.action,
        "x_id": change.id,
        "x_cause": sorted(change.causes),
        "x_risk": list(change.risks),
        "x_source": {"file": change.file, "line": change.line},
        "x_leaves": [leaf_data(leaf) for leaf in change.leaves],
        "x_children": [child_data(child) for child in change.children],
        "x_kept": [leaf.text for leaf in change.kept],
        "x_released": list(change.released),
        "x_secret_changed": [leaf.text for leaf in change.leaves if leaf.secret],
        "x_notes": list(change.notes),
        "x_publishes": change.publishes,
        "x_carried": change.carried,
    }
    if change.kept:
        out["x_kept_values"] = [leaf_data(leaf) for leaf in change.kept]
    shown = {id(leaf) for leaf in (*change.leaves, *change.kept)}
    rest = [leaf for leaf in change.drift if id(leaf) not in shown]
    if change.drift:
        out["x_drifted"] = [leaf.text for leaf in change.drift if id(leaf) in shown]
    if rest:
        out["x_drifted_values"] = [leaf_data(leaf) for leaf in rest]
    if change.converged:
        out["x_converged"] = list(change.converged)
    if change.replace_paths:
        out["x_replace_paths"] = list(change.replace_paths)
    if change.gone:
        out["x_gone"] = True
    if change.reason is not None:
        out["x_reason"] = change.reason
    if change.removal is not None:
        out["x_removal"] = change.removal
    if change.action == "remove" and change.removal != "delete":
        out["x_effect"] = change.removal
    if change.action == "create" and after is not None and (coded := encode(after.value)) != after.known:
        out["x_after"] = coded
    return out | _actor(change.actor)


def _actor(actor: Actor | None) -> dict[str, Any]:
    return {} if actor is None else {"x_actor": {"name": actor.name, "at": actor.at, "event": actor.event}}


def _drift(change: ResourceChange) -> dict[str, Any]:
    """One object that somebody changed: from what we saw last to what is live now."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for leaf in change.drift:
        hidden = Sensitive(None, leaf.text) if leaf.secret else None
        put(before, leaf.path, hidden or leaf.previous)
        put(after, leaf.path, hidden or leaf.before)
    children = [child for child in change.children if child.cause == "drifted" and not change.importing]
    out = _identity(change)
    out["change"] = {
        "actions": ["delete"] if change.gone else ["update"],
        "before": plain(before),
        "after": None if change.gone else plain(after),
        "after_unknown": {},
        "before_sensitive": sensitive(before) or {},
        "after_sensitive": False if change.gone else sensitive(after) or {},
    }
    out["provider_config_key"] = out["x_account"] = change.account
    out["x_id"] = change.id
    out["x_kept"] = [leaf.text for leaf in change.kept]
    if children:
        said = {"add": "removed", "remove": "added"}
        out["x_children"] = [{"path": c.text, "by_hand": said.get(c.action, c.action), "id": c.id} for c in children]
    return out | _actor(change.actor)


def _modules(plan: Plan, values: Mapping[str, _Sides], side: int) -> dict[str, Any]:
    root: dict[str, Any] = {"resources": []}
    modules: dict[str, dict[str, Any]] = {"": root}
    for change in plan.resources:
        found = values[change.address][side]
        if found is None:
            continue
        entry = _identity(change)
        module = entry.pop("module_address", "")
        entry |= {"schema_version": 0, "values": found.known, "sensitive_values": found.hidden}
        _nest(modules, change.address, module)["resources"].append(entry)
    return root


def _nest(modules: dict[str, dict[str, Any]], address: str, module: str) -> dict[str, Any]:
    """Return the module's entry, made with those it stands in if need be."""
    if module in modules:
        return modules[module]
    parsed = parse_exact(address)
    assert parsed is not None
    here = ""
    for depth in range(1, len(parsed.module) + 1):
        outer, here = here, module_prefix(parsed.module[:depth]).removesuffix(".")
        if here not in modules:
            modules[here] = {"address": here, "resources": []}
            modules[outer].setdefault("child_modules", []).append(modules[here])
    return modules[module]


def step_data(step: Step, fingerprint: Fingerprint | None = None) -> dict[str, Any]:
    """Return a step as plain data; secrets by fingerprint, so that two plans can be compared."""

    def hide(item: Any) -> Any:
        return {"$secret": fingerprint(item)} if fingerprint is not None else SENSITIVE

    def value(item: Any) -> Any:
        if isinstance(item, Sensitive):
            return hide(item.value)
        if isinstance(item, Template):
            return {"$slot": str(item)}
        if item is MISSING:
            return None
        if isinstance(item, Mapping):
            return {key: value(inner) for key, inner in item.items() if key != "$implied"}
        if isinstance(item, list | tuple):
            return [value(inner) for inner in item]
        return plain(item)

    def secret(item: Any) -> Any:
        return value(item) if item is None or isinstance(item, Sensitive | Template | dict | list) else hide(item)

    return {
        "id": step.id,
        "address": step.address,
        "call": step.call,
        "phase": step.phase,
        "title": step.title,
        "needs": list(step.needs),
        "remote_id": step.remote_id,
        "facet": step.facet,
        "removal": step.removal,
        "edit": step.edit,
        "data": value(step.data),
        "body": value(step.body),
        "overlay": [
            {
                "path": leaf.text,
                "before": SENSITIVE if leaf.secret else value(leaf.before),
                "after": (None if leaf.after is MISSING else secret(leaf.after)) if leaf.secret else value(leaf.after),
            }
            for leaf in step.overlay.leaves
        ],
        "children": [
            {"path": child.text, "action": child.action, "id": child.id, "value": value(child.value)}
            for child in step.overlay.children
        ],
    }


def dump(document: Mapping[str, Any], *, pretty: bool = False) -> str:
    """Return a document as JSON text, on one line unless `pretty`."""
    option = orjson.OPT_INDENT_2 if pretty else 0
    return orjson.dumps(document, option=option | orjson.OPT_NON_STR_KEYS).decode()


def digest(document: Mapping[str, Any]) -> str:
    """Return the digest of a saved plan, its own member left out."""
    bare = {key: value for key, value in document.items() if key != "x_digest"}
    return blake2b(
        orjson.dumps(bare, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS), digest_size=16
    ).hexdigest()
