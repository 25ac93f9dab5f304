from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes import lexical as lexical_module
from perfsearch.indexes import postings as postings_module
from perfsearch.indexes.lexical import LexicalIndex
from perfsearch.indexes.vocabulary import ChunkWords
from tests.indexes.samples import WORDS

IDENTITY = "words/test"


def corpus(n_chunks: int, seed: int = 1) -> list[list[str]]:
    """Chunks of words by Zipf's law, with some words in more than half of the chunks."""
    rng = random.Random(seed)
    vocabulary = [*WORDS, *(f"词{n}" for n in range(300))]
    weights = [1 / (rank + 1) for rank in range(len(vocabulary))]
    return [rng.choices(vocabulary, weights, k=rng.randint(3, 60)) for _ in range(n_chunks)]


def index_of(
    path: Path, chunks: list[list[str]], per_filing: int = 5, publish_every: int | None = None
) -> LexicalIndex:
    index = LexicalIndex(path, IDENTITY)
    for first in range(0, len(chunks), per_filing):
        if publish_every and first and first % publish_every == 0:
            index.publish(1)
        index.append(first, ChunkWords.of(chunks[first : first + per_filing]))
    index.publish(1)
    index.finish()
    return index


@pytest.mark.parametrize("publish_every", [400, 35, 5], ids=["at once", "in parts", "by filings"])
@pytest.mark.parametrize("far", [127, 3], ids=["gaps of a byte", "wide gaps"])
def test_scores_are_those_of_rank_bm25_over_the_whole_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, publish_every: int, far: int
) -> None:
    monkeypatch.setattr(postings_module, "_NEAR", far)
    monkeypatch.setattr(postings_module, "SLICE_POSTINGS", 700)
    chunks = corpus(400)
    index = index_of(tmp_path, chunks, publish_every=publish_every)
    oracle = BM25Okapi(chunks)
    ids = np.arange(len(chunks), dtype=np.int64)
    for query in (["科普", "词250"], ["词7", "词7", "养老", "没有"], [WORDS[0]], ["没有"]):
        np.testing.assert_allclose(index.score_pool(query, ids), oracle.get_scores(query), rtol=1e-5, atol=1e-6)
    assert index.n_chunks == oracle.corpus_size
    assert index.mean_length == pytest.approx(oracle.avgdl)
    assert index.doc_freq("科普") == sum("科普" in chunk for chunk in chunks)
    assert index.idf("科普") == pytest.approx(oracle.idf["科普"])


def test_weights_multiply_and_any_order_of_the_pool_will_do(tmp_path: Path) -> None:
    index = index_of(tmp_path, corpus(60))
    ids = np.asarray([40, 3, 3, 17], dtype=np.int64)
    single = index.score_pool([("科普", 1.0)], ids)
    np.testing.assert_allclose(index.score_pool([("科普", 2.5)], ids), 2.5 * single, rtol=1e-6)
    assert single[1] == single[2]


def test_the_best_chunks_are_those_of_the_oracle(tmp_path: Path) -> None:
    chunks = corpus(500)
    index = index_of(tmp_path, chunks)
    oracle = BM25Okapi(chunks)
    for word in range(40, 140):
        query = [f"词{word}", WORDS[word % 20]]
        ids, scores = index.search(query, 50)
        everything = oracle.get_scores(query)
        # Of equal scores the lower ids, as far as both sum in the same order.
        expected = np.lexsort((np.arange(500), -everything))[:50]
        np.testing.assert_allclose(scores, everything[ids], rtol=1e-5)
        np.testing.assert_allclose(scores, everything[expected][: len(scores)], rtol=1e-5)
        assert len(scores) == min(50, int((everything > 0).sum()))


