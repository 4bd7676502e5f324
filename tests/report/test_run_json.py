from __future__ import annotations

import json
import subprocess
import sys

from reconciler.applier.result import RunResult
from reconciler.report.plan_json import dump
from reconciler.report.run_json import entry_document, result_document, state_document
from reconciler.state.ledger import Entry, RunRecord, State
from tests.report.test_text import run


def test_every_step_with_its_outcome() -> None:
    found = json.loads(dump(result_document(run())))
    assert found["exit_code"] == 3
    assert found["counts"] == {"done": 3, "failed": 1, "skipped": 1, "not_started": 1}
    assert [step["status"] for step in found["steps"]] == ["done", "failed", "skipped", "not_started", "done", "done"]
    assert found["steps"][1]["error"].startswith("422 name is taken")
    assert found["steps"][2]["cause"] == "convert.goals.b"
    assert found["steps"][0]["warnings"] == ["it came back as [x]"]
    assert found["stale"] == [{"address": "convert.goals.z", "message": 'name is "X" now', "actor": "ana"}]
    assert (found["calls"], found["seconds"], found["refused"]) == (1, 1.25, None)


def test_a_run_without_steps() -> None:
    assert result_document(RunResult("1"))["steps"] == []


def test_state_without_keys_and_fingerprints() -> None:
    state = State.new("p", None, "0.1.0")
    entry = Entry("goals", "1", secrets={"token": "hmac:abcd", "other": "assumed"}, account="convert")
    state.resources["convert.goals.a"] = entry
    state.add_run(RunRecord("r1", "apply", "2026-10-01T00:00:00Z", "2026-10-01T00:00:01Z", "ana", 0))
    text = dump(state_document(state))
    assert state.hmac_key not in text
    assert "hmac:abcd" not in text
    assert entry_document("convert.goals.a", entry)["secrets"] == {"token": "known", "other": "assumed"}
    assert json.loads(text)["runs"][0]["who"] == "ana"


def test_rich_is_imported_only_to_paint() -> None:
    modules = (
        "reconciler.report.text, reconciler.report.markdown, reconciler.report.drift_text, reconciler.report.saved"
    )
    code = f"import sys, {modules}; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
