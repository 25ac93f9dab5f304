"""The review, indicators and differences as text for the terminal, and as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import click

from perfsearch.model.indicators import (
    FilingDiff,
    IndicatorResult,
    IndicatorUse,
    ProjectHistory,
    TargetSpread,
)
from perfsearch.model.review import Evidence, FilingReview, Finding, ReviewReport, RuleInfo, Severity
from perfsearch.service.wording import BUDGET_NAMES, SECTION_NAMES, yuan

SEVERITY_NAMES: dict[Severity, str] = {"error": "错误", "warning": "存疑", "notice": "提示"}
SEVERITY_COLORS: dict[Severity, str] = {"error": "red", "warning": "yellow", "notice": "cyan"}
FAMILY_NAMES = {
    "form": "表格填写",
    "money": "金额",
    "table": "绩效指标表",
    "goals": "目标与指标",
    "basis": "立项依据",
    "copy": "重复文字",
    "usage": "与同类比较",
}
CHANGE_NAMES = {
    "same": "相同",
    "target": "指标值不同",
    "unit": "单位不同",
    "level": "栏目不同",
    "renamed": "名称不同",
    "removed": "后者没有",
    "added": "前者没有",
}
FIELD_NAMES = {
    **{f"budget.{key}": name for key, name in BUDGET_NAMES.items()},
    "fiscal_year": "年度",
    "start_date": "计划开始日期",
    "end_date": "计划完成日期",
    "applicant": "申报单位",
    "project_name": "项目名称",
    "category": "项目类别",
    "performance_type": "绩效类型",
    "government_procurement": "是否含有政府购买服务",
    "indicators": "绩效指标",
}
VERBATIM_SHOWN = 120
_COLUMNS = (
    "文件", "申报表编号", "年度", "单位", "项目", "预算（元）", "级别", "规则", "问题", "位置", "原文", "对照", "处理", "依据",
)  # fmt: skip


def place_of(evidence: Evidence) -> str:
    """Where a piece of evidence stands, in words."""
    parts = []
    if evidence.filing_id:
        parts.append(evidence.filing_id)
    if evidence.field:
        parts.append(FIELD_NAMES.get(evidence.field, evidence.field))
    if evidence.section:
        name = SECTION_NAMES.get(evidence.section, evidence.section)
        if evidence.start is not None and evidence.end:
            name += f" 第 {evidence.start + 1}—{evidence.end} 字"
        parts.append(name)
    if evidence.row is not None:
        parts.append(f"指标表第 {evidence.row + 1} 行")
    return " ".join(parts)


def shortened(text: str, length_max: int = VERBATIM_SHOWN) -> str:
    """A verbatim text, cut in its middle where it is long."""
    return text if len(text) <= length_max else f"{text[: length_max - 30]}……{text[-28:]}"


def ratio(value: float) -> str:
    """A share as people read it."""
    return f"{value:.0%}" if value >= 0.005 or value == 0 else "不到 1%"


def number(value: float | None) -> str:
    """A number without a useless tail."""
    return "—" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")


# -- the review


def describe_review(report: ReviewReport) -> str:
    """A report as one page of text: what was found first, then what the library knows."""
    lines = []
    for one in report.reviews:
        lines += [*_head(one), *_findings(one), *_knowledge(one), *_silent(one), ""]
    lines += [f"注：{message}" for message in report.messages]
    lines.append(f"对照库中 {report.library_filings} 份申报表，用时 {report.took_ms / 1000:.2f} 秒。")
    return "\n".join(lines)


def _head(one: FilingReview) -> list[str]:
    title = click.style(one.project_name or "（无项目名称）", bold=True)
    about = " · ".join(str(part) for part in (one.fiscal_year, one.applicant, yuan(one.budget)) if part)
    counts = "，".join(f"{SEVERITY_NAMES[s]} {one.counts[s]}" for s in SEVERITY_NAMES)
    return [title, about, counts]


def _findings(one: FilingReview) -> Iterator[str]:
    for finding in one.findings:
        mark = click.style(SEVERITY_NAMES[finding.severity], fg=SEVERITY_COLORS[finding.severity])
        yield ""
        yield f"[{mark}] {finding.title}（{finding.code}）"
        yield f"    {finding.message}"
        for evidence in finding.evidence[:6]:
            yield f"    {place_of(evidence)}：“{shortened(evidence.text)}”"
        for evidence in finding.compared_with[:4]:
            yield f"    对照 {place_of(evidence)}：“{shortened(evidence.text)}”"
        yield f"    处理：{finding.settle}"
        yield f"    依据：{finding.source}"


def _knowledge(one: FilingReview) -> Iterator[str]:
    if one.duplicates is not None:
        rates = one.duplicates.rates
        yield ""
        yield (
            f"重复：总文字复制比 {ratio(rates.total)}，去除引用 {ratio(rates.without_quotations)}，"
            f"其他单位 {ratio(rates.other_unit)}，篇内重复 {ratio(rates.within)}"
        )
    if one.similar:
        yield ""
        yield "相似项目"
        for project in one.similar[:6]:
            mark = "（同一项目）" if project.same_project else ""
            year = project.fiscal_year or "----"
            yield f"    {year} {project.applicant or '—'} {project.project_name or '—'}{mark}  {yuan(project.budget)}  {project.similarity:.2f}"
    if one.missing_indicators:
        yield ""
        yield "相似项目有而本表没有的指标"
        for missing in one.missing_indicators[:8]:
            yield f"    {missing.level1}／{missing.level2} {missing.name}  {missing.typical_target}  （{ratio(missing.support)}）"
    if one.missing_policies:
        yield ""
        yield "相似项目引用而本表没有引用的文件"
        for item in one.missing_policies[:6]:
            number_part = item.policy.document_number or ""
            yield f"    《{item.policy.title or '—'}》{number_part}  {item.similar_filings}/{item.of} 份"
    if one.applicants:
        yield ""
        yield "做这类项目最多的单位：" + "，".join(f"{a.applicant}（{a.filings}）" for a in one.applicants)


def _silent(one: FilingReview) -> Iterator[str]:
    lacking = [outcome for outcome in one.outcomes if outcome.outcome == "insufficient_data"]
    aside = sum(outcome.outcome == "not_applicable" for outcome in one.outcomes)
    clear = sum(outcome.outcome == "clear" for outcome in one.outcomes)
    yield ""
    yield f"其余规则：{clear} 条未发现问题，{aside} 条不适用，{len(lacking)} 条数据不足。"
    for outcome in lacking:
        yield f"    数据不足 {outcome.code}：{outcome.reason}"


def describe_summary_table(reports: Sequence[ReviewReport]) -> str:
    """One line a filing: findings by severity first, so that the eye finds what to open."""
    lines = ["错误 存疑 提示  年度  预算（元）       项目 · 单位 · 文件"]
    reviews = [one for report in reports for one in report.reviews]
    total = {severity: sum(one.counts[severity] for one in reviews) for severity in SEVERITY_NAMES}
    for one in sorted(reviews, key=lambda one: tuple(-one.counts[severity] for severity in SEVERITY_NAMES)):
        budget = "—" if one.budget is None else f"{one.budget:,.0f}"
        what = " · ".join(part for part in (one.project_name, one.applicant, one.source.file) if part)
        found = " ".join(f"{one.counts[severity]:>4}" for severity in SEVERITY_NAMES)
        lines.append(f"{found}  {one.fiscal_year or '----'}  {budget:>14}  {what}")
    lines.append(f"共 {len(reviews)} 份：" + "，".join(f"{SEVERITY_NAMES[s]} {total[s]}" for s in SEVERITY_NAMES))
    return "\n".join(lines)


def summary_rows(
    reports: Sequence[ReviewReport], accepted: Callable[[Finding], bool] | None = None
) -> Iterator[list[str]]:
    """The findings as rows of a table with a heading; a filing without any has one row that says so.

    With `accepted` a last column marks those that a reviewer accepted.
    """
    yield [*_COLUMNS, *(["采纳"] if accepted else [])]
    for report in reports:
        for one in report.reviews:
            head = _filing_cells(one)
            for finding in one.findings:
                mark = [] if accepted is None else ["是" if accepted(finding) else ""]
                yield [_plain_cell(cell) for cell in (*head, *_finding_cells(finding), *mark)]
            if not one.findings:
                rest = len(_COLUMNS) + (accepted is not None) - len(head) - 1
                yield [_plain_cell(cell) for cell in (*head, "未发现问题", *[""] * rest)]


def _filing_cells(one: FilingReview) -> list[str]:
    return [
        one.source.file,
        one.filing_id,
        str(one.fiscal_year or ""),
        one.applicant or "",
        one.project_name or "",
        ""
        if one.budget is None
        else f"{one.budget:g}"
        if one.budget < 1e5
        else f"{one.budget:.2f}".rstrip("0").rstrip("."),
    ]


def _finding_cells(finding: Finding) -> list[str]:
    return [
        SEVERITY_NAMES[finding.severity],
        finding.code,
        finding.message,
        "；".join(place_of(evidence) for evidence in finding.evidence),
        "；".join(evidence.text for evidence in finding.evidence),
        "；".join(f"{place_of(evidence)} {evidence.text}".strip() for evidence in finding.compared_with),
        finding.settle,
        finding.source,
    ]


def _plain_cell(text: str) -> str:
    """A cell that a spreadsheet shows and does not run: a leading =, +, -, @ would be a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def describe_rules(rules: Sequence[RuleInfo]) -> str:
    """The rules by family."""
    lines: list[str] = []
    family = None
    for rule in rules:
        if rule.family != family:
            family = rule.family
            lines += ["", click.style(FAMILY_NAMES.get(family, family), bold=True)]
        off = "" if rule.enabled else "（已关闭）"
        need = "（需要库）" if rule.needs_library else ""
        lines += [
            f"  {rule.code}  [{SEVERITY_NAMES[rule.severity]}] {rule.title}{need}{off}",
            f"      {rule.explanation}",
            f"      依据：{rule.source}",
        ]
    return "\n".join(lines).strip()


