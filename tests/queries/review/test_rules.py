"""Every rule raises what it is for and keeps silent where nothing is wrong: hand-made cases of many trades."""

from __future__ import annotations

import time
from typing import Any

import pytest

from perfsearch.errors import UsageError
from perfsearch.model import Budget, Filing, Indicator, Source
from perfsearch.model.review import SimilarProject
from perfsearch.parsing.finishing import enrich
from perfsearch.queries.review.draft import Draft, Measured, Use
from perfsearch.queries.review.rule import Verdict
from perfsearch.queries.review.rules import MODULES, RULES, apply_rules, find_rules, list_rules

SECTIONS = {
    "overview": "为全区三个街道的困难老人家庭安装扶手、坐便器和防滑地面，改善居家生活条件，由社区评估后入户施工。",
    "basis": "《中华人民共和国老年人权益保障法》；《关于推进养老服务发展的意见》（国办发〔2019〕5号）。",
    "necessity": "辖区老旧住宅多，困难老人家中跌倒事件时有发生，子女照料压力大，需要政府给予支持。",
    "safeguards": "成立工作专班，执行区民政局财务管理制度，施工单位公开比选，完工后由老人和社区共同验收。",
    "plan": "一季度完成评估，二季度完成比选，三季度入户施工，四季度验收和回访。",
    "goals": "完成困难老人家庭适老化改造，验收全部合格，老人及家属满意。",
}
ROWS = (
    ("投入与管理", "投入管理", "预算执行率", "=100%"),
    ("产出目标", "数量", "改造户数（户）", "=300"),
    ("产出目标", "质量", "验收合格率", "=100%"),
    ("产出目标", "成本", "户均改造成本（元）", "<=6000"),
    ("效果目标", "社会效益", "老人居家跌倒事件", "减少"),
    ("效果目标", "满意度", "老人满意度", ">=90%"),
)
LARGE = {"total": 9_000_000, "current_year": 9_000_000}
NO_BUDGET = {"total": None, "current_year": None}
VAGUE_ROWS = (
    ROWS[0],
    ("产出目标", "数量", "宣传推广", "提升"),
    ("产出目标", "质量", "内容质量", "稳定"),
    ("效果目标", "社会效益", "社会影响力", "扩大"),
    ("效果目标", "社会效益", "知晓率", "持续提升"),
    ROWS[5],
)
SIGNS = (("产出目标", "数量", "新设路牌数量（块）", "=320"), ("产出目标", "数量", "更换路牌数量（块）", "=480"))
ONLY_PROCESS = (
    ("产出目标", "数量", "预算资金到位率", "=100%"),
    ("产出目标", "时效", "项目计划完成率（%）", "=100%"),
    *ROWS[4:],
)
WHOLE = {
    "total_fiscal": 1_800_000,
    "total_other": 0,
    "current_year_fiscal": 1_800_000,
    "carried_over": 0,
    "current_year_other": 0,
}
BUDGET: dict[str, Any] = {"total": 1_800_000, "current_year": 1_800_000}


def filing(
    sections: dict[str, str] | None = None,
    rows: tuple[tuple[str, str, str, str], ...] = ROWS,
    budget: dict[str, Any] | None = None,
    **fields: Any,
) -> Filing:
    header: dict[str, Any] = {
        "id": "draft",
        "source": Source(file="draft.txt"),
        "form": "shanghai-2020",
        "fiscal_year": 2022,
        "applicant": "云江市临江区民政局",
        "project_name": "困难老人家庭适老化改造",
        "start_date": "2022-01-01",
        "end_date": "2022-12-31",
        "government_procurement": False,
    }
    return enrich(
        Filing(
            **{**header, **fields},
            budget=Budget(**{**BUDGET, **(budget or {})}),
            sections={**SECTIONS, **(sections or {})},
            indicators=tuple(Indicator(level1=a, level2=b, name=n, target=t) for a, b, n, t in rows),
        )
    )


