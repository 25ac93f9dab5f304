"""A filing's page, two filings side by side, and what a draft's author gets back for it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import FileResponse, HTMLResponse

from perfsearch.errors import NotFound, PerfsearchError
from perfsearch.library import Library
from perfsearch.model import Filing, FilingSummary, Filters
from perfsearch.service.api.keeping import original_of
from perfsearch.service.api.parameters import read_filings
from perfsearch.service.state import Asker, Served, State
from perfsearch.service.web.differences import side_by_side
from perfsearch.service.web.environment import render
from perfsearch.service.web.forms import from_our_page
from perfsearch.service.wording import FIELD_NAMES

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SIMILAR_SHOWN = 6
SIMILAR_TO_DRAFT = 20
YEARS_SHOWN = 40


@router.get("/filings/{filing_id}")
def filing_page(
    request: Request,
    library: Served,
    filing_id: str,
    q: Annotated[str, Query(max_length=2000)] = "",
    version: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> HTMLResponse:
    """One filing as a form, with its citations linked, its other years and versions, and past projects like it."""
    versions = library.versions(filing_id)
    if version > len(versions):
        raise NotFound(f"{filing_id} has {len(versions)} versions", "version")
    filing = versions[len(versions) - version] if version else versions[0]
    return render(
        request,
        "filing.html",
        filing=filing,
        summary=_summary(library, filing_id),
        n_versions=len(versions),
        version=version or len(versions),
        years=_years(library, filing_id),
        citations=_by_section(filing),
        groups=grouped(filing),
        has_original=_has_original(library, filing_id),
        form={"q": q},
    )


@router.get("/filings/{filing_id}/like")
def similar_part(request: Request, state: State, library: Served, filing_id: str) -> HTMLResponse:
    """Past projects like a filing, which its page asks for after the filing itself."""
    filing = library.get(filing_id)
    with state.metrics.stage("query"):
        similar = library.similar(filing, limit=SIMILAR_SHOWN)
    return render(request, "like.html", similar=similar, filing_id=filing_id)


@router.get("/filings/{filing_id}/original")
def original(state: State, library: Served, asker: Asker, filing_id: str) -> FileResponse:
    """The file that it was read from; a PDF opens in the browser, anything else is saved."""
    path = original_of(library, filing_id)
    state.audit.note(asker, "download", id=filing_id)
    is_pdf = path.suffix.lower() == ".pdf"
    return FileResponse(
        path,
        media_type="application/pdf" if is_pdf else "application/octet-stream",
        filename=path.name,
        content_disposition_type="inline" if is_pdf else "attachment",
        # Our own policy would keep the browser's PDF viewer from showing it beside the text.
        headers={
            "Content-Security-Policy": "frame-ancestors 'self'",
            "X-Frame-Options": "SAMEORIGIN",
        },
    )


@router.post("/similar", dependencies=[Depends(from_our_page)])
def draft_page(request: Request, state: State, library: Served, file: Annotated[UploadFile, File()]) -> HTMLResponse:
    """What past projects have for an uploaded draft: projects like it, their legal bases and indicators."""
    try:
        draft = read_filings(state, file)[0]
        with state.metrics.stage("query"):
            result = library.similar(draft, limit=SIMILAR_TO_DRAFT)
            missing = library.missing_policies(draft)
            indicators = library.indicators(like=draft)
    except PerfsearchError as error:
        return render(request, "problem.html", status_code=422, problem=str(error))
    return render(request, "draft.html", draft=draft, result=result, missing=missing, indicators=indicators)


@router.get("/compare")
def compare_page(
    request: Request,
    library: Served,
    a: Annotated[str, Query(max_length=200)] = "",
    b: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Two filings side by side: what is the same, what differs."""
    a, b = a.strip(), b.strip()
    if not a or not b:
        return render(request, "compare.html", left=None, right=None, form={"q": "", "a": a, "b": b})
    left, right = library.get(a), library.get(b)
    names = [*left.sections, *(name for name in right.sections if name not in left.sections)]
    return render(
        request,
        "compare.html",
        left=left,
        right=right,
        diff=library.diff(left, right),
        field_names=FIELD_NAMES,
        texts=[(name, side_by_side(left.sections.get(name, ""), right.sections.get(name, ""))) for name in names],
        form={"q": "", "a": a, "b": b},
    )


def grouped(filing: Filing) -> list[tuple[str, str, list[Any]]]:
    """The rows of the indicator table by their place in the tree."""
    groups: list[tuple[str, str, list[Any]]] = []
    for row in filing.indicators:
        if not groups or groups[-1][:2] != (row.level1, row.level2):
            groups.append((row.level1, row.level2, []))
        groups[-1][2].append(row)
    return groups


def _by_section(filing: Filing) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for citation in filing.citations:
        found.setdefault(citation.section, []).append(citation)
    return found


def _summary(library: Library, filing_id: str) -> FilingSummary | None:
    view = library.view()
    number = view.store.find_number(filing_id)
    return view.store.summaries([number]).get(number) if number is not None else None


def _years(library: Library, filing_id: str) -> list[FilingSummary]:
    """The same project over the years, oldest first; empty where there is only one."""
    summary = _summary(library, filing_id)
    if summary is None or not summary.lineage:
        return []
    view = library.view()
    found = view.store.summaries(view.filing_nos(Filters(lineage=summary.lineage))[-YEARS_SHOWN:].tolist()).values()
    return sorted(found, key=lambda one: one.fiscal_year or 0) if len(found) > 1 else []


def _has_original(library: Library, filing_id: str) -> str | None:
    """The suffix of the filing's file; None where the file is not here."""
    try:
        return original_of(library, filing_id).suffix.lower()
    except NotFound:
        return None
