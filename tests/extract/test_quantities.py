"""Quantities that a text promises are read with their unit, their comparison and the clause they stand in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.extract.quantities import find_quantities


@pytest.mark.parametrize(
    ("text", "number", "unit", "op"),
    [
        ("培训科普员300名", 300, "人", "="),
        ("享受补贴老人不少于2000人", 2000, "人", ">="),
        ("完成体检9.6万人", 96_000, "人", "="),
        ("直接受益群众不少于5万人次", 50_000, "人次", ">="),
        ("数字化200万页", 2_000_000, "页", "="),
        ("满意度达到90%以上", 90, "%", ">="),
        ("退水时间缩短至2小时以内", 2, "小时", "<="),
        ("养护河道118.4公里", 118.4, "公里", "="),
        ("举办讲座50余场", 50, "场", ">="),
    ],
)
def test_a_promise_is_a_number_a_unit_and_a_comparison(text: str, number: float, unit: str, op: str) -> None:
    (found,) = find_quantities(text)
    assert (found.number, found.unit, found.op) == (number, unit, op)


@pytest.mark.parametrize("text", ["国发〔2021〕9号", "2020年12月31日", "第13届", "54万元", "3-5篇", "十三五"])
def test_numbers_dates_money_and_ranges_are_no_promise(text: str) -> None:
    assert find_quantities(text) == []


@pytest.mark.parametrize(
    "text", ["近年来，有49个学会承接了任务", "截至2019年底共有站点27家", "2018年培训200人", "目前全区设有教学点18个"]
)
def test_what_is_there_already_is_no_promise(text: str) -> None:
    assert all(found.past for found in find_quantities(text, 2020))


def test_the_past_ends_with_its_sentence() -> None:
    there, promised = find_quantities("目前有站点18个。今年新建站点5个。", 2020)
    assert (there.past, promised.past) == (True, False)


@pytest.mark.parametrize("text", ["投诉比上年下降25%", "由10场增加到20场", "每校开设社团10个"])
def test_changes_and_rates_per_head_are_relative(text: str) -> None:
    assert find_quantities(text)[0].relative


@given(st.text(alphabet="0123456789万千百%人次场个，、。不少于每近年来", max_size=100))
def test_every_quantity_lies_in_its_clause(text: str) -> None:
    for found in find_quantities(text, 2020):
        assert found.clause_start <= found.start < found.end <= found.clause_end <= len(text)
