"""What stands on a page to lines and tables: the same for a text layer's characters and for recognised words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from perfsearch.model import Place
from perfsearch.readers.document import Cell, Line, Table
from perfsearch.readers.grid import Box, edges, spans

_BLANK_BEFORE_PUNCTUATION = re.compile(r"[ \u00a0]+(?=[，。、；：！？）》”〕】])")
_SHIFT_MAX_POINTS = 60.0
"""A table goes on at the other side of a binding margin, or on a scan that lay a little off."""
_WIDTH_TOLERANCE_POINTS = 3.0
_BAND_POINTS = 12.0
_FURNITURE_LENGTH = 40
_FURNITURE_LINES = 2
"""So many short lines at a page's edge are its running head or number, and part no table."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """Printed text with its box in points from the page's top left corner: a character, or a recognised word."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def height(self) -> float:
        """Height of the box in points."""
        return self.bottom - self.top


@dataclass(slots=True)
class Ruled:
    """A ruled table of a page before its grid is known: the boxes of its cells and what is printed in it."""

    box: Box
    boxes: list[Box]
    glyphs: list[Glyph]
    edges: list[float]
    shift: float = 0.0
    """What is added to an x of this page to find its column among the edges of an upper page."""
    original: Callable[[Box], Box] | None = None
    """Where a box of the straightened page stands on the page as it came."""


Placed = tuple[float, Line | Ruled]
"""A block of a page with the top of its box."""


def ruled(box: Box, boxes: Sequence[Box], glyphs: Sequence[Glyph]) -> tuple[Ruled, list[Glyph]]:
    """A ruled table with the glyphs that lie in it, and the other glyphs."""
    inside: list[Glyph] = []
    outside: list[Glyph] = []
    for glyph in glyphs:
        (inside if holds(box, glyph) else outside).append(glyph)
    xs = edges(x for cell in boxes for x in (cell[0], cell[2]))
    return Ruled(box, list(boxes), inside, xs), outside


def holds(box: Box, glyph: Glyph) -> bool:
    """Does the middle of a glyph lie in a box?"""
    x, y = (glyph.x0 + glyph.x1) / 2, (glyph.top + glyph.bottom) / 2
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


def join_over_pages(pages: Mapping[int, Sequence[Placed]]) -> None:
    """Tables that go on from the end of one page at the top of the next share their column edges.

    The part on the next page may show fewer rulings, and its columns would be numbered otherwise.
    """
    for number in sorted(pages):
        upper, lower = _at_edge(reversed(pages[number])), _at_edge(pages.get(number + 1, ()))
        if upper is None or lower is None:
            continue
        shift = upper.box[0] + upper.shift - lower.box[0]
        width = (upper.box[2] - upper.box[0]) - (lower.box[2] - lower.box[0])
        if abs(shift - upper.shift) <= _SHIFT_MAX_POINTS and abs(width) <= _WIDTH_TOLERANCE_POINTS:
            shared = edges([*upper.edges, *(x + shift for x in lower.edges)])
            # The same list for the whole chain: edges of a later page number the columns of all.
            upper.edges[:] = shared
            lower.edges, lower.shift = upper.edges, shift


def _at_edge(blocks: object) -> Ruled | None:
    """The table at the edge of a page, running head and page number aside."""
    for number, (_, block) in enumerate(blocks):  # type: ignore[var-annotated,arg-type]
        if isinstance(block, Ruled):
            return block
        if number >= _FURNITURE_LINES or len(block.text) > _FURNITURE_LENGTH:
            return None
    return None


def table_of(table: Ruled, page: int) -> Table:
    """The cells of a ruled table with their texts, spans and places."""
    boxes = table.boxes
    shifted = [(box[0] + table.shift, box[1], box[2] + table.shift, box[3]) for box in boxes]
    n_rows, n_columns, placed = spans(shifted, table.edges)
    owned: dict[int, list[Glyph]] = {}
    bands = _bands(boxes)
    for glyph in table.glyphs:
        near = bands.get(int((glyph.top + glyph.bottom) / 2 // _BAND_POINTS), ())
        index = next((i for i in near if holds(_within(boxes[i]), glyph)), None)
        if index is None:
            index = next((i for i in near if holds(boxes[i], glyph)), None)
        if index is not None:
            owned.setdefault(index, []).append(glyph)
    cells = []
    for index, (box, (row, column, row_span, column_span)) in enumerate(zip(boxes, placed, strict=True)):
        text = "\n".join(line for _, line in text_lines(owned.get(index, [])))
        place = place_of(table.original(box) if table.original else box, page)
        cells.append(Cell(text, row, column, row_span, column_span, place))
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Table(n_rows, n_columns, tuple(cells))


def _bands(boxes: Sequence[Box]) -> dict[int, list[int]]:
    """The boxes that reach into each band of the page, so that a glyph is compared with those beside it only."""
    bands: dict[int, list[int]] = {}
    for number, box in enumerate(boxes):
        for band in range(int((box[1] - 1) // _BAND_POINTS), int((box[3] + 1) // _BAND_POINTS) + 1):
            bands.setdefault(band, []).append(number)
    return bands


def _within(box: Box) -> Box:
    return (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1)


def place_of(box: Box, page: int) -> Place:
    """A place, to a tenth of a point."""
    return Place(page=page, box=(round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1)))


def lines_of(glyphs: Sequence[Glyph], page: int, original: Callable[[Box], Box] | None = None) -> list[Placed]:
    """Glyphs outside of tables as lines from top to bottom."""
    return [
        (box[1], Line(text, place_of(original(box) if original else box, page)))
        for box, text in text_lines(glyphs)
        if text.strip()
    ]


def text_lines(glyphs: Sequence[Glyph]) -> list[tuple[Box, str]]:
    """Glyphs as lines from top to bottom: the box and the text, wide gaps as blanks."""
    rows: list[list[Glyph]] = []
    middle = 0.0
    for glyph in sorted(glyphs, key=lambda g: (g.top + g.bottom) / 2):
        at = (glyph.top + glyph.bottom) / 2
        # Characters of one line stand within half a height of each other, small ones and punctuation included.
        if not rows or at - middle > 0.5 * max(glyph.height, 4):
            rows.append([])
            middle = at
        rows[-1].append(glyph)
    found = []
    for row in rows:
        row.sort(key=lambda g: g.x0)
        text, right = "", row[0].x0
        for glyph in row:
            gap, em = glyph.x0 - right, max(glyph.height, 4)
            if gap > 1.5 * em and text.strip():
                text += " " * max(2, round(2 * gap / em))
            elif gap > 0.35 * em and text and _is_latin(text[-1]) and _is_latin(glyph.text[:1]):
                text += " "
            text += glyph.text
            right = max(right, glyph.x1)
        box = (row[0].x0, min(g.top for g in row), right, max(g.bottom for g in row))
        found.append((box, tidy(text)))
    return found


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def tidy(text: str) -> str:
    """Drop blanks that the text layer adds before punctuation, and characters that stand for nothing."""
    text = "".join(c for c in text if c == "\t" or c.isprintable() or c == "\u3000")
    return _BLANK_BEFORE_PUNCTUATION.sub("", text).rstrip()
