"""Which live object belongs to which address: state id, else `$import`, else natural key; moves; what is gone.

Nothing is taken over silently. A key that the platform keeps unique is adopted, visibly; a name that may repeat stops
the plan unless the user says so; several candidates are an error that names them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from reconciler.adapters.base.observe import project as project_live
from reconciler.adapters.base.observe import same
from reconciler.model.kind import HintKey, Kind, UniqueKey
from reconciler.model.plan import Allowed, CheckResult, Note
from reconciler.model.values import MISSING, Path, Template
from reconciler.planner.item import Item
from reconciler.planner.read import Listing
from reconciler.project.model import Move
from reconciler.state.ledger import Entry

N = TypeVar("N", bound=Hashable)
TRADED = "traded"
"""Under this name the `origin` of an entry keeps which circles of `moved` were carried out: they hold at every run."""


@dataclass
class Moved:
    """State entries under their new addresses, and where they came from."""

    entries: dict[str, Entry]
    previous: dict[str, str] = field(default_factory=dict)
    circles: dict[str, list[str]] = field(default_factory=dict)
    """By address, digests of the circles in `moved` that it or its children have been through, now or before."""


def apply_moves(
    resources: Mapping[str, Entry], moves: tuple[Move, ...], keys: Callable[[str], str | None] = lambda _address: None
) -> Moved:
    """Rename addresses and children as `moved` says: one simultaneous mapping, so that A↔B works.

    `keys` tells the natural key that is declared at an address: those that have traded places already stay.
    """
    renamed = {move.source: move.target for move in moves if not move.source_path and move.source in resources}
    while True:
        # a target that is tracked and does not move away itself keeps its place: two objects cannot share one address
        targets = Counter(renamed.values())
        fits = {
            source: target
            for source, target in renamed.items()
            if targets[target] == 1 and (target not in resources or target in renamed)
        }
        if len(fits) == len(renamed):
            break
        renamed = fits
    circles: dict[str, list[str]] = {}
    for circle in _circles(renamed):
        digest = _digest({address: renamed[address] for address in circle})
        done = all(digest in traded(resources[address]) for address in circle)
        agrees = not done and all(resources[a].key is not None and resources[a].key == keys(a) for a in circle)
        if done or agrees:
            for address in circle:
                del renamed[address]
        if not agrees:
            circles |= {address: [digest] for address in circle}
    moved = Moved({renamed.get(address, address): entry for address, entry in resources.items()}, circles=circles)
    moved.previous.update({target: source for source, target in renamed.items()})
    if renamed:
        for address, entry in moved.entries.items():
            if any(dep in renamed for dep in entry.deps):
                moved.entries[address] = replace(entry, deps=[renamed.get(dep, dep) for dep in entry.deps])
    children: dict[str, dict[Path, Path]] = {}
    for move in moves:
        if move.source_path:
            children.setdefault(move.target, {})[move.source_path] = move.target_path
    for address, wanted in children.items():
        entry_or_none = moved.entries.get(address)
        if entry_or_none is not None:
            mapping = dict(wanted)
            for ring in _circles(wanted):
                digest = _digest({_dotted(path): _dotted(wanted[path]) for path in ring})
                circles.setdefault(address, []).append(digest)
                if digest in traded(entry_or_none):
                    mapping = {path: target for path, target in mapping.items() if path not in ring}
            moved.entries[address] = _rename_children(entry_or_none, mapping)
            if moved.entries[address] != entry_or_none:
                moved.previous.setdefault(address, address)
    for address, digests in circles.items():
        entry = moved.entries[address]
        if traded(entry) != digests:
            moved.entries[address] = replace(entry, origin={**(entry.origin or {}), TRADED: digests})
            moved.previous.setdefault(address, address)
    return moved


def traded(entry: Entry) -> list[str]:
    """Return the digests of the circles of `moved` that an entry has been through."""
    found = (entry.origin or {}).get(TRADED)
    return found if isinstance(found, list) else []


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def _digest(circle: Mapping[str, str]) -> str:
    return hashlib.blake2b(json.dumps(sorted(circle.items())).encode(), digest_size=6).hexdigest()


def _circles(renamed: Mapping[N, N]) -> list[list[N]]:
    """Return the groups of addresses, or of paths, that trade places. Their `moved` would hold again at every run."""
    found: list[list[N]] = []
    seen: set[N] = set()
    for start in renamed:
        circle: list[N] = []
        address = start
        while address in renamed and address not in seen:
            seen.add(address)
            circle.append(address)
            address = renamed[address]
        if circle and address == start:
            found.append(circle)
    return found


_PART = re.compile(r'\["((?:[^"]|"(?!\]))*)"\]|\[(\d+)\]|\.?([^.\[]+)')


def _rename_children(entry: Entry, mapping: Mapping[Path, Path]) -> Entry:
    """Spell the paths of moved children anew, at once, so that two can trade names; unknown sources are ignored."""

    def rename(text: str) -> str:
        found = list(_PART.finditer(text))
        names = tuple(match[1] if match[1] is not None else match[2] or match[3] for match in found)
        for source, target in mapping.items():
            length = len(source)
            if names[:length] == tuple(map(str, source)):
                spelt = ""
                for match, name in zip(found[:length], map(str, target), strict=False):
                    plain = match[1] is None and name.replace("_", "a").replace("-", "a").isalnum()
                    spelt += (f".{name}" if spelt else name) if plain else f'["{name}"]'
                return spelt + text[found[length - 1].end() :]
        return text

    def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
        return {rename(text): value for text, value in values.items()}

    def in_order(values: Mapping[str, Any]) -> dict[str, Any]:
        out = dict(values)
        for text, names in values.items():
            if text.endswith(".$order") and isinstance(names, list):
                prefix = tuple(match[1] or match[2] or match[3] for match in _PART.finditer(text))[:-1]
                new = {str(s[-1]): str(t[-1]) for s, t in mapping.items() if tuple(map(str, s[:-1])) == prefix}
                out[text] = [new.get(name, name) for name in names]
        return out

    return replace(
        entry,
        children=renamed(entry.children),
        sent=renamed(in_order(entry.sent)),
        seen=renamed(in_order(entry.seen)),
        secrets=renamed(entry.secrets),
    )


def kept_key(item: Item, entry: Entry) -> str | None:
    """Return the natural key for state: as declared; one that was made of the first name stays what it was."""
    assert item.declaration is not None
    if entry.key is not None and item.declaration.implied.intersection(item.kind.key_attributes):
        return entry.key
    return key_of(item.kind, item.declaration.body, live=False) or entry.key


def key_of(kind: Kind, values: Mapping[str, Any], *, live: bool) -> str | None:
    """Return the natural key of a declared body or of a live object as one text; None when a part is not known."""
    parts: list[str] = []
    for attribute in kind.key_attributes:
        value = values.get(attribute, MISSING)
        if live:
            value = project_live(kind.shape.fields[attribute], None, value, values)
        if not isinstance(value, str | int) or isinstance(value, bool):
            return None
        parts.append(str(value))
    if not parts:
        return None
    if isinstance(kind.key, UniqueKey) and kind.key.canonical is not None:
        return kind.key.canonical(parts[0])
    return "|".join(parts)


class Matcher:
    """Matches the items of one kind in one scope against one list."""

    def __init__(self, listing: Listing, allowed: Allowed) -> None:
        self.listing = listing
        self.kind = listing.kind
        self.allowed = allowed
        self.checks: list[CheckResult] = []
        self.errors: list[Note] = []
        self._by_key: dict[str, list[str]] | None = None
        self._taken: dict[str, str] = {}

    def match(self, items: list[Item], tracked: Mapping[str, str]) -> None:
        """Find the live object of each item. `tracked` says which address holds which id; others' are no candidates."""
        for item in items:
            if item.existing:
                self._existing(item)
            elif item.entry is not None:
                self._tracked(item)
            else:
                self._untracked(item, tracked)

    def _tracked(self, item: Item) -> None:
        assert item.entry is not None
        wanted = item.declaration.meta.import_id if item.declaration is not None else None
        if wanted is not None and wanted != item.entry.id:
            self._error(
                item, f"$import says {wanted}, and state already tracks {item.entry.id} here; remove one of them"
            )
        item.id = item.entry.id
        item.raw = self.listing.objects.get(item.entry.id)
        if item.raw is None:
            item.gone = True

    def recreate(self, item: Item, tracked: Mapping[str, str]) -> None:
        """Look for a successor of an object that is gone: somebody may have deleted and made it again."""
        item.id = None
        entry, item.entry = item.entry, None
        before = len(self.checks)
        self._untracked(item, tracked)
        if item.raw is None:
            item.entry = entry
            del self.checks[before:]  # a twin of what was deleted by hand is not taken over, but it does not stop us

    def _untracked(self, item: Item, tracked: Mapping[str, str]) -> None:
        declaration = item.declaration
        assert declaration is not None
        if declaration.meta.import_id is not None:
            self._import(item, declaration.meta.import_id, tracked)
            return
        key = key_of(self.kind, declaration.body, live=False)
        if key is None:
            return
        item.twins = tuple(self._keys().get(key, ()))
        free = [identity for identity in item.twins if identity not in tracked]
        if isinstance(self.kind.key, UniqueKey):
            self._unique(item, key, free, tracked)
        else:
            self._hint(item, key, free)

    def _import(self, item: Item, identity: str, tracked: Mapping[str, str]) -> None:
        raw = self.listing.objects.get(identity) or item.adapter.get(self.kind, self.listing.group.names, identity)
        holder = tracked.get(identity)
        if raw is None:
            self._error(item, f"$import says {identity}, and there is no such {self.kind.title}")
        elif holder is not None:
            self._error(item, f"$import says {identity}, which state tracks as {holder}; to rename it, write `moved`")
        else:
            self._adopt(item, identity, raw)

    def _unique(self, item: Item, key: str, free: list[str], tracked: Mapping[str, str]) -> None:
        held = [identity for identity in self._keys().get(key, ()) if identity in tracked]
        if len(free) > 1:
            self._error(item, f"{len(free)} live ones have the key {key}: {', '.join(free)}; choose one with $import")
        elif held and not free:
            self._error(item, f"the key {key} is taken by {tracked[held[0]]}; to rename that, write `moved`")
        elif free:
            raw = self.listing.objects[free[0]]
            if self._is_preset(raw):
                self._error(
                    item,
                    f"{key} is one of the platform's own and cannot be managed; refer to it by its id instead",
                )
                return
            self._adopt(item, free[0], raw)
            item.unarchive = self._is_archived(raw)

    def _hint(self, item: Item, key: str, free: list[str]) -> None:
        live = [identity for identity in free if not self._is_preset(self.listing.objects[identity])]
        active = [identity for identity in live if not self._is_archived(self.listing.objects[identity])]
        archived = [identity for identity in live if identity not in active]
        assert item.declaration is not None
        if not active:
            if archived:
                item.notes.append(f"an archived {self.kind.title} of the same name exists ({', '.join(archived)})")
            return
        if item.declaration.meta.adopt or self.allowed.has("adopt", item.address):
            if len(active) > 1:
                text = f"{len(active)} live ones are called {key}: {', '.join(active)}; choose one with $import"
                self._error(item, text)
            else:
                self._adopt(item, active[0], self.listing.objects[active[0]])
            return
        told = "; ".join(self._told(identity) for identity in active)
        self.checks.append(
            CheckResult(
                name="adopt",
                status="fail",
                message=f"{item.address}: a {self.kind.title} called {key} exists already: {told}. "
                f"To manage it, write `$adopt: true` or `$import: <id>`; to make a second one, choose another name",
                override=f"adopt={item.address}",
                address=item.address,
            )
        )

    def _told(self, identity: str) -> str:
        raw = self.listing.objects[identity]
        since = raw.get(self.kind.created_attribute)
        author = raw.get("created_by")
        by = f" by {author}" if isinstance(author, str) else ""
        return f"id {identity}" + (f", since {since}" if since is not None else "") + by

    def _existing(self, item: Item) -> None:
        declaration = item.declaration
        assert declaration is not None
        wanted: Mapping[str, Any] = declaration.meta.existing or {}
        found = [
            identity
            for identity, raw in self.listing.objects.items()
            if all(self._is(raw, name, value) for name, value in wanted.items())
        ]
        told = ", ".join(f"{name} {value}" for name, value in wanted.items())
        if len(found) == 1:
            item.id = found[0]
            item.raw = self.listing.objects[found[0]]
        elif not found:
            self._error(item, f"there is no {self.kind.title} with {told}; $existing only looks up, it creates nothing")
        else:
            self._error(item, f"{len(found)} live ones have {told}: {', '.join(found)}; look it up by its id")

    def _is(self, raw: Mapping[str, Any], name: str, value: Any) -> bool:
        if name in {"id", "$id", self.kind.id_attribute}:
            return self.listing.adapter.id_of(self.kind, raw) == str(value)
        shape = self.kind.shape.fields.get(name)
        live = raw.get(name, MISSING) if shape is None else project_live(shape, value, raw.get(name, MISSING), raw)
        return same(value, live)

    def _adopt(self, item: Item, identity: str, raw: dict[str, Any]) -> None:
        holder = self._taken.setdefault(identity, item.address)
        if holder != item.address:
            self._error(item, f"{holder} takes over {identity} already; an object has one address only")
            return
        item.id = item.adopted = identity
        item.raw = raw

    def _keys(self) -> dict[str, list[str]]:
        if self._by_key is None:
            self._by_key = {}
            for identity, raw in self.listing.objects.items():
                key = key_of(self.kind, raw, live=True)
                if key is not None:
                    self._by_key.setdefault(key, []).append(identity)
        return self._by_key

    def _is_preset(self, raw: Mapping[str, Any]) -> bool:
        return self.kind.is_preset is not None and self.kind.is_preset(raw)

    def _is_archived(self, raw: Mapping[str, Any]) -> bool:
        return self.kind.is_archived is not None and self.kind.is_archived(raw)

    def _error(self, item: Item, text: str) -> None:
        item.errors.append(text)


