"""Sources of secrets, and what an untrusted project cannot make them do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reconciler.adapters.base.declare import ChildMap
from reconciler.model.values import Ref, SecretRef, Sensitive, Template
from reconciler.project.secrets import SecretError, SecretStore
from tests.project.shop import CONFIG, load_shop


def store(root: Path, section: str, **environ: str) -> SecretStore:
    return load_shop(root, {}, config=f"{CONFIG}secrets:\n{section}", environ=environ).secrets


def test_names_not_listed_come_from_the_environment(tmp_path: Path) -> None:
    found = store(tmp_path, "  prefix: DEMO_\n  x: {env: OTHER}\n", DEMO_A_B="1", OTHER="2")
    seen: list[str] = []
    assert found.resolve("a-b", seen.append) == Sensitive("1", "secret.a-b")
    assert found.resolve("a-b", seen.append).value == "1"
    assert found.resolve("x", seen.append).value == "2"
    assert seen == ["1", "2"]
    with pytest.raises(SecretError, match=r"secret\.c is not there: set the environment variable DEMO_C"):
        found.resolve("c", seen.append)


def test_default_prefix(tmp_path: Path) -> None:
    assert store(tmp_path, "  from: env\n").variable("crm-token") == "RECONCILER_SECRET_CRM_TOKEN"


def test_files(tmp_path: Path) -> None:
    outside, root = tmp_path / "run" / "pin", tmp_path / "project"
    outside.parent.mkdir()
    outside.write_text("1234\n")
    root.mkdir()
    (root / "own.txt").write_text("abc\r\n")
    (root / "link.txt").symlink_to(outside)
    section = (
        f"  pin: {{file: {outside}}}\n  own: {{file: own.txt}}\n  link: {{file: link.txt}}\n  no: {{file: no.txt}}\n"
    )
    found = store(root, section)
    assert found.resolve("own", lambda _: None).value == "abc"
    for name in ("pin", "link"):
        with pytest.raises(SecretError, match="lies outside the project: allow its folder by RECONCILER_SECRET_FILES"):
            found.resolve(name, lambda _: None)
    with pytest.raises(SecretError, match=r"secret\.no: no\.txt cannot be read"):
        found.resolve("no", lambda _: None)
    allowed = store(root, section, RECONCILER_SECRET_FILES=str(outside.parent))
    assert allowed.resolve("pin", lambda _: None).value == "1234"


def test_commands_run_only_when_allowed(tmp_path: Path) -> None:
    section = (
        f"  a: {{command: ['{sys.executable}', -c, 'print(42)']}}\n  b: {{command: ['{sys.executable}', -c, 'x']}}\n"
    )
    with pytest.raises(SecretError, match="set RECONCILER_ALLOW_COMMANDS=1"):
        store(tmp_path, section).resolve("a", lambda _: None)
    allowed = store(tmp_path, section, RECONCILER_ALLOW_COMMANDS="1")
    assert allowed.resolve("a", lambda _: None).value == "42"
    with pytest.raises(SecretError, match="ended with exit code 1") as caught:
        allowed.resolve("b", lambda _: None)
    assert "NameError" not in str(caught.value)


def test_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyring:
        @staticmethod
        def get_password(service: str, username: str) -> str | None:
            return "pw" if (service, username) == ("demo", "me") else None

    found = store(tmp_path, "  a: {keyring: demo/me}\n  b: {keyring: {service: demo, username: you}}\n")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretError, match="install the package keyring"):
        found.resolve("a", lambda _: None)
    monkeypatch.setitem(sys.modules, "keyring", Keyring)
    assert found.resolve("a", lambda _: None).value == "pw"
    with pytest.raises(SecretError, match="the keyring has no you of demo"):
        found.resolve("b", lambda _: None)


def test_filling_keeps_slots_and_children(tmp_path: Path) -> None:
    found = store(tmp_path, "  from: env\n", RECONCILER_SECRET_A="pw")
    slot = Template((Ref("shop.goals.a"), " ", SecretRef("a")))
    body = {"x": ChildMap({"one": {"t": Template(("Bearer ", SecretRef("a")))}}, open=True), "y": [slot], "z": 1}
    seen: list[str] = []
    filled = found.fill(body, seen.append)
    assert filled["x"]["one"]["t"] == Sensitive("Bearer pw", "secret.a")
    assert isinstance(filled["x"], ChildMap)
    assert filled["x"].open
    assert filled["y"][0].parts == (Ref("shop.goals.a"), " ", Sensitive("pw", "secret.a"))
    assert seen == ["pw", "Bearer pw"]
    assert "pw" not in repr(filled)


def test_empty_secret_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"secret\.a is empty"):
        store(tmp_path, "  from: env\n", RECONCILER_SECRET_A="").resolve("a", lambda _: None)
