"""What an account can refer to and nobody writes by API: packages, modules, destinations, pricing services."""

from __future__ import annotations

from reconciler.model.kind import Endpoints, HintKey, Kind, Method, UniqueKey
from reconciler.model.markers import Attributes


class Catalogued(Attributes):
    """What an entry of a catalogue can be looked up by."""

    id: str = ""
    name: str = ""


class Instance(Attributes):
    """What a destination can be looked up by."""

    instance_id: str = ""
    name: str = ""
    integration_name: str = ""


PACKAGES = Kind(
    platform="leadconduit",
    name="packages",
    title="package",
    model=Catalogued,
    key=UniqueKey("id", sole=True),
    endpoints=Endpoints(
        list=Method("GET", "/packages", source="LeadConduit API, List packages"),
        get=Method("GET", "/packages/{id}", source="LeadConduit API, Get a package"),
    ),
    on_remove="forget",
    removals=("forget",),
    presets=True,
    is_preset=bool,
    managed=False,
)

MODULES = Kind(
    platform="leadconduit",
    name="modules",
    title="module",
    model=Catalogued,
    key=UniqueKey("id", sole=True),
    endpoints=Endpoints(list=Method("GET", "/modules", source="LeadConduit API, List modules")),
    on_remove="forget",
    removals=("forget",),
    presets=True,
    is_preset=bool,
    managed=False,
)

DESTINATIONS = Kind(
    platform="leadconduit",
    name="destinations",
    title="destination",
    model=Instance,
    key=HintKey("name"),
    endpoints=Endpoints(list=Method("GET", "/destinations", source="LeadConduit API, List destinations")),
    on_remove="forget",
    removals=("forget",),
    id_attribute="instance_id",
    presets=True,
    is_preset=bool,
    managed=False,
)

SERVICES = Kind(
    platform="leadconduit",
    name="services",
    title="pricing service",
    model=Catalogued,
    key=HintKey("name"),
    endpoints=Endpoints(list=Method("GET", "/services", source="LeadConduit API, List pricing services")),
    on_remove="forget",
    removals=("forget",),
    presets=True,
    is_preset=bool,
    managed=False,
)
