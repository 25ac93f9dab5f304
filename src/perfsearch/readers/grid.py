"""Boxes on a page to a grid of rows and columns: the cells of a ruled table with their spans."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

Box = tuple[float, float, float, float]
"""x0, top, x1, bottom in points from the page's top left corner."""

_TOLERANCE_POINTS = 3.0
"""Edges nearer than this are one edge: rulings are drawn twice, or a hair apart."""

_WIDTH_MIN_POINTS = 60.0
"""A table is wider than two strokes of a drawing are apart."""


def edges(values: Iterable[float]) -> list[float]:
    """Distinct edges in order; those within the tolerance are one."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _TOLERANCE_POINTS:
            found.append(value)
    return found


def open_ends(across: Sequence[Box], down: Sequence[Box]) -> list[Box]:
    """Horizontal lines that are not drawn: where a page break cuts a row, vertical rulings end at one height in the open."""
    found: list[Box] = []
    for side in (1, 3):
        heights = edges(line[side] for line in down)
        for height in heights:
            ending = [line for line in down if abs(line[side] - height) <= _TOLERANCE_POINTS]
            left, right = min(line[0] for line in ending), max(line[2] for line in ending)
            near = [line for line in across if abs((line[1] + line[3]) / 2 - height) <= _TOLERANCE_POINTS]
            drawn = sum(max(0.0, min(line[2], right) - max(line[0], left)) for line in near)
            if right - left > _WIDTH_MIN_POINTS and drawn < 0.9 * (right - left):
                found.append((left, height, right, height))
    return found


def spans(boxes: Sequence[Box], xs: Sequence[float]) -> tuple[int, int, list[tuple[int, int, int, int]]]:
    """Number of rows and columns, and for each box its row, column, row span and column span; `xs` are the column edges."""
    ys = edges(y for box in boxes for y in (box[1], box[3]))
    n_rows, n_columns = max(1, len(ys) - 1), max(1, len(xs) - 1)
    placed = []
    for x0, top, x1, bottom in boxes:
        # A sliver at the right or lower edge, narrower than the tolerance, belongs to the last column or row.
        column, row = min(_nearest(xs, x0), n_columns - 1), min(_nearest(ys, top), n_rows - 1)
        right, below = _nearest(xs, x1), _nearest(ys, bottom)
        placed.append((row, column, max(1, below - row), max(1, right - column)))
    return n_rows, n_columns, placed


def _nearest(values: Sequence[float], value: float) -> int:
    at = bisect_left(values, value)
    if at == len(values) or (at and value - values[at - 1] < values[at] - value):
        at -= 1
    return at
