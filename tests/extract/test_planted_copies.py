from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.planted_copies import RECIPES, Copy, Found, apart, make, score


def _copy(start: int, end: int) -> Copy:
    return Copy("edited", "plan", start, end, "s", "plan", start, end)


def _found(start: int, end: int, source: str = "s") -> Found:
    return Found("plan", start, end, source, "plan", start, end)


def test_plagdet_of_a_perfect_detection_is_one() -> None:
    figures = score([([_copy(0, 100)], [_found(0, 100)])])
    assert figures["plagdet"] == figures["precision"] == figures["recall"] == figures["granularity"] == 1.0


def test_plagdet_falls_with_parts_and_with_wrong_detections() -> None:
    figures = score([([_copy(0, 100)], [_found(0, 50), _found(50, 100), _found(0, 100, "other")])])
    assert figures["granularity"] == 2
    assert figures["precision"] == 2 / 3
    assert figures["recall"] == 1.0
    assert round(figures["plagdet"], 4) == round(0.8 / 1.584962500721156, 4)


def test_filings_that_share_a_run_with_an_earlier_one_are_left_out() -> None:
    first = {"sections": {"plan": "每站停留四天，夜间由学校派人值守展品。"}}
    same = {"sections": {"goals": "全年巡展。夜间由学校派人，值守展品！"}}
    other = {"sections": {"plan": "打捞物运至指定堆场沥干后焚烧。"}}
    assert apart([first, same, other], 10) == [first, other]
    assert apart([first, same, other], 13) == [first, same, other]


@pytest.mark.parametrize("recipe", RECIPES)
def test_planted_copies_are_where_the_plan_says(recipe: str) -> None:
    gold = Path(__file__).parent.parent / "data" / "corpus_gold.jsonl"
    library, drafts = make([gold], 30, 3, RECIPES[recipe])
    sections = {(filing["id"], name): text for filing in library for name, text in filing["sections"].items()}
    copies = [(draft.filing["sections"][c.section], c) for draft in drafts for c in draft.copies]
    assert {c.kind for _, c in copies} >= {"verbatim", "edited", "updated"}
    for text, copy in copies:
        source = sections[copy.source, copy.source_section]
        assert 0 <= copy.start < copy.end <= len(text)
        assert 0 <= copy.source_start < copy.source_end <= len(source)
        if copy.kind == "verbatim":
            assert text[copy.start : copy.end] == source[copy.source_start : copy.source_end]
    assert json.loads(json.dumps(drafts[0].filing))
