"""Pages for reviewers: the review of a draft with its findings to decide about, and indicators in use."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from perfsearch.model.indicators import IndicatorUse
from perfsearch.service.clustering import headers_of
from perfsearch.service.drafts import Decision, key_of, without_dismissed
from perfsearch.service.reporting import ReportForm, report_response
from perfsearch.service.reports.review_text import place_of
from perfsearch.service.state import Asker, Served, State
from perfsearch.service.web.charts import Bar, as_file, bar_chart
from perfsearch.service.web.duplicates import pairs_of
from perfsearch.service.web.environment import render
from perfsearch.service.web.files import chart_csv, chart_svg
from perfsearch.service.web.forms import from_our_page
from perfsearch.service.web.search import Narrowed, filters_of_form

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGE_SIZE = 20
MATCHES_SHOWN = 30
SETS_SHOWN, FILINGS_NAMED = 12, 6

# -- the review


@router.get("/review")
def review_start(request: Request, state: State, asker: Asker) -> HTMLResponse:
    """Where a draft is dropped, and the caller's drafts."""
    return render(request, "review_start.html", drafts=state.drafts.listed(asker.name))


@router.post("/review", dependencies=[Depends(from_our_page)])
def review_draft(state: State, library: Served, asker: Asker, file: Annotated[UploadFile, File()]) -> Response:
    """Keep the draft, and show its review under an address of its own."""
    draft = state.drafts.put_readable(asker.name, file.filename or "draft.txt", file.file.read(), library)
    return RedirectResponse(f"/reviews/{draft.id}", status_code=303)


@router.get("/filings/{filing_id}/review")
def review_stored(state: State, library: Served, asker: Asker, filing_id: str) -> Response:
    """The review of a stored filing."""
    library.get(filing_id)
    return RedirectResponse(f"/reviews/{state.drafts.of_filing(asker.name, filing_id).id}", status_code=303)


@router.get("/reviews/{draft_id}")
def review_page(request: Request, state: State, library: Served, asker: Asker, draft_id: str) -> HTMLResponse:
    """Findings to accept or dismiss, matches, precedents."""
    draft = state.drafts.get(draft_id, asker.name)
    filings = state.drafts.filings(draft, library)
    with state.metrics.stage("review"):
        report = library.review_filings(filings, draft.name)
    decided = Counter(draft.decisions.get(key_of(one), "") for one in report.findings)
    return render(
        request,
        "review.html",
        draft=draft,
        report=report,
        chosen={"accepted": decided["accepted"], "dismissed": decided["dismissed"]},
        pairs_of=[
            pairs_of(filing, one.duplicates, most=MATCHES_SHOWN) if one.duplicates else []
            for filing, one in zip(filings, report.reviews, strict=True)
        ],
        place_of=place_of,
        key_of=key_of,
    )


@router.post("/reviews/{draft_id}/decisions", dependencies=[Depends(from_our_page)])
def decide(
    state: State,
    asker: Asker,
    draft_id: str,
    key: Annotated[str, Form(pattern=r"^[0-9a-f]{16}$")],
    decision: Annotated[Decision, Form()] = "",
) -> Response:
    """Accept or dismiss a finding."""
    state.drafts.decide(state.drafts.get(draft_id, asker.name), key, decision)
    return RedirectResponse(f"/reviews/{draft_id}#f-{key}", status_code=303)


@router.get("/reviews/{draft_id}/report.{form}")
def review_file(state: State, library: Served, asker: Asker, draft_id: str, form: ReportForm) -> Response:
    """The report as a file: what was dismissed is left out, what was accepted is marked."""
    draft = state.drafts.get(draft_id, asker.name)
    report = without_dismissed(state.drafts.review(draft, library), draft)
    state.audit.note(asker, "export", what="review", format=form, items=1)
    return report_response(report, form, accepted=lambda one: draft.decisions.get(key_of(one)) == "accepted")


# -- indicators


@router.get("/indicators")
def indicators_page(
    request: Request,
    state: State,
    library: Served,
    q: Annotated[str, Query(max_length=500)] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> HTMLResponse:
    """Indicators in use, their targets, and the sets they stand in."""
    with state.metrics.stage("query"):
        result = library.indicators(q.strip() or None, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    named = [one for use in result.indicators for one in use.examples[:3]]
    named += [one for found in result.sets[:SETS_SHOWN] for one in found.filings[:FILINGS_NAMED]]
    base = f"/indicators?q={quote(q)}&page="
    return render(
        request,
        "indicators.html",
        result=result,
        headers=headers_of(library, named),
        charts={one.name: spread_chart(one) for one in result.indicators},
        previous=f"{base}{page - 1}" if page > 1 else None,
        following=f"{base}{page + 1}" if page * PAGE_SIZE < result.total else None,
        address=lambda name: "/indicators/targets.{}?" + urlencode({"name": name}),
        page=page,
        form={"q": q},
    )


@router.get("/indicators/targets.{kind}")
def targets_file(library: Served, form: Narrowed, kind: str, name: Annotated[str, Query(max_length=500)]) -> Response:
    """The targets of one indicator: the chart as SVG, or every target with its count as CSV."""
    uses = library.indicators(name, limit=5, filters=filters_of_form(form)).indicators
    found = [one for one in uses if one.name == name]
    if not found or kind not in ("svg", "csv"):
        return chart_svg(None, name)
    if kind == "csv":
        return chart_csv(("target", "filings"), [(one.target, one.filings) for one in found[0].targets], "targets")
    return chart_svg(as_file(spread_chart(found[0])) if found[0].spreads else None, "targets")


def spread_chart(use: IndicatorUse) -> Any:
    """How the targets of an indicator spread: of those in the most frequent unit."""
    if not use.spreads:
        return ""
    spread = use.spreads[0]
    unit = spread.unit or ""
    bars = [
        Bar(
            f"{_plain(one.low)}–{_plain(one.high)}" if one.high > one.low else _plain(one.low),
            one.filings,
            str(one.filings),
        )
        for one in spread.histogram
    ]
    return bar_chart(f"“{use.name}”的目标值（{unit}）", bars) if len(bars) > 1 else ""


def _plain(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")
