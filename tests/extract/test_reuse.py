from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.extract.reuse import Passage, find_own_reuse, find_reuse, fold_sections
from perfsearch.extract.stock import quotations, quoted_mask, stock_mask

SOURCE = (
    "乡镇孩子往返科技馆一次要花大半天时间，多数农村学校没有像样的实验室。让展品坐上大篷车开进校园，"
    "使农村孩子在家门口动手做实验，是缩小城乡科学教育差距最直接的办法。巡展由市科技馆抽调六名辅导员承担，"
    "每站停留四天，夜间由学校派人值守展品。展品每半年检修一次，损坏件由厂家两周内更换。"
)
OTHER = (
    "河道保洁实行网格化包干，四十二条村级河道划成十一个标段，每个标段配保洁船两艘。汛期前集中打捞水葫芦，"
    "枯水期清理岸坡垃圾，打捞物运至指定堆场沥干后焚烧。第三方每月暗访两次，扣分与当季付款挂钩。"
)
HOST = "本年度继续推进老旧小区电梯加装，由居民自行协商出资比例，街道提供一站式代办。"


def _one(draft: str, *sources: str) -> list[Passage]:
    folded = fold_sections({"plan": draft})
    known = {name: stock_mask(text) | quoted_mask(text, quotations(text.text)) for name, text in folded.items()}
    return find_reuse(folded, [fold_sections({"goals": source}) for source in sources], known)


def test_a_verbatim_copy_is_found_to_the_character() -> None:
    passage = SOURCE[34:80]
    [found] = _one(HOST + passage + HOST, SOURCE)
    assert (found.section, found.start, found.end) == ("plan", len(HOST), len(HOST) + 46)
    assert (found.source_section, found.source_start, found.source_end) == ("goals", 34, 80)
    assert found.kind == "verbatim"
    assert found.similarity == 1.0


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        (SOURCE.replace("，", "， "), "verbatim"),
        (SOURCE.replace("，", ","), "verbatim"),
        (SOURCE.replace("，", "；"), "edited"),
        (SOURCE.replace("四天", "五天").replace("六名", "八名"), "edited"),
    ],
)
def test_width_and_white_space_do_not_count_and_marks_and_numbers_do(draft: str, kind: str) -> None:
    [found] = _one(draft, SOURCE)
    assert found.kind == kind
    assert (found.start, found.end) == (0, len(draft))
    assert (found.source_start, found.source_end) == (0, len(SOURCE))
    assert (found.similarity == 1.0) == (kind == "verbatim")


def test_an_edited_copy_is_one_passage() -> None:
    edited = (
        "乡镇的孩子去一次科技馆要花大半天，大多数农村学校没有像样的实验室。把展品装上大篷车开进校园，"
        "让农村孩子在家门口动手做实验，是缩小城乡科学教育差距最有效的途径。巡展由区科技馆抽调八名辅导员承担，"
        "每站停留五天，夜间由学校安排人员看守展品。"
    )
    [found] = _one(HOST + edited + HOST, SOURCE)
    assert found.kind == "edited"
    assert 0.6 < found.similarity < 1
    assert abs(found.start - len(HOST)) <= 3
    assert abs(found.end - len(HOST) - len(edited)) <= 3


def test_sentences_in_another_order_are_one_passage_of_blocks() -> None:
    first, second, third = [s + "。" for s in SOURCE.split("。")[:3]]
    [found] = _one(third + first + second, first + second + third)
    assert (found.start, found.end) == (0, len(first + second + third))
    assert found.kind == "edited"
    assert len(found.blocks) >= 2


def test_two_sources_in_turns_are_told_apart() -> None:
    ours, theirs = SOURCE.split("。")[:3], OTHER.split("。")[:3]
    mixed = "".join(a + "。" + b + "。" for a, b in zip(ours, theirs, strict=True))
    found = _one(mixed, SOURCE, OTHER)
    assert {p.source for p in found} == {0, 1}
    spans = sorted((p.start, p.end, p.source) for p in found)
    assert all(b[0] >= a[1] - 3 for a, b in pairwise(spans))


def test_a_title_or_a_slogan_is_no_passage() -> None:
    a = "依据《中华人民共和国预算法》和《中华人民共和国科学技术普及法》，我单位修缮礼堂屋面防水层。"
    b = "按照《中华人民共和国预算法》和有关规定，采购游泳池水循环设备。"
    assert _one(a, b) == []
    c = "以习近平新时代中国特色社会主义思想为指导，采购游泳池水循环设备。"
    d = "以习近平新时代中国特色社会主义思想为指导，给盲道重铺防滑砖。"
    assert _one(c, d) == []


