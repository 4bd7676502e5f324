"""The truth table of one leaf: declared, sent, seen and live, and what follows.

| declared | sent | seen | live | verdict |
|---|---|---|---|---|
| a | a | a' | a' | same: a' is the server's way to write a |
| b | a | a | a | changed |
| a | a | a | c | drifted |
| b | a | a | c | changed+drifted |
| b | a | a | b | converged |
| a | - | - | c | new (newly written here, or adopting) |
| a | - | - | a | recorded |

Released leaves (no longer declared) and objects that are gone are not a matter of one leaf; see `diff`.
"""

from __future__ import annotations

from typing import Any, Literal

from reconciler.adapters.base.observe import same
from reconciler.model.values import MISSING

Verdict = Literal["same", "changed", "drifted", "changed+drifted", "converged", "new", "recorded"]


def verdict(*, desired: Any, sent: Any, seen: Any, live: Any, holds: bool) -> Verdict:
    """Say what a leaf's four values mean. `holds`: the live value already is the declared one, in canonical form."""
    if sent is MISSING:
        return "recorded" if holds else "new"
    if same(desired, sent):
        if holds or same(live, seen):
            return "same"
        return "drifted"
    if holds:
        return "converged"
    return "changed" if same(live, seen) else "changed+drifted"
