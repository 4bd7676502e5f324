"""Children of each collection: added, changed, renamed, removed, reordered, here and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model.shape import ChildrenShape
from tests.convergence.paths import collections, drop, get, put, resolve
from tests.convergence.sample import PLATFORMS, Sample
from tests.convergence.samples import SAMPLES
from tests.convergence.stage import Stage, applied, differences, texts

WITH_KIDS = [pytest.param(sample, path, id=f"{sample.title} {path}") for sample in SAMPLES for path in sample.kids]
by_collection = pytest.mark.parametrize(("sample", "path"), WITH_KIDS)


def shape_of(sample: Sample, path: str) -> ChildrenShape:
    shape = resolve(sample.kind.shape, path)[1]
    assert isinstance(shape, ChildrenShape)
    return shape


def more(sample: Sample, path: str) -> dict[str, Any]:
    """Return the body with one child more."""
    kids = sample.kids[path]
    body = sample.with_given(kids.given)
    there = get(body, path)
    if isinstance(there, list):
        if all(item["$name"] != kids.name for item in there):
            body = put(body, path, [*there, kids.body])
        return body
    return put(body, path, {**there, kids.name: kids.body})


def children(here: Stage, path: str, **how: Any) -> list[tuple[str, str]]:
    """Return what the plan does with children of the collection: (action, path)."""
    change = here.plan(**how)
    found = change.get("x_children") or []
    shown = texts(change, "x_children")
    return [(one["action"], text) for one, text in zip(found, shown, strict=True) if text.startswith(f"{path}.")]


def stored(here: Stage) -> dict[str, Any]:
    found = here.stored(here.remote_id())
    assert found is not None
    return found


@by_collection
def test_added_and_removed(sample: Sample, path: str, tmp_path: Path) -> None:
    name = f"{path}.{sample.kids[path].name}"
    with applied(sample, tmp_path) as here:
        here.write(more(sample, path))
        assert ("add", name) in children(here, path)
        assert here.apply()
        here.settled()
        here.write(sample.body)
        assert ("remove", name) in children(here, path)
        assert name.rpartition(".")[2] in here.bench.run("plan", expect=0).out
        assert here.apply()
        here.settled()


@by_collection
def test_removed_and_added_by_hand(sample: Sample, path: str, tmp_path: Path) -> None:
    """What somebody took away comes back; what somebody added is shown as a deletion of its own, and goes."""
    name = f"{path}.{sample.kids[path].name}"
    with applied(sample, tmp_path) as here:
        without = stored(here)
        here.put(more(sample, path))
        having = stored(here)
        here.edit(here.remote_id(), differences(without, having))
        found = children(here, path)
        assert [action for action, text in found if text == name] == ["add"], found
        here.apply()
        here.settled()

        having = stored(here)
        here.put(sample.body)
        without = stored(here)
        here.edit(here.remote_id(), differences(having, without))
        actions = [action for action, _ in children(here, path)]
        assert actions.count("remove") == 1, children(here, path)
        assert here.apply()
        here.settled()


@by_collection
def test_renamed(sample: Sample, path: str, tmp_path: Path) -> None:
    """`moved` gives a child another local name: nothing is written, and it keeps its id."""
    shape = shape_of(sample, path)
    if shape.keyed is not None:
        return  # its key is an attribute of the platform: another key is another child
    name = sample.kids[path].name
    with applied(sample, tmp_path, more(sample, path)) as here:
        here.settled()
        renamed = f"{name}_renamed"
        body = more(sample, path)
        child = get(body, f"{path}.{name}")
        if isinstance(child, dict) and "$name" in child:
            body = put(body, f"{path}.{name}", {**child, "$name": renamed})
        else:
            body = put(drop(body, f"{path}.{name}"), f"{path}.{renamed}", child)
        moved = [{"from": f"{sample.address}.{path}.{name}", "to": f"{sample.address}.{path}.{renamed}"}]
        here.write(body, moved=moved)
        assert here.apply() == [], "a rename wrote something"
        here.settled()
        here.write(body)
        here.settled()


@by_collection
def test_reordered(sample: Sample, path: str, tmp_path: Path) -> None:
    """Where order is ours it is sent and shown as moves; elsewhere it says nothing."""
    shape = shape_of(sample, path)
    body = more(sample, path)
    there = get(body, path)
    turned = there[::-1] if isinstance(there, list) else dict(reversed(there.items()))
    with applied(sample, tmp_path, body) as here:
        here.settled()
        here.write(put(body, path, turned))
        if not shape.config.ordered:
            here.settled()
            return
        change = here.plan()
        found = [*texts(change), *texts(change, "x_children")]
        assert [text for text in found if text != "$published"] == [f"{path}.$order"]
        assert "moved" in here.bench.run("plan", expect=0).out
        assert here.apply()
        here.settled()


def test_every_collection_has_a_child_more() -> None:
    missing = []
    for platform in PLATFORMS.values():
        for kind in platform.kinds.values():
            if kind.managed:
                have = {resolve(kind.shape, path)[0] for one in SAMPLES if one.kind is kind for path in one.kids}
                missing += [f"{kind.type_name} {path}" for path in collections(kind.shape) if path not in have]
    inside = [one for one in missing if ".caps.*.caps" in f".{one.split()[1]}"]  # caps within caps are one attribute
    assert sorted(set(missing) - set(inside)) == []
