"""A statement ends where the budget document around it goes on."""

from __future__ import annotations

import pytest

from perfsearch.parsing import parse_bytes

STATEMENT = """河道保洁项目经费情况说明
一、项目概况
对全区48条河道实施保洁养护。
二、立项依据
《中华人民共和国水法》
三、实施主体
云江市临江区水务局
四、实施方案
分季度实施，年底验收。
五、实施周期
2024年1月-2024年12月
六、年度预算安排
2024年项目总预算120万元。
七、绩效目标
河道水面无漂浮物，
群众满意度达到90%。
"""


@pytest.mark.parametrize(
    "behind",
    [
        "预算主管部门：云江市临江区水务局\n一、部门主要职能\n负责全区水务工作。\n",
        "目 录\n一、部门主要职能\n二、名词解释\n",
        "第二部分 2024年部门预算表\n单位：元\n收入 支出\n",
        "2024年部门财务收支预算总表\n单位：元\n项目 预算\n",
    ],
)
def test_what_follows_a_statement_is_no_part_of_its_last_section(behind: str) -> None:
    (filing,) = parse_bytes((STATEMENT + behind + "别的文字。\n" * 40).encode(), "budget.txt")
    assert filing.form == "statement"
    assert filing.sections["goals"] == "河道水面无漂浮物，群众满意度达到90%。"
    assert filing.sections["overview"] == "对全区48条河道实施保洁养护。"
