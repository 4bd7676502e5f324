"""Features of fullstack projects: switches and variables that variations set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import (
    ACTIVE,
    ARCHIVED,
    KEY_LENGTH,
    ConvertKind,
    InProject,
    check_key,
    in_project,
    is_archived,
)
from reconciler.adapters.convert.usage import usage_risks
from reconciler.model.kind import UniqueKey
from reconciler.model.markers import Attributes, Children, KeyedBy, ServerDefault, Switch, Unset, Variant

VALUE_TYPES = {"json": "json", "string": "text", "boolean": "boolean", "float": "number", "integer": "integer"}


def variable_type(variable: Mapping[str, Any]) -> str:
    """Say what a variable's default is: JSON is written as YAML here and is text on the wire."""
    return VALUE_TYPES.get(str(variable.get("type")), "any")


class Variable(Attributes):
    """A variable of a feature, known by its key."""

    key: Annotated[str, Field(min_length=1, max_length=KEY_LENGTH)]
    type: Literal["json", "string", "boolean", "float", "integer"]
    default_value: Annotated[Any | None, Variant(variable_type)] = None


class Feature(InProject):
    """A feature; variables that are not declared are removed with the next update."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    key: Annotated[str, Field(min_length=1, max_length=KEY_LENGTH)] = ""
    description: Annotated[str | None, Field(max_length=200), ServerDefault(""), Unset("")] = None
    status: Annotated[Literal["active", "archived"], Switch()] = "active"
    variables: Annotated[dict[str, Variable], KeyedBy("key"), Children(id=None)]


FEATURES = ConvertKind(
    platform="convert",
    name="features",
    title="feature",
    model=Feature,
    key=UniqueKey("key"),
    endpoints=in_project("features", "Feature", "Features"),
    on_remove="archive",
    get_by_key=True,
    removals=("archive", "delete", "forget"),
    archive_with=ARCHIVED,
    restore_with=ACTIVE,
    parent="projects",
    is_archived=is_archived,
    checks=(check_key,),
    risks=(usage_risks("feature", frozenset({"variables", "key"})),),
    has_history=True,
    history_object="feature",
    assumptions=("archived features may be missing from the list, which cannot be asked for them",),
)

__all__ = ["FEATURES"]
