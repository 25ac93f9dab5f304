"""The neighbourhood of a policy or an applicant: what is cited together, and by whom."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from perfsearch.errors import NotFound
from perfsearch.model import Filters
from perfsearch.model.facets import CitationGraph, GraphEdge, GraphNode
from perfsearch.queries.policies import policy

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

POLICIES_MAX = 14
APPLICANTS_MAX = 8
"""More than this in a ring can't be read."""
FILINGS_MAX = 5_000


def graph_of_policy(view: View, name: str) -> CitationGraph:
    """A policy, the policies that are cited with it and the applicants that cite it most.

    Raises:
        NotFound: no such policy is cited or known.
    """
    page = policy(view, name, limit=1)
    center = GraphNode(
        id=page.policy_id,
        kind="policy",
        label=page.title or page.document_number or page.policy_id,
        document_number=page.document_number,
        filings=page.filings,
        is_center=True,
    )
    others = [
        GraphNode(
            id=one.policy_id,
            kind="policy",
            label=one.title or one.document_number or one.policy_id,
            document_number=one.document_number,
            filings=one.filings,
        )
        for one in page.co_cited[:POLICIES_MAX]
    ]
    applicants = [
        GraphNode(id=name, kind="applicant", label=name, filings=count)
        for name, count in list(page.by_applicant.items())[:APPLICANTS_MAX]
    ]
    edges = [GraphEdge(source=center.id, target=node.id, filings=node.filings) for node in (*others, *applicants)]
    own = {row.policy_no: row.policy_id for row in view.store.policies.under(["i:" + one.id for one in others])}
    centre_no = [row.policy_no for row in view.store.policies.under(["i:" + center.id])]
    citing = view.store.policies.filings_citing(centre_no)[-FILINGS_MAX:] if centre_no else []
    return CitationGraph(nodes=(center, *others, *applicants), edges=(*edges, *_between(view, citing, own)))


def graph_of_applicant(view: View, applicant: str) -> CitationGraph:
    """An applicant (part of its name) and the policies that its filings cite most.

    Raises:
        NotFound: no filing of such an applicant cites a policy.
    """
    numbers = view.filing_nos(Filters(applicant=applicant)).tolist()[-FILINGS_MAX:]
    book = view.store.policies
    counted = Counter(policy_no for _, policy_no in _pairs(view, numbers))
    if not counted:
        raise NotFound(f"no filing of an applicant named {applicant!r} cites a policy", "applicant")
    best = dict(counted.most_common(POLICIES_MAX + APPLICANTS_MAX))
    rows = book.rows(list(best))
    center = GraphNode(id=applicant, kind="applicant", label=applicant, filings=len(numbers), is_center=True)
    nodes = [
        GraphNode(
            id=rows[no].policy_id,
            kind="policy",
            label=rows[no].title or rows[no].document_number or rows[no].policy_id,
            document_number=rows[no].document_number,
            filings=count,
        )
        for no, count in best.items()
        if no in rows
    ]
    edges = [GraphEdge(source=applicant, target=node.id, filings=node.filings) for node in nodes]
    own = {no: rows[no].policy_id for no in best if no in rows}
    return CitationGraph(nodes=(center, *nodes), edges=(*edges, *_between(view, numbers, own)))


def _between(view: View, filing_nos: list[int], own: dict[int, str]) -> list[GraphEdge]:
    """How often two of the policies `own` (id by number) stand in the same of these filings."""
    together: dict[int, list[int]] = {}
    for filing_no, policy_no in _pairs(view, filing_nos):
        if policy_no in own:
            together.setdefault(filing_no, []).append(policy_no)
    counted: Counter[tuple[int, int]] = Counter()
    for policies in together.values():
        counted.update(combinations(sorted(policies), 2))
    return [GraphEdge(source=own[a], target=own[b], filings=n) for (a, b), n in counted.most_common(60)]


def _pairs(view: View, filing_nos: list[int]) -> list[tuple[int, int]]:
    book = view.store.policies
    return [
        pair for start in range(0, len(filing_nos), 500) for pair in book.policies_of(filing_nos[start : start + 500])
    ]
