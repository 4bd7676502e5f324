"""Each writable attribute of each kind by itself: changed here, changed by hand, unset, released."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.convergence.paths import drop, get, leaves, plain, prefixes, put, resolve
from tests.convergence.sample import GONE, PLATFORMS, Sample, Vary
from tests.convergence.samples import SAMPLES
from tests.convergence.stage import Stage, differences, stage, texts

KINDS = [kind for platform in PLATFORMS.values() for kind in platform.kinds.values() if kind.managed]
by_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.title)


class Each:
    """Runs one thing for many attributes against one emulator; starts anew after a failure, and reports all by name."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.failures: list[str] = []
        self.done = 0

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
                        self.failures.append(f"{path}: {error}")
                        break
                    self.done += 1
        assert not self.failures, "\n\n".join(f"{self.sample.title} {text}" for text in self.failures)


def expected(path: str) -> Callable[[str], bool]:
    """Return the test of whether a path of a plan belongs to an attribute."""
    return lambda text: text == path or text.startswith((f"{path}.", f"{path}[")) or path.startswith(f"{text}.")


def shown(change: Mapping[str, Any], path: str, how: Vary) -> None:
    """Assert that the plan shows the attribute, and nothing else but the publish that comes of it."""
    found = [*texts(change), *texts(change, "x_children")]
    mine = expected(path)
    allowed = [mine, *(expected(other) for other in how.also)]
    assert any(mine(text) for text in found), f"the plan does not show it: {found}"
    others = [text for text in found if text != "$published" and not any(test(text) for test in allowed)]
    assert not others, f"the plan shows more: {others}"


def only_its_own(here: Stage, writes: list[str], remote_id: str) -> None:
    """Assert that something was written, and nothing but this object."""
    assert writes, "nothing was written"
    strangers = [one for one in writes if remote_id not in one.split("/")]
    assert not strangers, f"other objects were written: {strangers}"


def base(here: Stage, how: Vary) -> dict[str, Any]:
    return here.sample.with_given(how.given)


# -- change ---------------------------------------------------------------------------------------------------------
@by_sample
def test_change(sample: Sample) -> None:
    def act(here: Stage, path: str, how: Vary) -> None:
        body = base(here, how)
        if how.given:
            here.put(body)
        for position, value in enumerate(how.values):
            if get(body, path, GONE) == value:
                continue
            body = how.set_in(body, path, position)
            here.write(body)
            change = here.plan()
            assert change["x_action"] == "update", change["x_action"]
            shown(change, path, how)
            remote_id = str(change["x_id"])
            before = here.stored(remote_id)
            assert before is not None
            only_its_own(here, here.apply(), remote_id)
            here.settled()
            after = here.stored(remote_id)
            assert after is not None
            assert differences(before, after), f"nothing is different at the platform after {value!r}"
        here.put(sample.body)

    Each(sample).run({path: how for path, how in sample.vary.items() if how.effect == "update"}, act)


@by_sample
def test_special(sample: Sample) -> None:
    """What cannot be changed in place: the plan says so, or replaces."""

    def act(here: Stage, path: str, how: Vary) -> None:
        remote_id = here.remote_id()
        for position in range(len(how.values)):
            body = how.set_in(base(here, how), path, position)
            here.write(body)
            if how.effect == "refuse":
                ran = here.refused()
                assert how.says in ran.err + ran.out, ran
                continue
            change = here.plan()
            assert change["x_action"] == "replace", change["x_action"]
            here.apply()
            here.settled()
            assert here.remote_id() != remote_id
        here.put(sample.body)

    Each(sample).run({path: how for path, how in sample.vary.items() if how.effect != "update"}, act)


