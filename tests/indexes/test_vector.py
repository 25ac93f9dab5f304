from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from perfsearch.errors import EncoderError, LibraryDamaged
from perfsearch.indexes import vector as vector_module
from perfsearch.indexes.vector import VectorIndex, quantise

DIM = 64
Floats = NDArray[np.float32]


class ExactReference:
    """What the index promises, said plainly: dot products of the quantised vectors, the maximum over each chunk."""

    def __init__(self, owners: NDArray[np.int64], vectors: Floats) -> None:
        codes, scales = quantise(vectors)
        self.owners, self.vectors = owners, codes.astype(np.float32) * scales[:, None]
        self.dead: set[int] = set()

    def search(self, query: Floats, k: int, allowed: NDArray[np.int64] | None = None) -> list[tuple[int, float]]:
        best: dict[int, float] = {}
        for owner, score in zip(self.owners.tolist(), (self.vectors @ query).tolist(), strict=True):
            if owner not in self.dead and (allowed is None or owner in allowed):
                best[owner] = max(best.get(owner, -9.0), score)
        return sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:k]


def clustered(n: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(60, DIM))
    vectors = centres[rng.integers(0, 60, n)] + 0.9 * rng.normal(size=(n, DIM))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def owners_of(n: int, seed: int) -> NDArray[np.int64]:
    """One to three vectors a chunk, and some chunks with none."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.choice([0, 1, 1, 2], size=n)).astype(np.int64)


@pytest.fixture(params=["exact", "scan", "scan with a tail"])
def both(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[VectorIndex, ExactReference]:
    n = 3_000
    if request.param != "exact":
        monkeypatch.setattr(vector_module, "FAST_FROM", 1_000)
        monkeypatch.setattr(vector_module, "TAIL_MAX", 500)
    vectors, owners = clustered(n, 1), owners_of(n, 2)
    index = VectorIndex(tmp_path, "test", DIM)
    border = n if request.param != "scan with a tail" else n - 333
    index.append(owners[:border], vectors[:border])
    index.publish(1)
    if border < n:
        # A chunk whose vectors came in two parts does not occur; cut where a new one begins.
        start = border + int(np.argmax(owners[border:] > owners[border - 1]))
        keep = np.r_[0:border, start:n]
        index.append(owners[start:], vectors[start:])
        index.publish(2)
        vectors, owners = vectors[keep], owners[keep]
    assert (index.scan.n_vectors > 0) == (request.param != "exact")
    return index, ExactReference(owners, vectors)


def assert_same(found: tuple[NDArray[np.int64], Floats], expected: list[tuple[int, float]]) -> float:
    """Scores are exact for every chunk that is found; the share of the expected that is found."""
    ids, scores = found
    assert ids.dtype == np.int64
    assert scores.dtype == np.float32
    assert (np.diff(scores) <= 0).all()
    by_id = dict(expected)
    for chunk_id, score in zip(ids.tolist(), scores.tolist(), strict=True):
        if chunk_id in by_id:
            assert score == pytest.approx(by_id[chunk_id], abs=1e-5)
    return len(set(ids.tolist()) & set(by_id)) / max(1, len(by_id))


def test_ids_and_scores_are_those_of_the_reference(both: tuple[VectorIndex, ExactReference]) -> None:
    index, reference = both
    recalls = [assert_same(index.search(q, 10), reference.search(q, 10)) for q in clustered(60, 3)]
    assert np.mean(recalls) >= 0.97
    if index.scan.n_vectors == 0:
        assert np.mean(recalls) == 1.0


def test_the_same_within_what_is_allowed(both: tuple[VectorIndex, ExactReference]) -> None:
    index, reference = both
    rng = np.random.default_rng(5)
    everything = np.unique(reference.owners)
    for size in (1, 40, 1_000):
        allowed = np.sort(rng.choice(everything, size=size, replace=False))
        recalls = [
            assert_same(index.search(q, 10, allowed), reference.search(q, 10, allowed)) for q in clustered(20, 6)
        ]
        assert np.mean(recalls) >= 0.97
        assert set(index.search(clustered(1, 7)[0], 10, allowed)[0].tolist()) <= set(allowed.tolist())


def test_removed_chunks_are_not_found_again(both: tuple[VectorIndex, ExactReference], tmp_path: Path) -> None:
    index, reference = both
    query = clustered(1, 8)[0]
    gone = [chunk for chunk, _ in reference.search(query, 30)]
    index.remove(gone)
    index.publish(9)
    index.remove(gone)
    index.publish(10)
    reference.dead = set(gone)
    for opened in (index, VectorIndex(tmp_path, "test", DIM)):
        assert assert_same(opened.search(query, 10), reference.search(query, 10)) >= 0.9
        assert not set(gone) & set(opened.search(query, 100)[0].tolist())
        assert not set(gone) & set(opened.search(query, 10, np.unique(reference.owners))[0].tolist())
        assert opened.score_pool(query, np.asarray(gone[:3])).tolist() == [0.0, 0.0, 0.0]


def test_a_pool_is_scored_exactly_in_its_order(both: tuple[VectorIndex, ExactReference]) -> None:
    index, reference = both
    query = clustered(1, 9)[0]
    expected = dict(reference.search(query, 10**6))
    ids = np.asarray([7, 5, 7, 1_000_000, 900], dtype=np.int64)
    np.testing.assert_allclose(index.score_pool(query, ids), [expected.get(i, 0.0) for i in ids.tolist()], atol=1e-5)


def test_more_than_there_are_gives_all(both: tuple[VectorIndex, ExactReference]) -> None:
    index, reference = both
    allowed = np.unique(reference.owners)[:25]
    assert sorted(index.search(clustered(1, 3)[0], 500, allowed)[0].tolist()) == allowed.tolist()


def test_opened_again_it_answers_the_same(both: tuple[VectorIndex, ExactReference], tmp_path: Path) -> None:
    index, _ = both
    again = VectorIndex(tmp_path, "test", DIM)
    for query in clustered(10, 4):
        ids, scores = index.search(query, 20)
        ids_again, scores_again = again.search(query, 20)
        assert ids.tolist() == ids_again.tolist()
        np.testing.assert_allclose(scores, scores_again, atol=1e-6)
    again.verify()


def test_equal_scores_go_by_id(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path, "test", DIM)
    index.append(np.arange(50), np.repeat(clustered(1, 1), 50, axis=0))
    index.publish(1)
    assert index.search(clustered(1, 1)[0], 4)[0].tolist() == [0, 1, 2, 3]


def test_known_chunks_are_left_out_when_given_again(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path, "test", DIM)
    index.append(np.arange(5), clustered(5, 1))
    index.publish(1)
    index.append(np.arange(8), clustered(8, 1))
    index.publish(2)
    assert index.n_vectors == 8


def test_a_reader_is_renewed_and_bounded(tmp_path: Path) -> None:
    writer = VectorIndex(tmp_path, "test", DIM)
    reader = VectorIndex(tmp_path, "test", DIM)
    vectors = clustered(10, 1)
    assert len(reader.search(vectors[0], 5)[0]) == 0
    writer.append(np.arange(10), vectors)
    writer.publish(1)
    assert len(reader.search(vectors[0], 5)[0]) == 0
    renewed = reader.renewed()
    assert renewed.search(vectors[9], 1)[0].tolist() == [9]
    assert renewed.bounded(9).search(vectors[9], 1)[0].tolist() != [9]
    assert renewed.renewed() is renewed


def test_the_codebook_is_learnt_anew_as_the_library_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_module, "FAST_FROM", 600)
    monkeypatch.setattr(vector_module, "TAIL_MAX", 64)
    monkeypatch.setattr("perfsearch.indexes.quantised.RETRAIN_GROWTH", 2)
    vectors = clustered(3_000, 1)
    index = VectorIndex(tmp_path, "test", DIM)
    generations = set()
    for first in range(0, 3_000, 300):
        index.append(np.arange(first, first + 300), vectors[first : first + 300])
        index.publish(first + 1)
        generations.add(index.scan.log.generation)
    assert len(generations) >= 3
    for opened in (index, VectorIndex(tmp_path, "test", DIM)):
        found = [opened.search(vectors[n], 1)[0][0] == n for n in range(0, 3_000, 50)]
        assert np.mean(found) > 0.97


def test_a_vector_of_another_encoder_is_refused(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path, "test", DIM)
    index.append(np.arange(3), clustered(3, 1))
    index.publish(1)
    with pytest.raises(EncoderError, match="rebuild --model"):
        index.search(np.ones(DIM + 1, dtype=np.float32), 3)
    with pytest.raises(LibraryDamaged, match="made with"):
        VectorIndex(tmp_path, "other", DIM)


def test_eight_bits_lose_next_to_nothing() -> None:
    vectors = clustered(500, 1)
    codes, scales = quantise(vectors)
    error = np.abs((codes.astype(np.float32) * scales[:, None]) @ vectors.T - vectors @ vectors.T)
    assert error.max() < 0.01
    codes, scales = quantise(np.zeros((2, DIM), dtype=np.float32))
    assert not codes.any()
