"""A small platform of the tests' own: every marker that the loader cares about, and no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.base.adapter import AccountSettings, Platform
from reconciler.model.kind import Endpoints, HintKey, Kind, Problem, Publish, UniqueKey
from reconciler.model.markers import (
    Attributes,
    ChildReference,
    Children,
    Code,
    Computed,
    Immutable,
    KeyedBy,
    Named,
    Parent,
    Reference,
    Secret,
    SecretWhen,
    SetLike,
    Short,
    Switch,
    TextReference,
    Variant,
    Virtual,
)
from reconciler.project.loader import load
from reconciler.project.model import LoadOptions, Project


def mentions(text: str) -> Sequence[tuple[str, str]]:
    """Find `field:NAME` words."""
    return [("fields", word[6:]) for word in text.split() if word.startswith("field:")]


class InProject(Attributes):
    project_id: Annotated[str, Parent("projects"), Immutable()] = ""


class Settings(Attributes):
    selector: str = ""
    percentage: Annotated[float, Field(ge=0, le=100)] = 0
    level: Annotated[int, Field(ge=1)] = 1


class ProjectModel(Attributes):
    name: str


class Goal(InProject):
    name: Annotated[str, Field(max_length=20)] = Field(description="What people call it.")
    type: Annotated[Literal["click", "revenue"], Immutable()]
    key: Annotated[str, Field(max_length=12)] = ""
    status: Annotated[Literal["active", "paused"], Switch()] = "active"
    settings: Settings | None = None
    tags: Annotated[list[str], SetLike()] = Field(default_factory=list)
    token: Annotated[str | None, Secret()] = None
    js: Annotated[str, Code("javascript")] = ""
    note: Annotated[str | None, TextReference(mentions)] = None
    weight: int = 1
    enabled: bool = True
    extra: Any = None
    labels: dict[str, str] = Field(default_factory=dict)
    url: Annotated[str, Computed()] = ""
    hook: Annotated[str, Computed(secret=True)] = ""


def expand_change(value: Any) -> Any:
    """Take a bare text for its code."""
    return {"js": value} if isinstance(value, str) else value


class Change(Attributes):
    js: Annotated[str, Code("javascript")] = ""
    goal: Annotated[str, Reference("goals")] = ""


class Variation(Attributes):
    name: Annotated[str, Field(max_length=30)]
    share: Annotated[float, Field(ge=0, le=100)] = 0
    id: Annotated[str, Computed()] = ""
    changes: Annotated[list[Annotated[Change, Short(expand_change)]], Children()] = Field(default_factory=list)


def value_type(siblings: Mapping[str, Any]) -> str | Reference:
    sort = siblings.get("sort")
    return Reference("goals") if sort == "goal" else "text" if sort == "text" else "any"


class Rule(Attributes):
    sort: str
    value: Annotated[Any, Variant(value_type), SecretWhen(lambda rule: rule.get("sort") == "password")] = None


class Step(Attributes):
    title: str
    secret: Annotated[str | None, Secret()] = None


class Page(InProject):
    name: str
    goals: Annotated[list[str], SetLike(), Reference("goals")] = Field(default_factory=list)
    main_goal: Annotated[str | None, Reference("goals")] = None
    goal_url: Annotated[str | None, Reference("goals", sends="url")] = None
    fields: Annotated[list[str], Reference("fields")] = Field(default_factory=list)
    variations: Annotated[dict[str, Variation], Named()] = Field(default_factory=dict)
    primary: Annotated[str | None, ChildReference("variations")] = None
    section: Annotated[str | None, ChildReference("sections", of="group")] = None
    group: Annotated[str | None, Reference("groups")] = None
    steps: Annotated[list[Step], Children(match=("title",), ordered=True)] = Field(default_factory=list)
    rules: list[Rule] = Field(default_factory=list)


def check_page(declared: Mapping[str, Any]) -> Sequence[Problem]:
    shares = sum(v.get("share", 0) for v in declared.get("variations", {}).values())
    return [Problem(("variations",), f"shares add up to {shares:g}", "make it 100")] if shares not in {0, 100} else []


class Section(Attributes):
    title: str = ""


class Group(InProject):
    name: str
    sections: Annotated[dict[str, Section], KeyedBy("title")] = Field(default_factory=dict)


class FieldModel(Attributes):
    id: Annotated[str, Field(pattern=r"^[a-z_.]+$")]
    label: str


class Flow(Attributes):
    name: str
    published: Annotated[bool, Virtual(), Switch(), Field(alias="$published")] = True


def kind(name: str, model: type[Attributes], key: UniqueKey | HintKey | None, **more: Any) -> Kind:
    return Kind(platform="shop", name=name, title=name[:-1], model=model, key=key, endpoints=Endpoints(), **more)


KINDS = {
    one.name: one
    for one in (
        kind("projects", ProjectModel, HintKey("name"), on_remove="refuse", removals=("refuse", "forget")),
        kind("goals", Goal, UniqueKey("key"), parent="projects", on_remove="archive", removals=("archive", "forget")),
        kind("pages", Page, HintKey("name"), parent="projects", checks=(check_page,)),
        kind("groups", Group, HintKey("name"), parent="projects"),
        kind("fields", FieldModel, UniqueKey("id", sole=True), presets=True),
        kind("flows", Flow, HintKey("name"), publish=Publish("deploys")),
        kind("packages", ProjectModel, HintKey("name"), managed=False, presets=True),
    )
}


class ShopSettings(AccountSettings):
    account_id: str
    project_id: str | None = None
    token: str
    mode: Literal["fast", "slow"] = "fast"


class Shop(Platform):
    name = "shop"
    title = "Shop"
    kinds = KINDS
    settings = ShopSettings
    secret_settings = frozenset({"token"})
    text_settings = frozenset({"account_id", "project_id"})
    scope_settings: tuple[str, ...] = ("account_id", "project_id")
    base_url = "https://shop.example"

    def emulator_settings(self, account: str) -> Mapping[str, Any]:
        return {"token": f"emulated-{account}"}


class Depot(Shop):
    name = "depot"
    scope_settings = ()


PLATFORMS: Mapping[str, Platform] = {"shop": Shop(), "depot": Depot()}

CONFIG = """\
version: 1
name: demo
accounts:
  shop: {account_id: 1, project_id: 2, token: "${secret.shop}"}
  shop-eu: {account_id: 1, project_id: 3, token: "${secret.shop}"}
"""


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def load_shop(root: Path, files: Mapping[str, str] | str, *, config: str = CONFIG, **options: Any) -> Project:
    """Write a project (one resource file, or several files by name) and load it."""
    given = {"resources/main.yaml": files} if isinstance(files, str) else files
    write(root, {"reconciler.yaml": config, **given})
    environ = options.pop("environ", {})
    return load(root, LoadOptions(platforms=PLATFORMS, environ=environ, cache=False, **options))
