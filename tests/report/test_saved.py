from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import __version__
from reconciler.model.plan import Plan
from reconciler.model.values import MISSING, Ref, Sensitive, Template
from reconciler.report.coding import decode, encode
from reconciler.report.markdown import plan_markdown
from reconciler.report.plan_json import digest, dump, plan_document
from reconciler.report.saved import PlanFileError, plan_from_document, read_plan
from tests.report.plans import full, plan, plans, text_of, values


def saved(found: Plan) -> dict[str, Any]:
    """Return the document as `plan -o` writes it, read again."""
    document: dict[str, Any] = json.loads(dump(plan_document(found)))
    return {**document, "x_digest": digest(document)}


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")
    return path


def test_a_saved_plan_is_shown_as_the_plan_itself() -> None:
    found = full()
    again = plan_from_document(saved(found))
    for verbose in (False, True):
        assert text_of(again, verbose=verbose) == text_of(found, verbose=verbose)
    assert plan_markdown(again) == plan_markdown(found)


@settings(max_examples=60)
@given(plans())
def test_any_saved_plan_is_shown_as_the_plan_itself(found: Plan) -> None:
    again = plan_from_document(saved(found))
    assert text_of(again, verbose=True) == text_of(found, verbose=True)
    assert plan_markdown(again) == plan_markdown(found)


def test_the_document_survives_a_second_round_but_for_the_steps() -> None:
    first = saved(full())
    second = saved(plan_from_document(first))
    mine = ("resource_drift", "checks", "output_changes", "x_errors", "x_notes", "x_allowed", "x_cycles", "x_filters")
    assert {name: second[name] for name in mine} == {name: first[name] for name in mine}
    for old, new in zip(first["resource_changes"], second["resource_changes"], strict=True):
        assert {k: v for k, v in new.items() if k.startswith("x_")} == {
            k: v for k, v in old.items() if k.startswith("x_")
        }


@given(values() | st.dictionaries(st.sampled_from(["$slot", "$secret", "$map", "$absent", "a"]), st.text(), max_size=2))
def test_values_survive(value: Any) -> None:
    again = decode(json.loads(dump({"x": encode(value)}))["x"])
    assert again == value


def test_slots_secrets_and_absence_survive_by_name() -> None:
    value = {"a": MISSING, "b": [Template(("x/", Ref("c.d.e", ("f",))))], "c": Sensitive("hidden", "secret.k")}
    again = decode(json.loads(dump({"x": encode(value)}))["x"])
    assert again["a"] is MISSING
    assert again["b"] == value["b"]
    assert isinstance(again["c"], Sensitive)
    assert (again["c"].label, again["c"].value) == ("secret.k", None)


def test_a_good_file(tmp_path: Path) -> None:
    found = read_plan(write(tmp_path / "plan.bin", saved(full())))
    assert found.plan.id == full().id
    assert found.document["x_project"] == "brightsolar"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04", "is not a saved plan"),
        (b'{"format_version": "1.2"', "cut short"),
        (b"[1, 2]", "no plan of reconciler"),
        (b'{"format_version": "1.2", "terraform_version": "1.9.0"}', "no plan of reconciler"),
    ],
)
def test_what_is_no_plan_is_told(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "plan.bin"
    path.write_bytes(data)
    with pytest.raises(PlanFileError, match=message):
        read_plan(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PlanFileError, match="No such file"):
        read_plan(tmp_path / "none.bin")


def test_an_edited_plan_is_refused(tmp_path: Path) -> None:
    document = saved(full())
    document["resource_changes"][0]["change"]["after"]["name"] = "Mine"
    with pytest.raises(PlanFileError, match="was changed after it was made"):
        read_plan(write(tmp_path / "plan.bin", document))


def test_a_plan_without_digest_is_refused(tmp_path: Path) -> None:
    document = saved(plan())
    del document["x_digest"]
    with pytest.raises(PlanFileError, match="has no digest"):
        read_plan(write(tmp_path / "plan.bin", document))


@pytest.mark.parametrize("version", ["9.0.0", "0.99.0"])
def test_another_major_version_is_refused(tmp_path: Path, version: str) -> None:
    document = {**saved(plan()), "x_version": version}
    with pytest.raises(PlanFileError, match=f"made by reconciler {version}, this is {__version__}"):
        read_plan(write(tmp_path / "plan.bin", {**document, "x_digest": digest(document)}))


def test_a_plan_with_a_part_missing_is_told() -> None:
    document = saved(full())
    del document["resource_changes"][0]["x_leaves"]
    with pytest.raises(PlanFileError, match="lacks a part"):
        plan_from_document(document)