# -- by hand --------------------------------------------------------------------------------------------------------
def edited(here: Stage, path: str, how: Vary) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Bring an attribute to its last value, then to its first by hand; return the body, and what was set by hand."""
    body = base(here, how)
    snapshots = []
    remote_id = ""
    for position in (0, -1):
        body = how.set_in(body, path, position)
        here.put(body)
        remote_id = here.remote_id()
        found = here.stored(remote_id)
        assert found is not None
        snapshots.append(deepcopy(found))
    values = dict(how.by_hand) if how.by_hand is not None else differences(*snapshots)
    assert values, "nothing to set by hand"
    here.edit(remote_id, values)
    return remote_id, body, values


def is_switch(sample: Sample, path: str) -> bool:
    return resolve(sample.kind.shape, path)[1].switch


@by_sample
def test_by_hand(sample: Sample) -> None:
    def act(here: Stage, path: str, how: Vary) -> None:
        remote_id, _, _ = edited(here, path, how)
        change = here.plan()
        shown(change, path, how)
        assert "drifted" in change["x_cause"], change["x_cause"]
        only_its_own(here, here.apply(), remote_id)
        here.settled()
        here.put(sample.body)

    paths = {
        path: how
        for path, how in sample.vary.items()
        if how.effect == "update" and not how.hidden and not is_switch(sample, path)
    }
    Each(sample).run(paths, act)


@by_sample
def test_switch_by_hand(sample: Sample) -> None:
    def act(here: Stage, path: str, how: Vary) -> None:
        _, body, _ = edited(here, path, how)
        change = here.plan("--detailed-exitcode")
        assert texts(change, "x_kept") == [path], change
        assert change["x_action"] == "no-op"
        assert path.rpartition(".")[2] in here.bench.run("plan", expect=0).out
        assert here.apply() == [], "a kept switch was written"
        assert texts(here.plan("--detailed-exitcode"), "x_kept") == [path], "it is kept once only"
        here.write({**body, "$lifecycle": {"on_drift": "revert"}})
        shown(here.plan(), path, how)
        assert here.apply()
        here.settled()
        here.put(sample.body)

    paths = {
        path: how
        for path, how in sample.vary.items()
        if how.effect == "update" and not how.hidden and is_switch(sample, path)
    }
    Each(sample).run(paths, act)


# -- absence --------------------------------------------------------------------------------------------------------
def nullable(sample: Sample) -> Iterator[tuple[str, Vary]]:
    """Yield what can be unset: nullable attributes, and nullable parts around them."""
    seen: set[str] = set()
    for path, how in sample.vary.items():
        if how.effect != "update" or how.not_null:
            continue
        for prefix in prefixes(path):
            if prefix in seen:
                continue
            seen.add(prefix)
            if resolve(sample.kind.shape, prefix)[1].nullable:
                yield prefix, Vary(how.values, how.set_in(sample.with_given(how.given), path, 0))


@by_sample
def test_unset(sample: Sample) -> None:
    def act(here: Stage, path: str, how: Vary) -> None:
        body = dict(how.given)
        here.put(body)
        remote_id = here.remote_id()
        before = here.stored(remote_id)
        here.write(put(body, path, None))
        change = here.plan()
        assert change["x_action"] == "update", change["x_action"]
        only_its_own(here, here.apply(), remote_id)
        here.settled()
        after = here.stored(remote_id)
        assert before is not None
        assert after is not None
        assert differences(before, after), "nothing is different at the platform"
        here.put(sample.body)

    Each(sample).run(dict(nullable(sample)), act)


@by_sample
def test_release(sample: Sample) -> None:
    def act(here: Stage, path: str, how: Vary) -> None:
        body = how.set_in(base(here, how), path, -1)
        here.put(body)
        remote_id = here.remote_id()
        before = here.stored(remote_id)
        here.write(drop(body, path))
        change = here.plan()
        released = [plain(text) for text in change["x_released"]]
        mine = expected(path)
        assert released, "the plan does not say that it is released"
        assert all(mine(text) for text in released), released
        assert change["x_action"] == "no-op", change
        assert here.bench.run("plan", "--detailed-exitcode").code == 2, "a release is a change"
        assert here.apply() == [], "a release was sent"
        here.settled()
        assert here.plan()["x_released"] == [], "it is listed twice"
        assert here.stored(remote_id) == before
        here.put(sample.body)

    paths = {
        path: how
        for path, how in sample.vary.items()
        if how.effect == "update" and not how.needed and not resolve(sample.kind.shape, path)[1].required
    }
    Each(sample).run(paths, act)


# -- the samples themselves -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.type_name)
def test_every_attribute_has_samples(kind: Any) -> None:
    mine = [one for one in SAMPLES if one.kind is kind]
    assert mine, "no sample at all"
    have = {resolve(kind.shape, path)[0] for one in mine for path in one.vary}
    missing = [
        path for path in leaves(kind.shape) if path not in have and not any(one.startswith(f"{path}.") for one in have)
    ]
    assert not missing, f"values are missing for: {', '.join(missing)}"
