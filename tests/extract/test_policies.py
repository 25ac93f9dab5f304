"""Prints of one document become one policy; documents that differ stay apart."""

from __future__ import annotations

import gzip
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from perfsearch.extract.catalogue import keys_of, shipped_catalogue
from perfsearch.extract.citations import extract_filing_citations
from perfsearch.extract.folding import fold_title, is_short_form, period_of
from perfsearch.extract.policies import candidates_of, choose, keys_of_mention
from perfsearch.model import Citation


def ids(text: str, applicant: str | None = None, year: int | None = None) -> list[str | None]:
    return [c.policy_id for c in extract_filing_citations({"basis": text}, None, applicant, year)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("国务院办公厅关于印发某纲要实施方案（2016—2020年）的通知", "某纲要实施方案（2016-2020年）"),
        ("上海市科普事业“十三五”发展规划", "上海市科普事业十三五规划"),
        ("关于印发上海市科普事业十三五规划的通知", "上海市科普事业“十三五”发展规划"),
        (
            "上海市公民科学素质行动计划纲要实施方案（十三五）",
            "上海市公民科学素质行动计划纲要实施方案（２０１６－２０２０年）",
        ),
        ("全民科学素质行动计划纲要（2006—2010—2020年）", "全民科学素质行动计划纲要（2006 - 2010 - 2020年）"),
        ("中华人民共和国水法", "水法"),
        ("上海市实施〈中华人民共和国水法〉办法", "上海市实施《水法》办法"),
        ("上海市科学技术协会改革实施方案", "上海市科协改革实施方案"),
        ("上海市科学技术协会“十三五”事业发展规划", "上海市科协事业发展十三五规划"),
        ("关于印发《上海市科技专家库管理办法》的通知", "上海市科技专家库管理办法"),
    ],
)
def test_variants_of_a_title_fold_to_one_key(one: str, other: str) -> None:
    assert fold_title(one).full == fold_title(other).full


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("资金管理办法（试行）", "资金管理办法"),
        ("上海市水务“十三五”规划", "上海市水务“十四五”规划"),
        ("上海市市级机关会议费管理办法", "上海市市级机关培训费管理办法"),
        ("某项目管理办法（修订版）", "某项目管理办法"),
    ],
)
def test_documents_that_differ_keep_their_keys(one: str, other: str) -> None:
    assert fold_title(one).full != fold_title(other).full


def test_the_issuer_at_the_head_of_a_title_is_kept_beside_its_key() -> None:
    one, other = fold_title("中国科协关于实施助力工程的意见"), fold_title("上海市科协关于实施助力工程的意见")
    assert (one.full, one.issuer) == (other.full, "中国科协")
    assert other.issuer == "上海市科协"
    first, second = ids("《中国科协关于实施助力工程的意见》、《上海市科协关于实施助力工程的意见》")
    assert first != second


@pytest.mark.parametrize(
    ("title", "period"),
    [
        ("“十二五”规划思路", (2011, 2015)),
        ("上海市第十四个五年规划", (2021, 2025)),
        ("行动计划（2014—2017）", (2014, 2017)),
        ("纲要（2006—2010—2020年）", (2006, 2020)),
        ("上海市2021-2023年行动计划", (2021, 2023)),
        ("2024年工作要点", None),
        ("十五条措施", None),
    ],
)
def test_the_period_of_a_plan_is_read_from_its_title(title: str, period: tuple[int, int] | None) -> None:
    assert period_of(title) == period


def test_short_names_of_laws_find_the_law() -> None:
    for short, title in [
        ("科普法", "科学技术普及法"),
        ("中华人民共和国科普法", "科学技术普及法"),
        ("科技进步法", "科学技术进步法"),
        ("政府采购法", "政府采购法"),
        ("预算法", "预算法"),
        ("疫苗法", "疫苗管理法"),
    ]:
        citation = Citation(section="basis", start=0, end=1, text=short, title=short, kind="law")
        keys = keys_of_mention(citation)
        chosen = choose(keys, candidates_of(keys, shipped_catalogue()))
        known = shipped_catalogue().with_id(chosen.policy_id) if chosen else None
        assert known is not None
        assert known.title == title


