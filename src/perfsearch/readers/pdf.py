"""PDF to Document: ruled tables by their lines, everything else line by line, scanned pages by recognition.

PDFium reads the text of every page, fast; pdfplumber reads only pages that may hold a form, with the rulings and boxes.
"""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Sequence
from typing import Any, cast

from perfsearch.errors import UnreadableFile
from perfsearch.model import Place, Warning
from perfsearch.readers.document import Document, Line, Table
from perfsearch.readers.grid import Box, open_ends
from perfsearch.readers.page import Glyph, Placed, Ruled, join_over_pages, lines_of, ruled, table_of, tidy
from perfsearch.readers.recognition import INSTALL, is_installed
from perfsearch.settings import Settings

_MAY_HOLD_A_FORM = re.compile(r"绩\s*效|指\s*标|情\s*况\s*说\s*明|项\s*目\s*名\s*称|立\s*项\s*依\s*据")
_PAGES_AFTER = 3
"""A form runs over page breaks: so many pages after one that may hold a form are read as closely."""

_RULED = {"snap_tolerance": 3, "join_tolerance": 3, "intersection_tolerance": 4}
_ONE_AT_A_TIME = threading.Lock()
"""PDFium is not safe for threads."""

_SCAN_TEXT_MAX = 30
"""A scan's text layer holds no more characters than a page number or a stamp."""
_IMAGE_SHARE = 0.4
"""Share of the page that an image covers on a scan."""
_OUTLINES = 300
"""So many paths and no text: the characters are drawn as outlines."""
_UNKNOWN_SHARE = 0.3
"""Share of characters that stand for nothing, from which on a text layer is no text (a font without a table of characters)."""
_RESOLUTION_DPI = 200.0
"""At 150 dpi the recognition of 9 point type loses brackets and full stops, at 300 it takes twice the time."""
_SIDE_PIXELS_MAX = 3_500
_TIME_SHARE = 0.7
"""Share of the time for a document after which no further page is recognised: what was read is better than nothing."""


def read_pdf(data: bytes, name: str, settings: Settings) -> Document:
    """Read a PDF page by page; pages without a text layer are recognised where perfsearch[ocr] is installed.

    Raises:
        UnreadableFile: encrypted, damaged, with too many pages, or all scans and no recognition is installed.
    """
    texts, scans = _page_texts(data, name, settings)
    if not any(text.strip() for text in texts) and not scans:
        raise UnreadableFile(name, "the PDF has no text layer and no images: its pages are blank")
    warnings: list[Warning] = []
    if scans and not is_installed():
        if len(scans) == len(texts) or not any(text.strip() for text in texts):
            raise UnreadableFile(name, f"the PDF has no text layer (a scan), and none is recognised: {INSTALL}")
        message = f"{_pages(scans)} scanned, and not read: {INSTALL}"
        warnings.append(Warning(code="page-scanned", message=message))
        scans = []
    if len(scans) > settings.ocr_pages_max:
        message = f"only the first {settings.ocr_pages_max} of {len(scans)} scanned pages are read (ocr_pages_max)"
        warnings.append(Warning(code="page-scanned", message=message))
        scans = scans[: settings.ocr_pages_max]
    close = _pages_to_read_closely(texts) - set(scans)
    detailed = _closely(data, close) if close else {}
    recognised = _recognised(data, scans, settings)
    if len(recognised) < len(scans):
        message = f"only {len(recognised)} of {len(scans)} scanned pages were read in the time (reading_seconds_max)"
        warnings.append(Warning(code="page-scanned", message=message))
    detailed |= recognised
    join_over_pages(detailed)
    blocks: list[Line | Table] = []
    for number, text in enumerate(texts, start=1):
        placed = detailed.get(number)
        if placed is None:
            if number in close:
                message = f"page {number}: the rulings of its tables could not be read, its text was"
                warnings.append(Warning(code="page-damaged", message=message))
            blocks.extend(Line(tidy(line), Place(page=number)) for line in text.splitlines())
        else:
            blocks.extend(table_of(block, number) if isinstance(block, Ruled) else block for _, block in placed)
        blocks.append(Line("", Place(page=number)))
    return Document(name, "pdf", tuple(blocks), tuple(warnings), is_recognised=bool(scans))


def _pages(numbers: Sequence[int]) -> str:
    """Pages 3, 4 and 7 more are."""
    shown = ", ".join(str(number) for number in numbers[:5])
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"page {shown} is" if len(numbers) == 1 else f"pages {shown}{more} are"


def _page_texts(data: bytes, name: str, settings: Settings) -> tuple[list[str], list[int]]:
    """The text of every page, and the numbers of the pages that are scans."""
    with _ONE_AT_A_TIME:
        document = _open(data, name)
        try:
            n_pages = len(document)
            if n_pages > settings.pdf_pages_max:
                limit = f"{settings.pdf_pages_max:,} (pdf_pages_max)"
                raise UnreadableFile(name, f"the PDF has {n_pages:,} pages, the limit is {limit}")
            texts, scans = [], []
            for number in range(n_pages):
                text, is_scan = _page_text(document, number)
                texts.append("" if is_scan else text)
                if is_scan:
                    scans.append(number + 1)
            return texts, scans
        finally:
            document.close()


