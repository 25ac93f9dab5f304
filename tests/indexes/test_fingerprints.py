from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes import fingerprints
from perfsearch.indexes.fingerprints import FingerprintIndex


def _random(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.unique(rng.integers(0, 2**32, n, dtype=np.uint64).astype(np.uint32))


def _fill(index: FingerprintIndex, filings: dict[int, np.ndarray], every: int) -> None:
    for count, (number, hashes) in enumerate(filings.items(), 1):
        index.append(number, hashes)
        if count % every == 0:
            index.publish(count)
    index.publish(len(filings))


def _expected(filings: dict[int, np.ndarray], hashes: np.ndarray) -> set[tuple[int, int]]:
    return {(i, n) for n, own in filings.items() for i in np.flatnonzero(np.isin(hashes, own)).tolist()}


@pytest.mark.parametrize("directory_from", [1, 10**9])
def test_postings_are_those_of_a_plain_search_after_merges_and_removals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory_from: int
) -> None:
    monkeypatch.setattr(fingerprints, "DIRECTORY_FROM", directory_from)
    monkeypatch.setattr(fingerprints, "SEGMENTS_MAX", 3)
    monkeypatch.setattr(fingerprints, "MERGE_BELOW_FILINGS", 8)
    rng = np.random.default_rng(3)
    common = _random(rng, 20)
    filings = {n: np.union1d(_random(rng, 60), rng.choice(common, 8)) for n in range(5, 65)}
    index = FingerprintIndex(tmp_path, "x")
    _fill(index, filings, 4)
    index.remove([7, 30, 999])
    index.publish(61)
    for number in (7, 30):
        del filings[number]
    hashes = np.union1d(np.union1d(common, filings[11]), _random(rng, 50))
    got, owners, counts = index.postings(hashes)
    assert set(zip(got.tolist(), owners.tolist(), strict=True)) == _expected(filings, hashes)
    assert (counts >= np.bincount(got, minlength=len(hashes))).all()
    assert index.n_segments < 10  # of 16 that were published
    index.verify()
    again = FingerprintIndex(tmp_path, "x")
    assert again.seq == 61
    assert again.postings(hashes)[1].tolist() == owners.tolist()


def test_the_pass_in_slices_meets_every_posting_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    filings = {n: _random(rng, 30) for n in range(20)}
    index = FingerprintIndex(tmp_path, "x")
    _fill(index, filings, 7)
    met = [index.slice(start, start + 4096) for start in range(0, 65536, 4096)]
    hashes = np.concatenate([h for h, _ in met])
    owners = np.concatenate([n for _, n in met])
    assert (np.diff(hashes.astype(np.int64)) >= 0).all()
    assert sorted(zip(owners.tolist(), hashes.tolist(), strict=True)) == sorted(
        (n, h) for n, own in filings.items() for h in own.tolist()
    )


def test_frequent_fingerprints_are_counted_and_the_first_of_them_listed(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path, "x")
    for number in range(10):
        index.append(number, np.asarray([7, 100 + number], dtype=np.uint32))
    index.publish(10)
    got, owners, counts = index.postings(np.asarray([7, 103], dtype=np.uint32), list_max=2)
    assert counts.tolist() == [10, 1]
    assert list(zip(got.tolist(), owners.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 3)]


def test_what_was_not_published_is_not_seen_and_can_be_read_again(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path, "x")
    index.append(1, np.asarray([1], dtype=np.uint32))
    index.publish(1)
    index.append(2, np.asarray([1], dtype=np.uint32))
    index.discard()
    index.append(1, np.asarray([1], dtype=np.uint32))  # known already
    index.append(2, np.asarray([1], dtype=np.uint32))
    reader = FingerprintIndex(tmp_path, "x")
    assert reader.counts(np.asarray([1], dtype=np.uint32)).tolist() == [1]
    index.publish(2)
    assert reader.counts(np.asarray([1], dtype=np.uint32)).tolist() == [1]
    assert reader.renewed().counts(np.asarray([1], dtype=np.uint32)).tolist() == [2]


def test_another_identity_is_damage(tmp_path: Path) -> None:
    FingerprintIndex(tmp_path, "x").publish(1)
    with pytest.raises(LibraryDamaged):
        FingerprintIndex(tmp_path, "y")


def test_a_filing_without_fingerprints_is_no_harm(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path, "x")
    index.append(1, np.empty(0, dtype=np.uint32))
    index.publish(1)
    assert index.postings(np.asarray([5], dtype=np.uint32))[0].tolist() == []
    assert index.slice(0, 65536)[0].tolist() == []
