"""No secret in anything that is printed, logged or kept: drawn texts, put wherever a secret may stand, through every command."""

from __future__ import annotations

import html
import json
import string
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.emulator.server import EmulatorServer
from tests.harness import CONFIG, Bench, Ran

RESOURCES = """\
leadconduit.entities.web: {name: Form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}
leadconduit.entities.crm: {name: CRM, source: null, recipient: crm, module_ids: [leadconduit-custom.outbound.json]}
leadconduit.credentials.token: {name: Token, type: token, package: leadconduit-custom, token: "${secret.one}"}
leadconduit.credentials.user:
  {name: User, type: user, package: leadconduit-custom, username: "${secret.two}", password: "${secret.one}"}
leadconduit.flows.web:
  name: Web
  enabled: true
  fields: [first_name]
  sources:
    web: {entity: web, enabled: true, integration: {module_id: leadconduit-default.inbound, mappings: []}}
  steps:
    - $name: crm
      type: recipient
      description: REASON
      entity: crm
      integration:
        module_id: leadconduit-custom.outbound.json
        mappings:
          url: https://crm.example/v1
          header.X-Secret: Bearer ${secret.two}
          header.X-Both: "${secret.one}:${secret.two}"
          json_property.key: ${secret.one}
"""
PHASES = (Phase.explicit, Phase.generate)
"""An example takes a second: what is found is told as it was drawn, not made smaller first."""
OUTPUTS = (
    'outputs: {hook: {value: "https://hook.example/?k=${secret.two}"}, name: {value: "${leadconduit.flows.web}"}}\n'
)
PLAIN = string.ascii_letters + string.digits
NASTY = "\"'\\\n\t ${}[]()*+?.^|&<>%#@!~`:;,=/-_äöüßéñ日本語😀\u2028"
MARK = "Zq9"
"""In every drawn secret, so that none is a word that we print for other reasons."""
secrets = st.text(alphabet=PLAIN + NASTY, min_size=5, max_size=60).map(lambda text: MARK.join((text[:3], text[3:])))
three = st.lists(secrets, min_size=3, max_size=3, unique=True)


@cache
def forms(secret: str) -> frozenset[str]:
    """Return how a text may look in what is printed."""
    found: set[str] = set()
    for part in (secret, *(line for line in secret.split("\n") if len(line) >= 16)):
        found |= {
            part,
            json.dumps(part)[1:-1],
            json.dumps(part, ensure_ascii=False)[1:-1],
            quote(part, safe=""),
            quote_plus(part),
            html.escape(part),
            repr(part)[1:-1],
            b64encode(part.encode()).decode().rstrip("="),
        }
    return frozenset(found)


class Watch:
    """Runs commands and looks for secrets in all that they leave."""

    def __init__(self, bench: Bench, *known: str) -> None:
        self.bench = bench
        self.known = set(known)
        self.log = bench.root / "calls.jsonl"

    def run(self, *argv: str, codes: tuple[int, ...] = (0,)) -> Ran:
        ran = self.bench.run(*argv)
        assert ran.code in codes, f"{argv}: {ran}"
        self.look(f"output of {argv}", ran.out + "\n" + ran.err)
        self.files(f"after {argv}")
        return ran

    def files(self, when: str) -> None:
        for path in sorted(self.bench.root.rglob("*")):
            if path.is_file():
                self.look(f"{path.relative_to(self.bench.root)} {when}", path.read_text(errors="surrogateescape"))

    def look(self, where: str, text: str) -> None:
        for secret in self.known:
            for form in forms(secret):
                assert form not in text, f"{secret!r} is in {where} as {form!r}:\n{text}"


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    with EmulatorServer() as server, pytest.MonkeyPatch.context() as patch:
        # Its lists do not lag: nothing has to be waited out after an unclear create.
        patch.setattr("reconciler.applier.recover.time", SimpleNamespace(sleep=lambda _seconds: None))
        yield server.url


