"""Pages about copied text: of one filing side by side, and who shares text with whom over the whole library."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from perfsearch.errors import NotFound
from perfsearch.library import Library
from perfsearch.model import ClusterReport, Filing, FilingSummary
from perfsearch.model.duplicates import DuplicateMatch, DuplicateReport
from perfsearch.service.api.reviewing import cluster_question
from perfsearch.service.api.working import start_job
from perfsearch.service.clustering import (
    CLUSTER_THRESHOLD,
    ClusterQuestion,
    NumberedCluster,
    asked,
    headers_of,
    page_of,
)
from perfsearch.service.state import Asker, Editor, Served, ServiceState, State
from perfsearch.service.web.charts import Bar, as_file, bar_chart, matrix_chart
from perfsearch.service.web.environment import render
from perfsearch.service.web.files import chart_csv, chart_svg
from perfsearch.service.web.forms import from_our_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

MATCHES_SHOWN = 60
CLUSTERS_A_PAGE = 20
MEMBERS_SHOWN = 6
MATRIX_FILINGS_MAX = 36
"""More cells than this squared can't be told apart on a page, and take half of its 200 KB."""
MEMBERS_A_PAGE, PAIRS_SHOWN = 200, 60

Question = Annotated[ClusterQuestion, Depends(cluster_question)]

# -- the whole library


