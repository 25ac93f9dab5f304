"""Looking after a library: checking everything, backing up the records and restoring them."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np

from perfsearch.errors import LibraryDamaged, LibraryError, UnreadableFile, UsageError
from perfsearch.indexes.catalog import Catalog
from perfsearch.indexes.shelf import HEADERS, Shelf
from perfsearch.indexes.store import Store

_SQLITE_HEADER = b"SQLite format 3\x00"


def check_indexes(store: Store, shelf: Shelf) -> dict[str, str]:
    """Index -> what is wrong with it, for those that are not what was written; reads every byte."""
    problems: dict[str, str] = {}
    for name, index in shelf.indexes().items():
        try:
            index.verify()
            if name == "catalog":
                _check_catalog(store, shelf.catalog)
        except LibraryDamaged as error:
            problems[name] = str(error)
    try:
        shelf.headers.verify()
    except LibraryDamaged as error:
        problems[HEADERS] = str(error)
    return problems


def _check_catalog(store: Store, catalog: Catalog) -> None:
    if catalog.seq != store.seq():
        return  # someone is adding right now; what is read so far is whole
    known = catalog["filing_no"][catalog.filing_alive].tolist()
    rows = {row.filing_no: (row.first_chunk, row.n_chunks) for row in store.headers()}
    if known != sorted(rows):
        missing, extra = set(rows) - set(known), set(known) - set(rows)
        raise LibraryDamaged(
            f"{catalog.log.directory}: lacks {len(missing)} filings of the records and has {len(extra)} beyond them"
        )
    for number in known:
        chunks = catalog.chunk_range(number)
        if (chunks.start, len(chunks)) != rows[number] and len(chunks):
            raise LibraryDamaged(f"{catalog.log.directory}: filing number {number} has other passages than recorded")
    owners = catalog["chunk_filing"][catalog.chunks_of(None, None)]
    if not np.isin(owners, known).all():
        raise LibraryDamaged(f"{catalog.log.directory}: passages belong to filings that do not stand")


def write_backup(store: Store, file: Path) -> None:
    """Write the records into one file: a SQLite database, complete in itself. Any older file of that name is replaced.

    Raises:
        LibraryError: the file can't be written.
    """
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        store.copy_to(temporary)
        with open(temporary, "rb+") as copy:
            os.fsync(copy.fileno())
        os.replace(temporary, file)
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(f"{file}: the backup can't be written ({error})") from error
    finally:
        temporary.unlink(missing_ok=True)


def read_backup(file: Path, records: Path) -> None:
    """Make `records` of a backup, after every byte of it was checked.

    Raises:
        UsageError: there are records already.
        UnreadableFile: the file is missing, or no backup, or a damaged one.
        LibraryVersion: a newer perfsearch wrote it.
    """
    if records.exists():
        raise UsageError(
            f"{records.parent}: there is a library already; restore into another directory (--library), or remove it"
        )
    try:
        with open(file, "rb") as source:
            if source.read(len(_SQLITE_HEADER)) != _SQLITE_HEADER:
                raise UnreadableFile(str(file), "it is no backup of a library")
    except OSError as error:
        raise UnreadableFile(str(file), error.strerror or str(error)) from error
    records.parent.mkdir(parents=True, exist_ok=True)
    temporary = records.with_name(f"{records.name}.restoring")
    try:
        _copy(file, temporary)
        _check_backup(file, temporary)
        for leftover in records.parent.glob("indexes-*"):  # of records that were lost
            shutil.rmtree(leftover)
        os.replace(temporary, records)
    finally:
        for leftover in (temporary, *(temporary.with_name(temporary.name + end) for end in ("-wal", "-shm"))):
            leftover.unlink(missing_ok=True)


def _check_backup(file: Path, copy: Path) -> None:
    try:
        store = Store(copy, create=False, make_tables=False)
    except LibraryDamaged as error:
        raise UnreadableFile(str(file), f"it is no backup of a library, or a damaged one ({error})") from error
    try:
        problems = store.verify()
        store.checkpoint()
    finally:
        store.close()
    if problems:
        raise UnreadableFile(str(file), f"the backup is damaged ({problems[0]})")


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with open(target, "rb+") as copy:
        os.fsync(copy.fileno())
