from __future__ import annotations

import pytest

from perfsearch.indexes.identity import closest_lineage, content_hash, core_name, natural_id, overlap, similarity
from perfsearch.model import Citation, Filing, Indicator, Source, TargetValue
from tests.indexes.samples import make_filing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2019年科普进社区项目", "2020年度科普进社区"),
        ("科普进社区（2019）", "科普进社区【2020年】"),
        ("科普大学一期", "科普大学二期"),
        ("科普大学(第一期)", "科普大学第3批"),
        ("2018-2020年校舍维修", "2021至2023年校舍维修"),
        ("二〇二〇年度消防检查", "消防检查专项经费"),
        ("ＡＢ平台运维经费", "ab平台运维"),
    ],
)
def test_a_project_keeps_its_name_over_the_years(one: str, other: str) -> None:
    assert core_name(one) == core_name(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("科普进社区", "科普进校园"), ("第一小学校舍维修", "第二小学校舍维修"), ("道路养护", "绿化养护")],
)
def test_different_projects_keep_different_names(one: str, other: str) -> None:
    assert core_name(one) != core_name(other)


@pytest.mark.parametrize("name", ["2020年", "（2020年度）", "项目", "一期", "2020年度项目经费"])
def test_a_name_of_nothing_but_years_is_still_a_name(name: str) -> None:
    assert core_name(name) != ""


def test_a_close_name_of_the_same_applicant_is_the_same_line() -> None:
    known = {"青少年科技创新实践工作站建设": "a", "档案数字化加工": "b"}
    assert closest_lineage("青少年科技创新实践站建设", known) == "a"
    assert closest_lineage("图书馆数字化", known) is None
    assert closest_lineage("档案数字化加工", {}) is None


def test_names_that_differ_in_a_number_are_different_projects() -> None:
    assert closest_lineage("机关大院2号楼外立面维修", {"机关大院1号楼外立面维修": "a"}) is None
    assert closest_lineage("第二人民医院设备购置", {"第一人民医院设备购置": "a"}) is None


def test_similarity_is_between_none_and_all() -> None:
    assert similarity("科普教育", "科普教育") == 1.0
    assert similarity("科", "普") == 0.0
    assert similarity("科普教育", "科普宣传") == pytest.approx(1 / 3)


def test_the_hash_is_of_what_the_form_says() -> None:
    form = make_filing(1)
    derived = form.model_copy(
        update={
            "id": "other",
            "source": Source(file="elsewhere.pdf", index=3, path="/x"),
            "citations": (Citation(section="basis", start=0, end=1, text="x"),),
            "indicators": tuple(
                Indicator(**{**row.model_dump(), "value": TargetValue(op="=", number=1.0)}) for row in form.indicators
            ),
        }
    )
    assert content_hash(derived) == content_hash(form)
    assert content_hash(form.model_copy(update={"category": "x"})) != content_hash(form)
    changed = {**form.sections, "goals": form.sections["goals"] + "。"}
    assert content_hash(form.model_copy(update={"sections": changed})) != content_hash(form)


def test_a_filing_without_an_id_gets_one_of_its_natural_key() -> None:
    form = make_filing(1, id="")
    assert natural_id(form) == natural_id(form.model_copy(update={"category": "x", "source": Source(file="b")}))
    assert natural_id(form) != natural_id(form.model_copy(update={"fiscal_year": 1999}))
    nameless = Filing(source=Source(file="a"), sections={"overview": "科普"})
    assert natural_id(nameless) == natural_id(nameless.model_copy(update={"source": Source(file="b")}))
    assert natural_id(nameless).startswith("0000-")


def test_overlap_is_the_share_of_text_in_the_same_sections() -> None:
    form = make_filing(1)
    assert overlap(form, form) == 1.0
    assert overlap(form, make_filing(2)) < 0.1
    assert overlap(form, Filing(source=Source(file="a"))) == 0.0
    assert overlap(Filing(source=Source(file="a")), Filing(source=Source(file="b"))) == 0.0
    half = form.model_copy(update={"sections": {"overview": form.sections["overview"]}})
    assert 0.2 < overlap(form, half) < 0.7
