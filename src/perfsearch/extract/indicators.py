"""Names of indicators and their levels, folded to what they mean: width, brackets, units, the final 。 aside.

`项目计划完成率（%）` and `项目计划完成率(%)` are one indicator, 产出目标 (Shanghai) and 产出指标 (the Ministry of Finance's form)
one level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from perfsearch.text.normalize import normalize

NAME_LENGTH_MAX = 200
"""A longer name is prose that slipped into the column: only its head is compared."""

Dimension = Literal[
    "management", "quantity", "quality", "timeliness", "cost", "economic", "social", "environment", "sustained",
    "satisfaction", "influence", "other",
]  # fmt: skip

DIMENSION_NAMES: dict[Dimension, str] = {
    "management": "投入与管理",
    "quantity": "产出·数量",
    "quality": "产出·质量",
    "timeliness": "产出·时效",
    "cost": "成本",
    "economic": "效果·经济效益",
    "social": "效果·社会效益",
    "environment": "效果·生态环境效益",
    "sustained": "效果·可持续影响",
    "satisfaction": "满意度",
    "influence": "影响力",
    "other": "其他",
}
OUTPUT: frozenset[Dimension] = frozenset({"quantity", "quality", "timeliness", "cost"})
EFFECT: frozenset[Dimension] = frozenset({"economic", "social", "environment", "sustained", "influence"})

# The second level says more than the first; the first decides where the second is blank or its own invention.
_LEVEL2: tuple[tuple[str, Dimension], ...] = (
    ("满意", "satisfaction"),
    ("数量", "quantity"),
    ("质量", "quality"),
    ("时效", "timeliness"),
    ("成本", "cost"),
    ("经济效益", "economic"),
    ("社会效益", "social"),
    ("环境效益", "environment"),
    ("生态", "environment"),
    ("可持续", "sustained"),
)
_LEVEL1: tuple[tuple[str, Dimension], ...] = (
    ("满意", "satisfaction"),
    ("投入", "management"),
    ("过程", "management"),
    ("管理", "management"),
    ("成本", "cost"),
    ("产出", "quantity"),
    ("影响力", "influence"),
    ("可持续", "sustained"),
    ("效果", "social"),
    ("效益", "social"),
)

_SPACE = re.compile(r"\s+")
_BRACKETED = re.compile(r"[(\[{【〔<〈]([^()\[\]{}【】〔〕<>〈〉]{0,24})[)\]}】〕>〉]")
_EDGE = re.compile(r"^[\s、,.;:。·\-—*#]+|[\s、,.;:。·\-—*#]+$")
_CIRCLED = re.compile(r"^\s*[①-⑳⑴-⒇]")  # before the width is folded: ① becomes 1
_NUMBERED = re.compile(r"^(?:[(]?\d{1,2}[)、.]|指标\s*\d{1,2}[:.、])\s*(?=\D)")
_UNIT_WORD = re.compile(
    r"^(?:单位[:]?)?(?:%|‰|[十百千万亿]*(?:元|人次|人|次|个|场|件|份|篇|项|家|户|台|套|辆|块|天|日|月|年|小时|分钟|分|平方米|平方公里|公里|千米|米|亩|吨|"
    r"公斤|立方米|册|本|期|处|座|所|条|名|只|张|片|批|起|例|点位|课时|页|路|盏|株|棵|公顷|度|倍|级|吨/日|㎡|m2|km|kg)"
    r"(?:/[^/]{1,6})*)$"
)
_ASIDE = re.compile(r"^(?:含|不含|其中|包括|不包括|试行|暂行|如有)")
_PLURAL = re.compile(r"(?<=.{2})(?:情况|指标)$")


@lru_cache(maxsize=200_000)
def fold_indicator(name: str) -> str:
    """What an indicator's name is compared by; empty only where nothing but marks was printed.

    Width, case, script, blanks, the number in front, the marks at both ends, a unit in brackets and an aside such as
    （含复审） are folded away; other brackets (一期, 运维) tell projects apart and stay, without their marks.
    """
    folded = _SPACE.sub("", normalize(_CIRCLED.sub("", name[:NAME_LENGTH_MAX])).text)
    folded = _NUMBERED.sub("", folded)
    bare = _BRACKETED.sub(lambda m: "" if _UNIT_WORD.match(m[1]) or _ASIDE.match(m[1]) or not m[1] else m[1], folded)
    bare = _EDGE.sub("", bare)
    return bare or _EDGE.sub("", folded) or folded


def concept(name: str) -> str:
    """The folded name without a tail that says nothing (指标, 情况): 满意度指标 is 满意度."""
    folded = fold_indicator(name)
    return _PLURAL.sub("", folded) or folded


@lru_cache(maxsize=4_096)
def dimension(level1: str, level2: str) -> Dimension:
    """What a row measures, over all forms: output by quantity, quality, timeliness and cost, effects, satisfaction.

    The classes are those of 财预〔2015〕88号 (产出、效益、满意度); Shanghai's form of 2020 adds 投入与管理 and 影响力目标.
    """
    first, second = (_SPACE.sub("", normalize(level).text) for level in (level1, level2))
    if "投入" in first or "过程" in first:
        return "management"
    if "影响力" in first and "满意" not in second:
        return "influence"
    for word, found in _LEVEL2:
        if word in second:
            return found
    for word, found in _LEVEL1:
        if word in first:
            return found
    return "other"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the words of a name say of it."""

    rate: bool
    """Its value is a share: 率, 比例, 满意度."""
    satisfaction: bool
    growth: bool
    """It measures a change, which may pass 100 %."""
    cost: bool
    count: bool


