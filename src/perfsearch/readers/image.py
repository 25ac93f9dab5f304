"""Images (PNG, JPEG, TIFF of several pages, BMP, WebP, GIF) to Document: every frame is a scanned page."""

from __future__ import annotations

import io
import time
import warnings as python_warnings
from collections.abc import Iterator
from typing import Any

from perfsearch.errors import UnreadableFile
from perfsearch.model import Place, Warning
from perfsearch.readers.document import Document, Line, Table
from perfsearch.readers.page import Placed, Ruled, join_over_pages, table_of
from perfsearch.readers.recognition import INSTALL, is_installed
from perfsearch.settings import Settings

_SIDE_PIXELS_MAX = 3_500
"""A larger image is made smaller first: 300 dpi of an A4 page."""
_RESOLUTION_DPI = (50.0, 1_200.0)
"""What a file may say its resolution is; else it is taken as A4."""
_A4_HEIGHT_INCHES = 11.7
_TIME_SHARE = 0.7
"""Share of the time for a document after which no further page is recognised."""


def looks_like_image(data: bytes) -> bool:
    """Is the content an image of a format that is read?"""
    return (
        data.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*"))
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or (data[:2] == b"BM" and data[6:10] == b"\x00\x00\x00\x00")
    )


def read_image(data: bytes, name: str, settings: Settings) -> Document:
    """Recognise the text of an image; places are in points of the resolution that the file names, else of A4.

    Raises:
        UnreadableFile: no recognition is installed, too many pixels, or no text is found.
        Exception: Pillow raises whatever comes on a damaged file.
    """
    if not is_installed():
        raise UnreadableFile(name, f"an image, and its text is not recognised: {INSTALL}")
    from perfsearch.readers.scan import read_scan

    pages: dict[int, list[Placed]] = {}
    warnings: list[Warning] = []
    stop = time.monotonic() + _TIME_SHARE * settings.reading_seconds_max
    for number, bitmap, pixel_points in frames(data, name, settings):
        if number > settings.ocr_pages_max or time.monotonic() > stop:
            message = f"only the first {number - 1} pages of the image are read (ocr_pages_max, reading_seconds_max)"
            warnings.append(Warning(code="page-scanned", message=message))
            break
        pages[number] = read_scan(bitmap, pixel_points, number, settings)
    join_over_pages(pages)
    blocks: list[Line | Table] = []
    for number, placed in pages.items():
        blocks.extend(table_of(block, number) if isinstance(block, Ruled) else block for _, block in placed)
        blocks.append(Line("", Place(page=number)))
    if not any(pages.values()):
        raise UnreadableFile(name, "no text is found in the image")
    return Document(name, "image", tuple(blocks), tuple(warnings), is_recognised=True)


def frames(data: bytes, name: str, settings: Settings) -> Iterator[tuple[int, Any, float]]:
    """Number from 1, pixels (height, width, 3) uint8 with blue first, and the size of a pixel in points."""
    import numpy as np
    from PIL import Image, ImageOps, ImageSequence

    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as image:
            for number, frame in enumerate(ImageSequence.Iterator(image), start=1):
                n_pixels = frame.width * frame.height
                if n_pixels > settings.image_pixels_max:
                    limit = f"{settings.image_pixels_max:,} (image_pixels_max)"
                    raise UnreadableFile(name, f"the image has {n_pixels:,} pixels, the limit is {limit}")
                resolution = _resolution(frame)
                upright = _on_white(ImageOps.exif_transpose(frame))
                if max(upright.size) > _SIDE_PIXELS_MAX:
                    factor = _SIDE_PIXELS_MAX / max(upright.size)
                    size = (max(1, round(upright.width * factor)), max(1, round(upright.height * factor)))
                    upright, resolution = upright.resize(size, Image.Resampling.LANCZOS), resolution * factor
                yield number, np.ascontiguousarray(np.asarray(upright)[:, :, ::-1]), 72 / resolution


def _resolution(frame: Any) -> float:
    """Pixels an inch."""
    named = frame.info.get("dpi")
    try:
        dpi = float(named[0]) if named else 0.0
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        dpi = 0.0
    least, most = _RESOLUTION_DPI
    return dpi if least <= dpi <= most and dpi not in (72.0, 96.0) else max(frame.size) / _A4_HEIGHT_INCHES


def _on_white(frame: Any) -> Any:
    """The frame in red, green and blue; what is transparent is paper."""
    from PIL import Image

    if frame.mode in ("RGBA", "LA", "PA") or "transparency" in frame.info:
        frame = frame.convert("RGBA")
        paper = Image.new("RGBA", frame.size, "white")
        paper.alpha_composite(frame)
        frame = paper
    return frame.convert("RGB")
