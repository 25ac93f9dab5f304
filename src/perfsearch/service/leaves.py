"""Pages of the originals as pictures, drawn when they are first looked at and kept beside the library."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from perfsearch.readers.rendering import render_page
from perfsearch.service.folder import ServiceFolder, read_json, write_text

_KEPT = 1_000
"""Pictures that are kept; one takes 50 to 200 KB."""
_AT_ONCE = 2
"""Pages that are drawn at a time."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page as a PNG file, and the size of the page in points."""

    path: Path
    width: float
    height: float


class Leaves:
    """Draws pages and keeps the pictures."""

    def __init__(self, folder: ServiceFolder) -> None:
        self._folder = folder.make("leaves")
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def leaf(self, original: Path, number: int) -> Leaf:
        """A page of an original, counted from 1.

        Raises:
            UnreadableFile: it has no such page, or the page can't be drawn.
        """
        stat = original.stat()
        key = f"{original}\n{stat.st_mtime_ns}\n{stat.st_size}\n{number}"
        stem = blake2b(key.encode(), digest_size=16).hexdigest()
        picture, sizes = self._folder / f"{stem}.png", self._folder / f"{stem}.json"
        known = read_json(sizes)
        if known is not None and picture.is_file():
            return Leaf(picture, known["width"], known["height"])
        with self._turns:
            drawn = render_page(original, number)
        waiting = picture.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp")
        waiting.write_bytes(drawn.png)
        os.replace(waiting, picture)
        write_text(sizes, json.dumps({"width": drawn.width, "height": drawn.height}))
        self._forget()
        return Leaf(picture, drawn.width, drawn.height)

    def _forget(self) -> None:
        """Drop the oldest pictures where there are too many."""
        kept = sorted(self._folder.glob("*.png"), key=lambda path: path.stat().st_mtime)
        for picture in kept[:-_KEPT]:
            picture.unlink(missing_ok=True)
            picture.with_suffix(".json").unlink(missing_ok=True)
