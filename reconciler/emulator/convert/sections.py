"""Sections and versions of multivariate experiences (Convert API v2, "Experience Sections", "Section Versions").

The variations are every combination of one version per section, and the server makes them.
"""

from __future__ import annotations

import itertools
from typing import Any

from starlette.responses import Response

from reconciler.emulator.convert.call import Call, Endpoint
from reconciler.emulator.convert.changes import Merger, check_concurrency, concurrency_key, show_change
from reconciler.emulator.convert.experience_shapes import SHORT_ID
from reconciler.emulator.convert.kind import Kind, done, slug
from reconciler.emulator.convert.lifecycle import STARTED
from reconciler.emulator.convert.problems import Problems, Refusal, not_found, refuse
from reconciler.emulator.convert.render import Want, asked_in_query
from reconciler.emulator.convert.shapes import ANYTHING, NULL_TEXT, Items, Text, record
from reconciler.emulator.convert.store import Partition, Store
from reconciler.emulator.convert.variations import split_evenly
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer

_ID = Text(pattern=SHORT_ID)
_VERSION = record("id", id=_ID, name=Text(most=200), changes=ANYTHING, concurrency_key=NULL_TEXT)
_SECTION = record(
    "id versions", id=_ID, name=Text(most=200), versions=Items(_VERSION, least=1), concurrency_key=NULL_TEXT
)
_SECTIONS = record("sections", sections=Items(_SECTION), concurrency_key=NULL_TEXT)
_INCLUDE = frozenset({"versions", "versions.changes"})
_ALL = Want(_INCLUDE)

Section = dict[str, Any]


class Sections:
    """The operations on sections; they write the experience."""

    def __init__(self, experiences: Kind) -> None:
        self._experiences = experiences

    def endpoints(self) -> list[Endpoint]:
        """Return the operations."""
        one = "E/sections/{section_id}"
        return [
            Endpoint("GET", "E/sections", self.index),
            Endpoint("POST", "E/sections/add", self.add, writes=True),
            Endpoint("POST", "E/sections/update", self.update_all, writes=True),
            Endpoint("POST", f"{one}/update", self.update, writes=True),
            Endpoint("POST", f"{one}/versions/add", self.add_version, writes=True),
            Endpoint("POST", f"{one}/versions/{{version_id}}/update", self.update_version, writes=True),
            Endpoint("DELETE", f"{one}/versions/{{version_id}}/delete", self.delete_version, writes=True),
        ]

    def index(self, call: Call) -> Response:
        """Answer all sections of an experience."""
        return _answer(self._mvt(call), asked_in_query(call, _INCLUDE, _INCLUDE))

    def add(self, call: Call) -> Response:
        """Create a section."""
        stored, body = self._mvt(call), _shaped(call, _SECTION)
        sections = [*stored["sections"], self._section(call, None, body)]
        return _answer(self._save(call, stored, sections), _ALL, 201)

    def update_all(self, call: Call) -> Response:
        """Replace the whole list of sections: what it does not name is gone."""
        stored, body = self._mvt(call), _shaped(call, _SECTIONS)
        check_concurrency(stored, body, "list of sections")
        by_id = {section["id"]: section for section in stored["sections"]}
        sections = [self._section(call, by_id.get(one["id"]), one) for one in body["sections"]]
        return _answer(self._save(call, stored, sections), _ALL)

    def update(self, call: Call) -> Response:
        """Replace one section, versions included."""
        stored = self._mvt(call)
        old = _section_of(stored, call.params["section_id"])
        body = _shaped(call, _SECTION.optional(required=("versions",)))
        new = self._section(call, old, {"id": old["id"], **body})
        return _answer(self._save(call, stored, _replaced(stored["sections"], old, new)), _ALL)

    def add_version(self, call: Call) -> Response:
        """Add a version to a section."""
        stored, body = self._mvt(call), _shaped(call, _VERSION)
        section = _section_of(stored, call.params["section_id"])
        version = self._version(call, None, body, "")
        fresh = {**section, "versions": [*section["versions"], version], "_rev": call.store.revision()}
        after = self._save(call, stored, _replaced(stored["sections"], section, fresh))
        return answer({"data": _show_version(after, version, full=True)}, 201)

    def update_version(self, call: Call) -> Response:
        """Update name or changes of a version."""
        stored = self._mvt(call)
        section = _section_of(stored, call.params["section_id"])
        old = _version_of(section, call.params["version_id"])
        body = _shaped(call, _VERSION.optional())
        version = self._version(call, old, {"id": old["id"], **body}, "")
        fresh = {**section, "versions": _replaced(section["versions"], old, version), "_rev": call.store.revision()}
        after = self._save(call, stored, _replaced(stored["sections"], section, fresh))
        return answer({"data": _show_version(after, version, full=True)})

    def delete_version(self, call: Call) -> Response:
        """Delete a version; a section keeps at least one."""
        stored = self._mvt(call)
        section = _section_of(stored, call.params["section_id"])
        old = _version_of(section, call.params["version_id"])
        versions = [one for one in section["versions"] if one is not old]
        if not versions:
            raise Refusal(422, "The last version of a section cannot be deleted")
        fresh = {**section, "versions": versions, "_rev": call.store.revision()}
        self._save(call, stored, _replaced(stored["sections"], section, fresh))
        return done("The version was deleted")

    def _mvt(self, call: Call) -> Stored:
        stored = self._experiences.found(call)
        if stored["type"] != "mvt":
            raise Refusal(422, "Only multivariate experiences have sections")
        return stored

    def _section(self, call: Call, old: Section | None, sent: dict[str, Any]) -> Section:
        if old is not None:
            check_concurrency(old, sent, "section")
            if sent["id"] != old["id"]:
                raise refuse("id", "cannot be changed")
        known = {one["id"]: one for one in old["versions"]} if old is not None else {}
        versions = [
            self._version(call, known.get(one["id"]), one, f"versions.{position}.")
            for position, one in enumerate(sent["versions"])
        ]
        new = {**(old or {"name": ""}), "id": sent["id"], "versions": versions}
        if "name" in sent:
            new["name"] = sent["name"]
        return new if new == old else {**new, "_rev": call.store.revision()}

    def _version(self, call: Call, old: dict[str, Any] | None, sent: dict[str, Any], path: str) -> dict[str, Any]:
        if old is not None:
            check_concurrency(old, sent, "version")
            if sent["id"] != old["id"]:
                raise refuse("id", "cannot be changed")
        problems = Problems()
        new = {**(old or {"name": "", "changes": []}), "id": sent["id"]}
        if "name" in sent:
            new["name"] = sent["name"]
        if "changes" in sent:
            merger = Merger(call.store, call.part, "mvt", problems)
            new["changes"] = merger.merge(new["changes"], sent["changes"], f"{path}changes")
        problems.stop()
        return new if new == old else {**new, "_rev": call.store.revision()}

    def _save(self, call: Call, stored: Stored, sections: list[Section]) -> Stored:
        _check_ids(sections)
        if stored["status"] in STARTED and _shape_of(sections) != _shape_of(stored["sections"]):
            raise Refusal(422, "Sections and versions cannot be added or removed once the experience has started")
        if sections == stored["sections"]:
            return stored
        new = {**stored, "sections": sections, "version": stored["version"] + 1, "_rev": call.store.revision()}
        if _shape_of(sections) != _shape_of(stored["sections"]):
            new["variations"] = combine(call.store, call.part, new)
        self._experiences.save(call, stored, new)
        return new


