"""What a server may do to an answer without changing what it means is no difference."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.adapters.convert.conftest import Session
from tests.adapters.convert.test_experiences import code, draft

DISGUISES = [
    "fill_defaults",
    "sort_lists",
    "change_case",
    "numbers_as_text",
    "unknown_attributes",
    "shuffle_sets",
    "timestamps",
]


def own(raw: dict[str, Any]) -> dict[str, str]:
    return {"$id": str(raw["id"])}


def populate(session: Session) -> dict[str, tuple[dict[str, Any], str]]:
    """Create one object of each kind of a web project; return the bodies and ids."""
    made: dict[str, tuple[dict[str, Any], str]] = {}

    def make(kind: str, **body: Any) -> dict[str, str]:
        raw = session.create(kind, body)
        made[kind] = (body, str(raw["id"]))
        return own(raw)

    make("domains", url="https://www.nordlicht.example")
    tag = make("tags", name="q1", description=None)
    countries = [{"rule_type": "country", "matching": "equals", "value": one} for one in ("DE", "AT", "CH")]
    goal = make(
        "goals",
        name="Order",
        key="order",
        type="dom_interaction",
        settings={"tracked_items": [{"selector": "a", "event": "click"}, {"selector": "b", "event": "focus"}]},
        triggering_rule={
            "OR": [
                {"AND": [{"OR_WHEN": countries}, {"rule_type": "visits_count", "matching": "not less", "value": 3}]},
                {"rule_type": "is_mobile", "matching": "equals", "value": True},
            ]
        },
    )
    reference = {"rule_type": "goal_triggered", "matching": "equals", "value": goal}
    audience = make("audiences", name="A", type="transient", rules={"AND": [reference, countries[0]]})
    location = make(
        "locations",
        name="L",
        rules={"rule_type": "url", "matching": "contains", "value": "/p/"},
        trigger={"type": "dom_element", "selector": "#a", "events": ["click", "in_view", "change"]},
    )
    area = {"include": [{"rule_type": "url", "matching": "contains", "value": one} for one in ("/a", "/b", "/c")]}
    experience = make(
        "experiences",
        **draft(
            goals=[goal],
            primary_goal=goal,
            audiences=[audience],
            locations=[],
            site_area=area,
            tags=[tag],
            settings={"srm_check": None, "min_running_time": 14},
            integrations={"hotjar": {"enabled": True}, "clicky": {"enabled": False}},
        ),
    )
    assert location
    make(
        "hypotheses",
        name="H",
        status="draft",
        prioritization_score_type="ICE",
        prioritization_score_attributes={"impact": 1, "confidence": 2, "ease": 3},
        experiences=[experience],
        tags=[tag],
    )
    return made


def disguise(session: Session, names: list[str], seed: int) -> None:
    httpx.post(f"{session.server.url}/_control/faults", json={"disguise": names, "seed": seed}).raise_for_status()


@pytest.mark.parametrize("seed", range(4))
def test_disguised_answers_show_no_difference(session: Session, seed: int) -> None:
    made = populate(session)
    disguise(session, DISGUISES, seed)
    try:
        found = {
            kind: session.differs(kind, session.declared(kind, body), session.row(kind, object_id))
            for kind, (body, object_id) in made.items()
        }
    finally:
        disguise(session, [], 0)

    assert found == {kind: [] for kind in made}


@pytest.mark.parametrize("seed", range(3))
def test_updates_of_disguised_objects_are_taken(session: Session, seed: int) -> None:
    made = populate(session)
    disguise(session, DISGUISES, seed)
    try:
        _, experience = made["experiences"]
        body = draft(description="new")
        body["variations"]["sticky"]["changes"] = [code("changed()"), code(css="p{}", name="b")]
        session.update("experiences", session.read("experiences", experience), body)
        _, goal = made["goals"]
        session.update("goals", session.read("goals", goal), {"settings": {"tracked_items": []}})
        _, hypothesis = made["hypotheses"]
        points = {"prioritization_score_attributes": {"impact": 5}}
        session.update("hypotheses", session.read("hypotheses", hypothesis), points)
        project = session.adapter.get(session.kind("projects"), session.scope, "10002")
        assert project is not None
        session.update("projects", project, {"settings": {"time_zone": "Europe/Berlin"}})
    finally:
        disguise(session, [], 0)