def test_a_text_stands_in_itself_once() -> None:
    sections = fold_sections({"overview": SOURCE, "necessity": SOURCE, "plan": OTHER})
    found = find_own_reuse(sections)
    assert sorted((p.section, p.source_section) for p in found) == [
        ("necessity", "overview"),
        ("overview", "necessity"),
    ]
    assert all(p.similarity == 1.0 for p in found)


def test_a_sentence_twice_in_one_section_does_not_overlap_itself() -> None:
    sentence = "让展品坐上大篷车开进校园，使农村孩子在家门口动手做实验。"
    found = find_own_reuse(fold_sections({"plan": sentence + HOST + sentence}))
    assert {(p.start, p.end) for p in found} == {(0, len(sentence)), (len(sentence + HOST), len(sentence * 2 + HOST))}


_PROSE = st.text(
    alphabet="县市科普工作年度经费项目实施组织开展街道居民老人助餐服务学校图书馆河道保洁船0123，。、（） 　aB㎡",
    max_size=200,
)


@settings(max_examples=150, deadline=None)
@given(_PROSE, _PROSE, st.integers(5, 30))
def test_spans_lie_in_their_texts_and_are_long_enough(a: str, b: str, min_length: int) -> None:
    draft, source = {"plan": a, "goals": b}, {"plan": b + a}
    folded, other = fold_sections(draft), fold_sections(source)
    for own, found in (
        (False, find_reuse(folded, [other], min_length=min_length)),
        (True, find_own_reuse(folded, min_length=min_length)),
    ):
        for p in found:
            theirs = (draft if own else source)[p.source_section]
            assert 0 <= p.start < p.end <= len(draft[p.section])
            assert 0 <= p.source_start < p.source_end <= len(theirs)
            assert min(p.end - p.start, p.source_end - p.source_start) >= min_length
            assert 0 < p.similarity <= 1
            for start, end, source_start, source_end in p.blocks:
                assert p.start <= start < end <= p.end
                assert p.source_start <= source_start < source_end <= p.source_end
                assert fold(draft[p.section][start:end]) == fold(theirs[source_start:source_end])


def fold(text: str) -> str:
    from perfsearch.extract.fingerprints import fold as folded

    return folded(text).string()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(13, 300))
def test_the_same_text_is_all_one_verbatim_passage(seed: int, length: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice(SOURCE + OTHER) for _ in range(length)) + "甲乙丙丁戊己庚辛壬癸子丑寅卯"
    [found] = find_reuse(fold_sections({"plan": text}), [fold_sections({"plan": text})])
    assert (found.start, found.end, found.similarity, found.kind) == (0, len(text), 1.0, "verbatim")


@pytest.mark.parametrize(
    "text",
    ["哈" * 300_000, "，。" * 150_000, "—" * 300_000, "甲乙" * 150_000, "0" * 300_000, SOURCE * 2_400],
    ids=["one character", "marks", "dashes", "two characters", "zeros", "one text over and over"],
)
def test_a_megabyte_of_little_is_fast_and_no_nonsense(text: str) -> None:
    started = time.perf_counter()
    sections = fold_sections({"plan": text})
    found = find_reuse(sections, [sections]) + find_own_reuse(sections)
    assert len(found) <= 3
    assert time.perf_counter() - started < 20


def test_half_a_megabyte_of_text_is_fast() -> None:
    rng = random.Random(4)
    words = ["".join(chr(0x4E00 + rng.randrange(3000)) for _ in range(2)) for _ in range(4000)]
    text = "".join(rng.choice(words) for _ in range(85_000))
    started = time.perf_counter()
    sections = fold_sections({"plan": text})
    [found] = find_reuse(sections, [sections, fold_sections({"plan": SOURCE})])
    assert (found.start, found.end) == (0, len(text))
    assert time.perf_counter() - started < 20


def test_a_list_of_titles_that_gained_one_is_still_found() -> None:
    old = "《中华人民共和国老年人权益保障法》；《国务院关于加快发展养老服务业的若干意见》（国发〔2013〕35号）；"
    new = "《“十四五”国家老龄事业发展和养老服务体系规划》（国发〔2021〕35号）；"
    rest = "《国务院办公厅关于推进养老服务发展的意见》（国办发〔2019〕5号）；《云江市居家养老服务补贴实施办法》。"
    found = _one(old + new + rest, old + rest)
    assert min(p.start for p in found) == 0
    assert max(p.end for p in found) == len(old + new + rest)
