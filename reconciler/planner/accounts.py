"""Contact with accounts: adapters are made when they are first needed, each says who it is, and state is compared."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.adapters.base.adapter import Adapter, ClientFactory, Identity, Rates
from reconciler.model.values import SecretRef, Sensitive, is_secret, reveal

if TYPE_CHECKING:
    from reconciler.http import Budget, Client, Redactor, RequestLog
    from reconciler.project.model import AccountConfig, Project


HINTS: Mapping[int | None, str] = {
    401: " (the credentials were refused: look at the account's settings and secrets)",
    403: " (the credentials are known and may not do this: look at their rights on the platform)",
}
"""What to do about a status that an account answers with when it is asked who it is."""


class AccountError(Exception):
    """An account cannot be used: its settings, its credentials, or who they turned out to be."""

    def __init__(self, account: str, text: str) -> None:
        super().__init__(f"account {account}: {text}")
        self.account = account


@dataclass
class Wiring:
    """What all clients of a run share."""

    redactor: Redactor
    log: RequestLog
    budget: Budget
    read_only: bool = True
    guard: Callable[[str, str], None] | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    writers: int | None = None
    """`--parallelism`: at most so many writes at once per account, within the account's own limit."""


class Accounts:
    """The accounts of one run, by name. Iterating gives those in contact."""

    def __init__(self, project: Project, wiring: Wiring) -> None:
        self.project = project
        self.wiring = wiring
        self.identities: dict[str, Identity] = {}
        self._adapters: dict[str, Adapter] = {}
        self._clients: list[Client] = []

    def __iter__(self) -> Iterator[Adapter]:
        return iter(self._adapters.values())

    def adapter(self, name: str) -> Adapter:
        """Return an account's adapter, made on first use. Raises AccountError; ForeignHost before a secret is read."""
        if name not in self._adapters:
            config = self.project.accounts[name]
            self._check_host(config)
            try:
                settings = config.resolve(self.project.secrets, self.wiring.redactor.add)
                self._adapters[name] = config.platform.connect(name, settings, self._factory(config, settings))
            except ValueError as error:
                raise AccountError(name, str(error).removeprefix(f"account {name}: ")) from error
        return self._adapters[name]

    def _check_host(self, config: AccountConfig) -> None:
        """Look at where credentials would go before any secret is read: looking one up may run a command."""
        written = config.settings.get("base_url")
        if written is None or config.emulator is not None:
            return
        from reconciler.http import HostPolicy

        try:
            value = config.evaluate(written)
        except ValueError as error:
            raise AccountError(config.name, f"base_url: {error}") from error
        if is_secret(value):
            raise AccountError(config.name, "base_url must not hold a secret: addresses are told in messages")
        HostPolicy(config.platform.hosts, environ=self.wiring.environ).check(str(reveal(value)))

    def _factory(self, config: AccountConfig, settings: Mapping[str, Any]) -> ClientFactory:
        from reconciler.http import Client, HostPolicy, Rate

        wiring, clients = self.wiring, self._clients
        emulated = config.emulator is not None
        written = settings.get("rate") or {}

        class Factory(ClientFactory):
            def __call__(
                self,
                *,
                account: str,
                base_url: str,
                hosts: Sequence[str],
                auth: Any,
                rate: Rates,
                headers: Mapping[str, str],
            ) -> Client:
                limits = _rate(Rate, rate, written, lifted=emulated, writers=wiring.writers)
                client = Client(
                    base_url,
                    auth,
                    rate=limits,
                    hosts=HostPolicy(hosts, environ=wiring.environ),
                    account=account,
                    budget=wiring.budget,
                    log=wiring.log,
                    redactor=wiring.redactor,
                    headers=headers,
                    read_only=wiring.read_only,
                    guard=wiring.guard,
                )
                clients.append(client)
                return client

        return Factory()

    def identify(self, names: Sequence[str]) -> None:
        """Ask each account who it is, at once. Raises AccountError, which names every account that cannot be used.

        Hosts are looked at first, all of them, before any secret is read for one.
        """
        for step in (lambda name: self._check_host(self.project.accounts[name]), self.adapter):
            _raise_all({name: problem for name in names if (problem := _problem(step, name)) is not None})

        def ask(name: str) -> None:
            self.identities[name] = self.adapter(name).identity()

        with ThreadPoolExecutor(max_workers=max(1, min(8, len(names)))) as pool:
            asked = pool.map(lambda name: _problem(ask, name), names)
            problems = {name: found for name, found in zip(names, asked, strict=True) if found is not None}
        _raise_all(problems)

    def allow_writes(self) -> None:
        """Let the clients write from now on: the plan is made and accepted."""
        self.wiring.read_only = False
        for client in self._clients:
            client.read_only = False

    def secret(self, reference: SecretRef) -> Sensitive:
        """Return a secret's value, known to the redactor before anybody sees it. Raises SecretError."""
        return self.project.secrets.resolve(reference.name, self.wiring.redactor.add)

    def close(self) -> None:
        """Close all connections, and the log."""
        for client in self._clients:
            client.close()
        self.wiring.log.close()


def _problem(step: Callable[[str], object], name: str) -> Exception | None:
    """Return what stands in the way of a step for an account; None when nothing does."""
    from reconciler.http import HttpError

    try:
        step(name)
    except (AccountError, HttpError) as error:
        return error
    return None


def _raise_all(problems: Mapping[str, Exception]) -> None:
    """Raise one AccountError for all that was found, a line for each account."""
    lines = []
    for name, problem in problems.items():
        text = str(problem)
        hint = HINTS.get(getattr(problem, "status", None), "")
        lines.append((text if text.startswith(f"account {name}: ") else f"account {name}: {text}") + hint)
    if lines:
        first = next(iter(problems))
        raise AccountError(first, "\n".join(lines).removeprefix(f"account {first}: ")) from problems[first]


def _rate(make: Any, rate: Rates, written: Mapping[str, Any], *, lifted: bool, writers: int | None) -> Any:
    """Return the throttle: the account's own setting, else the platform's cautious default; none on the emulator."""
    base: dict[str, Any] = {
        "per_second": None if lifted else rate.per_second,
        "burst": rate.burst,
        "writers": 64 if lifted else rate.writers,
        "reads": 16 if lifted else rate.reads,
    }
    base.update({key: value for key, value in written.items() if key in base})
    if writers is not None:
        base["writers"] = writers if lifted else min(int(base["writers"]), writers)
    for key in ("burst", "writers", "reads"):
        base[key] = int(base[key])
    return make(**base)
