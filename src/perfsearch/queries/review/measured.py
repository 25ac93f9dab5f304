"""Rules that rest on how the library's filings use an indicator."""

from __future__ import annotations

from collections.abc import Callable

from perfsearch.extract.indicators import DIMENSION_NAMES, Dimension
from perfsearch.model.review import Evidence
from perfsearch.queries.review.draft import Draft, Row, Use
from perfsearch.queries.review.rule import Check, Hit, Verdict, insufficient, not_applicable, verdict

FILINGS_MIN = 20
"""Filings with the indicator below which its usage is no measure."""
RARE = 0.03
COMMON = 0.85
"""Hardly anyone files it here (3 %), nearly all in one other place (85 %): 预算执行率 stands under 投入 in 109 of 110 sample filings."""
UNITS_MIN = 10
UNIT_SHARE = 0.9


def _usage(check: Callable[[Row, Use], Hit | None]) -> Callable[[Draft], Verdict]:
    def whole(draft: Draft) -> Verdict:
        if not draft.has_table or not draft.rows:
            return not_applicable("没有绩效指标表")
        if draft.measured is None:
            return insufficient("没有可供比较的库")
        known = [
            (row, use)
            for row in draft.rows
            if (use := draft.measured.uses.get(row.fold)) and use.filings >= FILINGS_MIN
        ]
        if not known:
            return insufficient(f"没有一个指标在库中有 {FILINGS_MIN} 份以上的申报表使用")
        return verdict(hit for row, use in known if (hit := check(row, use)) is not None)

    return whole


def _rare_level(row: Row, use: Use) -> Hit | None:
    group = _group(row.dimension)
    groups: dict[str, int] = {}
    for place, count in use.dimensions.items():
        groups[_group(place)] = groups.get(_group(place), 0) + count
    total = sum(groups.values())
    best = max(groups, key=lambda name: groups[name])
    # One's own earlier filings must not make a habit of a slip: the share counts, not whether anyone did it.
    if best == group or groups[best] < COMMON * total or groups.get(group, 0) > RARE * total or row.process:
        return None
    evidence = Evidence(
        text=f"{use.filings} 份申报表使用“{row.name}”，其中 {groups[best]} 份填在“{best}”", filing_id=use.example
    )
    return Hit(
        f"“{row.name}”填在“{row.level1}／{row.level2}”下，库中 {groups[best] / total:.0%} 填在“{best}”。",
        (row.evidence(),),
        (evidence,),
    )


_GROUPS: dict[Dimension, str] = {
    "quantity": "产出",
    "quality": "产出",
    "timeliness": "产出",
    "cost": "产出",
    "economic": "效果",
    "social": "效果",
    "environment": "效果",
    "sustained": "效果",
    "influence": "效果",
    "satisfaction": "满意度",
}


def _group(place: Dimension) -> str:
    """First level over all forms: outputs apart from effects, within which tastes differ."""
    return _GROUPS.get(place, DIMENSION_NAMES[place])


def _unit_missing(row: Row, use: Use) -> Hit | None:
    base = row.base
    if base is None or base[1] is not None or row.kind.rate:
        return None
    total = sum(use.units.values())
    with_unit = {unit: count for unit, count in use.units.items() if unit is not None}
    if total < UNITS_MIN or not with_unit or sum(with_unit.values()) < UNIT_SHARE * total:
        return None
    usual = max(with_unit, key=lambda unit: with_unit[unit])
    evidence = Evidence(
        text=f"{total} 份申报表的“{row.name}”有数值，其中 {sum(with_unit.values())} 份有单位，多数是“{usual}”",
        filing_id=use.example,
    )
    return Hit(
        f"“{row.name}”的指标值“{row.target}”没有单位，库中 {sum(with_unit.values()) / total:.0%} 写了单位。",
        (row.evidence(),),
        (evidence,),
    )


CHECKS: dict[str, Check] = {
    "usage.rare-level": _usage(_rare_level),
    "usage.unit-missing": _usage(_unit_missing),
}
