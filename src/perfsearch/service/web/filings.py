"""A filing's page: the form as a form, its versions and years, what it cites, and what it shares with others."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse

from perfsearch.errors import NotFound
from perfsearch.library import Library
from perfsearch.model import Filing, FilingSummary, Filters
from perfsearch.queries.question import Question
from perfsearch.queries.snippets import highlight_spans
from perfsearch.service.api.keeping import original_of
from perfsearch.service.state import Asker, Served, State
from perfsearch.service.web.environment import render
from perfsearch.service.web.marking import copied_runs
from perfsearch.service.web.originals import drawn_original

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SIMILAR_SHOWN = 6
YEARS_SHOWN = 40


@router.get("/filings/{filing_id}")
def filing_page(
    request: Request,
    state: State,
    library: Served,
    filing_id: str,
    q: Annotated[str, Query(max_length=2000)] = "",
    version: Annotated[int, Query(ge=0, le=10_000)] = 0,
    copied: bool = False,
) -> HTMLResponse:
    """One filing as a form, with its citations linked, its other years and versions, and past projects like it.

    What `q` looks for is marked in it, and with `copied` what it shares with other filings.
    """
    versions = library.versions(filing_id)
    if version > len(versions):
        raise NotFound(f"{filing_id} has {len(versions)} versions", "version")
    filing = versions[len(versions) - version] if version else versions[0]
    runs = {}
    if copied:
        with state.metrics.stage("duplicates"):
            runs = copied_runs(library.duplicates(filing))
    return render(
        request,
        "filing.html",
        filing=filing,
        copied=copied,
        runs=runs,
        highlights=_highlights(library, filing, q),
        n_versions=len(versions),
        at_version=version or len(versions),
        years=_years(library, filing_id),
        citations=_by_section(filing),
        groups=grouped(filing),
        has_original=_has_original(library, filing_id),
        has_leaves=drawn_original(library, filing) is not None,
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


def grouped(filing: Filing) -> list[tuple[str, str, list[Any]]]:
    """The rows of the indicator table by their place in the tree."""
    groups: list[tuple[str, str, list[Any]]] = []
    for row in filing.indicators:
        if not groups or groups[-1][:2] != (row.level1, row.level2):
            groups.append((row.level1, row.level2, []))
        groups[-1][2].append(row)
    return groups


def _highlights(library: Library, filing: Filing, q: str) -> dict[str, tuple[tuple[int, int], ...]]:
    """Where the words of a query stand in each section."""
    terms = (
        Question(q[: library.settings.query_length_max], library.view().segmenter.token_spans).terms
        if q.strip()
        else ()
    )
    return {name: highlight_spans(text, terms) for name, text in filing.sections.items()} if terms else {}


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
