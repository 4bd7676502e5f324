"""Packages and modules: the integrations that flows, entities and routers name (GET /packages, GET /modules)."""

from __future__ import annotations

from typing import Any

# package | name | modules: `direction.name` with request variables after a colon (`*` at the end: required)
_CUSTOM = (
    "url* basic_username basic_password header.# outcome_search_term outcome_search_path outcome_on_match reason_path "
    "price_path fallback_price reference_path default_reason send_ascii capture.# response_content_type_override "
    "cookie_search_term follow_redirects timeout_seconds"
)
_JSON = "method credential_id json_property.# json_parameter extra_parameter.# nested_extra_parameter.#"
_SOAP = (
    "function* version arg.# soap_header.# root_namespace_prefix root_xmlns_attribute_name root_xmlns_attribute_value "
    "bearer_token wss_username wss_password wss_digest_password"
)
_SCAN = "trustedform.scan_required_text trustedform.scan_forbidden_text trustedform.scan_delimiter trustedform.vendor"
_TRUSTEDFORM = (
    "trustedform.retain* trustedform.insights* trustedform.verify* lead.trustedform_cert_url* lead.email lead.phone_1 "
    f"trustedform.api_key trustedform.custom_reference trustedform.advertiser_name insights.# {_SCAN}"
)
_FACEBOOK = "facebook.page_id facebook.page_name facebook.form_id facebook.ad_id facebook.campaign_id lead.#"
_PERSON = "lead.first_name lead.last_name lead.email lead.phone_1 lead.address_1 lead.city lead.state lead.postal_code"
_PACKAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "leadconduit-default",
        "LeadConduit",
        (
            "inbound: # redir_url trustedform_cert_url",
            "inbound.feedback: type reason",
            "outbound: url* method* default_outcome lead.# default.custom.# price",
            "outbound.feedback: url* type reason",
        ),
    ),
    (
        "leadconduit-custom",
        "Custom",
        (
            f"outbound.json: {_CUSTOM} {_JSON}",
            f"outbound.form: {_CUSTOM} form_field.# encode_form_field_names",
            f"outbound.xml: {_CUSTOM} method xml_path.# xml_parameter extra_parameter.#",
            f"outbound.query: {_CUSTOM} parameter.#",
            f"outbound.soap: {_CUSTOM} {_SOAP}",
        ),
    ),
    (
        "leadconduit-suppressionlist",
        "SuppressionList",
        (
            "outbound.is_unique: value* list_name*",
            "outbound.query_item: value* list_names*",
            "outbound.add_item: values* list_name*",
            "outbound.delete_item: values* list_name*",
        ),
    ),
    (
        "leadconduit-trustedform",
        "TrustedForm",
        (
            f"outbound.trustedform: {_TRUSTEDFORM}",
            f"outbound.claim: lead.trustedform_cert_url* lead.email {_SCAN}",
            "outbound.consent: lead.trustedform_cert_url*",
            "outbound.consent_plus_data: lead.trustedform_cert_url* insights.#",
            "outbound.insights: lead.trustedform_cert_url* insights.#",
        ),
    ),
    ("leadconduit-facebook", "Facebook", (f"inbound.apfacebook: {_FACEBOOK}", "outbound.conversions: access_token*")),
    ("leadconduit-google", "Google", ("inbound.lead_form: google_key lead.#", "outbound.offline_conversion: gclid*")),
    ("leadconduit-tiktok", "TikTok", ("inbound.lead_form: lead.#",)),
    ("leadconduit-linkedin", "LinkedIn", ("inbound.lead_form: lead.#",)),
    ("leadconduit-snapchat", "Snapchat", ("inbound.lead_form: lead.#",)),
    (
        "leadconduit-activecampaign",
        "ActiveCampaign",
        (f"outbound.post: activecampaign.account* activecampaign.api_key* activecampaign.list_id* {_PERSON}",),
    ),
    (
        "leadconduit-salesforce",
        "Salesforce",
        (
            f"outbound.create_contact: credential_id* {_PERSON} salesforce.#",
            f"outbound.create_lead: credential_id* {_PERSON} salesforce.#",
            f"outbound.web_to_lead: oid* {_PERSON} salesforce.#",
        ),
    ),
    ("leadconduit-hubspot", "HubSpot", (f"outbound.contact: credential_id* {_PERSON} hubspot.#",)),
    ("leadconduit-marketo", "Marketo", (f"outbound.lead: client_id* client_secret* {_PERSON} marketo.#",)),
    ("leadconduit-mailchimp", "Mailchimp", ("outbound.subscribe: mailchimp.api_key* mailchimp.list_id* lead.email*",)),
    ("leadconduit-zapier", "Zapier", ("outbound.hook: url* lead.# default.custom.#",)),
    ("leadconduit-infusionsoft", "Keap", (f"outbound.contact: credential_id* {_PERSON}",)),
    ("leadconduit-velocify", "Velocify", (f"outbound.add_lead: campaign_id* username* password* {_PERSON}",)),
    ("leadconduit-five9", "Five9", (f"outbound.add_record: username* password* list_name* {_PERSON}",)),
    ("leadconduit-convoso", "Convoso", (f"outbound.insert: auth_token* list_id* {_PERSON}",)),
    ("leadconduit-anura", "Anura", ("outbound.verify: lead.ip_address* lead.user_agent timeout_seconds",)),
    ("leadconduit-briteverify", "BriteVerify", ("outbound.name: lead.first_name*", "outbound.email: lead.email*")),
    ("leadconduit-email-oversight", "Email Oversight", ("outbound.email_validation: lead.email* list_id",)),
    ("leadconduit-webbula", "Webbula", ("outbound.verify: lead.email*",)),
    (
        "leadconduit-trestle",
        "Trestle",
        ("outbound.phone_validation: lead.phone_1*", f"outbound.real_contact: {_PERSON}"),
    ),
    ("leadconduit-ekata", "Ekata", (f"outbound.lead_verify: {_PERSON}",)),
    ("leadconduit-neustar", "Neustar", (f"outbound.verify: {_PERSON}",)),
    ("leadconduit-experian", "Experian", ("outbound.append: lead.email*", "outbound.address: lead.address_1*")),
    ("leadconduit-blacklist", "Blacklist Alliance", ("outbound.lookup: lead.phone_1*",)),
    ("leadconduit-dnc", "DNC.com", ("outbound.scrub: lead.phone_1* dnc.login_id",)),
    ("leadconduit-data-services", "ActiveProspect Data Services", ("outbound.phone: lead.phone_1*",)),
    ("leadconduit-jornaya", "Jornaya", ("outbound.audit: lead.universal_leadid*", "outbound.guardian: jornaya.#")),
    ("leadconduit-everflow", "Everflow", ("outbound.conversion: transaction_id* offer_id",)),
    ("leadconduit-cake", "CAKE", ("outbound.post: cake.url* cake.campaign_id*", "inbound: lead.#")),
    ("leadconduit-twilio", "Twilio", ("inbound.call: call.#", "outbound.lookup: lead.phone_1*")),
    ("leadconduit-amazon", "Amazon Web Services", ("outbound.s3: credential_id* bucket* key*",)),
)

