"""Registered secrets vanish from every text, however they are written in it."""

import json
import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, quote_plus

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.http import Redactor
from reconciler.http.redact import MASK

secrets = st.text(st.characters(codec="utf-8"), min_size=6, max_size=40).filter(
    lambda text: len(text.strip()) >= 6 and not set(text) <= set(MASK) and MASK not in text
)


@settings(deadline=None)
@given(secrets, st.sampled_from(["", "a", "=", "Bearer ", "/"]))
def test_a_secret_in_any_writing(secret: str, before: str) -> None:
    redactor = Redactor([secret])
    writings = [
        secret,
        secret.strip(),
        quote(secret),
        quote(secret, safe=""),
        re.sub("%..", lambda escape: escape.group().lower(), quote(secret, safe="[]:,@/!$'()*~")),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        orjson.dumps(secret).decode()[1:-1],
        b64encode(secret.encode()).decode(),
    ]
    for writing in writings:
        assume(writing not in before + MASK)
        text = redactor.redact_text(f"{before}{writing} and {writing}.")
        assert writing.strip() not in text
        assert MASK in text
        url = redactor.redact_url(f"https://h/{quote(secret, safe='')}?q={quote(secret, safe='')}&page=2")
        assert url == f"https://h/{MASK}?q={MASK}&page=2"


@settings(deadline=None)
@given(
    st.lists(secrets, min_size=1, max_size=5),
    st.recursive(
        st.none() | st.integers(-(2**53), 2**53) | st.text(),
        lambda item: st.lists(item) | st.dictionaries(st.text(), item),
        max_leaves=8,
    ),
)
def test_json_with_secrets_anywhere(values: list[str], tree: Any) -> None:
    redactor = Redactor(values)
    document = {"tree": tree, "list": values, "map": {value: value for value in values}, "text": f"x {values[0]} y"}
    before = orjson.dumps(document)
    shown = str(redactor.redact_json(document))
    assert f"x {MASK} y" in shown
    for value in values:
        assert f"'{value}'" not in shown
    assert orjson.dumps(document) == before  # the original is left as it was


def test_of_a_key_with_several_lines_each_line() -> None:
    pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n"
    redactor = Redactor([pem])
    assert "MIIEvQ" not in redactor.redact_text("cut: MIIEvQIBADANBgkqhkiG9w0B")
    assert "AQEF" not in redactor.redact_text(json.dumps({"k": pem}))


def test_keys_that_are_called_like_a_secret() -> None:
    body = {
        "password": "p",
        "api_key": 12345,
        "refreshToken": "t",
        "nested": {"clientSecret": ["a", {"x": "b"}], "private-key": None, "secret": True},
        "key": "goal-key",
        "author": "me",
        "name": "x",
    }
    assert Redactor().redact_json(body) == {
        "password": MASK,
        "api_key": MASK,
        "refreshToken": MASK,
        "nested": {"clientSecret": [MASK, {"x": "b"}], "private-key": None, "secret": True},
        "key": "goal-key",
        "author": "me",
        "name": "x",
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p4ssw0rd@h/x", f"https://{MASK}@h/x"),
        ("https://h/x?token=abc&page=2&api_key=", f"https://h/x?token={MASK}&page=2&api_key="),
        ("https://h/x?a[secret]=v;signature=s", f"https://h/x?a[secret]={MASK};signature={MASK}"),
        ("https://h/x?key=v#f", "https://h/x?key=v#f"),
        ("http://[::1", MASK),
    ],
)
def test_addresses(url: str, shown: str) -> None:
    assert Redactor().redact_url(url) == shown


def test_headers() -> None:
    headers = [("Authorization", "Bearer x"), ("X-Api-Key", "k"), ("Accept", "a/b"), ("X-Echo", "abc-123-def")]
    assert Redactor(["abc-123-def"]).redact_headers(headers) == [
        ("Authorization", MASK),
        ("X-Api-Key", MASK),
        ("Accept", "a/b"),
        ("X-Echo", MASK),
    ]


def test_members_of_cut_json() -> None:
    text = Redactor().redact_text('x {"a": 1, "apiToken": "abc\\"def", "b": {"password":"never clo')
    assert text == f'x {{"a": 1, "apiToken": "{MASK}", "b": {{"password":"{MASK}"'


def test_short_secrets_do_not_eat_the_text() -> None:
    redactor = Redactor(["a1"])
    assert redactor.redact_text("a1b2") == "a1b2"
    assert redactor.redact_json(["a1", "a1b2"]) == [MASK, "a1b2"]
    assert Redactor([""]).redact_text("text") == "text"


def test_numbers_that_are_secrets() -> None:
    assert Redactor(["987654"]).redact_json([987654, 1]) == [MASK, 1]


def test_registering_from_many_threads() -> None:
    redactor = Redactor()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: redactor.add(f"secret-{number:04}"), range(300)))
    text = redactor.redact_text(" ".join(f"secret-{number:04}" for number in range(300)))
    assert text == " ".join([MASK] * 300)
