"""Domains, tags and placeholders: the small kinds of a project."""

from __future__ import annotations

import fnmatch
import re
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from starlette.responses import Response

from reconciler.emulator.convert.call import Call, Endpoint
from reconciler.emulator.convert.kind import Kind
from reconciler.emulator.convert.listing import Listing
from reconciler.emulator.convert.problems import Refusal, not_found, refuse
from reconciler.emulator.convert.render import PLAIN
from reconciler.emulator.convert.shapes import FLAG, Text, record
from reconciler.emulator.convert.store import Partition, now
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored

_HTTP = re.compile(r"https?://.+")

DOMAIN_URL = Text(most=150, pattern=_HTTP)


def normal_url(url: str) -> str:
    """Return a domain's URL as the server keeps it: host in lower case, a lone slash at the end dropped."""
    parts = urlsplit(url)
    path = "" if parts.path == "/" and not parts.query else parts.path
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, parts.query, parts.fragment))


class Domains(Kind):
    """Websites of a project."""

    name = "domains"
    word = "domain"
    segment = "domains"
    create = record("url", url=DOMAIN_URL, code_installed=FLAG)
    update = create.optional()
    defaults: ClassVar[dict[str, Any]] = {"code_installed": False}
    listing = Listing()

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of domains."""
        return [
            *super().endpoints(),
            Endpoint("POST", "P/domains/by_url", self.by_url),
            Endpoint("POST", "P/domains/{domain_id}/check_code", self.check_code, writes=True),
        ]

    def dress(self, shown: Any, names: frozenset[str]) -> Any:
        """Change the case of the host, which is the only part of a URL where case means nothing."""
        if "change_case" in names:
            parts = urlsplit(shown["url"])
            shown["url"] = urlunsplit(parts._replace(netloc=parts.netloc.upper()))
        return shown

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Refuse a second domain of the same URL; whether the code is installed is for `check_code` to find out."""
        del body
        new["url"] = normal_url(new["url"])
        new["code_installed"] = old["code_installed"] if old is not None else False
        owner = call.part.owner_of_key("domains", new["url"])
        if owner is not None and (old is None or owner != old["id"]):
            raise refuse("url", "the project has this domain already")

    def by_url(self, call: Call) -> Response:
        """Answer the domain that covers a URL, exactly or by its wildcard."""
        body = call.body()
        self._shaped(record("url", url=Text(most=255)), body)
        url = normal_url(body["url"])
        for stored in call.part.all("domains"):
            if stored["url"] == url or fnmatch.fnmatchcase(url, stored["url"]):
                return self.renderer.one(self, call.part, stored["id"], PLAIN)
        raise not_found("domain", body["url"])

    def check_code(self, call: Call) -> Response:
        """Mark the tracking code of a domain as installed."""
        stored = self.found(call)
        self.save(call, stored, {**stored, "code_installed": True})
        return self.renderer.one(self, call.part, stored["id"], PLAIN)


class Tags(Kind):
    """Tags of a project; names may repeat."""

    name = "tags"
    word = "tag"
    segment = "tags"
    create = record("name", name=Text(most=100, least=1), description=Text(most=200, null=True))
    update = create.optional()
    defaults: ClassVar[dict[str, Any]] = {"description": ""}
    listing = Listing(searched=("name", "description"), search_length=100, count=False)
    loose = Loose(defaults={"description": ""})

    def written(self, part: Partition, old: Stored | None, new: Stored | None) -> None:
        """Take a deleted tag off everything that had it."""
        if new is not None or old is None:
            return
        for user, user_id in list(part.uses.get(("tags", old["id"]), {})):
            stored = part.get(user, user_id)
            if stored is not None:
                part.put(user, {**stored, "tags": [one for one in stored["tags"] if one != old["id"]]})


class Placeholders(Kind):
    """Visitor data placeholders: names for texts in code."""

    name = "placeholders"
    word = "placeholder"
    segment = "visitors-data/placeholders"
    create = record("placeholder", placeholder=Text(most=128, least=1), default_value=Text(most=10_000, null=True))
    update = create.optional()
    tracked = False
    bulk_delete = False
    defaults: ClassVar[dict[str, Any]] = {"default_value": None}
    listing = Listing(searched=("placeholder",), pick=None)

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Refuse a second placeholder of the same name."""
        del body
        new.setdefault("created_at", now())
        owner = call.part.owner_of_key("placeholders", new["placeholder"])
        if owner is not None and (old is None or owner != old["id"]):
            raise Refusal(422, "placeholder: the name is already used in the project", ["placeholder"])
