"""Jobs: progress, cancel, failure, other processes, and an end of the service in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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


def left_undone(tmp_path: Path, given: dict[str, Any] | None) -> Job:
    """A job whose process is killed while it does it."""
    code = (
        "import sys, time, json; from pathlib import Path; from perfsearch.service.folder import ServiceFolder; "
        "from perfsearch.service.jobs import Jobs; jobs = Jobs(ServiceFolder(Path(sys.argv[1])), 3); "
        "print(jobs.start('add', 'a', lambda step: time.sleep(60), given=json.loads(sys.argv[2])).id, flush=True); time.sleep(60)"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path), json.dumps(given)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        process.kill()
    return Jobs(ServiceFolder(tmp_path), kept=3).get(job_id)


def test_a_job_of_a_process_that_was_killed_has_failed_at_once(tmp_path: Path) -> None:
    found = left_undone(tmp_path, None)
    assert (found.state, found.problem) == ("failed", "the process that did it has ended")
    taken = Jobs(ServiceFolder(tmp_path), kept=3).take_over(lambda job, given: (lambda step: {}, False))
    assert taken == []


def test_a_job_that_was_given_something_is_done_by_the_next_process_once(tmp_path: Path) -> None:
    found = left_undone(tmp_path, {"path": "x"})
    assert found.state == "waiting"
    seen: list[dict[str, Any]] = []

    def work_of(job: Job, given: dict[str, Any]) -> tuple[Callable[[Step], dict[str, Any]], bool]:
        seen.append(given)
        return (lambda step: {"done by": job.owner}), False

    first, second = (Jobs(ServiceFolder(tmp_path), kept=3) for _ in range(2))
    assert [job.id for job in (*first.take_over(work_of), *second.take_over(work_of))] == [found.id]
    assert settle(second, found, is_over).result == {"done by": "a"}
    assert seen == [{"path": "x"}]


def test_a_job_that_waits_long_for_its_turn_is_not_taken_for_lost(jobs: Jobs, tmp_path: Path) -> None:
    go = threading.Event()
    running = jobs.start("add", "a", lambda step: {"n": go.wait(10)}, given={})
    waiting = jobs.start("add", "a", lambda step: {}, given={})
    settle(jobs, running, lambda one: one.state == "running")
    for path in (tmp_path / "service" / "jobs").glob("*.json"):
        os.utime(path, (0, 0))
    other = Jobs(ServiceFolder(tmp_path), kept=3)
    assert other.take_over(lambda job, given: (lambda step: {}, False)) == []
    assert (other.get(running.id).state, other.get(waiting.id).state) == ("running", "waiting")
    go.set()
    assert settle(other, waiting, is_over).state == "done"


def test_work_that_only_reads_keeps_no_upload_waiting(jobs: Jobs) -> None:
    go = threading.Event()
    long = jobs.start("clusters", "a", lambda step: {"n": go.wait(10)}, reads=True)
    assert settle(jobs, jobs.start("add", "a", lambda step: {}), is_over).state == "done"
    assert jobs.get(long.id).state == "running"
    go.set()
    settle(jobs, long, is_over)


def test_a_stop_leaves_what_another_can_do_for_the_next_start(jobs: Jobs, tmp_path: Path) -> None:
    def work(step: Step) -> dict[str, Any]:
        while True:
            step(0, None)
            time.sleep(0.01)

    running, waiting = (jobs.start("add", "a", work, given={"n": n}) for n in range(2))
    settle(jobs, running, lambda one: one.state == "running")
    jobs.stop(5.0)
    after = Jobs(ServiceFolder(tmp_path), kept=3)
    assert {after.get(job.id).state for job in (running, waiting)} == {"waiting"}
    taken = after.take_over(lambda job, given: (lambda step: given, False))
    assert {settle(after, job, is_over).result["n"] for job in taken} == {0, 1}  # type: ignore[index]


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
