"""`reconciler output`: the project's outputs, from what is live now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common

if TYPE_CHECKING:
    from reconciler.model.plan import OutputChange

MASK = "<sensitive>"


@click.command("output")
@click.argument("name", required=False)
@click.option("--json", "as_json", metavar="[=F]", help="As JSON, to standard output or a file.")
@common
def command(common: Common, name: str | None, as_json: str | None) -> int:
    """Print outputs. A sensitive one is shown only when it is asked for by name."""
    with runtime.errors():
        outputs = _outputs(common)
        if name is not None:
            return _one(outputs, name, as_json)
        unknown = [found.name for found in outputs.values() if _unknown(found)]
        if as_json is not None:
            known = {key: _data(found) for key, found in outputs.items() if not _unknown(found)}
            runtime.write_result(as_json, _dump(known))
        else:
            for found in outputs.values():
                runtime.emit(f"{found.name} = {_shown(found)}")
            if not outputs:
                runtime.say("the project has no outputs", common)
        if unknown:
            runtime.say(f"not known before an apply: {', '.join(unknown)}", common)
    return 0


def _outputs(common: Common) -> dict[str, OutputChange]:
    """Resolve the outputs against live objects, as a plan does. Raises what stops a plan."""
    from reconciler.cli.planning import plan_now
    from reconciler.planner.planner import PlanOptions

    options = PlanOptions(allowed=common.allowed, progress=runtime.progress(common), attribute=False)
    with plan_now(common, options) as planning:
        return {output.name: output for output in planning.planned.plan.outputs}


def _one(outputs: dict[str, OutputChange], name: str, as_json: str | None) -> int:
    found = outputs.get(name)
    if found is None:
        known = ", ".join(outputs) or "none"
        raise click.ClickException(f"there is no output {name}; known: {known}")
    if _unknown(found):
        raise click.ClickException(f"output {name} is not known before an apply: it waits for what is not made yet")
    from reconciler.model.values import reveal

    value = reveal(found.after)
    if as_json is not None:
        runtime.write_result(as_json, _dump(value))
    else:
        runtime.emit(value if isinstance(value, str) else _dump(value))
    return 0


def _unknown(output: OutputChange) -> bool:
    from reconciler.model.values import MISSING, has_slot

    return output.after is MISSING or has_slot(output.after)


def _shown(output: OutputChange) -> str:
    if _unknown(output):
        return "(known after apply)"
    from reconciler.model.values import reveal

    return MASK if output.sensitive else _dump(reveal(output.after))


def _data(output: OutputChange) -> dict[str, Any]:
    """Return an output as Terraform's `output -json` has it; a sensitive value is masked here."""
    from reconciler.model.values import reveal

    return {"sensitive": output.sensitive, "value": MASK if output.sensitive else reveal(output.after)}


def _dump(value: Any) -> str:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
