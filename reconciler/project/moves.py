"""`moved` and `removed`: addresses that went elsewhere, and addresses that are to be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.adapters.base.spelling import shown, suggestion
from reconciler.model.address import Address, parse
from reconciler.model.shape import ChildrenShape, ListShape, ObjectShape, Shape
from reconciler.model.values import Path
from reconciler.project.model import AccountConfig, Declaration, Move, Removed
from reconciler.project.session import Session
from reconciler.project.yaml.document import Document

FindAccount = Callable[[Address], AccountConfig | None]
"""From an address to the account it means, or None when its module or account is no longer there."""


def read_moves(session: Session, raw: Any, document: Document, prefix: str, find: FindAccount) -> list[Move]:
    """Read a `moved:` section; addresses in it are relative to the room. What is wrong is reported."""
    out: list[Move] = []
    for i, item in _items(session, raw, document, "moved", ("from", "to"), ("from", "to")):
        sides = [_side(session, item[key], document, ("moved", i, key), prefix) for key in ("from", "to")]
        if sides[0] is None or sides[1] is None:
            continue
        (source, source_path), (target, target_path) = sides[0], sides[1]
        place = document.position(("moved", i))
        problem = _differs(source, target, source_path, target_path, find)
        if problem:
            session.error(problem, "a move keeps account and kind", place=place, address=str(target), code="moved")
            continue
        out.append(Move(str(source), str(target), source_path, target_path, place))
    return out


def _differs(source: Address, target: Address, source_path: Path, target_path: Path, find: FindAccount) -> str:
    if source.kind != target.kind:
        return f"{source} is one of {source.kind}, and {target} one of {target.kind}"
    first, second = find(source), find(target)
    if second is None:
        return f"there is no account for {target}"
    if first is not None and first is not second:
        return f"{source} is of account {first.name}, and {target} of {second.name}"
    if bool(source_path) != bool(target_path):
        return "a child cannot become a resource, nor a resource a child"
    if source_path[:-1] != target_path[:-1] and len(source_path) != len(target_path):
        return "a child moves within its collection"
    kind = second.platform.kinds.get(target.kind)
    if kind is None:
        return f"{second.platform.name} has no kind {target.kind}"
    if target_path and not _is_child(kind.shape, target_path):
        return f"{'.'.join(map(str, target_path))} is no child of {target}"
    return ""


def _is_child(shape: Shape, path: Path) -> bool:
    """Tell whether a path leads to a child (rather than to an attribute)."""
    child = False
    for part in path:
        child = False
        if isinstance(shape, ObjectShape) and isinstance(part, str) and part in shape.fields:
            shape = shape.fields[part]
        elif isinstance(shape, ChildrenShape):
            shape, child = shape.item, True
        elif isinstance(shape, ListShape):
            shape = shape.item
        else:
            return False
    return child


def read_removed(session: Session, raw: Any, document: Document, prefix: str) -> list[Removed]:
    """Read a `removed:` section; addresses in it are relative to the room. What is wrong is reported."""
    out: list[Removed] = []
    for i, item in _items(session, raw, document, "removed", ("address",), ("address", "destroy")):
        side = _side(session, item["address"], document, ("removed", i, "address"), prefix)
        destroy = item.get("destroy", False)
        if not isinstance(destroy, bool):
            place = document.position(("removed", i, "destroy"))
            session.error(f"destroy must be true or false, not {shown(destroy)}", place=place, code="type")
            continue
        if side is None:
            continue
        if side[1]:
            place = document.position(("removed", i, "address"))
            fix = "remove it from its collection; that deletes it"
            session.error(
                f"{item['address']} is a child, and removed takes resources", fix, place=place, code="removed"
            )
            continue
        out.append(Removed(str(side[0]), side[1], destroy, document.position(("removed", i))))
    return out


def _items(
    session: Session, raw: Any, document: Document, section: str, needed: tuple[str, ...], known: tuple[str, ...]
) -> list[tuple[int, Mapping[str, Any]]]:
    example = ", ".join(f"{key}: …" for key in needed)
    if not isinstance(raw, list):
        session.error(
            f"{section} must be a list", f"write - {{{example}}}", place=document.position((section,)), code="type"
        )
        return []
    out: list[tuple[int, Mapping[str, Any]]] = []
    for i, item in enumerate(raw):
        place = document.position((section, i))
        if not isinstance(item, dict) or any(key not in item for key in needed):
            session.error(f"an entry of {section} needs {' and '.join(needed)}", f"write {{{example}}}", place=place)
            continue
        odd = next((key for key in item if key not in known), None)
        if odd is not None:
            where = document.position((section, i, odd), "key")
            fix = suggestion(odd, list(known))
            session.error(f"unknown key {odd} of {section}", fix, place=where, code="unknown-key")
            continue
        out.append((i, item))
    return out


def _side(
    session: Session, text: Any, document: Document, path: tuple[str | int, ...], prefix: str
) -> tuple[Address, Path] | None:
    parsed = parse(prefix + text) if isinstance(text, str) else None
    if parsed is None:
        place = document.position(path)
        session.error(f"{shown(text)} is no address", "write account.kind.name", place=place, code="address")
    return parsed


def check_moves(
    session: Session, moves: list[Move], removed: list[Removed], declared: Mapping[str, Declaration]
) -> None:
    """Report moves that contradict each other, and entries for addresses that are still declared or no longer are."""
    for side in ("source", "target"):
        seen: dict[tuple[str, Path], Move] = {}
        for move in moves:
            key = (getattr(move, side), getattr(move, f"{side}_path"))
            other = seen.setdefault(key, move)
            if other is not move:
                word = "from" if side == "source" else "to"
                session.error(
                    f"moved names {key[0]} twice as {word}, first at {other.place}",
                    "one address moves to one address",
                    place=move.place,
                    address=key[0],
                    code="moved",
                )
    sources = {move.source for move in moves if not move.source_path}
    for move in moves:
        if not move.source_path and move.source in declared and move.source not in {m.target for m in moves}:
            session.error(
                f"{move.source} is moved away and still declared",
                "remove the entry of moved, or the resource",
                place=move.place,
                address=move.source,
                code="moved",
            )
        if move.target not in declared and move.target not in sources:
            session.warning(
                f"{move.target}, where {move.source} moves to, is not declared", place=move.place, address=move.target
            )
    for entry in removed:
        if entry.address in declared:
            session.error(
                f"{entry.address} is removed and still declared",
                "remove one of the two",
                place=entry.place,
                address=entry.address,
                code="removed",
            )
