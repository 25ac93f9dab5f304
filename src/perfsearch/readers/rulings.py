"""The ruling lines of a bitmap, and the cells between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from perfsearch.readers.grid import Box, open_ends

_ACROSS_INCHES = 0.35
"""The shortest horizontal ruling: wider than any stroke of a character up to 24 points."""
_DOWN_INCHES = 0.17
"""The shortest vertical ruling, as high as the lowest row of a form; strokes of large type are told by their ends."""
_THICK_INCHES = 0.05
_INK_BESIDE_MAX = 0.08
"""Strokes that line up in a line of 9 to 16 point type have 0.15 to 0.4 of ink on either side."""
_TOUCH_INCHES = 0.03
"""Rulings so near to each other meet."""


@dataclass(frozen=True, slots=True)
class Rulings:
    """Rulings as boxes in pixels: `across` are horizontal, `down` vertical."""

    across: tuple[Box, ...]
    down: tuple[Box, ...]
    dpi: float

    def tables(self) -> list[tuple[Box, list[Box]]]:
        """Each table's box, and the boxes of its cells, from top to bottom."""
        from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

        touch = _TOUCH_INCHES * self.dpi
        points = 72 / self.dpi
        in_points = [
            [(a * points, b * points, c * points, d * points) for a, b, c, d in lines]
            for lines in (self.across, self.down)
        ]
        closing = [(a / points, b / points, c / points, d / points) for a, b, c, d in open_ends(*in_points)]
        found = [_edge(box, "h") for box in (*self.across, *closing)] + [_edge(box, "v") for box in self.down]
        merged = merge_edges(found, touch, touch, 2 * touch, 2 * touch)
        cells = intersections_to_cells(edges_to_intersections(merged, touch, touch))
        tables = [table for table in cells_to_tables(cells) if len(table) > 1]
        boxes = [
            (
                (
                    min(cell[0] for cell in table),
                    min(cell[1] for cell in table),
                    max(cell[2] for cell in table),
                    max(cell[3] for cell in table),
                ),
                [(float(c[0]), float(c[1]), float(c[2]), float(c[3])) for c in table],
            )
            for table in tables
        ]
        return sorted(boxes, key=lambda pair: pair[0][1])

    def wiped(self, image: Any) -> Any:
        """The bitmap without its rulings."""
        clean = image.copy()
        for x0, y0, x1, y1 in (*self.across, *self.down):
            clean[max(0, int(y0) - 1) : int(y1) + 2, max(0, int(x0) - 1) : int(x1) + 2] = 255
        return clean

    def parted(self, box: Box) -> list[Box]:
        """A box of text, parted where vertical rulings run through it."""
        x0, y0, x1, y1 = box
        middle, margin = (y0 + y1) / 2, 0.25 * (y1 - y0)
        cuts = sorted(
            (line[0] + line[2]) / 2
            for line in self.down
            if line[1] <= middle <= line[3] and x0 + margin < (line[0] + line[2]) / 2 < x1 - margin
        )
        ends = [x0, *cuts, x1]
        return [(a, y0, b, y1) for a, b in pairwise(ends) if b - a > margin]


def _edge(box: Box, orientation: str) -> dict[str, Any]:
    x0, top, x1, bottom = box
    if orientation == "h":
        top = bottom = (top + bottom) / 2
    else:
        x0 = x1 = (x0 + x1) / 2
    return {
        "x0": x0,
        "x1": x1,
        "top": top,
        "bottom": bottom,
        "width": x1 - x0,
        "height": bottom - top,
        "orientation": orientation,
        "object_type": "line",
    }


def find_rulings(image: Any, dpi: float) -> Rulings:
    """The rulings of a level page from its bitmap (height, width, 3) uint8."""
    import cv2

    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    ink = cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 12)
    masks = {across: _runs(ink, dpi, across=across) for across in (True, False)}
    across = _lines(ink, masks[True], masks[False], dpi, across=True)
    down = _lines(ink, masks[False], masks[True], dpi, across=False)
    return Rulings(tuple(across), tuple(_between(down, across, dpi)), dpi)


def _length(dpi: float, *, across: bool) -> int:
    return int((_ACROSS_INCHES if across else _DOWN_INCHES) * dpi)


def _runs(ink: Any, dpi: float, *, across: bool) -> Any:
    """The runs of ink in one direction that are as long as a ruling."""
    import cv2

    # A line that is not quite level steps from row to row: thickened by a pixel, it is one run.
    thick = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_RECT, (1, 3) if across else (3, 1)))
    length = _length(dpi, across=across)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (length, 1) if across else (1, length))
    return cv2.morphologyEx(thick, cv2.MORPH_OPEN, kernel)


def _lines(ink: Any, runs: Any, crossing: Any, dpi: float, *, across: bool) -> list[Box]:
    """The runs that are thin, with paper beside them but for what crosses them."""
    import cv2

    beside = cv2.subtract(ink, crossing)
    n_found, _, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    found = []
    for x, y, width, height, area in stats[1:n_found].tolist():
        long, thin = (width, area / width) if across else (height, area / height)
        too_short = long < _length(dpi, across=across)
        if too_short or thin > _THICK_INCHES * dpi + 2 or (height if across else width) > 0.12 * dpi:
            continue
        # Without the pixel by which it was thickened.
        box = (x, y + 1, x + width, y + height - 1) if across else (x + 1, y, x + width - 1, y + height)
        if _ink_beside(beside, box, across=across) < _INK_BESIDE_MAX:
            found.append((float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    return found


def _ink_beside(ink: Any, box: tuple[int, int, int, int], *, across: bool) -> float:
    """The share of ink in the strip next to a line, on the emptier side: strokes of a line of type have ink on both."""
    x0, y0, x1, y1 = box
    shares = []
    for near, far in ((2, 6), (-6, -2)):
        if across:
            start = (y1 if near > 0 else y0) + near
            strip = ink[max(0, start) : max(0, start + far - near), x0:x1]
        else:
            start = (x1 if near > 0 else x0) + near
            strip = ink[y0:y1, max(0, start) : max(0, start + far - near)]
        shares.append(float(strip.mean()) / 255 if strip.size else 0.0)
    return min(shares)


def _between(down: Sequence[Box], across: Sequence[Box], dpi: float) -> list[Box]:
    """Vertical rulings: those with a horizontal one at both ends, or longer than a line of type is high."""
    touch = 2 * _TOUCH_INCHES * dpi

    def meets(x: float, y: float) -> bool:
        return any(
            line[0] - touch <= x <= line[2] + touch and line[1] - touch <= y <= line[3] + touch for line in across
        )

    kept = []
    for line in down:
        x = (line[0] + line[2]) / 2
        ends = meets(x, line[1]) + meets(x, line[3])
        if ends == 2 or (ends == 1 and line[3] - line[1] > 0.4 * dpi) or line[3] - line[1] > dpi:
            kept.append(line)
    return kept
