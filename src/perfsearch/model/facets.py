"""How the filings of an answer spread over years, names and amounts."""

from __future__ import annotations

from perfsearch.model.base import Value


class FacetCount(Value):
    """One value of a field, and how many filings have it."""

    value: str
    filings: int


class BudgetBand(Value):
    """Filings whose total budget (else the current year's) is in `low` <= yuan < `high`; null is open."""

    low: float | None = None
    high: float | None = None
    filings: int


class YearTotals(Value):
    """One fiscal year: filings, and the sum and median of their budgets in yuan; null where none has one."""

    year: int
    filings: int
    budget_sum: float | None = None
    budget_median: float | None = None


class Facets(Value):
    """Counts over the `total` filings of an answer, most frequent first, years ascending."""

    total: int
    years: tuple[YearTotals, ...] = ()
    applicants: tuple[FacetCount, ...] = ()
    categories: tuple[FacetCount, ...] = ()
    performance_types: tuple[FacetCount, ...] = ()
    forms: tuple[FacetCount, ...] = ()
    sections: tuple[FacetCount, ...] = ()
    """Filings that have a passage in the section; for a query, a passage that answers it."""
    budgets: tuple[BudgetBand, ...] = ()
    message: str | None = None
