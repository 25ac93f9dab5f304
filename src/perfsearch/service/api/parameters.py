"""What many routes share: filters, pages and cursors, tags of unchanged answers, export formats, uploads.

What only looks at the request is `async`: it runs where it is, while a plain function waits for a thread of its own,
which under load costs each request more than the question itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import Depends, File, Header, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from perfsearch import __version__
from perfsearch.errors import UsageError
from perfsearch.model import Filing, Filters, parse_budget_range, parse_year_range
from perfsearch.service.api.problems import CURSOR_RESPONSES, UNCHANGED, NotModifiedError, RefusalError
from perfsearch.service.cursors import question_of
from perfsearch.service.exporting import CSV, JSON_LINES, csv_of, json_lines_of
from perfsearch.service.state import Asker, Served, ServiceState, State

Text = Annotated[str | None, Query(max_length=500)]
Format = Literal["json", "csv", "jsonl"]
EXPORT_BATCH = 500
"""Rows that an export asks for at once."""
_CACHE = "private, no-cache"


def read_filters(year: str | None = None, budget: str | None = None, **names: str | None) -> Filters:
    """Filters of text, as pages and programs send them; blank is none.

    Raises:
        UsageError: a range is none, with its field.
    """
    year_from, year_to = parse_year_range(year) if year and year.strip() else (None, None)
    budget_min, budget_max = parse_budget_range(budget) if budget and budget.strip() else (None, None)
    given = {name: (text or "").strip() or None for name, text in names.items()}
    try:
        return Filters(
            year_from=year_from,
            year_to=year_to,
            budget_min=budget_min,
            budget_max=budget_max,
            **given,
        )
    except ValueError as error:
        raise UsageError(f"filters: {error}") from error


async def filters_of(
    section: Annotated[Text, Query(description="Only passages of this section, such as `basis`.")] = None,
    year: Annotated[Text, Query(description="Fiscal year `2020`, or a range `2018..2020`.")] = None,
    applicant: Annotated[Text, Query(description="Part of the applicant's name.")] = None,
    department: Annotated[Text, Query(description="Part of the department's name.")] = None,
    category: Annotated[Text, Query(description="Part of the category.")] = None,
    performance_type: Annotated[Text, Query(description="Part of the performance type.")] = None,
    form: Annotated[Text, Query(description="Form, such as `shanghai-2020`.")] = None,
    budget: Annotated[Text, Query(description="Total budget in yuan `100000..500000`, or `10万..50万`.")] = None,
    cites: Annotated[
        Text, Query(description="Only filings that cite this policy: id, number, title or short name.")
    ] = None,
) -> Filters:
    """The filters of a request."""
    return read_filters(
        section=section, year=year, applicant=applicant, department=department, category=category,
        performance_type=performance_type, form=form, budget=budget, cites=cites,
    )  # fmt: skip


Narrowed = Annotated[Filters, Depends(filters_of)]


async def known_only(request: Request) -> None:
    """Refuse a parameter that the route does not have: a misspelt filter would otherwise narrow nothing.

    Raises:
        UsageError: one is unknown, with its name.
    """
    paths = request.app.openapi()["paths"]
    described = paths.get(request.scope["route"].path, {}).get(request.method.lower(), {})
    known = {one["name"] for one in described.get("parameters", ()) if one["in"] == "query"}
    for name in request.query_params:
        if name not in known:
            raise UsageError(f"{name}: no such parameter; known are {', '.join(sorted(known)) or 'none'}", name)


# -- answers that have not changed


def tag_of(request: Request, seq: int) -> str:
    """A weak tag of what this address answers while the library is as it is."""
    text = f"{__version__} {seq} {request.url.path}?{request.url.query}"
    return f'W/"{blake2b(text.encode(), digest_size=12).hexdigest()}"'


def seq_of(library: Served) -> int:
    """The last change of the library that this request is answered by; may take a while after a change."""
    return library.view().seq


Seq = Annotated[int, Depends(seq_of)]


async def unchanged(
    request: Request,
    response: Response,
    seq: Seq,
    if_none_match: Annotated[str | None, Header(description="Tags that the caller has.")] = None,
) -> None:
    """Tag the answer; one that the caller has already is not worked out again.

    Raises:
        NotModifiedError: the caller has it.
    """
    tag = tag_of(request, seq)
    if if_none_match and (if_none_match.strip() == "*" or tag in [one.strip() for one in if_none_match.split(",")]):
        raise NotModifiedError(tag)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = _CACHE


TAGGED: dict[str, Any] = {"dependencies": [Depends(unchanged)], "responses": UNCHANGED}


# -- pages


@dataclass(slots=True)
class Page:
    """One part of a list, and how to name the next."""

    limit: int
    offset: int
    is_whole: bool
    """Whether all that follows is asked for: an export that names no limit."""
    _request: Request
    _response: Response
    _question: str
    _seq: int
    _state: ServiceState

    def of(self, total: int) -> None:
        """Say in the answer's headers where the list of `total` goes on."""
        self._response.headers["X-Total-Count"] = str(total)
        following = self.offset + self.limit
        if following >= total or self.is_whole:
            return
        cursor = self._state.cursors.make(self._question, self._seq, following)
        kept = [(k, v) for k, v in self._request.query_params.multi_items() if k not in ("cursor", "offset")]
        # A header is ASCII, and a policy may be named by its Chinese title.
        address = f"{quote(self._request.scope['path'])}?{urlencode([*kept, ('cursor', cursor)])}"
        self._response.headers["X-Next-Cursor"] = cursor
        self._response.headers["Link"] = f'<{address}>; rel="next"'


