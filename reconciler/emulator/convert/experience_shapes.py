"""The tables of an experience's body: attributes, integrations, pages (Convert API v2, "Create Experience")."""

from __future__ import annotations

import re
from typing import Any

from reconciler.emulator.convert import settings
from reconciler.emulator.convert.compass import TAGS
from reconciler.emulator.convert.shapes import (
    ANYTHING,
    NULL_TEXT,
    TEXT,
    Flag,
    Items,
    Number,
    Record,
    Shape,
    Tagged,
    Text,
    choice,
    ids,
    record,
)

TYPES = ("a/b", "a/a", "mvt", "split_url", "multipage", "deploy", "a/b_fullstack", "feature_rollout")
FULLSTACK_TYPES = frozenset({"a/b_fullstack", "feature_rollout"})
STATUSES = ("draft", "active", "paused", "completed", "scheduled", "archived")
SHORT_ID = re.compile(r"[0-9a-z]{1,2}")

_ON = Flag(null=True)
_ANALYTICS = Tagged(
    "type",
    {
        "ga3": Record({"enabled": _ON, "property_UA": Text(most=150, null=True), "custom_dimension": NULL_TEXT}),
        "ga4": Record({"enabled": _ON, "measurementId": NULL_TEXT, "propertyId": NULL_TEXT, "audiences": ANYTHING}),
    },
)


def _integrations() -> dict[str, Record]:
    plain = (
        "clicktale clicky crazyegg econda eulerian gosquared heapanalytics hotjar mixpanel mouseflow segmentio woopra "
        "microsoft_clarity"
    )
    found: dict[str, Record] = dict.fromkeys(plain.split(), record(enabled=_ON))
    for name in ("baidu", "cnzz", "piwik", "ysance"):
        found[name] = record("custom_dimension", enabled=_ON, custom_dimension=TEXT)
    found["sitecatalyst"] = record("evar", enabled=_ON, evar=TEXT)
    found["google_analytics"] = Record({}, others=ANYTHING)
    return found


INTEGRATION: Shape = Tagged("provider", _integrations())
ANALYTICS: Shape = _ANALYTICS
"""What `google_analytics` takes beside its provider."""

PAGE = record("id name url", id=Text(pattern=SHORT_ID), name=Text(most=200, least=1), url=Text(most=2048, least=1))
_SCALAR_TEXT = 20

_FIELDS: dict[str, Shape] = {
    "name": Text(most=100, least=1),
    "type": choice(*TYPES),
    "status": choice(*STATUSES),
    "url": Text(most=2048, pattern=re.compile(r"https?://\S+")),
    "key": Text(most=32, least=1),
    "description": Text(most=500),
    "objective": Text(most=5000, null=True),
    "start_time": Number(null=True, whole=True),
    "end_time": Number(null=True, whole=True),
    "traffic_distribution": Number(0, 100),
    "environment": TEXT,
    "environments": Items(TEXT),
    "primary_goal": Number(whole=True, null=True),
    "goals": ids(),
    "audiences": ids(),
    "locations": ids(),
    "tags": TAGS,
    "site_area": Record({"include": ANYTHING, "exclude": ANYTHING}, null=True),
    "global_js": TEXT,
    "global_css": TEXT,
    "variations": Items(ANYTHING),
    "multipage_pages": Items(PAGE),
    "integrations": Items(INTEGRATION),
    "settings": settings.EXPERIENCE,
    "customizations": Items(record("key value", key=Text(most=20), value=ANYTHING), most=100),
    "version": Number(),
    "concurrency_key": NULL_TEXT,
}
CREATE = Record(_FIELDS, frozenset({"name", "type", "status", "url"}))
UPDATE = CREATE.optional()


def is_scalar(value: Any) -> bool:
    """Tell whether a value can be that of a customization: a short text, a number, a boolean or null."""
    return not isinstance(value, str | dict | list) or (isinstance(value, str) and len(value) <= _SCALAR_TEXT)
