"""Checks tantivy's files against the checksums in their own footers.

Every file of a segment ends with a JSON footer that holds a CRC-32 of what is before it, the footer's length and a
magic number (both 32 bits, little-endian): tantivy's `directory/footer.rs`.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from perfsearch.errors import LibraryDamaged

_MAGIC = 1337
_TAIL = struct.Struct("<II")
_FOOTER_MAX_BYTES = 10_000
_BLOCK_BYTES = 1 << 20


def check_segments(directory: Path, deep: bool) -> None:
    """Check that every file of the index's segments is whole (`deep`: read it, and compare its checksum).

    Raises:
        LibraryDamaged: a file is missing, short or garbled.
    """
    meta = directory / "meta.json"
    try:
        segments = [segment["segment_id"] for segment in json.loads(meta.read_text(encoding="utf-8"))["segments"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LibraryDamaged(f"{meta}: can't be read ({error})") from error
    names = {str(segment).replace("-", "") for segment in segments}
    found = dict.fromkeys(names, 0)
    for path in sorted(directory.iterdir()):
        segment = path.name.split(".")[0]
        if segment in found and path.suffix != ".json":
            found[segment] += 1
            _check_file(path, deep)
    for name, count in found.items():
        if count == 0:
            raise LibraryDamaged(f"{directory}: the files of segment {name} are missing")


def _check_file(path: Path, deep: bool) -> None:
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            file.seek(max(0, size - _TAIL.size))
            tail = file.read(_TAIL.size)
            if len(tail) < _TAIL.size:
                raise LibraryDamaged(f"{path}: cut short")
            length, magic = _TAIL.unpack(tail)
            if magic != _MAGIC or length > min(_FOOTER_MAX_BYTES, size - _TAIL.size):
                raise LibraryDamaged(f"{path}: cut short or garbled")
            if deep:
                file.seek(size - _TAIL.size - length)
                expected = json.loads(file.read(length))["crc"]
                file.seek(0)
                if _checksum(file, size - _TAIL.size - length) != expected:
                    raise LibraryDamaged(f"{path}: its checksum does not fit")
    except (OSError, ValueError, KeyError) as error:
        raise LibraryDamaged(f"{path}: can't be read ({error})") from error


def _checksum(file: BinaryIO, length: int) -> int:
    checksum = 0
    while length > 0:
        block = file.read(min(_BLOCK_BYTES, length))
        if not block:
            break
        checksum = zlib.crc32(block, checksum)
        length -= len(block)
    return checksum
