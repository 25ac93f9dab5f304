"""Seed and extend: chains of common runs become aligned passages, exact to the character on both sides.

Every pair of parts is aligned for itself. A chain is a series of runs that follow each other on both sides; what lies
between two runs (words replaced, put in or left out) costs by its length, so that a chain ends where two texts have no
more in common. The gaps and the ends are then aligned character by character (longest common subsequence).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import LCSseq, Levenshtein

from perfsearch.extract.anchors import Anchors, Side

GAP_MAX = 90
"""Characters that may lie between two runs of one chain on either side: a sentence put in."""
GAP_COST = 0.3
SHIFT_COST = 0.1
"""Per character of the longer side of a gap, and of the difference of both sides. Two runs of 4 in unrelated text lie
40 apart and never pay for it; with three words in ten replaced, runs of 7 lie 9 apart."""
LOOK_BACK = 48
CHAINS_MAX = 500
"""Of one pair of sections the best chains are aligned; two texts of 1 MB of prose have 280."""
EXTENSION = 48
"""Characters beyond either end of a chain that are looked at for words it missed."""
MISMATCH_COST = 0.5
EDGE = 6
"""A passage ends at the end of a sentence or clause that lies up to this many characters beyond, on both sides."""
CHAINED_SHARE = 0.5
"""Of two chains that have more than this share of their characters in common, on both sides, only the better stays."""

SIMILARITY_MIN = 0.5
"""Below it an alignment is no passage. Unrelated passages of equal length have 0.15 to 0.3 of their characters in
common and in order; with three words in ten replaced it is 0.65 to 0.75."""

Block = tuple[int, int, int]
"""(place in the draft, place in the source, length) of a run that is the same on both sides."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A passage of part `part_a` against one of part `part_b`; places count from the beginning of the side."""

    part_a: int
    part_b: int
    start_a: int
    end_a: int
    start_b: int
    end_b: int
    matched: int
    """Characters that are the same on both sides, in order."""
    blocks: tuple[Block, ...]

    @property
    def similarity(self) -> float:
        """Twice the common characters by the characters of both sides, 0 to 1."""
        total = self.end_a - self.start_a + self.end_b - self.start_b
        return 2 * self.matched / total if total else 0.0

    @property
    def longest(self) -> int:
        """Length of the longest common run."""
        return max(length for _, _, length in self.blocks)


def align(
    draft: Side, sources: Side, anchors: Anchors, worth: Callable[[list[Block]], bool], own: bool = False
) -> list[Alignment]:
    """Align every pair of parts that have anchors; `own` when both sides are the same text.

    Chains that are not `worth` it are left out before they are aligned.
    """
    if not len(anchors):
        return []
    part_a, part_b = draft.part_of(anchors.a), sources.part_of(anchors.b)
    order = np.lexsort((anchors.b, anchors.a, part_b, part_a))
    pair = part_a[order] * len(sources.parts) + part_b[order]
    cuts = [0, *(np.flatnonzero(np.diff(pair)) + 1).tolist(), len(order)]
    a, b, length = (column[order].tolist() for column in (anchors.a, anchors.b, anchors.length))
    found: list[Alignment] = []
    texts_a, texts_b = _Texts(draft), _Texts(sources)
    for start, end in pairwise(cuts):
        parts = int(part_a[order[start]]), int(part_b[order[start]])
        blocks = list(zip(a[start:end], b[start:end], length[start:end], strict=True))
        chains = [chain for chain in _chains(blocks) if worth(chain)][:CHAINS_MAX]
        if chains:
            frame = _Frame(texts_a, texts_b, *parts, own=own and parts[0] == parts[1])
            found.extend(frame.align(chains))
    return found


class _Texts:
    """The strings of a side's parts, each made once."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._strings: dict[int, str] = {}

    def of(self, part: int) -> tuple[str, int]:
        """A part's string and the place at which it begins."""
        found = self._strings.get(part)
        if found is None:
            found = self._strings[part] = self.side.parts[part].string()
        return found, int(self.side.bounds[part])


