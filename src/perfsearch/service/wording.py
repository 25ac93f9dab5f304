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
