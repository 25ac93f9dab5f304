"""The review as a Word document, for the file and for signatures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsearch.model.review import SEVERITIES, FilingReview, Finding, ReviewReport
from perfsearch.service.reports.review_text import SEVERITY_NAMES, number, place_of, ratio, shortened
from perfsearch.service.reports.word import add_heading, add_table, clean, new_document
from perfsearch.service.wording import SECTION_NAMES, yuan

if TYPE_CHECKING:
    from docx.document import Document


def write_docx(reports: Sequence[ReviewReport], path: Path, accepted: Callable[[Finding], bool] | None = None) -> None:
    """Write the reports into one document; a folder's begins with a table of all filings.

    Findings that a reviewer `accepted` are marked.

    Raises:
        OSError: the file can't be written.
    """
    document = new_document()
    reviews = [one for report in reports for one in report.reviews]
    add_heading(document, "绩效目标审核报告", 0)
    if len(reviews) != 1:
        rows = [
            [
                *(str(one.counts[s]) for s in SEVERITIES),
                str(one.fiscal_year or "—"),
                one.project_name or "—",
                one.applicant or "—",
                number(one.budget),
            ]
            for one in reviews
        ]
        add_table(document, ["错误", "存疑", "提示", "年度", "项目", "单位", "预算（元）"], rows)
    for one in reviews:
        _filing(document, one, accepted or (lambda finding: False))
    for message in dict.fromkeys(message for report in reports for message in report.messages):
        document.add_paragraph(clean(f"注：{message}"))
    document.save(str(path))


def _filing(document: Document, one: FilingReview, accepted: Callable[[Finding], bool]) -> None:
    add_heading(document, one.project_name or "（无项目名称）", 1)
    about = [str(one.fiscal_year or ""), one.applicant or "", yuan(one.budget), one.source.file, one.filing_id]
    document.add_paragraph(clean(" · ".join(part for part in about if part)))
    document.add_paragraph("，".join(f"{SEVERITY_NAMES[s]} {one.counts[s]}" for s in SEVERITIES))
    if not one.findings:
        document.add_paragraph("没有发现问题。")
    for ordinal, finding in enumerate(one.findings, 1):
        _finding(document, ordinal, finding, accepted(finding))
    _knowledge(document, one)


def _finding(document: Document, ordinal: int, finding: Finding, accepted: bool) -> None:
    paragraph = document.add_paragraph()
    paragraph.add_run(clean(f"{ordinal}. 【{SEVERITY_NAMES[finding.severity]}】{finding.title}")).bold = True
    paragraph.add_run(f"（{finding.code}）{'　✓ 已采纳' if accepted else ''}")
    document.add_paragraph(clean(finding.message))
    rows = [(place_of(e) or "原文", e.text or "（空）") for e in finding.evidence[:12]]
    rows += [(f"对照 {place_of(e)}".strip(), e.text or "（空）") for e in finding.compared_with[:8]]
    rows += [("处理", finding.settle), ("依据", finding.source)]
    add_table(document, ["位置", "内容"], [(place, shortened(text, 400)) for place, text in rows])
    document.add_paragraph()


def _knowledge(document: Document, one: FilingReview) -> None:
    if one.duplicates is not None:
        add_heading(document, "重复文字", 2)
        parts = [
            ("全表", one.duplicates.rates),
            *((SECTION_NAMES.get(p.section, p.section), p) for p in one.duplicates.sections),
        ]
        rows = [
            [name, ratio(r.total), ratio(r.without_quotations), ratio(r.other_unit), ratio(r.within)]
            for name, r in parts
        ]
        add_table(document, ["栏目", "总文字复制比", "去除引用", "其他单位", "篇内重复"], rows)
    if one.similar:
        add_heading(document, "相似的过去项目", 2)
        rows = [
            [
                str(s.fiscal_year or "—"),
                f"{s.project_name or '—'}{'（同一项目）' if s.same_project else ''}",
                s.applicant or "—",
                number(s.budget),
                f"{s.similarity:.2f}",
            ]
            for s in one.similar
        ]
        add_table(document, ["年度", "项目", "单位", "预算（元）", "相似度"], rows)
    if one.missing_indicators:
        add_heading(document, "相似项目有而本表没有的指标", 2)
        rows = [[f"{m.level1}／{m.level2}", m.name, m.typical_target, ratio(m.support)] for m in one.missing_indicators]
        add_table(document, ["栏目", "指标", "常见指标值", "支持度"], rows)
    if one.missing_policies:
        add_heading(document, "相似项目引用而本表没有引用的文件", 2)
        for item in one.missing_policies:
            title = f"《{item.policy.title}》" if item.policy.title else ""
            shared = f"（{item.similar_filings}/{item.of} 份）"
            document.add_paragraph(
                clean(f"{title}{item.policy.document_number or ''}{shared}"),
                style="List Bullet",
            )
    if one.applicants:
        add_heading(document, "做这类项目最多的单位", 2)
        document.add_paragraph(clean("，".join(f"{a.applicant}（{a.filings} 份）" for a in one.applicants)))
    lacking = [outcome for outcome in one.outcomes if outcome.outcome == "insufficient_data"]
    if lacking:
        add_heading(document, "数据不足的规则", 2)
        add_table(document, ["规则", "缺什么"], [[outcome.code, outcome.reason or ""] for outcome in lacking])
