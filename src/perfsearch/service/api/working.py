"""Routes of long work: jobs, their progress and cancel; and the audit log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from perfsearch.errors import NotFound
from perfsearch.model import Value
from perfsearch.service.api.parameters import json_body, known_only
from perfsearch.service.api.problems import RESPONSES, UPLOAD_RESPONSES
from perfsearch.service.guard.keys import Principal
from perfsearch.service.jobs import Job, Step
from perfsearch.service.state import Admin, Asker, ServiceState, State

router = APIRouter(prefix="/api/v1", responses=RESPONSES, dependencies=[Depends(known_only)], tags=["work"])

JobId = Annotated[str, Path(max_length=100, description="Id of a job.")]


class JobList(Value):
    """Jobs, newest first."""

    jobs: tuple[Job, ...]


class JobToStart(BaseModel):
    """Long work on the whole library."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["rebuild", "verify"]


@router.get("/jobs")
def jobs(state: State, asker: Asker) -> JobList:
    """The caller's jobs; an admin sees those of all."""
    return JobList(jobs=tuple(job for job in state.jobs.listed() if _may_see(asker, job)))


@router.post(
    "/jobs", status_code=202, response_model=Job, dependencies=[Depends(json_body)], responses=UPLOAD_RESPONSES
)
def start(state: State, admin: Admin, body: JobToStart) -> JSONResponse:
    """Check the library, or make its indexes again, in the background."""
    job = start_job(state, admin, body.kind)
    return JSONResponse(job.model_dump(mode="json"), status_code=202, headers={"Location": f"/api/v1/jobs/{job.id}"})


def start_job(state: ServiceState, admin: Principal, kind: Literal["rebuild", "verify"]) -> Job:
    """Start one of the jobs on the whole library."""

    def work(step: Step) -> dict[str, Any]:
        with state.uploads.writing() as library:
            if kind == "verify":
                return library.verify().model_dump(mode="json")
            library.rebuild(progress=step)
            return {"filings": library.count()}

    state.audit.note(admin, kind)
    return state.jobs.start(kind, admin.name, work)


@router.get("/jobs/{job_id}")
def job(state: State, asker: Asker, job_id: JobId) -> Job:
    """A job as it stands."""
    return _seen(state, asker, job_id)


@router.delete("/jobs/{job_id}")
def cancel(state: State, asker: Asker, job_id: JobId) -> Job:
    """Ask a job to stop at its next step; what it has done so far stands."""
    _seen(state, asker, job_id)
    return state.jobs.cancel(job_id)


def _seen(state: ServiceState, asker: Principal, job_id: str) -> Job:
    found = state.jobs.get(job_id)
    if not _may_see(asker, found):
        raise NotFound(f"no job {job_id!r}", "id")
    return found


def _may_see(asker: Principal, job: Job) -> bool:
    return asker.may("admin") or job.owner == asker.name


class AuditPage(Value):
    """The last entries, newest first."""

    entries: tuple[dict[str, Any], ...]


@router.get("/audit")
def audit(state: State, admin: Admin, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> AuditPage:
    """Who added, removed and exported what."""
    return AuditPage(entries=tuple(state.audit.entries(limit)))
