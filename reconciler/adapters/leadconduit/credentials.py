"""Credentials that integrations sign in with (LeadConduit API, Credential).

Every read shows asterisks in place of the secrets, and a PUT must hold all that the type requires, so they are sent
from their source with every update. Asterisks are never sent back: the platform would store them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.model.kind import Endpoints, HintKey, Kind, Method, Problem
from reconciler.model.markers import Attributes, Immutable, MayBeMasked, Reference, Secret

SECRETS = ("username", "password", "token", "access_token", "refresh_token")
"""Attributes that reads mask."""
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "user": ("username", "password"),
    "token": ("token",),
    "oauth": ("access_token",),
    "oauth1": ("access_token",),
    "oauth2": ("access_token",),
}
"""By type, the secrets that a create and a PUT must hold."""
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    kind: (*names, "refresh_token") if kind.startswith("oauth") else names for kind, names in REQUIRED.items()
}

SecretText = Annotated[str, Secret(reads="masked"), Field(min_length=1)]


class Credential(Attributes):
    """What may be declared of a credential. Who it belongs to (`user`, `org`) is told by the integration."""

    name: Annotated[str, Field(min_length=1), MayBeMasked()]
    type: Annotated[Literal["user", "token", "oauth", "oauth1", "oauth2"], Immutable(), MayBeMasked()]
    package: Annotated[str, Immutable(), Reference("packages", presets=True), MayBeMasked()]
    username: SecretText = ""
    password: SecretText = ""
    token: SecretText = ""
    access_token: SecretText = ""
    refresh_token: Annotated[str | None, Secret(reads="masked"), Field(min_length=1)] = None
    expires_at: int | None = None
    """Epoch seconds."""


def is_mask(value: Any) -> bool:
    """Tell a value that stands for a secret: nothing but asterisks, however many."""
    return isinstance(value, str) and value != "" and not value.strip("*")


def _check(credential: Mapping[str, Any]) -> Sequence[Problem]:
    return list(_problems(credential))


def _problems(credential: Mapping[str, Any]) -> Iterator[Problem]:
    sort = credential.get("type")
    if not isinstance(sort, str) or sort not in REQUIRED:
        return
    for name in REQUIRED[sort]:
        if credential.get(name) is None:
            yield Problem(
                (),
                f"{name} is missing: a credential of type {sort} needs it in every call",
                f"add {name}: ${{secret.…}}",
                create_only=True,
            )
    for name in (*SECRETS, "expires_at"):
        known = (*_ALLOWED[sort], "expires_at") if sort.startswith("oauth") else _ALLOWED[sort]
        if name in credential and name not in known:
            yield Problem(
                (name,), f"a credential of type {sort} takes no {name}", f"it takes {', '.join(_ALLOWED[sort])}"
            )


def _risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    sort = str(live.get("type"))
    missing = [name for name in REQUIRED.get(sort, ()) if touched and declared.get(name) is None]
    if missing:
        return (f"the platform needs {', '.join(missing)} with every update: without it this one will not be sent",)
    if touched & set(SECRETS):
        return (f"every flow that uses {live.get('name')} signs in with the new values at once",)
    return ()


CREDENTIALS = Kind(
    platform="leadconduit",
    name="credentials",
    title="credential",
    model=Credential,
    key=HintKey("package", "name"),
    endpoints=Endpoints(
        list=Method("GET", "/credentials", source="LeadConduit API, List credentials"),
        get=Method("GET", "/credentials/{id}", source="LeadConduit API, Get a credential"),
        create=Method("POST", "/credentials", source="LeadConduit API, Create a credential"),
        update=Method("PUT", "/credentials/{id}", source="LeadConduit API, Update a credential"),
        delete=Method("DELETE", "/credentials/{id}", source="LeadConduit API, Delete a credential"),
        style="full",
        always=SECRETS,
        read_only=frozenset({"id", "created_at", "updated_at"}),
    ),
    checks=(_check,),
    consistency=5.0,
    risks=(_risks,),
    assumptions=(
        "a PUT must hold the real secrets again; asterisks would be stored",
        "type and package of a credential cannot be changed",
    ),
)
