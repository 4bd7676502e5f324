"""Whole configurations of two Convert projects, a web and a fullstack one, valid by construction."""

from __future__ import annotations

from typing import Any

from tests.properties.pick import Pick

Body = dict[str, Any]
Config = dict[str, Body]

TEXTS = ("city", "keyword", "browser_version", "user_agent", "page_tag_custom_2", "page_tag_product_name")
NUMBERS = ("avg_time_page", "visits_count", "page_tag_product_price")
URLS = ("url", "url_with_query", "query_string")
MATCHES = ("matches", "regexMatches", "contains", "endsWith", "startsWith")
COMPARISONS = ("equalsNumber", "less", "lessEqual")
VISITOR = ("is_mobile", "country", "visitor_type", "browser_name", "os", "weather_condition", "hour", "cookie")
CHOICES: dict[str, list[Any]] = {
    "is_mobile": [True, False],
    "country": ["DE", "AT", "US"],
    "visitor_type": ["new", "returning"],
    "browser_name": ["chrome", "safari"],
    "os": ["ipad", "android"],
}
SITE = "https://www.shop.example"


# -- rules ----------------------------------------------------------------------------------------------------------
def rule(pick: Pick, sorts: tuple[str, ...], goals: list[str], segments: list[str]) -> Body:
    """Return one condition out of these sorts; `goals` and `segments` are what it may refer to."""
    also = (*sorts, *(["goal_triggered"] if goals else []), *(["bucketed_into_segment"] if segments else []))
    sort = pick.one(also)
    match: Any = "equals"
    value: Any
    more: Body = {}
    if sort in TEXTS or sort in URLS:
        match, value = pick.one(MATCHES), pick.text()
    elif sort in NUMBERS:
        match, value = pick.one(COMPARISONS), pick.one([1, 2.5, 30, pick.number(0, 999)])
    elif sort == "hour":
        sort, match, value = "local_time_hour_of_day", pick.one(COMPARISONS), pick.number(0, 24)
    elif sort == "weather_condition":
        match, value = "contains", pick.one(["Fog", "rain", "Sunny"])
    elif sort == "cookie":
        more = {"key": pick.text(20)}
        match = pick.one([*MATCHES, "exists", "doesNotExist"])
        value = pick.text()
        if match in {"exists", "doesNotExist"}:
            return _spelt(pick, {"rule_type": sort, "matching": match, **more})
    elif sort == "generic":
        more = {"key": pick.text(20)}
        sort, match, value = pick.one(
            [
                ("generic_text_key_value", "contains", "gold"),
                ("generic_numeric_key_value", "less", 3.5),
                ("generic_bool_key_value", "equals", True),
            ]
        )
    elif sort == "js_condition":
        value = f"window.a === {pick.number(0, 9)}"
    else:
        value = pick.one({**CHOICES, "goal_triggered": goals, "bucketed_into_segment": segments}[sort])
    return _spelt(pick, {"rule_type": sort, **more, "matching": match, "value": value})


def _spelt(pick: Pick, one: Body) -> Body:
    if pick.maybe():
        negated = pick.maybe()
        short = f"not {one['matching']}" if negated else one["matching"]
        one["matching"] = short if pick.maybe() else {"match_type": one["matching"], "negated": negated}
    return one


def tree(pick: Pick, sorts: tuple[str, ...], goals: list[str], segments: list[str]) -> Body:
    """Return a rule tree, in full or with levels of one member left out."""

    def any_of() -> Body:
        if pick.maybe():
            return rule(pick, sorts, goals, segments)
        return {"OR_WHEN": [rule(pick, sorts, goals, segments) for _ in range(pick.number(1, 3))]}

    def all_of() -> Body:
        return {"AND": [any_of() for _ in range(pick.number(1, 2))]}

    return all_of() if pick.maybe() else {"OR": [all_of() for _ in range(pick.number(1, 2))]}


# -- small kinds ----------------------------------------------------------------------------------------------------
def goal(pick: Pick, name: str, goals: list[str], segments: list[str]) -> Body:
    """Return a goal of any type; its rule may refer to other goals and to segments."""
    sort = pick.one(list(_SETTINGS))
    body: Body = {"name": f"{name} {pick.text(40)}", "type": sort}
    settings = _SETTINGS[sort](pick)
    if settings:
        body["settings"] = settings
    needs = sort in {"advanced", "visits_page", "scroll_percentage"}
    if needs or (sort in {"clicks_element", "submits_form"} and pick.maybe()):
        body["triggering_rule"] = tree(pick, (*URLS, *TEXTS[:3], *NUMBERS, *VISITOR), goals, segments)
    pick.optional(body, "description", lambda: pick.one([None, "", pick.text()]))
    if pick.rarely():
        body["key"] = f"k_{name}"
    return body