def check(code: str, one: Filing, measured: Measured | None = None) -> Verdict:
    rule = next(rule for rule in RULES if rule.code == code)
    said = rule.check(Draft(one, measured))
    for hit in said.hits:
        for evidence in hit.evidence:
            if evidence.section is not None and evidence.start is not None:
                assert one.sections[evidence.section][evidence.start : evidence.end] == evidence.text
            if evidence.row is not None:
                assert one.indicators[evidence.row].name in evidence.text
    return said


def row(name: str, target: str, level1: str = "产出目标", level2: str = "数量") -> Filing:
    return filing(rows=(*ROWS, (level1, level2, name, target)))


def test_a_sound_draft_of_every_kind_raises_nothing() -> None:
    findings, outcomes = apply_rules(Draft(filing()), RULES)
    assert findings == []
    assert len(outcomes) == len(RULES)


RAISED: list[tuple[str, Filing]] = [
    ("form.blank-section", filing({"plan": ""})),
    ("form.blank-section", filing({"goals": " 　\n"})),
    ("form.section-says-nothing", filing({"overview": "困难老人家庭适老化改造"})),
    ("form.section-says-nothing", filing({"necessity": "工作需要，应当实施"})),
    ("form.sections-repeated", filing({"necessity": SECTIONS["overview"]})),
    ("form.sections-repeated", filing({"plan": SECTIONS["goals"].replace("，", ", ")})),
    ("form.basis-unnamed", filing({"basis": "按有关规定"})),
    ("form.basis-unnamed", filing({"basis": "根据相关政策文件要求"})),
    ("form.dates-order", filing(start_date="2022-12-31", end_date="2022-01-01")),
    ("form.dates-outside-year", filing(end_date="2023-06-30")),
    ("form.dates-outside-year", filing(start_date="2021-07-01")),
    ("form.dates-outside-year", filing(end_date="2023-06-30", budget={"total": 5_000_000})),
    ("form.dates-outside-year", filing(start_date="2020-01-01", end_date="2020-12-31")),
    ("form.procurement-denied", filing({"overview": "项目采取政府购买服务方式委托专业队伍实施，按月考核。" + SECTIONS["overview"]})),
    ("form.procurement-denied", filing({"plan": "向社会组织购买心理疏导服务240人次。" + SECTIONS["plan"]})),
    ("form.procurement-denied", filing({"safeguards": "承办单位：云江某某文化传播有限公司。" + SECTIONS["safeguards"]})),
    ("form.plans-another-year", filing({"overview": "2021年计划为三个街道的困难老人家庭安装扶手。"})),
    ("form.plans-another-year", filing({"plan": "2020年继续开展入户施工，四季度验收。"})),
    ("form.another-body", filing({"overview": "项目委托专业队伍实施，望潮区民政局每月组织考核。" + SECTIONS["overview"]})),
    ("form.another-body", filing({"safeguards": "执行《云江市望潮区民政局财务管理制度》，完工后验收。"})),
    ("money.no-budget", filing(budget=NO_BUDGET)),
    ("money.no-budget", filing(budget={"total": 0, "current_year": 0})),
    ("money.year-over-total", filing(budget={"current_year": 2_000_000})),
    ("money.executed-over-budget", filing(budget={"previous_year": 900_000, "previous_year_executed": 946_000})),
    ("money.executed-over-budget", filing(budget={"previous_year": 1_800_000, "previous_year_executed": 500_000})),
    ("money.doubled", filing(budget={"previous_year": 900_000, "previous_year_executed": 900_000})),
    ("money.parts-of-form", filing(budget={"total_fiscal": 10_903_043, "current_year_fiscal": 11_419_043})),
    ("money.parts-of-form", filing(budget={"current_year_fiscal": 1_000_000, "carried_over": 200_000, "current_year_other": 0})),
    ("money.parts-of-form", filing(budget={"carried_over": -1})),
    ("money.quarters", filing({"plan": "一季度支出30万元；二季度支出50万元；三季度支出60万元；四季度支出30万元。"})),
    ("money.quarters", filing({"plan": "一季度累计30万元，二季度累计80万元，三季度累计140万元，四季度累计170万元。"})),
    ("money.parts-of-text", filing({"plan": "其中材料费80万元、人工费70万元、评估费20万元。"})),
    ("money.parts-of-text", filing({"plan": "项目投入200万元，其中材料费90万元、人工费80万元、评估费40万元。"}, budget=LARGE)),
    ("money.total-in-text", filing({"plan": "本项目总经费190万元，用于入户施工。"})),
    ("money.total-in-text", filing({"plan": "项目预算18万元。"})),
    ("table.no-indicators", filing(rows=())),
    ("table.no-output", filing(rows=(ROWS[0], *ROWS[4:]))),
    ("table.no-effect", filing(rows=ROWS[:4])),
    ("table.no-satisfaction", filing(rows=ROWS[:5])),
    ("table.blank-target", row("回访次数（次）", " ")),
    ("table.malformed-target", row("公民科学素质提升", "=025%")),
    ("table.malformed-target", row("巡查次数（次）", "≥")),
    ("table.rate-over-hundred", row("设备完好率", "=120%")),
    ("table.rate-over-hundred", row("居民知晓率", "≥950%")),
    ("table.satisfaction-in-words", row("家属满意度", "提升", "效果目标", "满意度")),
    ("table.satisfaction-in-words", row("社会评价", "良好", "效果目标", "满意度")),
    ("table.name-as-target", row("居民满意度", "满意度", "满意度指标", "服务对象满意度指标")),
    ("table.name-as-target", row("完工及时率", "及时率", "产出指标", "质量指标")),
    ("table.name-as-target", row("补贴对象生活改善度", "补贴对象生活改善度不低于80%", "效果目标", "社会效益")),
    ("table.rate-in-words", row("信息公开实现率", "规范", "效果目标", "社会效益")),
    ("table.rate-without-percent", row("完成及时率", "=100", "产出目标", "时效")),
    ("table.rate-without-percent", row("群众满意度", "=85", "效果目标", "满意度")),
    ("table.number-without-unit", row("提升全体公民科学素质", "=100", "产出目标", "质量")),
    ("table.number-without-unit", row("工作保障", "=100", "效果目标", "社会效益")),
    ("table.process-as-result", row("预算资金到位率", "=100%")),
    ("table.process-as-result", row("财务管理制度健全性", "健全", "产出指标", "质量指标")),
    ("table.process-as-result", row("预算执行率", "=100%", "效益指标", "社会效益指标")),
    ("table.only-process", filing(rows=ONLY_PROCESS)),
    ("table.satisfaction-misplaced", row("游客满意度", ">=90%", "效果目标", "社会效益")),
    ("table.satisfaction-misplaced", row("人员满意度", "=85%", "影响力目标", "其它")),
    ("table.not-satisfaction", row("项目质量可控性", "可控", "效果目标", "满意度")),
    ("table.not-satisfaction", row("路面平整度", ">=95%", "满意度指标", "服务对象满意度指标")),
    ("table.cost-at-least", row("单位面积保洁成本（元）", ">=12", "产出目标", "成本")),
    ("table.cost-at-least", row("会议费支出（万元）", "不低于5万元", "成本指标", "经济成本指标")),
    ("table.budget-as-target", row("基层科普服务", "=180万元", "投入与管理", "投入管理")),
    ("table.repeated-row", row("改造户数(户)", "=320")),
    ("table.vague", filing(rows=VAGUE_ROWS)),
    ("goals.figures-differ", filing({"goals": "全年改造困难老人家庭320户，验收合格率100%。"})),
    ("goals.figures-differ", filing({"goals": "老人满意度不低于95%，改造300户。"})),
    ("goals.unmeasured", filing({"goals": "设计海报20张，举办讲座60场，培训志愿者500人，编印手册3000册。"})),
    ("basis.plan-ended", filing({"basis": "《云江市养老服务“十三五”规划》。"})),
    ("basis.number-irregular", filing({"basis": "《关于推进养老服务发展的意见》（国办发【2019】5号）。"})),
]  # fmt: skip


