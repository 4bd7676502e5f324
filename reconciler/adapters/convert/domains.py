"""Domains on which a project may run experiences."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.adapters.convert.kind import ConvertKind, InProject, in_project
from reconciler.model.kind import UniqueKey
from reconciler.model.markers import Canonical, Computed


def canonical_url(url: str) -> str:
    """Return a URL as it is compared: scheme and host in lower case, no lone slash behind the host."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    host, slash, path = rest.partition("/")
    tail = f"{slash}{path}" if path else ""
    return f"{scheme.lower()}://{host.lower()}{tail}"


class Domain(InProject):
    """A domain, wildcards allowed: `https://*.example.com`."""

    url: Annotated[str, Field(max_length=150, pattern=r"^(?i:https?)://.+"), Canonical(canonical_url)]
    code_installed: Annotated[bool, Computed()] = False


DOMAINS = ConvertKind(
    platform="convert",
    name="domains",
    title="domain",
    model=Domain,
    key=UniqueKey("url", client_chosen=False, canonical=canonical_url),
    endpoints=in_project("domains", "Domain", "Domains"),
    parent="projects",
    sortable=False,
    has_history=True,
    history_object="domain",
    history_filter="domains",
    assumptions=("the platform may lower-case hosts and drop a lone trailing slash",),
)

__all__ = ["DOMAINS", "canonical_url"]