_SETTINGS: dict[str, Any] = {
    "advanced": lambda _pick: None,
    "visits_page": lambda _pick: None,
    "code_trigger": lambda _pick: None,
    "revenue": lambda pick: {"triggering_type": pick.one(["manual", "ga"])},
    "clicks_link": lambda pick: {"href": f"/{pick.number(1, 9)}"},
    "submits_form": lambda _pick: {"action": "/subscribe"},
    "clicks_element": lambda pick: (
        {"selector": "#buy"} | ({"only_where_experience_runs": True} if pick.maybe() else {})
    ),
    "dom_interaction": lambda pick: {
        "tracked_items": [{"selector": f"#a{i}", "event": "click"} for i in range(pick.number(1, 3))]
    },
    "scroll_percentage": lambda pick: {"percentage": pick.one([25, 50, 75, 100])},
    "ga_import": lambda pick: {"ga_event": "purchase"} if pick.maybe() else None,
}


def audience(pick: Pick, name: str, sort: str, goals: list[str], segments: list[str]) -> Body:
    """Return an audience; only segments look at URLs."""
    sorts = (*TEXTS, *NUMBERS, *VISITOR, "generic", "js_condition", *(URLS if sort == "segmentation" else ()))
    body: Body = {"name": f"{name} {pick.text(40)}", "type": sort}
    body["rules"] = None if pick.rarely() else tree(pick, sorts, goals, segments)
    pick.optional(body, "description", pick.text)
    return body


def location(pick: Pick, name: str) -> Body:
    """Return a location with any trigger."""
    body: Body = {"name": f"{name} {pick.text(40)}"}
    body["rules"] = tree(pick, (*URLS, "page_tag_custom_2", "generic", "js_condition"), [], [])
    if pick.maybe():
        sort = pick.one(["upon_run", "manual", "dom_element", "callback"])
        forms: dict[str, Body] = {
            "dom_element": {"selector": "#drawer", "events": pick.some(["click", "hover", "in_view"], 1)},
            "callback": {"js": "cb(() => 1);"},
        }
        body["trigger"] = {"type": sort, **forms.get(sort, {})}
    return body


def hypothesis(pick: Pick, name: str, experiences: list[str], tags: list[str]) -> Body:
    """Return a hypothesis with either sort of score."""
    sort = pick.one(["PIE", "ICE"])
    names = ("potential", "importance", "ease") if sort == "PIE" else ("impact", "confidence", "ease")
    body: Body = {
        "name": f"{name} {pick.text(40)}",
        "status": pick.one(["draft", "applied", "proven"]),
        "prioritization_score_type": sort,
        "prioritization_score_attributes": {one: pick.number(1, 5) for one in names},
    }
    pick.optional(body, "experiences", lambda: pick.some(experiences))
    pick.optional(body, "tags", lambda: pick.some(tags))
    pick.optional(body, "objective", pick.text)
    pick.optional(body, "start_date", lambda: "2026-03-01")
    return body


def project(pick: Pick, goals: list[str]) -> Body:
    """Return a project; it is only forgotten when it goes, so that a run may destroy everything else."""
    del goals
    body: Body = {"name": f"Shop {pick.text(40)}", "$lifecycle": {"on_remove": "forget"}}
    pick.optional(body, "global_javascript", lambda: "window.x = `${1}`;")
    pick.optional(body, "settings", lambda: {"time_zone": "Europe/Berlin", "do_not_track": "EU ONLY"})
    if pick.maybe():
        body["environments"] = {
            "production": {"label": "Production", "is_default": True},
            "staging": {"label": pick.text(20), "is_default": False},
        }
    return body


# -- experiences ----------------------------------------------------------------------------------------------------
def web_experience(pick: Pick, name: str, known: dict[str, list[str]]) -> Body:
    """Return an experience of a web project, of any type; `known` are names it may refer to, by kind."""
    sort = pick.one(["a/b", "a/b", "a/a", "mvt", "split_url", "multipage", "deploy"])
    body: Body = {
        "name": f"{name} {pick.text(40)}",
        "type": sort,
        "status": pick.one(["draft", "active", "active"]),
        "url": f"{SITE}/{pick.number(0, 9)}",
    }
    if sort != "deploy":
        pick.optional(body, "goals", lambda: pick.some(known["goals"]))
        if body.get("goals") and pick.maybe():
            body["primary_goal"] = pick.one(body["goals"])
    pick.optional(body, "audiences", lambda: pick.some(known["audiences"]))
    pick.optional(body, "locations", lambda: pick.some(known["locations"]))
    pick.optional(body, "tags", lambda: pick.some(known["tags"]))
    pick.optional(body, "traffic_distribution", lambda: pick.one([100, 80, 12.5, 33.33]))
    pick.optional(body, "description", pick.text)
    pick.optional(body, "objective", lambda: pick.one([None, pick.text()]))
    pick.optional(body, "global_css", lambda: ".a > b { color: red }\n")
    pick.optional(body, "settings", lambda: _settings(pick, sort))
    pick.optional(body, "integrations", lambda: _integrations(pick))
    pick.optional(body, "customizations", lambda: [{"key": f"k{i}", "value": i} for i in range(pick.number(0, 2))])
    _inside(pick, sort, body)
    return _startable(body)