# -- indicators


def describe_indicators(result: IndicatorResult) -> str:
    """Indicators with how often, where, and with which targets they are filed, then the shared sets."""
    if not result.indicators:
        return result.message or "没有相符的指标。"
    lines = [f"共 {result.total} 个指标，用时 {result.took_ms:.0f} 毫秒"]
    for use in result.indicators:
        lines += ["", *_describe_use(use)]
    lines += _describe_sets(result)
    return "\n".join(lines)


def _describe_use(use: IndicatorUse) -> list[str]:
    years = f"，{min(use.years)}—{max(use.years)} 年" if use.years else ""
    lines = [
        f"{click.style(use.name, bold=True)}  {use.filings} 份{years}",
        "    " + "，".join(f"{level.level1}／{level.level2} {level.filings}" for level in use.levels[:4]),
        "    指标值 " + "，".join(f"{target.target}（{target.filings}）" for target in use.targets[:6]),
    ]
    lines += [f"    {_spread(spread)}" for spread in use.spreads if spread.filings > 1]
    return lines


def _spread(spread: TargetSpread) -> str:
    unit = spread.unit or "无单位"
    return f"{unit}：最小 {number(spread.min)}，中位 {number(spread.median)}，最大 {number(spread.max)}（{spread.filings} 份）"


