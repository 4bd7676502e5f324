"""What one emulated platform offers to the emulator's core: its routes, its tables, and a hand at its UI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from starlette.routing import BaseRoute

Stored = dict[str, Any]
"""One object as the platform stores it: every attribute, secrets in clear text, `_account` naming its tenant."""


class Platform(Protocol):
    """One emulated platform: its own tables, validation and traps, behind real HTTP."""

    name: str
    """First path segment of every URL of the platform: `convert`, `leadconduit`."""

    def routes(self) -> Sequence[BaseRoute]:
        """Return the platform's routes, with paths relative to `/<name>`."""
        ...

    def credentials(self) -> Sequence[str]:
        """Return the lines that `reconciler emulator` prints about how to sign in."""
        ...

    def dump(self) -> Mapping[str, Sequence[Stored]]:
        """Return every stored object, by kind (plural, as in addresses), in a form that `load` takes."""
        ...

    def load(self, data: Mapping[str, Sequence[Stored]]) -> None:
        """Add or overwrite stored objects; a missing `_account` means the default tenant."""
        ...

    def edit(self, kind: str, object_id: str, values: Mapping[str, Any] | None, user: str) -> None:
        """Change (or delete, when `values` is None) one object as somebody at the UI would; writes the change history.

        `values` are top-level attributes; a dotted key (`settings.min_running_time`, `variations.0.name`) reaches
        inside. `object_id` may be `<account>/<id>` where several accounts have an object of that id.
        Raises LookupError when there is no such object.
        """
        ...

    def reset(self) -> None:
        """Forget everything: the state right after start."""
        ...
