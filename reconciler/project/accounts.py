"""Accounts: settings checked as far as can be told offline, and resolved on first contact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from reconciler.adapters.base.adapter import Platform
from reconciler.adapters.base.spelling import as_written, suggestion
from reconciler.model.address import valid_name
from reconciler.model.values import Loose, Sensitive, Template, reveal
from reconciler.project.config import Config
from reconciler.project.evaluate import Frame, Room, has_expression, whole
from reconciler.project.expressions import CallNode, ExpressionError, PathNode, parse
from reconciler.project.model import AccountConfig
from reconciler.project.platforms import RESERVED, platform_name
from reconciler.project.secrets import SecretStore
from reconciler.project.session import Session

HEADS = frozenset({"env", "var", "secret", "project"})
WHERE = "in account settings"


def read_accounts(session: Session, config: Config, room: Room, emulator: str | None) -> dict[str, AccountConfig]:
    """Read the `accounts:` section with the environment laid over it; what is wrong is reported."""
    raw = config.value.get("accounts")
    out: dict[str, AccountConfig] = {}
    if raw is None:
        return out
    if not isinstance(raw, dict):
        session.error("accounts must be a map of names", place=config.place(("accounts",)), code="type")
        return out
    frame = Frame(room, session.root, heads=HEADS, where=WHERE)
    for name, body in raw.items():
        place = config.place(("accounts", name), "key")
        if name in RESERVED:
            session.error(f"no account can be called {name}", f"reserved: {', '.join(sorted(RESERVED))}", place=place)
            continue
        if not valid_name(name):
            session.error(f"{name!r} cannot be an account's name", "use letters, digits, _ and -", place=place)
            continue
        settings = {} if body is None else body
        if not isinstance(settings, dict):
            session.error(f"account {name} must be a map of settings", place=place, code="type")
            continue
        platform = _platform(session, config, name, settings)
        if platform is None:
            session.broken_accounts.add(("", name))
            continue
        _check(session, config, name, platform, settings, frame)
        out[name] = AccountConfig(name, platform, settings, place, lambda value: whole(value, frame), emulator)
    return out


def _platform(session: Session, config: Config, name: str, settings: Mapping[str, Any]) -> Platform | None:
    wanted = settings.get("platform") or platform_name(name)
    found = session.platforms.get(wanted) if isinstance(wanted, str) else None
    if found is None:
        path = ("accounts", name, "platform") if "platform" in settings else ("accounts", name)
        known = session.platforms.names()
        fix = suggestion(str(wanted), known)
        if "platform" not in settings and known:
            fix += "; an account named otherwise says platform: …"
        place = config.place(path, "value" if "platform" in settings else "key")
        problem = f"platform {wanted} is not installed"
        session.error(problem, fix or "no platform is installed", place=place, address=name, code="unknown-platform")
    return found


def _check(
    session: Session, config: Config, name: str, platform: Platform, settings: Mapping[str, Any], frame: Frame
) -> None:
    known = list(platform.settings.model_fields)
    fixed: dict[str, Any] = {}
    path: tuple[str | int, ...]
    for key, value in settings.items():
        path = ("accounts", name, key)
        if key not in known:
            place = config.place(path, "key")
            fix = suggestion(key, known)
            session.error(
                f"unknown setting {key} of {platform.name}", fix, place=place, address=name, code="unknown-key"
            )
            continue
        if has_expression(value):
            _check_expressions(session, config, name, path, value, frame)
            continue
        if key in platform.secret_settings and value is not None:
            session.error(
                f"{key} is a secret and stands here in clear text",
                "write ${secret.NAME} and keep the value outside",
                place=config.place(path),
                address=name,
                code="secret-literal",
            )
            continue
        fixed[key] = _plain(platform, key, value)
    try:
        platform.settings.model_validate(fixed)
    except ValidationError as error:
        for finding in error.errors(include_url=False, include_input=False):
            path = ("accounts", name, *finding["loc"])
            if finding["type"] == "missing":
                if finding["loc"][0] in settings:
                    continue
                problem, fix = (
                    f"{finding['loc'][0]} is missing, {platform.name} requires it",
                    f"add {finding['loc'][0]}: …",
                )
                path = ("accounts", name)
            else:
                problem, fix = f"{'.'.join(map(str, finding['loc']))}: {_said(finding)}", ""
            place = config.place(path, "value" if len(path) > 2 else "key")
            session.error(problem, fix, place=place, address=name, code="setting")


def _plain(platform: Platform, key: str, value: Any) -> Any:
    if isinstance(value, bool | int | float | Loose) and key in platform.text_settings:
        return as_written(value)
    return str(value) if isinstance(value, Loose) else value


def _check_expressions(
    session: Session, config: Config, name: str, path: tuple[str | int, ...], value: Any, frame: Frame
) -> None:
    """Report what can be told of expressions without resolving them: grammar, first words, names of variables."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            _check_expressions(session, config, name, (*path, key), item, frame)
    elif isinstance(value, str) and "${" in value:
        try:
            for part in parse(value):
                if isinstance(part, CallNode):
                    for argument in part.arguments:
                        if isinstance(argument, PathNode):
                            _check_path(argument, frame)
                elif isinstance(part, PathNode):
                    _check_path(part, frame)
        except ExpressionError as error:
            session.error(error.problem, error.fix, place=config.place(path), address=name, code="expression")


def _check_path(node: PathNode, frame: Frame) -> None:
    if node.head not in HEADS or not node.steps:
        allowed = ", ".join(f"{head}.…" for head in sorted(HEADS))
        raise ExpressionError(f"${{{node.text}}} cannot be used {WHERE}", f"possible: {allowed}")
    first = str(node.steps[0].value)
    if node.head == "var":
        frame.room.variable(first)
    elif node.head == "secret":
        frame.room.secret(first)


def resolve(account: AccountConfig, secrets: SecretStore, redact: Callable[[str], None]) -> dict[str, Any]:
    """Return an account's settings in clear text. Raises ValueError, which names the account and what is missing."""
    platform = account.platform
    raw = dict(account.settings)
    if account.emulator is not None:
        raw = {key: value for key, value in raw.items() if key in platform.scope_settings}
    settings: dict[str, Any] = {}
    for key, value in raw.items():
        try:
            found = secrets.fill(account.evaluate(value), redact)
        except ValueError as error:
            raise ValueError(f"account {account.name}: {key}: {error}") from None
        if isinstance(found, Template):
            raise ValueError(f"account {account.name}: {key} waits for another resource, which no setting can")  # noqa: TRY004
        clear = found.value if isinstance(found, Sensitive) else reveal(found)
        settings[key] = _plain(platform, key, clear)
    if account.emulator is not None:
        settings.update(platform.emulator_settings(account.name))
        settings["base_url"] = f"{account.emulator.rstrip('/')}/{platform.name}"
        settings["rate"] = {"per_second": None}
    try:
        checked = platform.settings.model_validate(settings)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, found["loc"]))
        raise ValueError(f"account {account.name}: {where}: {_said(found)}") from None
    return checked.model_dump(by_alias=True, exclude_none=True) | (
        {"rate": settings["rate"]} if account.emulator is not None else {}
    )


def _said(finding: Mapping[str, Any]) -> str:
    """Return what pydantic found, in plain words."""
    return str(finding["msg"]).removeprefix("Value error, ")
