"""The reading processes of this process: kept ready, watched while they read, and replaced when they end.

Whatever happens to one of them (a crash in a C library, no memory left, no end in sight) is the rejection of the one
document that it was reading.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perfsearch.errors import PerfsearchError
from perfsearch.parsing import wire
from perfsearch.parsing.progress import Progress, Task
from perfsearch.parsing.results import Parsed
from perfsearch.parsing.wire import LateError, StoppedError, TooMuchError, Wire
from perfsearch.parsing.worker import OUT_OF_MEMORY, out_of_memory, too_much
from perfsearch.settings import Settings

_ROOT = Path(__file__).resolve().parent.parent.parent
_LOOK_SECONDS = 0.25
"""How often one who waits for a process looks whether he is still wanted."""
_GONE = (EOFError, OSError, LateError, TooMuchError)


class ReadersError(PerfsearchError):
    """No reading process can be started."""


@dataclass(slots=True)
class _Worker:
    pid: int
    end: Wire
    memory_bytes_max: int


class Pool:
    """Reading processes, at most so many at once; safe for threads, and empty until it is used."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._idle: list[_Worker] = []
        self._count = 0
        self._asking = threading.Lock()
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._scratch: str | None = None

    # -- reading

    def read(
        self,
        task: Task,
        settings: Settings,
        is_stopped: Callable[[], bool] = lambda: False,
        n_beside: int = 0,
    ) -> Iterator[Parsed]:
        """The documents of a task as they are read, the last of them with the file's stamp; never raises InputError.

        `n_beside` more processes than the settings say may run for it, so that who waits for one draft does not wait
        for a folder that is being added.

        Raises:
            ReadersError: no process can be started.
            StoppedError: `is_stopped` said so.
        """
        progress = Progress(task)
        held: Parsed | None = None
        for parsed in self._documents(progress, settings, is_stopped, n_workers(settings) + n_beside):
            if held is not None:
                yield replace(held, is_last=False)
            held = parsed
        last = held or Parsed(task.shown, file=task.source_path)
        yield replace(last, stamp=progress.stamp, is_known=progress.is_known)

    def _documents(
        self, progress: Progress, settings: Settings, is_stopped: Callable[[], bool], n_most: int
    ) -> Iterator[Parsed]:
        while True:
            worker: _Worker | None = self._take(progress.task.name, settings, is_stopped, n_most)
            assert worker is not None
            is_fit = False
            try:
                worker.end.send(wire.TASK, progress.order(settings))
                if progress.task.data is not None:
                    worker.end.send(wire.DATA, progress.task.data)
                kind = b""
                while kind != wire.DONE:
                    kind, payload = worker.end.receive(
                        settings.filings_bytes_max, settings.reading_seconds_max, is_stopped
                    )
                    parsed = progress.take_in(kind, payload, settings.filings_bytes_max)
                    if parsed is not None:
                        yield parsed
                is_fit = not progress.is_tired
                return
            except _GONE as error:
                status = self._discard(worker)
                worker = None
                if self._was_killed(error, status) and progress.again():
                    continue  # perhaps not for what it read
                at = progress.at
                lost = progress.lose(_reason(error, status, settings))
                if lost is not None:
                    yield lost
                if not progress.goes_on(at):
                    return
            finally:
                if worker is not None:
                    self._give_back(worker, is_fit)

    @staticmethod
    def _was_killed(error: Exception, status: int | None) -> bool:
        return not isinstance(error, LateError | TooMuchError) and status in (None, -signal.SIGKILL)

    # -- processes

    def warm(self) -> None:
        """Start what processes are forked from, without waiting for it."""
        with self._asking:
            if self._nursery is None:
                self._start_nursery()

    def close(self) -> None:
        """End all processes; others are started when they are needed again."""
        with self._free:
            idle, self._idle = self._idle, []
            self._count -= len(idle)
        for worker in idle:
            worker.end.close()
        with self._asking:
            self._end_nursery()

    def _take(self, name: str, settings: Settings, is_stopped: Callable[[], bool], n_most: int) -> _Worker:
        limit = settings.reading_memory_bytes_max
        idle: _Worker | None = None
        with self._free:
            while self._count >= n_most and not self._idle:
                self._free.wait(_LOOK_SECONDS)
                if is_stopped():
                    raise StoppedError
            fitting = [worker for worker in self._idle if worker.memory_bytes_max == limit]
            if fitting or (self._idle and self._count >= n_most):
                idle = fitting[-1] if fitting else self._idle[0]
                self._idle.remove(idle)
            else:
                self._count += 1
        try:
            if idle is not None:
                if fitting and not idle.end.has_ended():
                    return idle
                self._end(idle)
            return self._fork(Path(name).suffix.lower(), limit)
        except BaseException:
            self._leave()
            raise

    def _give_back(self, worker: _Worker, is_fit: bool) -> None:
        if not is_fit:
            self._discard(worker)
            return
        with self._free:
            self._idle.append(worker)
            self._free.notify()

    def _discard(self, worker: _Worker) -> int | None:
        try:
            return self._end(worker)
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._free:
            self._count -= 1
            self._free.notify()

    def _end(self, worker: _Worker) -> int | None:
        """Kill a process and what it has started; how it ended, None where that is not known."""
        # It is not reaped before it is asked about: its number is not another's.
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(worker.pid, signal.SIGKILL)
        worker.end.close()
        try:
            status = self._ask({"end_of": worker.pid})["status"]
        except ReadersError:
            return None
        return None if status is None else int(status)

    def _fork(self, suffix: str, memory_bytes_max: int) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            answer = self._ask({"suffix": suffix, "memory_bytes_max": memory_bytes_max}, theirs)
        if "pid" not in answer:
            ours.close()
            raise ReadersError(f"no process to read files can be started ({answer['problem']}); end others, or wait")
        return _Worker(answer["pid"], Wire(ours), memory_bytes_max)

    # -- the nursery

    def _ask(self, request: dict[str, Any], end: socket.socket | None = None) -> dict[str, Any]:
        """Put a request to the nursery; one for a process goes to a new nursery where the old one is gone."""
        with self._asking:
            for _ in range(2):
                if self._nursery is None:
                    if end is None:
                        break
                    self._start_nursery()
                answer = self._put(request, end)
                if answer is not None:
                    return answer
                self._end_nursery()
        raise ReadersError("no process to read files can be started: the one that they come from ended at once")

    def _put(self, request: dict[str, Any], end: socket.socket | None) -> dict[str, Any] | None:
        control = self._control
        assert control is not None
        try:
            socket.send_fds(control, [json.dumps(request).encode()], [] if end is None else [end.fileno()])
            answer = b""
            while not answer.endswith(b"\n"):
                part = control.recv(4096)
                if not part:
                    return None
                answer += part
        except OSError:
            return None
        found: dict[str, Any] = json.loads(answer)
        return found

    def _start_nursery(self) -> None:
        try:
            scratch = tempfile.mkdtemp(prefix="perfsearch-read-")
        except OSError as error:
            raise ReadersError(
                f"no folder for temporary files can be made ({error}); make room, or set TMPDIR"
            ) from error
        ours, theirs = socket.socketpair()
        code = (
            f"import sys; sys.path.insert(0, {str(_ROOT)!r}); "
            f"from perfsearch.parsing.nursery import main; main({theirs.fileno()}, {scratch!r})"
        )
        with theirs:
            try:
                self._nursery = subprocess.Popen(
                    [sys.executable, "-P", "-c", code],
                    stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # Ctrl-C is for the master, who ends it
                )
            except OSError as error:
                ours.close()
                raise ReadersError(f"no process to read files can be started ({error})") from error
        self._control, self._scratch = ours, scratch

    def _end_nursery(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._nursery is not None:
            self._nursery.wait()
        if self._scratch is not None:  # still there where the nursery was killed
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._control = self._nursery = self._scratch = None

    def forget(self) -> None:
        """In a forked child: leave the parent's processes to the parent."""
        if self._nursery is not None:
            self._nursery.returncode = 0  # not this process's child
        for worker in self._idle:
            worker.end.close()
        if self._control is not None:
            self._control.close()
        self.__init__()  # type: ignore[misc]


def n_workers(settings: Settings) -> int:
    """How many processes read at once."""
    if settings.reading_workers:
        return settings.reading_workers
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _reason(error: Exception, status: int | None, settings: Settings) -> str:
    if isinstance(error, LateError):
        return (
            f"reading it took longer than {settings.reading_seconds_max:g} s (reading_seconds_max): split the document, "
            "or raise the limit"
        )
    if isinstance(error, TooMuchError):
        return too_much(settings)
    if status == OUT_OF_MEMORY:
        return out_of_memory(settings.reading_memory_bytes_max)
    if status == -signal.SIGKILL or status is None:
        return "the process that read it was killed twice; the machine may be short of memory, or the document hostile"
    if status < 0:
        memory = f"{settings.reading_memory_bytes_max:,} bytes of memory (reading_memory_bytes_max)"
        return (
            f"the reader crashed on it ({signal.Signals(-status).name}): it is damaged, hostile, or needs more than {memory};"
            " save it anew"
        )
    return f"the process that read it ended with code {status}; please report it with the file"


POOL = Pool()
"""That of this process."""
atexit.register(POOL.close)
os.register_at_fork(after_in_child=POOL.forget)
