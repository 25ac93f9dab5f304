"""The header fields of every filing in memory: what lanes look up without touching the records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.names import NameIndex


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One filing's header as the lanes need it; amounts in yuan."""

    filing_no: int
    filing_id: str
    fiscal_year: int | None
    applicant: str | None
    project_name: str | None
    amounts: tuple[float, ...]


class Headers:
    """Header fields by value; each structure is built when it is first asked for."""

    def __init__(self, rows: Iterable[HeaderRow]) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def projects(self) -> NameIndex:
        """Project names."""
        return NameIndex((row.filing_no, row.project_name) for row in self._rows if row.project_name)

    @cached_property
    def applicants(self) -> NameIndex:
        """Applicants, under their short forms too."""
        return NameIndex(((row.filing_no, row.applicant) for row in self._rows if row.applicant), shorten=True)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {row.filing_id: row.filing_no for row in self._rows}

    @cached_property
    def _amounts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Amounts in fen, ascending, and the filing of each."""
        pairs = sorted((round(amount * 100), row.filing_no) for row in self._rows for amount in set(row.amounts))
        table = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    @cached_property
    def _years(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows = [(row.fiscal_year, row.filing_no) for row in self._rows if row.fiscal_year is not None]
        table = np.asarray(rows, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def with_id(self, filing_id: str) -> NDArray[np.int64]:
        """The filing of that id, or none."""
        number = self._ids.get(filing_id)
        return np.asarray([] if number is None else [number], dtype=np.int64)

    def with_amount(self, yuan: float) -> NDArray[np.int64]:
        """Filings with that amount in any budget field, to the fen."""
        amounts, numbers = self._amounts
        fen = round(yuan * 100)
        low, high = np.searchsorted(amounts, [fen, fen + 1])
        return np.unique(numbers[low:high])

    def with_year(self, year: int) -> NDArray[np.int64]:
        """Filings of that fiscal year."""
        years, numbers = self._years
        found: NDArray[np.int64] = numbers[years == year]
        return found