class _Frame:
    """One pair of parts."""

    def __init__(self, draft: _Texts, sources: _Texts, part_a: int, part_b: int, own: bool) -> None:
        self.part_a = part_a
        self.part_b = part_b
        # Whether both are the same part: its passages must not reach into each other.
        self.own = own
        self.text_a, self.offset_a = draft.of(part_a)
        self.text_b, self.offset_b = sources.of(part_b)

    def align(self, chains: list[list[Block]]) -> list[Alignment]:
        found: list[Alignment] = []
        for chain in chains:
            alignment = self._build(chain)
            if alignment is not None and not any(_covers(other, alignment) for other in found):
                found.append(alignment)
        return found

    def _build(self, chain: list[Block]) -> Alignment | None:
        blocks = _trim(chain)
        blocks = self._extend(blocks, forward=False)
        blocks = self._extend(blocks, forward=True)
        blocks = self._fill(blocks)
        if self.own:
            blocks = _apart(blocks)
        if not blocks:
            return None
        first, last = blocks[0], blocks[-1]
        return Alignment(
            self.part_a,
            self.part_b,
            first[0],
            last[0] + last[2],
            first[1],
            last[1] + last[2],
            sum(length for _, _, length in blocks),
            tuple(blocks),
        )

    def _extend(self, blocks: list[Block], forward: bool) -> list[Block]:
        """Add the runs beyond one end that are worth the characters between them."""
        for _ in range(8):
            grown = self._extend_once(blocks, forward)
            if len(grown) == len(blocks):
                return grown
            blocks = grown
        return blocks

    def _extend_once(self, blocks: list[Block], forward: bool) -> list[Block]:
        if forward:
            a, b = blocks[-1][0] + blocks[-1][2], blocks[-1][1] + blocks[-1][2]
            at_a, at_b = a - self.offset_a, b - self.offset_b
            text_a, text_b = self.text_a[at_a : at_a + EXTENSION], self.text_b[at_b : at_b + EXTENSION]
        else:
            a, b = blocks[0][0], blocks[0][1]
            at_a, at_b = a - self.offset_a, b - self.offset_b
            text_a = self.text_a[max(0, at_a - EXTENSION) : at_a][::-1]
            text_b = self.text_b[max(0, at_b - EXTENSION) : at_b][::-1]
        if not text_a or not text_b:
            return blocks
        added = _worthwhile(text_a, text_b)
        if forward:
            return blocks + [(a + i, b + j, n) for i, j, n in added]
        return [(a - i - n, b - j - n, n) for i, j, n in reversed(added)] + blocks

    def _fill(self, blocks: list[Block]) -> list[Block]:
        """Align what lies between two runs."""
        filled: list[Block] = [blocks[0]]
        for block in blocks[1:]:
            a, b = filled[-1][0] + filled[-1][2], filled[-1][1] + filled[-1][2]
            if block[0] > a and block[1] > b:
                text_a = self.text_a[a - self.offset_a : block[0] - self.offset_a]
                text_b = self.text_b[b - self.offset_b : block[1] - self.offset_b]
                filled.extend((a + i, b + j, n) for i, j, n in _common(text_a, text_b))
            filled.append(block)
        return _joined(filled)


def snap(alignment: Alignment, draft: Side, sources: Side) -> Alignment:
    """Let a passage begin and end with its sentence or clause, where that lies near on both sides."""
    parts = alignment.part_a, alignment.part_b
    before = _reach(draft, parts[0], alignment.start_a, -1), _reach(sources, parts[1], alignment.start_b, -1)
    after = _reach(draft, parts[0], alignment.end_a, 1), _reach(sources, parts[1], alignment.end_b, 1)
    if before[0] is not None and before[1] is not None:
        alignment = replace(alignment, start_a=alignment.start_a - before[0], start_b=alignment.start_b - before[1])
    if after[0] is not None and after[1] is not None:
        alignment = replace(alignment, end_a=alignment.end_a + after[0], end_b=alignment.end_b + after[1])
    return alignment


def _reach(side: Side, part: int, place: int, step: int) -> int | None:
    """How many characters on from a place its clause ends, if that is at most EDGE; `step` is 1 or -1."""
    begin, end = int(side.bounds[part]), int(side.bounds[part + 1])
    folded = side.parts[part]
    for distance in range(EDGE + 1):
        at = place + step * distance
        if at in (begin, end):
            return distance
        between = folded.text[int(folded.ends[at - 1 - begin]) : int(folded.starts[at - begin])]
        if any(mark in CLAUSE_MARKS for mark in between):
            return distance
    return None


