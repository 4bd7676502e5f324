"""What became of a run, and what drifted, as JSON documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.report.coding import leaf_data
from reconciler.report.values import plain

if TYPE_CHECKING:
    from reconciler.applier.result import RunResult, StepResult
    from reconciler.drift import Drifted, DriftReport
    from reconciler.state import Entry, RunRecord, State

FORMAT = "1.0"


def result_document(result: RunResult) -> dict[str, Any]:
    """Return the outcome of a run: every step, what was stale, what it cost."""
    names = ("done", "failed", "skipped", "not started")
    return {
        "format_version": FORMAT,
        "run": result.run,
        "exit_code": result.exit_code,
        "interrupted": result.interrupted,
        "counts": {name.replace(" ", "_"): sum(1 for r in result.results if r.status == name) for name in names},
        "steps": [_step(step) for step in result.results],
        "stale": [{"address": s.address, "message": plain(s.text), "actor": s.actor or None} for s in result.stale],
        "recovered": [plain(text) for text in result.recovered],
        "refused": plain(result.refused) or None,
        "calls": result.calls,
        "seconds": round(result.seconds, 3),
    }


def _step(result: StepResult) -> dict[str, Any]:
    step = result.step
    out: dict[str, Any] = {
        "id": step.id,
        "address": step.address,
        "call": step.call,
        "phase": step.phase,
        "edit": step.edit,
        "title": plain(step.title),
        "status": result.status.replace(" ", "_"),
        "seconds": round(result.seconds, 3),
    }
    if result.error:
        out["error"] = plain(result.error)
    if result.cause:
        out["cause"] = plain(result.cause)
    if result.warnings:
        out["warnings"] = [plain(text) for text in result.warnings]
    return out


def drift_document(report: DriftReport) -> dict[str, Any]:
    """Return what drifted: per resource what somebody changed, who, and when."""
    out: dict[str, Any] = {
        "format_version": FORMAT,
        "version": report.tool,
        "project": report.project,
        "environment": report.environment,
        "timestamp": report.created_at,
        "drifted": report.has_drift,
        "checked": report.checked,
        "resources": [_drifted(item) for item in report.items],
        "notes": [{"address": note.address, "message": plain(note.text)} for note in report.notes],
        "errors": [{"address": note.address, "message": plain(note.text)} for note in report.errors],
    }
    if report.unmanaged is not None:
        out["unmanaged"] = [
            {
                "account": group.account,
                "kind": group.kind,
                "scope": group.scope,
                "count": len(group.objects),
                "objects": [{"id": found.id, "name": plain(found.name)} for found in group.objects],
            }
            for group in report.unmanaged
        ]
    return out


def _drifted(item: Drifted) -> dict[str, Any]:
    kept = {leaf.text for leaf in item.kept}
    attributes = []
    for leaf in item.leaves:
        data = leaf_data(leaf)
        attributes.append(
            {
                "path": data["path"],
                "seen": data["before"],
                "live": data["after"],
                "declared": data.get("previous"),
                "secret": leaf.secret,
                "kept": leaf.text in kept,
            }
        )
    actor = item.actor
    return {
        "address": item.address,
        "account": item.account,
        "type": f"{item.platform}_{item.kind}",
        "id": item.id,
        "deleted": item.gone,
        "attributes": attributes,
        "children": [{"path": c.text, "by_hand": c.by_hand, "id": c.id} for c in item.children],
        "actor": None if actor is None else {"name": actor.name, "at": actor.at, "event": actor.event},
        "source": {"file": item.file, "line": item.line},
    }


def entry_document(address: str, entry: Entry) -> dict[str, Any]:
    """Return what state holds of one resource; of its secrets only where they are and whether we know them."""
    return {
        "address": address,
        "account": entry.account,
        "kind": entry.kind,
        "id": entry.id,
        "scope": entry.scope,
        "key": entry.key,
        "children": entry.children,
        "sent": plain(entry.sent),
        "seen": plain(entry.seen),
        "secrets": {path: "assumed" if text == "assumed" else "known" for path, text in entry.secrets.items()},
        "published": plain(entry.published),
        "deps": entry.deps,
        "protect": entry.protect,
        "on_remove": entry.on_remove,
        "deposed": plain(entry.deposed),
        "origin": plain(entry.origin),
    }


def run_document(run: RunRecord) -> dict[str, Any]:
    """Return the record of one past run."""
    return {
        "id": run.id,
        "command": run.command,
        "started": run.started,
        "finished": run.finished,
        "who": run.who,
        "exit_code": run.exit_code,
        "counts": run.counts,
        "allowed": run.allowed,
        "reason": run.reason,
        "details": plain(run.details),
    }


def state_document(state: State) -> dict[str, Any]:
    """Return what state holds altogether, without the key that secrets are fingerprinted with."""
    return {
        "format_version": FORMAT,
        "tool": state.tool,
        "project": state.project,
        "environment": state.environment,
        "lineage": state.lineage,
        "serial": state.serial,
        "accounts": plain(state.accounts),
        "resources": [entry_document(address, entry) for address, entry in sorted(state.resources.items())],
        "runs": [run_document(run) for run in state.runs],
    }
