"""Projects, domains, tags, goals, audiences, locations, features, hypotheses against a server."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.convert.kind import is_archived
from reconciler.http import Conflict, Invalid
from reconciler.model.kind import Removal
from tests.adapters.convert.conftest import Session, connect

URL_RULE = {"AND": [{"rule_type": "url", "matching": "contains", "value": "/p/"}]}


def removed(session: Session, kind: str, raw: dict[str, Any], verb: Removal) -> Any:
    session.adapter.remove(session.kind(kind), session.scope, str(raw["id"]), verb, raw)
    return session.adapter.get(session.kind(kind), session.scope, str(raw["id"]))


def test_tag_lives_and_dies(session: Session) -> None:
    raw = session.create("tags", {"name": "q1", "description": "first quarter"})
    raw = session.update("tags", raw, {"name": "q1-2026", "description": None})

    assert raw["description"] == ""
    assert removed(session, "tags", raw, "delete") is None
    assert removed(session, "tags", raw, "delete") is None


def test_domain_is_compared_in_the_form_that_the_server_keeps(session: Session) -> None:
    raw = session.create("domains", {"url": "https://WWW.Nordlicht.example/"})

    assert raw["url"] == "https://www.nordlicht.example"
    assert session.differs("domains", session.declared("domains", {"url": "https://www.NORDLICHT.example"}), raw) == []
    session.update("domains", raw, {"url": "https://*.nordlicht.example"})


@pytest.mark.parametrize(
    "body",
    [
        {"type": "revenue", "settings": {"triggering_type": "manual"}},
        {"type": "clicks_element", "settings": {"selector": "#buy", "only_where_experience_runs": True}},
        {"type": "clicks_link", "settings": {"href": "/cart"}},
        {"type": "submits_form", "settings": {"action": "/subscribe"}},
        {"type": "dom_interaction", "settings": {"tracked_items": [{"selector": "a", "event": "click"}]}},
        {"type": "scroll_percentage", "settings": {"percentage": 75}, "triggering_rule": URL_RULE},
        {"type": "visits_page", "triggering_rule": URL_RULE},
        {"type": "advanced", "triggering_rule": URL_RULE},
        {"type": "code_trigger"},
        {"type": "ga_import", "settings": {"ga_event": "purchase"}},
    ],
    ids=lambda body: body["type"],
)
def test_goal_of_each_type_is_seen_as_declared(session: Session, body: dict[str, Any]) -> None:
    raw = session.create("goals", {"name": "Goal", "key": "goal", "description": "d", **body})

    by_key = session.adapter.get(session.kind("goals"), session.scope, "goal")
    assert by_key is not None
    assert by_key["id"] == raw["id"]


def test_goal_update_keeps_what_is_not_declared(session: Session) -> None:
    raw = session.create(
        "goals", {"name": "Buy", "key": "buy", "type": "clicks_element", "settings": {"selector": "#a"}}
    )
    session.edit("goals", raw["id"], description="by hand")
    raw = session.read("goals", str(raw["id"]))

    raw = session.update("goals", raw, {"settings": {"selector": "#b"}, "triggering_rule": URL_RULE})

    assert raw["description"] == "by hand"
    assert removed(session, "goals", raw, "archive")["status"] == "archived"
    assert is_archived(session.read("goals", str(raw["id"])))


def test_rule_order_means_nothing(session: Session) -> None:
    def rules(*countries: str) -> dict[str, Any]:
        alternatives = [{"rule_type": "country", "matching": "equals", "value": code} for code in countries]
        return {"AND": [{"OR_WHEN": alternatives}, {"rule_type": "is_mobile", "matching": "equals", "value": True}]}

    raw = session.create("audiences", {"name": "DACH", "type": "transient", "rules": rules("DE", "AT", "CH")})
    declared = session.declared("audiences", {"rules": rules("CH", "DE", "AT")}, creating=False)
    other = session.declared("audiences", {"rules": rules("CH", "DE", "FR")}, creating=False)

    assert session.differs("audiences", declared, raw) == []
    assert len(session.differs("audiences", other, raw)) == 1


def test_audience_refers_to_goals_and_segments(session: Session) -> None:
    goal = session.create("goals", {"name": "Order", "key": "order", "type": "code_trigger"})
    segment = session.create(
        "audiences",
        {
            "name": "Gold",
            "type": "segmentation",
            "rules": {"rule_type": "cookie", "key": "tier", "matching": "not exists"},
        },
    )
    rules = {
        "OR": [
            {"rule_type": "goal_triggered", "matching": "equals", "value": {"$id": str(goal["id"])}},
            {"rule_type": "bucketed_into_segment", "matching": "equals", "value": {"$id": str(segment["id"])}},
            {"rule_type": "local_time_hour_of_day", "matching": "not less", "value": 18},
        ]
    }

    raw = session.create("audiences", {"name": "Buyers", "type": "permanent", "rules": rules})
    raw = session.update("audiences", raw, {"rules": None})

    assert removed(session, "audiences", raw, "archive")["status"] == "archived"


def test_location_trigger_of_another_type_drops_old_members(session: Session) -> None:
    body = {
        "name": "Drawer",
        "rules": URL_RULE,
        "trigger": {"type": "dom_element", "selector": "#drawer", "events": ["in_view", "click"]},
    }
    raw = session.create("locations", body)

    raw = session.update("locations", raw, {"trigger": {"type": "manual"}})

    assert raw["trigger"] == {"type": "manual"}
    assert removed(session, "locations", raw, "archive")["status"] == "archived"


def test_feature_variables_are_compared_by_meaning(app: Session) -> None:
    variables: dict[str, dict[str, Any]] = {
        "enabled": {"type": "boolean", "default_value": False},
        "theme": {"type": "json", "default_value": {"mode": "light", "sizes": [1, 2]}},
        "title": {"type": "string", "default_value": "Hi"},
        "share": {"type": "float", "default_value": 0.5},
        "unset": {"type": "integer"},
    }
    raw = app.create("features", {"name": "Checkout", "key": "checkout", "variables": variables})
    stored = {one["key"]: one["default_value"] for one in raw["variables"]}
    assert stored["theme"] == '{"mode":"light","sizes":[1,2]}'

    del variables["share"]
    variables["theme"]["default_value"] = {"sizes": [2], "mode": "light"}
    raw = app.update("features", raw, {"variables": variables})

    assert [one["key"] for one in raw["variables"]] == ["enabled", "theme", "title", "unset"]
    app.adapter.remove(app.kind("features"), app.scope, str(raw["id"]), "archive", raw)
    archived = app.adapter.get(app.kind("features"), app.scope, "checkout")
    assert archived is not None
    assert archived["status"] == "archived"


def test_hypothesis_changes_its_score_with_the_type(session: Session) -> None:
    tag = session.create("tags", {"name": "checkout"})
    raw = session.create(
        "hypotheses",
        {
            "name": "Sticky button sells",
            "status": "draft",
            "prioritization_score_type": "PIE",
            "prioritization_score_attributes": {"potential": 3, "importance": 4, "ease": 5},
            "summary": "s",
            "start_date": "2026-01-01",
            "tags": [{"$id": str(tag["id"])}],
        },
    )

    raw = session.update(
        "hypotheses",
        raw,
        {
            "prioritization_score_type": "ICE",
            "prioritization_score_attributes": {"impact": 4, "confidence": 3, "ease": 5},
            "tags": None,
        },
    )
    raw = session.update("hypotheses", raw, {"prioritization_score_attributes": {"ease": 1}})

    assert raw["prioritization_score_attributes"] == {"impact": 4, "confidence": 3, "ease": 1}
    assert removed(session, "hypotheses", raw, "archive")["status"] == "archived"


def test_project_keeps_its_domains_and_settings(session: Session) -> None:
    session.create("domains", {"url": "https://www.nordlicht.example"})
    goal = session.create("goals", {"name": "Order", "key": "order", "type": "code_trigger"})
    project = session.adapter.get(session.kind("projects"), session.scope, "10002")
    assert project is not None

    raw = session.update(
        "projects",
        project,
        {
            "name": "Nordlicht Shop",
            "global_javascript": "window.x = 1;\n",
            "environments": {
                "production": {"label": "Production", "is_default": True},
                "staging": {"label": "Staging", "is_default": False},
            },
            "default_goals": [{"$id": str(goal["id"])}],
            "settings": {
                "time_zone": "Europe/Berlin",
                "do_not_track": "EU ONLY",
                "tracking_script": {"current_version": "1.2", "release": {"type": "manual"}},
            },
            "reporting_settings": {
                "currency_symbol": "€",
                "blocked_ips": {"single": [{"value": "10.0.0.1"}]},
                "stats_engine_processing": {"stats_type": "bayesian", "decision_threshold": 90},
            },
            "integrations_settings": {"google_analytics": {"type": "ga4", "enabled": True, "measurementId": "G-1"}},
        },
    )

    assert len(session.adapter.list(session.kind("domains"), session.scope)) == 1
    assert raw["settings"]["time_format"] == "12h"
    raw = session.update(
        "projects",
        raw,
        {
            "default_goals": None,
            "reporting_settings": {"stats_engine_processing": {"stats_type": "frequentist", "confidence": 90}},
            "integrations_settings": {"google_analytics": {"type": "ga3", "property_UA": "UA-1"}},
        },
    )
    assert "decision_threshold" not in raw["reporting_settings"]["stats_engine_processing"]
    assert "measurementId" not in raw["integrations_settings"]["google_analytics"]


def test_projects_of_both_types_are_listed(app: Session) -> None:
    rows = app.adapter.list(app.kind("projects"), {"account_id": "10001"})

    assert "fullstack" in {raw["project_type"] for raw in rows}


def test_lists_are_read_page_by_page(session: Session) -> None:
    for number in range(101):
        session.adapter.create(session.kind("tags"), session.scope, {"name": f"tag {number}"}, None)

    rows = session.adapter.list(session.kind("tags"), session.scope, session.executor)

    assert {raw["name"] for raw in rows} == {f"tag {number}" for number in range(101)}
    assert len([row for row in session.requests("/tags") if row["path"].endswith("/tags")]) == 3


def test_refusal_names_the_attribute(session: Session) -> None:
    kind = session.kind("goals")
    with pytest.raises(Invalid) as caught:
        session.adapter.create(kind, session.scope, {"name": "x" * 101, "type": "clicks_link", "settings": {}}, None)

    paths = {error.path for error in session.adapter.field_errors(kind, caught.value)}

    assert ("name",) in paths


def test_identity_tells_account_and_project(session: Session) -> None:
    who = session.adapter.identity()

    assert who.id == "10001"
    assert who.details["project_id"] == "10002"
    assert who.details["project_type"] == "web"


def test_bearer_key_is_taken_too(session: Session) -> None:
    assert connect(session.server, auth="bearer").identity().id == "10001"


def test_history_tells_who_changed_what_by_hand(session: Session) -> None:
    raw = session.create("goals", {"name": "Order", "key": "order", "type": "code_trigger"})
    session.create("goals", {"name": "Other", "key": "other", "type": "code_trigger"})
    session.edit("goals", raw["id"], name="Bestellung")

    events = session.adapter.history(session.kind("goals"), session.scope, str(raw["id"]), None)

    assert [(event.actor, event.by_api, event.event) for event in events] == [
        ("Anna Agency", False, "update"),
        ("emulator-convert", True, "create"),
    ]
    assert "name" in events[0].attributes
    assert events[0].at is not None
    assert len(session.adapter.history(session.kind("goals"), session.scope, str(raw["id"]), events[0].at)) >= 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("tags", {"name": "t"}),
        ("domains", {"url": "https://a.example"}),
        ("audiences", {"name": "a", "type": "transient", "rules": None}),
        ("locations", {"name": "l", "rules": URL_RULE}),
        (
            "hypotheses",
            {
                "name": "h",
                "status": "draft",
                "prioritization_score_type": "ICE",
                "prioritization_score_attributes": {"impact": 1, "confidence": 1, "ease": 1},
            },
        ),
    ],
)
def test_every_kind_has_history(session: Session, kind: str, body: dict[str, Any]) -> None:
    raw = session.create(kind, body)

    events = session.adapter.history(session.kind(kind), session.scope, str(raw["id"]), None)

    assert [event.event for event in events] == ["create"]


def test_features_and_projects_have_history(app: Session) -> None:
    raw = app.create("features", {"name": "F", "key": "f", "variables": {}})
    app.create("features", {"name": "Other", "key": "other", "variables": {}})

    events = app.adapter.history(app.kind("features"), app.scope, str(raw["id"]), None)
    of_project = app.adapter.history(app.kind("projects"), app.scope, app.scope["project_id"], None)

    assert [event.event for event in events] == ["create"]
    assert [event.event for event in of_project] == ["create"]


def test_presets_are_known(session: Session) -> None:
    kind = session.kind("audiences")
    assert kind.is_preset is not None
    assert kind.is_preset({"preset": True})
    assert not kind.is_preset({"preset": False})
    assert session.kind("goals").is_preset is not None


def test_stale_version_token_is_a_conflict(session: Session) -> None:
    raw = session.create(
        "experiences",
        {
            "name": "E",
            "key": "e",
            "type": "a/b",
            "status": "draft",
            "url": "https://www.nordlicht.example/",
            "variations": {"o": {"is_baseline": True}, "v": {}},
        },
    )
    session.edit("experiences", raw["id"], name="by hand")

    with pytest.raises(Conflict):
        session.adapter.update(
            session.kind("experiences"),
            session.scope,
            str(raw["id"]),
            {**raw, "description": "mine"},
            frozenset({"description"}),
            raw,
        )
