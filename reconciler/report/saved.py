"""Saved plans read back: checked that nobody and nothing changed them, and turned into a plan that can be shown."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler import __version__
from reconciler.model.plan import (
    Actor,
    Allowed,
    CheckResult,
    Estimate,
    LeafChange,
    Note,
    OutputChange,
    Plan,
    ResourceChange,
)
from reconciler.model.values import MISSING
from reconciler.report.coding import child_from, decode, leaf_from, step_from
from reconciler.report.plan_json import digest


class PlanFileError(ValueError):
    """A file that cannot be used as a saved plan; the message says why and what to do."""


@dataclass(frozen=True)
class SavedPlan:
    """A saved plan as read: the document whole, and where it came from."""

    document: dict[str, Any]
    path: str

    @property
    def plan(self) -> Plan:
        """The plan to be shown; its steps cannot be run."""
        return plan_from_document(self.document)


def read_plan(path: str | Path) -> SavedPlan:
    """Read a saved plan. Raises PlanFileError for what is none, is damaged, or is of another major version."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise PlanFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        document = orjson.loads(data)
    except ValueError as error:
        hint = "is empty" if not data.strip() else "is not a saved plan (no JSON, or cut short)"
        raise PlanFileError(f"{path}: the file {hint}; make one by `reconciler plan -o FILE`") from error
    if not isinstance(document, dict) or "format_version" not in document or "x_version" not in document:
        raise PlanFileError(f"{path}: it is JSON, but no plan of reconciler; make one by `reconciler plan -o FILE`")
    version = str(document["x_version"])
    if _major(version) != _major(__version__) or not str(document["format_version"]).startswith("1."):
        raise PlanFileError(
            f"{path}: this plan was made by reconciler {version}, this is {__version__}; plan again with this version"
        )
    if not isinstance(document.get("x_digest"), str):
        raise PlanFileError(
            f"{path}: this plan has no digest, so it is output of `plan --json` of another tool or was edited; "
            "make one by `reconciler plan -o FILE`"
        )
    if not hmac.compare_digest(document["x_digest"].encode(), digest(document).encode()):
        raise PlanFileError(f"{path}: the plan was changed after it was made (its digest differs); plan again")
    return SavedPlan(document, str(path))


def _major(version: str) -> str:
    """Return what must agree: the first number, and the second as long as the first is 0."""
    first, _, rest = version.partition(".")
    return f"0.{rest.partition('.')[0]}" if first == "0" else first


def plan_from_document(document: Mapping[str, Any]) -> Plan:
    """Rebuild from a document the plan that is shown. Raises PlanFileError when a member is missing."""
    try:
        return _plan(document)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise PlanFileError(f"the plan lacks a part or has one of the wrong form: {error}; plan again") from error


def _plan(document: Mapping[str, Any]) -> Plan:
    return Plan(
        id=document["x_plan"],
        project=document["x_project"],
        environment=document["x_environment"],
        tool=document["x_version"],
        created_at=document["timestamp"],
        mode=document["x_mode"],
        resources=tuple(_resource(entry) for entry in document["resource_changes"]),
        steps=tuple(step_from(entry) for entry in document["x_steps"]),
        checks=tuple(
            CheckResult(entry["rule"], entry["status"], entry["message"], entry["allow"], entry["address"])
            for entry in document["x_overrides"]
        ),
        notes=_notes(document["x_notes"]),
        errors=_notes(document["x_errors"]),
        outputs=tuple(_output(name, entry) for name, entry in document["output_changes"].items()),
        accounts=document["x_accounts"],
        variables={name: entry["value"] for name, entry in document["variables"].items()},
        estimate=Estimate(document["x_estimate"]["calls"], document["x_estimate"]["seconds"]),
        calls=document["x_read_calls"],
        cycles=tuple(tuple(cycle) for cycle in document["x_cycles"]),
        allowed=_allowed(document),
        digests=document["x_digests"],
        lineage=document["x_lineage"],
        serial=document["x_serial"],
        filters=tuple(document["x_filters"]),
    )


def _allowed(document: Mapping[str, Any]) -> Allowed:
    rules = []
    for text in document["x_allowed"]:
        name, sign, what = text.partition("=")
        rules.append((name, what if sign else None))
    return Allowed(tuple(rules), document["x_reason"])


def _notes(entries: list[Any]) -> tuple[Note, ...]:
    return tuple(Note(entry["address"], entry["message"], entry["kind"]) for entry in entries)


def _output(name: str, entry: Mapping[str, Any]) -> OutputChange:
    after = decode(entry["x_after"]) if "x_after" in entry else entry.get("after")
    before = MISSING if entry["actions"] == ["create"] else entry["before"]
    return OutputChange(name, before, after, sensitive=entry["after_sensitive"], description=entry["x_description"])


def _resource(entry: Mapping[str, Any]) -> ResourceChange:
    change = entry["change"]
    leaves = tuple(leaf_from(leaf) for leaf in entry["x_leaves"])
    kept = tuple(leaf_from(leaf) for leaf in entry.get("x_kept_values", ()))
    actor = entry.get("x_actor")
    return ResourceChange(
        address=entry["address"],
        account=entry["x_account"],
        platform=str(entry["provider_name"]).rpartition("/")[2],
        kind=_kind(entry),
        action=entry["x_action"],
        causes=frozenset(entry["x_cause"]),
        id=entry["x_id"],
        previous_address=entry.get("previous_address"),
        importing=change["importing"]["id"] if "importing" in change else None,
        removal=entry.get("x_removal"),
        leaves=leaves,
        children=tuple(child_from(child) for child in entry["x_children"]),
        kept=kept,
        drift=_drift(entry, (*leaves, *kept)),
        released=tuple(entry["x_released"]),
        converged=tuple(entry.get("x_converged", ())),
        replace_paths=tuple(entry.get("x_replace_paths", ())),
        create_before_destroy=change["actions"] == ["create", "delete"],
        publishes=entry["x_publishes"],
        carried=entry["x_carried"],
        risks=tuple(entry["x_risk"]),
        notes=tuple(entry["x_notes"]),
        actor=Actor(actor["name"], actor["at"], actor["event"]) if actor is not None else None,
        gone=entry.get("x_gone", False),
        before=change["before"],
        after=decode(entry["x_after"]) if "x_after" in entry else change["after"],
        file=entry["x_source"]["file"],
        line=entry["x_source"]["line"],
        reason=entry.get("x_reason"),
    )


def _kind(entry: Mapping[str, Any]) -> str:
    return str(entry["type"])[len(str(entry["provider_name"]).rpartition("/")[2]) + 1 :]


def _drift(entry: Mapping[str, Any], shown: tuple[LeafChange, ...]) -> tuple[LeafChange, ...]:
    names = set(entry.get("x_drifted", ()))
    rest = (leaf_from(leaf) for leaf in entry.get("x_drifted_values", ()))
    return (*(leaf for leaf in shown if leaf.text in names), *rest)
