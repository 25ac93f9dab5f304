"""Which stored filings may share a passage with a draft, and which of its characters many applicants' filings have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.fingerprints import GRAM, WINDOW, Folded, all_grams
from perfsearch.extract.stock import covered

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

LISTED_MAX = 96
"""Filings of one segment that a fingerprint lists; what stands in more says little about any of them."""
APPLICANTS_MIN = 5
APPLICANTS_MAX = 20
APPLICANTS_SHARE = 0.02
"""A run of characters that so many applicants have (a share of all, within bounds) is a stock sentence."""
COMMON_WEIGHT = 0.1
"""What a stock fingerprint weighs against a telling one: enough to find an example where there is nothing else."""

WHOLE_MAX = 32
"""Filings with the most telling fingerprints in common with the whole draft."""
STRETCH = 96
STRETCH_MAX = 2
"""And so many of each stretch of this many characters, so that a short copy of one source is found in a long draft."""
CANDIDATES_MAX = 64
SMALL_LIBRARY = 48
"""So few filings are all aligned, whatever they share."""

TABLE_MAX = 4_000_000
"""Values for which a table is kept instead of sorting: 20 MB for some milliseconds."""

WINDOW_SHARED = 48
"""Characters in which a sentence that many applicants fill in their own way is looked for, beginning every half of it."""
WINDOW_HITS = 3
"""Fingerprints of one filing in a window that show that it has the sentence: a filing keeps one gram in five."""
HULL_SHARE = 0.3
"""Of so many of these filings the kept grams reach over a character of the sentence; at its ends few do."""

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Filings to align, best first, and by section which characters are stock in this library."""

    filing_nos: list[int]
    common: dict[str, Mask]
    stock_from: float
    """Applicants of this library that make a run of characters a stock sentence."""


def find_candidates(view: View, folded: Mapping[str, Folded], own: int | None) -> Candidates:
    """Ask the index with every gram of the draft; `own` is the draft's own number, if it is stored."""
    grams, places = all_grams(list(folded.values()))
    hashes, inverse = np.unique(grams, return_inverse=True)
    index, filings, counts = view.fingerprints.postings(hashes, LISTED_MAX)
    keep = view.catalog.knows(filings)
    if own is not None:
        keep &= filings != own
    index, filings = index[keep], filings[keep]
    stock = _stock(view, index, filings, len(hashes))
    weights = np.log((view.n_filings + 1) / (counts + 0.5)).clip(0.05) * np.where(stock, COMMON_WEIGHT, 1.0)
    order = np.argsort(inverse, kind="stable")
    found = _Postings.at_places(index, filings, places[order], inverse[order])
    least = stock_from(count_applicants(view.catalog["applicant"].astype(np.int64)))
    common = _by_section(folded, stock[inverse], places)
    for name, mask in _in_many_hands(view, folded, found, least).items():
        common[name] |= mask
    return Candidates(_choose(found, weights), common, least)


@dataclass(frozen=True, slots=True)
class _Postings:
    """The postings of a draft's grams, once for every place of the gram in the draft (four at most)."""

    numbers: Ints
    """(n,) the filings, ascending."""
    owner: Ints
    """(n_postings,) the filing of each posting, an index into `numbers`."""
    index: Ints
    """(n_postings,) its hash."""
    at_place: Ints
    """(n_places,) the posting that stands at each place, an index into `owner`."""
    place: Ints

    @classmethod
    def at_places(cls, index: Ints, filings: Ints, places: Ints, grams: Ints) -> _Postings:
        """`grams` ascend and are the hashes of the draft's grams at `places`."""
        numbers, owner = _distinct(filings, int(filings.max(initial=0)) + 1)
        first = np.searchsorted(grams, index, side="left")
        sizes = np.minimum(np.searchsorted(grams, index, side="right") - first, 4)
        ends = np.cumsum(sizes)
        within = np.arange(int(ends[-1]) if len(ends) else 0, dtype=np.int64) - np.repeat(ends - sizes, sizes)
        at_place = np.repeat(np.arange(len(index), dtype=np.int64), sizes)
        return cls(numbers, owner, index, at_place, places[np.repeat(first, sizes) + within])


