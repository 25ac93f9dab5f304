"""A section's text with its citations linked, and what was searched for or copied marked, whatever overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from markupsafe import Markup, escape

from perfsearch.model import Citation
from perfsearch.model.duplicates import DuplicateReport

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Copied:
    """A run of text that stands in another filing too."""

    start: int
    end: int
    source: str
    words: str
    """Whose text it is, for the reader."""


def mark(text: str, highlights: Sequence[tuple[int, int]]) -> Markup:
    """The text with its highlights in <mark>; everything else is escaped."""
    parts, position = [], 0
    for start, end in highlights:
        parts += [escape(text[position:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        position = end
    return Markup("").join([*parts, escape(text[position:])])


def linked(
    text: str,
    citations: Sequence[Citation],
    highlights: Sequence[tuple[int, int]] = (),
    copied: Sequence[Copied] = (),
) -> Markup:
    """The text with each citation a link to its policy's page; one without a policy is underlined only.

    Highlights become <mark>, copied runs <span class="copied"> with their source as title; each may cross the others.
    """
    anchors = _apart([(one.start, one.end, one) for one in citations if one.end <= len(text)])
    runs = _apart([(one.start, one.end, one) for one in copied if one.end <= len(text)])
    marks = _apart([(start, end, True) for start, end in highlights if end <= len(text)])
    parts: list[Markup] = []
    position = 0
    for start, end, citation in [*anchors, (len(text), len(text), None)]:
        parts.append(_dressed(text, position, start, marks, runs))
        if citation is not None:
            parts.append(_anchor(citation, _dressed(text, start, end, marks, runs)))
        position = end
    return Markup("").join(parts)


def _anchor(citation: Citation, words: Markup) -> Markup:
    if not citation.policy_id:
        return Markup('<span class="cite">{}</span>').format(words)
    title = " ".join(part for part in (citation.title, citation.document_number) if part)
    return Markup('<a class="cite" href="/policies/{}" title="{}">{}</a>').format(citation.policy_id, title, words)


def _dressed(
    text: str,
    start: int,
    end: int,
    marks: Sequence[tuple[int, int, bool]],
    runs: Sequence[tuple[int, int, Copied]],
) -> Markup:
    """`text[start:end]` cut wherever a mark or a run begins or ends."""
    cuts = {start, end}
    for spans in (marks, runs):
        cuts.update(at for span in spans for at in span[:2] if start < at < end)
    ordered = sorted(cuts)
    parts = []
    for a, b in pairwise(ordered):
        words = escape(text[a:b])
        if any(span[0] <= a and b <= span[1] for span in marks):
            words = Markup("<mark>{}</mark>").format(words)
        run = next((span[2] for span in runs if span[0] <= a and b <= span[1]), None)
        if run is not None:
            words = Markup('<span class="copied" title="{}">{}</span>').format(run.words, words)
        parts.append(words)
    return Markup("").join(parts)


def _apart(spans: Iterable[tuple[int, int, _T]]) -> list[tuple[int, int, _T]]:
    """The spans in order, without those that begin within an earlier one."""
    found: list[tuple[int, int, _T]] = []
    for span in sorted(spans, key=lambda one: (one[0], -one[1])):
        if span[0] < span[1] and (not found or span[0] >= found[-1][1]):
            found.append(span)
    return found


def copied_runs(report: DuplicateReport) -> dict[str, list[Copied]]:
    """What of each section stands in other filings, without stock phrases; the longest match names the source."""
    found: dict[str, list[Copied]] = {}
    matches = [one for one in report.matches if not one.boilerplate and not one.within_filing]
    for match in sorted(matches, key=lambda one: one.start - one.end):
        names = (match.source_fiscal_year, match.source_applicant, match.source_project_name)
        words = "又见 " + " ".join(str(name) for name in names if name)
        for start, end, _, _ in match.blocks or ((match.start, match.end, 0, 0),):
            for a, b in _uncovered(start, end, found.get(match.section, [])):
                found.setdefault(match.section, []).append(Copied(a, b, match.source_filing_id, words))
    return found


def _uncovered(start: int, end: int, taken: Sequence[Copied]) -> list[tuple[int, int]]:
    """The parts of a span that no run covers yet."""
    parts = [(start, end)]
    for run in taken:
        parts = [
            piece for a, b in parts for piece in ((a, min(b, run.start)), (max(a, run.end), b)) if piece[0] < piece[1]
        ]
    return parts
