"""Search by words and by meaning: lanes, a pool with both scores, fusion, filings before the cut, snippets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import UsageError
from perfsearch.model import Explanation, Filters, Scores, SearchHit, SearchResult
from perfsearch.queries.fusion import Fused, fuse, lexical_share, reciprocal_ranks
from perfsearch.queries.lanes import Lanes, find_lanes
from perfsearch.queries.pool import MODES, Mode, Pool, among, gather
from perfsearch.queries.question import Question
from perfsearch.queries.relevance import floor_of
from perfsearch.queries.snippets import highlight_spans, make_snippet

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

POOL_MIN = 100
"""Chunks asked of each half. More did not change nDCG@10 on the development queries, fewer did."""
POOL_MAX = 20_000
LANE_FILINGS_WHOLE_MAX = 50

By = Literal["filing", "passage"]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class _Ranked:
    """The pool in its final order: positions into the pool, best first, and what they were ranked by."""

    pool: Pool
    order: Ids
    scores: NDArray[np.float32]
    filings: Ids
    fused: Fused
    terms: tuple[tuple[str, float], ...]
    expanded: tuple[str, ...]
    lanes: Lanes
    floor: float


def search(
    view: View,
    query: str,
    *,
    limit: int = 10,
    offset: int = 0,
    mode: str = "hybrid",
    by: str = "filing",
    filters: Filters | None = None,
    explain: bool = False,
    exact: bool = False,
    fusion: Literal["convex", "rrf"] = "convex",
) -> SearchResult:
    """Filings or passages that answer the query, best first; an empty answer says why.

    Raises:
        UsageError: an empty query, an unknown mode or way to count hits, a limit or offset below its bound.
    """
    started = time.perf_counter()
    mode_, by_ = _checked(view, query, mode, by, limit, offset)
    question = Question(query.strip()[: view.settings.query_length_max], view.segmenter.token_spans)
    allowed = view.allowed_chunks(filters) if filters is not None and not filters.is_empty() else None
    ranked = _rank(view, question, mode_, by_, allowed, limit + offset, exact, fusion)
    page = ranked.order[offset : offset + limit]
    hits = _hits(view, ranked, page, explain)
    message = None if hits else _why_empty(view, ranked, allowed, offset)
    if len(query.strip()) > view.settings.query_length_max:
        message = f"检索内容过长，只取了前 {view.settings.query_length_max} 个字符。"
    return SearchResult(
        query=query,
        mode=mode_,
        total=len(ranked.order),
        took_ms=round((time.perf_counter() - started) * 1000, 3),
        hits=hits,
        message=message,
    )


def matching_chunks(view: View, query: str, *, filters: Filters | None = None, mode: str = "hybrid") -> Ids:
    """Ids of the passages that answer the query, ascending: of all that `search` would page through.

    Raises:
        UsageError: an empty query or an unknown mode.
    """
    mode_, by = _checked(view, query, mode, "passage", 1, 0)
    question = Question(query.strip()[: view.settings.query_length_max], view.segmenter.token_spans)
    allowed = view.allowed_chunks(filters) if filters is not None and not filters.is_empty() else None
    ranked = _rank(view, question, mode_, by, allowed, view.settings.limit_max, False, "convex")
    return np.sort(ranked.pool.chunk_ids[ranked.order]).astype(np.int64)


def _checked(view: View, query: str, mode: str, by: str, limit: int, offset: int) -> tuple[Mode, By]:
    if not query.strip():
        raise UsageError("query: empty; type what to look for", "query")
    if mode not in MODES:
        raise UsageError(f"mode {mode!r}: expected one of {', '.join(MODES)}", "mode")
    if by not in ("filing", "passage"):
        raise UsageError(f"by {by!r}: expected filing or passage", "by")
    if not 1 <= limit <= view.settings.limit_max:
        raise UsageError(f"limit {limit}: expected 1 to {view.settings.limit_max}", "limit")
    if offset < 0:
        raise UsageError(f"offset {offset}: expected 0 or more", "offset")
    return mode, by  # type: ignore[return-value]


def _rank(
    view: View,
    question: Question,
    mode: Mode,
    by: By,
    allowed: Ids | None,
    needed: int,
    exact: bool,
    fusion: str,
) -> _Ranked:
    """Gather, fuse and order; gather more until `needed` hits stand or there are no more chunks."""
    own, expanded = view.query_terms(question, exact=exact) if mode != "semantic" else ((), ())
    vector = _query_vector(view, question) if mode != "lexical" else None
    lanes = _find_lanes(view, question) if mode != "semantic" else Lanes()
    also = _lane_chunks(view, lanes)
    if allowed is not None:
        also = among(also, allowed)
    k = max(POOL_MIN, 3 * needed)
    while True:
        pool = gather(view, question, own, expanded, vector, k, allowed, also)
        ranked = _order(view, pool, mode, by, own, expanded, lanes, fusion)
        if len(ranked.order) >= needed or pool.exhausted or k >= POOL_MAX or _rest_is_worse(ranked):
            return ranked
        k *= 4


def _lane_chunks(view: View, lanes: Lanes) -> Ids:
    """What joins the pool for the lanes: all passages of a few filings, the headers of many."""
    named = np.fromiter(lanes.bonus, dtype=np.int64, count=len(lanes.bonus))
    return (
        view.chunks_of(np.sort(named)) if len(named) <= LANE_FILINGS_WHOLE_MAX else view.header_chunks(np.sort(named))
    )


def _find_lanes(view: View, question: Question) -> Lanes:
    def citing_title(query: str) -> tuple[str, Ids] | None:
        # A policy that matches less surely is left to the words.
        sure = view.store.policies.sure(query)
        if not sure:
            return None
        numbers = np.unique(np.asarray(view.store.policies.filings_citing([m.row.policy_no for m in sure]), np.int64))
        return sure[0].row.title or sure[0].row.document_number, numbers

    misspelt = not all(view.lexical.doc_freq(term) for term in question.terms)
    lanes = find_lanes(question, view, citing_title, misspelt)
    named = np.fromiter(lanes.bonus, dtype=np.int64, count=len(lanes.bonus))
    # The headers and the policies may name what the view no longer, or not yet, knows.
    lanes.drop(named[~view.catalog.knows(named)].tolist())
    return lanes


def _query_vector(view: View, question: Question) -> NDArray[np.float32]:
    """The mean of the query, its script and width folded, and of its words without those of asking, of unit length."""
    texts = [question.normalized, " ".join(question.terms)]
    total: NDArray[np.float32] = view.encoder.encode(texts, kind="query").sum(axis=0)
    norm = float(np.linalg.norm(total))
    return total / norm if norm > 0 else total


def _rest_is_worse(ranked: _Ranked) -> bool:
    """Whether what neither half has shown yet can't reach the floor: it scores below the last of either half."""
    weight, pool = ranked.fused.lexical_weight, ranked.pool
    bound = weight * pool.lexical_last / max(pool.score_max, 1e-9) + (1.0 - weight) * max(pool.semantic_last, 0.0)
    return bound < ranked.floor


