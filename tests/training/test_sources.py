"""What the training reads, and what it keeps apart."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from training import corpora, glosses, guards, sources, thesaurus
from training.sources import QuestionItem, RegisterItem


def test_a_half_written_register_line_is_passed_over(tmp_path: Path) -> None:
    whole = {"topic": "屋面", "official": "屋面防水修缮。", "everyday": ["楼顶漏水"], "terms": [["屋面", "楼顶"]]}
    path = tmp_path / "part.jsonl"
    path.write_text(json.dumps(whole, ensure_ascii=False) + "\n" + '{"topic": "屋面", "offi')
    assert list(sources.read_register_file(path)) == [
        RegisterItem("屋面", "屋面防水修缮。", ("楼顶漏水",), (("屋面", "楼顶"),))
    ]


def test_one_topic_in_twelve_is_held_out_whatever_else_the_register_holds() -> None:
    items = [RegisterItem(f"topic {number}", "", (), ()) for number in range(2_400)]
    held = sum(guards.is_held_out(item) for item in items)
    assert 150 < held < 250
    assert guards.is_held_out(items[0]) == guards.is_held_out(RegisterItem("topic 0", "另一句", ("别的",), ()))


def test_items_that_repeat_the_development_set_are_left_out() -> None:
    filings = ["本项目主要用于修缮办公大楼外立面玻璃幕墙。"]
    queries = ["大楼外墙怕掉东西砸人"]
    copied = RegisterItem("a", "拟修缮：办公大楼 2#外立面。", ("楼外面的玻璃",), ())
    worded = RegisterItem("b", "更换破损部位。", ("修缮办公大楼外立面",), ())
    asked = RegisterItem("c", "外墙排险。", ("外墙怕掉东西砸人",), ())
    free = RegisterItem("d", "更换电梯。", ("换升降机",), ())
    assert guards.drop_development([copied, worded, asked, free], filings, queries) == [free]


def test_items_that_say_what_a_held_out_item_says_are_left_out() -> None:
    held = [RegisterItem("a", "对办公楼屋面实施防水修缮。", ("楼顶漏水要修",), ())]
    same = RegisterItem("b", "对教学楼屋面实施防水修缮。", ("房子上头下雨就滴",), ())
    worded = RegisterItem("c", "整治渗漏。", ("楼顶漏水要修一下",), ())
    free = RegisterItem("d", "更换电梯。", ("换升降机",), ())
    assert guards.drop_held_out([same, worded, free], held) == [free]


def test_a_question_is_read_with_its_wordings_and_what_only_looks_alike(tmp_path: Path) -> None:
    lines = [
        {
            "topic": "a",
            "question": "怎么查话费",
            "same": ["话费咋查", "怎么查话费"],
            "different": ["怎么充话费", "话费咋查"],
        },
        {"topic": "b", "question": "只有一句", "same": [], "different": ["别的"]},
        {"topic": "c", "question": "没有反例", "same": ["没反例"], "different": []},
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + '\n{"topic": "d", "ques'
    (tmp_path / "q.jsonl").write_text(text)
    assert sources.read_questions(tmp_path) == [QuestionItem("a", ("怎么查话费", "话费咋查"), ("怎么充话费",))]


def test_questions_near_a_held_out_or_a_development_one_are_left_out() -> None:
    held = [QuestionItem("a", ("怎么查话费余额", "话费余额咋查"), ("怎么充话费",))]
    near = QuestionItem("b", ("查流量", "流量咋查"), ("怎么查话费余额呢",))
    known = QuestionItem("c", ("空调什么牌子好", "买哪种空调"), ("冰箱多少钱",))
    alike = QuestionItem("d", ("冰箱什么牌子好用", "买哪种冰箱"), ("冰箱几度合适",))
    assert guards.drop_asked([near, known, alike], held, ["空调什么牌子好？"]) == [alike]


def test_the_project_s_own_questions_and_register_are_whole() -> None:
    questions, register = sources.read_questions(), sources.read_register(Path("absent"))
    assert len(questions) > 500
    assert len(register) > 2_000
    assert all(set(item.asked).isdisjoint(item.different) for item in questions)


def test_a_sense_loses_its_pinyin_tags_and_pointers() -> None:
    assert glosses.clean_sense("(coll.) to repair (a building)") == "to repair (a building)"
    assert glosses.clean_sense("CL:個|个[ge4]") == ""
    assert glosses.clean_sense("surname Wang") == ""
    assert glosses.clean_sense("beeper (abbr. for BP機|BP机[BP ji1])") == "beeper"


def test_short_sentences_are_joined_and_long_ones_cut_at_commas() -> None:
    assert corpora.split_sentences("去。今天要去单位开会讨论预算编制。") == ["去。今天要去单位开会讨论预算编制。"]
    long = "，".join(["对办公楼屋面及外墙渗漏部位实施防水修缮"] * 8) + "。"
    assert [len(sentence) for sentence in corpora.split_sentences(long)] == [80, 80]


@given(st.text(alphabet="预算，。；\n绩效a1 ", max_size=400))
def test_sentences_hold_the_whole_text_in_order_and_keep_their_limit(text: str) -> None:
    sentences = corpora.split_sentences(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(0 < len(sentence) <= corpora.SENTENCE_LENGTH_MAX for sentence in sentences)


def test_the_thesaurus_takes_words_and_not_parts_of_the_term() -> None:
    item = RegisterItem("a", "修缮屋面渗漏。", ("楼顶漏水要修",), (("屋面", "楼顶", "屋面层"), ("渗漏", "漏水")))
    assert set(thesaurus.candidate_pairs([item])) == {("屋面", "楼顶"), ("渗漏", "漏水")}
