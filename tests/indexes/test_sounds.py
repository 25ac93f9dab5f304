"""A name is found by its sound: typed in pinyin, or with characters of the same sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.indexes.name_index import NameIndex
from perfsearch.indexes.sounds import SoundIndex, latin_key, syllables

APPLICANTS = NameIndex.build([(1, "上海市科学技术协会"), (2, "云江市临江区水务局")], bodies=True)
PROJECTS = NameIndex.build([(1, "2020年河道保洁养护项目"), (2, "机关后勤服务费"), (3, "方案评审")], bodies=False)


@pytest.mark.parametrize(
    ("index", "query", "numbers"),
    [
        (APPLICANTS, "kexuejishuxiehui", [1]),
        (APPLICANTS, "Shanghai kexie", [1]),  # a short form, parted as people part it
        (APPLICANTS, "上海市克协", [1]),
        (APPLICANTS, "林江区水物局", [2]),
        (APPLICANTS, "林江区水物局的项目", [2]),
        (PROJECTS, "hedao baojie", [1]),
        (PROJECTS, "河到保捷养护", [1]),
        (PROJECTS, "机关后情", [2]),  # qing for qin
        (PROJECTS, "fang'an pinsen", [3]),  # pin for ping, sen for shen
        (PROJECTS, "hedao", []),  # too short to be meant
        (PROJECTS, "河倒", []),
        (PROJECTS, "budget 2020", []),
        (PROJECTS, "guoji jiaoliu zhongxin", []),
    ],
)
def test_a_name_is_found_by_how_it_sounds(index: NameIndex, query: str, numbers: list[int]) -> None:
    found = index.sounding(query)
    assert sorted(number for match in found for number in match.filing_nos.tolist()) == numbers
    assert {match.how for match in found} <= {"sound"}


@given(st.lists(st.text("河道保洁养护水务局后勤", min_size=4, max_size=9), min_size=1, max_size=20), st.data())
def test_every_name_sounds_like_itself_in_characters_and_in_pinyin(names: list[str], data: st.DataObject) -> None:
    index = SoundIndex(names)
    place = data.draw(st.integers(0, len(names) - 1))
    assert place in index.find(names[place], len(names))
    typed = "".join(syllables(names[place]))
    if latin_key(typed):
        assert place in index.find(typed, len(names))
