"""Past projects like a filing or a draft: section against section, the project's own line marked."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import UsageError
from perfsearch.model import Explanation, Filing, Filters, SearchHit, SearchResult
from perfsearch.queries.pool import among, idf
from perfsearch.queries.snippets import make_snippet
from perfsearch.text.chunk import chunk_filing

if TYPE_CHECKING:
    from perfsearch.indexes.view import View
    from perfsearch.text.chunk import Chunk

SECTION_WEIGHTS = {
    "header": 1.5,
    "overview": 2.0,
    "necessity": 1.0,
    "goals": 1.2,
    "annual_goals": 1.0,
    "plan": 1.2,
    "indicators": 1.0,
    "basis": 0.6,
    "safeguards": 0.4,
}
"""How much a section says about what a project is: rules and bases are shared by projects that have nothing in
common, the name and the overview are not."""
OTHER_SECTION_WEIGHT = 0.5

CANDIDATES_PER_SECTION = 120
TERMS_MAX = 24
SIMILARITY_FLOOR = 0.35
"""A weighted section similarity below this is no likeness: unrelated filings of the sample reach 0.3."""

Ids = NDArray[np.int64]


def similar(
    view: View,
    draft: Filing,
    *,
    limit: int = 10,
    offset: int = 0,
    filters: Filters | None = None,
    explain: bool = False,
) -> SearchResult:
    """Filings like `draft`, best first, without the draft itself.

    Each section of the draft is compared with the same section of the candidates by the vectors of its passages; the
    score is the mean over the sections, weighted by what they say of a project. Other years of the same applicant's
    same project are marked `same-project`.

    Raises:
        UsageError: a limit or an offset out of bounds.
    """
    started = time.perf_counter()
    if not 1 <= limit <= view.settings.limit_max or offset < 0:
        raise UsageError(
            f"limit {limit}, offset {offset}: expected 1 to {view.settings.limit_max}, and 0 or more", "limit"
        )
    chunks = chunk_filing(draft)
    if filters is not None and filters.section:
        chunks = [chunk for chunk in chunks if chunk.section == filters.section]
    if not chunks:
        return SearchResult(
            query=draft.project_name or draft.source.file, mode="hybrid", total=0, took_ms=0.0,
            message="草稿中没有可以比较的内容。",
        )  # fmt: skip
    vectors = view.encode_chunks(draft, chunks)
    allowed = view.filing_nos(filters.of_filings()) if filters is not None and not filters.is_empty() else None
    lineage = view.lineage_of(draft)
    terms = _telling_terms(view, chunks)
    candidates = _candidates(view, chunks, vectors, terms, lineage, allowed)
    own = view.filing_no(draft.id)
    candidates = candidates[candidates != own] if own is not None else candidates
    by_section = {section: _section_scores(view, section, chunks, vectors, candidates) for section in _sections(chunks)}
    scores = _weighted(by_section, len(candidates))
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= SIMILARITY_FLOOR]
    page = order[offset : offset + limit]
    words = {term for term, _ in terms}
    hits = _hits(view, words, candidates, scores, by_section, page, lineage, explain)
    return SearchResult(
        query=draft.project_name or draft.source.file,
        mode="hybrid",
        total=len(order),
        took_ms=round((time.perf_counter() - started) * 1000, 3),
        hits=hits,
        message=None if hits else "库中没有与它相似的项目。",
    )


def _sections(chunks: list[Chunk]) -> list[str]:
    return list(dict.fromkeys(chunk.section for chunk in chunks))


def _candidates(
    view: View,
    chunks: list[Chunk],
    vectors: NDArray[np.float32],
    terms: list[tuple[str, float]],
    lineage: str | None,
    allowed: Ids | None,
) -> Ids:
    """Filings that share meaning, telling words or the project's line with the draft."""
    allowed_chunks = view.chunks_of(allowed) if allowed is not None else None
    found: list[Ids] = []
    for section in _sections(chunks):
        mine = np.asarray([chunk.section == section for chunk in chunks])
        centre = vectors[mine].mean(axis=0)
        norm = float(np.linalg.norm(centre))
        if norm > 0:
            ids, _ = view.vectors.search((centre / norm).astype(np.float32), CANDIDATES_PER_SECTION, allowed_chunks)
            found.append(view.filing_of(ids))
    if terms:
        ids, _ = view.lexical.search(terms, 4 * CANDIDATES_PER_SECTION, allowed_chunks)
        found.append(view.filing_of(ids))
    if lineage:
        line = view.filing_nos(Filters(lineage=lineage))
        found.append(line if allowed is None else among(line, allowed))
    return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)


