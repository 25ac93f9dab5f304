from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.indexes import postings as postings_module
from perfsearch.indexes.arrays import ArrayLog
from perfsearch.indexes.postings import COLUMNS, Extent, Segment, counted, encoded, joined

Occurrences = list[tuple[int, int, int]]
"""(word, chunk, how often)."""


def segment_of(path: Path, occurrences: Occurrences, first_chunk: int, n_chunks: int) -> Segment:
    words = np.asarray([word for word, _, n in occurrences for _ in range(n)], dtype=np.int64)
    chunks = np.asarray([chunk for _, chunk, n in occurrences for _ in range(n)], dtype=np.int64)
    log = ArrayLog(path, COLUMNS, "test")
    rows = {}
    for name, values in encoded(counted(words, chunks), first_chunk).items():
        log.append(name, values)
        rows[name] = (0, len(values))
    log.publish(1)
    return Segment(log, Extent(first_chunk, n_chunks, 0, rows))


def listed(segment: Segment) -> Occurrences:
    """All that the lists say, word by word."""
    found = []
    for row, word in enumerate(segment.words.tolist()):
        chunks, places, counts = segment.lists(row)
        often = np.ones(len(chunks), dtype=np.int64)
        often[places] = counts
        found += [(word, chunk, n) for chunk, n in zip(chunks.tolist(), often.tolist(), strict=True)]
    return found


_places = st.tuples(
    st.integers(0, 400), st.sampled_from([0, 1, 2, 126, 127, 128, 200, 65_534, 65_535, 65_536, 300_000])
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_places, st.sampled_from([1, 1, 1, 2, 3, 255]), min_size=1, max_size=60))
def test_what_was_encoded_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, places: dict[tuple[int, int], int]
) -> None:
    given_ = sorted((word, chunk + 1_000, n) for (word, chunk), n in places.items())
    segment = segment_of(tmp_path_factory.mktemp("segment"), given_, 1_000, 301_000)
    assert listed(segment) == given_
    decoded = segment.decoded(0, 500)
    assert list(zip(decoded.words.tolist(), decoded.chunks.tolist(), decoded.counts.tolist(), strict=True)) == given_
    assert segment.frequencies.sum() == len(given_)


def test_a_word_that_stands_very_often_counts_255_times(tmp_path: Path) -> None:
    assert listed(segment_of(tmp_path, [(3, 0, 700)], 0, 1)) == [(3, 0, 255)]


def test_neighbours_are_joined_without_what_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings_module, "SLICE_POSTINGS", 40)
    rng = np.random.default_rng(4)
    occurrences = sorted(
        {(int(w), int(c)): int(n) for w, c, n in zip(rng.integers(0, 90, 600), rng.integers(0, 300, 600), rng.integers(1, 4, 600), strict=True)}.items()
    )  # fmt: skip
    whole = [(word, chunk, n) for (word, chunk), n in occurrences]
    parts = [
        segment_of(tmp_path / f"{first}", [one for one in whole if first <= one[1] < first + 100], first, 100)
        for first in (0, 100, 200)
    ]
    dead = np.zeros(300, dtype=np.bool_)
    dead[50:130] = True
    log = ArrayLog(tmp_path / "joined", COLUMNS, "test")
    for columns in joined(parts, dead, 90):
        for name, values in columns.items():
            log.append(name, values)
    log.publish(1)
    one = Segment(log, Extent(0, 300, 0, {name: (0, log.rows(name)) for name in COLUMNS}))
    assert listed(one) == [(word, chunk, n) for word, chunk, n in whole if not 50 <= chunk < 130]