def _in_many_hands(view: View, folded: Mapping[str, Folded], found: _Postings, least: float) -> dict[str, Mask]:
    """By section what stands, in a window of the draft, in the filings of `least` applicants.

    A stock sentence with other names and numbers in every filing has few grams that many filings kept; that each of
    these filings kept some of them shows it. Marked is what lies between the first and the last of them.
    """
    owner = found.owner[found.at_place]
    rows = np.searchsorted(view.catalog["filing_no"], found.numbers)
    applicants = view.catalog["applicant"].astype(np.int64)[rows]
    applicants = np.where(applicants < 0, len(view.catalog["applicant"]) + np.arange(len(rows)), applicants)
    lengths = np.asarray([len(text) for text in folded.values()], dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    # Apart by a window and more, so that none reaches into the next section.
    rooms = (lengths // WINDOW_SHARED + 2) * WINDOW_SHARED
    shifts = np.cumsum(rooms) - rooms - begins
    place = found.place + shifts[np.searchsorted(begins + lengths, found.place, side="right")]
    marked = np.zeros(int(rooms.sum()) + WINDOW_SHARED, dtype=np.bool_)
    for offset in (0, WINDOW_SHARED // 2):
        marked |= _windows_of_many(place, owner, applicants, offset, least, len(marked))
    return {
        name: marked[begin + shift : begin + shift + len(text)]
        for (name, text), begin, shift in zip(folded.items(), begins.tolist(), shifts.tolist(), strict=True)
    }


def _windows_of_many(
    place: Ints, owner: Ints, applicants: Ints, offset: int, least: float, length: int
) -> NDArray[np.bool_]:
    """(length,) the places that the windows beginning at `offset` mark."""
    steps = np.zeros(length + 1, dtype=np.int32)
    n_owners = max(1, len(applicants))
    key = (place + offset) // WINDOW_SHARED * n_owners + owner
    keys, at = _distinct(key, int(key.max(initial=0)) + 1)
    having = np.bincount(at, minlength=len(keys)) >= WINDOW_HITS
    if not having.any():
        return steps[:-1] > 0
    begin = np.full(len(keys), length, dtype=np.int64)
    end = np.zeros(len(keys), dtype=np.int64)
    np.minimum.at(begin, at, place)
    np.maximum.at(end, at, place)
    begin, end = begin[having], end[having]
    windows, hands = keys[having] // n_owners, applicants[keys[having] % n_owners]
    n_hands = int(hands.max()) + 1
    many, counts = np.unique(_sorted(windows * n_hands + hands) // n_hands, return_counts=True)
    shared = np.isin(windows, many[counts >= least])
    np.add.at(steps, begin[shared], 1)
    np.add.at(steps, np.minimum(end[shared] + GRAM, length), -1)
    return np.cumsum(steps[:-1]) >= max(2.0, HULL_SHARE * least)


def _distinct(values: Ints, n_values: int) -> tuple[Ints, Ints]:
    """What `np.unique` says of values below `n_values`, with the inverse; by a table where that is small."""
    if n_values > TABLE_MAX:
        keys, inverse = np.unique(values, return_inverse=True)
        return keys, inverse
    seen = np.zeros(n_values, dtype=np.bool_)
    seen[values] = True
    ranks = np.cumsum(seen, dtype=np.int32) - 1
    return np.flatnonzero(seen), ranks[values].astype(np.int64)


def _sorted(values: Ints) -> Ints:
    """Each value once, ascending: `np.unique` without an inverse hashes, which takes three times as long here."""
    values = np.sort(values)
    return values[np.r_[True, values[1:] != values[:-1]]] if len(values) else values


def _stock(view: View, index: Ints, filings: Ints, n_hashes: int) -> Mask:
    """Which fingerprints stand in filings of so many applicants that nobody copied them from one of the others."""
    catalog = view.catalog
    applicants = catalog["applicant"].astype(np.int64)
    least = stock_from(count_applicants(applicants))
    # Only what stands in so many filings can stand in those of so many applicants.
    often = np.bincount(index, minlength=n_hashes)[index] >= least
    index, filings = index[often], filings[often]
    rows = np.searchsorted(catalog["filing_no"], filings)
    # A filing without an applicant counts for one of its own.
    owners = applicants[rows]
    owners = np.where(owners < 0, len(applicants) + filings, owners)
    n_owners = int(owners.max(initial=0)) + 1
    distinct = _sorted(index * n_owners + owners) // n_owners
    found: Mask = np.bincount(distinct, minlength=n_hashes) >= least
    return found


def count_applicants(applicants: Ints) -> int:
    """How many different codes there are; negative ones are no applicant."""
    return int(np.count_nonzero(np.bincount(applicants[applicants >= 0])))


def stock_from(n_applicants: int) -> float:
    """How many applicants' filings make a run of characters a stock sentence, in a library of so many applicants."""
    return min(max(APPLICANTS_SHARE * n_applicants, APPLICANTS_MIN), APPLICANTS_MAX)


def _by_section(folded: Mapping[str, Folded], stock: Mask, places: Ints) -> dict[str, Mask]:
    """The characters of stock grams; between two that are as near as winnowing leaves them, all are stock."""
    found: dict[str, Mask] = {}
    offset = 0
    for name, text in folded.items():
        inside = (places >= offset) & (places < offset + len(text))
        grams = np.zeros(max(0, len(text) - GRAM + 1), dtype=np.bool_)
        grams[places[inside] - offset] = stock[inside]
        at = np.flatnonzero(grams)
        near = np.flatnonzero(np.diff(at) <= WINDOW)
        mask = covered(grams, GRAM, len(text))
        steps = np.zeros(len(text) + 1, dtype=np.int32)
        np.add.at(steps, at[near], 1)
        np.add.at(steps, at[near + 1], -1)
        found[name] = mask | (np.cumsum(steps[:-1]) > 0)
        offset += len(text)
    return found


def _choose(found: _Postings, weights: NDArray[np.float64]) -> list[int]:
    """The filings with the most weight in common, with the whole draft or with a stretch of it."""
    if not len(found.index):
        return []
    numbers = found.numbers
    whole = np.bincount(found.owner, weights=weights[found.index])
    if len(numbers) <= SMALL_LIBRARY:
        return [int(n) for n in numbers[np.argsort(-whole, kind="stable")]]
    key = found.place // STRETCH * len(numbers) + found.owner[found.at_place]
    keys, at = _distinct(key, int(key.max()) + 1)
    scores = np.bincount(at, weights=weights[found.index][found.at_place])
    order = np.lexsort((-scores, keys // len(numbers)))
    stretches = keys[order] // len(numbers)
    begins = np.searchsorted(stretches, stretches)
    best = order[np.arange(len(order)) - begins < STRETCH_MAX]
    # The telling ones first, so that the limit cuts where least is in common.
    strength = np.zeros(len(numbers))
    np.maximum.at(strength, keys[best] % len(numbers), scores[best])
    top = np.argsort(-whole, kind="stable")[:WHOLE_MAX]
    strength[top] = np.maximum(strength[top], whole[top])
    chosen = np.flatnonzero(strength > 0)
    chosen = chosen[np.argsort(-strength[chosen], kind="stable")][:CANDIDATES_MAX]
    return [int(n) for n in numbers[chosen]]
