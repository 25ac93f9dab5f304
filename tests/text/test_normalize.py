from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perfsearch.text.normalize import normalize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("（２０２０）", "(2020)"),
        ("５０㎡", "50m2"),
        ("①", "1"),
        ("繁體中文與財政預算", "繁体中文与财政预算"),
        ("著作权", "著作权"),  # 著 is traditional too, but simplified text uses it: nothing is converted
        ("乾隆年間的著作權", "乾隆年间的著作权"),  # phrases, not single characters, decide on 乾 and 著
        ("e\u0301tude", "étude"),
        ("", ""),
    ],
)
def test_width_case_and_script_are_folded(text: str, expected: str) -> None:
    assert normalize(text).text == unicodedata.normalize("NFC", expected)


def test_a_span_of_the_folded_text_maps_to_the_whole_original_character() -> None:
    normal = normalize("面积５０㎡，共３间")
    start = normal.text.index("m2")
    assert normal.original(start, start + 2) == (4, 5)
    assert normal.original(start, start + 1) == (4, 5)  # half of what came of one character is that character
    start = normal.text.index("3")
    assert normal.original(start, start + 1) == (7, 8)


def test_a_combining_mark_belongs_to_its_letter() -> None:
    normal = normalize("ae\u0301b")
    place = normal.text.index("é")
    assert normal.original(place, place + 1) == (1, 3)


@given(st.text(max_size=80))
def test_offsets_rise_from_the_start_to_the_end_of_the_original(text: str) -> None:
    normal = normalize(text)
    offsets = list(normal.offsets)
    assert len(offsets) == len(normal.text) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)
    if text:
        assert offsets[0] == 0


# Without the capital sigma, whose lower case hangs on what is behind it, and which is folded by itself here.
GB2312 = st.characters(codec="gb2312", exclude_characters="Σ") | st.sampled_from("ＡＺａ～！\u3000，—“·")


@given(st.text(alphabet=GB2312, max_size=60))
def test_the_quick_way_folds_as_the_standard_says(text: str) -> None:
    assert normalize(text).text == unicodedata.normalize("NFKC", text).lower()


@given(st.text(max_size=60))
@example("\U0002f954\uf98c\uf965")  # compatibility forms of traditional characters
def test_folding_twice_changes_nothing(text: str) -> None:
    once = normalize(text).text
    assert normalize(once).text == once


@given(st.text(alphabet="科普Ａａ１㎡ﬁ體e\u0301，", max_size=40))
def test_the_spans_of_single_characters_tile_the_original(text: str) -> None:
    normal = normalize(text)
    covered = sorted({normal.original(i, i + 1) for i in range(len(normal.text))})
    assert "".join(text[a:b] for a, b in covered) == text


def test_a_megabyte_is_folded_in_linear_time() -> None:
    started = time.perf_counter()
    normalize("㎡" * 500_000)
    normalize("e\u0301" * 250_000)
    assert time.perf_counter() - started < 10
