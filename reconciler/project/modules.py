"""Modules: folders of resources with variables, called by the project or by another module, once or for each key.

Every instance is a room of its own: it has its own names, its accounts are those it is given, and only its outputs can
be read from outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from reconciler.adapters.base.declare import FAILED
from reconciler.adapters.base.spelling import shown, suggestion
from reconciler.model.address import index_text, valid_name
from reconciler.model.values import Ref, Template
from reconciler.project.diagnostics import Place
from reconciler.project.evaluate import Frame, node_value, whole
from reconciler.project.expressions import CircleError, ExpressionError, parse_path
from reconciler.project.model import AccountConfig
from reconciler.project.outputs import output_values
from reconciler.project.platforms import platform_name
from reconciler.project.resources import collect, collect_defaults
from reconciler.project.rooms import ModuleRoom, for_each
from reconciler.project.session import Session
from reconciler.project.variables import Definition, Resolve, Variables, read_definitions, section_source
from reconciler.project.yaml.document import Document

FILE = "module.yaml"
CALL_KEYS = ("source", "accounts", "with", "$for_each")
KEYS = ("description", "variables", "accounts", "outputs", "modules", "moved", "removed", "defaults")
DEFAULT_HEADS = frozenset({"env", "var", "project"})
"""First words that may be used in defaults of variables."""
IN_DEFAULT = "in the default of a variable"


@dataclass(slots=True, eq=False)
class Rooms:
    """All rooms of a project, and the sections that are read when every resource is known."""

    all: list[ModuleRoom] = field(default_factory=list)
    sections: list[tuple[ModuleRoom, str, Any, Document]] = field(default_factory=list)
    """(room, `moved` or `removed`, what is written, file)."""
    outputs: list[tuple[ModuleRoom, Any, Document, Frame]] = field(default_factory=list)
    _files: dict[FilePath, list[tuple[Document, FilePath]]] = field(default_factory=dict)

    def files(self, session: Session, folder: FilePath) -> list[tuple[Document, FilePath]]:
        """Return a module's files, `module.yaml` first; each is read once, however often the module is called."""
        if folder not in self._files:
            paths = sorted(
                path
                for path in folder.iterdir()
                if path.suffix in {".yaml", ".yml"} and not path.name.startswith(".") and path.is_file()
            )
            paths.sort(key=lambda path: path.name != FILE)
            self._files[folder] = session.documents(paths)
        return self._files[folder]

    def take_in(self, room: ModuleRoom, documents: list[tuple[Document, FilePath]]) -> None:
        """Collect the resources of a room from its files."""
        found: list[tuple[str, Any, Document]] = []
        for document, path in documents:
            collect(room, document, path, found)
        self.sections.extend((room, section, raw, document) for section, raw, document in found)


def resolver(room: ModuleRoom, giver: ModuleRoom) -> Resolve:
    """Return how names given for a room's `reference` variables are resolved: where they were given."""

    def resolve(to: str, text: str, frame: Frame | None) -> Ref | None:
        alias, _, kind = to.partition(".")
        account = room.accounts.get(alias)
        if account is None:
            raise ExpressionError(f"to: there is no account {alias}", suggestion(alias, list(room.accounts)))
        if kind not in account.platform.kinds:
            what = f"to: {account.platform.name} has no kind {kind}"
            raise ExpressionError(what, suggestion(kind, list(account.platform.kinds)))
        if text.count(".") >= 2 and text.partition(".")[0] in giver.accounts:
            value = node_value(parse_path(text), frame or Frame(giver, giver.base))
            return value.only if isinstance(value, Template) and isinstance(value.only, Ref) else None
        named = next((name for name, one in giver.accounts.items() if one is account), alias)
        found = giver.bare(named, (kind,), text, None, None)
        if found is None and not account.platform.kinds[kind].presets and not giver.session.incomplete:
            known = list(giver.entries.get((named, kind), {}))
            raise ExpressionError(f"there is no {named}.{kind}.{text}", suggestion(text, known))
        return found

    return resolve


