"""What a rule is: a code, what it says, where it comes from, and a check that gives one of three outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfsearch.model.review import Evidence, Finding, Outcome, RuleInfo, Severity

if TYPE_CHECKING:
    from perfsearch.queries.review.draft import Draft


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that a check raises; `severity` where it differs from the rule's."""

    message: str
    evidence: tuple[Evidence, ...]
    compared_with: tuple[Evidence, ...] = ()
    settle: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says: hits, or that it is clear, does not apply, or lacks data (`reason` says what)."""

    outcome: Outcome
    hits: tuple[Hit, ...] = ()
    reason: str | None = None


def verdict(hits: Iterable[Hit]) -> Verdict:
    """A finding where there are hits, else clear."""
    kept = tuple(hits)
    return Verdict("finding" if kept else "clear", kept)


def not_applicable(reason: str) -> Verdict:
    """The rule is about something that the form or the project does not have."""
    return Verdict("not_applicable", reason=reason)


def insufficient(reason: str) -> Verdict:
    """The rule applies, but what it needs is missing or can't be told."""
    return Verdict("insufficient_data", reason=reason)


Check = Callable[["Draft"], Verdict]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `check` is pure: it sees the draft and what the library measured, and stores nothing."""

    code: str
    severity: Severity
    title: str
    explanation: str
    source: str
    settle: str
    check: Check
    needs_library: bool = False

    @property
    def family(self) -> str:
        """What stands before the dot of the code."""
        return self.code.partition(".")[0]

    def info(self, enabled: bool) -> RuleInfo:
        """The rule as it is listed."""
        return RuleInfo(
            code=self.code,
            family=self.family,
            severity=self.severity,
            title=self.title,
            explanation=self.explanation,
            source=self.source,
            settle=self.settle,
            needs_library=self.needs_library,
            enabled=enabled,
        )

    def finding(self, hit: Hit, filing_id: str) -> Finding:
        """A hit with what the rule says of all its hits."""
        return Finding(
            code=self.code,
            severity=hit.severity or self.severity,
            title=self.title,
            message=hit.message,
            evidence=hit.evidence,
            compared_with=hit.compared_with,
            settle=hit.settle or self.settle,
            source=self.source,
            filing_id=filing_id,
        )
