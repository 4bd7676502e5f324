"""Nonsense in any place of any kind is reported; it never ends in a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.adapters.base.adapter import Platform
from reconciler.adapters.convert import PLATFORM as CONVERT
from reconciler.adapters.leadconduit import PLATFORM as LEADCONDUIT
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Shape
from reconciler.project.diagnostics import ProjectError
from reconciler.project.loader import load
from reconciler.project.model import LoadOptions
from tests.project.shop import PLATFORMS, write

JUNK: tuple[Any, ...] = (
    None, "", "x", 0, 1.5, True, [], {}, [None], [1, "a"], [[]], [{}], {"a": 1}, {"a": None}, {"a": {}}, {"a": [1]},
    {"$id": 1}, {"$id": None}, {"$others": "keep"}, {"$name": 1}, "${secret.x}", "a ${secret.x}", "${env.NOPE}",
    "${self.name}", {"a": "${secret.x}"}, ["${secret.x}"],
)  # fmt: skip
ACCOUNTS: dict[str, dict[str, Any]] = {
    "convert": {"account_id": 1, "project_id": 2, "key_id": "${env.K}", "secret": "${secret.x}"},
    "leadconduit": {"api_key": "${secret.x}"},
    "shop": {"account_id": 1, "project_id": 2, "token": "${secret.x}"},
}


def nonsense(shape: Shape, depth: int) -> Iterator[Any]:
    """Yield junk in place of a value, and values of the right form with junk deeper in them."""
    yield from JUNK
    if depth == 0:
        return
    match shape:
        case ObjectShape():
            for name, field in shape.writable.items():
                for value in nonsense(field, depth - 1):
                    yield {name: value}
        case ListShape():
            for value in nonsense(shape.item, depth - 1):
                yield [value]
        case MapShape():
            for value in nonsense(shape.value, depth - 1):
                yield {"k": value}
        case ChildrenShape():
            for value in nonsense(shape.item, depth - 1):
                yield {"k": value} if shape.form == "map" else [value]


@pytest.mark.parametrize("platform", [CONVERT, LEADCONDUIT, PLATFORMS["shop"]], ids=lambda platform: platform.name)
def test_nonsense_is_reported(tmp_path: Path, platform: Platform) -> None:
    files: dict[str, dict[str, Any]] = {}
    for kind in platform.kinds.values():
        if kind.managed:
            for i, body in enumerate(nonsense(kind.shape, 3)):
                files.setdefault(f"resources/{kind.name}{i // 100}.yaml", {})[f"{platform.name}.{kind.name}.n{i}"] = (
                    body
                )
    config = {"version": 1, "name": "demo", "accounts": {platform.name: ACCOUNTS[platform.name]}}
    write(tmp_path, {"reconciler.yaml": json.dumps(config), **{name: json.dumps(all_) for name, all_ in files.items()}})
    with pytest.raises(ProjectError) as caught:
        load(tmp_path, LoadOptions(platforms={platform.name: platform}, environ={}, cache=False))
    concerned = {finding.address for finding in caught.value.diagnostics}
    assert len(concerned) > 0.8 * sum(map(len, files.values()))