def _startable(body: Body) -> Body:
    """Leave what could not run yet a draft: without goals, or without anything to show."""
    parts = [*body.get("variations", {}).values()]
    parts += [version for section in body.get("sections", {}).values() for version in section["versions"].values()]
    shown = body["type"] == "a/a" or any(part.get("changes") for part in parts)
    if not shown or (body["type"] not in {"deploy", "feature_rollout"} and not body.get("goals")):
        body["status"] = "draft"
    return body


def _settings(pick: Pick, sort: str) -> Body:
    body: Body = {"min_running_time": pick.number(0, 30)}
    pick.optional(body, "matching_options", lambda: {"audiences": pick.one(["any", "all"])})
    pick.optional(body, "primary_metric", lambda: pick.one(["conversion_rate", "avg_revenue_visitor"]))
    pick.optional(body, "outliers", lambda: {"order_value": {"detection_type": "min_max", "min": 1, "max": 99.5}})
    if sort == "split_url":
        body["split_url_settings"] = {"split_regex_support": pick.maybe()}
    engines: list[Body] = [
        {"stats_type": "frequentist", "confidence": pick.number(50, 99), "power": 80, "test_type": "two_tails"},
        {"stats_type": "bayesian", "decision_threshold": 95, "risk_threshold": 5},
    ]
    pick.optional(body, "stats_engine_processing", lambda: pick.one(engines))
    return body


def _integrations(pick: Pick) -> Body:
    every: Body = {
        "google_analytics": {"enabled": True, "type": "ga4", "measurementId": "G-ABC1234567"},
        "hotjar": {"enabled": pick.maybe()},
        "piwik": {"enabled": True, "custom_dimension": "3"},
        "sitecatalyst": {"enabled": False, "evar": "eVar7"},
    }
    return {name: every[name] for name in pick.some(list(every))}


def code(pick: Pick, number: int) -> Body:
    """Return a change of code."""
    sort = pick.one(["customCode", "defaultCode", "richStructure"])
    name = {"$name": f"change_{number}"} if pick.maybe() else {}
    if sort == "richStructure":
        return {**name, "type": sort, "data": {"selector": f"#s{number}", "js": f"rich({number});"}}
    data: Body = (
        {"js": f"const n = {number};\nconsole.log(`${{n}}`);\n"} if pick.maybe() else {"css": f".n{number} {{}}"}
    )
    return {**name, "type": sort, "data": data}


def _codes(pick: Pick, most: int = 3) -> list[Body]:
    return [code(pick, i) for i in range(pick.number(0, most))]


def _variations(pick: Pick, count: int, changes: Any) -> Body:
    shares = pick.shares(count) if pick.maybe() else None
    found: Body = {}
    for i in range(count):
        one: Body = {"name": f"V{i} {pick.text(20)}"} if pick.maybe() else {}
        if i == 0:
            one["is_baseline"] = True
        if shares is not None:
            one["traffic_distribution"] = shares[i]
        if pick.maybe():
            one["description"] = pick.text()
        made = changes(i)
        if made is not None:
            one["changes"] = made
        found[f"v{i}"] = one
    return found


def _inside(pick: Pick, sort: str, body: Body) -> None:
    count = 1 if sort == "deploy" else pick.number(2, 4)
    if sort == "mvt":
        sections: Body = {}
        for letter in "ab"[: pick.number(1, 2)]:
            versions = {f"{letter}{n}": {"name": pick.text(20), "changes": _codes(pick, 2)} for n in range(1, 3)}
            sections[letter] = {"name": pick.text(20), "versions": versions}
        body["sections"] = sections
    elif sort == "split_url":
        patterns = {"original_pattern": f"{SITE}/a", "variation_pattern": f"{SITE}/b"}
        redirect = {"type": "defaultRedirect", "data": {**patterns, "case_sensitive": pick.maybe()}}
        body["variations"] = _variations(pick, count, lambda i: [] if i == 0 else [redirect])
    elif sort == "multipage":
        pages = {f"p{n}": {"name": f"Page {n}", "url": f"{SITE}/{n}"} for n in range(1, pick.number(2, 3))}
        body["multipage_pages"] = pages
        body["variations"] = _variations(
            pick,
            count,
            lambda i: [
                {"type": "defaultCodeMultipage", "data": {"page_id": page, "js": f"v({i});", "css": None}}
                for page in pages
            ],
        )
    else:
        body["variations"] = _variations(pick, count, lambda _i: _codes(pick) if pick.maybe() else None)