@pytest.mark.parametrize(("code", "one"), RAISED, ids=[f"{code}-{n}" for n, (code, _) in enumerate(RAISED)])
def test_a_rule_raises_what_it_is_for(code: str, one: Filing) -> None:
    said = check(code, one, Measured(bases=_bases(one)))
    assert said.outcome == "finding"
    assert all(hit.message and hit.evidence for hit in said.hits)


def _bases(one: Filing) -> Any:
    from perfsearch.extract.catalogue import shipped_catalogue
    from perfsearch.extract.policy_findings import policy_findings

    return policy_findings(one, shipped_catalogue())


SILENT: list[tuple[str, Filing]] = [
    ("form.blank-section", filing()),
    ("form.section-says-nothing", filing({"goals": "详见单位的项目绩效目标表"})),
    ("form.section-says-nothing", filing({"basis": "预算法"})),
    ("form.sections-repeated", filing({"annual_goals": SECTIONS["goals"]})),
    ("form.sections-repeated", filing({"goals": "详见附件", "plan": "详见附件"})),
    ("form.basis-unnamed", filing({"basis": "区委、区政府2022年重点工作任务书"})),
    ("form.basis-unnamed", filing({"basis": "老年人权益保障法"})),
    ("form.dates-outside-year", filing(start_date="2022-03-01", budget={"total": 5_000_000})),
    ("form.dates-outside-year", filing(start_date="2021-03-01", budget={"total": 5_000_000})),
    ("form.procurement-denied", filing({"plan": "本项目不涉及政府购买服务，由本单位人员实施。" + SECTIONS["plan"]})),
    ("form.procurement-denied", filing({"safeguards": "执行《云江市政府购买服务管理办法》，按规定验收。"})),
    ("form.procurement-denied", filing({"overview": "项目采取政府购买服务方式实施。"}, government_procurement=True)),
    ("form.procurement-denied", filing({"safeguards": "委托第三方开展满意度调查，设备公开招标采购。"})),
    ("form.plans-another-year", filing({"overview": "自2021年起在三个街道试点，2022年计划改造300户。"})),
    ("form.plans-another-year", filing({"necessity": "2021年全区跌倒事件120起。"})),
    ("form.procurement-denied", filing({"plan": "购买服务器2台，升级系统。" + SECTIONS["plan"]})),
    ("form.plans-another-year", filing({"overview": "2021年主要完成了评估，2021年安排资金60万元。"})),
    ("form.plans-another-year", filing({"overview": "2021年计划改造200户，实际改造210户。"})),
    ("form.plans-another-year", filing({"plan": "2021年将开展试点，2022年将全面推开。"})),
    ("form.plans-another-year", filing({"necessity": "2021年计划完成率100%。"})),
    ("form.another-body", filing({"safeguards": "须报区民政局备案，由区民政局验收；云江市民政局统一指导。"})),
    ("form.another-body", filing({"safeguards": "临江区民政局负责实施，参照望潮区民政局的做法。"})),
    ("form.another-body", filing({"plan": "会同望潮区民政局联合开展评估。"})),
    ("money.year-over-total", filing(budget={"total": 5_000_000})),
    ("money.executed-over-budget", filing(budget={"previous_year": 900_000, "previous_year_executed": 900_000})),
    ("money.executed-over-budget", filing(budget={"previous_year": 3_000_000, "previous_year_executed": 1_500_000})),
    ("money.doubled", filing(budget={"previous_year": 1_200_000, "previous_year_executed": 1_200_000})),
    ("money.parts-of-form", filing(budget=WHOLE)),
    ("money.parts-of-form", filing(budget={"current_year_fiscal": 1_300_000})),
    ("money.quarters", filing({"plan": "一季度40万元、二季度50万元、三季度60万元、四季度30万元。"})),
    ("money.quarters", filing({"plan": "一季度累计40万元，二季度累计90万元，三季度累计150万元，四季度累计180万元。"})),
    ("money.parts-of-text", filing({"plan": "其中材料费90万元、人工费70万元、评估费20万元。"})),
    ("money.parts-of-text", filing({"plan": "其中扶手10万元、坐便器8万元、地面6万元，其余用于人工。"})),
    ("money.parts-of-text", filing({"plan": "每户材料300元、人工500元、评估100元。"})),
    ("money.total-in-text", filing({"plan": "本项目总经费180万元，上年总经费150万元，累计投入600万元。"})),
    ("money.total-in-text", filing({"plan": "项目预算180万元，其中区级财政资金120万元。"})),
    ("money.parts-of-text", filing({"plan": "材料费90万元、人工费50万元、评估费20万元等，据实结算。"})),
    ("money.parts-of-text", filing({"plan": "材料费90万元，人工费50万元，评估费20万元，其余为管理费。"})),
    ("money.total-in-text", filing({"plan": "子项目一总预算100万元；子项目二总预算80万元。"})),
    ("money.total-in-text", filing({"plan": "安排区级专项经费90万元用于材料。"})),
    ("table.no-satisfaction", filing(rows=(*ROWS[:5], ("影响力目标", "其它", "社区满意度", ">=90%")))),
    ("table.malformed-target", row("平均响应时间（分钟）", "≤0.5")),
    ("table.malformed-target", row("完成时间", "2022年06月30日前")),
    ("table.rate-over-hundred", row("营业收入增长率", "≥120%", "效果目标", "经济效益")),
    ("table.rate-over-hundred", row("预算控制率", "<=100%", "产出目标", "成本")),
    ("table.rate-over-hundred", row("任务完成比例", "=100%")),
    ("table.satisfaction-in-words", row("家属满意度", "达到90%以上", "效果目标", "满意度")),
    ("table.name-as-target", row("机制健全性", "健全", "影响力目标", "长效管理")),
    ("table.name-as-target", row("质量可控性", "可控", "产出目标", "质量")),
    ("table.rate-in-words", row("设施覆盖率", "提升", "效果目标", "社会效益")),
    ("table.rate-in-words", row("应补尽补率", "100%")),
    ("table.rate-in-words", row("工作效率", "较高", "效果目标", "社会效益")),
    ("table.rate-without-percent", row("项目计划完成率（%）", "=100", "产出目标", "时效")),
    ("table.rate-without-percent", row("培训人数", "=100")),
    ("table.number-without-unit", row("培训期数", "=4")),
    ("table.number-without-unit", row("安全事故（起）", "=0", "效果目标", "社会效益")),
    ("table.number-without-unit", row("考核得分", ">=90", "产出目标", "质量")),
    ("table.process-as-result", row("补贴发放及时率", "=100%", "产出目标", "时效")),
    ("table.process-as-result", row("预算执行率", "=100%", "产出目标", "成本")),
    ("table.process-as-result", row("财务管理制度健全性", "健全", "影响力目标", "长效管理")),
    ("table.only-process", filing(rows=(("产出目标", "数量", "预算资金到位率", "=100%"), *ROWS[1:]))),
    ("table.satisfaction-misplaced", row("满意度调查次数（次）", "=2")),
    ("table.satisfaction-in-words", row("满意度调查开展情况", "完成", "产出目标", "时效")),
    ("table.not-satisfaction", row("有效投诉率", "<=1%", "效果目标", "满意度")),
    ("table.not-satisfaction", row("学员", ">=90%", "效果目标", "满意度")),
    ("table.not-satisfaction", row("公众安全感", ">=95%", "效果目标", "满意度")),
    ("table.cost-at-least", row("补助标准（元/人）", ">=300", "产出目标", "成本")),
    ("table.cost-at-least", row("成本节约率", ">=5%", "产出目标", "成本")),
    ("table.cost-at-least", row("护路员人均年增收（元）", ">=6000", "效果目标", "经济效益")),
    ("table.budget-as-target", row("项目总成本（万元）", "<=180", "产出目标", "成本")),
    ("table.repeated-row", row("改造户数（户）", "=300", "效果目标", "社会效益")),
    ("table.vague", filing()),
    ("goals.figures-differ", filing({"goals": "全年改造困难老人家庭300户，老人满意度90%以上。"})),
    ("goals.figures-differ", filing({"goals": "上半年改造120户，全年完成任务。"})),
    ("goals.figures-differ", filing({"goals": "改造户数比上年增加20户。"})),
    ("goals.figures-differ", filing({"goals": "新设和更换路牌800块。"}, rows=(*ROWS, *SIGNS))),
    ("goals.unmeasured", filing({"goals": "改造300户，验收合格率100%，户均成本不超过6000元，近年来有40个社区、26家机构、300名志愿者参加。"})),
    ("basis.plan-ended", filing({"basis": "《“十四五”国家老龄事业发展和养老服务体系规划》。"})),
    ("basis.number-irregular", filing()),
    ("basis.law-repealed", filing()),
]  # fmt: skip


