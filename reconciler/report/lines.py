"""Lines of a report: a mark, an indent, a text. The same lines are painted on a terminal and put into Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from reconciler.model.plan import ChildChange, LeafChange
from reconciler.model.values import MISSING
from reconciler.report.display import clean, clean_line, key_text, labels, longer_than, quote, short, show

Tone = Literal["", "head", "add", "remove", "change", "move", "kept", "risk", "error", "ok", "dim"]
TONES: dict[str, Tone] = {"+": "add", "-": "remove", "~": "change", "→": "move", "=": "kept", "!": "risk", "↑": "move"}
ONE_LINE = 100
"""Characters up to which a list or an object stands on one line."""
WIDE = 240
"""Characters of a line of code that are shown at most."""
CONTEXT = 2
HEAD_LINES = 10
"""Lines of a new text that are shown when not everything was asked for."""
MOST_LINES = 5_000
"""Lines beyond which two texts are only counted: comparing them would take longer than reading the plan."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `depth` counts indents, `mark` stands before the text, `tail` is what matters less."""

    depth: int
    mark: str
    text: str
    tail: str = ""
    tone: Tone = ""

    @property
    def paint(self) -> Tone:
        """The tone given, or the one that belongs to the mark."""
        return self.tone or TONES.get(self.mark, "")

    def __str__(self) -> str:
        lead = "  " * self.depth + (f"{self.mark} " if self.mark else "")
        tail = f"  {self.tail}" if self.tail else ""
        return f"{lead}{self.text}{tail}".rstrip()


def leaf_lines(leaf: LeafChange, depth: int, *, verbose: bool = False) -> list[Line]:
    """Return one changed leaf: `~ name: "a" → "b"`, or a line a part for lists, maps and long texts."""
    tail = _tail(leaf)
    name = clean(leaf.text)
    before, after = leaf.before, leaf.after
    if leaf.path and leaf.path[-1] == "$order":
        return [_order(leaf, depth, tail)]
    if leaf.secret:
        return [Line(depth, _mark(before, after), f"{name}: {_secret(leaf)}", tail)]
    if leaf.text == "$published":
        return [Line(depth, "↑", f"{name}: {show(before)} → {show(after)}", tail)]
    if before is MISSING:
        lines = tree_lines(leaf.text, after, depth, "+", verbose=verbose)
        return [Line(depth, lines[0].mark, lines[0].text, _join(lines[0].tail, tail)), *lines[1:]]
    parts = _parts(leaf, depth + 1)
    if parts is not None:
        return [Line(depth, "~", f"{name}:", tail), *parts]
    if after is MISSING:
        return [Line(depth, "-", f"{name}: {short(before)}", tail)]
    return [Line(depth, "~", f"{name}: {short(before)} → {short(after)}", tail)]


def _tail(leaf: LeafChange) -> str:
    said = ""
    if leaf.cause in {"drifted", "changed+drifted"}:
        said = "drifted" if leaf.cause == "drifted" else "changed here and drifted"
        told = leaf.previous is not MISSING and not leaf.secret and not _long(leaf.previous)
        if told and show(leaf.previous) != show(leaf.after):
            said += f", was {show(leaf.previous)}"
    return _join(said, "cannot be changed in place" if leaf.immutable else "")


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _mark(before: Any, after: Any) -> str:
    if before is MISSING:
        return "+"
    return "-" if after is MISSING else "~"


def _secret(leaf: LeafChange) -> str:
    label = labels(leaf.after) or labels(leaf.before)
    said = f"<secret {label}" if label else "<secret"
    if leaf.before is MISSING:
        return f"{said}>"
    return f"{said}, removed>" if leaf.after is MISSING or leaf.after is None else f"{said}, changed>"


def _order(leaf: LeafChange, depth: int, tail: str) -> Line:
    name = clean(leaf.text.removesuffix(".$order").removesuffix("$order"))
    before = [str(item) for item in leaf.before] if isinstance(leaf.before, list) else []
    after = [str(item) for item in leaf.after] if isinstance(leaf.after, list) else []
    return Line(depth, "→", f"{name} moved: {_moved(before, after)}", tail)