def test_the_best_of_many_chunks_are_found_without_sorting_them(tmp_path: Path) -> None:
    chunks = corpus(3_000, seed=5)
    index = index_of(tmp_path, chunks)
    ids = np.arange(len(chunks), dtype=np.int64)
    for word in range(0, 100, 9):
        query = [f"词{word}", WORDS[word % 20]]
        everything = index.score_pool(query, ids)
        found, scores = index.search(query, 10)
        expected = np.lexsort((ids, -everything))[:10]
        assert found.tolist() == expected[everything[expected] > 0].tolist()
        np.testing.assert_array_equal(scores, everything[found])


@pytest.mark.parametrize("wide", [20_000, 10], ids=["by their scores", "out of the best"])
@pytest.mark.parametrize("k", [400, 7])
def test_filters_let_through_only_what_is_allowed_and_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wide: int, k: int
) -> None:
    monkeypatch.setattr(lexical_module, "WIDE", wide)
    chunks = corpus(400)
    index = index_of(tmp_path, chunks)
    allowed = (np.arange(0, 80, 7, dtype=np.int64)[:, None] * 5 + np.arange(5)).ravel()
    ids, scores = index.search(["科普", "词9"], k, allowed)
    everything = index.score_pool(["科普", "词9"], allowed)
    order = np.lexsort((allowed, -everything))
    assert ids.tolist() == allowed[order][everything[order] > 0][:k].tolist()
    assert (np.diff(scores) <= 0).all()
    assert len(index.search(["科普"], 3, allowed)[0]) == 3


def test_no_allowed_chunk_no_term_and_an_unknown_term_give_nothing(tmp_path: Path) -> None:
    index = index_of(tmp_path, corpus(50))
    nothing = np.empty(0, dtype=np.int64)
    for ids, scores in (
        index.search(["科普"], 5, nothing),
        index.search([], 5),
        index.search(["没有"], 5),
        index.search(["科普"], 0),
        LexicalIndex(tmp_path / "empty", IDENTITY).search(["科普"], 5),
    ):
        assert len(ids) == len(scores) == 0


def test_removed_chunks_leave_the_hits_and_the_statistics(tmp_path: Path) -> None:
    chunks = corpus(100)
    index = index_of(tmp_path, chunks)
    index.remove(range(15, 20))
    index.remove(range(15, 20))
    index.publish(2)
    index.remove(range(15, 20))
    index.publish(3)
    left = [chunk for number, chunk in enumerate(chunks) if not 15 <= number < 20]
    oracle = BM25Okapi(left)
    for opened in (index, LexicalIndex(tmp_path, IDENTITY)):
        assert opened.n_chunks == 95
        assert opened.mean_length == pytest.approx(oracle.avgdl)
        assert opened.idf("科普") == pytest.approx(oracle.idf["科普"])
        assert not set(range(15, 20)) & set(opened.search(["科普", "教育", "基地"], 100)[0].tolist())
    index.verify()


def test_a_reader_sees_what_was_published_since_when_it_is_renewed(tmp_path: Path) -> None:
    chunks = corpus(60)
    writer = index_of(tmp_path, chunks[:50])
    reader = LexicalIndex(tmp_path, IDENTITY)
    assert reader.doc_freq("新词") == 0
    writer.append(50, ChunkWords.of([["新词", "科普"], *chunks[51:60]]))
    writer.publish(2)
    assert reader.search(["新词"], 5)[0].tolist() == []
    renewed = reader.renewed()
    assert renewed.search(["新词"], 5)[0].tolist() == [50]
    assert renewed.bounded(50).search(["新词"], 5)[0].tolist() == []
    oracle = BM25Okapi([*chunks[:50], ["新词", "科普"], *chunks[51:60]])
    np.testing.assert_allclose(
        renewed.score_pool(["科普"], np.arange(60)), oracle.get_scores(["科普"]), rtol=1e-5, atol=1e-6
    )


def test_giving_a_filing_again_after_a_crash_does_no_harm(tmp_path: Path) -> None:
    chunks = corpus(20)
    index = index_of(tmp_path, chunks)
    index.append(5, ChunkWords.of(chunks[5:10]))
    index.publish(2)
    index.verify()
    assert index.n_chunks == 20
    assert sorted(index.search(["科普", "教育"], 50)[0].tolist()).count(5) <= 1


