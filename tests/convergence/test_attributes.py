"""Each writable attribute of each kind by itself: changed here, changed by hand, unset, released."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.convergence.paths import drop, get, leaves, plain, prefixes, put, resolve
from tests.convergence.sample import GONE, NOT_THERE, PLATFORMS, Sample, Vary
from tests.convergence.samples import SAMPLES
from tests.convergence.stage import Stage, differences, stage, texts

KINDS = [kind for platform in PLATFORMS.values() for kind in platform.kinds.values() if kind.managed]
CHUNK = 16
"""Attributes in one test: few enough that workers share the load."""


class Each:
    """Runs one thing for many attributes against one emulator; starts anew after a failure, and reports all by name."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.failures: list[str] = []

    def run(self, paths: Mapping[str, Vary], act: Callable[[Stage, str, Vary], None]) -> None:
        """Run, and fail with the names of the attributes for which it did not hold."""
        waiting = list(paths.items())
        while waiting:
            with tempfile.TemporaryDirectory() as root, stage(self.sample, Path(root)) as here:
                here.put(self.sample.body)
                while waiting:
                    path, how = waiting.pop(0)
                    try:
                        act(here, path, how)
                    except AssertionError as error:
                        self.failures.append(f"{path}, {here.doing}: {error}")
                        break
        assert not self.failures, "\n\n".join(f"{self.sample.title} {text}" for text in self.failures)


def belongs(path: str) -> Callable[[str], bool]:
    """Return the test of whether a path of a plan belongs to an attribute."""
    return lambda text: text == path or text.startswith((f"{path}.", f"{path}[")) or path.startswith(f"{text}.")


def shown(change: Mapping[str, Any], path: str, how: Vary) -> None:
    """Assert that the plan shows the attribute, and nothing else but the publish that comes of it."""
    found = [*texts(change), *texts(change, "x_children")]
    mine = belongs(path)
    allowed = [mine, *(belongs(other) for other in how.also)]
    assert any(mine(text) for text in found), f"the plan does not show it: {found}"
    others = [text for text in found if text != "$published" and not any(test(text) for test in allowed)]
    assert not others, f"the plan shows more: {others}"


def only_its_own(writes: list[str], remote_id: str) -> None:
    """Assert that something was written, and nothing but this object."""
    assert writes, "nothing was written"
    strangers = [one for one in writes if remote_id not in one.split("/")]
    assert not strangers, f"other objects were written: {strangers}"


def object_of(here: Stage, change: Mapping[str, Any]) -> dict[str, Any]:
    found = here.stored(str(change["x_id"]))
    assert found is not None
    return found


def is_switch(sample: Sample, path: str) -> bool:
    return resolve(sample.kind.shape, path)[1].switch


