"""Which filing and section each chunk belongs to, and every header field that filters ask for, as arrays in memory.

The catalog is what a view goes by: the other indexes may have read further than it, never less far, and what it does
not know yet, or knows to be removed, is dropped from their answers.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.arrays import ArrayLog, Column
from perfsearch.indexes.passages import Place
from perfsearch.indexes.writing import Stored
from perfsearch.model import SECTIONS, Filing, Filters
from perfsearch.text.normalize import normalize

IDENTITY = "catalog-1"

_NAME_FIELDS = ("form", "applicant", "department", "project_name", "category", "performance_type", "project_nature")
_COLUMNS = {
    "chunk_filing": Column(np.int32),
    "chunk_section": Column(np.uint8),
    "chunk_start": Column(np.int32),
    "chunk_end": Column(np.int32),
    "filing_no": Column(np.int32),
    "first_chunk": Column(np.int32),
    "n_chunks": Column(np.int32),
    "fiscal_year": Column(np.int16),
    "start_date": Column(np.int32),
    "end_date": Column(np.int32),
    "procurement": Column(np.int8),
    "budget": Column(np.float64),
    "lineage": Column(np.int64),
    **{name: Column(np.int32) for name in _NAME_FIELDS},
    "names": Column(np.uint8),
    "removed": Column(np.int32),
}
_NONE = -1
"""Code of a field that is null."""

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Catalog:
    """The catalog of one library, as published; `refresh` takes over what another process has added.

    Raises:
        LibraryDamaged: a file of it can't be read.
    """

    def __init__(self, directory: Path, identity: str) -> None:
        self._log = ArrayLog(directory, _COLUMNS, f"{IDENTITY}/{identity}")
        self._codes: dict[str, int] | None = None
        self._load()

    def _load(self) -> None:
        log = self._log
        self.sections: list[str] = log.extra.get("sections") or ["header", *SECTIONS, "indicators"]
        self.n_chunks: int = log.rows("chunk_filing")
        for name in ("_names", "_folded", "chunk_alive", "filing_alive"):
            self.__dict__.pop(name, None)

    def refresh(self) -> bool:
        """Take over what was published since; whether there was anything."""
        if not self._log.refresh():
            return False
        self._codes = None
        self._load()
        return True

    def renewed(self) -> Catalog:
        """This, or where something was published since, a copy that has taken it over; this stays as it is."""
        log = self._log.renewed()
        if log is self._log:
            return self
        twin = copy.copy(self)
        twin._log, twin._codes = log, None
        twin._load()
        return twin

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._log[name]

    @property
    def seq(self) -> int:
        """The last change that the catalog has read."""
        return self._log.seq

    @property
    def log(self) -> ArrayLog:
        """The files underneath, for `verify` and `clear`."""
        return self._log

    # -- reading

    @cached_property
    def filing_alive(self) -> Mask:
        """Which rows of the filings' columns still stand."""
        alive = np.ones(self._log.rows("filing_no"), dtype=np.bool_)
        removed = self._log["removed"]
        if len(removed):
            alive[self._dead_numbers()[self._log["filing_no"]]] = False
        return alive

    @cached_property
    def chunk_alive(self) -> Mask | None:
        """Which chunks still stand, by id; None where all do."""
        filings = self._log["chunk_filing"]
        if not len(self._log["removed"]) and (not len(filings) or filings.min() >= 0):
            return None
        alive: Mask = ~self._dead_numbers()[filings]
        alive &= filings >= 0
        return alive

    def _dead_numbers(self) -> Mask:
        removed = self._log["removed"]
        numbers = self._log["filing_no"]
        size = 1 + max(int(removed.max(initial=0)), int(numbers[-1]) if len(numbers) else 0)
        dead = np.zeros(size, dtype=np.bool_)
        dead[removed] = True
        return dead

    @property
    def n_filings(self) -> int:
        """How many filings stand."""
        return int(self.filing_alive.sum())

    def filing_of(self, chunk_ids: Ints) -> Ints:
        """The filing number of each chunk."""
        return self._log["chunk_filing"][chunk_ids].astype(np.int64)

    def section_of(self, chunk_ids: Ints) -> list[str]:
        """The section of each chunk."""
        return [self.sections[code] for code in self._log["chunk_section"][chunk_ids].tolist()]

    def standing(self, chunk_ids: Ints) -> Mask:
        """Which of these chunks the catalog knows and are not removed."""
        known: Mask = chunk_ids < self.n_chunks
        if self.chunk_alive is not None:
            known &= self.chunk_alive[np.minimum(chunk_ids, self.n_chunks - 1)]
        return known

    def filing_nos(self, filters: Filters, citing: Sequence[int] | None = None) -> Ints:
        """Numbers of the filings that all conditions hold for, ascending; `citing` are those that `cites` allows."""
        mask = self.filing_alive
        for part in self._conditions(filters, citing):
            mask = mask & part
        return self._log["filing_no"][mask].astype(np.int64)

    def _conditions(self, filters: Filters, citing: Sequence[int] | None) -> list[Mask]:
        log = self._log
        found: list[Mask] = []
        if filters.year_from is not None:
            found.append(log["fiscal_year"] >= max(filters.year_from, 0))
        if filters.year_to is not None:
            found.append((log["fiscal_year"] <= min(filters.year_to, 32767)) & (log["fiscal_year"] >= 0))
        for name in _NAME_FIELDS:
            wanted = getattr(filters, name)
            if wanted is not None:
                found.append(self._named(name, wanted))
        if filters.government_procurement is not None:
            found.append(log["procurement"] == int(filters.government_procurement))
        if filters.budget_min is not None:  # NaN, for no budget, compares false
            found.append(log["budget"] >= filters.budget_min)
        if filters.budget_max is not None:
            found.append(log["budget"] <= filters.budget_max)
        if filters.start_from is not None:
            found.append(log["start_date"] >= max(_date(filters.start_from), 0))
        if filters.end_to is not None:
            found.append((log["end_date"] <= _date(filters.end_to)) & (log["end_date"] >= 0))
        if filters.lineage is not None:
            found.append(log["lineage"] == _lineage(filters.lineage))
        if citing is not None:
            found.append(np.isin(log["filing_no"], np.asarray(citing, dtype=np.int64)))
        return found

    def _named(self, field: str, wanted: str) -> Mask:
        folded = _fold(wanted)
        codes = self._log[field]
        if field == "form":
            matching = [code for code, name in enumerate(self._folded) if name == folded]
        else:
            matching = [code for code, name in enumerate(self._folded) if folded in name]
        allowed = np.zeros(len(self._folded) + 1, dtype=np.bool_)  # the last stands for null (-1)
        allowed[matching] = True
        allowed[-1] = False
        mask: Mask = allowed[codes]
        return mask

    @cached_property
    def _names(self) -> list[str]:
        return bytes(self._log["names"]).decode("utf-8").split("\n")[:-1]

    @cached_property
    def _folded(self) -> list[str]:
        return [_fold(name) for name in self._names]

    def chunks_of(self, filing_nos: Ints | None, section: str | None) -> Ints:
        """Ids of the chunks of these filings (of all, if None) and of this section (of any, if None), ascending."""
        if filing_nos is None:
            found = np.arange(self.n_chunks, dtype=np.int64)
            if self.chunk_alive is not None:
                found = found[self.chunk_alive]
        else:
            rows = self._rows_of(np.unique(filing_nos))
            rows = rows[self.filing_alive[rows]]
            counts = self._log["n_chunks"][rows].astype(np.int64)
            starts = self._log["first_chunk"][rows] - (np.cumsum(counts) - counts)
            found = np.arange(int(counts.sum()), dtype=np.int64) + np.repeat(starts, counts)
        if section is not None:
            code = self.sections.index(section) if section in self.sections else 255
            found = found[self._log["chunk_section"][found] == code]
        return found

    def _rows_of(self, filing_nos: Ints) -> Ints:
        """Rows of the filings' columns for these numbers; numbers that the catalog does not know are left out."""
        numbers = self._log["filing_no"]
        rows = np.searchsorted(numbers, filing_nos)
        inside = rows < len(numbers)
        rows, filing_nos = rows[inside], filing_nos[inside]
        known: Ints = rows[numbers[rows] == filing_nos]
        return known

    def knows(self, filing_nos: Ints) -> Mask:
        """Which of these filings stand in the catalog."""
        rows = self._rows_of(filing_nos)
        mask: Mask = np.isin(filing_nos, self._log["filing_no"][rows[self.filing_alive[rows]]])
        return mask

    def chunk_range(self, filing_no: int) -> range:
        """The ids of a filing's chunks; empty where the catalog does not know it."""
        row = int(np.searchsorted(self._log["filing_no"], filing_no))
        if row >= self._log.rows("filing_no") or int(self._log["filing_no"][row]) != filing_no:
            return range(0)
        first = int(self._log["first_chunk"][row])
        return range(first, first + int(self._log["n_chunks"][row]))

    def columns_of(self, filing_nos: Ints) -> dict[str, NDArray[Any]]:
        """The header fields of these filings, aligned with those of the numbers that the catalog knows, ascending."""
        rows = self._rows_of(np.unique(filing_nos))
        return {name: self._log[name][rows] for name in ("fiscal_year", "budget", *_NAME_FIELDS)}

    def names_of(self, codes: NDArray[Any]) -> list[str]:
        """The names that codes of `columns_of` stand for."""
        return [self._names[code] for code in codes.tolist()]

    # -- writing (under the library's lock)

    def append(self, filings: Sequence[tuple[Stored, Sequence[Place]]]) -> None:
        """Keep filings, ascending by number, for the next `publish`; those it knows already are left out."""
        numbers = self._log["filing_no"]
        last = int(numbers[-1]) if len(numbers) else -1
        fresh = [pair for pair in filings if pair[0].filing_no > last]
        if not fresh:
            return
        sections = list(self.sections)
        table: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        next_chunk = self.n_chunks + self._log.pending_rows("chunk_filing")
        for stored, chunks in fresh:
            # Ids that were given to a filing which was removed before the catalog read it.
            for _ in range(stored.first_chunk - next_chunk):
                _add_chunk(table, _NONE, 0, 0, 0)
            for chunk in chunks:
                if chunk.section not in sections:
                    sections.append(chunk.section)
                _add_chunk(table, stored.filing_no, sections.index(chunk.section), chunk.start, chunk.end)
            next_chunk = stored.first_chunk + len(chunks)
            self._add_filing(table, stored)
        names = table.pop("names")
        for name, values in table.items():
            if values:
                self._log.append(name, np.asarray(values, dtype=_COLUMNS[name].dtype))
        if names:
            payload = "".join(f"{name}\n" for name in names).encode("utf-8", "replace")
            self._log.append("names", np.frombuffer(payload, dtype=np.uint8))
        self.sections = sections

    def _add_filing(self, table: dict[str, list[Any]], stored: Stored) -> None:
        filing = stored.filing
        table["filing_no"].append(stored.filing_no)
        table["first_chunk"].append(stored.first_chunk)
        table["n_chunks"].append(stored.n_chunks)
        table["fiscal_year"].append(_NONE if filing.fiscal_year is None else filing.fiscal_year)
        table["start_date"].append(_date(filing.start_date))
        table["end_date"].append(_date(filing.end_date))
        table["procurement"].append(_NONE if filing.government_procurement is None else filing.government_procurement)
        table["budget"].append(_budget(filing))
        table["lineage"].append(_lineage(stored.lineage))
        for name in _NAME_FIELDS:
            table[name].append(self._code(getattr(filing, name), table["names"]))

    def _code(self, name: str | None, fresh: list[str]) -> int:
        if name is None:
            return _NONE
        if self._codes is None:
            self._codes = {known: code for code, known in enumerate(self._names)}
        name = name.replace("\n", " ")
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self._codes)
            fresh.append(name)
        return code

    def remove(self, filing_nos: Sequence[int]) -> None:
        """Keep removals for the next `publish`; repeating one does no harm."""
        self._log.append_new("removed", np.asarray(filing_nos, dtype=np.int32))

    def publish(self, seq: int) -> None:
        """Make what was kept visible to every reader."""
        self._log.publish(seq, sections=self.sections)
        self._load()

    def discard(self) -> None:
        """Forget what was kept and not published."""
        self._log.discard()
        self._codes = None
        self._load()

    def verify(self) -> None:
        """Read everything and compare; raises LibraryDamaged where a file is not what was written."""
        self._log.verify()

    def size_bytes(self) -> int:
        """Bytes of the files."""
        return self._log.size_bytes()

    def clear(self) -> None:
        """Empty the catalog."""
        self._log.clear()
        self._codes = None
        self._load()


def _add_chunk(table: dict[str, list[Any]], filing_no: int, section: int, start: int, end: int) -> None:
    table["chunk_filing"].append(filing_no)
    table["chunk_section"].append(section)
    table["chunk_start"].append(start)
    table["chunk_end"].append(end)


def _fold(name: str) -> str:
    return "".join(normalize(name).text.split())


def _date(text: str | None) -> int:
    """2020-01-31 -> 20200131; -1 where it is no such date."""
    digits = (text or "").replace("-", "")
    return int(digits) if len(digits) == 8 and digits.isascii() and digits.isdigit() else _NONE


def _budget(filing: Filing) -> float:
    budget = filing.budget
    amount = budget.total if budget.total is not None else budget.current_year
    return float("nan") if amount is None else amount


def _lineage(key: str | None) -> int:
    try:
        return int(key or "", 16) & (2**63 - 1)
    except ValueError:
        return _NONE
