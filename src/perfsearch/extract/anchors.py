"""Where two sets of texts have short runs of characters in common: the seeds of an alignment.

All sections of a draft stand one behind the other on one side, all sections of all candidate sources on the other, so
that one join finds the common runs of them all. A place is an index into the folded characters of a side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.fingerprints import Codes, Folded, gram_hashes

SEED = 4
"""Characters of a seed: where three words in ten are replaced, two words in a row stand every 15 characters."""
SEED_MAX = 16
PAIRS_PER_CHARACTER = 6
PAIRS_MIN = 200_000
"""Beyond this many pairs of seeds (texts that repeat themselves, or of 1 MB) longer seeds are taken."""
OCCURRENCES_MAX = 16
"""A seed that stands more often than this in a draft is paired with one place only: its third place in a source with
its third in the draft, and so on. Within one text it is paired with its next place. Both still find every repeat of
texts that repeat themselves, and stay linear."""
ANCHORS_MAX = 40_000
"""Of more runs the longest are kept: chaining takes 20 microseconds a run."""

LONG = 24
"""Runs from here on explain all shorter ones between their places."""
NEAR_PLACES = 64
NEAR_DIAGONALS = 32
SUPPORT = 13
"""A seed counts if seeds of this many characters lie near it: less than 64 to 128 places and 32 to 64 diagonals off.
Unrelated texts of 2,000 characters have 0.5 seeds in such a neighbourhood."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Texts one behind the other: `bounds[p]:bounds[p + 1]` are the places of part p, `groups[p]` whose text it is."""

    parts: tuple[Folded, ...]
    groups: Ints
    codes: Codes
    bounds: Ints

    def part_of(self, places: Ints) -> Ints:
        """The part in which each place lies."""
        found: Ints = np.searchsorted(self.bounds, places, side="right") - 1
        return found


def lay_out(parts: Sequence[Folded], groups: Sequence[int] | None = None) -> Side:
    """Lay texts one behind the other; without `groups` all belong to one."""
    bounds = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in parts], out=bounds[1:])
    codes = np.concatenate([part.codes for part in parts]) if parts else np.empty(0, dtype=np.uint32)
    owners = np.zeros(len(parts), dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64)
    return Side(tuple(parts), owners, codes, bounds)


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """Common runs: the characters `a:a + length` of one side are `b:b + length` of the other."""

    a: Ints
    b: Ints
    length: Ints

    def __len__(self) -> int:
        return len(self.a)

    def where(self, keep: NDArray[np.bool_]) -> Anchors:
        """Those of them that are kept."""
        return Anchors(self.a[keep], self.b[keep], self.length[keep])


def find_anchors(draft: Side, sources: Side) -> Anchors:
    """The maximal common runs that may belong to a shared passage."""
    budget = PAIRS_MIN + PAIRS_PER_CHARACTER * (len(draft.codes) + len(sources.codes))
    for seed in range(SEED, SEED_MAX + 1, 2):
        pairs = _pairs(draft, sources, seed, budget if seed < SEED_MAX else None)
        if pairs is not None:
            return _prune(_runs(*pairs, seed), draft, sources)
    raise AssertionError("the last seed has no budget")


def find_own_anchors(text: Side) -> Anchors:
    """The runs that a text has in common with itself, each pair of places once (`a` before `b`)."""
    budget = PAIRS_MIN + PAIRS_PER_CHARACTER * len(text.codes)
    for seed in range(SEED, SEED_MAX + 1, 2):
        pairs = _own_pairs(text, seed)
        if len(pairs[0]) <= budget or seed == SEED_MAX:
            return _prune(_runs(*pairs, seed), text, text)
    raise AssertionError("the last seed has no budget")


def _grams(side: Side, seed: int) -> tuple[NDArray[np.uint64], Ints]:
    """Hashes of the seeds and their places; a seed never reaches over the end of its part."""
    hashes = gram_hashes(side.codes, seed)
    places = np.arange(len(hashes), dtype=np.int64)
    ends = np.repeat(side.bounds[1:], np.diff(side.bounds))[: len(hashes)]
    inside = places + seed <= ends
    return hashes[inside], places[inside]


def _pairs(draft: Side, sources: Side, seed: int, budget: int | None) -> tuple[Ints, Ints] | None:
    """Places of equal seeds; None where they are more than the budget."""
    hashes_a, places_a = _grams(draft, seed)
    hashes_b, places_b = _grams(sources, seed)
    if not len(hashes_a) or not len(hashes_b):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    # Most seeds of the sources are not in the draft: a table of 2**18 bits sorts them out before the search.
    table = np.zeros(1 << 18, dtype=np.bool_)
    table[hashes_a & np.uint64((1 << 18) - 1)] = True
    likely = table[hashes_b & np.uint64((1 << 18) - 1)]
    hashes_b, places_b = hashes_b[likely], places_b[likely]
    order = np.argsort(hashes_a, kind="stable")
    hashes_a, places_a = hashes_a[order], places_a[order]
    first = np.searchsorted(hashes_a, hashes_b, side="left")
    counts = np.searchsorted(hashes_a, hashes_b, side="right") - first
    frequent = counts > OCCURRENCES_MAX
    if frequent.any():
        rank = _ranks(hashes_b[frequent], sources.groups[sources.part_of(places_b[frequent])])
        first[frequent] += np.minimum(rank, counts[frequent] - 1)
        counts[frequent] = 1
    if budget is not None and int(counts.sum()) > budget:
        return None
    ends = np.cumsum(counts)
    within = np.arange(int(ends[-1]) if len(ends) else 0, dtype=np.int64) - np.repeat(ends - counts, counts)
    return places_a[np.repeat(first, counts) + within], np.repeat(places_b, counts)


