"""Printed filings to files: HTML, Word, Excel, PDF and text, several filings in a file."""

from __future__ import annotations

import datetime
import html
import io
import re
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.rendering.printed.grid import Box, Printed, Sheet

# -- HTML


def as_html(filings: Sequence[Printed], rng: Random) -> bytes:
    """A page: plain, as Word exports it, or with tables that only place other tables."""
    style = rng.choice(("plain", "word", "layout", "styled"))
    parts = []
    for filing in filings:
        above = "".join(_paragraph(line, style, heading=number == 0) for number, line in enumerate(filing.above))
        tables = "<p>&nbsp;</p>".join(_html_table(sheet, style, rng) for sheet in filing.tables)
        below = "".join(_paragraph(line, style) for line in filing.below)
        if style == "layout":
            parts.append(
                f"<table width=100%><tr><td align=center>{above}</td></tr><tr><td>{tables}</td></tr>"
                f"<tr><td>{below}</td></tr></table>"
            )
        else:
            parts.append(above + tables + below)
    encoding = rng.choice(("utf-8", "utf-8", "gb2312"))
    codec = "gb18030" if encoding == "gb2312" else encoding
    nav = "<div class=nav><a href='#'>首页</a> | <a href='#'>信息公开</a></div>" if rng.random() < 0.3 else ""
    body = "<br clear=all style='page-break-before:always'>".join(parts)
    if style == "word":
        body = f"<div class=WordSection1>{body}</div>"
        opening = (
            "<html xmlns:o='urn:schemas-microsoft-com:office:office' xmlns:w='urn:schemas-microsoft-com:office:word'>"
        )
        styles = "<!--[if gte mso 9]><xml><w:WordDocument></w:WordDocument></xml><![endif]--><style><!-- p.MsoNormal {mso-style-parent:''} --></style>"
    else:
        opening, styles = "<!DOCTYPE html><html lang=zh>", "<style>td{border:1px solid}</style>"
    head = f"<head><meta http-equiv=Content-Type content='text/html; charset={encoding}'><title>绩效目标公开</title>{styles}</head>"
    return f"{opening}{head}<body>{nav}{body}</body></html>".encode(codec, "xmlcharrefreplace")


def _paragraph(line: str, style: str, *, heading: bool = False) -> str:
    text = html.escape(line)
    if style == "word":
        bold = f"<b><span style='font-size:16.0pt'>{text}<span lang=EN-US><o:p></o:p></span></span></b>"
        return f"<p class=MsoNormal align=center style='text-align:center'>{bold}</p>\n"
    return f"<h2>{text}</h2>" if heading else f"<p>{text}</p>"


def _html_table(sheet: Sheet, style: str, rng: Random) -> str:
    rows: dict[int, list[Box]] = {}
    for row, _, box in sheet.placed():
        rows.setdefault(row, []).append(box)
    lines = []
    for number in range(len(sheet.rows)):
        cells = ""
        for box in rows.get(number, []):
            tag = "th" if style == "styled" and box.head else "td"
            spans = (f' rowspan="{box.rows}"' if box.rows > 1 else "") + (
                f' colspan="{box.columns}"' if box.columns > 1 else ""
            )
            cells += f"<{tag}{spans}>{_html_text(box, style, rng)}</{tag}>\n"
        lines.append(f"<tr>\n{cells}</tr>\n")
    body = "".join(lines)
    if style == "word":
        return f"<table class=MsoNormalTable border=1 cellspacing=0 cellpadding=0>{body}</table>"
    return f"<table><tbody>{body}</tbody></table>" if style == "styled" else f"<table border=1>{body}</table>"


def _html_text(box: Box, style: str, rng: Random) -> str:
    lines = box.text.split("\n")
    if style == "word":
        wrapped = []
        for line in lines:
            text = html.escape(line)
            # Word breaks its own lines of source anywhere between two words, and sets digits apart.
            text = re.sub(r"(\d+)", r"<span lang=EN-US>\1</span>", text)
            indent = "&nbsp;&nbsp;&nbsp; " if not box.head and len(line) > 40 and rng.random() < 0.3 else ""
            wrapped.append(
                f"<p class=MsoNormal><span style='font-size:\n10.5pt;font-family:宋体'>{indent}{text}<o:p></o:p></span></p>"
            )
        return "\n  ".join(wrapped)
    return "<br/>".join(html.escape(line) for line in lines) or "&nbsp;"


# -- Word


