"""Plans built by hand: one with every mark there is, and strategies for plans with any text in them."""

from __future__ import annotations

from io import StringIO
from itertools import cycle
from typing import Any

from hypothesis import strategies as st
from rich.console import Console

from reconciler.model.plan import (
    Actor,
    Allowed,
    CheckResult,
    ChildChange,
    Estimate,
    LeafChange,
    Note,
    OutputChange,
    Overlay,
    Plan,
    ResourceChange,
    Step,
)
from reconciler.model.values import MISSING, Ref, Sensitive, Template
from reconciler.report.text import render_plan

ANA = Actor("ana@brightsolar.example", "2026-10-01T22:15:00+00:00", "experience_updated")
SECRET = "s3cr3t-b8a1f0"
OLD_CODE = "\n".join([*(f"line({n});" for n in range(12)), "show('old');", *(f"line({n});" for n in range(12, 20))])
NEW_CODE = OLD_CODE.replace("show('old');", "show('new');\ntrack();")


def resource(address: str, action: Any, **more: Any) -> ResourceChange:
    parts = address.split(".")
    account, kind = (parts[2], parts[3]) if parts[0] == "module" else (parts[0], parts[1])
    more = {"file": "resources/checkout.yaml", "line": 7, **more}
    return ResourceChange(address, account, account.split("-")[0], kind, action, **more)


def leaf(text: str, before: Any, after: Any, **more: Any) -> LeafChange:
    return LeafChange(tuple(text.split(".")), text, before, after, **more)


def plan(*resources: ResourceChange, **more: Any) -> Plan:
    accounts = {r.account: {"platform": r.platform, "id": "10001", "name": "Bright Solar"} for r in resources}
    steps = tuple(
        Step(f"{r.address}:write", r.address, "create" if r.action == "create" else "update", title=f"{r.action} it")
        for r in resources
        if r.action not in {"no-op", "read"}
    )
    defaults: dict[str, Any] = {
        "id": "4f2a90c1d3e5",
        "project": "brightsolar",
        "environment": "production",
        "tool": "0.1.0",
        "created_at": "2026-10-02T08:00:00+00:00",
        "mode": "apply",
        "resources": resources,
        "steps": steps,
        "accounts": accounts,
        "estimate": Estimate(len(steps), 3.0 if steps else 0.0),
        "calls": 4,
        "lineage": "8c1f",
        "serial": 3,
    }
    return Plan(**{**defaults, **more})


