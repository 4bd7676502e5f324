"""What a plan comes to, in words: counts, verbs, and why each resource changes."""

from __future__ import annotations

from collections import Counter

from reconciler.model.plan import Actor, Plan, ResourceChange
from reconciler.report.display import clean

VERBS = {"archive": "archived", "disable": "disabled", "delete": "deleted", "forget": "forgotten", "refuse": "kept"}


def plan_summary(plan: Plan) -> str:
    """Return one line: what is to be created, updated, removed; state edits; what applying will cost."""
    said = ", ".join(counts(plan))
    kept = sum(len(change.kept) for change in plan.resources)
    if kept:
        said += f"; {kept} kept as set by hand"
    if plan.has_changes and plan.estimate.calls:
        said += f" · about {_count(plan.estimate.calls, 'call')}"
        if plan.estimate.seconds >= 1:
            said += f", {duration(plan.estimate.seconds)}"
    return said


def counts(plan: Plan) -> list[str]:
    """Return the counts one by one; create, update and remove always, the others when there are any."""
    if not plan.has_changes and not any(change.action in {"create", "update", "remove"} for change in plan.resources):
        return ["no changes"]
    found = Counter(change.action for change in plan.resources)
    verbs = Counter(VERBS[change.removal or "delete"] for change in plan.resources if change.action == "remove")
    detail = f" ({', '.join(f'{count} {verb}' for verb, count in sorted(verbs.items()))})" if verbs else ""
    out = [f"{found['create']} to create", f"{found['update']} to update", f"{found['remove']} to remove{detail}"]
    if found["replace"]:
        out.insert(2, f"{found['replace']} to replace")
    adopted = sum(1 for change in plan.resources if change.importing is not None)
    moved = sum(1 for change in plan.resources if has_moved(change))
    released = sum(1 for change in plan.resources if change.released)
    for count, verb in ((adopted, "adopt"), (moved, "move"), (found["forget"], "forget"), (released, "release")):
        if count:
            out.append(f"{count} to {verb}")
    return out


def has_moved(change: ResourceChange) -> bool:
    """Tell whether a resource had another address before."""
    return change.previous_address is not None and change.previous_address != change.address


def duration(seconds: float) -> str:
    """Return a time in words that fit its size."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def actor_text(actor: Actor | None) -> str:
    """Return `by ana@example.com at 2026-…`, as far as it is known; empty when nothing is."""
    if actor is None:
        return ""
    name = f"by {clean(actor.name)}" if actor.name else ""
    at = f"at {clean(actor.at)}" if actor.at else ""
    return " ".join(part for part in (name, at) if part)


def causes(change: ResourceChange) -> str:
    """Return who made a resource differ: the files, somebody on the platform, or both."""
    found = change.causes
    here = bool(found & {"changed", "changed+drifted"})
    drifted = bool(found & {"drifted", "changed+drifted"})
    by = actor_text(change.actor)
    parts = []
    if here:
        parts.append("changed here")
    if drifted:
        parts.append(f"drifted{f' ({by})' if by else ''}")
    if "adopting" in found:
        parts.append("adopting")
    return " and ".join(parts)


def heading(change: ResourceChange, *, destroy: bool = False) -> tuple[str, str]:
    """Return the mark of a resource and what becomes of it, with the reason; `destroy`: everything was to go."""
    by = actor_text(change.actor)
    reason = clean(change.reason) if change.reason else ""
    match change.action:
        case "create" if change.gone or "recreated" in change.causes:
            return "+", _because("created again", f"it was deleted on the platform {by}".rstrip(), reason)
        case "create":
            return "+", _because("created", reason)
        case "update":
            return "~", _because("updated", causes(change), reason)
        case "replace":
            asked = "--replace" in change.replace_paths
            paths = ", ".join(clean(path) for path in change.replace_paths if path != "--replace")
            why = "as asked for" if asked and not paths else f"because {paths} cannot be changed in place"
            how = "the new one first" if change.create_before_destroy else "the old one goes first"
            return ("+/-" if change.create_before_destroy else "-/+"), _because(
                f"replaced {why}", how, causes(change), reason
            )
        case "remove":
            return "-", _because(
                VERBS[change.removal or "delete"], reason or ("" if destroy else "it is no longer declared")
            )
        case "adopt":
            return "⇐", _because(f"adopted: id {clean(change.importing or change.id or '?')}", reason)
        case "move":
            return "→", _because(f"moved from {clean(change.previous_address or '?')}", reason)
        case "forget" if change.gone:
            return "∅", _because("forgotten", reason or f"it was deleted on the platform {by}".rstrip())
        case "forget":
            return "∅", _because("forgotten", reason or "it stays on the platform, unmanaged")
        case "read":
            return "·", "looked up"
        case _:
            return ("○", "released") if change.released else ("=", "unchanged")


def _because(what: str, *why: str) -> str:
    return ": ".join(part for part in (what, "; ".join(part for part in why if part)) if part)
