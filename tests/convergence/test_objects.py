"""Objects of each kind as a whole: made, deleted by hand, adopted, removed in every way, destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.kind import UniqueKey
from tests.convergence.paths import get, put
from tests.convergence.sample import PLATFORMS, Sample
from tests.convergence.samples import SAMPLES
from tests.convergence.stage import Stage, applied, stage, texts

by_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.title)
FIRST = {one.kind.type_name: one for one in reversed(SAMPLES)}
"""One sample for each kind: the first."""
by_kind = pytest.mark.parametrize("sample", FIRST.values(), ids=FIRST)


def removals() -> list[Any]:
    return [
        pytest.param(sample, verb, id=f"{name}-{verb}")
        for name, sample in FIRST.items()
        for verb in dict.fromkeys((sample.kind.on_remove, *sample.kind.removals))
    ]


def alone(sample: Sample) -> Sample:
    """Return a sample without what lives in it: a project without its goals can go from the files by itself."""
    inside = {address for address, body in sample.others.items() if body.get("project_id") == sample.name}
    if not inside:
        return sample
    kinds = {address.split(".")[1] for address in inside}
    body = {name: value for name, value in sample.body.items() if name.removeprefix("default_") not in kinds}
    others = {address: body for address, body in sample.others.items() if address not in inside}
    return replace(sample, body=body, others=others)


def addresses(here: Stage) -> set[str]:
    """Return what state tracks."""
    return set(here.bench.state()["resources"])


def deployed(here: Stage, writes: list[str]) -> bool:
    return here.sample.kind.publish is None or any(one.endswith("/deploy") for one in writes)


# -- made -----------------------------------------------------------------------------------------------------------
@by_sample
def test_create(sample: Sample, tmp_path: Path) -> None:
    with stage(sample, tmp_path) as here:
        here.write(sample.body)
        assert here.plan()["x_action"] == "create"
        writes = here.apply()
        assert deployed(here, writes)
        here.settled()
        assert sample.address in addresses(here)
        assert here.stored(here.remote_id()) is not None
        assert here.apply() == [], "a second apply wrote something"


@by_sample
def test_deleted_by_hand(sample: Sample, tmp_path: Path) -> None:
    with applied(sample, tmp_path) as here:
        old = here.remote_id()
        before = here.stored(old)
        here.edit(old, None)
        change = here.plan()
        assert change["x_action"] == "create"
        assert change["x_gone"] is True
        writes = here.apply()
        assert deployed(here, writes)
        here.settled()
        after = here.stored(here.remote_id())
        assert before is not None
        assert after is not None
        for switch in ("status", "enabled"):
            assert before.get(switch) == after.get(switch)


# -- adopted --------------------------------------------------------------------------------------------------------
def forgotten(here: Stage) -> str:
    """Let state forget the sample, which stays on the platform."""
    remote_id = here.remote_id()
    here.write(None, removed=[{"address": here.sample.address}])
    assert here.apply() == [], "forgetting wrote something"
    assert here.sample.address not in addresses(here)
    assert here.stored(remote_id) is not None
    return remote_id


def taken_over(here: Stage, remote_id: str, *argv: str) -> None:
    """Plan and apply an adoption of what is as declared: seen, tracked, nothing written."""
    change = here.plan("--detailed-exitcode", *argv, expect=2)
    assert change["change"]["importing"] == {"id": remote_id}
    assert change["x_action"] == "adopt", change
    assert here.apply(*argv) == [], "an adoption of what is as declared wrote something"
    here.settled()
    assert here.remote_id() == remote_id
    assert here.sample.address in addresses(here)


@by_sample
def test_adopted_by_its_key(sample: Sample, tmp_path: Path) -> None:
    """A unique key is enough; a name that may repeat needs a word from the user, and every form of it is tried."""
    sample = alone(sample)
    with applied(sample, tmp_path) as here:
        remote_id = forgotten(here)
        here.write(sample.body)
        if isinstance(sample.kind.key, UniqueKey):
            taken_over(here, remote_id)
            return
        ran = here.bench.run("plan", expect=5)
        assert remote_id in ran.out + ran.err, f"it does not say what exists: {ran}"
        assert f"adopt={sample.address}" in ran.out + ran.err
        assert here.bench.run("apply", "--auto-approve").code == 5
        assert here.writes() == []
        taken_over(here, remote_id, "--allow", f"adopt={sample.address}")
        for meta in ({"$adopt": True}, {"$import": remote_id}):
            forgotten(here)
            here.write({**meta, **sample.body})
            taken_over(here, remote_id)


@by_sample
def test_adopted_with_a_difference(sample: Sample, tmp_path: Path) -> None:
    simple = {path: how for path, how in sample.vary.items() if how.effect == "update" and not (how.given or how.also)}
    shown = [path for path, how in simple.items() if not how.hidden]
    if not shown:
        pytest.fail("no attribute of it can be seen to differ")
    path, value = next(
        (path, value) for path in shown for value in simple[path].values if value != get(dict(sample.body), path)
    )
    sample = alone(sample)
    with applied(sample, tmp_path) as here:
        remote_id = forgotten(here)
        here.write({"$import": remote_id, **put(dict(sample.body), path, value)})
        change = here.plan()
        assert change["change"]["importing"] == {"id": remote_id}
        assert change["x_action"] == "update"
        assert change["x_cause"] == ["adopting"] or "$published" in texts(change)
        assert here.apply()
        here.settled()


# -- removed --------------------------------------------------------------------------------------------------------
def gone_as(here: Stage, verb: str, remote_id: str, before: Mapping[str, Any]) -> None:
    """Assert that the object is as the verb leaves it."""
    after = here.stored(remote_id)
    if verb == "delete":
        assert after is None
        return
    assert after is not None
    kind = here.sample.kind
    wanted = kind.archive_with if verb == "archive" else kind.disable_with if verb == "disable" else {}
    for name, value in wanted.items():
        assert after[name] == value
    for name in ("status", "enabled"):
        if name not in wanted:
            assert after.get(name) == before.get(name)


@pytest.mark.parametrize(("sample", "verb"), removals())
def test_removed(sample: Sample, verb: str, tmp_path: Path) -> None:
    sample = alone(sample)
    body = dict(sample.body)
    if verb != sample.kind.on_remove:
        body["$lifecycle"] = {"on_remove": verb}
    with applied(sample, tmp_path, body) as here:
        remote_id = here.remote_id()
        before = here.stored(remote_id)
        assert before is not None
        here.write(None)
        if verb == "refuse":
            ran = here.refused()
            assert ran.code == 5, ran
            assert sample.address in addresses(here)
            return
        change = here.plan("--detailed-exitcode", expect=2)
        assert change["x_action"] == ("forget" if verb == "forget" else "remove")
        assert change["x_removal"] == verb
        assert verb in here.bench.run("plan", expect=0).out
        writes = here.apply()
        assert (writes == []) == (verb == "forget")
        if verb == "disable":
            assert deployed(here, writes)
        assert sample.address not in addresses(here)
        gone_as(here, verb, remote_id, before)
        here.settled()


@pytest.mark.parametrize("purge", [False, True], ids=["keep", "purge"])
@by_kind
def test_destroyed(sample: Sample, purge: bool, tmp_path: Path) -> None:
    body = {**sample.body}
    with applied(sample, tmp_path, body) as here:
        remote_id = here.remote_id()
        before = here.stored(remote_id)
        assert before is not None
        ran = here.bench.run("destroy", "--auto-approve", *(["--purge"] if purge else []))
        if sample.kind.on_remove == "refuse":
            assert ran.code in {3, 5}, ran
            assert here.stored(remote_id) is not None
            assert sample.address in addresses(here)
            return
        assert ran.code == 0, ran
        verb = "delete" if purge and "delete" in sample.kind.removals else sample.kind.on_remove
        gone_as(here, verb, remote_id, before)
        assert addresses(here) == set()


# -- parents --------------------------------------------------------------------------------------------------------
BARE: Mapping[str, Mapping[str, Any]] = {
    "convert_domains": {"url": "https://www.shop.example"},
    "convert_tags": {"name": "A tag"},
    "convert_goals": {"name": "A goal", "type": "code_trigger"},
    "convert_audiences": {"name": "An audience", "type": "transient", "rules": None},
    "convert_locations": {"name": "A location", "rules": None},
    "convert_features": {"name": "A feature", "variables": {"on": {"type": "boolean", "default_value": True}}},
    "convert_experiences": {
        "name": "A test",
        "type": "a/b",
        "status": "draft",
        "url": "https://www.shop.example/",
        "variations": {"original": {"name": "Original", "is_baseline": True}, "bar": {"name": "Bar"}},
    },
    "convert_hypotheses": {
        "name": "A hypothesis",
        "status": "draft",
        "prioritization_score_type": "ICE",
        "prioritization_score_attributes": {"impact": 1, "confidence": 1, "ease": 1},
    },
}
IN_PROJECT = [kind for kind in PLATFORMS["convert"].kinds.values() if kind.managed and kind.parent is not None]


@pytest.mark.parametrize("kind", IN_PROJECT, ids=lambda one: one.type_name)
def test_moved_to_another_project(kind: Any, tmp_path: Path) -> None:
    """What it lives in is part of what it is: another project is another object."""
    sort = "fullstack" if kind.name == "features" else "web"
    projects = {
        f"convert.projects.{name}": {"name": name, "project_type": sort, "settings": {"time_zone": "Europe/Berlin"}}
        for name in ("one", "two")
    }
    body = {**BARE[kind.type_name], "project_id": "one"}
    sample = Sample("convert", kind.name, body, {}, others=projects)
    with applied(sample, tmp_path) as here:
        here.settled()
        old = here.remote_id()
        here.write({**body, "project_id": "two"})
        assert here.plan()["x_action"] == "replace"
        here.apply()
        here.settled()
        assert here.remote_id() != old
        found = here.stored(here.remote_id())
        assert found is not None
        left = here.stored(old)
        assert left is None or left.get("status") == "archived"
