"""The search page: the box, the hits, and the facets beside them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from perfsearch.errors import PerfsearchError
from perfsearch.model import Filters
from perfsearch.model.facets import BudgetBand, Facets
from perfsearch.service.api.parameters import read_filters
from perfsearch.service.state import Served, State
from perfsearch.service.web.environment import render
from perfsearch.service.wording import SECTION_NAMES, amount

PAGE_SIZE = 10
LISTED = 40
"""Filings a page where only filters are given."""
FACET_VALUES = 8
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
FILTER_NAMES = ("section", "year", "applicant", "category", "budget", "cites")

Field = Annotated[str, Query(max_length=500)]


async def narrowing_form(
    q: Annotated[str, Query(max_length=2000)] = "",
    year: Field = "",
    applicant: Field = "",
    category: Field = "",
    budget: Field = "",
    cites: Field = "",
) -> dict[str, str]:
    """What a page was asked: the query, and the conditions on filings as they were typed."""
    return {"q": q, "year": year, "applicant": applicant, "category": category, "budget": budget, "cites": cites}


Narrowed = Annotated[dict[str, str], Depends(narrowing_form)]


async def search_form(
    form: Narrowed, by: Field = "filing", mode: Field = "hybrid", section: Field = ""
) -> dict[str, str]:
    """The same with what only a search asks."""
    return {"q": form["q"], "by": by, "mode": mode, "section": section, **form}


Asked = Annotated[dict[str, str], Depends(search_form)]


def _mode(form: dict[str, str]) -> str:
    return form["mode"] if form["mode"] in ("lexical", "semantic") else "hybrid"


@router.get("/")
def search_page(
    request: Request,
    state: State,
    library: Served,
    form: Asked,
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> HTMLResponse:
    """The search box, and the hits where there is a query."""
    result, facets, problem = None, None, None
    q, mode = form["q"], _mode(form)
    narrowed = any(form[name].strip() for name in FILTER_NAMES)
    try:
        filters = filters_of_form(form)
        if q.strip():
            with state.metrics.stage("query"):
                result = library.search(
                    q, by="passage" if form["by"] == "passage" else "filing", mode=mode, limit=PAGE_SIZE,
                    offset=(page - 1) * PAGE_SIZE, filters=filters,
                )  # fmt: skip
        elif narrowed:
            facets = library.facets(filters=filters)
    except PerfsearchError as error:
        problem = str(error)
    listed = None
    if facets is not None:
        listed = library.list(limit=LISTED, offset=(page - 1) * LISTED, filters=filters)
    return render(
        request,
        "search.html",
        status_code=200 if problem is None else 422,
        form=form,
        result=result,
        listed=listed,
        groups=facet_groups(form, facets) if facets else [],
        total=facets.total if facets else 0,
        problem=problem,
        count=library.count() if not q.strip() else 0,
        page=page,
        pages=_pages(
            page, form, facets.total if facets else result.total if result else 0, LISTED if facets else PAGE_SIZE
        ),
        narrowed=narrowed,
        kept=_kept(form),
    )


@router.get("/facets")
def facets_part(
    request: Request,
    state: State,
    library: Served,
    form: Asked,
) -> HTMLResponse:
    """The facets of a search, which its page asks for after the hits: they rank a thousand filings, the hits ten."""
    with state.metrics.stage("facets"):
        facets = library.facets(form["q"].strip() or None, filters=filters_of_form(form), mode=_mode(form))
    return render(
        request, "facets.html", groups=facet_groups(form, facets), total=facets.total, kept=_kept(form), form=form
    )


def filters_of_form(form: dict[str, str]) -> Filters:
    """The filters of a page's form."""
    return read_filters(**{name: form.get(name, "") for name in FILTER_NAMES})


def facet_groups(form: dict[str, str], facets: Facets) -> list[dict[str, Any]]:
    """What stands beside the hits: for each field its values, each a link that narrows to it, or lifts it."""
    fields: list[tuple[str, str, list[tuple[str, str, int]]]] = [
        ("year", "年度", [(str(one.year), str(one.year), one.filings) for one in reversed(facets.years)]),
        ("applicant", "申报单位", [(one.value, one.value, one.filings) for one in facets.applicants]),
        ("category", "项目类别", [(one.value, one.value, one.filings) for one in facets.categories]),
        ("budget", "预算", [(band_range(one), band_words(one), one.filings) for one in facets.budgets]),
        ("section", "命中部分", [(one.value, SECTION_NAMES.get(one.value, one.value), one.filings) for one in facets.sections]),
    ]  # fmt: skip
    groups = []
    for name, title, values in fields:
        chosen = form.get(name, "").strip()
        links = [
            {
                "words": words,
                "filings": filings,
                "chosen": value == chosen,
                "href": "/?" + urlencode(_kept({**form, name: "" if value == chosen else value})),
            }
            for value, words, filings in values[: FACET_VALUES if name != "year" else 12]
        ]
        lift = "/?" + urlencode(_kept({**form, name: ""})) if chosen and not any(x["chosen"] for x in links) else None
        if links:
            groups.append({"title": title, "links": links, "lift": lift, "chosen": chosen})
    return groups


def band_range(band: BudgetBand) -> str:
    """A band of amounts as the filter reads it."""
    high = "" if band.high is None else f"{band.high - 0.01:.2f}"
    return f"{band.low or 0:.0f}..{high}"


def band_words(band: BudgetBand) -> str:
    """A band of amounts as people read it."""
    if band.high is None:
        return f"{amount(band.low)}以上"
    return f"{amount(band.low)}–{amount(band.high)}" if band.low else f"{amount(band.high)}以下"


def _kept(form: dict[str, str]) -> dict[str, str]:
    """The form without what is blank or as it would be anyway."""
    plain = {"by": "filing", "mode": "hybrid"}
    return {name: value for name, value in form.items() if value.strip() and plain.get(name) != value}


def _pages(page: int, form: dict[str, str], total: int, size: int) -> dict[str, str]:
    """The addresses of the page before and the page after."""
    links = {}
    if page > 1:
        links["previous"] = "/?" + urlencode({**_kept(form), "page": page - 1})
    if page * size < total:
        links["next"] = "/?" + urlencode({**_kept(form), "page": page + 1})
    return links
