"""Long work in the background, with progress and cancel; every process of the service sees every job."""

from __future__ import annotations

import fcntl
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import structlog

from perfsearch.errors import NotFound, PerfsearchError
from perfsearch.model import Value
from perfsearch.service.folder import ServiceFolder, read_json, write_json
from perfsearch.service.presence import Presence

State = Literal["waiting", "running", "done", "failed", "cancelled"]
ACTIVE = ("waiting", "running")
_PROGRESS_SECONDS = 0.25
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


class _Kept(Job):
    """A job with what its file says beside it: the process that does it, and what another needs to do it."""

    process: str = ""
    given: dict[str, Any] | None = None


class CancelledError(Exception):
    """Raised within a job at its next step after someone has cancelled it."""


class StoppedError(CancelledError):
    """The same, where the service stops."""


Step = Callable[[int, "int | None"], None]
Work = Callable[[Step], dict[str, Any]]


class Jobs:
    """The jobs of one library's service, a file each; a process does one at a time that writes and one that reads.

    A job that was `given` something outlives its process: `take_over` does it again from the start.
    """

    def __init__(self, folder: ServiceFolder, kept: int) -> None:
        self._path = folder.make("jobs")
        self._kept = kept
        self._presence = Presence(self._path)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")
        # A look through the whole library may take minutes: no upload waits for it.
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading-jobs")
        self._stopping = threading.Event()
        self._mine: dict[str, Future[None]] = {}

    def start(
        self, kind: str, owner: str, work: Work, *, reads: bool = False, given: dict[str, Any] | None = None
    ) -> Job:
        """Put work into the queue; it calls its step with (done, total or None) and stops where that raises.

        Work that only `reads` has a queue of its own. `given` is what `take_over` needs to do it again.
        """
        stamp = _now()
        job = _Kept(
            id=secrets.token_hex(8), kind=kind, state="waiting", owner=owner, made=stamp, changed=stamp,
            process=self._presence.name, given=given,
        )  # fmt: skip
        self._write(job)
        self._submit(job, work, reads)
        self._forget_old()
        return _public(job)

    def take_over(self, work_of: Callable[[Job, dict[str, Any]], tuple[Work, bool] | None]) -> list[Job]:
        """Do what processes left undone that are gone; `work_of(job, given)` says how, and whether it only reads."""
        taken = []
        with self._alone():
            self._presence.sweep()
            for path in sorted(self._path.glob("*.json")):
                job = self._read(path.stem)
                if job is None or job.state not in ACTIVE or self._presence.lives(job.process):
                    continue
                found = work_of(_public(job), job.given) if job.given is not None else None
                if found is None:
                    continue
                job = job.model_copy(update={"state": "waiting", "process": self._presence.name, "changed": _now()})
                self._write(job)
                self._submit(job, *found)
                taken.append(_public(job))
        return taken

    def get(self, job_id: str) -> Job:
        """A job as it stands.

        Raises:
            NotFound: there is none of that id.
        """
        job = self._read(job_id)
        if job is None:
            raise NotFound(f"no job {job_id!r}", "id")
        if job.state not in ACTIVE:
            return _public(job)
        job = job.model_copy(update={"cancel_asked": self._is_cancelled(job_id)})
        if not self._presence.lives(job.process):
            # Read once more: it may have ended just before its process did.
            job = self._read(job_id) or job
            if job.state in ACTIVE:
                again = {"state": "waiting"} if job.given is not None else _GONE
                job = job.model_copy(update=again)
        return _public(job)

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
                self._end(job_id, {"state": "cancelled"})
        return self.get(job_id)

    def stop(self, seconds: float) -> None:
        """Let running work come to its next step and end there; what can be taken over waits for the next start."""
        self._stopping.set()
        for pool in (self._pool, self._reading):
            pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + seconds
        for job_id, future in list(self._mine.items()):
            while not future.done() and time.monotonic() < deadline:
                time.sleep(0.05)
            kept = self._read(job_id)
            if future.cancelled() and kept is not None and kept.given is None and kept.state in ACTIVE:
                self._end(job_id, {"state": "cancelled", "problem": "the service was stopped"})
        self._presence.end()

    # -- in the worker's thread

    def _submit(self, job: _Kept, work: Work, reads: bool) -> None:
        self._mine[job.id] = (self._reading if reads else self._pool).submit(self._run, job, work)

    def _run(self, job: _Kept, work: Work) -> None:
        job = job.model_copy(update={"state": "running", "changed": _now()})
        self._write(job)
        last = time.monotonic()
        latest: dict[str, Any] = {}

        def step(done: int, total: int | None = None) -> None:
            nonlocal last
            latest.update(done=done, total=total)
            if self._stopping.is_set():
                raise StoppedError
            if self._is_cancelled(job.id):
                raise CancelledError
            if time.monotonic() - last > _PROGRESS_SECONDS:
                last = time.monotonic()
                self._write(job.model_copy(update={**latest, "changed": _now()}))

        try:
            if self._is_cancelled(job.id):
                raise CancelledError
            end: dict[str, Any] = {"state": "done", "result": work(step)}
        except StoppedError:
            end = {"state": "waiting"} if job.given is not None else {"state": "cancelled"}
        except CancelledError:
            end = {"state": "cancelled"}
        except PerfsearchError as error:
            end = {"state": "failed", "problem": str(error)}
        except Exception:
            _log.exception("job failed", job=job.id, kind=job.kind)
            end = {"state": "failed", "problem": "an unexpected error; the service's log has the details"}
        self._write(job.model_copy(update={**latest, **end, "changed": _now()}))
        self._file(job.id).with_suffix(".cancel").unlink(missing_ok=True)
        _log.info("job ended", job=job.id, kind=job.kind, state=end["state"])

    # -- files

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time takes jobs over."""
        with (self._path / "taking.lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _file(self, job_id: str) -> Path:
        return self._path / f"{job_id}.json"

    def _read(self, job_id: str) -> _Kept | None:
        found = read_json(self._file(job_id)) if _JOB_ID.fullmatch(job_id) else None
        return _Kept.model_validate(found) if found is not None else None

    def _write(self, job: _Kept) -> None:
        write_json(self._file(job.id), job.model_dump(mode="json"))

    def _end(self, job_id: str, end: dict[str, Any]) -> None:
        job = self._read(job_id)
        if job is not None:
            self._write(job.model_copy(update={**end, "changed": _now()}))

    def _is_cancelled(self, job_id: str) -> bool:
        return self._file(job_id).with_suffix(".cancel").exists()

    def _forget_old(self) -> None:
        ended = [job for job in self.listed() if job.state not in ACTIVE]
        for job in ended[self._kept :]:
            self._file(job.id).unlink(missing_ok=True)
            self._mine.pop(job.id, None)


_GONE = {"state": "failed", "problem": "the process that did it has ended"}


def _public(job: _Kept) -> Job:
    return Job(**{name: getattr(job, name) for name in Job.model_fields})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