# -- the life of an attribute ---------------------------------------------------------------------------------------
def changed(here: Stage, path: str, how: Vary, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Take an attribute through its values; return the stored object after each. The body is in the stage then."""
    snapshots: list[dict[str, Any]] = []
    updates = 0
    for position, value in enumerate(how.values):
        here.doing = f"changed to {value!r}"
        new = get(body, path, GONE) is GONE
        body = how.set_in(body, path, position)
        here.write(body)
        change = here.plan()
        before = object_of(here, change)
        if change["x_action"] == "no-op" and position == 0:
            assert here.apply() == [], "it was written although the plan shows no change"  # as it is already
        else:
            updates += 1
            assert change["x_action"] == "update", change["x_action"]
            assert new or change["x_cause"] == ["changed"], change["x_cause"]
            shown(change, path, how)
            only_its_own(here.apply(), str(change["x_id"]))
            assert differences(before, object_of(here, change)), "nothing is different at the platform"
        here.settled()
        snapshots.append(object_of(here, change))
    assert updates, "no value made a change"
    return snapshots


def repaired(here: Stage, path: str, how: Vary, snapshots: list[dict[str, Any]]) -> None:
    """Turn the attribute back by hand; the next run turns it forward again."""
    here.doing = "changed by hand"
    values = dict(how.by_hand) if how.by_hand is not None else differences(snapshots[0], snapshots[-1])
    assert values, "nothing to set by hand"
    remote_id = str(snapshots[-1][here.sample.kind.id_attribute])
    here.edit(remote_id, values)
    change = here.plan()
    shown(change, path, how)
    assert "drifted" in change["x_cause"], change["x_cause"]
    only_its_own(here.apply(), remote_id)
    here.settled()


def unset(here: Stage, path: str) -> None:
    """Write null, and then what was there before."""
    here.doing = "unset"
    body = here.body
    here.write(put(body, path, None))
    change = here.plan()
    assert change["x_action"] == "update", change["x_action"]
    before = object_of(here, change)
    only_its_own(here.apply(), str(change["x_id"]))
    here.settled()
    assert differences(before, object_of(here, change)), "nothing is different at the platform"
    here.doing = "set again"
    here.put(body)


def released(here: Stage, path: str) -> None:
    """Leave it out: listed once, nothing sent, forgotten."""
    here.doing = "released"
    here.write(drop(here.body, path))
    change = here.plan("--detailed-exitcode", expect=2)  # an edit of state alone is a change
    before = object_of(here, change)
    found = [plain(text) for text in change["x_released"]]
    mine = belongs(path)
    assert found, "the plan does not say that it is released"
    assert all(mine(text) for text in found), found
    assert change["x_action"] == "no-op", change["x_action"]
    assert here.apply() == [], "a release was sent"
    here.settled()
    change = here.plan()
    assert change["x_released"] == [], "it is listed twice"
    assert object_of(here, change) == before


def may_be_left_out(sample: Sample, path: str, how: Vary) -> bool:
    return not how.needed and not resolve(sample.kind.shape, path)[1].required


def live(here: Stage, path: str, how: Vary) -> None:
    """Take an attribute through all of it."""
    here.doing = "prepared"
    body = here.body
    if how.given:
        body = here.sample.with_given(how.given)
        here.put(body)
    snapshots = changed(here, path, how, body)
    if not how.hidden and not is_switch(here.sample, path):
        repaired(here, path, how, snapshots)
    if resolve(here.sample.kind.shape, path)[1].nullable and not how.not_null:
        unset(here, path)
    if may_be_left_out(here.sample, path, how):
        released(here, path)
    if how.given or how.also:
        here.doing = "put back"
        here.put(here.sample.body)


def chunks() -> Iterator[Any]:
    for sample in SAMPLES:
        paths = [path for path, how in sample.vary.items() if how.effect == "update"]
        for start in range(0, len(paths), CHUNK):
            here = paths[start : start + CHUNK]
            yield pytest.param(sample, here, id=f"{sample.title} {here[0]}")


@pytest.mark.parametrize(("sample", "paths"), list(chunks()))
def test_life_of_attributes(sample: Sample, paths: list[str]) -> None:
    Each(sample).run({path: sample.vary[path] for path in paths}, live)


# -- what is special ------------------------------------------------------------------------------------------------
def having(test: Callable[[Sample, str, Vary], bool]) -> list[Any]:
    return [
        pytest.param(sample, id=sample.title)
        for sample in SAMPLES
        if any(test(sample, path, how) for path, how in sample.vary.items())
    ]


@pytest.mark.parametrize("sample", having(lambda _sample, _path, how: how.effect != "update"))
def test_what_cannot_be_changed_in_place(sample: Sample) -> None:
    def act(here: Stage, path: str, how: Vary) -> None:
        remote_id = here.remote_id()
        for position in range(len(how.values)):
            here.doing = f"changed to {how.values[position]!r}"
            here.write(how.set_in(sample.with_given(how.given), path, position))
            if how.effect == "refuse":
                ran = here.refused()
                assert how.says in ran.err + ran.out, ran
                continue
            change = here.plan()
            assert change["x_action"] == "replace", change["x_action"]
            here.apply()
            here.settled()
            assert here.remote_id() != remote_id

    for path, how in sample.vary.items():
        if how.effect != "update":
            Each(sample).run({path: how}, act)


def seen_switch(sample: Sample, path: str, how: Vary) -> bool:
    return how.effect == "update" and not how.hidden and is_switch(sample, path)


@pytest.mark.parametrize("sample", having(seen_switch))
def test_switch_by_hand(sample: Sample) -> None:
    def act(here: Stage, path: str, how: Vary) -> None:
        body = sample.with_given(how.given)
        snapshots = []
        for position in range(len(how.values)):
            here.doing = f"set to {how.values[position]!r}"
            body = how.set_in(body, path, position)
            here.put(body)
            snapshots.append(object_of(here, here.plan()))
        here.doing = "turned by hand"
        values = dict(how.by_hand) if how.by_hand is not None else differences(snapshots[0], snapshots[-1])
        here.edit(here.remote_id(), values)
        change = here.plan("--detailed-exitcode")
        assert texts(change, "x_kept") == [path], change
        assert change["x_action"] == "no-op"
        here.doing = "kept"
        ran = here.bench.run("plan", expect=0)
        assert "kept" in ran.out
        assert "Anna" in ran.out or not sample.kind.has_history, f"it does not say who: {ran}"
        assert here.apply() == [], "a kept switch was written"
        assert texts(here.plan("--detailed-exitcode"), "x_kept") == [path], "it is kept once only"
        here.doing = "reverted"
        here.write({**body, "$lifecycle": {"on_drift": "revert"}})
        shown(here.plan(), path, how)
        assert here.apply()
        here.settled()
        here.put(sample.body)

    Each(sample).run({path: how for path, how in sample.vary.items() if seen_switch(sample, path, how)}, act)


def nullable_parts(sample: Sample) -> dict[str, Vary]:
    """Return the parts of objects that can be unset as a whole, with a value for one of their attributes."""
    found: dict[str, Vary] = {}
    for path, how in sample.vary.items():
        if how.effect == "update" and not how.not_null:
            for prefix in list(prefixes(path))[1:]:
                if resolve(sample.kind.shape, prefix)[1].nullable and prefix not in sample.not_null:
                    found.setdefault(prefix, Vary((), how.set_in(sample.with_given(how.given), path, 0)))
    return found


@pytest.mark.parametrize("sample", [pytest.param(one, id=one.title) for one in SAMPLES if nullable_parts(one)])
def test_parts_unset(sample: Sample) -> None:
    def act(here: Stage, path: str, how: Vary) -> None:
        here.doing = "prepared"
        here.put(dict(how.given))
        unset(here, path)
        here.put(sample.body)

    Each(sample).run(nullable_parts(sample), act)


# -- the samples themselves -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.type_name)
def test_every_attribute_has_samples(kind: Any) -> None:
    mine = [one for one in SAMPLES if one.kind is kind]
    assert mine, "no sample at all"
    have = {resolve(kind.shape, path)[0] for one in mine for path in one.vary}
    have |= NOT_THERE.get(kind.type_name, frozenset())
    missing = [
        path for path in leaves(kind.shape) if path not in have and not any(one.startswith(f"{path}.") for one in have)
    ]
    assert not missing, f"values are missing for: {', '.join(missing)}"
