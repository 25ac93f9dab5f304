"""One writer at a time, across processes: a lock of the operating system, which a dead holder can't keep."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from perfsearch.errors import LibraryError, LibraryLocked

LOCK_FILE = "lock"
_POLL_SECONDS = 0.02


@contextmanager
def write_lock(directory: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the library's write lock; the file says who does.

    Raises:
        LibraryLocked: another process held it for all of `wait_seconds`; the message says which.
        LibraryError: the lock file can't be made.
    """
    path = directory / LOCK_FILE
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise LibraryError(f"{path}: the library can't be written ({error.strerror}); check its permissions") from error
    try:
        _wait(handle, path, wait_seconds)
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(_holder(), ensure_ascii=False).encode(), 0)
        yield
    finally:
        # Closing lets go of the lock; what the file says then counts for nothing.
        os.close(handle)


def _wait(handle: int, path: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LibraryLocked(
                    f"{path.parent}: {describe_holder(path)} is writing to this library; waited {wait_seconds:g} s, "
                    "try again when it is done"
                ) from None
        time.sleep(_POLL_SECONDS)


def _holder() -> dict[str, str | int]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": " ".join(sys.argv)[:200] or sys.executable,
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def describe_holder(path: Path) -> str:
    """Who holds the lock, from what its file says."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return f"process {held['pid']} on {held['host']} (`{held['command']}`, since {held['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
