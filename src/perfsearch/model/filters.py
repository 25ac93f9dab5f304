"""What narrows an answer: a condition on the header of a filing, its section or what it cites."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import model_validator

from perfsearch.errors import UsageError
from perfsearch.model.base import Value

_ENDS = {"year": ("from", "to"), "budget": ("min", "max")}
CONDITIONS = frozenset(_ENDS)
"""Names that `named_conditions` takes beside the fields of `Filters`."""
_N = TypeVar("_N", int, float)
_AMOUNT = re.compile(r"^\s*(\d+(?:,\d{3})*(?:\.\d+)?)\s*(亿|万|千)?元?\s*$")
_UNIT = {None: 1, "": 1, "千": 1_000, "万": 10_000, "亿": 100_000_000}


class Filters(Value):
    """Conditions that all must hold; None is no condition.

    Names (`applicant`, `department`, `project_name`, `category`, `performance_type`, `project_nature`) hold where the
    field contains the given text, white space and width aside. Years and amounts (yuan, of `budget.total`, else of
    `budget.current_year`) are closed ranges. `section` narrows passages, everything else narrows filings.
    """

    section: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    applicant: str | None = None
    department: str | None = None
    project_name: str | None = None
    category: str | None = None
    performance_type: str | None = None
    project_nature: str | None = None
    form: str | None = None
    government_procurement: bool | None = None
    budget_min: float | None = None
    budget_max: float | None = None
    start_from: str | None = None
    end_to: str | None = None
    cites: str | None = None
    lineage: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Filters:
        if self.year_from is not None and self.year_to is not None and self.year_from > self.year_to:
            raise ValueError(f"year range {self.year_from}..{self.year_to} ends before it starts")
        if self.budget_min is not None and self.budget_max is not None and self.budget_min > self.budget_max:
            raise ValueError(f"budget range {self.budget_min}..{self.budget_max} ends before it starts")
        return self

    def is_empty(self) -> bool:
        """Whether nothing is narrowed."""
        return all(value is None for value in self.__dict__.values())

    def of_filings(self) -> Filters:
        """The same without the conditions on passages."""
        return self.model_copy(update={"section": None})


def named_conditions(**named: Any) -> dict[str, Any]:
    """Conditions as people name them, as fields of `Filters`: `year` (2020, "2018..2020") and `budget` ("10万..50万").

    A `year` or `budget` may also be a pair; everything else is passed on as it is.

    Raises:
        UsageError: a range is none.
    """
    for name, parse in (("year", parse_year_range), ("budget", parse_budget_range)):
        value = named.pop(name, None)
        if value is not None:
            low, high = value if isinstance(value, tuple | list) else parse(str(value))
            named.update({f"{name}_{end}": bound for end, bound in zip(_ENDS[name], (low, high), strict=True)})
    return named


def parse_year_range(text: str) -> tuple[int | None, int | None]:
    """Read `2020`, `2018..2020`, `..2020` or `2018..` as a closed range of years.

    Raises:
        UsageError: the text is none of these.
    """
    match = re.fullmatch(r"\s*(\d{4})?\s*(\.\.)?\s*(\d{4})?\s*", text)
    if not match or not (match[1] or match[3]) or (match[1] and match[3] and not match[2]):
        raise UsageError(f"year {text!r}: expected a year such as 2020, or a range such as 2018..2020", "year")
    low = int(match[1]) if match[1] else None
    high = int(match[3]) if match[3] else None
    return (low, low) if not match[2] else _ordered_range(low, high, text, "year")


def parse_amount(text: str) -> float:
    """Read an amount in yuan: `540000`, `540,000`, `54万`, `54万元`, `1.2亿`.

    Raises:
        UsageError: the text is no amount.
    """
    match = _AMOUNT.match(text)
    if not match:
        raise UsageError(f"budget {text!r}: expected an amount in yuan such as 540000 or 54万", "budget")
    return float(match[1].replace(",", "")) * _UNIT[match[2]]


def parse_budget_range(text: str) -> tuple[float | None, float | None]:
    """Read `100000..500000`, `10万..50万`, `50万..`, `..50万` or one amount as a closed range in yuan.

    Raises:
        UsageError: the text is none of these.
    """
    low, dots, high = text.partition("..")
    if not dots:
        amount = parse_amount(text)
        return amount, amount
    if not low.strip() and not high.strip():
        raise UsageError(f"budget {text!r}: expected a range such as 100000..500000", "budget")
    return _ordered_range(
        parse_amount(low) if low.strip() else None, parse_amount(high) if high.strip() else None, text, "budget"
    )


def _ordered_range(low: _N | None, high: _N | None, text: str, field: str) -> tuple[_N | None, _N | None]:
    if low is not None and high is not None and low > high:
        raise UsageError(f"{field} range {text!r} ends before it starts", field)
    return low, high
