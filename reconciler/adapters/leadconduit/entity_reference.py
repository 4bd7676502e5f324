"""A reference to an entity where the wire has an object with copies of the entity's name and time zone.

Only the id is compared: the copies go stale when the entity is renamed. They are sent as they are at that time, because
the API requires the name (LeadConduit API, Source and RecipientStep).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from reconciler.adapters.leadconduit.templates import OBJECT_ID
from reconciler.model.markers import Reference, Short, Wire


def to_wire(entity_id: Any) -> Any:
    """Make the object that the wire has out of an id; the name is filled in before it is sent."""
    return {"id": entity_id} if isinstance(entity_id, str) else entity_id


def from_wire(entity: Any) -> Any:
    """Return the id in the object that the wire has, in lower case as the platform keeps it."""
    found = entity.get("id") if isinstance(entity, Mapping) else entity
    return found.lower() if isinstance(found, str) else found


def expand(value: Any) -> Any:
    """Take `{id: …, name: …}`, as the API shows it, for the reference that it is."""
    if not isinstance(value, dict) or "id" not in value:
        return value
    found = value["id"]
    return {"$id": found} if isinstance(found, str) and OBJECT_ID.match(found) else found


def shorten(value: Any) -> Any:
    """Write the object that the wire has as a reference."""
    return expand(value)


EntityReference = Annotated[str, Reference("entities"), Wire(to_wire, from_wire), Short(expand, shorten)]
