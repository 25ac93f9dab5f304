"""How the filings that a search or a filter finds spread over years, names, sections and amounts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perfsearch.model import Filters
from perfsearch.model.facets import BudgetBand, FacetCount, Facets, YearTotals
from perfsearch.queries.search import matching_chunks

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

VALUES_MAX = 20
"""Values of one field that an answer lists."""
BANDS = (0.0, 50_000.0, 100_000.0, 500_000.0, 1_000_000.0, 5_000_000.0, 10_000_000.0)
"""Lower bounds in yuan: the sample filings' quartiles are near 10, 50 and 100 万."""

_SECTIONS_MAX = 256
"""Sections are coded in one byte."""

Ints = NDArray[np.int64]


def facets(view: View, query: str | None = None, *, filters: Filters | None = None, mode: str = "hybrid") -> Facets:
    """Counts over all filings that answer `query` within the filters; over all that the filters let through without one.

    Raises:
        UsageError: an unknown mode.
    """
    narrowed = filters or Filters()
    if query is not None and query.strip():
        chunks = matching_chunks(view, query, filters=narrowed, mode=mode)
        numbers: Ints = np.unique(view.filing_of(chunks))
    else:
        numbers = view.filing_nos(narrowed.of_filings())
        chunks = view.catalog.chunks_of(numbers, narrowed.section)
        if narrowed.section is not None:
            numbers = np.unique(view.filing_of(chunks))
    columns = view.catalog.columns_of(numbers)
    return Facets(
        total=len(numbers),
        years=_years(columns["fiscal_year"], columns["budget"]),
        applicants=_names(view, columns["applicant"]),
        categories=_names(view, columns["category"]),
        performance_types=_names(view, columns["performance_type"]),
        forms=_names(view, columns["form"]),
        sections=_sections(view, chunks),
        budgets=_bands(columns["budget"]),
    )


def _names(view: View, codes: NDArray[np.int32]) -> tuple[FacetCount, ...]:
    values, counts = np.unique(codes[codes >= 0], return_counts=True)
    best = np.lexsort((values, -counts))[:VALUES_MAX]
    names = view.catalog.names_of(values[best])
    return tuple(FacetCount(value=name, filings=int(counts[i])) for name, i in zip(names, best, strict=True))


def _sections(view: View, chunks: Ints) -> tuple[FacetCount, ...]:
    filings, sections = view.filing_of(chunks), view.catalog["chunk_section"][chunks].astype(np.int64)
    pairs = np.unique(filings * _SECTIONS_MAX + sections)  # a filing counts once however many passages it has there
    codes, counts = np.unique(pairs % _SECTIONS_MAX, return_counts=True)
    names = view.catalog.sections
    order = np.lexsort((codes, -counts))
    return tuple(FacetCount(value=names[codes[i]], filings=int(counts[i])) for i in order)


def _years(years: NDArray[np.int16], budgets: NDArray[np.float64]) -> tuple[YearTotals, ...]:
    found = []
    for year in np.unique(years[years >= 0]).tolist():
        amounts = budgets[years == year]
        known = amounts[~np.isnan(amounts)]
        found.append(
            YearTotals(
                year=year,
                filings=len(amounts),
                budget_sum=round(float(known.sum()), 2) if len(known) else None,
                budget_median=round(float(np.median(known)), 2) if len(known) else None,
            )
        )
    return tuple(found)


def _bands(budgets: NDArray[np.float64]) -> tuple[BudgetBand, ...]:
    known = budgets[~np.isnan(budgets)]
    bounds = [*BANDS, None]
    found = []
    for low, high in pairwise(bounds):
        inside = (known >= (low or 0.0)) & (known < (np.inf if high is None else high))
        if inside.any():
            found.append(BudgetBand(low=low, high=high, filings=int(inside.sum())))
    return tuple(found)
