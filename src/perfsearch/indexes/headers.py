"""The header fields of every filing in memory: what lanes look up without touching the records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.names import NameIndex, NameMatch

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One filing's header as the lanes need it; amounts in yuan."""

    filing_no: int
    filing_id: str
    fiscal_year: int | None
    applicant: str | None
    project_name: str | None
    amounts: tuple[float, ...]


TAIL_SHARE = 0.1
TAIL_MIN = 500
"""Filings that came since the structures were built are looked up in structures of their own (500: 20 ms to build),
until they are a tenth of all."""


class Headers:
    """Header fields by value; each structure is built when it is first asked for.

    Built once and carried from view to view: what is under a filing number never changes, so only what came since is
    read (`joined`). Numbers of filings that went since may come out; whoever asks drops what its view does not know.
    """

    def __init__(self, rows: Iterable[HeaderRow], base: Headers | None = None) -> None:
        self._rows = list(rows)
        self._base = base

    def __len__(self) -> int:
        return len(self._rows) + (len(self._base) if self._base is not None else 0)

    @property
    def last(self) -> int:
        """The greatest filing number that was read, 0 where there is none."""
        own = self._rows[-1].filing_no if self._rows else 0
        return max(own, self._base.last if self._base is not None else 0)

    def joined(self, rows: Iterable[HeaderRow]) -> Headers:
        """These and further filings, with greater numbers; what is built already is kept."""
        fresh = list(rows)
        if not fresh:
            return self
        base, tail = (self, fresh) if self._base is None else (self._base, [*self._rows, *fresh])
        if len(tail) > max(TAIL_MIN, TAIL_SHARE * len(base)):
            return Headers([*base._rows, *tail])
        return Headers(tail, base)

    def _parts(self) -> tuple[Headers, ...]:
        return (self,) if self._base is None else (self._base, self)

    def find_projects(self, query: str, *, limit: int = 20, similarity_min: float = 0.6) -> list[NameMatch]:
        """Projects whose name a query means, surest first; see `NameIndex.find`."""
        return _surest(
            [part._projects.find(query, limit=limit, similarity_min=similarity_min) for part in self._parts()]
        )

    def find_applicants(self, query: str, *, limit: int = 20, similarity_min: float = 0.6) -> list[NameMatch]:
        """Applicants that a query means by name or short form, surest first."""
        return _surest(
            [part._applicants.find(query, limit=limit, similarity_min=similarity_min) for part in self._parts()]
        )

    def find_sounding(self, query: str, *, limit: int = 20) -> list[NameMatch]:
        """Projects and applicants whose name sounds like the query: pinyin, or characters of the same sound."""
        return [
            match
            for part in self._parts()
            for names in (part._projects, part._applicants)
            for match in names.sounding(query, limit=limit)
        ][:limit]

    def with_id(self, filing_id: str) -> Ints:
        """The filings of that id, in whatever version."""
        found = [part._ids[filing_id] for part in self._parts() if filing_id in part._ids]
        return np.asarray(found, dtype=np.int64)

    def with_amount(self, yuan: float) -> Ints:
        """Filings with that amount in any budget field, to the fen."""
        fen = round(yuan * 100)
        found = []
        for part in self._parts():
            amounts, numbers = part._amounts
            low, high = np.searchsorted(amounts, [fen, fen + 1])
            found.append(numbers[low:high])
        return np.unique(np.concatenate(found))

    def with_year(self, year: int) -> Ints:
        """Filings of that fiscal year."""
        return np.concatenate([part._years[1][part._years[0] == year] for part in self._parts()])

    @cached_property
    def _projects(self) -> NameIndex:
        return NameIndex((row.filing_no, row.project_name) for row in self._rows if row.project_name)

    @cached_property
    def _applicants(self) -> NameIndex:
        return NameIndex(((row.filing_no, row.applicant) for row in self._rows if row.applicant), shorten=True)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {row.filing_id: row.filing_no for row in self._rows}

    @cached_property
    def _amounts(self) -> tuple[Ints, Ints]:
        """Amounts in fen, ascending, and the filing of each."""
        pairs = sorted((round(amount * 100), row.filing_no) for row in self._rows for amount in set(row.amounts))
        table = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    @cached_property
    def _years(self) -> tuple[Ints, Ints]:
        rows = [(row.fiscal_year, row.filing_no) for row in self._rows if row.fiscal_year is not None]
        table = np.asarray(rows, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]


def _surest(found: list[list[NameMatch]]) -> list[NameMatch]:
    if len(found) == 1:
        return found[0]
    order = {"full": 0, "short": 1, "part": 2, "close": 2}
    return sorted((match for part in found for match in part), key=lambda m: (order[m.how], -m.similarity))