def implicit_moves(came: list[Item], gone: Mapping[str, Entry], kind: Kind) -> tuple[dict[str, str], list[CheckResult]]:
    """Pair addresses that came with addresses that went and hold the same key: a rename in the files.

    A unique key decides by itself; of a name that may repeat there must be exactly one on each side, else the plan
    stops and proposes `moved`. Returns the new address's previous one.
    """
    went: dict[str, list[str]] = {}
    for address, entry in gone.items():
        if entry.key is not None:
            went.setdefault(entry.key, []).append(address)
    new: dict[str, list[Item]] = {}
    for item in came:
        assert item.declaration is not None
        key = key_of(kind, item.declaration.body, live=False)
        if key is not None and key in went:
            new.setdefault(key, []).append(item)
    moves: dict[str, str] = {}
    checks: list[CheckResult] = []
    for key, items in new.items():
        # keys are natural within a parent only: what is declared in another scope is another object
        old = [address for address in went[key] if any(_in_scope(item, gone[address]) for item in items)]
        if not old:
            continue
        if len(items) == 1 and len(old) == 1:
            moves[items[0].address] = old[0]
        elif isinstance(kind.key, HintKey):
            lines = "; ".join(f"- {{from: {source}, to: …}}" for source in sorted(old))
            checks.extend(
                CheckResult(
                    name="moved",
                    status="fail",
                    message=f"{item.address}: {len(old)} address(es) went and {len(items)} came with the name {key}; "
                    f"say which is which: moved: [{lines}]",
                    override=None,
                    address=item.address,
                )
                for item in items
            )
    return moves, checks


def _in_scope(item: Item, entry: Entry) -> bool:
    """Tell whether an object in state can be the declared one, as far as its parent is known before reading."""
    name = next((name for name, shape in item.kind.shape.fields.items() if shape.parent is not None), None)
    if item.kind.parent is None or name is None or name not in entry.scope:
        return True
    assert item.declaration is not None
    parent = item.declaration.parent
    if isinstance(parent, Template):
        return not parent.refs or any(ref.address in entry.deps for ref in parent.refs)
    return entry.scope[name] == (item.adapter.scope.get(name) if parent is None else str(parent))
