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
from perfsearch.text.chunk import Chunk, chunk_filing

if TYPE_CHECKING:
    from perfsearch.indexes.view import View
    from perfsearch.model import Filing

SENTENCE_MIN = 18
"""Shorter sentences say too little to be paraphrases."""
SENTENCE_MAX = 240
SENTENCES_MAX = 60
NEAREST = 3
"""Stored passages looked at for each passage of the draft."""
PASSAGES_MAX = 48
SIMILARITY_MIN = 0.86
"""Cosine from which two sentences are a paraphrase."""
OVERLAP_MIN = 0.25
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
    chunks = [c for c in chunk_filing(draft.filing) if any(_within(s, c) for s in sentences)]
    nearest = _nearest(view, draft.filing, chunks, own)
    if not nearest:
        return []
    theirs = [(c.filing_no, s) for c in view.chunks(np.asarray(nearest)) for s in _split(c.section, c.start, c.text)]
    if not theirs:
        return []
    vectors = view.encoder.encode([s.text for s in sentences] + [s.text for _, s in theirs], kind="passage")
    return _pair(sentences, theirs, vectors[: len(sentences)] @ vectors[len(sentences) :].T)


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


def _within(sentence: _Sentence, chunk: Chunk) -> bool:
    return sentence.section == chunk.section and sentence.start < chunk.end and sentence.end > chunk.start


def _nearest(view: View, filing: Filing, chunks: Sequence[Chunk], own: int | None) -> list[int]:
    """Ids of the stored passages nearest to those of the draft."""
    best: dict[int, float] = {}
    for vector in view.encode_chunks(filing, chunks):
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


def _pair(
    sentences: Sequence[_Sentence], theirs: Sequence[tuple[int, _Sentence]], scores: NDArray[np.float32]
) -> list[tuple[int, Passage]]:
    """The best partner of each sentence, where both like each other best and enough is in common."""
    found: list[tuple[int, Passage]] = []
    for place, sentence in enumerate(sentences):
        partner = int(scores[place].argmax())
        score = float(scores[place, partner])
        filing_no, other = theirs[partner]
        if score < SIMILARITY_MIN or int(scores[:, partner].argmax()) != place:
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
