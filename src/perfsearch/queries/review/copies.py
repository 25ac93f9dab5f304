"""Rules of copied text and of budgets out of line: what the library's filings say about the draft."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perfsearch.model import DuplicateMatch, StaleFinding
from perfsearch.model.review import Evidence
from perfsearch.queries.review.draft import SECTION_NAMES, Draft, yuan
from perfsearch.queries.review.rule import Check, Hit, Verdict, insufficient, not_applicable, verdict

OTHER_UNIT_SHARE = 0.2
"""Share of a filing's text that stands in other units' older filings, quotations and stock sentences aside. Of the ten
copies planted in the sample nine have 0.24 to 0.81 and one 0.17; filings that copy nothing at most 0.13."""
WITHIN_SHARE = 0.6
WITHIN_LENGTH_MIN = 60
NEIGHBOURS_MIN = 5
NEIGHBOUR_SIMILARITY = 0.55
OUT_OF_LINE = 3.0
"""Three times the largest, or a third of the smallest, of at least five like projects."""


def _other_unit(draft: Draft) -> Verdict:
    report = draft.measured.duplicates if draft.measured else None
    if report is None:
        return insufficient("没有可供比较的库")
    # Whoever wrote first has copied from nobody.
    matches = [
        m
        for m in report.matches
        if m.category == "other_unit" and not m.boilerplate and not m.within_filing and m.first != "this"
    ]
    # Neither has who takes over what his own earlier filings say.
    own = [m for m in report.matches if m.category in ("own_project", "own_unit") and m.first != "this"]
    share = _covered(draft, matches, own) / max(1, report.rates.characters)
    if share < OTHER_UNIT_SHARE:
        return verdict(())
    matches.sort(key=lambda m: (m.start - m.end, m.section, m.start))
    longest: list[DuplicateMatch] = []
    for match in matches:
        if all(
            match.section != other.section or match.end <= other.start or other.end <= match.start for other in longest
        ):
            longest.append(match)
    evidence = tuple(draft.at(m.section, m.start, m.end) for m in longest[:4])
    against = tuple(
        Evidence(
            text=m.source_text,
            section=m.source_section,
            start=m.source_start,
            end=m.source_end,
            filing_id=m.source_filing_id,
        )
        for m in longest[:4]
    )
    message = f"{share:.0%} 的文字与其他单位更早的申报表相同或基本相同（已除去引文和套话）。"
    return verdict([Hit(message, evidence, against)])


def _covered(draft: Draft, matches: Sequence[DuplicateMatch], own: Sequence[DuplicateMatch]) -> int:
    """Letters, digits and ideographs that stand in at least one match, and in none of the applicant's own."""
    masks: dict[str, bytearray] = {}
    for group, mark in ((matches, 1), (own, 0)):
        for match in group:
            mask = masks.setdefault(match.section, bytearray(len(draft.text(match.section))))
            mask[match.start : match.end] = bytes([mark]) * (min(match.end, len(mask)) - match.start)
    return sum(
        character.isalnum()
        for section, mask in masks.items()
        for character, marked in zip(draft.text(section), mask, strict=True)
        if marked
    )


_SINCE = re.compile(r"(?:自|从|截至|截止|于|在)\s*$")
_EVER_SINCE = re.compile(r"\s*年?(?:度)?[^，。；]{0,8}(?:起|以来|底|末|至今|之后|以后)|\s*[-—–~至到]")


def _not_updated(draft: Draft) -> Verdict:
    report = draft.measured.duplicates if draft.measured else None
    if report is None:
        return insufficient("没有可供比较的库")
    return verdict(
        Hit(
            one.message,
            (draft.at(one.section, one.start, one.end),),
            (
                Evidence(
                    text=one.text,
                    section=one.source_section,
                    start=one.source_start,
                    end=one.source_end,
                    filing_id=one.source_filing_id,
                ),
            ),
            severity="warning" if one.certainty == "sure" else "notice",
        )
        for one in report.copied_not_updated
        if not (one.what == "year" and _is_history(draft, one))
    )


def _is_history(draft: Draft, one: StaleFinding) -> bool:
    """Whether a year is told as the past (自2021年秋季学期起), which stays true in every later filing."""
    text = draft.text(one.section)
    return bool(
        _SINCE.search(text[max(0, one.start - 4) : one.start]) or _EVER_SINCE.match(text[one.end : one.end + 16])
    )


def _within(draft: Draft) -> Verdict:
    report = draft.measured.duplicates if draft.measured else None
    if report is None:
        return insufficient("没有比较篇内文字")
    first: dict[str, str] = {}
    same = {name: first.setdefault(text.strip(), name) for name, text in draft.filing.sections.items()}
    hits, seen = [], set()
    for match in report.matches:
        if not match.within_filing or match.boilerplate or match.section == match.source_section:
            continue
        length = match.end - match.start
        whole, other = draft.text(match.section), draft.text(match.source_section)
        pair = frozenset((same[match.section], same[match.source_section]))  # equal sections are one
        shorter = min(len(whole), len(other))
        # Two goals of one year's project are one text; sections that are wholly alike are another rule's finding.
        if (
            pair in seen
            or length < WITHIN_LENGTH_MIN
            or length < WITHIN_SHARE * shorter
            or whole.strip() == other.strip()
        ):
            continue
        if pair == {"goals", "annual_goals"}:
            continue
        seen.add(pair)
        names = f"“{SECTION_NAMES.get(match.section, match.section)}”与“{SECTION_NAMES.get(match.source_section, match.source_section)}”"
        hits.append(
            Hit(
                f"{names}有 {length} 个字相同或基本相同。",
                (draft.at(match.section, match.start, match.end),),
                (draft.at(match.source_section, match.source_start, match.source_end),),
            )
        )
    return verdict(hits)


def _out_of_line(draft: Draft) -> Verdict:
    measured = draft.measured
    if measured is None:
        return insufficient("没有可供比较的库")
    amount = (
        draft.filing.budget.current_year if draft.filing.budget.current_year is not None else draft.filing.budget.total
    )
    if not amount:
        return not_applicable("没有预算数")
    like = [s for s in measured.similar if s.similarity >= NEIGHBOUR_SIMILARITY and s.budget and not s.same_project]
    budgets = [s.budget for s in like if s.budget]
    if len(budgets) < NEIGHBOURS_MIN:
        return insufficient(f"库中足够相似的其他项目不到 {NEIGHBOURS_MIN} 个")
    low, high = min(budgets), max(budgets)
    if low / OUT_OF_LINE <= amount <= high * OUT_OF_LINE:
        return verdict(())
    against = tuple(
        Evidence(text=yuan(s.budget or 0.0), field="budget.current_year", filing_id=s.filing_id) for s in like[:6]
    )
    return verdict(
        [
            Hit(
                f"预算 {yuan(amount)} 元，{len(budgets)} 个相似项目在 {yuan(low)} 元至 {yuan(high)} 元之间。",
                (draft.amount_field("current_year"),),
                against,
            )
        ]
    )


CHECKS: dict[str, Check] = {
    "copy.other-unit": _other_unit,
    "copy.not-updated": _not_updated,
    "copy.within": _within,
    "usage.budget-out-of-line": _out_of_line,
}
