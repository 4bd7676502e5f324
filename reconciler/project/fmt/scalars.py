"""How a scalar is written: without quotes where that says the same, else in double quotes."""

from __future__ import annotations

import re
from typing import Final

from reconciler.project.fmt.tree import Scalar
from reconciler.project.yaml.scalars import StrangeSpellingError, plain

_WORDS: Final = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})
_QUOTE_ALWAYS: Final = frozenset({"yes", "no", "on", "off"})
"""Words that other YAML readers, editors among them, take for truth values."""

_TYPED_ELSEWHERE = re.compile(
    r"[-+]?[0-9][0-9_,]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[-+]?[0-9][0-9_.]*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"
)
"""What other readers take for numbers, times and dates: quotes that stand there are kept."""

_FIRST: Final = "-?:,[]{}#&*!|>'\"%@`"
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\xa0\xad\u2000-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff0-\uffff]")
_UNSAFE = re.compile(rf"{_INVISIBLE.pattern}|: |:$| #")
_UNSAFE_IN_FLOW = re.compile(r"[,\[\]{}]|:(?=[?\s])")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\x1b": "\\e"}


def needs_quotes(text: str, *, flow: bool) -> bool:
    """Tell whether text must be quoted to be read as this very text, by this and other readers of YAML."""
    if text == "" or text != text.strip() or text.casefold() in _WORDS or text.startswith(("---", "...")):
        return True
    if text in {"<<", "=", "~"} or _UNSAFE.search(text) is not None:
        return True
    if text[0] in _FIRST and (text[0] not in "-?:" or text[1:2] in {"", " ", ",", "[", "]", "{", "}"} or flow):
        return True
    if flow and (_UNSAFE_IN_FLOW.search(text) is not None or text.endswith(":")):
        return True
    try:
        if type(plain(text)) is not str:
            return True
    except StrangeSpellingError:
        return True
    return _TYPED_ELSEWHERE.fullmatch(text) is not None


def double_quoted(text: str) -> str:
    """Return text in double quotes on one line."""
    out = []
    for character in text:
        if character in _ESCAPES:
            out.append(_ESCAPES[character])
        elif _INVISIBLE.match(character):
            code = ord(character)
            out.append(f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
        else:
            out.append(character)
    return f'"{"".join(out)}"'


def text_scalar(text: str, *, flow: bool) -> str:
    """Return how a new text is written on one line."""
    if not needs_quotes(text, flow=flow):
        return text
    if '"' in text and "'" not in text and _INVISIBLE.search(text) is None:
        return f"'{text}'"
    return double_quoted(text)


def one_line(scalar: Scalar, *, flow: bool) -> str:
    """Return how a scalar that was read is written on one line, without its anchor and tag."""
    text = scalar.text
    if scalar.prefix and "!" in scalar.prefix:
        return scalar.source if "\n" not in scalar.source else double_quoted(text)
    if scalar.style == "plain":
        if text.casefold() in _QUOTE_ALWAYS:
            return double_quoted(text)
        if "\n" in text:
            return double_quoted(text)
        return text
    if not needs_quotes(text, flow=flow):
        return text
    single_line = "\n" not in scalar.source
    if scalar.style == "double" and single_line and scalar.source:
        return scalar.source
    if scalar.style == "single" and single_line and ('"' in text or "\\" in text):
        return scalar.source
    return double_quoted(text)


def lines_of(scalar: Scalar) -> list[str] | None:
    """Return the lines of a scalar that is written on several, without indentation, or None for one on one line.

    The first goes behind the key, the others are to be indented (block texts) or may be (the rest). Empty lines stay
    empty.
    """
    if scalar.style in {"literal", "folded"}:
        return _block(scalar)
    if "\n" not in scalar.source or scalar.text.casefold() in _QUOTE_ALWAYS:
        return None
    return [line.strip(" \t") if number else line for number, line in enumerate(scalar.source.split("\n"))]


def _block(scalar: Scalar) -> list[str] | None:
    header, _, body = scalar.source.partition("\n")
    if not scalar.text.strip("\n") or not body.strip():
        return None
    mark = header[0]
    chomp = "-" if "-" in header else "+" if "+" in header else ""
    if not scalar.text.endswith("\n"):  # also where the file ends without a line end
        chomp = "-"
    if re.search(r"[1-9]", header) or body.lstrip("\n").startswith("\t"):
        if mark == ">":
            return None
        content = scalar.text.split("\n")
        if content[-1] == "":
            content.pop()
        digit = "2" if next(line for line in content if line).startswith((" ", "\t")) else ""
        return [f"{mark}{digit}{chomp}", *content]
    raw = body.split("\n")
    indent = next(len(line) - len(line.lstrip(" ")) for line in raw if line.strip())
    content = [line[indent:] if line.strip(" ") or len(line) > indent else "" for line in raw]
    while content and content[-1] == "":
        content.pop()
    if chomp == "+":
        content.extend([""] * (len(scalar.text) - len(scalar.text.rstrip("\n")) - 1))
    return [f"{mark}{chomp}", *content]