def _moved(before: Sequence[str], after: Sequence[str]) -> str:
    """Name what changed its place, and the order that comes of it."""
    there = [name for name in after if name in set(before)]
    blocks = SequenceMatcher(None, before, there, autojunk=False).get_matching_blocks()
    stay = {name for block in blocks for name in before[block.a : block.a + block.size]}
    moved = ", ".join(key_text(name) for name in there if name not in stay)
    order = ", ".join(map(key_text, after))
    return f"{moved}; the order is then {order}" if moved else f"the order is then {order}"


def _long(value: Any) -> bool:
    return (isinstance(value, str) and ("\n" in value or len(value) > ONE_LINE)) or isinstance(value, list | dict)


def _parts(leaf: LeafChange, depth: int) -> list[Line] | None:
    before, after = leaf.before, leaf.after
    if isinstance(before, str) and isinstance(after, str):
        if leaf.code or _long(before) or _long(after):
            return text_lines(before, after, depth)
        return None
    if isinstance(before, list) and (isinstance(after, list) or after is None or after is MISSING):
        return list_lines(before, after if isinstance(after, list) else [], depth)
    if isinstance(after, list) and before is None:
        return list_lines([], after, depth)
    if isinstance(before, dict) and isinstance(after, dict):
        return map_lines(before, after, depth)
    return None


def list_lines(before: Sequence[Any], after: Sequence[Any], depth: int) -> list[Line]:
    """Return what comes and goes in a list, one item a line; items that stay are counted."""
    old, new = [show(item) for item in before], [show(item) for item in after]
    if len(old) + len(new) > MOST_LINES:
        return [Line(depth, "", f"{len(old):,} items → {len(new):,} items", tone="dim")]
    out: list[Line] = []
    kept = 0
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            kept += j - i
            continue
        out.extend(Line(depth, "-", _clip(text)) for text in old[i:j])
        out.extend(Line(depth, "+", _clip(text)) for text in new[k:m])
    if kept:
        out.append(Line(depth, "", f"{kept} more unchanged", tone="dim"))
    return out


def map_lines(before: dict[str, Any], after: dict[str, Any], depth: int) -> list[Line]:
    """Return what differs between two maps, one member a line."""
    out: list[Line] = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, MISSING), after.get(name, MISSING)
        if name != "$implied" and show(old) != show(new):
            out.extend(leaf_lines(LeafChange((name,), key_text(name), old, new), depth))
    return out


def text_lines(before: str, after: str, depth: int) -> list[Line]:
    """Return a line diff with two lines of context; of very wide lines only what surrounds the change."""
    old, new = before.split("\n"), after.split("\n")
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start, end = max(0, head - CONTEXT), max(0, tail - CONTEXT)
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(a), len(b)) > MOST_LINES:
        return [Line(depth, "", f"{len(old):,} lines → {len(new):,} lines", tone="dim")]
    out: list[Line] = []
    for group in SequenceMatcher(None, a, b, autojunk=False).get_grouped_opcodes(CONTEXT):
        first, last = group[0], group[-1]
        if len(old) > 1 or len(new) > 1:
            spot = f"@@ -{_span(first[1] + start, last[2] + start)} +{_span(first[3] + start, last[4] + start)} @@"
            out.append(Line(depth, "", spot, tone="dim"))
        for tag, i, j, k, m in group:
            out.extend(_hunk(tag, a[i:j], b[k:m], depth))
    return out


def _span(start: int, end: int) -> str:
    return f"{start + 1},{end - start}" if end - start != 1 else f"{start + 1}"


