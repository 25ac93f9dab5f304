"""Candidates of a query: chunks found by either half, each with both scores."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.bm25 import K1

if TYPE_CHECKING:
    from perfsearch.indexes.view import View
    from perfsearch.queries.question import Question

Mode = Literal["hybrid", "lexical", "semantic"]
MODES: tuple[Mode, ...] = ("hybrid", "lexical", "semantic")

FILING_SHARE = 0.2
"""Share of the whole filing's cosine; 0.3 moved nothing by more than a point."""
FILINGS_WHOLE_MAX = 50
"""Filings that are weighed as a whole: the closest; 30 and 100 give the same figures on the development queries."""

BESIDE_MIN = 300_000
"""Vectors from which on they are scanned beside the words (5 ms and 4 ms of 1,000,000 chunks; below, a thread costs more
than it saves): the scan holds no lock of Python's."""

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pool:
    """Chunks with both scores, aligned: `chunk_ids`, `lexical` (BM25) and `semantic` (cosine), each (n,).

    `semantic` is joined of two cosines: the passage's and its whole filing's.
    `lexical_ranking` and `semantic_ranking` are each half's own hits, best first, `lexical_last` and `semantic_last`
    the score of the last of them (0 where there are no more). `score_max` is the most that the terms could score;
    `exhausted` says that neither half has more.
    """

    chunk_ids: Ids
    lexical: Floats
    semantic: Floats
    lexical_ranking: Ids
    semantic_ranking: Ids
    score_max: float
    lexical_last: float
    semantic_last: float
    exhausted: bool


def gather(
    view: View,
    question: Question,
    own: Sequence[tuple[str, float]],
    expanded: Sequence[tuple[str, float]],
    vector: Floats | None,
    k: int,
    allowed: Ids | None,
    also: Ids,
) -> Pool:
    """The best `k` chunks of each half and the chunks `also`, every one with both scores.

    `allowed` narrows to those chunks (None: all). `vector` is None where the encoder is not asked, `own` (the
    query's words) and `expanded` (what they were widened by) are empty where the words are not.
    """
    terms = (*own, *expanded)
    by_words = by_meaning = np.empty(0, dtype=np.int64)
    words_scores = meaning_scores = np.empty(0, dtype=np.float32)
    beside: Future[tuple[Ids, Floats]] | None = None
    if vector is not None and terms and view.vectors.n_vectors >= BESIDE_MIN:
        beside = _beside().submit(view.vectors.search, vector, k, allowed)
    if terms:
        by_words, words_scores = view.lexical.search(terms, k, allowed)
    if beside is not None:
        by_meaning, meaning_scores = beside.result()
    elif vector is not None:
        by_meaning, meaning_scores = view.vectors.search(vector, k, allowed)
    ids = np.unique(np.concatenate([by_words, by_meaning, also]))
    lexical = semantic = np.zeros(len(ids), dtype=np.float32)
    if terms:
        lexical = _completed(ids, by_words, words_scores, lambda rest: view.lexical.score_pool(terms, rest))
    if vector is not None:
        closest = _completed(ids, by_meaning, meaning_scores, lambda rest: view.vectors.score_pool(vector, rest))
        semantic = meaning(view, vector, ids, closest)
    return Pool(
        ids,
        lexical,
        semantic,
        by_words,
        by_meaning,
        score_max=possible_score(view, question, own),
        lexical_last=float(words_scores[-1]) if 0 < k <= len(by_words) else 0.0,
        semantic_last=float(meaning_scores[-1]) if 0 < k <= len(by_meaning) else 0.0,
        exhausted=len(by_words) < k and len(by_meaning) < k,
    )


def among(ids: Ids, allowed: Ids) -> Ids:
    """Those of the ids that are allowed (ascending), without going through all that is."""
    if not len(allowed):
        return allowed
    places = np.minimum(np.searchsorted(allowed, ids), len(allowed) - 1)
    found: Ids = ids[allowed[places] == ids]
    return found


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2), thread_name_prefix="perfsearch-vectors")


def _completed(ids: Ids, known: Ids, scores: Floats, score_rest: Callable[[Ids], Floats]) -> Floats:
    """The score of each of the ids (ascending): those known already, and the rest as they are scored; (n,)."""
    completed = np.zeros(len(ids), dtype=np.float32)
    places = np.searchsorted(ids, known)
    completed[places] = scores
    rest = np.ones(len(ids), dtype=np.bool_)
    rest[places] = False
    if rest.any():
        completed[rest] = score_rest(ids[rest])
    return completed


def meaning(view: View, vector: Floats, chunk_ids: Ids, closest: Floats) -> Floats:
    """How close each chunk is in meaning: itself (`closest`, the score of its closest vector), and its filing as a
    whole; (n,) float32.

    nDCG@10 of the encoder alone on the paraphrases of the development queries among 5,000 unrelated filings: 55.9 by
    passages, 46.9 by filings, 60.9 by both.
    """
    if not len(chunk_ids):
        return np.zeros(0, dtype=np.float32)
    filings, owners = np.unique(view.filing_of(chunk_ids), return_inverse=True)
    best = np.full(len(filings), -np.inf, dtype=np.float32)
    np.maximum.at(best, owners, closest)
    # The filings that can still come into the answer; reading the vectors of every filing costs more than it orders.
    leading = np.argsort(-best)[:FILINGS_WHOLE_MAX]
    of_filing = np.zeros(len(filings), dtype=np.float32)
    of_filing[leading] = view.vectors.score_means(vector, *view.chunk_ranges(filings[leading]))
    result: Floats = (1.0 - FILING_SHARE) * closest + FILING_SHARE * of_filing[owners]
    return result


def possible_score(view: View, question: Question, terms: Sequence[tuple[str, float]]) -> float:
    """The most BM25 that a chunk could score: every word of the query at its idf times (k1 + 1).

    Words that the query was widened by are not in it: they stand for its words, they ask for nothing more.

    A word that no chunk has counts as the rarest, but only where its characters belong to no known word: of 审计费 and
    计费 beside 审计 nothing new was asked.
    """
    known = {term for term, _ in terms if view.lexical.doc_freq(term)}
    wanted = {term for term, _ in terms} - known
    total = sum(weight * idf(view, term) for term, weight in terms if term in known)
    covered = {position for term, start, end in question.spans if term in known for position in range(start, end)}
    for term, start, end in sorted(question.spans, key=lambda span: span[1] - span[2]):
        places = range(start, end)
        if term in wanted and covered.isdisjoint(places):
            covered.update(places)
            wanted.discard(term)
            total += idf(view, term)
    return total * (K1 + 1.0)


def idf(view: View, term: str) -> float:
    """The weight of a term as the lexical index has it; a term it never saw is the rarest."""
    known = view.lexical.idf(term)
    return known if known > 0 else math.log(view.lexical.n_chunks + 0.5) - math.log(0.5)
