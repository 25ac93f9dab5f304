"""The review as a Word document, for the file and for signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfsearch.model.review import SEVERITIES, FilingReview, Finding, ReviewReport
from perfsearch.service.reports.review_text import SEVERITY_NAMES, number, place_of, ratio, shortened
from perfsearch.service.wording import SECTION_NAMES, yuan

if TYPE_CHECKING:
    from docx.document import Document

FONT = "宋体"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")


def write_docx(reports: Sequence[ReviewReport], path: Path) -> None:
    """Write the reports into one document; a folder's begins with a table of all filings.

    Raises:
        OSError: the file can't be written.
    """
    import docx
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = docx.Document()
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    reviews = [one for report in reports for one in report.reviews]
    _heading(document, "绩效目标审核报告", 0)
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
        _table(document, ["错误", "存疑", "提示", "年度", "项目", "单位", "预算（元）"], rows)
    for one in reviews:
        _filing(document, one)
    for message in dict.fromkeys(message for report in reports for message in report.messages):
        document.add_paragraph(_clean(f"注：{message}"))
    document.save(str(path))


def _clean(text: str) -> str:
    """Text without what XML can't hold."""
    return _CONTROL.sub("", text)


def _heading(document: Document, text: str, level: int) -> None:
    from docx.oxml.ns import qn

    heading: Any = document.add_heading(_clean(text), level)
    for run in heading.runs:
        run.font.name = FONT
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)


def _table(document: Document, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = document.add_table(rows=1, cols=len(head))
    table.style = "Light Grid Accent 1"
    for cell, text in zip(table.rows[0].cells, head, strict=True):
        cell.text = text
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = _clean(text)


def _filing(document: Document, one: FilingReview) -> None:
    _heading(document, one.project_name or "（无项目名称）", 1)
    about = [str(one.fiscal_year or ""), one.applicant or "", yuan(one.budget), one.source.file, one.filing_id]
    document.add_paragraph(_clean(" · ".join(part for part in about if part)))
    document.add_paragraph("，".join(f"{SEVERITY_NAMES[s]} {one.counts[s]}" for s in SEVERITIES))
    if not one.findings:
        document.add_paragraph("没有发现问题。")
    for ordinal, finding in enumerate(one.findings, 1):
        _finding(document, ordinal, finding)
    _knowledge(document, one)


def _finding(document: Document, ordinal: int, finding: Finding) -> None:
    paragraph = document.add_paragraph()
    paragraph.add_run(_clean(f"{ordinal}. 【{SEVERITY_NAMES[finding.severity]}】{finding.title}")).bold = True
    paragraph.add_run(f"（{finding.code}）")
    document.add_paragraph(_clean(finding.message))
    rows = [(place_of(e) or "原文", e.text or "（空）") for e in finding.evidence[:12]]
    rows += [(f"对照 {place_of(e)}".strip(), e.text or "（空）") for e in finding.compared_with[:8]]
    rows += [("处理", finding.settle), ("依据", finding.source)]
    _table(document, ["位置", "内容"], [(place, shortened(text, 400)) for place, text in rows])
    document.add_paragraph()


def _knowledge(document: Document, one: FilingReview) -> None:
    if one.duplicates is not None:
        _heading(document, "重复文字", 2)
        parts = [
            ("全表", one.duplicates.rates),
            *((SECTION_NAMES.get(p.section, p.section), p) for p in one.duplicates.sections),
        ]
        rows = [
            [name, ratio(r.total), ratio(r.without_quotations), ratio(r.other_unit), ratio(r.within)]
            for name, r in parts
        ]
        _table(document, ["栏目", "总文字复制比", "去除引用", "其他单位", "篇内重复"], rows)
    if one.similar:
        _heading(document, "相似的过去项目", 2)
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
        _table(document, ["年度", "项目", "单位", "预算（元）", "相似度"], rows)
    if one.missing_indicators:
        _heading(document, "相似项目有而本表没有的指标", 2)
        rows = [[f"{m.level1}／{m.level2}", m.name, m.typical_target, ratio(m.support)] for m in one.missing_indicators]
        _table(document, ["栏目", "指标", "常见指标值", "支持度"], rows)
    if one.missing_policies:
        _heading(document, "相似项目引用而本表没有引用的文件", 2)
        for item in one.missing_policies:
            title = f"《{item.policy.title}》" if item.policy.title else ""
            shared = f"（{item.similar_filings}/{item.of} 份）"
            document.add_paragraph(
                _clean(f"{title}{item.policy.document_number or ''}{shared}"),
                style="List Bullet",
            )
    if one.applicants:
        _heading(document, "做这类项目最多的单位", 2)
        document.add_paragraph(_clean("，".join(f"{a.applicant}（{a.filings} 份）" for a in one.applicants)))
    lacking = [outcome for outcome in one.outcomes if outcome.outcome == "insufficient_data"]
    if lacking:
        _heading(document, "数据不足的规则", 2)
        _table(document, ["规则", "缺什么"], [[outcome.code, outcome.reason or ""] for outcome in lacking])