def test_a_number_decides_over_a_title_that_dropped_a_word() -> None:
    one, two = ids(
        "《国务院办公厅关于印发全民科学素质行动计划纲要实施方案（2016—2020年）的通知》、"
        "《关于印发全民科学素质行动计划纲要（2016-2020年）的通知》（国办发[2016]10号）"
    )
    assert one == two


def test_the_same_title_with_another_number_is_another_policy() -> None:
    one, two = ids("《某专项资金管理办法》（沪财教〔2015〕81号）；《某专项资金管理办法》（沪财教〔2020〕17号）")
    assert one != two


def test_a_title_without_number_is_that_which_the_filing_prints_with_one() -> None:
    one, two = ids("《某专项资金管理办法》（沪财教〔2015〕81号）规定……。根据《某专项资金管理办法》")
    assert one == two


def test_a_short_form_is_what_the_filing_defined_it_to_be() -> None:
    sections = {
        "overview": "国务院颁布了《全民科学素质行动计划纲要（2006—2010—2020年）》（以下简称《纲要》），依据《上海市人才发展规划纲要》。",
        "necessity": "自2006年《纲要》实施以来",
    }
    first, short, other, again = extract_filing_citations(sections)
    assert first.policy_id == short.policy_id == again.policy_id != other.policy_id
    assert again.section == "necessity"


def test_a_reference_back_points_at_the_last_document_of_its_genre() -> None:
    found = extract_filing_citations({"basis": "《某资金管理办法》、《某条例》规定，该办法第五条要求专款专用。"})
    assert [c.text for c in found] == ["《某资金管理办法》", "《某条例》", "该办法"]
    assert found[2].policy_id == found[0].policy_id
    assert found[2].implicit
    assert found[2].pinpoint == "第五条"


def test_a_reference_back_to_nothing_is_no_citation() -> None:
    assert extract_filing_citations({"basis": "该办法行之有效。"}) == []


def test_a_short_form_that_nothing_defines_stays_open() -> None:
    assert ids("根据《意见》要求推进") == [None]


def test_units_own_rules_of_a_common_name_are_apart_by_unit() -> None:
    assert ids("制定了《财务管理制度》", "甲中学") != ids("制定了《财务管理制度》", "乙医院")
    assert ids("制定了《财务管理制度》", "甲中学") == ids("完善了《财务管理制度》", "甲中学")


def test_the_catalogue_holds_laws_with_dates_and_what_replaced_them() -> None:
    (contract,) = shipped_catalogue().with_key("t:合同法")
    assert (contract.repealed, contract.replaced_by) == ("2021-01-01", "民法典")
    assert len(shipped_catalogue()) > 5_000
    assert all(policy.policy_id.startswith("p-") for policy in shipped_catalogue())


@pytest.mark.parametrize(
    ("title", "short"), [("纲要", True), ("实施意见", True), ("财务管理制度", True), ("水法", False), ("预算法", False)]
)
def test_a_bare_genre_word_is_a_short_form(title: str, short: bool) -> None:
    assert is_short_form(title) == short


def test_the_keys_in_the_catalogue_are_those_that_folding_gives_now() -> None:
    for policy in list(shipped_catalogue())[::25]:
        assert set(keys_of(policy.title, policy.document_number or "", policy.aliases)) == set(policy.keys)


@pytest.mark.real
def test_the_shipped_catalogue_is_what_the_script_builds(shared: Path, tmp_path: Path) -> None:
    script = Path(__file__).resolve().parents[2] / "scripts" / "build_catalogue.py"
    built = tmp_path / "catalogue.tsv.gz"
    subprocess.run([sys.executable, script, shared / "data" / "policies" / "policies.tsv", built], check=True)
    shipped = resources.files("perfsearch.extract").joinpath("catalogue.tsv.gz").read_bytes()
    assert gzip.decompress(built.read_bytes()) == gzip.decompress(shipped)
