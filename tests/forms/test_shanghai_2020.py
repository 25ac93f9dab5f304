"""The form of 2020 with each of its traps: what stands on the page, and what is to be read."""

from __future__ import annotations

import pytest

from perfsearch.errors import NoFiling
from perfsearch.model import Filing
from tests.forms.reading import ROW, read

HEAD = """财政项目支出绩效目标表
（2020年度）
申报单位名称：上海市科普事业中心
项目名称： 基层科普服务 项目类别： 其他一次性项目
计划开始日期： 2020-01-01 计划完成日期： 2020-12-31
是否含有政府购买服务： 否 绩效类型： 其他类
"""
SECTIONS = """项目概况：
概况一段。
立项依据：
依据一段。
项目设立的必要性：
必要一段。
保证项目实施的制度、措施：
制度一段。
项目实施计划：
计划一段。
总目标及阶段性目标：
目标一段。
"""
BUDGET = """本项目上年度市级财政资金使用情况
项目总预算（元）： 1,200,000 项目当年预算（元）： 1,200,000
同名项目上年预算额（元）： 同名项目上年预算执行数（元）：
"""
TABLE = """2020年绩效目标
一级目标 二级目标 三级目标 指标目标值
投入与管理 投入管理 预算执行率 =100%
产出目标 数量 受众群众 =16区
"""
FORM = HEAD + SECTIONS + BUDGET + TABLE


def one(text: str) -> Filing:
    filings = read(text)
    assert len(filings) == 1
    return filings[0]


def table(lines: str) -> list[tuple[str, ...]]:
    heading = (
        "一级目标 二级目标 三级目标 指标目标值\n" if "\t" not in lines else "一级目标\t二级目标\t三级目标\t指标目标值\n"
    )
    filing = one(HEAD + SECTIONS + BUDGET + "2020年绩效目标\n" + heading + lines)
    return [tuple(getattr(row, key) for key in ROW) for row in filing.indicators]


def codes(filing: Filing) -> set[str]:
    return {warning.code for warning in filing.warnings}


def test_a_plain_form_is_read_whole_and_without_warnings() -> None:
    filing = one(FORM)
    assert filing.form == "shanghai-2020"
    assert filing.fiscal_year == 2020
    assert (filing.applicant, filing.project_name) == ("上海市科普事业中心", "基层科普服务")
    assert (filing.category, filing.performance_type) == ("其他一次性项目", "其他类")
    assert (filing.start_date, filing.end_date) == ("2020-01-01", "2020-12-31")
    assert filing.government_procurement is False
    assert filing.budget.total == filing.budget.current_year == 1_200_000
    assert filing.budget.previous_year is None
    assert list(filing.sections.values()) == [
        "概况一段。",
        "依据一段。",
        "必要一段。",
        "制度一段。",
        "计划一段。",
        "目标一段。",
    ]
    assert filing.warnings == ()


