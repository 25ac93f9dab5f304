"""Findings on legal bases: each trap is found with its evidence, and what can be right is left alone."""

from __future__ import annotations

import pytest

from perfsearch.extract.catalogue import shipped_catalogue
from perfsearch.extract.citations import extract_filing_citations
from perfsearch.extract.policy_findings import NoUsage, PolicyUsage, policy_findings
from perfsearch.model import Filing, PolicyFinding, Source


class Usage(NoUsage):
    """Other filings that print one number beside one title."""

    def __init__(self, titles: dict[str, list[tuple[str, int]]], numbers: dict[str, list[tuple[str, int]]]) -> None:
        self._titles, self._numbers = titles, numbers

    def titles_of_number(self, key: str) -> list[tuple[str, int]]:
        return self._titles.get(key, [])

    def numbers_of_title(self, key: str) -> list[tuple[str, int]]:
        return self._numbers.get(key, [])


def found(text: str, year: int = 2020, usage: PolicyUsage | None = None) -> list[PolicyFinding]:
    sections = {"basis": text}
    filing = Filing(
        source=Source(file="draft.txt"),
        fiscal_year=year,
        start_date=f"{year}-01-01",
        sections=sections,
        citations=tuple(extract_filing_citations(sections, None, None, year)),
    )
    return policy_findings(filing, shipped_catalogue(), usage)


def codes(text: str, year: int = 2020, usage: PolicyUsage | None = None) -> list[str]:
    return [finding.code for finding in found(text, year, usage)]


def test_one_number_under_two_titles_is_found() -> None:
    (finding,) = found("《关于甲类设施养护的通知》（沪建〔2019〕5号）；《关于乙类人员培训的意见》（沪建〔2019〕5号）")[
        :1
    ]
    assert finding.code == "number-of-other-title"
    assert finding.suggestion == "关于乙类人员培训的意见"


def test_a_number_that_the_catalogue_has_under_another_title_is_found() -> None:
    text = "《关于印发全民科学素质行动计划纲要（2016-2020年）的通知》（国办发〔2016〕10号）"
    assert "number-of-other-title" in codes(text)


def test_one_title_under_two_numbers_that_differ_by_a_slip_is_found() -> None:
    text = "《某专项资金管理办法》（沪财教〔2019〕81号）……《某专项资金管理办法》（沪财教〔2019〕18号）"
    assert "title-with-other-number" in codes(text)


def test_a_reissue_with_a_new_year_and_number_is_no_finding() -> None:
    usage = Usage({}, {"t:某专项资金管理办法": [("沪财教〔2014〕7号", 12)]})
    assert codes("《某专项资金管理办法》（沪财教〔2019〕81号）", usage=usage) == []


def test_transposed_characters_of_a_code_are_found_against_the_known_number() -> None:
    usage = Usage({}, {"t:关于加强党建工作的意见": [("沪委组〔2019〕126号", 3)]})
    (finding,) = found("《关于加强党建工作的意见》（沪组委〔2019〕126号）", usage=usage)
    assert (finding.code, finding.suggestion) == ("number-transposed", "沪委组〔2019〕126号")


def test_a_department_before_its_committee_is_found_without_other_filings() -> None:
    text = "《中共上海市委组织部 上海市科学技术协会关于印发〈关于加强党建的意见〉的通知》（沪组委2019发字126号）"
    assert [(f.code, f.suggestion) for f in found(text)] == [
        ("number-irregular", "沪组委发字〔2019〕126号"),
        ("number-transposed", "沪委组发字〔2019〕126号"),
    ]


def test_irregular_typography_names_the_normal_form() -> None:
    (finding,) = found("根据沪府办【2019】76号文执行")
    assert (finding.code, finding.suggestion) == ("number-irregular", "沪府办〔2019〕76号")
    assert finding.evidence[0].text == "沪府办【2019】76号文"


@pytest.mark.parametrize(("year", "expected"), [(2015, []), (2016, ["plan-ended"]), (2020, ["plan-ended"]), (2012, [])])
def test_a_plan_is_over_after_its_last_year(year: int, expected: list[str]) -> None:
    assert codes("按照《上海市科普事业“十二五”发展规划》", year) == expected


@pytest.mark.parametrize(("year", "expected"), [(2020, []), (2021, ["law-repealed"]), (2023, ["law-repealed"])])
def test_a_law_is_repealed_from_its_day(year: int, expected: list[str]) -> None:
    assert codes("根据《中华人民共和国合同法》", year) == expected


def test_a_law_that_was_amended_is_not_repealed() -> None:
    assert codes("根据《中华人民共和国体育法》、《预算法》", 2024) == []


def test_the_same_basis_twice_is_found_under_two_of_its_titles() -> None:
    text = (
        "1、《国务院办公厅关于印发全民科学素质行动计划纲要实施方案（2016—2020年）的通知》；"
        "2、《全民科学素质行动计划纲要实施方案（2016-2020年）》"
    )
    (finding,) = found(text)
    assert finding.code == "basis-repeated"
    assert len(finding.evidence) == 2


def test_two_clauses_of_one_document_are_no_repetition() -> None:
    assert codes("《长江保护法》第三条、《长江保护法》第五十二条") == []


def test_a_document_that_nobody_knows_is_no_finding() -> None:
    assert codes("根据《关于推进某某试点工作的通知》（某府发〔2020〕3号）") == []


def test_evidence_points_at_the_text() -> None:
    text = "按照《上海市水务“十二五”规划》和沪水务【2011】3号文。"
    for finding in found(text):
        span = finding.evidence[0]
        assert span.start is not None
        assert text[span.start : span.end] == span.text
        assert finding.year == 2020
