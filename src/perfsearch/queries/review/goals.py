"""Rules that hold the text against the table: figures that differ, and promises that no indicator measures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from perfsearch.extract.quantities import Quantity, find_quantities, fold_unit
from perfsearch.queries.review.draft import SECTION_NAMES, Draft, Row
from perfsearch.queries.review.rule import Check, Hit, Verdict, not_applicable, verdict

GOALS = ("goals", "annual_goals")
SAME_SUBJECT = 0.6
"""Share of the indicator's character pairs that stand in the promise: 老年人体检人数 and 完成体检9.6万人 share 体检."""
RATIO_MAX = 2.0
"""Figures of one thing that differ by more than twofold are figures of two things."""
PROMISES_MAX = 300
"""Promises that are held against the table; a longer list is no goal but an annex."""
UNMEASURED_MIN = 3
UNMEASURED_SHARE = 0.6
_COUNT_TAIL = re.compile(r"(?:总)?(?:数量|人数|次数|场次|份数|户数|件数|篇数|页数|家数|面积|长度|里程|数|量)$")
_STAGE = re.compile(
    r"上半年|下半年|[一二三四1-4]季度|每(?:月|季|年|天|日|周|半年)|\d+月(?:底|末|份)?|其中|第[一二三]阶段|分批|首批|汛前|暑期|寒假|学期|单(?:次|场|个|台)|一次|不足|(?<!不)低于\d+"
)


@dataclass(frozen=True, slots=True)
class _Promise:
    section: str
    quantity: Quantity
    clause: str


def _promises(draft: Draft, sections: tuple[str, ...]) -> list[_Promise]:
    found = (
        _Promise(name, quantity, draft.text(name)[quantity.clause_start : quantity.clause_end])
        for name in sections
        for quantity in find_quantities(draft.text(name), draft.filing.fiscal_year)
        if not quantity.past and not quantity.relative
    )
    return list(islice(found, PROMISES_MAX))


def _pairs(text: str) -> set[str]:
    bare = re.sub(r"[\W\d_]+", "", text)
    return {bare[i : i + 2] for i in range(len(bare) - 1)}


def _subject(row: Row) -> str:
    """What the indicator is about, without the word that says that it is counted."""
    return _COUNT_TAIL.sub("", row.fold) or row.fold


def _shared(row: Row, clause: str) -> float:
    mine = _pairs(_subject(row))
    return len(mine & _pairs(clause)) / len(mine) if mine else 0.0


def _differ(draft: Draft) -> Verdict:
    if not draft.has_table or not draft.rows:
        return not_applicable("没有绩效指标表")
    promises = _promises(draft, GOALS)
    if not promises:
        return not_applicable("目标中没有带单位的数")
    everywhere = {
        (q.quantity.number, q.quantity.unit)
        for q in _promises(draft, tuple(draft.filing.sections))
        if q.section in GOALS
    }
    hits = []
    for row in draft.rows:
        base = row.base
        if base is None or base[1] is None or row.process or row.dimension == "management" or not base[0]:
            continue
        number, unit = base[0], fold_unit(base[1])
        if (number, unit) in everywhere:
            continue
        about = [p for p in promises if p.quantity.unit == unit and _is_about(row, p)] or _only_pair(
            draft, row, promises
        )
        if len(about) != 1 or _STAGE.search(about[0].clause):
            continue
        promise = about[0]
        said = promise.quantity.number
        if said == number or not number / RATIO_MAX <= said <= number * RATIO_MAX or _taken(draft, row, promise):
            continue
        words = draft.at(promise.section, promise.quantity.start, promise.quantity.end)
        hits.append(
            Hit(
                f"“{SECTION_NAMES[promise.section]}”写“{promise.clause.strip()}”，指标“{row.name}”的指标值是“{row.target}”。",
                (row.evidence(),),
                (words,),
            )
        )
    return verdict(hits)


def _is_about(row: Row, promise: _Promise) -> bool:
    """Whether a promise speaks of what the row measures."""
    if row.kind.rate or promise.quantity.unit == "%":
        # Rates are told apart by their whole name: 报名率 and 到课率 share a tail and nothing else.
        clause = re.sub(r"[\W\d_]+", "", promise.clause)
        return row.fold in clause
    return _shared(row, promise.clause) >= SAME_SUBJECT


def _only_pair(draft: Draft, row: Row, promises: list[_Promise]) -> list[_Promise]:
    """The promise and the row of one unit, where each is the only one and they share a word: 完成体检9.6万人, 老年人体检人数."""
    unit = fold_unit((row.base or (0.0, None))[1])
    if unit in (None, "%", "个", "次", "项") or row.dimension != "quantity":
        return []
    rows = [
        other
        for other in draft.rows
        if other.base and fold_unit(other.base[1]) == unit and other.dimension in ("quantity", "social")
    ]
    mine = [p for p in promises if p.quantity.unit == unit]
    if len(rows) != 1 or len(mine) != 1 or not _pairs(_subject(row)) & _pairs(mine[0].clause):
        return []
    number = (row.base or (0.0, None))[0]
    return mine if number / 1.5 <= mine[0].quantity.number <= number * 1.5 else []


def _taken(draft: Draft, row: Row, promise: _Promise) -> bool:
    """Whether another row has the promise's figure: then the promise is about that row."""
    unit, number = promise.quantity.unit, promise.quantity.number
    same = [
        other
        for other in draft.rows
        if other.base is not None and fold_unit(other.base[1]) == unit and _is_about(other, promise)
    ]
    if len(same) > 1 and abs(sum(other.base[0] for other in same if other.base) - number) < 1e-6:
        return True  # 新设和更换路名牌800块 is the sum of two rows
    return any(
        other.base is not None and fold_unit(other.base[1]) == unit and other.base[0] == number
        for other in draft.rows
        if other is not row
    )


def _unmeasured(draft: Draft) -> Verdict:
    if not draft.has_table or not draft.rows:
        return not_applicable("没有绩效指标表")
    promises = [p for p in _promises(draft, GOALS) if not _STAGE.search(p.clause)]
    # One promise a clause: 49个学会承接174项 is one.
    kept = list({promise.clause: promise for promise in promises}.values())
    if len(kept) < UNMEASURED_MIN:
        return not_applicable("目标中写明数量的事太少，不作比较")
    lost = [promise for promise in kept if not _measured(draft, promise)]
    if len(lost) < UNMEASURED_MIN or len(lost) < UNMEASURED_SHARE * len(kept):
        return verdict(())
    words = "；".join(promise.clause.strip() for promise in lost[:5])
    places = tuple(draft.at(p.section, p.quantity.clause_start, p.quantity.clause_end) for p in lost[:8])
    return verdict(
        [
            Hit(
                f"目标写明了 {len(kept)} 个数，有 {len(lost)} 个没有对应的指标：{words}。",
                places,
                tuple(row.evidence() for row in draft.rows if row.dimension == "quantity")[:5],
            )
        ]
    )


def _measured(draft: Draft, promise: _Promise) -> bool:
    for row in draft.rows:
        base = row.base
        if (
            base is not None
            and base[0] == promise.quantity.number
            and (base[1] is None or fold_unit(base[1]) == promise.quantity.unit)
        ):
            return True
        if not row.process and _shared(row, promise.clause) >= 0.5:
            return True
    return False


CHECKS: dict[str, Check] = {
    "goals.figures-differ": _differ,
    "goals.unmeasured": _unmeasured,
}