GOAL = resource(
    "convert.goals.purchase",
    "create",
    causes=frozenset({"created"}),
    after={
        "name": "Bright Solar purchase",
        "type": "revenue",
        "settings": {
            "triggering_type": "manual",
            "url": Template(("https://x.example/", Ref("leadconduit.flows.web"))),
        },
        "secret": Sensitive(SECRET, "secret.convert"),
        "code": NEW_CODE,
        "tags": ["[bold]a[/bold]", "b"],
        "$implied": ["key"],
    },
)
BAR = resource(
    "convert.experiences.bar",
    "update",
    causes=frozenset({"changed", "drifted", "changed+drifted"}),
    id="100243",
    actor=ANA,
    leaves=(
        leaf("name", "Bar", "Free shipping bar"),
        leaf("description", "by Ana", "ours", cause="drifted", previous="ours", switch=False),
        leaf("url", "https://c.example", "https://b.example", cause="changed+drifted", previous="https://a.example"),
        leaf("primary_goal", "77", Template((Ref("convert.goals.purchase"),)), file="resources/goals.yaml", line=3),
        leaf("goals", ["76", "77"], ["77", Template((Ref("convert.goals.purchase"),))]),
        leaf("settings", {"a": 1, "b": [1]}, {"a": 2, "c": None}),
        leaf("variations.bar.changes.js", OLD_CODE, NEW_CODE, code=True),
        leaf("headline", "x" * 150 + "old", "x" * 150 + "new"),
        leaf("api_key", Sensitive("old", "api_key"), Sensitive(SECRET, "secret.key"), secret=True),
        leaf("notes", MISSING, "first\nsecond"),
        leaf("archived", None, False),
        leaf("variations.$order", ["a", "b", "c"], ["c", "a", "b"]),
    ),
    children=(
        ChildChange(("variations", "new"), "variations.new", "add", None, {"name": "New", "$implied": ["key"]}),
        ChildChange(("variations", "old"), "variations.old", "remove", "1234", {"name": "Old one"}, cause="changed"),
        ChildChange(("variations", "hand"), "variations.hand", "remove", "1235", {"name": "By hand"}, cause="drifted"),
        ChildChange(("variations",), "variations", "move", None, ["c", "a", "b"]),
        ChildChange(("variations", "b"), "variations.b", "rename", "1236", None, previous="variations.bee"),
    ),
    kept=(leaf("status", "paused", "active", cause="drifted", switch=True, previous="active"),),
    drift=(
        leaf("description", "by Ana", "ours", cause="drifted", previous="ours"),
        leaf("status", "paused", "active", cause="drifted", switch=True, previous="active"),
    ),
    carried=9,
    risks=("the test is running: 1,204 visitors | so far",),
    notes=("the platform itself changed traffic: 50 → 60",),
    released=("audience",),
)
FLOW = resource(
    "leadconduit.flows.web",
    "update",
    causes=frozenset({"changed"}),
    id="5f",
    publishes=True,
    leaves=(leaf("name", "Web", "Web leads"), leaf("$published", False, True, switch=True)),
    carried=1,
)
EVERY = (
    GOAL,
    BAR,
    FLOW,
    resource(
        "convert.goals.back", "create", causes=frozenset({"recreated"}), gone=True, actor=ANA, after={"name": "B"}
    ),
    resource(
        "convert.goals.moved",
        "update",
        causes=frozenset({"adopting"}),
        previous_address="convert.goals.was",
        importing="88",
        leaves=(leaf("name", "A", "B", cause="adopting"),),
    ),
    resource(
        "convert.goals.typed",
        "replace",
        causes=frozenset({"changed", "replaced"}),
        leaves=(leaf("type", "revenue", "clicks", immutable=True),),
        replace_paths=("type",),
        after={"type": "clicks"},
    ),
    resource(
        "convert.goals.asked",
        "replace",
        causes=frozenset({"replaced"}),
        replace_paths=("--replace",),
        create_before_destroy=True,
        after={"type": "clicks"},
    ),
    resource("convert.goals.away", "remove", causes=frozenset({"removed"}), removal="archive", before={"name": "Away"}),
    resource(
        "module.acme['de'].leadconduit-acme.flows.old['x']",
        "remove",
        causes=frozenset({"removed"}),
        removal="delete",
        before={"name": "Old", 'steps["crm"].outcome': "success"},
        secret_paths=('steps["crm"].token',),
        risks=("the flow and its history on the platform are deleted for good",),
        file=None,
        line=None,
    ),
    resource("convert.goals.went", "move", previous_address="convert.goals.here", after={"name": "W"}),
    resource("convert.goals.mine", "adopt", importing="4711", after={"name": "M"}),
    resource("convert.goals.let", "forget", removal="forget", before={"name": "L"}),
    resource("convert.goals.dead", "forget", removal="forget", gone=True, actor=ANA, before={"name": "D"}),
    resource("convert.goals.freed", "no-op", released=("settings.a", "settings.b"), after={"name": "F"}),
    resource("convert.projects.shop", "read", after={"name": "Shop"}),
    resource("convert.goals.still", "no-op", notes=("the platform stopped a variation",), after={"name": "S"}),
)
CHECKS = (
    CheckResult("max_deletes", "fail", "convert.goals: 12 of 20 would be deleted, the limit is 10%", "deletes=12"),
    CheckResult("freeze", "allowed", "black-friday lasts until 2026-12-01", "freeze"),
    CheckResult("empty", "pass", "", "empty"),
)


def full() -> Plan:
    """A plan in which everything happens that can happen."""
    base = plan(*EVERY)
    link = Step(
        "leadconduit.flows.web:link",
        "leadconduit.flows.web",
        "update",
        "link",
        overlay=Overlay((leaf("next_flow", MISSING, "1"),)),
        title="link flow",
    )
    publish = Step("leadconduit.flows.web:publish", "leadconduit.flows.web", "publish", "publish", title="deploy flow")
    publish = Step(
        publish.id, publish.address, "publish", "publish", ("leadconduit.flows.web:write",), title="deploy flow"
    )
    return plan(
        *EVERY,
        steps=(*base.steps, link, publish),
        checks=CHECKS,
        errors=(Note("convert.goals.bad", "resources/a.yaml:3:5: name is too long\n  write at most 100 characters"),),
        notes=(Note("convert.goals.away", "its name is 3 days old"), Note("", "the clock is 4 s off", "warning")),
        outputs=(
            OutputChange("form_url", MISSING, Template(("https://f.example/", Ref("leadconduit.flows.web"), "/x"))),
            OutputChange("token", MISSING, Sensitive(SECRET, "secret.key"), sensitive=True),
            OutputChange("count", MISSING, 3, description="how many"),
        ),
        cycles=(("leadconduit.flows.web", "leadconduit.flows.thanks"),),
        filters=("target=convert.*",),
        allowed=Allowed((("freeze", None), ("deletes", "3")), "Black Friday fix"),
        variables={"brand": "Bright Solar"},
    )


