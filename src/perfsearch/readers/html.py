"""HTML to Document: tables with their spans, layout tables opened, everything else as lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from perfsearch.errors import UnreadableFile
from perfsearch.model import Warning
from perfsearch.readers.document import Document, Line, Table
from perfsearch.readers.encodings import decode
from perfsearch.readers.spans import GridBuilder
from perfsearch.settings import Settings

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([a-zA-Z0-9_-]{3,20})", re.IGNORECASE)
_SILENT = frozenset({"script", "style", "head", "noscript", "template", "title", "svg", "math", "object", "iframe"})
_BLOCKS = frozenset(
    {"p", "div", "br", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "center", "hr", "section", "article"}
    | {"header", "footer", "pre", "blockquote", "dl", "dt", "dd", "tr", "table"}
)
_WHITE = re.compile(r"[ \t\r\n\f\v]+")
_SPAN_MAX = 1_000
_DEPTH_MAX = 200


def looks_like_html(data: bytes) -> bool:
    """Is the content an HTML document or table, rather than text with a few tags left in it?"""
    head = data[:4_096].lower()
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.replace(b"\x00", b"")
    return b"<html" in head or b"<!doctype html" in head or (b"<table" in head and b"<tr" in head)


def looks_like_web_archive(data: bytes) -> bool:
    """Is the content a page saved with all it shows in one file (MHT), as Word saves under its own extension too?"""
    head = data[:4_096].lower()
    return b"mime-version:" in head and b"content-type:" in head and b"multipart/related" in head


def read_web_archive(data: bytes, name: str, settings: Settings) -> Document:
    """Read the page in a web archive.

    Raises:
        UnreadableFile: there is no page in it.
    """
    import email
    import email.policy

    message = email.message_from_bytes(data, policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            page = part.get_payload(decode=True)
            if isinstance(page, bytes) and page.strip():
                return read_html(page, name, settings)
    raise UnreadableFile(name, "the web archive holds no page")


def read_html(data: bytes, name: str, settings: Settings) -> Document:
    """Read an HTML file, also one that Word or Excel saved under their own extension.

    Raises:
        UnreadableFile: it is no text, or holds none.
        Exception: lxml raises whatever comes on damaged HTML.
    """
    import lxml.html

    text = _text(data, name)
    parser = lxml.html.HTMLParser(huge_tree=False, no_network=True, remove_comments=True, remove_pis=True)
    root = lxml.html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=parser)
    walker = _Walker(settings)
    walker.walk(root, 0)
    walker.end_line()
    warnings = []
    if walker.cut:
        message = f"tables with more than {settings.table_cells_max:,} cells are cut (table_cells_max)"
        warnings.append(Warning(code="table-cut", message=message))
    if not any(block.text.strip() if isinstance(block, Line) else block.cells for block in walker.blocks):
        raise UnreadableFile(name, "the HTML holds no text")
    return Document(name, "html", tuple(walker.blocks), tuple(warnings))


def _text(data: bytes, name: str) -> str:
    declared = _CHARSET.search(data[:4_096])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        encoding = declared[1].decode("ascii").lower()
        encoding = "gb18030" if encoding in ("gb2312", "gbk", "gb_2312-80", "x-gbk") else encoding
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            pass
    decoded = decode(data)
    if decoded is None:
        raise UnreadableFile(name, "the file is binary or damaged: it is no HTML in UTF-8, UTF-16 or GB18030")
    return decoded[0]


class _Walker:
    """Walks the tree and gathers blocks."""

    def __init__(self, settings: Settings) -> None:
        self.blocks: list[Line | Table] = []
        self.pieces: list[str] = []
        self.cells_max = settings.table_cells_max
        self.cut = False

    def walk(self, element: Any, depth: int) -> None:
        """Gather an element's blocks, and the text after it."""
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _SILENT or not tag or depth > _DEPTH_MAX:
            return
        if tag == "table" and not _is_layout(element):
            self.end_line()
            self.blocks.append(self._table(element))
            self.blocks.append(Line(""))
            return
        if tag in _BLOCKS or tag in ("td", "th"):
            self.end_line()
        self.pieces.append(element.text or "")
        for child in element:
            self.walk(child, depth + 1)
            self.pieces.append(child.tail or "")
        if tag in _BLOCKS or tag in ("td", "th"):
            self.end_line()

    def end_line(self) -> None:
        """Close the line that is being gathered."""
        text = _WHITE.sub(" ", "".join(self.pieces)).strip(" ")
        self.pieces = []
        if text:
            self.blocks.append(Line(text))

    def _table(self, table: Any) -> Table:
        grid = GridBuilder(self.cells_max)
        for row in _rows(table):
            grid.next_row()
            for cell in row:
                if cell.tag in ("td", "th"):
                    grid.add(_cell_text(cell), _span(cell, "rowspan"), _span(cell, "colspan"))
        self.cut = self.cut or grid.is_cut
        return grid.table()


def _is_layout(table: Any) -> bool:
    """A table that holds tables, or no more than one cell, only places things on the page."""
    return next(table.iterdescendants("table"), None) is not None or len(list(table.iterdescendants("td", "th"))) < 2


def _rows(table: Any) -> Iterator[Any]:
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child if row.tag == "tr")


def _cell_text(cell: Any) -> str:
    pieces: list[str] = []

    def gather(element: Any, depth: int) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _SILENT or not tag or depth > _DEPTH_MAX:
            return
        if tag in _BLOCKS:
            pieces.append("\n")
        pieces.append(_WHITE.sub(" ", element.text or ""))
        for child in element:
            gather(child, depth + 1)
            pieces.append(_WHITE.sub(" ", child.tail or ""))
        if tag in _BLOCKS:
            pieces.append("\n")

    gather(cell, 0)
    lines = (line.strip(" ") for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _span(cell: Any, name: str) -> int:
    match = re.match(r"\s*(\d{1,6})", cell.get(name) or "")
    return min(max(1, int(match[1])), _SPAN_MAX) if match else 1
