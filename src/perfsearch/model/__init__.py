"""The frozen values that the stages exchange; their `model_dump(mode="json")` is the public JSON."""

from perfsearch.model.answers import (
    AddReport,
    Explanation,
    FilingSummary,
    Rejection,
    SearchHit,
    SearchResult,
    Scores,
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

__all__ = [
    "SECTIONS",
    "AddReport",
    "Budget",
    "Citation",
    "Explanation",
    "Filing",
    "FilingSummary",
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
]
