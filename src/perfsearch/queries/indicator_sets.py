"""Sets of indicators that several filings share: exactly, nearly, and the closed sets within a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.indicators import PROCESS_INDICATORS

if TYPE_CHECKING:
    from perfsearch.indexes.indicators import IndicatorIndex

SET_SIZE_MIN = 3
"""Two indicators in common are chance: 预算执行率 and 群众满意度 stand in most tables."""
NEAR = 0.7
"""Jaccard similarity from which two tables count as one set with variations: two of sixteen rows differ is 0.78."""
SAMPLE_FILINGS = 2_000
"""Filings within which closed sets are looked for."""
SAMPLE_SETS = 120
"""Different tables of which every two are met: 7,000 meetings, 3 ms."""
CLOSED_CHECKED = 150
BUCKETS_MAX = 150
BUCKET_MEMBERS = 12
"""MinHash buckets, the fuller ones first, and tables of each that are compared two by two: at most 10,000 comparisons."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SharedSet:
    """Fold codes that these filings have in common; `varying` are those that not all of them have."""

    kind: Literal["exact", "near", "frequent"]
    folds: tuple[int, ...]
    filing_nos: tuple[int, ...]
    varying: tuple[int, ...] = ()

    @property
    def weight(self) -> int:
        """How much is shared: indicators times filings."""
        return len(self.folds) * len(self.filing_nos)


class _Tables:
    """The different tables of some filings: those with the same set of folds are one, named by its ordinal.

    A set of folds is a bit mask over the folds of the tables that were asked for, so that two are met in 0.2 µs.
    """

    def __init__(self, index: IndicatorIndex, positions: Ints) -> None:
        hashes = index["set_hash"][positions]
        order = np.argsort(hashes, kind="stable")
        self._index = index
        self._sorted = positions[order]
        self.starts = np.flatnonzero(np.diff(hashes[order], prepend=hashes[order[0]] - 1))
        self.sizes = np.diff(np.append(self.starts, len(order)))
        self.heads = self._sorted[self.starts]
        self.lengths = index["set_size"][self.heads].astype(np.int64)
        self._bits: dict[int, int] = {}
        self._folds: list[int] = []
        self._masks: dict[int, int] = {}

    def filing_nos(self, table: int) -> tuple[int, ...]:
        """The filings with that table, ascending."""
        start = int(self.starts[table])
        members = self._sorted[start : start + int(self.sizes[table])]
        return tuple(self._index["filing_no"][members].tolist())

    def read(self, tables: Iterable[int]) -> None:
        """Read the folds of these tables, for `mask`."""
        wanted = [table for table in dict.fromkeys(tables) if table not in self._masks]
        if not wanted:
            return
        numbers = self._index["filing_no"][self.heads[wanted]]
        rows = self._index.rows_of_filings(numbers.tolist())
        masks: dict[int, int] = {}
        owners, folds = self._index["row_filing"][rows].tolist(), self._index.folds_of_rows[rows].tolist()
        for number, fold in zip(owners, folds, strict=True):
            bit = self._bits.get(fold)
            if bit is None:
                bit = self._bits[fold] = 1 << len(self._folds)
                self._folds.append(fold)
            masks[number] = masks.get(number, 0) | bit
        for table, number in zip(wanted, numbers.tolist(), strict=True):
            self._masks[table] = masks.get(number, 0)

    def mask(self, table: int) -> int:
        """The folds of a table that was read, as bits."""
        return self._masks[table]

    def folds(self, mask: int) -> tuple[int, ...]:
        """The fold codes of a mask, ascending."""
        found = []
        while mask:
            low = mask & -mask
            found.append(self._folds[low.bit_length() - 1])
            mask ^= low
        return tuple(sorted(found))


def shared_sets(index: IndicatorIndex, standing: NDArray[np.bool_], among: Ints | None, limit: int) -> list[SharedSet]:
    """Exact, near and closed sets, each kind by what it shares; `among` are positions of filings to look at (None: all)."""
    positions = np.flatnonzero(standing[index["filing_no"]]) if among is None else among
    positions = positions[index["set_size"][positions] >= SET_SIZE_MIN]
    if not len(positions):
        return []
    tables = _Tables(index, positions)
    repeated = np.flatnonzero(tables.sizes > 1)
    weights = tables.sizes[repeated] * tables.lengths[repeated]
    exact = repeated[np.lexsort((tables.heads[repeated], -weights))][:limit].tolist()
    buckets = _buckets(index, tables)
    sample = _sample(tables)
    tables.read([*exact, *(table for bucket in buckets for table in bucket), *sample])
    found = [SharedSet("exact", tables.folds(tables.mask(t)), tables.filing_nos(t)) for t in exact]
    near = sorted(_near(tables, buckets), key=lambda shared: (-shared.weight, shared.filing_nos))[:limit]
    return [*found, *near, *_telling(_closed(index, tables, sample), [*found, *near], limit)]


