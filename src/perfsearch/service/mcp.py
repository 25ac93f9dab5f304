"""The Model Context Protocol: what an assistant may ask the library, with where its answers come from and end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

from perfsearch import __version__
from perfsearch.errors import PerfsearchError, UsageError
from perfsearch.library import Library
from perfsearch.model import DuplicateReport, Filing, PolicyPage, PolicyResult, SearchResult
from perfsearch.model.indicators import IndicatorResult
from perfsearch.model.review import ReviewReport
from perfsearch.parsing import parse_bytes
from perfsearch.service.api.parameters import read_filters
from perfsearch.service.cursors import Cursors, question_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from perfsearch.service.state import ServiceState

INSTRUCTIONS = """Performance-target filings of Chinese public budgets (财政项目支出绩效目标表): find filings by words and meaning,
projects like a draft, indicators in use, who cites which policy, copied text, and what a reviewer should check. Filings are
cited by `filing_id`; every answer says in `coverage` what was looked through, and a `next_cursor` where it goes on."""

_READ = ToolAnnotations(readOnlyHint=True, destructiveHint=False, idempotentHint=True, openWorldHint=False)
_M = TypeVar("_M", bound=BaseModel)


class Covered(BaseModel):
    """What every answer has beside its result."""

    coverage: str = Field(description="What was looked through, and what of it is shown.")
    next_cursor: str | None = Field(None, description="Give it back as `cursor` for what follows; null at the end.")


class SearchAnswer(Covered):
    """Hits, best first."""

    result: SearchResult


class IndicatorAnswer(Covered):
    """Indicators in use and the sets they stand in; for a draft what it lacks."""

    result: IndicatorResult


class PoliciesAnswer(Covered):
    """Policies that match, or one policy's page."""

    result: PolicyResult | None = None
    policy: PolicyPage | None = None


class DuplicatesAnswer(Covered):
    """Text that is shared with other filings: rates and sources whole, the matches page by page."""

    result: DuplicateReport


class ReviewAnswer(Covered):
    """Findings of the review page by page, with similar projects; the matches are those of `duplicates`."""

    result: ReviewReport


class FilingAnswer(Covered):
    """One filing, whole."""

    filing: Filing


Cursor = Annotated[str | None, Field(max_length=300, description="`next_cursor` of the answer before.")]
Limit = Annotated[int, Field(ge=1, le=50, description="At most so many.")]
FilingOrText = Annotated[
    str, Field(min_length=1, max_length=500_000, description="Id of a filing, or the whole text of a draft form.")
]


def make_server(library_of: Callable[[], Library], cursors: Cursors) -> MCPServer[Any]:
    """A server whose tools ask the library; none changes it."""
    server: MCPServer[Any] = MCPServer("perfsearch", version=__version__, instructions=INSTRUCTIONS)
    tools = _Tools(library_of, cursors)
    for tool in (
        tools.search,
        tools.similar,
        tools.indicators,
        tools.policies,
        tools.duplicates,
        tools.review,
        tools.get,
    ):
        server.add_tool(tool, annotations=_READ, structured_output=True)
    return server


