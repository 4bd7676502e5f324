"""Standard entities, and the objects that every account starts with."""

from __future__ import annotations

from typing import Any

from reconciler.emulator.ids import derived_object_id
from reconciler.emulator.leadconduit.catalog_modules import MODULES, PACKAGES

_DEFAULT_MODULES = ["leadconduit-default.inbound", "leadconduit-default.outbound"]
_STANDARD = (
    # name, source, recipient, packages
    ("SuppressionList", None, "enhancement", "leadconduit-suppressionlist"),
    ("TrustedForm", None, "enhancement", "leadconduit-trustedform"),
    ("Facebook", "other", None, "leadconduit-facebook"),
    ("Google Ads", "other", None, "leadconduit-google"),
    ("TikTok", "other", None, "leadconduit-tiktok"),
    ("LinkedIn", "other", None, "leadconduit-linkedin"),
    ("Snapchat", "other", None, "leadconduit-snapchat"),
    ("Salesforce", None, "crm", "leadconduit-salesforce"),
    ("HubSpot", None, "crm", "leadconduit-hubspot"),
    ("Marketo", None, "esp", "leadconduit-marketo"),
    ("Mailchimp", None, "esp", "leadconduit-mailchimp"),
    ("ActiveCampaign", None, "esp", "leadconduit-activecampaign"),
    ("Zapier", None, "other", "leadconduit-zapier"),
    ("Keap", None, "crm", "leadconduit-infusionsoft"),
    ("Velocify", None, "crm", "leadconduit-velocify"),
    ("Five9", None, "other", "leadconduit-five9"),
    ("Convoso", None, "other", "leadconduit-convoso"),
    ("Anura", None, "enhancement", "leadconduit-anura"),
    ("BriteVerify", None, "enhancement", "leadconduit-briteverify"),
    ("Email Oversight", None, "enhancement", "leadconduit-email-oversight"),
    ("Webbula", None, "enhancement", "leadconduit-webbula"),
    ("Trestle", None, "enhancement", "leadconduit-trestle"),
    ("Ekata", None, "enhancement", "leadconduit-ekata"),
    ("Neustar", None, "enhancement", "leadconduit-neustar"),
    ("Experian", None, "enhancement", "leadconduit-experian"),
    ("Blacklist Alliance", None, "enhancement", "leadconduit-blacklist"),
    ("DNC.com", None, "enhancement", "leadconduit-dnc"),
    ("Jornaya", None, "enhancement", "leadconduit-jornaya"),
    ("Everflow", None, "analytics", "leadconduit-everflow"),
    ("Twilio", "other", "other", "leadconduit-twilio"),
)


def _standard(name: str, source: str | None, recipient: str | None, package: str) -> dict[str, Any]:
    entity_id = derived_object_id("leadconduit", "entity", name)
    for module in PACKAGES[package]["integrations"]:
        MODULES[module["id"]].setdefault("entity_id", entity_id)
    return {
        "id": entity_id,
        "name": name,
        "description": f"{name}, as ActiveProspect maintains it",
        "source": source,
        "recipient": recipient,
        "module_ids": [module["id"] for module in PACKAGES[package]["integrations"]],
        "logo_url": None,
        "website": f"https://www.{package}.example/",
        "standard": True,
        "account": None,
        "flow_ids": None,
        "created_at": "2014-10-06T14:21:09.105Z",
        "updated_at": "2019-03-12T09:08:11.427Z",
    }


STANDARD_ENTITIES = [
    *(_standard(*row) for row in _STANDARD),
    # another company's LeadConduit account: listed, and not ours to change
    {
        "id": derived_object_id("leadconduit", "entity", "Example Partner Network"),
        "name": "Example Partner Network",
        "source": "seller",
        "recipient": "buyer",
        "module_ids": _DEFAULT_MODULES,
        "time_zone": "America/Chicago",
        "standard": False,
        "account": True,
        "connected": "seller",
        "flow_ids": [],
        "created_at": "2018-10-03T15:51:16.051Z",
        "updated_at": "2018-10-03T15:51:16.051Z",
    },
]


def account_id(tenant: str) -> str:
    """Return the id of an account: the same whenever the emulator runs."""
    return derived_object_id("leadconduit", "account", tenant)


def label(tenant: str) -> str:
    """Return the company name behind an account name: `leadconduit-acme` is Acme."""
    words = tenant.removeprefix("leadconduit").strip("-_").replace("-", " ").replace("_", " ")
    return words.title() if words else "Bright Solar"


def own_entity(tenant: str) -> dict[str, Any]:
    """Return the entity that stands for the account itself; it has the id of the account."""
    return {
        "id": account_id(tenant),
        "name": label(tenant),
        "source": "form",
        "recipient": "buyer",
        "module_ids": _DEFAULT_MODULES,
        "field_suffix": None,
        "time_zone": "America/New_York",
        "standard": False,
        "account": True,
        "flow_ids": [],
        "created_at": "2020-02-03T10:00:00.000Z",
        "updated_at": "2020-02-03T10:00:00.000Z",
    }


def own_account(tenant: str) -> dict[str, Any]:
    """Return the settings of an account right after sign-up."""
    features = (
        "seller_access",
        "buyer_access",
        "lead_transactions",
        "conversion_feedback",
        "firehose",
        "third_party_add_on_services",
        "real_time_bidding",
        "leadconduit_trustedform_decisions",
    )
    return {
        "id": account_id(tenant),
        "sso_id": derived_object_id("leadconduit", "sso", tenant),
        "api_key": derived_object_id("leadconduit", "account key", tenant) * 2,
        "name": label(tenant),
        "time_zone": "America/New_York",
        "type": "customer",
        "state": "active",
        "product_id": "lcx",
        "data_retention_in_days": 90,
        "data_truncated_at": None,
        "billing_type": "self_service",
        "lead_ping_enabled": False,
        "keen_project_id": derived_object_id("leadconduit", "keen", tenant),
        "keen_read_api_key": derived_object_id("leadconduit", "keen read", tenant) * 3,
        "keen_write_api_key": derived_object_id("leadconduit", "keen write", tenant) * 3,
        "pricing_components": [],
        "connected_buyers": [],
        "connected_sellers": [],
        "pending_buyers": [],
        "pending_sellers": [],
        "subscriptions": {},
        "features": dict.fromkeys(features, True),
    }


def own_user(tenant: str, api_key: str) -> dict[str, Any]:
    """Return the person whose key signs for an account."""
    return {
        "id": derived_object_id("leadconduit", "user", tenant),
        "email": f"api@{tenant.lower().replace('_', '-')}.example",
        "first_name": "Api",
        "last_name": label(tenant),
        "sso_id": derived_object_id("leadconduit", "user sso", tenant),
        "api_key": api_key,
        "superuser": False,
        "user_admin": True,
        "subscription_admin": False,
        "role_string": "user",
        "products": [{"id": "lcx", "name": "LeadConduit", "subscribed": True}],
        "zendesk_jwt": derived_object_id("leadconduit", "jwt", tenant) * 4,
    }
