"""`reconciler schema`: JSON Schemas that make editors complete and check the files while they are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli import runtime


@click.command("schema")
@click.option("--out", default="schemas", show_default=True, metavar="DIR", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when the files in DIR differ.")
def command(out: Path, check: bool) -> int:
    """Write JSON Schemas of reconciler.yaml and of resource files."""
    with runtime.errors():
        stale = [
            name
            for name, text in schema_files().items()
            if not (out / name).is_file() or (out / name).read_text(encoding="utf-8") != text
        ]
        if check:
            for name in stale:
                runtime.emit(str(out / name))
            if stale:
                runtime.say(f"{len(stale)} schema(s) differ; to write them: reconciler schema --out {out}")
            return 1 if stale else 0
        write_schemas(out)
        runtime.emit(f"{out}: {', '.join(schema_files())}")
    return 0


def write_schemas(folder: Path) -> None:
    """Write all schemas into a folder, which is made if it is not there. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")


def schema_files() -> Mapping[str, str]:
    """Return the schemas by file name, for all platforms that are installed."""
    from reconciler.project.platforms import Platforms
    from reconciler.project.schema import config_schema, resources_schema

    platforms = Platforms()
    every = [platform for name in platforms.names() if (platform := platforms.get(name)) is not None]
    return {
        "reconciler.schema.json": _text(config_schema(every)),
        "resources.schema.json": _text(resources_schema(every)),
    }


def _text(schema: Mapping[str, Any]) -> str:
    import orjson

    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
