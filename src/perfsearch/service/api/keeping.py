"""Routes that list, show, add, remove and export filings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from perfsearch.errors import NotFound, UnreadableFile
from perfsearch.indexes.reports import LibraryStats
from perfsearch.library import Library
from perfsearch.model import AddReport, Filing, FilingSummary, Filters, RejectedResult, Value
from perfsearch.service.api.asking import FilingId
from perfsearch.service.api.parameters import (
    EXPORT_RESPONSES,
    LIST_RESPONSES,
    TAGGED,
    Format,
    Narrowed,
    Page,
    Uploaded,
    known_only,
    listed,
    multipart,
    paging,
    unchanged,
)
from perfsearch.service.api.problems import RESPONSES, UNCHANGED, UPLOAD_RESPONSES
from perfsearch.service.exporting import JSON_LINES
from perfsearch.service.guard.keys import Principal
from perfsearch.service.jobs import Job, Step, Work
from perfsearch.service.state import Asker, Editor, Served, ServiceState, State

router = APIRouter(prefix="/api/v1", responses=RESPONSES, dependencies=[Depends(known_only)], tags=["keep"])

EXPORT_PAGE = 200
_ASYNC = re.compile(r"(^|[,;\s])respond-async($|[,;\s])", re.IGNORECASE)


class FilingPage(Value):
    """Some filings of the `total` that the filters let through."""

    total: int
    filings: tuple[FilingSummary, ...]


@router.get("/filings", response_model=FilingPage, dependencies=[Depends(unchanged)], responses=LIST_RESPONSES)
def filings(
    state: State,
    library: Served,
    asker: Asker,
    filters: Narrowed,
    page: Annotated[Page, Depends(paging(50))],
    format: Format = "json",
) -> Any:
    """The filings of the library, newest fiscal year first."""
    found = FilingPage(
        total=library.count(filters=filters),
        filings=tuple(library.list(limit=page.limit, offset=page.offset, filters=filters)),
    )
    page.of(found.total)
    if format == "json":
        return found
    return listed(
        state, asker, format, "filings", found.filings, page,
        lambda offset: library.list(limit=page.limit, offset=offset, filters=filters),
    )  # fmt: skip


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One filing a line, as `perfsearch parse --jsonl` prints it; `add` reads it again.",
            "content": {"application/jsonl": {"schema": {"type": "string"}}},
        }
    },
)
def export(state: State, library: Served, asker: Asker, filters: Narrowed) -> StreamingResponse:
    """All filings that the filters let through, whole, as JSON lines."""
    state.audit.note(asker, "export", what="export", format="jsonl", items=library.count(filters=filters))
    return StreamingResponse(
        _whole(library, filters),
        media_type=JSON_LINES,
        headers={"Content-Disposition": 'attachment; filename="filings.jsonl"'},
    )


def _whole(library: Library, filters: Filters) -> Iterator[bytes]:
    offset = 0
    while summaries := library.list(limit=EXPORT_PAGE, offset=offset, filters=filters):
        for summary in summaries:
            try:
                yield library.get(summary.id).model_dump_json().encode() + b"\n"
            except NotFound:  # removed meanwhile
                continue
        offset += EXPORT_PAGE


@router.get("/filings/{filing_id}", **TAGGED)
def filing(library: Served, filing_id: FilingId) -> Filing:
    """One filing, whole."""
    return library.get(filing_id)


@router.get(
    "/filings/{filing_id}/versions",
    response_model=list[Filing],
    dependencies=[Depends(unchanged)],
    responses={**EXPORT_RESPONSES, **UNCHANGED},
)
def versions(state: State, library: Served, asker: Asker, filing_id: FilingId, format: Format = "json") -> Any:
    """All versions of a filing, newest first."""
    found = list(library.versions(filing_id))
    return found if format == "json" else listed(state, asker, format, "versions", found)


@router.get(
    "/filings/{filing_id}/original",
    response_class=FileResponse,
    responses={
        200: {
            "description": "The file.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def original(state: State, library: Served, asker: Asker, filing_id: FilingId) -> FileResponse:
    """The file that the filing was read from, as it was uploaded or lay on the service's disk."""
    path = original_of(library, filing_id)
    state.audit.note(asker, "download", id=filing_id)
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


def original_of(library: Library, filing_id: str) -> Path:
    """Where the file of a filing lies.

    Raises:
        NotFound: there is no such filing, or its file is gone or was an export of many.
    """
    given = library.get(filing_id).source.path
    path = Path(given) if given else None
    if path is None or not path.is_file() or path.suffix.lower() == ".jsonl":
        raise NotFound(f"the file that {filing_id} was read from is not here any more", "id")
    return path