@pytest.mark.parametrize(
    ("printed", "instead"),
    [
        ("项目名称： ", "项目名称："),
        ("项目名称： ", "项目名称 "),
        ("项目名称： ", "项目名称\t"),
        ("项目名称： ", "项 目 名 称 ： "),
        ("项目名称： ", "项目\n名称： "),
        ("项目名称： ", "项目名\n称： "),
        ("项目名称： ", "项目名称\n：\n"),
        ("项目名称： ", "项目名称（全称）： "),
        ("项目名称： ", "*项目名称： "),
        ("项目名称： ", "项目名称: "),
        ("项目名称： 基层科普服务 项目类别", "项目名称：\n基层科\n\n普服务\n项目类别"),
        ("项目名称： 基层科普服务 项目类别： 其他一次性项目", "项目名称：基层科普服务项目类别：其他一次性项目"),
        ("项目名称： 基层科普服务 项目类别： 其他一次性项目", "项目名称基层科普服务 项目类别其他一次性项目"),
        ("项目名称： 基层科普服务 项目类别： 其他一次性项目", "项目名称： 项目类别：\n基层科普服务 其他一次性项目"),
        ("项目名称： 基层科普服务 项目类别： 其他一次性项目", "项目名称： 基层科普 项目类别： 其他一次性项目\n服务"),
        (
            "项目名称： 基层科普服务 项目类别： 其他一次性项目",
            "\n基层科普\n项目名称： 项目类别： 其他一次性项目\n服务\n",
        ),
        ("是否含有政府购买服务： 否 绩效类型", "是否含有政府购买服\n务： 否 绩效类型"),
        ("是否含有政府购买服务： 否 绩效类型： 其他类", "是否含有政府购买\n否 绩效类型： 其他类\n服务：\n"),
        ("计划开始日期： 2020-01-01", "计划开始日期： 2020年1月1日"),
        ("（2020年度）", "（２０２０年度）"),
        ("（2020年度）", "( 2020 年度 )"),
        ("（2020年度）", "二〇二〇年度"),
        ("财政项目支出绩效目标表\n（2020年度）", "2020年度财政项目支出绩效目标表"),
        ("财政项目支出绩效目标表", "附件1 财政项目支出绩效目标表"),
        ("财政项目支出绩效目标表", "财 政 项 目 支 出 绩 效 目 标 表"),
        ("财政项目支出绩效目标表\n", "财政项目支出\n绩效目标表\n"),
        ("1,200,000 项目当年预算（元）", "１，２００，０００ 项目当年预算（元）"),
        ("项目总预算（元）： 1,200,000", "项目总预算（万元）： 120"),
        ("项目总预算（元）： 1,200,000", "项目总预算： 120万元"),
        ("（元）", "(元)"),
        ("（元）", " 元"),
        ("项目实施计划：\n", "项目实施计划：\t"),
        ("项目实施计划：\n", "项目实施计划\n"),
        ("项目实施计划：\n", "项目实施计划（500字以内）：\n"),
        ("项目实施计划：\n", "五、项目实施计划：\n"),
        ("保证项目实施的制度、措施：\n制度一段。", "保证项目实施\n的制度、措\n施：\n制度一段。"),
        ("保证项目实施的制度、措施：\n制度一段。", "保证项目实施  制度\n的制度、措施：  一段。"),
        ("计划一段。\n", "计划一\n\n- 12 -\n\n段。\n"),
        ("计划一段。\n", "计划一\n第 3 页 共 9 页\n段。\n"),
        ("计划一段。\n", "<p>计划一段。</p>\n"),
        ("\n概况一段。", "\n　　概况\n一段。  "),
        ("2020年绩效目标\n一级目标", "一级目标"),
        ("2020年绩效目标\n一级目标 二级目标 三级目标 指标目标值\n", "2020年绩效目标\n"),
        ("一级目标 二级目标 三级目标 指标目标值", "一级目标\n\n二级目标\n\n三级目标\n\n指标目标值"),
    ],
)
def test_however_it_is_printed_the_same_is_read(printed: str, instead: str) -> None:
    assert printed in FORM
    expected, filing = one(FORM), one(FORM.replace(printed, instead))
    assert filing.model_dump(exclude={"warnings"}) == expected.model_dump(exclude={"warnings"})


@pytest.mark.parametrize(
    "prose",
    [
        "按照立项依据：和项目概况的要求，编制项目实施计划。",
        "说明如下。\n项目名称：甲项目；\n项目名称：乙项目；\n立项依据：见附件。",
        "本项目与《财政项目支出绩效目标表》一致。",
        "一级目标 二级目标分解到人。",
        "共有项目总预算（元）三类。",
    ],
)
def test_the_words_of_a_label_in_prose_are_prose(prose: str) -> None:
    filing = one(FORM.replace("概况一段。", prose))
    assert filing.sections["overview"] == prose.replace("\n", "")
    assert filing.sections["basis"] == "依据一段。"
    assert filing.project_name == "基层科普服务"


def test_wrapped_lines_join_without_a_blank_but_latin_words_keep_one() -> None:
    filing = one(FORM.replace("概况一段。", "（2006－201\n0－2020年）使用OA\n系统和STEM\nworkshop，\n共 3 类"))
    assert filing.sections["overview"] == "（2006－2010－2020年）使用OA系统和STEM workshop，共 3 类"


