"""The table of `docs/coverage.md`: how many things each case goes through for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.model.kind import Kind
from tests.convergence.sample import PLATFORMS, Sample, Vary
from tests.convergence.samples import SAMPLES
from tests.convergence.test_attributes import is_switch, may_be_left_out, nullable_parts
from tests.convergence.test_children import shape_of
from tests.convergence.test_objects import FIRST, IN_PROJECT

FILE = Path(__file__).parents[2] / "docs" / "coverage.md"
COMMAND = "RECONCILER_WRITE_COVERAGE=1 pytest tests/convergence"


def attributes(test: Callable[[Sample, str, Vary], bool]) -> Callable[[Kind], int]:
    """Count the attributes of a kind's samples that pass a test."""
    return lambda kind: sum(
        test(one, path, how) for one in SAMPLES if one.kind is kind for path, how in one.vary.items()
    )


def samples(kind: Kind) -> int:
    """Count the samples of a kind."""
    return sum(one.kind is kind for one in SAMPLES)


def collections(test: Callable[[Sample, str], bool]) -> Callable[[Kind], int]:
    """Count the collections of children of a kind's samples that pass a test."""
    return lambda kind: sum(test(one, path) for one in SAMPLES if one.kind is kind for path in one.kids)


def _changed(_sample: Sample, _path: str, how: Vary) -> bool:
    return how.effect == "update"


def _unset(kind: Kind) -> int:
    single = attributes(
        lambda one, path, how: (
            _changed(one, path, how) and one.kind.shape is kind.shape and not how.not_null and _nullable(one, path)
        )
    )
    return single(kind) + sum(len(nullable_parts(one)) for one in SAMPLES if one.kind is kind)


def _nullable(sample: Sample, path: str) -> bool:
    from tests.convergence.paths import resolve

    return resolve(sample.kind.shape, path)[1].nullable


def _switch(sample: Sample, path: str, how: Vary) -> bool:
    return _changed(sample, path, how) and not how.hidden and is_switch(sample, path)


CASES: Mapping[str, tuple[str, Callable[[Kind], int]]] = {
    "created": ("created, applied again without a call", samples),
    "changed": ("an attribute changed here: shown alone, written alone", attributes(_changed)),
    "by hand": (
        "an attribute changed on the platform: shown as drifted, put right",
        attributes(lambda one, path, how: _changed(one, path, how) and not how.hidden and not is_switch(one, path)),
    ),
    "switch": (
        "a switch turned on the platform: kept and named, turned back with `on_drift: revert`",
        attributes(_switch),
    ),
    "unset": ("an attribute, or a part with attributes, set to null and again", _unset),
    "released": (
        "an attribute no longer written: listed once, nothing sent",
        attributes(lambda one, path, how: _changed(one, path, how) and may_be_left_out(one, path, how)),
    ),
    "not in place": (
        "a change that replaces, or that is refused",
        attributes(lambda one, path, how: not _changed(one, path, how)),
    ),
    "deleted by hand": ("deleted on the platform: made again, switches and deploys included", samples),
    "adopted": ("taken over by its key, or at a word, as it is and with a difference", lambda kind: 2 * samples(kind)),
    "removed": (
        "no longer declared, with every verb of the kind; `destroy`, `destroy --purge`",
        lambda kind: len({kind.on_remove, *kind.removals}) + 2,
    ),
    "children": ("a child added and removed, here and on the platform", collections(lambda _one, _path: True)),
    "renamed": (
        "a child's local name changed with `moved`",
        collections(lambda one, path: shape_of(one, path).keyed is None),
    ),
    "reordered": ("children in another order", collections(lambda _one, _path: True)),
    "other project": ("declared in another project: replaced there", lambda kind: int(kind in IN_PROJECT)),
}


def render() -> str:
    """Return the page."""
    kinds = [kind for platform in PLATFORMS.values() for kind in platform.kinds.values() if kind.managed]
    assert len(kinds) == len(FIRST)
    lines = [
        "# What is tested of each kind",
        "",
        "Each number counts what a case goes through against the emulator, from the command line: attributes, samples (a",
        "kind has one for each of its types), collections of children. After each step a second plan is empty.",
        f"The page is written by the tests themselves (`{COMMAND}`), and only when all of them pass.",
        "",
        *(f"- **{name}**: {text}" for name, (text, _) in CASES.items()),
        "",
        f"| kind | {' | '.join(CASES)} |",
        f"|---|{'--:|' * len(CASES)}",
    ]
    for kind in kinds:
        cells = [count(kind) for _, count in CASES.values()]
        shown = " | ".join(f"✓ {cell}" if cell else "–" for cell in cells)
        lines.append(f"| {kind.platform} {kind.name} | {shown} |")
    return "\n".join(lines) + "\n"