def combine(store: Store, part: Partition, stored: Stored) -> list[dict[str, Any]]:
    """Return the variations of a multivariate experience; a combination that was there keeps its variation."""
    sections = stored["sections"]
    before = {tuple(one.get("_versions", ())): one for one in stored["variations"]}
    keys: set[str] = set()
    combined = []
    for versions in itertools.product(*(section["versions"] for section in sections)) if sections else ():
        names = tuple(version["id"] for version in versions)
        one = before.get(names)
        if one is None:
            title = " + ".join(version["name"] or version["id"] for version in versions)[:200]
            key = part.free_key("variations", slug(title), keys)
            keys.add(key)
            one = {
                "id": store.mint(),
                "name": title,
                "description": None,
                "is_baseline": False,
                "traffic_distribution": 0,
                "key": key,
                "status": "running",
                "changes": [],
                "_versions": list(names),
                "_rev": store.revision(),
            }
        combined.append(one)
    if combined and not any(one["is_baseline"] for one in combined):
        combined[0] = {**combined[0], "is_baseline": True}
    return split_evenly(store, combined)


def _check_ids(sections: list[Section]) -> None:
    problems = Problems()
    names = [section["id"] for section in sections]
    if len(set(names)) != len(names):
        problems.add("sections", "the ids of sections must be unique in the experience")
    versions = [version["id"] for section in sections for version in section["versions"]]
    if len(set(versions)) != len(versions):
        problems.add("versions", "the ids of versions must be unique in the experience")
    problems.stop()


def _shape_of(sections: list[Section]) -> list[tuple[str, list[str]]]:
    return [(section["id"], [version["id"] for version in section["versions"]]) for section in sections]


def _section_of(stored: Stored, name: str) -> Section:
    for section in stored["sections"]:
        if section["id"] == name:
            found: Section = section
            return found
    raise not_found("section", name)


def _version_of(section: Section, name: str) -> dict[str, Any]:
    for version in section["versions"]:
        if version["id"] == name:
            found: dict[str, Any] = version
            return found
    raise not_found("version", name)


def _replaced(many: list[dict[str, Any]], old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    return [new if one is old else one for one in many]


def _shaped(call: Call, shape: Any) -> dict[str, Any]:
    body, problems = call.body(), Problems()
    shape.check(body, "", problems)
    problems.stop()
    return body


def _answer(stored: Stored, want: Want, status: int = 200) -> Response:
    shown = []
    for section in stored["sections"]:
        one = {"id": section["id"], "name": section["name"], "concurrency_key": concurrency_key(section)}
        if want.expands("versions") or want.expands("versions.changes"):
            full = want.expands("versions.changes")
            one["versions"] = [_show_version(stored, version, full=full) for version in section["versions"]]
        shown.append(one)
    return answer({"data": shown, "concurrency_key": concurrency_key(stored)}, status)


def _show_version(stored: Stored, version: dict[str, Any], *, full: bool) -> dict[str, Any]:
    return {
        "id": version["id"],
        "name": version["name"],
        "variations": [one["id"] for one in stored["variations"] if version["id"] in one.get("_versions", ())],
        "changes": [show_change(change, full=full) for change in version["changes"]],
        "concurrency_key": concurrency_key(version),
    }
