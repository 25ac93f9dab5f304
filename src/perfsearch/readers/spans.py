"""Rows of cells with spans to a table: each cell put where the spans above leave room."""

from __future__ import annotations

from perfsearch.readers.document import Cell, Table


class GridBuilder:
    """Takes cells row by row, as HTML and Word have them; a span pushes the cells below and beside it on."""

    def __init__(self, cells_max: int) -> None:
        self.cells: list[Cell] = []
        self.cells_max = cells_max
        self.is_cut = False
        self._row = -1
        self._column = 0
        self._blocked: dict[int, int] = {}
        """By column: the first row that a span from above leaves free."""
        self._n_columns = 0
        self._n_places = 0

    def next_row(self) -> None:
        """Begin a row."""
        self._row += 1
        self._column = 0

    def add(self, text: str, row_span: int = 1, column_span: int = 1) -> None:
        """Add a cell at the next free column of the row."""
        self._n_places += column_span
        if self._n_places > self.cells_max:
            self.is_cut = True
            return
        while self._blocked.get(self._column, 0) > self._row:
            self._column += 1
        self.cells.append(Cell(text, self._row, self._column, row_span, column_span))
        for column in range(self._column, self._column + column_span):
            self._blocked[column] = self._row + row_span
        self._column += column_span
        self._n_columns = max(self._n_columns, self._column)

    def table(self) -> Table:
        """The table of what was added; spans end at its last row."""
        n_rows = max((cell.row for cell in self.cells), default=-1) + 1
        cells = tuple(
            Cell(c.text, c.row, c.column, min(c.row_span, n_rows - c.row), c.column_span, c.place) for c in self.cells
        )
        return Table(n_rows, self._n_columns, cells)