@pytest.mark.parametrize(("code", "one"), SILENT, ids=[f"{code}-{n}" for n, (code, _) in enumerate(SILENT)])
def test_a_rule_keeps_silent_where_nothing_is_wrong(code: str, one: Filing) -> None:
    assert check(code, one, Measured(bases=_bases(one))).hits == ()


def test_every_rule_has_a_case_that_raises_it_or_is_tested_with_the_library() -> None:
    with_library = {rule.code for rule in RULES if rule.needs_library}
    basis = {rule.code for rule in RULES if rule.family == "basis"}
    assert {rule.code for rule in RULES} == {code for code, _ in RAISED} | with_library | basis
    assert {code for code, _ in SILENT} >= {code for code, _ in RAISED} - {
        "form.dates-order", "money.no-budget", "table.no-indicators", "table.no-output", "table.no-effect", "table.blank-target",
    }  # fmt: skip


UNDECIDED: list[tuple[str, Filing, str]] = [
    ("form.procurement-denied", filing(government_procurement=None), "not_applicable"),
    ("form.dates-order", filing(start_date=None, end_date=None), "not_applicable"),
    ("form.dates-order", filing(end_date=None), "insufficient_data"),
    ("form.dates-order", filing(end_date="2022-02-30"), "insufficient_data"),
    ("form.plans-another-year", filing(fiscal_year=None), "insufficient_data"),
    ("form.another-body", filing(applicant="云江市科学技术协会"), "not_applicable"),
    ("money.year-over-total", filing(budget={"total": None}), "insufficient_data"),
    ("money.executed-over-budget", filing(budget={"previous_year": 900_000}), "insufficient_data"),
    ("money.executed-over-budget", filing(), "not_applicable"),
    ("money.parts-of-form", filing(), "not_applicable"),
    ("money.quarters", filing(), "not_applicable"),
    ("money.quarters", filing({"plan": "一季度10，二季度24，三季度10，四季度10。"}), "insufficient_data"),
    ("money.quarters", filing({"plan": "一季度10万元，二季度招标，三季度20万元，四季度5万元。"}), "insufficient_data"),
    ("money.quarters", filing({"plan": "一季度10万元、二季度24万元、三季度10万元、四季度10万元。"}, budget=NO_BUDGET), "insufficient_data"),
    ("money.total-in-text", filing({"plan": "项目总预算180万元。"}, budget=NO_BUDGET), "insufficient_data"),
    ("money.previous-year-differs", filing(budget={"previous_year": 900_000}), "insufficient_data"),
    ("table.process-as-result", filing(rows=()), "not_applicable"),
    ("table.no-output", filing(rows=(("其他", "其他", "事项", "完成"),)), "insufficient_data"),
    ("table.vague", filing(rows=ROWS[:2]), "not_applicable"),
    ("goals.unmeasured", filing({"goals": "改造300户。"}), "not_applicable"),
    ("usage.rare-level", filing(), "insufficient_data"),
    ("copy.other-unit", filing(), "insufficient_data"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "one", "outcome"), UNDECIDED, ids=[f"{c}-{n}" for n, (c, _, _) in enumerate(UNDECIDED)]
)
def test_what_does_not_apply_and_what_lacks_data_are_kept_apart_from_clear(
    code: str, one: Filing, outcome: str
) -> None:
    said = check(code, one)
    assert (said.outcome, said.hits) == (outcome, ())
    assert said.reason


