"""Indicators in use, found by words and by meaning, with how often, where and with which targets they are filed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import UsageError
from perfsearch.extract.indicators import fold_indicator
from perfsearch.extract.targets import direction
from perfsearch.model import FilingSummary, Filters
from perfsearch.model.indicators import (
    Bin,
    IndicatorResult,
    IndicatorSet,
    IndicatorUse,
    LevelCount,
    TargetCount,
    TargetSpread,
)
from perfsearch.queries.indicator_sets import SharedSet, shared_sets

if TYPE_CHECKING:
    from perfsearch.indexes.indicators import IndicatorIndex
    from perfsearch.indexes.view import View

WORD_WEIGHT = 0.55
"""Of the score; the rest is meaning. Names are short: shared characters say nearly as much as the vector does."""
MEANING_MIN = 0.45
"""A cosine below this, without words in common, is chance."""
WORDS_MIN = 0.34
"""A smaller share of the query's characters, without meaning in common, is chance."""
POPULAR_WEIGHT = 0.03
"""Added for tenfold use: between names that answer alike, the one that others use."""
NEAREST = 60
TARGETS_SHOWN = 10
EXAMPLES_SHOWN = 3
SPREADS_SHOWN = 3
BINS = 8
SET_FILINGS_SHOWN = 50
SETS_SHOWN = 30
AMONG_MAX = 2_000
"""Filings of the found indicators within which shared sets are looked for, the newest first."""

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


def find_indicators(
    view: View,
    query: str | None = None,
    *,
    limit: int = 20,
    offset: int = 0,
    filters: Filters | None = None,
    sets: bool = True,
) -> IndicatorResult:
    """Indicators that answer `query`, best first; without one those in most filings. With the sets they stand in.

    Raises:
        UsageError: a limit or an offset out of bounds.
    """
    started = time.perf_counter()
    if not 1 <= limit <= view.settings.limit_max or offset < 0:
        raise UsageError(
            f"limit {limit}, offset {offset}: expected 1 to {view.settings.limit_max}, and 0 or more", "limit"
        )
    index = view.indicators
    query = (query or "").strip()[: view.settings.query_length_max] or None
    standing = standing_filings(view, filters)
    if query is None:
        counts = index.counts(standing)
        found = np.flatnonzero(counts)
        scores = counts[found].astype(np.float32)
    else:
        found, scores = _matching(view, query, standing)
    order = found[np.lexsort((found, -scores))]
    page = order[offset : offset + limit]
    ranked = dict(zip(found.tolist(), scores.tolist(), strict=True))
    uses = describe_folds(view, page.tolist(), standing)
    if query is not None:
        uses = [
            use.model_copy(update={"score": round(ranked[fold], 4)})
            for fold, use in zip(page.tolist(), uses, strict=True)
        ]
    shared = _sets_around(view, page[:5] if query else None, standing) if sets and offset == 0 else []
    message = None if uses else "库中没有这样的指标。" if query else "库中没有指标。"
    took = round((time.perf_counter() - started) * 1000, 3)
    return IndicatorResult(
        indicators=tuple(uses), sets=tuple(shared), query=query, total=len(found), took_ms=took, message=message
    )


def standing_filings(view: View, filters: Filters | None = None) -> Mask:
    """Which filing numbers stand (and pass the filters), as a table by number."""
    index = view.indicators
    narrowed = filters is not None and not filters.is_empty()
    everyone = view.catalog["filing_no"][view.catalog.filing_alive]
    numbers = view.filing_nos(filters.of_filings()) if narrowed and filters else everyone
    known = index["filing_no"]
    table = np.zeros(1 + max(int(known.max(initial=0)), int(numbers.max(initial=0))), dtype=np.bool_)
    table[numbers] = True
    return table


