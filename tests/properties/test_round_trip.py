"""For any configuration and any disguise of the answers: applied, there is nothing left; changed by hand, it is seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from reconciler.emulator.disguise import NAMES
from tests.properties import convert, leadconduit
from tests.properties.convert import Config
from tests.properties.edits import edits
from tests.properties.pick import Pick
from tests.properties.world import World, world

EXAMPLES = 90
"""In each shard; all together are more than 500."""
SHARDS = ("convert-0", "convert-1", "convert-2", "leadconduit-0", "leadconduit-1", "leadconduit-2", "both-0")
MAKERS: Mapping[str, tuple[Callable[[Pick], Config], ...]] = {
    "convert": (convert.config,),
    "leadconduit": (leadconduit.config,),
    "both": (convert.config, leadconduit.config),
}


@dataclass
class Example:
    """What happens to one configuration."""

    config: Config
    dress: list[list[str]]
    """Disguises while it is applied, and afterwards."""
    target: int
    """Which resource is changed by hand, counted round and round."""
    edit: int
    """How it is changed, counted round and round."""
    end: str
    """`destroy`, `purge`, or nothing."""

    def __repr__(self) -> str:
        told = json.dumps(self.config, ensure_ascii=False, indent=1)
        return f"{told}\ndress={self.dress} target={self.target} edit={self.edit} end={self.end!r}"


@st.composite
def examples(draw: Callable[[st.SearchStrategy[Any]], Any], name: str) -> Example:
    """Draw an example for a platform, or for both."""
    pick = Pick(draw)
    config: Config = {}
    for make in MAKERS[name]:
        config |= make(pick)
    dress = [pick.some(sorted(NAMES), 0, len(NAMES)) for _ in range(2)]
    return Example(
        config, dress, pick.number(0, 20), pick.number(0, 20), pick.one(["", "", "", "", "destroy", "purge"])
    )


@pytest.fixture(scope="module")
def here() -> Iterator[World]:
    with world() as one:
        yield one


@pytest.mark.parametrize("shard", SHARDS)
def test_applied_then_empty_then_repaired(here: World, shard: str) -> None:
    name, _, number = shard.partition("-")

    @seed(int(number))
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(examples(name))
    def round_trip(example: Example) -> None:
        live(here, example)

    round_trip()


def live(here: World, example: Example) -> None:
    """Take a configuration through its life."""
    here.begin(example.dress[0], seed=1)
    here.declare(example.config)
    here.apply()
    here.disguised(example.dress[1], seed=2)
    here.settled("after an apply")
    _by_hand(here, example)
    if example.end:
        purge = ["--purge"] if example.end == "purge" else []
        here.bench.run("destroy", "--auto-approve", *purge, expect=0)
        assert here.bench.run("state", "list", expect=0).out.strip() == "", "something is left in state"


def _by_hand(here: World, example: Example) -> None:
    tracked = {one.address: one for one in here.plan().resources if one.action == "no-op"}
    if not tracked:
        return
    config, address = example.config, sorted(tracked)[example.target % len(tracked)]
    change = tracked[address]
    stored = next(row for row in here.bench.dump(change.platform, change.kind) if str(row["id"]) == change.id)
    possible = edits(change.kind, config[address], stored)
    if not possible:
        return
    edit = possible[example.edit % len(possible)]
    told = f"{edit.what} of {address} ({edit.values})"
    here.bench.edit(change.platform, change.kind, change.id, edit.values)
    seen = here.changed()
    assert address in seen, f"{told} is not seen"
    others = set(seen) - {address}
    if edit.values is None:
        assert seen[address].action == "create"
        assert seen[address].gone
        name = address.rsplit(".", 1)[-1]
        others = {other for other in others if name not in json.dumps(config[other])}
    assert not others, f"{told} shows at {sorted(others)} too"
    here.apply()
    here.settled(f"after {told} was repaired")