def test_a_statement_is_not_asked_for_what_its_form_does_not_have() -> None:
    one = filing(rows=(), form="statement", budget=NO_BUDGET)
    findings, outcomes = apply_rules(Draft(one), RULES)
    assert findings == []
    assert {o.outcome for o in outcomes if o.code.startswith("table.")} == {"not_applicable"}


def test_measured_usage_raises_a_rare_level_and_a_missing_unit() -> None:
    uses = {
        "水面保洁率": Use(40, {"quality": 39, "social": 1}, {"%": 40}),
        "培训规模": Use(40, {"quantity": 40}, {"人": 38, None: 2}),
    }
    one = filing(
        rows=(*ROWS, ("效果目标", "社会效益", "水面保洁率", ">=95%"), ("产出目标", "数量", "培训规模", "=300"))
    )
    measured = Measured(n_filings=100, uses=uses)
    assert check("usage.rare-level", one, measured).outcome == "finding"
    assert check("usage.unit-missing", one, measured).outcome == "finding"
    few = Measured(n_filings=100, uses={name: Use(5, use.dimensions, use.units) for name, use in uses.items()})
    assert check("usage.rare-level", one, few).outcome == "insufficient_data"
    split = Measured(n_filings=100, uses={"水面保洁率": Use(40, {"quality": 28, "social": 12}, {"%": 40})})
    assert check("usage.rare-level", one, split).outcome == "clear"


