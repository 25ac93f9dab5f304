"""What every report in Word is made of: the document, its headings and tables, text that XML can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document

FONT = "宋体"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")


def new_document() -> Document:
    """An empty document in the font of official papers."""
    import docx
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = docx.Document()
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    return document


def clean(text: str) -> str:
    """Text without what XML can't hold."""
    return _CONTROL.sub("", text)


def add_heading(document: Document, text: str, level: int) -> None:
    """Add a heading in the document's font."""
    from docx.oxml.ns import qn

    heading: Any = document.add_heading(clean(text), level)
    for run in heading.runs:
        run.font.name = FONT
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)


def add_table(document: Document, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Add a table with a head."""
    table = document.add_table(rows=1, cols=len(head))
    table.style = "Light Grid Accent 1"
    for cell, text in zip(table.rows[0].cells, head, strict=True):
        cell.text = text
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = clean(text)
