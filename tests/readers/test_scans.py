"""Scanned pages and images: recognised with their tables, or refused with what to install."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageDraw
from pypdfium2 import PdfDocument
from reportlab.pdfgen import canvas

from perfsearch.errors import NoFiling, UnreadableFile
from perfsearch.forms import read_filings
from perfsearch.model import Filing
from perfsearch.readers import Document, Line, Table, read_bytes
from perfsearch.readers.grid import Box
from perfsearch.settings import Settings
from tests.forms import tabled
from tests.rendering.records import Record, load_records
from tests.rendering.scanning import as_scan, bitmaps

RECORDS: list[Record] = load_records()
IMAGE = io.BytesIO()
Image.new("L", (400, 300), 255).save(IMAGE, "PNG")


def form(seed: int = 0) -> tabled.Filled:
    return tabled.national(RECORDS[seed], Random(seed))


def pdf_of(*pages: bytes) -> bytes:
    """The pages of several PDFs in one."""
    out = PdfDocument.new()
    for page in pages:
        out.import_pages(PdfDocument(page))
    buffer = io.BytesIO()
    out.save(buffer)
    return buffer.getvalue()


def printed(text: str) -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out)
    page.drawString(72, 700, text)
    page.save()
    return out.getvalue()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without perfsearch[ocr]."""
    monkeypatch.setattr("perfsearch.readers.pdf.is_installed", lambda: False)
    monkeypatch.setattr("perfsearch.readers.image.is_installed", lambda: False)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("kind", ["pdf", "tiff", "png", "jpg", "bmp", "webp"])
def test_without_the_extra_a_scan_is_refused_with_the_line_that_installs_it(kind: Any) -> None:
    data = as_scan(printed("scan"), Random(0), kind, dpi=50)
    with pytest.raises(UnreadableFile, match=r"pip install 'perfsearch\[ocr\]'"):
        read_bytes(data, f"a.{kind}")


@pytest.mark.usefixtures("bare")
def test_without_the_extra_a_file_of_both_kinds_says_which_pages_were_not_read() -> None:
    data = pdf_of(printed("a page with a text layer, long enough to be one"), as_scan(printed("x"), Random(0), dpi=50))
    document = read_bytes(data, "a.pdf")
    assert [warning.code for warning in document.warnings] == ["page-scanned"]
    assert "page 2 is scanned" in document.warnings[0].message
    with pytest.raises(NoFiling, match=r"page 2 is scanned, and not read: .*pip install"):
        read_filings(document)


def test_an_image_with_too_many_pixels_is_refused_before_it_is_read() -> None:
    with pytest.raises(UnreadableFile, match="120,000 pixels, the limit is 100,000"):
        read_bytes(IMAGE.getvalue(), "a.png", Settings(image_pixels_max=100_000))


def test_a_damaged_image_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        read_bytes(IMAGE.getvalue()[:60], "a.png")


def test_a_blank_image_holds_no_text() -> None:
    with pytest.raises(UnreadableFile, match="no text is found"):
        read_bytes(IMAGE.getvalue(), "a.png")


def values(filing: Filing) -> tuple[Any, ...]:
    budget = filing.budget
    rows = [(row.level1, row.level2, row.name) for row in filing.indicators]
    return filing.project_name, filing.applicant, filing.fiscal_year, budget.total, budget.current_year, rows


def boxes(filing: Filing, page: int) -> list[Box]:
    assert filing.places is not None
    places = [place for name in ("project_name", "goals") for place in filing.places[name]]
    places += [row.place for row in filing.indicators if row.place]
    assert all(place.page == page for place in places)
    return [place.box for place in places if place.box]