def _buckets(index: IndicatorIndex, tables: _Tables) -> list[list[int]]:
    """Tables that share a MinHash band, those of many tables first."""
    signatures = index["bands"][tables.heads]
    found: list[tuple[int, list[int]]] = []
    for band in range(signatures.shape[1]):
        order = np.argsort(signatures[:, band], kind="stable")
        values = signatures[order, band]
        starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
        sizes = np.diff(np.append(starts, len(order)))
        shared = np.flatnonzero(sizes > 1)
        for part in shared[np.argsort(-sizes[shared], kind="stable")][:BUCKETS_MAX]:
            members = order[starts[part] : starts[part] + min(int(sizes[part]), BUCKET_MEMBERS)]
            found.append((int(sizes[part]), sorted(members.tolist())))
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    distinct = {tuple(members): None for _, members in found}
    return [list(members) for members in distinct][:BUCKETS_MAX]


def _sample(tables: _Tables) -> list[int]:
    """The tables among which closed sets are looked for: those that most filings have, then the newest."""
    ranked = np.lexsort((-tables.heads, -tables.sizes))[:SAMPLE_SETS]
    filings = np.cumsum(tables.sizes[ranked])
    chosen: list[int] = ranked[: 1 + int(np.searchsorted(filings, SAMPLE_FILINGS))].tolist()
    return chosen


def jaccard(a: frozenset[int], b: frozenset[int]) -> float:
    """Shared over all, 0 to 1."""
    union = len(a | b)
    return len(a & b) / union if union else 0.0


def _alike(a: int, b: int) -> bool:
    shared = (a & b).bit_count()
    return shared >= NEAR * (a | b).bit_count()


def _near(tables: _Tables, buckets: list[list[int]]) -> list[SharedSet]:
    """Tables that are nearly alike, joined; every member is near the first of its group."""
    found: dict[tuple[int, ...], SharedSet] = {}
    for bucket in buckets:
        rest = sorted(bucket, key=lambda table: (-int(tables.sizes[table]), table))
        while len(rest) > 1:
            centre, *others = rest
            mask = tables.mask(centre)
            like = [table for table in others if _alike(mask, tables.mask(table))]
            rest = [table for table in others if table not in like]
            common = union = mask
            for table in like:
                common &= tables.mask(table)
                union |= tables.mask(table)
            if not like or common.bit_count() < SET_SIZE_MIN:
                continue
            group = tuple(sorted((centre, *like)))
            if group not in found:
                filings = tuple(sorted(number for table in group for number in tables.filing_nos(table)))
                found[group] = SharedSet("near", tables.folds(common), filings, tables.folds(union ^ common))
    return _without_subsets(list(found.values()))


def _without_subsets(sets: list[SharedSet]) -> list[SharedSet]:
    """Without those whose filings are all in a larger one."""
    kept: list[SharedSet] = []
    owners: dict[int, list[frozenset[int]]] = {}
    for shared in sorted(sets, key=lambda one: -len(one.filing_nos)):
        mine = frozenset(shared.filing_nos)
        if any(mine <= other for other in owners.get(shared.filing_nos[0], ())):
            continue
        kept.append(shared)
        for number in mine:
            owners.setdefault(number, []).append(mine)
    return kept


def _closed(index: IndicatorIndex, tables: _Tables, sample: Sequence[int]) -> list[SharedSet]:
    """Closed sets of the sample: what any two tables have in common is closed, and its filings are counted.

    A set is closed where no other indicator is in all of its filings; the meeting of two tables always is.
    """
    masks = [tables.mask(table) for table in sample]
    met: Counter[int] = Counter()
    for first, mask in enumerate(masks):
        met.update(mask & other for other in masks[:first])
    weights = {mask: mask.bit_count() * count for mask, count in met.items() if mask.bit_count() >= SET_SIZE_MIN}
    ranked = sorted(weights, key=lambda mask: (-weights[mask], mask))[:CLOSED_CHECKED]
    found = []
    for mask in ranked:
        folds = tables.folds(mask)
        if all(index.text("folds", fold) in PROCESS_INDICATORS for fold in folds):
            continue
        owners = [t for t, own in zip(sample, masks, strict=True) if own & mask == mask]
        filings = sorted(number for table in owners for number in tables.filing_nos(table))
        found.append(SharedSet("frequent", folds, tuple(filings)))
    return found


def _telling(closed: list[SharedSet], known: list[SharedSet], limit: int) -> list[SharedSet]:
    """The closed sets that share most, without those that say what a set before them said already."""
    chosen: list[SharedSet] = []
    taken = [frozenset(shared.folds) for shared in known]
    for shared in sorted(closed, key=lambda one: (-one.weight, one.folds)):
        folds = frozenset(shared.folds)
        if any(jaccard(folds, other) > 0.8 for other in taken):
            continue
        chosen.append(shared)
        taken.append(folds)
        if len(chosen) >= limit:
            break
    return chosen
