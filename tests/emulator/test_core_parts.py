"""The core's parts by themselves: places, ids, clock, credentials, disguises, the blocking server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.clock import Clock, iso_ms
from reconciler.emulator.disguise import NAMES, Disguise, Loose, respell_time
from reconciler.emulator.dotted import set_dotted
from reconciler.emulator.faults import Bucket
from reconciler.emulator.ids import derived_object_id, object_id, short_id
from reconciler.emulator.tenants import Caller, caller_of, secret_of

_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("abcXYZ ", max_size=5)
_NUMBERS = _SCALARS | st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    _NUMBERS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcd", min_size=1, max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abcd", min_size=1, max_size=3), _JSON, max_size=5), st.integers(0, 5))
def test_what_a_disguise_puts_on_comes_off(value: dict[str, Any], seed: int) -> None:
    loose = Loose(numbers=("*",))
    disguise = Disguise(["unknown_attributes", "numbers_as_text", "timestamps"], seed)
    dressed = disguise.dress(value, loose)
    assert dressed != value
    assert disguise.undress(dressed, loose) == value


@given(st.dictionaries(st.text("abcd", min_size=1, max_size=3), _JSON, max_size=5))
def test_nothing_open_means_nothing_but_extras(value: dict[str, Any]) -> None:
    disguise = Disguise(NAMES)
    before = json.dumps(value)
    dressed = disguise.dress(value, Loose())
    assert disguise.undress(dressed, Loose()) == value
    assert json.dumps(value) == before, "what is stored stays as it is"


def test_opaque_data_is_left_alone() -> None:
    value = {"free": {"a": {"b": 1}}, "bound": {"a": 1}}
    dressed = Disguise(["unknown_attributes", "fill_defaults"]).dress(
        value, Loose(opaque=("free",), defaults={"bound.c": 3})
    )
    assert dressed["free"] == {"a": {"b": 1}}
    assert dressed["bound"]["c"] == 3
    assert "x_served_by" in dressed["bound"]


@pytest.mark.parametrize("text", ["2018-10-03T15:51:16.051Z", "nonsense", "2018-10-03"])
def test_respelled_times_mean_the_same(text: str) -> None:
    respelled = respell_time(text)
    if text.endswith("Z"):
        assert respelled == "2018-10-03T15:51:16.051000+00:00"
    else:
        assert respelled == text


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("a", 1, {"a": 1, "list": [{"b": 0}, 5]}),
        ("list.0.b", 1, {"list": [{"b": 1}, 5]}),
        ("list.1", 6, {"list": [{"b": 0}, 6]}),
        ("list.2", 7, {"list": [{"b": 0}, 5, 7]}),
        ("x.y.z", 1, {"list": [{"b": 0}, 5], "x": {"y": {"z": 1}}}),
    ],
)
def test_set_dotted(path: str, value: Any, expected: dict[str, Any]) -> None:
    stored: dict[str, Any] = {"list": [{"b": 0}, 5]}
    set_dotted(stored, path, value)
    assert stored == expected


@pytest.mark.parametrize("path", ["list.7", "list.x", "list.-1", "list.1.deeper", "list.9.b", "list.1.a.b"])
def test_set_dotted_refuses(path: str) -> None:
    with pytest.raises(ValueError, match="list"):
        set_dotted({"list": [{"b": 0}, 5]}, path, 1)


def test_ids_are_unique() -> None:
    shorts = {short_id() for _ in range(20_000)}
    assert len(shorts) == 20_000
    assert {len(one) for one in shorts} == {6}
    longs = [object_id() for _ in range(1000)]
    assert len({*longs}) == 1000
    assert all(len(one) == 24 and int(one, 16) for one in longs)
    assert derived_object_id("a", "b") == derived_object_id("a", "b") != derived_object_id("ab")


def test_clock_never_repeats_itself() -> None:
    clock = Clock()
    times = [clock.now_ms() for _ in range(1000)]
    assert times == sorted({*times})
    assert iso_ms(1_538_581_876_051) == "2018-10-03T15:51:16.051Z"


@pytest.mark.parametrize(
    ("secret", "caller"),
    [
        ("emulator-leadconduit", Caller("leadconduit", read_only=False)),
        ("emulator-leadconduit-acme", Caller("leadconduit-acme", read_only=False)),
        ("readonly-emulator-convert", Caller("convert", read_only=True)),
        ("emulator-", None),
        ("emulator-1", None),
        ("convert", None),
        ("xemulator-convert", None),
        ("emulator-convert\n", None),
    ],
)
def test_secrets_name_their_account(secret: str, caller: Caller | None) -> None:
    assert caller_of(secret) == caller
    if caller:
        assert secret_of(caller.tenant, read_only=caller.read_only) == secret


def test_bucket_fills_up_again() -> None:
    bucket = Bucket(per_second=1_000_000, burst=1)
    assert bucket.take() == 0
    slow = Bucket(per_second=0.5, burst=1)
    assert slow.take() == 0
    assert 1.5 < slow.take() <= 2.0


def test_serve_says_how_to_sign_in(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text('{"leadconduit": {"fields": [{"id": "x_brsol", "name": "X", "type": "string"}]}}')
    code = (
        "import pathlib, sys\n"
        "from reconciler.emulator import app, server\n"
        "app.PLATFORMS = {'leadconduit': app.PLATFORMS['leadconduit']}\n"
        "server.serve(0, pathlib.Path(sys.argv[1]))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(data)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        url = lines[0].split()[-1]
        assert lines[1].strip() == f"leadconduit: {url}/leadconduit"
        assert "emulator-leadconduit" in lines[2]
        dump = httpx.get(f"{url}/_control/dump").json()
        assert dump["leadconduit"]["fields"][0]["id"] == "x_brsol"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
