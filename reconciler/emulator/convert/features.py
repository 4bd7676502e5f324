"""Features of fullstack projects, with their variables (Convert API v2, "Features")."""

from __future__ import annotations

from typing import Any, ClassVar

import orjson

from reconciler.emulator.convert.call import Call
from reconciler.emulator.convert.kind import Kind, used_message
from reconciler.emulator.convert.listing import Listing
from reconciler.emulator.convert.problems import Problems, Refusal
from reconciler.emulator.convert.render import Ref, Want
from reconciler.emulator.convert.shapes import ANYTHING, Items, Text, choice, record
from reconciler.emulator.convert.store import Partition, Space
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored

_TYPES: dict[str, tuple[type, ...]] = {
    "json": (str,),
    "string": (str,),
    "boolean": (bool,),
    "float": (int, float),
    "integer": (int,),
}


def check_variable(kind: str, value: Any, field: str, problems: Problems) -> None:
    """Note what is wrong with a value of a feature variable: JSON and text are both sent as strings."""
    expected = _TYPES[kind]
    fits = isinstance(value, expected) and (not isinstance(value, bool) or bool in expected)
    if not fits:
        problems.add(field, f"must be a {' or '.join(one.__name__ for one in expected)}, as the type is {kind}")
    elif kind == "json":
        try:
            orjson.loads(value)
        except orjson.JSONDecodeError:
            problems.add(field, "must be a string that holds JSON")


class Features(Kind):
    """Features of a fullstack project."""

    name = "features"
    word = "feature"
    segment = "features"
    create = record(
        "name variables",
        name=Text(most=100, least=1),
        key=Text(most=32, least=1),
        description=Text(most=200),
        status=choice("active", "archived"),
        variables=Items(record("key type", key=Text(most=32, least=1), type=choice(*_TYPES), default_value=ANYTHING)),
    )
    update = create.optional()
    include = frozenset({"stats"})
    keyed = True
    bulk_statuses = ("active", "archived")
    defaults: ClassVar[dict[str, Any]] = {"description": "", "status": "active", "variables": []}
    listing = Listing(
        sort=("id", "name", "key", "status"),
        searched=("id", "name", "key", "description"),
        search_length=100,
        hides_archived=True,
        include=include,
    )
    loose = Loose(sets=("variables",), defaults={"description": "", "variables.default_value": None})

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return a feature as answers show it."""
        shown = super().show(space, stored, want, ref)
        if "stats" in want.include:
            assert isinstance(space, Partition)
            used = space.used_by("features", stored["id"], "experiences")
            shown["stats"] = {"times_used": sum(1 for one in used if one["status"] == "active")}
        return shown

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Validate the variables and give them their defaults."""
        if not call.part.fullstack:
            raise Refusal(422, "Features exist in fullstack projects only")
        problems = Problems()
        if "variables" in body:
            seen: set[str] = set()
            for position, variable in enumerate(body["variables"]):
                place = f"variables.{position}"
                if variable["key"] in seen:
                    problems.add(f"{place}.key", "must be unique within the feature")
                seen.add(variable["key"])
                if variable.get("default_value") is not None:
                    check_variable(variable["type"], variable["default_value"], f"{place}.default_value", problems)
            new["variables"] = [{"default_value": None, **variable} for variable in body["variables"]]
        problems.stop()
        self.claim_key(call, new, old)

    def in_use(self, part: Partition, stored: Stored) -> None:
        """Refuse to delete what experiences need."""
        users = {"experience": len(part.used_by("features", stored["id"], "experiences"))}
        if any(users.values()):
            raise Refusal(422, used_message("feature", users))
