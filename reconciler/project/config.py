"""`reconciler.yaml`: read, checked, and with the chosen environment laid over it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Literal

from reconciler.adapters.base.spelling import as_written, shown, suggestion
from reconciler.model.address import valid_name
from reconciler.project.diagnostics import Place
from reconciler.project.model import StateConfig
from reconciler.project.overlay import overlay
from reconciler.project.session import Session
from reconciler.project.yaml.document import Document

FILE = "reconciler.yaml"
KEYS = (
    "version",
    "name",
    "required_version",
    "accounts",
    "secrets",
    "variables",
    "resources",
    "state",
    "environments",
    "default_environment",
    "guardrails",
    "outputs",
    "modules",
    "moved",
    "removed",
    "defaults",
)
OVERLAY_KEYS = ("accounts", "variables", "state", "guardrails")
DEFAULT_STATE = ".reconciler/state.json"
EMULATOR_VARIABLE = "RECONCILER_EMULATOR"


@dataclass(slots=True)
class Config:
    """The file's value with the environment laid over it (but for variables, whose overlay is a source of its own)."""

    document: Document
    value: dict[str, Any]
    environment: str | None
    over: Mapping[str, Any]
    """What the environment says."""

    def place(self, path: tuple[str | int, ...], of: Literal["key", "value"] = "value") -> Place:
        """Return the place of a setting: in the environment where that says it, else in the base."""
        here: Any = self.over
        for part in path:
            if not isinstance(here, dict) or part not in here:
                return self.document.position(path, of)
            here = here[part]
        return self.document.position(("environments", self.environment or "", *path), of)


def read_config(session: Session) -> Config | None:
    """Read `reconciler.yaml`; None when it cannot be used at all. What is wrong is reported."""
    path = session.root / FILE
    if not path.is_file():
        session.error(
            f"there is no {FILE} in {session.root.name or session.root}",
            "run `reconciler init`, or name the project's folder with --chdir",
            place=None,
            code="no-project",
        )
        return None
    read = session.documents([path])
    if not read:
        return None
    document = read[0][0]
    value = document.value
    if not isinstance(value, dict):
        session.error(f"{FILE} must be a map", place=document.position(()), code="type")
        return None
    session.unknown_keys(value, KEYS, document, (), "key")
    _versions(session, value, document)
    name = value.get("name")
    if isinstance(name, str) and valid_name(name):
        session.project_name = name
    else:
        problem = "name is missing" if name is None else f"{shown(name)} cannot be the name of a project"
        place = document.position(("name",) if name is not None else (), "value")
        session.error(problem, "add name: …, with letters, digits, _ and -", place=place, code="name")
    chosen, over = _environment(session, value, document)
    session.environment = chosen
    laid = dict(value)
    for key in OVERLAY_KEYS:
        if key in over and key != "variables":
            laid[key] = overlay(value.get(key), over[key])
    return Config(document, laid, chosen, over)


def environment_names(value: Mapping[str, Any]) -> list[str]:
    """Return the environments that a `reconciler.yaml` declares."""
    found = value.get("environments")
    return list(found) if isinstance(found, dict) else []


def _versions(session: Session, value: Mapping[str, Any], document: Document) -> None:
    version = value.get("version")
    if version is None:
        session.error("version is missing", "add version: 1", place=document.position(()), code="version")
    elif version != 1 or isinstance(version, bool):
        place = document.position(("version",))
        session.error(f"version {shown(version)} is not known", "write version: 1", place=place, code="version")
    wanted = value.get("required_version")
    if wanted is None:
        return
    from reconciler import __version__

    place = document.position(("required_version",))
    fits = satisfies(__version__, as_written(wanted))
    if fits is None:
        session.error(f"required_version {shown(wanted)} is not understood", 'write ">=0.1" or ">=0.1,<2"', place=place)
    elif not fits:
        problem = f"this is reconciler {__version__}, and the project requires {wanted}"
        session.error(problem, "install a version that fits", place=place, code="required-version")


def satisfies(version: str, wanted: str) -> bool | None:
    """Tell whether a version meets every one of the comma-separated conditions; None when one cannot be understood."""
    have = _numbers(version)
    for condition in wanted.split(","):
        match = re.fullmatch(r"\s*(>=|<=|==|!=|~=|>|<|)\s*(\d+(?:\.\d+)*)\s*", condition)
        if match is None:
            return None
        operator, text = match[1] or "==", match[2]
        want = _numbers(text)
        size = max(len(have), len(want))
        mine, theirs = have + (0,) * (size - len(have)), want + (0,) * (size - len(want))
        close = want[: max(1, len(want) - 1)]
        if not {
            ">=": mine >= theirs,
            "<=": mine <= theirs,
            ">": mine > theirs,
            "<": mine < theirs,
            "==": mine == theirs,
            "!=": mine != theirs,
            "~=": mine >= theirs and mine[: len(close)] == close,
        }[operator]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[^0-9.]", version, maxsplit=1)[0]))


