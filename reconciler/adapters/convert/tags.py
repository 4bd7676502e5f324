"""Tags: labels for experiences and hypotheses."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.adapters.convert.kind import ConvertKind, InProject, in_project
from reconciler.model.kind import HintKey
from reconciler.model.markers import ServerDefault, Unset


class Tag(InProject):
    """A label. Deleting it only takes it off what carries it (Convert API v2, Delete Tag)."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str | None, Field(max_length=200), ServerDefault(""), Unset("")] = None


TAGS = ConvertKind(
    platform="convert",
    name="tags",
    title="tag",
    model=Tag,
    key=HintKey("name"),
    endpoints=in_project("tags", "Tag", "Tags"),
    parent="projects",
    sortable=False,
    has_history=True,
    history_object="tag",
    history_filter="tags",
    assumptions=("names of tags may repeat within a project",),
)

__all__ = ["TAGS"]
