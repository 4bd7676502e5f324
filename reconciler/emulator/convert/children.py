"""Single variations and changes of an experience, by their own paths."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from reconciler.emulator.convert import experience_checks as checks
from reconciler.emulator.convert import variations as var
from reconciler.emulator.convert.call import Call, Endpoint
from reconciler.emulator.convert.changes import DATA, Merger, check_concurrency, show_change
from reconciler.emulator.convert.experiences import Experiences
from reconciler.emulator.convert.kind import done
from reconciler.emulator.convert.lifecycle import STARTED
from reconciler.emulator.convert.problems import Problems, Refusal, not_found, refuse
from reconciler.emulator.convert.references import changes_of
from reconciler.emulator.convert.shapes import ANYTHING, NULL_TEXT, choice, record
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer

_CHANGE = record("type data", type=choice(*DATA), data=ANYTHING, concurrency_key=NULL_TEXT)


class Children:
    """The operations on one variation or one change; they write the experience."""

    def __init__(self, experiences: Experiences) -> None:
        self._experiences = experiences

    def endpoints(self) -> list[Endpoint]:
        """Return the operations."""
        return [
            Endpoint("PUT", "E/variations/{variation_id}/update", self.update_variation, writes=True),
            Endpoint("DELETE", "E/variations/{variation_id}/delete", self.delete_variation, writes=True),
            Endpoint("GET", "E/changes/{change_id}", self.get_change),
            Endpoint("PUT", "E/changes/{change_id}", self.update_change, writes=True),
        ]

    def update_variation(self, call: Call) -> Response:
        """Update one variation; one share that changes moves the others."""
        stored = self._experiences.found(call)
        old = _variation(stored, call)
        body, problems = call.body(), Problems()
        var.UPDATE.check(body, "", problems)
        problems.stop()
        if body.get("is_baseline") is False and old["is_baseline"]:
            raise refuse("is_baseline", "exactly one variation must be the baseline")
        new = var.VariationList(call.store, call.part, stored, problems).updated(old, body)
        problems.stop()
        many = [new if one["id"] == new["id"] else one for one in stored["variations"]]
        if new["is_baseline"] and not old["is_baseline"]:
            many = [one if one["id"] == new["id"] else {**one, "is_baseline": False} for one in many]
        if "traffic_distribution" in body and not var.sums_up(many) and not var.is_bandit(stored):
            many = var.split_around(call.store, many, new["id"])
        after = self._save(call, stored, {**stored, "variations": many})
        new = next(one for one in after["variations"] if one["id"] == new["id"])
        changes = [show_change(change, full=True) for change in var.changes_of_variation(after, new)]
        return answer(var.show_variation(new, changes))

    def delete_variation(self, call: Call) -> Response:
        """Delete a variation, as long as the experience has not started."""
        stored = self._experiences.found(call)
        old = _variation(stored, call)
        if stored["type"] == "mvt":
            raise Refusal(422, "The variations of a multivariate experience are made of its sections")
        if stored["status"] in STARTED:
            raise Refusal(422, "Variations cannot be removed once the experience has started")
        if old["is_baseline"]:
            raise Refusal(422, "The baseline cannot be deleted")
        many = [one for one in stored["variations"] if one is not old]
        if not var.sums_up(many):
            many = var.split_evenly(call.store, many)
        self._save(call, stored, {**stored, "variations": many})
        return done("The variation was deleted")

    def get_change(self, call: Call) -> Response:
        """Answer one change, with its data."""
        return answer(show_change(_change(self._experiences.found(call), call), full=True))

    def update_change(self, call: Call) -> Response:
        """Replace the data of a change; everything that a new change needs must be there."""
        stored = self._experiences.found(call)
        old = _change(stored, call)
        body, problems = call.body(), Problems()
        _CHANGE.check(body, "", problems)
        problems.stop()
        check_concurrency(old, body, "change")
        new = Merger(call.store, call.part, stored["type"], problems).updated(old, body, "", adding=True)
        problems.stop()
        assert new is not None
        rev = call.store.revision()

        def swapped(many: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [_with_change(one, old, new, rev) for one in many]

        sections = [
            {**section, "versions": versions, "_rev": rev}
            if (versions := swapped(section["versions"])) != section["versions"]
            else section
            for section in stored["sections"]
        ]
        self._save(call, stored, {**stored, "variations": swapped(stored["variations"]), "sections": sections})
        return answer(show_change(new, full=True))

    def _save(self, call: Call, stored: Stored, new: Stored) -> Stored:
        if new == stored:
            return stored
        problems = Problems()
        checks.check_pages(new, problems)
        problems.stop()
        new = {**new, "version": stored["version"] + 1, "_rev": call.store.revision()}
        checks.fill_analytics(new)
        self._experiences.save(call, stored, new)
        return new


def _with_change(one: dict[str, Any], old: dict[str, Any], new: dict[str, Any], rev: int) -> dict[str, Any]:
    if new is old or all(change["id"] != old["id"] for change in one["changes"]):
        return one
    return {**one, "changes": [new if change["id"] == old["id"] else change for change in one["changes"]], "_rev": rev}


def _variation(stored: Stored, call: Call) -> var.Variation:
    wanted = call.number("variation_id", "variation")
    for one in stored["variations"]:
        if one["id"] == wanted:
            found: var.Variation = one
            return found
    raise not_found("variation", wanted)


def _change(stored: Stored, call: Call) -> dict[str, Any]:
    wanted = call.number("change_id", "change")
    for change in changes_of(stored):
        if change["id"] == wanted:
            return change
    raise not_found("change", wanted)