def _ranks(hashes: NDArray[np.uint64], groups: Ints) -> Ints:
    """For each seed how many equal ones of the same group stand before it."""
    order = np.lexsort((groups, hashes))
    same = (np.diff(hashes[order]) == 0) & (np.diff(groups[order]) == 0)
    places = np.arange(len(order), dtype=np.int64)
    begins = np.maximum.accumulate(np.where(np.r_[False, same], 0, places))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = places - begins
    return ranks


def _own_pairs(text: Side, seed: int) -> tuple[Ints, Ints]:
    hashes, places = _grams(text, seed)
    order = np.argsort(hashes, kind="stable")
    hashes, places = hashes[order], places[order]
    found_a: list[Ints] = [np.empty(0, dtype=np.int64)]
    found_b: list[Ints] = [np.empty(0, dtype=np.int64)]
    if len(hashes):
        _, inverse, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
        rare = sizes[inverse] <= OCCURRENCES_MAX
        for lag in range(1, OCCURRENCES_MAX):
            same = hashes[lag:] == hashes[:-lag]
            if lag > 1:
                same &= rare[lag:]
            if not same.any():
                break
            found_a.append(places[:-lag][same])
            found_b.append(places[lag:][same])
    return np.concatenate(found_a), np.concatenate(found_b)


def _runs(a: Ints, b: Ints, seed: int) -> Anchors:
    """Join seeds that continue each other."""
    if not len(a):
        return Anchors(a, b, a)
    order = np.lexsort((a, b - a))
    a, b = a[order], b[order]
    begins = np.ones(len(a), dtype=np.bool_)
    begins[1:] = (np.diff(b - a) != 0) | (np.diff(a) != 1)
    first = np.flatnonzero(begins)
    lengths = np.diff(np.append(first, len(a))) + seed - 1
    return Anchors(a[first], b[first], lengths)


def _prune(anchors: Anchors, draft: Side, sources: Side) -> Anchors:
    anchors = _without_explained(anchors, draft, sources)
    anchors = anchors.where(_supported(anchors))
    if len(anchors) <= ANCHORS_MAX:
        return anchors
    keep = np.zeros(len(anchors), dtype=np.bool_)
    keep[np.argsort(-anchors.length, kind="stable")[:ANCHORS_MAX]] = True
    return anchors.where(keep)


def _without_explained(anchors: Anchors, draft: Side, sources: Side) -> Anchors:
    """Leave out short runs whose both places lie within long runs between the draft and the same source."""
    long = np.flatnonzero(anchors.length >= LONG)
    if not len(long):
        return anchors
    groups = sources.groups[sources.part_of(anchors.b)]
    used, index = np.unique(groups[long], return_inverse=True)
    n_a, n_b = len(draft.codes), len(sources.codes)
    if len(used) * n_a > 100_000_000:
        return anchors
    covered_a = np.zeros(len(used) * n_a + 1, dtype=np.int32)
    covered_b = np.zeros(n_b + 1, dtype=np.int32)
    np.add.at(covered_a, index * n_a + anchors.a[long], 1)
    np.add.at(covered_a, index * n_a + anchors.a[long] + anchors.length[long], -1)
    np.add.at(covered_b, anchors.b[long], 1)
    np.add.at(covered_b, anchors.b[long] + anchors.length[long], -1)
    in_a, in_b = np.cumsum(covered_a), np.cumsum(covered_b)
    row = np.minimum(np.searchsorted(used, groups), len(used) - 1)
    known = used[row] == groups
    last = anchors.length - 1
    explained = known & (in_a[row * n_a + anchors.a] > 0) & (in_a[row * n_a + anchors.a + last] > 0)
    explained &= (in_b[anchors.b] > 0) & (in_b[anchors.b + last] > 0)
    return anchors.where(~explained | (anchors.length >= LONG))


def _supported(anchors: Anchors) -> NDArray[np.bool_]:
    """Whether the runs in the neighbourhood of a run, it included, have SUPPORT characters."""
    if not len(anchors):
        return np.empty(0, dtype=np.bool_)
    diagonal = anchors.b - anchors.a
    diagonal = diagonal - diagonal.min()
    columns = int(diagonal.max()) // NEAR_DIAGONALS + 3
    cell = (anchors.a // NEAR_PLACES + 1) * columns + diagonal // NEAR_DIAGONALS + 1
    cells, index = np.unique(cell, return_inverse=True)
    sums = np.bincount(index, weights=anchors.length)
    around = np.zeros(len(cells))
    for rows in (-1, 0, 1):
        for shift in (-1, 0, 1):
            wanted = cells + rows * columns + shift
            place = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
            around += np.where(cells[place] == wanted, sums[place], 0.0)
    found: NDArray[np.bool_] = around[index] >= SUPPORT
    return found
