"""What a text cites, mention by mention, and the graph of what is cited together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perfsearch.errors import NotFound, UsageError
from perfsearch.extract.catalogue import shipped_catalogue
from perfsearch.extract.citations import extract_filing_citations
from perfsearch.extract.numbers import find_document_numbers
from perfsearch.extract.policies import keys_of_mention
from perfsearch.model import (
    Citation,
    CitationGraph,
    GraphEdge,
    GraphNode,
    PolicySummary,
    ReadCitation,
    ReadCitations,
)
from perfsearch.queries.policies import known_summary, summary

if TYPE_CHECKING:
    from perfsearch.indexes.policy_book import PolicyBook
    from perfsearch.indexes.view import View

TEXT_LENGTH_MAX = 1_000_000
"""Longest text that is read at once, in characters; it takes about half a second."""
NODES_MAX = 60
CANDIDATES_MAX = 5


def read_citations(view: View | None, text: str, fiscal_year: int | None = None) -> ReadCitations:
    """The mentions of a text, each with the policy that it means: of the library, else of the catalogue.

    Raises:
        UsageError: the text is too long.
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise UsageError(f"text of {len(text)} characters: at most {TEXT_LENGTH_MAX}", "text")
    found = extract_filing_citations({"": text}, None, None, fiscal_year)
    book = view.store.policies if view is not None else None
    meant: dict[tuple[str | None, str | None, str | None], tuple[PolicySummary, ...]] = {}
    items = []
    for citation in found:
        key = (citation.policy_id, citation.title, citation.document_number)
        if key not in meant:
            meant[key] = _meant(book, citation)
        items.append(_item(citation, meant[key]))
    return ReadCitations(items=tuple(items), counts=dict(Counter(item.status for item in items)))


def _meant(book: PolicyBook | None, citation: Citation) -> tuple[PolicySummary, ...]:
    """The policies that a mention may mean: one where it is certain."""
    if citation.policy_id is None:
        return ()
    known = shipped_catalogue().with_id(citation.policy_id)
    if book is not None:
        rows = book.under(["i:" + citation.policy_id])
        if not rows:
            keys = keys_of_mention(citation)
            rows = book.under([keys.number]) if keys.number else book.under(keys.titles)
        if rows:
            return tuple(summary(row) for row in rows[:CANDIDATES_MAX])
    return (known_summary(known),) if known is not None else ()


def _item(citation: Citation, meant: tuple[PolicySummary, ...]) -> ReadCitation:
    irregular = any(number.irregular for number in find_document_numbers(citation.text))
    if len(meant) == 1:
        return ReadCitation(citation=citation, status="resolved", policy=meant[0], irregular=irregular)
    status = "ambiguous" if meant else "unresolved"
    return ReadCitation(citation=citation, status=status, candidates=meant, irregular=irregular)


def policy_graph(view: View, policy: str, limit: int = 20) -> CitationGraph:
    """A policy and those most cited with it; an edge says in how many filings two are cited together.

    Raises:
        NotFound: no policy of that name is cited.
    """
    _check_limit(limit)
    book = view.store.policies
    row = book.named(policy)
    if row is None:
        raise NotFound(f"no policy {policy!r} is cited here", "policy")
    together, _ = book.co_cited(row.policy_no, limit)
    rows = [row, *(other for other, _ in together)]
    nodes = tuple(_policy_node(other.policy_id, other.title or other.document_number, other.filings) for other in rows)
    return CitationGraph(nodes=nodes, edges=_policy_edges(book, {other.policy_no: other.policy_id for other in rows}))


def applicant_graph(view: View, applicant: str, limit: int = 20) -> CitationGraph:
    """An applicant and the policies that its filings cite most; edges between policies say what is cited together.

    Raises:
        NotFound: no applicant whose name contains the text cites a policy.
    """
    _check_limit(limit)
    if not applicant.strip():
        raise UsageError("the applicant is not named", "applicant")
    book = view.store.policies
    named = book.applicants_named(applicant.strip(), 1)
    if not named:
        raise NotFound(f"no applicant {applicant!r} whose filings cite a policy", "applicant")
    number, name = named[0]
    cited = book.cited_by(number, limit)
    rows = book.rows([no for no, _ in cited])
    centre = GraphNode(id="applicant", label=name, kind="applicant", size=max((n for _, n in cited), default=0))
    ids = {no: rows[no].policy_id for no, _ in cited if no in rows}
    nodes = [_policy_node(ids[no], rows[no].title or rows[no].document_number, n) for no, n in cited if no in rows]
    edges = [GraphEdge(source="applicant", target=ids[no], filings=n) for no, n in cited if no in ids]
    return CitationGraph(nodes=(centre, *nodes), edges=(*edges, *_policy_edges(book, ids)))


def _policy_node(policy_id: str, label: str | None, size: int) -> GraphNode:
    return GraphNode(id=policy_id, label=label or policy_id, kind="policy", size=size)


def _policy_edges(book: PolicyBook, ids: dict[int, str]) -> tuple[GraphEdge, ...]:
    pairs = book.pairs(list(ids))
    return tuple(GraphEdge(source=ids[a], target=ids[b], filings=n) for (a, b), n in pairs.most_common(4 * NODES_MAX))


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= NODES_MAX:
        raise UsageError(f"limit {limit}: expected 1 to {NODES_MAX}", "limit")
