"""Rooms: the root of a project and each instance of a module, with the names that mean something in them.

Everything is looked up lazily, so that variables, outputs and keys of `$for_each` may refer to each other in any order;
circles are found by what is being worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from reconciler.adapters.base.declare import FAILED
from reconciler.adapters.base.spelling import shown, suggestion
from reconciler.model.address import index_text, valid_name
from reconciler.model.kind import Kind
from reconciler.model.values import Ref, SecretRef, has_slot
from reconciler.project.diagnostics import Place
from reconciler.project.evaluate import Frame, Key, Own, whole
from reconciler.project.expressions import ROOTS, CircleError, ExpressionError
from reconciler.project.model import AccountConfig
from reconciler.project.session import Session
from reconciler.project.variables import Variables
from reconciler.project.yaml.document import Document

RESERVED_SECRETS = frozenset({"from", "prefix"})
_BAD_KEY = frozenset("'\"[]")
_OPEN: Any = object()


@dataclass(slots=True, eq=False)
class Entry:
    """One resource as written, before `$for_each` made instances of it."""

    room: ModuleRoom
    alias: str
    """What the account is called in this room."""
    account: AccountConfig
    kind: Kind
    name: str
    body: dict[str, Any]
    document: Document
    folder: FilePath
    path: tuple[str | int, ...]
    _instances: Any = _OPEN
    _enabled: dict[str | None, bool] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Address of the resource, without index."""
        return f"{self.room.prefix}{self.alias}.{self.kind.name}.{self.name}"

    def frame(self, index: str | None, own: Own | None = None) -> Frame:
        """Return the frame in which the body of an instance is interpolated."""
        each = None if index is None else (index, self.instances()[index])
        return Frame(self.room, self.folder, each, own)

    def instances(self) -> Mapping[str | None, Any]:
        """Return the keys and values of `$for_each`; one None key without it. Raises nothing: errors are reported."""
        if self._instances is _OPEN:
            if "$for_each" not in self.body:
                self._instances = _ALONE
            else:
                self._instances = {}  # what asks meanwhile asks in a circle
                place = self.document.position((*self.path, "$for_each"))
                frame = Frame(self.room, self.folder, where="in $for_each")
                self._instances = for_each(self.body["$for_each"], frame, self.room.session, place, self.address)
        found: Mapping[str | None, Any] = self._instances
        return found

    @property
    def repeated(self) -> bool:
        """Whether it has `$for_each`."""
        return "$for_each" in self.body

    def enabled(self, index: str | None) -> bool:
        """Tell whether an instance is there: `$enabled` is not false."""
        if "$enabled" not in self.body:
            return True
        if index not in self._enabled:
            self._enabled[index] = True
            self._enabled[index] = self._is_enabled(index)
        return self._enabled[index]

    def _is_enabled(self, index: str | None) -> bool:
        session, place = self.room.session, self.document.position((*self.path, "$enabled"))
        address = self.address + index_text(index)
        try:
            value = whole(self.body["$enabled"], self.frame(index))
        except ExpressionError as error:
            session.error(f"$enabled: {error.problem}", error.fix, place=place, address=address, code="expression")
            return True
        if value is FAILED:
            return True
        if not isinstance(value, bool):
            slot = has_slot(value)
            what = "waits for another resource" if slot else f"must be true or false, not {shown(value)}"
            session.error(f"$enabled {what}", place=place, address=address, code="slot" if slot else "type")
            return True
        return value


_ALONE: Mapping[str | None, Any] = {None: None}


