"""Amounts of money are read from prose in yuan, and grouped as the text means them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.extract.amounts import enumerations, find_amounts, quarters, stated_totals


def yuan(text: str) -> list[float]:
    return [amount.yuan for amount in find_amounts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("总经费54万元", [540_000]),
        ("1,200.5元", [1200.5]),
        ("１２万元", [120_000]),
        ("1.2亿元", [120_000_000]),
        ("支持企业发展870.00万，支持创新70.00万。", [8_700_000, 700_000]),
        ("服务10万人", []),
        ("建成30万平方米", []),
        ("国发〔2021〕9号", []),
        ("2020年54", []),
        ("第3万元", []),
        ("", []),
    ],
)
def test_only_what_is_said_to_be_money_is_money(text: str, expected: list[float]) -> None:
    assert yuan(text) == expected


@pytest.mark.parametrize("text", ["每人50元", "人均120元", "300元/生·学期", "补助标准为每生300元", "300元至900元"])
def test_rates_and_standards_add_up_to_nothing(text: str) -> None:
    assert find_amounts(text)[0].per


def test_amounts_of_other_years_are_set_apart() -> None:
    now, before = find_amounts("2020年安排54万元，2019年安排60万元。", 2020)
    assert (now.elsewhen, before.elsewhen) == (False, True)
    assert find_amounts("累计投入300万元")[0].elsewhen


QUARTERS = [
    ("其中一季度10万元、二季度24万元、三季度10万元、四季度10万元。", 540_000),
    ("第一季度110万元、第二季度150万元、第三季度150万元、第四季度110万元。", 5_200_000),
    ("一季度选点，支出6万元；二季度安装，支出28万元；三季度运行，支出16万元；四季度验收，支出10万元。", 600_000),
    ("第1季度用款25.88万元，第2季度180.74万元，第3季度186.60万元，第4季度16.78万元。", 4_100_000),
    (
        "一季度成立机构；二季度试点；三季度培训；四季度登记。第一季度4万元、第二季度9万元、第三季度22万元、第四季度32万元。",
        670_000,
    ),
    ("上半年支出60万元，下半年支出40万元。", 1_000_000),
]


@pytest.mark.parametrize(("text", "total"), QUARTERS)
def test_quarters_are_added_up(text: str, total: float) -> None:
    group = quarters(text, find_amounts(text))
    assert group is not None
    assert group.complete
    assert group.total == total


def test_cumulative_quarters_are_never_added_up() -> None:
    text = "一季度累计支出10万元，二季度累计支出30万元，三季度累计支出45万元，四季度累计支出54万元。"
    group = quarters(text, find_amounts(text))
    assert group is not None
    assert group.cumulative
    assert group.total == 540_000


@pytest.mark.parametrize(
    "text",
    [
        "一季度10万元，二季度招标，三季度20万元，四季度5万元。",
        "一季度设备10万元、软件5万元，二季度2万元，三季度1万元，四季度1万元。",
    ],
)
def test_quarters_without_just_one_amount_each_are_incomplete(text: str) -> None:
    group = quarters(text, find_amounts(text))
    assert group is not None
    assert not group.complete


def test_a_text_without_quarters_has_none() -> None:
    assert (
        quarters("4月拨付补助300万元，10月拨付补助480万元。", find_amounts("4月拨付补助300万元，10月拨付补助480万元。"))
        is None
    )


def test_an_enumeration_is_a_run_of_labelled_amounts_of_one_sentence() -> None:
    text = "11月结算。其中户外玩具60万元、家具75万元、厨房设备50万元、信息化设备40万元。另有说明。"
    (group,) = enumerations(text, find_amounts(text))
    assert group.total == 2_250_000
    assert group.stated is None
    assert text[group.start : group.end].startswith("60万元")


def test_a_total_that_the_sentence_names_belongs_to_its_parts() -> None:
    text = "2025年度项目总预算1170.00万，其中支持规模化870.00万，支持创新化70.00万，支持协同化180.00万，支持国际化50.00万，合计1170.00万。"
    (group,) = enumerations(text, find_amounts(text, 2025))
    assert group.stated is not None
    assert group.total == group.stated.yuan == 11_700_000


def test_two_amounts_or_far_apart_amounts_are_no_enumeration() -> None:
    for text in (
        "设备30万元、软件20万元。",
        "设备30万元、软件20万元、培训5万元等。",
        "经过多年努力建成平台投入30万元，之后围绕用户需求不断改进服务方式和服务内容等各项工作又投入20万元，最终完成全部建设内容并通过验收后支付5万元。",
    ):
        assert list(enumerations(text, find_amounts(text))) == []


def test_the_total_of_the_project_is_told_from_its_parts() -> None:
    text = "该项目预计总经费54万元，其中项目资金20万元。上年总经费60万元。"
    assert [amount.yuan for amount in stated_totals(text, find_amounts(text, 2020))] == [540_000]


@given(st.text(alphabet="一二三四季度第上下半年万亿千元0123456789.,，、；。其中合计累计每人", max_size=120))
def test_every_amount_lies_in_its_text(text: str) -> None:
    amounts = find_amounts(text, 2020)
    for amount in amounts:
        assert text[amount.start].isdigit()
        assert 0 <= amount.start < amount.end <= len(text)
    quarters(text, amounts)
    list(enumerations(text, amounts))
    list(stated_totals(text, amounts))
