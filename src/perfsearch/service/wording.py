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
