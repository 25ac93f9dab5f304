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

LEXICAL_WEIGHT_MIN = 0.25
LEXICAL_WEIGHT_MAX = 0.75
COVERAGE_LOW = 0.25
COVERAGE_HIGH = 0.70


@dataclass(frozen=True, slots=True)
class Fused:
    """Scores of a pool: fused, and the weight that the lexical half had."""

    scores: Floats
    lexical_weight: float
    coverage: float


def lexical_weight(coverage: float) -> float:
    """The weight of BM25 by how much of the query's idf the best lexical hit matches (0 to 1).

    Rises linearly from LEXICAL_WEIGHT_MIN at COVERAGE_LOW to LEXICAL_WEIGHT_MAX at COVERAGE_HIGH.
    """
    share = (coverage - COVERAGE_LOW) / (COVERAGE_HIGH - COVERAGE_LOW)
    return LEXICAL_WEIGHT_MIN + (LEXICAL_WEIGHT_MAX - LEXICAL_WEIGHT_MIN) * float(np.clip(share, 0.0, 1.0))


def fuse(lexical: Floats, semantic: Floats, score_max: float, coverage: float) -> Fused:
    """Combine BM25 scores (n,) and cosines (n,) of one pool; `score_max` is the most the query could score."""
    weight = lexical_weight(coverage)
    scaled = lexical / max(score_max, 1e-9)
    scores = weight * scaled + (1.0 - weight) * np.maximum(semantic, 0.0)
    return Fused(scores.astype(np.float32), weight, coverage)


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