def for_each(value: Any, frame: Frame, session: Session, place: Place, address: str | None) -> dict[str | None, Any]:
    """Return keys and values of a `$for_each`: a map, or a list of distinct texts. Reports what is wrong."""

    def error(problem: str, fix: str = "", code: str = "for-each") -> dict[str | None, Any]:
        session.error(f"$for_each {problem}", fix, place=place, address=address, code=code)
        return {}

    try:
        found = whole(value, frame)
    except ExpressionError as failure:
        return error(f"cannot be worked out: {failure.problem}", failure.fix, "expression")
    if found is FAILED:
        return {}
    if not isinstance(found, dict | list):
        if has_slot(found):
            return error("waits for another resource", "its keys must be known when files are loaded", "slot")
        return error(f"takes a map, or a list of distinct texts, not {shown(found)}")
    if isinstance(found, list):
        odd = next((item for item in found if not isinstance(item, str)), None)
        if odd is not None:
            return error(f"takes a list of texts, and {shown(odd)} is none", "quote it, or write a map")
        if len(set(found)) != len(found):
            twice = next(item for item in found if found.count(item) > 1)
            return error(f"has {shown(twice)} twice", "each key makes one resource")
        found = {str(item): item for item in found}
    for key in found:
        if not key or _BAD_KEY & set(key) or any(ord(character) < 32 or ord(character) == 127 for character in key):
            return error(
                f"has the key {key!r}", "keys hold no quotes, brackets or control characters, and are not empty"
            )
    return dict(found)


