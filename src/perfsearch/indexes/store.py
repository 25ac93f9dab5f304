"""The records: every filing and its versions in SQL, the one source of truth. A commit here is the promise kept."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from perfsearch.errors import LibraryDamaged, LibraryError, LibraryVersion, NotFound
from perfsearch.indexes.policy_book import PolicyBook
from perfsearch.indexes.policy_intake import PolicyIntake, drop_filings
from perfsearch.indexes.schema import (
    BUDGET_FIELDS,
    HEADER_FIELDS,
    SCHEMA_VERSION,
    changes,
    citations,
    filings,
    meta,
    metadata,
    versions,
)
from perfsearch.model import Budget, Filing, FilingSummary, Source

_BODY_GB18030_ZLIB = b"\x01"
"""First byte of a body: JSON in GB 18030, deflated; 13 % smaller than from UTF-8, because a Chinese character is two
bytes and not three."""

_IN_LIMIT = 500
"""Numbers in one IN (...): SQLite takes 32,766, and a statement of this size is still quick to compile."""


@dataclass(frozen=True, slots=True)
class Record:
    """One filing ready to be stored: what the store can't know by itself."""

    filing: Filing
    content_hash: str
    lineage: str | None
    lineage_applicant: str
    lineage_name: str
    n_chunks: int


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the changes log; `kind` is add or remove."""

    seq: int
    filing_no: int
    kind: str
    first_chunk: int
    n_chunks: int

    @property
    def chunk_ids(self) -> range:
        """The chunks that came or went."""
        return range(self.first_chunk, self.first_chunk + self.n_chunks)


@dataclass(frozen=True, slots=True)
class Stored:
    """A filing as an index reads it: its number, the id of its first chunk, and how many it has."""

    filing_no: int
    first_chunk: int
    n_chunks: int
    filing: Filing
    lineage: str | None = None


def encode_body(filing: Filing) -> bytes:
    """The bytes that hold a filing."""
    text = filing.model_dump_json(exclude_defaults=True)
    return _BODY_GB18030_ZLIB + zlib.compress(text.encode("gb18030"), 6)


def decode_body(body: bytes, path: str | None = None) -> Filing:
    """The filing that bytes hold; `path` is where its file lay.

    Raises:
        LibraryDamaged: the bytes are not what `encode_body` made.
    """
    try:
        if body[:1] != _BODY_GB18030_ZLIB:
            raise ValueError(f"unknown kind {body[:1]!r}")
        filing = Filing.model_validate_json(zlib.decompress(body[1:]).decode("gb18030"))
    except (ValueError, zlib.error) as error:
        raise LibraryDamaged(f"the text of a filing can't be read: {error}") from error
    if path is not None:
        filing = filing.model_copy(update={"source": filing.source.model_copy(update={"path": path})})
    return filing


class Store:
    """The records of one library. Reads are safe from many threads; writes need the library's lock.

    Raises:
        NotFound: there is no library and `create` is False.
        LibraryVersion: a newer perfsearch made it.
        LibraryDamaged: the file is no database, or a damaged one.
    """

    def __init__(self, path: Path, create: bool = True, make_tables: bool = True) -> None:
        self.path = path
        if not create and not path.exists():
            raise NotFound(f"no library in {path.parent}")
        self._engine = _engine(path)
        try:
            with self._guard():
                self._prepare(make_tables)
        except Exception:
            self._engine.dispose()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _prepare(self, make_tables: bool) -> None:
        with self._engine.connect() as connection:
            exists = sa.inspect(connection).has_table("meta")
        if not exists and not make_tables:
            raise LibraryDamaged(f"{self.path}: holds no library")
        if not exists:
            with self._engine.begin() as connection:
                metadata.create_all(connection)
                values = {"schema": str(SCHEMA_VERSION), "created": now()}
                connection.execute(sa.insert(meta), [{"key": k, "value": v} for k, v in values.items()])
            return
        found = int(self.facts().get("schema", "0"))
        if found > SCHEMA_VERSION:
            raise LibraryVersion(
                f"{self.path.parent}: made by a newer perfsearch (library version {found}, this one reads up to "
                f"{SCHEMA_VERSION}); install the newer version"
            )

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Turn the database's errors into ours."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self._translate(error) from error

    def _translate(self, error: sa.exc.DBAPIError) -> LibraryError:
        reason = str(error.orig)
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return LibraryError(
                f"{self.path}: could not be written ({reason}); make room on the disk and add again what was not "
                "reported as added"
            )
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return LibraryError(f"{self.path}: another program holds the database ({reason}); try again")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return LibraryError(f"{self.path}: can't be opened or written ({reason}); check its permissions")
        return LibraryDamaged(
            f"{self.path}: the records can't be read ({reason}); restore a backup with `perfsearch restore`, or add "
            "the files again into a new library"
        )

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._guard(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Writing]:
        """One transaction: all that is done in it becomes durable when the block ends, or nothing of it."""
        with self._guard(), self._engine.begin() as connection:
            yield Writing(connection)

    # -- facts and changes

    def facts(self) -> dict[str, str]:
        """The facts about the library."""
        with self._read() as connection:
            return {row.key: row.value for row in connection.execute(sa.select(meta.c.key, meta.c.value))}

    def seq(self) -> int:
        """The number of the last change; 0 before the first."""
        with self._read() as connection:
            return connection.execute(_LAST_SEQ).scalar_one() or 0

    def changes(self, after: int, limit: int) -> list[Change]:
        """Up to `limit` changes behind `after`, in order."""
        statement = sa.select(changes).where(changes.c.seq > after).order_by(changes.c.seq).limit(limit)
        with self._read() as connection:
            return [Change(*row) for row in connection.execute(statement)]

    # -- one filing, or a few by number

    def number(self, filing_id: str) -> int:
        """The number of the filing of that id.

        Raises:
            NotFound: there is none.
        """
        found = self.find_number(filing_id)
        if found is None:
            raise NotFound(f"no filing {filing_id!r} in this library; `perfsearch list` shows the ids", "id")
        return found

    def find_number(self, filing_id: str) -> int | None:
        """The number of the filing of that id; None where there is none."""
        with self._read() as connection:
            found = connection.execute(_NUMBER, {"id": filing_id}).scalar_one_or_none()
        return None if found is None else int(found)

    def get(self, filing_id: str) -> Filing:
        """The filing of that id, as it stands.

        Raises:
            NotFound: there is none.
        """
        number = self.number(filing_id)
        found = self.filings([number]).get(number)
        if found is None:  # removed between the two questions
            raise NotFound(f"no filing {filing_id!r} in this library", "id")
        return found

    def versions(self, filing_id: str) -> list[Filing]:
        """All versions of a filing, newest first.

        Raises:
            NotFound: there is no such filing.
        """
        current = self.get(filing_id)
        statement = sa.select(versions.c.body).where(versions.c.id == filing_id).order_by(versions.c.version.desc())
        with self._read() as connection:
            return [current, *(decode_body(row.body) for row in connection.execute(statement))]

    def filings(self, filing_nos: Sequence[int]) -> dict[int, Filing]:
        """Filings by number, replaced versions too; numbers of removed filings are left out."""
        found = {stored.filing_no: stored.filing for stored in self.stored(filing_nos)}
        if len(found) < len(set(filing_nos)):
            found.update(self._replaced([number for number in filing_nos if number not in found]))
        return found

    def _replaced(self, filing_nos: Sequence[int]) -> dict[int, Filing]:
        found: dict[int, Filing] = {}
        with self._read() as connection:
            for part in _parts(filing_nos):
                statement = sa.select(versions.c.filing_no, versions.c.body).where(versions.c.filing_no.in_(part))
                found.update((row.filing_no, decode_body(row.body)) for row in connection.execute(statement))
        return found

    def stored(self, filing_nos: Sequence[int]) -> list[Stored]:
        """Filings that stand with the ids of their chunks, ascending by number."""
        found: list[Stored] = []
        with self._read() as connection:
            for part in _parts(filing_nos):
                rows = connection.execute(_BODIES, {"numbers": part})
                found.extend(
                    Stored(r.filing_no, r.first_chunk, r.n_chunks, decode_body(r.body, r.source_path), r.lineage)
                    for r in rows
                )
        return sorted(found, key=lambda stored: stored.filing_no)

    def summaries(self, filing_nos: Sequence[int]) -> dict[int, FilingSummary]:
        """Headers by number, those of replaced versions too; numbers of removed filings are left out."""
        found: dict[int, FilingSummary] = {}
        with self._read() as connection:
            for part in _parts(filing_nos):
                for row in connection.execute(_SUMMARIES, {"numbers": part}):
                    found[row.filing_no] = _summary(row)
        if len(found) < len(set(filing_nos)):
            missing = [number for number in filing_nos if number not in found]
            for number, filing in self._replaced(missing).items():
                found[number] = FilingSummary.model_validate(filing.model_dump())
        return found

    # -- many filings

    def numbers(self) -> list[int]:
        """The numbers of all filings that stand, ascending."""
        with self._read() as connection:
            rows = connection.execute(sa.select(filings.c.filing_no).order_by(filings.c.filing_no))
            return [row.filing_no for row in rows]

    def count(self) -> int:
        """How many filings stand."""
        with self._read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(filings)).scalar_one()

    def headers(self) -> Iterator[Row[Any]]:
        """Every filing's header columns (no text), ascending by number."""
        columns = [c for c in filings.c if c.name != "body"]
        with self._read() as connection:
            yield from connection.execute(sa.select(*columns).order_by(filings.c.filing_no))

    def listed(self, filing_nos: Sequence[int] | None, limit: int | None, offset: int) -> list[FilingSummary]:
        """Headers, newest fiscal year first, then by applicant and project; of these numbers only, if given."""
        order = (filings.c.fiscal_year.desc().nulls_last(), filings.c.applicant, filings.c.project_name, filings.c.id)
        if filing_nos is None:
            statement = sa.select(*_SUMMARY_COLUMNS).order_by(*order).offset(offset)
            with self._read() as connection:
                return [_summary(row) for row in connection.execute(statement.limit(-1 if limit is None else limit))]
        keys = sa.select(filings.c.filing_no).order_by(*order)
        wanted = set(filing_nos)
        with self._read() as connection:
            ordered = [row.filing_no for row in connection.execute(keys) if row.filing_no in wanted]
        page = ordered[offset : None if limit is None else offset + limit]
        found = self.summaries(page)
        return [found[number] for number in page if number in found]

    def find_contents(self, hashes: Sequence[str]) -> dict[str, str]:
        """Content hash -> id, for the contents that stand."""
        found: dict[str, str] = {}
        with self._read() as connection:
            for part in _parts(hashes):
                statement = sa.select(filings.c.content_hash, filings.c.id).where(filings.c.content_hash.in_(part))
                found.update((row.content_hash, row.id) for row in connection.execute(statement))
        return found

    def find_sources(self, path: str, indexes: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Place in the file -> (id, number), for the filings that were read from these places of that file."""
        found: dict[int, tuple[str, int]] = {}
        columns = (filings.c.source_index, filings.c.id, filings.c.filing_no)
        with self._read() as connection:
            for part in _parts(indexes):
                statement = sa.select(*columns).where(filings.c.source_path == path, filings.c.source_index.in_(part))
                for row in connection.execute(statement.order_by(filings.c.filing_no)):
                    found[row.source_index] = (row.id, row.filing_no)
        return found

    def standing(self, ids: Sequence[str]) -> set[str]:
        """Those of these ids that stand."""
        found: set[str] = set()
        with self._read() as connection:
            for part in _parts(ids):
                rows = connection.execute(sa.select(filings.c.id).where(filings.c.id.in_(part)))
                found.update(row.id for row in rows)
        return found

    def lineages(self, applicant: str) -> dict[str, str]:
        """The core names of an applicant's projects and the lineage of each."""
        statement = sa.select(filings.c.lineage_name, filings.c.lineage).where(
            filings.c.lineage_applicant == applicant, filings.c.lineage.is_not(None)
        )
        with self._read() as connection:
            return {row.lineage_name: row.lineage for row in connection.execute(statement.distinct())}

    # -- citations

    @property
    def policies(self) -> PolicyBook:
        """The citator: which policies the filings cite."""
        return PolicyBook(self._read)

    def citing(self, policy: str) -> list[int]:
        """Numbers of the filings that cite a policy: its id, document number, title, short name, or most of its title."""
        return self.policies.filings_citing(self.policies.meant_by(policy))

    def document_numbers(self, year: int, number: int) -> list[tuple[int, str]]:
        """(filing number, document number) of the citations of any document of that year and number."""
        return self.policies.numbers_citing(year, number)

    # -- care

    def verify(self) -> list[str]:
        """What is wrong with the records, one sentence each; reads everything."""
        problems: list[str] = []
        try:
            with self._read() as connection:
                if connection.dialect.name == "sqlite":
                    rows = connection.exec_driver_sql("PRAGMA integrity_check(20)")
                    problems += [f"{self.path}: {row[0]}" for row in rows if row[0] != "ok"]
                for table in (filings, versions):
                    for row in connection.execute(sa.select(table.c.id, table.c.version, table.c.body)):
                        try:
                            decode_body(row.body)
                        except LibraryDamaged as error:
                            problems.append(f"{row.id} version {row.version}: {error}")
        except LibraryDamaged as error:
            problems.append(str(error))
        return problems

    def size_bytes(self) -> int:
        """Bytes of the records' files."""
        ends = ("", "-wal")
        paths = [self.path.with_name(self.path.name + end) for end in ends]
        return sum(path.stat().st_size for path in paths if path.exists())

    def checkpoint(self) -> None:
        """Move what the write-ahead log holds into the file itself."""
        with self._guard(), self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy of the records into a new file, also while others write."""
        with self._guard(), self._engine.connect() as connection:
            source: Any = connection.connection.dbapi_connection
            copy = sqlite3.connect(target)
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
            finally:
                copy.close()


class Writing:
    """What can be done within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        last = connection.execute(sa.select(sa.func.max(changes.c.seq), sa.func.max(changes.c.filing_no))).one()
        self.seq = int(last[0] or 0)
        self._filing_no = int(last[1] or 0)
        self._next_chunk = int(self._fact("next_chunk") or 0)

    def _fact(self, key: str) -> str | None:
        return self._connection.execute(sa.select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()

    def set_fact(self, key: str, value: str) -> None:
        """Write down a fact about the library."""
        updated = self._connection.execute(sa.update(meta).where(meta.c.key == key).values(value=value))
        if updated.rowcount == 0:
            self._connection.execute(sa.insert(meta), [{"key": key, "value": value}])

    def add(self, records: Sequence[Record]) -> list[Stored]:
        """Store filings; one whose id stands becomes its next version, and the old text moves to the versions."""
        stamp = now()
        ids = [record.filing.id for record in records]
        olds: dict[str, Row[Any]] = {}
        for part in _parts(ids):
            for row in self._connection.execute(_OLD, {"ids": part}):
                olds[row.id] = row
        rows: list[dict[str, Any]] = []
        stored: list[Stored] = []
        moved: list[Row[Any]] = []
        log: list[tuple[int, str, int, int]] = []
        mentions: list[dict[str, Any]] = []
        for record in records:
            old = olds.get(record.filing.id)
            if old is not None:
                moved.append(old)
                log.append((old.filing_no, "remove", old.first_chunk, old.n_chunks))
            self._filing_no += 1
            number, first = self._filing_no, self._next_chunk
            self._next_chunk += record.n_chunks
            log.append((number, "add", first, record.n_chunks))
            rows.append(_row(record, number, first, 1 if old is None else old.version + 1, stamp))
            stored.append(Stored(number, first, record.n_chunks, record.filing, record.lineage))
        if moved:
            self._move(moved, stamp)
        policy_ids = PolicyIntake(self._connection).add([(one.filing_no, one.filing) for one in stored])
        for one in stored:
            mentions.extend(_mentions(one.filing_no, one.filing, policy_ids))
        if rows:
            self._connection.execute(sa.insert(filings), rows)
        if mentions:
            self._connection.execute(sa.insert(citations), mentions)
        self._log(log)
        self.set_fact("next_chunk", str(self._next_chunk))
        return stored

    def remove(self, ids: Sequence[str]) -> list[str]:
        """Take filings and their versions out of the records; the ids that stood."""
        removed: list[str] = []
        log: list[tuple[int, str, int, int]] = []
        for part in _parts(ids):
            for row in self._connection.execute(_OLD, {"ids": part}).all():
                removed.append(row.id)
                log.append((row.filing_no, "remove", row.first_chunk, row.n_chunks))
            self._connection.execute(sa.delete(versions).where(versions.c.id.in_(part)))
            self._connection.execute(sa.delete(filings).where(filings.c.id.in_(part)))
        self._drop_citations([entry[0] for entry in log])
        self._log(log)
        return removed

    def renumber_chunks(self, counts: Mapping[int, int]) -> None:
        """Give every filing new chunk ids, from 0 and without gaps, as many as `counts` says by filing number."""
        first = 0
        parameters = []
        for number in sorted(counts):
            parameters.append({"b_no": number, "b_first": first, "b_n": counts[number]})
            first += counts[number]
        if parameters:
            self._connection.execute(_RENUMBER, parameters)
        # The log's ranges are of the old ids; indexes that are made anew meet no old chunk.
        self._connection.execute(sa.update(changes).values(first_chunk=0, n_chunks=0))
        self.set_fact("next_chunk", str(first))

    def _move(self, olds: Iterable[Row[Any]], stamp: str) -> None:
        rows = [
            {
                "filing_no": old.filing_no,
                "id": old.id,
                "version": old.version,
                "added_at": old.added_at,
                "replaced_at": stamp,
                "body": old.body,
            }
            for old in olds
        ]
        self._connection.execute(sa.insert(versions), rows)
        numbers = [row["filing_no"] for row in rows]
        for part in _parts(numbers):
            self._connection.execute(sa.delete(filings).where(filings.c.filing_no.in_(part)))
        self._drop_citations(numbers)

    def _drop_citations(self, numbers: Sequence[int]) -> None:
        drop_filings(self._connection, numbers)
        for part in _parts(numbers):
            self._connection.execute(sa.delete(citations).where(citations.c.filing_no.in_(part)))

    def _log(self, entries: Sequence[tuple[int, str, int, int]]) -> None:
        rows = []
        for number, kind, first, n_chunks in entries:
            self.seq += 1
            rows.append(
                {"seq": self.seq, "filing_no": number, "kind": kind, "first_chunk": first, "n_chunks": n_chunks}
            )
        if rows:
            self._connection.execute(sa.insert(changes), rows)


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _engine(path: Path) -> Engine:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: object) -> None:
        cursor = connection.cursor()
        # FULL: a commit is on the disk when it returns, also if the power fails.
        # The page size counts when the database is made: bodies of 2 to 4 KB would leave half of a 4 KB page empty.
        for pragma in ("page_size=16384", "journal_mode=WAL", "synchronous=FULL", "mmap_size=268435456"):
            try:
                cursor.execute(f"PRAGMA {pragma}")
            except sqlite3.OperationalError:
                # A directory that can't be written: the database still reads.
                continue
        cursor.close()

    return engine


def _row(record: Record, number: int, first: int, version: int, stamp: str) -> dict[str, Any]:
    filing = record.filing
    row: dict[str, Any] = {name: getattr(filing, name) for name in HEADER_FIELDS}
    row.update((f"budget_{name}", getattr(filing.budget, name)) for name in BUDGET_FIELDS)
    row.update(
        filing_no=number,
        id=filing.id,
        version=version,
        lineage=record.lineage,
        lineage_applicant=record.lineage_applicant,
        lineage_name=record.lineage_name,
        content_hash=record.content_hash,
        source_file=filing.source.file,
        source_index=filing.source.index,
        source_pages=json.dumps(filing.source.pages) if filing.source.pages is not None else None,
        source_path=filing.source.path,
        added_at=stamp,
        first_chunk=first,
        n_chunks=record.n_chunks,
        body=encode_body(filing),
    )
    return row


def _mentions(number: int, filing: Filing, policy_ids: Mapping[tuple[int, int], str]) -> list[dict[str, Any]]:
    return [
        {
            "filing_no": number,
            "ordinal": ordinal,
            "section": mention.section,
            "start": mention.start,
            "end": mention.end,
            "title": mention.title,
            "document_number": mention.document_number,
            "issuer": mention.issuer,
            "kind": mention.kind,
            "implicit": mention.implicit,
            "policy_id": policy_ids.get((number, ordinal)),
        }
        for ordinal, mention in enumerate(filing.citations)
    ]


_SUMMARY_COLUMNS = [
    c
    for c in filings.c
    if c.name not in ("body", "content_hash", "lineage_applicant", "lineage_name", "first_chunk", "n_chunks")
]


def _summary(row: Row[Any]) -> FilingSummary:
    values = row._mapping
    pages = tuple(json.loads(row.source_pages)) if row.source_pages else None
    # The values come from a validated filing; validating them again costs a third of a search.
    return FilingSummary.model_construct(
        id=row.id,
        source=Source.model_construct(file=row.source_file, index=row.source_index, pages=pages, path=row.source_path),
        **{name: values[name] for name in HEADER_FIELDS if name in FilingSummary.model_fields},
        budget=Budget.model_construct(**{name: values[f"budget_{name}"] for name in BUDGET_FIELDS}),
        version=row.version,
        lineage=row.lineage,
        added_at=row.added_at,
    )


def _parts(values: Sequence[Any]) -> Iterator[list[Any]]:
    """At most _IN_LIMIT at a time, as plain Python values."""
    plain = [value.item() if hasattr(value, "item") else value for value in values]
    for start in range(0, len(plain), _IN_LIMIT):
        yield plain[start : start + _IN_LIMIT]


_NUMBERS: sa.BindParameter[Any] = sa.bindparam("numbers", expanding=True)
_NUMBER = sa.select(filings.c.filing_no).where(filings.c.id == sa.bindparam("id"))
_LAST_SEQ = sa.select(sa.func.max(changes.c.seq))
_SUMMARIES = sa.select(*_SUMMARY_COLUMNS).where(filings.c.filing_no.in_(_NUMBERS))
_BODIES = sa.select(
    filings.c.filing_no,
    filings.c.first_chunk,
    filings.c.n_chunks,
    filings.c.body,
    filings.c.source_path,
    filings.c.lineage,
).where(filings.c.filing_no.in_(_NUMBERS))
_OLD = sa.select(
    filings.c.filing_no,
    filings.c.id,
    filings.c.version,
    filings.c.added_at,
    filings.c.first_chunk,
    filings.c.n_chunks,
    filings.c.body,
).where(filings.c.id.in_(sa.bindparam("ids", expanding=True)))
_RENUMBER = (
    sa.update(filings)
    .where(filings.c.filing_no == sa.bindparam("b_no"))
    .values(first_chunk=sa.bindparam("b_first"), n_chunks=sa.bindparam("b_n"))
)
