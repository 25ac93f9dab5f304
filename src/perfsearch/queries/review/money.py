"""Rules of the amounts: the fields among each other, against the year before, and against the amounts in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perfsearch.extract.amounts import Group, enumerations, quarters, stated_totals
from perfsearch.model.review import Evidence
from perfsearch.queries.review.draft import FIELD_NAMES, SECTION_NAMES, Draft, yuan
from perfsearch.queries.review.rule import Check, Hit, Verdict, insufficient, not_applicable, verdict

ROUNDING_YUAN = 1.0
"""Forms print whole yuan; sums of rounded parts may differ by one."""
ROUNDING_TEXT = 0.0005
"""Amounts in the text are rounded to two places of 万元: 148,050 is 14.81万元."""
NEAR_MISS = 0.15
"""Parts that come within 15 % of the budget were meant to make it up; further off they are parts of something else.
The planted errors of the sample are off by 2 to 5 %; its twelve other lists add up."""
JUMP = 2.0
"""Twice the year before: of the 60 sample filings with a year before, the most is 1.3 times."""
LOW_EXECUTION = 0.7


def _differs(a: float, b: float) -> bool:
    return abs(a - b) > max(ROUNDING_YUAN, ROUNDING_TEXT * max(abs(a), abs(b)))


def _total_below_year(draft: Draft) -> Verdict:
    total, current = draft.filing.budget.total, draft.filing.budget.current_year
    if total is None or current is None:
        return insufficient("总预算或当年预算未填") if draft.has_table else not_applicable("此表式没有预算栏")
    if current <= total + ROUNDING_YUAN:
        return verdict(())
    return verdict(
        [
            Hit(
                f"当年预算 {yuan(current)} 元大于项目总预算 {yuan(total)} 元。",
                (draft.amount_field("current_year"),),
                (draft.amount_field("total"),),
            )
        ]
    )


def _no_amount(draft: Draft) -> Verdict:
    budget = draft.filing.budget
    if not draft.has_table:
        return not_applicable("此表式没有预算栏")
    if budget.current_year is None and budget.total is None:
        return verdict([Hit("总预算和当年预算都没有填。", (draft.amount_field("current_year"),))])
    amount = budget.current_year if budget.current_year is not None else budget.total
    if amount is not None and amount <= 0:
        return verdict([Hit(f"当年预算是 {yuan(amount)} 元。", (draft.amount_field("current_year"),))])
    return verdict(())


def _executed(draft: Draft) -> Verdict:
    before, executed = draft.filing.budget.previous_year, draft.filing.budget.previous_year_executed
    if before is None and executed is None:
        return not_applicable("没有同名项目上年预算")
    if before is None or executed is None:
        return insufficient("上年预算额与上年执行数只填了一个")
    if executed > before + ROUNDING_YUAN:
        return verdict(
            [
                Hit(
                    f"上年预算执行数 {yuan(executed)} 元大于上年预算额 {yuan(before)} 元。",
                    (draft.amount_field("previous_year_executed"),),
                    (draft.amount_field("previous_year"),),
                )
            ]
        )
    current = draft.filing.budget.current_year
    if before > 0 and executed / before < LOW_EXECUTION and current is not None and current >= before:
        share = f"{executed / before:.0%}"
        return verdict(
            [
                Hit(
                    f"上年只执行了 {share}，当年预算没有减少。",
                    (draft.amount_field("previous_year_executed"), draft.amount_field("current_year")),
                    (draft.amount_field("previous_year"),),
                    settle="说明上年执行率低的原因和当年的资金需求。",
                    severity="notice",
                )
            ]
        )
    return verdict(())


def _jump(draft: Draft) -> Verdict:
    before, current = draft.filing.budget.previous_year, draft.filing.budget.current_year
    if not before:
        return not_applicable("没有同名项目上年预算")
    if current is None:
        return insufficient("当年预算未填")
    if current < JUMP * before:
        return verdict(())
    return verdict(
        [
            Hit(
                f"当年预算是上年的 {current / before:.1f} 倍。",
                (draft.amount_field("current_year"),),
                (draft.amount_field("previous_year"),),
            )
        ]
    )


def _previous_differs(draft: Draft) -> Verdict:
    stated, measured = draft.filing.budget.previous_year, draft.measured
    if stated is None:
        return not_applicable("没有同名项目上年预算")
    if measured is None or measured.previous is None:
        return insufficient("库中没有这个项目上一年度的申报表")
    filed = measured.previous.budget.current_year
    if filed is None:
        return insufficient("上一年度的申报表没有当年预算")
    if abs(filed - stated) <= ROUNDING_YUAN:
        return verdict(())
    other = Evidence(text=yuan(filed), field="budget.current_year", filing_id=measured.previous.id)
    return verdict(
        [
            Hit(
                f"表中上年预算额是 {yuan(stated)} 元，上一年度申报的当年预算是 {yuan(filed)} 元。",
                (draft.amount_field("previous_year"),),
                (other,),
            )
        ]
    )


_SUMS = (
    ("current_year", ("current_year_fiscal", "carried_over", "current_year_other")),
    ("total", ("total_fiscal", "total_other")),
)


def _fields_add_up(draft: Draft) -> Verdict:
    budget = draft.filing.budget
    hits, looked = [], False
    for whole, parts in _SUMS:
        amount = getattr(budget, whole)
        given = {part: getattr(budget, part) for part in parts}
        if amount is None or all(value is None for value in given.values()):
            continue
        looked = True
        total = sum(value or 0.0 for value in given.values())
        # A part that is blank may be what is missing; only more than the whole is certain then.
        complete = all(value is not None for value in given.values())
        if (complete and abs(total - amount) > ROUNDING_YUAN) or total > amount + ROUNDING_YUAN:
            evidence = tuple(draft.amount_field(part) for part, value in given.items() if value is not None)
            names = "、".join(FIELD_NAMES[f"budget.{part}"] for part, value in given.items() if value is not None)
            hits.append(
                Hit(
                    f"{names}合计 {yuan(total)} 元，与{FIELD_NAMES[f'budget.{whole}']} {yuan(amount)} 元不符。",
                    evidence,
                    (draft.amount_field(whole),),
                )
            )
    fiscal, year = budget.total_fiscal, budget.current_year_fiscal
    if fiscal is not None and year is not None:
        looked = True
        if year > fiscal + ROUNDING_YUAN:
            hits.append(
                Hit(
                    f"当年财政拨款 {yuan(year)} 元大于财政资金总额 {yuan(fiscal)} 元。",
                    (draft.amount_field("current_year_fiscal"),),
                    (draft.amount_field("total_fiscal"),),
                )
            )
    negative = [name for name, value in budget.model_dump().items() if value is not None and value < 0]
    hits.extend(Hit(f"{FIELD_NAMES[f'budget.{name}']}是负数。", (draft.amount_field(name),)) for name in negative)
    return verdict(hits) if looked or negative else not_applicable("此表式没有资金构成")


def _year_amount(draft: Draft) -> tuple[float, str] | None:
    """The year's amount, or where the form has only one the total."""
    budget = draft.filing.budget
    if budget.current_year is not None:
        return budget.current_year, "current_year"
    return (budget.total, "total") if budget.total is not None else None


