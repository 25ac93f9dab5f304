"""Excel (XLSX, XLS) to Document: a table a sheet, merged cells as spans, numbers as they are shown."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Iterable
from typing import Any

from perfsearch.errors import UnreadableFile
from perfsearch.model import Place, Warning
from perfsearch.readers.document import Cell, Document, Line, Table
from perfsearch.settings import Settings

_DECIMALS = re.compile(r"0\.(0+)")
_MESSAGE = "sheet {}: only the first {:,} cells are read (table_cells_max)"


def read_xlsx(data: bytes, name: str, settings: Settings) -> Document:
    """Read every visible sheet of an XLSX; a formula gives its last value.

    Raises:
        UnreadableFile: all sheets are blank.
        Exception: openpyxl raises whatever comes on a damaged file.
    """
    import warnings

    import openpyxl

    with warnings.catch_warnings():
        # openpyxl warns of styles and extensions that it leaves out; none of them is text.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    read = []
    for sheet in sheets:
        values = (
            (cell.row - 1, cell.column - 1, _shown(cell.value, cell.number_format or ""))
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        )
        merged = {
            (area.min_row - 1, area.min_col - 1): (area.max_row - area.min_row + 1, area.max_col - area.min_col + 1)
            for area in sheet.merged_cells.ranges
        }
        read.append((values, merged))
    return _document(name, "xlsx", read, settings)


def read_xls(data: bytes, name: str, settings: Settings) -> Document:
    """Read every visible sheet of an XLS.

    Raises:
        UnreadableFile: encrypted, no workbook, or all sheets are blank.
        Exception: xlrd raises whatever comes on a damaged file.
    """
    import xlrd

    open_book: Callable[..., Any] = xlrd.open_workbook
    try:
        try:
            # Ragged: one cell in the last row and column must not make sixteen million blank ones.
            book = open_book(file_contents=data, formatting_info=True, logfile=io.StringIO(), ragged_rows=True)
        except NotImplementedError:
            book = open_book(file_contents=data, logfile=io.StringIO(), ragged_rows=True)
    except xlrd.XLRDError as error:
        reason = "encrypted" if "encrypted" in str(error).lower() else f"damaged, or no workbook ({error})"
        raise UnreadableFile(name, f"the old Excel workbook is {reason}") from error
    read = []
    for sheet in book.sheets():
        if sheet.visibility == 0:
            values = (
                (row, column, _xls_text(book, sheet.cell(row, column)))
                for row in range(sheet.nrows)
                for column in range(sheet.row_len(row))
                if sheet.cell_type(row, column) not in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)
            )
            merged = {(r1, c1): (r2 - r1, c2 - c1) for r1, r2, c1, c2 in sheet.merged_cells}
            read.append((values, merged))
    return _document(name, "xls", read, settings)


def _document(
    name: str,
    format_name: str,
    sheets: Iterable[tuple[Iterable[tuple[int, int, str]], dict[tuple[int, int], tuple[int, int]]]],
    settings: Settings,
) -> Document:
    blocks: list[Line | Table] = []
    warnings: list[Warning] = []
    for number, (values, merged) in enumerate(sheets, start=1):
        cells: list[Cell] = []
        place = Place(page=number)
        for row, column, text in values:
            if len(cells) >= settings.table_cells_max:
                message = _MESSAGE.format(number, settings.table_cells_max)
                warnings.append(Warning(code="table-cut", message=message))
                break
            if text.strip():
                row_span, column_span = merged.get((row, column), (1, 1))
                cells.append(Cell(text, row, column, row_span, column_span, place))
        if cells:
            blocks += [_compact(cells), Line("", place)]
    if not blocks:
        raise UnreadableFile(name, "the workbook is blank")
    return Document(name, format_name, tuple(blocks), tuple(warnings))


def _compact(cells: list[Cell]) -> Table:
    """A table without the rows and columns in which nothing begins: sheets have a filing anywhere in a million rows."""
    rows = {row: number for number, row in enumerate(sorted({cell.row for cell in cells}))}
    columns = {column: number for number, column in enumerate(sorted({cell.column for cell in cells}))}
    compact = tuple(
        Cell(
            cell.text,
            rows[cell.row],
            columns[cell.column],
            sum(1 for row in range(cell.row, min(cell.row + cell.row_span, cell.row + 1_000)) if row in rows),
            sum(
                1 for c in range(cell.column, min(cell.column + cell.column_span, cell.column + 1_000)) if c in columns
            ),
            cell.place,
        )
        for cell in sorted(cells, key=lambda cell: (cell.row, cell.column))
    )
    return Table(len(rows), len(columns), compact)


def _shown(value: object, number_format: str) -> str:
    """A value as the sheet shows it, as far as it matters: dates, percentages, numbers without float noise."""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, float)):
        if "%" in number_format:
            decimals = _DECIMALS.search(number_format)
            return f"{value * 100:.{len(decimals[1]) if decimals else 0}f}%"
        return _number(value)
    return str(value).replace("\r\n", "\n").replace("_x000D_", "").replace("\r", "\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.10g}"


def _xls_text(book: Any, cell: Any) -> str:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            year, month, day, *_ = xlrd.xldate_as_tuple(cell.value, book.datemode)
        except xlrd.XLDateError:
            return _number(cell.value)
        return f"{year:04d}-{month:02d}-{day:02d}"
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        form = ""
        if cell.xf_index is not None and book.xf_list:
            form = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
        return _shown(cell.value, form)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "是" if cell.value else "否"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return ""
    return str(cell.value)
