"""A snippet shows the densest part of a passage, and its highlights are exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.queries.snippets import SNIPPET_LENGTH, highlight_spans, make_snippet

PASSAGE = (
    "本项目位于云江市临江区。" * 12 + "对办公楼屋面漏水部位实施防水维修，更换破损保温层。" + "其余工作按计划推进。" * 12
)


def test_the_window_holds_the_matched_words_and_starts_at_a_sentence() -> None:
    snippet, highlights = make_snippet(PASSAGE, {"屋面", "漏水", "维修"})
    assert {snippet[start:end] for start, end in highlights} == {"屋面漏水", "维修"}
    assert len(snippet) <= SNIPPET_LENGTH + 2
    assert snippet.startswith("…")


def test_a_short_passage_is_shown_whole() -> None:
    assert make_snippet("屋面漏水", {"漏水"}) == ("屋面漏水", ((2, 4),))


@pytest.mark.parametrize(
    ("text", "terms", "marked"),
    [
        ("预算５４万元", {"¥540000"}, ["５４万元"]),
        ("（国办发[2016]10 号）", {"〔2016〕10号", "国办发"}, ["国办发[2016]10 号"]),
        ("河道養護工程", {"养护"}, ["養護"]),
        ("2016年与20161日", {"2016"}, ["2016"]),
        ("管理办法与科普法", {"科普", "法"}, ["科普"]),
        ("办法", {"法"}, ["法"]),
        ("ＡＩ平台", {"ai"}, ["ＡＩ"]),
    ],
)
def test_words_are_marked_in_whatever_typography_they_stand(text: str, terms: set[str], marked: list[str]) -> None:
    assert [text[start:end] for start, end in highlight_spans(text, terms)] == marked


@given(st.text(max_size=400), st.sets(st.text(min_size=1, max_size=4), max_size=5))
def test_highlights_lie_within_the_snippet_in_order(text: str, terms: set[str]) -> None:
    snippet, highlights = make_snippet(text, terms)
    position = 0
    for start, end in highlights:
        assert position <= start < end <= len(snippet)
        position = end
