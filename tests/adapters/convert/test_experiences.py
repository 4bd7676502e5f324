"""Experiences and all that is inside them against a server."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from reconciler.adapters.base.adapter import Raw
from reconciler.model.values import MISSING
from tests.adapters.convert.conftest import Session

PAGE = "https://www.nordlicht.example/"


def code(js: str | None = None, css: str | None = None, name: str = "code") -> dict[str, Any]:
    data = {key: value for key, value in (("js", js), ("css", css)) if value is not None}
    return {"$name": name, "type": "customCode", "data": data}


def draft(**more: Any) -> dict[str, Any]:
    return {
        "name": "Sticky CTA",
        "key": "sticky-cta",
        "type": "a/b",
        "status": "draft",
        "url": PAGE,
        "variations": {
            "original": {"name": "Original", "is_baseline": True, "traffic_distribution": 50},
            "sticky": {
                "name": "Sticky",
                "traffic_distribution": 50,
                "changes": [code("a()"), code(css="p{}", name="b")],
            },
        },
        **more,
    }


def ids(raw: Raw) -> dict[str, Any]:
    return {one["name"]: one["id"] for one in raw["variations"]}


def changes(raw: Raw, name: str) -> list[Raw]:
    found = next(one["changes"] for one in raw["variations"] if one["name"] == name)
    assert isinstance(found, list)
    return found


def goal(session: Session, key: str, **more: Any) -> dict[str, str]:
    return {"$id": str(session.create("goals", {"name": key, "key": key, "type": "code_trigger", **more})["id"])}


def test_experience_with_everything(session: Session) -> None:
    order, cart = goal(session, "order"), goal(session, "cart")
    audience = session.create("audiences", {"name": "All", "type": "transient", "rules": None})
    rules = {"rule_type": "url", "matching": "contains", "value": "/p/"}
    location = session.create("locations", {"name": "PDP", "rules": rules})
    tag = session.create("tags", {"name": "q1"})

    raw = session.create(
        "experiences",
        draft(
            description="d",
            objective="sell",
            traffic_distribution=80.55,
            environment="production",
            goals=[order, cart],
            primary_goal=order,
            audiences=[{"$id": str(audience["id"])}],
            locations=[{"$id": str(location["id"])}],
            tags=[{"$id": str(tag["id"])}],
            global_js="g()\n",
            global_css="b{}",
            settings={
                "min_running_time": 14,
                "matching_options": {"audiences": "all"},
                "stats_engine_processing": {"stats_type": "frequentist", "confidence": 95, "power": 80},
                "outliers": {"order_value": {"detection_type": "percentile", "min": 5, "max": 95}},
            },
            integrations={
                "google_analytics": {"type": "ga4", "measurementId": "G-1"},
                "piwik": {"custom_dimension": "3", "enabled": False},
            },
            customizations=[{"key": "colour", "value": "red"}],
        ),
    )

    assert {one["provider"]: one["enabled"] for one in raw["integrations"]} == {
        "google_analytics": True,
        "piwik": False,
    }


def test_update_keeps_ids_and_what_is_not_declared(session: Session) -> None:
    raw = session.create("experiences", draft())
    before, kept = ids(raw), changes(raw, "Sticky")
    session.edit("experiences", raw["id"], objective="by hand")
    raw = session.read("experiences", str(raw["id"]))

    body = draft(description="new")
    body["variations"]["sticky"]["changes"] = [code("b()"), code(css="p{}", name="b")]
    raw = session.update("experiences", raw, body)

    assert ids(raw) == before
    assert raw["objective"] == "by hand"
    after = changes(raw, "Sticky")
    assert after[1] == kept[1]


def test_variations_and_changes_come_and_go(session: Session) -> None:
    raw = session.create("experiences", draft())
    body = draft()
    body["variations"]["original"]["traffic_distribution"] = 33.34
    body["variations"]["sticky"] |= {"traffic_distribution": 33.33, "changes": [code("a()")]}
    body["variations"]["third"] = {"name": "Third", "traffic_distribution": 33.33, "changes": [code("c()")]}

    raw = session.update("experiences", raw, body)
    assert len(changes(raw, "Sticky")) == 1
    assert set(ids(raw)) == {"Original", "Sticky", "Third"}

    raw = session.update("experiences", raw, draft())
    assert set(ids(raw)) == {"Original", "Sticky"}


def test_change_of_another_type_is_replaced(session: Session) -> None:
    raw = session.create("experiences", draft())
    old = changes(raw, "Sticky")[0]["id"]
    body = draft()
    body["variations"]["sticky"]["changes"] = [
        {"$name": "code", "type": "richStructure", "data": {"js": "r()", "selector": "p"}},
        code(css="p{}", name="b"),
    ]

    raw = session.update("experiences", raw, body)

    assert old not in [one["id"] for one in changes(raw, "Sticky")]


def test_untouched_changes_go_by_their_id_alone(session: Session) -> None:
    raw = session.create("experiences", draft())
    body = deepcopy(raw)
    body["variations"][1]["changes"][0]["data"]["js"] = "other()"
    del body["variations"][1]["changes"][1]["data"]

    sent = session.adapter.prepare(session.kind("experiences"), body, raw)

    first, second = sent["variations"][1]["changes"]
    assert first["data"]["js"] == "other()"
    assert second == {"id": raw["variations"][1]["changes"][1]["id"]}
    assert sent["concurrency_key"] == raw["concurrency_key"]


def test_ids_read_as_text_go_back_as_numbers(session: Session) -> None:
    raw = session.create("experiences", draft())
    body = deepcopy(raw)
    for variation in body["variations"]:
        variation["id"] = str(variation["id"])
        for change in variation["changes"]:
            change["id"] = str(change["id"])

    sent = session.adapter.prepare(session.kind("experiences"), body, body)

    assert [one["id"] for one in sent["variations"]] == [one["id"] for one in raw["variations"]]
    assert sent["variations"][1]["changes"] == [{"id": one["id"]} for one in raw["variations"][1]["changes"]]


def test_project_defaults_are_taken_out_of_declared_lists(session: Session) -> None:
    default, mine = goal(session, "default", selected_default=True), goal(session, "mine")

    raw = session.create("experiences", draft(goals=[mine], primary_goal=mine))

    assert [one["id"] if isinstance(one, dict) else one for one in raw["goals"]] == [int(mine["$id"])]
    other = session.create("experiences", draft(key="other"))
    assert [one["id"] if isinstance(one, dict) else one for one in other["goals"]] == [int(default["$id"])]


def test_new_variation_can_be_stopped(session: Session) -> None:
    body = draft()
    body["variations"]["old"] = {"name": "Old", "traffic_distribution": 0, "status": "stopped"}

    raw = session.create("experiences", body)

    assert {one["name"]: one["status"] for one in raw["variations"]}["Old"] == "stopped"


def test_settings_keep_what_is_not_declared_and_drop_what_does_not_fit(session: Session) -> None:
    frequentist = {"stats_type": "frequentist", "confidence": 95, "power": 80}
    raw = session.create("experiences", draft(settings={"min_running_time": 7, "stats_engine_processing": frequentist}))

    bayesian = {"stats_type": "bayesian", "decision_threshold": 90, "mab_settings": {"strategy": "ucb"}}
    raw = session.update("experiences", raw, {"settings": {"stats_engine_processing": bayesian}})

    assert raw["settings"]["min_running_time"] == 7
    assert "power" not in raw["settings"]["stats_engine_processing"]


def test_integration_that_is_not_said_to_be_off_stays_as_it_is(session: Session) -> None:
    raw = session.create("experiences", draft(integrations={"hotjar": {}, "clicky": {"enabled": False}}))

    raw = session.update("experiences", raw, {"integrations": {"hotjar": {}, "clicky": {}, "econda": {}}})

    assert {one["provider"]: one["enabled"] for one in raw["integrations"]} == {
        "hotjar": True,
        "clicky": False,
        "econda": True,
    }


def test_split_url(session: Session) -> None:
    redirect = {"original_pattern": f"{PAGE}spring", "variation_pattern": f"{PAGE}b", "case_sensitive": False}
    body = draft(type="split_url", settings={"split_url_settings": {"split_regex_support": True}})
    body["variations"]["sticky"]["changes"] = [{"type": "defaultRedirect", "data": redirect}]

    session.create("experiences", body)


def page_change(page: str, js: str) -> dict[str, Any]:
    return {"type": "defaultCodeMultipage", "data": {"page_id": page, "js": js}}


def test_pages_are_written_together_with_their_changes(session: Session) -> None:
    pages: dict[str, Any] = {
        "p1": {"name": "Cart", "url": f"{PAGE}cart"},
        "p2": {"name": "Checkout", "url": f"{PAGE}checkout"},
    }
    variations: dict[str, Any] = {
        "original": {
            "name": "Original",
            "is_baseline": True,
            "changes": [page_change("p1", ""), page_change("p2", "")],
        },
        "short": {"name": "Short", "changes": [page_change("p1", "a()"), page_change("p2", "b()")]},
    }
    body = draft(type="multipage", multipage_pages=pages, variations=variations)
    raw = session.create("experiences", body)

    pages["p3"] = {"name": "Thanks", "url": f"{PAGE}thanks"}
    for variation in variations.values():
        more = variation["changes"]
        assert isinstance(more, list)
        more.append(page_change("p3", "c()"))
    raw = session.update("experiences", raw, {"multipage_pages": pages, "variations": variations})

    assert [page["id"] for page in raw["multipage_pages"]] == ["p1", "p2", "p3"]


def mvt(**sections: dict[str, str]) -> dict[str, Any]:
    body = draft(
        type="mvt",
        sections={
            name: {
                "name": name,
                "versions": {
                    version: {"name": version, "changes": [code(js)] if js else []} for version, js in versions.items()
                },
            }
            for name, versions in sections.items()
        },
    )
    del body["variations"]
    return body


def test_sections_make_the_variations(session: Session) -> None:
    raw = session.create("experiences", mvt(a={"a1": "", "a2": "x()"}, b={"b1": "", "b2": "y()"}))
    assert len(raw["variations"]) == 4
    kept = raw["sections"][0]["versions"][1]["changes"][0]["id"]

    raw = session.update("experiences", raw, mvt(b={"b1": "", "b2": "z()", "b3": "q()"}, a={"a1": "", "a2": "x()"}))

    assert [section["id"] for section in raw["sections"]] == ["b", "a"]
    assert raw["sections"][1]["versions"][1]["changes"][0]["id"] == kept
    assert len(raw["variations"]) == 6

    raw = session.update("experiences", raw, {"type": "mvt", "description": "with sections still there"})
    assert len(raw["sections"]) == 2


def test_feature_rollout(app: Session) -> None:
    variables = {"enabled": {"type": "boolean", "default_value": False}, "theme": {"type": "json"}}
    feature = app.create("features", {"name": "Checkout", "key": "checkout", "variables": variables})
    data: dict[str, Any] = {
        "feature_id": {"$id": str(feature["id"])},
        "variables_data": {"enabled": True, "theme": {"mode": "dark"}},
    }
    body = draft(
        type="feature_rollout",
        traffic_distribution=10,
        variations={"on": {"name": "On", "changes": [{"type": "fullStackFeature", "data": data}]}},
    )

    raw = app.create("experiences", body)
    assert changes(raw, "On")[0]["data"]["variables_data"]["theme"] == '{"mode":"dark"}'

    data["variables_data"]["theme"] = {"mode": "light", "size": 2}
    app.update("experiences", raw, body)


def walk(session: Session, raw: Raw, *statuses: str) -> Raw:
    for status in statuses:
        raw = session.update("experiences", raw, {"status": status})
    return raw


def ready(session: Session) -> Raw:
    order = goal(session, "order")
    return session.create("experiences", draft(goals=[order], primary_goal=order))


def test_status_follows_the_lifecycle(session: Session) -> None:
    raw = walk(session, ready(session), "active", "paused", "active", "completed", "active", "paused", "archived")

    assert raw["status"] == "archived"


@pytest.mark.parametrize("status", ["draft", "active", "paused"])
def test_archiving_pauses_what_runs(session: Session, status: str) -> None:
    raw = ready(session)
    if status != "draft":
        raw = walk(session, raw, "active", *([status] if status != "active" else []))
    kind = session.kind("experiences")

    session.adapter.remove(kind, session.scope, str(raw["id"]), "archive", raw)

    archived = session.read("experiences", str(raw["id"]))
    assert archived["status"] == "archived"
    session.adapter.remove(kind, session.scope, str(raw["id"]), "archive", archived)


def test_delete(session: Session) -> None:
    raw = ready(session)
    kind = session.kind("experiences")

    session.adapter.remove(kind, session.scope, str(raw["id"]), "delete", raw)

    assert session.adapter.get(kind, session.scope, str(raw["id"])) is None


def test_every_step_of_the_lifecycle_is_one_that_the_server_makes(session: Session) -> None:
    from reconciler.emulator.convert.lifecycle import FOLLOWS

    lifecycle = session.kind("experiences").lifecycle
    assert lifecycle is not None
    for source, targets in FOLLOWS.items():
        for target in FOLLOWS:
            if source != target:
                assert lifecycle.allows(source, target) is (target in targets), (source, target)
    assert lifecycle.by_engine("active", "completed")
    assert not lifecycle.by_engine("active", "paused")
    assert "clone" in lifecycle.way_round("archived", "active")
    assert "pause" in lifecycle.way_round("active", "archived")


def test_schedule_is_written_with_its_status(session: Session) -> None:
    kind, raw = session.kind("experiences"), ready(session)
    facet = kind.facet_of("start_time")
    assert facet is not None
    object_id = str(raw["id"])

    for start in (1_893_456_000, 1_893_459_600):
        body = {**raw, "start_time": start, "end_time": None}
        raw = session.adapter.write_facet(kind, facet, session.scope, object_id, body, raw)
        assert (raw["status"], raw["start_time"]) == ("scheduled", start)

    declared = session.declared(
        "experiences", {"status": "scheduled", "start_time": start, "end_time": None}, creating=False
    )
    assert session.differs("experiences", declared, session.read("experiences", object_id)) == []


def test_history_has_variations_too(session: Session) -> None:
    raw = session.create("experiences", draft())
    body = draft()
    body["variations"]["sticky"]["description"] = "other"
    session.update("experiences", raw, body)
    session.edit("experiences", raw["id"], status="archived")

    events = session.adapter.history(session.kind("experiences"), session.scope, str(raw["id"]), None)

    assert events[0].actor == "Anna Agency"
    assert not events[0].by_api
    assert "status" in events[0].attributes
    assert any(event.event == "create" and event.by_api for event in events)


def test_variation_shares_moved_by_a_bandit_are_the_engines(session: Session) -> None:
    from reconciler.model.shape import ChildrenShape

    variations = session.kind("experiences").shape.fields["variations"]
    assert isinstance(variations, ChildrenShape)
    share = variations.item.fields["traffic_distribution"].engine_owned
    status = variations.item.fields["status"].engine_owned
    assert share is not None
    assert status is not None

    bandit = {"settings": {"stats_engine_processing": {"stats_type": "bayesian", "mab_settings": {"strategy": "ucb"}}}}
    assert share.when(bandit, 50, 60)
    assert not share.when({"settings": {"stats_engine_processing": {"mab_settings": None}}}, 50, 60)
    assert status.when({"settings": {"stop_loser": True}}, "running", "stopped")
    assert not status.when({"settings": {"stop_loser": True}}, "stopped", "running")
    assert not status.when({"settings": {}}, MISSING, "stopped")