def as_docx(filings: Sequence[Printed], rng: Random) -> bytes:
    """A Word document: merged cells, running head and page number, sometimes the indicators in a table of their own cell."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    document = docx.Document()
    if rng.random() < 0.4:
        document.sections[0].header.paragraphs[0].text = "云江市2024年部门预算公开"
        document.sections[0].footer.paragraphs[0].text = "— 3 —"
    for number, filing in enumerate(filings):
        if number:
            document.add_page_break()
        for line in filing.above:
            paragraph = document.add_paragraph(line)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for sheet in filing.tables:
            fill_docx(document, sheet, rng)
            document.add_paragraph("")
        for line in filing.below:
            document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def fill_docx(document: Any, sheet: Sheet, rng: Random) -> None:
    """One table with its merges, text set run by run."""
    from docx.shared import Cm

    table = document.add_table(len(sheet.rows), len(sheet.widths))
    table.style = "Table Grid"
    table.autofit = False
    unit = 16.0 / sum(sheet.widths)
    columns = [Cm(width * unit) for width in sheet.widths]
    cells = [row.cells for row in table.rows]
    for row in cells:
        for cell, width in zip(row, columns, strict=True):
            cell.width = width
    for row, column, box in sheet.placed():
        first = cells[row][column]
        last = cells[row + box.rows - 1][column + box.columns - 1]
        merged = first.merge(last) if box.rows > 1 or box.columns > 1 else first
        lines = box.text.split("\n")
        merged.text = lines[0]
        for line in lines[1:]:
            if rng.random() < 0.5:
                merged.add_paragraph(line)
            else:
                merged.paragraphs[-1].add_run().add_break()
                merged.paragraphs[-1].add_run(line)


# -- Excel


def as_xlsx(filings: Sequence[Printed], rng: Random) -> bytes:
    """A workbook, a sheet a filing: merged cells, numbers as numbers, dates as dates, somewhere on the sheet."""
    import openpyxl
    from openpyxl.styles import Alignment, Border, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    thin = Side(style="thin")

    book = openpyxl.Workbook()
    for number, filing in enumerate(filings):
        sheet = book.active if not number else book.create_sheet(f"表{number + 1}")
        assert sheet is not None
        top, left = rng.choice((1, 1, 2, 3)), rng.choice((1, 1, 2))
        as_values = rng.random() < 0.6
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight = 0
        for line in filing.above:
            sheet.cell(top, left, line)
            sheet.merge_cells(
                start_row=top, end_row=top, start_column=left, end_column=left + len(filing.tables[0].widths) - 1
            )
            top += 1
        for table in filing.tables:
            for row, column, box in table.placed():
                cell = sheet.cell(top + row, left + column)
                value, number_format = _excel_value(box) if as_values else (box.text, "")
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
                if number_format:
                    cell.number_format = number_format
                cell.alignment = Alignment(wrap_text=True, vertical="center")
                for at in range(top + row, top + row + box.rows):
                    for across in range(left + column, left + column + box.columns):
                        sheet.cell(at, across).border = Border(thin, thin, thin, thin)
                if box.rows > 1 or box.columns > 1:
                    sheet.merge_cells(
                        start_row=top + row, end_row=top + row + box.rows - 1,
                        start_column=left + column, end_column=left + column + box.columns - 1,
                    )  # fmt: skip
            for row, height in enumerate(_row_heights(table)):
                sheet.row_dimensions[top + row].height = height
            for column, width in enumerate(table.widths):
                sheet.column_dimensions[get_column_letter(left + column)].width = _CHARACTERS * width
            top += len(table.rows)
        for line in filing.below:
            sheet.cell(top, left, line)
            top += 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_CHARACTERS = 13
"""Width of a column of relative width 1."""


def _row_heights(table: Sheet) -> list[float]:
    """Heights in points that show every text whole."""
    lines = [1] * len(table.rows)
    for row, column, box in table.placed():
        width = _CHARACTERS * sum(table.widths[column : column + box.columns]) / 2 - 2
        wanted = sum(max(1, -(-len(line) // int(width))) for line in box.text.split("\n"))
        lines[row] = max(lines[row], -(-wanted // box.rows))
    return [16.0 * n + 4 for n in lines]


def _excel_value(box: Box) -> tuple[Any, str]:
    """A cell as a clerk types it: a number, a date, or text."""
    if box.head:
        return box.text, ""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", box.text)
    if match and match[0].isascii():
        return datetime.datetime(int(match[1]), int(match[2]), int(match[3])), "yyyy-mm-dd"
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d\d)?|\d+\.\d\d", box.text) and box.text.isascii():
        return float(box.text.replace(",", "")), "#,##0.00" if "." in box.text else "#,##0"
    return box.text, ""


# -- PDF


def as_pdf(filings: Sequence[Printed], rng: Random, *, furniture: bool | None = None) -> bytes:
    """A PDF by reportlab's tables: cells wrap, rows split over pages, running heads and page numbers."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.units import mm
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

    font, body, centred = pdf_styles(rng)
    size = landscape(A4) if rng.random() < 0.15 else A4
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=size, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=20 * mm, bottomMargin=20 * mm
    )
    furnished = rng.random() < 0.6 if furniture is None else furniture
    mark = rng.choice(("- {} -", "{}", "第 {} 页", "— {} —"))

    def decorate(canvas: Any, at: Any) -> None:
        if furnished:
            canvas.setFont(font, 9)
            canvas.drawCentredString(size[0] / 2, 10 * mm, mark.format(at.page))
            canvas.drawString(18 * mm, size[1] - 12 * mm, "云江市2024年部门预算")

    story: list[Any] = []
    for number, filing in enumerate(filings):
        if number:
            story.append(PageBreak())
        story += [Paragraph(html.escape(line), centred) for line in filing.above]
        story.append(Spacer(1, 3 * mm))
        for sheet in filing.tables:
            story += [pdf_table(sheet, size[0] - 36 * mm, body, rng), Spacer(1, 4 * mm)]
        story += [Paragraph(html.escape(line), body) for line in filing.below]
    document.build(story, onFirstPage=decorate, onLaterPages=decorate)
    return out.getvalue()


