"""Reading many texts in step gives the tokenizer's own ids."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from perfsearch.encoding.loading import BUILT_IN_FOLDER
from perfsearch.encoding.static import TOKENIZER_FILE, StaticEncoder
from perfsearch.encoding.unigram import PLAIN_LENGTH_MAX, BatchTokenizer

TEXTS = [
    "对办公楼屋面及外墙渗漏部位实施防水修缮。",
    "2018-2021年 ＰＭ2.5 监测（第3期）；ABC def",
    "",
    "  \n预算\u3000绩效\t ",
    "國務院關於深化預算管理制度改革的決定" * 40,
    "中华人民共和国中华人民共和国香港特别行政区",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(BUILT_IN_FOLDER / TOKENIZER_FILE))


@pytest.fixture(scope="module")
def in_step(tokenizer: Tokenizer) -> BatchTokenizer:
    return BatchTokenizer(tokenizer)


def split(read: tuple[np.ndarray, np.ndarray]) -> list[list[int]]:
    ids, starts = read
    return [ids[first:last].tolist() for first, last in pairwise(starts)]


def test_plain_texts_give_the_ids_of_the_tokenizer(tokenizer: Tokenizer, in_step: BatchTokenizer) -> None:
    assert in_step.plain(TEXTS).all()
    assert split(in_step.ids(TEXTS)) == [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]


ALPHABET = "预算绩效目标办公楼屋面防水修缮维护有限责任公司的了ａＢc3４,，。 \n\u3000é…👍e\u0301㎡\x00\ud800"


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.text(st.sampled_from(ALPHABET), max_size=60) | st.text(max_size=20), max_size=8))
def test_any_text_is_read_alike_or_left_to_the_tokenizer(
    tokenizer: Tokenizer, in_step: BatchTokenizer, texts: list[str]
) -> None:
    kept = [text for text, plain in zip(texts, in_step.plain(texts), strict=True) if plain]
    assert split(in_step.ids(kept)) == [tokenizer.encode(text, add_special_tokens=False).ids for text in kept]


def test_signs_that_change_with_their_neighbours_and_long_texts_are_not_plain(in_step: BatchTokenizer) -> None:
    texts = ["e\u0301", "第…条", "👍", "\ud800", "\x00", "预" * (PLAIN_LENGTH_MAX + 1), "预" * PLAIN_LENGTH_MAX]
    assert in_step.plain(texts).tolist() == [False] * 6 + [True]


def test_of_equally_likely_paths_the_tokenizer_s_is_taken() -> None:
    pieces = [
        ("[UNK]", -90.0),
        *((piece, -4.0) for piece in "甲乙丙丁"),
        *((two, -8.0) for two in ("甲乙", "乙丙", "丙丁")),
    ]
    tokenizer = Tokenizer(models.Unigram([*pieces, ("甲乙丙", -12.0)], unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    texts = ["甲乙", "甲乙丙丁", "乙丙丁", "丁甲乙丙 乙丙", "甲甲乙丙乙"]
    assert split(BatchTokenizer(tokenizer).ids(texts)) == [tokenizer.encode(text).ids for text in texts]


def test_another_kind_of_tokenizer_is_refused() -> None:
    with pytest.raises(ValueError, match="Unigram"):
        BatchTokenizer(Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")))


def test_a_large_mixed_batch_has_the_vectors_of_small_ones() -> None:
    texts = [*TEXTS, "第…条", "👍🏽", "\ud800"] * 300
    large = StaticEncoder(BUILT_IN_FOLDER, "large").encode(texts)
    small = StaticEncoder(BUILT_IN_FOLDER, "small").encode(texts[:9])
    assert np.abs(large - np.tile(small, (300, 1))).max() < 1e-5
