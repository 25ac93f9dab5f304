"""HTML, Word, Excel and PDF to Documents, and what of them can't be read."""

from __future__ import annotations

import base64
import io
import zipfile

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib import pdfencrypt
from reportlab.pdfgen import canvas

from perfsearch.errors import UnreadableFile
from perfsearch.readers import Cell, Line, Table, read_bytes
from perfsearch.readers.grid import edges, open_ends, spans
from perfsearch.settings import Settings


def tables(data: bytes, name: str) -> list[Table]:
    return [block for block in read_bytes(data, name).blocks if isinstance(block, Table)]


def lines(data: bytes, name: str) -> list[str]:
    return [block.text for block in read_bytes(data, name).blocks if isinstance(block, Line) and block.text]


def test_html_cells_keep_their_spans_and_paragraphs() -> None:
    page = "<html><table><tr><td rowspan=2>甲</td><td colspan=2><p>乙</p><p>丙</p></td></tr><tr><td>丁<td>戊<br>己</tr></table>"
    (table,) = tables(page.encode(), "a.html")
    assert table == Table(
        2, 3, (Cell("甲", 0, 0, 2, 1), Cell("乙\n丙", 0, 1, 1, 2), Cell("丁", 1, 1), Cell("戊\n己", 1, 2))
    )  # fmt: skip


def test_html_layout_tables_are_opened_and_scripts_are_silent() -> None:
    page = "<html><head><title>题</title><script>x</script></head><table><tr><td>上<table><tr><td>甲<td>乙</table>下</table></html>"
    (table,) = tables(page.encode(), "a.html")
    assert [cell.text for cell in table.cells] == ["甲", "乙"]
    assert lines(page.encode(), "a.html") == ["上", "下"]


@pytest.mark.parametrize("encoding", ["gb2312", "gbk", "utf-8", "utf-16"])
def test_html_in_every_encoding(encoding: str) -> None:
    page = f'<html><head><meta http-equiv=Content-Type content="text/html; charset={encoding}"></head><p>绩效目标</p></html>'
    assert lines(page.encode(encoding), "a.htm") == ["绩效目标"]


def test_html_under_the_extension_of_word_is_read_by_its_content() -> None:
    assert lines("<html><body><p>绩效</p></body></html>".encode(), "表.doc") == ["绩效"]


def test_a_span_of_a_million_columns_costs_nothing() -> None:
    page = '<html><table><tr><td colspan="999999" rowspan="999999">甲<td>乙</table>'
    (table,) = tables(page.encode(), "a.html")
    assert table.n_rows == 1
    assert [cell.text for cell in table.cells] == ["甲", "乙"]


def word(fill: object) -> bytes:
    document = docx.Document()
    fill(document)  # type: ignore[operator]
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_word_paragraphs_and_tables_come_in_order_with_merged_cells() -> None:
    def fill(document: docx.document.Document) -> None:
        document.add_paragraph("上\t面")
        table = document.add_table(2, 3)
        table.cell(0, 0).merge(table.cell(1, 0)).text = "甲"
        table.cell(0, 1).merge(table.cell(0, 2)).text = "乙\n丙"
        table.cell(1, 1).text = "丁"
        document.add_paragraph("下面")

    data = word(fill)
    (table,) = tables(data, "a.docx")
    assert [(c.text, c.row, c.column, c.row_span, c.column_span) for c in table.cells if c.text] == [
        ("甲", 0, 0, 2, 1),
        ("乙\n丙", 0, 1, 1, 2),
        ("丁", 1, 1, 1, 1),
    ]
    assert lines(data, "a.docx") == ["上\t面", "下面"]


def test_a_word_table_in_a_table_is_opened() -> None:
    def fill(document: docx.document.Document) -> None:
        outer = document.add_table(1, 1)
        outer.cell(0, 0).text = "外"
        inner = outer.cell(0, 0).add_table(1, 2)
        inner.cell(0, 0).text, inner.cell(0, 1).text = "甲", "乙"

    data = word(fill)
    (table,) = tables(data, "a.docx")
    assert [cell.text for cell in table.cells] == ["甲", "乙"]
    assert lines(data, "a.docx")[0] == "外"


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["C5"] = "项目总预算（元）"
    sheet["D5"] = 540000
    sheet["C6"], sheet["D6"] = "比例", 0.985
    sheet["D6"].number_format = "0.0%"
    sheet["C9"] = "合并"
    sheet.merge_cells("C9:D10")
    hidden = book.create_sheet("隐藏")
    hidden["A1"] = "看不见"
    hidden.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_excel_sheets_are_compact_tables_with_numbers_as_shown() -> None:
    (table,) = tables(workbook(), "a.xlsx")
    assert (table.n_rows, table.n_columns) == (3, 2)
    assert [cell.text for cell in table.cells] == ["项目总预算（元）", "540000", "比例", "98.5%", "合并"]
    assert (table.cells[-1].row_span, table.cells[-1].column_span) == (1, 2)


