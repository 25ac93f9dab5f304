"""Header values: every shape in which dates, amounts, years and yes or no are printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.forms.values import is_amount, parse_amount, parse_date, parse_year, parse_yes_no


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-01", "2020-01-01"),
        ("2020年1月1日", "2020-01-01"),
        ("2020 年 01 月 01 日", "2020-01-01"),
        ("2020/1/1", "2020-01-01"),
        ("2020.01.01", "2020-01-01"),
        ("20200101", "2020-01-01"),
        ("２０２０－０１－０１", "2020-01-01"),
        ("2020-12-31 00:00:00", "2020-12-31"),
        ("2020年2月", "2020-02-01"),
        ("2020年", "2020-01-01"),
        ("2020年2月30日", None),
        ("2020-13-01", None),
        ("待定", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("2020年2月", "2020-02-29"), ("2020年", "2020-12-31"), ("2020.12", "2020-12-31")]
)
def test_an_end_date_without_a_day_is_the_last_day(text: str, expected: str) -> None:
    assert parse_date(text, end=True) == expected


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("540,000", "元", 540_000),
        ("540000.00", "元", 540_000),
        ("５４０，０００", "元", 540_000),
        ("54万元", "元", 540_000),
        ("54 万", "元", 540_000),
        ("54", "万元", 540_000),
        ("540,000元", "万元", 540_000),
        ("1.2亿元", "元", 120_000_000),
        ("￥1,234.56", "元", 1_234.56),
        ("0", "元", 0),
        ("-5", "元", -5),
        ("8,900,042", "元", 8_900_042),
        ("无", "元", None),
        ("", "元", None),
        ("1" * 40, "元", None),
    ],
)
def test_amounts_in_yuan(text: str, unit: str, expected: float | None) -> None:
    assert parse_amount(text, unit) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("54万元", True), ("540,000", True), ("第540号", False), ("54万元等", False)]
)
def test_is_amount(text: str, expected: bool) -> None:
    assert is_amount(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("是", True),
        ("否", False),
        (" 否 ", False),
        ("是□ 否☑", False),
        ("☑是 □否", True),
        ("是√ 否", True),
        ("是 否", None),
        ("", None),
    ],
)
def test_yes_and_no(text: str, expected: bool | None) -> None:
    assert parse_yes_no(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("（2020年度）", 2020),
        ("( 2020 年 度 )", 2020),
        ("２０２０年度", 2020),
        ("二〇二〇年度", 2020),
        ("二○一九年", 2019),
        ("无", None),
        ("32020", None),
    ],
)
def test_years(text: str, expected: int | None) -> None:
    assert parse_year(text) == expected


@given(st.text(max_size=60))
def test_no_text_is_too_odd_for_a_value(text: str) -> None:
    date, amount = parse_date(text), parse_amount(text)
    assert date is None or len(date) == 10
    assert amount is None or amount == amount
    parse_yes_no(text)
    parse_year(text)


@given(st.integers(0, 10**12))
def test_an_amount_comes_back_from_every_print(yuan: int) -> None:
    assert parse_amount(f"{yuan:,}") == parse_amount(str(yuan)) == parse_amount(f"{yuan:,.2f}元") == yuan
