"""The Chinese words that people read for the names in code."""

from __future__ import annotations

SECTION_NAMES = {
    "overview": "项目概况",
    "basis": "立项依据",
    "necessity": "项目设立的必要性",
    "safeguards": "保证项目实施的制度、措施",
    "plan": "项目实施计划",
    "goals": "总目标及阶段性目标",
    "annual_goals": "年度总体目标",
    "mid_term_goals": "中期目标",
    "executor": "实施主体",
    "schedule": "实施周期",
    "budget_plan": "年度预算安排",
    "indicators": "绩效指标",
    "header": "表头",
}

BUDGET_NAMES = {
    "total": "项目总预算",
    "total_fiscal": "其中：财政资金",
    "total_other": "其他资金",
    "current_year": "当年预算",
    "current_year_fiscal": "当年财政拨款",
    "carried_over": "上年结转",
    "current_year_other": "当年其他资金",
    "previous_year": "同名项目上年预算额",
    "previous_year_executed": "同名项目上年预算执行数",
}

STATE_NAMES = {"waiting": "等待", "running": "进行中", "done": "完成", "failed": "失败", "cancelled": "已取消"}

ENGLISH = {
    "项目概况": "Overview",
    "立项依据": "Legal basis",
    "项目设立的必要性": "Necessity",
    "保证项目实施的制度、措施": "Safeguards",
    "项目实施计划": "Plan",
    "总目标及阶段性目标": "Goals",
    "年度总体目标": "Annual goals",
    "中期目标": "Mid-term goals",
    "实施主体": "Executor",
    "实施周期": "Schedule",
    "年度预算安排": "Budget plan",
    "绩效指标": "Indicators",
    "表头": "Header",
    "项目名称": "Project",
    "申报单位": "Applicant",
    "主管部门": "Department",
    "年度": "Year",
    "项目类别": "Category",
    "项目性质": "Nature",
    "绩效类型": "Type",
    "计划开始日期": "Start",
    "计划完成日期": "End",
    "是否含有政府购买服务": "Procurement",
    "项目总预算": "Total budget",
    "其中：财政资金": "of it fiscal",
    "其他资金": "Other funds",
    "当年预算": "This year",
    "当年财政拨款": "Appropriation",
    "上年结转": "Carried over",
    "当年其他资金": "Other this year",
    "同名项目上年预算额": "Last year's budget",
    "同名项目上年预算执行数": "Last year's spending",
    "预算": "Budget",
    "命中部分": "Section",
    "一级目标": "Level 1",
    "二级目标": "Level 2",
    "三级目标": "Indicator",
    "指标目标值": "Target",
}
"""What stands beside a Chinese label on a page; a label that is not here stands alone."""

JOB_NAMES = {"add": "读入文件", "rebuild": "重建索引", "verify": "检查库", "clusters": "全库查重"}

ACTION_NAMES = {
    "add": "读入",
    "remove": "移出",
    "export": "导出",
    "download": "下载原文件",
    "login": "登录",
    "rebuild": "重建索引",
    "verify": "检查库",
    "clusters": "全库查重",
}

FIELD_NAMES = {
    "fiscal_year": "年度",
    "applicant": "申报单位",
    "department": "主管部门",
    "project_name": "项目名称",
    "category": "项目类别",
    "project_nature": "项目性质",
    "performance_type": "绩效类型",
    "start_date": "计划开始日期",
    "end_date": "计划完成日期",
    "government_procurement": "是否含有政府购买服务",
    **{f"budget.{name}": label for name, label in BUDGET_NAMES.items()},
    **BUDGET_NAMES,
}


def yuan(amount: float | None) -> str:
    """An amount of money in words: 540,000 元（54 万元）."""
    if amount is None:
        return "—"
    plain = f"{amount:,.2f}".rstrip("0").rstrip(".")
    if abs(amount) < 10_000:
        return f"{plain} 元"
    return f"{plain} 元（{f'{amount / 10_000:,.4f}'.rstrip('0').rstrip('.')} 万元）"


KIND_NAMES = {
    "law": "法律法规",
    "policy": "政策文件",
    "plan": "规划计划",
    "internal": "管理制度",
    "meeting": "会议讲话",
    "other": "其他",
}

STATUS_NAMES = {"repealed or superseded": "已废止或被取代"}


def amount(value: float | None) -> str:
    """An amount of money, short: 54 万, 1.2 亿."""
    if value is None:
        return "—"
    if abs(value) >= 100_000_000:
        return f"{value / 100_000_000:,.2f}".rstrip("0").rstrip(".") + " 亿"
    if abs(value) >= 10_000:
        return f"{value / 10_000:,.1f}".rstrip("0").rstrip(".") + " 万"
    return f"{value:,.0f} 元"


PROBLEM_WORDS = {
    400: ("请求有误", "Bad request", "浏览器发来的请求服务看不懂。"),
    401: ("请先登录", "Sign in first", "这里要用密钥登录后才能看。"),
    403: ("没有权限", "Not allowed", "页面可能已过期，请返回刷新后再试；或者这个密钥没有做这件事的权限。"),
    404: ("没有这一页", "Not found", "这里没有东西：可能已移出库、草稿过了保留期，或者网址写错了。"),
    405: ("不能这样访问", "Not possible here", "这个网址不接受这样的请求。"),
    409: ("与先前的请求冲突", "Conflict", "同样的请求先前带着别的内容来过。"),
    410: ("已经过期", "Gone", "库已有变动，请从头再查一次。"),
    413: ("文件太大", "Too large", "超过了服务允许的大小，可以拆成几份再传。"),
    415: ("格式不对", "Unsupported", "请求的内容不是服务接受的格式。"),
    422: ("没有读懂", "Could not be read", "填写的内容或放入的文件有问题，说明见下。"),
    429: ("请求太频繁", "Too many requests", "请稍等一会儿再试。"),
    500: ("服务出了错", "Something broke", "已记入日志，请把请求编号告诉管理员。"),
    503: ("暂时不能回答", "Not available now", "库正忙或正在打开，请过几秒刷新再试。"),
}
"""What a page says of an error, by its status: title, English, what to do."""
