"""Which fields, flows and entities a text mentions: variables of rules, Handlebars templates, submission URLs.

Field ids may be dotted (`mortgage.annual_income`) and a variable may end in a component of the value (`phone_1.area`),
so a text alone does not tell where the id ends. Every dotted prefix is a candidate, the longest first; the first one
that exists is meant.

Templates are Handlebars (LeadConduit API, Templates): variables stand between braces, and inside the quoted expression
that follows `math`; other quoted texts are literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}\Z")
_LEAD = re.compile(
    r"(?:(?<![\w.\[\]])|(?<=(?<!\w)vars\.)|(?<=\./)|(?<=@root\.)|(?<=this\.))lead\.(?:\[([^\]]+)\]|([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*))"
)
_VARIABLE = re.compile(r"\s*(?:vars\.)?lead\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\s*\Z")
_TAG = re.compile(r"(?<!\\)\{\{(?:!--.*?--|![^}]*|((?:[^}]|\}(?!\}))*))\}\}", re.DOTALL)
_TOKEN = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|[^\s"'()]+|[()]""")
_SUBMIT = re.compile(r"/flows/([0-9a-fA-F]{24})(?![0-9a-zA-Z])(?:/sources/([0-9a-fA-F]{24})(?![0-9a-zA-Z]))?")

Mention = tuple[str, str]
"""Kind (plural) and id of what is mentioned."""


def prefixes(path: str) -> Iterator[str]:
    """Yield a dotted path and every shorter one, longest first: `a.b.c`, `a.b`, `a`."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def in_variable(text: str) -> Iterator[Mention]:
    """Yield what the name of a variable mentions: `lead.phone_1.area`, `vars.lead.state`, or a template."""
    if "{{" in text:
        yield from in_template(text)
    elif (match := _VARIABLE.match(text)) is not None:
        yield from (("fields", path) for path in prefixes(match[1]))


def in_template(text: str) -> Iterator[Mention]:
    """Yield the fields that a Handlebars template reads."""
    for tag in _TAG.finditer(text):
        if tag[1] is not None:
            yield from _in_tag(tag[1])


def in_value(text: str) -> Iterator[Mention]:
    """Yield what a value that is sent on mentions: fields of its template, and flows and sources of submission URLs."""
    yield from in_template(text)
    for url in _SUBMIT.finditer(text):
        yield "flows", url[1].lower()
        if url[2] is not None:
            yield "entities", url[2].lower()


def in_report_value(text: str) -> Iterator[Mention]:
    """Yield what a report's rule may compare with by id: a flow or an entity (`vars.flow.id`, `vars.source.id`)."""
    if OBJECT_ID.match(text.strip()) is not None:
        yield "flows", text.strip().lower()
        yield "entities", text.strip().lower()


def balanced(text: str) -> bool:
    """Tell whether every `{{` of a template has its `}}`."""
    return text.count("{{") == text.count("}}")


def _in_tag(inside: str) -> Iterator[Mention]:
    before = ""
    for token in _TOKEN.finditer(inside):
        if token[1] is None:
            yield from _in_expression(token[0])
        elif before == "math":
            yield from _in_expression(token[1][1:-1])
        before = token[0].lstrip("{#/^&~")


def _in_expression(text: str) -> Iterator[Mention]:
    for match in _LEAD.finditer(text):
        if match[1] is not None:
            yield "fields", match[1]
        else:
            yield from (("fields", path) for path in prefixes(match[2]))
