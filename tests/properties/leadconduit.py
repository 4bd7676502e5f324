"""Whole configurations of a LeadConduit account, valid by construction."""

from __future__ import annotations

from typing import Any

from tests.properties.convert import Body, Config, names
from tests.properties.pick import Pick

STANDARD = ("first_name", "last_name", "email", "phone_1", "state", "postal_code", "city", "trustedform_cert_url")
FIELD_TYPES = ("number", "string", "boolean", "range", "date", "email", "phone", "state")
TESTS = ("is equal to", "is not equal to", "includes", "does not include", "matches pattern", "is greater than")
UNARY = ("is blank", "is not blank", "is true", "format is valid", "is not obscene")
LISTS = ("is included in", "is not included in")
INBOUND = "leadconduit-default.inbound"
JSON = "leadconduit-custom.outbound.json"
UNITS = ("month", "week", "day", "hour", "minute")


# -- rules ----------------------------------------------------------------------------------------------------------
def rule_set(pick: Pick, fields: list[str], depth: int = 0) -> Body:
    """Return criteria, nested at most twice."""
    rules = [rule(pick, fields, depth) for _ in range(pick.number(1, 3))]
    return {"op": pick.one(["and", "or"]), "rules": rules}


def rule(pick: Pick, fields: list[str], depth: int) -> Body:
    """Return a comparison, or a rule set inside a rule set."""
    if depth < 2 and pick.rarely():
        return rule_set(pick, fields, depth + 1)
    lhv = f"lead.{pick.one([*STANDARD, *fields])}"
    if lhv.startswith("lead.phone_1") and pick.maybe():
        lhv += ".area"
    if pick.maybe():
        body: Body = {"lhv": lhv, "op": pick.one(UNARY)}
    elif pick.maybe():
        values = [pick.text(20) for _ in range(pick.number(1, 3))]
        body = {"lhv": lhv, "op": pick.one(LISTS), "rhv": [*values, *pick.some([7, True, "01234"])]}
    else:
        rhv = pick.one([pick.text(20), pick.number(0, 999), 2.5, True, "{{lead.state}}"])
        body = {"lhv": lhv, "op": pick.one(TESTS), "rhv": rhv}
    if depth < 1 and pick.rarely():
        body["rule_set"] = rule_set(pick, fields, depth + 1)
    return body


def criteria(pick: Pick, fields: list[str]) -> Body:
    """Return acceptance criteria."""
    body: Body = {"outcome": pick.one(["failure", "error"]), "rule_set": rule_set(pick, fields)}
    pick.optional(body, "reason", lambda: f"Not in {pick.one(['{{lead.state}}', 'area'])}")
    return body


def caps(pick: Pick, fields: list[str], prefix: str, depth: int = 0) -> list[Body]:
    """Return caps, with caps inside them, named or not."""
    found: list[Body] = []
    for i in range(pick.number(1, 2)):
        name = f"{prefix} {depth}.{i}"
        cap: Body = {"name": name} if pick.maybe() else {}
        if cap and pick.maybe():
            cap["$name"] = f"cap_{i}"
        cap |= {"maximum": pick.number(0, 5000), "duration": pick.number(1, 12), "duration_units": pick.one(UNITS)}
        pick.optional(cap, "type", lambda: "volume")
        pick.optional(cap, "time_zone", lambda: "America/Chicago")
        pick.optional(cap, "reason", pick.text)
        pick.optional(cap, "rule_set", lambda: rule_set(pick, fields))
        if depth < 1 and pick.rarely():
            cap["caps"] = caps(pick, fields, name, depth + 1)
        found.append(cap)
    return found


def pricing(pick: Pick, fields: list[str]) -> Body:
    """Return prices, or that the other side names the price."""
    if pick.rarely():
        return {"override": True}
    prices: list[Body] = []
    for i in range(pick.number(0, 3)):
        price: Body = {"$name": f"p{i}"} if pick.maybe() else {}
        price["amount"] = pick.money()
        pick.optional(price, "rule_set", lambda: rule_set(pick, fields))
        prices.append(price)
    return {"override": False, "prices": prices}


def mappings(pick: Pick, fields: list[str], needed: Body) -> Any:
    """Return mappings in the short form, or as a list in which properties repeat under rules."""
    values = [pick.text(), "{{lead.email}}", pick.number(0, 99), ["a", None, "b"], None, "+4930123456", "true"]
    free: Body = {f"json_property.k{i}": pick.one(values) for i in range(pick.number(0, 3))}
    if pick.maybe():
        return {**needed, **free}
    found: list[Body] = [{"property": name, "value": value} for name, value in {**needed, **free}.items()]
    again = list(free)[: pick.number(0, 2)]
    return found + [{"property": name, "value": "again", "rule_set": rule_set(pick, fields)} for name in again]


