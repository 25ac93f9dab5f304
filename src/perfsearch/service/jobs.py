"""Long work in the background, with progress and cancel; every process of the service sees every job."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import structlog

from perfsearch.errors import NotFound, PerfsearchError
from perfsearch.model import Value
from perfsearch.service.folder import ServiceFolder, read_json, write_json

State = Literal["waiting", "running", "done", "failed", "cancelled"]
ACTIVE = ("waiting", "running")
_HEARTBEAT_SECONDS = 1.0
_LOST_SECONDS = 30.0
"""A job that shows no sign of life for so long was of a process that is gone."""
_JOB_ID = re.compile(r"[0-9a-f]{16}")
_log = structlog.get_logger("perfsearch.jobs")


class Job(Value):
    """One piece of long work; `result` is what the work answers, in the shape of its immediate form."""

    id: str
    kind: str
    state: State
    owner: str
    made: str
    changed: str
    done: int = 0
    total: int | None = None
    result: dict[str, Any] | None = None
    problem: str | None = None
    cancel_asked: bool = False


class CancelledError(Exception):
    """Raised within a job at its next step after someone has cancelled it."""


Step = Callable[[int, "int | None"], None]
Work = Callable[[Step], dict[str, Any]]


class Jobs:
    """The jobs of one library's service, a file each; a process does one at a time that writes and one that reads."""

    def __init__(self, folder: ServiceFolder, kept: int) -> None:
        self._path = folder.make("jobs")
        self._kept = kept
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")
        # A look through the whole library may take minutes: no upload waits for it.
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading-jobs")
        self._stopping = threading.Event()
        self._mine: dict[str, Future[None]] = {}

    def start(self, kind: str, owner: str, work: Work, *, reads: bool = False) -> Job:
        """Put work into the queue; it calls its step with (done, total or None) and stops where that raises.

        Work that only `reads` has a queue of its own.
        """
        stamp = _now()
        job = Job(id=secrets.token_hex(8), kind=kind, state="waiting", owner=owner, made=stamp, changed=stamp)
        self._write(job)
        self._mine[job.id] = (self._reading if reads else self._pool).submit(self._run, job, work)
        self._forget_old()
        return job

    def get(self, job_id: str) -> Job:
        """A job as it stands.

        Raises:
            NotFound: there is none of that id.
        """
        found = read_json(self._file(job_id)) if _JOB_ID.fullmatch(job_id) else None
        if found is None:
            raise NotFound(f"no job {job_id!r}", "id")
        job = Job.model_validate(found)
        if job.state in ACTIVE:
            job = job.model_copy(update={"cancel_asked": self._is_cancelled(job_id)})
            silent = time.time() - self._file(job_id).stat().st_mtime
            if silent > _LOST_SECONDS and job_id not in self._mine:
                job = job.model_copy(update={"state": "failed", "problem": "the process that did it has ended"})
        return job

    def listed(self) -> list[Job]:
        """All jobs that are remembered, newest first."""
        found = []
        for path in self._path.glob("*.json"):
            try:
                found.append(self.get(path.stem))
            except (NotFound, OSError):
                continue
        return sorted(found, key=lambda job: (job.made, job.id), reverse=True)

    def active(self, kind: str) -> Job | None:
        """The job of a kind that waits or runs, the newest; None where there is none."""
        return next((job for job in self.listed() if job.kind == kind and job.state in ACTIVE), None)

    def counts(self) -> dict[str, int]:
        """Jobs by state."""
        counts = dict.fromkeys(("waiting", "running", "done", "failed", "cancelled"), 0)
        for job in self.listed():
            counts[job.state] += 1
        return counts

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop at its next step; what it has done so far stands.

        Raises:
            NotFound: there is none of that id.
        """
        job = self.get(job_id)
        if job.state in ACTIVE:
            self._file(job_id).with_suffix(".cancel").touch()
            mine = self._mine.get(job_id)
            if mine is not None and mine.cancel():
                self._write(job.model_copy(update={"state": "cancelled", "changed": _now()}))
        return self.get(job_id)

    def stop(self, seconds: float) -> None:
        """Let running work come to its next step and end there."""
        self._stopping.set()
        for pool in (self._pool, self._reading):
            pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + seconds
        for job_id, future in list(self._mine.items()):
            if future.cancelled():
                self._end(job_id, "cancelled", "the service was stopped")
            while not future.done() and time.monotonic() < deadline:
                time.sleep(0.05)

    # -- in the worker's thread

    def _run(self, job: Job, work: Work) -> None:
        job = job.model_copy(update={"state": "running", "changed": _now()})
        self._write(job)
        last = time.monotonic()
        latest: dict[str, Any] = {}

        def step(done: int, total: int | None = None) -> None:
            nonlocal last
            latest.update(done=done, total=total)
            if self._stopping.is_set() or self._is_cancelled(job.id):
                raise CancelledError
            if time.monotonic() - last > _HEARTBEAT_SECONDS / 4:
                last = time.monotonic()
                self._write(job.model_copy(update={**latest, "changed": _now()}))

        beating = threading.Event()
        beat = threading.Thread(target=self._beat, args=(job.id, beating), daemon=True)
        beat.start()
        try:
            end = {"state": "done", "result": work(step)}
        except CancelledError:
            end = {"state": "cancelled"}
        except PerfsearchError as error:
            end = {"state": "failed", "problem": str(error)}
        except Exception:
            _log.exception("job failed", job=job.id, kind=job.kind)
            end = {"state": "failed", "problem": "an unexpected error; the service's log has the details"}
        finally:
            beating.set()
            beat.join()
        self._write(job.model_copy(update={**latest, **end, "changed": _now()}))
        self._file(job.id).with_suffix(".cancel").unlink(missing_ok=True)
        _log.info("job ended", job=job.id, kind=job.kind, state=end["state"])

    def _beat(self, job_id: str, done: threading.Event) -> None:
        while not done.wait(_HEARTBEAT_SECONDS):
            try:
                self._file(job_id).touch(exist_ok=True)
            except OSError:
                continue

    def _end(self, job_id: str, state: State, reason: str) -> None:
        found = read_json(self._file(job_id))
        if found is not None:
            self._write(Job.model_validate({**found, "state": state, "problem": reason, "changed": _now()}))

    # -- files

    def _file(self, job_id: str) -> Path:
        return self._path / f"{job_id}.json"

    def _write(self, job: Job) -> None:
        write_json(self._file(job.id), job.model_dump(mode="json"))

    def _is_cancelled(self, job_id: str) -> bool:
        return self._file(job_id).with_suffix(".cancel").exists()

    def _forget_old(self) -> None:
        ended = [job for job in self.listed() if job.state not in ACTIVE]
        for job in ended[self._kept :]:
            self._file(job.id).unlink(missing_ok=True)
            self._mine.pop(job.id, None)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