def _open(data: bytes, name: str) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        reason = "the PDF is encrypted" if "password" in str(error).lower() else f"the PDF is damaged ({error})"
        raise UnreadableFile(name, reason) from error


def _page_text(document: Any, number: int) -> tuple[str, bool]:
    """The text of a page, and whether it is a scan."""
    import pypdfium2

    try:
        page = document[number]
        try:
            text = cast("str", page.get_textpage().get_text_bounded())
            return text, _is_scan(page, text)
        finally:
            page.close()
    except pypdfium2.PdfiumError:
        return "", False


def _is_scan(page: Any, text: str) -> bool:
    """Has a page no text layer worth the name, but something that is printed?"""
    import pypdfium2.raw as pdfium

    characters = [c for c in text if not c.isspace()]
    if len(characters) > _SCAN_TEXT_MAX:
        unknown = sum(c == "\ufffd" or "\ue000" <= c <= "\uf8ff" or not c.isprintable() for c in characters)
        return unknown > _UNKNOWN_SHARE * len(characters)
    width, height = page.get_size()
    covered, n_paths = 0.0, 0
    for item in page.get_objects(max_depth=4):
        if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            covered += max(0.0, min(right, width) - max(left, 0)) * max(0.0, min(top, height) - max(bottom, 0))
        elif item.type == pdfium.FPDF_PAGEOBJ_PATH:
            n_paths += 1
    return covered > _IMAGE_SHARE * width * height or n_paths > _OUTLINES


def _pages_to_read_closely(texts: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for number, text in enumerate(texts, start=1):
        if _MAY_HOLD_A_FORM.search(text):
            found.update(range(number, min(number + _PAGES_AFTER, len(texts)) + 1))
    return found


def _closely(data: bytes, numbers: set[int]) -> dict[int, list[Placed]]:
    """Blocks of the pages by number; a page that pdfplumber can't read is left out."""
    import pdfplumber
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.psexceptions import PSException
    from pdfplumber.utils.exceptions import PdfminerException

    found: dict[int, list[Placed]] = {}
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
    return found


def _ruled_with_open_ends(page: Any) -> dict[str, Any]:
    """How tables are found: by rulings, with those that a page break left out at the top and bottom of the page."""
    boxes: dict[str, list[Box]] = {"h": [], "v": []}
    for edge in page.edges:
        if edge["orientation"] in boxes:
            boxes[edge["orientation"]].append((edge["x0"], edge["top"], edge["x1"], edge["bottom"]))
    explicit = [
        {"object_type": "line", "orientation": "h", "x0": x0, "x1": x1, "top": top, "bottom": bottom}
        | {"width": x1 - x0, "height": 0.0}
        for x0, top, x1, bottom in open_ends(boxes["h"], boxes["v"])
    ]
    return {**_RULED, "explicit_horizontal_lines": explicit}


def _page_blocks(page: Any, number: int) -> list[Placed]:
    """Tables and the lines outside them, from top to bottom."""
    tables = [table for table in page.find_tables(_ruled_with_open_ends(page)) if len(table.cells) > 1]
    glyphs = [
        Glyph(char["text"], char["x0"], char["top"], char["x1"], char["bottom"])
        for char in page.chars
        if char.get("upright", True)
    ]
    placed: list[Placed] = []
    for table in tables:
        block, glyphs = ruled(table.bbox, table.cells, glyphs)
        placed.append((table.bbox[1], block))
    placed += lines_of(glyphs, number)
    placed.sort(key=lambda pair: pair[0])
    return placed


def _recognised(data: bytes, scans: Sequence[int], settings: Settings) -> dict[int, list[Placed]]:
    """Blocks of the scanned pages by number, as many as the time allows."""
    if not scans:
        return {}
    stop = time.monotonic() + _TIME_SHARE * settings.reading_seconds_max
    from perfsearch.readers.scan import read_scan

    found: dict[int, list[Placed]] = {}
    for number in scans:
        if time.monotonic() > stop:
            break
        bitmap, pixel_points = _rendered(data, number)
        found[number] = read_scan(bitmap, pixel_points, number, settings) if bitmap is not None else []
    return found


def _rendered(data: bytes, number: int) -> tuple[Any, float]:
    """A page as an array of pixels (height, width, 3) uint8, blue first, and the size of a pixel in points."""
    import pypdfium2

    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(data)
            try:
                page = document[number - 1]
                scale = min(_RESOLUTION_DPI / 72, _SIDE_PIXELS_MAX / max(*page.get_size(), 1.0))
                return page.render(scale=scale, rev_byteorder=False).to_numpy()[:, :, :3].copy(), 1 / scale
            finally:
                document.close()
        except pypdfium2.PdfiumError:
            return None, 1.0
