"""SDK keys of a project and API keys of an account: secrets that are shown once (Convert API v2)."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from starlette.responses import Response

from reconciler.emulator.convert.call import Call, Endpoint
from reconciler.emulator.convert.kind import Kind, done
from reconciler.emulator.convert.listing import Listing
from reconciler.emulator.convert.problems import Problems, not_found, refuse
from reconciler.emulator.convert.render import Ref, Want
from reconciler.emulator.convert.shapes import FLAG, Text, choice, ids, record
from reconciler.emulator.convert.store import Partition, Space
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer

ROLES = ("account_manager", "admin", "browse", "edit", "publish", "review")
"""Roles that can be given; `owner` cannot."""


def masked(secret: str | None) -> str | None:
    """Return a secret as it is shown ever after: `abc12*****123`."""
    return None if secret is None else f"{secret[:5]}*****{secret[-3:]}"


class SdkKeys(Kind):
    """SDK keys of a project."""

    name = "sdk_keys"
    word = "SDK key"
    segment = "sdk-keys"
    tracked = False
    create = record(
        "name environment",
        name=Text(most=100, least=1),
        environment=Text(),
        has_secret=FLAG,
        sdk_secret=Text(most=64, least=64, null=True),
        status=choice("enabled", "disabled"),
        selected_default=FLAG,
    )
    update = create.optional().without("has_secret", "sdk_secret")
    defaults: ClassVar[dict[str, Any]] = {"status": "enabled", "selected_default": False}
    listing = Listing()

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of SDK keys."""
        return [
            Endpoint("GET", "P/sdk-keys", lambda call: self.renderer.everything(self, call.part)),
            Endpoint("POST", "P/sdk-keys/create", self.add, writes=True),
            Endpoint("POST", "P/sdk-keys/{sdk_key}/update", self.change, writes=True),
            Endpoint("DELETE", "P/sdk-keys/{sdk_key}/delete", self.remove, writes=True),
        ]

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return a key as answers show it: the secret masked."""
        del space, want, ref
        shown = {name: value for name, value in stored.items() if name[0] != "_" and name != "project_id"}
        return {**shown, "sdk_secret": masked(stored["sdk_secret"])}

    def found(self, call: Call) -> Stored:
        """Return the key that the path names; raises a 404."""
        stored = call.part.get("sdk_keys", call.params["sdk_key"])
        if stored is None:
            raise not_found(self.word, call.params["sdk_key"])
        return stored

    def add(self, call: Call) -> Response:
        """Create a key; only this answer shows its secret."""
        body, part = call.body(), call.part
        self._shaped(self.create, body)
        _check_environment(part, body)
        secret = (body.get("sdk_secret") or secrets.token_hex(32)) if body.get("has_secret", True) else None
        sent = {name: value for name, value in body.items() if name not in {"has_secret", "sdk_secret"}}
        stored = {**self.defaults, **sent, "sdk_key": secrets.token_hex(12), "sdk_secret": secret}
        stored |= {"project_id": part.id, "_account": call.account.id}
        self.store(part, None, stored, call.actor)
        shown = {name: value for name, value in stored.items() if name[0] != "_" and name != "project_id"}
        return answer(shown, 201)

    def merge(self, call: Call, stored: Stored, body: dict[str, Any]) -> Stored:
        """Return the key after an update."""
        _check_environment(call.part, body)
        return {**stored, **body}

    def written(self, part: Partition, old: Stored | None, new: Stored | None) -> None:
        """Keep one default key per environment."""
        if new is None or not new["selected_default"] or (old is not None and old["selected_default"]):
            return
        for one in part.all("sdk_keys"):
            other = one["sdk_key"] != new["sdk_key"] and one["environment"] == new["environment"]
            if other and one["selected_default"]:
                part.put("sdk_keys", {**one, "selected_default": False})

    def fill(self, part: Partition, stored: Stored) -> Stored:
        """Return a key that was loaded, with everything that is missing."""
        del part
        made = {"sdk_key": secrets.token_hex(12), "sdk_secret": secrets.token_hex(32), "environment": "production"}
        return {**self.defaults, **made, **stored}


def _check_environment(part: Partition, body: dict[str, Any]) -> None:
    if "environment" in body and body["environment"] not in part.project["environments"]:
        raise refuse("environment", f"the project has no environment {body['environment']}")


class ApiKeys(Kind):
    """API keys of an account; there is no update."""

    name = "api_keys"
    word = "API key"
    segment = "api-keys"
    tracked = False
    create = record(
        "name",
        name=Text(most=100, least=1),
        projects=ids(null=True),
        auth_type=choice("requestSigning", "secretKey"),
        role=choice(*ROLES),
    )
    update = create
    listing = Listing()
    defaults: ClassVar[dict[str, Any]] = {"projects": None, "auth_type": "requestSigning", "role": "account_manager"}
    loose = Loose(sets=("projects",), numbers=("projects",))

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of API keys."""
        return [
            Endpoint("GET", "A/api-keys", lambda call: self.renderer.everything(self, call.account)),
            Endpoint("POST", "A/api-keys/add", self.add, writes=True),
            Endpoint("DELETE", "A/api-keys/{key_id}/delete", self.remove, writes=True),
        ]

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return a key as answers show it: the secret masked."""
        del space, want, ref
        shown = {name: value for name, value in stored.items() if name[0] != "_"}
        return {**shown, "key_secret": masked(stored["key_secret"])}

    def add(self, call: Call) -> Response:
        """Create a key; only this answer shows its secret."""
        body = call.body()
        self._shaped(self.create, body)
        missing = [one for one in body.get("projects") or () if call.account.get("projects", one) is None]
        if missing:
            problems = Problems()
            problems.add("projects", f"unknown id {', '.join(str(one) for one in missing)}")
            problems.stop()
        stored = {**self.defaults, **body, **_fresh_key(), "_account": call.account.id}
        call.account.put("api_keys", stored)
        return answer({name: value for name, value in stored.items() if name[0] != "_"}, 201)

    def remove(self, call: Call) -> Response:
        """Delete a key."""
        key_id = call.params["key_id"]
        if call.account.get("api_keys", key_id) is None:
            raise not_found(self.word, key_id)
        call.account.drop("api_keys", key_id)
        return done("The API key was deleted")

    def fill_account(self, stored: Stored) -> Stored:
        """Return a key that was loaded, with everything that is missing."""
        return {**self.defaults, **_fresh_key(), **stored}


def _fresh_key() -> dict[str, str]:
    return {"key_id": secrets.token_hex(16), "key_secret": secrets.token_hex(32)}
