"""A loaded project as data: what the planner, the report and the commands read.

Nothing here reads a file or resolves a secret. Addresses are as in state (`convert.goals.purchase['de']`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Literal

from reconciler.adapters.base.adapter import Platform
from reconciler.model.address import Address, matches
from reconciler.model.kind import Kind, Removal
from reconciler.model.values import Path, Ref, SecretRef, Sensitive, Template, path_text
from reconciler.project.diagnostics import Diagnostic, Place

if TYPE_CHECKING:
    from reconciler.project.secrets import SecretStore


@dataclass(slots=True, eq=False)
class AccountConfig:
    """One account as configured, its expressions not yet resolved."""

    name: str
    platform: Platform
    settings: Mapping[str, Any]
    """As written, overlay of the environment applied: scalars may hold `${env|var|secret|project}`."""
    place: Place | None
    evaluate: Callable[[Any], Any]
    """Interpolates a setting without resolving secrets. Raises ValueError naming what is missing."""
    emulator: str | None = None
    """Base URL of the emulator, when the run goes there."""

    def resolve(self, secrets: SecretStore, redact: Callable[[str], None]) -> dict[str, Any]:
        """Return the settings in clear text for the first contact; every secret goes to `redact` before it is returned.

        Raises ValueError (also SecretError, which is one) saying which variable to set.
        """
        from reconciler.project.accounts import resolve

        return resolve(self, secrets, redact)

    def scope(self) -> dict[str, str]:
        """Return the scope ids that can be told without a secret, for warnings and places."""
        out: dict[str, str] = {}
        for name in self.platform.scope_settings:
            if self.settings.get(name) is None:
                continue
            try:
                value = self.evaluate(self.settings[name])
            except ValueError:
                continue
            if isinstance(value, str | int):
                out[name] = str(value)
        return out


@dataclass(frozen=True, slots=True)
class Rules:
    """`$lifecycle`: how one resource is to be treated. None where nothing is written."""

    prevent_destroy: bool = False
    ignore_changes: tuple[str, ...] = ()
    """Paths below the resource (`settings.*`); a path takes in all beneath it."""
    create_before_destroy: bool = False
    on_remove: Removal | None = None
    on_drift: Literal["keep", "revert"] | None = None
    publish_with: tuple[str, ...] = ()
    """Addresses whose publish goes together with this one's."""

    def ignores(self, path: str) -> bool:
        """Tell whether a difference at a path text is not to be acted on."""
        return any(matches(pattern, path) for pattern in self.ignore_changes)


@dataclass(frozen=True, slots=True)
class Meta:
    """What the meta keys of a resource say, besides those that made it (`$for_each`, `$enabled`)."""

    import_id: str | None = None
    adopt: bool = False
    existing: Mapping[str, Any] | None = None
    """Attributes by which an object that is never written is looked up."""
    depends_on: tuple[str, ...] = ()
    rules: Rules = Rules()


@dataclass(slots=True, eq=False)
class Origin:
    """Where a resource is written; positions are found only when one is asked for."""

    position: Callable[..., Place]
    """`Document.position(path, of="key" | "value")`."""
    file: str
    path: tuple[str | int, ...]
    """Path of the resource in its document."""
    body: Any
    """The body as written."""

    def place(self, path: Path = (), of: Literal["key", "value"] = "value") -> Place:
        """Return the place of a path of the body, or of the nearest part above it that is written.

        Children of lists are found by index, `$name`, or the `#N` they got; an index into a map is its nth entry.
        """
        real: list[str | int] = []
        here = self.body
        for part in path:
            step = _step(here, part)
            if step is None:
                break
            real.append(step)
            here = here[step]
        else:
            return self.position((*self.path, *real), of if path else "key")
        return self.position((*self.path, *real), "key" if not real else "value")