def test_an_index_that_lost_its_manifest_begins_anew(tmp_path: Path) -> None:
    chunks = corpus(20)
    index_of(tmp_path, chunks)
    (tmp_path / "manifest.json").unlink()
    again = index_of(tmp_path, chunks)
    again.verify()


def test_ids_that_were_never_filled_hold_nothing(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path, IDENTITY)
    index.append(0, ChunkWords.of([["科普"]]))
    index.append(7, ChunkWords.of([["科普", "教育"]]))
    index.publish(1)
    assert index.n_chunks == 2
    assert index.score_pool(["教育"], np.arange(8))[3] == 0
    assert index.n_rows == 8


def test_what_was_not_published_is_forgotten(tmp_path: Path) -> None:
    index = index_of(tmp_path, corpus(20))
    index.append(20, ChunkWords.of([["新词"]]))
    index.discard()
    index.append(20, ChunkWords.of([["另词"]]))
    index.publish(2)
    opened = LexicalIndex(tmp_path, IDENTITY)
    assert opened.doc_freq("新词") == 0
    assert opened.search(["另词"], 5)[0].tolist() == [20]
    opened.verify()


def test_what_is_removed_from_a_large_segment_counts_in_the_idf_until_it_is_a_share_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical_module, "DROPPED_AT_ONCE", 100)
    chunks = corpus(200)
    index = index_of(tmp_path, chunks)
    before = index.doc_freq("科普")
    index.remove([0, 1])
    index.publish(2)
    assert index.doc_freq("科普") == before
    assert not {0, 1} & set(index.search(["科普"], 200)[0].tolist())
    index.remove(range(2, 20))
    index.publish(3)
    oracle = BM25Okapi(chunks[20:])
    assert index.doc_freq("科普") == sum("科普" in chunk for chunk in chunks[20:])
    np.testing.assert_allclose(
        index.score_pool(["科普", "词9"], np.arange(20, 200)), oracle.get_scores(["科普", "词9"]), rtol=1e-5
    )


def test_a_library_that_grows_by_single_filings_keeps_few_segments_and_little_waste(tmp_path: Path) -> None:
    chunks = corpus(600)
    index = index_of(tmp_path, chunks, publish_every=5)
    assert index.n_segments <= 5
    named = sum(segment.extent.n_bytes for segment in index._segments)
    assert named > 0.6 * sum(
        index.log.rows(name) * column.row_bytes for name, column in postings_module.COLUMNS.items()
    )
    index.verify()


def test_a_character_stands_for_the_words_that_contain_it(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path, IDENTITY)
    index.append(0, ChunkWords.of([["茶馆", "科普"], ["茶馆", "绿茶"], ["咖啡"]]))
    index.publish(1)
    assert index.terms_with("茶") == ["茶馆", "绿茶"]


def test_a_missing_or_garbled_index_is_damage(tmp_path: Path) -> None:
    index_of(tmp_path, corpus(50))
    with pytest.raises(LibraryDamaged, match="made with"):
        LexicalIndex(tmp_path, "other words")
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(LibraryDamaged, match=r"manifest\.json"):
        LexicalIndex(tmp_path, IDENTITY)


@pytest.mark.parametrize("harm", ["short", "garbled"])
def test_damage_in_the_lists_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    monkeypatch.setattr("perfsearch.indexes.arrays.CHECKED_AT_OPEN_BYTES", 0)
    index_of(tmp_path, corpus(300))
    path = next(tmp_path.glob("near.*.bin"))
    content = path.read_bytes()
    if harm == "short":
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(LibraryDamaged, match=path.name):
            LexicalIndex(tmp_path, IDENTITY)
    else:
        path.write_bytes(content[:100] + bytes(64) + content[164:])
        with pytest.raises(LibraryDamaged, match="checksum"):
            LexicalIndex(tmp_path, IDENTITY).verify()
