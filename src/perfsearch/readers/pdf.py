"""PDF with a text layer to Document: ruled tables by their lines, everything else line by line.

PDFium reads the text of every page, fast; pdfplumber reads only pages that may hold a form, with the rulings and boxes.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from perfsearch.errors import UnreadableFile
from perfsearch.model import Place, Warning
from perfsearch.readers.document import Cell, Document, Line, Table
from perfsearch.readers.grid import Box, edges, spans
from perfsearch.settings import Settings

_MAY_HOLD_A_FORM = re.compile(r"绩\s*效|指\s*标|情\s*况\s*说\s*明|项\s*目\s*名\s*称|立\s*项\s*依\s*据")
_PAGES_AFTER = 3
"""A form runs over page breaks: so many pages after one that may hold a form are read as closely."""

_BLANK_BEFORE_PUNCTUATION = re.compile(r"[ \u00a0]+(?=[，。、；：！？）》”〕】])")
_RULED = {"snap_tolerance": 3, "join_tolerance": 3, "intersection_tolerance": 4}
_ONE_AT_A_TIME = threading.Lock()
"""PDFium is not safe for threads."""


def read_pdf(data: bytes, name: str, settings: Settings) -> Document:
    """Read a PDF page by page.

    Raises:
        UnreadableFile: encrypted, damaged, with too many pages, or without a text layer.
    """
    texts = _page_texts(data, name, settings)
    if not any(text.strip() for text in texts):
        raise UnreadableFile(
            name, "the PDF has no text layer (a scan): recognise its text first, or install perfsearch[ocr]"
        )
    close = _pages_to_read_closely(texts)
    blocks: list[Line | Table] = []
    warnings: list[Warning] = []
    detailed = _closely(data, close) if close else {}
    for number, text in enumerate(texts, start=1):
        found = detailed.get(number)
        if found is None:
            if number in close:
                message = f"page {number}: the rulings of its tables could not be read, its text was"
                warnings.append(Warning(code="page-damaged", message=message))
            found = [Line(_tidy(line), Place(page=number)) for line in text.splitlines()]
        blocks.extend(found)
        blocks.append(Line("", Place(page=number)))
    return Document(name, "pdf", tuple(blocks), tuple(warnings))


def _page_texts(data: bytes, name: str, settings: Settings) -> list[str]:
    import pypdfium2

    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            reason = "the PDF is encrypted" if "password" in str(error).lower() else f"the PDF is damaged ({error})"
            raise UnreadableFile(name, reason) from error
        try:
            n_pages = len(document)
            if n_pages > settings.pdf_pages_max:
                limit = f"{settings.pdf_pages_max:,} (pdf_pages_max)"
                raise UnreadableFile(name, f"the PDF has {n_pages:,} pages, the limit is {limit}")
            return [_page_text(document, number) for number in range(n_pages)]
        finally:
            document.close()


def _page_text(document: Any, number: int) -> str:
    import pypdfium2

    try:
        page = document[number]
        try:
            return cast("str", page.get_textpage().get_text_bounded())
        finally:
            page.close()
    except pypdfium2.PdfiumError:
        return ""


def _pages_to_read_closely(texts: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for number, text in enumerate(texts, start=1):
        if _MAY_HOLD_A_FORM.search(text):
            found.update(range(number, min(number + _PAGES_AFTER, len(texts)) + 1))
    return found


@dataclass(slots=True)
class _Ruled:
    """A ruled table of a page before its grid is known: the boxes of its cells and the characters in it."""

    box: Box
    boxes: list[Box]
    chars: list[dict[str, Any]]
    edges: list[float]


def _closely(data: bytes, numbers: set[int]) -> dict[int, list[Line | Table]]:
    """Blocks of the pages by number; a page that pdfplumber can't read is left out."""
    import pdfplumber
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.psexceptions import PSException
    from pdfplumber.utils.exceptions import PdfminerException

    found: dict[int, list[tuple[float, Line | _Ruled]]] = {}
    expected = (
        PDFException,
        PSException,
        PdfminerException,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AssertionError,
    )
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            for number in sorted(numbers):
                try:
                    page = pdf.pages[number - 1]
                    found[number] = _page_blocks(page, number)
                    page.close()
                except expected:
                    continue
    except expected:
        pass
    _join_over_pages(found)
    return {
        number: [block if isinstance(block, Line) else _table(block, number) for _, block in blocks]
        for number, blocks in found.items()
    }