@dataclass(slots=True, eq=False)
class ModuleRoom:
    """The root (`prefix` empty) or one instance of a module."""

    session: Session
    prefix: str
    """Address of the instance with its final dot: `module.acme['de'].`."""
    base: FilePath
    """Folder that files named in expressions must lie in."""
    accounts: dict[str, AccountConfig]
    """By the name they have here."""
    known_kinds: set[str] = field(default_factory=set)
    entries: dict[tuple[str, str], dict[str, Entry]] = field(default_factory=dict)
    defaults: dict[tuple[str, str], tuple[dict[str, Any], Document, tuple[str | int, ...], FilePath]] = field(
        default_factory=dict
    )
    modules: dict[str, dict[str | None, ModuleRoom]] = field(default_factory=dict)
    repeated_modules: set[str] = field(default_factory=set)
    variables: Variables | None = None
    outputs: dict[str, Callable[[], Any]] = field(default_factory=dict)
    _busy: list[str] = field(default_factory=list)

    @property
    def environ(self) -> Mapping[str, str]:
        """The process environment."""
        return self.session.environ

    @property
    def project_name(self) -> str:
        """Name of the project."""
        return self.session.project_name

    @property
    def environment(self) -> str | None:
        """Name of the environment."""
        return self.session.environment

    def variable(self, name: str) -> Any:
        """Return a variable's value. Raises ExpressionError."""
        assert self.variables is not None
        return self.variables.get(name)

    def secret(self, name: str) -> SecretRef:
        """Return a reference to a secret. Raises ExpressionError when none can be called so."""
        if name in RESERVED_SECRETS or not valid_name(name):
            raise ExpressionError(
                f"no secret can be called {name}", "use letters, digits, _ and -; not from, not prefix"
            )
        return SecretRef(name)

    def read(self, folder: FilePath, path: str) -> tuple[str, FilePath]:
        """Return the text of a file named relative to a folder, and its real path. Raises ExpressionError."""
        return self.session.text(folder, path, self.base)

    def module_output(self, steps: tuple[tuple[Key, bool], ...], text: str) -> tuple[Any, int]:
        """Return an output of a module called here, and how many steps named it. Raises ExpressionError."""
        name = str(steps[0][0])
        if name not in self.modules:
            raise ExpressionError(f"${{{text}}}: there is no module {name}", suggestion(name, list(self.modules)))
        instances, used, index = self.modules[name], 1, None
        if len(steps) > 1 and steps[1][1]:
            index, used = str(steps[1][0]), 2
        if index not in instances:
            if index is None:
                fix = f"write module.{name}['KEY'], one of {', '.join(map(str, instances))}"
                raise ExpressionError(f"${{{text}}}: module {name} has $for_each", fix)
            known = [str(key) for key in instances if key is not None]
            raise ExpressionError(f"${{{text}}}: module {name} has no {index!r}", suggestion(index, known))
        outputs = instances[index].outputs
        if len(steps) < used + 2 or steps[used][0] != "outputs":
            raise ExpressionError(
                f"${{{text}}}: only outputs of a module can be read", f"write module.{name}.outputs.NAME"
            )
        wanted = str(steps[used + 1][0])
        if wanted not in outputs:
            raise ExpressionError(
                f"${{{text}}}: module {name} has no output {wanted}", suggestion(wanted, list(outputs))
            )
        return self._guarded(f"module.{name}.outputs.{wanted}", outputs[wanted]), used + 2

    def _guarded(self, what: str, work: Callable[[], Any]) -> Any:
        if what in self._busy:
            chain = " → ".join([*self._busy[self._busy.index(what) :], what])
            raise CircleError(f"outputs refer to each other in a circle: {chain}")
        self._busy.append(what)
        try:
            return work()
        finally:
            self._busy.pop()

    def address(self, head: str, steps: tuple[tuple[Key, bool], ...], text: str) -> Ref | None:
        """Return the reference that an address, with what stands behind it, means.

        None when it names what could not be read, which is reported already. Raises ExpressionError.
        """
        if (self.prefix, head) in self.session.broken_accounts:
            return None
        if head not in self.accounts:
            raise ExpressionError(
                f"${{{text}}}: there is no account {head}",
                suggestion(head, [*self.accounts, *ROOTS]) or "see accounts:",
            )
        account = self.accounts[head]
        kind_name = str(steps[0][0])
        kinds = account.platform.kinds
        if kind_name not in kinds:
            what = f"{account.platform.name} has no kind {kind_name}"
            raise ExpressionError(f"${{{text}}}: {what}", suggestion(kind_name, list(kinds)))
        if len(steps) < 2:
            raise ExpressionError(f"${{{text}}} names a kind", f"write {head}.{kind_name}.NAME")
        name = str(steps[1][0])
        named = self.entries.get((head, kind_name), {})
        entry = named.get(name)
        if entry is None:
            if self.session.incomplete:
                return None
            fix = suggestion(name, list(named)) or f"no {head}.{kind_name} are declared"
            raise ExpressionError(f"${{{text}}}: there is no {head}.{kind_name}.{name}", fix)
        used, index = 2, None
        if entry.repeated and len(steps) > 2 and steps[2][1]:
            index, used = str(steps[2][0]), 3
        self.require(entry, index, f"${{{text}}}")
        output = tuple(str(key) for key, _ in steps[used:])
        if output in {("id",), (entry.kind.id_attribute,)}:
            output = ()
        return Ref(entry.address + index_text(index), output)

    def require(self, entry: Entry, index: str | None, said: str) -> None:
        """Check that an instance is there; `said` is how it was written. Raises ExpressionError."""
        keys = entry.instances()
        if index not in keys:
            known = [str(key) for key in keys if key is not None]
            if index is None:
                few = ", ".join(known[:6]) + (" …" if len(known) > 6 else "")
                fix = f"write {entry.name}['KEY'] ({few})" if few else ""
                raise ExpressionError(f"{said}: {entry.address} has $for_each, so it is several", fix)
            raise ExpressionError(f"{said}: {entry.address} has no {index!r}", suggestion(index, known))
        if not entry.enabled(index):
            raise ExpressionError(f"{said}: {entry.address}{index_text(index)} is switched off by $enabled: false")

    def bare(self, alias: str, kinds: tuple[str, ...], name: str, near: Entry | None, index: str | None) -> Ref | None:
        """Return what a bare name of one of these kinds means here, or None. Raises ExpressionError.

        In a `$for_each` of the same keys it is the instance with the own key.
        """
        base, key = name, None
        if name.endswith(("']", '"]')) and "[" in name:
            base, _, rest = name.partition("[")
            key = rest[1:-2]
        for kind in kinds:
            entry = self.entries.get((alias, kind), {}).get(base)
            if entry is None:
                continue
            if key is None and entry.repeated and near is not None and index is not None:
                same = set(entry.instances()) == set(near.instances())
                key = index if same else None
            self.require(entry, key, name)
            return Ref(entry.address + index_text(key))
        return None
