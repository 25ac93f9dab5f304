"""Rules of the indicator table: targets as they are printed, where a row is filed, and what the table lacks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from perfsearch.extract.indicators import EFFECT, OUTPUT, fold_indicator
from perfsearch.extract.targets import FAULT_WORDS, target_faults
from perfsearch.model.review import Evidence
from perfsearch.queries.review.draft import Draft, Row
from perfsearch.queries.review.rule import Check, Hit, Verdict, insufficient, not_applicable, verdict

VAGUE_ROWS_MIN = 4
VAGUE_SHARE = 0.5
"""More than half of at least four outputs and effects without a number; the sample filings have at most a quarter."""

_VAGUE = re.compile(
    r"^(?:(?:持续|不断|有效|进一步|稳步|逐步|显著|明显|大幅|得到|有所|较|全面|切实|基本)*(?:提升|提高|增强|增长|增加|扩大|改善|改进|优化|促进|加强|推动|推进|完善|良好|较好|好|优|"
    r"明显|显著|稳定|增进|缓解|减轻|下降|降低|减少|有效|长效|可持续|持续|满意|达标|完成|合理|健全|规范|可控)(?:明显|显著)?)+$"
)
_TREND = re.compile(r"提升|提高|增强|增长|增加|扩大|改善|下降|降低|减少|缓解|减轻|上升|持续")
_NAME_TAIL = re.compile(r"(?:率|满意度|知晓度|达标度|情况|程度)$")


def _rows(check: Callable[[Draft, Row], Hit | None], summary: str | None = None) -> Callable[[Draft], Verdict]:
    """A check of row by row; with a `summary`, two hits or more become one that lists the rows ({n}, {names})."""

    def whole(draft: Draft) -> Verdict:
        if not draft.has_table:
            return not_applicable("此表式没有绩效指标表")
        if not draft.rows:
            return not_applicable("没有填绩效指标，另行提示")
        hits = [(row, hit) for row in draft.rows if (hit := check(draft, row)) is not None]
        if summary is None or len(hits) < 2:
            return verdict(hit for _, hit in hits)
        names = "、".join(dict.fromkeys(f"“{row.name}”" for row, _ in hits))
        evidence = tuple(part for _, hit in hits for part in hit.evidence)
        return verdict([Hit(summary.format(n=len(hits), names=names), evidence)])

    return whole


def _malformed(draft: Draft, row: Row) -> Hit | None:
    faults = target_faults(row.target)
    if not faults:
        return None
    return Hit(f"指标值“{row.target}”{'、'.join(FAULT_WORDS[fault] for fault in faults)}。", (row.evidence(),))


def _blank_target(draft: Draft, row: Row) -> Hit | None:
    return None if row.target.strip() else Hit(f"“{row.name}”没有填指标值。", (row.evidence(),))


def _over_hundred(draft: Draft, row: Row) -> Hit | None:
    value = row.value
    highest = max(value.number or 0.0, value.number_to or 0.0)
    if not row.kind.rate or row.kind.growth or value.unit != "%" or highest <= 100 or value.op in ("<=", "<"):
        return None
    if re.search(r"超额|控制|负荷|担保|拨备|杠杆|入住|满产|偿债|流动|速动|保障倍", row.name):
        return None
    return Hit(f"“{row.name}”是占比，指标值“{row.target}”超过 100%。", (row.evidence(),))


_SATISFIED = re.compile(r"满意(?:度|率|程度)(?:$|[、,])|(?:好评率|获得感|幸福感|认可度|美誉度)$")


def _bare(row: Row) -> str:
    """The name without a tail that says nothing: 满意度目标 is 满意度."""
    return re.sub(r"(?:指标|目标|情况)$", "", row.fold)


def _satisfaction_in_words(draft: Draft, row: Row) -> Hit | None:
    if row.value.number is not None or not row.target.strip() or _repeats_name(row):
        return None
    measured = bool(_SATISFIED.search(_bare(row))) or (
        row.dimension == "satisfaction" and not row.process and "可控" not in row.name
    )
    if not measured:
        return None
    return Hit(f"满意度指标“{row.name}”只写“{row.target}”，没有数值。", (row.evidence(),))


def _repeats_name(row: Row) -> bool:
    """Whether the target column holds a name again instead of a value: 居民满意度 / 满意度, 完工及时率 / 及时率."""
    target = fold_indicator(row.target)
    if not target or any(c.isdigit() for c in target) or re.search(r"[=<>≥≤]|百分之", row.target):
        return False
    if len(target) >= 2 and target == row.fold:
        return True
    return bool(_NAME_TAIL.search(target)) and len(target) >= 2


def _name_as_target(draft: Draft, row: Row) -> Hit | None:
    if _repeats_name(row):
        return Hit(f"指标值一栏写的是“{row.target}”，是指标名称而不是数值。", (row.evidence(),))
    if len(row.fold) >= 4 and row.value.number is not None and fold_indicator(row.target).startswith(row.fold):
        return Hit(f"指标值“{row.target}”重复了指标名称，只留数值即可。", (row.evidence(),), severity="notice")
    return None


def _rate_in_words(draft: Draft, row: Row) -> Hit | None:
    if not row.kind.rate or row.kind.satisfaction or row.value.number is not None or not row.target.strip():
        return None
    if (
        _repeats_name(row)
        or target_faults(row.target)
        or _TREND.search(row.target)
        or re.search(r"\d|全覆盖|全部|百分之|达标", row.target)
    ):
        return None
    return Hit(f"“{row.name}”是比率，指标值却写“{row.target}”。", (row.evidence(),))


def _rate_without_percent(draft: Draft, row: Row) -> Hit | None:
    base = row.base
    if (
        not row.kind.rate
        or base is None
        or base[1] is not None
        or row.value.number is None
        or not 1 < row.value.number <= 1000
    ):
        return None
    return Hit(f"“{row.name}”是比率，指标值“{row.target}”没有写 %。", (row.evidence(),))


def _number_without_unit(draft: Draft, row: Row) -> Hit | None:
    base = row.base
    if (
        base is None
        or base[1] is not None
        or row.kind.rate
        or row.kind.count
        or not re.fullmatch(r"\s*[=<>≥≤＝≧≦]*\s*[\d０-９.,]+\s*", row.target)
    ):
        return None
    # Counts are named by what they count; a name that says how something is or is done has nothing to count.
    if not _is_deed(row):
        return None
    return Hit(
        f"“{row.name}”说的是一件事做没做、好不好，指标值“{row.target}”没有单位，看不出是百分比还是数量。",
        (row.evidence(),),
    )


_DEED = re.compile(
    r"^(?:围绕|按照|根据|健全|制定|完善|加强|提升|提高|开展|继续|实施|推进|推动|激发|促进|规范|保障|落实|做好|建立|营造|履行|确保|优化|维护)|"
    r"(?:性|化|保障|宣传|表彰|推广|影响力|水平|能力|运行|开展|管理|素质|发展|机制|制度|氛围|工作)$|[，,；;]"
)


def _is_deed(row: Row) -> bool:
    return _DEED.search(row.fold) is not None


def _process_as_result(draft: Draft, row: Row) -> Hit | None:
    if not row.process or row.dimension not in {*OUTPUT, *EFFECT, "satisfaction"} - {"cost", "influence"}:
        return None
    return Hit(
        f"“{row.name}”反映资金和项目怎样管理，填在“{row.level1}／{row.level2}”下不能反映产出或效果。", (row.evidence(),)
    )


def _satisfaction_elsewhere(draft: Draft, row: Row) -> Hit | None:
    if not _SATISFIED.search(_bare(row)) or row.dimension in ("satisfaction", "management"):
        return None
    return Hit(f"“{row.name}”是满意度，填在“{row.level1}／{row.level2}”下。", (row.evidence(),))


_ABOUT_OPINION = re.compile(
    r"满意|评价|好评|口碑|认可|投诉|幸福|获得感|感受|意见|反馈|美誉|信任|安全感|支持|知晓|测评|表扬|认同|欢迎|差评|舆情|服务对象|认知|评议|赞|信访|受益|体验|反映"
)


_WHO = re.compile(
    r"(?:[员生人者众民师工户方]|单位|企业|公众|对象|家长|职工|师生|部门|机构|用户|客户|家庭|社会|家属|学校|社区|商户|干部|团体|协会|学会)$"
)


def _not_satisfaction(draft: Draft, row: Row) -> Hit | None:
    if row.dimension != "satisfaction" or row.process or _ABOUT_OPINION.search(row.name + row.target):
        return None
    if _WHO.search(row.fold):  # under 满意度, 学员 is how content they are
        return None
    return Hit(f"“{row.name}”不是服务对象的评价，填在“{row.level1}／{row.level2}”下。", (row.evidence(),))


_COST_FLOOR_IS_RIGHT = re.compile(
    r"补助|补贴|资助|救助|奖励|工资|薪酬|待遇|收入|节约|节省|降低|下降|压减|减少|控制|回收|合规|率$|比例$|投入|配套|保障"
)


def _cost_at_least(draft: Draft, row: Row) -> Hit | None:
    if row.value.number is None or row.value.op not in (">=", ">") or not (row.dimension == "cost" or row.kind.cost):
        return None
    if row.dimension != "cost" and row.dimension not in OUTPUT:
        return None
    unit = (row.base or (0, None))[1] or ""
    if _COST_FLOOR_IS_RIGHT.search(row.fold) or not (row.kind.cost or "元" in unit):
        return None
    return Hit(
        f"成本指标“{row.name}”的指标值“{row.target}”用了“不低于”，成本应当控制在一定数额之内。", (row.evidence(),)
    )


def _budget_as_target(draft: Draft, row: Row) -> Hit | None:
    base, budget = row.base, draft.filing.budget
    if base is None or base[1] != "元" or row.dimension == "cost" or not base[0]:
        return None
    for name in ("current_year", "total"):
        if getattr(budget, name) == base[0]:
            return Hit(
                f"“{row.name}”的指标值“{row.target}”就是预算数，不是要达到的目标。",
                (row.evidence(),),
                (draft.amount_field(name),),
            )
    return None


def _repeated_rows(draft: Draft) -> Verdict:
    if not draft.has_table:
        return not_applicable("此表式没有绩效指标表")
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in draft.rows:
        groups[row.fold, row.dimension].append(row)
    hits = []
    for rows in groups.values():
        if len(rows) > 1:
            same = len({row.target for row in rows}) == 1
            message = f"“{rows[0].name}”在“{rows[0].level1}／{rows[0].level2}”下填了 {len(rows)} 次" + (
                "。" if same else "，指标值还不一样。"
            )
            hits.append(Hit(message, tuple(row.evidence() for row in rows), severity="notice" if same else "warning"))
    return verdict(hits)


def _no_table(draft: Draft) -> Verdict:
    if not draft.has_table:
        return not_applicable("此表式没有绩效指标表")
    return verdict(() if draft.rows else [Hit("没有填绩效指标。", (Evidence(text="", field="indicators"),))])


def _lacking(dimensions: Iterable[str], what: str) -> Callable[[Draft], Verdict]:
    wanted = frozenset(dimensions)

    def check(draft: Draft) -> Verdict:
        if not draft.has_table:
            return not_applicable("此表式没有绩效指标表")
        if not draft.rows:
            return not_applicable("没有填绩效指标，另行提示")
        if any(row.dimension == "other" for row in draft.rows):
            return insufficient("有的指标看不出属于哪一类")
        if any(row.dimension in wanted for row in draft.rows):
            return verdict(())
        levels = "、".join(dict.fromkeys(row.level1 for row in draft.rows))
        return verdict([Hit(f"没有{what}。", (Evidence(text=levels, field="indicators"),))])

    return check


def _no_satisfaction(draft: Draft) -> Verdict:
    found = _lacking({"satisfaction"}, "满意度指标")(draft)
    if found.hits and any(row.kind.satisfaction for row in draft.rows):
        return verdict(())  # filed elsewhere, which is another finding
    return found


def _only_process(draft: Draft) -> Verdict:
    if not draft.has_table:
        return not_applicable("此表式没有绩效指标表")
    outputs = [row for row in draft.rows if row.dimension in OUTPUT]
    if not outputs:
        return not_applicable("没有产出指标，另行提示")
    # 项目计划完成率 says that the plan is carried out, whatever the plan is.
    telling = [
        row
        for row in outputs
        if not row.process
        and not re.fullmatch(r"项目计划完成率|计划完成率|项目质量可控性|完成及时率|项目完成率", row.fold)
    ]
    if telling:
        return verdict(())
    return verdict(
        [
            Hit(
                "产出指标都是资金和管理方面的，或只写“项目计划完成率”，没有一个说明这个项目要做出什么。",
                tuple(row.evidence() for row in outputs),
            )
        ]
    )


def _vague(draft: Draft) -> Verdict:
    if not draft.has_table:
        return not_applicable("此表式没有绩效指标表")
    rows = [row for row in draft.rows if row.dimension in OUTPUT | EFFECT | {"satisfaction"} and not row.process]
    # A mechanism is sound or not (长效管理: 健全); that is no share to be measured.
    rows = [row for row in rows if row.dimension != "influence" or not re.search(r"机制|制度|体系", row.name)]
    if len(rows) < VAGUE_ROWS_MIN:
        return not_applicable("产出和效果指标太少，不计比例")
    vague = [
        row
        for row in rows
        if row.value.number is None and (_VAGUE.match(row.target.strip()) or not any(c.isdigit() for c in row.target))
    ]
    if len(vague) <= VAGUE_SHARE * len(rows):
        return verdict(())
    return verdict(
        [
            Hit(
                f"{len(rows)} 个产出和效果指标中有 {len(vague)} 个没有数值（“{'”“'.join(dict.fromkeys(row.target for row in vague[:6]))}”），年末难以考核。",
                tuple(row.evidence() for row in vague),
            )
        ]
    )


CHECKS: dict[str, Check] = {
    "table.no-indicators": _no_table,
    "table.no-output": _lacking(OUTPUT, "产出指标"),
    "table.no-effect": _lacking({*EFFECT, "satisfaction"}, "效果指标"),
    "table.no-satisfaction": _no_satisfaction,
    "table.blank-target": _rows(_blank_target),
    "table.malformed-target": _rows(_malformed),
    "table.rate-over-hundred": _rows(_over_hundred),
    "table.satisfaction-in-words": _rows(_satisfaction_in_words),
    "table.name-as-target": _rows(_name_as_target),
    "table.rate-in-words": _rows(_rate_in_words),
    "table.rate-without-percent": _rows(_rate_without_percent),
    "table.number-without-unit": _rows(
        _number_without_unit, "{n} 个指标说的是一件事做没做、好不好，指标值却是没有单位的数：{names}。"
    ),
    "table.process-as-result": _rows(
        _process_as_result, "{n} 个反映资金和项目怎样管理的指标填在产出或效果下：{names}。"
    ),
    "table.only-process": _only_process,
    "table.satisfaction-misplaced": _rows(_satisfaction_elsewhere),
    "table.not-satisfaction": _rows(_not_satisfaction),
    "table.cost-at-least": _rows(_cost_at_least),
    "table.budget-as-target": _rows(_budget_as_target),
    "table.repeated-row": _repeated_rows,
    "table.vague": _vague,
}
