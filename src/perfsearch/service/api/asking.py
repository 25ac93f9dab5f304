"""Routes that ask: search, similar, facets, policies, citations of a text."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from perfsearch.library import Library
from perfsearch.model import CitationGraph, Filing, MissingResult, PolicyPage, PolicyResult, ReadCitations, SearchResult
from perfsearch.model.facets import Facets
from perfsearch.service.api.parameters import (
    EXPORT_RESPONSES,
    LIST_RESPONSES,
    Format,
    Narrowed,
    Page,
    Uploaded,
    json_body,
    known_only,
    listed,
    multipart,
    paging,
    read_filings,
    unchanged,
)
from perfsearch.service.api.problems import RESPONSES, UNCHANGED, UPLOAD_RESPONSES
from perfsearch.service.state import Asker, Served, State

router = APIRouter(prefix="/api/v1", responses=RESPONSES, dependencies=[Depends(known_only)], tags=["ask"])

Mode = Literal["hybrid", "lexical", "semantic"]
FilingId = Annotated[str, Path(max_length=200, description="Id of a filing, such as `2020-1a2b3c4d5e`.")]
_UPLOAD: dict[str, Any] = {"dependencies": [Depends(multipart)], "responses": UPLOAD_RESPONSES}
EXPORTED: dict[int | str, dict[str, Any]] = {**EXPORT_RESPONSES, **UNCHANGED}
_LIST: dict[str, Any] = {"dependencies": [Depends(unchanged)], "responses": LIST_RESPONSES}


@router.get("/search", response_model=SearchResult, **_LIST)
def search(
    state: State,
    library: Served,
    asker: Asker,
    filters: Narrowed,
    page: Annotated[Page, Depends(paging(10))],
    q: Annotated[str, Query(min_length=1, max_length=2000, description="What to look for.")],
    by: Annotated[Literal["filing", "passage"], Query(description="What a hit is.")] = "filing",
    mode: Annotated[Mode, Query(description="Words and meaning, or one of them.")] = "hybrid",
    explain: Annotated[bool, Query(description="Say why a hit stands where it does.")] = False,
    exact: Annotated[bool, Query(description="Only the query's own words.")] = False,
    format: Format = "json",
) -> Any:
    """Filings or passages that answer the query, best first."""
    with state.metrics.stage("query"):
        result = library.search(
            q,
            by=by,
            mode=mode,
            limit=_ranked(library, page),
            offset=page.offset,
            explain=explain,
            exact=exact,
            filters=filters,
        )
    page.of(result.total)
    return result if format == "json" else listed(state, asker, format, "search", result.hits, page)


@router.get("/facets", response_model=Facets, dependencies=[Depends(unchanged)], responses=EXPORTED)
def facets(
    state: State,
    library: Served,
    asker: Asker,
    filters: Narrowed,
    q: Annotated[str | None, Query(max_length=2000, description="Of what answers this query; else of all.")] = None,
    mode: Annotated[Mode, Query(description="Words and meaning, or one of them.")] = "hybrid",
    format: Format = "json",
) -> Any:
    """How the filings of an answer spread over years, applicants, categories, sections and budgets."""
    with state.metrics.stage("facets"):
        found = library.facets(q, filters=filters, mode=mode)
    return found if format == "json" else listed(state, asker, format, "facets", _facet_rows(found))


def _facet_rows(found: Facets) -> list[dict[str, Any]]:
    """Every value of every field as a row; years with their budgets."""
    rows: list[dict[str, Any]] = [
        {"field": "year", "value": one.year, "filings": one.filings, "budget_sum": one.budget_sum,
         "budget_median": one.budget_median}
        for one in found.years
    ]  # fmt: skip
    for name in ("applicants", "categories", "performance_types", "forms", "sections"):
        rows += [{"field": name, "value": one.value, "filings": one.filings} for one in getattr(found, name)]
    rows += [
        {"field": "budgets", "value": f"{one.low or 0:.0f}..{'' if one.high is None else f'{one.high:.0f}'}",
         "filings": one.filings}
        for one in found.budgets
    ]  # fmt: skip
    return rows


@router.get("/similar/{filing_id}", response_model=SearchResult, **_LIST)
def similar_to_stored(
    state: State,
    library: Served,
    asker: Asker,
    filters: Narrowed,
    page: Annotated[Page, Depends(paging(10))],
    filing_id: FilingId,
    explain: bool = False,
    format: Format = "json",
) -> Any:
    """Past projects like a stored filing."""
    filing = library.get(filing_id)
    with state.metrics.stage("query"):
        result = library.similar(
            filing, limit=_ranked(library, page), offset=page.offset, explain=explain, filters=filters
        )
    page.of(result.total)
    return result if format == "json" else listed(state, asker, format, "similar", result.hits, page)


def _ranked(library: Library, page: Page) -> int:
    """How many hits to ask for at once: a whole ranking is one answer, whose parts would each be ranked anew."""
    return library.settings.limit_max if page.is_whole else page.limit


@router.post("/similar", **_UPLOAD)
def similar_to_draft(
    state: State,
    library: Served,
    filters: Narrowed,
    file: Uploaded,
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> SearchResult:
    """Past projects like a draft; nothing is stored."""
    draft = read_filings(state, file)[0]
    with state.metrics.stage("query"):
        return library.similar(draft, limit=limit, offset=offset, filters=filters)


@router.post("/parse", **_UPLOAD)
def parse(state: State, file: Uploaded) -> list[Filing]:
    """The filings in a file; nothing is stored."""
    return read_filings(state, file)


# -- legal bases


@router.get("/policies", response_model=PolicyResult, **_LIST)
def policies(
    state: State,
    library: Served,
    asker: Asker,
    page: Annotated[Page, Depends(paging(20))],
    q: Annotated[str | None, Query(max_length=500, description="Title, short name or number; all without it.")] = None,
    format: Format = "json",
) -> Any:
    """Cited policies that match, best first; most cited first without a query."""
    with state.metrics.stage("query"):
        result = library.policies(q, page.limit, page.offset)
    page.of(result.total)
    if format == "json":
        return result
    return listed(
        state, asker, format, "policies", result.policies, page,
        lambda offset: library.policies(q, page.limit, offset).policies,
    )  # fmt: skip


PolicyName = Annotated[str, Path(min_length=1, max_length=500, description="Id, number, title or short name.")]


@router.get("/policies/{policy}", response_model=PolicyPage, **_LIST)
def policy(
    state: State,
    library: Served,
    asker: Asker,
    page: Annotated[Page, Depends(paging(100))],
    policy: PolicyName,
    format: Format = "json",
) -> Any:
    """One policy: who cites it, where, since when, and what is cited with it; CSV and JSON lines are its citations."""
    with state.metrics.stage("query"):
        result = library.policy(policy, page.limit, page.offset)
    page.of(result.mentions)
    if format == "json":
        return result
    return listed(
        state, asker, format, "citations", result.citations, page,
        lambda offset: library.policy(policy, page.limit, offset).citations,
    )  # fmt: skip


@router.get(
    "/policies/{policy}/graph", response_model=CitationGraph, dependencies=[Depends(unchanged)], responses=EXPORTED
)
def policy_graph(
    state: State,
    library: Served,
    asker: Asker,
    policy: PolicyName,
    limit: Annotated[int, Query(ge=1, le=60)] = 20,
    format: Format = "json",
) -> Any:
    """A policy and those most cited with it; the centre is the first node, CSV and JSON lines are the edges."""
    found = library.citation_graph(policy=policy, limit=limit)
    return found if format == "json" else listed(state, asker, format, "graph", found.edges)


@router.get(
    "/applicants/{applicant}/graph", response_model=CitationGraph, dependencies=[Depends(unchanged)], responses=EXPORTED
)
def applicant_graph(
    state: State,
    library: Served,
    asker: Asker,
    applicant: Annotated[str, Path(min_length=1, max_length=200, description="Part of the name.")],
    limit: Annotated[int, Query(ge=1, le=60)] = 20,
    format: Format = "json",
) -> Any:
    """What an applicant's filings cite."""
    found = library.citation_graph(applicant=applicant, limit=limit)
    return found if format == "json" else listed(state, asker, format, "graph", found.edges)