def _known_amounts(draft: Draft) -> list[float]:
    return [value for value in draft.filing.budget.model_dump().values() if value]


_UNKNOWN_QUARTER = re.compile(r"[一二三四]季度[^，。；\d]{0,8}\d+(?:\.\d+)?(?=[，、；。]|$)")


def _quarters(draft: Draft) -> Verdict:
    groups = [
        (name, group) for name, amounts in draft.amounts.items() if (group := quarters(draft.text(name), amounts))
    ]
    if not groups:
        if any(len(_UNKNOWN_QUARTER.findall(text or "")) >= 2 for text in draft.filing.sections.values()):
            return insufficient("各季度的金额没有写单位")
        return not_applicable("文中没有分季度的金额")
    year = _year_amount(draft)
    if year is None:
        return insufficient("表中没有预算数，无法与分季度金额核对")
    hits = []
    for name, group in groups:
        if not group.complete:
            return insufficient(f"“{SECTION_NAMES.get(name, name)}”没有逐季写明一个金额，不能相加")
        if any(not _differs(group.total, amount) for amount in _known_amounts(draft)):
            continue
        amount, field = year
        how = "累计到年末" if group.cumulative else "各季度合计"
        hits.append(
            Hit(
                f"{how} {yuan(group.total)} 元，与{FIELD_NAMES[f'budget.{field}']} {yuan(amount)} 元不符。",
                tuple(draft.at(name, part.start, part.end) for part in group.parts),
                (draft.amount_field(field),),
            )
        )
    return verdict(hits)