# -- flows ----------------------------------------------------------------------------------------------------------
def source(pick: Pick, entity: Any, fields: list[str]) -> Body:
    """Return a source of a flow."""
    mapped: Any = {"lead.phone_1": "{{phone}}"} if pick.maybe() else []
    body: Body = {"entity": entity, "integration": {"module_id": INBOUND, "mappings": mapped}}
    pick.optional(body, "enabled", pick.maybe)
    pick.optional(body, "acceptance_criteria", lambda: criteria(pick, fields))
    pick.optional(body, "pricing", lambda: pricing(pick, fields))
    if pick.rarely():
        body["caps"] = caps(pick, fields, f"of {entity}")
    if pick.rarely():
        body["feedback"] = {"integration": {"module_id": "leadconduit-default.inbound.feedback"}}
    return body


def step(pick: Pick, number: int, fields: list[str], known: dict[str, list[str]]) -> Body:
    """Return a filter or a recipient."""
    body: Body = {"$name": f"step_{number}"} if pick.maybe() else {}
    pick.optional(body, "description", lambda: f"{number} {pick.text(60)}")
    pick.optional(body, "enabled", pick.maybe)
    pick.optional(body, "notes", pick.text)
    if pick.maybe() or not known["buyers"]:
        body |= {"type": "filter", "outcome": pick.one(["failure", "success", "error"])}
        body["rule_set"] = rule_set(pick, fields)
        pick.optional(body, "reason", pick.text)
        return body
    needed: Body = {"url": f"https://crm.example/{number}?k=1#x"}
    if known["credentials"] and pick.maybe():
        needed["credential_id"] = f"${{leadconduit.credentials.{pick.one(known['credentials'])}}}"
    if pick.rarely():
        needed["header.X-Secret"] = "Bearer ${secret.header}"
    body |= {"type": "recipient", "entity": pick.one(known["buyers"])}
    body["integration"] = {"module_id": JSON, "mappings": mappings(pick, fields, needed)}
    pick.optional(body, "rule_set", lambda: rule_set(pick, fields))
    pick.optional(body, "retry_enabled", pick.maybe)
    if pick.rarely():
        body["caps"] = caps(pick, fields, f"step {number}")
    if pick.rarely():
        body["pricing"] = pricing(pick, fields)
    return body


def flow(pick: Pick, name: str, known: dict[str, list[str]]) -> Body:
    """Return a flow."""
    fields = known["fields"]
    body: Body = {"name": f"{name} {pick.text(40)}", "enabled": pick.maybe()}
    if pick.rarely():
        body["$published"] = False
    body["fields"] = pick.some([*STANDARD, *fields], 1, 6)
    sellers = pick.some(known["sellers"], 0, 3)
    body["sources"] = {one: source(pick, one, fields) for one in sellers}
    body["steps"] = [step(pick, i, fields, known) for i in range(pick.number(0, 4))]
    pick.optional(body, "acceptance_criteria", lambda: criteria(pick, fields))
    if pick.maybe():
        body["caps"] = pick.one([None, caps(pick, fields, "flow")])
    if pick.rarely():
        body["pricing"] = pricing(pick, fields)
    if pick.rarely():
        check: Body = {"value": "{{lead.phone_1}}", "list_name": "duplicates"}
        pick.optional(check, "lookback", lambda: pick.one([None, {"value": 30, "interval": "day"}]))
        body["list_checks"] = {"duplicate": check}
    if pick.rarely():
        limit: Body = {"name": "Pings", "maximum": 10, "duration": 1, "duration_units": "minute"}
        body["ping_limits"] = pick.one([[], [limit]])
    if known["credentials"] and pick.rarely():
        body["firehose"] = {"credential_id": pick.one(known["credentials"]), "bucket": "leads-archive", "enabled": True}
    return body


