"""A made-up platform for planner tests: boards that refer to boards, with a lifecycle, publishing and children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Annotated, Any, cast

from pydantic import Field

from reconciler.adapters.base.adapter import Adapter
from reconciler.adapters.base.declare import Declare
from reconciler.model.kind import Edge, Endpoints, Facet, HintKey, Kind, Lifecycle, Publish, UniqueKey
from reconciler.model.markers import (
    Attributes,
    Children,
    Deferrable,
    EngineOwned,
    Immutable,
    Named,
    Parent,
    Reference,
    Secret,
    ServerDefault,
    SetLike,
    SetOnce,
    Switch,
    Virtual,
)
from reconciler.model.values import Ref, Template
from reconciler.planner.diff import Differ
from reconciler.planner.item import Item
from reconciler.planner.steps import Work
from reconciler.project.model import Declaration, Meta, Origin, Rules
from reconciler.state.ledger import Entry
from tests.adapters.base.toys import Context


class Card(Attributes):
    """A child; its kind cannot be changed once it is there."""

    name: str
    kind: Annotated[str, Immutable()] = "plain"
    text: str | None = None
    labels: Annotated[dict[str, Label], Named(), Children(match=("name",))] = Field(default_factory=dict)


class Label(Attributes):
    """A child of a child."""

    name: str
    color: Annotated[str, Immutable()] = "red"


class Frame(Attributes):
    """A plain object, with an attribute that cannot be changed."""

    width: int = 0
    material: Annotated[str | None, Immutable()] = None


class Board(Attributes):
    """What may be declared of a board."""

    name: str
    text: str | None = None
    size: Annotated[int, ServerDefault(7)] = 7
    fixed: Annotated[str | None, Immutable()] = None
    once: Annotated[str | None, SetOnce()] = None
    frame: Frame | None = None
    status: Annotated[str | None, Switch()] = None
    on: Annotated[bool, Switch()] = False
    traffic: Annotated[int, EngineOwned(lambda root, _before, _after: bool(root.get("bandit")))] = 0
    password: Annotated[str | None, Secret()] = None
    next: Annotated[str | None, Reference("boards"), Deferrable()] = None
    other: Annotated[str | None, Reference("boards"), Deferrable()] = None
    must: Annotated[str | None, Reference("boards")] = None
    many: Annotated[list[str], SetLike(), Reference("boards"), Deferrable(initial=())] = Field(default_factory=list)
    shared: Annotated[bool, Virtual()] = False
    goes_live: Annotated[str | None, Reference("boards")] = None
    cards: Annotated[dict[str, Card], Named(), Children(match=("name",))] = Field(default_factory=dict)
    ranked: Annotated[dict[str, Card], Named(), Children(match=("name",), ordered=True)] = Field(default_factory=dict)
    published: Annotated[bool, Virtual(), Switch(), Field(alias="$published")] = True
    project_id: Annotated[str | None, Parent("projects"), Reference("projects")] = None


LIFE = Lifecycle(
    attribute="status",
    initial="draft",
    live=frozenset({"active"}),
    edges=(
        Edge("draft", "active"),
        Edge("active", "paused"),
        Edge("paused", "active"),
        Edge("draft", "archived"),
        Edge("paused", "archived"),
        Edge("active", "completed", by="engine"),
        Edge("archived", "draft"),
    ),
    ways_round={("completed", "*"): "clone it"},
    archived="archived",
)
BOARDS = Kind(
    "toy",
    "boards",
    "board",
    Board,
    HintKey("name"),
    Endpoints(),
    removals=("delete", "archive", "forget"),
    archive_with={"status": "archived"},
    restore_with={"status": "draft"},
    lifecycle=LIFE,
    is_archived=lambda raw: raw.get("status") == "archived",
    is_preset=lambda raw: bool(raw.get("preset")),
    facets=(Facet("shared", ("shared",)), Facet("goes_live", ("goes_live",), phase="publish")),
)
KEYED = replace(BOARDS, name="keyed", key=UniqueKey("name", canonical=str.casefold))
PUBLISHED_BOARDS = replace(BOARDS, name="pages", publish=Publish("deploy"), lifecycle=None)
SCOPED = replace(BOARDS, name="scoped", parent="projects")


class Fake(Adapter):
    """An account that answers from a dict."""

    def __init__(self, objects: Mapping[str, dict[str, Any]] | None = None) -> None:
        super().__init__("toy", {"project_id": "p1"}, cast("Any", None), {})
        self.objects = dict(objects or {})

    def get(self, kind: Kind, scope: Mapping[str, str], object_id: str) -> dict[str, Any] | None:
        return self.objects.get(object_id)

    def list(self, kind: Kind, scope: Mapping[str, str], executor: Any = None) -> list[dict[str, Any]]:
        return list(self.objects.values())


def ref(name: str, kind: str = "boards") -> Template:
    """Return a reference to another resource, as the loader leaves it."""
    return Template((Ref(address(name, kind)),))


def address(name: str, kind: str = "boards") -> str:
    """Return the address of a board."""
    return f"toy.{kind}.{name}"


def declaration(name: str, body: Mapping[str, Any] | None = None, kind: Kind = BOARDS, **meta: Any) -> Declaration:
    """Return a declared board; `rules` and other keywords go to its meta keys."""
    context = Context()
    given = {"name": name, **(body or {})}
    canonical = Declare(context, creating=False).body(kind.shape, given)
    deps = {r.address for value in canonical.values() for r in _refs(value)}
    rules = {key: meta.pop(key) for key in list(meta) if key in Rules.__slots__}
    implied = frozenset(meta.pop("implied", ()))
    text_refs = tuple(meta.pop("text_refs", ()))
    return Declaration(
        address(name, kind.name),
        "toy",
        "toy",
        kind,
        name,
        None,
        "",
        canonical,
        Origin(lambda *_: cast("Any", SimpleNamespace(line=1)), "file.yaml", (), {}),
        Meta(rules=Rules(**rules), **meta),
        implied,
        tuple(sorted(deps | set(meta.get("depends_on", ())))),
        text_refs=text_refs,
        names_itself=address(name, kind.name) in deps,
    )


def _refs(value: Any) -> list[Ref]:
    from reconciler.model.values import refs_in

    return list(refs_in(value))


def item(
    name: str,
    body: Mapping[str, Any] | None = None,
    *,
    raw: dict[str, Any] | None = None,
    entry: Entry | None = None,
    kind: Kind = BOARDS,
    **meta: Any,
) -> Item:
    """Return one resource under consideration, its references not resolved."""
    declared = declaration(name, body, kind, **meta)
    made = Item(declared.address, kind, Fake(), declared, entry, {}, raw, desired=declared.body)
    made.id = str(raw["id"]) if raw is not None else None
    return made


def known(identity: str, kind: Kind = BOARDS, **more: Any) -> Entry:
    """Return what state knows of a board."""
    return Entry(kind=kind.name, id=identity, account="toy", **more)


def going(name: str, *, raw: dict[str, Any], deps: tuple[str, ...] = (), kind: Kind = BOARDS, **more: Any) -> Item:
    """Return a board that is no longer declared."""
    made = Item(address(name, kind.name), kind, Fake(), None, known(str(raw["id"]), kind, deps=list(deps)), {}, raw)
    made.id = str(raw["id"])
    made.removal = more.pop("removal", "delete")
    return made


def differ(**more: Any) -> Differ:
    """Return a differ that takes the text of a secret for its fingerprint."""
    return Differ(lambda stored, value: None if stored == "assumed" else stored == str(value.value), **more)


def works(*items: Item) -> dict[str, Work]:
    """Diff items and return what is to be ordered."""
    one = differ()
    return {i.address: Work(i, one.diff(i) if i.declaration is not None and i.removal is None else None) for i in items}
