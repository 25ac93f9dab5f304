"""Routes of long work: jobs, their progress and cancel; and the audit log."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from perfsearch.errors import NotFound
from perfsearch.model import Value
from perfsearch.service.api.keeping import adding
from perfsearch.service.api.parameters import EXPORT_RESPONSES, Format, json_body, known_only, listed
from perfsearch.service.api.problems import RESPONSES, UPLOAD_RESPONSES, RefusalError
from perfsearch.service.clustering import CLUSTER_THRESHOLD
from perfsearch.service.guard.keys import Principal
from perfsearch.service.jobs import Job, Step, Work
from perfsearch.service.state import Admin, Asker, Editor, ServiceState, State

router = APIRouter(prefix="/api/v1", responses=RESPONSES, dependencies=[Depends(known_only)], tags=["work"])

_log = structlog.get_logger("perfsearch.jobs")
JobKind = Literal["rebuild", "verify", "clusters"]
JobId = Annotated[str, Path(max_length=100, description="Id of a job.")]


class JobList(Value):
    """Jobs, newest first."""

    jobs: tuple[Job, ...]


class JobToStart(BaseModel):
    """Long work on the whole library."""

    model_config = ConfigDict(extra="forbid")

    kind: JobKind
    threshold: float = Field(
        CLUSTER_THRESHOLD, ge=0.1, le=1.0, description="Of `clusters`: the share of text that links two filings."
    )


@router.get("/jobs", response_model=JobList, responses=EXPORT_RESPONSES)
def jobs(
    state: State,
    asker: Asker,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    offset: Annotated[int, Query(ge=0, le=100_000, description="Skip so many.")] = 0,
    format: Format = "json",
) -> Any:
    """The caller's jobs and those about the whole library; an admin sees all."""
    found = [job for job in state.jobs.listed() if may_see(asker, job)][offset : offset + limit]
    return JobList(jobs=tuple(found)) if format == "json" else listed(state, asker, format, "jobs", found)


@router.post(
    "/jobs", status_code=202, response_model=Job, dependencies=[Depends(json_body)], responses=UPLOAD_RESPONSES
)
def start(state: State, editor: Editor, body: JobToStart) -> JSONResponse:
    """Check the library, make its indexes again (an admin), or find clusters of shared text (an editor)."""
    job = start_job(state, editor, body.kind, body.threshold)
    return JSONResponse(job.model_dump(mode="json"), status_code=202, headers={"Location": f"/api/v1/jobs/{job.id}"})


def start_job(state: ServiceState, asker: Principal, kind: JobKind, threshold: float = CLUSTER_THRESHOLD) -> Job:
    """Start one of the jobs on the whole library; one of the same kind that runs already is answered instead.

    Raises:
        RefusalError: only an admin may.
    """
    if kind != "clusters" and not asker.may("admin"):
        raise RefusalError(403, "forbidden", f"{kind} needs the role admin; the key {asker.name!r} has {asker.role}")
    running = state.jobs.active(kind)
    if running is not None:
        return running

    def work(step: Step) -> dict[str, Any]:
        with state.uploads.writing() as library:
            if kind == "verify":
                return library.verify().model_dump(mode="json")
            library.rebuild(progress=step)
            return {"filings": library.count()}

    state.audit.note(asker, kind)
    if kind == "clusters":
        given = {"threshold": threshold}
        return state.jobs.start(kind, asker.name, clustering(state, threshold), reads=True, given=given)
    return state.jobs.start(kind, asker.name, work)


def clustering(state: ServiceState, threshold: float) -> Work:
    """The work of looking for clusters."""
    return lambda step: state.clusters.work(state.settings, threshold, step)


def take_over(state: ServiceState) -> None:
    """Do what a process that was killed or stopped had accepted and not done."""

    def work_of(job: Job, given: dict[str, Any]) -> tuple[Work, bool] | None:
        if job.kind == "clusters":
            return clustering(state, float(given["threshold"])), True
        if job.kind == "add":
            editor = Principal(job.owner, given["role"])
            return adding(state, editor, FilePath(given["path"]), given["name"]), False
        return None

    for job in state.jobs.take_over(work_of):
        _log.info("job taken over", job=job.id, kind=job.kind)


@router.get("/jobs/{job_id}")
def job(state: State, asker: Asker, job_id: JobId) -> Job:
    """A job as it stands."""
    return seen_job(state, asker, job_id)


@router.delete("/jobs/{job_id}")
def cancel(state: State, asker: Asker, job_id: JobId) -> Job:
    """Ask a job to stop at its next step; what it has done so far stands."""
    return cancel_job(state, asker, job_id)


def cancel_job(state: ServiceState, asker: Principal, job_id: str) -> Job:
    """Ask a job to stop.

    Raises:
        NotFound: there is none that the caller may see.
        RefusalError: it is another's.
    """
    found = seen_job(state, asker, job_id)
    if not (asker.may("admin") or found.owner == asker.name or (found.kind == "clusters" and asker.may("editor"))):
        raise RefusalError(403, "forbidden", f"the job {job_id} is another's; only an admin may end it")
    return state.jobs.cancel(job_id)


def seen_job(state: ServiceState, asker: Principal, job_id: str) -> Job:
    """A job as it stands.

    Raises:
        NotFound: there is none that the caller may see.
    """
    found = state.jobs.get(job_id)
    if not may_see(asker, found):
        raise NotFound(f"no job {job_id!r}", "id")
    return found


def may_see(asker: Principal, job: Job) -> bool:
    """Whether a job is the caller's, or about the library as a whole; an admin sees those of all."""
    return asker.may("admin") or job.owner == asker.name or job.kind != "add"


class AuditPage(Value):
    """The last entries, newest first."""

    entries: tuple[dict[str, Any], ...]


@router.get("/audit", response_model=AuditPage, responses=EXPORT_RESPONSES)
def audit(
    state: State,
    admin: Admin,
    limit: Annotated[int, Query(ge=1, le=100_000, description="The last so many.")] = 100,
    format: Format = "json",
) -> Any:
    """Who added, removed and exported what."""
    entries = state.audit.entries(limit)
    return AuditPage(entries=tuple(entries)) if format == "json" else listed(state, admin, format, "audit", entries)
