"""A Document laid out flat: one string of rows and cells, and the same string folded for matching.

Rows end in a newline, cells are parted by tabs, paragraphs inside a cell by `\\v`. `norm` has the same length as `text`,
so that an offset found in one holds in the other. Page numbers and running heads are gone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from perfsearch.forms.folding import fold, squeeze
from perfsearch.forms.mending import mend
from perfsearch.forms.misread import mend_misread
from perfsearch.model import Place
from perfsearch.readers import SOFT_BREAK, Document, Table


@dataclass(frozen=True, slots=True)
class Sheet:
    """`text` and `norm` are of one length; row i starts at `starts[i]` and stands at `places[i]`."""

    text: str
    norm: str
    starts: tuple[int, ...]
    places: tuple[Place | None, ...]
    """Of a table's row: the box around its cells that span no other row, where there are such."""
    cells: tuple[Mapping[int, Place], ...] = ()
    """By row: the places of its cells by column; empty where the row is a line or the reader knew none."""
    tabled: tuple[bool, ...] = ()
    """By row: is it one of a table that the reader knew as one, and not of a text's tabs?"""

    def place_of(self, row: int, column: int) -> Place | None:
        """Where a cell stands, or its row."""
        found = self.cells[row].get(column) if row < len(self.cells) else None
        return found or self.places[row]

    def row_of(self, offset: int) -> int:
        """The number of the row that holds an offset."""
        return bisect_right(self.starts, offset) - 1

    def row(self, number: int) -> str:
        """The text of a row, without its line end."""
        end = self.starts[number + 1] - 1 if number + 1 < len(self.starts) else len(self.text) - 1
        return self.text[self.starts[number] : end]

    def pages(self, start: int, end: int) -> tuple[int, ...] | None:
        """The pages over which a stretch runs, or None where the reader knew none."""
        rows = range(self.row_of(start), self.row_of(max(start, end - 1)) + 1)
        pages = {place.page for row in rows if (place := self.places[row]) is not None}
        return tuple(sorted(pages)) or None


def lay_out(
    document: Document, printed: tuple[str, ...] = (), labels: tuple[str, ...] = (), levels: tuple[str, ...] = ()
) -> Sheet:
    """Lay a Document out as rows and cells, without page numbers and running heads.

    `printed` are the words that a form prints (titles, labels, levels): a row with one of them is no running head.
    `labels` are those that are put together again where a narrow column broke them. `levels` are further words of the
    indicator table, which are known where the recognition of a scan took one for another.
    """
    rows: list[_Row] = []
    for block in document.blocks:
        if isinstance(block, Table):
            rows.extend(_table_rows(block))
        else:
            rows.append(_Row(block.text.replace("\n", SOFT_BREAK), block.place))
    if document.is_recognised:
        rows = [row._replace(text=mend_misread(row.text, (*printed, *levels))) for row in rows]
    kept = _without_page_heads(_without_furniture(rows, printed), printed)
    if labels:
        mended = mend([row.text for row in kept], labels)
        # A row that held nothing but the rest of a label is gone, so that it does not part the text around it.
        kept = [
            row._replace(text=text)
            for text, row in zip(mended, kept, strict=True)
            if text.strip() or not row.text.strip()
        ]
    starts, offset = [], 0
    for row in kept:
        starts.append(offset)
        offset += len(row.text) + 1
    text = "\n".join(row.text for row in kept) + "\n"
    places = tuple(row.place for row in kept) or (None,)
    return Sheet(
        text,
        fold(text),
        tuple(starts) or (0,),
        places,
        tuple(row.cells for row in kept),
        tuple(row.tabled for row in kept),
    )


_NONE: Mapping[int, Place] = MappingProxyType({})


class _Row(NamedTuple):
    """A row of the sheet in the making."""

    text: str
    place: Place | None
    cells: Mapping[int, Place] = _NONE
    tabled: bool = False


def _table_rows(table: Table) -> list[_Row]:
    grid = [[""] * table.n_columns for _ in range(table.n_rows)]
    cells: list[dict[int, Place]] = [{} for _ in range(table.n_rows)]
    own: list[list[Place]] = [[] for _ in range(table.n_rows)]
    for cell in table.cells:
        cleaned = cell.text.strip().replace("\r", "").replace("\t", " ").replace("\n", SOFT_BREAK)
        # Slivers between rulings share a place with the cell beside them.
        above = grid[cell.row][cell.column]
        grid[cell.row][cell.column] = SOFT_BREAK.join(text for text in (above, cleaned) if text)
        if cell.place is not None:
            cells[cell.row][cell.column] = cell.place
            if cell.row_span == 1:
                own[cell.row].append(cell.place)
    return [
        _Row("\t".join(texts), around_all(singles or list(places.values())), places, tabled=True)
        for texts, places, singles in zip(grid, cells, own, strict=True)
    ]


def around_all(places: Sequence[Place]) -> Place | None:
    """The box around places of one page; None where there are none."""
    if not places:
        return None
    boxes = [place.box for place in places if place.box and place.page == places[0].page]
    if not boxes:
        return Place(page=places[0].page)
    x0s, tops, x1s, bottoms = zip(*boxes, strict=True)
    return Place(page=places[0].page, box=(min(x0s), min(tops), max(x1s), max(bottoms)))


