"""What is declared, sent and read again is the same: with the walk and the bodies that the engine uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.base.compare import Compare, Comparison
from reconciler.adapters.base.declare import ChildMap
from reconciler.adapters.base.wire import lay_over, object_to_wire
from reconciler.model.plan import LeafChange, Overlay
from reconciler.model.values import Ref, SecretRef, Sensitive, Template
from tests.adapters.leadconduit.conftest import Account
from tests.adapters.leadconduit.declaring import declare, sample

DISGUISES = ["fill_defaults", "sort_lists", "change_case", "numbers_as_text", "unknown_attributes", "timestamps"]


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """Fill in references and secrets, as the engine does when it knows them."""
    if isinstance(value, Template):
        parts = [filled(part, ids) for part in value.parts]
        if len(parts) == 1:
            return parts[0]
        text = "".join(str(part.value) if isinstance(part, Sensitive) else str(part) for part in parts)
        return Sensitive(text, "made up") if value.is_secret else text
    if isinstance(value, Ref):
        if value.output and value.address.startswith("⟨"):
            return ids[f"source {value.output[1]}"]
        return ids[value.address]
    if isinstance(value, SecretRef):
        return Sensitive(f"secret {value.name}", value.name)
    if isinstance(value, ChildMap):
        return ChildMap({key: filled(item, ids) for key, item in value.items()}, open=value.open, aligned=value.aligned)
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    return [filled(item, ids) for item in value] if isinstance(value, list) else value


def made_from_sample(account: Account) -> list[tuple[str, dict[str, Any], Raw]]:
    """Create what the sample declares, in its order; returns kind, declared body and the object as answered."""
    ids: dict[str, str] = {}
    found: list[tuple[str, dict[str, Any], Raw]] = []
    for kind, name, body in sample():
        address = f"leadconduit.{kind}.{name}"
        if "$existing" in body:
            wanted = body["$existing"]["name"]
            ids[address] = next(key for key, raw in account.list(kind).items() if raw["name"] == wanted)
            ids[f"source {name}"] = ids[address]
            continue
        declared, problems = declare(kind, {"id": name, **body} if kind == "fields" else body)
        assert problems == []
        desired = filled(declared, ids)
        minted = "5f0000000000000000000009" if kind == "flows" else None
        raw = account.create(kind, object_to_wire(account.kind(kind).shape, desired), minted)
        ids[address] = account.adapter.id_of(account.kind(kind), raw)
        found.append((kind, desired, raw))
    return found


def compared(account: Account, kind: str, desired: dict[str, Any], raw: Raw, ids: Mapping[str, str]) -> Comparison:
    walk = Compare({}, ids, lambda _text, _value, _live: None, everything=True)
    return walk.run(account.kind(kind).shape, desired, raw, frozenset({"$published"}))


@pytest.mark.parametrize("disguise", [[], *([one] for one in DISGUISES), ["shuffle_sets", *DISGUISES]])
def test_what_was_made_is_what_was_declared(account: Account, disguise: list[str]) -> None:
    account.faults(disguise=disguise)
    for kind, desired, answered in made_from_sample(account):
        object_id = account.adapter.id_of(account.kind(kind), answered)
        for raw in (answered, account.get(kind, object_id), account.list(kind)[object_id]):
            first = compared(account, kind, desired, raw, {})
            second = compared(account, kind, desired, raw, first.ids)
            for found in (first, second):
                assert found.problems == []
                assert found.children == []
                assert [leaf.text for leaf in found.leaves if not leaf.equal] == []


def test_a_second_save_changes_nothing(account: Account) -> None:
    for kind, _, raw in made_from_sample(account):
        if kind == "credentials":
            continue
        kept = {key: value for key, value in raw.items() if key != "updated_at"}
        saved = account.adapter.update(
            account.kind(kind), {}, account.adapter.id_of(account.kind(kind), raw), raw, frozenset(), raw
        )
        assert {key: value for key, value in saved.items() if key != "updated_at"} == kept


def overlay_of(found: Comparison) -> Overlay:
    leaves = [LeafChange(leaf.path, leaf.text, leaf.live, leaf.desired) for leaf in found.leaves if not leaf.equal]
    return Overlay(tuple(leaves), tuple(found.children), found.ids)


def test_edits_of_a_flow_keep_what_they_do_not_touch(account: Account) -> None:
    kind = account.kind("flows")
    desired, raw = next((desired, raw) for name, desired, raw in made_from_sample(account) if name == "flows")
    ids = compared(account, "flows", desired, raw, {}).ids
    steps = desired["steps"]
    stop = {
        "type": "filter",
        "outcome": "error",
        "rule_set": {"op": "or", "rules": [{"lhv": "lead.a", "op": "is true"}]},
    }
    criteria = desired["acceptance_criteria"]
    first, *others = criteria["rule_set"]["rules"]
    edited = {
        **desired,
        "name": "Renamed",
        "steps": ChildMap(
            {"dedupe": steps["dedupe"], "early": stop, "crm": steps["crm"], "trustedform": steps["trustedform"]}
        ),
        "caps": ChildMap({"budget": {**desired["caps"]["budget"], "maximum": 4000}}),
        "acceptance_criteria": {**criteria, "rule_set": {"op": "and", "rules": [*others, {**first, "rhv": ["TX"]}]}},
    }
    body, touched = lay_over(kind.shape, raw, overlay_of(compared(account, "flows", edited, raw, ids)))
    assert touched == {"name", "steps", "caps", "acceptance_criteria"}
    saved = account.adapter.update(kind, {}, raw["id"], body, touched, raw)
    again = compared(account, "flows", edited, saved, ids)
    assert (again.problems, again.children) == ([], [])
    assert [leaf.text for leaf in again.leaves if not leaf.equal] == []
    kept = [ids[f'steps["{name}"]'] for name in ("dedupe", "crm", "trustedform")]
    found = [step["id"] for step in saved["steps"]]
    assert [found[0], *found[2:]] == kept
    assert found[1] not in set(ids.values())
    assert saved["caps"][0]["id"] == raw["caps"][0]["id"]
    assert saved["sources"] == raw["sources"]
    old, new = (
        {rule.get("lhv"): rule["id"] for rule in one["acceptance_criteria"]["rule_set"]["rules"]}
        for one in (raw, saved)
    )
    assert new == old


def test_caps_that_go_are_null_and_others_keep_their_counter(account: Account) -> None:
    kind = account.kind("flows")
    desired, raw = next((desired, raw) for name, desired, raw in made_from_sample(account) if name == "flows")
    edited = {**desired, "caps": ChildMap()}
    body, touched = lay_over(kind.shape, raw, overlay_of(compared(account, "flows", edited, raw, {})))
    saved = account.adapter.update(kind, {}, raw["id"], body, touched, raw)
    assert saved["caps"] is None
    assert saved["steps"] == raw["steps"]
    found = compared(account, "flows", edited, saved, {})
    assert found.children == []
    assert all(leaf.equal for leaf in found.leaves)
