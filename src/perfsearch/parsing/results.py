"""What reading gives: filings and rejections by document, and the mark by which a file is known again."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from hashlib import blake2b

from perfsearch.errors import InputError
from perfsearch.model import Filing, Rejection

_YOUNG_NS = 2_000_000_000
"""A file written less than so long before it was read may change again within the same tick of its file system."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was when it was read; `mtime_ns` is None where it was too young to tell a later change by it."""

    size_bytes: int
    mtime_ns: int | None
    digest: str
    """BLAKE2b of the content, 16 bytes in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one document gave: its filings, and what of it was not taken and why.

    A document is a file, a file of an archive, or some lines of a `.jsonl`.
    """

    path: str
    """As it was named, with the path inside the archive."""
    filings: tuple[Filing, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    file: str | None = None
    """Absolute path of the file on the disk that it is or lies in."""
    inner: str = ""
    """The path inside that file, with a slash before it; blank for the file itself."""
    stamp: Stamp | None = None
    """With the last document of a file that was read to its end."""
    is_known: bool = False
    """The file is as it was when it was read before, so it was not read again."""
    is_last: bool = True
    """No more documents of this file follow."""
    error: InputError | None = None
    """The same as its rejection, to be raised."""


def stamp_of(path: str, data: bytes) -> Stamp:
    """The mark of a file whose content was just read."""
    mtime_ns = None
    try:
        found = os.stat(path)
    except OSError:
        found = None
    if found is not None and stat.S_ISREG(found.st_mode) and found.st_size == len(data):
        mtime_ns = found.st_mtime_ns if time.time_ns() - found.st_mtime_ns > _YOUNG_NS else None
    return Stamp(len(data), mtime_ns, blake2b(data, digest_size=16).hexdigest())
