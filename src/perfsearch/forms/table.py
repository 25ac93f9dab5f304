"""The indicator table of a filing in the sheet: where it stands, which column is what, and its lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from perfsearch.forms.description import Form, Heading
from perfsearch.forms.folding import fold, squeeze
from perfsearch.forms.lines import Columns, TableLine, Vocabulary, join_broken_levels, pieces_of, vocabulary
from perfsearch.forms.prose import join
from perfsearch.forms.rows import LINES_MAX, carry_levels, ends_table, put_together
from perfsearch.forms.sheet import Sheet
from perfsearch.forms.split import Segment, column_header
from perfsearch.model import Indicator, Warning

_TITLE = re.compile(r"(?:表|说明|情况|目录)(?:\([^()]{0,12}\))?$")
_WEIGHT = re.compile(r"\d{1,3}(?:\.\d{1,2})?%?")


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Where the table's titles begin and its rows begin, and the columns, where cells are kept."""

    heading: int
    start: int
    columns: Columns


def find_table(sheet: Sheet, segment: Segment) -> TablePlace | None:
    """The indicator table: a row of cells with its titles, a line of its titles, or else its heading."""
    form = segment.form
    if not form.columns:
        return None
    for row in range(sheet.row_of(segment.title_end), sheet.row_of(segment.end - 1) + 1):
        text = sheet.row(row)
        if "\t" in text:
            columns = _columns_of(form, text)
            if columns is not None:
                return TablePlace(sheet.starts[row], sheet.starts[row] + len(text), columns)
    match = column_header(form).search(sheet.norm, segment.title_end, segment.end)
    if match:
        return TablePlace(match.start(), match.end(), Columns())
    for found in segment.chain:
        if isinstance(found.role, Heading) and found.role.table:
            return TablePlace(found.start, found.end, Columns())
    return None


def _columns_of(form: Form, row: str) -> Columns | None:
    """The columns that a row of titles gives, or None where it is no such row.

    Where the titles come twice (中期 and 年度 side by side), the later ones are taken: they are the year's.
    """
    cells = [squeeze(cell) for cell in row.split("\t")]
    if sum(map(bool, cells)) < 3:
        return None
    numbers: dict[str, int] = {}
    for column in form.columns:
        if column.role == "ignored":
            continue
        for rank, title in enumerate(column.titles):
            matches = [number for number, cell in enumerate(cells) if _is_title(cell, title)]
            if matches and (column.role not in numbers or rank == 0):
                numbers[column.role] = matches[-1]
    if "name" not in numbers or "target" not in numbers or numbers["target"] < numbers["name"]:
        return None
    chosen = set(numbers.values())
    ignored = frozenset(
        number
        for column in form.columns
        for number, cell in enumerate(cells)
        if (column.role == "ignored" or number not in chosen) and any(_is_title(cell, title) for title in column.titles)
    )
    name = numbers["name"]
    level2 = numbers.get("level2", name - 1)
    level1 = numbers.get("level1", level2 - 1)
    return Columns(level1, level2, name, numbers["target"], numbers.get("operator"), numbers.get("unit"), ignored)


def _is_title(cell: str, title: str) -> bool:
    return cell == title or (cell.startswith(title) and cell[len(title)] == "(" and cell[-1] == ")")


def read_table(sheet: Sheet, segment: Segment, place: TablePlace) -> tuple[list[Indicator], list[Warning]]:
    """The rows of the table with their levels, and what was odd about them."""
    words = vocabulary(segment.form, place.columns)
    lines, warnings = _lines(sheet, segment, place, words)
    _join_cut_rows(lines, sheet, words)
    join_broken_levels(lines, words)
    rows, _ = put_together([line for line in lines if line.pieces], words)
    carried, odd = carry_levels(rows, words)
    indicators = [
        Indicator(level1=row.level1, level2=row.level2, name=row.name, target=row.target, place=sheet.places[row.row])
        for row in carried
    ]
    return indicators, warnings + odd


