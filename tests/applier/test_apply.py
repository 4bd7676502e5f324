"""A plan carried out against the emulator: what ends up in the ledger, also when something goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.adapters.base.adapter import Adapter
from reconciler.adapters.convert.adapter import ConvertAdapter
from reconciler.http import HttpError
from reconciler.state import Session
from tests.harness import Bench, bench

TAGS = "convert.tags:\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path / "shop") as one:
        yield one


def tracked(one: Bench) -> dict[str, str]:
    return {address: entry["id"] for address, entry in one.state()["resources"].items()}


def tag(one: Bench, name: str) -> str:
    return next(str(row["id"]) for row in one.dump("convert", "tags") if row["name"] == name)


@pytest.mark.parametrize("parallelism", ["1", "8"])
def test_a_move_neither_forgets_what_was_made_before_it_nor_undoes_what_was_written(
    shop: Bench, parallelism: str
) -> None:
    shop.write(TAGS + "  b: {name: B}\n  z_old: {name: Old}\n")
    shop.apply()
    shop.write(
        "moved: [{from: convert.tags.z_old, to: convert.tags.z_new}]\n"
        + TAGS
        + "  a: {name: First}\n  b: {name: Bee}\n  z_new: {name: Old}\n"
    )
    shop.apply(0, "--parallelism", parallelism)
    assert set(tracked(shop)) == {"convert.tags.a", "convert.tags.b", "convert.tags.z_new"}
    assert shop.state()["resources"]["convert.tags.b"]["sent"]["name"] == "Bee"
    shop.settled()


def test_two_trade_places_and_what_is_not_aimed_at_stays(shop: Bench) -> None:
    shop.write(TAGS + "  a: {name: A}\n  b: {name: B}\n  c: {name: C}\n")
    shop.apply()
    before = tracked(shop)
    shop.write(
        "moved:\n"
        "  - {from: convert.tags.a, to: convert.tags.b}\n"
        "  - {from: convert.tags.b, to: convert.tags.a}\n"
        "  - {from: convert.tags.c, to: convert.tags.d}\n" + TAGS + "  a: {name: B}\n  b: {name: A}\n  d: {name: C}\n"
    )
    shop.apply(0, "--target", "convert.tags.a")
    after = tracked(shop)
    assert after["convert.tags.a"] == before["convert.tags.b"]
    assert after["convert.tags.b"] == before["convert.tags.a"]
    assert after["convert.tags.c"] == before["convert.tags.c"]
    shop.apply()
    assert tracked(shop)["convert.tags.d"] == before["convert.tags.c"]
    shop.settled()


def test_what_is_moved_and_removed_at_once_leaves_the_ledger(shop: Bench) -> None:
    shop.write(TAGS + "  a: {name: A}\n  keep: {name: Keep}\n")
    shop.apply()
    shop.write("moved: [{from: convert.tags.a, to: convert.tags.b}]\n" + TAGS + "  keep: {name: Keep}\n")
    shop.apply()
    assert set(tracked(shop)) == {"convert.tags.keep"}
    shop.settled()


def test_a_mistake_of_ours_at_one_step_does_not_hide_what_became_of_the_others(
    shop: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = ConvertAdapter.create

    def broken(self: ConvertAdapter, kind: Any, scope: Any, body: Any, object_id: Any) -> Any:
        if body["name"] == "B":
            raise ValueError("s3cret")
        return create(self, kind, scope, body, object_id)

    monkeypatch.setattr(ConvertAdapter, "create", broken)
    shop.write(TAGS + "  a: {name: A}\n  b: {name: B}\n  c: {name: C}\n")
    ran = shop.apply(3)
    assert "2 done, 1 failed" in ran.out
    assert "ValueError at" in ran.out
    assert "s3cret" not in ran.out + ran.err


def test_what_was_made_is_in_the_ledger_although_reading_it_afterwards_fails(
    shop: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: Any) -> Any:
        raise HttpError("the platform is down")

    shop.write("convert.experiences.x: {name: X, type: a/b, url: 'https://x.example/', status: draft}\n")
    with monkeypatch.context() as patch:
        patch.setattr("reconciler.applier.context.Context.whole", unreadable)
        ran = shop.apply(3)
    assert "the platform is down" in ran.out
    assert tracked(shop) == {"convert.experiences.x": str(shop.dump("convert", "experiences")[0]["id"])}
    shop.apply()
    shop.settled()
    assert len(shop.dump("convert", "experiences")) == 1


def test_no_call_begins_after_a_refused_write_of_state(shop: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    names = "".join(f"  t{i}: {{name: T{i}}}\n" for i in range(4))
    shop.write(TAGS + names)
    shop.apply()
    shop.write(TAGS + names.replace("name: T", "name: New "))
    done = Session.done

    def full(self: Session, step: str, **more: Any) -> bool:
        self._commit.refuse(OSError("no space left"))
        return done(self, step, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "done", full)
        ran = shop.apply(3, "--parallelism", "1")
    assert "1 done, 0 failed, 0 skipped" in ran.out
    assert sum(row["name"].startswith("New") for row in shop.dump("convert", "tags")) == 1
    left = next(shop.root.rglob("errored-*.jsonl"))
    shop.run("state", "push", str(left), expect=0)
    shop.apply()
    shop.settled()


def test_secrets_are_sent_again_when_asked_for(shop: Bench) -> None:
    shop.environ["RECONCILER_SECRET_PW"] = "p4ssword-long"
    shop.write(
        "leadconduit.credentials.x: {name: X, type: token, package: leadconduit-custom, token: '${secret.pw}'}\n"
    )
    shop.apply()
    shop.requests()
    shop.apply(0, "--resend-secrets", "leadconduit.credentials.x")
    assert any(row["method"] == "PUT" for row in shop.requests())
    shop.settled()


def test_open_creates_are_not_looked_for_with_credentials_of_somebody_else(
    shop: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(TAGS + "  a: {name: A}\n")
    shop.apply()
    shop.write(TAGS + "  a: {name: A}\n  b: {name: B}\n")
    with monkeypatch.context() as patch:  # killed right after the call
        patch.setattr(Session, "done", lambda *_args, **_more: True)
        shop.apply()
    identity = ConvertAdapter.identity
    listed: list[str] = []

    def listing(self: Adapter, kind: Any, *_: Any) -> Any:
        listed.append(kind.name)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(ConvertAdapter, "identity", lambda self: type(identity(self))("999"))
        patch.setattr(ConvertAdapter, "list", listing)
        assert "999" in shop.apply(1).err
    assert listed == []
    assert "had arrived" in shop.apply(0, "--json").json["recovered"][0]
    assert tracked(shop)["convert.tags.b"] == tag(shop, "B")
    shop.settled()


def test_two_addresses_cannot_take_over_one_object(shop: Bench) -> None:
    shop.write(TAGS + "  a: {name: A}\n")
    shop.apply()
    shop.run("state", "rm", "convert.tags.a", expect=0)
    identity = tag(shop, "A")
    shop.write(TAGS + f"  a: {{$import: '{identity}', name: A}}\n  b: {{$import: '{identity}', name: A}}\n")
    ran = shop.run("plan", expect=1)
    assert "takes over" in ran.out + ran.err


def test_the_estimate_goes_by_the_account_s_own_rate(shop: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bench, "env", lambda self: {"NO_COLOR": "1", "RECONCILER_SECRET_LC": "emulator-leadconduit"})
    account = f"{{api_key: '${{secret.lc}}', base_url: {shop.url}/leadconduit, rate: {{per_second: 20, burst: 100}}}}"
    shop.write(f"version: 1\nname: tests\naccounts:\n  leadconduit: {account}\n", "reconciler.yaml")
    fields = "".join(f"  f{i}_acme: {{name: F{i}, type: string}}\n" for i in range(110))
    shop.write("leadconduit.fields:\n" + fields)
    assert shop.plan_json()["x_estimate"] == {"calls": 110, "seconds": 0.5}