def _page_blocks(page: Any, number: int) -> list[tuple[float, Line | _Ruled]]:
    """Tables and the lines outside them, from top to bottom."""
    tables = [table for table in page.find_tables(_RULED) if len(table.cells) > 1]
    chars = [char for char in page.chars if char.get("upright", True)]
    placed: list[tuple[float, Line | _Ruled]] = []
    for table in tables:
        inside = [char for char in chars if _holds(table.bbox, char)]
        taken = {id(char) for char in inside}
        chars = [char for char in chars if id(char) not in taken]
        boxes = list(table.cells)
        xs = edges(x for box in boxes for x in (box[0], box[2]))
        placed.append((table.bbox[1], _Ruled(table.bbox, boxes, inside, xs)))
    placed += _lines(chars, number)
    placed.sort(key=lambda pair: pair[0])
    return placed


def _join_over_pages(pages: dict[int, list[tuple[float, Line | _Ruled]]]) -> None:
    """Tables that go on from the end of one page at the top of the next share their column edges.

    The part on the next page may show fewer rulings, and its columns would be numbered otherwise.
    """
    for number in sorted(pages):
        upper = pages[number][-1][1] if pages[number] else None
        lower = pages[number + 1][0][1] if pages.get(number + 1) else None
        if not isinstance(upper, _Ruled) or not isinstance(lower, _Ruled):
            continue
        if abs(upper.box[0] - lower.box[0]) <= 3 and abs(upper.box[2] - lower.box[2]) <= 3:
            shared = edges([*upper.edges, *lower.edges])
            # The same list for the whole chain: edges of a later page number the columns of all.
            upper.edges[:] = shared
            lower.edges = upper.edges


def _holds(box: Box, char: dict[str, Any]) -> bool:
    x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return bool(box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1)


def _table(ruled: _Ruled, page: int) -> Table:
    boxes = ruled.boxes
    n_rows, n_columns, placed = spans(boxes, ruled.edges)
    owned: dict[int, list[dict[str, Any]]] = {}
    for char in ruled.chars:
        index = next(
            (i for i, box in enumerate(boxes) if _holds((box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1), char)), None
        )
        if index is None:
            index = next((i for i, box in enumerate(boxes) if _holds(box, char)), None)
        if index is not None:
            owned.setdefault(index, []).append(char)
    cells = []
    for index, (box, (row, column, row_span, column_span)) in enumerate(zip(boxes, placed, strict=True)):
        text = "\n".join(line for _, _, line in _text_lines(owned.get(index, [])))
        place = Place(page=page, box=(round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1)))
        cells.append(Cell(text, row, column, row_span, column_span, place))
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Table(n_rows, n_columns, tuple(cells))


def _lines(chars: Sequence[dict[str, Any]], page: int) -> list[tuple[float, Line]]:
    found = []
    for box, _, text in _text_lines(chars):
        if text.strip():
            place = Place(page=page, box=(round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1)))
            found.append((box[1], Line(text, place)))
    return found


def _text_lines(chars: Sequence[dict[str, Any]]) -> list[tuple[Box, float, str]]:
    """Characters as lines from top to bottom: the box, the height and the text, wide gaps as blanks."""
    rows: list[list[dict[str, Any]]] = []
    middle = 0.0
    for char in sorted(chars, key=lambda c: (c["top"] + c["bottom"]) / 2):
        at = (char["top"] + char["bottom"]) / 2
        # Characters of one line stand within half a height of each other, small ones and punctuation included.
        if not rows or at - middle > 0.5 * max(char["height"], 4):
            rows.append([])
            middle = at
        rows[-1].append(char)
    found = []
    for row in rows:
        row.sort(key=lambda c: c["x0"])
        text, right = "", row[0]["x0"]
        for char in row:
            gap, em = char["x0"] - right, max(char["height"], 4)
            if gap > 1.5 * em and text.strip():
                text += " " * max(2, round(2 * gap / em))
            elif gap > 0.35 * em and text and _is_latin(text[-1]) and _is_latin(char["text"][:1]):
                text += " "
            text += char["text"]
            right = max(right, char["x1"])
        box = (row[0]["x0"], min(c["top"] for c in row), right, max(c["bottom"] for c in row))
        found.append((box, max(c["height"] for c in row), _tidy(text)))
    return found


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _tidy(text: str) -> str:
    """Drop blanks that the text layer adds before punctuation, and characters that stand for nothing."""
    text = "".join(c for c in text if c == "\t" or c.isprintable() or c == "\u3000")
    return _BLANK_BEFORE_PUNCTUATION.sub("", text).rstrip()
