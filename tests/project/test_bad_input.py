"""Every bad input has one clear message: file, line, column, address, what is wrong, what would be right.

The cases stand in `bad/*.txt`: `=== name`, the file, `---`, the messages.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.project.diagnostics import ProjectError
from reconciler.project.loader import load
from reconciler.project.model import LoadOptions
from tests.project.shop import CONFIG, load_shop, write

BAD = Path(__file__).parent / "bad"


def cases(name: str) -> dict[str, tuple[str, list[str]]]:
    found = {}
    for block in (BAD / name).read_text(encoding="utf-8").split("=== ")[1:]:
        title, _, rest = block.partition("\n")
        text, _, messages = rest.partition("---\n")
        found[title] = (text, messages.strip().split("\n"))
    return found


RESOURCES, CONFIGS = cases("resources.txt"), cases("reconciler.txt")


def messages(root: Path, files: str | dict[str, str], config: str = CONFIG) -> list[str]:
    with pytest.raises(ProjectError) as caught:
        load_shop(root, files, config=config)
    return [str(finding) for finding in caught.value.diagnostics]


@pytest.mark.parametrize("case", RESOURCES)
def test_resource_file(tmp_path: Path, case: str) -> None:
    text, expected = RESOURCES[case]
    assert messages(tmp_path, text) == expected


@pytest.mark.parametrize("case", CONFIGS)
def test_reconciler_yaml(tmp_path: Path, case: str) -> None:
    text, expected = CONFIGS[case]
    assert messages(tmp_path, {}, config=text) == expected


def test_there_are_many_cases() -> None:
    assert len(RESOURCES) > 80
    assert len(CONFIGS) > 35


def test_no_project(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProjectError, match=r"there is no reconciler\.yaml in empty \(run `reconciler init`"):
        load(tmp_path / "empty", LoadOptions(environ={}, platforms={}, cache=False))


def test_duplicate_address_in_two_files_names_both(tmp_path: Path) -> None:
    goal = "shop.goals.a: {name: A, type: click}\n"
    found = messages(tmp_path, {"resources/one.yaml": goal, "resources/sub/two.yaml": "\n" + goal})
    assert found == [
        (
            "resources/sub/two.yaml:2:1: shop.goals.a: is declared twice, first at resources/one.yaml:1:1 "
            "(give one of them another name, or make them one)"
        )
    ]


def test_all_errors_of_all_files_come_at_once_sorted(tmp_path: Path) -> None:
    found = messages(
        tmp_path,
        {
            "resources/b.yaml": "shop.goals.b: {name: B, type: clik}\nshop.goals.c: {name: C}\n",
            "resources/a.yaml": "shop.goals.a: {nme: A, name: A, type: click}\n",
        },
        config=CONFIG + "outputs: {x: '${shop.goals.a.nope}'}\n",
    )
    assert [line.split(": ")[0] for line in found] == [
        "reconciler.yaml:6:14",
        "resources/a.yaml:1:16",
        "resources/b.yaml:1:31",
        "resources/b.yaml:2:1",
    ]


def test_broken_file_does_not_blame_those_who_refer_into_it(tmp_path: Path) -> None:
    found = messages(
        tmp_path,
        {
            "resources/broken.yaml": "shop.goals.a: {name: A, name: B, type: click}\n",
            "resources/pages.yaml": "shop.pages.p: {name: '${shop.goals.a}', main_goal: a, goals: ['${shop.goals.b}']}",
        },
    )
    assert len(found) == 1
    assert found[0].startswith("resources/broken.yaml:1:")


def test_empty_and_half_written_files_are_errors(tmp_path: Path) -> None:
    assert messages(tmp_path, {"resources/a.yaml": "# only a comment\n"})[0].startswith("resources/a.yaml:1:1: ")
    assert "has no value" in messages(tmp_path, {"resources/a.yaml": "shop.goals.a:\n"})[0]


def test_empty_map_declares_nothing_on_purpose(tmp_path: Path) -> None:
    assert load_shop(tmp_path, {"resources/a.yaml": "{}\n"}).declarations == {}


def test_platform_not_installed_is_said_once_and_its_resources_are_not_blamed(tmp_path: Path) -> None:
    config = CONFIG.replace("  shop-eu", "  celigo: {token: x}\n  shop-eu")
    found = messages(
        tmp_path, "celigo.flows.a: {name: A}\nshop.goals.a: {name: '${celigo.flows.a}', type: click}\n", config
    )
    assert found == [
        (
            "reconciler.yaml:5:3: celigo: platform celigo is not installed "
            "(known: depot, shop; an account named otherwise says platform: …)"
        )
    ]


def test_symbolic_links_do_not_lead_out(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"x.js": "1", "r.yaml": "{}\n"})
    root = write(tmp_path / "in", {"resources/keep.yaml": "{}\n"})
    (root / "link.js").symlink_to(outside / "x.js")
    found = messages(root, "shop.goals.a: {name: A, type: click, js: \"${file('../link.js')}\"}\n")
    assert "../link.js lies outside the project" in found[0]
    (root / "resources" / "main.yaml").unlink()
    (root / "resources" / "link.yaml").symlink_to(outside / "r.yaml")
    assert "leads out of the project" in messages(root, {})[0]


def test_a_literal_secret_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    found = messages(tmp_path, "shop.goals.a: {name: A, type: click, token: hunter2}\n")
    assert "hunter2" not in "".join(found)
