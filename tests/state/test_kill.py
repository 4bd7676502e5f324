import os
import signal
import subprocess
import sys
from pathlib import Path

from reconciler.state import LocalBackend
from tests.state.data import start

WRITER = """
import sys, threading
from reconciler.state import Entry, LocalBackend, State, open_session
session = open_session(LocalBackend(sys.argv[1]), run="killed", new=State.new("shop", None, "0.1.0"))
said = threading.Lock()
def work(worker):
    number = 0
    while True:
        number += 1
        name = f"w{worker}-{number}"
        session.intent(name, key=name)
        with said:
            print("intent", name, flush=True)
        session.done(name, put={name: Entry(kind="goals", id=name, account="convert")})
        with said:
            print("done", name, flush=True)
for worker in range(4):
    threading.Thread(target=work, args=(worker,)).start()
"""


def test_after_kill_9_everything_promised_is_there_and_the_rest_is_pending(path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(300)]
    os.kill(process.pid, signal.SIGKILL)
    said += [line for line in process.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
    promised = {kind: {line.split()[1] for line in said if line.startswith(kind)} for kind in ("intent", "done")}

    with start(LocalBackend(path), "next") as session:
        resources = set(session.state.resources)
        pending = {intent.step for intent in session.pending()}
        assert session.lock.took_over is not None
        assert session.lock.took_over.pid == process.pid
    assert promised["done"] <= resources
    assert promised["intent"] <= resources | pending
    assert not resources & pending
    assert len(pending) <= 4
    assert all(intent.run == "killed" and intent.data == {"key": intent.step} for intent in session.pending())
