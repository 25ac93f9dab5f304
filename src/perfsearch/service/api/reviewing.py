"""Routes for reviewers and analysts: indicators, copied text, the review, two filings side by side."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response

from perfsearch.errors import InputError
from perfsearch.model import DuplicateReport
from perfsearch.model.indicators import FilingDiff, IndicatorResult, ProjectHistory
from perfsearch.model.review import ReviewReport
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
    read_filings,
    unchanged,
)
from perfsearch.service.api.problems import RESPONSES, UNCHANGED, UPLOAD_RESPONSES
from perfsearch.service.clustering import ClusterPage, ClusterQuestion, asked, members_of, page_of
from perfsearch.service.guard.keys import Principal
from perfsearch.service.reporting import REPORT_TYPES, ReportForm, report_response
from perfsearch.service.state import Asker, Served, ServiceState, State
from perfsearch.service.uploads import safe_name

router = APIRouter(prefix="/api/v1", responses=RESPONSES, dependencies=[Depends(known_only)], tags=["review"])

MinLength = Annotated[int, Query(ge=10, le=1000, description="Shortest passage, in characters.")]
_UPLOAD: dict[str, Any] = {"dependencies": [Depends(multipart)], "responses": UPLOAD_RESPONSES}
_REPORTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report.",
        "content": {media_type: {"schema": {"type": "string"}} for media_type in REPORT_TYPES.values()},
    }
}


@router.get("/indicators", response_model=IndicatorResult, dependencies=[Depends(unchanged)], responses=LIST_RESPONSES)
def indicators(
    state: State,
    library: Served,
    asker: Asker,
    filters: Narrowed,
    page: Annotated[Page, Depends(paging(20))],
    q: Annotated[str | None, Query(max_length=500, description="What is measured; all without it.")] = None,
    format: Format = "json",
) -> Any:
    """Indicators in use with their targets, and the sets they stand in."""
    with state.metrics.stage("query"):
        result = library.indicators(q, limit=page.limit, offset=page.offset, filters=filters)
    page.of(result.total)
    if format == "json":
        return result
    return listed(
        state, asker, format, "indicators", result.indicators, page,
        lambda offset: library.indicators(q, limit=page.limit, offset=offset, filters=filters).indicators
        if offset < result.total else (),
    )  # fmt: skip


@router.post("/indicators", **_UPLOAD)
def indicators_for_draft(state: State, library: Served, file: Uploaded) -> IndicatorResult:
    """Indicators that filings like a draft have and it lacks; nothing is stored."""
    return library.indicators(like=read_filings(state, file)[0])


@router.get("/filings/{filing_id}/indicators", **TAGGED)
def indicators_for_stored(library: Served, filing_id: FilingId) -> IndicatorResult:
    """Indicators that filings like a stored one have and it lacks."""
    return library.indicators(like=library.get(filing_id))


@router.get(
    "/filings/{filing_id}/duplicates",
    response_model=DuplicateReport,
    dependencies=[Depends(unchanged)],
    responses={**EXPORT_RESPONSES, **UNCHANGED},
)
def duplicates_of_stored(
    state: State,
    library: Served,
    asker: Asker,
    filing_id: FilingId,
    min_length: MinLength = 15,
    format: Format = "json",
) -> Any:
    """Text that a filing shares with others and with itself; CSV and JSON lines are the matches."""
    filing = library.get(filing_id)
    with state.metrics.stage("duplicates"):
        report = library.duplicates(filing, min_length=min_length)
    return report if format == "json" else listed(state, asker, format, "duplicates", report.matches)


@router.post("/duplicates", **_UPLOAD)
def duplicates_of_draft(state: State, library: Served, file: Uploaded, min_length: MinLength = 15) -> DuplicateReport:
    """Text that a draft shares with the library; nothing is stored."""
    draft = read_filings(state, file)[0]
    with state.metrics.stage("duplicates"):
        return library.duplicates(draft, min_length=min_length)


async def cluster_question(
    applicants_min: Annotated[int, Query(ge=1, le=1000, description="Of so many applicants; 2 is across units.")] = 1,
    size_min: Annotated[int, Query(ge=2, le=1_000_000, description="Of so many filings.")] = 2,
    similarity_min: Annotated[float, Query(ge=0.0, le=1.0, description="Mean similarity of the linked pairs.")] = 0.0,
) -> ClusterQuestion:
    """Which clusters are asked for."""
    return ClusterQuestion(applicants_min=applicants_min, size_min=size_min, similarity_min=similarity_min)


@router.get("/clusters", response_model=ClusterPage, responses={**LIST_RESPONSES, 404: RESPONSES[404]})
def clusters(
    state: State,
    library: Served,
    asker: Asker,
    page: Annotated[Page, Depends(paging(20))],
    question: Annotated[ClusterQuestion, Depends(cluster_question)],
    format: Format = "json",
) -> Any:
    """Clusters of filings that share text, as the last job `clusters` found them; CSV and JSON lines are their filings."""
    kept = state.clusters.get()
    found = asked(kept, question)
    page.of(len(found))
    shown = page_of(kept, library.view().seq, found, page.offset, page.limit)
    if format == "json":
        return shown

    if page.is_whole:
        return listed(state, asker, format, "clusters", members_of(library, found[page.offset :]))
    return listed(state, asker, format, "clusters", members_of(library, shown.clusters), page)


@router.get("/filings/{filing_id}/review", response_model=ReviewReport, responses=_REPORTS)
def review_of_stored(
    state: State,
    library: Served,
    asker: Asker,
    filing_id: FilingId,
    format: Literal["json", "html", "docx", "csv"] = "json",
) -> Any:
    """Everything a reviewer checks in a stored filing."""
    library.get(filing_id)
    with state.metrics.stage("review"):
        report = library.review(filing_id)
    return report if format == "json" else _as_file(state, asker, report, format)


@router.post("/review", response_model=ReviewReport, dependencies=[Depends(multipart)], responses={**UPLOAD_RESPONSES, **_REPORTS})  # fmt: skip
def review_of_draft(
    state: State,
    library: Served,
    asker: Asker,
    file: Uploaded,
    format: Literal["json", "html", "docx", "csv"] = "json",
) -> Any:
    """Everything a reviewer checks in a draft; nothing is stored."""
    data, name = file.file.read(), file.filename or "upload.txt"
    with state.metrics.stage("review"), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / safe_name(name)
        path.write_bytes(data)
        try:
            report = library.review(path).model_copy(update={"path": name})
        except InputError as error:
            raise type(error)(name, error.reason) from error
    return report if format == "json" else _as_file(state, asker, report, format)


def _as_file(state: ServiceState, asker: Principal, report: ReviewReport, form: ReportForm) -> Response:
    state.audit.note(asker, "export", what="review", format=form, items=1)
    return report_response(report, form)


@router.get("/diff", **TAGGED)
def diff(
    library: Served,
    a: Annotated[str, Query(max_length=200, description="Id of a filing.")],
    b: Annotated[str, Query(max_length=200, description="Id of another.")],
) -> FilingDiff:
    """What differs between two filings' header, amounts and indicators."""
    return library.diff(library.get(a), library.get(b))


@router.get("/filings/{filing_id}/history", **TAGGED)
def history(library: Served, filing_id: FilingId) -> ProjectHistory:
    """One project over the years."""
    return library.history(library.get(filing_id))