def app_experience(pick: Pick, name: str, features: dict[str, Body], goals: list[str]) -> Body:
    """Return an experience of a fullstack project."""
    sort = pick.one(["a/b_fullstack", "feature_rollout"])
    body: Body = {"name": f"{name} {pick.text(40)}", "type": sort, "status": pick.one(["draft", "active"]), "url": SITE}
    if sort == "a/b_fullstack":
        pick.optional(body, "goals", lambda: pick.some(goals))

    def changes(_i: int) -> list[Body] | None:
        chosen = pick.one(list(features))
        values = {
            key: variable.get("default_value")
            for key, variable in features[chosen]["variables"].items()
            if variable.get("default_value") is not None
        }
        return [{"type": "fullStackFeature", "data": {"feature_id": chosen, "variables_data": values}}]

    body["variations"] = _variations(pick, 2 if sort == "a/b_fullstack" else 1, changes)
    return _startable(body)


def feature(pick: Pick, name: str) -> Body:
    """Return a feature with variables of all types."""
    every: Body = {
        "on": {"type": "boolean", "default_value": pick.maybe()},
        "most": {"type": "integer", "default_value": pick.number(0, 99)},
        "rate": {"type": "float", "default_value": 0.25},
        "title": {"type": "string", "default_value": pick.text()},
        "theme": {"type": "json", "default_value": {"mode": "light", "n": [1, 2]}},
        "none": {"type": "string"},
    }
    return {"name": f"{name} {pick.text(40)}", "variables": {key: every[key] for key in pick.some(list(every), 1, 4)}}


# -- all together ---------------------------------------------------------------------------------------------------
def names(kind: str, count: int) -> list[str]:
    """Return local names."""
    return [f"{kind}_{i}" for i in range(count)]


def config(pick: Pick) -> Config:
    """Return a configuration of both projects, references between its resources included."""
    tags, places = names("tag", pick.number(0, 2)), names("place", pick.number(0, 2))
    goals, audiences = names("goal", pick.number(1, 4)), names("aud", pick.number(0, 3))
    sorts = {name: pick.one(["permanent", "transient", "segmentation", "segmentation"]) for name in audiences}
    segments = [name for name in audiences if sorts[name] == "segmentation"]
    found: Config = {}
    for name in tags:
        found[f"convert.tags.{name}"] = {"name": f"{name} {pick.text(40)}"}
    for name in goals:
        found[f"convert.goals.{name}"] = goal(pick, name, [one for one in goals if one != name], segments)
    for name in audiences:
        others = [one for one in segments if one != name]
        found[f"convert.audiences.{name}"] = audience(pick, name, sorts[name], goals, others)
    for name in places:
        found[f"convert.locations.{name}"] = location(pick, name)
    known = {"goals": goals, "audiences": audiences, "locations": places, "tags": tags}
    tests = names("exp", pick.number(0, 2))
    for name in tests:
        found[f"convert.experiences.{name}"] = web_experience(pick, name, known)
    if pick.maybe():
        found["convert.hypotheses.hyp"] = hypothesis(pick, "hyp", tests, tags)
    if pick.rarely():
        found["convert.domains.main"] = {"url": "https://*.Shop.example/"}
    if pick.rarely():
        found["convert.projects.shop"] = project(pick, goals)
        found["convert.tags.inside"] = {"project_id": "shop", "name": "Inside"}
        found["convert.goals.inside"] = {"project_id": "shop", **goal(pick, "inside", [], [])}
    if pick.maybe():
        _app(pick, found)
    return found


def _app(pick: Pick, found: Config) -> None:
    features = {name: feature(pick, name) for name in names("feat", pick.number(1, 2))}
    for name, body in features.items():
        found[f"convert-app.features.{name}"] = body
    found["convert-app.goals.signup"] = {"name": "Signup", "type": "code_trigger"}
    for name in names("roll", pick.number(0, 2)):
        found[f"convert-app.experiences.{name}"] = app_experience(pick, name, features, ["signup"])
