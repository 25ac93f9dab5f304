"""The process that reading processes are forked from: it has imported the readers, holds no threads, and reads nothing.

A fork of it takes milliseconds, and nothing of the library's process, its threads and locks, comes along.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from perfsearch.parsing.wire import Wire
from perfsearch.parsing.worker import OUT_OF_MEMORY, serve

_ALWAYS = ("perfsearch.parsing.documents", "perfsearch.extract.citations", "perfsearch.extract.targets")
_FOR_SUFFIX = {
    ".pdf": ("perfsearch.readers.pdf", "pdfplumber", "pypdfium2"),
    ".docx": ("perfsearch.readers.docx", "docx"),
    ".xlsx": ("perfsearch.readers.workbook", "openpyxl"),
    ".xls": ("perfsearch.readers.workbook", "xlrd"),
    ".zip": ("perfsearch.readers.docx", "docx", "perfsearch.readers.workbook", "openpyxl"),
    ".jsonl": ("perfsearch.parsing.json_lines",),
}
"""What a format needs, imported before the first process for it is forked."""
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main(descriptor: int, scratch_folder: str) -> None:
    """Serve the master at the other end of a socket: fork, say how a child ended; end when the master does.

    Temporary files of the children go into the folder, which is removed at the end.
    """
    scratch = Path(scratch_folder)
    control = socket.socket(fileno=descriptor)
    if sys.platform == "linux":
        # What a process has started (a converter) and leaves behind comes to the nursery, and ends here.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    for name in _ALWAYS:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is shared with the children is not touched by their collectors, so it stays shared
    children: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        if not message:
            break
        request = json.loads(message)
        if "end_of" in request:
            child = request["end_of"]
            children.discard(child)
            answer: dict[str, Any] = {"status": _end_of(child)}
            _end_orphans(children)
            shutil.rmtree(scratch / str(child), ignore_errors=True)
        else:
            answer = _fork(control, descriptors[0], request, scratch)
            if "pid" in answer:
                children.add(answer["pid"])
        control.sendall(json.dumps(answer).encode() + b"\n")
    for child in children:
        _kill(child)
        _end_of(child)
    _end_orphans(set())
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(0)


def _fork(control: socket.socket, descriptor: int, request: dict[str, Any], scratch: Path) -> dict[str, Any]:
    for name in _FOR_SUFFIX.get(request["suffix"], ()):
        try:
            importlib.import_module(name)
        except ImportError:  # a format that is not installed: its reader says so
            continue
    nursery = os.getpid()
    try:
        child = os.fork()
    except OSError as error:
        os.close(descriptor)
        return {"problem": error.strerror}
    if child:
        os.close(descriptor)
        return {"pid": child}
    code = 1
    try:
        control.close()
        _become_worker(nursery, scratch / str(os.getpid()))
        serve(Wire(socket.socket(fileno=descriptor)), request["memory_bytes_max"])
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    except OSError:  # the master hung up
        code = 0
    finally:
        os._exit(code)


def _become_worker(nursery: int, scratch: Path) -> None:
    # A group of its own: what a reader starts (a converter) is killed with it.
    os.setpgid(0, 0)
    if sys.platform == "linux":
        # Dies with the nursery, whatever it is doing.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != nursery:
            os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Temporary files of its own, which are removed when it ends, however it does.
    with contextlib.suppress(OSError):  # a full disk: a reader that needs no temporary file goes on
        scratch.mkdir()
        tempfile.tempdir = os.environ["TMPDIR"] = str(scratch)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # C libraries print warnings
        os.dup2(null, descriptor)


def _end_of(child: int) -> int | None:
    """How a child ended: its exit code, or the number of a signal, negative."""
    try:
        _, status = os.waitpid(child, 0)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status)


def _kill(child: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except OSError:
            continue


def _end_orphans(workers: set[int]) -> None:
    """End the processes that were left to the nursery; theirs come to it in turn."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    while True:
        try:
            orphans = {int(one) for one in listed.read_text().split()} - workers
        except OSError:  # no Linux
            return
        if not orphans:
            return
        for orphan in orphans:
            _kill(orphan)
            _end_of(orphan)
