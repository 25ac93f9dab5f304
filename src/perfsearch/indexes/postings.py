"""Which chunks hold a word, and how often: lists of gaps in bytes, in segments that each cover a run of chunk ids.

A posting is one byte in `near`: the gap to the list's chunk before in seven bits, and a bit that says that the word
stands there more than once (then `many` has the count, up to 255). A gap of 127 and more has 127 there and two bytes in
`far`, one of 65,535 and more four in `farther`. Of 113,000 chunks of 72 different words each the lists take 116 bytes a
chunk, which are decoded with a few passes of numpy (2 ns a posting).

A segment's directory has, ascending by the word's number, the lengths of its four parts: one byte each, with 255 for
those in `over`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.arrays import ArrayLog, Column

PARTS = ("near", "far", "farther", "many")
COLUMNS = {
    "near": Column(np.uint8),
    "far": Column(np.uint16),
    "farther": Column(np.uint32),
    "many": Column(np.uint8),
    "words": Column(np.int32),
    "counts": Column(np.uint8, len(PARTS)),
    "over": Column(np.uint32),
}
COUNT_MAX = 255
"""A word that stands more often in one chunk counts so often; BM25 hardly tells 20 from 200."""
_NEAR, _FAR, _COUNT = 127, 65_535, 255
"""Values that say: look into the next wider column."""
SLICE_POSTINGS = 2_000_000
"""Postings that are decoded at a time when segments are joined, which bounds the memory (about 100 MB)."""

Ints = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Postings:
    """Decoded: `words` ascending, `chunks` ascending within each, `counts` of the word in the chunk; aligned."""

    words: Ints
    chunks: Ints
    counts: Ints

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a segment lies: the chunk ids that it covers, and its first row and number of rows in each column.

    `n_dropped`: how many of the removals, in their order, are left out of it already.
    """

    first_chunk: int
    n_chunks: int
    n_dropped: int
    rows: dict[str, tuple[int, int]]

    def as_json(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Extent:
        """The extent that a manifest says."""
        rows = {name: (int(first), int(n)) for name, (first, n) in value["rows"].items()}
        return cls(value["first_chunk"], value["n_chunks"], value["n_dropped"], rows)

    @property
    def n_postings(self) -> int:
        """How many postings it holds."""
        return self.rows["near"][1]

    @property
    def n_bytes(self) -> int:
        """What it takes on disk."""
        return sum(COLUMNS[name].row_bytes * n for name, (_, n) in self.rows.items())


class Segment:
    """The lists of some chunks, mapped."""

    def __init__(self, log: ArrayLog, extent: Extent) -> None:
        self.extent = extent
        self.key = (log.generation, extent.rows["near"][0], extent.n_postings)
        """Names the segment's content within its library."""
        self._columns = {name: log[name][first : first + n] for name, (first, n) in extent.rows.items()}

    @property
    def words(self) -> NDArray[np.int32]:
        """The numbers of the words that it holds, ascending."""
        return self._columns["words"]

    @cached_property
    def starts(self) -> Ints:
        """Where each word's list begins in each part; (n_words + 1, 4)."""
        counts = self._columns["counts"].astype(np.int64)
        over = counts == _COUNT
        counts[over] = self._columns["over"]
        starts = np.zeros((len(counts) + 1, len(PARTS)), dtype=np.int64)
        np.cumsum(counts, axis=0, out=starts[1:])
        return starts

    @property
    def frequencies(self) -> Ints:
        """In how many of its chunks each of its words stands, aligned with `words`."""
        return np.diff(self.starts[:, 0])

    def lists(self, row: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
        """A word's chunks, the places among them where it stands more than once, and how often there."""
        (near, far, farther, many), ends = self.starts[row].tolist(), self.starts[row + 1].tolist()
        codes = self._columns["near"][near : ends[0]]
        gaps = _gaps(codes, self._columns["far"][far : ends[1]], self._columns["farther"][farther : ends[2]])
        chunks = np.cumsum(gaps, dtype=np.int64)
        chunks += self.extent.first_chunk - 1
        return chunks, np.flatnonzero(codes > _NEAR), self._columns["many"][many : ends[3]]

    def decoded(self, word_from: int, word_to: int) -> Postings:
        """All postings of the words with numbers in the range."""
        first, last = np.searchsorted(self.words, (word_from, word_to)).tolist()
        starts = self.starts[first : last + 1]
        (near, far, farther, many), ends = starts[0].tolist(), starts[-1].tolist()
        codes = self._columns["near"][near : ends[0]]
        gaps = _gaps(codes, self._columns["far"][far : ends[1]], self._columns["farther"][farther : ends[2]])
        sums = np.cumsum(gaps, dtype=np.int64)
        sizes = np.diff(starts[:, 0])
        before = np.concatenate([[0], sums])[starts[:-1, 0] - near]
        counts = np.ones(len(codes), dtype=np.int64)
        counts[codes > _NEAR] = self._columns["many"][many : ends[3]]
        return Postings(
            np.repeat(self.words[first:last].astype(np.int64), sizes),
            sums - np.repeat(before, sizes) + (self.extent.first_chunk - 1),
            counts,
        )


def _gaps(near: NDArray[np.uint8], far: NDArray[np.uint16], farther: NDArray[np.uint32]) -> NDArray[np.int32]:
    gaps = (near & np.uint8(_NEAR)).astype(np.int32)
    if len(far):
        wide = far.astype(np.int32)
        if len(farther):
            wide[wide == _FAR] = farther
        gaps[gaps == _NEAR] = wide
    return gaps


def encoded(postings: Postings, first_chunk: int) -> Columns:
    """The rows of a segment's columns, or of a part of it: whole lists, of the words in order."""
    words, chunks, counts = postings.words, postings.chunks, postings.counts
    begins = np.ones(len(words), dtype=np.bool_)
    np.not_equal(words[1:], words[:-1], out=begins[1:])
    first = np.flatnonzero(begins)
    gaps = np.diff(chunks, prepend=0)
    gaps[first] = chunks[first] - first_chunk + 1
    is_far, is_many = gaps >= _NEAR, counts > 1
    near = np.minimum(gaps, _NEAR).astype(np.uint8)
    near[is_many] |= np.uint8(_NEAR + 1)
    wide = gaps[is_far]
    is_farther = np.zeros(len(gaps), dtype=np.bool_)
    is_farther[is_far] = wide >= _FAR
    sizes = np.zeros((len(first), len(PARTS)), dtype=np.int64)
    sizes[:, 0] = np.diff(first, append=len(words))
    for place, flags in ((1, is_far), (2, is_farther), (3, is_many)):
        if len(first):
            sizes[:, place] = np.add.reduceat(flags.astype(np.int64), first)
    return {
        "near": near,
        "far": np.minimum(wide, _FAR).astype(np.uint16),
        "farther": wide[wide >= _FAR].astype(np.uint32),
        "many": np.minimum(counts[is_many], COUNT_MAX).astype(np.uint8),
        "words": words[first].astype(np.int32),
        "counts": np.minimum(sizes, _COUNT).astype(np.uint8),
        "over": sizes[sizes >= _COUNT].astype(np.uint32),
    }


def counted(words: Ints, chunks: Ints) -> Postings:
    """Postings of words as they stand in chunks, in any order and as often as they do."""
    if not len(words):
        return Postings(words, chunks, words)
    first = int(chunks.min())
    span = int(chunks.max()) - first + 1
    keys = words * span
    keys += chunks - first
    keys.sort()
    begins = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:])
    places = np.flatnonzero(begins)
    kept = keys[places]
    return Postings(kept // span, kept % span + first, np.diff(places, append=len(keys)))


def joined(segments: list[Segment], dead: NDArray[np.bool_] | None, n_words: int) -> Iterator[Columns]:
    """The rows of one segment made of neighbours, part by part, without the chunks that are `dead` (by id)."""
    first_chunk = segments[0].extent.first_chunk
    for word_from, word_to in _slices(segments, n_words):
        parts = [segment.decoded(word_from, word_to) for segment in segments]
        words = np.concatenate([part.words for part in parts])
        chunks = np.concatenate([part.chunks for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        if dead is not None:
            standing = ~dead[chunks]
            words, chunks, counts = words[standing], chunks[standing], counts[standing]
        if len(segments) > 1:
            # Each part is in order, and the parts are by ascending chunks: a stable sort by word puts all in order.
            order = np.argsort(words, kind="stable")
            words, chunks, counts = words[order], chunks[order], counts[order]
        yield encoded(Postings(words, chunks, counts), first_chunk)


def _slices(segments: list[Segment], n_words: int) -> Iterator[tuple[int, int]]:
    """Ranges of word numbers with about SLICE_POSTINGS postings each; a word's list is never parted."""
    sizes = np.zeros(n_words + 1, dtype=np.int64)
    for segment in segments:
        sizes[segment.words] += segment.frequencies
    ends = np.cumsum(sizes)
    start = 0
    while start < n_words:
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + SLICE_POSTINGS, side="right")))
        yield start, min(stop, n_words)
        start = stop
