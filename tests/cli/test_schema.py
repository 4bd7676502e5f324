"""`reconciler schema`."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import orjson
import pytest

from reconciler.project.diagnostics import Diagnostics
from reconciler.project.yaml.document import normalised, read_document
from tests.cli.conftest import EXAMPLES, ROOT, Cli

FILES = sorted(path for path in EXAMPLES.rglob("*.yaml") if ".reconciler" not in path.parts)


def test_check_sees_what_differs(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "schemas"

    assert cli("schema", "--check", "--out", out).code == 1
    assert cli("schema", "--out", out).code == 0
    assert cli("schema", "--check", "--out", out).code == 0
    (out / "resources.schema.json").write_text("{}", encoding="utf-8")
    done = cli("schema", "--check", "--out", out)
    assert done.code == 1
    assert "resources.schema.json" in done.out
    assert "reconciler.schema.json" not in done.out


def test_the_schemas_in_the_repository_are_current(cli: Cli) -> None:
    assert cli("schema", "--check", "--out", ROOT / "schemas").out == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_examples_fit_their_schema(path: Path) -> None:
    name = "reconciler" if path.name == "reconciler.yaml" else "resources"
    schema = orjson.loads((ROOT / "schemas" / f"{name}.schema.json").read_bytes())
    document = read_document(normalised(path.read_text(encoding="utf-8")), path.name, Diagnostics())
    assert document is not None

    jsonschema.Draft202012Validator.check_schema(schema)
    plain = orjson.loads(orjson.dumps(document.value, default=str))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(plain)] == []