class _Tools:
    def __init__(self, library_of: Callable[[], Library], cursors: Cursors) -> None:
        self._library_of = library_of
        self._cursors = cursors

    def search(
        self,
        query: Annotated[str, Field(min_length=1, max_length=2000, description="Words, a sentence, a number.")],
        by: Annotated[Literal["filing", "passage"], Field(description="What a hit is.")] = "filing",
        year: Annotated[str | None, Field(description="`2020` or `2018..2020`.")] = None,
        applicant: Annotated[str | None, Field(description="Part of the applicant's name.")] = None,
        section: Annotated[str | None, Field(description="Only this section, such as `basis`.")] = None,
        cites: Annotated[str | None, Field(description="Only filings that cite this policy.")] = None,
        limit: Limit = 10,
        cursor: Cursor = None,
    ) -> SearchAnswer:
        """Find filings or passages by words and by meaning, best first."""
        library = self._library_of()
        asked = {"query": query, "by": by, "year": year, "applicant": applicant, "section": section, "cites": cites}
        offset = self._offset(library, "search", asked, cursor)
        filters = read_filters(year=year, applicant=applicant, section=section, cites=cites)
        result = library.search(query, by=by, limit=limit, offset=offset, filters=filters)
        shown = f"{offset + 1}–{offset + len(result.hits)} of {result.total} hits" if result.hits else "no hit"
        return SearchAnswer(
            result=result,
            coverage=self._coverage(library, shown, filters),
            next_cursor=self._next(library, "search", asked, offset + limit, result.total),
        )

    def similar(self, filing: FilingOrText, limit: Limit = 10, cursor: Cursor = None) -> SearchAnswer:
        """Find past projects like a stored filing or a draft."""
        library = self._library_of()
        asked = {"filing": filing}
        offset = self._offset(library, "similar", asked, cursor)
        result = library.similar(_filing(library, filing), limit=limit, offset=offset)
        return SearchAnswer(
            result=result,
            coverage=self._coverage(library, f"{len(result.hits)} of {result.total} similar filings from {offset}"),
            next_cursor=self._next(library, "similar", asked, offset + limit, result.total),
        )

    def indicators(
        self,
        query: Annotated[str | None, Field(max_length=500, description="What is measured; all without it.")] = None,
        like: Annotated[str | None, Field(max_length=500_000, description="Filing id or draft: what it lacks.")] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> IndicatorAnswer:
        """Find indicators in use with their targets; with `like`, those that similar filings have and it lacks."""
        library = self._library_of()
        asked = {"query": query, "like": like}
        if like is not None:
            if query is not None:
                raise UsageError("give a query or like, not both", "like")
            result = library.indicators(like=_filing(library, like))
            return IndicatorAnswer(
                result=result, coverage=self._coverage(library, f"{result.similar_filings} similar filings compared")
            )
        offset = self._offset(library, "indicators", asked, cursor)
        result = library.indicators(query, limit=limit, offset=offset)
        return IndicatorAnswer(
            result=result,
            coverage=self._coverage(library, f"{len(result.indicators)} of {result.total} indicators from {offset}"),
            next_cursor=self._next(library, "indicators", asked, offset + limit, result.total),
        )

    def policies(
        self,
        query: Annotated[str | None, Field(max_length=500, description="Title, short name or number.")] = None,
        policy: Annotated[str | None, Field(max_length=500, description="One policy: who cites it, where.")] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> PoliciesAnswer:
        """Find cited policies; with `policy`, one of them with its citations, years and what is cited with it."""
        library = self._library_of()
        asked = {"query": query, "policy": policy}
        offset = self._offset(library, "policies", asked, cursor)
        if policy is not None:
            page = library.policy(policy, limit, offset)
            shown = f"{len(page.citations)} of {page.mentions} citations from {offset}"
            total = page.mentions
            result = None
        else:
            page = None
            result = library.policies(query, limit, offset)
            shown, total = f"{len(result.policies)} of {result.total} policies from {offset}", result.total
        return PoliciesAnswer(
            result=result,
            policy=page,
            coverage=self._coverage(library, shown),
            next_cursor=self._next(library, "policies", asked, offset + limit, total),
        )

    def duplicates(
        self,
        filing: FilingOrText,
        min_length: Annotated[int, Field(ge=10, le=1000, description="Shortest passage, in characters.")] = 15,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> DuplicatesAnswer:
        """Find text that a filing or draft shares with other filings and with itself."""
        library = self._library_of()
        asked = {"filing": filing, "min_length": str(min_length)}
        offset = self._offset(library, "duplicates", asked, cursor)
        report = library.duplicates(_filing(library, filing), min_length=min_length)
        cut = "; the list is cut" if report.truncated else ""
        shown = report.matches[offset : offset + limit]
        # The runs within a match are for marking a page; texts and offsets say the same.
        matches = tuple(one.model_copy(update={"blocks": ()}) for one in shown)
        return DuplicatesAnswer(
            result=report.model_copy(update={"matches": matches}),
            coverage=self._coverage(
                library,
                f"{report.compared} filings aligned, {len(shown)} of {len(report.matches)} matches from {offset}{cut}",
            ),
            next_cursor=self._next(library, "duplicates", asked, offset + limit, len(report.matches)),
        )

    def review(self, filing: FilingOrText, limit: Limit = 20, cursor: Cursor = None) -> ReviewAnswer:
        """Check a draft or a stored filing as a reviewer does: findings with evidence and what would settle them."""
        library = self._library_of()
        asked = {"filing": filing}
        offset = self._offset(library, "review", asked, cursor)
        report = library.review(_filing(library, filing))
        counts = ", ".join(f"{n} {severity}" for severity, n in report.counts.items())
        said = "".join(f"; {message}" for message in report.messages)
        return ReviewAnswer(
            result=_brief(report, offset, limit),
            coverage=self._coverage(
                library, f"{len(report.rules)} rules, {len(report.findings)} findings ({counts}) from {offset}{said}"
            ),
            next_cursor=self._next(library, "review", asked, offset + limit, len(report.findings)),
        )

    def get(self, filing_id: Annotated[str, Field(max_length=200, description="Id of a filing.")]) -> FilingAnswer:
        """One filing, whole: header, sections, indicators, citations."""
        library = self._library_of()
        return FilingAnswer(filing=library.get(filing_id), coverage=self._coverage(library, "1 filing"))

    # -- what the tools share

    def _coverage(self, library: Library, shown: str, filters: Any = None) -> str:
        count = library.count()
        narrowed = (
            ""
            if filters is None or filters.is_empty()
            else f", of which the filters let {library.count(filters=filters)} through"
        )
        return f"{shown}; library of {count} filings{narrowed}. What is not in this library was not looked at."

    def _offset(self, library: Library, name: str, asked: Mapping[str, str | None], cursor: str | None) -> int:
        if not cursor:
            return 0
        return self._cursors.read(cursor, _question(name, asked), library.view().catalog.seq)

    def _next(
        self, library: Library, name: str, asked: Mapping[str, str | None], offset: int, total: int
    ) -> str | None:
        if offset >= total:
            return None
        return self._cursors.make(_question(name, asked), library.view().catalog.seq, offset)


def _brief(report: ReviewReport, offset: int, limit: int) -> ReviewReport:
    """The review without what an assistant does not read: the rules' list, outcomes, each match of copied text."""
    shown = report.findings[offset : offset + limit]
    reviews = tuple(
        one.model_copy(
            update={
                "findings": (),
                "outcomes": (),
                "duplicates": one.duplicates.model_copy(update={"matches": ()}) if one.duplicates else None,
            }
        )
        for one in report.reviews
    )
    return report.model_copy(update={"findings": shown, "reviews": reviews, "rules": ()})


def _question(name: str, asked: Mapping[str, str | None]) -> str:
    return question_of("mcp:" + name, [(key, value) for key, value in asked.items() if value])


def _filing(library: Library, text: str) -> Filing:
    """The filing of an id, or the draft that the text is."""
    if len(text) <= 200 and "\n" not in text:
        return library.get(text.strip())
    return parse_bytes(text.encode("utf-8", "replace"), "draft.txt", library.settings)[0]


def run_stdio(library: Library) -> None:
    """Answer one assistant on stdin and stdout until it goes."""
    import secrets

    make_server(lambda: library, Cursors(secrets.token_bytes(32))).run("stdio")


@asynccontextmanager
async def mounted(app: FastAPI, state: ServiceState) -> AsyncIterator[None]:
    """Answer assistants at /mcp of an application; the gate before it asks for keys and checks the host."""

    def library_of() -> Library:
        if state.library is None:
            raise PerfsearchError("the library is not open")
        return state.library

    server = make_server(library_of, state.cursors)
    inner = server.streamable_http_app(
        streamable_http_path="/mcp",
        json_response=True,
        stateless_http=True,
        max_request_body_size=state.options.body_size_bytes_max,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    app.router.routes.extend(inner.routes)
    async with server.session_manager.run():
        yield
