from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.indexes.identity import CLOSE_NAME, Lines, content_hash, core_name, natural_id, overlap, similarity
from perfsearch.model import Citation, Filing, Indicator, Source, TargetValue
from tests.indexes.samples import WORDS, make_filing


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
    assert Lines(known).find("青少年科技创新实践站建设") == "a"
    assert Lines(known).find("图书馆数字化") is None
    assert Lines({}).find("档案数字化加工") is None


def test_names_that_differ_in_a_number_are_different_projects() -> None:
    assert Lines({"机关大院1号楼外立面维修": "a"}).find("机关大院2号楼外立面维修") is None
    assert Lines({"第一人民医院设备购置": "a"}).find("第二人民医院设备购置") is None


names = st.text(alphabet="科普教育基地建设维修12", min_size=1, max_size=12)


@given(st.dictionaries(names, st.sampled_from("abc"), max_size=12), names)
def test_the_closest_name_is_found_as_if_all_were_compared(known: dict[str, str], name: str) -> None:
    def digits(text: str) -> list[str]:
        return re.findall(r"\d+", text)

    close = [
        (similarity(name, other), other)
        for other in known
        if similarity(name, other) >= CLOSE_NAME and digits(other) == digits(name)
    ]
    assert Lines(known).find(name) == (known.get(name) or (known[max(close)[1]] if close else None))


def test_one_applicant_of_many_projects_is_quick() -> None:
    rng = random.Random(1)
    lines = Lines()
    started = time.perf_counter()
    for number in range(5_000):
        name = "".join(rng.choice(WORDS) for _ in range(4)) + "项目"
        if lines.find(name) is None:
            lines.add(name, str(number))
    assert time.perf_counter() - started < 15


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
