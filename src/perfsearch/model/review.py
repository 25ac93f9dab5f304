"""What the review of a draft says: rules, their outcomes, findings and the evidence of each."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import computed_field

from perfsearch.model.base import Value
from perfsearch.model.duplicates import DuplicateReport
from perfsearch.model.filing import Source
from perfsearch.model.policies import MissingPolicy

Severity = Literal["error", "warning", "notice"]
Outcome = Literal["finding", "clear", "not_applicable", "insufficient_data"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")
"""From what can't stand to what a reader should look at."""


class Evidence(Value):
    """Where something stands and what it says, verbatim.

    A `field` of the header (budget.total, end_date), offsets into a `section`, or a `row` of the indicator table (from 0).
    `filing_id` is set where it stands in another filing.
    """

    text: str
    field: str | None = None
    section: str | None = None
    start: int | None = None
    end: int | None = None
    row: int | None = None
    filing_id: str | None = None


class Finding(Value):
    """What a rule found: where, against what, and what would settle it."""

    code: str
    severity: Severity
    title: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    compared_with: tuple[Evidence, ...] = ()
    settle: str
    source: str
    filing_id: str | None = None


class RuleOutcome(Value):
    """What became of one rule; `reason` says why it does not apply or what it lacks."""

    code: str
    outcome: Outcome
    reason: str | None = None
    findings: int = 0


class RuleInfo(Value):
    """One rule as `perfsearch rules` lists it."""

    code: str
    family: str
    severity: Severity
    title: str
    explanation: str
    source: str
    settle: str
    needs_library: bool = False
    enabled: bool = True


class SimilarProject(Value):
    """A past project like the draft."""

    filing_id: str
    fiscal_year: int | None = None
    applicant: str | None = None
    project_name: str | None = None
    budget: float | None = None
    similarity: float
    same_project: bool = False


class Applicant(Value):
    """Who has filed such projects, and how often."""

    applicant: str
    filings: int
    years: tuple[int, ...] = ()


class MissingIndicator(Value):
    """An indicator that similar filings have and the draft lacks."""

    name: str
    level1: str
    level2: str
    support: float
    filings: int
    typical_target: str


class FilingReview(Value):
    """One filing of the draft, reviewed."""

    filing_id: str
    source: Source
    form: str
    fiscal_year: int | None = None
    applicant: str | None = None
    project_name: str | None = None
    budget: float | None = None
    findings: tuple[Finding, ...] = ()
    outcomes: tuple[RuleOutcome, ...] = ()
    duplicates: DuplicateReport | None = None
    similar: tuple[SimilarProject, ...] = ()
    missing_policies: tuple[MissingPolicy, ...] = ()
    missing_indicators: tuple[MissingIndicator, ...] = ()
    applicants: tuple[Applicant, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        return {severity: sum(f.severity == severity for f in self.findings) for severity in SEVERITIES}


class ReviewReport(Value):
    """The review of one file: `findings` of all its filings, each with its `filing_id`, and the filings one by one."""

    path: str
    findings: tuple[Finding, ...] = ()
    reviews: tuple[FilingReview, ...] = ()
    rules: tuple[RuleInfo, ...] = ()
    library_filings: int = 0
    took_ms: float = 0.0
    messages: tuple[str, ...] = ()
    """What could not be looked at, in a sentence each."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        return {severity: sum(f.severity == severity for f in self.findings) for severity in SEVERITIES}

    def brief(self) -> dict[str, Any]:
        """One line of a summary table: path, filings and findings by severity."""
        return {"path": self.path, "filings": len(self.reviews), **self.counts}
