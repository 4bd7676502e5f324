"""Convert Experiences as a plug-in: its kinds, its account settings, how an account is reached."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from reconciler.adapters.base.adapter import AccountSettings, Adapter, ClientFactory, Platform, Rates
from reconciler.adapters.convert.audiences import AUDIENCES
from reconciler.adapters.convert.domains import DOMAINS
from reconciler.adapters.convert.experiences import EXPERIENCES
from reconciler.adapters.convert.features import FEATURES
from reconciler.adapters.convert.goals import GOALS
from reconciler.adapters.convert.hypotheses import HYPOTHESES
from reconciler.adapters.convert.locations import LOCATIONS
from reconciler.adapters.convert.projects import PROJECTS
from reconciler.adapters.convert.tags import TAGS
from reconciler.model.values import reveal

if TYPE_CHECKING:
    from reconciler.http import Auth

KINDS = (PROJECTS, DOMAINS, TAGS, GOALS, AUDIENCES, LOCATIONS, FEATURES, EXPERIENCES, HYPOTHESES)


class ConvertSettings(AccountSettings):
    """Settings of an account: which account and project, and the API key."""

    account_id: str
    project_id: str | None = None
    key_id: str
    secret: str
    auth: Literal["hmac", "bearer"] = "hmac"


class ConvertPlatform(Platform):
    """Convert Experiences, API v2."""

    name = "convert"
    title = "Convert Experiences"
    kinds = MappingProxyType({kind.name: kind for kind in KINDS})
    settings = ConvertSettings
    secret_settings = frozenset({"secret"})
    text_settings = frozenset({"account_id", "project_id", "key_id"})
    scope_settings = ("account_id", "project_id")
    base_url = "https://api.convert.com/api/v2"
    hosts = ("convert.com",)
    rate = Rates(per_second=1.0, burst=4, writers=1, reads=4)
    """The vendor documents no limit; its own sample client waits two seconds between writes."""

    def connect(self, account: str, settings: Mapping[str, Any], client_for: ClientFactory) -> Adapter:
        """Make the adapter of an account; nothing is sent yet, and the secret is looked at with the first request."""
        from reconciler.adapters.convert.adapter import ConvertAdapter

        def auth() -> Auth:
            from reconciler.adapters.convert.auth import BearerAuth, HmacAuth

            key_id, secret = str(reveal(settings["key_id"])), str(reveal(settings["secret"]))
            if settings.get("auth", "hmac") == "bearer":
                return BearerAuth(key_id, secret)
            return HmacAuth(key_id, secret)

        client = client_for(
            account=account,
            base_url=settings.get("base_url") or self.base_url,
            hosts=self.hosts,
            auth=auth,
            rate=self.rate,
            headers={},
        )
        scope = {name: str(settings[name]) for name in self.scope_settings if settings.get(name) is not None}
        return ConvertAdapter(account, scope, client, self.kinds)

    def emulator_settings(self, account: str) -> Mapping[str, Any]:
        """Return the credentials that the emulator takes for an account name; they are public."""
        return {"key_id": f"emulator-{account}", "secret": f"emulator-secret-{account}", "auth": "hmac"}


PLATFORM = ConvertPlatform()

__all__ = ["PLATFORM", "ConvertPlatform", "ConvertSettings"]