@router.get("/duplicates")
def clusters_page(
    request: Request,
    state: State,
    library: Served,
    asker: Asker,
    question: Question,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """How similar filings are over the whole library, and the clusters of those that share text."""
    kept = state.clusters.read()
    found = asked(kept, question) if kept else []
    shown = page_of(kept, library.view().seq, found, (page - 1) * CLUSTERS_A_PAGE, CLUSTERS_A_PAGE) if kept else None
    first = [one for cluster in (shown.clusters if shown else ()) for one in cluster.filings[:MEMBERS_SHOWN]]
    kept_form = {name: value for name, value in question.model_dump().items() if value not in (1, 2, 0.0)}
    base = "/duplicates?" + urlencode(kept_form)
    return render(
        request,
        "clusters.html",
        shown=shown,
        in_clusters=sum(cluster.size for cluster in kept.report.clusters) if kept else 0,
        n_clusters=len(kept.report.clusters) if kept else 0,
        histogram=histogram_chart(kept.report) if kept else "",
        headers=headers_of(library, first),
        job=state.jobs.active("clusters"),
        may=asker.may("editor"),
        threshold=kept.report.threshold if kept else CLUSTER_THRESHOLD,
        question=question,
        query=urlencode(kept_form),
        members_shown=MEMBERS_SHOWN,
        previous=f"{base}&page={page - 1}" if page > 1 else None,
        following=f"{base}&page={page + 1}" if shown and page * CLUSTERS_A_PAGE < shown.total else None,
    )


@router.post("/duplicates", dependencies=[Depends(from_our_page)])
def find_clusters(
    state: State, editor: Editor, threshold: Annotated[float, Form(ge=0.1, le=1.0)] = CLUSTER_THRESHOLD
) -> Response:
    """Start the job that looks through the library."""
    job = start_job(state, editor, "clusters", threshold)
    return RedirectResponse(f"/jobs/{job.id}", status_code=303)


@router.get("/duplicates/histogram.{kind}")
def histogram_file(state: State, kind: str) -> Response:
    """The histogram of similarity as SVG, or its numbers as CSV."""
    report = state.clusters.get().report
    if kind == "csv":
        return chart_csv(("from", "to", "pairs"), report.histogram, "similarity")
    return chart_svg(as_file(histogram_chart(report)) if kind == "svg" else None, "similarity")


@router.get("/duplicates/{number}.svg")
def matrix_file(state: State, library: Served, number: int) -> Response:
    """The matrix of one cluster as a file."""
    cluster = _cluster(state, number)
    chart = _matrix(cluster, headers_of(library, cluster.filings)) if cluster.size <= MATRIX_FILINGS_MAX else None
    return chart_svg(as_file(chart) if chart else None, f"cluster-{number}")


@router.get("/duplicates/{number}")
def cluster_page(
    request: Request,
    state: State,
    library: Served,
    number: int,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """One cluster: its filings by year, how similar each two are, and the pairs to put side by side."""
    cluster = _cluster(state, number)
    headers = headers_of(library, cluster.filings)
    members = [headers[one] for one in _by_year(cluster.filings, headers)]
    begin = (page - 1) * MEMBERS_A_PAGE
    base = f"/duplicates/{number}?page="
    return render(
        request,
        "cluster.html",
        cluster=cluster,
        headers=headers,
        members=members[begin : begin + MEMBERS_A_PAGE],
        begin=begin,
        removed=cluster.size - len(members),
        matrix=_matrix(cluster, headers) if cluster.size <= MATRIX_FILINGS_MAX else "",
        pairs=[one for one in cluster.links if one[0] in headers and one[1] in headers][:PAIRS_SHOWN],
        previous=f"{base}{page - 1}" if page > 1 else None,
        following=f"{base}{page + 1}" if begin + MEMBERS_A_PAGE < len(members) else None,
    )


def _cluster(state: State, number: int) -> NumberedCluster:
    clusters = state.clusters.get().report.clusters
    if not 1 <= number <= len(clusters):
        raise NotFound(f"no cluster {number}: the last look found {len(clusters)}", "number")
    return NumberedCluster(number=number, **dict(clusters[number - 1]))


def histogram_chart(report: ClusterReport) -> Markup:
    """How many pairs of filings are how similar."""
    bars = [Bar(f"{low * 100:.0f}–{high * 100:.0f}%", n, f"{n:,}") for low, high, n in report.histogram]
    return bar_chart("申报表两两相似的程度（对数）", bars) if any(bar.value for bar in bars) else Markup("")


def _by_year(ids: tuple[str, ...], headers: dict[str, FilingSummary]) -> list[str]:
    standing = [one for one in ids if one in headers]
    return sorted(standing, key=lambda one: (headers[one].fiscal_year or 0, headers[one].applicant or "", one))


def _matrix(cluster: NumberedCluster, headers: dict[str, FilingSummary]) -> Markup:
    """How similar each two filings of a cluster are; a pair below the threshold is blank."""
    ids = _by_year(cluster.filings, headers)
    labels = [f"{headers[one].fiscal_year or '—'} {headers[one].project_name or one}" for one in ids]
    place = {one: i for i, one in enumerate(ids)}
    cells = {
        (min(place[a], place[b]), max(place[a], place[b])): similarity
        for a, b, similarity in cluster.links
        if a in place and b in place
    }
    links = {pair: "/compare?" + urlencode({"a": ids[pair[0]], "b": ids[pair[1]]}) for pair in cells}
    return matrix_chart(f"第 {cluster.number} 组申报表两两相似的程度", labels, cells, links)


# -- one filing


@router.get("/filings/{filing_id}/duplicates")
def duplicates_page(
    request: Request,
    state: State,
    library: Served,
    filing_id: str,
    stock: bool = False,
    source: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Passages that a filing shares, side by side with where else they stand."""
    shown = duplicates_of(state, library, library.get(filing_id), stock, source)
    base = f"/filings/{quote(filing_id, safe='')}/duplicates"
    return render(request, "duplicates.html", base=base, draft=None, **shown)


def duplicates_of(state: ServiceState, library: Library, filing: Filing, stock: bool, source: str) -> dict[str, Any]:
    """What the page about one filing's or draft's copied text shows."""
    with state.metrics.stage("duplicates"):
        report = library.duplicates(filing)
    return {
        "filing": filing,
        "report": report,
        "pairs": pairs_of(filing, report, stock, source),
        "stock": stock,
        "source": source,
        "shown": MATCHES_SHOWN,
    }


def pairs_of(
    filing: Filing, report: DuplicateReport, stock: bool = False, source: str = "", most: int = MATCHES_SHOWN
) -> list[dict[str, Any]]:
    """The matches to show, each with both texts and the runs in them that are the same."""
    wanted = [
        one
        for one in report.matches
        if (stock or not one.boilerplate) and (not source or one.source_filing_id == source)
    ]
    return [_pair(filing, match) for match in wanted[:most]]


def _pair(filing: Filing, match: DuplicateMatch) -> dict[str, Any]:
    text = match.text or filing.sections.get(match.section, "")[match.start : match.end]
    blocks = match.blocks or ((match.start, match.end, match.source_start, match.source_end),)
    return {
        "match": match,
        "text": text,
        "marks": _within([(a - match.start, b - match.start) for a, b, _, _ in blocks], len(text)),
        "source_text": match.source_text,
        "source_marks": _within(
            [(c - match.source_start, d - match.source_start) for _, _, c, d in blocks], len(match.source_text)
        ),
    }


def _within(spans: list[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Spans in order that lie in the text and don't overlap."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        start = max(start, found[-1][1] if found else 0)
        end = min(end, length)
        if start < end:
            found.append((start, end))
    return found
