"""JSON Schemas for editors (yaml-language-server), made from the same shapes that files are checked against.

An editor's schema helps to write; the loader decides. So whatever the loader may accept is accepted here: `${…}` stands
for any value, short forms that are not a plain list or map are left open, and nothing is required, because defaults and
objects that exist already may say it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.adapters.base.adapter import Platform
from reconciler.model.address import NAME
from reconciler.model.kind import Kind
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Scalar, Shape
from reconciler.project import config, modules, outputs, variables
from reconciler.project.guardrails import FREEZE_KEYS
from reconciler.project.meta import RULES

Schema = dict[str, Any]
DRAFT = "http://json-schema.org/draft-07/schema#"
EXPRESSION: Schema = {"$ref": "#/definitions/expression"}
_COMMON: Schema = {
    "expression": {"type": "string", "pattern": r"\$\{", "description": "One ${…}, or text with some in it."},
    "text": {"type": ["string", "number", "boolean"]},
    "address": {"type": "string", "pattern": r"^[A-Za-z_].*\..*\..*"},
    "moved": {
        "type": "array",
        "description": "Addresses that have changed: the objects are kept.",
        "items": {
            "type": "object",
            "properties": {"from": {"$ref": "#/definitions/address"}, "to": {"$ref": "#/definitions/address"}},
            "required": ["from", "to"],
            "additionalProperties": False,
        },
    },
    "removed": {
        "type": "array",
        "description": "Addresses to forget, or (destroy) to remove as if not declared.",
        "items": {
            "type": "object",
            "properties": {"address": {"$ref": "#/definitions/address"}, "destroy": {"type": "boolean"}},
            "required": ["address"],
            "additionalProperties": False,
        },
    },
}


def schemas(platforms: Iterable[Platform]) -> dict[str, Schema]:
    """Return all schemas by file name."""
    found = list(platforms)
    return {
        "resources.schema.json": resources_schema(found),
        "reconciler.schema.json": config_schema(found),
        "module.schema.json": module_schema(found),
    }


def resources_schema(platforms: Iterable[Platform]) -> Schema:
    """Return the schema of resource files."""
    made = _Definitions()
    patterns: Schema = {"^x-": True}
    for platform in platforms:
        account = rf"^{platform.name}(?:-[A-Za-z0-9_-]+)?\."
        known = sorted(name for name, kind in platform.kinds.items() if kind.managed)
        for name in known:
            body = made.kind(platform.kinds[name])
            patterns[f"{account}{name}$"] = {"type": "object", "additionalProperties": body}
            patterns[rf"{account}{name}\.{NAME}$"] = body
        patterns[rf"{account}(?!(?:{'|'.join(known)})(?:\.|$))"] = False
    return {
        "$schema": DRAFT,
        "title": "Resource file",
        "description": "account.kind: {name: …} or account.kind.name: …",
        "type": "object",
        "properties": {
            "moved": {"$ref": "#/definitions/moved"},
            "removed": {"$ref": "#/definitions/removed"},
            "defaults": {"type": "object", "description": "Attributes for all resources of account.kind here."},
        },
        "patternProperties": patterns,
        "definitions": {**_COMMON, **made.found},
    }


class _Definitions:
    """One definition for each kind and each model: models may contain themselves."""

    def __init__(self) -> None:
        self.found: Schema = {}

    def kind(self, kind: Kind) -> Schema:
        name = kind.type_name
        if name not in self.found:
            self.found[name] = {}
            body = self._object(kind.shape, kind.platform)
            self.found[name] = {**body, "properties": {**_meta(kind), **body["properties"]}, "description": kind.title}
        return {"$ref": f"#/definitions/{name}"}

    def model(self, shape: ObjectShape, platform: str, *, child: bool) -> Schema:
        name = f"{platform}.{shape.model.__name__}{'.child' if child else ''}"
        if name not in self.found:
            self.found[name] = {}
            body = self._object(shape, platform)
            if child:
                own = {
                    "$name": {"type": "string", "pattern": f"^{NAME}$", "description": "Our name for it."},
                    "$id": {"type": ["string", "integer"], "description": "Its id on the platform."},
                }
                body = {**body, "properties": {**own, **body["properties"]}}
            self.found[name] = body
        return {"$ref": f"#/definitions/{name}"}

    def _object(self, shape: ObjectShape, platform: str) -> Schema:
        properties = {name: self.attribute(field, platform) for name, field in shape.writable.items()}
        properties["$raw"] = {"type": "object", "description": "Attributes that are not known here, passed through."}
        doc = (shape.model.__doc__ or "").strip().split("\n\n")[0]
        return {"type": "object", "description": doc, "properties": properties, "additionalProperties": False}

    def attribute(self, shape: Shape, platform: str) -> Schema:
        """Return the schema of one attribute: its values, null where that unsets it, and expressions."""
        forms = [self._form(shape, platform), EXPRESSION]
        if shape.nullable:
            forms.append({"type": "null"})
        if shape.short is not None:
            forms = [*forms, {"type": ["string", "number", "boolean", "object", "array"]}]
        out: Schema = {"anyOf": forms}
        words = [
            shape.doc.strip(),
            "Required." if shape.required else "",
            "Cannot be changed." if shape.immutable else "",
        ]
        if text := " ".join(word for word in words if word):
            out["description"] = text
        return out

    def _form(self, shape: Shape, platform: str) -> Schema:
        match shape:
            case ObjectShape():
                return self.model(shape, platform, child=False)
            case ListShape():
                return {"type": "array", "items": self.attribute(shape.item, platform), **_sizes(shape, "Items")}
            case MapShape():
                return {"type": "object", "additionalProperties": self.attribute(shape.value, platform)}
            case ChildrenShape():
                item = self.attribute(shape.item, platform)
                item = {**item, "anyOf": [self.model(shape.item, platform, child=True), *item["anyOf"][1:]]}
                if shape.form == "list":
                    return {"type": "array", "items": item, **_sizes(shape, "Items")}
                others = {"enum": ["keep", "remove"], "description": "keep: leave alone what is not declared here."}
                return {"type": "object", "properties": {"$others": others}, "additionalProperties": item}
            case Scalar():
                return _scalar(shape)
        raise TypeError(type(shape))


def _scalar(shape: Scalar) -> Schema:
    if shape.reference is not None or shape.parent is not None or shape.child_reference is not None:
        raw_id = {"type": "object", "properties": {"$id": {"type": ["string", "integer"]}}, "required": ["$id"]}
        return {"anyOf": [{"type": "string"}, {**raw_id, "additionalProperties": False}]}
    if shape.secret is not None:
        return {"type": "string", "pattern": r"\$\{", "description": "Write ${secret.NAME}."}
    out: Schema = {}
    if shape.choices:
        out["enum"] = list(shape.choices)
    elif shape.base != "any":
        types: dict[str, Any] = {"text": ["string", "number", "boolean"]}
        out["type"] = types.get(shape.base, shape.base)
    limits = {
        "minimum": shape.minimum,
        "maximum": shape.maximum,
        "exclusiveMinimum": shape.exclusive_minimum,
        "minLength": shape.min_length,
        "maxLength": shape.max_length,
        "pattern": shape.pattern.pattern if shape.pattern is not None else None,
    }
    out.update({key: value for key, value in limits.items() if value is not None})
    if not shape.marks and shape.server_default is not None and isinstance(shape.server_default, str | int | float):
        out["default"] = shape.server_default
    return out


def _sizes(shape: ListShape | ChildrenShape, what: str) -> Schema:
    found = {f"min{what}": shape.min_length, f"max{what}": shape.max_length}
    return {key: value for key, value in found.items() if value is not None}


def _meta(kind: Kind) -> Schema:
    addresses = {"type": ["array", "string"], "items": {"type": "string"}}
    return {
        "$for_each": {
            "type": ["object", "array", "string"],
            "description": "One for each key of a map, or of a list of texts.",
        },
        "$enabled": {"anyOf": [{"type": "boolean"}, EXPRESSION], "description": "false: as if not declared."},
        "$depends_on": {**addresses, "description": "Addresses that come first."},
        "$import": {"type": ["string", "integer"], "description": "Id of the object to take over."},
        "$adopt": {"anyOf": [{"type": "boolean"}, EXPRESSION], "description": "Take over the object with this key."},
        "$existing": {"type": "object", "description": "Look up by these attributes; never written."},
        "$lifecycle": {
            "type": "object",
            "properties": {
                "prevent_destroy": {"type": "boolean"},
                "create_before_destroy": {"type": "boolean"},
                "ignore_changes": {"type": "array", "items": {"type": "string"}},
                "on_remove": {"enum": list(dict.fromkeys((kind.on_remove, *kind.removals)))},
                "on_drift": {"enum": ["keep", "revert"]},
                "publish_with": addresses,
            },
            "propertyNames": {"enum": list(RULES)},
        },
    }


# -- reconciler.yaml and module.yaml ------------------------------------------------------------------------------
def config_schema(platforms: Iterable[Platform]) -> Schema:
    """Return the schema of `reconciler.yaml`."""
    accounts = _accounts(platforms)
    rails = _guardrails()
    state = {"type": ["string", "object"], "description": "Where the ledger is: a path, or a URL."}
    environment = {
        "type": "object",
        "properties": {"accounts": accounts, "variables": {"type": "object"}, "state": state, "guardrails": rails},
        "additionalProperties": False,
    }
    source = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": {"enum": ["env", "file", "command", "keyring"]},
    }
    properties: Schema = {
        "version": {"const": 1},
        "name": {"type": "string", "pattern": f"^{NAME}$"},
        "required_version": {"type": ["string", "number"], "description": 'Versions of the tool: ">=0.1,<2".'},
        "accounts": accounts,
        "secrets": {
            "type": "object",
            "properties": {"from": {"const": "env"}, "prefix": {"type": "string"}},
            "additionalProperties": source,
        },
        "variables": _variables(),
        "resources": {"type": "array", "items": {"type": "string"}, "default": ["resources/"]},
        "state": state,
        "environments": {"type": "object", "additionalProperties": environment},
        "default_environment": {"type": "string"},
        "guardrails": rails,
        "outputs": _outputs(),
        "modules": _modules(),
        "moved": {"$ref": "#/definitions/moved"},
        "removed": {"$ref": "#/definitions/removed"},
        "defaults": {"type": "object"},
    }
    return _document("Project", {key: properties[key] for key in config.KEYS}, ["version", "name"])


def module_schema(platforms: Iterable[Platform]) -> Schema:
    """Return the schema of `module.yaml`."""
    del platforms
    properties: Schema = {
        "description": {"type": "string"},
        "variables": _variables(),
        "accounts": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "outputs": _outputs(),
        "modules": _modules(),
        "moved": {"$ref": "#/definitions/moved"},
        "removed": {"$ref": "#/definitions/removed"},
        "defaults": {"type": "object"},
    }
    return _document("Module", {key: properties[key] for key in modules.KEYS}, [])


def _document(title: str, properties: Schema, required: list[str]) -> Schema:
    return {
        "$schema": DRAFT,
        "title": title,
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": True},
        "required": required,
        "additionalProperties": False,
        "definitions": _COMMON,
    }


def _accounts(platforms: Iterable[Platform]) -> Schema:
    patterns: Schema = {}
    for platform in platforms:
        fields = platform.settings.model_json_schema().get("properties", {})
        properties = {
            name: {
                "anyOf": [_setting(field, text=name in platform.text_settings), EXPRESSION],
                **({"description": field["description"]} if "description" in field else {}),
            }
            for name, field in fields.items()
        }
        patterns[f"^{platform.name}(?:-|$)"] = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
    return {"type": "object", "patternProperties": patterns}


def _setting(field: Schema, *, text: bool) -> Schema:
    if text:
        return {"type": ["string", "integer", "null"]}
    plain = {key: value for key, value in field.items() if key in {"type", "enum", "const"}}
    options = [_setting(option, text=False) for option in field.get("anyOf", ())]
    return {"anyOf": options} if options else plain


def _guardrails() -> Schema:
    limit = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)? ?%$"}]}
    patterns = {"type": "array", "items": {"type": "string"}}
    freeze = {
        "type": "object",
        "properties": {key: {"type": "string"} for key in FREEZE_KEYS} | {"allow": patterns},
        "required": ["from", "to"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "max_deletes": {"anyOf": [*limit["anyOf"], {"type": "object", "additionalProperties": limit}]},
            "timezone": {"type": "string"},
            "freeze": {"type": "array", "items": freeze},
        },
        "additionalProperties": False,
    }


def _variables() -> Schema:
    properties: Schema = dict.fromkeys(variables.KEYS, True)
    properties |= {"type": {"enum": list(variables.TYPES)}, "sensitive": {"type": "boolean"}, "enum": {"type": "array"}}
    body = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"type": "object", "additionalProperties": body}


def _outputs() -> Schema:
    long = {
        "type": "object",
        "properties": dict.fromkeys(outputs.KEYS, True) | {"sensitive": {"type": "boolean"}},
        "required": ["value"],
    }
    return {"type": "object", "additionalProperties": {"anyOf": [long, True]}}


def _modules() -> Schema:
    call = {
        "type": "object",
        "properties": {
            "source": {"type": "string", "description": "The module's folder, relative to this file."},
            "accounts": {"type": "object", "additionalProperties": {"type": "string"}},
            "with": {"type": "object", "description": "Values of the module's variables."},
            "$for_each": {"type": ["object", "array", "string"]},
        },
        "required": ["source"],
        "additionalProperties": False,
    }
    return {"type": "object", "additionalProperties": call}