def call_modules(
    rooms: Rooms, room: ModuleRoom, raw: Any, document: Document, folder: FilePath, above: tuple[FilePath, ...] = ()
) -> None:
    """Make a room of every instance of every module called in a room, to any depth. Reports what is wrong."""
    session = room.session
    if raw is None:
        return
    if not isinstance(raw, dict):
        session.error("modules must be a map of names", place=document.position(("modules",)), code="type")
        return
    for name, call in raw.items():
        here = ("modules", name)
        place = document.position(here, "key")
        if not valid_name(name):
            session.error(
                f"{name!r} cannot be a module's name", "use letters, digits, _ and -", place=place, code="name"
            )
            continue
        if not isinstance(call, dict) or not isinstance(call.get("source"), str):
            session.error(
                f"module {name} needs a source", "write source: path/of/its/folder", place=place, code="module"
            )
            continue
        session.unknown_keys(call, CALL_KEYS, document, here, f"key of module {name}:")
        source = _source(session, call["source"], document, here, folder, above)
        if source is not None:
            _instances(rooms, room, name, call, document, here, folder, (*above, source))


def _source(
    session: Session,
    source: str,
    document: Document,
    here: tuple[str | int, ...],
    folder: FilePath,
    above: tuple[FilePath, ...],
) -> FilePath | None:
    place = document.position((*here, "source"))
    found = (folder / source).resolve()
    if not (found / FILE).is_file():
        fix = "a source is a folder, relative to this file"
        session.error(f"there is no {FILE} in {source}", fix, place=place, code="module")
        return None
    if found in above:
        session.error(
            f"module {source} contains itself", "modules may be nested, not in a circle", place=place, code="module"
        )
        return None
    return found


def _instances(
    rooms: Rooms,
    room: ModuleRoom,
    name: str,
    call: dict[str, Any],
    document: Document,
    here: tuple[str | int, ...],
    folder: FilePath,
    above: tuple[FilePath, ...],
) -> None:
    session, source = room.session, above[-1]
    files = rooms.files(session, source)
    if not files or files[0][1].name != FILE:
        return
    head = files[0][0]
    if not isinstance(head.value, dict):
        session.error(f"{FILE} must be a map", place=head.position(()), code="type")
        return
    session.unknown_keys(head.value, KEYS, head, (), "key of a module:")
    keys: dict[str | None, Any] = {None: None}
    if "$for_each" in call:
        place = document.position((*here, "$for_each"))
        keys = for_each(call["$for_each"], Frame(room, folder, where="in $for_each"), session, place, f"module.{name}")
        room.repeated_modules.add(name)
    accounts = _accounts(room, name, call, document, here, head)
    room.modules[name] = {}
    made: list[tuple[str | None, ModuleRoom]] = []
    for key in keys:
        prefix = f"{room.prefix}module.{name}{index_text(key)}."
        inner = ModuleRoom(session, prefix, source, accounts)
        for alias in _names(head.value.get("accounts")):
            if (room.prefix, _mapped(call, alias)) in session.broken_accounts:
                session.broken_accounts.add((prefix, alias))
        room.modules[name][key] = inner
        made.append((key, inner))
    for key, inner in made:
        each = None if key is None else (key, keys[key])
        frame = Frame(room, folder, each=each)
        _furnish(rooms, inner, room, files, call.get("with"), document, (*here, "with"), frame)
        rooms.all.append(inner)
        call_modules(rooms, inner, head.value.get("modules"), head, source, above)


def _names(raw: Any) -> list[str]:
    return [name for name in raw if isinstance(name, str)] if isinstance(raw, list) else []


def _mapped(call: dict[str, Any], alias: str) -> str:
    mapping = call.get("accounts")
    found = mapping.get(alias, alias) if isinstance(mapping, dict) else alias
    return found if isinstance(found, str) else alias


