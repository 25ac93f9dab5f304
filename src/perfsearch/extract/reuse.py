"""Passages that one filing shares with others, or with itself: offsets into the original sections on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.alignment import SIMILARITY_MIN, Alignment, Block, align, snap
from perfsearch.extract.anchors import Side, find_anchors, find_own_anchors, lay_out
from perfsearch.extract.fingerprints import GUARANTEED, Folded, fold
from perfsearch.extract.merging import merge, without_weaker
from perfsearch.text.normalize import normalize

Mask = NDArray[np.bool_]
Kind = Literal["verbatim", "edited", "paraphrase"]

EVIDENCE_RUN = 3
"""Runs from this length on are evidence: their characters outside stock phrases and quotations count."""
EVIDENCE_MIN = 18
"""Evidence that an edited passage needs with a run of GUARANTEED characters. Of what 400 drafts of public prose shared
with 400 others by chance or by way of a common model, a third has less, and 2 % of what was planted."""
EVIDENCE_SAME_MIN = 11
SAME_SIMILARITY = 0.95
"""Less will do where nearly all is the same."""
EVIDENCE_ALONE_MIN = 20
"""What it needs without such a run: only words here and there are left of the source."""
SIMILARITY_ALONE_MIN = 0.6
"""With three words in ten replaced 2 % of the passages are less alike; what timetables have in common is 0.5 to 0.6."""
EVIDENCE_COMPANY_MIN = 6
COMPANY_MATCHED_MIN = 9
COMPANY_DISTANCE = 160
"""Less will do where another passage of the same two sections lies near: sentences that were parted or moved."""
LIST_MATCHED_MIN = 40
"""Titles and set phrases that two sections share are shown where there are so many characters of them: a list."""
CHAIN_MIN = 8
CHAIN_EVIDENCE_MIN = 4
"""A chain of seeds with less is not aligned: the gaps and ends add half as much again at most."""
KNOWN_RUN_MIN = 25
"""A run of stock phrases or quotation of this length is shown all the same, and marked."""
KNOWN_MATCHED_MIN = 45
KNOWN_SIMILARITY_MIN = 0.75
"""The same for a sentence of stock phrases in which numbers or names differ."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A shared passage; spans are half-open and count characters of the original sections."""

    section: str
    start: int
    end: int
    source: int
    """Index of the source among those given; 0 for a passage shared with the filing itself."""
    source_section: str
    source_start: int
    source_end: int
    similarity: float
    kind: Kind
    blocks: tuple[tuple[int, int, int, int], ...]
    """(start, end, source_start, source_end) of the runs that are the same, in the order of the draft."""


def find_reuse(
    draft: Mapping[str, Folded],
    sources: Sequence[Mapping[str, Folded]],
    known: Mapping[str, Mask] | None = None,
    min_length: int = 15,
) -> list[Passage]:
    """Every passage of at least `min_length` characters that the draft shares with one of the sources.

    `known` marks the characters of the draft's sections (folded) that are no evidence of copying.
    """
    names_a = list(draft)
    names_b = [(index, name) for index, sections in enumerate(sources) for name in sections]
    side_a = lay_out([draft[name] for name in names_a])
    side_b = lay_out([sources[index][name] for index, name in names_b], [index for index, _ in names_b])
    evidence = _Evidence(side_a, names_a, known)
    found = _accept(align(side_a, side_b, find_anchors(side_a, side_b), evidence.worth), evidence)
    found = [snap(alignment, side_a, side_b) for alignment in found]
    merged = [snap(alignment, side_a, side_b) for alignment in without_weaker(merge(found, side_b))]
    passages = [_passage(a, side_a, side_b, names_a[a.part_a], *names_b[a.part_b]) for a in merged]
    return [p for p in passages if p is not None and min(p.end - p.start, p.source_end - p.source_start) >= min_length]


