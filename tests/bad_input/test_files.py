"""Files that are not what they should be: their bytes, their size, where they lie, and what may be read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bad_input.checking import refused, without_rights
from tests.harness import Bench, bench

GOAL = "convert.goals.a: {key: a, name: A, type: revenue, settings: {triggering_type: manual}}\n"
NOBODY = 65534
"""A user without rights."""
BYTES: dict[str, bytes] = {
    "empty": b"",
    "only space": b" \n\n",
    "only comments": b"# convert.goals.a:\n#   name: A\n",
    "only a mark": b"---\n",
    "latin-1": GOAL.replace("name: A", "name: Käse").encode("latin-1"),
    "utf-16": GOAL.encode("utf-16"),
    "binary": bytes(range(256)) * 20,
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "nul": b"convert.goals.a: {name: 'A\0B', type: revenue}\n",
    "line separator": "convert.goals.a:\n  name: A\u2028B\n  type: revenue\n".encode(),
    "very deep flow": b"convert.goals.a: {name: " + b"[" * 5000 + b"]" * 5000 + b"}\n",
    "very deep block": b"convert.goals.a:\n"
    + b"".join(b" " * n + b"x:\n" for n in range(1, 300))
    + b" " * 300
    + b"y: 1\n",
    "deep enough for a stack": b"convert.goals.a: {name: A, type: revenue, settings: "
    + b"{a: " * 95
    + b"1"
    + b"}" * 95
    + b"}\n",
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes(shop: Bench, name: str) -> None:
    (shop.root / "resources" / "main.yaml").write_bytes(BYTES[name])
    ran = refused(shop, f"files/{name}", "plan", "--json")
    assert "resources/main.yaml:" in ran.err
    assert len(ran.err) < 5000


@pytest.mark.parametrize("name", ["empty", "only comments", "latin-1", "binary"])
def test_bytes_of_reconciler_yaml(shop: Bench, name: str) -> None:
    shop.write(GOAL)
    (shop.root / "reconciler.yaml").write_bytes(BYTES[name])
    ran = refused(shop, f"files/reconciler.yaml {name}", "plan")
    assert "reconciler.yaml:" in ran.err


@pytest.mark.parametrize(
    "content",
    [
        GOAL.replace("\n", "\r\n").encode(),
        GOAL.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + GOAL.encode(),
        b"\xef\xbb\xbf---\r\n" + GOAL.replace("\n", "\r\n").encode(),
        GOAL.rstrip("\n").encode(),
        GOAL.replace("name: A", "name: 🎯 Käse ✓").encode(),
        (GOAL + "...\n").encode(),
    ],
    ids=["CRLF", "CR", "BOM", "BOM and CRLF", "no final newline", "emoji", "end mark"],
)
def test_files_that_are_fine(shop: Bench, content: bytes) -> None:
    (shop.root / "resources" / "main.yaml").write_bytes(content)
    shop.apply()
    shop.settled()
    shop.run("validate", expect=0)


def test_windows_line_ends_in_code_are_no_difference(shop: Bench) -> None:
    experience = """\
convert.experiences.x:
  {name: X, type: a/b, status: draft, url: "https://x.example/",
   variations: {original: {name: O, is_baseline: true, traffic_distribution: 50},
                b: {name: B, traffic_distribution: 50,
                    changes: [{$name: b, type: customCode, data: {js: "${file('../code/b.js')}"}}]}}}
