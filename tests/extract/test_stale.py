from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import planted_stale
from perfsearch.extract.reuse import find_reuse, fold_sections
from perfsearch.extract.stale import Stale, find_stale
from perfsearch.model import Budget, Filing, Source

TEXT = (
    "云江市民政局计划2021年度投入54万元，为全市孤老配送午餐；截止2020年底已有助餐点三十一处，由“云江市孤老助餐服务”"
    "项目组逐户回访，餐食留样、配送车消毒和志愿者轮值都有台账，，台账按季交社区核对。"
)


def _filing(year: int, applicant: str, project: str, total: float, text: str = TEXT) -> Filing:
    return Filing(
        source=Source(file="x"), fiscal_year=year, applicant=applicant, project_name=project,
        budget=Budget(total=total, current_year=total), sections={"plan": text},
    )  # fmt: skip


def _find(draft: Filing, source: Filing) -> list[Stale]:
    passages = find_reuse(fold_sections(draft.sections), [fold_sections(source.sections)])
    return [stale for passage in passages for stale in find_stale(draft, source, passage)]


def test_year_unit_project_amount_and_misprint_of_another_units_filing_are_found() -> None:
    source = _filing(2021, "云江市民政局", "云江市孤老助餐服务", 540_000)
    draft = _filing(2023, "望海市民政局", "望海市老人送餐", 610_000)
    found = {(s.what, s.text): s for s in _find(draft, source)}
    assert found["year", "2021"].expected == "2023"
    assert found["year", "2021"].certainty == "sure"
    assert found["year", "2020"].expected == "2022"
    assert found["unit", "云江市民政局"].expected == "望海市民政局"
    assert found["project", "云江市孤老助餐服务"].expected == "望海市老人送餐"
    assert found["amount", "54万元"].expected == "61万元"
    assert found["place", "云江市"].expected == "望海市"
    assert ("misprint", "，，") in found
    for stale in found.values():
        assert draft.sections["plan"][stale.start : stale.end] == stale.text
        assert source.sections["plan"][stale.source_start : stale.source_end] == stale.text


def test_a_continuing_project_that_updated_everything_has_no_finding() -> None:
    source = _filing(
        2021, "云江市民政局", "云江市孤老助餐服务", 540_000, TEXT.replace("，，", "，").replace("截止", "截至")
    )
    text = TEXT.replace("2021", "2022").replace("2020", "2021").replace("54万", "60万")
    text = text.replace("，，", "，").replace("截止", "截至")
    assert _find(_filing(2022, "云江市民政局", "云江市孤老助餐服务", 600_000, text), source) == []


@pytest.mark.parametrize(
    "text",
    [
        "依据《云江市2021年孤老助餐工作方案》逐户回访，餐食留样、配送车消毒和志愿者轮值都有台账。",
        "规划期2021—2025年内逐户回访，餐食留样、配送车消毒和志愿者轮值都有台账，台账按季核对。",
    ],
    ids=["in a title", "in a range"],
)
def test_years_of_titles_and_ranges_stay(text: str) -> None:
    source = _filing(2021, "云江市民政局", "孤老助餐", 540_000, text)
    draft = _filing(2023, "望海市民政局", "老人送餐", 610_000, text)
    assert [s for s in _find(draft, source) if s.what == "year"] == []


def test_a_city_of_the_source_is_found_without_its_suffix_and_a_misprint_beside_a_changed_name() -> None:
    text = "上海科创中心建设提速，由{}项目组，，逐户回访，餐食留样、配送车消毒和志愿者轮值都有台账，台账按季核对。"
    source = _filing(2021, "上海市民政局", "孤老助餐服务", 540_000, text.format("孤老助餐服务"))
    draft = _filing(2023, "望海市民政局", "老人送餐到家", 610_000, text.format("老人送餐到家"))
    found = {(s.what, s.text, s.certainty) for s in _find(draft, source)}
    assert found == {("place", "上海", "possible"), ("misprint", "，，", "possible")}


def test_what_was_left_in_adapted_copies_is_found_and_what_was_updated_is_not() -> None:
    gold = Path(__file__).parent.parent / "data" / "corpus_gold.jsonl"
    figures = planted_stale.score([(a.left, planted_stale.findings(a)) for a in planted_stale.make(gold, 60, 2)])
    assert figures["all"]["planted"] > 200
    assert figures["all"]["recall"] >= 0.95
    assert figures["all"]["precision"] >= 0.95
    assert figures["sure"]["precision"] >= 0.97
