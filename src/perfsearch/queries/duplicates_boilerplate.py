"""Tells what many applicants write from what was copied, by all matches of a draft together.

A sentence of a form in which every applicant fills in other names and numbers leaves few common fingerprints; that many
of the aligned filings have it shows only when they lie side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.reuse import Passage
from perfsearch.extract.stock import quotations
from perfsearch.model import DuplicateMatch, FilingSummary
from perfsearch.queries.duplicates_judging import SERIES_MIN, SERIES_SIMILARITY, Draft

TITLES_COPIED = 3
"""So many titles of one section in another are a list that was copied; one or two any filing on the subject cites."""
COMPANY_DISTANCE = 160
"""A stock sentence this near, on both sides, to a passage that was copied from the same section came along with it."""
APPLICANTS_ALIGNED_MAX = 10
"""So many of at most 64 aligned filings' applicants are many in a library of any size."""
RIVALS_MAX = 2
RIVAL_SIMILARITY = 0.1
RIVALS_BEHIND_MIN = 3
"""A passage that at most so many other applicants have nearly as like was copied, whatever it is made of; a short one
only if so many others have it less like."""

Mask = NDArray[np.bool_]
_Pair = tuple[str, str, str]


def with_common(draft: Draft, passages: Sequence[Passage], headers: Sequence[FilingSummary], least: float) -> Draft:
    """The draft; characters that filings of `least` other applicants share with it are stock from now on."""
    least = min(least, APPLICANTS_ALIGNED_MAX)
    spans: dict[tuple[str, str], list[Passage]] = {}
    for passage in passages:
        header = headers[passage.source]
        if passage.kind != "paraphrase" and (not header.applicant or header.applicant != draft.filing.applicant):
            spans.setdefault((passage.section, header.applicant or header.id), []).append(passage)
    stock, common = dict(draft.stock), dict(draft.common)
    for section in {section for section, _ in spans}:
        owners = [own for (name, _), own in spans.items() if name == section]
        if len(owners) < least:
            continue
        counts = np.zeros(len(draft.folded[section]), dtype=np.int32)
        for own in owners:
            counts += _covered(draft, section, own)
        stock[section] = stock[section] | (counts >= least)
        common[section] = common[section] | (counts >= least)
    return replace(draft, stock=stock, common=common)


def _covered(draft: Draft, section: str, passages: Sequence[Passage]) -> Mask:
    mask = np.zeros(len(draft.folded[section]), dtype=np.bool_)
    for passage in passages:
        mask[draft.span(section, passage.start, passage.end)] = True
    return mask


def with_copies(draft: Draft, matches: Sequence[DuplicateMatch]) -> list[DuplicateMatch]:
    """The matches; what looked like boilerplate or quotations for itself, and was copied, is no boilerplate.

    Copied are titles that two sections share in numbers, passages that hardly another applicant has as they are, and
    stock sentences beside a copied passage of the same two sections.
    """
    found = list(matches)
    places = _listed_titles(found) | _unrivalled(draft, found)
    while places:
        for place in places:
            found[place] = found[place].model_copy(update={"boilerplate": False})
        places = _in_company(found)
    return found


def _pair(match: DuplicateMatch) -> _Pair:
    return match.section, match.source_filing_id, match.source_section


def _listed_titles(matches: Sequence[DuplicateMatch]) -> set[int]:
    titles: dict[_Pair, int] = {}
    for match in matches:
        if match.category == "quotation":
            titles[_pair(match)] = titles.get(_pair(match), 0) + len(quotations(match.text))
    return {
        place
        for place, match in enumerate(matches)
        if match.category == "quotation" and titles[_pair(match)] >= TITLES_COPIED
    }


def _unrivalled(draft: Draft, matches: Sequence[DuplicateMatch]) -> set[int]:
    """Boilerplate that stands like this in hardly any other applicant's filing."""
    found: set[int] = set()
    for place, match in enumerate(matches):
        if match.category != "boilerplate" or match.similarity < SERIES_SIMILARITY:
            continue
        alike_from = match.similarity - RIVAL_SIMILARITY
        rivals = {(m.source_applicant, m.similarity >= alike_from) for m in _rivals(match, matches)}
        near = sum(alike for _, alike in rivals)
        part = draft.span(match.section, match.start, match.end)
        # A short passage of stock phrases is set apart by less similar rivals only.
        if near <= RIVALS_MAX and (part.stop - part.start >= SERIES_MIN or len(rivals) - near >= RIVALS_BEHIND_MIN):
            found.add(place)
    return found


def _rivals(match: DuplicateMatch, matches: Sequence[DuplicateMatch]) -> list[DuplicateMatch]:
    """What other applicants have of half the passage or more."""
    return [
        m
        for m in matches
        if m.section == match.section
        and m.source_applicant != match.source_applicant
        and m.kind != "paraphrase"
        and min(m.end, match.end) - max(m.start, match.start) >= 0.5 * (match.end - match.start)
    ]


def _in_company(matches: Sequence[DuplicateMatch]) -> set[int]:
    """Known passages near a copied one of the same two sections, on both sides."""
    copied: dict[_Pair, list[DuplicateMatch]] = {}
    for match in matches:
        if not match.boilerplate and match.kind != "paraphrase" and not match.within_filing:
            copied.setdefault(_pair(match), []).append(match)
    return {
        place
        for place, match in enumerate(matches)
        if match.boilerplate and any(_near(match, other) for other in copied.get(_pair(match), ()))
    }


def _near(match: DuplicateMatch, other: DuplicateMatch) -> bool:
    gap = max(match.start, other.start) - min(match.end, other.end)
    source_gap = max(match.source_start, other.source_start) - min(match.source_end, other.source_end)
    return -3 <= gap <= COMPANY_DISTANCE and -3 <= source_gap <= COMPANY_DISTANCE