_PAGE_MARK = re.compile(
    r"(?:第\s?\d{1,4}\s?页\s?[,/]?\s?(?:共\s?\d{1,4}\s?页)?|[-~·—]\s?\d{1,4}\s?[-~·—]|\d{1,4}\s?/\s?\d{1,4}"
    r"|page\s?\d{1,4}(?:\s?of\s?\d{1,4})?)",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"\d{1,4}")


def _without_furniture(rows: list[_Row], printed: tuple[str, ...]) -> list[_Row]:
    """Drop page marks (第 3 页, - 3 -, bare numbers that count up) and the running heads beside them."""
    marks: set[int] = set()
    bare: list[tuple[int, int]] = []
    for index, (row, *_) in enumerate(rows):
        if not row or len(row) > 40:
            continue
        stripped = fold(row).strip()
        if not stripped or not any(c.isdigit() for c in stripped):
            continue
        if _PAGE_MARK.fullmatch(stripped):
            marks.add(index)
        elif _BARE_NUMBER.fullmatch(stripped) and _stands_apart(rows, index):
            bare.append((index, int(stripped)))
    marks.update(_counting_up(bare))
    if not marks:
        return rows
    marks |= _running_heads(rows, marks, printed)
    # The blank rows around a page mark came with it: one on each side goes too.
    gone = set(marks)
    for index in marks:
        for near in (index - 1, index + 1):
            if 0 <= near < len(rows) and not rows[near][0].strip():
                gone.add(near)
    return [row for index, row in enumerate(rows) if index not in gone]


def _without_page_heads(rows: list[_Row], printed: tuple[str, ...]) -> list[_Row]:
    """Drop the first and last row of pages where it is printed at one height with the same words on another page too."""
    pages: dict[int, list[int]] = {}
    for index, (row, place, *_) in enumerate(rows):
        if place is not None and place.box is not None and row.strip():
            pages.setdefault(place.page, []).append(index)
    seen: dict[tuple[str, int], list[int]] = {}
    for indices in pages.values():
        for index in {indices[0], indices[-1]}:
            row, place, *_ = rows[index]
            words = squeeze(row)
            if place is not None and place.box is not None and "\t" not in row and 2 <= len(words) <= 60:
                seen.setdefault((re.sub(r"\d+", "#", words), round(place.box[1] / 4)), []).append(index)
    gone = {
        index
        for (words, _), indices in seen.items()
        if len(indices) > 1 and not any(word in words for word in printed)
        for index in indices
    }
    gone |= _numbers_of_pages(rows, pages)
    return [row for index, row in enumerate(rows) if index not in gone] if gone else rows


def _numbers_of_pages(rows: list[_Row], pages: dict[int, list[int]]) -> set[int]:
    """Bare numbers in the first or last row of pages that are the page's, or differ from it by the same on two pages."""
    found: dict[int, list[int]] = {}
    for page, indices in pages.items():
        for index in {indices[0], indices[-1]}:
            if _BARE_NUMBER.fullmatch(fold(rows[index][0]).strip()):
                found.setdefault(int(fold(rows[index][0])) - page, []).append(index)
    return {index for offset, indices in found.items() if offset == 0 or len(indices) > 1 for index in indices}


def _stands_apart(rows: list[_Row], index: int) -> bool:
    before = index == 0 or not rows[index - 1][0].strip() or rows[index - 1][1] != rows[index][1]
    after = index + 1 == len(rows) or not rows[index + 1][0].strip() or rows[index + 1][1] != rows[index][1]
    return before and after


def _counting_up(bare: list[tuple[int, int]]) -> set[int]:
    """The rows of the bare numbers that are page numbers: each is one more than the page number before.

    A lone number is taken for one too, unless it may be a target (100) of the indicator table.
    """
    previous: list[int] = []
    length: list[int] = []
    last: dict[int, int] = {}
    for position, (_, number) in enumerate(bare):
        before = last.get(number - 1, -1)
        previous.append(before)
        length.append(length[before] + 1 if before >= 0 else 1)
        last[number] = position
    longest = max(length, default=0)
    if longest < 2 and not (len(bare) == 1 and bare[0][1] not in (1, 100)):
        return set()
    found: set[int] = set()
    position = length.index(longest)
    while position >= 0:
        found.add(bare[position][0])
        position = previous[position]
    return found


def _running_heads(rows: list[_Row], marks: set[int], printed: tuple[str, ...]) -> set[int]:
    """Rows that stand beside page marks again and again with the same words."""
    beside: dict[int, str] = {}
    for index in marks:
        for step in (-1, 1):
            near = index + step
            while 0 <= near < len(rows) and abs(near - index) <= 3 and not rows[near][0].strip():
                near += step
            if 0 <= near < len(rows) and near not in marks and "\t" not in rows[near][0].strip():
                words = squeeze(rows[near][0])
                if 4 <= len(words) <= 40:
                    beside[near] = words
    counts = Counter(beside.values())
    heads = {words for words, n in counts.items() if n > 2 and not any(word in words for word in printed)}
    return {index for index, words in beside.items() if words in heads}
