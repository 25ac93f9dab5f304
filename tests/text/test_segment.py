from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.text import segment
from perfsearch.text.segment import Segmenter, amount_token, token_spans, tokens


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("项目绩效目标", ["绩效目标", "绩效", "目标"]),  # parts of long words, too
        ("政府购买服务", ["政府购买服务", "政府", "服务"]),
        ("预算执行率≥85%", ["预算执行率", "85%"]),
        ("２０１８－２０２１年", ["2018", "2021"]),  # full width, and years parted from each other
        ("2018-2021", ["2018", "2021"]),
        ("wi-fi_6", ["wi", "fi", "6"]),
        ("繁體中文", ["繁体中文"]),
        ("茶", ["茶"]),  # single characters stay
        ("国办发〔2016〕10号", ["国办发", "〔2016〕10号"]),
        ("国办发[2016]10 号", ["国办发", "〔2016〕10号"]),
        ("国办发【2016】第010号", ["〔2016〕10号"]),
        ("国办发（2016）10", ["〔2016〕10号"]),
        ("预算54万元", ["¥540000", "54", "万元"]),
        ("540,000元", ["¥540000"]),
        ("540000.00元", ["¥540000"]),
        ("990万", ["¥9900000"]),
        ("1.5亿元", ["¥150000000"]),
        ("1234.56元", ["¥1234.56"]),
        ("第1,540,000元", ["¥1540000"]),
        ("2020.5,54万元", ["¥540000"]),
    ],
)
def test_what_people_type_and_what_filings_print_meet_in_a_token(text: str, found: list[str]) -> None:
    assert set(found) <= set(tokens(text))


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("10万人次", "¥100000"),  # people are no money
        ("（2016）10个", "〔2016〕10号"),  # a year in brackets before a number of things
        ("的，。《》", "的"),
        ("2020.01.01", "2020.01"),
        ("1.2.3元", "¥3"),  # a version, not a price
    ],
)
def test_what_is_none_gives_no_token(text: str, absent: str) -> None:
    assert absent not in tokens(text)


def test_punctuation_and_grammar_words_alone_give_nothing() -> None:
    assert tokens("的，。、《》“”——…… 和") == []


@given(st.text(max_size=60) | st.text(alphabet="科普教育（）〔〕2016号.,%万元-_ 體㎡e\u0301", max_size=40))
def test_spans_are_of_the_same_tokens_and_lie_in_the_text(text: str) -> None:
    spans = token_spans(text)
    assert [token for token, _, _ in spans] == tokens(text)
    for token, start, end in spans:
        assert 0 <= start < end <= len(text), token


def test_a_span_is_what_stands_in_the_original() -> None:
    text = "请见ＡＢＣ（２０１６）１０号，５４万元"
    found = {token: text[start:end] for token, start, end in token_spans(text)}
    assert found["〔2016〕10号"] == "（２０１６）１０号"
    assert found["¥540000"] == "５４万元"
    assert found["abc"] == "ＡＢＣ"


def test_a_run_of_letters_without_end_becomes_a_short_token() -> None:
    assert {len(token) for token in tokens("a" * 100_000)} == {segment.TOKEN_LENGTH_MAX}


@pytest.mark.parametrize(
    "text", ["1" * 1_000_000, "1," * 500_000, "1.1" * 300_000, "(2016)" * 150_000, "（" * 1_000_000, "科" * 300_000]
)
def test_a_megabyte_without_end_is_cut_in_linear_time(text: str) -> None:
    started = time.perf_counter()
    assert max(map(len, tokens(text)), default=0) <= segment.TOKEN_LENGTH_MAX
    assert time.perf_counter() - started < 15


def test_an_amount_has_one_token() -> None:
    assert amount_token(540000.0) == amount_token(540000) == "¥540000"
    assert amount_token(0.5) == "¥0.5"
    assert amount_token(100) == "¥100"


def test_the_identity_names_the_dictionary_and_the_library_s_own_words() -> None:
    assert Segmenter().identity == Segmenter().identity == segment.SEGMENTER
    assert Segmenter(words=["云上科普"]).identity != segment.SEGMENTER
    assert Segmenter(stops=["科普"]).identity != segment.SEGMENTER


def test_a_library_s_own_words_are_kept_whole_and_its_stop_words_dropped() -> None:
    own = Segmenter(words=["云普惠驿站"], stops=["开展"])
    assert "云普惠驿站" in own.tokens("开展云普惠驿站工作")
    assert "开展" not in own.tokens("开展云普惠驿站工作")
    assert "云普惠驿站" not in tokens("开展云普惠驿站工作")


def test_pure_jieba_stands_in_where_rjieba_has_no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    slow = Segmenter()
    assert slow.identity.startswith("jieba/")
    assert {"绩效目标", "绩效", "目标", "85%"} <= set(slow.tokens("绩效目标≥85%"))
    text = "国办发〔2016〕10号预算执行率"
    assert [token for token, _, _ in slow.token_spans(text)] == slow.tokens(text)


def test_the_dictionary_has_no_word_twice() -> None:
    words = segment._dictionary()
    assert len(words) == len(set(words)) > 500
