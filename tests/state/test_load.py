import json
from typing import Any

import pytest

from reconciler.state import StateDamaged, load_state
from reconciler.state.locate import locate
from tests.state.data import entry, new_state

ADDRESS = "convert.goals.a"


def document() -> dict[str, Any]:
    state = new_state()
    state.resources[ADDRESS] = entry(children={"x": "1"}, secrets={"p": "assumed"}, deps=["b"], deposed=[{"id": "2"}])
    state.resources["convert.goals.b"] = entry("2")
    return json.loads(state.to_bytes())  # type: ignore[no-any-return]  # JSON


def damage(raw: dict[str, Any]) -> tuple[StateDamaged, bytes]:
    data = json.dumps(raw, indent=2).encode()
    with pytest.raises(StateDamaged) as caught:
        load_state(data, "state.json")
    return caught.value, data


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("serial",), "1", "`serial` must be a whole number, not a text"),
        (("serial",), -1, "must not be negative"),
        (("serial",), True, "`serial` must be a whole number, not true or false"),
        (("hmac_key",), "abc", "64 hexadecimal digits"),
        (("accounts",), [], "`accounts` must be an object, not a list"),
        (("accounts", "convert"), "me", "identity must be an object"),
        (("resources", ADDRESS), [], "expected an object, found a list"),
        (("resources", ADDRESS), list(range(15)), "expected an object, found a list"),
        (("resources", ADDRESS), None, "expected an object, found null"),
        (("resources", ADDRESS, "id"), 7, "`id` must be a text, not a whole number"),
        (("resources", ADDRESS, "id"), None, "`id` must be a text, not null"),
        (("resources", ADDRESS, "protect"), 1, "`protect` must be true or false"),
        (("resources", ADDRESS, "sent"), [], "`sent` must be an object"),
        (("resources", ADDRESS, "on_remove"), 3, "`on_remove` must be a text or null"),
        (("resources", ADDRESS, "colour"), "red", "unknown key `colour`"),
        (("resources", ADDRESS, "children", "x"), 12, "`children` must hold texts only"),
        (("resources", ADDRESS, "secrets", "p"), "hunter2", "a secret must be `hmac:`"),
        (("resources", ADDRESS, "secrets", "p"), 1, "`secrets` must hold texts only"),
        (("resources", ADDRESS, "deps", 0), 5, "`deps` must hold a text in each place"),
        (("resources", ADDRESS, "deposed", 0), "x", "`deposed` must hold an object in each place"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_column(path: tuple[Any, ...], value: object, says: str) -> None:
    raw = document()
    holder: Any = raw
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    error, data = damage(raw)
    assert says in error.problem
    line = data.decode().splitlines()[error.line - 1]
    found = line[error.column - 1 :].rstrip(",")
    assert json.dumps(value).startswith(found) or found in {"[", "{"}
    assert "state.json.backup" in error.advice
    assert "state rebuild" in error.advice
    assert str(error).startswith(f"state.json:{error.line}:{error.column}: ")


@pytest.mark.parametrize("name", ["kind", "id", "scope", "account", "origin"])
def test_a_missing_field_is_named_at_its_entry(name: str) -> None:
    raw = document()
    del raw["resources"][ADDRESS][name]
    error, data = damage(raw)
    assert f"{ADDRESS}: `{name}` is missing" in error.problem
    assert ADDRESS in data.decode().splitlines()[error.line - 1]


def test_a_field_swapped_for_an_unknown_one_is_refused() -> None:
    raw = document()
    raw["resources"][ADDRESS]["ident"] = raw["resources"][ADDRESS].pop("id")
    assert "unknown key `ident`" in damage(raw)[0].problem


def test_a_newer_format_says_so_and_does_not_advise_the_backup() -> None:
    error, _ = damage({"version": 2, "whatever": []})
    assert "format 2" in error.problem
    assert "newer" in error.advice
    assert "backup" not in error.advice


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"", 1, "the file is empty"),
        (b"{\n  nonsense\n}", 2, "not JSON"),
        (b"[]", 1, "expected an object"),
        (b"null", 1, "expected an object"),
        (b'{\n<<<<<<< HEAD\n"serial": 1\n', 2, "git's conflict marks"),
        (b"\xff\xfe{}", 1, "not JSON"),
    ],
)
def test_what_is_not_json_is_damage_at_a_line(data: bytes, line: int, says: str) -> None:
    with pytest.raises(StateDamaged) as caught:
        load_state(data, "state.json")
    assert caught.value.line == line
    assert says in caught.value.problem


def test_every_cut_of_a_snapshot_is_damage_never_a_smaller_ledger() -> None:
    data = json.dumps(document(), indent=1).encode()
    for end in range(0, len(data), 7):
        with pytest.raises(StateDamaged):
            load_state(data[:end], "state.json")


def test_locate_finds_nested_places() -> None:
    text = '{"a": [1, {"b,}": "x"}],\n "c": {"d": null}}'
    assert locate(text, ("a", 1, "b,}")) == (1, 19)
    assert locate(text, ("c", "d")) == (2, 13)
    assert locate(text, ("c", "gone")) == (2, 7)
