"""What the library answers."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from perfsearch.model.base import Value
from perfsearch.model.filing import Budget, Source


class Rejection(Value):
    """An input that was not taken, and why, in one sentence."""

    path: str
    reason: str


class KeptRejection(Rejection):
    """An input that was not taken and is remembered: since when (UTC, ISO 8601)."""

    at: str
    file: str = Field("", exclude=True)
    """The file on the disk that it is, or lies in."""


class RejectedResult(Value):
    """Some of the `total` inputs that were not taken, newest first."""

    total: int
    rejected: tuple[KeptRejection, ...] = ()


class AddReport(Value):
    """What `add` did; `filings` are the ids in input order, everything reported here is on disk."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    filings: tuple[str, ...] = ()
    rejected: tuple[Rejection, ...] = ()


class FilingSummary(Value):
    """A filing's header, without its text; `lineage` is shared by the same project over the years."""

    id: str
    source: Source
    form: str
    fiscal_year: int | None = None
    applicant: str | None = None
    department: str | None = None
    project_name: str | None = None
    category: str | None = None
    performance_type: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    budget: Budget = Budget()
    version: int = 1
    lineage: str | None = None
    added_at: str | None = None


class Scores(Value):
    """The two halves of a score: BM25 and the dot product of unit vectors; null where a half did not see the hit."""

    lexical: float | None = None
    semantic: float | None = None


class Explanation(Value):
    """Why a hit stands where it does: lanes that fired, terms that matched, how the score was fused."""

    lanes: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    expanded: tuple[str, ...] = ()
    fusion: dict[str, Any] = Field(default_factory=dict)


class SearchHit(Value):
    """One filing or passage; `highlights` are half-open offsets into `snippet`."""

    filing_id: str
    source: Source
    fiscal_year: int | None = None
    applicant: str | None = None
    project_name: str | None = None
    section: str
    score: float
    scores: Scores = Scores()
    snippet: str = ""
    highlights: tuple[tuple[int, int], ...] = ()
    start: int | None = None
    """Offset of the passage in its section."""
    end: int | None = None
    lineage: str | None = None
    """Set in `similar`: `same-project` where the hit is another year of the same applicant's project."""
    section_scores: dict[str, float] | None = None
    """Set in `similar`: the score of each section against the draft's."""
    explain: Explanation | None = None


class SearchResult(Value):
    """The hits, best first, of `total` that answer the query."""

    query: str
    mode: str
    total: int
    took_ms: float
    hits: tuple[SearchHit, ...] = ()
    message: str | None = None
    """Why the answer is empty or cut, in one sentence."""
