"""The answers to the judged development queries stay as good as they were measured, by type of query."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfsearch.library import Library
from perfsearch.queries.evaluation import Evaluation, evaluate, read_queries

UNRELATED = 1_000
FLOORS = {
    "keyword": 97.0,
    "question": 90.0,
    "project_name": 95.0,
    "citation": 93.0,
    "indicator": 92.0,
    "budget_or_unit": 92.0,
    "noisy": 90.0,
    "paraphrase": 50.0,
}
"""nDCG@10 of the hybrid search among 1,000 unrelated filings. Among 5,000 `perfsearch evaluate` gives the figures of
benchmarks/RESULTS.md."""


@pytest.fixture(scope="module")
def judged(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluation]:
    folder = tmp_path_factory.mktemp("quality")
    unrelated = folder / "unrelated.jsonl"
    subprocess.run(
        [sys.executable, str(shared / "tools" / "make_distractors.py"), str(UNRELATED), str(unrelated)], check=True
    )
    with Library.open(folder / "library") as library:
        library.add([*sorted((shared / "filings").glob("*.txt")), unrelated])
        ids = {(summary.source.file, summary.source.index): summary.id for summary in library.list()}
        yield evaluate(
            read_queries(shared / "gold" / "queries-dev.jsonl"),
            lambda query, mode: [(hit.filing_id, hit.score) for hit in library.search(query, mode=mode, limit=50).hits],
            ids,
        )


@pytest.mark.real
def test_every_judged_filing_is_in_the_library(judged: Evaluation) -> None:
    assert judged.missing == ()


@pytest.mark.real
@pytest.mark.parametrize("kind", FLOORS)
def test_the_answers_are_as_good_as_they_were(judged: Evaluation, kind: str) -> None:
    (row,) = [row for row in judged.measured if (row.mode, row.type) == ("hybrid", kind)]
    assert row.ndcg >= FLOORS[kind]


@pytest.mark.real
@pytest.mark.parametrize("kind", [*FLOORS, "all"])
def test_both_halves_together_are_not_worse_than_the_better_half(judged: Evaluation, kind: str) -> None:
    # One query that falls from the first place to the second costs its type 1.9 points of 19 queries.
    allowed = 1.0 if kind == "all" else 2.0
    found = {row.mode: row.ndcg for row in judged.measured if row.type == kind}
    assert found["hybrid"] >= max(found["lexical"], found["semantic"]) - allowed