def _matching(view: View, query: str, standing: Mask) -> tuple[Ints, NDArray[np.float32]]:
    """Folds that share words or meaning with the query, and their scores."""
    index = view.indicators
    folded = fold_indicator(query)
    scores = np.zeros(index.n_folds, dtype=np.float32)
    words, shares = index.words(folded)
    scores[words] = WORD_WEIGHT * shares
    good = np.zeros(index.n_folds, dtype=np.bool_)
    good[words[shares >= WORDS_MIN]] = True
    vector = view.encoder.encode([query], kind="query")[0]
    if np.any(vector):
        nearest, cosines = index.vectors.search(vector, NEAREST)
        pool = np.union1d(nearest, words[np.argsort(-shares, kind="stable")[:NEAREST]]).astype(np.int64)
        cosines = np.clip(index.vectors.score_pool(vector, pool), 0.0, 1.0)
        scores[pool] += (1 - WORD_WEIGHT) * cosines
        good[pool[cosines >= MEANING_MIN]] = True
    exact = index.code_of_fold(folded)
    if exact is not None:
        good[exact] = True
        scores[exact] += 1.0
    if len(folded) == 1:  # a single character has no pair: the names that contain it
        for code in range(min(index.n_folds, 20_000)):
            if folded in index.text("folds", code):
                good[code], scores[code] = True, scores[code] + 0.5
    counts = index.counts(standing)
    found = np.flatnonzero(good & (counts > 0))
    popular = POPULAR_WEIGHT * np.log10(counts[found]).astype(np.float32)
    return found, scores[found] + popular


# -- how an indicator is used


def describe_folds(view: View, folds: Sequence[int], standing: Mask) -> list[IndicatorUse]:
    """How these folds are used in the filings that stand, aligned."""
    index = view.indicators
    parts = {fold: index.rows_of_folds([fold], standing) for fold in folds}
    years = filing_years(view)
    newest = {fold: _newest(index, part, years) for fold, part in parts.items()}
    wanted = np.unique(np.concatenate(list(newest.values()))) if newest else np.empty(0, dtype=np.int64)
    ids = dict(zip(wanted.tolist(), (s.id for s in _summaries(view, wanted)), strict=True))
    return [_use(index, parts[fold], years, tuple(ids[number] for number in newest[fold].tolist())) for fold in folds]


def _summaries(view: View, numbers: Ints) -> list[FilingSummary]:
    return view.summaries(numbers) if len(numbers) else []


def filing_years(view: View) -> NDArray[np.int32]:
    """The fiscal year of each filing number, -1 where it has none."""
    numbers = view.catalog["filing_no"]
    highest = max(int(numbers.max(initial=0)), int(view.indicators["filing_no"].max(initial=0)))
    years = np.full(1 + highest, -1, dtype=np.int32)
    years[numbers] = view.catalog["fiscal_year"]
    return years


def _newest(index: IndicatorIndex, rows: Ints, years: NDArray[np.int32]) -> Ints:
    numbers = _first_of_each(index["row_filing"][rows]).astype(np.int64)
    if len(numbers) > 200:  # partial order suffices
        numbers = numbers[np.argpartition(-years[numbers], 199)[:200]]
    return numbers[np.lexsort((-numbers, -years[numbers]))][:EXAMPLES_SHOWN]