def text_of(found: Plan, *, verbose: bool = False, color: bool = False) -> str:
    out = StringIO()
    console = Console(
        file=out,
        width=100,
        force_terminal=color,
        no_color=not color,
        color_system="truecolor" if color else None,
        highlight=False,
    )
    render_plan(found, console, verbose=verbose)
    return out.getvalue()


def any_text() -> st.SearchStrategy[str]:
    """Text of the sort that breaks reports: markup of all kinds, control characters, line ends, anything else."""
    marks = (
        "|",
        "`",
        "```",
        "````",
        "\n",
        "\r\n",
        "[red]",
        "[/]",
        "</details>",
        "<script>",
        "@team",
        "\\",
        "~~~",
        "* ",
    )
    more = ("# ", "\x1b[31m", "\u202e", "\u2028", "\x00", "$", "${x}", "⟨", ":smile:", "&amp;", "| --- |", "- [ ] x")
    pieces = st.sampled_from((*marks, *more, "=====\n"))
    return st.lists(pieces | st.text(max_size=8), max_size=8).map("".join)


def values() -> st.SearchStrategy[Any]:
    texts = any_text()
    slots = texts.map(lambda text: Template((text, Ref("convert.goals.purchase", ("id",)))))
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts
        | slots
    )
    maps = st.dictionaries(texts, scalars, max_size=2)
    return scalars | st.lists(scalars | maps, max_size=2) | maps


CAUSES: tuple[Any, ...] = ("changed", "drifted", "changed+drifted", "adopting")
ACTIONS: tuple[Any, ...] = ("create", "update", "replace", "remove", "adopt", "forget", "no-op")


@st.composite
def plans(draw: st.DrawFn, secret: str = SECRET) -> Plan:
    """Plans with any text in every place where text comes from outside, and one secret in every place for secrets.

    A few drawn texts and values go round all places: drawing each anew would take most of a test's time.
    """
    texts = cycle(draw(st.lists(any_text(), min_size=1, max_size=5)))
    drawn = cycle([*draw(st.lists(values(), min_size=1, max_size=4)), MISSING])
    cause = cycle(draw(st.permutations(CAUSES)))
    hidden = Sensitive(secret, "secret.x")
    covered = Template(("Bearer ", hidden))
    out = []
    for number, action in enumerate(draw(st.lists(st.sampled_from(ACTIONS), max_size=4))):
        leaves = [
            leaf(f"a{i}", next(drawn), next(drawn), code=i == 1, cause=next(cause), previous=next(drawn))
            for i in range(3)
        ]
        leaves.append(leaf("token", hidden, covered, secret=True))
        leaves.append(leaf("bare", secret, {"deep": [secret]}, secret=True))
        child = ChildChange(("kids", "x"), "kids.x", "add" if number % 2 else "remove", next(texts), {"k": hidden})
        out.append(
            resource(
                f"convert.goals.g{number}",
                action,
                leaves=tuple(leaves) if action in {"update", "replace", "adopt"} else (),
                children=(child,) if action == "update" else (),
                kept=(leaf("status", next(texts), next(texts), cause="drifted", switch=True),),
                drift=(leaf("token", hidden, covered, secret=True, cause="drifted"),),
                after={"token": covered, "list": [hidden], next(texts): next(drawn) or None},
                before={"name": next(texts)},
                importing="1" if action == "adopt" else None,
                removal="delete" if action == "remove" else None,
                causes=frozenset({next(cause), next(cause)}),
                risks=(next(texts),) if number % 2 else (),
                notes=(next(texts),),
                released=(next(texts),),
                actor=Actor(next(texts), next(texts)),
                file=next(texts),
            )
        )
    return plan(
        *out,
        project=next(texts),
        checks=(CheckResult("max_deletes", "fail", next(texts), next(texts)),),
        errors=(Note("convert.goals.g0", next(texts)),),
        notes=(Note("", next(texts)),),
        outputs=(
            OutputChange("hidden", MISSING, Sensitive(secret, "x"), sensitive=True),
            OutputChange("open", MISSING, next(drawn)),
        ),
    )
