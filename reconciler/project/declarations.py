"""From resources as written to declarations: one for each instance, canonical, every name in it resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.adapters.base.declare import ChildMap, Declare, at
from reconciler.adapters.base.spelling import shown, suggestion
from reconciler.model.address import index_text
from reconciler.model.kind import Kind, UniqueKey
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Scalar, Shape
from reconciler.model.values import Path, Ref, Sensitive, Template, has_slot, is_secret
from reconciler.project.bodies import Interpolation, code_names, with_defaults
from reconciler.project.evaluate import Own, has_expression
from reconciler.project.meta import ATTRIBUTES, NONE, read_meta
from reconciler.project.model import Declaration, Origin, parent_attribute
from reconciler.project.references import Naming
from reconciler.project.rooms import Entry
from reconciler.project.session import Session

_NOTHING: frozenset[str] = frozenset()


class Pending:
    """What can be checked only when every declaration is there."""

    __slots__ = ("declaration", "naming")

    def __init__(self, declaration: Declaration, naming: Naming) -> None:
        self.declaration = declaration
        self.naming = naming


def declare(entry: Entry, index: str | None) -> tuple[Declaration, Pending | None]:
    """Work out one instance. Everything wrong is reported; the declaration is usable only if nothing is."""
    kind, room = entry.kind, entry.room
    address = entry.address + index_text(index)
    written = entry.body
    origin = Origin(entry.document.position, entry.document.file, entry.path, written)
    naming = Naming(entry, index, address, origin)
    body = written
    defaults = room.defaults.get((entry.alias, kind.name)) if room.defaults else None
    if defaults is not None:
        body = with_defaults(written, defaults[0], kind.shape)
    meta, attributes, frame = NONE, body, None
    dynamic = has_expression(body)
    if dynamic or "$" in "".join([key[:1] for key in body]):
        own = Own(body)
        own.frame = frame = entry.frame(index, own)
        meta = read_meta(body, frame, kind, naming.problem)
        passed = ATTRIBUTES if kind.publish is not None else ATTRIBUTES - {"$published"}
        attributes = {key: item for key, item in body.items() if key[:1] != "$" or key in passed}
    if dynamic and frame is not None:
        interpolation = Interpolation(frame, naming.expression, code_names(kind.shape))
        attributes = interpolation.body(attributes, kind.shape)
        dynamic = interpolation.templates
    looked_up = meta.existing is not None
    attributes, implied = _implied(attributes, entry, naming) if not looked_up else (attributes, _NOTHING)
    if kind.publish is not None and not looked_up and "$published" not in attributes:
        attributes = {**attributes, "$published": True}
    creating = not (looked_up or meta.adopt or meta.import_id is not None)
    bodies = room.session.bodies
    key = bodies.key(entry.account.platform, kind, creating, attributes) if meta is NONE and not dynamic else None
    known = bodies.get(key) if key is not None else None
    if known is not None:
        return _declaration(entry, index, address, origin, known, implied), None
    walk = Declare(naming, creating=creating)
    canonical = walk.body(kind.shape, attributes)
    if "$raw" in attributes:
        naming.problem(
            ("$raw",),
            "$raw is passed through unchecked and not compared",
            "declare what is known by name",
            warning=True,
        )
    _run_checks(kind, canonical, naming, looked_up=looked_up, creating=walk.creating)
    if key is not None and naming.alone and not (walk.text_refs or walk.secrets):
        bodies.put(key, canonical)
    deps = naming.deps
    if dynamic:
        for ref, path in refs_with_paths(canonical):
            deps[ref.address] = None
            if ref.output and ref.address:
                naming.refs.append((ref, path))
    for other in meta.depends_on:
        if other == address:
            naming.problem(("$depends_on",), f"$depends_on names {address} itself", "remove it")
        deps[other] = None
    names_itself = address in deps
    deps.pop(address, None)  # a resource may name itself (a route back to the own flow): that orders nothing
    declaration = _declaration(entry, index, address, origin, canonical, implied)
    declaration.meta = meta
    declaration.names_itself = names_itself
    declaration.deps = tuple(deps)
    declaration.text_refs = tuple(dict.fromkeys(walk.text_refs)) if walk.text_refs else ()
    declaration.presets = tuple(naming.presets)
    declaration.secret_paths = tuple(secret_paths(kind.shape, canonical)) if walk.secrets else ()
    waits = naming.refs or naming.children or (naming.typed and kind.parent is not None)
    return declaration, Pending(declaration, naming) if waits else None


def _implied(attributes: dict[str, Any], entry: Entry, naming: Naming) -> tuple[dict[str, Any], frozenset[str]]:
    """Fill in a natural key that is not written: it is the resource's name."""
    key = entry.kind.key
    if not isinstance(key, UniqueKey) or not key.client_chosen or key.attribute in attributes:
        return attributes, _NOTHING
    name, attribute = entry.name, key.attribute
    field = entry.kind.shape.fields.get(attribute)
    if field is None or field.computed is not None:
        return attributes, _NOTHING
    if entry.repeated:
        naming.problem((), f"{attribute} must be written in a $for_each", f"write {attribute}: …${{each.key}}…")
        return attributes, _NOTHING
    if isinstance(field, Scalar) and (
        (field.max_length is not None and len(name) > field.max_length)
        or (field.pattern is not None and field.pattern.search(name) is None)
    ):
        limit = (
            f"takes {field.max_length} characters" if field.pattern is None else f"must match {field.pattern.pattern}"
        )
        naming.problem((), f"the name cannot be its {attribute}, which {limit}", f"write {attribute}: …")
        return attributes, _NOTHING
    return {**attributes, attribute: name}, frozenset((attribute,))


