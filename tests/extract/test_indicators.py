"""Names of indicators and levels are folded to what they mean, over the forms and the ways they are printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.extract.indicators import concept, dimension, fold_indicator, is_process, kind_of


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("项目计划完成率（%）", "项目计划完成率(%)"),
        ("项目计划完成率（%）", "项目计划完成率"),
        ("资格审核（含复审）规范性", "资格审核(含复审)规范性"),
        ("资格审核（含复审）规范性", "资格审核规范性"),
        ("围绕总体思路，开展各项工作。", "围绕总体思路,开展各项工作"),
        ("设备购置数量（个）", "设备购置数量"),
        ("受益群众人次（万人次）", "受益群众人次"),
        ("单位长度养护成本（万元/公里）", "单位长度养护成本"),
        ("１．培训人数", "培训人数"),
        ("（3）培训人数", "培训人数"),
        ("①培训人数", "培训人数"),
        ("群眾滿意度", "群众满意度"),
        ("培训 人数", "培训人数"),
        ("ＡＥＤ配置数", "aed配置数"),
    ],
)
def test_what_is_printed_in_two_ways_is_one_indicator(a: str, b: str) -> None:
    assert fold_indicator(a) == fold_indicator(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("平台一期（运维）", "平台一期"),
        ("受益人数（老人）", "受益人数（儿童）"),
        ("群众满意度", "家长满意度"),
        ("5G基站数", "4G基站数"),
    ],
)
def test_what_a_bracket_tells_apart_stays_apart(a: str, b: str) -> None:
    assert fold_indicator(a) != fold_indicator(b)


def test_a_name_of_marks_only_is_still_something() -> None:
    assert fold_indicator("（%）") != ""
    assert fold_indicator("") == ""


def test_a_tail_that_says_nothing_is_no_part_of_the_concept() -> None:
    assert concept("满意度指标") == "满意度"
    assert concept("固定资产管理情况") == "固定资产管理"
    assert concept("指标") == "指标"


@pytest.mark.parametrize(
    ("level1", "level2", "expected"),
    [
        ("投入与管理", "财务管理", "management"),
        ("产出目标", "数量", "quantity"),
        ("产出指标", "质量指标", "quality"),
        ("产出目标", "时效", "timeliness"),
        ("产出指标", "成本指标", "cost"),
        ("成本指标", "经济成本指标", "cost"),
        ("效果目标", "社会效益", "social"),
        ("效益指标", "生态效益指标", "environment"),
        ("效益指标", "可持续影响指标", "sustained"),
        ("效果目标", "满意度", "satisfaction"),
        ("满意度指标", "服务对象满意度指标", "satisfaction"),
        ("影响力目标", "长效管理", "influence"),
        ("产出指标", "", "quantity"),
        ("", "", "other"),
    ],
)
def test_levels_of_all_forms_have_one_dimension(level1: str, level2: str, expected: str) -> None:
    assert dimension(level1, level2) == expected


@pytest.mark.parametrize("name", ["居民满意度", "课后服务覆盖率", "优于Ⅴ类水质断面比例", "项目计划完成率（%）"])
def test_shares_are_known_by_their_name(name: str) -> None:
    assert kind_of(name).rate


@pytest.mark.parametrize("name", ["孕产妇死亡率", "资产周转率", "屏幕分辨率", "培训人数", "工作效率"])
def test_other_ratios_are_no_shares(name: str) -> None:
    assert not kind_of(name).rate


def test_process_indicators_are_known_however_they_are_printed() -> None:
    assert is_process("预算执行率（%）")
    assert is_process("资格审核(含复审)规范性")
    assert not is_process("水面保洁率")


@given(st.text(max_size=60))
def test_folding_is_stable_and_never_fails(name: str) -> None:
    folded = fold_indicator(name)
    assert fold_indicator(folded) == folded or len(folded) <= len(name) * 4
    kind_of(name)
