"""Which indicators filings like a draft have, with which targets, and which of them the draft lacks."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.indicators import DIMENSION_NAMES, concept, dimension, fold_indicator
from perfsearch.indexes.indicators import bands
from perfsearch.model import Filing, FilingSummary, SearchHit
from perfsearch.model.indicators import IndicatorResult, Precedent, Recommendation, RecommendationGroup
from perfsearch.queries.indicator_sets import SharedSet, jaccard, shared_sets
from perfsearch.queries.indicators import SETS_SHOWN, describe_folds, describe_sets, spreads_of, standing_filings
from perfsearch.queries.similar import similar

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

SIMILAR_FILINGS = 40
SIMILARITY_MIN = 0.45
"""A filing below this likeness is another kind of project; what it measures says nothing about the draft."""
SUPPORT_FILINGS_MIN = 2
SAME_MEANING = 0.82
"""Cosine of two names from which one is not recommended beside the other: 居民满意度 and 市民满意度 have 0.83,
设备验收合格率 and 项目验收合格率, which are two, 0.80."""
PRECEDENTS = 3
RECOMMENDED_MAX = 40

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Support:
    """One fold among the similar filings: its rows and the weight of their filings."""

    fold: int
    rows: Ints
    weight: float


def recommend(view: View, draft: Filing, hits: list[SearchHit] | None = None, *, sets: bool = True) -> IndicatorResult:
    """The indicators that past filings like `draft` have and it lacks, grouped by level, the best supported first.

    Support is the share of the similar filings, weighted by their similarity; other years of one project count once.
    `hits` are the similar filings where they are known already.
    """
    started = time.perf_counter()
    hits = neighbours(view, draft) if hits is None else hits
    index = view.indicators
    numbers = {hit.filing_id: number for hit in hits if (number := view.filing_no(hit.filing_id)) is not None}
    weights = line_weights(view, hits, numbers)
    supports = _supports(view, weights)
    total = sum(weights.values()) or 1.0
    own = {fold_indicator(row.name) for row in draft.indicators}
    concepts = {concept(row.name) for row in draft.indicators}
    summaries = (
        dict(zip(numbers.values(), view.summaries(np.asarray(list(numbers.values()), dtype=np.int64)), strict=True))
        if numbers
        else {}
    )
    already: list[str] = []
    lacking: list[tuple[_Support, str]] = []
    for support in supports:
        name = index.text("names", int(np.bincount(index["row_name"][support.rows]).argmax()))
        if fold_indicator(name) in own or concept(name) in concepts:
            already.append(name)
        elif len(support.rows) >= SUPPORT_FILINGS_MIN:
            lacking.append((support, name))
    lacking = _distinct(view, lacking, own)
    similarity = {numbers[hit.filing_id]: hit.score for hit in hits if hit.filing_id in numbers}
    found = [
        _recommendation(view, support, name, support.weight / total, summaries, similarity)
        for support, name in lacking[:RECOMMENDED_MAX]
    ]
    folds = [support.fold for support, _ in lacking[:RECOMMENDED_MAX]]
    uses = describe_folds(view, folds, standing_filings(view)) if sets else []
    took = round((time.perf_counter() - started) * 1000, 3)
    return IndicatorResult(
        indicators=tuple(uses),
        like=draft.id or draft.source.file,
        total=len(found),
        recommended=_grouped(found),
        already=tuple(already),
        similar_filings=len(numbers),
        sets=tuple(describe_sets(view, _sets_near(view, draft, list(numbers.values())))) if sets else (),
        took_ms=took,
        message=None if found else "相似的申报表中没有草稿所缺的指标。" if numbers else "库中没有与它相似的项目。",
    )


def neighbours(view: View, draft: Filing) -> list[SearchHit]:
    """The filings that are like enough to be precedents, best first."""
    hits = similar(view, draft, limit=SIMILAR_FILINGS).hits
    return [hit for hit in hits if hit.score >= SIMILARITY_MIN]


def line_weights(view: View, hits: list[SearchHit], numbers: dict[str, int]) -> dict[int, float]:
    """How much each similar filing counts: its similarity, shared among the years of one project."""
    lines: dict[str, list[tuple[int, float]]] = defaultdict(list)
    known = view.store.summaries(list(numbers.values()))
    for hit in hits:
        number = numbers.get(hit.filing_id)
        if number is not None:
            summary = known.get(number)
            lines[(summary.lineage if summary else None) or hit.filing_id].append((number, hit.score))
    return {number: score / len(line) for line in lines.values() for number, score in line}


def _supports(view: View, weights: dict[int, float]) -> list[_Support]:
    """The folds of these filings, the best supported first."""
    index = view.indicators
    rows = index.rows_of_filings(weights)
    folds = index.folds_of_rows[rows] if len(rows) else np.empty(0, dtype=np.int32)
    found = []
    for fold in np.unique(folds).tolist():
        mine = rows[folds == fold]
        owners = index["row_filing"][mine]
        first = np.diff(owners, prepend=-1) != 0
        found.append(_Support(fold, mine[first], sum(weights[int(number)] for number in owners[first])))
    return sorted(found, key=lambda support: (-support.weight, support.fold))


def _distinct(view: View, lacking: list[tuple[_Support, str]], own: set[str]) -> list[tuple[_Support, str]]:
    """Without what means the same as an indicator of the draft, or as a better supported one before it."""
    if not lacking:
        return []
    texts = [fold_indicator(name) for _, name in lacking]
    vectors = view.encoder.encode([*texts, *sorted(own)])
    mine = vectors[len(texts) :]
    kept: list[tuple[_Support, str]] = []
    rows: list[NDArray[np.float32]] = list(mine)
    for (support, name), vector in zip(lacking, vectors, strict=False):
        if rows and float(np.max(np.stack(rows) @ vector)) >= SAME_MEANING:
            continue
        kept.append((support, name))
        rows.append(vector)
    return kept


def _recommendation(
    view: View,
    support: _Support,
    name: str,
    share: float,
    summaries: dict[int, FilingSummary],
    similarity: dict[int, float],
) -> Recommendation:
    index = view.indicators
    owners = index["row_filing"][support.rows].tolist()
    level1, level2 = index.level(int(np.bincount(index["row_level"][support.rows]).argmax()))
    spreads = spreads_of(index, support.rows)
    targets = index["row_target"][support.rows]
    best = sorted(range(len(owners)), key=lambda i: (-similarity.get(owners[i], 0.0), owners[i]))
    precedents = []
    for position in best[:PRECEDENTS]:
        summary = summaries.get(owners[position])
        if summary is not None:
            precedents.append(
                Precedent(
                    filing_id=summary.id,
                    fiscal_year=summary.fiscal_year,
                    applicant=summary.applicant,
                    project_name=summary.project_name,
                    target=index.text("targets", int(targets[position])),
                    similarity=round(similarity.get(owners[position], 0.0), 4),
                )
            )
    return Recommendation(
        name=name,
        level1=level1,
        level2=level2,
        support=round(min(1.0, share), 4),
        filings=len(owners),
        typical_target=_typical(view, support.rows),
        spread=spreads[0] if spreads else None,
        precedents=tuple(precedents),
    )


def _typical(view: View, rows: Ints) -> str:
    """The most frequent target as printed; where all differ and are numbers, the one in the middle."""
    index = view.indicators
    targets = index["row_target"][rows]
    counts = np.bincount(targets)
    if counts.max() > 1 or len(rows) == 1:
        return index.text("targets", int(counts.argmax()))
    numbers = index["row_number"][rows]
    order = np.argsort(np.nan_to_num(numbers, nan=-np.inf), kind="stable")
    return index.text("targets", int(targets[order[len(order) // 2]]))


def _grouped(found: list[Recommendation]) -> tuple[RecommendationGroup, ...]:
    """By level in the order of the form's tree: output, effects, satisfaction, influence, management last."""
    order = [*(d for d in DIMENSION_NAMES if d != "management"), "management"]
    groups: dict[tuple[str, str], list[Recommendation]] = defaultdict(list)
    for recommendation in found:
        groups[recommendation.level1, recommendation.level2].append(recommendation)
    keys = sorted(groups, key=lambda key: (order.index(dimension(*key)), -groups[key][0].support, key))
    return tuple(RecommendationGroup(level1=a, level2=b, indicators=tuple(groups[a, b])) for a, b in keys)


def _sets_near(view: View, draft: Filing, similar_filings: list[int]) -> list[SharedSet]:
    """Shared sets of the similar filings and of those whose table is nearly the draft's."""
    index = view.indicators
    mine = frozenset(fold_indicator(row.name) for row in draft.indicators)
    signatures = np.asarray(bands(mine), dtype=np.int64)
    near = np.flatnonzero((index["bands"] == signatures).any(axis=1)) if mine else np.empty(0, dtype=np.int64)
    positions = np.searchsorted(index["filing_no"], np.asarray(sorted(similar_filings), dtype=np.int64))
    among = np.union1d(positions, near[-500:]).astype(np.int64)
    standing = standing_filings(view)
    among = among[standing[index["filing_no"][among]]] if len(among) else among
    if not len(among):
        return []
    found = shared_sets(index, standing, among, SETS_SHOWN)
    codes = frozenset(index.codes_of_folds(sorted(mine)).values())
    return sorted(found, key=lambda shared: -jaccard(codes, frozenset(shared.folds)))[:SETS_SHOWN]
