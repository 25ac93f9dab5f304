"""Passages that one filing shares with others, or with itself: offsets into the original sections on both sides."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.alignment import Alignment, Block, align
from perfsearch.extract.anchors import Side, find_anchors, find_own_anchors, lay_out
from perfsearch.extract.fingerprints import GUARANTEED, Folded, fold
from perfsearch.text.normalize import normalize

Mask = NDArray[np.bool_]
Kind = Literal["verbatim", "edited", "paraphrase"]

SIMILARITY_MIN = 0.5
"""Below it an alignment is no passage. Unrelated passages of equal length have 0.15 to 0.3 of their characters in
common and in order; with three words in ten replaced it is 0.65 to 0.75."""
EVIDENCE_RUN = 3
"""Runs from this length on are evidence: their characters outside stock phrases and quotations count."""
EVIDENCE_MIN = 14
"""Evidence that a passage needs with a run of GUARANTEED characters. In 100 drafts of public prose against 300 others
it leaves 6 % of what they share unplanned (titles, slogans, set phrases of the news)."""
EVIDENCE_SAME_MIN = 10
SAME_SIMILARITY = 0.9
"""Less will do where nearly all is the same."""
EVIDENCE_ALONE_MIN = 20
"""What it needs without such a run: only words here and there are left of the source."""
EVIDENCE_COMPANY_MIN = 6
COMPANY_MATCHED_MIN = 9
COMPANY_DISTANCE = 160
"""Less will do where another passage of the same two sections lies near: sentences that were parted or moved."""
KNOWN_RUN_MIN = 25
"""A run of stock phrases or quotation of this length is shown all the same, and marked."""
KNOWN_MATCHED_MIN = 45
KNOWN_SIMILARITY_MIN = 0.75
"""The same for a sentence of stock phrases in which numbers or names differ."""

MERGE_GAP_MAX = 100
MERGE_GAP_SHARE = 0.6
"""Two passages in a row become one if what lies between them, on each side, is at most this long, and at most this
share of the two."""
FOREIGN_GAP_MIN = 12
FOREIGN_SHARE = 0.5
"""A gap of this length is no gap where at least this share of it comes from another source (two sources merged)."""
MOVED_GAP_MAX = 40
MOVED_COVER_MIN = 0.6
"""Passages that follow each other in the draft become one (moved sentences) if they make up this share of the stretch
of the source that they come from."""
MOVED_MAX = 64
OWN_SHARE_MIN = 0.8
"""And if at most a fifth of what is the same in one is the same place as in another."""

WEAKER = 0.2
WEAKER_MATCHED = 1.3
WEAKER_COMMON = 0.7
"""A passage goes if another has this share of its place in the draft, this much more similarity, and so many times
the characters in common."""


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
    found = _accept(align(side_a, side_b, find_anchors(side_a, side_b)), _Evidence(side_a, names_a, known))
    merged = _without_weaker(_merge(found, side_b))
    passages = [_passage(a, side_a, side_b, names_a[a.part_a], *names_b[a.part_b]) for a in merged]
    return [p for p in passages if p is not None and min(p.end - p.start, p.source_end - p.source_start) >= min_length]


def find_own_reuse(
    sections: Mapping[str, Folded], known: Mapping[str, Mask] | None = None, min_length: int = 15
) -> list[Passage]:
    """Every passage that stands twice in a filing, seen from both of its places."""
    names = list(sections)
    side = lay_out([sections[name] for name in names])
    found = _accept(align(side, side, find_own_anchors(side), own=True), _Evidence(side, names, known))
    passages: list[Passage] = []
    for alignment in _merge(found, side):
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
        self._sums = np.concatenate([[0], np.cumsum(counts)])

    def of(self, alignment: Alignment) -> int:
        runs = ((a, a + length) for a, _, length in alignment.blocks if length >= EVIDENCE_RUN)
        return sum(int(self._sums[end] - self._sums[start]) for start, end in runs)


def _accept(alignments: list[Alignment], evidence: _Evidence) -> list[Alignment]:
    """Leave out what two texts share by chance."""
    alone: list[Alignment] = []
    doubtful: list[Alignment] = []
    by_pair: dict[tuple[int, int], list[Alignment]] = {}
    for alignment in alignments:
        found = evidence.of(alignment)
        if alignment.similarity < SIMILARITY_MIN:
            continue
        if _speaks_for_itself(alignment, found):
            alone.append(alignment)
            by_pair.setdefault((alignment.part_a, alignment.part_b), []).append(alignment)
        elif found >= EVIDENCE_COMPANY_MIN and alignment.matched >= COMPANY_MATCHED_MIN:
            doubtful.append(alignment)
    company = [a for a in doubtful if any(_near(a, other) for other in by_pair.get((a.part_a, a.part_b), ()))]
    return alone + company


def _speaks_for_itself(alignment: Alignment, evidence: int) -> bool:
    if alignment.longest >= GUARANTEED and evidence >= EVIDENCE_SAME_MIN:
        return evidence >= EVIDENCE_MIN or alignment.similarity >= SAME_SIMILARITY
    if evidence >= EVIDENCE_ALONE_MIN or alignment.longest >= KNOWN_RUN_MIN:
        return True
    return alignment.matched >= KNOWN_MATCHED_MIN and alignment.similarity >= KNOWN_SIMILARITY_MIN


def _near(a: Alignment, b: Alignment) -> bool:
    """Whether two passages lie near each other on both sides, and do not lie in each other on either."""
    gap_a = max(a.start_a, b.start_a) - min(a.end_a, b.end_a)
    gap_b = max(a.start_b, b.start_b) - min(a.end_b, b.end_b)
    return -3 <= gap_a <= COMPANY_DISTANCE and -3 <= gap_b <= COMPANY_DISTANCE


def _merge(alignments: list[Alignment], sources: Side) -> list[Alignment]:
    cover = _Cover(alignments, sources)
    merged: list[Alignment] = []
    ordered = sorted(alignments, key=lambda a: (a.part_a, a.part_b, a.start_a, a.start_b))
    for _, pair in groupby(ordered, key=lambda a: (a.part_a, a.part_b)):
        merged.extend(_merge_moved(_merge_in_order(list(pair), cover), cover))
    return merged


def _without_weaker(alignments: list[Alignment]) -> list[Alignment]:
    """Leave out a distant likeness of what is much more like another passage.

    Filings of one origin are all somewhat like a copy of one of them; the one that it was copied from explains it.
    """
    strong = sorted((a for a in alignments if a.similarity > SIMILARITY_MIN + WEAKER), key=lambda a: a.start_a)
    starts = [a.start_a for a in strong]
    longest = max((a.end_a - a.start_a for a in strong), default=0)
    kept: list[Alignment] = []
    for a in alignments:
        first = bisect_left(starts, a.start_a - longest)
        last = bisect_left(starts, a.end_a)
        if not any(_explains(other, a) for other in strong[first:last]):
            kept.append(a)
    return kept


def _explains(better: Alignment, alignment: Alignment) -> bool:
    if better.similarity < alignment.similarity + WEAKER or better.matched < WEAKER_MATCHED * alignment.matched:
        return False
    common = min(better.end_a, alignment.end_a) - max(better.start_a, alignment.start_a)
    return common >= WEAKER_COMMON * (alignment.end_a - alignment.start_a)


class _Cover:
    """Which stretches of the draft come from which source, to tell words put in from a second source."""

    def __init__(self, alignments: list[Alignment], sources: Side) -> None:
        self._groups = sources.groups
        self._spans = sorted((a.start_a, a.end_a, int(sources.groups[a.part_b])) for a in alignments)

    def foreign(self, start: int, end: int, alignment: Alignment) -> bool:
        """Whether what lies between is another source's."""
        if end - start < FOREIGN_GAP_MIN:
            return False
        group = int(self._groups[alignment.part_b])
        taken = 0
        at = start
        for begin, stop, owner in self._spans:
            if begin >= end:
                break
            if owner != group and stop > at:
                taken += max(0, min(stop, end) - max(begin, at))
                at = max(at, min(stop, end))
        return taken >= FOREIGN_SHARE * (end - start)