def _step(here: Any, part: str | int) -> str | int | None:
    if isinstance(here, dict):
        if part in here:
            return part
        keys = list(here)
        return keys[part] if isinstance(part, int) and part < len(keys) else None
    if isinstance(here, list):
        if isinstance(part, int):
            return part if part < len(here) else None
        if part.startswith("#") and part[1:].isdigit() and int(part[1:]) < len(here):
            return int(part[1:])
        for i, item in enumerate(here):
            if isinstance(item, dict) and (item.get("$name") == part or part in map(str, item.values())):
                return i
    return None


@dataclass(slots=True, eq=False)
class Declaration:
    """One declared resource in canonical form, references resolved to addresses."""

    address: str
    account: str
    """Name of the account in `reconciler.yaml`, also inside modules that call it otherwise."""
    platform: str
    kind: Kind
    name: str
    index: str | None
    module: str
    """Address of the module instance (`module.acme`), empty at the root."""
    body: dict[str, Any]
    """Canonical body (see `Declare`); `$published` is in it for kinds that are published, `$raw` where written."""
    origin: Origin
    meta: Meta = Meta()
    implied: frozenset[str] = frozenset()
    """Attributes filled in from the resource's name: sent on create, kept afterwards, never compared."""
    deps: tuple[str, ...] = ()
    """Addresses that it refers to or `$depends_on`, without repetitions, in the order met; never its own."""
    text_refs: tuple[tuple[str, str], ...] = ()
    """(kind, natural key or id) pairs mentioned in free text of this account: they order and guard deletes."""
    presets: tuple[tuple[str, str, Path], ...] = ()
    """(kind, id, path) of names taken for objects of the platform's catalogue, for the plan to check."""
    secret_paths: tuple[Path, ...] = ()
    names_itself: bool = False
    """Whether it refers to itself."""

    @property
    def parent(self) -> Any:
        """The value of the attribute that names the scope: Template, id, or None for the account's own scope."""
        name = parent_attribute(self.kind)
        return None if name is None else self.body.get(name)

    @property
    def file(self) -> str:
        """The file it is written in, as shown to the user."""
        return self.origin.file

    @property
    def line(self) -> int:
        """The line it begins at. Reads the file again on first use."""
        return self.origin.place().line

    def place_of(self, path: Path = ()) -> Place:
        """Return the place of a path of the canonical body; for what a short form filled in, the nearest above."""
        return self.origin.place(path)

    @property
    def parsed(self) -> Address:
        """The address in its parts."""
        from reconciler.model.address import parse_exact

        address = parse_exact(self.address)
        assert address is not None
        return address

    @property
    def digest(self) -> str:
        """Digest of what is declared (body and meta keys, secrets by name), stable from run to run."""
        meta = self.meta
        rules = {name: getattr(meta.rules, name) for name in Rules.__slots__}
        return digest_of(
            [
                self.address,
                self.account,
                self.body,
                [meta.import_id, meta.adopt, meta.existing, meta.depends_on, rules],
            ]
        )


def parent_attribute(kind: Kind) -> str | None:
    """Return the attribute that names a kind's parent, if it has one."""
    if kind.parent is None:
        return None
    return next((name for name, shape in kind.shape.fields.items() if shape.parent is not None), None)


def digest_of(value: Any) -> str:
    """Return a stable digest of plain data that may hold references and secrets (which count by name, not by value)."""
    import orjson

    text = orjson.dumps(
        value, default=_spelt, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    )
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _spelt(value: Any) -> Any:
    match value:
        case Template():
            return {"$template": list(value.parts)}
        case Ref():
            return {"$ref": [value.address, *value.output]}
        case SecretRef():
            return {"$secret": value.name}
        case Sensitive():
            return {"$secret": value.label}
        case str():
            return str(value)
        case dict():
            return dict(value)
        case tuple() | frozenset():
            return sorted(value) if isinstance(value, frozenset) else list(value)
    raise TypeError(type(value))