def test_a_budget_is_out_of_line_only_against_enough_like_projects() -> None:
    def like(*budgets: float) -> Measured:
        return Measured(similar=[SimilarProject(filing_id=str(b), budget=b, similarity=0.7) for b in budgets])

    assert check("usage.budget-out-of-line", filing(), like(1e5, 2e5, 3e5, 2e5, 1e5)).outcome == "finding"
    assert check("usage.budget-out-of-line", filing(), like(1e5, 2e5, 3e6, 2e5, 1e5)).outcome == "clear"
    assert check("usage.budget-out-of-line", filing(), like(1e5, 2e5)).outcome == "insufficient_data"


def test_last_year_s_budget_is_held_against_what_was_filed_last_year() -> None:
    one = filing(budget={"previous_year": 900_000, "previous_year_executed": 900_000})
    for amount, outcome in ((900_000, "clear"), (850_000, "finding")):
        measured = Measured(previous=filing(budget={"current_year": amount}))
        assert check("money.previous-year-differs", one, measured).outcome == outcome


def test_rules_are_data_with_a_source_and_every_check_belongs_to_one() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    assert set(codes) == {code for module in MODULES for code in module.CHECKS}
    for rule in RULES:
        assert rule.title
        assert rule.explanation
        assert rule.settle
        assert any(
            word in rule.source for word in ("〔2021〕101号", "〔2015〕88号", "勾稽", "实际用法", "目录", "条例")
        )
        assert "{" not in rule.explanation + rule.source


