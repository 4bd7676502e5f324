"""From what the user wrote to the canonical declared object: types, limits, short forms, references, names of children.

One walk does validation and normalisation, so that what is checked is what is compared and sent. The walk reports every
problem it finds and goes on. Most attributes are plain scalars; those are decided by one look into a table per model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from reconciler.adapters.base.spelling import as_written, number, plain, shown, suggestion, typed
from reconciler.model.markers import Attributes, Reference, SecretWhen, TextReference, Variant
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Scalar, Shape
from reconciler.model.values import Loose, Path, Ref, Sensitive, Template

META_CHILD = frozenset({"$name", "$others", "$id"})
"""Meta keys that may stand inside children, besides attributes."""
FAILED: Final = Template((Ref("", ()),))
"""Stands for a value that could not be made and whose error is reported already: nothing more is said about it."""
NAME_RULE = "use letters, digits, _ and -, beginning with a letter or _, at most 100"


class ChildMap(dict[str, Any]):
    """Declared children by local name, in the order written. `open`: live ones not declared are left alone.

    `aligned` holds local names that were made here for list items without `$name`; they say nothing about identity.
    """

    __slots__ = ("aligned", "open")

    def __init__(self, *args: Any, open: bool = False, aligned: frozenset[str] = frozenset()) -> None:  # noqa: A002
        super().__init__(*args)
        self.open = open
        self.aligned = aligned


class Context(Protocol):
    """What the walk needs to know from outside: where to report, and what names mean."""

    def problem(self, path: Path, text: str, fix: str = "", *, warning: bool = False) -> None:
        """Take note of a problem at a path of the body as written."""

    def reference(self, value: Any, shape: Shape, reference: Reference, path: Path) -> Any:
        """Turn a bare name, address or `{$id: …}` into a Template holding a Ref, or a plain id; report problems."""

    def child_reference(self, value: Any, shape: Shape, path: Path, siblings: Mapping[str, Any]) -> Any:
        """Turn a child's local name into a Template holding a Ref, or leave it as the local name of this resource.

        `siblings` are canonical: the attribute beside it that names another resource is resolved already.
        """


@dataclass(slots=True, frozen=True)
class _Table:
    """What one model's attributes need at least: most are settled by type, choices and length."""

    fields: dict[str, Shape]
    quick: dict[str, tuple[type, frozenset[Any] | None, int | None]]
    required: frozenset[str]


@cache
def _table(shape: ObjectShape) -> _Table:
    quick: dict[str, tuple[type, frozenset[Any] | None, int | None]] = {}
    kinds: dict[str, type] = {"text": str, "integer": int, "boolean": bool}
    for name, field in shape.fields.items():
        if (
            isinstance(field, Scalar)
            and field.base in kinds
            and not any((field.reference, field.parent, field.child_reference, field.short, field.secret, field.code))
            and field.computed is None
            and field.canonical is None
            and not any(isinstance(mark, Variant | TextReference | SecretWhen) for mark in field.marks)
            and field.pattern is None
            and (field.min_length is None or (field.min_length <= 1 and not field.choices))
            and field.minimum is field.maximum is field.exclusive_minimum is None
        ):
            quick[name] = (kinds[field.base], frozenset(field.choices) or None, field.max_length)
    return _Table(shape.fields, quick, frozenset(name for name, field in shape.fields.items() if field.required))