# -- small kinds ----------------------------------------------------------------------------------------------------
def entity(pick: Pick, name: str, *, seller: bool, see: list[str]) -> Body:
    """Return an entity that sends leads, or one that gets them."""
    body: Body = {
        "name": f"{name} {pick.text(40)}",
        "source": pick.one(["seller", "form", "other"]) if seller else None,
        "recipient": None if seller else pick.one(["crm", "buyer", "esp"]),
        "module_ids": pick.some([INBOUND, "leadconduit-facebook.inbound.apfacebook"] if seller else [JSON], 1),
    }
    pick.optional(body, "description", pick.text)
    pick.optional(body, "website", lambda: "https://www.leads.example")
    pick.optional(body, "time_zone", lambda: "Europe/Berlin")
    if see and pick.rarely():
        body |= {"deprecated": True, "see": pick.one(see)}
    return body


def lead_field(pick: Pick, see: list[str]) -> Body:
    """Return a field."""
    body: Body = {"name": pick.text(40), "type": pick.one(FIELD_TYPES)}
    pick.optional(body, "description", lambda: pick.one([None, pick.text()]))
    pick.optional(body, "aggregate", pick.maybe)
    if pick.rarely():
        body |= {"deprecated": True, "see": pick.one([*see, "email"])}
    return body


def credential(pick: Pick, name: str) -> Body:
    """Return a credential."""
    body: Body = {"name": f"{name} {pick.text(40)}", "package": "leadconduit-custom"}
    if pick.maybe():
        return {**body, "type": "token", "token": "${secret.token}"}
    return {**body, "type": "user", "username": "${secret.user}", "password": "x-${secret.password}"}


def report(pick: Pick, name: str, flows: list[str]) -> Body:
    """Return a report."""
    body: Body = {"name": f"{name} {pick.text(40)}"}
    columns = ["source-submitted", "source-success", "cost", "revenue", "avg-cost-per-lead"]
    pick.optional(body, "columns", lambda: pick.some(columns, 1, 5))
    pick.optional(body, "group_by", lambda: pick.some(["vars.source.id", "vars.flow.id", "vars.lead.state.abbr"]))
    pick.optional(body, "description", pick.text)
    pick.optional(body, "shared", pick.maybe)
    if flows and pick.maybe():
        rhv = f"${{leadconduit.flows.{pick.one(flows)}}}"
        body["rules"] = [{"lhv": "vars.flow.id", "op": "is equal to", "rhv": rhv}]
    return body


def router(pick: Pick, found: Config, flows: list[str]) -> Body | None:
    """Return a router to flows that have sources."""
    places = [(name, one) for name in flows for one in found[f"leadconduit.flows.{name}"]["sources"]]
    if not places:
        return None
    routes: list[Body] = []
    for i, (name, one) in enumerate(pick.some(places, 0, 3)):
        route: Body = {"$name": f"r{i}"} if pick.maybe() else {}
        route |= {"flow_id": name, "source_id": one}
        if pick.maybe():
            pages = [str(71_158_000_000 + i)]
            route["rule_set"] = {
                "op": "or",
                "rules": [{"lhv": "facebook.page_id", "op": "is included in", "rhv": pages}],
            }
        routes.append(route)
    return {"module_id": "leadconduit-facebook.inbound.apfacebook", "routes": routes}


# -- all together ---------------------------------------------------------------------------------------------------
def config(pick: Pick) -> Config:
    """Return a configuration, references between its resources included."""
    fields = [f"{name}_acme" for name in names("field", pick.number(0, 3))]
    sellers, buyers = names("seller", pick.number(0, 3)), names("buyer", pick.number(0, 3))
    credentials, flows = names("cred", pick.number(0, 2)), names("flow", pick.number(0, 2))
    known = {"fields": fields, "sellers": sellers, "buyers": buyers, "credentials": credentials}
    found: Config = {}
    for name in fields:
        found[f"leadconduit.fields.{name}"] = lead_field(pick, [one for one in fields if one != name])
    for name in (*sellers, *buyers):
        others = [one for one in (*sellers, *buyers) if one != name]
        found[f"leadconduit.entities.{name}"] = entity(pick, name, seller=name in sellers, see=others)
    for name in credentials:
        found[f"leadconduit.credentials.{name}"] = credential(pick, name)
    if pick.maybe():
        found["leadconduit.entities.known"] = {"$existing": {"name": "Facebook"}}
        known["sellers"] = [*sellers, "known"]
    for name in flows:
        found[f"leadconduit.flows.{name}"] = flow(pick, name, known)
    if pick.maybe():
        made = router(pick, found, flows)
        if made is not None:
            found["leadconduit.routers.facebook"] = made
    for name in names("report", pick.number(0, 1)):
        found[f"leadconduit.reports.{name}"] = report(pick, name, flows)
    return found
