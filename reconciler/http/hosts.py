"""Where credentials may go.

The files of a pull request are not to be trusted: a changed ``base_url`` must not carry the secrets of CI to a
stranger. What may be added is said outside the repository, in the environment.
"""

import os
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING

from reconciler.http.errors import ForeignHost

if TYPE_CHECKING:
    import httpx

__all__ = ["ALLOWED_HOSTS", "HostPolicy", "is_loopback"]

ALLOWED_HOSTS = "RECONCILER_ALLOWED_HOSTS"
_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Tell whether a host name is this machine itself. Only plain spellings: no octal, no decimal, no lookup."""
    if host in {"localhost", "localhost."}:
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class HostPolicy:
    """Which hosts may get the credentials of a platform.

    ``allowed`` are the platform's own: ``convert.com`` takes in ``api.convert.com`` (whole labels), over https only.
    ``RECONCILER_ALLOWED_HOSTS`` adds some, comma separated, also over http: ``host``, ``host:port``, ``*.suffix``.
    Loopback is always allowed.
    """

    def __init__(self, allowed: Iterable[str], *, environ: Mapping[str, str] | None = None) -> None:
        self._own = tuple(_plain(name).removeprefix("*.") for name in allowed)
        text = (os.environ if environ is None else environ).get(ALLOWED_HOSTS, "")
        self._extra = tuple(_plain(entry) for entry in text.split(",") if entry.strip())

    def check(self, url: "str | httpx.URL") -> None:
        """Raise ForeignHost unless credentials may be sent to this address. Call it before a secret is resolved."""
        import httpx

        try:
            parsed = httpx.URL(url)  # the same parser that decides where the request goes
        except (httpx.InvalidURL, TypeError):
            parsed = httpx.URL()
        host = _plain(parsed.raw_host.decode("ascii", "replace"))
        if parsed.scheme not in _PORTS or not host:
            raise ForeignHost("the address of the platform must start with https:// and name a host")
        if parsed.userinfo:
            raise ForeignHost(f"the address of the platform must hold no user or password (host {host})")
        port = parsed.port or _PORTS[parsed.scheme]
        if is_loopback(host) or self._is_extra(host, port):
            return
        own = any(host == name or host.endswith(f".{name}") for name in self._own)
        if own and parsed.scheme == "https":
            return
        shown = f"[{host}]" if ":" in host else host
        place = shown if parsed.port is None else f"{shown}:{parsed.port}"
        if own:
            raise ForeignHost(
                f"credentials go to {host} over https only. If plain http is meant, set {ALLOWED_HOSTS}={place} in the "
                "environment"
            )
        raise ForeignHost(
            f"{host} is not a host of this platform ({', '.join(self._own) or 'none is known'}); no credentials were "
            f"sent. If it is right, set {ALLOWED_HOSTS}={place} in the environment (not in the project's files)"
        )

    def _is_extra(self, host: str, port: int) -> bool:
        for entry in self._extra:
            name, number = _split_port(entry)
            if number is not None and number != port:
                continue
            if host.endswith(name[1:]) if name.startswith("*.") else host == name:
                return True
        return False


def _plain(name: str) -> str:
    return name.strip().lower().rstrip(".")


def _split_port(entry: str) -> tuple[str, int | None]:
    """Take ``host``, ``host:port``, ``[v6]``, ``[v6]:port`` or a bare v6 address apart."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, int(rest[1:]) if rest[1:].isdecimal() else None
    name, colon, port = entry.rpartition(":")
    if colon and ":" not in name:
        return name.rstrip("."), int(port) if port.isdecimal() else -1
    return entry, None
