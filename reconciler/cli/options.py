"""Options that all commands share, as one decorator, and what they say as one object."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.model.plan import Allowed

if TYPE_CHECKING:
    _ParamType = click.ParamType[float]
else:  # generic only since click 8.5
    _ParamType = click.ParamType

F = TypeVar("F", bound=Callable[..., Any])
RULES = (
    "adopt",
    "delete",
    "deletes",
    "destroy",
    "empty",
    "empty-read",
    "freeze",
    "reapply",
    "running",
    "traffic",
)


@dataclass(frozen=True)
class Common:
    """What the shared options say."""

    root: Path
    env: str | None
    variables: tuple[str, ...]
    var_files: tuple[Path, ...]
    allowed: Allowed
    lock_timeout: float
    timeout: float | None
    color: bool
    quiet: bool
    verbose: bool
    log_json: str | None


def common(function: F) -> F:
    """Add the shared options to a command; it receives them as `common`."""

    def wrapper(**values: Any) -> Any:
        import os

        keys = ("chdir", "env", "var", "var_file", "allow", "reason", "lock_timeout", "timeout")
        taken = {key: values.pop(key) for key in (*keys, "no_color", "quiet", "verbose", "log_json")}
        shared = Common(
            root=Path(taken["chdir"]),
            env=taken["env"],
            variables=taken["var"],
            var_files=tuple(Path(file) for file in taken["var_file"]),
            allowed=Allowed(tuple(_rule(text) for text in taken["allow"]), taken["reason"]),
            lock_timeout=taken["lock_timeout"],
            timeout=taken["timeout"],
            color=not taken["no_color"] and not os.environ.get("NO_COLOR"),
            quiet=taken["quiet"],
            verbose=taken["verbose"],
            log_json=taken["log_json"],
        )
        return function(common=shared, **values)

    wrapper.__name__ = function.__name__
    wrapper.__doc__ = function.__doc__
    wrapper.__click_params__ = list(getattr(function, "__click_params__", []))  # type: ignore[attr-defined] # click's own
    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value] # the signature is what click sees


def _rule(text: str) -> tuple[str, str | None]:
    name, _, what = text.partition("=")
    if name not in RULES:
        raise click.BadParameter(f"there is no rule {name}; known: {', '.join(RULES)}", param_hint="--allow")
    if name == "deletes" and not what.isdigit():
        raise click.BadParameter("write how many: --allow deletes=12", param_hint="--allow")
    return name, what or None


class Seconds(_ParamType):
    """A duration: `30`, `30s`, `5m`, `1h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the duration in seconds."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration; write 30s, 5m or 1h", param, ctx)
        return float(match[1]) * {None: 1, "s": 1, "m": 60, "h": 3600}[match[2]]


_OPTIONS = (
    click.option("--chdir", default=".", metavar="DIR", type=click.Path(file_okay=False), help="Project folder."),
    click.option("--env", metavar="NAME", help="Environment to work in."),
    click.option("--var", multiple=True, metavar="K=V", help="Set a variable."),
    click.option("--var-file", multiple=True, metavar="F", type=click.Path(), help="Set variables from a file."),
    click.option(
        "--allow", multiple=True, metavar="RULE[=WHAT]", help="Lift one guardrail for this run; a refusal says which."
    ),
    click.option("--reason", metavar="TEXT", help="Why it was lifted; goes to plan and history."),
    click.option("--lock-timeout", default=0.0, type=Seconds(), help="How long to wait for the lock, e.g. 30s."),
    click.option("--timeout", type=Seconds(), help="Total time for requests, e.g. 5m."),
    click.option("--no-color", is_flag=True, help="Plain text."),
    click.option("--quiet", "-q", is_flag=True, help="Say only what matters."),
    click.option("--verbose", "-v", is_flag=True, help="Say more."),
    click.option("--log-json", metavar="F", help="Write a line per request to this file."),
)
