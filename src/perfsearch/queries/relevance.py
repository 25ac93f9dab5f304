"""When a candidate is no answer: nothing relevant is an empty answer, not the ten least bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perfsearch.queries.pool import Mode, Pool

SEMANTIC_FLOOR = 0.30
"""Below this cosine a passage has nothing to do with the query."""
LEXICAL_FLOOR = 0.12
"""Below this share of the possible BM25 only chance words meet."""


def floor_of(mode: Mode, fusion: str, pool: Pool, coverage: float) -> float:
    """The score below which a candidate of this pool is no answer."""
    if fusion == "rrf":
        return 0.0
    if mode == "lexical":
        return 1e-6
    best_semantic = float(np.max(pool.semantic, initial=0.0))
    if mode == "semantic":
        return SEMANTIC_FLOOR if best_semantic >= SEMANTIC_FLOOR else np.inf
    if coverage < LEXICAL_FLOOR and best_semantic < SEMANTIC_FLOOR:
        return np.inf
    return 0.05
