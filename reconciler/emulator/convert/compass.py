"""Compass: observations, hypotheses and the knowledge base (Convert API v2)."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from starlette.responses import Response

from reconciler.emulator.convert.call import Call, Endpoint
from reconciler.emulator.convert.kind import Kind, check_ids, project_of
from reconciler.emulator.convert.listing import Keep, Listing, sharing
from reconciler.emulator.convert.problems import Problems
from reconciler.emulator.convert.render import Ref, Want, asked_in_query
from reconciler.emulator.convert.shapes import (
    ANYTHING,
    COUNT,
    Either,
    Items,
    Number,
    Shape,
    Text,
    choice,
    ids,
    record,
)
from reconciler.emulator.convert.store import Space, now
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored

_SCORES = {"PIE": ("potential", "importance", "ease"), "ICE": ("impact", "confidence", "ease")}
_DATE = Text(pattern=re.compile(r"\d{4}-\d\d-\d\d"), null=True)
_HYPOTHESIS_STATUSES = ("draft", "completed", "applied", "proven", "disproven", "archived")
_ARCHIVABLE = ("active", "archived")
_LOOSE = Loose(sets=("tags", "experiences"), numbers=("tags", "experiences", "project", "project.id", "tags.id"))

TAG_REFERENCE = Either((COUNT, record("name", name=Text(most=100, least=1), description=Text(most=200, null=True))))
TAGS = Items(TAG_REFERENCE, null=True)
"""Tags are sent by id, or as objects, each of which makes a new tag."""

_FILES = Items(record("key name", key=Text(most=500), name=Text(most=250)), most=3, null=True)
_IDEA: dict[str, Shape] = {
    "name": Text(most=100, least=1),
    "summary": Text(most=500),
    "url": Text(most=2048, null=True),
    "objective": Text(most=5000),
    "description": Text(most=5000, null=True),
    "start_date": _DATE,
    "end_date": _DATE,
    "prioritization_score_type": choice(*_SCORES),
    "prioritization_score_attributes": ANYTHING,
    "experiences": ids(100),
    "tags": TAGS,
    "files": _FILES,
    "created_at": Number(null=True),
}


def make_tags(kind: Kind, call: Call, tags: list[Any] | None) -> list[int]:
    """Return the ids of tags; an object among them becomes a new tag."""
    found: list[int] = []
    tag_kind = kind.renderer.kind("tags")
    for one in tags or ():
        if isinstance(one, dict):
            tag = {"id": call.store.mint(), "description": "", **one, "project_id": call.part.id}
            tag["_account"] = call.account.id
            tag_kind.save(call, None, tag)
            found.append(tag["id"])
        else:
            found.append(one)
    return list(dict.fromkeys(found))


def check_tags(call: Call, tags: list[Any] | None, problems: Problems) -> None:
    """Note tags that the project does not have."""
    check_ids(call.part, "tags", [one for one in tags or () if not isinstance(one, dict)], "tags", problems)


class _Compass(Kind):
    """What the three kinds share."""

    tracked = False
    write_expand = True
    returns_deleted = True
    loose = _LOOSE

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return an object as answers show it."""
        shown = super().show(space, stored, want, ref)
        if "experiences" in shown and want.expands("experiences"):
            shown["experiences"] = [ref("experiences", one) for one in stored["experiences"]]
        shown["project"] = project_of(space, want)
        return shown

    def keeps(self, space: Space, body: dict[str, Any]) -> list[Keep]:
        """Return the conditions of a list's filter."""
        return [*super().keeps(space, body), *sharing(body, "tags", "tags")]

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Validate references and scores; make tags."""
        problems = Problems()
        check_tags(call, body.get("tags"), problems)
        check_ids(call.part, "experiences", body.get("experiences"), "experiences", problems)
        self.check_scores(new, body, problems)
        problems.stop()
        if "tags" in body:
            new["tags"] = make_tags(self, call, body["tags"])
        new["created_by"] = old["created_by"] if old is not None else call.actor.user
        new["created_at"] = old["created_at"] if old is not None else now()
        if old is None or {**new, "updated_at": 0} != {**old, "updated_at": 0}:
            new["updated_at"] = now()

    def check_scores(self, new: Stored, body: dict[str, Any], problems: Problems) -> None:
        """Note what is wrong with a score, and work it out: the mean of its three numbers."""
        names = {"prioritization_score_type", "prioritization_score_attributes"}
        sent = names & body.keys()
        if not sent:
            return
        if sent != names:
            problems.add((names - sent).pop(), "must be sent together with the other half of the score")
            return
        one = Number(least=1, most=5, whole=True)
        attributes = _SCORES[new["prioritization_score_type"]]
        shape = record(" ".join(attributes), **dict.fromkeys(attributes, one))
        before = Problems()
        shape.check(new["prioritization_score_attributes"], "prioritization_score_attributes", before)
        if before:
            shape.check(new["prioritization_score_attributes"], "prioritization_score_attributes", problems)
            return
        numbers = [new["prioritization_score_attributes"][name] for name in attributes]
        new["prioritization_score"] = f"{sum(numbers) / len(numbers):.2f}"

    def set_status(self, call: Call) -> Response:
        """Change the status and nothing else."""
        stored = self.found(call)
        body = call.body()
        want = asked_in_query(call, frozenset(), self.expand)
        self._shaped(record("status", status=choice(*self.bulk_statuses)), body)
        self.save(call, stored, self.merge(call, stored, body))
        return self.renderer.one(self, call.part, stored["id"], want)


class Hypotheses(_Compass):
    """Hypotheses of a project."""

    name = "hypotheses"
    word = "hypothesis"
    segment = "hypotheses"
    tracked = True
    create = record(
        "name status prioritization_score_type prioritization_score_attributes",
        **_IDEA,
        status=choice(*_HYPOTHESIS_STATUSES),
    )
    update = create.optional()
    expand = frozenset({"project", "tags", "experiences"})
    bulk_statuses = _HYPOTHESIS_STATUSES
    defaults: ClassVar[dict[str, Any]] = {
        "summary": "",
        "url": None,
        "objective": "",
        "description": None,
        "start_date": None,
        "end_date": None,
        "experiences": [],
        "tags": [],
    }
    columns: ClassVar[dict[str, str]] = {"score": "prioritization_score"}
    listing = Listing(
        sort=("id", "name", "score", "start_date", "status"),
        filters={
            "status": Items(choice(*_HYPOTHESIS_STATUSES), null=True),
            "scoreMin": Number(least=0, most=5, whole=True, null=True),
            "scoreMax": Number(least=0, most=5, whole=True, null=True),
            "experiences": ids(null=True),
            "tags": ids(null=True),
        },
        searched=("name", "description"),
        expand=frozenset({"project", "tags"}),
    )

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of hypotheses."""
        return [
            *super().endpoints(),
            Endpoint("POST", "P/hypotheses/{hypothesis_id}/update-status", self.set_status, writes=True),
            Endpoint("POST", "P/hypotheses/{hypothesis_id}/convert", self.convert, writes=True),
        ]

    def keeps(self, space: Space, body: dict[str, Any]) -> list[Keep]:
        """Return the conditions of a list's filter."""
        keeps = [*super().keeps(space, body), *sharing(body, "experiences", "experiences")]
        least, most = body.get("scoreMin") or 0, body.get("scoreMax")
        if least or (most is not None and most < 5):
            highest = 5 if most is None else most
            keeps.append(lambda stored: least <= float(stored.get("prioritization_score") or 0) <= highest)
        return keeps

    def convert(self, call: Call) -> Response:
        """Make an entry of the knowledge base out of a hypothesis (201); the hypothesis stays."""
        stored = self.found(call)
        entry = {**stored, "id": call.store.mint(), "status": "active"}
        kind = self.renderer.kind("knowledge_bases")
        kind.save(call, None, entry)
        return self.renderer.one(kind, call.part, entry["id"], Want(), 201)


