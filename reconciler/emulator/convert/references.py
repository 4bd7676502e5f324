"""What stored objects refer to, and which keys they take: read by the indexes of the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.emulator.platform import Stored

Use = tuple[str, int | str]
"""Kind and id of an object that is referred to, or refers."""

_LISTS = {
    "experiences": ("goals", "audiences", "locations", "tags"),
    "hypotheses": ("experiences", "tags"),
    "knowledge_bases": ("experiences", "tags"),
    "observations": ("tags",),
}
_RULES = {"goals": "triggering_rule", "audiences": "rules", "locations": "rules"}
_RULE_TARGETS = {
    "goal_triggered": "goals",
    "bucketed_into_segment": "audiences",
    "bucketed_into_experience": "experiences",
}


def uses_of(kind: str, stored: Stored) -> set[Use]:
    """Return what an object refers to."""
    used: set[Use] = {(target, one) for target in _LISTS.get(kind, ()) for one in stored.get(target) or ()}
    attribute = _RULES.get(kind)
    if attribute is not None and stored.get(attribute):
        used.update(rule_uses(stored[attribute]))
    if kind == "experiences":
        used.add(("environments", stored["environment"]))
        for change in changes_of(stored):
            feature = change["data"].get("feature_id") if change["type"] == "fullStackFeature" else None
            if feature is not None:
                used.add(("features", feature))
    elif kind == "sdk_keys":
        used.add(("environments", stored["environment"]))
    return used


def rule_uses(tree: Any) -> Iterator[Use]:
    """Iterate over the objects that a rule tree refers to."""
    for rule in rules_of(tree):
        target = rule_target(rule)
        if target is not None:
            yield target, rule["value"]


def rule_target(rule: dict[str, Any]) -> str | None:
    """Return the kind of object whose id is the value of a rule, None when the value is no id."""
    value = rule.get("value")
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return _RULE_TARGETS.get(rule.get("rule_type", ""))


def rules_of(tree: Any) -> Iterator[dict[str, Any]]:
    """Iterate over the single rules of a tree of OR, AND and OR_WHEN; what has another form is passed over."""
    if isinstance(tree, dict):
        if "rule_type" in tree:
            yield tree
        else:
            for level in ("OR", "AND", "OR_WHEN"):
                for branch in tree.get(level) or ():
                    yield from rules_of(branch)


def changes_of(experience: Stored) -> Iterator[dict[str, Any]]:
    """Iterate over all changes of an experience: those of its variations and those of its section versions."""
    for variation in experience.get("variations") or ():
        yield from variation.get("changes") or ()
    for section in experience.get("sections") or ():
        for version in section["versions"]:
            yield from version["changes"]


def keys_of(kind: str, stored: Stored) -> Iterable[tuple[str, str, int | str]]:
    """Return the keys an object takes: the name space, the key, and the id of its owner."""
    if kind == "experiences":
        yield kind, stored["key"], stored["id"]
        for variation in stored["variations"]:
            yield "variations", variation["key"], variation["id"]
    elif kind in {"goals", "features"}:
        yield kind, stored["key"], stored["id"]
    elif kind == "placeholders":
        yield kind, stored["placeholder"], stored["id"]
    elif kind == "domains":
        yield kind, stored["url"], stored["id"]
