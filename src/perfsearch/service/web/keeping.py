"""Pages that change something: adding files, jobs, signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from perfsearch.service.api.keeping import start_adding
from perfsearch.service.api.problems import RefusalError
from perfsearch.service.api.working import JobKind, may_see, seen_job, start_job
from perfsearch.service.api.working import cancel_job as stop_job
from perfsearch.service.guard.gate import address_of
from perfsearch.service.guard.sessions import COOKIE
from perfsearch.service.state import Admin, Asker, Editor, Served, State
from perfsearch.service.web.environment import render, set_session
from perfsearch.service.web.forms import from_our_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

AUDIT_SHOWN = 200
REJECTED_SHOWN = 20


@router.get("/add")
def add_page(request: Request, state: State, library: Served, asker: Asker) -> HTMLResponse:
    """Where files are put into the library."""
    return render(
        request,
        "add.html",
        may=asker.may("editor"),
        admin=asker.may("admin"),
        jobs=[job for job in state.jobs.listed() if may_see(asker, job)][:20],
    )


@router.post("/add", dependencies=[Depends(from_our_page)])
def add_files(state: State, editor: Editor, files: Annotated[list[UploadFile], File()]) -> Response:
    """Start a job for each file."""
    job = None
    for file in files:
        data = file.file.read()
        if data:
            job = start_adding(state, editor, data, file.filename or "upload.txt")
    target = "/add" if job is None else f"/jobs/{job.id}" if len(files) == 1 else "/add"
    return RedirectResponse(target, status_code=303)


@router.post("/jobs", dependencies=[Depends(from_our_page)])
def start_work(state: State, editor: Editor, kind: Annotated[JobKind, Form()]) -> Response:
    """Check the library, or make its indexes again."""
    return RedirectResponse(f"/jobs/{start_job(state, editor, kind).id}", status_code=303)


@router.get("/jobs/{job_id}")
def job_page(request: Request, state: State, asker: Asker, job_id: str) -> HTMLResponse:
    """One job: how far it is, and what came of it."""
    return render(request, "job.html", job=seen_job(state, asker, job_id))


@router.post("/jobs/{job_id}/cancel", dependencies=[Depends(from_our_page)])
def cancel_job(state: State, asker: Asker, job_id: str) -> Response:
    """Ask a job to stop."""
    stop_job(state, asker, job_id)
    return RedirectResponse(f"/jobs/{job_id}", status_code=303)


@router.get("/audit")
def audit_page(request: Request, state: State, admin: Admin) -> HTMLResponse:
    """Who added, removed and exported what."""
    return render(request, "audit.html", entries=state.audit.entries(AUDIT_SHOWN))


@router.get("/login")
def login_page(request: Request, next: str = "/") -> HTMLResponse:
    """Where a key is given."""
    return render(request, "login.html", next=_own_address(next), failed=False)


@router.post("/login", dependencies=[Depends(from_our_page)])
def log_in(
    request: Request,
    state: State,
    key: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=3000)] = "/",
) -> Response:
    """Start a session for who holds the key."""
    tries = f"wrong:{address_of(request.scope)}"
    wait = state.failures.wait_seconds(tries, spend=False)
    if wait:
        raise RefusalError(429, "too-many-requests", "too many wrong keys from this address", wait_seconds=wait)
    key_id = state.keys.check(key.strip())
    if key_id is None:
        state.failures.wait_seconds(tries)
        return render(request, "login.html", status_code=401, next=_own_address(next), failed=True)
    holder = state.keys.holder(key_id)
    if holder is not None:
        state.audit.note(holder, "login")
    response = RedirectResponse(_own_address(next), status_code=303)
    set_session(request, response, state.sessions.to_cookie(state.sessions.start(key_id)))
    return response


@router.post("/logout", dependencies=[Depends(from_our_page)])
def log_out(request: Request) -> Response:
    """End the session."""
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(COOKIE)
    return response


def _own_address(text: str) -> str:
    """An address of this service; anything else is the first page (no open redirect)."""
    is_own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if is_own else "/"