def _parts(draft: Draft) -> Verdict:
    hits, looked = [], False
    for name, group in _enumerations(draft):
        year = _year_amount(draft)
        if group.stated is None and year is None:
            continue
        looked = True
        hit = _parts_hit(draft, name, group)
        if hit is not None:
            hits.append(hit)
    if not looked:
        return not_applicable("文中没有分项列示的金额，或没有可比的总额")
    return verdict(hits)


def _enumerations(draft: Draft) -> Iterator[tuple[str, Group]]:
    for name, amounts in draft.amounts.items():
        for group in enumerations(draft.text(name), amounts):
            yield name, group


def _parts_hit(draft: Draft, name: str, group: Group) -> Hit | None:
    evidence = (draft.at(name, group.start, group.end),)
    if group.stated is not None:
        if not _differs(group.total, group.stated.yuan):
            return None
        # Of a stated whole a list behind 其中 may name some parts only: less is no contradiction.
        if group.total < group.stated.yuan * (1 - NEAR_MISS):
            return None
        stated = draft.at(name, group.stated.start, group.stated.end)
        return Hit(
            f"分项合计 {yuan(group.total)} 元，与文中写的 {yuan(group.stated.yuan)} 元不符。", evidence, (stated,)
        )
    if any(not _differs(group.total, amount) for amount in _known_amounts(draft)):
        return None
    year = _year_amount(draft)
    if year is None or abs(group.total - year[0]) > NEAR_MISS * year[0]:
        return None
    return Hit(
        f"分项合计 {yuan(group.total)} 元，与{FIELD_NAMES[f'budget.{year[1]}']} {yuan(year[0])} 元不符。",
        evidence,
        (draft.amount_field(year[1]),),
    )


def _totals(draft: Draft) -> Verdict:
    found = [
        (name, amount) for name, amounts in draft.amounts.items() for amount in stated_totals(draft.text(name), amounts)
    ]
    if not found:
        return not_applicable("文中没有写项目总金额")
    year = _year_amount(draft)
    if year is None:
        return insufficient("表中没有预算数，无法与文中的金额核对")
    if len({amount.yuan for _, amount in found}) > 1:
        return insufficient("文中写了几个总额，不能确定哪一个是本项目的")
    known = _known_amounts(draft)
    hits = [
        Hit(
            f"文中写的金额是 {yuan(amount.yuan)} 元，与{FIELD_NAMES[f'budget.{year[1]}']} {yuan(year[0])} 元不符。",
            (draft.at(name, amount.start, amount.end),),
            (draft.amount_field(year[1]),),
        )
        for name, amount in found
        if all(_differs(amount.yuan, one) for one in known) and not _is_part(draft, name, amount.start)
    ]
    return verdict(hits)


def _is_part(draft: Draft, name: str, start: int) -> bool:
    """Whether the amount is one of several of its sentence: then it is a part, whatever it is called."""
    text = draft.text(name)
    if "总" in text[max(0, start - 10) : start]:
        return False
    begin = max(text.rfind(mark, 0, start) for mark in "。；\n") + 1
    stop = min((n for mark in "。；\n" if (n := text.find(mark, start)) >= 0), default=len(text))
    return sum(begin <= amount.start < stop and not amount.per for amount in draft.amounts[name]) > 1


CHECKS: dict[str, Check] = {
    "money.no-budget": _no_amount,
    "money.year-over-total": _total_below_year,
    "money.executed-over-budget": _executed,
    "money.doubled": _jump,
    "money.previous-year-differs": _previous_differs,
    "money.parts-of-form": _fields_add_up,
    "money.quarters": _quarters,
    "money.parts-of-text": _parts,
    "money.total-in-text": _totals,
}