def _describe_sets(result: IndicatorResult) -> list[str]:
    names = {"exact": "相同", "near": "相近", "frequent": "常见组合"}
    lines = ["", "共用的指标组"] if result.sets else []
    for shared in result.sets[:10]:
        lines.append(
            f"  [{names[shared.kind]}] {shared.size} 个指标，{shared.n_filings} 份：{'、'.join(shared.filings[:4])}"
        )
        lines.append(f"      {'、'.join(shared.indicators)}")
        if shared.varying:
            lines.append(f"      不一致：{'、'.join(shared.varying)}")
    return lines


def describe_recommended(result: IndicatorResult) -> str:
    """What filings like the draft have and it lacks, by level."""
    lines = [f"参照 {result.similar_filings} 份相似的申报表，用时 {result.took_ms:.0f} 毫秒"]
    if result.message:
        lines.append(result.message)
    for group in result.recommended:
        lines += ["", click.style(f"{group.level1}／{group.level2}", bold=True)]
        for one in group.indicators:
            lines.append(f"  {one.name}  {one.typical_target}  支持度 {ratio(one.support)}（{one.filings} 份）")
            lines += [
                f"      {p.fiscal_year or '----'} {p.applicant or '—'} {p.project_name or '—'}：{p.target}  {p.filing_id}"
                for p in one.precedents
            ]
    if result.already:
        lines += ["", f"草稿已有：{'、'.join(result.already)}"]
    return "\n".join([*lines, *_describe_sets(result)])


# -- differences


def describe_diff(found: FilingDiff) -> str:
    """What differs between two filings."""
    lines = [f"前：{found.label_a}（{found.a}）", f"后：{found.label_b}（{found.b}）", ""]
    for field in found.fields:
        grown = "" if field.change is None else f"（{field.change:+.1%}）"
        lines.append(
            f"{FIELD_NAMES.get(field.field, field.field)}：{_shown(field.before)} → {_shown(field.after)}{grown}"
        )
    for change in found.indicators:
        if change.kind == "same":
            continue
        name = f"{change.name} → {change.name_after}" if change.kind == "renamed" else change.name
        moved = f"（移到 {'／'.join(change.level_after)}）" if change.level_after else ""
        share = "" if change.change is None else f"（{change.change:+.1%}）"
        lines.append(
            f"[{CHANGE_NAMES[change.kind]}] {change.level1}／{change.level2} {name}：{change.before or '—'} → {change.after or '—'}{share}{moved}"
        )
    lines.append(f"{found.counts.get('same', 0)} 个指标相同。")
    for label, missing in (("前者", found.missing_in_a), ("后者", found.missing_in_b)):
        if missing:
            lines.append(f"{label}没有：{'、'.join(missing)}")
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return "—" if value is None else str(value)


def describe_history(history: ProjectHistory) -> str:
    """One project over the years: budgets, then each indicator that changed."""
    lines = [
        f"{year.fiscal_year or '----'}  {yuan(year.budget)}  {year.indicators} 个指标  {year.filing_id}"
        for year in history.years
    ]
    lines.append("")
    for row in history.indicators:
        if row.changed:
            targets = " → ".join(row.targets.get(year.filing_id, "—") for year in history.years)
            lines.append(f"{row.level1}／{row.level2} {row.name}：{targets}")
    steady = sum(not row.changed for row in history.indicators)
    return "\n".join([*lines, f"{steady} 个指标各年相同。"])