def _first_of_each(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Ascending numbers without repeats."""
    found: NDArray[np.int32] = numbers[np.diff(numbers, prepend=-1) != 0]
    return found


def _use(index: IndicatorIndex, rows: Ints, years: NDArray[np.int32], examples: tuple[str, ...]) -> IndicatorUse:
    numbers = index["row_filing"][rows]
    once = np.diff(numbers, prepend=-1) != 0
    levels = [
        LevelCount(level1=first, level2=second, filings=count)
        for (first, second), count in ((index.level(code), n) for code, n in _most(index["row_level"][rows], 8))
    ]
    names = [index.text("names", code) for code, _ in _most(index["row_name"][rows], 8)]
    targets = [
        TargetCount(target=index.text("targets", code), filings=count)
        for code, count in _most(index["row_target"][rows], TARGETS_SHOWN)
    ]
    spreads = spreads_of(index, rows)
    of_years = years[numbers[once]]
    present = of_years[of_years >= 0]
    values, counts = np.unique(present, return_counts=True)
    return IndicatorUse(
        name=names[0],
        level1=levels[0].level1,
        level2=levels[0].level2,
        filings=int(once.sum()),
        targets=tuple(targets),
        examples=examples,
        levels=tuple(levels),
        names=tuple(names),
        spreads=tuple(spreads[:SPREADS_SHOWN]),
        qualitative=int(np.isnan(index["row_number"][rows]).sum()),
        years={str(year): int(count) for year, count in zip(values.tolist(), counts.tolist(), strict=True)},
        direction=direction(names[0]),
    )


def _most(codes: NDArray[np.int32], limit: int) -> list[tuple[int, int]]:
    """The most frequent codes and their counts; the lower code first where they tie."""
    codes = codes[codes >= 0]
    if not len(codes):
        return []
    present: NDArray[Any]
    if len(codes) * 16 < int(codes.max()):  # few rows, many codes: counting would write more than sorting reads
        present, counts = np.unique(codes, return_counts=True)
    else:
        table = np.bincount(codes)
        present = np.flatnonzero(table)
        counts = table[present]
    best = np.lexsort((present, -counts))[:limit]
    return [(int(present[place]), int(counts[place])) for place in best]


def spreads_of(index: IndicatorIndex, rows: Ints) -> list[TargetSpread]:
    """The distribution of the numbers of these rows by unit, the most frequent unit first."""
    numbers = index["row_number"][rows]
    rows, numbers = rows[~np.isnan(numbers)], numbers[~np.isnan(numbers)]
    units = index["row_unit"][rows].astype(np.int64) + 1
    found = []
    for unit, count in _most(units.astype(np.int32), SPREADS_SHOWN + 2):
        mine = numbers[units == unit]
        found.append(
            TargetSpread(
                unit=None if unit == 0 else index.text("units", unit - 1),
                filings=count,
                min=float(mine.min()),
                median=float(np.median(mine)),
                max=float(mine.max()),
                histogram=_histogram(mine),
            )
        )
    return found


def _histogram(numbers: NDArray[np.float64]) -> tuple[Bin, ...]:
    low, high = float(numbers.min()), float(numbers.max())
    if not np.isfinite(low) or not np.isfinite(high) or high - low <= 1e-9 * max(1.0, abs(high)):
        return (Bin(low=low, high=high, filings=len(numbers)),)
    counts, edges = np.histogram(numbers, bins=BINS)
    return tuple(
        Bin(low=float(edges[i]), high=float(edges[i + 1]), filings=int(count)) for i, count in enumerate(counts)
    )


# -- sets


def _sets_around(view: View, folds: Ints | None, standing: Mask) -> list[IndicatorSet]:
    """Shared sets of the filings that have one of these folds; of all filings, if None."""
    index = view.indicators
    among = None
    if folds is not None:
        numbers = np.unique(index["row_filing"][index.rows_of_folds(folds, standing)])[-AMONG_MAX:]
        among = np.searchsorted(index["filing_no"], numbers).astype(np.int64)
    return describe_sets(view, shared_sets(index, standing, among, SETS_SHOWN))


def describe_sets(view: View, sets: Sequence[SharedSet]) -> list[IndicatorSet]:
    """Sets with names and filing ids instead of numbers."""
    index = view.indicators
    shown = {shared: shared.filing_nos[-SET_FILINGS_SHOWN:] for shared in sets}
    numbers = np.unique(np.asarray([n for part in shown.values() for n in part], dtype=np.int64))
    ids = dict(zip(numbers.tolist(), (s.id for s in _summaries(view, numbers)), strict=True))
    names = _names_of(index, {fold for shared in sets for fold in (*shared.folds, *shared.varying)})
    return [
        IndicatorSet(
            indicators=tuple(names[fold] for fold in shared.folds),
            filings=tuple(ids[number] for number in shown[shared]),
            size=len(shared.folds),
            kind=shared.kind,
            n_filings=len(shared.filing_nos),
            varying=tuple(names[fold] for fold in shared.varying),
        )
        for shared in sets
    ]


def _names_of(index: IndicatorIndex, folds: set[int]) -> dict[int, str]:
    """A printed name of each fold: the first that was met."""
    if not folds:
        return {}
    wanted = np.asarray(sorted(folds), dtype=np.int64)
    column = index["fold_of_name"]
    mask = np.zeros(index.n_folds, dtype=np.bool_)
    mask[wanted] = True
    names: dict[int, str] = {}
    for code in np.flatnonzero(mask[column]).tolist():
        names.setdefault(int(column[code]), index.text("names", code))
    return names
