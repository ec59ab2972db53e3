"""Who holds a lease, said so that a second process on the same machine can tell whether the first is still alive.

A name is `host/instance:pid:start`. The instance is a hash of the boot and of the process namespace: containers that
share a host name, and a machine before and after a restart, must never judge each other's process numbers. The start
time tells a process from a later one with the same number.
"""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path


def this_process(lane: str = "") -> str:
    """The name under which this process holds leases; `lane` tells its threads apart."""
    pid = os.getpid()
    return f"{_instance()}:{pid}:{_started(pid)}" + (f":{lane}" if lane else "")


def is_gone(owner: str) -> bool:
    """Whether the process of that name surely no longer runs; False when only its lease can tell."""
    parts = owner.split(":")
    if len(parts) < 3 or parts[0] != _instance() or not parts[1].isdigit():
        return False
    pid = int(parts[1])
    return not _runs(pid) or _started(pid) != parts[2]


def described(owner: str) -> str:
    """The owner in a person's words, for sentences."""
    parts = owner.split(":")
    host = parts[0].partition("/")[0]
    return f"process {parts[1]} on {host}" if len(parts) > 1 else owner


def _instance() -> str:
    marks = _text("/proc/sys/kernel/random/boot_id") + _link("/proc/self/ns/pid")
    host = socket.gethostname().replace(":", "-").replace("/", "-")
    return f"{host}/{hashlib.sha256(marks.encode()).hexdigest()[:8]}"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it exists and is somebody else's
        return True
    # A killed process whose parent has not yet asked for its exit code still has a number, but will do nothing more.
    return _stat(pid)[:1] != ["Z"]


def _started(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else "0"


def _stat(pid: int) -> list[str]:
    # The command name may hold spaces and brackets, so count from after its last bracket: state first, start 20th.
    return _text(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
