"""Secrets: where `${secret.NAME}` comes from. Nothing is resolved before an account is contacted or a value is sent.

A pull request is untrusted: commands run only with `RECONCILER_ALLOW_COMMANDS=1`, and files outside the project are
read only under the folders in `RECONCILER_SECRET_FILES`.
"""

from __future__ import annotations

import importlib
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.adapters.base.declare import ChildMap
from reconciler.adapters.base.spelling import as_written, shown, suggestion
from reconciler.model.address import valid_name
from reconciler.model.values import SecretRef, Sensitive, Template
from reconciler.project.session import Session
from reconciler.project.yaml.document import Document

DEFAULT_PREFIX = "RECONCILER_SECRET_"
SOURCES = ("env", "file", "command", "keyring")
COMMAND_SECONDS = 60


class SecretError(ValueError):
    """A secret cannot be had; the message says what to set, and never what was found."""


@dataclass(slots=True)
class SecretStore:
    """Resolves secrets by name, each once."""

    root: Path
    environ: Mapping[str, str]
    prefix: str = DEFAULT_PREFIX
    sources: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """Listed names: (source, its setting)."""
    _known: dict[str, Sensitive] = field(default_factory=dict)

    def resolve(self, name: str, redact: Callable[[str], None]) -> Sensitive:
        """Return a secret's value; `redact` gets its text before anybody else. Raises SecretError."""
        if name not in self._known:
            source, setting = self.sources.get(name, ("env", self.variable(name)))
            text = {"env": self._env, "file": self._file, "command": self._command, "keyring": self._keyring}[source](
                name, setting
            )
            if not text:
                raise SecretError(f"secret.{name} is empty ({source})")
            redact(text)
            self._known[name] = Sensitive(text, f"secret.{name}")
        return self._known[name]

    def variable(self, name: str) -> str:
        """Return the environment variable that a secret which is not listed comes from."""
        return self.prefix + name.upper().replace("-", "_")

    def fill(self, value: Any, redact: Callable[[str], None]) -> Any:
        """Return a value with its secrets resolved: text with one in it becomes `Sensitive`. Raises SecretError."""
        if isinstance(value, Template) and value.is_secret:
            parts = [self.resolve(p.name, redact) if isinstance(p, SecretRef) else p for p in value.parts]
            if any(not isinstance(part, str | Sensitive) for part in parts):
                return Template(tuple(parts))
            if len(parts) == 1:
                return parts[0]
            text = "".join(str(part.value) if isinstance(part, Sensitive) else str(part) for part in parts)
            label = ", ".join(part.label for part in parts if isinstance(part, Sensitive))
            redact(text)
            return Sensitive(text, label)
        if isinstance(value, dict):
            filled = {key: self.fill(item, redact) for key, item in value.items()}
            if isinstance(value, ChildMap):
                return ChildMap(filled, open=value.open, aligned=value.aligned)
            return filled
        if isinstance(value, list):
            return [self.fill(item, redact) for item in value]
        return value

    def _env(self, name: str, setting: Any) -> str:
        value = self.environ.get(str(setting))
        if value is None:
            raise SecretError(f"secret.{name} is not there: set the environment variable {setting}")
        return value

    def _file(self, name: str, setting: Any) -> str:
        path = (self.root / str(setting)).resolve()
        allowed = [
            Path(item).resolve() for item in self.environ.get("RECONCILER_SECRET_FILES", "").split(os.pathsep) if item
        ]
        if not path.is_relative_to(self.root) and not any(path.is_relative_to(folder) for folder in allowed):
            raise SecretError(
                f"secret.{name}: {setting} lies outside the project: allow its folder by RECONCILER_SECRET_FILES"
            )
        try:
            return path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SecretError(f"secret.{name}: {setting} cannot be read: {reason}") from None

    def _command(self, name: str, setting: Any) -> str:
        if self.environ.get("RECONCILER_ALLOW_COMMANDS") != "1":
            raise SecretError(f"secret.{name} comes from a command: set RECONCILER_ALLOW_COMMANDS=1 to let it run")
        try:
            done = subprocess.run(  # noqa: S603 - the user allowed it, by a variable that no file of the project can set
                setting,
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SecretError(f"secret.{name}: {setting[0]} failed: {type(error).__name__}") from None
        if done.returncode != 0:
            raise SecretError(f"secret.{name}: {setting[0]} ended with exit code {done.returncode}")
        return str(done.stdout).removesuffix("\n").removesuffix("\r")

    def _keyring(self, name: str, setting: Any) -> str:
        try:
            keyring = importlib.import_module("keyring")
        except ImportError:
            raise SecretError(f"secret.{name} comes from the keyring: install the package keyring") from None
        found = keyring.get_password(setting["service"], setting["username"])
        if found is None:
            raise SecretError(f"secret.{name}: the keyring has no {setting['username']} of {setting['service']}")
        return str(found)


def read_secrets(session: Session, raw: Any, document: Document) -> SecretStore:
    """Read the `secrets:` section; what is wrong with it is reported."""
    store = SecretStore(session.root, session.environ)
    if raw is None:
        return store
    if not isinstance(raw, dict):
        session.error("secrets must be a map", place=document.position(("secrets",)), code="type")
        return store
    for name, value in raw.items():
        here = ("secrets", name)
        if name == "from":
            if value != "env":
                session.error(
                    f"secrets cannot come from {shown(value)}", "write from: env", place=document.position(here)
                )
        elif name == "prefix":
            store.prefix = as_written(value)
        elif not valid_name(name):
            session.error(f"{name!r} cannot be a secret's name", place=document.position(here, "key"))
        elif problem := _source_problem(value):
            fix = "write {env: X}, {file: path}, {command: [program, argument]} or {keyring: {service: …, username: …}}"
            session.error(f"secret {name}: {problem}", fix, place=document.position(here), code="secret-source")
        else:
            store.sources[name] = next((source, _setting(source, setting)) for source, setting in value.items())
    return store


def _source_problem(value: Any) -> str:
    if not isinstance(value, dict):
        return "a source is needed here, never the value"
    if len(value) != 1:
        return "one source is needed"
    ((source, setting),) = value.items()
    if source not in SOURCES:
        return f"unknown source {source}; {suggestion(source, list(SOURCES))}"
    if source == "command" and not (isinstance(setting, list) and setting and all(isinstance(i, str) for i in setting)):
        return "command takes a list: the program and its arguments"
    if source == "keyring" and not (
        (isinstance(setting, str) and setting.count("/") == 1)
        or (isinstance(setting, dict) and set(setting) == {"service", "username"})
    ):
        return "keyring takes service and username"
    if source in {"env", "file"} and not isinstance(setting, str):
        return f"{source} takes text"
    return ""


def _setting(source: str, setting: Any) -> Any:
    if source == "keyring" and isinstance(setting, str):
        service, _, username = setting.partition("/")
        return {"service": service, "username": username}
    return setting
