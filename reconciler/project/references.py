"""What a declared body is checked against: typed references, names of children, and problems with their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.adapters.base.declare import FAILED, at
from reconciler.adapters.base.spelling import as_written, shown, suggestion
from reconciler.model.address import parse_exact
from reconciler.model.markers import Reference
from reconciler.model.shape import Shape
from reconciler.model.values import Path, Ref, Template
from reconciler.project.expressions import ExpressionError
from reconciler.project.model import Origin
from reconciler.project.rooms import Entry

CODES = (
    ("unknown attribute", "unknown-attribute"),
    ("is missing", "missing-attribute"),
    ("in clear text", "secret-literal"),
    (" cannot be null", "null"),
    (" must be ", "type"),
    (" cannot be ", "value"),
    ("unknown meta key", "unknown-key"),
)


class Naming:
    """The `Context` of one instance: resolves names in its room, and reports at the places of its file."""

    __slots__ = (
        "address",
        "children",
        "deps",
        "entry",
        "failed",
        "index",
        "origin",
        "presets",
        "refs",
        "typed",
        "warned",
    )

    def __init__(self, entry: Entry, index: str | None, address: str, origin: Origin) -> None:
        self.entry = entry
        self.index = index
        self.address = address
        self.origin = origin
        self.failed = False
        self.warned = False
        self.deps: dict[str, None] = {}
        self.presets: list[tuple[str, str, Path]] = []
        self.refs: list[tuple[Ref, Path]] = []
        """References to parts of other resources, to be checked when all are known."""
        self.typed: list[tuple[str, Path]] = []
        """Typed references: they must stay within one scope."""
        self.children: list[tuple[str, str, Path]] = []
        """Own children that are referred to: (collection, local name, path)."""

    @property
    def alone(self) -> bool:
        """Whether checking the body met nothing but the body, and found nothing to say about it."""
        said = self.failed or self.warned
        return not (said or self.deps or self.presets or self.refs or self.typed or self.children)

    def problem(self, path: Path, text: str, fix: str = "", *, warning: bool = False) -> None:
        """Report a problem at a path of the body."""
        session = self.entry.room.session
        key = text.startswith(("unknown ", "'", '"')) or "told by the platform" in text
        place = self.origin.place(path, "key" if key else "value")
        if warning:
            self.warned = True
            session.warning(text, fix, place=place, address=self.address)
            return
        self.failed = True
        code = next((code for part, code in CODES if part in text), "invalid")
        session.error(text, fix, place=place, address=self.address, code=code)

    def expression(self, path: tuple[str | int, ...], error: ExpressionError) -> None:
        """Report an expression that cannot be worked out."""
        self.failed = True
        self.entry.room.session.error(
            error.problem, error.fix, place=self.origin.place(path), address=self.address, code="expression"
        )

    # -- typed references -----------------------------------------------------------------------------------------
    def reference(self, value: Any, shape: Shape, reference: Reference, path: Path) -> Any:
        """Turn a bare name, address or `{$id: …}` into a Template holding a Ref, or a plain id; report problems."""
        if value is FAILED:
            return value
        if isinstance(value, dict):
            return self._raw_id(value, shape, path)
        if isinstance(value, Template):
            return self._by_address(value, shape, reference, path)
        if value is None or isinstance(value, list | bool):
            self.problem(path, f"{shape.name} must be the name of {_kinds(reference)}, not {shown(value)}")
            return FAILED
        name = as_written(value)
        entry = self.entry
        try:
            found = entry.room.bare(entry.alias, reference.kinds, name, entry, self.index)
        except ExpressionError as error:
            self.problem(path, error.problem, error.fix)
            return FAILED
        if found is not None:
            self.deps[found.address] = None
            self.typed.append((found.address, path))
            return Template((found if reference.sends == "id" else Ref(found.address, (reference.sends,)),))
        kinds = entry.account.platform.kinds
        preset = [kind for kind in reference.kinds if kind in kinds and kinds[kind].presets]
        if preset or reference.presets:
            self.presets.append(((preset or list(reference.kinds))[0], name, path))
            return name
        if not entry.room.session.incomplete:
            self._unknown(name, shape, reference, path)
        return FAILED

    def _unknown(self, name: str, shape: Shape, reference: Reference, path: Path) -> None:
        room, alias = self.entry.room, self.entry.alias
        known = [one for kind in reference.kinds for one in room.entries.get((alias, kind), {})]
        text = f"{shape.name}: there is no {' or '.join(f'{alias}.{kind}.{name}' for kind in reference.kinds)}"
        if name.isdigit():
            self.problem(path, f"{shape.name}: {name} is no name", f"a raw id is written {{$id: {name}}}")
        elif known:
            self.problem(path, text, suggestion(name, known))
        else:
            self.problem(path, text, f"declare it, or write {{$id: …}} for {_kinds(reference)} not managed here")

    def _raw_id(self, value: Mapping[str, Any], shape: Shape, path: Path) -> Any:
        inner = value.get("$id")
        if set(value) != {"$id"} or isinstance(inner, dict | list | bool) or inner is None:
            self.problem(path, f"{shape.name} takes a name, or an id written {{$id: …}}, not a map")
            return FAILED
        if isinstance(inner, Template):
            self.problem(path, f"{shape.name}: $id takes the id itself", "write ${…} without $id")
            return FAILED
        return as_written(inner)

    def _by_address(self, value: Template, shape: Shape, reference: Reference, path: Path) -> Any:
        target = value.only
        if not isinstance(target, Ref):
            what = "a secret" if value.is_secret else "text with parts"
            self.problem(path, f"{shape.name} must be a reference, not {what}", "write ${account.kind.name}")
            return FAILED
        address = parse_exact(target.address)
        entry = self.entry.room.session.entry_of(target.address)
        if address is None or entry is None:
            return value
        if entry.account is not self.entry.account:
            text = f"{shape.name} refers to {target.address}, which is of another account"
            self.problem(
                path,
                text,
                f"a typed reference stays in one account ({self.entry.account.name}); text and outputs may cross",
            )
            return FAILED
        if address.kind not in reference.kinds:
            text = f"{shape.name} must refer to {_kinds(reference)}, and {target.address} is one of {address.kind}"
            self.problem(path, text)
            return FAILED
        wanted = () if reference.sends == "id" else (reference.sends,)
        if target.output not in ((), wanted):
            self.problem(path, f"{shape.name} refers to a part of {target.address}", f"write ${{{target.address}}}")
            return FAILED
        self.deps[target.address] = None
        self.typed.append((target.address, path))
        return Template((Ref(target.address, wanted),))

    # -- children -------------------------------------------------------------------------------------------------
    def child_reference(self, value: Any, shape: Shape, path: Path, siblings: Mapping[str, Any]) -> Any:
        """Turn a child's local name into a Template holding a Ref, or leave it as the local name of this resource."""
        mark = shape.child_reference
        assert mark is not None
        if value is FAILED:
            return value
        if isinstance(value, dict):
            return self._raw_id(value, shape, path)
        if isinstance(value, Template):
            if isinstance(value.only, Ref):
                output = value.only.output
                if mark.sends != "id" and output[-1:] != (mark.sends,):
                    output = (*output, mark.sends)
                self.deps[value.only.address] = None
                return Template((Ref(value.only.address, output),))
            self.problem(
                path, f"{shape.name} must be the name of a child", "write a name, or ${address.collection.name}"
            )
            return FAILED
        if value is None or isinstance(value, list | bool):
            self.problem(path, f"{shape.name} must be the name of one of {mark.collection}, not {shown(value)}")
            return FAILED
        name = as_written(value)
        if mark.of is None:
            self.children.append((mark.collection, name, path))
            return name
        beside = at(siblings, mark.of)
        if beside is FAILED:
            return FAILED
        if not isinstance(beside, Template) or not isinstance(beside.only, Ref):
            fix = f"write {mark.of} as the name of a declared resource, or this as {{$id: …}}"
            self.problem(path, f"{shape.name}: {mark.of} beside it does not say whose {mark.collection} are meant", fix)
            return FAILED
        ref = Ref(beside.only.address, (*mark.collection.split("."), name, mark.sends))
        self.refs.append((ref, path))
        self.deps[ref.address] = None
        return Template((ref,))


def _kinds(reference: Reference) -> str:
    return "one of " + " or ".join(reference.kinds)
