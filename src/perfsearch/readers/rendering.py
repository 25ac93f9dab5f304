"""A page of a PDF or an image as a picture, made in a process of its own: what C libraries do with a bad file ends there."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfsearch.errors import UnreadableFile
from perfsearch.readers.image import frames, looks_like_image
from perfsearch.settings import Settings

WIDTH_PIXELS = 1_100
"""Wide enough to read 9 point type on an A4 page."""
_HEIGHT_PIXELS_MAX = 4_000
_SECONDS_MAX = 30.0
_MEMORY_BYTES_MAX = 3_000_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as PNG, with the size of the page in points."""

    png: bytes
    width: float
    height: float


def can_be_rendered(path: Path) -> bool:
    """Is a file a PDF or an image, by its content?"""
    try:
        with path.open("rb") as file:
            head = file.read(1_024)
    except OSError:
        return False
    return b"%PDF-" in head or looks_like_image(head)


def render_page(path: Path, number: int) -> Picture:
    """Render a page, counted from 1.

    Raises:
        UnreadableFile: there is no such page, or it can't be rendered in time.
    """
    arguments = [sys.executable, "-m", "perfsearch.readers.rendering", str(path), str(number)]
    try:
        done = subprocess.run(arguments, capture_output=True, timeout=_SECONDS_MAX, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(str(path), f"page {number} takes too long to be drawn") from error
    head, _, png = done.stdout.partition(b"\n")
    if done.returncode or not png:
        raise UnreadableFile(str(path), f"page {number} is not there or can't be drawn")
    size = json.loads(head)
    return Picture(png, float(size["width"]), float(size["height"]))


def _draw(path: Path, number: int) -> tuple[Any, float, float]:
    """The picture and the size of a page in points."""
    data = path.read_bytes()
    if looks_like_image(data):
        from PIL import Image

        for at, pixels, pixel_points in frames(data, path.name, Settings()):
            if at == number:
                picture = Image.fromarray(pixels[:, :, ::-1])
                size = picture.width * pixel_points, picture.height * pixel_points
                picture.thumbnail((WIDTH_PIXELS, _HEIGHT_PIXELS_MAX))
                return picture, *size
        raise IndexError(number)
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(WIDTH_PIXELS / max(width, 1), _HEIGHT_PIXELS_MAX / max(height, 1))
    return page.render(scale=scale).to_pil(), width, height


def _main(path: str, number: str) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or hard > _MEMORY_BYTES_MAX:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
    picture, width, height = _draw(Path(path), int(number))
    out = io.BytesIO()
    picture.convert("P", palette=1, colors=64).save(out, "PNG", optimize=True)
    sys.stdout.buffer.write(json.dumps({"width": width, "height": height}).encode() + b"\n" + out.getvalue())


if __name__ == "__main__":
    _main(*sys.argv[1:3])