class Declare:
    """The walk over one body. `creating`: attributes required on create must be there.

    Afterwards `text_refs` are the (kind, key) pairs mentioned in free text; `secrets` says whether any value is one.
    """

    def __init__(self, context: Context, *, creating: bool) -> None:
        self.context = context
        self.creating = creating
        self.text_refs: list[tuple[str, str]] = []
        self.secrets = False
        self._whole = 0

    def body(self, shape: ObjectShape, body: Any, path: Path = ()) -> dict[str, Any]:
        """Return the canonical form of a resource's body, meta keys already taken out."""
        return self._object(shape, body, path)

    # -- one attribute --------------------------------------------------------------------------------------------
    def value(self, shape: Shape, value: Any, path: Path, siblings: Mapping[str, Any]) -> Any:
        """Return the canonical form of one attribute's value."""
        if value is None:
            if not shape.nullable:
                self.context.problem(path, f"{shape.name} cannot be null", "remove the line to leave it as it is")
            return None
        if value is FAILED:
            return value
        if shape.short is not None and not isinstance(value, Template):
            value = shape.short.expand(value)
        if shape.secret is not None:
            self.secrets = True
            if not _comes_from_secret(value):
                self.context.problem(
                    path,
                    f"{shape.name} is a secret and stands here in clear text",
                    "write ${secret.NAME} and keep the value outside",
                )
                return FAILED
        if isinstance(shape, Scalar):
            return self._scalar(shape, value, path, siblings)
        if isinstance(shape, ObjectShape):
            return self._object(shape, value, path)
        if isinstance(shape, ListShape):
            return self._list(shape, value, path, siblings)
        if isinstance(shape, ChildrenShape):
            return self._children(shape, value, path)
        if isinstance(shape, MapShape):
            return self._map(shape, value, path)
        raise TypeError(type(shape))

    def _scalar(self, shape: Scalar, value: Any, path: Path, siblings: Mapping[str, Any]) -> Any:
        if value is None or value is FAILED:
            return value
        if shape.reference is not None:
            return self.context.reference(value, shape, shape.reference, path)
        if shape.parent is not None:
            return self.context.reference(value, shape, _parent_reference(shape), path)
        if shape.child_reference is not None:
            return self.context.child_reference(value, shape, path, siblings)
        base: str = shape.base
        variant = shape.mark(Variant)
        if variant is not None:
            chosen = variant.choose(siblings)
            if isinstance(chosen, Reference):
                return self.context.reference(value, shape, chosen, path)
            base = chosen
        when = shape.mark(SecretWhen)
        if when is not None and when.test(siblings):
            self.secrets = True
        if isinstance(value, Template | Sensitive):
            result: Any = self._template(shape, base, value, path)
        else:
            result = self._typed(shape.name, base, value, path)
            if result is None:
                return FAILED
            self._limits(shape, result, path)
            if shape.rounds is not None and isinstance(result, int | float) and not isinstance(result, bool):
                result = round(result, shape.rounds)
            if shape.code and isinstance(result, str):
                result = code_text(result)
            if shape.canonical is not None:
                result = shape.canonical.function(result)
        mentions = shape.mark(TextReference)
        if mentions is not None:
            self._mentions(mentions, result)
        return result

    def _template(self, shape: Scalar, base: str, value: Template | Sensitive, path: Path) -> Any:
        if isinstance(value, Template) and len(value.parts) > 1 and base not in {"text", "any", "json"}:
            self.context.problem(
                path,
                f"{shape.name} must be {typed(base)}, and ${{…}} with text around it is text",
                "write one ${…} and nothing else",
            )
        self.secrets = self.secrets or isinstance(value, Sensitive) or value.is_secret
        return value

    def _typed(self, name: str, base: str, value: Any, path: Path) -> Any:
        if base in {"any", "json"}:
            return self._any(value, path)
        if isinstance(value, dict | list):
            self.context.problem(path, f"{name} must be {typed(base)}, not {shown(value)}")
            return None
        if base == "text":
            return as_written(value)
        if base == "boolean":
            if isinstance(value, bool):
                return value
            self.context.problem(
                path, f"{name} must be true or false, not {shown(value)}", "write true or false, without quotes"
            )
            return None
        found = number(value)
        if found is None:
            self.context.problem(
                path, f"{name} must be {typed(base)}, not {shown(value)}", "write it as a plain number"
            )
            return None
        if base == "integer" and isinstance(found, float):
            if not found.is_integer():
                self.context.problem(path, f"{name} must be a whole number, not {shown(value)}")
                return None
            return int(found)
        return found

    def _any(self, value: Any, path: Path) -> Any:
        if isinstance(value, Loose):
            self.context.problem(path, f"{value} looks like a number but is not spelt as one", f'quote it: "{value}"')
            return str(value)
        if isinstance(value, dict):
            return {key: self._any(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._any(item, (*path, i)) for i, item in enumerate(value)]
        if isinstance(value, Template) and value.is_secret:
            self.secrets = True
        return value

    def _limits(self, shape: Scalar, value: Any, path: Path) -> None:
        name, problem = shape.name, self.context.problem
        if shape.choices and value not in shape.choices:
            problem(path, f"{name} cannot be {shown(value)}", suggestion(str(value), [str(c) for c in shape.choices]))
        elif isinstance(value, str):
            if shape.max_length is not None and len(value) > shape.max_length:
                text = f"{name} is {len(value)} characters long, the platform takes {shape.max_length}"
                problem(path, text, "shorten it")
            if shape.min_length is not None and len(value) < shape.min_length:
                problem(path, f"{name} must have at least {shape.min_length} character(s)")
            if shape.pattern is not None and shape.pattern.search(value) is None:
                problem(path, f"{name} {shown(value)} does not match {shape.pattern.pattern}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if shape.minimum is not None and value < shape.minimum:
                problem(path, f"{name} is {value}, the least is {plain(shape.minimum)}")
            if shape.exclusive_minimum is not None and value <= shape.exclusive_minimum:
                problem(path, f"{name} is {value}, it must be more than {plain(shape.exclusive_minimum)}")
            if shape.maximum is not None and value > shape.maximum:
                problem(path, f"{name} is {value}, the most is {plain(shape.maximum)}")

    def _mentions(self, mark: TextReference, value: Any) -> None:
        for text in _texts(value):
            self.text_refs.extend(mark.extract(text))

    # -- objects and collections ----------------------------------------------------------------------------------
    def _object(self, shape: ObjectShape, body: Any, path: Path, *, meta: bool = False) -> dict[str, Any]:
        if not isinstance(body, dict):
            if body is not FAILED:
                self.context.problem(path, f"{shape.name or 'this'} must be a map of attributes, not {shown(body)}")
            return {}
        table = _table(shape)
        fields, quick = table.fields, table.quick
        out: dict[str, Any] = {}
        later: list[tuple[str, Shape]] | None = None
        for key, value in body.items():
            simple, sort = quick.get(key), type(value)
            if simple is not None and sort is simple[0]:
                _, choices, most = simple
                if (
                    (value in choices)
                    if choices is not None
                    else (value != "" and (most is None or len(value) <= most))
                ):
                    out[key] = value
                    continue
            field = fields.get(key)
            if field is None:
                self._unknown(shape, key, value, path, meta=meta)
            elif field.computed is not None:
                self.context.problem(
                    (*path, key), f"{key} is told by the platform and cannot be declared", "remove the line"
                )
            elif field.child_reference is not None and field.child_reference.of is not None:
                out[key] = None
                later = [*(later or ()), (key, field)]
            else:
                out[key] = self.value(field, value, (*path, key), body)
        for key, field in later or ():
            out[key] = self.value(field, body[key], (*path, key), out)
        if (self.creating or self._whole) and not table.required <= body.keys():
            for name in fields:
                if name in table.required and name not in body:
                    self.context.problem(path, f"{name} is missing, the platform requires it", f"add {name}: …")
        if "$raw" in body and isinstance(body["$raw"], dict):
            out["$raw"] = self._any(body["$raw"], (*path, "$raw"))
        return out

    def _unknown(self, shape: ObjectShape, key: Any, value: Any, path: Path, *, meta: bool) -> None:
        if (meta and key in META_CHILD) or (key == "$raw" and isinstance(value, dict)):
            return
        known = [name for name, candidate in shape.fields.items() if candidate.computed is None]
        if isinstance(key, str) and key.startswith("$"):
            known = [*sorted(META_CHILD), "$raw"]
        self.context.problem((*path, key), f"unknown attribute {key}", suggestion(str(key), known))

    def _children(self, shape: ChildrenShape, value: Any, path: Path) -> ChildMap:
        from reconciler.adapters.base.declare_children import declare_list, declare_map

        children = (declare_map if shape.form == "map" else declare_list)(self, shape, value, path)
        self._sized(shape, len(children), path, least=not children.open)
        return children

    def child(self, shape: ChildrenShape, body: Any, path: Path) -> dict[str, Any]:
        """Return the canonical form of one child, its `$id` kept."""
        if shape.item.short is not None and not isinstance(body, Template):
            body = shape.item.short.expand(body)
        child = self._object(shape.item, body, path, meta=True)
        if isinstance(body, dict) and isinstance(body.get("$id"), str | int):
            child["$id"] = as_written(body["$id"])
        return child

    def _list(self, shape: ListShape, value: Any, path: Path, siblings: Mapping[str, Any]) -> Any:
        if isinstance(value, Template):
            self.secrets = self.secrets or value.is_secret
            return value
        if not isinstance(value, list):
            self.context.problem(
                path, f"{shape.name} must be a list, not {shown(value)}", f"write [{as_written(value)}]"
            )
            return []
        self._sized(shape, len(value), path)
        self._whole += 1
        items = [self.value(shape.item, item, (*path, i), siblings) for i, item in enumerate(value)]
        self._whole -= 1
        return distinct(items) if shape.set_like else items

    def _map(self, shape: MapShape, value: Any, path: Path) -> Any:
        if isinstance(value, Template):
            self.secrets = self.secrets or value.is_secret
            return value
        if not isinstance(value, dict):
            self.context.problem(path, f"{shape.name} must be a map, not {shown(value)}")
            return {}
        self._whole += 1
        out = {key: self.value(shape.value, item, (*path, key), value) for key, item in value.items()}
        self._whole -= 1
        mentions = shape.mark(TextReference)
        if mentions is not None:
            self._mentions(mentions, out)
        return out

    def _sized(self, shape: ListShape | ChildrenShape, size: int, path: Path, *, least: bool = True) -> None:
        if least and shape.min_length is not None and size < shape.min_length:
            self.context.problem(path, f"{shape.name} must have at least {shape.min_length} item(s)")
        if shape.max_length is not None and size > shape.max_length:
            self.context.problem(path, f"{shape.name} has {size} items, the platform takes {shape.max_length}")


@cache
def _parent_reference(shape: Shape) -> Reference:
    assert shape.parent is not None
    return Reference(shape.parent.kind, wire=shape.parent.wire)


def model_of(shape: ObjectShape) -> type[Attributes]:
    """Return the pydantic model that a shape was compiled from."""
    return shape.model


def code_text(value: str) -> str:
    """Return code as it is compared: LF line ends, without one final newline."""
    return value.replace("\r\n", "\n").removesuffix("\n")


def at(value: Any, dotted: str) -> Any:
    """Return what stands at a dotted path of nested maps, or None."""
    for part in dotted.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def distinct(items: list[Any]) -> list[Any]:
    """Return the items without repetitions, in their first order. `1`, `1.0` and `true` are three things."""
    out: list[Any] = []
    seen: set[Any] = set()
    for item in items:
        if isinstance(item, dict | list):
            if item not in out:
                out.append(item)
        elif (type(item), item) not in seen:
            seen.add((type(item), item))
            out.append(item)
    return out


def _comes_from_secret(value: Any) -> bool:
    return isinstance(value, Sensitive) or (isinstance(value, Template) and (value.is_secret or bool(value.refs)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Template):
        yield from (part for part in value.parts if isinstance(part, str))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