def test_a_crooked_scan_amid_pages_with_text_is_read_as_its_print_is_with_the_places_on_it() -> None:
    print_ = tabled.as_pdf(form())
    (expected,) = read_filings(read_bytes(print_, "a.pdf"))
    cover = printed("a cover with a text layer, long enough to be one")
    document = read_bytes(pdf_of(cover, as_scan(print_, Random(1), degrees=1.3)), "a.pdf")
    assert document.is_recognised
    (filing,) = read_filings(document)
    assert values(filing) == values(expected)
    assert filing.source.pages == (2,)
    for found, wanted in zip(boxes(filing, 2), boxes(expected, 1), strict=True):
        # Turned by 1.3 degrees about the middle, a corner moves by up to 12 points; the box around it is as much larger.
        assert all(abs(a - b) < 16 for a, b in zip(found, wanted, strict=True))


def text_of(document: Document) -> list[str]:
    return [
        text
        for block in document.blocks
        for text in ([block.text] if isinstance(block, Line) else [cell.text for cell in block.cells])
        if text.strip()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_that_lies_on_its_side_is_turned_and_its_places_are_on_the_page_as_it_came(quarters: int) -> None:
    (page,) = bitmaps(tabled.as_pdf(form())[:], Random(2), degrees=0.0, noise=0.0)[:1]
    page = page.crop((0, 0, page.width, page.height // 2))
    out = io.BytesIO()
    page.rotate(90 * quarters, expand=True).save(out, "PNG", dpi=(150, 150))
    document = read_bytes(out.getvalue(), "a.png")
    (table,) = [block for block in document.blocks if isinstance(block, Table)]
    (cell,) = [cell for cell in table.cells if cell.text == "项目名称"]
    assert cell.place is not None
    assert cell.place.box is not None
    x0, y0, x1, y1 = cell.place.box
    width, height = page.width * 72 / 150, page.height * 72 / 150
    # Back to the page as it was before it was turned: the label stands in its upper left quarter.
    upright = {1: (width - y1, x0), 2: (width - x1, height - y1), 3: (y0, height - x1)}[quarters]
    assert 30 < upright[0] < 60
    assert upright[1] < height / 2
    assert (x1 - x0 > y1 - y0) == (quarters == 2)


@pytest.mark.slow
def test_a_tiff_of_several_pages_goes_on_from_page_to_page() -> None:
    data = as_scan(tabled.as_pdf(form(), page_height=420), Random(3), "tiff", degrees=0.4)
    (expected,) = read_filings(read_bytes(tabled.as_pdf(form(), page_height=420), "a.pdf"))
    (filing,) = read_filings(read_bytes(data, "a.tif"))
    assert values(filing) == values(expected)
    assert filing.source.pages == expected.source.pages


def test_only_so_many_scanned_pages_are_read() -> None:
    data = as_scan(pdf_of(printed("This is the first page of all"), printed("and the second")), Random(0))
    document = read_bytes(data, "a.pdf", Settings(ocr_pages_max=1))
    assert "only the first 1 of 2 scanned pages" in document.warnings[0].message
    assert text_of(document) == ["This is the first page of all"]


def test_a_label_down_the_side_of_a_table_is_read_from_top_to_bottom() -> None:
    from PIL import ImageFont

    font = ImageFont.truetype("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 34)
    page = Image.new("L", (1240, 700), 255)
    draw = ImageDraw.Draw(page)
    draw.rectangle((100, 100, 1100, 500), outline=0, width=3)
    draw.line((170, 100, 170, 500), fill=0, width=3)
    draw.line((170, 300, 1100, 300), fill=0, width=3)
    for number, character in enumerate("绩效指标"):
        draw.text((118, 180 + 44 * number), character, font=font, fill=0)
    draw.text((200, 180), "数量指标", font=font, fill=0)
    draw.text((200, 380), "质量指标", font=font, fill=0)
    out = io.BytesIO()
    page.save(out, "PNG", dpi=(150, 150))
    (table,) = [block for block in read_bytes(out.getvalue(), "a.png").blocks if isinstance(block, Table)]
    assert ["".join(cell.text.split()) for cell in table.cells] == ["绩效指标", "数量指标", "质量指标"]
