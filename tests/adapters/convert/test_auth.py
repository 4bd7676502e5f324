from __future__ import annotations

import pytest

from reconciler.adapters.convert.auth import LIFETIME, BearerAuth, HmacAuth, signature

KEY_ID = "a1b2c3d4-1111-2222-3333-444455556666"
SECRET = "s3cr3t-EXAMPLE-key"
BASE = "https://api.convert.com/api/v2/accounts/10001/projects/10002"


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        (
            f"{BASE}/tags/add",
            b'{"name":"q1-campaign"}',
            "3bf340acd32726ca76706eb9a92ac2d09e5b2eb0f1b88747fcfcb88b1cdde6a8",
        ),
        (
            f"{BASE}/experiences/1000123?include[]=variations&include[]=variations.changes",
            b"",
            "23aad3af2aa95847ba3bffa918120fd22955c3d7bc9a753583705a89f6c926b4",
        ),
    ],
)
def test_signature_of_known_requests(url: str, body: bytes, expected: str) -> None:
    assert signature(KEY_ID, SECRET, 1767225600, url, body) == expected


def test_signed_headers_expire_by_the_platforms_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.adapters.convert.auth.time.time", lambda: 1767225600.9 - LIFETIME - 40)
    auth = HmacAuth(KEY_ID, SECRET)
    auth.clock_offset = 40.0

    headers = auth.sign("POST", f"{BASE}/tags/add", b'{"name":"q1-campaign"}')

    assert headers == {
        "Convert-Application-ID": KEY_ID,
        "Expires": "1767225600",
        "Authorization": "Convert-HMAC-SHA256 "
        "Signature=3bf340acd32726ca76706eb9a92ac2d09e5b2eb0f1b88747fcfcb88b1cdde6a8",
    }


def test_bearer_sends_id_and_secret() -> None:
    auth = BearerAuth(KEY_ID, SECRET)

    assert auth.sign("GET", BASE, b"") == {"Authorization": f"Bearer {KEY_ID}:{SECRET}"}
    assert SECRET in set(auth.secrets())


def test_secrets_are_told_so_that_they_can_be_hidden() -> None:
    assert list(HmacAuth(KEY_ID, SECRET).secrets()) == [SECRET]
