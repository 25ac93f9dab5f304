"""The records: every filing and its versions in SQL, the one source of truth. A commit here is the promise kept."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from perfsearch.errors import LibraryDamaged, LibraryError, LibraryVersion, NotFound
from perfsearch.indexes.bodies import Leaf, decode_body, decode_leaf
from perfsearch.indexes.headers import HeaderRow
from perfsearch.indexes.phrases import KNOWN
from perfsearch.indexes.schema import (
    BUDGET_FIELDS,
    HEADER_FIELDS,
    SCHEMA_VERSION,
    changes,
    filings,
    meta,
    metadata,
    phrases,
    versions,
)
from perfsearch.indexes.writing import Change, Stored, Writing, now, parts
from perfsearch.model import Budget, Filing, FilingSummary, Source

if TYPE_CHECKING:
    from perfsearch.indexes.file_book import FileBook
    from perfsearch.indexes.policy_book import PolicyBook
    from perfsearch.indexes.writing import AnyRow


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
        KNOWN.add_source(self._phrases)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _prepare(self, make_tables: bool) -> None:
        with self._engine.connect() as connection:
            # Written last when a library is made: without it the making was cut short, or this is no library.
            made = sa.inspect(connection).has_table("meta") and "schema" in self.facts()
        if not made and not make_tables:
            raise LibraryDamaged(
                f"{self.path}: holds no records; restore a backup with `perfsearch restore`, or add the files again "
                "into a new library"
            )
        if not made:
            # For its tables, which are among those to be made.
            import perfsearch.indexes.policy_schema  # noqa: F401

            with self._engine.begin() as connection:
                metadata.create_all(connection)
                values = {"created": now(), "schema": str(SCHEMA_VERSION)}
                connection.execute(sa.delete(meta))
                connection.execute(sa.insert(meta), [{"key": k, "value": v} for k, v in values.items()])
            return
        found = int(self.facts()["schema"])
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

    def _phrases(self) -> Iterator[bytes]:
        """The sets of phrases that bodies here are written against."""
        with self._read() as connection:
            if sa.inspect(connection).has_table(phrases.name):
                yield from connection.execute(sa.select(phrases.c.data)).scalars().all()

    @contextmanager
    def write(self) -> Iterator[Writing]:
        """One transaction: all that is done in it becomes durable when the block ends, or nothing of it."""
        with self._begin() as connection:
            yield Writing(connection)

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._guard(), self._engine.begin() as connection:
            yield connection

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
            missing = [number for number in filing_nos if number not in found]
            found.update((number, decode_body(body)) for number, body in self._replaced(missing))
        return found

    def leaves(self, filing_nos: Sequence[int]) -> dict[int, Leaf]:
        """Filings by number as they are stored, replaced versions too; numbers of removed filings are left out."""
        found: dict[int, Leaf] = {}
        with self._read() as connection:
            for part in parts(filing_nos):
                rows = connection.execute(_LEAVES, {"numbers": part})
                found.update((number, decode_leaf(body, path)) for number, body, path in rows)
        if len(found) < len(set(filing_nos)):
            missing = [number for number in filing_nos if number not in found]
            found.update((number, decode_leaf(body)) for number, body in self._replaced(missing))
        return found

    def _replaced(self, filing_nos: Sequence[int]) -> list[tuple[int, bytes]]:
        """Numbers and bodies of the replaced versions among these."""
        found: list[tuple[int, bytes]] = []
        with self._read() as connection:
            for part in parts(filing_nos):
                statement = sa.select(versions.c.filing_no, versions.c.body).where(versions.c.filing_no.in_(part))
                found.extend((row.filing_no, row.body) for row in connection.execute(statement))
        return found

    def stored(self, filing_nos: Sequence[int]) -> list[Stored]:
        """Filings that stand with the ids of their chunks, ascending by number."""
        found: list[Stored] = []
        with self._read() as connection:
            for part in parts(filing_nos):
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
            for part in parts(filing_nos):
                for row in connection.execute(_SUMMARIES, {"numbers": part}):
                    found[row.filing_no] = _summary(row)
        if len(found) < len(set(filing_nos)):
            missing = [number for number in filing_nos if number not in found]
            for number, body in self._replaced(missing):
                found[number] = FilingSummary.model_validate(decode_body(body).model_dump())
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

    def headers(self, after: int = 0) -> Iterator[AnyRow]:
        """The header columns (no text) of the filings with greater numbers, ascending."""
        columns = [c for c in filings.c if c.name != "body"]
        statement = sa.select(*columns).where(filings.c.filing_no > after).order_by(filings.c.filing_no)
        with self._read() as connection:
            yield from connection.execute(statement)

    def header_rows(self, after: int = 0) -> Iterator[HeaderRow]:
        """What lanes need of the filings with greater numbers, ascending."""
        columns = (filings.c.filing_no, filings.c.applicant, filings.c.project_name, *_AMOUNTS)
        statement = sa.select(*columns).where(filings.c.filing_no > after).order_by(filings.c.filing_no)
        with self._read() as connection:
            for number, applicant, project_name, *amounts in connection.execute(statement):
                known = tuple(amount for amount in amounts if amount is not None)
                yield HeaderRow(number, applicant, project_name, known)

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
            for part in parts(hashes):
                statement = sa.select(filings.c.content_hash, filings.c.id).where(filings.c.content_hash.in_(part))
                found.update((row.content_hash, row.id) for row in connection.execute(statement))
        return found

    def find_sources(self, path: str, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[str, int]]:
        """Place -> (id, number), for the filings that were read from these places of the file at `path`.

        A place is the name of the file (in an archive, or a `.jsonl`, of another than that at `path`), and the number of
        the filing in it.
        """
        found: dict[tuple[str, int], tuple[str, int]] = {}
        wanted = set(places)
        columns = (filings.c.source_file, filings.c.source_index, filings.c.id, filings.c.filing_no)
        with self._read() as connection:
            for part in parts(sorted({name for name, _ in wanted})):
                statement = sa.select(*columns).where(filings.c.source_path == path, filings.c.source_file.in_(part))
                for row in connection.execute(statement.order_by(filings.c.filing_no)):
                    if (row.source_file, row.source_index) in wanted:
                        found[row.source_file, row.source_index] = (row.id, row.filing_no)
        return found

    def standing(self, ids: Sequence[str]) -> set[str]:
        """Those of these ids that stand."""
        found: set[str] = set()
        with self._read() as connection:
            for part in parts(ids):
                rows = connection.execute(sa.select(filings.c.id).where(filings.c.id.in_(part)))
                found.update(row.id for row in rows)
        return found

    def lineages(self, applicants: Sequence[str]) -> dict[str, dict[str, str]]:
        """The core names of each applicant's projects and the lineage of each; applicants without any are left out."""
        columns = (filings.c.lineage_applicant, filings.c.lineage_name, filings.c.lineage)
        found: dict[str, dict[str, str]] = {}
        with self._read() as connection:
            for part in parts(applicants):
                statement = sa.select(*columns).where(
                    filings.c.lineage_applicant.in_(part), filings.c.lineage.is_not(None)
                )
                for row in connection.execute(statement.distinct()):
                    found.setdefault(row.lineage_applicant, {})[row.lineage_name] = row.lineage
        return found

    # -- citations

    @property
    def policies(self) -> PolicyBook:
        """The citator: which policies the filings cite."""
        # Imported here: what reads numbers and titles behind it costs a cold search 50 ms.
        from perfsearch.indexes.policy_book import PolicyBook

        return PolicyBook(self._read)

    def citing(self, policy: str) -> list[int]:
        """Numbers of the filings that cite a policy: its id, document number, title, short name, or most of its title."""
        return self.policies.filings_citing(self.policies.meant_by(policy))

    def document_numbers(self, year: int, number: int) -> list[tuple[int, str]]:
        """(filing number, document number) of the citations of any document of that year and number."""
        return self.policies.numbers_citing(year, number)

    @property
    def files(self) -> FileBook:
        """Which files were read, and which were not taken."""
        # Imported here: a search needs neither this nor the reading of files.
        from perfsearch.indexes.file_book import FileBook

        return FileBook(self._read, self._begin)

    def sources(self, ids: Sequence[str]) -> dict[str, str | None]:
        """Of these ids, those that stand, and the file that each was read from."""
        found: dict[str, str | None] = {}
        with self._read() as connection:
            for part in parts(ids):
                rows = connection.execute(sa.select(filings.c.id, filings.c.source_path).where(filings.c.id.in_(part)))
                found.update((row.id, row.source_path) for row in rows)
        return found

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


