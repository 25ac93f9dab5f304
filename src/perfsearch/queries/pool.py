"""Candidates of a query: chunks found by either half, each with both scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

Mode = Literal["hybrid", "lexical", "semantic"]
MODES: tuple[Mode, ...] = ("hybrid", "lexical", "semantic")

BM25_K1 = 1.5
Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pool:
    """Chunks with both scores, aligned: `chunk_ids`, `lexical` (BM25) and `semantic` (cosine), each (n,).

    `lexical_ranking` and `semantic_ranking` are each half's own hits, best first. `score_max` is the most that the
    terms could score; `exhausted` says that neither half has more.
    """

    chunk_ids: Ids
    lexical: Floats
    semantic: Floats
    lexical_ranking: Ids
    semantic_ranking: Ids
    score_max: float
    exhausted: bool


def gather(
    view: View,
    terms: Sequence[tuple[str, float]],
    vector: Floats | None,
    k: int,
    allowed: Ids | None,
    also: Ids,
) -> Pool:
    """The best `k` chunks of each half and the chunks `also`, every one with both scores.

    `allowed` narrows to those chunks (None: all). `vector` is None where the encoder is not asked, `terms` is empty
    where the words are not.
    """
    nothing = np.empty(0, dtype=np.int64)
    by_words, by_meaning = nothing, nothing
    if terms:
        by_words, _ = view.lexical.search(terms, k, allowed)
    if vector is not None:
        by_meaning, _ = view.vectors.search(vector, k, allowed)
    ids = np.unique(np.concatenate([by_words, by_meaning, also]))
    lexical = view.lexical.score_pool(terms, ids) if terms else np.zeros(len(ids), dtype=np.float32)
    semantic = view.vectors.score_pool(vector, ids) if vector is not None else np.zeros(len(ids), dtype=np.float32)
    return Pool(
        ids,
        lexical,
        semantic,
        by_words,
        by_meaning,
        score_max=possible_score(view, terms),
        exhausted=len(by_words) < k and len(by_meaning) < k,
    )


def possible_score(view: View, terms: Sequence[tuple[str, float]]) -> float:
    """The most BM25 that a chunk could score: every term, unknown ones too, at its idf times (k1 + 1)."""
    return sum(weight * idf(view, term) for term, weight in terms) * (BM25_K1 + 1.0)


def idf(view: View, term: str) -> float:
    """The inverse document frequency of a term as the lexical index has it; a term it never saw is the rarest."""
    n = view.lexical.n_chunks
    frequency = view.lexical.doc_freq(term)
    return float(np.log(1.0 + (n - frequency + 0.5) / (frequency + 0.5)))
