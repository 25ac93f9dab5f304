"""One transaction on the records: filings become rows, replaced ones versions, and the log says what came and went."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from perfsearch.indexes.bodies import content_of, encode_body
from perfsearch.indexes.phrases import GROWTH, KNOWN, LARGE_FROM, LEARN_FROM, SAMPLE, learn
from perfsearch.indexes.schema import (
    BUDGET_FIELDS,
    HEADER_FIELDS,
    SCHEMA_VERSION,
    changes,
    filings,
    meta,
    phrases,
    versions,
)
from perfsearch.model import Filing

if TYPE_CHECKING:
    AnyRow = Row[*tuple[Any, ...]]

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
        set_number = self._phrases()
        olds: dict[str, AnyRow] = {}
        for part in parts(ids):
            for row in self._connection.execute(_OLD, {"ids": part}):
                olds[row.id] = row
        rows: list[dict[str, Any]] = []
        stored: list[Stored] = []
        moved: list[AnyRow] = []
        log: list[tuple[int, str, int, int]] = []
        for record in records:
            old = olds.get(record.filing.id)
            if old is not None:
                moved.append(old)
                log.append((old.filing_no, "remove", old.first_chunk, old.n_chunks))
            self._filing_no += 1
            number, first = self._filing_no, self._next_chunk
            self._next_chunk += record.n_chunks
            log.append((number, "add", first, record.n_chunks))
            body = encode_body(record.filing, set_number)
            rows.append(_row(record, body, number, first, 1 if old is None else old.version + 1, stamp))
            stored.append(Stored(number, first, record.n_chunks, record.filing, record.lineage))
        if moved:
            self._move(moved, stamp)
        if rows:
            self._connection.execute(sa.insert(filings), rows)
        # Imported here: the catalogue of policies behind it is not needed to open and search a library.
        from perfsearch.indexes.policy_intake import PolicyIntake

        PolicyIntake(self._connection).add([(one.filing_no, one.filing) for one in stored])
        self._log(log)
        self.set_fact("next_chunk", str(self._next_chunk))
        return stored

    def _phrases(self) -> int | None:
        """The number of the set of phrases that new bodies are written against; learnt now where it is time."""
        if self._filing_no < LEARN_FROM:
            return None
        phrases.create(self._connection, checkfirst=True)
        newest = self._connection.execute(
            sa.select(phrases).order_by(phrases.c.learnt_at.desc(), phrases.c.number).limit(1)
        ).one_or_none()
        if newest is not None:
            small = newest.learnt_at < LARGE_FROM
            if self._filing_no < (LARGE_FROM if small else GROWTH * newest.learnt_at):
                return KNOWN.know(newest.data)
        bodies = sa.select(filings.c.body).order_by(filings.c.filing_no.desc()).limit(SAMPLE)
        found = learn([content_of(body) for body in self._connection.execute(bodies).scalars()])
        if found is None:
            return None if newest is None else KNOWN.know(newest.data)
        number = KNOWN.know(found)
        if newest is None or newest.number != number:
            self._connection.execute(
                sa.insert(phrases), [{"number": number, "learnt_at": self._filing_no, "data": found}]
            )
        self.set_fact("schema", str(SCHEMA_VERSION))
        return number

    def remove(self, ids: Sequence[str]) -> list[str]:
        """Take filings and their versions out of the records; the ids that stood."""
        removed: list[str] = []
        log: list[tuple[int, str, int, int]] = []
        for part in parts(ids):
            for row in self._connection.execute(_OLD, {"ids": part}).all():
                removed.append(row.id)
                log.append((row.filing_no, "remove", row.first_chunk, row.n_chunks))
            self._connection.execute(sa.delete(versions).where(versions.c.id.in_(part)))
            self._connection.execute(sa.delete(filings).where(filings.c.id.in_(part)))
        self._drop_policies([entry[0] for entry in log])
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

    def _move(self, olds: Iterable[AnyRow], stamp: str) -> None:
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
        for part in parts(numbers):
            self._connection.execute(sa.delete(filings).where(filings.c.filing_no.in_(part)))
        self._drop_policies(numbers)

    def _drop_policies(self, numbers: Sequence[int]) -> None:
        from perfsearch.indexes.policy_intake import drop_filings

        drop_filings(self._connection, numbers)

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


def _row(record: Record, body: bytes, number: int, first: int, version: int, stamp: str) -> dict[str, Any]:
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
        body=body,
    )
    return row


def parts(values: Sequence[Any]) -> Iterator[list[Any]]:
    """At most _IN_LIMIT at a time, as plain Python values."""
    plain = [value.item() if hasattr(value, "item") else value for value in values]
    for start in range(0, len(plain), _IN_LIMIT):
        yield plain[start : start + _IN_LIMIT]


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
