"""Append-only columns of numbers in files, published together by one manifest that is replaced atomically.

A directory holds one file a column and `manifest.json`, which says how much of each file counts, its checksum, and up
to which change of the records the columns have read (`seq`). A writer appends behind the published lengths and then
renames a new manifest into place: a crash in between leaves bytes that nobody counts and the next writer overwrites.
Readers map the files and keep what they mapped until they are `renewed`.

Nothing is forced onto the disk, which would cost 5 ms a column: a killed process loses nothing by that, and whether a
power cut has is checked at the next start of the machine (`indexes/restart.py`); all of it can be made again.
"""

from __future__ import annotations

import copy
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from perfsearch.errors import LibraryDamaged

MANIFEST = "manifest.json"
CHECKED_AT_OPEN_BYTES = 4_000_000
"""Files up to this size are checked whole when opened (4 ms at 1 GB/s); larger ones by `verify`."""

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: rows of `width` numbers of one type (`width` 0: plain numbers)."""

    dtype: DTypeLike
    width: int = 0

    @property
    def row_bytes(self) -> int:
        """Bytes of one row on disk."""
        return int(np.dtype(self.dtype).itemsize * max(1, self.width))


@dataclass(frozen=True, slots=True)
class _Published:
    """What a manifest says: `rows` and `checksums` by column, under which generation the files stand."""

    generation: int
    seq: int
    identity: str
    rows: dict[str, int]
    checksums: dict[str, int]
    extra: dict[str, Any] = field(default_factory=dict)


class ArrayLog:
    """The columns of one directory. One writer at a time (the library's lock), any number of readers.

    `identity` names what the columns were made with; columns of another identity count as damaged.

    Raises:
        LibraryDamaged: a file is missing, short, garbled, or of another identity.
    """

    def __init__(self, directory: Path, columns: Mapping[str, Column], identity: str) -> None:
        self.directory = directory
        self.identity = identity
        self._columns = dict(columns)
        self._pending: dict[str, list[Array]] = {name: [] for name in columns}
        self._arrays: dict[str, Array] = {}
        self._stamp: tuple[int, int, int] | None = None
        if (directory / MANIFEST).exists():
            self._published = self._read_manifest()
            self._map()
            self._check_small()
        else:
            self._published = self._nothing(0)
            self._map()

    def _nothing(self, generation: int) -> _Published:
        none = dict.fromkeys(self._columns, 0)
        return _Published(generation, 0, self.identity, dict(none), dict(none))

    @property
    def seq(self) -> int:
        """The last change of the records that the published columns have read."""
        return self._published.seq

    @property
    def extra(self) -> dict[str, Any]:
        """Whatever the owner keeps beside the columns; part of the manifest."""
        return self._published.extra

    @property
    def generation(self) -> int:
        """Grows when the columns are written anew rather than appended to."""
        return self._published.generation

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def rows(self, name: str) -> int:
        """Rows of a column that are published."""
        return self._published.rows[name]

    def append(self, name: str, rows: Array) -> None:
        """Keep rows for the next `publish`; nobody sees them before."""
        column = self._columns[name]
        shape = (-1, column.width) if column.width else (-1,)
        self._pending[name].append(np.ascontiguousarray(rows, dtype=column.dtype).reshape(shape))

    def append_new(self, name: str, numbers: Array) -> None:
        """The same for plain numbers, each once: those that the column has or keeps already are left out."""
        fresh = np.setdiff1d(numbers, self._arrays[name])
        for part in self._pending[name]:
            fresh = np.setdiff1d(fresh, part)
        if len(fresh):
            self.append(name, fresh)

    def pending_rows(self, name: str) -> int:
        """Rows of a column that wait for the next `publish`."""
        return sum(len(part) for part in self._pending[name])

    def publish(self, seq: int, **extra: Any) -> None:
        """Write what is pending and make it, `seq` and `extra` the state that every reader finds."""
        old = self._published
        self.directory.mkdir(parents=True, exist_ok=True)
        rows, checksums = dict(old.rows), dict(old.checksums)
        for name, parts in self._pending.items():
            path = self._path(name, old.generation)
            if not parts:
                if not path.exists():
                    path.touch()
                continue
            payload = b"".join(part.tobytes() for part in parts)
            _write_at(path, rows[name] * self._columns[name].row_bytes, payload)
            rows[name] += sum(len(part) for part in parts)
            checksums[name] = zlib.crc32(payload, checksums[name])
        self._commit(_Published(old.generation, seq, self.identity, rows, checksums, {**old.extra, **extra}))
        for parts in self._pending.values():
            parts.clear()

    def replace(self, arrays: Mapping[str, Array], seq: int, **extra: Any) -> None:
        """Write every column anew in a new generation; readers of the old one go on with what they mapped."""
        generation = self._published.generation + 1
        self.directory.mkdir(parents=True, exist_ok=True)
        rows: dict[str, int] = {}
        checksums: dict[str, int] = {}
        for name, column in self._columns.items():
            payload = np.ascontiguousarray(arrays[name], dtype=column.dtype).tobytes()
            path = self._path(name, generation)
            path.unlink(missing_ok=True)
            _write_at(path, 0, payload)
            rows[name] = len(payload) // column.row_bytes
            checksums[name] = zlib.crc32(payload)
        old = self._published
        self._commit(_Published(generation, seq, self.identity, rows, checksums, extra))
        for name in self._columns:
            self._path(name, old.generation).unlink(missing_ok=True)
            self._pending[name].clear()

    def clear(self) -> None:
        """Empty columns in a new generation, read up to change 0."""
        self.replace({name: np.empty(0, column.dtype) for name, column in self._columns.items()}, 0)

    def discard(self) -> None:
        """Forget what was appended and not published."""
        for parts in self._pending.values():
            parts.clear()

    def refresh(self) -> bool:
        """Take over what another process has published since; False where that is nothing (costs one stat)."""
        if self._stamp == self._stamp_now():
            return False
        for _ in range(10):
            # The files of a generation go when the next is published: then read the next manifest.
            try:
                self._published = self._read_manifest()
                self._map()
            except LibraryDamaged:
                if self._stamp == self._stamp_now():
                    raise
            else:
                return True
        raise LibraryDamaged(f"{self.directory}: its files change faster than they can be opened")

    def renewed(self) -> ArrayLog:
        """This, or where another process has published since, a copy that has taken it over; this stays as it is."""
        if self._stamp == self._stamp_now():
            return self
        twin = copy.copy(self)
        twin._pending = {name: [] for name in self._columns}
        twin.refresh()
        return twin

    def verify(self) -> None:
        """Read every byte and compare with the checksums.

        Raises:
            LibraryDamaged: a file is not what was written.
        """
        for name in self._columns:
            self._check(name)

    def size_bytes(self) -> int:
        """Bytes of the files."""
        return sum(self._published.rows[name] * column.row_bytes for name, column in self._columns.items())

    def _path(self, name: str, generation: int) -> Path:
        return self.directory / f"{name}.{generation}.bin"

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self.directory / MANIFEST)
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def _read_manifest(self) -> _Published:
        path = self.directory / MANIFEST
        self._stamp = self._stamp_now()
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            body, checksum = raw["body"], raw["checksum"]
            if zlib.crc32(body.encode()) != checksum:
                raise ValueError("its checksum does not fit")
            found = _Published(**json.loads(body))
            if set(found.rows) != set(self._columns):
                raise ValueError("its columns are others")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LibraryDamaged(f"{path}: can't be read ({error})") from error
        if found.identity != self.identity:
            raise LibraryDamaged(f"{path}: made with {found.identity}, not with {self.identity}")
        return found

    def _map(self) -> None:
        arrays: dict[str, Array] = {}
        for name, column in self._columns.items():
            n_rows = self._published.rows[name]
            shape = (n_rows, column.width) if column.width else (n_rows,)
            if n_rows == 0:
                arrays[name] = np.empty(shape, dtype=column.dtype)
                continue
            path = self._path(name, self._published.generation)
            try:
                size = path.stat().st_size
                if size < n_rows * column.row_bytes:
                    raise LibraryDamaged(f"{path}: {size} bytes where {n_rows * column.row_bytes} were written")
                # A plain view: np.memmap's own class costs microseconds at every slice.
                arrays[name] = np.asarray(np.memmap(path, dtype=column.dtype, mode="r", shape=shape))
            except OSError as error:
                raise LibraryDamaged(f"{path}: can't be read ({error})") from error
        self._arrays = arrays

    def _check_small(self) -> None:
        for name, column in self._columns.items():
            if self._published.rows[name] * column.row_bytes <= CHECKED_AT_OPEN_BYTES:
                self._check(name)

    def _check(self, name: str) -> None:
        if zlib.crc32(self._arrays[name].view(np.uint8).data) != self._published.checksums[name]:
            raise LibraryDamaged(f"{self._path(name, self._published.generation)}: its checksum does not fit")

    def _commit(self, published: _Published) -> None:
        body = json.dumps(
            {slot: getattr(published, slot) for slot in _Published.__slots__}, ensure_ascii=False, sort_keys=True
        )
        content = json.dumps({"checksum": zlib.crc32(body.encode()), "body": body}, ensure_ascii=False)
        write_atomically(self.directory / MANIFEST, content.encode())
        self._published = published
        self._stamp = self._stamp_now()
        self._map()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file by a new one: at any moment, also after a kill, it is the old or the new one, whole."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _write_at(path: Path, position: int, payload: bytes) -> None:
    with open(path, "r+b" if path.exists() else "w+b") as file:
        file.seek(position)
        file.write(payload)
