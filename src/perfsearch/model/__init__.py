"""The frozen values that the stages exchange; their `model_dump(mode="json")` is the public JSON."""

from perfsearch.model.answers import (
    AddReport,
    Explanation,
    FilingSummary,
    Rejection,
    Scores,
    SearchHit,
    SearchResult,
)
from perfsearch.model.base import Value
from perfsearch.model.filing import (
    SECTIONS,
    Budget,
    Citation,
    Filing,
    Indicator,
    Place,
    Source,
    TargetValue,
    Warning,
)
from perfsearch.model.filters import Filters, parse_amount, parse_budget_range, parse_year_range

__all__ = [
    "SECTIONS",
    "AddReport",
    "Budget",
    "Citation",
    "Explanation",
    "Filing",
    "FilingSummary",
    "Filters",
    "Indicator",
    "Place",
    "Rejection",
    "Scores",
    "SearchHit",
    "SearchResult",
    "Source",
    "TargetValue",
    "Value",
    "Warning",
    "parse_amount",
    "parse_budget_range",
    "parse_year_range",
]
