"""Document numbers in every typography come to one shape, and what only looks like one stays out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.extract.numbers import find_document_numbers, normalize_document_number, number_key


@pytest.mark.parametrize(
    ("printed", "normal", "irregular"),
    [
        ("国办发〔2016〕10号", "国办发〔2016〕10号", False),
        ("国办发[2016]10 号", "国办发〔2016〕10号", False),
        ("国办发（2016）10号", "国办发〔2016〕10号", False),
        ("国办发【2016】10号", "国办发〔2016〕10号", True),
        ("国办发〔2016〕第10号", "国办发〔2016〕10号", True),
        ("国办发〔2016〕010号", "国办发〔2016〕10号", False),
        ("国办发〔2016年〕10号", "国办发〔2016〕10号", True),
        ("国办发2016 10号", "国办发〔2016〕10号", True),
        ("沪府办发〔２０１６〕６４号", "沪府办发〔2016〕64号", False),
        ("沪府办秘办（1995）729文", "沪府办秘办〔1995〕729号", True),
        ("沪府办【2019】76号文", "沪府办〔2019〕76号", True),
        ("沪组委2019发字126号", "沪组委发字〔2019〕126号", True),
        ("沪委组〔2019〕发字126号", "沪委组发字〔2019〕126号", True),
        ("沪教委〔2019〕字5号", "沪教委字〔2019〕5号", True),
        ("国办\n发〔2016〕\n10号", "国办发〔2016〕10号", False),
        ("国发〔20\n16〕43号", "国发〔2016〕43号", False),
        ("财政部令第87号", "财政部令第87号", False),
        ("财政部第87号令", "财政部令第87号", False),
        ("国务院令 第 279 号", "国务院令第279号", False),
        ("中华人民共和国主席令第七十二号", "中华人民共和国主席令第72号", False),
        ("民政部令〔2010〕第39号", "民政部令〔2010〕39号", True),
        ("交通运输部令2018年第8号", "交通运输部令〔2018〕8号", False),
        ("国家税务总局公告2018年第28号", "国家税务总局公告〔2018〕28号", False),
        ("财政部 税务总局公告2021年第5号", "财政部税务总局公告〔2021〕5号", False),
        ("法释〔2020〕17号", "法释〔2020〕17号", False),
        ("文化和旅游部令第3号", "文化和旅游部令第3号", False),
        ("住房和城乡建设部令第4号", "住房和城乡建设部令第4号", False),
        ("国家发展和改革委员会令第21号", "国家发展和改革委员会令第21号", False),
        ("对外贸易经济合作部令2002年第6号", "对外贸易经济合作部令〔2002〕6号", False),
        ("中国人民银行公告〔2020〕第3号", "中国人民银行公告〔2020〕3号", True),
    ],
)
def test_a_number_comes_to_its_normal_form(printed: str, normal: str, irregular: bool) -> None:
    text = f"根据{printed}执行。"
    (number,) = find_document_numbers(text)
    assert (text[number.start : number.end], number.normal, number.irregular) == (printed, normal, irregular)
    assert normalize_document_number(printed) == normal


@pytest.mark.parametrize(
    "text",
    [
        "办公地址在人民大道200号14楼",
        "地铁2019年10号线",
        "参照（2019）沪0104民初1234号判决书",
        "2021年预算（2021）12万元",
        "完成项目（2019）12个",
        "截止2019年3号",
        "联系电话2019 1234567号",
        "中国2019 3号展厅",
        "合同编号：HC-2021-05",
    ],
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert find_document_numbers(text) == []


@pytest.mark.parametrize(
    ("query", "normal"),
    [
        ("国办发2016 10", "国办发〔2016〕10号"),
        ("沪机管 2018 79号", "沪机管〔2018〕79号"),
        ("（国办发〔2016〕10号）", "国办发〔2016〕10号"),
        ("国办发2016-10", "国办发〔2016〕10号"),
        ("科普法", None),
        ("十三五科普规划", None),
        ("2016年10号", None),
        ("", None),
    ],
)
def test_a_query_may_leave_out_brackets_and_the_last_word(query: str, normal: str | None) -> None:
    assert normalize_document_number(query) == normal


def test_two_numbers_in_one_bracket_are_two() -> None:
    found = find_document_numbers("（沪财教〔2015〕81号、沪教委财〔2015〕106号）")
    assert [n.normal for n in found] == ["沪财教〔2015〕81号", "沪教委财〔2015〕106号"]


def test_the_name_of_the_issuer_is_no_part_of_the_code() -> None:
    assert [n.text for n in find_document_numbers("按国务院办公厅国办发〔2021〕40号文件")] == ["国办发〔2021〕40号"]


@pytest.mark.parametrize(
    "number",
    [
        "经信委〔2019〕3号", "沪经信〔2020〕12号", "沪人社就〔2021〕12号", "市监标准〔2020〕8号", "建标〔2013〕169号", "退役军人部发〔2019〕33号",
        "发改社会〔2019〕16号", "团沪委发〔2020〕8号", "医保发〔2019〕11号", "自然资发〔2020〕9号", "体群字〔2019〕12号", "沪大数据〔2020〕4号",
        "安监总厅规划〔2016〕138号", "国卫规划发〔2017〕44号", "中宣发〔2020〕1号", "民发〔2020〕2号", "普民〔2020〕3号",
    ],
)  # fmt: skip
def test_codes_of_all_kinds_are_read_whole(number: str) -> None:
    for text in (number, f"根据{number}文件", f"《某办法》（{number}）", f"见{number}。", f"依据《甲》、{number}和乙"):
        assert [n.text for n in find_document_numbers(text)] == [number]


def test_prints_of_one_number_share_a_key() -> None:
    assert number_key("国务院令第711号") == number_key("中华人民共和国国务院令第711号")
    assert number_key("科协发学字〔2014〕86号") == number_key("科协发学〔2014〕86号")
    assert number_key("科协发学字〔2014〕86号") != number_key("科协发学字〔2014〕68号")


@given(
    st.sampled_from(["国办发", "沪府办发", "财社", "国科发政字", "普投资规范"]),
    st.integers(1950, 2049),
    st.integers(1, 9999),
    st.sampled_from(["〔{}〕{}号", "[{}]{} 号", "（{}）{}号", "【{}】{}号文", "〔{}〕第{}号", " 〔 {} 〕 {} 号"]),
    st.sampled_from(["根据", "（", "，", "\n", "见"]),
)
def test_every_typography_of_a_number_gives_the_same_normal_form(
    code: str, year: int, serial: int, shape: str, before: str
) -> None:
    text = before + code + shape.format(year, serial) + "）。"
    assert [n.normal for n in find_document_numbers(text)] == [f"{code}〔{year}〕{serial}号"]


@given(st.text(alphabet="〔〕[]【】（）第号文令年字发0123456789２０国办沪府 \n", max_size=120))
def test_numbers_are_in_order_and_say_what_is_printed(text: str) -> None:
    end = 0
    for number in find_document_numbers(text):
        assert end <= number.start < number.end
        assert text[number.start : number.end] == number.text
        end = number.end
    normalize_document_number(text)
