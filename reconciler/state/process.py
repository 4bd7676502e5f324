"""Who runs here: enough to tell later whether the process that took a lock still exists on this machine."""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(slots=True, frozen=True)
class Machine:
    """One place where process numbers mean something: a boot of a machine, and a namespace of processes on it.

    Two machines, or two containers, may have one host name; the other parts tell them apart. A part that the system
    does not tell is empty.
    """

    host: str
    machine: str
    boot: str
    namespace: str


@cache
def this_machine() -> Machine:
    """Describe the machine this process runs on. The machine's own id is hashed: it is meant to stay on it."""
    own = _read("/etc/machine-id")
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return Machine(
        host=socket.gethostname(),
        machine=hashlib.sha256(b"reconciler " + own.encode()).hexdigest()[:16] if own else "",
        boot=_read("/proc/sys/kernel/random/boot_id"),
        namespace=namespace,
    )


def user_at_host() -> str:
    """Name who runs this: `ana@laptop`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{this_machine().host}"


def start_of(pid: int) -> str | None:
    """Tell when a process of this machine began, in the system's own spelling; None if there is none (any more).

    A process that has ended and only waits to be collected by its parent counts as gone.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None if Path("/proc/self/stat").exists() else _start_by_ps(pid)
    fields = text[text.rindex(")") + 2 :].split()  # the command's name before it may hold anything
    return None if fields[0] in {"Z", "X"} else fields[19]


def _start_by_ps(pid: int) -> str | None:
    import subprocess

    result = subprocess.run(  # noqa: S603 - a fixed program with a number as its argument
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C"},
    )
    state, _, started = result.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else " ".join(started.split())


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
