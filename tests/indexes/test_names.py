"""Names of projects and applicants are found whole, in part, by short form, and with a slip of the pen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.indexes.name_index import NameIndex
from perfsearch.indexes.names import fold_project_name, short_forms

APPLICANTS = [
    (1, "上海市科学技术协会"),
    (2, "云江市临江区水务局"),
    (3, "云江市教育委员会"),
    (4, "云江市临江区长桥街道办事处"),
]
PROJECTS = [
    (1, "2020年基层科普服务"),
    (2, "河道保洁养护项目"),
    (3, "院士专家工作站推进和企业创新服务"),
    (4, "机关后勤服务费"),
]


def found(index: NameIndex, query: str, **options: float) -> dict[int, str]:
    return {number: match.how for match in index.find(query, **options) for number in match.filing_nos.tolist()}


@pytest.mark.parametrize(
    ("query", "number", "how"),
    [
        ("上海市科学技术协会 2020 项目", 1, "full"),
        ("市科协的项目", 1, "short"),
        ("上海市科协", 1, "short"),
        ("云江市教委 培训", 3, "short"),
        ("临江区水务局", 2, "short"),
        ("长桥街道", 4, "short"),
    ],
)
def test_an_applicant_is_found_by_its_full_name_and_by_the_short_forms_that_people_use(
    query: str, number: int, how: str
) -> None:
    assert found(NameIndex.build(APPLICANTS, bodies=True), query).get(number) == how


@pytest.mark.parametrize(
    ("query", "number", "how"),
    [
        ("基层科普服务", 1, "full"),
        ("基层科普服务项目2021年度", 1, "full"),
        ("有没有河道保洁养护的表", 2, "full"),
        ("机关后勤服务", 4, "part"),
        ("河道保结养护", 2, "close"),
        ("院士站推进和企业创新服务", 3, "close"),
    ],
)
def test_a_project_is_found_by_its_name_without_the_year_in_part_and_misspelt(
    query: str, number: int, how: str
) -> None:
    assert found(NameIndex.build(PROJECTS, bodies=False), query).get(number) == how


def test_a_query_about_something_else_names_nothing() -> None:
    assert found(NameIndex.build(PROJECTS, bodies=False), "消防器材年检") == {}
    assert found(NameIndex.build(APPLICANTS, bodies=True), "楼顶渗水要修") == {}


def test_an_empty_index_answers_nothing() -> None:
    assert NameIndex.build([], bodies=False).find("基层科普服务") == []


def test_the_year_and_the_tail_do_not_part_two_years_of_one_project() -> None:
    assert fold_project_name("2020年度河道养护项目") == fold_project_name(
        "河道养护（2021年）项目".replace("（2021年）", "2021年")
    )


def test_short_forms_never_lose_the_body() -> None:
    assert "上海" not in short_forms("上海市科学技术协会")


@given(
    st.lists(st.text("水务局河道保洁项目养护", min_size=2, max_size=12), min_size=1, max_size=40),
    st.text("水务局河道保洁项目养护", min_size=4, max_size=12),
)
def test_the_near_names_are_those_that_comparing_with_every_name_finds(names: list[str], query: str) -> None:
    index = NameIndex.build(list(enumerate(names)), bodies=True)
    pairs = {query[i : i + 2] for i in range(len(query) - 1)}
    expected = {}
    for name in set(names):
        shared = sum(pair in name for pair in pairs)
        dice = 2 * shared / (len(name) - 1 + len(pairs))
        if dice >= 0.6 - 1e-6 or query in name:
            expected[name] = round(dice, 4)
    near = {index._names[number]: round(similarity, 4) for number, similarity, _ in index._near(query, 0.6)}
    assert {name: near.get(name) for name in expected if expected[name] > 0.6001} == {
        name: dice for name, dice in expected.items() if dice > 0.6001
    }
    assert set(near) <= set(expected)