def _declaration(
    entry: Entry, index: str | None, address: str, origin: Origin, body: dict[str, Any], implied: frozenset[str]
) -> Declaration:
    """Return the declaration of a body that refers to nothing."""
    return Declaration(
        address=address,
        account=entry.account.name,
        platform=entry.kind.platform,
        kind=entry.kind,
        name=entry.name,
        index=index,
        module=entry.room.prefix[:-1],
        body=body,
        origin=origin,
        implied=implied,
    )


def _run_checks(kind: Kind, canonical: dict[str, Any], naming: Naming, *, looked_up: bool, creating: bool) -> None:
    if naming.failed or looked_up:
        return
    for check in kind.checks:
        for found in check(canonical):
            if found.create_only and not creating:
                continue
            naming.problem(found.path, found.text, found.fix, warning=found.severity == "warning")


def refs_with_paths(value: Any, path: Path = ()) -> Iterator[tuple[Ref, Path]]:
    """Yield every reference in a canonical body, in order, with its path."""
    if isinstance(value, Template):
        for ref in value.refs:
            yield ref, path
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict | list | Template):
                yield from refs_with_paths(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            if isinstance(item, dict | list | Template):
                yield from refs_with_paths(item, (*path, i))


def secret_paths(shape: Shape | None, value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all secret leaves of a canonical body: marked so, or made of a secret."""
    if shape is not None and shape.secret is not None:
        yield path
        return
    if isinstance(shape, ObjectShape) and isinstance(value, dict):
        for key, item in value.items():
            field = shape.fields.get(key)
            if field is not None and _secret_by_siblings(field, value):
                yield (*path, key)
            elif key not in {"$id", "$implied"}:
                yield from secret_paths(field, item, (*path, key))
    elif isinstance(shape, ChildrenShape) and isinstance(value, dict):
        for name, child in value.items():
            yield from secret_paths(shape.item, child, (*path, name))
    elif isinstance(shape, ListShape | MapShape | None) and isinstance(value, dict | list):
        item = shape.item if isinstance(shape, ListShape) else shape.value if shape is not None else None
        parts = value.values() if isinstance(value, dict) else value
        if is_secret(value) or any(next(secret_paths(item, part), None) is not None for part in parts):
            yield path
    elif isinstance(value, Template | Sensitive) and is_secret(value):
        yield path


def _secret_by_siblings(field: Shape, siblings: dict[str, Any]) -> bool:
    from reconciler.model.markers import SecretWhen

    mark = field.mark(SecretWhen)
    return mark is not None and mark.test(siblings)


# -- when all are there -------------------------------------------------------------------------------------------
def check_pending(pending: Pending, declarations: dict[str, Declaration]) -> None:
    """Check references to children and parts, own and others', and that scopes agree."""
    declaration, naming = pending.declaration, pending.naming
    for collection, name, path in naming.children:
        _own_child(declaration, naming, collection, name, path)
    for ref, path in naming.refs:
        target = declarations.get(ref.address)
        if target is declaration and _overlap(ref.output, path):
            naming.problem(path, f"{'.'.join(map(str, path))} refers to itself", "write it out")
        elif target is not None and (found := output_problem(target, ref.output)) is not None:
            naming.problem(path, found[0], found[1])
    if not naming.failed:
        _same_scope(declaration, naming, declarations)


def _overlap(output: tuple[str, ...], path: Path) -> bool:
    """Tell whether an attribute is the other one, or holds it."""
    return all(ours == str(theirs) for ours, theirs in zip(output, path, strict=False))


def check_unique(session: Session, declarations: Mapping[str, Declaration]) -> None:
    """Report resources with one natural key: the platform would refuse the second, or both would be one object."""
    first: dict[tuple[str, str, str, str], Declaration] = {}
    for declaration in declarations.values():
        key = declaration.kind.key
        if not isinstance(key, UniqueKey) or declaration.meta.existing is not None:
            continue
        value = declaration.body.get(key.attribute)
        if not isinstance(value, str):
            continue
        same = key.canonical(value) if key.canonical is not None else value
        other = first.setdefault(
            (declaration.account, declaration.kind.name, repr(declaration.parent), same), declaration
        )
        if other is not declaration:
            session.error(
                f"{key.attribute} {shown(value)} is that of {other.address} too, at {other.place_of()}",
                f"each of {declaration.kind.name} needs its own",
                place=declaration.place_of((key.attribute,)),
                address=declaration.address,
                code="unique",
            )


def _own_child(declaration: Declaration, naming: Naming, collection: str, name: str, path: Path) -> None:
    children = at(declaration.body, collection)
    if not isinstance(children, dict):
        if declaration.meta.import_id is None and not declaration.meta.adopt:
            naming.problem(path, f"there is no {name} in {collection}", f"declare {collection}")
        return
    if name not in children and not (isinstance(children, ChildMap) and children.open):
        known = [key for key in children if not key.startswith("#")]
        naming.problem(path, f"there is no {name} in {collection}", suggestion(name, known))


def output_problem(target: Declaration, output: tuple[str, ...]) -> tuple[str, str] | None:
    """Say what is wrong with a path below a resource, and what would be right; None when it leads somewhere."""
    shape: Shape = target.kind.shape
    value: Any = target.body
    known_children = target.meta.existing is None
    for i, part in enumerate(output):
        where = ".".join((target.address, *output[:i]))
        if isinstance(shape, ObjectShape):
            if part == "id" or part not in shape.fields:
                if part == "id":
                    return None if i == len(output) - 1 else (f"{where}.id has no parts", "remove what stands behind")
                return f"{where} has no attribute or output {part}", suggestion(part, list(shape.fields))
            shape = shape.fields[part]
        elif isinstance(shape, ChildrenShape):
            declared = isinstance(value, dict) and part in value
            closed = isinstance(value, ChildMap) and not value.open
            if not declared and closed and known_children:
                return f"{where} has no {part}", suggestion(part, [key for key in value if not key.startswith("#")])
            shape = shape.item
        elif isinstance(shape, ListShape) and part.isdigit():
            shape = shape.item
        elif isinstance(shape, MapShape):
            shape = shape.value
        elif isinstance(shape, Scalar) and (shape.base == "any" or shape.computed is not None):
            return None
        else:
            return f"{where} is a single value and has no {part}", "remove what stands behind"
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(shape, ChildrenShape):
        return f"{'.'.join((target.address, *output))} are several", "name one of them"
    return None


def _same_scope(declaration: Declaration, naming: Naming, declarations: dict[str, Declaration]) -> None:
    """Report typed references that leave the project (a parent that is one of the account's scopes)."""
    kind = declaration.kind
    attribute = parent_attribute(kind)
    if attribute is None or attribute not in naming.entry.account.platform.scope_settings:
        return
    own = declaration.body.get(attribute)
    for address, path in naming.typed:
        target = declarations.get(address)
        if target is None or target.kind.parent != kind.parent or target.meta.existing is not None:
            continue
        theirs = target.parent
        if theirs != own:
            mine, other = (_scope_name(value) for value in (own, theirs))
            naming.problem(
                path,
                f"{target.address} lives in {other}, and this in {mine}",
                f"a reference stays within one of {kind.parent}",
            )


def _scope_name(value: Any) -> str:
    if value is None:
        return "the account's own scope"
    return str(value.only) if isinstance(value, Template) and has_slot(value) else str(value)