def _hunk(tag: str, old: Sequence[str], new: Sequence[str], depth: int) -> Iterable[Line]:
    if tag == "equal":
        return [Line(depth, " ", _clip(clean_line(text))) for text in old]
    pairs = [_around(x, y) for x, y in zip(old, new, strict=False)]
    gone = [pair[0] for pair in pairs] + [_clip(clean_line(text)) for text in old[len(pairs) :]]
    came = [pair[1] for pair in pairs] + [_clip(clean_line(text)) for text in new[len(pairs) :]]
    return [*(Line(depth, "-", text) for text in gone), *(Line(depth, "+", text) for text in came)]


def _clip(text: str) -> str:
    return text if len(text) <= WIDE else f"{text[:WIDE]}… ({len(text):,} characters)"


def _around(old: str, new: str) -> tuple[str, str]:
    """Return two lines; wide ones cut down to the surroundings of where they differ."""
    if max(len(old), len(new)) <= WIDE:
        return clean_line(old), clean_line(new)
    head = next((i for i, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), min(len(old), len(new)))
    start = max(0, head - WIDE // 4)

    def cut(text: str) -> str:
        part = clean_line(text[start : start + WIDE])
        return f"{'…' if start else ''}{part}{'…' if start + WIDE < len(text) else ''} ({len(text):,} characters)"

    return cut(old), cut(new)


def tree_lines(name: str, value: Any, depth: int, mark: str, *, verbose: bool = False) -> list[Line]:
    """Return a whole value that comes: objects and long lists over several lines, long texts by their first lines."""
    label = clean(name)
    if isinstance(value, dict) and _members(value) and _several_lines(value):
        out = [Line(depth, mark, f"{label}:")]
        for key, item in _members(value).items():
            out.extend(tree_lines(key_text(key), item, depth + 1, mark, verbose=verbose))
        return out
    if isinstance(value, list) and value and _several_lines(value):
        out = [Line(depth, mark, f"{label}:")]
        for position, item in enumerate(value):
            out.extend(tree_lines(f"[{position}]", item, depth + 1, mark, verbose=verbose))
        return out
    if isinstance(value, str) and "\n" in value:
        lines = value.removesuffix("\n").split("\n")
        shown = lines if verbose else lines[:HEAD_LINES]
        out = [Line(depth, mark, f"{label}:", f"{len(lines):,} lines")]
        out.extend(Line(depth + 1, mark, _clip(clean_line(text))) for text in shown)
        if len(shown) < len(lines):
            out.append(Line(depth + 1, "", f"{len(lines) - len(shown):,} more lines", tone="dim"))
        return out
    return [Line(depth, mark, f"{label}: {short(value)}")]


def _several_lines(value: Any) -> bool:
    if longer_than(value, ONE_LINE):
        return True
    text = show(value)
    return len(text) > ONE_LINE or "\n" in text


def _members(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != "$implied"}


def child_lines(child: ChildChange, depth: int, *, verbose: bool = False) -> list[Line]:
    """Return a child that comes, goes, moves or is called otherwise."""
    name = clean(child.text)
    by_hand = child.cause == "drifted"
    match child.action:
        case "add":
            out = [Line(depth, "+", name, "removed by hand; made again" if by_hand else "")]
            if isinstance(child.value, dict):
                for key, item in _members(child.value).items():
                    out.extend(tree_lines(key_text(key), item, depth + 1, "+", verbose=verbose))
            return out
        case "remove":
            identity = f"id {clean(child.id)}" if child.id is not None else ""
            return [Line(depth, "-", name, _join(identity, _title(child), "added by hand" if by_hand else ""))]
        case "move":
            order = child.value if isinstance(child.value, list) else []
            return [Line(depth, "→", f"{name} moved", ", ".join(key_text(item) for item in order))]
        case "rename":
            return [Line(depth, "→", f"{name} (was {clean(child.previous or '?')})")]


def _title(child: ChildChange) -> str:
    """Return what a child that goes is called on the platform, where that says more than its local name."""
    value = child.value.get("name") if isinstance(child.value, dict) else None
    if not isinstance(value, str) or value in child.text:
        return ""
    return quote(value) if len(value) <= ONE_LINE else ""
