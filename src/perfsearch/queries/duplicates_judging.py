"""Judges shared passages: what kind of reuse each is, whose text is older, and the rates that reviewers know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.fingerprints import GUARANTEED, Folded
from perfsearch.extract.reuse import EVIDENCE_RUN, Passage
from perfsearch.model import DuplicateMatch, DuplicateRates, DuplicateSource, Filing, FilingSummary, SectionRates
from perfsearch.model.duplicates import First, MatchCategory
from perfsearch.text.normalize import normalize

QUOTED_SHARE = 0.6
KNOWN_SHARE = 0.75
"""A passage is a quotation, or boilerplate, from this share of its characters on."""
OWN_CHARACTERS = 15
"""A passage that has so many characters of its own in common with the source was copied, stock phrases and all."""
SERIES_SIMILARITY = 0.95
SERIES_MIN = 60
SERIES_COMMON_MAX = 0.5
"""Nor do so many characters of public stock phrases come in the same order twice by chance; unless most of them are
what many applicants of this library write."""
Mask = NDArray[np.bool_]
Relation = Literal["own_project", "own_unit", "other_unit"]


@dataclass(frozen=True, slots=True)
class Draft:
    """The filing that is judged, its sections as they are compared, and what in them is no evidence of copying."""

    filing: Filing
    folded: Mapping[str, Folded]
    stock: Mapping[str, Mask]
    """Characters of stock phrases, of public prose or of this library."""
    common: Mapping[str, Mask]
    """Those of them that many applicants of this library have."""
    quoted: Mapping[str, Mask]
    lineage: str | None
    added_at: str | None
    """None for a draft that is not stored: it is younger than all that is."""
    min_length: int

    def span(self, section: str, start: int, end: int) -> slice:
        """The folded characters of a span of a section."""
        first, last = np.searchsorted(self.folded[section].starts, (start, end))
        return slice(int(first), int(last))

    def comparable(self, section: str) -> bool:
        """Whether a section is long enough to share anything."""
        text = self.folded[section]
        return len(text) >= GUARANTEED and len(text.text.strip()) >= self.min_length


def judge(draft: Draft, passage: Passage, source: FilingSummary | None) -> DuplicateMatch:
    """A passage as a match; `source` is None for one within the filing."""
    part = draft.span(passage.section, passage.start, passage.end)
    quoted = draft.quoted[passage.section][part]
    known = quoted | draft.stock[passage.section][part]
    text = draft.filing.sections[passage.section][passage.start : passage.end]
    known_as: MatchCategory | None = None
    if passage.kind != "paraphrase" and len(known):
        if quoted.mean() >= QUOTED_SHARE:
            known_as = "quotation"
        elif known.mean() >= KNOWN_SHARE and not _is_copy(draft, passage):
            known_as = "boilerplate" if 2 * quoted.sum() < known.sum() else "quotation"
    relation = None if source is None else relation_of(draft, source)
    header = draft.filing if source is None else source
    return DuplicateMatch(
        section=passage.section,
        start=passage.start,
        end=passage.end,
        source_filing_id=header.id,
        source=header.source,
        source_section=passage.source_section,
        source_start=passage.source_start,
        source_end=passage.source_end,
        similarity=passage.similarity,
        kind=passage.kind,
        within_filing=source is None,
        boilerplate=known_as is not None,
        category="within" if relation is None else known_as or relation,
        first="unknown" if source is None else first_of(draft, source),
        text=text,
        blocks=passage.blocks,
        source_fiscal_year=header.fiscal_year,
        source_applicant=header.applicant,
        source_project_name=header.project_name,
    )


def _is_copy(draft: Draft, passage: Passage) -> bool:
    """Whether a passage of stock phrases was copied all the same."""
    if _own_characters(draft, passage) >= OWN_CHARACTERS:
        return True
    part = draft.span(passage.section, passage.start, passage.end)
    common = draft.common[passage.section][part]
    return passage.similarity >= SERIES_SIMILARITY and len(common) >= SERIES_MIN and common.mean() < SERIES_COMMON_MAX


def _own_characters(draft: Draft, passage: Passage) -> int:
    """Characters of the common runs that are neither stock nor quoted."""
    known = draft.quoted[passage.section] | draft.stock[passage.section]
    parts = [draft.span(passage.section, start, end) for start, end, _, _ in passage.blocks]
    return sum(int((~known[part]).sum()) for part in parts if part.stop - part.start >= EVIDENCE_RUN)


def relation_of(draft: Draft, source: FilingSummary) -> Relation:
    """Whose filing the source is."""
    if draft.lineage is not None and source.lineage == draft.lineage:
        return "own_project"
    ours, theirs = _plain(draft.filing.applicant), _plain(source.applicant)
    return "own_unit" if ours and ours == theirs else "other_unit"


def _plain(name: str | None) -> str:
    return "".join(normalize(name or "").text.split())


def first_of(draft: Draft, source: FilingSummary) -> First:
    """Whose text is older: the earlier fiscal year, in the same year what was added first."""
    ours, theirs = draft.filing.fiscal_year, source.fiscal_year
    if ours is not None and theirs is not None and ours != theirs:
        return "source" if theirs < ours else "this"
    if draft.added_at is None:
        return "source"
    if source.added_at is None or source.added_at == draft.added_at:
        return "unknown"
    return "source" if source.added_at < draft.added_at else "this"


def rates(draft: Draft, matches: Sequence[DuplicateMatch]) -> tuple[float, DuplicateRates, list[SectionRates]]:
    """(coverage, figures of the filing, figures of each section)."""
    sections = [name for name in draft.folded if draft.comparable(name)]
    parts = {name: _Figures(draft, name, [m for m in matches if m.section == name]) for name in sections}
    per_section = [
        SectionRates(section=name, **figures.rates(figures.largest_source()).model_dump())
        for name, figures in parts.items()
    ]
    characters = sum(figures.n_characters for figures in parts.values())
    if not characters:
        return 0.0, DuplicateRates(), per_section
    total = _Sum(parts.values())
    covered = sum(int(figures.everything.sum()) for figures in parts.values())
    return covered / characters, total.rates(), per_section


class _Figures:
    """Which characters of a section are shared, by what kind of reuse and by source."""

    def __init__(self, draft: Draft, section: str, matches: Sequence[DuplicateMatch]) -> None:
        self.n_characters = len(draft.folded[section])
        self.quoted = draft.quoted[section]
        self.by_category: dict[str, Mask] = {}
        self.by_source: dict[str, Mask] = {}
        self.foreign = self._empty()
        self.everything = self._empty()
        for match in matches:
            part = draft.span(section, match.start, match.end)
            self.by_category.setdefault(match.category, self._empty())[part] = True
            self.everything[part] = True
            if match.within_filing:
                continue
            self.by_source.setdefault(match.source_filing_id, self._empty())[part] = True
            if _plain(match.source_applicant) != _plain(draft.filing.applicant) or not match.source_applicant:
                self.foreign[part] = True

    def _empty(self) -> Mask:
        return np.zeros(self.n_characters, dtype=np.bool_)

    def shared(self) -> Mask:
        """Shared with other filings."""
        found = self._empty()
        for mask in self.by_source.values():
            found |= mask
        return found

    def counts(self) -> dict[str, int]:
        shared = self.shared()
        counts = {name: int(mask.sum()) for name, mask in self.by_category.items()}
        counts["total"] = int(shared.sum())
        counts["without_quotations"] = int((shared & ~self.quoted).sum())
        counts["without_own_unit"] = int(self.foreign.sum())
        return counts

    def largest_source(self) -> tuple[str | None, int]:
        sizes = {name: int(mask.sum()) for name, mask in self.by_source.items()}
        best = max(sizes, key=lambda name: (sizes[name], name), default=None)
        return best, sizes[best] if best is not None else 0

    def rates(self, largest: tuple[str | None, int]) -> DuplicateRates:
        return _rates(self.n_characters, self.counts(), largest)


class _Sum:
    """The figures of all sections together."""

    def __init__(self, parts: Iterable[_Figures]) -> None:
        self._n_characters = 0
        self._counts: dict[str, int] = {}
        sizes: dict[str, int] = {}
        for figures in parts:
            self._n_characters += figures.n_characters
            for name, count in figures.counts().items():
                self._counts[name] = self._counts.get(name, 0) + count
            for source, mask in figures.by_source.items():
                sizes[source] = sizes.get(source, 0) + int(mask.sum())
        best = max(sizes, key=lambda name: (sizes[name], name), default=None)
        self._largest = (best, sizes[best] if best is not None else 0)

    def rates(self) -> DuplicateRates:
        return _rates(self._n_characters, self._counts, self._largest)


def _rates(n_characters: int, counts: Mapping[str, int], largest: tuple[str | None, int]) -> DuplicateRates:
    names = ("total", "without_quotations", "without_own_unit", "boilerplate", "quotation", "own_project", "own_unit")
    shares = {name: counts.get(name, 0) / n_characters for name in (*names, "other_unit", "within")}
    return DuplicateRates(
        characters=n_characters,
        duplicated=counts.get("total", 0),
        largest_source=largest[1] / n_characters,
        largest_source_id=largest[0],
        **shares,
    )


def sources(
    draft: Draft, matches: Sequence[DuplicateMatch], headers: Mapping[str, FilingSummary]
) -> list[DuplicateSource]:
    """The filings that share text, those with the most first."""
    characters = sum(len(text) for name, text in draft.folded.items() if draft.comparable(name))
    by_source: dict[str, list[DuplicateMatch]] = {}
    for match in matches:
        if not match.within_filing:
            by_source.setdefault(match.source_filing_id, []).append(match)
    found: list[DuplicateSource] = []
    for filing_id, own in by_source.items():
        header = headers[filing_id]
        masks = {match.section: np.zeros(len(draft.folded[match.section]), dtype=np.bool_) for match in own}
        for match in own:
            masks[match.section][draft.span(match.section, match.start, match.end)] = True
        count = sum(int(mask.sum()) for mask in masks.values())
        found.append(
            DuplicateSource(
                filing_id=filing_id,
                source=header.source,
                fiscal_year=header.fiscal_year,
                applicant=header.applicant,
                project_name=header.project_name,
                relation=relation_of(draft, header),
                first=first_of(draft, header),
                matches=len(own),
                characters=count,
                share=count / characters if characters else 0.0,
            )
        )
    return sorted(found, key=lambda source: (-source.characters, source.filing_id))