def _engine(path: Path) -> Engine:
    waiting = {"timeout": 30, "check_same_thread": False}
    if path.exists() and not os.access(path.parent, os.W_OK):
        # The write-ahead log needs a file beside the database, which can't be made here: read what stands.
        unchanging = "" if path.with_name(path.name + "-wal").exists() else "&immutable=1"
        url = f"sqlite:///file:{quote(str(path.absolute()))}?mode=ro{unchanging}&uri=true"
        return sa.create_engine(url, connect_args=waiting)
    engine = sa.create_engine(f"sqlite:///{path}", connect_args=waiting)

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: object) -> None:
        cursor = connection.cursor()
        # FULL: a commit is on the disk when it returns, also if the power fails.
        # The page size counts when the database is made: bodies of 2 to 4 KB would leave half of a 4 KB page empty.
        for pragma in (
            "page_size=16384",
            "journal_mode=WAL",
            "synchronous=FULL",
            "journal_size_limit=4000000",
            "mmap_size=268435456",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


_SUMMARY_COLUMNS = [
    c
    for c in filings.c
    if c.name not in ("body", "content_hash", "lineage_applicant", "lineage_name", "first_chunk", "n_chunks")
]


def _summary(row: AnyRow) -> FilingSummary:
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


_AMOUNTS = [filings.c[f"budget_{name}"] for name in BUDGET_FIELDS]
_NUMBERS: sa.BindParameter[Any] = sa.bindparam("numbers", expanding=True)
_NUMBER = sa.select(filings.c.filing_no).where(filings.c.id == sa.bindparam("id"))
_LAST_SEQ = sa.select(sa.func.max(changes.c.seq))
_SUMMARIES = sa.select(*_SUMMARY_COLUMNS).where(filings.c.filing_no.in_(_NUMBERS))
_LEAVES = sa.select(filings.c.filing_no, filings.c.body, filings.c.source_path).where(filings.c.filing_no.in_(_NUMBERS))
_BODIES = sa.select(
    filings.c.filing_no,
    filings.c.first_chunk,
    filings.c.n_chunks,
    filings.c.body,
    filings.c.source_path,
    filings.c.lineage,
).where(filings.c.filing_no.in_(_NUMBERS))