def find_own_reuse(
    sections: Mapping[str, Folded], known: Mapping[str, Mask] | None = None, min_length: int = 15
) -> list[Passage]:
    """Every passage that stands twice in a filing, seen from both of its places."""
    names = list(sections)
    side = lay_out([sections[name] for name in names])
    evidence = _Evidence(side, names, known)
    found = _accept(align(side, side, find_own_anchors(side), evidence.worth, own=True), evidence)
    found = [a if a.part_a == a.part_b else snap(a, side, side) for a in found]
    passages: list[Passage] = []
    for alignment in merge(found, side):
        if alignment.part_a == alignment.part_b and alignment.end_a > alignment.start_b:
            continue
        passage = _passage(alignment, side, side, names[alignment.part_a], 0, names[alignment.part_b])
        if passage is not None and min(passage.end - passage.start, passage.source_end - passage.source_start) >= (
            min_length
        ):
            passages += [passage, _turned(passage)]
    return passages


def fold_sections(sections: Mapping[str, str]) -> dict[str, Folded]:
    """The sections as they are compared, in their order; empty ones stay, and share nothing."""
    return {name: fold(text) for name, text in sections.items()}


def _turned(passage: Passage) -> Passage:
    return Passage(
        passage.source_section,
        passage.source_start,
        passage.source_end,
        passage.source,
        passage.section,
        passage.start,
        passage.end,
        passage.similarity,
        passage.kind,
        tuple(sorted((c, d, a, b) for a, b, c, d in passage.blocks)),
    )


