"""Who cites which policy document: the policies that match a query, one policy's page, what a draft does not cite."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from perfsearch.errors import NotFound, UsageError
from perfsearch.extract.catalogue import KnownPolicy, shipped_catalogue
from perfsearch.extract.folding import fold_title, number_lookup_key, title_lookup_key
from perfsearch.extract.numbers import normalize_document_number
from perfsearch.extract.policy_findings import policy_findings
from perfsearch.model import (
    CoCited,
    Filing,
    MissingPolicy,
    MissingResult,
    PolicyCitation,
    PolicyFacts,
    PolicyFinding,
    PolicyPage,
    PolicyResult,
    PolicySummary,
    Source,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

    from perfsearch.indexes.policy_book import Mention, PolicyBook
    from perfsearch.indexes.view import View

QUERY_LENGTH_MAX = 500
LIMIT_MAX = 1_000
CITATIONS = 100
"""Places shown on a page; `offset` turns it."""
CO_CITED = 30
APPLICANTS = 50
SHARED_MIN = 2
"""Similar filings that must cite a policy before its absence is worth a word."""


def policies(view: View, query: str | None = None, limit: int = 20, offset: int = 0) -> PolicyResult:
    """Policies whose title, short name or number matches `query`, best first; most cited first without one.

    Raises:
        UsageError: the query is too long, or the page is out of bounds.
    """
    started = time.perf_counter()
    _check_page(limit, offset)
    book = view.store.policies
    if query is None or not query.strip():
        rows = book.most_cited(limit, offset)
        found, total = tuple(summary(row) for row in rows), book.count()
        message = None if total else "库中的申报表尚未引用任何政策文件。"
    else:
        _check_query(query)
        matches = book.find(query)
        found = tuple(summary(m.row, m.score) for m in matches[offset : offset + limit])
        total = len(matches)
        if not total:
            found, total = _from_catalogue(query, limit, offset)
        message = None if total else f"没有与“{query.strip()}”相符的政策文件。"
    return PolicyResult(policies=found, total=total, query=query, took_ms=_took(started), message=message)


def policy(view: View, policy: str, limit: int = CITATIONS, offset: int = 0) -> PolicyPage:
    """One policy, named by id, number, title or short name: who cites it, where, since when, and what is cited with it.

    `limit` and `offset` turn the page of `citations`; the counts are of all.

    Raises:
        NotFound: no policy of that name is cited or known.
    """
    started = time.perf_counter()
    _check_page(limit, offset)
    _check_query(policy)
    book = view.store.policies
    row = book.named(policy)
    if row is None:
        known = _known(policy)
        if known is None:
            raise NotFound(f"no policy {policy!r}: `perfsearch policies QUERY` shows those that are cited", "policy")
        return PolicyPage(**known_summary(known).model_dump(), facts=_facts(known), took_ms=_took(started))
    years, sections, applicants = book.usage(row.policy_no, APPLICANTS)
    together, looked = book.co_cited(row.policy_no, CO_CITED)
    names = book.applicant_names(list(applicants))
    known = shipped_catalogue().with_id(row.policy_id)
    return PolicyPage(
        **summary(row).model_dump(),
        citations=tuple(_citation(mention) for mention in book.mentions(row.policy_no, limit, offset)),
        co_cited=tuple(_co_cited(other, count) for other, count in together),
        co_cited_filings=looked,
        by_year=_by_year(years),
        by_applicant={names[no]: count for no, count in applicants.items() if no in names},
        by_section=sections,
        facts=_facts(known) if known else None,
        also_printed=_also_printed(book, row),
        took_ms=_took(started),
    )


def missing_policies(
    view: View, filing: Filing, similar: Sequence[str] | None = None, limit: int = 10
) -> MissingResult:
    """Policies that filings similar to a draft cite and the draft does not, most shared first.

    `similar` are ids of filings, most similar first; without it, those that share most of the draft's own policies.
    The draft itself, if it is in the library, and other filings of the same text are left out by the caller.
    """
    book = view.store.policies
    own = {row.policy_no for row in book.under(["i:" + c.policy_id for c in filing.citations if c.policy_id])}
    numbers = _numbers_of(view, similar) if similar is not None else _sharing(book, own, filing, view)
    shared: Counter[int] = Counter()
    first: dict[int, int] = {}
    cited = book.policies_of(numbers)
    rank = {number: i for i, number in enumerate(numbers)}
    for filing_no, policy_no in sorted(cited, key=lambda pair: rank.get(pair[0], len(rank))):
        if policy_no not in own:
            shared[policy_no] += 1
            first.setdefault(policy_no, filing_no)
    wanted = [(no, n) for no, n in shared.most_common() if n >= SHARED_MIN]
    rows = book.rows([no for no, _ in wanted[: 4 * limit]])
    found: list[MissingPolicy] = []
    for no, n in wanted:
        row = rows.get(no)
        if row is None or row.kind in {"meeting", "other"} or len(found) == limit:
            continue
        places = book.mentions_in(no, first[no])
        example = _citation(places[0]) if places else None
        found.append(MissingPolicy(policy=summary(row), similar_filings=n, of=len(numbers), example=example))
    summaries = view.store.summaries(numbers)
    return MissingResult(missing=tuple(found), compared=tuple(summaries[n].id for n in numbers if n in summaries))


def _numbers_of(view: View, ids: Sequence[str]) -> list[int]:
    found = []
    for filing_id in ids:
        try:
            found.append(view.store.number(filing_id))
        except NotFound:
            continue
    return found


def _sharing(book: PolicyBook, own: set[int], filing: Filing, view: View) -> list[int]:
    """The filings that share most policies with a draft, rare policies counting for more; at most 20."""
    rows = book.rows(sorted(own))
    weights: Counter[int] = Counter()
    for no in sorted(own, key=lambda no: rows[no].filings if no in rows else 0)[:10]:
        citing = book.newest_citing(no)
        for number in citing:
            weights[number] += 1_000_000 // (1 + len(citing))
    with contextlib.suppress(NotFound):
        weights.pop(view.store.number(filing.id), None)
    return [number for number, _ in weights.most_common(20)]


class LibraryUsage:
    """What the filings of a library print beside a number or a title, as evidence for findings."""

    def __init__(self, view: View) -> None:
        self._book = view.store.policies

    def titles_of_number(self, key: str) -> Sequence[tuple[str, int]]:
        """Titles of the policies under a number's lookup key, and how many filings cite each."""
        return [(row.title, row.filings) for row in self._book.under([key]) if row.title and row.filings]

    def numbers_of_title(self, key: str) -> Sequence[tuple[str, int]]:
        """Numbers of the policies under a title's lookup key, and how many filings cite each."""
        rows = self._book.under([key])
        return [(row.document_number, row.filings) for row in rows if row.document_number and row.filings]


