"""What differs between two filings' header, amounts and indicator trees; and one project over the years."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from perfsearch.errors import NotFound
from perfsearch.extract.indicators import DIMENSION_NAMES, Dimension, dimension, fold_indicator
from perfsearch.extract.targets import in_base_unit, parse_target
from perfsearch.model import Filing, Filters, Indicator, TargetValue
from perfsearch.model.indicators import (
    ChangeKind,
    FieldChange,
    FilingDiff,
    IndicatorChange,
    IndicatorOverYears,
    ProjectHistory,
    YearOfProject,
)

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

RENAMED = 0.55
"""Dice coefficient of the character pairs of two names in one dimension from which one was renamed to the other:
培训人数 and 培训总人数 have 0.57, 培训人数 and 受益人数 0.33."""
_HEADER = ("fiscal_year", "applicant", "project_name", "category", "performance_type", "start_date", "end_date", "government_procurement")  # fmt: skip


def diff_filings(a: Filing, b: Filing) -> FilingDiff:
    """What differs from filing `a` to filing `b`: same indicator with another target, unit or level, missing dimensions."""
    changes = _compare(a.indicators, b.indicators)
    measured_a, measured_b = _dimensions(a), _dimensions(b)
    return FilingDiff(
        a=a.id,
        b=b.id,
        label_a=_label(a),
        label_b=_label(b),
        fields=tuple(_fields(a, b)),
        indicators=tuple(changes),
        missing_in_a=tuple(DIMENSION_NAMES[d] for d in DIMENSION_NAMES if d in measured_b - measured_a),
        missing_in_b=tuple(DIMENSION_NAMES[d] for d in DIMENSION_NAMES if d in measured_a - measured_b),
        counts=dict(Counter(change.kind for change in changes)),
    )


def project_history(view: View, filing: Filing) -> ProjectHistory:
    """One project over the years, oldest first, from the line that the library knows it by.

    Raises:
        NotFound: the library knows no line of this project.
    """
    lineage = view.lineage_of(filing)
    numbers: list[int] = view.filing_nos(Filters(lineage=lineage)).tolist() if lineage else []
    filings = [view.filing(number) for number in numbers]
    if filing.id not in {one.id for one in filings}:
        filings.append(filing)
    if len(filings) < 2:
        raise NotFound(
            f"{_label(filing)}: the library knows no other year of this project; name two filings to compare"
        )
    filings.sort(key=lambda one: (one.fiscal_year or 0, one.id))
    return ProjectHistory(
        years=tuple(_year(one) for one in filings),
        indicators=tuple(_over_years(filings)),
        steps=tuple(diff_filings(before, after) for before, after in pairwise(filings)),
    )


def _label(filing: Filing) -> str:
    parts = [str(filing.fiscal_year) if filing.fiscal_year else "", filing.applicant or "", filing.project_name or ""]
    return " ".join(part for part in parts if part) or filing.source.file


def _dimensions(filing: Filing) -> set[Dimension]:
    return {dimension(row.level1, row.level2) for row in filing.indicators}


def _fields(a: Filing, b: Filing) -> list[FieldChange]:
    changes = [
        FieldChange(field=name, before=getattr(a, name), after=getattr(b, name))
        for name in _HEADER
        if getattr(a, name) != getattr(b, name)
    ]
    for name, before in a.budget.model_dump().items():
        after = getattr(b.budget, name)
        if before != after:
            changes.append(
                FieldChange(field=f"budget.{name}", before=before, after=after, change=_share(before, after))
            )
    return changes


def _share(before: float | None, after: float | None) -> float | None:
    return round(after / before - 1, 6) if before and after is not None else None


def _compare(before: Sequence[Indicator], after: Sequence[Indicator]) -> list[IndicatorChange]:
    """Rows paired by folded name, then by a close name in one dimension; the rest came or went."""
    rest = list(after)
    pairs = [(row, _take(rest, row)) for row in before]
    changes: list[IndicatorChange] = []
    for row, other in pairs:
        if other is None:
            other = _take_close(rest, row)
            changes.append(_change(row, other, "renamed") if other else _change(row, None, "removed"))
        else:
            changes.append(_change(row, other, None))
    for row in rest:
        value = _value(row)
        changes.append(
            IndicatorChange(
                kind="added", name=row.name, level1=row.level1, level2=row.level2, after=row.target, value_after=value
            )
        )
    return changes


def _take(rest: list[Indicator], row: Indicator) -> Indicator | None:
    """The row of the same name out of `rest`, one in the same dimension first."""
    fold, place = fold_indicator(row.name), dimension(row.level1, row.level2)
    same = [other for other in rest if fold_indicator(other.name) == fold]
    same.sort(key=lambda other: dimension(other.level1, other.level2) != place)
    if not same:
        return None
    rest.remove(same[0])
    return same[0]


def _take_close(rest: list[Indicator], row: Indicator) -> Indicator | None:
    fold, place = fold_indicator(row.name), dimension(row.level1, row.level2)
    best: tuple[float, Indicator] | None = None
    for other in rest:
        if dimension(other.level1, other.level2) == place:
            close = name_similarity(fold, fold_indicator(other.name))
            if close >= RENAMED and (best is None or close > best[0]):
                best = (close, other)
    if best is None:
        return None
    rest.remove(best[1])
    return best[1]


def name_similarity(a: str, b: str) -> float:
    """Dice coefficient of the character pairs of two folded names, 0 to 1."""
    pairs_a, pairs_b = ({text[i : i + 2] for i in range(len(text) - 1)} for text in (a, b))
    total = len(pairs_a) + len(pairs_b)
    return 2 * len(pairs_a & pairs_b) / total if total else float(a == b)


def _value(row: Indicator) -> TargetValue:
    return row.value or parse_target(row.target, row.name)


def _change(row: Indicator, other: Indicator | None, kind: ChangeKind | None) -> IndicatorChange:
    mine = _value(row)
    if other is None:
        return IndicatorChange(
            kind="removed", name=row.name, level1=row.level1, level2=row.level2, before=row.target, value_before=mine
        )
    theirs = _value(other)
    moved = dimension(row.level1, row.level2) != dimension(other.level1, other.level2)
    return IndicatorChange(
        kind=kind or _kind(mine, theirs, row.target, other.target, moved),
        name=row.name,
        level1=row.level1,
        level2=row.level2,
        name_after=other.name if other.name != row.name else None,
        before=row.target,
        after=other.target,
        value_before=mine,
        value_after=theirs,
        level_after=(other.level1, other.level2) if moved else None,
        change=_number_change(mine, theirs),
    )


def _kind(mine: TargetValue, theirs: TargetValue, before: str, after: str, moved: bool) -> ChangeKind:
    a, b = in_base_unit(mine), in_base_unit(theirs)
    if a and b and a[1] != b[1]:
        return "unit"
    same = (a == b and mine.op == theirs.op and mine.number_to == theirs.number_to) if a and b else before == after
    if not same:
        return "target"
    return "level" if moved else "same"


def _number_change(mine: TargetValue, theirs: TargetValue) -> float | None:
    a, b = in_base_unit(mine), in_base_unit(theirs)
    return _share(a[0], b[0]) if a and b and a[1] == b[1] else None


def _year(filing: Filing) -> YearOfProject:
    amount = filing.budget.current_year if filing.budget.current_year is not None else filing.budget.total
    return YearOfProject(
        filing_id=filing.id,
        fiscal_year=filing.fiscal_year,
        project_name=filing.project_name,
        budget=amount,
        indicators=len(filing.indicators),
    )


def _over_years(filings: Sequence[Filing]) -> list[IndicatorOverYears]:
    """Each indicator with its target in every year, in the order in which the indicators first came."""
    rows: dict[tuple[str, Dimension], list[tuple[str, Indicator]]] = defaultdict(list)
    for filing in filings:
        for row in filing.indicators:
            rows[fold_indicator(row.name), dimension(row.level1, row.level2)].append((filing.id, row))
    found = []
    for occurrences in rows.values():
        latest = occurrences[-1][1]
        targets = {filing_id: row.target for filing_id, row in occurrences}
        conditions = {
            (_value(row).op, in_base_unit(_value(row)), row.target if _value(row).number is None else None)
            for _, row in occurrences
        }
        found.append(
            IndicatorOverYears(
                name=latest.name,
                level1=latest.level1,
                level2=latest.level2,
                targets=targets,
                changed=len(conditions) > 1 or len(targets) < len(filings),
            )
        )
    return found
