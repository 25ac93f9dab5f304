"""The review of a draft: rules over each of its filings, and what the library knows of such projects."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from perfsearch.extract.catalogue import shipped_catalogue
from perfsearch.extract.indicators import Dimension, dimension, fold_indicator, is_process
from perfsearch.extract.policy_findings import policy_findings
from perfsearch.model import Filing, FilingSummary, Filters, SearchHit
from perfsearch.model.review import (
    SEVERITIES,
    Applicant,
    FilingReview,
    Finding,
    MissingIndicator,
    ReviewReport,
    SimilarProject,
)
from perfsearch.queries.duplicates import duplicates
from perfsearch.queries.indicators import standing_filings
from perfsearch.queries.policies import findings as basis_findings
from perfsearch.queries.policies import missing_policies
from perfsearch.queries.recommending import neighbours, recommend
from perfsearch.queries.review.draft import Draft, Measured, Use
from perfsearch.queries.review.rule import Rule
from perfsearch.queries.review.rules import apply_rules, find_rules, list_rules

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

SIMILAR_SHOWN = 10
MISSING_SHOWN = 12
SUPPORT_MIN = 0.25
"""An indicator that fewer of the similar filings have is one of their peculiarities."""
APPLICANTS_SHOWN = 5
PRECEDENT_SHARE = 0.7


def review(
    view: View | None, filings: Sequence[Filing], path: str, *, off: Collection[str] = (), details: bool = True
) -> ReviewReport:
    """Review the filings of one file. Without a view (no library) the rules that need one lack data.

    `off` are codes or families of rules that are switched off. Without `details` only what the rules need is asked of
    the library, for the review of many drafts.

    Raises:
        UsageError: `off` names an unknown rule.
    """
    started = time.perf_counter()
    rules = find_rules(off)
    reviews = [_review_one(view, filing, rules, details) for filing in filings]
    findings = tuple(finding for one in reviews for finding in one.findings)
    messages = (
        () if view is not None and view.n_filings else ("没有库或库是空的：没有比较重复文字、相似项目和实际用法。",)
    )
    return ReviewReport(
        path=path,
        findings=findings,
        reviews=tuple(reviews),
        rules=tuple(rule for rule in list_rules(off) if rule.enabled),
        library_filings=view.n_filings if view is not None else 0,
        took_ms=round((time.perf_counter() - started) * 1000, 3),
        messages=messages,
    )


def _review_one(view: View | None, filing: Filing, rules: Collection[Rule], details: bool) -> FilingReview:
    usable = view if view is not None and view.n_filings else None
    hits = neighbours(usable, filing) if usable is not None else []
    measured = (
        measure(usable, filing, hits)
        if usable is not None
        else Measured(bases=policy_findings(filing, shipped_catalogue()))
    )
    found, outcomes = apply_rules(Draft(filing, measured), rules)
    found = _without_echoes(found)
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    amount = filing.budget.current_year if filing.budget.current_year is not None else filing.budget.total
    result = FilingReview(
        filing_id=filing.id,
        source=filing.source,
        form=filing.form,
        fiscal_year=filing.fiscal_year,
        applicant=filing.applicant,
        project_name=filing.project_name,
        budget=amount,
        findings=tuple(found),
        outcomes=tuple(outcomes),
        duplicates=measured.duplicates,
        similar=tuple(measured.similar[:SIMILAR_SHOWN]),
    )
    if usable is None or not details:
        return result
    return result.model_copy(update=_precedents(usable, filing, hits, measured))


def _precedents(view: View, filing: Filing, hits: list[SearchHit], measured: Measured) -> dict[str, object]:
    """What filings like the draft have and the draft lacks, and who files them."""
    # Policies follow the subject more closely than indicators do: only of the filings that are nearly as like as the best.
    ids = [hit.filing_id for hit in hits if hit.score >= PRECEDENT_SHARE * hits[0].score]
    found = recommend(view, filing, hits, sets=False)
    indicators = [
        MissingIndicator(
            name=one.name,
            level1=one.level1,
            level2=one.level2,
            support=one.support,
            filings=one.filings,
            typical_target=one.typical_target,
        )
        for group in found.recommended
        for one in group.indicators
        if one.support >= SUPPORT_MIN and dimension(one.level1, one.level2) != "management"
    ]
    indicators.sort(key=lambda one: -one.support)
    return {
        "missing_policies": missing_policies(view, filing, ids).missing if ids else (),
        "missing_indicators": tuple(indicators[:MISSING_SHOWN]),
        "applicants": tuple(_applicants(measured.similar)),
    }


def _applicants(similar: Sequence[SimilarProject]) -> list[Applicant]:
    """Who has filed projects like the draft most often."""
    years: dict[str, list[int]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for project in similar:
        if project.applicant:
            counts[project.applicant] += 1
            if project.fiscal_year is not None:
                years[project.applicant].append(project.fiscal_year)
    return [
        Applicant(applicant=name, filings=count, years=tuple(sorted(set(years[name]))))
        for name, count in counts.most_common(APPLICANTS_SHOWN)
    ]


def _without_echoes(findings: list[Finding]) -> list[Finding]:
    """Without a finding of copied text where another rule says the same of the same words."""
    spans = {
        (e.section, e.start, e.end) for f in findings if f.code.startswith("form.") for e in f.evidence if e.section
    }
    return [
        f
        for f in findings
        if f.code != "copy.not-updated"
        or not any(s == e.section and _overlap(a, b, e.start, e.end) for s, a, b in spans for e in f.evidence)
    ]


def _overlap(a: int | None, b: int | None, c: int | None, d: int | None) -> bool:
    return None not in (a, b, c, d) and max(a or 0, c or 0) < min(b or 0, d or 0)


# -- what the library knows


def measure(view: View, filing: Filing, hits: Sequence[SearchHit]) -> Measured:
    """What the library knows of a draft, itself left out."""
    own = view.filing_no(filing.id) if filing.id else None
    return Measured(
        n_filings=view.n_filings,
        uses=_uses(view, filing, own),
        previous=_previous(view, filing),
        similar=_similar(view, hits),
        bases=basis_findings(view, filing),
        duplicates=duplicates(view, filing),
    )


def _uses(view: View, filing: Filing, own: int | None) -> dict[str, Use]:
    """How the library uses the draft's indicators; of process indicators nothing need be measured."""
    index = view.indicators
    codes = index.codes_of_folds(
        fold for row in filing.indicators if (fold := fold_indicator(row.name)) and not is_process(row.name)
    )
    if not codes:
        return {}
    standing = standing_filings(view)
    if own is not None and own < len(standing):
        standing[own] = False
    found = {}
    for fold, code in codes.items():
        mine = index.rows_of_folds([code], standing)
        if not len(mine):
            continue
        dimensions: Counter[Dimension] = Counter()
        for level, count in enumerate(np.bincount(index["row_level"][mine]).tolist()):
            if count:
                dimensions[dimension(*index.level(level))] += count
        numbered = mine[~np.isnan(index["row_number"][mine])]
        units: dict[str | None, int] = {}
        for unit, count in enumerate(np.bincount(index["row_unit"][numbered] + 1).tolist() if len(numbered) else []):
            if count:
                units[index.text("units", unit - 1) if unit else None] = count
        found[fold] = Use(len(np.unique(index["row_filing"][mine])), dimensions, units)
    return found


def _previous(view: View, filing: Filing) -> Filing | None:
    """The same project's filing of the year before, if there is just one."""
    lineage = view.lineage_of(filing)
    if lineage is None or filing.fiscal_year is None:
        return None
    year = filing.fiscal_year - 1
    numbers = view.filing_nos(Filters(lineage=lineage, year_from=year, year_to=year))
    return view.filing(int(numbers[0])) if len(numbers) == 1 else None


def _similar(view: View, hits: Sequence[SearchHit]) -> list[SimilarProject]:
    numbers = [number for hit in hits if (number := view.filing_no(hit.filing_id)) is not None]
    known: dict[str, FilingSummary] = {s.id: s for s in view.store.summaries(numbers).values()}
    found = []
    for hit in hits:
        summary = known.get(hit.filing_id)
        if summary is None:
            continue
        budget = summary.budget
        found.append(
            SimilarProject(
                filing_id=hit.filing_id,
                fiscal_year=hit.fiscal_year,
                applicant=hit.applicant,
                project_name=hit.project_name,
                budget=budget.current_year if budget.current_year is not None else budget.total,
                similarity=round(hit.score, 4),
                same_project=hit.lineage == "same-project",
            )
        )
    return found
