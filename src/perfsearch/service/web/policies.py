"""The citator's pages: policies that are cited, and one policy with who cites it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from perfsearch.errors import PerfsearchError
from perfsearch.library import Library
from perfsearch.model import CitationGraph, PolicyPage
from perfsearch.service.state import Served, State
from perfsearch.service.web.charts import Bar, as_file, bar_chart, graph_chart, row_chart, with_applicants
from perfsearch.service.web.environment import render
from perfsearch.service.web.files import chart_csv, chart_svg
from perfsearch.service.wording import SECTION_NAMES

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGE_SIZE = 20
CITATIONS_SHOWN = 20
POLICIES_DRAWN, APPLICANTS_DRAWN = 14, 8
"""More than this in a column can't be read."""


@router.get("/policies")
def policies_page(
    request: Request,
    state: State,
    library: Served,
    q: Annotated[str, Query(max_length=500)] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> HTMLResponse:
    """The policies that match, or the most cited."""
    result, problem = None, None
    try:
        with state.metrics.stage("query"):
            result = library.policies(q.strip() or None, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    except PerfsearchError as error:
        problem = str(error)
    base = f"/policies?q={quote(q)}&page="
    return render(
        request,
        "policies.html",
        status_code=422 if problem else 200,
        result=result,
        problem=problem,
        page=page,
        previous=f"{base}{page - 1}" if page > 1 else None,
        following=f"{base}{page + 1}" if result and page * PAGE_SIZE < result.total else None,
        form={"q": q},
    )


@router.get("/policies/{policy}")
def policy_page(
    request: Request,
    state: State,
    library: Served,
    policy: str,
    page: Annotated[int, Query(ge=1, le=5000)] = 1,
) -> HTMLResponse:
    """One policy: status, who cites it since when and in which words, what is cited with it."""
    with state.metrics.stage("query"):
        found = library.policy(policy, CITATIONS_SHOWN, (page - 1) * CITATIONS_SHOWN)
        graph = _graph(library, found) if found.filings else None
    base = f"/policies/{quote(found.policy_id, safe='')}"
    return render(
        request,
        "policy.html",
        policy=found,
        base=base,
        years=_year_chart(found),
        applicants=_applicant_chart(found),
        sections=_section_chart(found),
        graph=graph_chart(f"与“{_name(found)}”一起被引用的文件和引用它的单位", graph) if graph else "",
        page=page,
        previous=f"{base}?page={page - 1}#citations" if page > 1 else None,
        following=f"{base}?page={page + 1}#citations" if page * CITATIONS_SHOWN < found.mentions else None,
    )


@router.get("/policies/{policy}/{chart}.svg")
def policy_svg(library: Served, policy: str, chart: str) -> Response:
    """One of the page's charts as a file."""
    found = library.policy(policy, 1)
    if chart == "graph":
        return chart_svg(as_file(graph_chart("引用关系", _graph(library, found))), "graph")
    charts = {"years": _year_chart, "applicants": _applicant_chart, "sections": _section_chart}
    return chart_svg(as_file(charts[chart](found)) if chart in charts else None, chart)


@router.get("/policies/{policy}/{chart}.csv")
def policy_csv(library: Served, policy: str, chart: str) -> Response:
    """The numbers of one of the page's charts."""
    if chart == "graph":
        graph = _graph(library, library.policy(policy, 1))
        names = {node.id: node.label for node in graph.nodes}
        rows = [(names[edge.source], names[edge.target], edge.filings) for edge in graph.edges]
        return chart_csv(("source", "target", "filings"), rows, "graph")
    found = library.policy(policy, 1)
    counts = {"years": found.by_year, "applicants": found.by_applicant, "sections": found.by_section}
    rows_of = counts.get(chart)
    columns = (chart.removesuffix("s"), "filings" if chart != "sections" else "mentions")
    return chart_csv(columns, list(rows_of.items()) if rows_of is not None else None, chart)


def _graph(library: Library, policy: PolicyPage) -> CitationGraph:
    applicants = dict(list(policy.by_applicant.items())[:APPLICANTS_DRAWN])
    return with_applicants(library.citation_graph(policy=policy.policy_id, limit=POLICIES_DRAWN), applicants)


def _year_chart(policy: PolicyPage) -> Markup:
    name = quote(policy.policy_id, safe="")
    bars = [Bar(year, n, str(n), f"/?cites={name}&year={year}") for year, n in policy.by_year.items()]
    return bar_chart(f"各年度引用“{_name(policy)}”的申报表份数", bars)


def _applicant_chart(policy: PolicyPage) -> Markup:
    name = quote(policy.policy_id, safe="")
    bars = [
        Bar(applicant, n, str(n), f"/?cites={name}&applicant={quote(applicant, safe='')}")
        for applicant, n in list(policy.by_applicant.items())[:12]
    ]
    return row_chart(f"引用“{_name(policy)}”的单位", bars)


def _section_chart(policy: PolicyPage) -> Markup:
    bars = [Bar(SECTION_NAMES.get(section, section), n, str(n)) for section, n in policy.by_section.items()]
    return row_chart(f"“{_name(policy)}”在申报表的哪些部分被引用", bars)


def _name(policy: PolicyPage) -> str:
    return policy.title or policy.document_number or policy.policy_id