def _order(
    view: View,
    pool: Pool,
    mode: Mode,
    by: By,
    own: tuple[tuple[str, float], ...],
    expanded: tuple[tuple[str, float], ...],
    lanes: Lanes,
    fusion: str,
) -> _Ranked:
    filings = view.filing_of(pool.chunk_ids)
    share = lexical_share(pool.lexical, pool.score_max)
    if mode == "lexical":
        fused = Fused(pool.lexical / max(pool.score_max, 1e-9), 1.0, share)
    elif mode == "semantic":
        fused = Fused(pool.semantic, 0.0, share)
    elif fusion == "rrf":
        ranks = reciprocal_ranks(pool.lexical_ranking, pool.semantic_ranking, ids=pool.chunk_ids)
        fused = Fused(ranks, 0.5, share)
    else:
        fused = fuse(pool.lexical, pool.semantic, pool.score_max)
    bonus = _bonus(lanes, filings)
    floor = floor_of(mode, fusion, pool, fused)
    kept = np.flatnonzero((fused.scores >= floor) | (bonus > 0))
    scores = fused.scores + bonus
    order = kept[np.argsort(-scores[kept], kind="stable")]
    if by == "filing":
        # The first place of each filing, in the order of the scores.
        _, first = np.unique(filings[order], return_index=True)
        order = order[np.sort(first)]
    return _Ranked(pool, order, scores, filings, fused, own, tuple(term for term, _ in expanded), lanes, floor)


