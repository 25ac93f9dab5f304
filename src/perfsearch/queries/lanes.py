"""Lanes: what is exact in a query wins outright, before any score is fused.

A lane names filings and how sure it is of them. Within a lane the fused scores decide; a filing in two lanes stands
before a filing in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from perfsearch.queries.question import Question

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perfsearch.indexes.headers import Headers
    from perfsearch.indexes.view import View

FILING_ID = 8.0
PROJECT_NAME = 2.0
DOCUMENT_NUMBER = 1.0
POLICY = 0.8
APPLICANT = 0.5
AMOUNT = 0.6
YEAR = 0.12
PART_OF_NAME = 0.35
CLOSE_NAME = 0.5
"""Bonuses on top of fused scores, which lie between 0 and 1. A project's full name, a document number or an id is
decisive; an applicant, an amount or a year names many filings, and orders those the words are about."""

FILINGS_MAX = 5_000
"""A lane that names more filings than this narrows nothing, and is left to the words."""


@dataclass
class Lanes:
    """Bonuses by filing number, and the lanes that gave them."""

    bonus: dict[int, float] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=dict)

    def give(self, filing_nos: NDArray[np.int64], bonus: float, name: str) -> None:
        """Add a bonus to filings, unless the lane names too many."""
        if len(filing_nos) > FILINGS_MAX:
            return
        for number in filing_nos.tolist():
            self.bonus[number] = self.bonus.get(number, 0.0) + bonus
            self.names.setdefault(number, []).append(name)

    def drop(self, filing_nos: Iterable[int]) -> None:
        """Forget filings."""
        for number in filing_nos:
            self.bonus.pop(number, None)
            self.names.pop(number, None)


def find_lanes(
    question: Question,
    view: View,
    citing_title: Callable[[str], tuple[str, NDArray[np.int64]] | None],
    misspelt: bool = False,
) -> Lanes:
    """The lanes that a question opens.

    `citing_title` gives the title of the policy that a query means beyond doubt and the filings that cite it under
    whatever name. `misspelt` says that the library has no such word as one of the query's: then names that only sound
    like it are looked for too.
    """
    lanes, headers = Lanes(), view.headers
    for filing_id in question.filing_ids:
        lanes.give(view.with_id(filing_id), FILING_ID, f"申报表编号 {filing_id}")
    for code, year, number in question.document_numbers:
        lanes.give(view.citing_number(code, year, number), DOCUMENT_NUMBER, f"文号 {code}〔{year}〕{number}号")
    if question.names_a_policy:
        policy = citing_title(question.text)
        if policy is not None:
            lanes.give(policy[1], POLICY, f"引用 {policy[0]}")
    _project_lanes(question, headers, lanes)
    for match in headers.find_applicants(question.text, limit=5, similarity_min=0.85):
        lanes.give(match.filing_nos, APPLICANT * match.similarity, f"申报单位 {match.name}")
    if misspelt and not lanes.bonus:
        for match in headers.find_sounding(question.text):
            lanes.give(match.filing_nos, CLOSE_NAME, f"读音 {match.name}")
    for amount in question.amounts:
        lanes.give(headers.with_amount(amount), AMOUNT, f"金额 {amount:,.0f} 元")
    if lanes.bonus:
        # A year alone says little: it only orders what another lane or the words have found.
        for year in question.years:
            lanes.give(view.with_year(year), YEAR, f"年度 {year}")
    return lanes


def _project_lanes(question: Question, headers: Headers, lanes: Lanes) -> None:
    best_only: set[int] = set()
    for match in headers.find_projects(question.text):
        fresh = np.asarray([n for n in match.filing_nos.tolist() if n not in best_only], dtype=np.int64)
        best_only.update(fresh.tolist())
        if match.how == "full":
            lanes.give(fresh, PROJECT_NAME, f"项目名称 {match.name}")
        elif match.how == "part":
            lanes.give(fresh, PART_OF_NAME * (0.5 + match.similarity / 2), f"项目名称含 {question.text.strip()}")
        else:
            lanes.give(fresh, CLOSE_NAME * match.similarity, f"项目名称近似 {match.name}")
