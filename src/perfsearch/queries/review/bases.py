"""Rules of the legal bases: what the citator finds, with severity, source and what would settle it."""

from __future__ import annotations

import re
from collections.abc import Callable

from perfsearch.model import PolicyFinding
from perfsearch.model.review import Evidence
from perfsearch.queries.review.draft import Draft
from perfsearch.queries.review.rule import Check, Hit, Verdict, insufficient, not_applicable, verdict

KINDS = (
    "law-repealed",
    "plan-ended",
    "number-of-other-title",
    "title-with-other-number",
    "number-transposed",
    "number-irregular",
    "basis-repeated",
)
"""Codes of the citator's findings."""


def _of(kind: str) -> Callable[[Draft], Verdict]:
    def check(draft: Draft) -> Verdict:
        if not draft.filing.citations:
            return not_applicable("没有引用文件")
        if draft.measured is None or draft.measured.bases is None:
            return insufficient("没有可供核对的文件目录")
        return verdict(
            _hit(found) for found in draft.measured.bases if found.code == kind and not _same_document(found)
        )

    return check


_TITLE = re.compile(r"《([^《》]{4,})》")
_WRAPPING = re.compile(r"^.{0,40}?关于(?:转发|印发|发布|批转|下发)?|的通知$|[《》〈〉“”\s]")


def _same_document(found: PolicyFinding) -> bool:
    """Whether the two titles that are held against each other are one document and the notice that sends it out."""
    if found.code != "number-of-other-title":
        return False
    titles = {_WRAPPING.sub("", title) for title in _TITLE.findall(found.message)}
    longest = max(titles, key=len, default="")
    return len(titles) > 0 and all(title in longest for title in titles)


def _hit(found: PolicyFinding) -> Hit:
    # What stands in the draft is evidence; what is known from elsewhere is what it was compared with.
    own = tuple(Evidence(section=e.section, start=e.start, end=e.end, text=e.text) for e in found.evidence if e.section)
    known = tuple(
        Evidence(text=" ".join(part for part in (e.text if not e.section else "", e.note) if part))
        for e in found.evidence
        if e.note or not e.section
    )
    settle = f"改为：{found.suggestion}" if found.suggestion else None
    return Hit(found.message, own, tuple(e for e in known if e.text), settle=settle)


CHECKS: dict[str, Check] = {f"basis.{kind}": _of(kind) for kind in KINDS}