def _merge_in_order(pair: list[Alignment], cover: _Cover) -> list[Alignment]:
    merged: list[Alignment] = []
    for alignment in pair:
        last = merged[-1] if merged else None
        if last is not None and _follows(last, alignment) and not cover.foreign(last.end_a, alignment.start_a, last):
            merged[-1] = _union([last, alignment])
        else:
            merged.append(alignment)
    return merged


def _follows(first: Alignment, second: Alignment) -> bool:
    gap_a, gap_b = second.start_a - first.end_a, second.start_b - first.end_b
    size = min(first.end_a - first.start_a, first.end_b - first.start_b)
    size += min(second.end_a - second.start_a, second.end_b - second.start_b)
    limit = min(MERGE_GAP_MAX, MERGE_GAP_SHARE * size)
    return -3 <= gap_a <= limit and -3 <= gap_b <= limit


def _merge_moved(pair: list[Alignment], cover: _Cover) -> list[Alignment]:
    """Make one of passages in a row that together are one stretch of the source in another order."""
    pair = sorted(pair, key=lambda a: (a.start_a, a.start_b))
    merged: list[Alignment] = []
    at = 0
    while at < len(pair):
        best = at + 1
        reach = pair[at].end_a
        for stop in range(at + 2, min(len(pair), at + MOVED_MAX) + 1):
            following = pair[stop - 1]
            if following.start_a - reach > MOVED_GAP_MAX or cover.foreign(reach, following.start_a, pair[at]):
                break
            reach = max(reach, following.end_a)
            if _is_one_stretch(pair[at:stop]):
                best = stop
        merged.append(_union(pair[at:best]) if best > at + 1 else pair[at])
        at = best
    return merged


def _is_one_stretch(passages: list[Alignment]) -> bool:
    """Whether passages make up one stretch of the draft and of the source, each a part of its own."""
    for side, (begin, end) in enumerate((("start_a", "end_a"), ("start_b", "end_b"))):
        total = sum(length for p in passages for _, _, length in p.blocks)
        runs = [(block[side], block[side] + block[2]) for p in passages for block in p.blocks]
        if _covered(runs) < OWN_SHARE_MIN * total:
            return False  # the same sentence twice
        spans = [(getattr(p, begin), getattr(p, end)) for p in passages]
        if _covered(spans) < MOVED_COVER_MIN * (max(stop for _, stop in spans) - min(start for start, _ in spans)):
            return False
    return True


def _covered(spans: list[tuple[int, int]]) -> int:
    """Places in at least one of the spans."""
    total, reach = 0, -1
    for start, end in sorted(spans):
        total += max(0, end - max(start, reach))
        reach = max(reach, end)
    return total


def _union(passages: list[Alignment]) -> Alignment:
    first = passages[0]
    return Alignment(
        first.part_a,
        first.part_b,
        min(p.start_a for p in passages),
        max(p.end_a for p in passages),
        min(p.start_b for p in passages),
        max(p.end_b for p in passages),
        sum(p.matched for p in passages),
        tuple(block for p in passages for block in p.blocks),
    )


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
