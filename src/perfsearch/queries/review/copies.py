"""Rules of copied text and of budgets out of line: what the library's filings say about the draft."""

from __future__ import annotations

from perfsearch.model.review import Evidence
from perfsearch.queries.review.draft import SECTION_NAMES, Draft, yuan
from perfsearch.queries.review.rule import RULES_2015, USAGE, Hit, Rule, Verdict, insufficient, not_applicable, verdict

OTHER_UNIT_SHARE = 0.3
"""Share of a filing's text that stands in other units' filings, quotations and stock sentences aside. The copies planted in
the sample have 0.35 and more, independent filings of one trade at most 0.12."""
WITHIN_SHARE = 0.6
WITHIN_LENGTH_MIN = 60
NEIGHBOURS_MIN = 5
NEIGHBOUR_SIMILARITY = 0.55
OUT_OF_LINE = 3.0
"""Three times the largest, or a third of the smallest, of at least five like projects."""


def _other_unit(draft: Draft) -> Verdict:
    report = draft.measured.duplicates if draft.measured else None
    if report is None:
        return insufficient("没有可供比较的库")
    if report.rates.other_unit < OTHER_UNIT_SHARE:
        return verdict(())
    matches = [m for m in report.matches if m.category == "other_unit" and not m.boilerplate and not m.within_filing]
    matches.sort(key=lambda m: m.start - m.end)
    evidence = tuple(draft.at(m.section, m.start, m.end) for m in matches[:4])
    against = tuple(
        Evidence(text=m.source_text, section=m.source_section, start=m.source_start, end=m.source_end, filing_id=m.source_filing_id)
        for m in matches[:4]
    )
    return verdict([Hit(f"{report.rates.other_unit:.0%} 的文字与其他单位的申报表相同或基本相同（已除去引文和套话）。", evidence, against)])


def _not_updated(draft: Draft) -> Verdict:
    report = draft.measured.duplicates if draft.measured else None
    if report is None:
        return insufficient("没有可供比较的库")
    return verdict(
        Hit(
            one.message,
            (draft.at(one.section, one.start, one.end),),
            (Evidence(text=one.text, section=one.source_section, start=one.source_start, end=one.source_end, filing_id=one.source_filing_id),),
            severity="warning" if one.certainty == "sure" else "notice",
        )
        for one in report.copied_not_updated
    )


def _within(draft: Draft) -> Verdict:
    report = draft.measured.duplicates if draft.measured else None
    if report is None:
        return insufficient("没有比较篇内文字")
    hits, seen = [], set()
    for match in report.matches:
        if not match.within_filing or match.boilerplate or match.section == match.source_section:
            continue
        length = match.end - match.start
        whole, other = draft.text(match.section), draft.text(match.source_section)
        pair = frozenset((match.section, match.source_section))
        shorter = min(len(whole), len(other))
        # Two goals of one year's project are one text; sections that are wholly alike are another rule's finding.
        if pair in seen or length < WITHIN_LENGTH_MIN or length < WITHIN_SHARE * shorter or whole.strip() == other.strip():
            continue
        if pair == {"goals", "annual_goals"}:
            continue
        seen.add(pair)
        names = f"“{SECTION_NAMES.get(match.section, match.section)}”与“{SECTION_NAMES.get(match.source_section, match.source_section)}”"
        hits.append(Hit(f"{names}有 {length} 个字相同或基本相同。", (draft.at(match.section, match.start, match.end),), (draft.at(match.source_section, match.source_start, match.source_end),)))
    return verdict(hits)


def _out_of_line(draft: Draft) -> Verdict:
    measured = draft.measured
    if measured is None:
        return insufficient("没有可供比较的库")
    amount = draft.filing.budget.current_year if draft.filing.budget.current_year is not None else draft.filing.budget.total
    if not amount:
        return not_applicable("没有预算数")
    like = [s for s in measured.similar if s.similarity >= NEIGHBOUR_SIMILARITY and s.budget and not s.same_project]
    budgets = [s.budget for s in like if s.budget]
    if len(budgets) < NEIGHBOURS_MIN:
        return insufficient(f"库中足够相似的其他项目不到 {NEIGHBOURS_MIN} 个")
    low, high = min(budgets), max(budgets)
    if low / OUT_OF_LINE <= amount <= high * OUT_OF_LINE:
        return verdict(())
    against = tuple(Evidence(text=yuan(s.budget or 0.0), field="budget.current_year", filing_id=s.filing_id) for s in like[:6])
    return verdict([Hit(f"预算 {yuan(amount)} 元，{len(budgets)} 个相似项目在 {yuan(low)} 元至 {yuan(high)} 元之间。", (draft.amount_field("current_year"),), against)])


RULES = (
    Rule("copy.other-unit", "warning", "大段文字与其他单位相同", f"与其他单位申报表相同的文字（除去引文和套话）达到 {OTHER_UNIT_SHARE:.0%}。", USAGE, "按本单位、本项目的实际改写，或说明是联合项目。", _other_unit, needs_library=True),
    Rule("copy.not-updated", "warning", "沿用的文字没有更新", "沿用段落里的年度、单位、地名、金额与本表表头不符。", USAGE, "按本表改正。", _not_updated, needs_library=True),
    Rule("copy.within", "notice", "两个栏目大部分相同", f"两个栏目有 {WITHIN_LENGTH_MIN} 字以上、占较短栏目 {WITHIN_SHARE:.0%} 以上的文字相同。", f"{RULES_2015}：绩效目标审核的完整性、相关性审核", "按各栏目的要求分别填写。", _within, needs_library=True),
    Rule("usage.budget-out-of-line", "notice", "预算与相似项目差得很远", f"预算高于相似项目最高数的 {OUT_OF_LINE:g} 倍，或低于最低数的 1/{OUT_OF_LINE:g}（至少 {NEIGHBOURS_MIN} 个相似项目，不含本项目其他年度）。", f"{USAGE}；{RULES_2015}：绩效目标审核的适当性审核", "说明规模和测算标准。", _out_of_line, needs_library=True),
)  # fmt: skip
