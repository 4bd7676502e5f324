"""LeadConduit (ActiveProspect) as a plug-in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from reconciler.adapters.base.adapter import AccountSettings, ClientFactory, Platform, Rates
from reconciler.adapters.leadconduit.adapter import PUBLIC_URL, LeadConduitAdapter
from reconciler.adapters.leadconduit.catalogue import DESTINATIONS, MODULES, PACKAGES, SERVICES
from reconciler.adapters.leadconduit.credentials import CREDENTIALS
from reconciler.adapters.leadconduit.entities import ENTITIES
from reconciler.adapters.leadconduit.fields import FIELDS
from reconciler.adapters.leadconduit.flows import FLOWS
from reconciler.adapters.leadconduit.reports import REPORTS
from reconciler.adapters.leadconduit.routers import ROUTERS

__all__ = ["PLATFORM", "LeadConduitPlatform", "LeadConduitSettings"]


class LeadConduitSettings(AccountSettings):
    """Settings of a LeadConduit account: a user's API key, or the account's own."""

    api_key: str


class LeadConduitPlatform(Platform):
    """LeadConduit: fields, entities, credentials, flows, reports, routers, and the catalogues they refer to."""

    name = "leadconduit"
    title = "LeadConduit"
    kinds = MappingProxyType(
        {
            kind.name: kind
            for kind in (
                FIELDS,
                ENTITIES,
                CREDENTIALS,
                FLOWS,
                REPORTS,
                ROUTERS,
                PACKAGES,
                MODULES,
                DESTINATIONS,
                SERVICES,
            )
        }
    )
    settings = LeadConduitSettings
    secret_settings = frozenset({"api_key"})
    base_url = PUBLIC_URL
    hosts = ("leadconduit.com", "leadconduit-staging.com")
    rate = Rates(per_second=4.0, burst=8, writers=2, reads=4)

    def connect(self, account: str, settings: Mapping[str, Any], client_for: ClientFactory) -> LeadConduitAdapter:
        """Make the adapter of an account. The user name of HTTP Basic is ignored by the platform."""
        from reconciler.http import BasicAuth

        base_url = settings.get("base_url") or self.base_url
        client = client_for(
            account=account,
            base_url=base_url,
            hosts=self.hosts,
            auth=BasicAuth("API", settings["api_key"]),
            rate=self.rate,
            headers={"Accept": "application/json"},
        )
        return LeadConduitAdapter(account, {}, client, self.kinds, base_url)

    def emulator_settings(self, account: str) -> Mapping[str, Any]:
        """Return the key that signs for this account name at the emulator."""
        return {"api_key": f"emulator-{account}"}

    def identity_scope(self, settings: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """Return nothing: only the key says which account it is, and that is asked of the platform."""
        del settings
        return ()


PLATFORM = LeadConduitPlatform()