def test_what_a_page_break_repeats_is_recorded_once() -> None:
    filing = one(FORM.replace("目标一段。", "为建设国际大都市作出新贡献。\n\n市作出新贡献。"))
    assert filing.sections["goals"] == "为建设国际大都市作出新贡献。"


def test_an_empty_label_row_before_a_lone_label_begins_its_text() -> None:
    text = "项目实施计划：\t计划一段。\t\t\n\t目标前半，\t\t\n\n总目标及阶段性目标：\n\n后半。\n"
    filing = one(FORM.replace("项目实施计划：\n计划一段。\n总目标及阶段性目标：\n目标一段。\n", text))
    assert (filing.sections["plan"], filing.sections["goals"]) == ("计划一段。", "目标前半，后半。")


def test_an_empty_label_row_after_an_open_sentence_goes_on_with_it() -> None:
    text = "项目实施计划：\t计划前半（原\n\n\t计划）后半\n总目标及阶段性目标：\t目标一段。\n"
    filing = one(FORM.replace("项目实施计划：\n计划一段。\n总目标及阶段性目标：\n目标一段。\n", text))
    assert (filing.sections["plan"], filing.sections["goals"]) == ("计划前半（原计划）后半", "目标一段。")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("产出目标\n\n数量 受众群众 =16区\n", [("产出目标", "数量", "受众群众", "=16区")]),
        ("产出目标\n数量\n受众群众\n=16区\n", [("产出目标", "数量", "受众群众", "=16区")]),
        (
            "产出目标 成本 资金规范使用及效率 按照财政要求规范使用资金\n",
            [("产出目标", "成本", "资金规范使用及效率", "按照财政要求规范使用资金")],
        ),
        ("产出目标 数量 预算执行率=100%\n", [("产出目标", "数量", "预算执行率", "=100%")]),
        ("产出目标 数量 预算执行率 >= 95 %\n", [("产出目标", "数量", "预算执行率", ">= 95 %")]),
        ("产出目标 数量 受众群众 100\n", [("产出目标", "数量", "受众群众", "100")]),
        ("产出目标 时效 24小时先行救助率 =100%\n", [("产出目标", "时效", "24小时先行救助率", "=100%")]),
        ("产出目标 采购 采购完成率 =100%\n", [("产出目标", "采购", "采购完成率", "=100%")]),
        ("影响力目\n标 其它 人员满意度 =85%\n", [("影响力目标", "其它", "人员满意度", "=85%")]),
        (
            "投入与管理 财务管理 健全各项预算、采购、\n报销、内控制度等 =100\n财务监控有效性 有效\n",
            [
                ("投入与管理", "财务管理", "健全各项预算、采购、报销、内控制度等", "=100"),
                ("投入与管理", "财务管理", "财务监控有效性", "有效"),
            ],
        ),
        (
            "健全各项预算、采购、\n投入与管理 财务管理 =100\n报销、内控制度等\n",
            [("投入与管理", "财务管理", "健全各项预算、采购、报销、内控制度等", "=100")],
        ),
        ("效果目标 满意度 ≥90%\n", [("效果目标", "满意度", "满意度", "≥90%")]),
        ("数量 受众群众 =16区\n", [("产出目标", "数量", "受众群众", "=16区")]),
        ("产出目标 数量 受众群众 =16区\n填表人：张三 联系电话：123\n", [("产出目标", "数量", "受众群众", "=16区")]),
        ("产出目标 数量 受众群众 =16区\n\n注：本表一式两份\n", [("产出目标", "数量", "受众群众", "=16区")]),
        ("产出目标\t数量\t受众群众\t=16区\n", [("产出目标", "数量", "受众群众", "=16区")]),
        (
            "产出目标\t数量\t受众群众\t=16区\n活动场次\t\t=10\t\n",
            [("产出目标", "数量", "受众群众", "=16区"), ("产出目标", "数量", "活动场次", "=10")],
        ),
        (
            "产出目标\t数量\t受众群众\t=16区\n质量\t合格率\t=100%\t\n",
            [("产出目标", "数量", "受众群众", "=16区"), ("产出目标", "质量", "合格率", "=100%")],
        ),
        (
            "产出目标\t质量\t合格率\t=100%\t\n\t\t时效\t预算编制合理性\t合理\n\t\t\t合同管理完备性\t完备\n",
            [
                ("产出目标", "质量", "合格率", "=100%"),
                ("产出目标", "时效", "预算编制合理性", "合理"),
                ("产出目标", "时效", "合同管理完备性", "完备"),
            ],
        ),
        ("产出目标\t数量\t受众群众\t\n", [("产出目标", "数量", "受众群众", "")]),
        (
            "产出目标\t数量\t受众\n群众\t=16区\n\t质量\t合格率\t=1\n",
            [("产出目标", "数量", "受众群众", "=16区"), ("产出目标", "质量", "合格率", "=1")],
        ),
        (
            "产出目标\t数量\t受众群众\t=16区\n\n一级目标\t二级目标\t三级目标\t指标目标值\n\t质量\t合格率\t=1\n",
            [("产出目标", "数量", "受众群众", "=16区"), ("产出目标", "质量", "合格率", "=1")],
        ),
    ],
)
def test_rows_of_the_table(lines: str, expected: list[tuple[str, ...]]) -> None:
    assert table(lines) == expected


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("产出目标\t数量\t受众群众\t=16区\n活动场次\t\t=10\t\n", "row-shifted"),
        ("产出目标\t数量\t受众群众\t\n", "target-missing"),
        ("产出目标\t采购\t采购完成率\t=100%\n", "level-unknown"),
        ("\t\t采购完成率\t=100%\n", "level-missing"),
        ("数量 受众群众 =16区\n", "level1-inferred"),
    ],
)
def test_an_odd_row_is_read_with_a_warning(lines: str, code: str) -> None:
    heading = "一级目标\t二级目标\t三级目标\t指标目标值\n"
    assert code in codes(one(HEAD + SECTIONS + BUDGET + heading + lines))


