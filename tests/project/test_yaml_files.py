from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.project.diagnostics import Diagnostic, Diagnostics, Place, ProjectError, nearest
from reconciler.project.yaml import Loose, fast, files, read_document
from reconciler.project.yaml.cache import ParseCache
from reconciler.project.yaml.files import read_files
from tests.project.conformance.parsers import same

FAST = "a: {b: [1, 2.5, true, null, text]}\n"
LOOSE = "a: {b: [01, 17.10, '01', 1.5]}\nc: 007\n"


def write(folder: Path, **texts: str) -> list[Path]:
    out = []
    for name, text in texts.items():
        path = folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        out.append(path)
    return out


def values(paths: list[Path], root: Path, cache: ParseCache | None) -> list[Any]:
    found = Diagnostics()
    out = [document.value for document in read_files(paths, root, cache, found)]
    assert not found.has_errors, found.sorted()
    return out


def test_cached_values_are_the_values_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path, one=FAST, two=LOOSE)
    cold = values(paths, tmp_path, None)
    first = values(paths, tmp_path, ParseCache(tmp_path / "cache"))

    def never(*_: object) -> None:
        raise AssertionError("parsed although it is in the cache")

    monkeypatch.setattr(fast, "load", never)
    monkeypatch.setattr(files, "read_exactly", never)
    warm = values(paths, tmp_path, ParseCache(tmp_path / "cache"))
    assert same(cold, first)
    assert same(cold, warm)
    assert type(warm[1]["a"]["b"][0]) is Loose
    assert type(warm[1]["a"]["b"][2]) is str


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    paths = write(tmp_path, one=FAST)
    values(paths, tmp_path, ParseCache(tmp_path))
    paths[0].write_text("a: 2\n", encoding="utf-8")
    assert values(paths, tmp_path, ParseCache(tmp_path)) == [{"a": 2}]


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_cache_is_ignored(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("cache")
    paths = write(folder, one=FAST, two=LOOSE)
    expected = values(paths, folder, ParseCache(folder))
    pack = folder / "files.pack"
    content = bytearray(pack.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[position] ^= data.draw(st.integers(1, 255))
    else:
        del content[position:]
    pack.write_bytes(bytes(content))
    try:
        read = values(paths, folder, ParseCache(folder))
    finally:
        pack.unlink(missing_ok=True)
    assert same(read, expected)


def test_unused_entries_go_after_some_rewrites(tmp_path: Path) -> None:
    paths = write(tmp_path, one=FAST)
    for number in range(20):
        paths[0].write_text(f"a: {number}\n", encoding="utf-8")
        values(paths, tmp_path, ParseCache(tmp_path))
    assert (tmp_path / "files.pack").read_bytes().count(b'{"a":') < 12


def test_no_cache_file_is_left_half_written(tmp_path: Path) -> None:
    values(write(tmp_path, one=FAST), tmp_path, ParseCache(tmp_path / "cache"))
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["files.pack"]


def test_a_folder_that_cannot_be_written_to_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder", encoding="utf-8")
    assert values(write(tmp_path, one="a: 1\n"), tmp_path, ParseCache(tmp_path / "cache")) == [{"a": 1}]


def test_files_with_errors_are_left_out_and_not_kept(tmp_path: Path) -> None:
    paths = write(tmp_path, one="a:\n", two="b: 1\n", three="c: @x\n")
    for _ in range(2):
        found = Diagnostics()
        documents = read_files(paths, tmp_path, ParseCache(tmp_path / "cache"), found)
        assert [document.file for document in documents] == ["two.yaml"]
        assert [(one.code, one.place and one.place.file) for one in found] == [
            ("empty-value", "one.yaml"),
            ("first-character", "three.yaml"),
        ]


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"a: 1\nb: x\xff\n")
    wide = tmp_path / "wide.yaml"
    wide.write_bytes("a: 1\n".encode("utf-16"))
    found = Diagnostics()
    assert read_files([bad, wide, tmp_path / "none.yaml"], tmp_path, None, found) == []
    assert [str(one) for one in found] == [
        "bad.yaml:2:5: the text is not UTF-8 (save it as UTF-8)",
        "wide.yaml:1:1: the file is UTF-16 (save it as UTF-8)",
        "none.yaml:1:1: the file cannot be read: No such file or directory",
    ]


POSITIONS = """\
base: &base
  x: 1
  y: {z: 2}
a:
  <<: *base
  x: 3
  list:
    - one
    - b: two
c: *base
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ((), (1, 1), (1, 1)),
        (("a",), (4, 1), (5, 3)),
        (("a", "x"), (6, 3), (6, 6)),
        (("a", "y"), (3, 3), (3, 6)),
        (("a", "y", "z"), (3, 7), (3, 10)),
        (("a", "list", 1), (9, 7), (9, 7)),
        (("a", "list", 1, "b"), (9, 7), (9, 10)),
        (("c", "x"), (2, 3), (2, 6)),
        (("a", "list", 7), (7, 3), (8, 5)),
        (("nothing",), (1, 1), (1, 1)),
    ],
)
def test_positions(path: tuple[str | int, ...], key: tuple[int, int], value: tuple[int, int], tmp_path: Path) -> None:
    direct = read_document(POSITIONS, "f.yaml", Diagnostics())
    (tmp_path / "f.yaml").write_text(POSITIONS, encoding="utf-8")
    read_files([tmp_path / "f.yaml"], tmp_path, ParseCache(tmp_path), Diagnostics())
    (cached,) = read_files([tmp_path / "f.yaml"], tmp_path, ParseCache(tmp_path), Diagnostics())
    assert direct is not None
    for document in (direct, cached):
        assert document.position(path, of="key") == Place("f.yaml", *key)
        assert document.position(path) == Place("f.yaml", *value)


def test_aliases_give_copies() -> None:
    document = read_document("a: &x {b: [1]}\nc: *x\n", "f.yaml", Diagnostics())
    assert document is not None
    assert document.value["a"] is not document.value["c"]
    assert document.value["a"]["b"] is not document.value["c"]["b"]


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    found = Diagnostics()
    assert read_document("\n".join(lines), "f.yaml", found) is None
    assert {one.code for one in found} == {"alias-bomb"}


def test_deep_nesting_is_refused_and_does_not_crash() -> None:
    for text in ("[" * 50_000, "- " * 20_000 + "x", "[" * 50_000 + "]" * 50_000):
        found = Diagnostics()
        assert read_document(text, "f.yaml", found) is None
        assert found.has_errors


def test_rendering() -> None:
    place = Place("resources/a.yaml", 3, 7)
    error = Diagnostic(place, "convert.goals.a", "unknown kind `goal`", "did you mean `goals`?")
    assert str(error) == "resources/a.yaml:3:7: convert.goals.a: unknown kind `goal` (did you mean `goals`?)"
    warning = Diagnostic(None, None, "something", None, "warning")
    assert str(warning) == "warning: something"


def test_collecting() -> None:
    found = Diagnostics()
    found.warning("w", place=Place("b", 1, 1), code="w")
    assert not found.has_errors
    found.error("e2", place=Place("b", 1, 2), code="e")
    found.error("e1", place=Place("a", 9, 9), code="e")
    found.error("e1", place=Place("a", 9, 9), code="e")
    assert [one.problem for one in found.sorted()] == ["e1", "w", "e2"]
    with pytest.raises(ProjectError) as raised:
        found.raise_errors()
    assert len(raised.value.diagnostics) == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [("goal", "goals"), ("Goals", "goals"), ("web-hooks", "web_hooks"), ("xyzzy", None), ("experience", "experiences")],
)
def test_nearest(name: str, expected: str | None) -> None:
    assert nearest(name, ["goals", "experiences", "web_hooks", "audiences"]) == expected