def paging(default: int) -> Callable[..., Awaitable[Page]]:
    """A dependency that reads `limit` and `offset` or `cursor`."""

    async def page(
        request: Request,
        response: Response,
        state: State,
        seq: Seq,
        limit: Annotated[
            int | None,
            Query(
                ge=1, le=1000, description="At most so many; a screenful, and of an export all, where none is given."
            ),
        ] = None,
        offset: Annotated[int, Query(ge=0, le=100_000, description="Skip so many.")] = 0,
        cursor: Annotated[
            str | None, Query(max_length=300, description="Go on where `X-Next-Cursor` of the answer before says.")
        ] = None,
    ) -> Page:
        question = question_of(request.url.path, request.query_params.multi_items())
        if cursor:
            offset = state.cursors.read(cursor, question, seq)
        is_whole = limit is None and request.query_params.get("format", "json") != "json"
        return Page(
            limit or (EXPORT_BATCH if is_whole else default), offset, is_whole, request, response, question, seq, state
        )

    return page


# -- formats


Rows = Sequence[BaseModel | Mapping[str, Any]]


def listed(
    state: ServiceState,
    asker: Asker,
    form: Format,
    name: str,
    rows: Rows,
    page: Page | None = None,
    more: Callable[[int], Rows] | None = None,
) -> Response:
    """A list as CSV or JSON lines, to be kept as a file; that it was exported is written down.

    `more(offset)` gives what follows where the whole list is asked for; the columns are those of the first rows.
    """
    sent = 0

    def batches() -> Iterator[Rows]:
        nonlocal sent
        batch, offset = rows, page.offset if page is not None else 0
        try:
            while batch:
                sent += len(batch)
                yield batch
                offset += len(batch)
                batch = more(offset) if more is not None and page is not None and page.is_whole else ()
        finally:
            state.audit.note(asker, "export", what=name, format=form, items=sent)

    lines, media_type = (csv_of(batches()), CSV) if form == "csv" else (json_lines_of(batches()), JSON_LINES)
    given = page._response.headers if page is not None else {}
    headers = {name: value for name, value in given.items() if name != "content-length"}
    headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return StreamingResponse(
        (line.encode("utf-8", "replace") for line in lines), media_type=media_type, headers=headers
    )


LIST_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One part of the list.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/jsonl": {"schema": {"type": "string"}},
        },
        "headers": {
            "X-Total-Count": {"schema": {"type": "integer"}, "description": "How many there are in all."},
            "X-Next-Cursor": {"schema": {"type": "string"}, "description": "Where the list goes on, if it does."},
            "Link": {"schema": {"type": "string"}, "description": "The address of the next part, `rel=next`."},
        },
    },
    **CURSOR_RESPONSES,
    **UNCHANGED,
}


EXPORT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer; in other formats its list.", "content": LIST_RESPONSES[200]["content"]}
}
"""Of a route whose answer holds a list that can be taken away, but does not go on."""

# -- uploads


async def multipart(content_type: Annotated[str, Header(include_in_schema=False)] = "") -> None:
    """Refuse a body that is no form with files.

    Raises:
        RefusalError: 415.
    """
    if not content_type.lower().startswith("multipart/form-data"):
        raise RefusalError(415, "unsupported-media-type", "send the file as multipart/form-data", "file")


async def json_body(content_type: Annotated[str, Header(include_in_schema=False)] = "") -> None:
    """Refuse a body that is not JSON.

    Raises:
        RefusalError: 415.
    """
    if content_type.partition(";")[0].strip().lower() not in ("application/json", "application/problem+json"):
        raise RefusalError(415, "unsupported-media-type", "send application/json")


Uploaded = Annotated[UploadFile, File(description="A file in any format that `add` reads.")]


def read_filings(state: ServiceState, file: UploadFile) -> list[Filing]:
    """The filings in an upload.

    Raises:
        UnreadableFile, NoFiling: it can't be read, or holds none.
    """
    from perfsearch.parsing import parse_bytes

    with state.metrics.stage("parse"):
        return parse_bytes(file.file.read(), file.filename or "upload.txt", state.settings)