def test_a_truncated_filing_is_read_with_a_warning() -> None:
    for end in range(len(HEAD) - 40, len(FORM), 7):
        filing = one(FORM[:end])
        assert filing.project_name == "基层科普服务"
        if end < len(HEAD + SECTIONS + BUDGET):
            assert "truncated" in codes(filing)


def test_a_missing_label_and_a_blank_section_are_told_apart() -> None:
    filing = one(FORM.replace("立项依据：\n依据一段。\n", "").replace("计划一段。\n", ""))
    assert {(warning.code, warning.field) for warning in filing.warnings} == {
        ("label-missing", "basis"),
        ("section-blank", "plan"),
    }
    assert filing.sections["plan"] == ""
    assert "basis" not in filing.sections


def test_filings_one_after_another_are_kept_apart() -> None:
    second = FORM.replace("基层科普服务", "科普大院").replace("2020", "2021")
    filings = read("前言：关于公开绩效目标的说明\n目录\n" + FORM + "\n附：说明文字\n\n" + second + "\n联系人：张三\n")
    assert [(filing.source.index, filing.fiscal_year, filing.project_name) for filing in filings] == [
        (0, 2020, "基层科普服务"),
        (1, 2021, "科普大院"),
    ]
    assert [len(filing.indicators) for filing in filings] == [2, 2]


def test_filings_without_titles_are_kept_apart_by_their_first_labels() -> None:
    body = FORM.split("\n", 2)[2]
    assert [filing.project_name for filing in read(body + body.replace("基层科普服务", "科普大院"))] == [
        "基层科普服务",
        "科普大院",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("今天天气很好。\n" * 30, "no filing of a known form"),
        ("目录\n财政项目支出绩效目标表 ........ 12\n", "labels do not follow"),
        ("根据要求填写财政项目支出绩效目标表。\n", "labels do not follow"),
        ("财政项目支出绩效目标表\n（ 年度）\n项目名称：\n项目类别：\n项目概况：\n立项依据：\n", "not filled in"),
        ("收入支出决算总表\n单位：万元\n一、财政拨款收入 120\n", "no filing of a known form"),
    ],
)
def test_a_text_without_a_filing_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(NoFiling, match=reason):
        read(text)
