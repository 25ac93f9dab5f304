"""How good the answers are: nDCG@10, recall@10 and MRR of judged queries, by type and by mode."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from perfsearch.errors import UsageError
from perfsearch.model.base import Value

MEASURES = ("nDCG@10", "R@10", "RR")
HITS = 50
"""Hits asked for each query: the measures look at ten, the reciprocal rank at all of them."""


class JudgedQuery(Value):
    """A query and the filings that answer it, as (file, index) with a grade: 2 answers, 1 is of some use."""

    id: str
    type: str
    query: str
    relevant: tuple[dict[str, Any], ...]

    def grades(self) -> dict[tuple[str, int], int]:
        """Grade by source."""
        return {(r["source"]["file"], int(r["source"]["index"])): int(r.get("grade", 1)) for r in self.relevant}


class Measured(Value):
    """The means of one type of query in one mode, in per cent."""

    mode: str
    type: str
    queries: int
    ndcg: float
    recall: float
    mrr: float


class Evaluation(Value):
    """All measured means, and nDCG@10 of every query by mode, for telling what changed."""

    measured: tuple[Measured, ...]
    by_query: dict[str, dict[str, float]]
    missing: tuple[str, ...] = ()
    """Judged sources that the library does not hold: queries about them can't be answered."""


def read_queries(path: Path) -> list[JudgedQuery]:
    """Read judged queries, one JSON a line.

    Raises:
        UsageError: no such file, or a line that is no judged query; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    queries = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                query = JudgedQuery(**json.loads(line))
                query.grades()
            except (ValueError, TypeError, KeyError) as error:
                raise UsageError(
                    f"{path}, line {number}: no judged query (id, type, query, relevant): {error}"
                ) from error
            queries.append(query)
    return queries


def evaluate(
    queries: Sequence[JudgedQuery],
    search: Callable[[str, str], Iterable[tuple[str, float]]],
    ids_by_source: Mapping[tuple[str, int], str],
    modes: Sequence[str] = ("hybrid", "lexical", "semantic"),
) -> Evaluation:
    """Score `search(query, mode) -> (filing id, score), best first` on judged queries.

    The gain of nDCG is the grade, as in trec_eval. Ties are broken by the order of the answer.
    """
    import ir_measures
    from ir_measures import RR, R, nDCG

    measures = {nDCG @ 10: "ndcg", R @ 10: "recall", RR: "mrr"}
    qrels, missing = [], set()
    for query in queries:
        for source, grade in query.grades().items():
            if source not in ids_by_source:
                missing.add(f"{source[0]}#{source[1]}")
            qrels.append(ir_measures.Qrel(query.id, ids_by_source.get(source, f"missing {source}"), grade))
    measured: list[Measured] = []
    by_query: dict[str, dict[str, float]] = {}
    for mode in modes:
        run = []
        for query in queries:
            hits = list(dict.fromkeys(filing_id for filing_id, _ in search(query.query, mode)))
            # The rank is the score: equal scores would be reordered by the measure.
            run += [ir_measures.ScoredDoc(query.id, filing_id, -float(rank)) for rank, filing_id in enumerate(hits)]
        values: dict[str, dict[str, float]] = {query.id: dict.fromkeys(measures.values(), 0.0) for query in queries}
        for value in ir_measures.iter_calc(list(measures), qrels, run):
            values[value.query_id][measures[value.measure]] = value.value
        by_query[mode] = {query.id: round(values[query.id]["ndcg"], 4) for query in queries}
        for kind in [*dict.fromkeys(query.type for query in queries), "all"]:
            chosen = [values[query.id] for query in queries if kind in (query.type, "all")]
            measured.append(
                Measured(
                    mode=mode,
                    type=kind,
                    queries=len(chosen),
                    **{name: round(100 * sum(v[name] for v in chosen) / len(chosen), 2) for name in measures.values()},
                )
            )
    return Evaluation(measured=tuple(measured), by_query=by_query, missing=tuple(sorted(missing)))


def compare(new: Evaluation, old: Evaluation) -> list[tuple[str, str, float, float]]:
    """(mode, query id, before, after) of every query whose nDCG@10 changed, worst loss first."""
    changes = [
        (mode, query, before, new.by_query[mode][query])
        for mode, queries in old.by_query.items()
        for query, before in queries.items()
        if query in new.by_query.get(mode, {}) and abs(new.by_query[mode][query] - before) > 1e-4
    ]
    return sorted(changes, key=lambda change: change[3] - change[2])
