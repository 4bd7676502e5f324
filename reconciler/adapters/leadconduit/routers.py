"""Routers: to which flow the leads of an inbound module go (LeadConduit API, Router).

An account has one router for each module. The platform has no call that deletes a router.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from reconciler.adapters.leadconduit.mappings import direction
from reconciler.adapters.leadconduit.rules import RuleSet, check_rule_sets
from reconciler.model.kind import Endpoints, Kind, Method, Problem, UniqueKey
from reconciler.model.markers import Attributes, ChildReference, Children, Immutable, Reference


class Route(Attributes):
    """Where leads go that match: a flow, and one of its sources. The wire has the id of that source's entity."""

    flow_id: Annotated[str, Reference("flows")]
    source_id: Annotated[str, ChildReference("sources", of="flow_id", sends="entity")]
    rule_set: RuleSet | None = None


class Router(Attributes):
    """What may be declared of a router. The first route that matches wins."""

    module_id: Annotated[str, Immutable(), Field(min_length=1), Reference("modules", presets=True)]
    routes: Annotated[list[Route], Children(match=("flow_id", "source_id"), ordered=True)]


def _check(router: Mapping[str, Any]) -> Sequence[Problem]:
    return list(_problems(router))


def _problems(router: Mapping[str, Any]) -> Iterator[Problem]:
    if direction(router.get("module_id")) == "outbound":
        yield Problem(
            ("module_id",),
            f"{router['module_id']} is outbound, and a router distributes what comes in",
            "write a module of the form <package>.inbound.<name>",
        )
    yield from check_rule_sets(router)


def _risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    if "routes" not in touched:
        return ()
    before, routes = len(live.get("routes") or ()), declared.get("routes")
    count = (
        f", from {before} route(s) to {len(routes)}" if isinstance(routes, Mapping) and len(routes) != before else ""
    )
    return (f"all leads of {live.get('module_id', 'the module')} in this account are routed anew at once{count}",)


ROUTERS = Kind(
    platform="leadconduit",
    name="routers",
    title="router",
    model=Router,
    key=UniqueKey("module_id", client_chosen=False),
    endpoints=Endpoints(
        list=Method("GET", "/routers", source="LeadConduit API, List routers"),
        get=Method("GET", "/routers/{id}", source="LeadConduit API, Get a router"),
        create=Method("POST", "/routers", source="LeadConduit API, Create a router"),
        update=Method("PUT", "/routers/{id}", source="LeadConduit API, Update a router"),
        style="full",
        read_only=frozenset({"id", "created_at", "updated_at"}),
    ),
    on_remove="disable",
    removals=("disable", "forget"),
    disable_with={"routes": []},
    destroy_keeps="LeadConduit has no call that deletes a router; its routes are emptied",
    checks=(_check,),
    consistency=5.0,
    risks=(_risks,),
    assumptions=("a router without routes is accepted; where it is not, the routes stay and the router is forgotten",),
)