_VALUE_ADDERS = frozenset(
    {
        "anura",
        "blacklist",
        "briteverify",
        "data-services",
        "dnc",
        "ekata",
        "email-oversight",
        "experian",
        "jornaya",
        "neustar",
        "suppressionlist",
        "trestle",
        "trustedform",
        "webbula",
    }
)
_EXTRA_ANSWERS = {
    "leadconduit-suppressionlist.outbound.query_item": ("found", "found_in", "added_at", "duration"),
    "leadconduit-suppressionlist.outbound.add_item": ("accepted", "rejected", "duration"),
    "leadconduit-suppressionlist.outbound.delete_item": ("deleted", "rejected", "duration"),
}


def _variable(word: str) -> dict[str, Any]:
    name = word.rstrip("*").replace("#", "*")
    return {"name": name, "type": "string", "description": f"Value of {name}", "required": word.endswith("*")}


def _module(package: str, name: str, declared: str) -> dict[str, Any]:
    path, _, words = declared.partition(":")
    direction = path.split(".")[0]
    module_id = f"{package}.{path}"
    enhancement = package.removeprefix("leadconduit-") in _VALUE_ADDERS
    if direction == "inbound":
        answers = ["lead.id", "outcome", "reason", "price"]
        kind = "inbound" if package == "leadconduit-default" else "source"
    else:
        answers = ["outcome", "reason", "price", *_EXTRA_ANSWERS.get(module_id, ())]
        kind = "enhancement" if enhancement else "delivery"
    module: dict[str, Any] = {
        "id": module_id,
        "type": kind,
        "direction": direction,
        "name": f"{name} {path.rpartition('.')[2].replace('_', ' ')}",
        "description": f"{name} ({path})",
        "tag": kind,
        "feedback": path.endswith("feedback"),
        "median_wait_ms": 120 + len(words),
        "editable": enhancement,
        "request_variables": [_variable(word) for word in words.split()],
        "response_variables": [{"name": one, "type": "string", "description": f"The {one}"} for one in answers],
    }
    if enhancement:
        module["pricing"] = {
            "type": "per_lead",
            "unit": "lead",
            "unit_price": "0.0500",
            "transaction": True,
            "tiers": [],
        }
    return module


def _package(package: str, name: str, modules: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": package,
        "provider": name,
        "name": name,
        "description": f"<p>Integration with <b>{name}</b></p>",
        "link": f"https://www.{package}.example/",
        "version": "2.14.3",
        "ui": package in {"leadconduit-suppressionlist", "leadconduit-trustedform"},
        "images": True,
        "paths": [],
        "integrations": [_module(package, name, declared) for declared in modules],
    }


PACKAGES = {row[0]: _package(*row) for row in _PACKAGES}
MODULES = {module["id"]: module for package in PACKAGES.values() for module in package["integrations"]}
