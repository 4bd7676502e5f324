"""Filling in references and secrets as far as they are known; what is not stays a slot.

The same resolver serves the plan (ids known so far) and the apply (ids as they come), so that both see one value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.adapters.base.compare import child_text, identity_of, wire_items
from reconciler.adapters.base.declare import ChildMap
from reconciler.adapters.base.observe import project
from reconciler.adapters.base.spelling import as_written
from reconciler.model.kind import Kind
from reconciler.model.shape import ChildrenShape, ObjectShape, Shape
from reconciler.model.values import MISSING, Part, Ref, SecretRef, Sensitive, Template, has_slot

RefLookup = Callable[[Ref], Any]
"""From a reference to its value, or MISSING while it is not known."""
SecretLookup = Callable[[SecretRef], Sensitive]


class Resolver:
    """Resolves values by two lookups. Values without references or secrets come back as the same object."""

    def __init__(self, refs: RefLookup, secrets: SecretLookup) -> None:
        self.refs = refs
        self.secrets = secrets

    def __call__(self, value: Any) -> Any:
        """Return a value with everything known filled in; a value with a slot stays a Template."""
        kind = type(value)
        if kind is Template:
            return self._template(value)
        if kind is ChildMap or kind is dict:
            changed: dict[str, Any] = {}
            for key, item in value.items():
                new = self(item) if type(item) in _CONTAINERS else item
                if new is not item:
                    changed[key] = new
            if not changed:
                return value
            merged = {**value, **changed}
            return ChildMap(merged, open=value.open, aligned=value.aligned) if kind is ChildMap else merged
        if kind is list:
            items = [self(item) if type(item) in _CONTAINERS else item for item in value]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    def _template(self, template: Template) -> Any:
        parts: list[Any] = [self._part(part) for part in template.parts]
        if template.only is not None:
            return parts[0] if not isinstance(parts[0], Ref) else template
        if any(isinstance(part, Ref) for part in parts):
            kept: list[Part] = [part if isinstance(part, str | Ref | Sensitive) else as_written(part) for part in parts]
            return Template(tuple(kept))
        text = "".join(as_written(part.value if isinstance(part, Sensitive) else part) for part in parts)
        labels = [part.label for part in parts if isinstance(part, Sensitive)]
        return Sensitive(text, ", ".join(dict.fromkeys(labels))) if labels else text

    def _part(self, part: Part) -> Any:
        if isinstance(part, SecretRef):
            return self.secrets(part)
        if isinstance(part, Ref):
            value = self.refs(part)
            return part if value is MISSING or has_slot(value) else value
        return part


_CONTAINERS = (Template, ChildMap, dict, list)


def output_of(
    kind: Kind,
    declared: Mapping[str, Any],
    raw: Mapping[str, Any] | None,
    computed: Mapping[str, Any],
    child_ids: Mapping[str, str],
    path: tuple[str, ...],
) -> Any:
    """Return an attribute or output of a resource: declared, else computed, else live; MISSING when unknown."""
    value: Any = declared
    for part in path:
        value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
        if value is MISSING:
            break
    if value is not MISSING and not isinstance(value, ChildMap):
        return value
    if raw is None:
        return MISSING
    shape: Shape = kind.shape
    current: Any = raw
    text = ""
    parts = list(path)
    while parts:
        part = parts.pop(0)
        if isinstance(shape, ObjectShape):
            field = shape.fields.get(part)
            text = f"{text}.{part}" if text else part
            if text in computed:
                current = computed[text]
                continue
            if field is None:
                return MISSING
            if field.computed is not None:
                compute = field.computed.compute
                result = compute(current, raw) if compute is not None else current.get(part, MISSING)
                return Sensitive(result, text) if field.computed.secret and result not in {None, MISSING} else result
            if not isinstance(field, ObjectShape | ChildrenShape):
                return project(field, None, current.get(part, MISSING), current)
            shape, current = field, current.get(part, MISSING)
            if isinstance(shape, ObjectShape) and shape.wire is not None and current is not MISSING:
                current = shape.wire.from_wire(current)
        elif isinstance(shape, ChildrenShape):
            text = child_text(shape, text, part)
            identity = child_ids.get(text)
            found = next(
                (
                    item
                    for key, item in wire_items(shape, current)
                    if identity_of(shape, key, item) == (identity or part)
                ),
                None,
            )
            if found is None:
                return MISSING
            shape, current = shape.item, found
        else:
            return MISSING
    return computed.get(text, MISSING) if text in computed else MISSING