def _telling_terms(view: View, chunks: list[Chunk]) -> list[tuple[str, float]]:
    """The words of the draft with the most weight by frequency and rarity."""
    counts = Counter(term for chunk in chunks if chunk.section != "safeguards" for term in view.tokens(chunk.text))
    weighed = {term: np.log1p(count) * idf(view, term) for term, count in counts.items() if len(term) > 1}
    return [(term, 1.0) for term in sorted(weighed, key=lambda term: (-weighed[term], term))[:TERMS_MAX]]


def _section_scores(
    view: View, section: str, chunks: list[Chunk], vectors: NDArray[np.float32], candidates: Ids
) -> NDArray[np.float32]:
    """For each candidate the mean, over the draft's passages of the section, of the nearest passage's cosine.

    NaN where the candidate has no such section.
    """
    mine = vectors[np.asarray([chunk.section == section for chunk in chunks])]
    chunk_ids = view.section_chunks(candidates, section)
    scores = np.full(len(candidates), np.nan, dtype=np.float32)
    if not len(chunk_ids):
        return scores
    owners = np.searchsorted(candidates, view.filing_of(chunk_ids))
    total = np.zeros(len(candidates), dtype=np.float32)
    for vector in mine:
        best = np.full(len(candidates), -1.0, dtype=np.float32)
        np.maximum.at(best, owners, view.vectors.score_pool(vector, chunk_ids))
        total += best
    has = np.zeros(len(candidates), dtype=bool)
    has[owners] = True
    scores[has] = total[has] / len(mine)
    return scores


def _weighted(by_section: dict[str, NDArray[np.float32]], n_candidates: int) -> NDArray[np.float32]:
    """The weighted mean over the draft's sections; a section that a candidate lacks counts as unlike."""
    total = np.zeros(n_candidates, dtype=np.float32)
    weights = 0.0
    for section, scores in by_section.items():
        weight = SECTION_WEIGHTS.get(section, OTHER_SECTION_WEIGHT)
        total += weight * np.nan_to_num(np.clip(scores, 0.0, 1.0), nan=0.0)
        weights += weight
    return total / max(weights, 1e-9)


def _hits(
    view: View,
    words: set[str],
    candidates: Ids,
    scores: NDArray[np.float32],
    by_section: dict[str, NDArray[np.float32]],
    page: Ids,
    lineage: str | None,
    explain: bool,
) -> tuple[SearchHit, ...]:
    hits = []
    for position, summary in zip(page.tolist(), view.summaries(candidates[page]), strict=True):
        parts = {s: round(float(v[position]), 4) for s, v in by_section.items() if not np.isnan(v[position])}
        prose = {s: v for s, v in parts.items() if s not in ("header", "indicators")} or parts
        section = max(prose, key=lambda name: prose[name]) if prose else "header"
        text = view.filing(int(candidates[position])).sections.get(section, "")
        snippet, highlights = make_snippet(text, words)
        hits.append(
            SearchHit(
                filing_id=summary.id,
                source=summary.source,
                fiscal_year=summary.fiscal_year,
                applicant=summary.applicant,
                project_name=summary.project_name,
                section=section,
                score=round(float(scores[position]), 6),
                snippet=snippet,
                highlights=highlights,
                lineage="same-project" if lineage and summary.lineage == lineage else None,
                section_scores=parts,
                explain=Explanation(terms=tuple(sorted(words)), fusion={"weights": SECTION_WEIGHTS})
                if explain
                else None,
            )
        )
    return tuple(hits)
