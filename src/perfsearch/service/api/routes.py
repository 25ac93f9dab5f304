"""The routes of the REST API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import JSONResponse

from perfsearch.errors import UsageError
from perfsearch.library import Library
from perfsearch.model import Filing, FilingSummary, Filters, SearchResult, Value, parse_budget_range, parse_year_range
from perfsearch.service.api.problems import RESPONSES

router = APIRouter(prefix="/api/v1", responses=RESPONSES)

Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
Offset = Annotated[int, Query(ge=0, le=100_000, description="Skip so many.")]


def library_of(request: Request) -> Library:
    """The library that the application serves."""
    library: Library = request.app.state.library
    return library


Served = Annotated[Library, Depends(library_of)]


def filters_of(
    section: Annotated[str | None, Query(description="Only passages of this section.")] = None,
    year: Annotated[str | None, Query(description="Fiscal year `2020`, or a range `2018..2020`.")] = None,
    applicant: Annotated[str | None, Query(description="Part of the applicant's name.")] = None,
    department: Annotated[str | None, Query(description="Part of the department's name.")] = None,
    category: Annotated[str | None, Query(description="Part of the category.")] = None,
    performance_type: Annotated[str | None, Query(description="Part of the performance type.")] = None,
    form: Annotated[str | None, Query(description="Form, such as `shanghai-2020`.")] = None,
    budget: Annotated[str | None, Query(description="Total budget in yuan `100000..500000`, or `10万..50万`.")] = None,
    cites: Annotated[str | None, Query(description="Only filings that cite this policy.")] = None,
) -> Filters:
    """The filters of a request."""
    year_from, year_to = parse_year_range(year) if year else (None, None)
    budget_min, budget_max = parse_budget_range(budget) if budget else (None, None)
    return Filters(
        section=section or None,
        year_from=year_from,
        year_to=year_to,
        applicant=applicant or None,
        department=department or None,
        category=category or None,
        performance_type=performance_type or None,
        form=form or None,
        budget_min=budget_min,
        budget_max=budget_max,
        cites=cites or None,
    )


Narrowed = Annotated[Filters, Depends(filters_of)]


class FilingPage(Value):
    """Some filings of the `total` that the filters let through."""

    total: int
    filings: tuple[FilingSummary, ...]


@router.get("/search")
def search(
    library: Served,
    filters: Narrowed,
    q: Annotated[str, Query(min_length=1, max_length=2000, description="What to look for.")],
    by: Literal["filing", "passage"] = "filing",
    mode: Literal["hybrid", "lexical", "semantic"] = "hybrid",
    limit: Limit = 10,
    offset: Offset = 0,
    explain: bool = False,
    exact: bool = False,
) -> SearchResult:
    """Filings or passages that answer the query, best first."""
    return library.search(
        q, by=by, mode=mode, limit=limit, offset=offset, explain=explain, exact=exact, filters=filters
    )


@router.get("/similar/{filing_id}")
def similar_to_stored(
    library: Served, filters: Narrowed, filing_id: str, limit: Limit = 10, offset: Offset = 0
) -> SearchResult:
    """Past projects like a stored filing."""
    return library.similar(filing_id, limit=limit, offset=offset, filters=filters)


@router.post("/similar")
def similar_to_draft(
    request: Request,
    library: Served,
    filters: Narrowed,
    file: Annotated[UploadFile, File(description="A draft in any format that `add` reads.")],
    limit: Limit = 10,
    offset: Offset = 0,
) -> SearchResult:
    """Past projects like a draft; nothing is stored."""
    return library.similar(read_upload(request, file), limit=limit, offset=offset, filters=filters)


@router.post("/parse")
def parse(
    request: Request, file: Annotated[UploadFile, File(description="A file in any format that `add` reads.")]
) -> list[Filing]:
    """The filings in a file; nothing is stored."""
    return read_filings(request, file)


@router.get("/filings")
def filings(library: Served, filters: Narrowed, limit: Limit = 50, offset: Offset = 0) -> FilingPage:
    """The filings of the library, newest fiscal year first."""
    return FilingPage(
        total=library.count(filters=filters), filings=tuple(library.list(limit=limit, offset=offset, filters=filters))
    )


@router.get("/filings/{filing_id}")
def filing(library: Served, filing_id: str) -> Filing:
    """One filing, whole."""
    return library.get(filing_id)


@router.get("/filings/{filing_id}/versions")
def versions(library: Served, filing_id: str) -> list[Filing]:
    """All versions of a filing, newest first."""
    return list(library.versions(filing_id))


@router.get("/stats")
def stats(library: Served) -> JSONResponse:
    """Size of the library and of its indexes."""
    counted: Any = library.stats()
    return JSONResponse(counted.model_dump(mode="json"))


def read_filings(request: Request, file: UploadFile) -> list[Filing]:
    """The filings in an upload.

    Raises:
        UnreadableFile, NoFiling: it can't be read, or holds none.
        UsageError: it is larger than the settings allow.
    """
    from perfsearch.parsing import parse_bytes

    settings = request.app.state.settings
    data = file.file.read(settings.file_size_bytes_max + 1)
    if len(data) > settings.file_size_bytes_max:
        raise UsageError(f"file: larger than {settings.file_size_bytes_max} bytes", "file")
    return parse_bytes(data, file.filename or "upload.txt", settings)


def read_upload(request: Request, file: UploadFile) -> Filing:
    """The first filing in an upload."""
    return read_filings(request, file)[0]
