"""Addresses, values and lifecycles: the vocabulary that everything else speaks."""

from __future__ import annotations

import pickle

import pytest

from reconciler.model.address import Address, matches, parse, parse_exact, valid_name
from reconciler.model.kind import Edge, Lifecycle
from reconciler.model.values import Ref, SecretRef, Sensitive, Template, has_slot, is_secret, path_text, refs_in, reveal


@pytest.mark.parametrize("spelt", ["['de']", '["de"]'])
def test_an_index_has_one_spelling_in_state(spelt: str) -> None:
    parsed = parse_exact(f"module.acme.convert.goals.purchase{spelt}")
    assert parsed == Address("convert", "goals", "purchase", "de", (("acme", None),))
    assert str(parsed) == "module.acme.convert.goals.purchase['de']"


def test_what_follows_an_address_is_a_path() -> None:
    found = parse("convert.experiences.bar.variations.original.changes[2]")
    assert found is not None
    assert found[1] == ("variations", "original", "changes", 2)
    assert parse("convert.goals") is None


@pytest.mark.parametrize(
    ("pattern", "address", "expected"),
    [
        ("convert.goals", "convert.goals.a", True),
        ("convert.goals.a", "convert.goals.a['de']", True),
        ("convert.goals.a['fr']", "convert.goals.a['de']", False),
        ("convert.*.a", "convert.goals.a.name", True),
        ("convert.goals.a.name", "convert.goals.a", False),
        ("convert.goals.a", "convert.goals.ab", False),
    ],
)
def test_a_pattern_takes_in_all_beneath_it(pattern: str, address: str, *, expected: bool) -> None:
    assert matches(pattern, address) is expected


def test_names() -> None:
    assert valid_name("_a-1")
    assert not valid_name("1a")
    assert not valid_name("a" * 101)
    assert not valid_name("a\n")


def test_a_secret_is_never_printed_nor_stored() -> None:
    secret = Sensitive("s3cret", "secret.x")
    assert "s3cret" not in f"{secret} {secret!r} {Template(('a', secret))}"
    with pytest.raises(TypeError, match="never serialised"):
        pickle.dumps(secret)
    assert reveal({"a": [secret]}) == {"a": ["s3cret"]}


def test_slots_and_secrets_are_found_at_any_depth() -> None:
    value = {"a": [{"b": Template((Ref("x.y.z"), SecretRef("s")))}]}
    assert [ref.address for ref in refs_in(value)] == ["x.y.z"]
    assert has_slot(value)
    assert is_secret(value)
    assert not has_slot({"a": "x.y.z"})


def test_paths_are_spelt_as_people_read_them() -> None:
    assert path_text(("steps", "crm", "rules", 0, "odd key"), frozenset({1})) == 'steps["crm"].rules[0]["odd key"]'


def test_the_engine_may_take_several_steps_and_a_user_only_one() -> None:
    edges = (Edge("a", "b"), Edge("b", "c", by="engine"), Edge("c", "d", by="engine"))
    life = Lifecycle("status", "a", frozenset(), edges)
    assert life.allows("a", "b")
    assert not life.allows("b", "c")
    assert life.by_engine("b", "d")
    assert not life.by_engine("a", "b")
    assert life.way_round("a", "d") == "from a it can go to b"
    assert life.way_round("d", "a") == "d is final"
