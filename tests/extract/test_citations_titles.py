"""Marks of titles are paired wherever a reader can pair them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.extract.titles import find_quoted_titles


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("《甲〈乙办法〉的通知》和《丙法》", ["甲〈乙办法〉的通知", "丙法"]),
        ("《关于印发《甲办法》的通知》、《乙法》", ["关于印发《甲办法》的通知", "乙法"]),
        ("《关于印发《甲方案》和《乙细则》的通知》", ["关于印发《甲方案》和《乙细则》的通知"]),
        ("《贯彻〈关于印发〈甲方案〉的通知〉的意见》（", ["贯彻〈关于印发〈甲方案〉的通知〉的意见"]),
        ("《甲管理办法、《乙条例》、《丙规定》", ["甲管理办法", "乙条例", "丙规定"]),
        ("《关于印发《甲方案》的通知（国发〔2020〕1号）；《乙办法》", ["关于印发《甲方案》的通知", "乙办法"]),
        ("根据关于加强防汛的意见》（国发〔2020〕1号）", ["关于加强防汛的意见"]),
        ("《国务院关于\n　　推进工作的意见》", ["国务院关于推进工作的意见"]),
        ("<<科普法>>和≪预算法≫、〈水法〉", ["科普法", "预算法", "水法"]),
        ("《甲的通知》》（国发", ["甲的通知"]),
        ("《甲计划“管理办法”和其他管理办法》", ["甲计划“管理办法”和其他管理办法"]),
        ("《《《《《《《《", []),
        ("孤零零的》", []),
    ],
)
def test_titles_are_read_from_their_marks(text: str, titles: list[str]) -> None:
    assert [title.title for title in find_quoted_titles(text)] == titles


@given(st.text(alphabet="《》〈〉<>甲乙办法通知关于印发、，。\n和", max_size=200))
def test_titles_are_in_order_and_never_overlap(text: str) -> None:
    end = 0
    for title in find_quoted_titles(text):
        assert end <= title.start < title.end <= len(text)
        end = title.end
