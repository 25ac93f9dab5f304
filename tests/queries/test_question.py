"""What is exact in a query is seen, in whatever typography it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.queries.question import Question


@pytest.mark.parametrize(
    ("query", "year", "number"),
    [
        ("国办发〔2016〕10号", 2016, 10),
        ("国办发[2016]10 号", 2016, 10),
        ("国办发2016 10号", 2016, 10),
        ("沪府办发〔２０１６〕６４号", 2016, 64),
        ("沪机管 2018 79号 大中修", 2018, 79),
        ("沪府办秘办(1995)729号", 1995, 729),
        ("国办发【2016】10", 2016, 10),
    ],
)
def test_a_document_number_is_seen_in_any_typography(query: str, year: int, number: int) -> None:
    assert [(y, n) for _, y, n in Question(query).document_numbers] == [(year, number)]


@pytest.mark.parametrize(
    "query", ["科协综合管理费 2021", "截至2020年10月完成", "2018-2020年度评估", "上年176万今年只有43.5万的项目"]
)
def test_years_and_amounts_are_not_taken_for_document_numbers(query: str) -> None:
    assert Question(query).document_numbers == ()


@pytest.mark.parametrize(
    ("query", "amounts"),
    [
        ("990万的项目", (9_900_000.0,)),
        ("上年176万今年只有43.5万的项目", (1_760_000.0, 435_000.0)),
        ("预算540,000", (540_000.0,)),
        ("1.2亿元", (120_000_000.0,)),
        ("５４万元", (540_000.0,)),
        ("群众满意度 85%", ()),
        ("2020年", ()),
    ],
)
def test_an_amount_is_read_in_yuan(query: str, amounts: tuple[float, ...]) -> None:
    assert Question(query).amounts == amounts


def test_a_year_that_stands_by_itself_is_seen_and_one_in_a_number_is_not() -> None:
    assert Question("科普服务能力建设 2019").years == (2019,)
    assert Question("国办发〔2016〕10号").years == ()


def test_the_words_of_asking_are_not_looked_for() -> None:
    assert not {"哪些", "有没有", "的"} & set(Question("有没有哪些资助青年人才的项目？").terms)


def test_a_query_of_asking_words_alone_is_searched_as_it_is() -> None:
    assert Question("怎么写").terms


@given(st.text(max_size=200))
def test_no_text_makes_the_reading_fail(text: str) -> None:
    question = Question(text)
    assert question.terms is not None
    assert all(amount >= 0 for amount in question.amounts)
    assert question.document_numbers is not None
    assert question.years is not None
