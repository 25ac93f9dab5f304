"""Makes one passage of several alignments that belong together, and drops those that a better one explains."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from perfsearch.extract.alignment import SIMILARITY_MIN, Alignment, Block
from perfsearch.extract.anchors import Side

MERGE_GAP_MAX = 100
MERGE_GAP_SHARE = 0.6
"""Two passages in a row become one if what lies between them, on each side, is at most this long, and at most this
share of the two."""
FOREIGN_GAP_MIN = 12
FOREIGN_SHARE = 0.5
STRETCH_GAP_MAX = 8
"""A gap of this length is no gap where at least this share of it comes from another source (two sources merged)."""
MOVED_GAP_MAX = 40
MOVED_COVER_MIN = 0.6
"""Passages that follow each other in the draft become one (moved sentences) if they make up this share of the stretch
of the source that they come from."""
MOVED_MAX = 24
OWN_SHARE_MIN = 0.8
"""And if at most a fifth of what is the same in one is the same place as in another."""

WEAKER = 0.2
WEAKER_MATCHED = 1.3
WEAKER_COMMON = 0.7
"""A passage goes if another has this share of its place in the draft, this much more similarity, and so many times
the characters in common."""


def merge(alignments: list[Alignment], sources: Side) -> list[Alignment]:
    """Join what was parted by words put in, and sentences that were moved; passages of two sources stay apart."""
    cover = _Cover(alignments, sources)
    alignments = [part for alignment in alignments for part in _split(alignment, cover)]
    merged: list[Alignment] = []
    ordered = sorted(alignments, key=lambda a: (a.part_a, a.part_b, a.start_a, a.start_b))
    for _, pair in groupby(ordered, key=lambda a: (a.part_a, a.part_b)):
        merged.extend(_merge_moved(_merge_in_order(list(pair), cover), cover))
    return merged


def without_weaker(alignments: list[Alignment]) -> list[Alignment]:
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
        self._spans = sorted(
            (start, end, int(sources.groups[a.part_b])) for a in alignments for start, end in _stretches(a.blocks)
        )

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


def _stretches(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Places of the draft that runs make up, small gaps included."""
    found: list[tuple[int, int]] = []
    for start, _, length in sorted(blocks):
        if found and start - found[-1][1] <= STRETCH_GAP_MAX:
            found[-1] = (found[-1][0], max(found[-1][1], start + length))
        else:
            found.append((start, start + length))
    return found


def _split(alignment: Alignment, cover: _Cover) -> list[Alignment]:
    """Part a passage where the draft has another source's words in it and the source goes straight on."""
    parts: list[list[Block]] = [[]]
    # Runs of a character or two between other words are chance.
    blocks = [block for block in alignment.blocks if block[2] > 1] or list(alignment.blocks)
    for block in blocks:
        if parts[-1]:
            end_a, end_b = parts[-1][-1][0] + parts[-1][-1][2], parts[-1][-1][1] + parts[-1][-1][2]
            one_sided = block[1] - end_b <= (block[0] - end_a) // 2
            if one_sided and cover.foreign(end_a, block[0], alignment):
                parts.append([])
        parts[-1].append(block)
    if len(parts) == 1:
        return [alignment]
    return [_of_blocks(alignment, part) for part in parts]


def _of_blocks(alignment: Alignment, blocks: list[Block]) -> Alignment:
    first, last = blocks[0], blocks[-1]
    return replace(
        alignment,
        start_a=first[0],
        end_a=last[0] + last[2],
        start_b=first[1],
        end_b=last[1] + last[2],
        matched=sum(length for _, _, length in blocks),
        blocks=tuple(blocks),
    )


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
    for spans in ([(p.start_a, p.end_a) for p in passages], [(p.start_b, p.end_b) for p in passages]):
        if _covered(spans) < MOVED_COVER_MIN * (max(end for _, end in spans) - min(start for start, _ in spans)):
            return False
    total = sum(length for p in passages for _, _, length in p.blocks)
    for side in (0, 1):
        runs = [(block[side], block[side] + block[2]) for p in passages for block in p.blocks]
        if _covered(runs) < OWN_SHARE_MIN * total:
            return False  # the same sentence twice
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