class _Evidence:
    """Counts the characters of a passage that speak for copying."""

    def __init__(self, draft: Side, names: Sequence[str], known: Mapping[str, Mask] | None) -> None:
        counts = np.ones(len(draft.codes), dtype=np.int64)
        for part, name in enumerate(names):
            if known is not None and name in known:
                counts[draft.bounds[part] : draft.bounds[part + 1]] = ~known[name]
        self._sums: list[int] = [0, *np.cumsum(counts).tolist()]

    def of(self, blocks: Sequence[Block]) -> int:
        """Characters of the runs that are long enough, outside what is known."""
        sums = self._sums
        return sum(sums[a + length] - sums[a] for a, _, length in blocks if length >= EVIDENCE_RUN)

    def worth(self, chain: list[Block]) -> bool:
        """Whether a chain may become a passage when it is aligned."""
        size = sum(length for _, _, length in chain)
        if any(length >= GUARANTEED for _, _, length in chain):
            return True
        return size >= CHAIN_MIN and (size >= KNOWN_MATCHED_MIN // 2 or self.of(chain) >= CHAIN_EVIDENCE_MIN)


def _accept(alignments: list[Alignment], evidence: _Evidence) -> list[Alignment]:
    """Leave out what two texts share by chance."""
    alone: list[Alignment] = []
    doubtful: list[Alignment] = []
    listed: dict[tuple[int, int], list[Alignment]] = {}
    by_pair: dict[tuple[int, int], list[Alignment]] = {}
    for alignment in alignments:
        found = evidence.of(alignment.blocks)
        pair = alignment.part_a, alignment.part_b
        if alignment.similarity < SIMILARITY_MIN:
            continue
        if _speaks_for_itself(alignment, found):
            alone.append(alignment)
            by_pair.setdefault(pair, []).append(alignment)
        elif found >= EVIDENCE_COMPANY_MIN and alignment.matched >= COMPANY_MATCHED_MIN:
            doubtful.append(alignment)
        elif alignment.longest >= GUARANTEED and alignment.similarity >= SAME_SIMILARITY:
            listed.setdefault(pair, []).append(alignment)
    company = [a for a in doubtful if any(_near(a, other) for other in by_pair.get((a.part_a, a.part_b), ()))]
    lists = [pair for pair in listed.values() if sum(a.matched for a in pair) >= LIST_MATCHED_MIN]
    return alone + company + [a for pair in lists for a in pair]


def _speaks_for_itself(alignment: Alignment, evidence: int) -> bool:
    if alignment.similarity < SIMILARITY_ALONE_MIN:
        return False
    needed = EVIDENCE_ALONE_MIN
    if alignment.longest >= GUARANTEED:
        needed = EVIDENCE_SAME_MIN if alignment.similarity >= SAME_SIMILARITY else EVIDENCE_MIN
    if evidence >= needed or alignment.longest >= KNOWN_RUN_MIN:
        return True
    return alignment.matched >= KNOWN_MATCHED_MIN and alignment.similarity >= KNOWN_SIMILARITY_MIN


def _near(a: Alignment, b: Alignment) -> bool:
    """Whether two passages lie near each other on both sides, and do not lie in each other on either."""
    gap_a = max(a.start_a, b.start_a) - min(a.end_a, b.end_a)
    gap_b = max(a.start_b, b.start_b) - min(a.end_b, b.end_b)
    return -3 <= gap_a <= COMPANY_DISTANCE and -3 <= gap_b <= COMPANY_DISTANCE


def _passage(
    alignment: Alignment, draft: Side, sources: Side, section: str, source: int, source_section: str
) -> Passage | None:
    """The alignment in characters of the original sections; None where nothing is left of it."""
    a, b = draft.parts[alignment.part_a], sources.parts[alignment.part_b]
    offset_a, offset_b = int(draft.bounds[alignment.part_a]), int(sources.bounds[alignment.part_b])
    start, end = int(a.starts[alignment.start_a - offset_a]), int(a.ends[alignment.end_a - 1 - offset_a])
    source_start = int(b.starts[alignment.start_b - offset_b])
    source_end = int(b.ends[alignment.end_b - 1 - offset_b])
    start, source_start = _marks_before(a.text, start, b.text, source_start)
    end, source_end = _marks_after(a.text, end, b.text, source_end)
    same = _plain(a.text[start:end]) == _plain(b.text[source_start:source_end])
    return Passage(
        section,
        start,
        end,
        source,
        source_section,
        source_start,
        source_end,
        1.0 if same else min(0.999, round(alignment.similarity, 4)),
        "verbatim" if same else "edited",
        tuple(_original(block, a, offset_a, b, offset_b) for block in alignment.blocks),
    )


def _original(block: Block, a: Folded, offset_a: int, b: Folded, offset_b: int) -> tuple[int, int, int, int]:
    place_a, place_b, length = block[0] - offset_a, block[1] - offset_b, block[2]
    return (
        int(a.starts[place_a]),
        int(a.ends[place_a + length - 1]),
        int(b.starts[place_b]),
        int(b.ends[place_b + length - 1]),
    )


def _plain(text: str) -> str:
    return "".join(normalize(text).text.split())


def _marks_before(a: str, start: int, b: str, source_start: int) -> tuple[int, int]:
    """Take along the opening marks that stand before the passage on both sides."""
    while start and source_start and a[start - 1] == b[source_start - 1] and a[start - 1] in _OPENING:
        start, source_start = start - 1, source_start - 1
    if not a[:start].strip() and not b[:source_start].strip():
        return 0, 0
    return _marks_at_begin(a, start, b, source_start)


def _marks_at_begin(a: str, start: int, b: str, source_start: int) -> tuple[int, int]:
    """Where both sections begin with the same marks, the passage begins with the sections."""
    if start <= _MARKS_MAX and a[:start] == b[:source_start] and not any(map(str.isalnum, a[:start])):
        return 0, 0
    return start, source_start


def _marks_after(a: str, end: int, b: str, source_end: int) -> tuple[int, int]:
    """Take along the closing marks that stand behind the passage on both sides."""
    while end < len(a) and source_end < len(b) and a[end] == b[source_end] and not a[end].isalnum():
        if a[end] in _OPENING:
            break
        end, source_end = end + 1, source_end + 1
    return end, source_end


_OPENING = frozenset("“‘《〈（([{【〔「『<")
_MARKS_MAX = 8
