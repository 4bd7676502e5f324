"""GET /types: the field types, their components and the operators that rules may use on them."""

from __future__ import annotations

from typing import Any

_OPERATORS = {
    "E": ("is equal to", "is not equal to"),
    "L": ("is less than", "is less than or equal to", "is greater than", "is greater than or equal to"),
    "B": ("is blank", "is not blank"),
    "O": ("is obscene", "is not obscene"),
    "F": ("format is valid", "format is invalid"),
    "I": ("includes", "does not include"),
    "M": ("is included in", "is not included in"),
    "W": ("is between", "is not between"),
    "P": ("matches pattern", "does not match pattern"),
    "T": ("is true", "is not true", "is false", "is not false"),
}
_TYPES = (
    ("boolean", "T B F", ""),
    ("city", "E B O F I M P", "raw"),
    ("credential", "E B I M", ""),
    ("date", "E L B F W", "raw"),
    ("dob", "E L B F W", "raw age year"),
    ("email", "E B O F I M P", "raw user domain host tld is_free is_disposable"),
    ("first_name", "E B O F P", "raw"),
    ("gender", "E B F", "raw abbr"),
    ("ip", "E B F I M", "raw is_ipv4 ipv6_format"),
    ("last_name", "E B O F P", "raw"),
    ("number", "E L B F I M W", ""),
    (
        "phone",
        "E B F I M",
        "raw area exchange line number extension country_code country_calling_code type is_tollfree",
    ),
    ("postal_code", "E B F I M P", "raw country_code zip four fsa ldu outcode incode"),
    ("range", "E L B F I M", "raw min max mid avg"),
    ("ssn", "E B F I M", "raw first_three middle_two last_four"),
    ("state", "E B O I M", "raw name"),
    ("street", "E B O F I M P", "raw number name"),
    ("string", "E B O I M P", ""),
    ("time", "E L B F W", "raw"),
    ("trustedform_url", "B F", "raw type cert_id is_masked is_web is_mobile is_facebook"),
    ("url", "E B O F I M", "raw protocol host port path query hash"),
)
_MASKED = frozenset({"dob", "ssn", "credential"})


def _type(name: str, operators: str, components: str) -> dict[str, Any]:
    parts = [{"name": part, "type": "string", "description": f"The {part} of the value"} for part in components.split()]
    if parts:
        parts.append({"name": "valid", "type": "boolean", "description": "Whether the value could be parsed"})
    return {
        "name": name,
        "maskable": name in _MASKED,
        "components": parts,
        "operators": [operator for letter in operators.split() for operator in _OPERATORS[letter]],
    }


TYPES = [_type(*row) for row in _TYPES]
