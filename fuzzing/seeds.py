"""Real files of every format that is read, small, for mutations to start from."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from random import Random

from tests.forms import tabled
from tests.rendering.files import render
from tests.rendering.records import load_records

WORD_PART = "word/document.xml"
SHEET_PART = "xl/worksheets/sheet1.xml"
FORMATS = ("text", "html", "docx", "xlsx", "xls", "pdf", "zip", "jsonl")


@cache
def seeds(kind: str) -> tuple[bytes, ...]:
    """A few files of a format: each form that is described, or each encoding."""
    rng = Random(kind)
    records = load_records()[:4]
    if kind == "text":
        texts = [render(record) for record in records]
        return tuple(text.encode(encoding) for text in texts for encoding in ("utf-8", "gb18030", "utf-16"))
    if kind == "jsonl":
        lines = [json.dumps(_as_json_line(record), ensure_ascii=False) for record in records]
        return ("\n".join(lines).encode(), lines[0].encode())
    if kind == "zip":
        return (_archive(), _archive(b"\xbc\xa8\xd0\xa7"))
    filled = [fill(record, rng) for record in records[:2] for fill in _FORMS]
    if kind == "html":
        return tuple(tabled.as_html(one, rng) for one in filled)
    if kind == "docx":
        return tuple(tabled.as_docx(one) for one in filled[:3])
    if kind == "xlsx":
        return tuple(tabled.as_xlsx(one) for one in filled[:3])
    if kind == "pdf":
        return tuple(tabled.as_pdf(one) for one in filled[:3])
    return tuple(_as_xls(one) for one in filled[:3])


_FORMS = (tabled.shanghai_2023, tabled.national, tabled.shanghai_2020)


def repacked(container: bytes, part: str, content: bytes) -> bytes:
    """An Office document with one part replaced, stored and with a right checksum, so that a mutation gets through."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(container)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out.getvalue()


def part_of(container: bytes, part: str) -> bytes:
    """One part of an Office document, unpacked."""
    with zipfile.ZipFile(io.BytesIO(container)) as opened:
        return opened.read(part)


def _as_json_line(record: object) -> dict[str, object]:
    given = dict(record)  # type: ignore[call-overload]
    return {
        "project_name": given["project_name"],
        "applicant": given["applicant"],
        "fiscal_year": given["fiscal_year"],
        "sections": given["sections"],
        "indicators": [dict(row) for row in given["indicators"]],
    }


def _archive(raw_name: bytes | None = None) -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("in.txt", seeds("text")[0][:1500])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0000", seeds("text")[3][:2000])
        archive.writestr("b/page.html", seeds("html")[0])
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("empty.txt", b"")
    return out.getvalue() if raw_name is None else out.getvalue().replace(b"0000", raw_name)


def _as_xls(filled: tabled.Filled) -> bytes:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    top = len(filled.above)
    for row, line in enumerate(filled.above):
        sheet.write(row, 0, line)
    for row, column, row_span, column_span, text in filled.grid.cells:
        area = (row + top, row + top + row_span - 1, column, column + column_span - 1)
        sheet.write_merge(*area, text)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
