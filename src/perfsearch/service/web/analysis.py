"""The analyst's page: how the filings that filters let through spread, as charts to look at and to take away."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from perfsearch.errors import NotFound, PerfsearchError
from perfsearch.model.facets import Facets
from perfsearch.model.indicators import IndicatorUse
from perfsearch.service.state import Served, State
from perfsearch.service.web.charts import Bar, as_file, bar_chart, graph_chart, row_chart
from perfsearch.service.web.environment import render
from perfsearch.service.web.files import chart_csv, chart_svg
from perfsearch.service.web.reviewing import spread_chart
from perfsearch.service.web.search import Narrowed, band_range, band_words, filters_of_form
from perfsearch.service.wording import amount

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

INDICATORS_SHOWN = 6
CHARTS = {
    "filings": ("各年度申报表份数", "Filings by year"),
    "budgets": ("各年度预算合计", "Budget by year"),
    "medians": ("各年度预算中位数", "Median budget by year"),
    "bands": ("预算分布", "Budget bands"),
    "applicants": ("申报单位", "Applicants"),
    "categories": ("项目类别", "Categories"),
    "types": ("绩效类型", "Performance types"),
}


@router.get("/analysis")
def analysis_page(
    request: Request,
    state: State,
    library: Served,
    form: Narrowed,
    indicator: Annotated[str, Query(max_length=500)] = "",
) -> HTMLResponse:
    """Charts over the filings that answer, the targets that they set for an indicator, and who cites what."""
    kept = {name: value for name, value in form.items() if value.strip()}
    facets, problem, graph, cited = None, None, "", None
    uses: tuple[IndicatorUse, ...] = ()
    try:
        filters = filters_of_form(form)
        with state.metrics.stage("facets"):
            facets = library.facets(form["q"].strip() or None, filters=filters)
        if indicator.strip():
            uses = library.indicators(indicator.strip(), filters=filters, limit=INDICATORS_SHOWN).indicators
        if form["cites"].strip():
            cited = library.policy(form["cites"].strip(), 1)
        if form["applicant"].strip():
            graph = _applicant_graph(library, form["applicant"].strip())
    except PerfsearchError as error:
        problem = str(error)
    drawn = [
        {"name": name, "title": title, "english": english, "svg": draw(name, facets, kept)}
        for name, (title, english) in CHARTS.items()
        if facets
    ]
    return render(
        request,
        "analysis.html",
        status_code=422 if problem else 200,
        problem=problem,
        facets=facets,
        charts=[chart for chart in drawn if chart["svg"]],
        graph=graph,
        query=urlencode(kept),
        cited=cited,
        indicator=indicator,
        targets=[
            {"use": use, "svg": spread_chart(use), "query": urlencode({"name": use.name, **_of_filings(kept)})}
            for use in uses
        ],
        policies=library.policies(None, 10).policies if not kept else (),
        form=form,
    )


def _of_filings(kept: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in kept.items() if name != "q"}


def _applicant_graph(library: Any, applicant: str) -> str:
    try:
        return graph_chart(f"{applicant}引用的文件", library.citation_graph(applicant=applicant))
    except NotFound:
        return ""


@router.get("/analysis/{chart}.{kind}")
def analysis_file(
    library: Served,
    chart: str,
    kind: str,
    form: Narrowed,
) -> Response:
    """One chart as SVG, or its numbers as CSV."""
    applicant = form["applicant"]
    if chart == "graph" and kind == "svg":
        return chart_svg(as_file(Markup(_applicant_graph(library, applicant))) if applicant else None, chart)
    if chart not in CHARTS or kind not in ("svg", "csv"):
        raise NotFound(f"no chart {chart}.{kind}", "chart")
    facets = library.facets(form["q"].strip() or None, filters=filters_of_form(form))
    if kind == "svg":
        return chart_svg(as_file(Markup(draw(chart, facets, form))), chart)
    return chart_csv(("label", "value"), [(bar.label, bar.value) for bar in _bars(chart, facets, {})], chart)


def draw(name: str, facets: Facets, kept: dict[str, str]) -> Markup:
    """One of the page's charts."""
    bars = _bars(name, facets, kept)
    drawing = row_chart if name in ("applicants", "categories", "types") else bar_chart
    return drawing(CHARTS[name][0], bars)


def _bars(name: str, facets: Facets, kept: dict[str, str]) -> list[Bar]:
    def leads(**more: str) -> str:
        return "/?" + urlencode({**kept, **more})

    if name == "filings":
        return [Bar(str(y.year), y.filings, str(y.filings), leads(year=str(y.year))) for y in facets.years]
    if name in ("budgets", "medians"):
        sums = [(y.year, y.budget_sum if name == "budgets" else y.budget_median) for y in facets.years]
        return [Bar(str(year), value, amount(value)) for year, value in sums if value is not None]
    if name == "bands":
        return [Bar(band_words(b), b.filings, str(b.filings), leads(budget=band_range(b))) for b in facets.budgets]
    values = {"applicants": facets.applicants, "categories": facets.categories, "types": facets.performance_types}[name]
    key = {"applicants": "applicant", "categories": "category"}.get(name)
    return [Bar(v.value, v.filings, str(v.filings), leads(**{key: v.value}) if key else None) for v in values[:12]]