CLAUSE_MARKS = frozenset("。！？；：，、,;:!?\n.…（）()")


def _chains(anchors: list[Block]) -> list[list[Block]]:
    """Chains of runs, the best first; every run is in one chain at most. `anchors` ascend in the draft."""
    scores: list[float] = []
    previous: list[int] = []
    for index, (a, b, length) in enumerate(anchors):
        best, link = float(length), -1
        for before in range(index - 1, max(-1, index - 1 - LOOK_BACK), -1):
            a0, b0, n0 = anchors[before]
            if a0 == a or b0 >= b:
                continue
            gap_a, gap_b = a - a0 - n0, b - b0 - n0
            if gap_a > GAP_MAX or gap_b > GAP_MAX:
                continue
            overlap = -min(gap_a, gap_b, 0)
            if overlap >= length:
                continue
            gap_a, gap_b = gap_a + overlap, gap_b + overlap
            cost = GAP_COST * max(gap_a, gap_b) + SHIFT_COST * abs(gap_a - gap_b)
            score = scores[before] + length - overlap - cost
            if score > best:
                best, link = score, before
        scores.append(best)
        previous.append(link)
    used = [False] * len(anchors)
    chains: list[list[Block]] = []
    for end in sorted(range(len(anchors)), key=lambda index: -scores[index]):
        if used[end]:
            continue
        chain: list[Block] = []
        at = end
        while at >= 0 and not used[at]:
            used[at] = True
            chain.append(anchors[at])
            at = previous[at]
        chains.append(chain[::-1])
    return sorted(chains, key=lambda chain: -sum(length for _, _, length in chain))


def _trim(chain: list[Block]) -> list[Block]:
    """Cut from each run what the run before it has already taken on either side."""
    blocks = [chain[0]]
    for a, b, length in chain[1:]:
        a0, b0, n0 = blocks[-1]
        overlap = max(a0 + n0 - a, b0 + n0 - b, 0)
        if overlap < length:
            blocks.append((a + overlap, b + overlap, length - overlap))
    return _joined(blocks)


def _joined(blocks: list[Block]) -> list[Block]:
    """Join runs that continue each other."""
    joined = [blocks[0]]
    for a, b, length in blocks[1:]:
        a0, b0, n0 = joined[-1]
        if a == a0 + n0 and b == b0 + n0:
            joined[-1] = (a0, b0, n0 + length)
        else:
            joined.append((a, b, length))
    return joined


def _common(text_a: str, text_b: str) -> list[Block]:
    """The runs of the longest common subsequence."""
    return [
        (op.src_start, op.dest_start, op.src_end - op.src_start)
        for op in LCSseq.opcodes(text_a, text_b)
        if op.tag == "equal"
    ]


def _worthwhile(text_a: str, text_b: str) -> list[Block]:
    """The common runs from the beginning of two texts on, as far as they outweigh what lies between them."""
    best, best_count = 0.0, 0
    score = 0.0
    runs: list[Block] = []
    for op in Levenshtein.opcodes(text_a, text_b):
        size = max(op.src_end - op.src_start, op.dest_end - op.dest_start)
        if op.tag != "equal":
            score -= MISMATCH_COST * size
            continue
        runs.append((op.src_start, op.dest_start, size))
        # A single common character between two differences is chance more often than not.
        score += size if size > 1 else 0.25
        if score > best:
            best, best_count = score, len(runs)
    return runs[:best_count]


def _apart(blocks: list[Block]) -> list[Block]:
    """Of a passage that repeats within one part, keep so much that its two places do not overlap."""
    begin_b = blocks[0][1]
    kept: list[Block] = []
    for a, b, length in blocks:
        size = min(length, begin_b - a)
        if size > 0:
            kept.append((a, b, size))
    return kept


def _covers(better: Alignment, other: Alignment) -> bool:
    """Whether most of `other` lies within `better` on both sides."""
    share_a = min(better.end_a, other.end_a) - max(better.start_a, other.start_a)
    share_b = min(better.end_b, other.end_b) - max(better.start_b, other.start_b)
    return share_a > CHAINED_SHARE * (other.end_a - other.start_a) and share_b > CHAINED_SHARE * (
        other.end_b - other.start_b
    )
