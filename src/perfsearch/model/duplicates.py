"""What `duplicates` answers: shared passages, their kinds and rates, and what was copied and not updated."""

from __future__ import annotations

from typing import Literal

from perfsearch.model.base import Value
from perfsearch.model.filing import Source

MatchKind = Literal["verbatim", "edited", "paraphrase"]
MatchCategory = Literal["boilerplate", "quotation", "within", "own_project", "own_unit", "other_unit"]
First = Literal["source", "this", "unknown"]


class DuplicateMatch(Value):
    """A passage of the filing and where else it stands; spans are half-open offsets into the sections."""

    section: str
    start: int
    end: int
    source_filing_id: str
    source: Source
    source_section: str
    source_start: int
    source_end: int
    similarity: float
    """Share of both passages that is the same, in order: 1 is the same text, punctuation included."""
    kind: MatchKind
    within_filing: bool = False
    boilerplate: bool = False
    """No argument that was copied: a stock sentence, a title or two, or the words of a policy (`category` says which)."""
    category: MatchCategory = "other_unit"
    """`own_project`: the same applicant's same project; `own_unit`: another project of the same applicant."""
    first: First = "unknown"
    """Whose text is older: by fiscal year, then by when it was added."""
    text: str = ""
    source_text: str = ""
    blocks: tuple[tuple[int, int, int, int], ...] = ()
    """(start, end, source_start, source_end) of the runs that are the same."""
    source_fiscal_year: int | None = None
    source_applicant: str | None = None
    source_project_name: str | None = None
    n_more_filings: int = 0
    """Further filings that share the passage and are not listed (of boilerplate and quotations only the best are)."""


class DuplicateRates(Value):
    """The headline figures; shares of `characters`, 0 to 1.

    Letters, digits and ideographs count, in sections that are long enough to be compared.
    """

    characters: int = 0
    duplicated: int = 0
    """重复字数: characters shared with other filings."""
    total: float = 0.0
    """总文字复制比: of all that is shared with other filings."""
    without_quotations: float = 0.0
    """去除引用复制比: without titles and words of policies."""
    without_own_unit: float = 0.0
    """去除本单位复制比: without what is shared with the same applicant's filings only."""
    largest_source: float = 0.0
    """单篇最大复制比: the most that is shared with one filing."""
    largest_source_id: str | None = None
    boilerplate: float = 0.0
    quotation: float = 0.0
    own_project: float = 0.0
    own_unit: float = 0.0
    other_unit: float = 0.0
    within: float = 0.0
    """篇内重复: of what stands more than once in the filing itself."""


class SectionRates(DuplicateRates):
    """The same for one section."""

    section: str


class DuplicateSource(Value):
    """A filing that shares text, with what it shares."""

    filing_id: str
    source: Source
    fiscal_year: int | None = None
    applicant: str | None = None
    project_name: str | None = None
    relation: Literal["own_project", "own_unit", "other_unit"] = "other_unit"
    first: First = "unknown"
    matches: int = 0
    characters: int = 0
    share: float = 0.0


class StaleFinding(Value):
    """Something in a reused passage that should have been changed and was not, or a misprint that came with it."""

    what: Literal["year", "place", "unit", "project", "amount", "misprint"]
    section: str
    start: int
    end: int
    text: str
    expected: str | None = None
    """What this filing's own header says instead."""
    certainty: Literal["sure", "possible"] = "possible"
    source_filing_id: str
    source_section: str
    source_start: int
    source_end: int
    message: str


class DuplicateReport(Value):
    """The text that a filing shares with others and with itself."""

    filing_id: str
    coverage: float
    """Share of the filing that stands in at least one match, matches within the filing included, 0 to 1."""
    matches: tuple[DuplicateMatch, ...] = ()
    rates: DuplicateRates = DuplicateRates()
    sections: tuple[SectionRates, ...] = ()
    sources: tuple[DuplicateSource, ...] = ()
    copied_not_updated: tuple[StaleFinding, ...] = ()
    compared: int = 0
    """Filings that were aligned with this one; the others share no telling run of characters with it."""
    truncated: bool = False
    message: str | None = None
    took_ms: float = 0.0


class DuplicateCluster(Value):
    """Filings that share text with each other, directly or through one another."""

    filings: tuple[str, ...]
    size: int
    similarity: float
    """The mean of the links: common fingerprints by those of the smaller filing."""
    applicants: int = 0
    links: tuple[tuple[str, str, float], ...] = ()


class ClusterReport(Value):
    """Clusters of the whole library, largest first, and how similar the pairs are."""

    n_filings: int
    n_pairs: int
    threshold: float
    clusters: tuple[DuplicateCluster, ...] = ()
    histogram: tuple[tuple[float, float, int], ...] = ()
    """(from, to, pairs) by similarity."""
    took_ms: float = 0.0
    message: str | None = None