class TextToExtract(BaseModel):
    """A text, and what is known of the filing it is from."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=1_000_000)
    fiscal_year: int | None = Field(None, ge=1900, le=2200)


@router.post("/citations:extract", dependencies=[Depends(json_body)], responses=UPLOAD_RESPONSES)
def extract(state: State, library: Served, body: TextToExtract) -> ReadCitations:
    """The citations in a text: span, normal form, and the policy it means or candidates; nothing is stored."""
    with state.metrics.stage("extract"):
        return library.read_citations(body.text, body.fiscal_year)


@router.get(
    "/filings/{filing_id}/missing-policies",
    response_model=MissingResult,
    dependencies=[Depends(unchanged)],
    responses=EXPORTED,
)
def missing_policies(
    state: State,
    library: Served,
    asker: Asker,
    filing_id: FilingId,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    format: Format = "json",
) -> Any:
    """Policies that past projects like this cite and it does not."""
    found = library.missing_policies(library.get(filing_id), limit)
    return found if format == "json" else listed(state, asker, format, "missing-policies", found.missing)


@router.post("/missing-policies", **_UPLOAD)
def missing_policies_of_draft(
    state: State, library: Served, file: Uploaded, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> MissingResult:
    """Policies that past projects like a draft cite and it does not; nothing is stored."""
    return library.missing_policies(read_filings(state, file)[0], limit)
