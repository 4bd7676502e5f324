"""For any configuration and any disguise of the answers: applied, there is nothing left; changed by hand, it is seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from reconciler.emulator.disguise import NAMES
from tests.properties import convert, leadconduit
from tests.properties.convert import Config
from tests.properties.edits import edits
from tests.properties.pick import Pick
from tests.properties.world import World, world

EXAMPLES = 90
SHARDS = {"convert": 3, "leadconduit": 3, "both": 1}
"""How often each platform gets so many examples, and how often both together."""
MAKERS: Mapping[str, tuple[Callable[[Pick], Config], ...]] = {
    "convert": (convert.config,),
    "leadconduit": (leadconduit.config,),
    "both": (convert.config, leadconduit.config),
}


@pytest.fixture(scope="module")
def here() -> Iterator[World]:
    with world() as one:
        yield one


@pytest.mark.parametrize("shard", [f"{name}-{i}" for name, count in SHARDS.items() for i in range(count)])
def test_applied_then_empty_then_repaired(here: World, shard: str) -> None:
    name, _, number = shard.partition("-")

    @seed(int(number))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )
    @given(st.data())
    def round_trip(data: st.DataObject) -> None:
        pick = Pick(data.draw)
        config: Config = {}
        for make in MAKERS[name]:
            config |= make(pick)
        note(json.dumps(config, ensure_ascii=False, indent=1))
        _one(here, pick, config)

    round_trip()


def _one(here: World, pick: Pick, config: Config) -> None:
    dress = [pick.some(sorted(NAMES), 0, len(NAMES)) for _ in range(2)]
    note(f"disguises: {dress}")
    here.begin(dress[0], pick.number(0, 99))
    here.declare(config)
    here.apply()
    here.disguised(dress[1], pick.number(0, 99))
    here.settled("after an apply")
    _by_hand(here, pick, config)
    if pick.rarely():
        purge = ["--purge"] if pick.maybe() else []
        here.bench.run("destroy", "--auto-approve", *purge, expect=0)
        assert here.bench.run("state", "list", expect=0).out.strip() == "", "something is left in state"


def _by_hand(here: World, pick: Pick, config: Config) -> None:
    tracked = {one.address: one for one in here.plan().resources if one.id is not None and one.action == "no-op"}
    found = {address: body for address, body in config.items() if address in tracked}
    if not found:
        return
    address = pick.one(sorted(found))
    body, change = found[address], tracked[address]
    stored = _stored(here, change.platform, change.kind, str(change.id))
    if stored is None:
        return
    possible = edits(change.kind, body, stored)
    if not possible:
        return
    edit = pick.one(possible)
    note(f"by hand: {address} {edit.what} {edit.values}")
    here.bench.edit(change.platform, change.kind, change.id, edit.values)
    seen = here.changed()
    assert address in seen, f"{edit.what} of {address} is not seen"
    others = set(seen) - {address}
    if edit.values is None:
        assert seen[address].action == "create" and seen[address].gone
        name = address.rsplit(".", 1)[-1]
        others = {other for other in others if not _mentions(config[other], name)}
    assert not others, f"{edit.what} of {address} shows at {sorted(others)} too"
    here.apply()
    here.settled(f"after {edit.what} of {address} was repaired")


def _stored(here: World, platform: str, kind: str, identity: str) -> dict[str, Any] | None:
    rows = here.bench.dump(platform, kind)
    return next((row for row in rows if str(row["id"]) == identity), None)


def _mentions(body: Any, name: str) -> bool:
    return name in json.dumps(body)