@dataclass(frozen=True, slots=True)
class Move:
    """One entry of `moved`. Paths are empty for resources, and lead to a child for children."""

    source: str
    target: str
    source_path: Path = ()
    target_path: Path = ()
    place: Place | None = None

    def __str__(self) -> str:
        return f"{_child(self.source, self.source_path)} → {_child(self.target, self.target_path)}"


@dataclass(frozen=True, slots=True)
class Removed:
    """One entry of `removed`: forgotten, or removed as if no longer declared."""

    address: str
    path: Path = ()
    destroy: bool = False
    place: Place | None = None


def _child(address: str, path: Path) -> str:
    text = path_text(path)
    return f"{address}.{text}" if text else address


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on deletions: so many, or a percentage of what state tracks."""

    value: float
    percent: bool

    def __str__(self) -> str:
        number = str(int(self.value)) if self.value == int(self.value) else str(self.value)
        return f"{number}%" if self.percent else number


@dataclass(frozen=True, slots=True)
class Freeze:
    """A window in which nothing may be written but what `allow` takes in. `until` is the first moment after it."""

    name: str
    start: datetime
    until: datetime
    allow: tuple[str, ...] = ()
    reason: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Limits that a run refuses to pass without an `--allow`."""

    max_deletes: Limit = Limit(30, percent=True)
    max_deletes_by: Mapping[str, Limit] = field(default_factory=dict)
    """Limits by platform (`convert`), account (`convert-eu`) or kind (`convert.goals`); the longest match holds."""
    timezone: str = "UTC"
    freeze: tuple[Freeze, ...] = ()

    def limit(self, account: str, platform: str, kind: str) -> Limit:
        """Return the limit for a kind of an account."""
        names = (f"{account}.{kind}", f"{platform}.{kind}", account, platform)
        return next((self.max_deletes_by[name] for name in names if name in self.max_deletes_by), self.max_deletes)


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the project; `value` may wait for resources."""

    name: str
    value: Any
    description: str = ""
    sensitive: bool = False
    sink: Any = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class StateConfig:
    """Where the ledger is: a file below the project (`path`), or a backend by URL (`s3://bucket/key`)."""

    path: FilePath | None
    url: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of a backend, as written."""


@dataclass(slots=True, eq=False)
class Project:
    """Everything that files and options say, checked as far as can be told offline."""

    name: str
    root: FilePath
    environment: str | None
    emulator: str | None
    accounts: dict[str, AccountConfig]
    declarations: dict[str, Declaration]
    """By address, in the order of files and of entries in them."""
    moved: tuple[Move, ...]
    removed: tuple[Removed, ...]
    guardrails: Guardrails
    outputs: dict[str, Output]
    variables: dict[str, Any]
    """Values of the root's variables; `Sensitive` for those marked so."""
    state: StateConfig
    secrets: SecretStore
    warnings: tuple[Diagnostic, ...]
    digest: str
    """Digest of `reconciler.yaml` with the environment laid over it."""
    files: tuple[str, ...] = ()
    """Every file that was read as part of the project, as shown to the user."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the command line and the process environment add to the files."""

    env: str | None = None
    """`--env`."""
    variables: tuple[str, ...] = ()
    """`--var K=V`, in order."""
    var_files: tuple[FilePath, ...] = ()
    """`--var-file`, in order."""
    environ: Mapping[str, str] | None = None
    """The process environment (`RECONCILER_EMULATOR`, `RECONCILER_VAR_*`, `env.…`); None takes the real one."""
    platforms: Mapping[str, Platform] | None = None
    """Platforms in place of the installed ones."""
    cache: bool = True
    """Whether parsed files may be cached in `.reconciler/cache/`."""


__all__ = [
    "AccountConfig",
    "Declaration",
    "Freeze",
    "Guardrails",
    "Limit",
    "LoadOptions",
    "Meta",
    "Move",
    "Origin",
    "Output",
    "Project",
    "Removed",
    "Rules",
    "StateConfig",
    "digest_of",
    "parent_attribute",
]