def _lines(
    sheet: Sheet, segment: Segment, place: TablePlace, words: Vocabulary
) -> tuple[list[TableLine], list[Warning]]:
    form = segment.form
    lines: list[TableLine] = []
    noise = _noise(sheet, segment)
    first = sheet.row_of(place.start)
    n_after = _columns_after(form, sheet.row(sheet.row_of(max(place.heading, place.start - 1))))
    gap = 0
    for row in range(first, sheet.row_of(segment.end - 1) + 1):
        raw = sheet.row(row)
        if row == first:
            raw = raw[place.start - sheet.starts[row] :]
        if not raw.strip() or squeeze(raw) in noise or (row > first and _is_header(form, raw)):
            gap += 1
            continue
        if ends_table(raw):
            break
        if sheet.tabled[first] and not sheet.tabled[row] and "  " not in raw.strip():
            # A line between the parts of a ruled table is a running head, or the title of what comes after it.
            if _TITLE.search(squeeze(raw)):
                break
            gap += 1
            continue
        if len(lines) == LINES_MAX:
            message = f"only the first {LINES_MAX} lines of the indicator table are read"
            return lines, [Warning(code="table-cut", message=message, field="indicators")]
        lines.append(TableLine(_without_weights(pieces_of(raw, words), n_after), row, gap))
        gap = 0
    return lines, []


def _columns_after(form: Form, titles: str) -> int:
    """How many columns that say nothing (weights) stand behind the target in a line of titles whose cells are lost."""
    if "\t" in titles:
        return 0
    ignored = {title for column in form.columns if column.role == "ignored" for title in column.titles}
    found = 0
    for word in reversed(_squeezed_words(titles)):
        if word not in ignored:
            break
        found += 1
    return found


def _squeezed_words(text: str) -> list[str]:
    """The words of a line, each squeezed."""
    return [squeeze(word) for word in text.split()]


def _without_weights(pieces: list[tuple[int | None, str]], n_after: int) -> list[tuple[int | None, str]]:
    """A line's pieces without the numbers of columns that say nothing."""
    kept = len(pieces)
    while kept > 2 and len(pieces) - kept < n_after and _WEIGHT.fullmatch(fold(pieces[kept - 1][1])):
        kept -= 1
    return pieces[:kept]


def _join_cut_rows(lines: list[TableLine], sheet: Sheet, words: Vocabulary) -> None:
    """Put a row that a page break cut together again: on the next page only some of its cells go on."""
    columns = words.columns
    for number in range(len(lines) - 1, 0, -1):
        upper, lower = lines[number - 1], lines[number]
        pages = [place.page for row in (upper.row, lower.row) if (place := sheet.places[row]) is not None]
        if len(pages) < 2 or pages[0] == pages[1] or not lower.pieces:
            continue
        below = dict(lower.pieces)
        above = dict(upper.pieces)
        if None in below or None in above:
            continue
        whole = columns.name in below and columns.target in below
        known = any(squeeze(text) in words.level1 or squeeze(text) in words.level2 for text in below.values())
        if not whole and not known and columns.name in above and set(below) <= set(above):
            upper.pieces = [(at, join([text, below[at]]) if at in below else text) for at, text in upper.pieces]
            del lines[number]


def _is_header(form: Form, raw: str) -> bool:
    """Column titles again, after a page break."""
    return column_header(form).match(fold(raw).strip()) is not None or (
        "\t" in raw and _columns_of(form, raw) is not None
    )


def _noise(sheet: Sheet, segment: Segment) -> frozenset[str]:
    """Rows that a page break prints again inside the table."""
    noise = {*segment.form.titles, "续表", "(续)", "(续表)", "续"}
    noise |= {squeeze(title) for column in segment.form.columns for title in column.titles}
    headings: Sequence[str] = [
        squeeze(sheet.text[found.start : found.end]) for found in segment.chain if isinstance(found.role, Heading)
    ]
    return frozenset(noise.union(headings))
