"""The header fields of every filing: what lanes look up without touching the records.

Built once and carried on: what is under a filing number never changes, so only what came since is read. What a long load
or many small ones have built is kept on disk beside the indexes (`KeptHeaders`), to be mapped when the library is opened:
to build it anew takes 50 µs a filing. It is no index of its own: it may lag behind, or be missing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes.arrays import ArrayLog, Column
from perfsearch.indexes.name_index import COLUMNS, NameIndex, NameMatch

Ints = NDArray[np.int64]

GROWTH = 8
"""A block of filings is joined with the one before it until that is so many times as large: a query looks into two to
four blocks, and a filing that comes costs a few milliseconds at any size of the library."""
KEPT_SHARE = 0.1
KEPT_MIN = 500
"""What is kept on disk is written anew when so many filings came since: 20 ms are to be built at opening for 500."""


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One filing's header as the lanes need it; amounts in yuan."""

    filing_no: int
    applicant: str | None
    project_name: str | None
    amounts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """The headers of a run of filings: `amounts` (n, 2) in fen with the filing of each, ascending."""

    projects: NameIndex
    applicants: NameIndex
    amounts: Ints
    n_filings: int
    last: int

    @classmethod
    def build(cls, rows: Sequence[HeaderRow]) -> _Block:
        """Of at least one row, ascending."""
        amounts = [(round(amount * 100), row.filing_no) for row in rows for amount in set(row.amounts)]
        return cls(
            NameIndex.build(((row.filing_no, row.project_name) for row in rows if row.project_name), bodies=False),
            NameIndex.build(((row.filing_no, row.applicant) for row in rows if row.applicant), bodies=True),
            _sorted(np.asarray(amounts, dtype=np.int64).reshape(-1, 2)),
            len(rows),
            rows[-1].filing_no,
        )

    def joined(self, later: _Block) -> _Block:
        """Both as one."""
        return _Block(
            self.projects.joined(later.projects),
            self.applicants.joined(later.applicants),
            _sorted(np.concatenate([self.amounts, later.amounts])),
            self.n_filings + later.n_filings,
            later.last,
        )


def _sorted(amounts: Ints) -> Ints:
    return amounts[np.lexsort((amounts[:, 1], amounts[:, 0]))]


class Headers:
    """Header fields by value. Numbers of filings that went since may come out; whoever asks drops what it does not know."""

    def __init__(self, blocks: Sequence[_Block] = ()) -> None:
        self._blocks = tuple(blocks)

    @classmethod
    def of(cls, rows: Iterable[HeaderRow]) -> Headers:
        """Of these rows, ascending by number."""
        return cls().joined(rows)

    def __len__(self) -> int:
        return sum(block.n_filings for block in self._blocks)

    @property
    def last(self) -> int:
        """The greatest filing number that was read, 0 where there is none."""
        return self._blocks[-1].last if self._blocks else 0

    def joined(self, rows: Iterable[HeaderRow]) -> Headers:
        """These and further filings, with greater numbers; most of what is built already is kept."""
        fresh = list(rows)
        if not fresh:
            return self
        blocks = [*self._blocks, _Block.build(fresh)]
        while len(blocks) > 1 and blocks[-2].n_filings <= GROWTH * blocks[-1].n_filings:
            blocks[-2:] = [blocks[-2].joined(blocks[-1])]
        return Headers(blocks)

    def as_one(self) -> _Block | None:
        """All in one block."""
        if not self._blocks:
            return None
        return reduce(lambda block, later: block.joined(later), self._blocks)

    def find_projects(self, query: str, *, limit: int = 20, similarity_min: float = 0.6) -> list[NameMatch]:
        """Projects whose name a query means, surest first; see `NameIndex.find`."""
        found = [block.projects.find(query, limit=limit, similarity_min=similarity_min) for block in self._blocks]
        return _surest(found)

    def find_applicants(self, query: str, *, limit: int = 20, similarity_min: float = 0.6) -> list[NameMatch]:
        """Applicants that a query means by name or short form, surest first."""
        found = [block.applicants.find(query, limit=limit, similarity_min=similarity_min) for block in self._blocks]
        return _surest(found)

    def find_sounding(self, query: str, *, limit: int = 20) -> list[NameMatch]:
        """Projects and applicants whose name sounds like the query: pinyin, or characters of the same sound."""
        return [
            match
            for block in self._blocks
            for names in (block.projects, block.applicants)
            for match in names.sounding(query, limit=limit)
        ][:limit]

    def with_amount(self, yuan: float) -> Ints:
        """Filings with that amount in any budget field, to the fen."""
        fen = round(yuan * 100)
        found = [np.empty(0, dtype=np.int64)]
        for block in self._blocks:
            low, high = np.searchsorted(block.amounts[:, 0], [fen, fen + 1])
            found.append(block.amounts[low:high, 1])
        return np.unique(np.concatenate(found))


class KeptHeaders:
    """Headers on disk, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        columns = {f"{kind}_{name}": column for kind in ("project", "applicant") for name, column in COLUMNS.items()}
        self._folder = folder
        self._columns = {**columns, "amounts": Column(np.int64, 2)}
        self._opened: ArrayLog | None = None

    def read(self) -> Headers:
        """What is kept; nothing where that is nothing, or can't be read."""
        try:
            return self._headers_of(self._log())
        except LibraryDamaged:
            return Headers()

    @staticmethod
    def _headers_of(log: ArrayLog) -> Headers:
        if not log.seq:
            return Headers()
        projects, applicants = (
            NameIndex({name: log[f"{kind}_{name}"] for name in COLUMNS}, bodies=bodies)
            for kind, bodies in (("project", False), ("applicant", True))
        )
        return Headers([_Block(projects, applicants, log["amounts"], log.extra["n_filings"], log.seq)])

    def keep(self, read_after: Callable[[int], Iterable[HeaderRow]], last: int) -> None:
        """Write all headers, where those with numbers up to `last` are so many more than what is kept (writers only)."""
        try:
            log = self._log()
        except LibraryDamaged:
            self.forget()
            log = self._log()
        kept = self._headers_of(log)
        if last - log.seq <= max(KEPT_MIN, KEPT_SHARE * len(kept)):
            return
        block = kept.joined(read_after(kept.last)).as_one()
        if block is None or block.last == log.seq:
            return
        arrays = {f"project_{name}": array for name, array in block.projects.arrays.items()}
        arrays |= {f"applicant_{name}": array for name, array in block.applicants.arrays.items()}
        log.replace({**arrays, "amounts": block.amounts}, block.last, n_filings=block.n_filings)

    def forget(self) -> None:
        """Keep nothing."""
        self._opened = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def verify(self) -> None:
        """Read everything and compare; raises LibraryDamaged where a file is not what was written."""
        self._open().verify()

    def _log(self) -> ArrayLog:
        """What is kept now; after the first time that costs one stat, where nothing was written since."""
        self._opened = self._open() if self._opened is None else self._opened.renewed()
        return self._opened

    def _open(self) -> ArrayLog:
        return ArrayLog(self._folder, self._columns, "names-2")


def _surest(found: list[list[NameMatch]]) -> list[NameMatch]:
    if len(found) == 1:
        return found[0]
    order = {"full": 0, "short": 1, "part": 2, "close": 2}
    return sorted((match for part in found for match in part), key=lambda m: (order[m.how], -m.similarity))
