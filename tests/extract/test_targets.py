"""Targets of indicators are read into conditions, whatever way they are printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.extract.targets import direction, in_base_unit, parse_target, target_faults, unit_in_name


@pytest.mark.parametrize(
    ("text", "op", "number", "unit"),
    [
        ("=100%", "=", 100, "%"),
        ("＝１００％", "=", 100, "%"),
        (">=80%", ">=", 80, "%"),
        ("≥13459.00(平方米)", ">=", 13459, "平方米"),
        ("≥80.00(%)", ">=", 80, "%"),
        ("=100.00(%)", "=", 100, "%"),
        ("=100", "=", 100, None),
        ("=025%", "=", 25, "%"),
        ("=16区", "=", 16, "区"),
        ("=120万元", "=", 1_200_000, "元"),
        ("=20万人次", "=", 200_000, "人次"),
        ("500次", "=", 500, "次"),
        ("不低于5次", ">=", 5, "次"),
        ("不低于50%", ">=", 50, "%"),
        ("不超过30万元", "<=", 300_000, "元"),
        ("≤ 1,200.5 元", "<=", 1200.5, "元"),
        ("90%以上", ">=", 90, "%"),
        ("达到95%及以上", ">=", 95, "%"),
        ("3个工作日以内", "<=", 3, "个工作日"),
        ("可控性100%", "=", 100, "%"),
        ("补贴对象生活改善度不低于80%", ">=", 80, "%"),
        ("百分之九十五", "=", 95, "%"),
        ("不少于百分之八十", ">=", 80, "%"),
        ("<5‰", "<", 5, "‰"),
        ("至少10场", ">=", 10, "场"),
        ("90.00(度)", "=", 90, "度"),
    ],
)
def test_a_target_with_a_number_becomes_a_condition(text: str, op: str, number: float, unit: str | None) -> None:
    value = parse_target(text)
    assert (value.op, value.number, value.unit) == (op, number, unit)


@pytest.mark.parametrize(
    "text", ["合理", "健全", "按照财政要求规范使用资金", "持续增长", "2020年12月底前", "2020-12-31", "完善率"]
)
def test_a_target_without_a_number_keeps_its_words(text: str) -> None:
    value = parse_target(text)
    assert (value.op, value.number, value.qualitative) == (None, None, text)


def test_a_range_has_both_ends() -> None:
    value = parse_target("3-5天")
    assert (value.number, value.number_to, value.unit) == (3, 5, "天")


def test_the_unit_of_the_name_serves_where_the_target_has_none() -> None:
    assert parse_target("=3", "设备购置数量（个）").unit == "个"
    assert parse_target("=100", "信息公开实现率（%）").unit == "%"
    assert parse_target("=100", "资格审核（含复审）规范性").unit is None
    assert unit_in_name("平台一期(运维)") is None


def test_cost_and_complaints_are_better_when_lower() -> None:
    assert direction("人均培训成本") == "lower"
    assert direction("群众满意度") == "higher"
    assert direction("群众满意度", "<=") == "lower"


@given(st.text(max_size=80), st.text(max_size=20))
def test_no_text_makes_the_reading_fail(text: str, name: str) -> None:
    value = parse_target(text, name)
    assert value.number is None or value.op is not None


@given(
    st.sampled_from(["=", ">=", "<=", ">", "<"]), st.integers(0, 10**9), st.sampled_from(["%", "次", "人次", "平方米"])
)
def test_what_is_printed_plainly_is_read_back(op: str, number: int, unit: str) -> None:
    value = parse_target(f"{op}{number}{unit}")
    assert (value.op, value.number, value.unit) == (op, number, unit)


@pytest.mark.real
def test_every_target_of_the_real_filings_is_a_condition_or_words(shared: Path) -> None:
    for name in ("filings.jsonl", "putuo_filings.jsonl"):
        for line in (shared / "gold" / name).read_text(encoding="utf-8").splitlines():
            for row in json.loads(line)["indicators"]:
                value = parse_target(row["target"], row["name"])
                assert (value.number is not None) == any(c.isdigit() for c in row["target"]), row


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("=025%", "leading-zero"),
        ("≥ 07次", "leading-zero"),
        ("==100%", "double-sign"),
        ("≥≤95%", "double-sign"),
        ("=不低于90%", "double-sign"),
        ("≥", "no-value"),
        ("=%", "no-value"),
        ("98.5.1%", "two-points"),
        ("1,,200元", "two-points"),
        ("100%%", "double-unit"),
        ("=1O0%", "letter"),
        ("=10O%", "letter"),
        ("≥95（%", "bracket"),
        ("8-5天", "backwards"),
    ],
)
def test_a_garbled_target_is_named_by_its_fault(text: str, fault: str) -> None:
    assert fault in target_faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "=100%",
        "=0",
        "=0.5%",
        "≤0.05‰",
        "≥13459.00(平方米)",
        "3-5天",
        "2020-06-30",
        "2021年05月底前",
        "2020.12.31前完成",
        "合理",
        "可控性100%",
        "按照财政要求规范使用资金",
        ">=80%",
        "±5%",
        "10:05前",
        "1）完成，2）未完成",
        "不低于50%",
        "",
    ],
)
def test_a_sound_target_has_no_fault(text: str) -> None:
    assert target_faults(text) == []


def test_a_unit_with_a_scale_is_counted_without_it() -> None:
    assert in_base_unit(parse_target(">=5", "受益群众人次（万人次）")) == (50_000, "人次")
    assert in_base_unit(parse_target("=20万人次")) == (200_000, "人次")
    assert in_base_unit(parse_target("=85%")) == (85, "%")
    assert in_base_unit(parse_target("合理")) is None


@given(st.text(max_size=60))
def test_no_text_makes_the_search_for_faults_fail(text: str) -> None:
    target_faults(text)
    in_base_unit(parse_target(text))
