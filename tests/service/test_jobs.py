"""Jobs: progress, cancel, failure, other processes, and an end of the service in the middle."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perfsearch.errors import NotFound, UsageError
from perfsearch.service.folder import ServiceFolder
from perfsearch.service.jobs import Job, Jobs, Step


def settle(jobs: Jobs, job: Job, until: Callable[[Job], bool]) -> Job:
    for _ in range(400):
        found = jobs.get(job.id)
        if until(found):
            return found
        time.sleep(0.02)
    raise AssertionError(f"still {found}")


def is_over(job: Job) -> bool:
    return job.state not in ("waiting", "running")


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(ServiceFolder(tmp_path), kept=3)


def test_a_job_shows_its_progress_and_its_result_to_another_process(jobs: Jobs, tmp_path: Path) -> None:
    go = threading.Event()

    def work(step: Step) -> dict[str, Any]:
        for done in range(3):
            step(done, 3)
            time.sleep(0.3)
        go.wait(5)
        return {"n": 3}

    job = jobs.start("add", "a", work)
    other = Jobs(ServiceFolder(tmp_path), kept=3)
    assert settle(other, job, lambda one: one.done > 0).total == 3
    go.set()
    found = settle(other, job, is_over)
    assert (found.state, found.result) == ("done", {"n": 3})
    assert other.counts()["done"] == 1


def test_a_job_is_cancelled_at_its_next_step_also_by_another_process(jobs: Jobs, tmp_path: Path) -> None:
    def work(step: Step) -> dict[str, Any]:
        for done in range(1000):
            step(done, None)
            time.sleep(0.01)
        return {}

    running, waiting = jobs.start("add", "a", work), jobs.start("add", "a", work)
    settle(jobs, running, lambda one: one.state == "running")
    other = Jobs(ServiceFolder(tmp_path), kept=3)
    assert jobs.cancel(waiting.id).state == "cancelled"
    assert other.cancel(running.id).cancel_asked
    assert settle(other, running, is_over).state == "cancelled"


def test_what_fails_says_why_and_what_is_unexpected_says_nothing_of_it(jobs: Jobs) -> None:
    def wrong(step: Step) -> dict[str, Any]:
        raise UsageError("the reason")

    def broken(step: Step) -> dict[str, Any]:
        raise ZeroDivisionError("a secret")

    assert settle(jobs, jobs.start("add", "a", wrong), is_over).problem == "the reason"
    found = settle(jobs, jobs.start("add", "a", broken), is_over)
    assert found.state == "failed"
    assert "secret" not in (found.problem or "")


def test_a_job_of_a_process_that_is_gone_has_failed(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.start("add", "a", lambda step: {})
    settle(jobs, job, is_over)
    path = tmp_path / "service" / "jobs" / f"{job.id}.json"
    path.write_text(path.read_text().replace('"done"', '"running"', 1), encoding="utf-8")
    os.utime(path, (0, 0))
    found = Jobs(ServiceFolder(tmp_path), kept=3).get(job.id)
    assert (found.state, found.problem) == ("failed", "the process that did it has ended")


def test_a_stop_lets_a_job_come_to_its_next_step(jobs: Jobs) -> None:
    def work(step: Step) -> dict[str, Any]:
        while True:
            step(0, None)
            time.sleep(0.01)

    job, waiting = jobs.start("add", "a", work), jobs.start("add", "a", work)
    settle(jobs, job, lambda one: one.state == "running")
    jobs.stop(5.0)
    assert jobs.get(job.id).state == "cancelled"
    assert jobs.get(waiting.id).state == "cancelled"


def test_old_jobs_are_forgotten_and_no_id_leads_out_of_the_folder(jobs: Jobs) -> None:
    for _ in range(6):
        settle(jobs, jobs.start("add", "a", lambda step: {}), is_over)
    assert len(jobs.listed()) <= 4
    for name in ("../keys", "x" * 16, ""):
        with pytest.raises(NotFound):
            jobs.get(name)