def _accounts(
    room: ModuleRoom, name: str, call: dict[str, Any], document: Document, here: tuple[str | int, ...], head: Document
) -> dict[str, AccountConfig]:
    """Return the accounts of a module by the names that it has for them."""
    session = room.session
    wanted = head.value.get("accounts", [])
    if not isinstance(wanted, list) or len(_names(wanted)) != len(wanted):
        session.error("accounts of a module must be a list of names", place=head.position(("accounts",)), code="type")
    mapping = call.get("accounts", {})
    if not isinstance(mapping, dict):
        place = document.position((*here, "accounts"))
        session.error(
            f"accounts of module {name} must be a map", "write {convert: convert-acme}", place=place, code="type"
        )
        mapping = {}
    for alias in mapping:
        if alias not in _names(wanted):
            place = document.position((*here, "accounts", alias), "key")
            fix = suggestion(alias, _names(wanted)) or f"declare it in its {FILE}"
            session.error(f"module {name} has no account {alias}", fix, place=place, code="unknown-account")
    out: dict[str, AccountConfig] = {}
    for alias in _names(wanted):
        outer = _mapped(call, alias)
        found = room.accounts.get(outer)
        place = document.position((*here, "accounts", alias))
        if found is None:
            if (room.prefix, outer) not in session.broken_accounts:
                fix = suggestion(outer, list(room.accounts)) or "declare it under accounts:"
                session.error(f"module {name}: there is no account {outer}", fix, place=place, code="unknown-account")
        elif platform_name(alias) in session.platforms.names() and platform_name(alias) != found.platform.name:
            problem = f"module {name}: its {alias} cannot be {outer}, which is of {found.platform.name}"
            session.error(problem, place=place, code="unknown-account")
        else:
            out[alias] = found
    return out


def _furnish(
    rooms: Rooms,
    inner: ModuleRoom,
    outer: ModuleRoom,
    files: list[tuple[Document, FilePath]],
    given: Any,
    document: Document,
    path: tuple[str | int, ...],
    frame: Frame,
) -> None:
    """Give a module's room its variables, resources and outputs."""
    session, (head, head_path) = inner.session, files[0]
    own = Frame(inner, head_path.parent)
    defaults = Frame(inner, head_path.parent, heads=DEFAULT_HEADS, where=IN_DEFAULT)
    definitions = read_definitions(session, head.value.get("variables", {}), head, ("variables",), defaults)
    values = given if isinstance(given, dict) else {}
    if given is not None and not isinstance(given, dict):
        session.error(
            f"with must be a map of variables, not {shown(given)}", place=document.position(path), code="type"
        )
    for key in values:
        if key not in definitions:
            place = document.position((*path, key), "key")
            session.error(
                f"the module has no variable {key}", suggestion(key, list(definitions)), place=place, code="variable"
            )

    def missing(definition: Definition) -> tuple[str, Place | None]:
        where = document.position(path[:-1], "key")
        return f"write with: {{{definition.name}: …}} where the module is called", where

    source = section_source(values, document, path, frame, "with")
    inner.variables = Variables(session, definitions, [source], resolver(inner, outer), missing)
    if "defaults" in head.value:
        collect_defaults(inner, head.value["defaults"], head, ("defaults",), head_path.parent)
    rooms.take_in(inner, files[1:])
    for section in ("moved", "removed"):
        if section in head.value:
            rooms.sections.append((inner, section, head.value[section], head))
    raw = head.value.get("outputs")
    for name, value in output_values(session, raw, head).items():
        inner.outputs[name] = partial(_output, value, own)
    rooms.outputs.append((inner, raw, head, own))


def _output(value: Any, frame: Frame) -> Any:
    try:
        return whole(value, frame)
    except CircleError:
        raise
    except ExpressionError:
        return FAILED  # reported where the module's outputs are checked