def _project(root: str, url: str, one: str, two: str) -> Bench:
    bench = Bench(Path(root), url, {"RECONCILER_SECRET_ONE": one, "RECONCILER_SECRET_TWO": two})
    bench.write(CONFIG + OUTPUTS, "reconciler.yaml")
    bench.write(RESOURCES)
    bench.control("POST", "reset")
    return bench


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(drawn=three)
def test_no_secret_gets_out(emulator: str, drawn: list[str]) -> None:
    one, two, new = drawn
    with tempfile.TemporaryDirectory() as root:
        bench = _project(root, emulator, one, two)
        try:
            _all_commands(bench, one, two, new)
        finally:
            bench.client.close()


def _all_commands(bench: Bench, one: str, two: str, new: str) -> None:
    watch = Watch(bench, one, two, new)
    root = bench.root
    log = ("--log-json", str(watch.log), "--verbose")
    saved, markdown = str(root / "saved.plan"), str(root / "plan.md")
    watch.run("plan", "--json", f"--markdown={markdown}", "-o", saved, *log)
    watch.run("show", saved)

    echo = {"errors": {"token": [f"{one} is not good"], "x": f"Bearer {two}", "y": {"password": one}}, "of": [two, one]}
    failing = [
        {"method": "POST", "path": "/credentials", "status": 422, "times": 1, "body": echo},
        {"method": "POST", "path": "/credentials", "status": 500, "times": 1, "body": {"message": f"no: {one}"}},
        {"method": "POST", "path": "/entities", "status": 422, "times": 1, "body": {"error": f"{two}{one}"}},
    ]
    bench.faults(fail=failing)
    watch.run("apply", "--auto-approve", "--json", *log, codes=(1, 3))
    bench.faults()
    watch.run("apply", "--auto-approve", *log)
    watch.run("state", "pull")
    watch.run("show", "leadconduit.flows.web", "--json")
    watch.run("output")

    flow = bench.dump("leadconduit", "flows")[0]
    steps = flow["steps"]
    for mapping in steps[0]["integration"]["mappings"]:
        if mapping["property"] == "json_property.key":
            mapping["value"] = two
    steps[0]["description"] = "by hand"
    bench.edit("leadconduit", "flows", flow["id"], {"steps": steps})
    watch.run("drift", codes=(2,))
    watch.run("drift", "--json", codes=(2,))
    watch.run("plan", "--json", *log)
    bench.environ["RECONCILER_SECRET_ONE"] = new
    ran = watch.run("plan", *log)
    assert "leadconduit.credentials.token" in ran.out
    refusal = {"steps": {"0": {"integration": {"mappings": {"2": {"value": [f"{new} is not good"]}}}}}}
    bench.faults(fail=[{"method": "PUT", "path": "/flows/*", "status": 422, "times": 1, "body": refusal}])
    watch.run("apply", "--auto-approve", *log, codes=(3,))
    bench.faults()
    watch.run("apply", "--auto-approve", "--json", *log)
    bench.settled()
    stored = json.dumps(bench.control("GET", "dump"), ensure_ascii=False)
    assert json.dumps(new, ensure_ascii=False)[1:-1] in stored, "the platform must have the real value"


BY_HAND = CONFIG.replace("leadconduit: {", 'leadconduit: {base_url: "URL/leadconduit", ').replace(
    "convert: {", 'convert: {base_url: "URL/convert", '
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(secret=secrets)
def test_no_credential_of_an_account_gets_out_when_it_is_refused(emulator: str, secret: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        environ = {"RECONCILER_SECRET_LEADCONDUIT": secret, "RECONCILER_SECRET_CONVERT": secret}
        bench = Bench(Path(root), "", environ)
        bench.write(BY_HAND.replace("URL", emulator), "reconciler.yaml")
        bench.write("leadconduit.fields.roof_brsol: {name: Roof, type: number}\n")
        watch = Watch(bench, secret)
        for argv in (("plan", "-v"), ("apply", "--auto-approve", "-v"), ("whoami",), ("validate", "--online")):
            watch.run(*argv, "--log-json", str(watch.log), codes=(1,))
        bench.client.close()
