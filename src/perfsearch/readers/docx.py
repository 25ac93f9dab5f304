"""Word (DOCX) to Document: paragraphs and tables in order, merged cells as spans, nested tables opened."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from perfsearch.errors import UnreadableFile
from perfsearch.model import Warning
from perfsearch.readers.document import Cell, Document, Line, Table
from perfsearch.settings import Settings

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DEPTH_MAX = 50


def read_docx(data: bytes, name: str, settings: Settings) -> Document:
    """Read the body of a DOCX; headers, footers, comments and deleted text are left out.

    Raises:
        UnreadableFile: it holds no text.
        Exception: python-docx raises whatever comes on a damaged file.
    """
    import docx

    body: Any = docx.Document(io.BytesIO(data)).element.body
    walker = _Walker(settings.table_cells_max)
    walker.walk(body, 0)
    if not any(block.text.strip() if isinstance(block, Line) else block.cells for block in walker.blocks):
        raise UnreadableFile(name, "the Word document holds no text")
    warnings = []
    if walker.cut:
        message = f"tables with more than {settings.table_cells_max:,} cells are cut (table_cells_max)"
        warnings.append(Warning(code="table-cut", message=message))
    return Document(name, "docx", tuple(walker.blocks), tuple(warnings))


class _Walker:
    """Walks the body and gathers blocks."""

    def __init__(self, cells_max: int) -> None:
        self.blocks: list[Line | Table] = []
        self.cells_max = cells_max
        self.cut = False

    def walk(self, element: Any, depth: int) -> None:
        """Gather the blocks of a container: body, content control, text box, or cell of a layout table."""
        if depth > _DEPTH_MAX:
            return
        for child in element:
            if child.tag == _W + "p":
                self.blocks.extend(Line(line) for line in _paragraph(child).split("\n"))
                for box in child.iter(_W + "txbxContent"):
                    if not any(ancestor.tag == _FALLBACK for ancestor in box.iterancestors()):
                        self.walk(box, depth + 1)
            elif child.tag == _W + "tbl":
                self._table(child, depth)
            elif child.tag in (_W + "sdt", _W + "sdtContent", _W + "customXml", _W + "ins"):
                self.walk(child, depth + 1)

    def _table(self, table: Any, depth: int) -> None:
        if next(table.iterdescendants(_W + "tbl"), None) is not None:
            # A table that holds tables only places them on the page.
            for row in _children(table, "tr"):
                for cell in _children(row, "tc"):
                    self.walk(cell, depth + 1)
            return
        self.blocks.append(self._cells(table))
        self.blocks.append(Line(""))

    def _cells(self, table: Any) -> Table:
        cells: list[Cell] = []
        open_at: dict[int, int] = {}
        """By column: the index of the cell that a vertical merge goes on with."""
        n_columns = n_rows = n_places = 0
        for row_number, row in enumerate(_children(table, "tr")):
            n_rows = row_number + 1
            column = _number(row.find(f"{_W}trPr/{_W}gridBefore"), 0)
            for cell in _children(row, "tc"):
                properties = cell.find(_W + "tcPr")
                span = _number(properties.find(_W + "gridSpan") if properties is not None else None, 1)
                merge = properties.find(_W + "vMerge") if properties is not None else None
                n_places += span
                if n_places > self.cells_max:
                    self.cut = True
                    return Table(n_rows, n_columns, tuple(cells))
                if merge is not None and merge.get(_W + "val") != "restart" and column in open_at:
                    upper = cells[open_at[column]]
                    grown = row_number - upper.row + 1
                    cells[open_at[column]] = Cell(upper.text, upper.row, upper.column, grown, upper.column_span)
                else:
                    open_at.pop(column, None)
                    if merge is not None:
                        open_at[column] = len(cells)
                    cells.append(Cell(_cell_text(cell), row_number, column, 1, span))
                column += span
            n_columns = max(n_columns, column)
        return Table(n_rows, n_columns, tuple(cells))


def _children(element: Any, tag: str) -> Iterator[Any]:
    """Children of a tag, also inside content controls."""
    for child in element:
        if child.tag == _W + tag:
            yield child
        elif child.tag in (_W + "sdt", _W + "sdtContent", _W + "ins", _W + "customXml"):
            yield from _children(child, tag)


def _number(element: Any, otherwise: int) -> int:
    value = element.get(_W + "val") if element is not None else None
    return min(max(int(value), 0), 1_000) if value and value.isdecimal() else otherwise


def _cell_text(cell: Any) -> str:
    return "\n".join(text for p in cell.iter(_W + "p") if (text := _paragraph(p).strip()))


def _paragraph(paragraph: Any) -> str:
    """The text of a paragraph's own runs: tabs, line breaks; not what was deleted, nor the text boxes in it."""
    pieces: list[str] = []
    for element in paragraph.iter(_W + "t", _W + "tab", _W + "br", _W + "cr", _W + "noBreakHyphen", _W + "sym"):
        owner = next((a for a in element.iterancestors() if a.tag in (_W + "p", _W + "tabs")), None)
        if owner is not paragraph:
            continue
        if element.tag == _W + "t":
            pieces.append(element.text or "")
        elif element.tag == _W + "tab":
            pieces.append("\t")
        elif element.tag in (_W + "br", _W + "cr"):
            pieces.append("\n")
        elif element.tag == _W + "noBreakHyphen":
            pieces.append("-")
        elif (element.get(_W + "char") or "").upper() in ("F052", "F0FE", "00FE", "F0FC"):
            pieces.append("☑")
    return "".join(pieces)
