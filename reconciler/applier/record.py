"""What goes into state after a write: leaves that were sent, what the platform showed, ids, fingerprints of secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.base.compare import Compare, Comparison
from reconciler.adapters.base.observe import is_nothing, masked
from reconciler.model.kind import Kind
from reconciler.model.markers import Virtual
from reconciler.model.values import MISSING, reveal
from reconciler.planner.diff import PUBLISHED, Recorded
from reconciler.planner.item import Item
from reconciler.planner.match import TRADED, kept_key
from reconciler.project.model import parent_attribute
from reconciler.state import State, hmac_of
from reconciler.state.ledger import ASSUMED, Entry


@dataclass(slots=True)
class Seen:
    """What a read after a write told: the new entry, and what to say about it."""

    entry: Entry
    warnings: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    """Leaves that the platform took and did not keep at all."""


def look(kind: Kind, desired: Mapping[str, Any], raw: Raw, known_ids: Mapping[str, str]) -> Comparison:
    """Compare what was declared with what the platform shows, every leaf of it."""
    skip = {PUBLISHED, parent_attribute(kind) or PUBLISHED}
    walk = Compare({}, known_ids, lambda _text, _value, _live: None, everything=True)
    return walk.run(kind.shape, desired, raw, frozenset(skip))


def fresh_entry(item: Item, identity: str) -> Entry:
    """Return the entry of an object that has just come under management, nothing recorded yet."""
    entry = Entry(kind=item.kind.name, id=identity, scope=dict(item.scope or {}), account=item.account)
    return with_meta(entry, item)


def with_meta(entry: Entry, item: Item) -> Entry:
    """Return the entry with what the declaration says about protection, removal, dependencies and place."""
    declaration = item.declaration
    if declaration is None:
        return entry
    rules = declaration.meta.rules
    return replace(
        entry,
        deps=list(item.depends),
        protect=rules.prevent_destroy,
        on_remove=rules.on_remove,
        origin={"file": declaration.file, **({TRADED: item.traded} if item.traded else {})},
        key=kept_key(item, entry),
    )


def after_write(
    state: State,
    item: Item,
    entry: Entry,
    raw: Raw,
    touched: Iterable[str] | None,
    desired: Mapping[str, Any],
    found: Comparison | None = None,
) -> Seen:
    """Return the entry after a write. `touched` are the path texts that were sent; None means everything declared.

    `found` is the comparison of the two, where the caller has made it already.
    """
    if found is None:
        found = look(item.kind, desired, raw, entry.children)
    wanted = None if touched is None else tuple(touched)
    sent, seen, secrets = dict(entry.sent), dict(entry.seen), dict(entry.secrets)
    result = Seen(entry)
    for leaf in found.leaves:
        if wanted is not None and not _covered(leaf.text, wanted):
            continue
        if leaf.secret:
            secrets[leaf.text] = hmac_of(state, reveal(leaf.desired))
            continue
        if leaf.shape.mark(Virtual) is None and not leaf.equal:
            if leaf.live is MISSING and not is_nothing(leaf.desired):
                result.ignored.append(leaf.text)
                continue
            result.warnings.append(f"{leaf.text}: sent {_short(leaf.desired)}, the platform shows {_short(leaf.live)}")
        sent[leaf.text] = reveal(leaf.desired)
        if leaf.live is MISSING:
            seen.pop(leaf.text, None)
        else:
            seen[leaf.text] = leaf.live
    kept = {
        text: identity
        for text, identity in entry.children.items()
        if wanted is not None and text not in found.ids and not _covered(text, wanted)
    }
    children = {**kept, **found.ids}
    # a child that went takes its leaves along, whatever it was called when they were written
    lost = [text for text in {**sent, **secrets} if text not in found.visited and found.orphaned(text)]
    whole = replace(entry, sent=sent, seen=seen, secrets=secrets, children=children)
    result.entry = with_meta(_without(whole, lost), item)
    return result


def _without(entry: Entry, leaves: Iterable[str]) -> Entry:
    """Return the entry without exactly these leaves."""
    gone = frozenset(leaves)
    if not gone:
        return entry

    def left(values: Mapping[str, Any]) -> dict[str, Any]:
        return {text: value for text, value in values.items() if text not in gone}

    return replace(entry, sent=left(entry.sent), seen=left(entry.seen), secrets=left(entry.secrets))


def _covered(text: str, touched: tuple[str, ...]) -> bool:
    return any(text == part or text.startswith((part + ".", part + "[")) for part in touched)


def forget_paths(entry: Entry, paths: Iterable[str]) -> Entry:
    """Return the entry without some leaves (and all beneath them)."""
    gone = tuple(paths)

    def left(values: Mapping[str, Any]) -> dict[str, Any]:
        return {text: value for text, value in values.items() if not _covered(text, gone)}

    return replace(
        entry,
        sent=left(entry.sent),
        seen=left(entry.seen),
        secrets=left(entry.secrets),
        children=left(entry.children),
    )


def with_recorded(state: State, entry: Entry, recorded: Recorded, item: Item) -> Entry:
    """Return the entry with leaves that hold already: after an adoption, or when files and platform came to agree."""
    secrets = dict(entry.secrets)
    for text, value in recorded.secrets.items():
        secrets[text] = ASSUMED if value is None else hmac_of(state, reveal(value))
    sent = {**entry.sent, **{text: reveal(value) for text, value in recorded.leaves.items()}}
    children = dict(recorded.children) if recorded.children else entry.children
    seen = {**entry.seen, **recorded.seen}
    whole = replace(entry, sent=sent, seen=seen, secrets=secrets, children=children)
    return with_meta(_without(whole, recorded.dropped), item)


def unpublished(entry: Entry) -> Entry:
    """Return the entry of an object that was just saved: whatever was published before is now behind."""
    if PUBLISHED not in entry.sent:
        return entry
    sent = {text: value for text, value in entry.sent.items() if text != PUBLISHED}
    seen = {text: value for text, value in entry.seen.items() if text != PUBLISHED}
    return replace(entry, sent=sent, seen=seen)


def saved(entry: Entry, before: str | None, after: str | None) -> Entry:
    """Return the entry after a save of ours: unless others saved in between, what the platform holds is known again."""
    mark = entry.published
    if mark is None or before is None or mark.get("version") != before:
        return entry
    return replace(entry, published={**mark, "version": after})


def published(entry: Entry, raw: Raw, version: str | None, *, on: bool) -> Entry:
    """Return the entry after a publish: the mark that tells later runs what went live."""
    mark = {
        "digest": hashlib.blake2b(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version,
    }
    return replace(
        entry, sent={**entry.sent, PUBLISHED: on}, seen={**entry.seen, PUBLISHED: on}, published=mark if on else None
    )


def _short(value: Any) -> str:
    if masked(value) and not isinstance(value, str):
        return "nothing"
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "…"
