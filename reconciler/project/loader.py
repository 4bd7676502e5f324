"""Load a project: files to declarations with places. No network, no secrets; everything wrong is said in one go."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from reconciler.model.address import Address
from reconciler.model.values import Sensitive, Template
from reconciler.project.accounts import read_accounts
from reconciler.project.config import (
    EMULATOR_VARIABLE,
    Config,
    environment_names,
    read_config,
    resource_files,
    state_config,
)
from reconciler.project.declarations import Pending, check_pending, check_unique, declare
from reconciler.project.diagnostics import Place
from reconciler.project.evaluate import Frame, has_expression, interpolate
from reconciler.project.expressions import ExpressionError
from reconciler.project.guardrails import read_guardrails
from reconciler.project.model import AccountConfig, Declaration, LoadOptions, Move, Project, Removed, digest_of
from reconciler.project.modules import DEFAULT_HEADS, IN_DEFAULT, Rooms, call_modules, resolver
from reconciler.project.moves import check_moves, read_moves, read_removed
from reconciler.project.outputs import read_outputs
from reconciler.project.overlay import overlay
from reconciler.project.resources import collect_defaults
from reconciler.project.rooms import ModuleRoom
from reconciler.project.secrets import read_secrets
from reconciler.project.session import Session
from reconciler.project.variables import (
    ENVIRONMENT,
    Definition,
    Variables,
    files_source,
    options_source,
    process_source,
    read_definitions,
    section_source,
)


def load(root: FilePath, options: LoadOptions | None = None) -> Project:
    """Read the project in a folder. Raises ProjectError with every error (and warning) that was found.

    The garbage collector rests meanwhile: loading makes only lasting objects.
    """
    session = Session(root, options or LoadOptions())
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _load(session)
    finally:
        if collecting:
            gc.enable()


def _load(session: Session) -> Project:
    config = read_config(session)
    if config is None or (config.environment is None and session.diagnostics.has_errors and _has_environments(config)):
        session.diagnostics.raise_errors()
    assert config is not None
    emulator = session.environ.get(EMULATOR_VARIABLE) or None
    root = ModuleRoom(session, "", session.root, {})
    root.variables = _variables(session, config, root)
    digest = digest_of([config.value, config.over])
    _interpolate_sections(session, config, root)
    root.accounts = read_accounts(session, config, root, emulator)
    secrets = read_secrets(session, config.value.get("secrets"), config.document)
    rooms = Rooms(all=[root])
    if "defaults" in config.value:
        collect_defaults(root, config.value["defaults"], config.document, ("defaults",), session.root)
    rooms.take_in(root, session.documents(resource_files(session, config)))
    for section in ("moved", "removed"):
        if section in config.value:
            rooms.sections.append((root, section, config.value[section], config.document))
    call_modules(rooms, root, config.value.get("modules"), config.document, session.root)
    for room in rooms.all:
        assert room.variables is not None
        room.variables.all()
    declarations = _declarations(rooms)
    moved, removed = _moves(session, rooms, declarations)
    frame = Frame(root, session.root)
    outputs = read_outputs(session, config.value.get("outputs"), config.document, frame, declarations)
    for room, raw, document, own in rooms.outputs:
        read_outputs(session, raw, document, own, declarations, room.prefix)
    guardrails = read_guardrails(session, config, _limit_names(root.accounts))
    state = state_config(session, config, emulator)
    _warn_of_shared_scopes(session, config, root.accounts)
    session.diagnostics.raise_errors()
    return Project(
        name=session.project_name,
        root=session.root,
        environment=session.environment,
        emulator=emulator,
        accounts=root.accounts,
        declarations=declarations,
        moved=tuple(moved),
        removed=tuple(removed),
        guardrails=guardrails,
        outputs=outputs,
        variables={name: _shown(value) for name, value in root.variables.all().items()},
        state=state,
        secrets=secrets,
        warnings=tuple(session.diagnostics.sorted()),
        digest=digest,
        files=tuple(dict.fromkeys(session.files)),
    )


def _interpolate_sections(session: Session, config: Config, root: ModuleRoom) -> None:
    """Work out expressions in sections that have no frame of their own; one that cannot be is left out."""
    frame = Frame(root, session.root, heads=DEFAULT_HEADS, where="in reconciler.yaml outside accounts and outputs")
    for section in ("resources", "state", "guardrails", "secrets"):
        written = config.value.get(section)
        if not has_expression(written):
            continue
        failed = False

        def report(path: tuple[str | int, ...], error: ExpressionError, section: str = section) -> None:
            nonlocal failed
            failed = True
            place = config.place((section, *path))
            session.error(error.problem, error.fix, place=place, code="expression")

        value = interpolate(written, frame, report)
        if failed:
            del config.value[section]
        else:
            config.value[section] = value


def _has_environments(config: Config) -> bool:
    return bool(environment_names(config.document.value))


def _shown(value: Any) -> Any:
    """Return a variable's value as the plan sees it: one that is marked sensitive as `Sensitive` itself."""
    if isinstance(value, Template) and isinstance(value.only, Sensitive):
        return value.only
    return value


