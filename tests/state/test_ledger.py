import json
from dataclasses import dataclass, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state import ASSUMED, RunRecord, hmac_matches, hmac_of, load_state
from reconciler.state.ledger import MAX_RUNS
from tests.state.data import entry, new_state

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def run_record(number: int) -> RunRecord:
    return RunRecord(f"run-{number}", "apply", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "ana@laptop", 0)


def test_the_json_form_has_exactly_the_documented_keys() -> None:
    state = new_state()
    state.resources["convert.goals.a"] = entry()
    raw = json.loads(state.to_bytes())
    assert set(raw) == {
        "version", "tool", "project", "environment", "lineage", "serial", "hmac_key", "accounts", "resources", "runs",
    }  # fmt: skip
    assert set(raw["resources"]["convert.goals.a"]) == {
        "kind", "id", "scope", "children", "sent", "seen", "secrets", "published", "deps", "protect", "on_remove",
        "deposed", "origin", "key", "account",
    }  # fmt: skip
    assert raw["version"] == 1
    assert len(bytes.fromhex(raw["hmac_key"])) == 32


def test_two_new_ledgers_share_neither_lineage_nor_key() -> None:
    one, two = new_state(), new_state()
    assert one.lineage != two.lineage
    assert one.hmac_key != two.hmac_key


@given(st.dictionaries(st.text(min_size=1), JSON, max_size=5), st.randoms())
def test_equal_ledgers_are_equal_bytes_whatever_the_order(sent: dict[str, object], random: object) -> None:
    one, state = new_state(), new_state()
    state.lineage, state.hmac_key = one.lineage, one.hmac_key
    names = [f"convert.goals.g{number}" for number in range(4)]
    turned = list(sent.items())
    random.shuffle(turned)  # type: ignore[attr-defined]  # hypothesis' random
    one.resources = {name: entry(name, sent=sent) for name in names}
    state.resources = {name: entry(name, sent=dict(turned)) for name in reversed(names)}
    assert one.to_bytes() == state.to_bytes()
    assert list(json.loads(one.to_bytes())["resources"]) == names


@given(st.dictionaries(st.text(min_size=1), JSON, max_size=5))
def test_what_is_written_is_read_back_the_same(sent: dict[str, object]) -> None:
    state = new_state()
    state.accounts["convert"] = {"account_id": "1"}
    state.resources["convert.goals.a"] = entry(
        sent=sent,
        seen=sent,
        scope={"project_id": "7"},
        children={"variations.bar": "12"},
        secrets={"password": hmac_of(state, "x"), "token": ASSUMED},
        published={"digest": "d", "at": "2026-01-01T00:00:00Z"},
        deps=["convert.goals.b"],
        protect=True,
        on_remove="archive",
        deposed=[{"id": "9"}],
        origin={"file": "resources/a.yaml", "line": 3},
        key="a",
    )
    state.add_run(run_record(1))
    assert load_state(state.to_bytes(), "state.json") == state


def test_half_a_surrogate_pair_from_a_platform_survives() -> None:
    state = new_state()
    state.resources["convert.goals.a"] = entry(seen={"name": "broken \ud83d emoji"})
    assert load_state(state.to_bytes(), "state.json") == state


def test_a_value_that_was_never_resolved_is_refused_not_written() -> None:
    @dataclass
    class SecretRef:
        name: str

    state = new_state()
    state.resources["convert.goals.a"] = entry(sent={"token": SecretRef("hidden")})
    with pytest.raises(TypeError, match="SecretRef"):
        state.to_bytes()


@given(JSON, JSON)
def test_hmac_matches_only_the_same_value_of_the_same_type(one: object, two: object) -> None:
    state = new_state()
    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert hmac_matches(state, hmac_of(state, one), two) is same
    assert hmac_of(state, one) == hmac_of(state, one)


def test_hmac_needs_the_ledgers_own_key_and_assumed_matches_anything() -> None:
    one, two = new_state(), new_state()
    assert not hmac_matches(two, hmac_of(one, "hunter2"), "hunter2")
    assert not hmac_matches(one, hmac_of(one, "1"), 1)
    assert hmac_matches(one, ASSUMED, "anything")
    assert "hunter2" not in hmac_of(one, "hunter2")


def test_only_the_newest_runs_are_kept() -> None:
    state = new_state()
    for number in range(MAX_RUNS + 5):
        state.add_run(run_record(number))
    assert [run.id for run in state.runs] == [f"run-{number}" for number in range(5, MAX_RUNS + 5)]


def test_an_entry_has_no_field_that_the_loader_does_not_know() -> None:
    from reconciler.state.ledger import State
    from reconciler.state.load import _ENTRY, _RUN, _STATE

    assert list(_ENTRY) == [field.name for field in fields(entry())]
    assert list(_RUN) == [field.name for field in fields(run_record(1))]
    assert list(_STATE) == [field.name for field in fields(State)]
