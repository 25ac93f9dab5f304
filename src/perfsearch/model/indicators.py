"""Indicators in use, sets of them that are used again, and what differs between two filings' tables."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from perfsearch.model.base import Value
from perfsearch.model.filing import TargetValue

Direction = Literal["higher", "lower", "none"]


class TargetCount(Value):
    """One target as printed, and how many filings have it."""

    target: str
    filings: int


class LevelCount(Value):
    """One place in the tree, and how many filings put the indicator there."""

    level1: str
    level2: str
    filings: int


class Bin(Value):
    """One bar of a histogram: `low` <= value < `high` (the last bar includes its end)."""

    low: float
    high: float
    filings: int


class TargetSpread(Value):
    """The numbers of one indicator's targets in one unit; `unit` is null where none is printed."""

    unit: str | None = None
    filings: int
    min: float
    median: float
    max: float
    histogram: tuple[Bin, ...] = ()


class IndicatorUse(Value):
    """One indicator, folded over the ways in which it is printed; the most frequent name, level and targets first."""

    name: str
    level1: str
    level2: str
    filings: int
    targets: tuple[TargetCount, ...] = ()
    examples: tuple[str, ...] = ()
    """Ids of filings that use it, newest first."""
    levels: tuple[LevelCount, ...] = ()
    names: tuple[str, ...] = ()
    """The ways in which the name is printed."""
    spreads: tuple[TargetSpread, ...] = ()
    """The distribution of the targets that have a number, the most frequent unit first."""
    qualitative: int = 0
    """Filings whose target has no number."""
    years: dict[str, int] = Field(default_factory=dict)
    """Filings by fiscal year."""
    direction: Direction = "none"
    score: float | None = None
    """How well the indicator answers the query; null where there was none."""


class IndicatorSet(Value):
    """Indicators that several filings have in common; `filings` are up to 50 of the `size` filings' ids.

    exact: their tables have just these indicators; near: nearly, and `varying` are those that not all of them have;
    frequent: a closed set, which no further indicator could join without losing a filing.
    """

    indicators: tuple[str, ...]
    filings: tuple[str, ...]
    size: int
    """How many indicators the set has."""
    kind: Literal["exact", "near", "frequent"] = "exact"
    n_filings: int = 0
    varying: tuple[str, ...] = ()


class Precedent(Value):
    """A filing that has the indicator, with the target it set."""

    filing_id: str
    fiscal_year: int | None = None
    applicant: str | None = None
    project_name: str | None = None
    target: str
    similarity: float
    """Of that filing to the draft."""


class Recommendation(Value):
    """An indicator that filings like the draft have and the draft lacks."""

    name: str
    level1: str
    level2: str
    support: float
    """The share of the similar filings that have it, weighted by their similarity; 0 to 1."""
    filings: int
    typical_target: str
    spread: TargetSpread | None = None
    precedents: tuple[Precedent, ...] = ()


class RecommendationGroup(Value):
    """The recommendations of one place in the tree."""

    level1: str
    level2: str
    indicators: tuple[Recommendation, ...]


class IndicatorResult(Value):
    """Indicators that answer the query, sets that are used again, and for a draft what is recommended."""

    indicators: tuple[IndicatorUse, ...] = ()
    sets: tuple[IndicatorSet, ...] = ()
    query: str | None = None
    like: str | None = None
    total: int = 0
    recommended: tuple[RecommendationGroup, ...] = ()
    already: tuple[str, ...] = ()
    """What similar filings have and the draft has too."""
    similar_filings: int = 0
    took_ms: float = 0.0
    message: str | None = None


ChangeKind = Literal["same", "target", "unit", "level", "renamed", "removed", "added"]


class IndicatorChange(Value):
    """One indicator of two tables; `before` and `after` are null where a table lacks it."""

    kind: ChangeKind
    name: str
    level1: str
    level2: str
    name_after: str | None = None
    before: str | None = None
    after: str | None = None
    value_before: TargetValue | None = None
    value_after: TargetValue | None = None
    level_after: tuple[str, str] | None = None
    change: float | None = None
    """after / before - 1 where both are numbers of one unit."""


class FieldChange(Value):
    """A header field or an amount that differs."""

    field: str
    before: bool | int | float | str | None = None
    after: bool | int | float | str | None = None
    change: float | None = None


class FilingDiff(Value):
    """What differs between filing `a` and filing `b`: header, amounts and the tree of indicators."""

    a: str
    b: str
    label_a: str
    label_b: str
    fields: tuple[FieldChange, ...] = ()
    indicators: tuple[IndicatorChange, ...] = ()
    missing_in_a: tuple[str, ...] = ()
    """Dimensions (产出·数量, 满意度) that only `b` measures."""
    missing_in_b: tuple[str, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    """Indicators by kind of change."""


class YearOfProject(Value):
    """One year of a project's line."""

    filing_id: str
    fiscal_year: int | None = None
    project_name: str | None = None
    budget: float | None = None
    indicators: int = 0


class IndicatorOverYears(Value):
    """One indicator over a project's years: the target as printed by filing id, years without it left out."""

    name: str
    level1: str
    level2: str
    targets: dict[str, str]
    changed: bool


class ProjectHistory(Value):
    """One project over the years, oldest first, and what changed from each year to the next."""

    years: tuple[YearOfProject, ...]
    indicators: tuple[IndicatorOverYears, ...]
    steps: tuple[FilingDiff, ...] = ()
