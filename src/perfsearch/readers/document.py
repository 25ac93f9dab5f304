"""What a reader hands to a form: lines and tables in reading order, with the place of each where it is known."""

from __future__ import annotations

from dataclasses import dataclass, field

from perfsearch.model import Place, Warning

SOFT_BREAK = "\v"
"""Parts paragraphs inside a line, where the file had a tag (`</p><p>`, `<br>`) and not a line end."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text without its line end. Tabs are kept: they part the columns; `SOFT_BREAK` parts paragraphs."""

    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; `text` may hold newlines (wraps and paragraphs as the file has them)."""

    text: str
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its cells by row, then column; a cell that spans stands once, at its top left corner."""

    n_rows: int
    n_columns: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read: `blocks` in reading order. `name` is the file's name, `format` what it was read as."""

    name: str
    format: str
    blocks: tuple[Line | Table, ...]
    warnings: tuple[Warning, ...] = field(default=())
    is_recognised: bool = False
    """Text of it was recognised in bitmaps, with the errors that this has."""
