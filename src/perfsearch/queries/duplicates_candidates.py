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

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Filings to align, best first, and by section which characters are stock in this library."""

    filing_nos: list[int]
    common: dict[str, Mask]


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
    common = _by_section(folded, stock[inverse], places)
    return Candidates(_choose(index, filings, weights, places[order], inverse[order]), common)


def _stock(view: View, index: Ints, filings: Ints, n_hashes: int) -> Mask:
    """Which fingerprints stand in filings of so many applicants that nobody copied them from one of the others."""
    catalog = view.catalog
    applicants = catalog["applicant"].astype(np.int64)
    rows = np.searchsorted(catalog["filing_no"], filings)
    # A filing without an applicant counts for one of its own.
    owners = applicants[rows]
    owners = np.where(owners < 0, len(applicants) + filings, owners)
    n_owners = int(owners.max(initial=0)) + 1
    distinct = np.unique(index * n_owners + owners) // n_owners
    found: Mask = np.bincount(distinct, minlength=n_hashes) >= stock_from(count_applicants(applicants))
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


def _choose(index: Ints, filings: Ints, weights: NDArray[np.float64], places: Ints, grams: Ints) -> list[int]:
    """The filings with the most weight in common, with the whole draft or with a stretch of it.

    `grams` ascend and are the hashes of the draft's grams at `places`.
    """
    if not len(index):
        return []
    numbers, owner = np.unique(filings, return_inverse=True)
    whole = np.bincount(owner, weights=weights[index])
    if len(numbers) <= SMALL_LIBRARY:
        return [int(n) for n in numbers[np.argsort(-whole, kind="stable")]]
    # Every posting once for every place of its gram in the draft.
    first = np.searchsorted(grams, index, side="left")
    sizes = np.minimum(np.searchsorted(grams, index, side="right") - first, 4)
    ends = np.cumsum(sizes)
    within = np.arange(int(ends[-1]), dtype=np.int64) - np.repeat(ends - sizes, sizes)
    stretch = places[np.repeat(first, sizes) + within] // STRETCH
    key = stretch * len(numbers) + np.repeat(owner, sizes)
    keys, at = np.unique(key, return_inverse=True)
    scores = np.bincount(at, weights=np.repeat(weights[index], sizes))
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
