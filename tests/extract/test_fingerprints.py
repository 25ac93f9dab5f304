from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.extract.fingerprints import GUARANTEED, all_grams, fingerprints, fold

CHINESE = st.text(
    alphabet="上海科普工作年度经费项目实施组织开展街道居民老人助餐服务学校图书馆0123，。、（） aB", max_size=120
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("２０２０年，上海 科普", "2020年上海科普"),
        ("面积 20㎡。", "面积20m2"),
        ("——————————", ""),
        ("Ａ b\n\tC", "abc"),
        ("臺灣", "台湾"),
        ("", ""),
    ],
)
def test_only_letters_digits_and_ideographs_count_whatever_their_width(text: str, folded: str) -> None:
    assert fold(text).string() == folded


@given(st.text(max_size=80))
def test_every_folded_character_leads_back_to_its_original(text: str) -> None:
    folded = fold(text)
    assert len(folded.starts) == len(folded.ends) == len(folded)
    assert (folded.starts < folded.ends).all()
    assert (np.diff(folded.starts) >= 0).all()
    for start, end in zip(folded.starts.tolist(), folded.ends.tolist(), strict=True):
        assert 0 <= start < end <= len(text)
        assert text[start:end].strip()


def test_a_pattern_that_goes_on_is_cut() -> None:
    assert len(fold("哈" * 5000)) < 48
    assert len(fold("12" * 5000)) < 48
    assert len(fold("甲乙乙甲" * 2000)) < 48


@settings(max_examples=200)
@given(CHINESE, CHINESE, CHINESE, CHINESE, st.integers(0, 200))
def test_a_common_run_of_guaranteed_length_leaves_a_common_fingerprint(
    a: str, b: str, c: str, d: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    run = "".join(chr(0x4E00 + int(x)) for x in rng.integers(0, 2000, GUARANTEED))
    stored = fingerprints([a + run + b])
    asked, _ = all_grams([fold(c + run + d)])
    assert len(np.intersect1d(stored, fingerprints([c + run + d])))
    assert len(np.intersect1d(stored, asked))


def test_places_of_grams_count_over_all_sections() -> None:
    first, second = fold("甲乙丙丁戊己"), fold("庚辛壬癸子丑寅")
    _, places = all_grams([first, second])
    assert places.tolist() == [0, 1, 6, 7, 8]
