"""Read text by the forms, and compare a filing with what was printed: white space aside, as the gold is compared."""

from __future__ import annotations

from collections import Counter
from typing import Any

from perfsearch.forms import read_filings
from perfsearch.model import Filing
from perfsearch.readers import read_bytes

HEADER = (
    "fiscal_year",
    "applicant",
    "project_name",
    "category",
    "performance_type",
    "start_date",
    "end_date",
    "government_procurement",
)
ROW = ("level1", "level2", "name", "target")


def read(text: str) -> list[Filing]:
    """The filings of a text."""
    return read_filings(read_bytes(text.encode(), "filing.txt"))


def bare(value: Any) -> Any:
    """A value without white space; blank is None."""
    return "".join(value.split()) or None if isinstance(value, str) else value


def rows(indicators: Any) -> Counter[tuple[Any, ...]]:
    """Indicator rows as a multiset."""
    return Counter(
        tuple(bare(row[key] if isinstance(row, dict) else getattr(row, key)) for key in ROW) for row in indicators
    )


def differences(filing: Filing, expected: Any) -> list[str]:
    """What a filing has otherwise than expected, one line a field; empty where it is right."""
    found = [
        f"{name}: {getattr(filing, name)!r}, expected {expected[name]!r}"
        for name in HEADER
        if bare(getattr(filing, name)) != bare(expected[name])
    ]
    for name, value in expected["budget"].items():
        if getattr(filing.budget, name) != value:
            found.append(f"budget.{name}: {getattr(filing.budget, name)}, expected {value}")
    for name, text in expected["sections"].items():
        if bare(filing.sections.get(name)) != bare(text):
            found.append(f"{name}: {filing.sections.get(name)!r}, expected {text!r}")
    got, wanted = rows(filing.indicators), rows(expected["indicators"])
    found += [f"row gained: {row}" for row in (got - wanted).elements()]
    found += [f"row lost: {row}" for row in (wanted - got).elements()]
    return found
