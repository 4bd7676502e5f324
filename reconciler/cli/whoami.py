"""`reconciler whoami`: who each account's credentials are, what they may do, and whether the clocks agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common

if TYPE_CHECKING:
    from reconciler.adapters.base.adapter import Adapter
    from reconciler.model.kind import Kind
    from reconciler.planner.accounts import Accounts

SKEW_SECONDS = 30.0
"""A difference of clocks that is worth a warning: signed requests expire."""


@click.command("whoami")
@click.argument("names", nargs=-1, metavar="[ACCOUNT]...")
@common
def command(common: Common, names: tuple[str, ...]) -> int:
    """Ask each account who it is; with --verbose also which kinds of objects can be read."""
    with runtime.errors():
        project = runtime.load_project(common)
        runtime.banner(project, common)
        unknown = [name for name in names if name not in project.accounts]
        if unknown:
            known = ", ".join(project.accounts) or "none"
            raise click.ClickException(f"there is no account {unknown[0]}; known: {known}")
        accounts = runtime.open_accounts(project, common)
        failed = 0
        try:
            for name in names or tuple(project.accounts):
                failed += not _tell(accounts, name, common)
        finally:
            accounts.close()
        return 1 if failed else 0


def _tell(accounts: Accounts, name: str, common: Common) -> bool:
    """Print one account; tell whether it could be identified."""
    from reconciler.http import HttpError
    from reconciler.planner.accounts import AccountError

    config = accounts.project.accounts[name]
    try:
        accounts.identify([name])
    except (AccountError, HttpError) as error:
        text = str(error)
        click.echo(text if text.startswith("account ") else f"account {name}: {text}", err=True)
        return False
    identity, adapter = accounts.identities[name], accounts.adapter(name)
    runtime.emit(f"{name}: {config.platform.title}, {identity.id}" + (f" ({identity.name})" if identity.name else ""))
    scope = {key: value for key, value in adapter.scope.items() if value != identity.id}
    for key, value in {**scope, **identity.details}.items():
        runtime.emit(f"  {key}: {value}")
    skew = adapter.client.clock_skew
    if skew is not None:
        runtime.emit(f"  clock skew: {round(skew):+d} s")
        if abs(skew) >= SKEW_SECONDS:
            runtime.say(f"warning: {name}: this machine's clock is off; signed requests may be refused", common)
    if common.verbose:
        for kind in adapter.kinds.values():
            answer = _readable(adapter, kind)
            if answer:
                runtime.emit(f"  {kind.name}: {answer}")
    return True


def _readable(adapter: Adapter, kind: Kind) -> str:
    """Return how reading a kind goes; nothing for kinds that need a scope which the account does not name."""
    from reconciler.http import HttpError

    scope: dict[str, str] = {}
    if kind.parent is not None:
        name = next(name for name, shape in kind.shape.fields.items() if shape.parent is not None)
        if adapter.scope.get(name) is None:
            return ""
        scope = {name: adapter.scope[name]}
    try:
        return f"can be read ({len(adapter.list(kind, scope))})"
    except HttpError as error:
        return f"cannot be read: {error}"
