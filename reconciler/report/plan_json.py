"""The plan as a JSON document in Terraform's plan format 1.2, with our own members under `x_`.

The same document, with its digest, is a saved plan. Policy and summary tools for Terraform read it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import orjson

from reconciler.model.address import parse
from reconciler.model.plan import Plan, ResourceChange, Step
from reconciler.model.values import MISSING, Sensitive, Template
from reconciler.report.values import (
    SENSITIVE,
    before_of,
    child_data,
    known,
    leaf_data,
    plain,
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


def plan_document(plan: Plan, fingerprint: Callable[[Any], str] | None = None) -> dict[str, Any]:
    """Return the plan as a document. `fingerprint` makes secrets comparable (for a saved plan) without showing them."""
    document: dict[str, Any] = {
        "format_version": FORMAT,
        "terraform_version": TERRAFORM,
        "timestamp": plan.created_at,
        "errored": bool(plan.errors),
        "applyable": plan.applyable,
        "complete": not plan.errors and not plan.filters,
        "variables": {name: {"value": plain(value)} for name, value in plan.variables.items()},
        "planned_values": {"outputs": _outputs(plan), "root_module": _modules(plan, _planned)},
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": TERRAFORM,
            "values": {"root_module": _modules(plan, _prior)},
        },
        "configuration": _configuration(plan),
        "resource_changes": [_resource(change) for change in plan.resources],
        "resource_drift": [_drift(change) for change in plan.resources if change.drift or change.gone],
        "output_changes": {
            output.name: {
                "actions": ["create"] if output.before is MISSING else ["no-op"],
                "before": None,
                **_after(output.after, masked=output.sensitive),
                "before_sensitive": output.sensitive,
                "after_sensitive": output.sensitive,
            }
            for output in plan.outputs
        },
        "checks": [
            {
                "address": {
                    "kind": "check",
                    "name": check.name,
                    "to_display": f"check.{check.name}" + (f".{check.address}" if check.address else ""),
                },
                "status": "fail" if check.status == "fail" else "pass",
                "instances": [
                    {
                        "address": {"to_display": check.address or f"check.{check.name}"},
                        "status": "fail" if check.status == "fail" else "pass",
                        "problems": [{"message": check.message}] if check.status == "fail" else [],
                    }
                ],
            }
            for check in plan.checks
        ],
        "x_version": plan.tool,
        "x_plan": plan.id,
        "x_project": plan.project,
        "x_environment": plan.environment,
        "x_mode": plan.mode,
        "x_accounts": plan.accounts,
        "x_steps": [step_data(step, fingerprint) for step in plan.steps],
        "x_cycles": [list(cycle) for cycle in plan.cycles],
        "x_errors": [{"address": note.address, "message": note.text} for note in plan.errors],
        "x_notes": [{"address": note.address, "message": note.text, "kind": note.kind} for note in plan.notes],
        "x_overrides": [
            {"rule": check.name, "message": check.message, "allow": check.override, "status": check.status}
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
    return document


def _after(value: Any, *, masked: bool) -> dict[str, Any]:
    if isinstance(value, Template):
        return {"after_unknown": True}
    return {"after": SENSITIVE if masked else plain(value), "after_unknown": unknown(value)}


def _outputs(plan: Plan) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for output in plan.outputs:
        out[output.name] = {"sensitive": output.sensitive}
        if not isinstance(output.after, Template):
            out[output.name]["value"] = SENSITIVE if output.sensitive else plain(output.after)
    return out


def _identity(change: ResourceChange) -> dict[str, Any]:
    parsed = parse(change.address)
    assert parsed is not None, change.address
    address = parsed[0]
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


def _change(change: ResourceChange) -> dict[str, Any]:
    actions = ACTIONS.get(change.action)
    if change.action == "replace":
        actions = ["create", "delete"] if change.create_before_destroy else ["delete", "create"]
    before, after = before_of(change), change.after
    if change.action in {"remove", "forget"}:
        after = None
    secrets = sensitive(after) if after is not None else False
    out: dict[str, Any] = {
        "actions": actions,
        "before": _masked(plain(before), secrets) if before is not None else None,
        "after": known(after) if after is not None else None,
        "after_unknown": (unknown(after) or {}) if after is not None else {},
        "before_sensitive": (secrets or {}) if before is not None else False,
        "after_sensitive": (secrets or {}) if after is not None else False,
    }
    if change.importing is not None:
        out["importing"] = {"id": change.importing}
    if change.replace_paths:
        out["replace_paths"] = [path.split(".") for path in change.replace_paths if path != "--replace"]
    return out


def _masked(value: Any, secrets: Any) -> Any:
    if secrets is True:
        return SENSITIVE if value is not None else None
    if isinstance(secrets, dict) and isinstance(value, dict):
        return {key: _masked(item, secrets.get(key, False)) for key, item in value.items()}
    if isinstance(secrets, list) and isinstance(value, list):
        return [_masked(item, secrets[i] if i < len(secrets) else False) for i, item in enumerate(value)]
    return value


def _resource(change: ResourceChange) -> dict[str, Any]:
    out = _identity(change)
    if change.previous_address is not None and change.previous_address != change.address:
        out["previous_address"] = change.previous_address
    out["change"] = _change(change)
    if change.action == "replace":
        out["action_reason"] = (
            "replace_by_request" if "--replace" in change.replace_paths else "replace_because_cannot_update"
        )
    elif change.action == "remove":
        out["action_reason"] = "delete_because_no_resource_config"
    out |= {
        "provider_config_key": change.account,
        "x_account": change.account,
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
    if change.action == "remove" and change.removal != "delete":
        out["x_effect"] = change.removal
    if change.actor is not None:
        out["x_actor"] = {"name": change.actor.name, "at": change.actor.at, "event": change.actor.event}
    return out


def _drift(change: ResourceChange) -> dict[str, Any]:
    """One object that somebody changed: from what we saw last to what is live now."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    masked: dict[str, Any] = {}
    for leaf in change.drift:
        before[leaf.text] = SENSITIVE if leaf.secret else plain(leaf.previous)
        after[leaf.text] = SENSITIVE if leaf.secret else plain(leaf.before)
        if leaf.secret:
            masked[leaf.text] = True
    out = _identity(change)
    out["change"] = {
        "actions": ["delete"] if change.gone else ["update"],
        "before": before,
        "after": None if change.gone else after,
        "after_unknown": {},
        "before_sensitive": masked,
        "after_sensitive": False if change.gone else masked,
    }
    out["provider_config_key"] = out["x_account"] = change.account
    if change.actor is not None:
        out["x_actor"] = {"name": change.actor.name, "at": change.actor.at, "event": change.actor.event}
    return out