def _bonus(lanes: Lanes, filings: Ids) -> NDArray[np.float32]:
    """What the lanes give to each of these filings, (n,)."""
    bonus = np.zeros(len(filings), dtype=np.float32)
    if lanes.bonus:
        named = np.fromiter(lanes.bonus, dtype=np.int64, count=len(lanes.bonus))
        order = np.argsort(named)
        given = np.fromiter(lanes.bonus.values(), dtype=np.float32, count=len(lanes.bonus))[order]
        named = named[order]
        places = np.minimum(np.searchsorted(named, filings), len(named) - 1)
        inside = named[places] == filings
        bonus[inside] = given[places[inside]]
    return bonus


def _hits(view: View, ranked: _Ranked, page: Ids, explain: bool) -> tuple[SearchHit, ...]:
    chunks = view.chunks(ranked.pool.chunk_ids[page])
    words = {term for term, _ in ranked.terms} | set(ranked.expanded)
    hits = []
    for position, chunk in zip(page.tolist(), chunks, strict=True):
        snippet, highlights = make_snippet(chunk.text, words)
        header = chunk.filing.values
        hits.append(
            SearchHit(
                filing_id=header["id"],
                source=chunk.filing.source(),
                fiscal_year=header.get("fiscal_year"),
                applicant=header.get("applicant"),
                project_name=header.get("project_name"),
                section=chunk.section,
                score=round(float(ranked.scores[position]), 6),
                scores=_scores(ranked, position),
                snippet=snippet,
                highlights=highlights,
                start=chunk.start,
                end=chunk.end,
                explain=_explain(ranked, position, chunk.text) if explain else None,
            )
        )
    return tuple(hits)


def _scores(ranked: _Ranked, position: int) -> Scores:
    lexical, semantic = float(ranked.pool.lexical[position]), float(ranked.pool.semantic[position])
    return Scores(
        lexical=round(lexical, 6) if ranked.fused.lexical_weight > 0 else None,
        semantic=round(semantic, 6) if ranked.fused.lexical_weight < 1 else None,
    )


def _explain(ranked: _Ranked, position: int, text: str) -> Explanation:
    number = int(ranked.filings[position])
    own = {term for term, _ in ranked.terms}
    found = {text[a:b] for a, b in highlight_spans(text, own)}
    details: dict[str, Any] = {
        "fused": round(float(ranked.fused.scores[position]), 4),
        "lanes": round(ranked.lanes.bonus.get(number, 0.0), 4),
        "lexical_weight": round(ranked.fused.lexical_weight, 3),
        "lexical_share": round(ranked.fused.lexical_share, 3),
        "lexical_max": round(ranked.pool.score_max, 3),
    }
    return Explanation(
        lanes=tuple(ranked.lanes.names.get(number, ())),
        terms=tuple(sorted(found)),
        expanded=ranked.expanded,
        fusion=details,
    )


def _why_empty(view: View, ranked: _Ranked, allowed: Ids | None, offset: int) -> str:
    if view.lexical.n_chunks == 0:
        return "库中还没有申报表，请先用 perfsearch add 读入。"
    if allowed is not None and not len(allowed):
        return "没有符合筛选条件的申报表。"
    if offset and len(ranked.order):
        return f"只有 {len(ranked.order)} 条结果。"
    return "没有相关的结果：库中没有申报表与这些词或这个意思足够接近。"
