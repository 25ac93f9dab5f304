"""The formula: rank-bm25's BM25Okapi, where a term that stands in more than half of the chunks would otherwise count
against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.arrays import ArrayLog
from perfsearch.indexes.postings import Segment

K1 = 1.5
B = 0.75
EPSILON = 0.25
"""rank-bm25's defaults: the least idf is a quarter of the mean."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Statistics:
    """What BM25 knows of the whole library."""

    frequencies: Ints
    lengths: NDArray[np.uint16]
    n_chunks: int
    n_words: int

    @property
    def mean_length(self) -> float:
        """Mean number of words of a chunk."""
        return self.n_words / self.n_chunks if self.n_chunks else 0.0

    @cached_property
    def norms(self) -> Floats:
        """k1 (1 - b + b length / mean length) of every chunk."""
        per_word = np.float32(K1 * B / max(self.mean_length, 1e-9))
        return self.lengths * per_word + np.float32(K1 * (1 - B))

    @cached_property
    def unit(self) -> Floats:
        """What a word that stands in a chunk once gives, for an idf of 1."""
        result: Floats = np.float32(K1 + 1) / (1 + self.norms)
        return result

    @cached_property
    def _floor(self) -> float:
        present = self.frequencies[self.frequencies > 0]
        return EPSILON * float(self._raw(present).mean()) if len(present) else 0.0

    def _raw(self, frequency: Ints) -> NDArray[np.float64]:
        # Frequencies may still count removed chunks.
        frequency = np.minimum(frequency, self.n_chunks)
        result: NDArray[np.float64] = np.log(self.n_chunks - frequency + 0.5) - np.log(frequency + 0.5)
        return result

    def idf(self, frequency: int) -> float:
        """The weight of a word that stands in so many chunks."""
        raw = float(self._raw(np.asarray(frequency)))
        return self._floor if raw < 0 else raw


def statistics_of(log: ArrayLog, segments: Sequence[Segment], n_words: int) -> Statistics:
    """The statistics of the chunks that stand, for words with numbers below `n_words`."""
    frequencies = np.zeros(n_words, dtype=np.int64)
    for segment in segments:
        frequencies[segment.words] += segment.frequencies
    lengths = log["lengths"]
    removed = log["removed"]
    gone = lengths[removed[removed < len(lengths)]].astype(np.int64)
    # A chunk without a word holds nothing that could be found, and does not count.
    n_chunks = int((lengths > 0).sum()) - int((gone > 0).sum())
    return Statistics(frequencies, lengths, n_chunks, int(lengths.sum(dtype=np.int64)) - int(gone.sum()))
