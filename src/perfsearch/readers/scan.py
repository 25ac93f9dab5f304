"""A scanned page to lines and ruled tables: straightened, its rulings found and wiped out, its text recognised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from perfsearch.readers.grid import Box
from perfsearch.readers.page import Glyph, Placed, lines_of, ruled
from perfsearch.readers.recognition import Word, find_text, is_upside_down, recognise
from perfsearch.readers.rulings import Rulings, find_rulings
from perfsearch.settings import Settings

_SKEW_MAX_DEGREES = 8.0
_SKEW_MIN_DEGREES = 0.05
_SMALL_TYPE_PIXELS = 18.0
"""Lines of a lower box are enlarged twofold before they are recognised: a box is a third higher than the type in it."""


def read_scan(image: Any, pixel_points: float, page: int, settings: Settings) -> list[Placed]:
    """The blocks of a page from its bitmap (height, width, 3) uint8, with places in points of the page as it came."""
    import cv2

    upright, turns = _upright(image, settings.ocr_threads)
    angle = skew_degrees(upright)
    matrix = None
    if abs(angle) >= _SKEW_MIN_DEGREES:
        height, width = upright.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        upright = cv2.warpAffine(
            upright, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    original = _way_back(image.shape[:2], turns, matrix, pixel_points)
    rulings = find_rulings(upright, 72 / pixel_points)
    words = _words(rulings.wiped(upright), rulings, settings.ocr_threads)
    glyphs = [
        Glyph(
            w.text, w.box[0] * pixel_points, w.box[1] * pixel_points, w.box[2] * pixel_points, w.box[3] * pixel_points
        )
        for w in words
    ]
    placed: list[Placed] = []
    for box, cells in rulings.tables():
        scaled = [_scaled(cell, pixel_points) for cell in cells]
        block, glyphs = ruled(_scaled(box, pixel_points), scaled, glyphs)
        block.original = original
        placed.append((block.box[1], block))
    placed += lines_of(glyphs, page, original)
    placed.sort(key=lambda pair: pair[0])
    return placed


def _scaled(box: Box, factor: float) -> Box:
    return (box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor)


def _words(image: Any, rulings: Rulings, n_threads: int) -> list[Word]:
    """The words of a page; none runs over a ruling."""
    import cv2

    boxes = find_text(image, n_threads)
    heights = sorted(min(box[3] - box[1], box[2] - box[0]) for box in boxes)
    if heights and heights[len(heights) // 2] < _SMALL_TYPE_PIXELS:
        larger = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        boxes = [_scaled(box, 0.5) for box in find_text(larger, n_threads)]
        parts = [_scaled(part, 2) for box in boxes for part in rulings.parted(box)]
        return [Word(word.text, _scaled(word.box, 0.5)) for word in recognise(larger, parts, n_threads)]
    return recognise(image, [part for box in boxes for part in rulings.parted(box)], n_threads)


def _upright(image: Any, n_threads: int) -> tuple[Any, int]:
    """The page turned so that its lines run from left to right, and by how many quarters it was turned."""
    import cv2
    import numpy as np

    height, width = image.shape[:2]
    factor = min(1.0, 1_200 / max(height, width))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else image
    boxes = find_text(small, n_threads)
    long = [box for box in boxes if max(box[2] - box[0], box[3] - box[1]) > 3 * min(box[2] - box[0], box[3] - box[1])]
    turns = 1 if sum(box[3] - box[1] > box[2] - box[0] for box in long) * 2 > max(len(long), 3) else 0
    if turns:
        small = np.ascontiguousarray(np.rot90(small))
        boxes = find_text(small, n_threads)
    full = [(box[0] / factor, box[1] / factor, box[2] / factor, box[3] / factor) for box in boxes]
    turned = np.ascontiguousarray(np.rot90(image, turns)) if turns else image
    if is_upside_down(turned, full, n_threads):
        turns += 2
    return (np.ascontiguousarray(np.rot90(image, turns)) if turns else image), turns


def skew_degrees(image: Any) -> float:
    """By how many degrees a page is to be turned counter-clockwise so that its lines and rulings run level.

    Where they do, the ink of a row differs most from row to row.
    """
    import cv2
    import numpy as np

    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    factor = min(1.0, 1_000 / max(gray.shape))
    small = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    _, ink = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    height, width = ink.shape

    def unevenness(degrees: float) -> float:
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        rows = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR).sum(axis=1, dtype=np.float64)
        return float(((rows[1:] - rows[:-1]) ** 2).sum())

    best, step = 0.0, 1.0
    candidates = np.arange(-_SKEW_MAX_DEGREES, _SKEW_MAX_DEGREES + step, step)
    for step in (1.0, 0.25, 0.05):
        best = float(max(candidates, key=lambda degrees: unevenness(float(degrees))))
        candidates = np.arange(best - step, best + step + 1e-9, step / 5 if step > 0.25 else 0.05)
    return best


def _way_back(shape: Sequence[int], turns: int, matrix: Any, pixel_points: float) -> Callable[[Box], Box] | None:
    """From a box in points of the straightened page to the box around it on the page as it came; None where they are one."""
    import cv2

    if not turns and matrix is None:
        return None
    inverse = cv2.invertAffineTransform(matrix) if matrix is not None else None
    height, width = shape[0] * pixel_points, shape[1] * pixel_points

    def back(box: Box) -> Box:
        points = [(box[0], box[1]), (box[2], box[1]), (box[0], box[3]), (box[2], box[3])]
        if inverse is not None:
            points = [
                (
                    inverse[0][0] * x + inverse[0][1] * y + inverse[0][2] * pixel_points,
                    inverse[1][0] * x + inverse[1][1] * y + inverse[1][2] * pixel_points,
                )
                for x, y in points
            ]
        quarter = turns % 4
        if quarter == 1:
            points = [(width - y, x) for x, y in points]
        elif quarter == 2:
            points = [(width - x, height - y) for x, y in points]
        elif quarter == 3:
            points = [(y, height - x) for x, y in points]
        xs, ys = [float(x) for x, _ in points], [float(y) for _, y in points]
        return (max(0.0, min(xs)), max(0.0, min(ys)), max(xs), max(ys))

    return back
