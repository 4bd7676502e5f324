"""A project with one sample in it, an emulator, and the steps that every case is made of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.convergence.paths import plain
from tests.convergence.sample import Sample
from tests.harness import CONFIG, FULLSTACK, Bench, Ran, bench

KEEPERS: Mapping[str, Mapping[str, Any]] = {
    "convert.tags.keeper": {"name": "Keeper"},
    "leadconduit.fields.keeper_acme": {"name": "Keeper", "type": "string"},
}
"""What stays when the sample goes: a project with nothing in it is refused."""
VOLATILE = frozenset(
    {"updated_at", "modified_at", "created_at", "version", "concurrency_key", "prioritization_score", "stats"}
)
"""What the platform moves by itself with every save."""
WEB: Mapping[str, Any] = {
    "id": 10002,
    "account_id": 10001,
    "project_type": "web",
    "environments": {
        "production": {"label": "Production", "is_default": True},
        "staging": {"label": "Staging", "is_default": False},
    },
}
CATALOGUE: Mapping[str, Any] = {
    "destinations": [
        {
            "id": number * 24,
            "name": f"Destination {number}",
            "integration_name": "sheets",
            "actions": [
                {"name": "Append", "action_id": f"append_{number}", "webhook_url": f"https://hooks.example/{number}/a"},
                {"name": "Update", "action_id": f"update_{number}", "webhook_url": f"https://hooks.example/{number}/u"},
            ],
        }
        for number in "12"
    ],
    "services": [
        {
            "id": number * 24,
            "name": f"Prices {number}",
            "integration": {"module_id": "leadconduit-custom.outbound.json"},
        }
        for number in "34"
    ],
}
"""Destinations and pricing services of the LeadConduit account, by ids `111…`, `222…` and `333…`, `444…`."""


@dataclass
class Stage:
    """The sample's project."""

    bench: Bench
    sample: Sample
    body: dict[str, Any] = field(default_factory=dict)
    """What was written last."""
    doing: str = ""
    """What a test is at, for its message."""

    # -- files ----------------------------------------------------------------------------------------------------
    def write(self, body: Mapping[str, Any] | None, **top: Any) -> None:
        """Write the sample with this body (or without the sample, when None), its neighbours, and top-level keys."""
        declared: dict[str, Any] = {**KEEPERS, **self.sample.others, **top}
        if body is not None:
            declared[self.sample.address] = self.body = dict(body)
        self.bench.write(yaml.dump(declared, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110))

    # -- commands -------------------------------------------------------------------------------------------------
    def plan(self, *argv: str, expect: int = 0) -> dict[str, Any]:
        """Return the planned change of the sample; a plan never writes."""
        self.bench.requests()
        document = self.bench.plan_json(*argv, expect=expect)
        assert self.writes() == [], "plan wrote something"
        return next((one for one in document["resource_changes"] if one["address"] == self.sample.address), {})

    def apply(self, *argv: str) -> list[str]:
        """Apply, and return the writing requests that it made."""
        self.bench.requests()
        self.bench.apply(0, *argv)
        return self.writes()

    def settled(self) -> None:
        """Assert that nothing is left to do."""
        self.bench.settled()

    def put(self, body: Mapping[str, Any]) -> list[str]:
        """Declare a body, apply it, and make sure that it holds."""
        self.write(body)
        writes = self.apply()
        self.settled()
        return writes

    def refused(self, *argv: str) -> Ran:
        """Plan what must not be possible: an error or a refusal, nothing written, by `apply` neither."""
        self.bench.requests()
        ran = self.bench.run("plan", *argv)
        assert ran.code in {1, 5}, f"it is planned: {ran}"
        assert self.bench.run("apply", "--auto-approve", *argv).code == ran.code
        assert self.writes() == [], "something was written"
        return ran

    # -- the other side -------------------------------------------------------------------------------------------
    def writes(self) -> list[str]:
        """Return the requests of the log that change something, and forget the log."""
        return [f"{one['method']} {one['path']}" for one in self.bench.requests() if _writes(one)]

    def remote_id(self) -> str:
        """Return the id of the sample."""
        found = self.plan().get("x_id")
        assert found is not None, "it has no id"
        return str(found)

    def stored(self, remote_id: str) -> dict[str, Any] | None:
        """Return the object as the emulator stores it; None when there is none."""
        rows = self.bench.dump(self.sample.platform, self.sample.kind_name)
        key = self.sample.kind.id_attribute
        return next((row for row in rows if str(row[key]) == remote_id), None)

    def edit(self, remote_id: str, values: Mapping[str, Any] | None) -> None:
        """Change the object by hand, or delete it."""
        self.bench.edit(self.sample.platform, self.sample.kind_name, remote_id, values)


class _Plain(yaml.SafeDumper):
    """Writes equal values twice rather than as an anchor, as a person does."""

    def ignore_aliases(self, data: Any) -> bool:
        """Say that nothing is to be an alias."""
        del data
        return True


def _writes(request: Mapping[str, Any]) -> bool:
    if request["method"] == "GET":
        return False
    if request["platform"] == "convert" and request["method"] == "POST":
        return str(request["path"]).endswith(("/add", "/update", "/create", "/delete", "/clone"))
    return True


def facts(stored: Any) -> Any:
    """Return a stored object without what moves by itself and without the emulator's own notes."""
    if isinstance(stored, dict):
        return {key: facts(value) for key, value in stored.items() if key not in VOLATILE and not key.startswith("_")}
    return [facts(item) for item in stored] if isinstance(stored, list) else stored


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the top-level attributes of `before` that `after` has otherwise."""
    old, new = facts(before), facts(after)
    return {key: before.get(key) for key in {**old, **new} if old.get(key) != new.get(key)}


def texts(change: Mapping[str, Any], member: str = "x_leaves") -> list[str]:
    """Return the paths of a planned change, spelt as in samples."""
    return [plain(one if isinstance(one, str) else one["path"]) for one in change.get(member) or ()]


@contextlib.contextmanager
def stage(sample: Sample, root: Path) -> Iterator[Stage]:
    """Start an emulator with the sample's project, nothing applied yet."""
    data = {"convert": {"projects": [*FULLSTACK["convert"]["projects"], WEB]}, "leadconduit": dict(CATALOGUE)}
    with bench(root, CONFIG, data) as one:
        one.environ |= sample.environ
        yield Stage(one, sample)


@contextlib.contextmanager
def applied(sample: Sample, root: Path, body: Mapping[str, Any] | None = None) -> Iterator[Stage]:
    """Start with the sample already applied."""
    with stage(sample, root) as one:
        one.write(sample.body if body is None else body)
        one.apply()
        yield one