def _modules(plan: Plan, values: Callable[[ResourceChange], Any]) -> dict[str, Any]:
    root: dict[str, Any] = {"resources": []}
    children: dict[str, list[dict[str, Any]]] = {}
    for change in plan.resources:
        found = values(change)
        if found is None:
            continue
        entry = _identity(change)
        module = entry.pop("module_address", None)
        entry |= {"schema_version": 0, "values": found, "sensitive_values": sensitive(change.after) or {}}
        (children.setdefault(module, []) if module is not None else root["resources"]).append(entry)
    if children:
        root["child_modules"] = [{"address": name, "resources": items} for name, items in sorted(children.items())]
    return root


def _planned(change: ResourceChange) -> Any:
    return None if change.action in {"remove", "forget"} or change.after is None else known(change.after)


def _prior(change: ResourceChange) -> Any:
    before = before_of(change)
    return None if before is None else _masked(plain(before), sensitive(change.after))


def _configuration(plan: Plan) -> dict[str, Any]:
    resources = []
    for change in plan.resources:
        if change.action in {"remove", "forget"}:
            continue
        entry = _identity(change)
        entry.pop("provider_name")
        entry.pop("module_address", None)
        entry["provider_config_key"] = change.account
        entry["expressions"] = {
            name: {"constant_value": plain(value)} for name, value in (change.after or {}).items() if not unknown(value)
        }
        resources.append(entry)
    providers = {
        name: {
            "name": account["platform"],
            "full_name": f"reconciler.local/platforms/{account['platform']}",
        }
        for name, account in plan.accounts.items()
    }
    return {"provider_config": providers, "root_module": {"resources": resources}}


def step_data(step: Step, fingerprint: Callable[[Any], str] | None = None) -> dict[str, Any]:
    """Return a step as plain data; secrets by fingerprint, so that two plans can be compared."""

    def value(item: Any) -> Any:
        if isinstance(item, Sensitive):
            return {"$secret": fingerprint(item.value)} if fingerprint is not None else SENSITIVE
        if isinstance(item, Template):
            return {"$slot": str(item)}
        if item is MISSING:
            return None
        if isinstance(item, Mapping):
            return {key: value(inner) for key, inner in item.items() if key != "$implied"}
        if isinstance(item, list | tuple):
            return [value(inner) for inner in item]
        return item

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
            {"path": leaf.text, "before": SENSITIVE if leaf.secret else value(leaf.before), "after": value(leaf.after)}
            for leaf in step.overlay.leaves
        ],
        "children": [
            {"path": child.text, "action": child.action, "id": child.id, "value": value(child.value)}
            for child in step.overlay.children
        ],
    }


def dump(document: Mapping[str, Any], *, pretty: bool = True) -> str:
    """Return a document as JSON text."""
    option = orjson.OPT_INDENT_2 if pretty else 0
    return orjson.dumps(document, option=option | orjson.OPT_NON_STR_KEYS).decode()


def digest(document: Mapping[str, Any]) -> str:
    """Return the digest of a saved plan, its own member left out."""
    bare = {key: value for key, value in document.items() if key != "x_digest"}
    return blake2b(
        orjson.dumps(bare, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS), digest_size=16
    ).hexdigest()
