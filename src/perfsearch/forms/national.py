"""项目支出绩效目标表 of the Ministry of Finance (财预〔2015〕88号, indicators by 财预〔2021〕101号), as departments all over publish it."""

from __future__ import annotations

from perfsearch.forms.description import Column, Derived, Field, Form, Heading, Kind, Section
from perfsearch.forms.shanghai_2023 import LEVELS, TARGET_TITLES

NATIONAL = Form(
    name="national",
    titles=(
        "项目支出绩效目标表",
        "项目支出绩效目标申报表",
        "项目支出绩效目标批复表",
        "项目绩效目标表",
        "项目绩效目标申报表",
        "项目支出绩效目标情况表",
    ),
    fields=(
        Field("project_name", ("项目名称",), required=True),
        Field("project_code", ("项目编码", "项目代码"), Kind.IGNORED),
        Field(
            "department", ("主管部门及代码", "主管部门(单位)名称", "主管部门名称", "主管部门", "部门名称", "主管单位")
        ),
        Field(
            "applicant", ("实施单位", "项目实施单位", "项目单位", "预算单位", "单位名称", "资金使用单位"), required=True
        ),
        Field("project_nature", ("项目属性", "项目性质")),
        Field("category", ("项目类别", "项目类型", "项目分类")),
        Field("period", ("项目期", "项目周期", "项目起止时间", "实施期限", "项目期限"), Kind.IGNORED),
        Field("start_date", ("计划开始日期", "项目开始时间", "开始时间", "开始日期"), Kind.DATE),
        Field("end_date", ("计划完成日期", "项目结束时间", "结束时间", "完成时间", "结束日期"), Kind.END_DATE),
        Field("funds", ("项目资金", "资金情况", "预算资金情况"), Kind.UNIT),
        Field(
            "contact",
            ("项目负责人及联系电话", "项目负责人及电话", "项目联系人", "项目负责人", "联系人", "联系电话"),
            Kind.IGNORED,
        ),
        Field("filled_on", ("填报日期", "填表日期", "填报人", "填表人"), Kind.IGNORED),
    ),
    sections=(
        Section("overview", ("项目概况", "项目概述", "项目基本概况", "项目内容"), required=False),
        Section("basis", ("立项依据", "政策依据"), required=False),
        Section("necessity", ("立项必要性", "项目设立的必要性"), required=False),
        Section("plan", ("项目实施计划", "实施计划"), required=False),
        # A section of this form only, kept beside those that all forms share: what is to be reached over several years.
        # Where the form prints it, 年度目标 is `goals`.
        Section(
            "mid_term_goals",
            ("中期目标", "中期总体目标", "中长期目标", "长期目标", "实施期目标", "实施期绩效目标"),
            required=False,
        ),
        Section(
            "goals",
            (
                "年度目标",
                "年度总体目标",
                "年度绩效目标",
                "项目年度绩效目标",
                "年度总目标",
                "总体目标",
                "项目总体目标",
                "项目绩效目标",
                "绩效目标",
            ),
        ),
    ),
    budget=(
        Field(
            "total",
            ("中期资金总额", "中期金额总额", "实施期资金总额", "项目资金总额", "项目总额", "资金总额"),
            Kind.AMOUNT,
        ),
        Field(
            "current_year",
            (
                "年度资金总额",
                "年度金额总额",
                "年度资金申请总额",
                "年度预算总额",
                "当年资金总额",
                "预算金额",
                "年度预算金额",
                "项目预算金额",
            ),
            Kind.AMOUNT,
        ),
        Field("total_fiscal", ("其中:财政拨款", "其中:财政资金", "财政拨款", "财政资金"), Kind.AMOUNT, beside="total"),
        Field(
            "current_year_fiscal",
            ("其中:财政拨款", "其中:财政资金", "财政拨款", "财政资金", "当年财政拨款", "其中:当年财政拨款"),
            Kind.AMOUNT,
            beside="current_year",
        ),
        Field("carried_over", ("上年结转资金", "上年结转", "结转资金"), Kind.AMOUNT),
        Field("total_other", ("其他资金", "其它资金"), Kind.AMOUNT, beside="total"),
        Field("current_year_other", ("其他资金", "其它资金"), Kind.AMOUNT, beside="current_year"),
    ),
    headings=(
        Heading("goals_side", ("总体目标", "年度总体绩效目标", "目标情况")),
        Heading("table_heading", ("绩效指标", "年度绩效指标"), table=True),
    ),
    columns=(
        Column("level1", ("一级指标", "一级目标")),
        Column("level2", ("二级指标", "二级目标")),
        Column("name", ("三级指标", "三级目标", "指标名称", "指标内容", "绩效指标")),
        Column("operator", ("指标符号", "指标方向", "指标性质", "计算符号", "绩效指标性质"), optional=True),
        Column("target", TARGET_TITLES),
        Column("unit", ("计量单位", "度量单位", "指标单位", "绩效度量单位", "单位"), optional=True),
        Column(
            "ignored",
            ("权重", "指标权重", "权重(%)", "分值", "分值权重", "备注", "指标说明", "评分标准", "序号"),
            optional=True,
        ),
    ),
    levels=LEVELS,
    derived=(
        Derived(
            "start_date",
            "period",
            r"(?P<v>(?:19|20)\d\d\s*[年./-](?:\s*\d{1,2}(?:\s*[月./-]\s*(?:\d{1,2}日?)?)?)?)",
            Kind.DATE,
        ),
        Derived(
            "end_date",
            "period",
            r"[-—~至到]\s*(?P<v>(?:19|20)\d\d\s*[年./-]?(?:\s*\d{1,2}(?:\s*[月./-]\s*(?:\d{1,2}日?)?)?)?)",
            Kind.END_DATE,
        ),
    ),
    anchors=("project_name", "applicant", "department"),
    n_labels_min=2,
    order=(
        "filled_on",
        "contact",
        "project_name",
        "project_code",
        "department",
        "applicant",
        "project_nature",
        "category",
        "period",
        "start_date",
        "end_date",
        "overview",
        "basis",
        "necessity",
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
        "mid_term_goals",
        "goals",
        "table_heading",
    ),
)
