"""On the real filings the review raises what a careful reader raised, and keeps silent on what is in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfsearch.model import Filing
from perfsearch.model.review import Finding
from perfsearch.parsing import parse_file
from perfsearch.queries.review import review

pytestmark = pytest.mark.real

A, B, C, D = (
    "000_747cb824f1b7b62f.txt",
    "001_3194ebaca1212cd1.txt",
    "002_12abc45b1a7fe7f0.txt",
    "003_eb2419276ec83a7b.txt",
)

# File, place in it, rule, and what the evidence must name: a section, a field, or an indicator.
RAISED = [
    (A, 0, "table.rate-in-words", "信息公开实现率"),
    (A, 0, "table.number-without-unit", "健全各项预算、采购、报销、内控制度等"),
    (A, 0, "table.number-without-unit", "规范使用各项资金"),
    (A, 0, "table.vague", "提升上海科技节影响力"),
    (B, 0, "table.malformed-target", "公民科学素质提升"),
    (B, 0, "table.rate-in-words", "信息公开实现率"),
    (B, 0, "table.process-as-result", "固定资产管理情况"),
    (B, 0, "form.procurement-denied", "safeguards"),
    (B, 1, "table.process-as-result", "预算资金到位率"),
    (B, 1, "table.process-as-result", "合同管理完备性"),
    (B, 1, "table.satisfaction-misplaced", "群众满意度"),
    (B, 1, "goals.unmeasured", "goals"),
    (B, 2, "form.sections-repeated", "overview"),
    (B, 2, "table.process-as-result", "财务监控有效性"),
    (B, 3, "form.sections-repeated", "overview"),
    (B, 3, "form.section-says-nothing", "goals"),
    (B, 3, "form.basis-unnamed", "basis"),
    (B, 3, "table.not-satisfaction", "项目质量可控性"),
    (B, 3, "table.process-as-result", "项目管理制度健全性"),
    (B, 4, "form.sections-repeated", "plan"),
    (B, 4, "table.process-as-result", "财务管理制度健全性"),
    (B, 5, "form.sections-repeated", "plan"),
    (B, 5, "table.process-as-result", "财务监控有效性"),
    (B, 6, "form.sections-repeated", "overview"),
    (B, 6, "form.sections-repeated", "plan"),
    (B, 6, "table.process-as-result", "预算编制合理性"),
    (B, 6, "table.process-as-result", "合同管理完备性"),
    (B, 7, "form.sections-repeated", "basis"),
    (B, 7, "form.basis-unnamed", "basis"),
    (B, 7, "table.process-as-result", "资金使用规范性"),
    (B, 8, "form.sections-repeated", "overview"),
    (B, 8, "form.sections-repeated", "basis"),
    (B, 8, "table.no-output", "indicators"),
    (B, 8, "table.rate-in-words", "信息公开实现率"),
    (B, 9, "money.doubled", "budget.current_year"),
    (B, 9, "form.sections-repeated", "overview"),
    (B, 9, "table.only-process", "预算资金到位率"),
    (B, 10, "form.section-says-nothing", "overview"),
    (B, 10, "form.basis-unnamed", "basis"),
    (B, 10, "table.satisfaction-misplaced", "工作人员满意度"),
    (B, 11, "form.procurement-denied", "overview"),
    (B, 11, "form.sections-repeated", "overview"),
    (B, 11, "table.process-as-result", "合同管理完备性"),
    (B, 12, "table.process-as-result", "政府采购规范性"),
    (B, 12, "table.rate-in-words", "信息公开实现率"),
    (B, 12, "form.sections-repeated", "plan"),
    (B, 13, "table.process-as-result", "财务监控有效性"),
    (B, 14, "form.sections-repeated", "overview"),
    (B, 14, "form.sections-repeated", "basis"),
    (C, 0, "form.blank-section", "plan"),
    (C, 0, "form.blank-section", "goals"),
    (C, 0, "table.budget-as-target", "基层科普服务"),
    (C, 0, "table.rate-without-percent", "完成及时率"),
    (C, 0, "table.rate-without-percent", "社区、园区和楼宇满意度"),
    (D, 0, "form.procurement-denied", "overview"),
    (D, 0, "form.sections-repeated", "plan"),
    (D, 1, "table.vague", "可持续目标"),
    (D, 1, "table.satisfaction-in-words", "社会评价"),
]

# Places in which a reader found nothing wrong: a rule or family, and where it must not be raised ("" is anywhere).
SILENT = [
    (A, 0, "money", ""),  # 10 + 24 + 10 + 10 = 54万元 = 540,000, which the text also calls the total
    (A, 0, "form", ""),
    (A, 0, "table", "预算执行率"),
    (A, 0, "table", "资产管理制度有效性"),
    (A, 0, "table.malformed-target", ""),
    (B, 0, "money", ""),
    (B, 0, "form.sections-repeated", ""),
    (B, 0, "table", "群众满意度"),
    (B, 0, "table", "设备购置数量（个）"),
    (B, 0, "table", "人员到岗率"),
    (B, 1, "form", ""),
    (B, 1, "table", "项目计划完成率（%）"),
    (B, 1, "table", "固定资产管理情况"),  # there under 资产管理, where it belongs
    (B, 2, "form.procurement-denied", ""),
    (B, 2, "table", "群众满意度"),
    (B, 4, "money", ""),
    (B, 4, "form.procurement-denied", ""),
    (B, 5, "form.procurement-denied", ""),
    (B, 5, "form.section-says-nothing", ""),
    (B, 6, "money", ""),
    (B, 6, "goals.figures-differ", ""),
    (B, 7, "money", ""),
    (B, 8, "table.process-as-result", ""),  # its table keeps them in 投入与管理
    (B, 8, "table", "群众满意度"),
    (B, 9, "form.basis-unnamed", ""),
    (B, 9, "form.section-says-nothing", ""),
    (B, 13, "form.procurement-denied", ""),
    (B, 13, "money.doubled", ""),
    (B, 14, "form.basis-unnamed", ""),
    (C, 0, "money", ""),
    (C, 0, "table.malformed-target", ""),
    (C, 0, "table", "计划目标达标率"),
    (D, 0, "money", ""),
    (D, 0, "table.process-as-result", ""),
    (D, 0, "table", "节能减排指标"),
    (D, 1, "form.sections-repeated", ""),
    (D, 1, "table.process-as-result", ""),
    (D, 1, "money", ""),
]


@pytest.fixture(scope="module")
def filings(shared: Path) -> dict[str, list[Filing]]:
    return {name: parse_file(shared / "filings" / name) for name in (A, B, C, D)}


def findings(filing: Filing) -> list[Finding]:
    return list(review(None, [filing], "draft").findings)


def names(finding: Finding) -> str:
    places = (*finding.evidence, *finding.compared_with)
    return " ".join(f"{e.section or ''} {e.field or ''} {e.text if e.row is not None else ''}" for e in places)


@pytest.mark.parametrize(("file", "place", "code", "where"), RAISED)
def test_what_a_careful_reader_raised_is_raised(
    filings: dict[str, list[Filing]], file: str, place: int, code: str, where: str
) -> None:
    found = [finding for finding in findings(filings[file][place]) if finding.code == code]
    assert any(where in names(finding) for finding in found)


@pytest.mark.parametrize(("file", "place", "code", "where"), SILENT)
def test_what_is_in_order_stays_silent(
    filings: dict[str, list[Filing]], file: str, place: int, code: str, where: str
) -> None:
    found = [f for f in findings(filings[file][place]) if f.code == code or f.code.startswith(f"{code}.")]
    rows = [f"／{where}：" for _ in (1,)]
    raised = [f for f in found if not where or any(row in names(f) for row in rows)]
    # A table without any real output is raised as a whole, with all its rows as evidence.
    assert [f.code for f in raised if where == "" or f.code != "table.only-process"] == []


def test_at_least_a_third_of_the_table_are_clean_places() -> None:
    assert 3 * len(SILENT) >= len(RAISED) + len(SILENT)


def test_every_piece_of_evidence_stands_where_it_says(filings: dict[str, list[Filing]]) -> None:
    for filing in (one for group in filings.values() for one in group):
        for finding in findings(filing):
            for evidence in finding.evidence:
                if evidence.section is not None and evidence.start is not None:
                    assert filing.sections[evidence.section][evidence.start : evidence.end] == evidence.text
                if evidence.row is not None:
                    assert filing.indicators[evidence.row].target in evidence.text
