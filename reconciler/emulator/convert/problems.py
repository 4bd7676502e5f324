"""Refusals: the error answers of the API (`{"code", "message", "fields"}`), raised where the reason is found."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818 - what the server does, not a failure of the program
    """A request that is answered with an error.

    `fields` names the attributes of the body that are wrong; `parameters` says that the fault lies in the query or in
    `include`/`expand`, where the API answers with `parameters` instead of `fields`. `reason` is for the reader of
    a log.
    """

    def __init__(
        self,
        status: int,
        message: str | list[str],
        fields: list[str] | None = None,
        *,
        parameters: bool = False,
        reason: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = fields or []
        self.parameters = parameters
        self.reason = reason

    def body(self) -> dict[str, Any]:
        """Return the body of the answer; one message or field is a text, several are a list."""
        body: dict[str, Any] = {"code": self.status, "message": self.message}
        if self.fields:
            body["parameters" if self.parameters else "fields"] = _slim(self.fields)
        if self.reason:
            body["reason"] = self.reason
        return body

    def text(self) -> str:
        """Return the messages on one line."""
        return self.message if isinstance(self.message, str) else "; ".join(self.message)


class Problems:
    """What is wrong with one body, collected so that one answer names all of it."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, field: str, message: str) -> None:
        """Note a problem with an attribute (dotted path)."""
        self._found.append((field, f"{field}: {message}" if field else message))

    def extend(self, other: Problems) -> None:
        """Take over what another collection has."""
        self._found.extend(other._found)

    def stop(self) -> None:
        """Raise a 422 that names every problem noted so far; do nothing when there is none."""
        if not self._found:
            return
        messages = [message for _, message in self._found]
        fields = [field for field, _ in self._found if field]
        raise Refusal(422, messages[0] if len(messages) == 1 else messages, fields)


def refuse(field: str, message: str) -> Refusal:
    """Return a 422 about one attribute."""
    return Refusal(422, f"{field}: {message}" if field else message, [field] if field else None)


def not_found(word: str, object_id: object) -> Refusal:
    """Return the 404 for an object that is not there."""
    return Refusal(404, f"The {word} {object_id} was not found")


def _slim(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