def pdf_styles(rng: Random) -> tuple[str, Any, Any]:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    font = "STSong-Light"
    pdfmetrics.registerFont(UnicodeCIDFont(font))
    size = rng.choice((8.5, 9, 10, 10.5))
    body = ParagraphStyle("body", fontName=font, fontSize=size, leading=size * 1.35, wordWrap="CJK")
    return font, body, ParagraphStyle("centred", parent=body, fontSize=size + 4, leading=2 * size, alignment=1)


def pdf_table(sheet: Sheet, width: float, style: Any, rng: Random) -> Any:
    """A table of reportlab's with its spans."""
    from reportlab.lib import colors
    from reportlab.platypus import LongTable, Paragraph

    n_columns = len(sheet.widths)
    data: list[list[Any]] = [[""] * n_columns for _ in sheet.rows]
    commands: list[Any] = [
        ("GRID", (0, 0), (-1, -1), rng.choice((0.5, 0.7, 1)), colors.black),
        ("VALIGN", (0, 0), (-1, -1), rng.choice(("MIDDLE", "MIDDLE", "TOP"))),
    ]
    for row, column, box in sheet.placed():
        data[row][column] = Paragraph(html.escape(box.text).replace("\n", "<br/>"), style)
        if box.rows > 1 or box.columns > 1:
            commands.append(("SPAN", (column, row), (column + box.columns - 1, row + box.rows - 1)))
    unit = width / sum(sheet.widths)
    # A long text over the whole width, cut within its row, is printed by reportlab over the rows above it.
    cut = not any(box.columns == n_columns and len(box.text) > 60 for _, _, box in sheet.placed())
    return LongTable(
        data, colWidths=[w * unit for w in sheet.widths], style=commands, splitByRow=1, splitInRow=int(cut)
    )


# -- text


def as_text(filings: Sequence[Printed], rng: Random) -> bytes:
    """Rows of cells parted by tabs or bars, or a label and its value a line."""
    separator = rng.choice(("\t", "\t", " | ", "|", "│", ":"))
    lines: list[str] = []
    for filing in filings:
        lines += [*filing.above, ""]
        for sheet in filing.tables:
            lines += _pairs(sheet) if separator == ":" else _rows(sheet, separator)
            lines.append("")
        lines += [*filing.below, ""]
    return "\n".join(lines).encode(rng.choice(("utf-8", "gb18030")))


def _cells(sheet: Sheet) -> list[list[Box | None]]:
    """Every row's cells by column; None where a span runs."""
    rows: list[list[Box | None]] = [[None] * len(sheet.widths) for _ in sheet.rows]
    for row, column, box in sheet.placed():
        rows[row][column] = box
    return rows


def _rows(sheet: Sheet, separator: str) -> list[str]:
    lines = []
    for cells in _cells(sheet):
        texts = [box.text.replace("\n", "") if box else "" for box in cells]
        if separator == "\t":
            lines.append(separator.join(texts).rstrip())
        elif separator == " | ":
            lines += [f"| {separator.join(texts)} |"] + ([f"|{'---|' * len(texts)}"] if not lines else [])
        elif separator == "│":
            lines += [f"├{'─' * 40}┤", f"│{separator.join(texts)}│"]
        else:
            lines.append(separator.join(texts))
    return lines


def _pairs(sheet: Sheet) -> list[str]:
    """Labels with their values, a pair a line; the rows of the indicator table with wide blanks between cells."""
    lines: list[str] = []
    waiting: list[str] = []
    in_table = False
    for cells in _cells(sheet):
        boxes = [box for box in cells if box]
        texts = [box.text.replace("\n", "") for box in boxes]
        if any(text.startswith("三级") for text in texts):
            in_table = True
            lines.append("  ".join(texts[texts.index(next(t for t in texts if t.startswith("一级"))) :]))
        elif in_table:
            lines.append("  ".join(text for text in texts if text))
        elif all(box.head for box in boxes):
            waiting = [text for text in texts if text not in ("项目绩效目标", "总体目标")]
        elif waiting:
            lines += [f"{name}：{text}" for name, text in zip(waiting, texts, strict=True)]
            waiting = []
        else:
            name = ""
            for box, text in zip(boxes, texts, strict=True):
                if box.head:
                    if name:
                        lines.append(name)
                    name = text.rstrip(":：")
                else:
                    lines.append(f"{name}：{text}" if name else text)
                    name = ""
            if name:
                lines.append(name)
    return lines
