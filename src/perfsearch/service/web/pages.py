"""Search page and filing page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, File, Query, Request, UploadFile
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from perfsearch.errors import PerfsearchError
from perfsearch.library import Library
from perfsearch.model import SECTIONS, Filters, SearchResult, parse_budget_range, parse_year_range
from perfsearch.service.api.routes import library_of, read_upload
from perfsearch.service.wording import BUDGET_NAMES, SECTION_NAMES, yuan

HERE = Path(__file__).parent
PAGE_SIZE = 10
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_FILTER_NAMES = ("section", "year", "applicant", "category", "budget", "cites")
_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape(default=True), trim_blocks=True
)
_environment.globals.update(section_names=SECTION_NAMES, budget_names=BUDGET_NAMES, sections=(*SECTIONS, "indicators"))
_environment.filters["yuan"] = yuan


def mark(text: str, highlights: tuple[tuple[int, int], ...]) -> Markup:
    """The text with its highlights in <mark>; everything else is escaped."""
    parts, position = [], 0
    for start, end in highlights:
        parts += [escape(text[position:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        position = end
    return Markup("").join([*parts, escape(text[position:])])


_environment.filters["mark"] = mark


def render(name: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """One page."""
    return HTMLResponse(_environment.get_template(name).render(**values), status_code=status_code)


def mount_static(app: FastAPI) -> None:
    """Serve the style sheet."""
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")


Served = Annotated[Library, Depends(library_of)]


@router.get("/")
def search_page(
    library: Served,
    q: Annotated[str, Query(max_length=2000)] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
    by: str = "filing",
    mode: str = "hybrid",
    section: str = "",
    year: str = "",
    applicant: str = "",
    category: str = "",
    budget: str = "",
    cites: str = "",
) -> HTMLResponse:
    """The search box, and the hits where there is a query."""
    form = {
        "q": q, "by": by, "mode": mode, "section": section, "year": year, "applicant": applicant,
        "category": category, "budget": budget, "cites": cites,
    }  # fmt: skip
    result, problem = None, None
    if q.strip():
        try:
            result = library.search(
                q,
                by="passage" if by == "passage" else "filing",
                mode=mode if mode in ("lexical", "semantic") else "hybrid",
                limit=PAGE_SIZE,
                offset=(page - 1) * PAGE_SIZE,
                filters=_filters(form),
            )
        except PerfsearchError as error:
            problem = str(error)
    return render(
        "search.html",
        status_code=200 if problem is None else 422,
        form=form,
        result=result,
        problem=problem,
        stats=library.stats(),
        page=page,
        pages=_pages(result, page, {key: value for key, value in form.items() if value}),
        narrowed=any(form[name] for name in _FILTER_NAMES),
    )


def _filters(form: dict[str, str]) -> Filters:
    year_from, year_to = parse_year_range(form["year"]) if form["year"].strip() else (None, None)
    budget_min, budget_max = parse_budget_range(form["budget"]) if form["budget"].strip() else (None, None)
    return Filters(
        section=form["section"] or None,
        year_from=year_from,
        year_to=year_to,
        applicant=form["applicant"].strip() or None,
        category=form["category"].strip() or None,
        budget_min=budget_min,
        budget_max=budget_max,
        cites=form["cites"].strip() or None,
    )


def _pages(result: SearchResult | None, page: int, form: dict[str, str]) -> dict[str, str]:
    """The addresses of the page before and the page after."""
    if result is None:
        return {}
    links = {}
    if page > 1:
        links["previous"] = "/?" + urlencode({**form, "page": page - 1})
    if page * PAGE_SIZE < result.total:
        links["next"] = "/?" + urlencode({**form, "page": page + 1})
    return links


@router.get("/filings/{filing_id}")
def filing_page(library: Served, filing_id: str, q: str = "") -> HTMLResponse:
    """One filing as a form, with past projects like it."""
    try:
        filing = library.get(filing_id)
        versions = library.versions(filing_id)
    except PerfsearchError as error:
        return render("problem.html", status_code=404, problem=str(error), form={"q": q})
    return render(
        "filing.html",
        filing=filing,
        versions=len(versions),
        similar=library.similar(filing_id, limit=6),
        groups=_grouped(filing.indicators),
        form={"q": q},
    )


@router.post("/similar")
def similar_page(request: Request, library: Served, file: Annotated[UploadFile, File()]) -> HTMLResponse:
    """Past projects like an uploaded draft."""
    try:
        draft = read_upload(request, file)
        result = library.similar(draft, limit=20)
    except PerfsearchError as error:
        return render("problem.html", status_code=422, problem=str(error), form={"q": ""})
    return render("similar.html", draft=draft, result=result, form={"q": ""})


def _grouped(indicators: tuple[Any, ...]) -> list[tuple[str, str, list[Any]]]:
    groups: list[tuple[str, str, list[Any]]] = []
    for row in indicators:
        if not groups or groups[-1][:2] != (row.level1, row.level2):
            groups.append((row.level1, row.level2, []))
        groups[-1][2].append(row)
    return groups