def pdf(text: str = "hello", **options: object) -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out, **options)  # type: ignore[arg-type]
    page.drawString(100, 700, text)
    page.showPage()
    page.save()
    return out.getvalue()


def test_pdf_lines_know_their_page() -> None:
    document = read_bytes(pdf(), "a.pdf")
    assert [
        (block.text, block.place.page)
        for block in document.blocks
        if isinstance(block, Line) and block.text and block.place
    ] == [("hello", 1)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pdf(encrypt=pdfencrypt.StandardEncryption("secret")), "encrypted"),
        (pdf(""), "no text layer"),
        (pdf()[:200], "damaged"),
        (b"%PDF-1.7\n" + b"\x00" * 500, "damaged"),
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
        (workbook()[:2000], "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "DOC"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "image"),
        (b"Rar!\x1a\x07\x00", "ZIP"),
        (b"<html><body></body></html>", "no text"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read_bytes(data, "file")


def test_a_container_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("word/document.xml", b"0" * 3_000_000)
    with pytest.raises(UnreadableFile, match="unpacked_bytes_max"):
        read_bytes(out.getvalue(), "bomb.docx", Settings(unpacked_bytes_max=1_000_000))


def test_entities_of_a_word_document_are_not_expanded() -> None:
    bomb = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    source = word(lambda document: document.add_paragraph("甲"))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "word/document.xml":
                content = content.replace(b"?>", b"?>" + bomb.encode(), 1).replace("甲".encode(), b"&b;")
            new.writestr(name, content)
    try:
        texts = lines(out.getvalue(), "a.docx")
    except UnreadableFile:
        texts = []
    assert sum(map(len, texts)) < 50


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["docx", "xlsx", "pdf", "html"]), st.randoms(use_true_random=False))
def test_a_damaged_file_is_read_or_refused_and_never_breaks_the_reader(kind: str, rng: object) -> None:
    data = bytearray(
        {
            "docx": word(lambda document: document.add_paragraph("绩效")),
            "xlsx": workbook(),
            "pdf": pdf(),
            "html": b"<html><table><tr><td>1<td rowspan=2>2</table></html>",
        }[kind]
    )
    for _ in range(rng.randrange(1, 12)):  # type: ignore[attr-defined]
        data[rng.randrange(8, len(data))] = rng.randrange(256)  # type: ignore[attr-defined]
    try:
        blocks = read_bytes(bytes(data), f"a.{kind}").blocks
    except UnreadableFile as error:
        blocks = (Line(error.reason),)
    assert blocks


def test_a_page_that_word_saved_as_one_file_is_read() -> None:
    page = "<html><head><meta charset=gb2312></head><body><table><tr><td>甲<td>乙</table></body></html>".encode(
        "gb18030"
    )
    archive = (
        b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="X"\n\n--X\n'
        b'Content-Type: text/html; charset="gb2312"\nContent-Transfer-Encoding: base64\n\n'
        + base64.encodebytes(page)
        + b"\n--X--\n"
    )
    (table,) = tables(archive, "a.doc")
    assert [cell.text for cell in table.cells] == ["甲", "乙"]


def test_a_sliver_at_the_edge_of_a_table_lies_in_its_last_row_and_column() -> None:
    boxes = [(0.0, 0.0, 50.0, 20.0), (50.0, 0.0, 100.0, 20.0), (100.0, 20.0, 102.0, 22.0)]
    n_rows, n_columns, placed = spans(boxes, edges(x for box in boxes for x in (box[0], box[2])))
    assert (n_rows, n_columns) == (1, 2)
    assert placed == [(0, 0, 1, 1), (0, 1, 1, 1), (0, 1, 1, 1)]


def test_where_a_page_break_cuts_a_row_the_missing_line_is_found() -> None:
    down = [(x, 0.0, x, 100.0) for x in (0.0, 80.0, 200.0)]
    across = [(0.0, y, 200.0, y) for y in (0.0, 40.0)]
    assert open_ends(across, down) == [(0.0, 100.0, 200.0, 100.0)]
    assert open_ends([*across, (0.0, 100.0, 200.0, 100.0)], down) == []
