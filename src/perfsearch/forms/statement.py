"""项目经费情况说明: a project's statement under numbered headings, inside a department's whole budget document."""

from __future__ import annotations

from perfsearch.forms.description import Derived, Form, Kind, Section

_ORGANISATION = "局|委|委员会|办|办公室|办事处|中心|院|馆|校|处|所|队|会|部|厅|社|站|园|公司|大学|政府|法院|检察院"

# Lines of the budget document that a statement stands in: its cover, its contents, its chapters and its tables.
_BEHIND = (
    r"目[ \t]*录|第[一二三四五六七八九十]+部分[^\n。;]{0,30}|单位[:](?:人民币)?(?:万|千)?元|(?:预算)?(?:主管部门|编制单位|编制部门)[:][^\n。;]{2,40}"
    r"|20\d\d年(?:度)?[^\n,。;]{0,40}(?:部门|单位)(?:财务)?(?:预算|决算|收支|收入|支出)[^\n,。;]{0,20}"
    r"|(?:[一二三四五六七八九十]+、)?(?:部门|单位)(?:主要职能|机构设置|预算编制说明|预算表)|(?:[一二三四五六七八九十]+、)?(?:名词解释|其他相关情况说明)"
)

STATEMENT = Form(
    name="statement",
    titles=("项目经费情况说明", "经费情况说明", "项目情况说明"),
    fields=(),
    sections=(
        Section("overview", ("项目概述", "项目概况")),
        Section("basis", ("立项依据",)),
        Section("executor", ("实施主体", "项目实施主体")),
        Section("plan", ("实施方案", "项目实施方案", "实施计划")),
        Section("schedule", ("实施周期", "项目实施周期", "实施期限")),
        Section("budget_plan", ("年度预算安排", "预算安排", "资金安排")),
        Section("goals", ("绩效目标", "项目绩效目标")),
    ),
    budget=(),
    headings=(),
    columns=(),
    levels={},
    derived=(
        Derived(
            "project_name", "title", r"^(?:[一二三四五六七八九十]+、|\d+[.、])?(?P<v>[^.…]{3,}?)(?:项目)?经费情况说明"
        ),
        Derived("project_name", "title", r"^(?:[一二三四五六七八九十]+、|\d+[.、])?(?P<v>[^.…]{3,}?)(?:项目)情况说明"),
        Derived(
            "project_name",
            "overview",
            r"(?:建设|实施|开展|承担|负责)的(?P<v>[^,。;、]{4,40}?(?:工程|项目|专项|活动|服务|工作|经费))(?=[,。;位是为])",
        ),
        Derived("project_name", "basis", r"《关于(?P<v>[^《》]{4,40}?)(?:可行性研究报告|项目建议书|初步设计|实施方案)"),
        Derived("project_name", "overview", r"^(?P<v>[^,。;]{4,40}?(?:工程|项目|专项|经费))(?=[,。;位是为主])"),
        Derived(
            "applicant",
            "cover",
            r"(?:预算主管部门|部门名称|单位名称|预算单位|编制单位)\s*[:]\s*(?P<v>[^\s:,。;]{4,40})",
        ),
        Derived("applicant", "executor", rf"^(?P<v>[^,。;、]{{2,28}}?(?:{_ORGANISATION}))。?$"),
        Derived("fiscal_year", "cover", r"(?P<v>20\d\d)\s*年.{0,12}预\s*算"),
        Derived("fiscal_year", "budget_plan", r"(?P<v>20\d\d)\s*年"),
        Derived("fiscal_year", "schedule", r"(?P<v>20\d\d)"),
        Derived(
            "start_date",
            "schedule",
            r"(?P<v>20\d\d\s?[年./-]\s?\d{1,2}(?:\s?[月./-]\s?\d{1,2}日?|月))\s*(?:[-—~至到])",
            Kind.DATE,
        ),
        Derived(
            "end_date",
            "schedule",
            r"\d[日月]?\s*[-—~至到]\s*(?P<v>20\d\d\s?[年./-]\s?\d{1,2}(?:\s?[月./-]\s?\d{1,2}日?|月))",
            Kind.END_DATE,
        ),
        Derived(
            "total", "budget_plan", r"项目总预算(?:为|共|共计|约|:)?\s*(?P<v>[\d,.]+\s*(?:亿|万)?元?)", Kind.AMOUNT
        ),
        Derived(
            "current_year",
            "budget_plan",
            r"20\d\d年(?:度)?项目总预算(?:为|共|共计|约|:)?\s*(?P<v>[\d,.]+\s*(?:亿|万)?元?)",
            Kind.AMOUNT,
        ),
    ),
    anchors=("overview", "basis"),
    n_labels_min=3,
    prefix_length_max=60,
    ends=_BEHIND,
)