def findings(view: View, filing: Filing) -> list[PolicyFinding]:
    """What a filing's legal bases give cause to ask, by the catalogue and by what other filings of the library print."""
    return policy_findings(filing, shipped_catalogue(), LibraryUsage(view))


# -- shaping answers


def summary(row: Row[Any], score: float | None = None) -> PolicySummary:
    """A policy of the library as it is listed."""
    return PolicySummary(
        policy_id=row.policy_id,
        title=row.title,
        document_number=row.document_number,
        issuer=row.issuer,
        year=row.year,
        kind=row.kind,
        status=row.status,
        filings=row.filings,
        mentions=row.mentions,
        score=score,
    )


def _co_cited(row: Row[Any], count: int) -> CoCited:
    return CoCited(policy_id=row.policy_id, title=row.title, document_number=row.document_number, filings=count)


def _by_year(years: dict[int | None, int]) -> dict[str, int]:
    return {str(year): years[year] for year in sorted(y for y in years if y is not None)}


_SENTENCE_END = re.compile(r"[。；;！？\n]")
_SENTENCE_MAX = 160
"""Characters shown on either side of a mention where its sentence is longer."""


def sentence_around(text: str, start: int, end: int) -> tuple[int, str]:
    """Where the sentence around a span begins, and the sentence."""
    before = max(0, start - _SENTENCE_MAX)
    after = min(len(text), end + _SENTENCE_MAX)
    for match in _SENTENCE_END.finditer(text, before, start):
        before = match.end()
    stop = _SENTENCE_END.search(text, end, after)
    return before, text[before : stop.end() if stop else after].rstrip("\n")