def _variables(session: Session, config: Config, root: ModuleRoom) -> Variables:
    document = config.document
    frame = Frame(root, session.root, heads=DEFAULT_HEADS, where=IN_DEFAULT)
    raw = config.value.get("variables", {})
    definitions = read_definitions(session, raw, document, ("variables",), frame)
    over = config.over.get("variables")
    over = over if isinstance(over, dict) else {}
    path = ("environments", config.environment or "", "variables")
    for environment in environment_names(document.value):
        body = document.value["environments"][environment]
        named = body.get("variables") if isinstance(body, dict) else None
        for name in named if isinstance(named, dict) else ():
            if name not in definitions:
                here = ("environments", environment, "variables", name)
                problem, fix = f"there is no variable {name}", "declare it under variables:"
                session.error(problem, fix, place=document.position(here, "key"), code="variable")
    files = [document for document, _ in session.documents([path.resolve() for path in session.options.var_files])]
    sources = [
        options_source(session, session.options.variables, definitions),
        files_source(files, session, definitions),
        process_source(session.environ),
        section_source(over, document, path, frame, ENVIRONMENT),
    ]

    def missing(definition: Definition) -> tuple[str, Place | None]:
        name = definition.name
        return f"give --var {name}=…, set RECONCILER_VAR_{name}, or write a default", None

    return Variables(session, definitions, sources, resolver(root, root), missing)


def _declarations(rooms: Rooms) -> dict[str, Declaration]:
    out: dict[str, Declaration] = {}
    waiting: list[Pending] = []
    for room in rooms.all:
        for named in room.entries.values():
            for entry in named.values():
                for index in entry.instances():
                    if entry.enabled(index):
                        declaration, pending = declare(entry, index)
                        out[declaration.address] = declaration
                        if pending is not None:
                            waiting.append(pending)
    for pending in waiting:
        check_pending(pending, out)
    check_unique(rooms.all[0].session, out)
    rooms.all[0].session.bodies.save()
    return out


def _moves(session: Session, rooms: Rooms, declarations: Mapping[str, Declaration]) -> tuple[list[Move], list[Removed]]:
    by_prefix = {room.prefix: room for room in rooms.all}

    def find(address: Address) -> AccountConfig | None:
        module = address.module_path
        room = by_prefix.get(f"{module}." if module else "")
        return None if room is None else room.accounts.get(address.account)

    moved: list[Move] = []
    removed: list[Removed] = []
    for room, section, raw, document in rooms.sections:
        if section == "moved":
            moved.extend(read_moves(session, raw, document, room.prefix, find))
        else:
            removed.extend(read_removed(session, raw, document, room.prefix))
    check_moves(session, moved, removed, declarations)
    return moved, removed


def _limit_names(accounts: Mapping[str, AccountConfig]) -> set[str]:
    out: set[str] = set()
    for name, account in accounts.items():
        platform = account.platform
        out |= {name, platform.name}
        out |= {f"{owner}.{kind}" for owner in (name, platform.name) for kind in platform.kinds}
    return out


def _warn_of_shared_scopes(session: Session, config: Config, accounts: Mapping[str, AccountConfig]) -> None:
    """Two environments that write to the same place are most likely a mistake."""
    base = config.document.value
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for environment in environment_names(base):
        body = base["environments"][environment]
        over = body.get("accounts") if isinstance(body, dict) else None
        laid = overlay(base.get("accounts") or {}, over if isinstance(over, dict) else {})
        for name, settings in laid.items():
            account = accounts.get(name)
            if account is None or not isinstance(settings, dict):
                continue
            scope = _scope(account, settings)
            if scope is None:
                continue
            other = known.setdefault((account.platform.name, scope), (environment, name))
            if other[0] != environment:
                session.warning(
                    f"environments {other[0]} and {environment} write to the same place (account {name})",
                    "give each its own scope",
                    place=config.document.position(("environments", environment), "key"),
                    address=name,
                    code="shared-scope",
                )


def _scope(account: AccountConfig, settings: Mapping[str, Any]) -> str | None:
    """Return what tells one account's scope from another's as written; None when it depends on the environment."""
    names = [name for name in account.platform.scope_settings if settings.get(name) is not None]
    told = {name: settings[name] for name in names} or dict(settings)
    if any(
        isinstance(value, str) and ("${var." in value or "${project." in value or "(" in value)
        for value in told.values()
        if has_expression(value)
    ):
        return None
    return repr(sorted((name, str(value)) for name, value in told.items()))
