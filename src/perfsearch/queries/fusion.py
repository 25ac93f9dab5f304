"""Two scores of every candidate into one.

A convex combination of scores, not of ranks: where one half is much weaker than the other, ranks throw away what
scores know. BM25 is divided by the most that the query could score, not by the best hit, since min-max gives the best
of a pool of junk a score of 1 and drowns the encoder where words don't meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEXICAL_WEIGHT_MIN = 0.05
LEXICAL_WEIGHT_MAX = 0.95
LEXICAL_WEIGHT_FULL = 0.99
SHARE_LOW = 0.18
SHARE_HIGH = 0.28
SHARE_FULL = 0.50
"""Measured on the development queries among 5,000 unrelated filings, nDCG@10 over all: a weight of 0.5 throughout
75.5, of 0.7 75.1 (with the first encoder, which reached 82.1 by the share); by the share 88.7 now (0.3 less for a high end
of 0.30, 0.5 less for a least weight of 0.10, which costs the paraphrases 1.6). In queries in everyday words the best hit has a share of 0.08 to 0.19, in all
others of 0.23 to 0.75."""


@dataclass(frozen=True, slots=True)
class Fused:
    """Scores of a pool: fused, the weight that the lexical half had, and the share of the best lexical hit."""

    scores: Floats
    lexical_weight: float
    lexical_share: float


def lexical_share(lexical: Floats, score_max: float) -> float:
    """How much of what the query could score the best lexical hit scores, 0 to 1: whether the words meet at all."""
    return float(np.max(lexical, initial=0.0)) / score_max if score_max > 0 else 0.0


def lexical_weight(share: float) -> float:
    """The weight of BM25 by the share of the best lexical hit: least up to SHARE_LOW, from SHARE_HIGH on nearly all.

    Straight between the corners (SHARE_LOW, MIN), (SHARE_HIGH, MAX), (SHARE_FULL, FULL).
    """
    corners = (SHARE_LOW, SHARE_HIGH, SHARE_FULL)
    return float(np.interp(share, corners, (LEXICAL_WEIGHT_MIN, LEXICAL_WEIGHT_MAX, LEXICAL_WEIGHT_FULL)))


def fuse(lexical: Floats, semantic: Floats, score_max: float) -> Fused:
    """Combine BM25 scores (n,) and cosines (n,) of one pool; `score_max` is the most the query could score."""
    share = lexical_share(lexical, score_max)
    weight = lexical_weight(share)
    scores = weight * lexical / max(score_max, 1e-9) + (1.0 - weight) * np.maximum(semantic, 0.0)
    return Fused(scores.astype(np.float32), weight, share)


def reciprocal_ranks(*rankings: NDArray[np.int64], ids: NDArray[np.int64], k: int = 60) -> Floats:
    """Reciprocal rank fusion of rankings of ids, best first, as scores of `ids`: the baseline to beat."""
    scores = np.zeros(len(ids), dtype=np.float32)
    place = {int(number): position for position, number in enumerate(ids)}
    for ranking in rankings:
        for rank, number in enumerate(ranking):
            position = place.get(int(number))
            if position is not None:
                scores[position] += 1.0 / (k + rank + 1)
    return scores
