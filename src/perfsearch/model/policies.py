"""What the citator answers: policies, who cites them, and what a draft's legal bases give cause to ask."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from perfsearch.model.base import Value
from perfsearch.model.filing import Citation, Source


class PolicySummary(Value):
    """One cited document; `filings` and `mentions` count the filings that stand. `score` is 1 for an exact match."""

    policy_id: str
    title: str | None = None
    document_number: str | None = None
    issuer: str | None = None
    year: int | None = None
    kind: str = "other"
    status: str | None = None
    filings: int = 0
    mentions: int = 0
    score: float | None = None


class PolicyResult(Value):
    """Policies that match a query, best first; most cited first without one. `total` counts all that match."""

    policies: tuple[PolicySummary, ...] = ()
    total: int = 0
    query: str | None = None
    took_ms: float = 0.0
    message: str | None = None


class PolicyCitation(Value):
    """One place where a filing cites the policy: `sentence` is `[sentence_start:]` of the section around the mention."""

    filing_id: str
    source: Source
    section: str
    start: int
    end: int
    text: str
    fiscal_year: int | None = None
    applicant: str | None = None
    project_name: str | None = None
    sentence: str = ""
    sentence_start: int = 0
    implicit: bool = False


class CoCited(Value):
    """A policy that is cited in the same filings, and in how many of them."""

    policy_id: str
    title: str | None = None
    document_number: str | None = None
    filings: int = 0


class PolicyFacts(Value):
    """What the catalogue knows of a document beside its header; dates are ISO 8601."""

    published: str | None = None
    effective: str | None = None
    repealed: str | None = None
    replaced_by: str | None = None
    amended: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class PolicyPage(PolicySummary):
    """A policy and who cites it. `citations` is one page of `mentions` places, newest filings first."""

    citations: tuple[PolicyCitation, ...] = ()
    co_cited: tuple[CoCited, ...] = ()
    co_cited_filings: int = 0
    """Filings that `co_cited` counts in: all that cite the policy, of a widely cited one those added last."""
    by_year: dict[str, int] = Field(default_factory=dict)
    by_applicant: dict[str, int] = Field(default_factory=dict)
    by_section: dict[str, int] = Field(default_factory=dict)
    facts: PolicyFacts | None = None
    also_printed: tuple[str, ...] = ()
    """Other titles and numbers under which filings print it, folded."""
    took_ms: float = 0.0


class MissingPolicy(Value):
    """A policy that similar filings cite and the draft does not: in how many of them, and one place as evidence."""

    policy: PolicySummary
    similar_filings: int
    of: int
    example: PolicyCitation | None = None


class MissingResult(Value):
    """What similar filings cite beyond the draft, most shared first; `compared` are the filings looked at."""

    missing: tuple[MissingPolicy, ...] = ()
    compared: tuple[str, ...] = ()


class Evidence(Value):
    """Where a finding rests: a span of the draft, or what is known from elsewhere in `note`."""

    section: str | None = None
    start: int | None = None
    end: int | None = None
    text: str = ""
    note: str = ""


class PolicyFinding(Value):
    """Something about a draft's legal bases to look at; `year` is the fiscal year that it was judged for.

    Codes: `number-of-other-title`, `title-with-other-number`, `number-transposed`, `number-irregular`, `plan-ended`,
    `law-repealed`, `basis-repeated`. A document that is not known is never a finding.
    """

    code: str
    message: str
    year: int | None = None
    policy_id: str | None = None
    suggestion: str | None = None
    evidence: tuple[Evidence, ...] = ()


class ReadCitation(Value):
    """One mention in a text, and the policy it means.

    `resolved`: one policy fits (`cited` in this library or only `known` to the catalogue); `ambiguous`: the `candidates`
    fit; `unresolved`: the mention says too little, or nobody knows the document.
    """

    citation: Citation
    status: Literal["resolved", "ambiguous", "unresolved"]
    policy: PolicySummary | None = None
    candidates: tuple[PolicySummary, ...] = ()
    irregular: bool = False
    """Whether the number is printed against the rule; its normal form is `citation.document_number`."""


class ReadCitations(Value):
    """The mentions of a text in order; `counts` has how many are of each status."""

    items: tuple[ReadCitation, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)


class GraphNode(Value):
    """A policy or an applicant; `size` is the number of filings behind it."""

    id: str
    label: str
    kind: Literal["policy", "applicant"]
    size: int


class GraphEdge(Value):
    """How many filings connect two nodes: they cite both policies, or they are the applicant's and cite the policy."""

    source: str
    target: str
    filings: int


class CitationGraph(Value):
    """Policies around one policy or one applicant, ready to be drawn; the centre is the first node."""

    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[GraphEdge, ...] = ()
