"""Duplicated text as a Word document, for the file and for signatures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfsearch.model import DuplicateMatch, DuplicateReport, Filing
from perfsearch.service.reports.duplicates_text import (
    CATEGORY_NAMES,
    CERTAINTY_NAMES,
    FIRST_NAMES,
    KIND_NAMES,
    PARTS,
    STALE_NAMES,
    Piece,
    both_sides,
    css_kind,
    figures,
    percent,
    section_name,
)
from perfsearch.service.reports.word import add_heading, add_table, clean, new_document

if TYPE_CHECKING:
    from docx.document import Document

MATCHES_MAX = 300
"""More pairs of passages are left to the page: Word takes seconds to lay out so many tables."""


def write_duplicates(report: DuplicateReport, filing: Filing, path: Path) -> None:
    """Write figures, findings, sources and both sides of every match.

    Raises:
        OSError: the file can't be written.
    """
    document = new_document()
    add_heading(document, f"查重报告：{filing.project_name or filing.source.file}", 0)
    about = " · ".join(str(part) for part in (filing.fiscal_year, filing.applicant, filing.source.file) if part)
    document.add_paragraph(clean(about))
    add_table(document, ["指标", "数值"], figures(report.rates))
    document.add_paragraph("，".join(f"{name} {percent(getattr(report.rates, field))}" for field, name in PARTS) + "。")
    if report.message:
        document.add_paragraph(report.message)
    _sections(document, report)
    _stale(document, report)
    _sources(document, report)
    matches = report.matches[:MATCHES_MAX]
    if matches:
        add_heading(document, "对照", 1)
    for number, match in enumerate(matches, 1):
        _match(document, number, match)
    if len(report.matches) > MATCHES_MAX:
        document.add_paragraph(f"另有 {len(report.matches) - MATCHES_MAX} 处未列出，见网页报告。")
    document.save(str(path))


def _sections(document: Document, report: DuplicateReport) -> None:
    if not report.sections:
        return
    add_heading(document, "各部分", 1)
    rows = [
        (
            section_name(one.section), str(one.characters), str(one.duplicated), percent(one.total),
            percent(one.without_quotations), percent(one.without_own_unit), percent(one.largest_source),
            percent(one.within),
        )
        for one in report.sections
    ]  # fmt: skip
    add_table(
        document, ["部分", "字数", "重复字数", "总文字复制比", "去除引用", "去除本单位", "单篇最大", "本表内重复"], rows
    )


def _stale(document: Document, report: DuplicateReport) -> None:
    if not report.copied_not_updated:
        return
    add_heading(document, "照抄而未更新", 1)
    rows = [
        (
            CERTAINTY_NAMES[one.certainty], STALE_NAMES[one.what], section_name(one.section), one.text,
            one.expected or "—", f"{one.message}（来源 {one.source_filing_id}）",
        )
        for one in report.copied_not_updated
    ]  # fmt: skip
    add_table(document, ["判断", "内容", "部分", "现在写的", "本表应为", "说明"], rows)


def _sources(document: Document, report: DuplicateReport) -> None:
    if not report.sources:
        return
    add_heading(document, "来源", 1)
    rows = [
        (
            percent(one.share), str(one.characters), one.project_name or one.filing_id, str(one.fiscal_year or "—"),
            one.applicant or "—", CATEGORY_NAMES[one.relation], FIRST_NAMES[one.first],
        )
        for one in report.sources
    ]  # fmt: skip
    add_table(document, ["占比", "字数", "申报表", "年度", "单位", "关系", "先后"], rows)


def _match(document: Document, number: int, match: DuplicateMatch) -> None:
    source = " ".join(
        str(part)
        for part in (
            match.source_fiscal_year,
            match.source_applicant,
            match.source_project_name or match.source_filing_id,
        )
        if part
    )
    document.add_paragraph(
        clean(
            f"{number}　{KIND_NAMES[match.kind]} {percent(match.similarity)}　{CATEGORY_NAMES[match.category]}　"
            f"{'' if match.within_filing else FIRST_NAMES[match.first]}"
        )
    )
    table = document.add_table(rows=2, cols=2)
    table.style = "Table Grid"
    ours, theirs = both_sides(match)
    table.rows[0].cells[0].text = f"本表 {section_name(match.section)} {match.start}–{match.end}"
    table.rows[0].cells[1].text = clean(
        f"{'本表' if match.within_filing else source} {section_name(match.source_section)} "
        f"{match.source_start}–{match.source_end}"
    )
    for cell, pieces in zip(table.rows[1].cells, (ours, theirs), strict=True):
        _fill(cell.paragraphs[0], pieces, css_kind(match))
    document.add_paragraph()


def _fill(paragraph: Any, pieces: Sequence[Piece], kind: str) -> None:
    from docx.enum.text import WD_COLOR_INDEX

    colour = {
        "verbatim": WD_COLOR_INDEX.PINK, "edited": WD_COLOR_INDEX.YELLOW, "paraphrase": WD_COLOR_INDEX.TURQUOISE,
        "within": WD_COLOR_INDEX.BRIGHT_GREEN,
    }.get(kind, WD_COLOR_INDEX.GRAY_25)  # fmt: skip
    for piece in pieces:
        run = paragraph.add_run(clean(piece.text))
        if piece.same:
            run.font.highlight_color = colour
        else:
            run.font.underline = True
