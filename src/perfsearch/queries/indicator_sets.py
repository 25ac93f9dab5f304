"""Sets of indicators that several filings share: exactly, nearly, and the closed sets within a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
"""Filings within which closed sets are looked for; their bit sets of 250 bytes are met in 0.2 µs."""
SAMPLE_SETS = 200
"""Different tables of which every two are met: 20,000 meetings, 10 ms."""
CLOSED_CHECKED = 300
BUCKET_MAX = 60
"""Tables in one MinHash bucket that are compared two by two; a fuller one holds tables that are all alike."""

Ints = NDArray[np.int64]
Folds = frozenset[int]


@dataclass(frozen=True, slots=True)
class SharedSet:
    """Fold codes that these filings have in common; `varying` are those that not all of them have."""

    kind: str
    folds: tuple[int, ...]
    filing_nos: tuple[int, ...]
    varying: tuple[int, ...] = ()

    @property
    def weight(self) -> int:
        """How much is shared: indicators times filings."""
        return len(self.folds) * len(self.filing_nos)


@dataclass(frozen=True, slots=True)
class _Table:
    """Filings with one and the same set of folds."""

    position: int
    filing_nos: tuple[int, ...]
    folds: Folds


def shared_sets(index: IndicatorIndex, standing: NDArray[np.bool_], among: Ints | None, limit: int) -> list[SharedSet]:
    """Exact, near and closed sets, each kind by what it shares; `among` are positions of filings to look at (None: all)."""
    positions = _positions(index, standing) if among is None else among
    positions = positions[index["set_size"][positions] >= SET_SIZE_MIN]
    if not len(positions):
        return []
    groups = _same(index, positions)
    exact = [group for group in groups if len(group) > 1]
    exact.sort(key=lambda group: (-len(group) * int(index["set_size"][group[0]]), int(group[0])))
    heads = np.asarray([group[0] for group in groups], dtype=np.int64)
    members = {int(group[0]): tuple(index["filing_no"][group].tolist()) for group in groups}
    wanted = [int(group[0]) for group in exact[:limit]]
    buckets = _buckets(index, heads, 4 * limit)
    near_heads = sorted({head for bucket in buckets for head in bucket})
    sample = _sample(heads, members)
    tables = {table.position: table for table in _tables(index, sorted({*wanted, *near_heads, *sample}), members)}
    found = [SharedSet("exact", tuple(sorted(tables[p].folds)), tables[p].filing_nos) for p in wanted]
    near = _near([[tables[head] for head in bucket] for bucket in buckets])
    near.sort(key=lambda shared: (-shared.weight, shared.filing_nos))
    closed = _closed(index, [tables[position] for position in sample])
    return [*found, *near[:limit], *_telling(closed, [*found, *near[:limit]], limit)]


def _positions(index: IndicatorIndex, standing: NDArray[np.bool_]) -> Ints:
    return np.flatnonzero(standing[index["filing_no"]])


def _same(index: IndicatorIndex, positions: Ints) -> list[Ints]:
    """Positions of filings grouped by their set; each group ascending, by its first member."""
    hashes = index["set_hash"][positions]
    order = np.argsort(hashes, kind="stable")
    bounds = np.flatnonzero(np.diff(hashes[order])) + 1
    groups = [positions[part] for part in np.split(order, bounds)]
    groups.sort(key=lambda group: int(group[0]))
    return groups


def _buckets(index: IndicatorIndex, heads: Ints, limit: int) -> list[list[int]]:
    """Tables that share a MinHash band, the fuller buckets first; at most `limit` of each band."""
    found: dict[tuple[int, ...], None] = {}
    signatures = index["bands"][heads]
    for band in range(signatures.shape[1]):
        values = signatures[:, band]
        order = np.argsort(values, kind="stable")
        bounds = np.flatnonzero(np.diff(values[order])) + 1
        starts = np.concatenate([[0], bounds])
        sizes = np.diff(np.concatenate([starts, [len(order)]]))
        shared = np.flatnonzero(sizes > 1)
        for part in shared[np.argsort(-sizes[shared], kind="stable")][:limit]:
            members = heads[order[starts[part] : starts[part] + min(int(sizes[part]), BUCKET_MAX)]]
            found.setdefault(tuple(sorted(members.tolist())))
    return [list(bucket) for bucket in found]


def _sample(heads: Ints, members: dict[int, tuple[int, ...]]) -> list[int]:
    """The tables among which closed sets are looked for: those that most filings have, then the newest."""
    ranked = sorted(heads.tolist(), key=lambda head: (-len(members[head]), -head))
    chosen, filings = [], 0
    for head in ranked[:SAMPLE_SETS]:
        chosen.append(head)
        filings += len(members[head])
        if filings >= SAMPLE_FILINGS:
            break
    return chosen


def _tables(index: IndicatorIndex, heads: Sequence[int], members: dict[int, tuple[int, ...]]) -> Iterable[_Table]:
    numbers = index["filing_no"][np.asarray(heads, dtype=np.int64)]
    rows = index.rows_of_filings(numbers.tolist())
    folds: dict[int, set[int]] = {}
    for number, fold in zip(index["row_filing"][rows].tolist(), index.folds_of_rows[rows].tolist(), strict=True):
        folds.setdefault(number, set()).add(fold)
    for head, number in zip(heads, numbers.tolist(), strict=True):
        yield _Table(head, members[head], frozenset(folds.get(number, ())))


def jaccard(a: Folds, b: Folds) -> float:
    """Shared over all, 0 to 1."""
    union = len(a | b)
    return len(a & b) / union if union else 0.0


def _near(buckets: list[list[_Table]]) -> list[SharedSet]:
    """Tables that are nearly alike, joined; every member is near the first of its group."""
    found: dict[tuple[int, ...], SharedSet] = {}
    for bucket in buckets:
        rest = sorted(bucket, key=lambda table: (-len(table.filing_nos), table.position))
        while len(rest) > 1:
            centre, *others = rest
            group = [centre, *(table for table in others if jaccard(centre.folds, table.folds) >= NEAR)]
            rest = [table for table in others if table not in group]
            common = frozenset.intersection(*(table.folds for table in group))
            if len(group) < 2 or len(common) < SET_SIZE_MIN:
                continue
            varying = frozenset.union(*(table.folds for table in group)) - common
            filings = tuple(sorted({number for table in group for number in table.filing_nos}))
            found[filings] = SharedSet("near", tuple(sorted(common)), filings, tuple(sorted(varying)))
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


def _closed(index: IndicatorIndex, tables: Sequence[_Table]) -> list[SharedSet]:
    """Closed sets of the sample: what any two tables have in common is closed, and its filings are counted.

    A set is closed where no other indicator is in all of its filings; the meeting of two tables always is.
    """
    items = sorted({fold for table in tables for fold in table.folds})
    bit = {fold: 1 << number for number, fold in enumerate(items)}
    masks = [sum(bit[fold] for fold in table.folds) for table in tables]
    met: Counter[int] = Counter()
    for first, mask in enumerate(masks):
        for other in masks[:first]:
            common = mask & other
            if common.bit_count() >= SET_SIZE_MIN:
                met[common] += 1
    ranked = sorted(met, key=lambda mask: (-mask.bit_count() * met[mask], mask))[:CLOSED_CHECKED]
    found = []
    for mask in ranked:
        owners = [
            number
            for table, own in zip(tables, masks, strict=True)
            if own & mask == mask
            for number in table.filing_nos
        ]
        folds = tuple(fold for fold in items if bit[fold] & mask)
        if any(index.text("folds", fold) not in PROCESS_INDICATORS for fold in folds):
            found.append(SharedSet("frequent", folds, tuple(sorted(owners))))
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
