"""When a candidate is no answer: nothing relevant is an empty answer, not the ten least bad.

Measured on 25 everyday questions to the sample corpus and 25 about things no budget pays for (lottery, recipes, pop
stars): the best meaning of the former is 0.31 to 0.81, of the latter 0.12 to 0.37, all but nine below 0.26. Of the 19
paraphrases of the development queries among 5,000 unrelated filings all but one reach 0.26, and four of those stay below 0.30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perfsearch.queries.fusion import Fused
    from perfsearch.queries.pool import Mode, Pool

SEMANTIC_FLOOR = 0.26
"""If no candidate is closer in meaning than this, the encoder has found nothing."""
LEXICAL_FLOOR = 0.20
"""If the best hit has less of the possible BM25 than this, only chance words met."""
SHARE_OF_BEST = 0.35
"""A candidate that scores less than this share of the best one is only in the pool because something had to be."""


def floor_of(mode: Mode, fusion: str, pool: Pool, fused: Fused) -> float:
    """The fused score below which a candidate of this pool is no answer."""
    if mode == "lexical" or (mode == "hybrid" and fusion == "rrf"):
        return 1e-6
    by_meaning = float(np.max(pool.semantic, initial=0.0)) >= SEMANTIC_FLOOR
    by_words = mode == "hybrid" and fused.lexical_share >= LEXICAL_FLOOR
    if not by_meaning and not by_words:
        return float("inf")
    return max(SHARE_OF_BEST * float(np.max(fused.scores, initial=0.0)), 1e-6)