class KnowledgeBases(_Compass):
    """Entries of the knowledge base; only their status can be changed."""

    name = "knowledge_bases"
    word = "knowledge base"
    segment = "knowledge-bases"
    create = record("name", **_IDEA, status=choice(*_ARCHIVABLE))
    update = record(status=choice(*_ARCHIVABLE))
    expand = frozenset({"project", "tags"})
    bulk_statuses = _ARCHIVABLE
    defaults: ClassVar[dict[str, Any]] = {
        "summary": "",
        "url": None,
        "objective": "",
        "description": None,
        "status": "active",
        "experiences": [],
        "tags": [],
    }
    listing = Listing(
        sort=("name", "updated_at", "status"),
        default_sort="name",
        filters={"status": Items(choice(*_ARCHIVABLE), null=True), "tags": ids(null=True)},
        searched=("name",),
        expand=expand,
    )

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of the knowledge base: there is no update but that of the status."""
        one = f"P/{self.segment}/{{{self.parameter}}}"
        kept = [endpoint for endpoint in super().endpoints() if endpoint.path != f"{one}/update"]
        return [*kept, Endpoint("POST", f"{one}/update-status", self.set_status, writes=True)]


class Observations(_Compass):
    """Observations of a project."""

    name = "observations"
    word = "observation"
    segment = "observations"
    create = record(
        "name",
        name=Text(most=100, least=1),
        description=Text(most=5000, null=True),
        status=choice(*_ARCHIVABLE),
        url=Text(most=2048, null=True),
        images=Items(record("url name", url=Text(most=500), name=Text(most=250)), most=3, null=True),
        files=_FILES,
        tags=TAGS,
    )
    update = create.optional()
    expand = frozenset({"project", "tags"})
    bulk_statuses = _ARCHIVABLE
    defaults: ClassVar[dict[str, Any]] = {"description": "", "status": "active", "url": None, "images": [], "tags": []}
    columns: ClassVar[dict[str, str]] = {"date_added": "created_at"}
    listing = Listing(
        sort=("name", "created_by", "date_added", "status"),
        default_sort="name",
        filters={"status": Items(choice(*_ARCHIVABLE), null=True), "tags": ids(null=True)},
        searched=("name", "description"),
        expand=expand,
    )