_RATE = re.compile(r"(?:率|比例|比重|占比|百分比|满意度|覆盖面)$")
_NOT_A_SHARE = re.compile(
    r"(?:周转率|频率|功率|汇率|利率|分辨率|效率|倍率|速率|死亡率|发病率|出生率|容积率|费率|税率|斜率|概率|码率|帧率|孕产妇\S*率|婴儿\S*率)$"
)
_SATISFACTION = re.compile(r"满意|好评|获得感|幸福感|认可度|美誉度|口碑")
_GROWTH = re.compile(r"增长|增幅|增速|提高|提升|同比|环比|递增|上升|增加|倍")
_COST = re.compile(r"成本|单价|造价|费用|经费|支出|标准$|价格")
_SAVING = re.compile(r"节约|节省|降低|下降|压减|降幅|减少|控制率|节支|回收|收回")
_COUNT = re.compile(
    r"(?:数|数量|次数|人数|场次|人次|件数|篇数|份数|家数|户数|面积|长度|规模|里程|得分|评分|分数|天数|时间|时长|时限|量|额|值)$"
)


@lru_cache(maxsize=100_000)
def kind_of(name: str) -> Kind:
    """What a name says of its values, from its words alone."""
    bare = concept(name)
    return Kind(
        rate=bool(_RATE.search(bare)) and not _NOT_A_SHARE.search(bare),
        satisfaction=bool(_SATISFACTION.search(bare)),
        growth=bool(_GROWTH.search(bare)),
        cost=bool(_COST.search(bare)) and not _SAVING.search(bare),
        count=bool(_COUNT.search(bare)),
    )


PROCESS_INDICATORS = frozenset(
    fold_indicator(name)
    for name in [
        "预算执行率",
        "预算资金执行率",
        "资金执行率",
        "预算完成率",
        "预算资金到位率",
        "资金到位率",
        "财政资金到位率",
        "预算编制合理性",
        "预算编制科学性",
        "预算管理规范性",
        "财务管理制度健全性",
        "财务制度健全性",
        "财务监控有效性",
        "资金使用规范性",
        "资金使用合规性",
        "资金管理规范性",
        "项目管理制度健全性",
        "管理制度健全性",
        "管理制度执行有效性",
        "合同管理完备性",
        "合同管理规范性",
        "政府采购规范性",
        "资格审核规范性",
        "资格审核（含复审）规范性",
        "资产管理制度有效性",
        "固定资产管理情况",
        "内控制度健全性",
        "项目立项规范性",
        "立项依据充分性",
        "绩效目标合理性",
        "专款专用率",
    ]
)
"""How a project is funded and run, never what it brings about: the names of 投入管理, 财务管理, 实施管理 and 资产管理 in Shanghai's form."""


def is_process(name: str) -> bool:
    """Whether a name is one of the process indicators."""
    return fold_indicator(name) in PROCESS_INDICATORS
