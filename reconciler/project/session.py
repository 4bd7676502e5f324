"""One load: what all its parts share. Files are read through it, so that each is read once and none from outside."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from reconciler.adapters.base.spelling import suggestion
from reconciler.project.bodycache import BodyCache
from reconciler.project.diagnostics import Diagnostics, Place
from reconciler.project.expressions import ExpressionError
from reconciler.project.model import LoadOptions
from reconciler.project.platforms import Platforms
from reconciler.project.yaml.cache import ParseCache
from reconciler.project.yaml.document import Document
from reconciler.project.yaml.files import decode, read_files, shown_path

if TYPE_CHECKING:
    from reconciler.project.rooms import Entry


class Session:
    """State of one load; `root` is the project's folder, symbolic links resolved."""

    def __init__(self, root: FilePath, options: LoadOptions) -> None:
        self.root = root.resolve()
        self.options = options
        self.environ: Mapping[str, str] = os.environ if options.environ is None else options.environ
        self.diagnostics = Diagnostics()
        self.platforms = Platforms(options.platforms)
        self.project_name = ""
        self.environment: str | None = None
        self.files: list[str] = []
        self.entries: dict[str, Entry] = {}
        """Resources as written, by address without index."""
        self.incomplete = False
        """Whether a file could not be read: names that are not found may stand in it, so they are not reported."""
        self.broken_accounts: set[tuple[str, str]] = set()
        """Accounts (room, name) whose error is reported already: what uses them is not reported again."""
        self._cache = ParseCache(self.root / ".reconciler" / "cache") if options.cache else None
        self.bodies = BodyCache(self.root / ".reconciler" / "cache" if options.cache else None)
        self._texts: dict[FilePath, str] = {}

    def documents(self, paths: Sequence[FilePath]) -> list[tuple[Document, FilePath]]:
        """Read YAML files in order, each with its path; those with errors are reported and left out."""
        by_name = {shown_path(path, self.root): path for path in paths}
        self.files.extend(by_name)
        read = read_files(list(paths), self.root, self._cache, self.diagnostics)
        self.incomplete = self.incomplete or len(read) < len(paths)
        return [(document, by_name[document.file]) for document in read]

    def entry_of(self, address: str) -> Entry | None:
        """Return the resource that an address, with or without index, is an instance of."""
        found = self.entries.get(address)
        if found is None and address.endswith("']"):
            found = self.entries.get(address[: address.rindex("['")])
        return found

    def shown(self, path: FilePath) -> str:
        """Return a file as users see it."""
        return shown_path(path, self.root)

    def text(self, folder: FilePath, path: str, base: FilePath) -> tuple[str, FilePath]:
        """Return the text of a file named in an expression, CRLF and one final newline dropped, and its real path.

        Raises ExpressionError when it lies outside `base`, cannot be read or is not UTF-8.
        """
        real = (folder / path).resolve()
        if not real.is_relative_to(base):
            raise ExpressionError(
                f"the file {path} lies outside the {'project' if base == self.root else 'module'}",
                "copy it to where it is used; symbolic links do not lead out either",
            )
        known = self._texts.get(real)
        if known is None:
            known = self._texts[real] = self._read(real, path)
            self.files.append(self.shown(real))
        return known, real

    def _read(self, real: FilePath, path: str) -> str:
        try:
            content = real.read_bytes()
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                beside = [item.name for item in real.parent.iterdir()] if real.parent.is_dir() else []
                fix = suggestion(real.name, beside)
                fix = fix if fix.startswith("did") else "paths are relative to the file that says them"
                raise ExpressionError(f"there is no file {path}", fix) from None
            raise ExpressionError(f"the file {path} cannot be read: {error.strerror}") from None
        found = Diagnostics()
        text = decode(content, self.shown(real), found)
        if text is None:
            raise ExpressionError(str(found.errors[0]))
        return text.removesuffix("\n")

    def error(
        self, problem: str, fix: str = "", *, place: Place | None, address: str | None = None, code: str = "invalid"
    ) -> None:
        """Report an error."""
        self.diagnostics.error(problem, place=place, address=address, fix=fix or None, code=code)

    def warning(
        self, problem: str, fix: str = "", *, place: Place | None, address: str | None = None, code: str = "warning"
    ) -> None:
        """Report a warning."""
        self.diagnostics.warning(problem, place=place, address=address, fix=fix or None, code=code)

    def unknown_keys(
        self, value: Mapping[str, Any], known: Sequence[str], document: Document, path: tuple[str | int, ...], what: str
    ) -> None:
        """Report every key that is not known, with the nearest one that is. `x-…` keys are always allowed."""
        for key in value:
            if key not in known and not key.startswith("x-"):
                self.error(
                    f"unknown {what} {key}",
                    suggestion(key, list(known)),
                    place=document.position((*path, key), "key"),
                    code="unknown-key",
                )