"""
    shop.write(experience)
    code = shop.root / "code" / "b.js"
    code.parent.mkdir()
    code.write_bytes(b"a();\r\nb();\r\n")
    shop.apply()
    shop.settled()
    code.write_bytes(b"a();\nb();\n")
    shop.settled()
    code.write_bytes(b"a();\nb();")
    shop.settled()


def test_code_that_is_not_text(shop: Bench) -> None:
    shop.write("convert.goals.a: {key: a, name: \"${file('x.bin')}\", type: revenue}\n")
    (shop.root / "resources" / "x.bin").write_bytes(b"\xff\xfe\x00")
    refused(shop, "files/code not text", "plan")


def test_a_line_of_five_megabytes(shop: Bench) -> None:
    items = ", ".join(f"g{n}: {{key: g{n}, name: G{n}, type: revenu}}" for n in range(40_000))
    shop.write(f"convert.goals: {{{items[:5_000_000]}\n")
    ran = shop.run("validate", expect=1)
    assert ran.out == ""
    assert ran.err.startswith("resources/main.yaml:1:")
    assert len(ran.err) < 20_000


def test_a_text_of_five_megabytes(shop: Bench) -> None:
    shop.write(f"convert.goals.a: {{key: a, type: revenue, name: {'x' * 5_000_000}}}\n")
    ran = refused(shop, "files/five megabytes of text", "plan", "--json")
    assert "resources/main.yaml:1:" in ran.err


def test_no_project(shop: Bench) -> None:
    (shop.root / "reconciler.yaml").unlink()
    for command in ("validate", "plan", "drift", "apply", "whoami", "state", "graph", "output", "unlock"):
        argv = (command, "list") if command == "state" else (command,)
        refused(shop, f"files/no project {command}", *argv)


def test_no_folder(shop: Bench, tmp_path: Path) -> None:
    shop.root = tmp_path / "nowhere"
    refused(shop, "files/no folder", "plan")


def test_the_folder_is_a_file(shop: Bench) -> None:
    shop.root = shop.root / "reconciler.yaml"
    ran = shop.run("plan", expect=1)
    assert "is a file" in ran.err


def test_reconciler_yaml_is_a_folder(shop: Bench) -> None:
    (shop.root / "reconciler.yaml").unlink()
    (shop.root / "reconciler.yaml").mkdir()
    refused(shop, "files/reconciler.yaml is a folder", "plan")


def test_a_folder_with_the_name_of_a_resource_file_is_searched(shop: Bench) -> None:
    shop.write(GOAL, "resources/odd.yaml/inner.yaml")
    assert "1 resource in 2 files is valid" in shop.run("validate", expect=0).out


def test_a_pipe_is_not_waited_for(shop: Bench) -> None:
    os.mkfifo(shop.root / "resources" / "pipe.yaml")
    refused(shop, "files/pipe", "plan")


def test_duplicate_address_in_two_files(shop: Bench) -> None:
    shop.write(GOAL, "resources/a.yaml")
    shop.write(GOAL, "resources/b.yml")
    refused(shop, "files/duplicate address", "plan", "--json")


def test_file_outside(shop: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("top secret")
    (tmp_path / "r.yaml").write_text(GOAL)
    (shop.root / "resources" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (shop.root / "resources" / "up").symlink_to(tmp_path)
    (shop.root / "resources" / "link.yaml").symlink_to(tmp_path / "r.yaml")
    (shop.root / "resources" / "loop").symlink_to(shop.root / "resources")
    (shop.root / "resources" / "gone.yaml").symlink_to(tmp_path / "gone.yaml")
    shop.write(
        "convert.goals.b: {key: b, name: \"${file('../../secret.txt')}\", type: revenue}\n"
        "convert.goals.c: {key: c, name: \"${file('link.txt')}\", type: revenue}\n"
        "convert.goals.d: {key: d, name: \"${file('up/secret.txt')}\", type: revenue}\n"
        f"convert.goals.e: {{key: e, name: \"${{file('{tmp_path}/secret.txt')}}\", type: revenue}}\n"
        "convert.goals.f: {key: f, name: \"${file('/etc/passwd')}\", type: revenue}\n"
        "convert.goals.g: {key: g, name: \"${file('.')}\", type: revenue}\n"
    )
    ran = refused(shop, "files/outside", "plan")
    assert "top secret" not in ran.err
    assert "root:" not in ran.err


@pytest.fixture
def modest() -> Iterator[Bench]:
    """Return a project that this process has no more rights to than its files' modes give, even when run by root."""
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder) / "shop") as one:
        one.write(GOAL)
        one.run("plan", expect=0)  # imports all there is to import
        shutil.rmtree(one.root / ".reconciler")
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, NOBODY if os.geteuid() == 0 else -1, -1)
        with without_rights(NOBODY):
            yield one


def test_file_without_permission(modest: Bench) -> None:
    path = modest.root / "resources" / "main.yaml"
    path.chmod(0)
    try:
        refused(modest, "files/no permission", "plan", "--json")
    finally:
        path.chmod(0o600)


def test_folder_without_permission(modest: Bench) -> None:
    modest.write(GOAL, "resources/sub/a.yaml")
    folder = modest.root / "resources" / "sub"
    folder.chmod(0)
    try:
        refused(modest, "files/no permission for a folder", "plan", "--json")
    finally:
        folder.chmod(0o700)


def test_project_that_cannot_be_written_can_be_planned(modest: Bench) -> None:
    modest.root.chmod(0o500)
    try:
        assert "1 to create" in modest.run("plan", expect=0).out
        modest.run("validate", expect=0)
        modest.run("drift", expect=0)
        refused(modest, "files/project read-only apply", "apply", "--auto-approve", "--json")
    finally:
        modest.root.chmod(0o700)


def test_state_folder_that_cannot_be_written_refuses_before_any_write(modest: Bench) -> None:
    modest.apply()
    modest.write(GOAL.replace("name: A", "name: B"))
    folder = modest.root / ".reconciler"
    folder.chmod(0o500)
    try:
        modest.run("plan", expect=0)
        refused(modest, "files/state read-only apply", "apply", "--auto-approve", "--json")
    finally:
        folder.chmod(0o700)
