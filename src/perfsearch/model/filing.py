"""One filled form, and what is read out of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from perfsearch.model.base import Value

SECTIONS = (
    "overview",
    "basis",
    "necessity",
    "safeguards",
    "plan",
    "goals",
    "annual_goals",
    "executor",
    "schedule",
    "budget_plan",
)
"""Names of the sections of prose over all forms, in the order in which answers show them."""


class Place(Value):
    """Where something stands on the page: 1-based page, and the box in points from the page's top left corner.

    The box is x0, y0, x1, y1. A page of an image is as large as the image's resolution says, or an A4 page high.
    """

    page: int
    box: tuple[float, float, float, float] | None = None


class Source(Value):
    """The file a filing came from; `index` counts the filings within the file from 0, `pages` are 1-based."""

    file: str
    index: int = 0
    pages: tuple[int, ...] | None = None
    path: str | None = Field(None, exclude=True)
    """Absolute path on the machine that read it; never part of the public JSON."""


class Budget(Value):
    """Amounts in yuan; null where the form has no such field or it is blank."""

    total: float | None = None
    total_fiscal: float | None = None
    total_other: float | None = None
    current_year: float | None = None
    current_year_fiscal: float | None = None
    carried_over: float | None = None
    current_year_other: float | None = None
    previous_year: float | None = None
    previous_year_executed: float | None = None


class TargetValue(Value):
    """A target as a condition: `number` compared by `op` (=, >=, <=, >, <) in `unit`; null parts where it has none."""

    op: str | None = None
    number: float | None = None
    number_to: float | None = None
    """Upper end, where the target is a range."""
    unit: str | None = None
    qualitative: str | None = None
    """The word (合理, 健全, 提升) where the target has no number."""


class Indicator(Value):
    """One row of the indicator table, as printed; `value` is the parsed target."""

    level1: str
    level2: str
    name: str
    target: str
    value: TargetValue | None = None
    place: Place | None = None


class Citation(Value):
    """One mention of a policy; `start` and `end` are half-open code-point offsets into the section."""

    section: str
    start: int
    end: int
    text: str
    title: str | None = None
    document_number: str | None = None
    issuer: str | None = None
    kind: Literal["law", "policy", "plan", "internal", "meeting", "other"] = "other"
    implicit: bool = False
    pinpoint: str | None = None
    policy_id: str | None = None


class Warning(Value):
    """What could not be read, or was read against the form: a stable code, a sentence, and the field it concerns."""

    code: str
    message: str
    field: str | None = None


class Filing(Value):
    """One filled form. Fields are null where the form has none or they are blank; sections keep misprints."""

    id: str = ""
    source: Source
    form: str = "unknown"
    fiscal_year: int | None = None
    applicant: str | None = None
    department: str | None = None
    project_name: str | None = None
    category: str | None = None
    project_nature: str | None = None
    performance_type: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    government_procurement: bool | None = None
    budget: Budget = Budget()
    sections: dict[str, str] = Field(default_factory=dict)
    indicators: tuple[Indicator, ...] = ()
    citations: tuple[Citation, ...] = ()
    warnings: tuple[Warning, ...] = ()
    places: dict[str, tuple[Place, ...]] | None = None
    """Where each section and header field stands, by name, if the reader knows it."""