# -- changing


@router.post(
    "/filings",
    status_code=201,
    response_model=AddReport,
    dependencies=[Depends(multipart)],
    responses={
        **UPLOAD_RESPONSES,
        200: {"model": AddReport, "description": "Nothing new in it."},
        202: {"model": Job, "description": "It is being added; `Location` is the job."},
    },
)
def add(
    state: State,
    response: Response,
    editor: Editor,
    file: Uploaded,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="The same key and file is answered the same, and added once."),
    ] = None,
    prefer: Annotated[str | None, Header(max_length=200, description="`respond-async` for a job.")] = None,
) -> Any:
    """Add the filings of a file; a corrected filing becomes the new version of the old one."""
    data, name = file.file.read(), file.filename or "upload.txt"
    if not data:
        raise UnreadableFile(name, "the file is empty")
    digest = sha256(name.encode("utf-8", "replace") + b"\0" + data).hexdigest()
    if prefer and _ASYNC.search(prefer):
        started, is_repeated = state.uploads.once(
            idempotency_key, editor.name, "job " + digest, lambda: {"job": start_adding(state, editor, data, name).id}
        )
        job = state.jobs.get(started["job"])
        headers = {"Location": f"/api/v1/jobs/{job.id}", "Preference-Applied": "respond-async"}
        if is_repeated:
            headers["Idempotency-Replayed"] = "true"
        return JSONResponse(job.model_dump(mode="json"), status_code=202, headers=headers)
    answer, is_repeated = state.uploads.once(
        idempotency_key, editor.name, digest, lambda: add_now(state, editor, data, name).model_dump(mode="json")
    )
    report = AddReport.model_validate(answer)
    if not report.filings and report.rejected:
        raise UnreadableFile(report.rejected[0].path or name, report.rejected[0].reason)
    if is_repeated:
        response.headers["Idempotency-Replayed"] = "true"
    if not report.added and not report.updated:
        response.status_code = 200
    elif len(report.filings) == 1:
        response.headers["Location"] = f"/api/v1/filings/{report.filings[0]}"
    return report


def add_now(state: ServiceState, editor: Editor, data: bytes, name: str) -> AddReport:
    """Keep an upload and add it."""
    with state.metrics.stage("add"):
        report = state.uploads.add(state.uploads.keep(data, name))
    _note_added(state, editor, name, report)
    return report


def start_adding(state: ServiceState, editor: Principal, data: bytes, name: str) -> Job:
    """Keep an upload, and add it in the background; should this process end before, the next one does it."""
    path = state.uploads.keep(data, name)
    given = {"path": str(path), "name": name, "role": editor.role}
    return state.jobs.start("add", editor.name, adding(state, editor, path, name), given=given)


def adding(state: ServiceState, editor: Principal, path: Path, name: str) -> Work:
    """The work of adding a kept upload."""

    def work(step: Step) -> dict[str, Any]:
        report = state.uploads.add(path, step)
        _note_added(state, editor, name, report)
        return report.model_dump(mode="json")

    return work


def _note_added(state: ServiceState, editor: Principal, name: str, report: AddReport) -> None:
    state.audit.note(
        editor, "add", file=name, added=report.added, updated=report.updated, unchanged=report.unchanged,
        ids=list(report.filings[:100]), rejected=len(report.rejected),
    )  # fmt: skip


@router.delete("/filings/{filing_id}", status_code=204)
def remove(state: State, editor: Editor, filing_id: FilingId) -> Response:
    """Take a filing and its versions out of the library."""
    with state.uploads.writing() as library:
        library.remove([filing_id])
    state.audit.note(editor, "remove", ids=[filing_id])
    return Response(status_code=204)


@router.get("/rejected", response_model=RejectedResult, responses=LIST_RESPONSES)
def rejected(
    state: State,
    library: Served,
    editor: Editor,
    page: Annotated[Page, Depends(paging(50))],
    below: Annotated[str | None, Query(max_length=4000, description="Only this file or folder, by its path.")] = None,
    format: Format = "json",
) -> Any:
    """Files that could not be read and have not been since, and why, newest first."""
    found = library.rejected(page.limit, page.offset, below)
    page.of(found.total)
    if format == "json":
        return found
    return listed(
        state, editor, format, "rejected", found.rejected, page,
        lambda offset: library.rejected(page.limit, offset, below).rejected,
    )  # fmt: skip


@router.get("/stats")
def stats(library: Served) -> LibraryStats:
    """Size of the library and of its indexes."""
    return library.stats()
