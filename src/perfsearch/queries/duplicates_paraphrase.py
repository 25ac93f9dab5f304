"""Sentences that say the same in other words: by sentence vectors, a weaker kind than what alignment finds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.fingerprints import fold
from perfsearch.extract.reuse import Passage
from perfsearch.queries.duplicates_judging import Draft

if TYPE_CHECKING:
    from perfsearch.indexes.view import View
    from perfsearch.model import Filing

SENTENCE_MIN = 18
"""Shorter sentences say too little to be paraphrases."""
SENTENCE_MAX = 240
SENTENCES_MAX = 60
NEAREST = 8
"""Stored passages looked at for each sentence of the draft."""
PASSAGES_MAX = 160
SIMILARITY_MIN = 0.55
"""Cosine below which no two sentences are a paraphrase, whatever stands beside them."""
ABOVE_OTHERS = 0.55
"""How far from what unrelated sentences reach (their 95th percentile) to 1 a paraphrase lies at least: encoders differ in
what they give to unrelated sentences more than in this (`python -m benchmarks.paraphrases --steps`)."""
OTHERS_MIN = 100
"""Pairs of sentences of which the 95th percentile says something."""
OVERLAP_MIN = 0.15
"""And this share of their pairs of characters in common (Dice): vectors alone call every sentence of a field alike."""
LENGTHS_MIN = 0.6
COVERED_MAX = 0.4
"""A sentence of which more is aligned with some source already needs no second explanation."""

_SENTENCE = re.compile(r"[^。！？；!?;\n]+[。！？；!?;]?")


@dataclass(frozen=True, slots=True)
class _Sentence:
    section: str
    start: int
    end: int
    text: str


def find_paraphrases(
    view: View, draft: Draft, passages: Sequence[Passage], own: int | None
) -> list[tuple[int, Passage]]:
    """(filing number, passage) of the draft's sentences that stand in stored filings in other words.

    `passages` are those that were aligned: their sentences are left out.
    """
    sentences = [s for s in _sentences(draft.filing) if _is_open(draft, s, passages)][:SENTENCES_MAX]
    if not sentences:
        return []
    vectors = view.encoder.encode([s.text for s in sentences], kind="passage")
    nearest = _nearest(view, vectors, own)
    if not nearest:
        return []
    theirs = [(c.filing_no, s) for c in view.chunks(np.asarray(nearest)) for s in _split(c.section, c.start, c.text)]
    if not theirs:
        return []
    return _pair(sentences, theirs, vectors @ view.encoder.encode([s.text for _, s in theirs], kind="passage").T)


def _sentences(filing: Filing) -> list[_Sentence]:
    return [s for name, text in filing.sections.items() for s in _split(name, 0, text)]


def _split(section: str, offset: int, text: str) -> list[_Sentence]:
    return [
        _Sentence(section, offset + match.start(), offset + match.end(), match[0])
        for match in _SENTENCE.finditer(text)
        if SENTENCE_MIN <= len(match[0].strip()) <= SENTENCE_MAX
    ]


def _is_open(draft: Draft, sentence: _Sentence, passages: Sequence[Passage]) -> bool:
    """Whether a sentence is neither aligned with a source nor made of quotations and stock phrases."""
    if sentence.section not in draft.folded:
        return False
    part = draft.span(sentence.section, sentence.start, sentence.end)
    known = (draft.quoted[sentence.section] | draft.stock[sentence.section])[part]
    if not len(known) or known.mean() > COVERED_MAX:
        return False
    covered = np.zeros(sentence.end - sentence.start, dtype=np.bool_)
    for passage in passages:
        if passage.section == sentence.section:
            covered[max(0, passage.start - sentence.start) : max(0, passage.end - sentence.start)] = True
    return bool(covered.mean() <= COVERED_MAX)


def _nearest(view: View, vectors: NDArray[np.float32], own: int | None) -> list[int]:
    """Ids of the stored passages nearest to the draft's sentences.

    A sentence is asked for itself: in a passage of several subjects no single one of them can be found.
    """
    best: dict[int, float] = {}
    for vector in vectors:
        ids, scores = view.vectors.search(vector, NEAREST + 8)
        owners = view.filing_of(ids)
        taken = 0
        for chunk_id, score, owner in zip(ids.tolist(), scores.tolist(), owners.tolist(), strict=True):
            if owner == own or taken == NEAREST:
                continue
            taken += 1
            best[chunk_id] = max(score, best.get(chunk_id, score))
    ids_by_score = sorted(best, key=lambda chunk_id: -best[chunk_id])[:PASSAGES_MAX]
    sections = view.catalog.section_of(np.asarray(ids_by_score, dtype=np.int64))
    return [i for i, section in zip(ids_by_score, sections, strict=True) if section not in ("header", "indicators")]


def _least(scores: NDArray[np.float32]) -> float:
    """The cosine from which two of these sentences are a paraphrase; most pairs of them are unrelated."""
    if scores.size < OTHERS_MIN:
        return SIMILARITY_MIN
    others = float(np.percentile(scores, 95))
    return max(SIMILARITY_MIN, others + ABOVE_OTHERS * (1.0 - others))


def _pair(
    sentences: Sequence[_Sentence], theirs: Sequence[tuple[int, _Sentence]], scores: NDArray[np.float32]
) -> list[tuple[int, Passage]]:
    """The best partner of each sentence, where both like each other best and enough is in common."""
    found: list[tuple[int, Passage]] = []
    least = _least(scores)
    for place, sentence in enumerate(sentences):
        partner = int(scores[place].argmax())
        score = float(scores[place, partner])
        filing_no, other = theirs[partner]
        if score < least or int(scores[:, partner].argmax()) != place:
            continue
        lengths = sorted((len(sentence.text), len(other.text)))
        if lengths[0] < LENGTHS_MIN * lengths[1] or _overlap(sentence.text, other.text) < OVERLAP_MIN:
            continue
        found.append(
            (
                filing_no,
                Passage(
                    sentence.section, sentence.start, sentence.end, 0, other.section, other.start, other.end,
                    min(0.999, round(score, 4)), "paraphrase", (),
                ),
            )
        )  # fmt: skip
    return found


def _overlap(a: str, b: str) -> float:
    """Dice coefficient of the pairs of folded characters."""
    pairs_a, pairs_b = _pairs(a), _pairs(b)
    total = len(pairs_a) + len(pairs_b)
    return 2 * len(pairs_a & pairs_b) / total if total else 0.0


def _pairs(text: str) -> set[str]:
    folded = fold(text).string()
    return {folded[i : i + 2] for i in range(len(folded) - 1)}
