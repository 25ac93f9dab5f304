"""Which files were read, as they were then, and which were not taken and why: the library's memory of its inputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from perfsearch.indexes.schema import metadata
from perfsearch.indexes.writing import now, parts
from perfsearch.model import KeptRejection, Rejection
from perfsearch.parsing import Stamp

REJECTIONS_KEPT = 1_000
"""Of one file (a `.jsonl` of bad lines); that there were more is the last of them."""

files = sa.Table(
    "files",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("mtime_ns", sa.Integer),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("reader", sa.Text, nullable=False),
    sa.Column("ids", sa.Text, nullable=False),
)
"""Files that were read to their end, by absolute path; `reader` says what read them, `ids` are their filings (JSON)."""

rejected = sa.Table(
    "rejected",
    metadata,
    sa.Column("rejected_no", sa.Integer, primary_key=True),
    sa.Column("file", sa.Text, nullable=False, index=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("limits", sa.Text, nullable=False),
)
"""What was not taken: `path` is the file, or the document in it; `limits` are those under which it was read."""

_TABLES = (files, rejected)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of a file that was read."""

    path: str
    stamp: Stamp | None
    reader: str
    ids: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    """Their paths are inside the file, or blank for the file itself."""
    limits: str = ""


@dataclass(slots=True)
class _Row:
    stamp: Stamp
    reader: str
    ids: tuple[str, ...]
    rejections: list[Rejection] = field(default_factory=list)
    limits: str = ""


class FileBook:
    """The two tables. A library that was made before there were any has none until its next `add`."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        begin: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._read = read
        self._begin = begin

    def prepare(self) -> None:
        """Make the tables where there are none. Only under the library's lock."""
        if not self._is_there():
            with self._begin() as connection:
                metadata.create_all(connection, tables=[*_TABLES])

    def _is_there(self) -> bool:
        with self._read() as connection:
            return all(sa.inspect(connection).has_table(table.name) for table in _TABLES)

    def recall(self, paths: Sequence[str]) -> dict[str, FileRecord]:
        """What is known of these files."""
        found: dict[str, _Row] = {}
        with self._read() as connection:
            for part in parts(paths):
                for row in connection.execute(sa.select(files).where(files.c.path.in_(part))):
                    stamp = Stamp(row.size_bytes, row.mtime_ns, row.digest)
                    found[row.path] = _Row(stamp, row.reader, tuple(json.loads(row.ids)))
                kept = sa.select(rejected).where(rejected.c.file.in_(part)).order_by(rejected.c.rejected_no)
                for row in connection.execute(kept):
                    if row.file in found:
                        one = Rejection(path=row.path.removeprefix(row.file), reason=row.reason)
                        found[row.file].rejections.append(one)
                        found[row.file].limits = row.limits
        return {
            path: FileRecord(path, row.stamp, row.reader, row.ids, tuple(row.rejections), row.limits)
            for path, row in found.items()
        }

    def write(self, records: Sequence[FileRecord]) -> None:
        """Write down what came of these files, in place of what was known of them."""
        if not records:
            return
        stamp = now()
        with self._begin() as connection:
            _forget(connection, [record.path for record in records])
            rows = [_file_row(record) for record in records if record.stamp is not None]
            if rows:
                connection.execute(sa.insert(files), rows)
            kept = [row for record in records for row in _rejection_rows(record, stamp)]
            if kept:
                connection.execute(sa.insert(rejected), kept)

    def rejected(self, limit: int | None = None, offset: int = 0, below: str | None = None) -> list[KeptRejection]:
        """What was not taken, newest first; of this file or folder only, if given."""
        if not self._is_there():
            return []
        statement = sa.select(rejected).order_by(rejected.c.at.desc(), rejected.c.rejected_no)
        if below is not None:
            statement = statement.where(_below(below))
        with self._read() as connection:
            rows = connection.execute(statement.offset(offset).limit(-1 if limit is None else limit))
            return [KeptRejection(path=row.path, reason=row.reason, at=row.at, file=row.file) for row in rows]

    def count_rejected(self, below: str | None = None) -> int:
        """How many documents are not taken."""
        if not self._is_there():
            return 0
        statement = sa.select(sa.func.count()).select_from(rejected)
        if below is not None:
            statement = statement.where(_below(below))
        with self._read() as connection:
            return int(connection.execute(statement).scalar_one())

    def forget(self, paths: Sequence[str]) -> None:
        """Forget these files: what was read of them, and what was not taken. Only under the library's lock."""
        if paths and self._is_there():
            with self._begin() as connection:
                _forget(connection, paths)


def _forget(connection: Connection, paths: Sequence[str]) -> None:
    for part in parts(paths):
        connection.execute(sa.delete(files).where(files.c.path.in_(part)))
        connection.execute(sa.delete(rejected).where(rejected.c.file.in_(part)))


def _below(path: str) -> sa.ColumnElement[bool]:
    inside = path.rstrip("/") + "/"
    return sa.or_(rejected.c.path == path, sa.func.substr(rejected.c.path, 1, len(inside)) == inside)


def _file_row(record: FileRecord) -> dict[str, object]:
    assert record.stamp is not None
    return {
        "path": record.path,
        "size_bytes": record.stamp.size_bytes,
        "mtime_ns": record.stamp.mtime_ns,
        "digest": record.stamp.digest,
        "reader": record.reader,
        "ids": json.dumps(record.ids),
    }


def _rejection_rows(record: FileRecord, stamp: str) -> Iterable[dict[str, str]]:
    kept = list(record.rejections[:REJECTIONS_KEPT])
    more = len(record.rejections) - len(kept)
    if more:
        kept.append(Rejection(path="", reason=f"{more:,} more of its lines or documents were not taken"))
    for one in kept:
        path = record.path + one.path
        yield {"file": record.path, "path": path, "reason": one.reason, "at": stamp, "limits": record.limits}
