"""The text that a filing shares with the library and with itself, aligned and judged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perfsearch.errors import UsageError
from perfsearch.extract.fingerprints import Folded
from perfsearch.extract.reuse import Passage, find_own_reuse, find_reuse, fold_sections
from perfsearch.extract.stale import find_stale
from perfsearch.extract.stock import quotations, quoted_mask, stock_mask
from perfsearch.model import DuplicateMatch, DuplicateReport, Filing, FilingSummary, StaleFinding
from perfsearch.queries.duplicates_boilerplate import with_common, with_copies
from perfsearch.queries.duplicates_candidates import Mask, find_candidates
from perfsearch.queries.duplicates_judging import Draft, judge, rates, sources

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

MIN_LENGTH = 15
MIN_LENGTH_LEAST = 5
KNOWN_LISTED = 3
"""Of boilerplate and quotations the best sources are listed, the rest is counted."""
MATCHES_MAX = 1_000
SECTION_CHARACTERS_MAX = 1_000_000
"""A longer section is compared up to here; the answer says so."""


def duplicates(view: View, filing: Filing, min_length: int = MIN_LENGTH, *, paraphrase: bool = True) -> DuplicateReport:
    """Every passage of at least `min_length` characters that a stored filing or a draft shares, and what it means.

    With `paraphrase` also sentences that say the same in other words, by the library's encoder: a weaker kind.

    Raises:
        UsageError: `min_length` is out of bounds.
    """
    started = time.perf_counter()
    if not MIN_LENGTH_LEAST <= min_length <= SECTION_CHARACTERS_MAX:
        raise UsageError(f"min_length {min_length}: expected {MIN_LENGTH_LEAST} or more characters", "min_length")
    own = view.filing_no(filing.id) if filing.id else None
    text = {name: part[:SECTION_CHARACTERS_MAX] for name, part in filing.sections.items()}
    folded = fold_sections(text)
    candidates = find_candidates(view, folded, own)
    draft = _draft(view, filing, folded, candidates.common, own, min_length)
    stored = view.filings(candidates.filing_nos)
    known = {name: draft.stock[name] | draft.quoted[name] for name in folded}
    passages = find_reuse(folded, [fold_sections(one.sections) for one in stored], known, min_length)
    numbers = list(candidates.filing_nos)
    if paraphrase:
        passages += _paraphrases(view, draft, passages, own, numbers)
        stored = view.filings(numbers)
    headers = view.summaries(np.asarray(numbers, dtype=np.int64))
    draft = with_common(draft, passages, headers, candidates.stock_from)
    matches = with_copies(
        draft, [_match(draft, passage, headers[passage.source], stored[passage.source]) for passage in passages]
    )
    within = [_match(draft, passage, None, filing) for passage in find_own_reuse(folded, known, min_length)]
    # The figures count everything; what is listed of boilerplate and quotations is cut.
    coverage, figures, per_section = rates(draft, matches + within)
    order = {name: place for place, name in enumerate(folded)}
    every = sorted(_thinned(matches) + within, key=lambda m: (order[m.section], m.start, -m.end, m.source_filing_id))
    truncated = len(every) > MATCHES_MAX or any(len(part) > SECTION_CHARACTERS_MAX for part in filing.sections.values())
    by_id = {header.id: header for header in headers}
    return DuplicateReport(
        filing_id=filing.id,
        coverage=coverage,
        matches=tuple(every[:MATCHES_MAX]),
        rates=figures,
        sections=tuple(per_section),
        sources=tuple(sources(draft, matches, by_id)),
        copied_not_updated=tuple(_stale(draft, matches, passages, headers, stored)),
        compared=len(candidates.filing_nos),
        truncated=truncated,
        message=_message(draft, every, truncated),
        took_ms=round((time.perf_counter() - started) * 1000, 3),
    )


def _draft(
    view: View, filing: Filing, folded: dict[str, Folded], common: dict[str, Mask], own: int | None, min_length: int
) -> Draft:
    stock = {name: stock_mask(text) | common[name] for name, text in folded.items()}
    cited: dict[str, list[tuple[int, int]]] = {}
    for citation in filing.citations:
        section = filing.sections.get(citation.section, "")
        # A caller may send citations of another version of the text.
        if not citation.implicit and section[citation.start : citation.end] == citation.text:
            cited.setdefault(citation.section, []).append((citation.start, citation.end))
    quoted = {name: quoted_mask(text, [*quotations(text.text), *cited.get(name, ())]) for name, text in folded.items()}
    header = view.summaries(np.asarray([own]))[0] if own is not None else None
    lineage = header.lineage if header is not None else view.lineage_of(filing)
    return Draft(
        filing, folded, stock, common, quoted, lineage, header.added_at if header is not None else None, min_length
    )


def _paraphrases(
    view: View, draft: Draft, passages: Sequence[Passage], own: int | None, numbers: list[int]
) -> list[Passage]:
    """Paraphrases, their sources as indexes into `numbers`; new ones are appended to it."""
    from perfsearch.queries.duplicates_paraphrase import find_paraphrases

    found: list[Passage] = []
    for number, passage in find_paraphrases(view, draft, passages, own):
        if passage.end - passage.start < draft.min_length:
            continue
        if number not in numbers:
            numbers.append(number)
        found.append(replace(passage, source=numbers.index(number)))
    return found


def _match(draft: Draft, passage: Passage, header: FilingSummary | None, source: Filing) -> DuplicateMatch:
    found = judge(draft, passage, header)
    text = source.sections[passage.source_section][passage.source_start : passage.source_end]
    return found.model_copy(update={"source_text": text})


def _thinned(matches: list[DuplicateMatch]) -> list[DuplicateMatch]:
    """Of boilerplate and quotations, for each passage of the draft, the best few."""
    kept: list[DuplicateMatch] = []
    groups: list[list[DuplicateMatch]] = []
    for match in sorted(matches, key=lambda m: (m.start - m.end, -m.similarity, m.source_filing_id)):
        if not match.boilerplate:
            kept.append(match)
            continue
        group = next((g for g in groups if _same_place(g[0], match)), None)
        if group is None:
            groups.append([match])
        else:
            group.append(match)
    for group in groups:
        listed = group[:KNOWN_LISTED]
        more = len({m.source_filing_id for m in group} - {m.source_filing_id for m in listed})
        kept += [m.model_copy(update={"n_more_filings": more}) for m in listed]
    return kept


def _same_place(first: DuplicateMatch, other: DuplicateMatch) -> bool:
    common = min(first.end, other.end) - max(first.start, other.start)
    return first.section == other.section and common >= 0.8 * (other.end - other.start)


def _stale(
    draft: Draft,
    matches: Sequence[DuplicateMatch],
    passages: Sequence[Passage],
    headers: Sequence[FilingSummary],
    stored: Sequence[Filing],
) -> list[StaleFinding]:
    """What was not updated, each place once: from the most similar passage of an older filing."""
    older = {m.source_filing_id for m in matches if m.first != "this" and m.kind != "paraphrase"}
    found: dict[tuple[str, int, int, str], StaleFinding] = {}
    for passage in sorted(passages, key=lambda p: (-p.similarity, p.start - p.end)):
        header, source = headers[passage.source], stored[passage.source]
        if header.id not in older or passage.kind == "paraphrase":
            continue
        for stale in find_stale(draft.filing, source, passage):
            place = (passage.section, stale.start, stale.end, stale.what)
            known = found.get(place)
            if known is not None and (known.certainty == "sure" or stale.certainty == "possible"):
                continue
            found[place] = StaleFinding(
                what=stale.what,
                section=passage.section,
                start=stale.start,
                end=stale.end,
                text=stale.text,
                expected=stale.expected,
                certainty=stale.certainty,
                source_filing_id=header.id,
                source_section=passage.source_section,
                source_start=stale.source_start,
                source_end=stale.source_end,
                message=stale.message,
            )
    order = {name: place for place, name in enumerate(draft.folded)}
    return sorted(found.values(), key=lambda f: (f.certainty != "sure", order[f.section], f.start))


def _message(draft: Draft, matches: Sequence[DuplicateMatch], truncated: bool) -> str | None:
    if not any(draft.comparable(name) for name in draft.folded):
        return "各部分文字太短，无法比对。"
    if truncated:
        return f"重复段落或文字过多，只列出前 {MATCHES_MAX} 处。"
    return None if matches else "没有发现重复文字。"