def test_a_rule_or_a_family_can_be_switched_off_and_an_unknown_name_is_refused() -> None:
    assert "form.dates-order" not in {rule.code for rule in find_rules(["form.dates-order"])}
    assert not [rule for rule in find_rules(["form"]) if rule.family == "form"]
    assert [info.enabled for info in list_rules(["form.dates-order"])].count(False) == 1
    with pytest.raises(UsageError):
        find_rules(["form.no-such-rule"])


@pytest.mark.parametrize(
    "piece",
    [
        "一季度10万元、",
        "设备10万元、",
        "2021年计划",
        "购买心理服务",
        "培训300人，",
        "望潮区民政局",
        "共10万元。",
        "（",
        "年",
        "二季度累计",
    ],
)
def test_the_rules_take_time_in_proportion_to_the_text(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        times = []
        for _ in range(2):
            draft = Draft(filing({"overview": text, "plan": text, "goals": text}))
            started = time.thread_time()  # whatever else the machine is doing
            apply_rules(draft, [rule for rule in RULES if rule.family != "basis"])
            times.append(time.thread_time() - started)
        return min(times)

    seconds(1_000)
    # Ten times the text within forty times the time; a square would take a hundred.
    assert seconds(60_000) < max(0.5, 40 * seconds(6_000))
