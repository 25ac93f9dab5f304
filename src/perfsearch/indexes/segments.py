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
    found = dict.fromkeys(_segments(directory), 0)
    for path in sorted(directory.iterdir()):
        segment = path.name.split(".")[0]
        if segment in found and path.suffix != ".json":
            found[segment] += 1
            _check_file(path, deep)
    for name, count in found.items():
        if count == 0:
            raise LibraryDamaged(f"{directory}: the files of segment {name} are missing")


def remove_leftovers(directory: Path) -> None:
    """Remove what a writer that was killed left and no commit names; only for the next writer, before it begins.

    Tantivy numbers its operations on from the last commit, so that a new list of deletions can have the name of one
    that was left, and a file that exists is not written over.
    """
    segments = _segments(directory)
    for path in directory.iterdir():
        segment, *rest = path.name.split(".")
        if len(segment) != 32 or path.suffix == ".json":
            continue
        unnamed = segment not in segments
        if unnamed or (path.suffix == ".del" and rest[0] != str(segments[segment])):
            path.unlink(missing_ok=True)


def _segments(directory: Path) -> dict[str, int | None]:
    """The segments of the last commit, and the operation that their lists of deletions are named after."""
    meta = directory / "meta.json"
    try:
        return {
            str(segment["segment_id"]).replace("-", ""): (segment.get("deletes") or {}).get("opstamp")
            for segment in json.loads(meta.read_text(encoding="utf-8"))["segments"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LibraryDamaged(f"{meta}: can't be read ({error})") from error


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
