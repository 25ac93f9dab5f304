"""Documents that harm who reads them: bombs, loops, lies and damage, made small and quickly."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from functools import cache


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def lying_zip(name: str, content: bytes, claimed_bytes: int) -> bytes:
    """A ZIP whose directory says that its file is smaller than it unpacks to."""
    data = zipped({name: content})
    true, claimed = struct.pack("<I", len(content)), struct.pack("<I", claimed_bytes)
    assert data.count(true) == 2
    return data.replace(true, claimed)


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref)


CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"


def stream(content: bytes, extra: bytes = b"") -> bytes:
    """A compressed stream object."""
    packed = zlib.compress(content, 9)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream" % (len(packed), extra, packed)


def pdf_of_pages(n_pages: int) -> bytes:
    """A PDF that shows one page so many times."""
    kids = b" ".join([b"3 0 R"] * n_pages)
    pages = b"<</Type/Pages/Count %d/Kids[%s]>>" % (n_pages, kids)
    return pdf_of([CATALOGUE, pages, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"])


def pdf_whose_pages_loop() -> bytes:
    """A page tree that is its own branch."""
    return pdf_of([CATALOGUE, b"<</Type/Pages/Count 3/Kids[2 0 R 2 0 R 2 0 R]/Parent 2 0 R>>"])


def pdf_whose_pages_multiply() -> bytes:
    """Ten branches on each of ten levels: ten thousand million pages in 2 KB."""
    levels = [
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (10 ** (10 - level), b" ".join([b"%d 0 R" % (level + 3)] * 10))
        for level in range(10)
    ]
    return pdf_of([CATALOGUE, *levels, b"<</Type/Page/Parent 11 0 R/MediaBox[0 0 9 9]>>"])


def pdf_that_draws_itself() -> bytes:
    """A form that draws itself twice, and so on."""
    form = stream(b"/F Do /F Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 5 0 R/Resources<</XObject<</F 4 0 R>>>>>>"
    return pdf_of([CATALOGUE, b"<</Type/Pages/Count 1/Kids[3 0 R]>>", page, form, stream(b"/F Do")])


def pdf_of_text(content: bytes) -> bytes:
    """One page with this content."""
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
    )
    return pdf_of([CATALOGUE, b"<</Type/Pages/Count 1/Kids[3 0 R]>>", page, stream(content)])


@cache
def slow_pdf(shows: int = 400_000) -> bytes:
    """A page that shows text so many times: PDFium needs seconds for it (400,000: about 5)."""
    return pdf_of_text(b"BT /F 9 Tf " + b"1 0 0 1 9 9 Tm (abcdefghij) Tj " * shows + b"ET")


def word_of(document_xml: bytes) -> bytes:
    """A Word document with this content, and no more than it needs to be opened."""
    types = (
        b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        b'<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        b'officeDocument" Target="word/document.xml"/></Relationships>'
    )
    return zipped({"[Content_Types].xml": types, "_rels/.rels": relations, "word/document.xml": document_xml})


_WORD = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word_paragraphs(text: bytes, times: int, before: bytes = b"") -> bytes:
    """A Word document of one paragraph so many times."""
    body = b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % text * times
    return word_of(
        b'<?xml version="1.0"?>' + before + b"<w:document %s><w:body>%s</w:body></w:document>" % (_WORD, body)
    )


def nested_word(depth: int) -> bytes:
    """A Word document of elements in elements."""
    return word_of(
        b"<w:document %s><w:body>%s%s</w:body></w:document>" % (_WORD, b"<w:sdt>" * depth, b"</w:sdt>" * depth)
    )


LAUGHS = (
    b'<!DOCTYPE w [<!ENTITY a "'
    + b"a" * 1000
    + b'">'
    + b"".join(
        b'<!ENTITY %s "%s">' % (new, b"&%s;" % old * 20)
        for old, new in zip(b"a b c d e f".split(), b"b c d e f g".split(), strict=True)
    )
    + b"]>"
)
"""Entities of entities: 64 thousand million characters in `&g;`."""


def laughing_word() -> bytes:
    """A Word document whose text is entities of entities."""
    return word_paragraphs(b"&g;", 1, LAUGHS)


def laughing_workbook() -> bytes:
    """A workbook whose text is entities of entities."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "LAUGH"
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as old:
        files = {name: old.read(name) for name in old.namelist()}
    for name, content in files.items():
        if b"LAUGH" in content:
            start = content.index(b"?>") + 2 if content.startswith(b"<?xml") else 0
            files[name] = content[:start] + LAUGHS + content[start:].replace(b"LAUGH", b"&g;")
    return zipped(files)


def laughing_page() -> bytes:
    """A web page of the same, under an XHTML head."""
    return b'<?xml version="1.0"?>' + LAUGHS + b"<html><body><p>&g;</p></body></html>"