def _environment(
    session: Session, value: Mapping[str, Any], document: Document
) -> tuple[str | None, Mapping[str, Any]]:
    declared = value.get("environments")
    wanted = session.options.env
    if declared is None:
        if wanted is not None:
            session.error(f"--env {wanted}: the project has no environments", place=None, code="environment")
        return None, {}
    if not isinstance(declared, dict):
        session.error("environments must be a map of names", place=document.position(("environments",)), code="type")
        return None, {}
    for name, body in declared.items():
        here = ("environments", name)
        if not valid_name(name) or name == "emulator":
            fix = "use letters, digits, _ and -; not emulator"
            session.error(f"{name!r} cannot be the name of an environment", fix, place=document.position(here, "key"))
        if not isinstance(body, dict):
            session.error(
                f"environment {name} must be a map", "write {} for none", place=document.position(here), code="type"
            )
            continue
        session.unknown_keys(body, OVERLAY_KEYS, document, here, "key of an environment:")
        for key in OVERLAY_KEYS[:2]:
            if key in body and not isinstance(body[key], dict):
                session.error(f"{key} must be a map", place=document.position((*here, key)), code="type")
    names = ", ".join(declared)
    chosen = wanted if wanted is not None else value.get("default_environment")
    if chosen is None:
        session.error("no environment is chosen", f"say --env, one of {names}", place=None, code="environment")
        return None, {}
    if chosen not in declared:
        place = None if wanted is not None else document.position(("default_environment",))
        fix = suggestion(str(chosen), list(declared))
        session.error(f"there is no environment {chosen}", fix, place=place, code="environment")
        return None, {}
    body = declared[chosen]
    clean = {key: item for key, item in body.items() if key != "accounts" or isinstance(item, dict)} if body else {}
    return chosen, clean if isinstance(body, dict) else {}


def state_config(session: Session, config: Config, emulator: str | None) -> StateConfig:
    """Return where the ledger is. An environment's own has its name in it; the emulator's is always apart."""
    folder = session.root / ".reconciler"
    env = config.environment
    written = _written_state(session, config)
    if emulator is not None:
        return StateConfig(folder / (f"state.{env}.emulator.json" if env else "state.emulator.json"))
    return written


def _written_state(session: Session, config: Config) -> StateConfig:
    folder = session.root / ".reconciler"
    env = config.environment
    own = "state" in config.over
    value = config.value.get("state", DEFAULT_STATE)
    place = config.place(("state",))
    if isinstance(value, dict):
        url, path, options = (
            value.get("url"),
            value.get("path"),
            {k: v for k, v in value.items() if k not in {"url", "path"}},
        )
        if (url is None) == (path is None):
            session.error("state needs path or url", "write state: .reconciler/state.json", place=place, code="state")
            return StateConfig(folder / "state.json")
        text = url if url is not None else path
        own = own and bool({"url", "path"} & set(config.over.get("state") or {}))
    else:
        text, options = value, {}
    if not isinstance(text, str) or not text:
        session.error("state must be a path or a URL", "write state: .reconciler/state.json", place=place, code="state")
        return StateConfig(folder / "state.json")
    if env is not None and not own:
        text = _with_name(text, env)
    if "://" in text:
        return StateConfig(None, text, options)
    path_found = (session.root / text).resolve()
    if not path_found.is_relative_to(session.root):
        session.error(
            f"the ledger {text} lies outside the project", "keep it below the project", place=place, code="state"
        )
    return StateConfig(path_found, None, options)


def _with_name(text: str, env: str) -> str:
    head, slash, last = text.rpartition("/")
    stem, dot, ending = last.rpartition(".")
    return f"{head}{slash}{stem}.{env}{dot}{ending}" if stem else f"{head}{slash}{last}.{env}"


def resource_files(session: Session, config: Config) -> list[FilePath]:
    """Return the resource files: those listed, and all `*.yaml` and `*.yml` below listed folders, hidden ones not."""
    listed = config.value.get("resources", ["resources/"])
    if not isinstance(listed, list) or any(not isinstance(item, str) for item in listed):
        place = config.place(("resources",))
        session.error("resources must be a list of files and folders", "write [resources/]", place=place, code="type")
        return []
    out: dict[FilePath, None] = {}
    for i, item in enumerate(listed):
        path = (session.root / item).resolve()
        place = config.document.position(("resources", i))
        if not path.is_relative_to(session.root):
            session.error(f"{item} lies outside the project", "only a module's source may", place=place, code="outside")
        elif path.is_dir():
            out.update(dict.fromkeys(_below(session, path)))
        elif path.is_file():
            out[path] = None
        elif path != session.root / "resources":
            session.error(
                f"there is no file or folder {item}", "correct the name, or remove it", place=place, code="no-file"
            )
    return [path for path in out if path != session.root / FILE]


def _below(session: Session, folder: FilePath, above: tuple[FilePath, ...] = ()) -> list[FilePath]:
    found: list[FilePath] = []
    above = (*above, folder.resolve())
    for item in _entries(session, folder):
        if item.name.startswith("."):
            continue
        real = item.resolve()
        if item.is_dir():
            if not _is_module(item) and real.is_relative_to(session.root) and real not in above:
                found.extend(_below(session, item, above))
        elif item.suffix in {".yaml", ".yml"}:
            if item.exists() and not item.is_file():
                session.error(f"{session.shown(item)} is no file", "remove it", place=None, code="no-file")
            elif real.is_relative_to(session.root):
                found.append(item)
            else:
                session.error(
                    f"{session.shown(item)} leads out of the project by a symbolic link", "copy the file", place=None
                )
    return found


def _entries(session: Session, folder: FilePath) -> list[FilePath]:
    """Return what lies in a folder, by name; a folder that cannot be looked into is an error, never an empty one."""
    try:
        found = sorted(folder.iterdir(), key=lambda path: path.name)
        for item in found[:1]:
            item.lstat()
    except OSError as error:
        problem = f"the folder {session.shown(folder)} cannot be read: {error.strerror or type(error).__name__}"
        session.error(problem, "give this user the right to read it", place=None, code="unreadable")
        return []
    return found


def _is_module(folder: FilePath) -> bool:
    try:
        return (folder / "module.yaml").exists()
    except PermissionError:
        return False  # and what is the matter with it is said when its files are looked for
