"""财政项目支出绩效目标填报表 (or 申报表), as the districts of Shanghai publish it for the budget years from 2023."""

from __future__ import annotations

from perfsearch.forms.description import Column, Field, Form, Heading, Kind, Section

_FRAMEWORK = {
    "产出指标": ("数量", "质量", "时效", "成本"),
    "效益指标": ("经济效益", "社会效益", "生态效益", "环境效益", "可持续影响", "可持续发展"),
    "满意度指标": ("服务对象满意度", "满意度", "社会公众满意度"),
    "成本指标": ("经济成本", "社会成本", "生态环境成本"),
}
LEVELS = {level1: tuple(name + tail for name in names for tail in ("指标", "")) for level1, names in _FRAMEWORK.items()}
"""Levels of the Ministry of Finance's indicator framework (财预〔2018〕96号 and 财预〔2021〕101号): 成本指标 moved to level 1 in 2021."""

TARGET_TITLES = (
    "年度(/项目)指标值",
    "年度指标值",
    "年度/项目指标值",
    "年度目标值",
    "本年绩效指标值",
    "绩效指标值",
    "指标值",
    "指标目标值",
    "目标值",
    "项目指标值",
    "中期指标值",
    "实施期指标值",
)
"""Titles of the column of targets, the year's before the whole term's."""

SHANGHAI_2023 = Form(
    name="shanghai-2023",
    titles=(
        "财政项目支出绩效目标填报表",
        "财政项目支出绩效目标申报表",
        "项目支出绩效目标填报表",
        "财政项目支出绩效目标表",
    ),
    fields=(
        Field("project_name", ("项目名称",), required=True),
        Field("project_nature", ("项目性质",), values=("经常性项目", "一次性项目", "阶段性项目")),
        Field("category", ("项目类别", "项目类型"), values=("特定目标类", "其他运转类", "人员类", "公用经费类")),
        Field("department", ("主管部门", "主管部门名称", "预算主管部门")),
        Field("applicant", ("实施单位", "项目实施单位", "预算单位", "项目单位", "申报单位", "填报单位"), required=True),
        Field("start_date", ("计划开始日期", "计划开始时间", "开始日期", "项目开始日期"), Kind.DATE),
        Field("end_date", ("计划完成日期", "计划完成时间", "完成日期", "计划结束日期", "结束日期"), Kind.END_DATE),
        Field("government_procurement", ("是否含有政府购买服务", "是否政府购买服务"), Kind.YES_NO),
        Field("performance_type", ("绩效类型",)),
        Field("funds", ("项目资金",), Kind.UNIT),
        Field("contact", ("项目联系人", "联系人", "联系电话", "项目负责人"), Kind.IGNORED),
        Field("filled_on", ("填报日期", "填表日期", "填报人", "填表人"), Kind.IGNORED),
    ),
    sections=(
        Section("overview", ("项目概况", "项目概述"), required=False),
        Section("basis", ("立项依据",), required=False),
        Section("necessity", ("项目设立的必要性",), required=False),
        Section("safeguards", ("保证项目实施的制度、措施",), required=False),
        Section("plan", ("项目实施计划",), required=False),
        Section("goals", ("项目总目标", "项目总体目标", "总体目标")),
        Section("annual_goals", ("年度总体目标", "年度绩效目标", "年度目标", "项目年度目标")),
    ),
    budget=(
        Field("total", ("项目资金总额", "项目总资金", "资金总额"), Kind.AMOUNT),
        Field("current_year", ("年度资金申请总额", "年度资金总额", "年度申请资金总额"), Kind.AMOUNT),
        Field("total_fiscal", ("其中:财政资金", "其中:财政拨款", "财政资金"), Kind.AMOUNT),
        Field(
            "current_year_fiscal",
            ("其中:当年财政拨款", "当年财政拨款", "其中:当年财政资金", "当年财政资金"),
            Kind.AMOUNT,
        ),
        Field("carried_over", ("上年结转资金", "上年结转", "结转资金"), Kind.AMOUNT),
        Field("total_other", ("其他资金",), Kind.AMOUNT),
        Field("current_year_other", ("其他资金",), Kind.AMOUNT, beside="current_year"),
    ),
    headings=(
        Heading("goals_side", ("项目绩效目标", "绩效目标")),
        Heading("table_heading", (r"\w{4}年度?(?:项目)?绩效目标", "绩效指标"), table=True),
    ),
    columns=(
        Column("level1", ("一级指标", "一级目标")),
        Column("level2", ("二级指标", "二级目标")),
        Column("name", ("三级指标", "三级目标", "指标名称")),
        Column("operator", ("指标符号", "指标方向", "指标性质", "计算符号"), optional=True),
        Column("target", TARGET_TITLES),
        Column("unit", ("计量单位", "度量单位", "指标单位", "单位"), optional=True),
        Column("ignored", ("权重", "指标权重", "分值", "备注", "指标说明", "评分标准"), optional=True),
    ),
    levels=LEVELS,
    anchors=("project_name", "applicant"),
    n_labels_min=2,
    order=(
        "filled_on",
        "contact",
        "project_name",
        "project_nature",
        "category",
        "department",
        "applicant",
        "start_date",
        "end_date",
        "government_procurement",
        "performance_type",
        "overview",
        "basis",
        "necessity",
        "safeguards",
        "plan",
        "funds",
        "total",
        "current_year",
        "total_fiscal",
        "current_year_fiscal",
        "carried_over",
        "total_other",
        "current_year_other",
        "goals_side",
        "goals",
        "annual_goals",
        "table_heading",
    ),
)
