"""Rows of cells with spans, in one table or several, with lines of text above and below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Box:
    """A cell: its text, its column and row span; `head` is a printed label."""

    text: str
    columns: int = 1
    rows: int = 1
    head: bool = False


@dataclass
class Sheet:
    """One table: rows of cells that together fill `widths` columns; spans from above take their places."""

    widths: tuple[float, ...]
    """Relative widths of the columns."""
    rows: list[list[Box]] = field(default_factory=list)

    def add(self, *cells: Box) -> None:
        """Add a row."""
        self.rows.append(list(cells))

    def placed(self) -> list[tuple[int, int, Box]]:
        """Row, column and cell of every cell."""
        taken: set[tuple[int, int]] = set()
        found = []
        for number, row in enumerate(self.rows):
            column = 0
            for box in row:
                while (number, column) in taken:
                    column += 1
                found.append((number, column, box))
                taken.update((number + i, column + j) for i in range(box.rows) for j in range(box.columns))
                column += box.columns
            free = [c for c in range(len(self.widths)) if (number, c) not in taken]
            assert not free, (number, free, [box.text[:8] for box in row])
        return found


@dataclass
class Printed:
    """A filing laid out: lines above, tables, lines below, and what is to be read."""

    above: list[str]
    tables: list[Sheet]
    below: list[str]
    expected: dict[str, Any]


def label(text: str, columns: int = 1, rows: int = 1) -> Box:
    """A printed label."""
    return Box(text, columns, rows, head=True)
