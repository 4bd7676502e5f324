"""Saved plans: the plan's JSON document, its options and digest, and the check that it still is what would be done.

A saved plan is never executed blindly. The same planner runs again with the same options and the ids that were minted;
only if it comes to the very same steps at the saved addresses is anything written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.report import plan_json
from reconciler.report.config_json import references_of

if TYPE_CHECKING:
    from reconciler.planner.planner import Planned, PlanOptions
    from reconciler.project.model import Project
    from reconciler.state import State

OPTIONS = ("mode", "purge", "targets", "excludes", "replaces", "resend_secrets")


@dataclass(frozen=True)
class Difference:
    """One address at which a saved plan is no longer what would be done."""

    address: str
    text: str


def saved_document(planned: Planned, state: State, options: Any, project: Project) -> dict[str, Any]:
    """Return the document of a plan with everything that applying it later needs, and its digest."""
    from reconciler.state import hmac_of

    references = references_of(project)
    document = plan_json.plan_document(planned.plan, lambda value: hmac_of(state, value), references)
    document["x_options"] = {name: getattr(options, name) for name in OPTIONS}
    document["x_minted"] = {address: item.minted for address, item in planned.items.items() if item.minted is not None}
    document["x_digest"] = plan_json.digest(plan_json_normal(document))
    return document


def plan_json_normal(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as it looks after being written and read: the form that digests are made of."""
    import orjson

    loaded: dict[str, Any] = orjson.loads(plan_json.dump(document, pretty=False))
    return loaded


def options_of(document: dict[str, Any], extra: Any) -> PlanOptions:
    """Return the options that a saved plan was made with; what it was allowed then holds for its apply."""
    from reconciler.model.plan import Allowed
    from reconciler.planner.planner import PlanOptions

    saved = document["x_options"]
    rules: list[tuple[str, str | None]] = []
    for text in document["x_allowed"]:
        name, _, what = text.partition("=")
        rules.append((name, what or None))
    return PlanOptions(
        mode=saved["mode"],
        purge=saved["purge"],
        targets=tuple(saved["targets"]),
        excludes=tuple(saved["excludes"]),
        replaces=tuple(saved["replaces"]),
        resend_secrets=tuple(saved["resend_secrets"]),
        allowed=Allowed(tuple(rules), document.get("x_reason")),
        minted=dict(document["x_minted"]),
        progress=extra,
        attribute=True,
    )


def check_belongs(document: dict[str, Any], project: Project) -> None:
    """Raise PlanFileError for a plan of another project or environment; nothing has been asked or locked yet."""
    from reconciler.report.saved import PlanFileError

    for word, of in (("project", project.name), ("environment", project.environment)):
        made_for = document.get(f"x_{word}")
        if made_for != of:
            here, there = (f"{word} {name}" if name else f"no {word}" for name in (of, made_for))
            raise PlanFileError(f"the saved plan was made for {there}, and this is {here}; nothing was written")


def check_accounts(document: dict[str, Any], planned: Planned) -> None:
    """Raise PlanFileError when the credentials of an account are not of whom the plan was made for."""
    from reconciler.report.saved import PlanFileError

    for name, account in document.get("x_accounts", {}).items():
        now = planned.plan.accounts.get(name)
        if now is not None and now["id"] != account["id"]:
            raise PlanFileError(
                f"account {name} was {account['id']} when the plan was made and is {now['id']} now; nothing was written"
            )


def differences(document: dict[str, Any], planned: Planned, state: State) -> list[Difference]:
    """Say at which addresses the saved steps are not what would be done now."""
    from reconciler.state import hmac_of

    fresh = [plan_json.step_data(step, lambda value: hmac_of(state, value)) for step in planned.plan.steps]
    steps_now, steps_then = plan_json_normal({"steps": fresh})["steps"], document["x_steps"]
    if document.get("x_lineage") != state.lineage:
        # A plan that was made before there was a ledger has fingerprints under a key that is gone.
        steps_now, steps_then = _without_fingerprints(steps_now), _without_fingerprints(steps_then)
    now: dict[str, list[Any]] = {}
    for step in steps_now:
        now.setdefault(step["address"], []).append(step)
    then: dict[str, list[Any]] = {}
    for step in steps_then:
        then.setdefault(step["address"], []).append(step)
    actors = {change.address: change.actor for change in planned.plan.resources}
    found: list[Difference] = []
    for address, steps in then.items():
        others = now.get(address, [])
        if _bare(steps) == _bare(others):
            continue
        actor = actors.get(address)
        by = f" (last changed by {actor.name}, {actor.at})" if actor is not None and actor.name else ""
        found.append(Difference(address, _say(steps, others) + by))
    return found


def _without_fingerprints(data: Any) -> Any:
    """Return plain data in which every secret looks like any other."""
    if isinstance(data, list):
        return [_without_fingerprints(item) for item in data]
    if isinstance(data, dict):
        return {name: None if name == "$secret" else _without_fingerprints(item) for name, item in data.items()}
    return data


def _bare(steps: list[Any]) -> list[Any]:
    return [{key: value for key, value in step.items() if key not in {"needs", "title"}} for step in steps]


def _shown(leaf: dict[str, Any]) -> str:
    """Return from what to what a leaf is written, secrets masked: a fingerprint is not for logs."""

    def hide(data: Any) -> Any:
        if isinstance(data, dict):
            return "(sensitive)" if "$secret" in data else {name: hide(item) for name, item in data.items()}
        return [hide(item) for item in data] if isinstance(data, list) else data

    before, after = (json.dumps(hide(leaf[word]), ensure_ascii=False) for word in ("before", "after"))
    return f"{before} → {after}".replace('"(sensitive)"', "(sensitive)")


def _say(then: list[Any], now: list[Any]) -> str:
    if not now:
        return "nothing is left to do there, or it cannot be done any more"
    calls = [step["call"] for step in then]
    if calls != [step["call"] for step in now]:
        return f"planned {', '.join(calls)}; now it would be {', '.join(step['call'] for step in now)}"
    for old, new in zip(then, now, strict=True):
        before = {leaf["path"]: leaf for leaf in old["overlay"]}
        for leaf in new["overlay"]:
            planned = before.get(leaf["path"])
            if planned is None:
                return f"{leaf['path']} differs now: {_shown(leaf)}"
            if planned != leaf:
                was, would = _shown(planned), _shown(leaf)
                return f"{leaf['path']} was {was}, now {would if would != was else 'another value'}"
        if old["body"] != new["body"]:
            return "the declaration has changed since"
    return "it is no longer as planned"


def restrict(planned: Planned, document: dict[str, Any]) -> None:
    """Keep only the steps of a fresh plan that the saved one has: later additions to the files are not part of it."""
    from dataclasses import replace

    ids = {step["id"] for step in document["x_steps"]}
    kept = [step for step in planned.plan.steps if step.id in ids]
    steps = tuple(replace(step, needs=tuple(need for need in step.needs if need in ids)) for step in kept)
    planned.plan = replace(planned.plan, steps=steps)
