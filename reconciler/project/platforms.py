"""Platforms by name: installed packages announce them, and one is imported only when an account of it is configured."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from reconciler.adapters.base.adapter import Platform

GROUP = "reconciler.platforms"
"""The entry point group. An entry's name is the platform's; its object is a `Platform` instance."""
RESERVED = frozenset({"env", "var", "secret", "each", "self", "module", "project"})
"""Words that begin other paths of expressions, so no account may have them as its name."""


class Platforms:
    """All platforms that can be had, each loaded on first use."""

    def __init__(self, given: Mapping[str, Platform] | None = None) -> None:
        self._loaded: dict[str, Platform] = dict(given or {})
        self._entries: dict[str, EntryPoint] | None = None if given is None else {}

    def _known(self) -> dict[str, EntryPoint]:
        if self._entries is None:
            self._entries = {entry.name: entry for entry in entry_points(group=GROUP)}
        return self._entries

    def names(self) -> list[str]:
        """Return the names of all platforms, without importing any."""
        return sorted({*self._loaded, *self._known()})

    def get(self, name: str) -> Platform | None:
        """Return a platform, or None when none of that name is installed.

        Raises TypeError when what a package announces is no platform; errors of its import come through.
        """
        found = self._loaded.get(name)
        if found is None and (entry := self._known().get(name)) is not None:
            loaded = entry.load()
            if not isinstance(loaded, Platform):
                raise TypeError(f"entry point {entry.value} of group {GROUP} is no Platform")
            found = self._loaded[name] = loaded
        return found


def platform_name(account: str) -> str:
    """Return the platform that an account's name means: what stands before its first `-`."""
    return account.partition("-")[0]