def _citation(mention: Mention) -> PolicyCitation:
    begins, sentence = sentence_around(mention.text, mention.start, mention.end)
    pages = tuple(json.loads(mention.source_pages)) if mention.source_pages else None
    return PolicyCitation(
        filing_id=mention.filing_id,
        source=Source(file=mention.source_file, index=mention.source_index, pages=pages),
        section=mention.section,
        start=mention.start,
        end=mention.end,
        text=mention.text[mention.start : mention.end],
        fiscal_year=mention.fiscal_year,
        applicant=mention.applicant,
        project_name=mention.project_name,
        sentence=sentence,
        sentence_start=begins,
        implicit=mention.implicit,
    )


def _also_printed(book: PolicyBook, row: Row[Any]) -> tuple[str, ...]:
    own = {title_lookup_key(fold_title(row.title or ""), issuer) for issuer in (False, True)}
    if row.document_number:
        own.add(number_lookup_key(row.document_number))
    return tuple(
        key[2:].partition("~")[0]
        for key, _ in book.prints_of(row.policy_no)
        if key not in own and key[:2] in {"t:", "n:"}
    )


# -- documents that the catalogue knows and nobody here cites


def _known(policy: str) -> KnownPolicy | None:
    catalogue = shipped_catalogue()
    found = catalogue.with_id(policy.strip())
    if found is not None:
        return found
    known = _known_under(policy)
    return known[0] if known else None


def _known_under(query: str) -> list[KnownPolicy]:
    catalogue = shipped_catalogue()
    number = normalize_document_number(query.strip())
    if number is not None:
        return catalogue.with_key(number_lookup_key(number))
    folded = fold_title(query)
    found = catalogue.with_key(title_lookup_key(folded, with_issuer=True)) or catalogue.with_key(
        title_lookup_key(folded)
    )
    if not found:
        law = catalogue.law_named(folded.full)
        found = [law] if law else []
    return found


def _from_catalogue(query: str, limit: int, offset: int) -> tuple[tuple[PolicySummary, ...], int]:
    known = _known_under(query)
    return tuple(known_summary(one, 1.0) for one in known[offset : offset + limit]), len(known)


def known_summary(known: KnownPolicy, score: float | None = None) -> PolicySummary:
    """A document of the catalogue as it is listed."""
    return PolicySummary(
        policy_id=known.policy_id,
        title=known.title,
        document_number=known.document_number,
        issuer=known.issuer,
        year=known.year,
        kind=known.kind,
        status=known.status or None,
        score=score,
    )


def _facts(known: KnownPolicy) -> PolicyFacts:
    return PolicyFacts(
        published=known.published or None,
        effective=known.effective or None,
        repealed=known.repealed or None,
        replaced_by=known.replaced_by or None,
        amended=known.amended,
        aliases=known.aliases,
    )


# -- checks


def _check_page(limit: int, offset: int) -> None:
    if not 1 <= limit <= LIMIT_MAX:
        raise UsageError(f"limit {limit}: expected 1 to {LIMIT_MAX}", "limit")
    if offset < 0:
        raise UsageError(f"offset {offset}: expected 0 or more", "offset")


def _check_query(query: str) -> None:
    if not query.strip():
        raise UsageError("the policy is not named: give an id, a title, a short name or a number", "policy")
    if len(query) > QUERY_LENGTH_MAX:
        raise UsageError(f"query of {len(query)} characters: at most {QUERY_LENGTH_MAX}", "query")


def _took(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
