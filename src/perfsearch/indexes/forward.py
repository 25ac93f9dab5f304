"""The words of every chunk as numbers, for exact BM25 of any chunks with the statistics of the whole library.

The formula is rank-bm25's BM25Okapi (k1 1.5, b 0.75, a floor of a quarter of the mean idf), where a term that stands
in more than half of the chunks would otherwise count against them. Two bytes a word: words get their numbers in the
order in which they first occur, so that the frequent ones have the small numbers; the few beyond 65,534 stand in a
second column of four bytes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.arrays import ArrayLog, Column

K1 = 1.5
B = 0.75
EPSILON = 0.25
"""rank-bm25's defaults."""

_SHORT_MAX = 65_535
"""Numbers from here on stand in the column of four bytes."""

_CHUNK_WORDS_MAX = 65_535
"""Words of one chunk that count; its length has two bytes. Chunks of 400 characters have some 250."""
_SNAPSHOT_EVERY = 20_000
"""Chunks after which the counts are written down; counting so many at opening takes 20 ms."""
_COUNT_BLOCK = 20_000
"""Chunks counted at a time, which bounds the memory (about 20 MB)."""

_COLUMNS = {
    "short": Column(np.uint16),
    "long": Column(np.int32),
    "n_short": Column(np.uint16),
    "n_long": Column(np.uint16),
    "terms": Column(np.uint8),
    "removed": Column(np.int32),
}

Ints = NDArray[np.int64]


class Forward:
    """The forward index of one library; rows are chunk ids.

    Raises:
        LibraryDamaged: a file of it can't be read, or was made with another segmenter.
    """

    def __init__(self, directory: Path, identity: str) -> None:
        self._log = ArrayLog(directory, _COLUMNS, identity)
        self._snapshots = ArrayLog(directory / "counts", {"frequencies": Column(np.int32)}, identity)
        self._counted: _Statistics | None = None
        self._pending_terms: dict[str, int] = {}
        self._pending_chunks = 0

    @property
    def log(self) -> ArrayLog:
        """The files underneath, for `verify`."""
        return self._log

    def refresh(self) -> bool:
        """Take over what was published since; whether there was anything."""
        generation = self._log.generation
        if not self._log.refresh():
            return False
        self._snapshots.refresh()
        if generation != self._log.generation:
            self._counted = None
        self._forget()
        return True

    def renewed(self) -> Forward:
        """This, or where something was published since, a copy that has taken it over; this stays as it is."""
        log = self._log.renewed()
        if log is self._log:
            return self
        twin = copy.copy(self)
        if log.generation != self._log.generation:
            twin._counted = None
        twin._log, twin._snapshots, twin._pending_terms = log, self._snapshots.renewed(), {}
        twin._forget()
        return twin

    def _forget(self) -> None:
        for name in ("_vocabulary", "_starts", "_statistics"):
            self.__dict__.pop(name, None)

    # -- statistics

    @property
    def n_rows(self) -> int:
        """Chunk ids given so far, those of removed chunks included."""
        return self._log.rows("n_short")

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        words = bytes(self._log["terms"]).decode("utf-8", "surrogatepass").split("\n")[:-1]
        return dict(zip(words, range(len(words)), strict=True))

    @cached_property
    def _starts(self) -> tuple[Ints, Ints]:
        """Where each chunk's words begin in both columns; one more entry than chunks."""
        starts = []
        for name in ("n_short", "n_long"):
            start = np.zeros(self.n_rows + 1, dtype=np.int64)
            np.cumsum(self._log[name], out=start[1:])
            starts.append(start)
        return starts[0], starts[1]

    @cached_property
    def _statistics(self) -> _Statistics:
        """Counted on from the last count in memory or on disk, so that a change costs what it changed."""
        base = self._counted or self._snapshot()
        n_terms, n_rows, n_removed = len(self._vocabulary), self.n_rows, self._log.rows("removed")
        frequencies = np.zeros(n_terms, dtype=np.int64)
        frequencies[: len(base.frequencies)] = base.frequencies
        removed = self._log["removed"][base.n_removed : n_removed].astype(np.int64)
        n_chunks, n_words = base.n_chunks, base.n_words
        for sign, chunk_ids in ((1, np.arange(base.n_rows, n_rows, dtype=np.int64)), (-1, removed[removed < n_rows])):
            lengths = np.zeros(len(chunk_ids), dtype=np.int64)
            for name, starts in zip(("short", "long"), self._starts, strict=True):
                frequencies += sign * _document_frequencies(self._log[name], starts, chunk_ids, n_terms)
                lengths += starts[chunk_ids + 1] - starts[chunk_ids]
            # A chunk without a word holds nothing that could be found, and does not count.
            n_chunks += sign * int((lengths > 0).sum())
            n_words += sign * int(lengths.sum())
        self._counted = _Statistics(frequencies, n_chunks, n_words, n_rows, n_removed)
        return self._counted

    def _snapshot(self) -> _Statistics:
        extra = self._snapshots.extra
        # Only a snapshot of what these columns hold: not of columns that were written anew since.
        if extra.get("generation") != self._log.generation or extra["n_rows"] > self.n_rows:
            return _Statistics(np.zeros(0, dtype=np.int64), 0, 0, 0, 0)
        return _Statistics(
            self._snapshots["frequencies"].astype(np.int64),
            extra["n_chunks"],
            extra["n_words"],
            extra["n_rows"],
            extra["n_removed"],
        )

    def _take_snapshot(self) -> None:
        found = self._statistics
        known = self._snapshot()
        if found.n_rows + found.n_removed - known.n_rows - known.n_removed < _SNAPSHOT_EVERY:
            return
        self._snapshots.replace(
            {"frequencies": found.frequencies},
            self._log.seq,
            generation=self._log.generation,
            n_rows=found.n_rows,
            n_removed=found.n_removed,
            n_chunks=found.n_chunks,
            n_words=found.n_words,
        )

    @property
    def n_chunks(self) -> int:
        """Chunks that stand and hold at least one word."""
        return self._statistics.n_chunks

    @property
    def n_terms(self) -> int:
        """Different words, those of removed chunks included."""
        return len(self._vocabulary)

    @property
    def mean_length(self) -> float:
        """Mean number of words of the chunks that stand."""
        statistics = self._statistics
        return statistics.n_words / statistics.n_chunks if statistics.n_chunks else 0.0

    def doc_freq(self, term: str) -> int:
        """In how many chunks a term stands."""
        number = self._vocabulary.get(term)
        return 0 if number is None else int(self._statistics.frequencies[number])

    def idf(self, term: str) -> float:
        """The weight of a term; 0 where no chunk has it. Never negative (rank-bm25's floor)."""
        frequency = self.doc_freq(term)
        return self._statistics.idf(frequency) if frequency else 0.0

    def terms_with(self, part: str, limit: int = 50) -> list[str]:
        """The most frequent terms that contain `part` (a single character, say), in the order of their frequency."""
        frequencies = self._statistics.frequencies
        found = [(term, frequencies[number]) for term, number in self._vocabulary.items() if part in term]
        found = [pair for pair in found if pair[1] > 0]
        return [term for term, _ in sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]]

    # -- scores

    def score_pool(self, terms: Sequence[tuple[str, float]], chunk_ids: Ints) -> NDArray[np.float32]:
        """BM25 of each chunk for weighted terms, a term as often as it is given; (n,) float32."""
        statistics = self._statistics
        weights: dict[int, float] = {}
        for term, weight in terms:
            number = self._vocabulary.get(term)
            if number is not None and statistics.frequencies[number] > 0:
                weights[number] = weights.get(number, 0.0) + weight
        if not weights or not len(chunk_ids):
            return np.zeros(len(chunk_ids), dtype=np.float32)
        order = sorted(weights)
        counts = np.zeros((len(chunk_ids), len(order)), dtype=np.float64)
        lengths = np.zeros(len(chunk_ids), dtype=np.int64)
        for name, starts in zip(("short", "long"), self._starts, strict=True):
            words, bounds = _gather(self._log[name], starts, chunk_ids)
            lengths += np.diff(bounds)
            counts += _counts(words, bounds, np.asarray(order, dtype=np.int64))
        norm = K1 * (1 - B + B * lengths / max(self.mean_length, 1e-9))
        idf = np.asarray([weights[n] * statistics.idf(int(statistics.frequencies[n])) for n in order])
        result: NDArray[np.float32] = ((counts * (K1 + 1) / (counts + norm[:, None])) @ idf).astype(np.float32)
        return result

    # -- writing (under the library's lock)

    def append(self, first_chunk: int, chunks: Iterable[Sequence[str]]) -> None:
        """Keep the words of chunks with ids from `first_chunk` on for the next `publish`; known ids are left out."""
        next_chunk = self.n_rows + self._pending_chunks
        number_of = _Numbering(self._vocabulary, self._pending_terms).__getitem__
        short: list[int] = []
        long: list[int] = []
        n_short: list[int] = []
        n_long: list[int] = []
        for chunk_id, words in enumerate(chunks, first_chunk):
            if chunk_id < next_chunk:
                continue
            gap = chunk_id - next_chunk
            n_short.extend([0] * gap)
            n_long.extend([0] * gap)
            numbers = sorted(map(number_of, words[:_CHUNK_WORDS_MAX]))
            few = [number for number in numbers if number >= _SHORT_MAX]
            if few:
                numbers = [number for number in numbers if number < _SHORT_MAX]
                long.extend(few)
            short.extend(numbers)
            n_short.append(len(numbers))
            n_long.append(len(few))
            next_chunk = chunk_id + 1
        self._pending_chunks += len(n_short)
        for name, values in (("short", short), ("long", long), ("n_short", n_short), ("n_long", n_long)):
            if values:
                self._log.append(name, np.asarray(values, dtype=_COLUMNS[name].dtype))

    def remove(self, chunk_ids: Iterable[int]) -> None:
        """Keep removals for the next `publish`; what is removed already is left out."""
        self._log.append_new("removed", np.fromiter(chunk_ids, dtype=np.int32))

    def publish(self, seq: int) -> None:
        """Make what was kept visible to every reader."""
        if self._pending_terms:
            payload = "".join(f"{term}\n" for term in self._pending_terms).encode("utf-8", "surrogatepass")
            self._log.append("terms", np.frombuffer(payload, dtype=np.uint8))
        vocabulary = self.__dict__.get("_vocabulary")
        self._log.publish(seq)
        self._pending_terms = {}
        self._pending_chunks = 0
        self._forget()
        if vocabulary is not None:
            self.__dict__["_vocabulary"] = vocabulary
        self._take_snapshot()

    def verify(self) -> None:
        """Read everything and compare; raises LibraryDamaged where a file is not what was written."""
        self._log.verify()
        self._snapshots.verify()

    def size_bytes(self) -> int:
        """Bytes of the files."""
        return self._log.size_bytes() + self._snapshots.size_bytes()

    def discard(self) -> None:
        """Forget what was kept and not published."""
        self._log.discard()
        self._pending_terms = {}
        self._pending_chunks = 0
        self._forget()

    def clear(self) -> None:
        """Empty the index."""
        self._log.clear()
        self._counted = None
        self._pending_terms = {}
        self._pending_chunks = 0
        self._forget()


class _Numbering(dict[str, int]):
    """Numbers of words, the next one for a word that has none yet; as fast as a dictionary for those that have."""

    def __init__(self, vocabulary: dict[str, int], fresh: dict[str, int]) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._fresh = fresh

    def __missing__(self, word: str) -> int:
        number = self._vocabulary.get(word)
        if number is None:
            # Into the vocabulary at once, so that it is found on; onto the disk with the next `publish`.
            number = self._vocabulary[word] = self._fresh[word] = len(self._vocabulary)
        self[word] = number
        return number


class _Statistics:
    """What BM25 knows of the whole library."""

    def __init__(self, frequencies: Ints, n_chunks: int, n_words: int, n_rows: int, n_removed: int) -> None:
        self.frequencies = frequencies
        self.n_rows = n_rows
        self.n_removed = n_removed
        self.n_chunks = n_chunks
        self.n_words = n_words

    @cached_property
    def _floor(self) -> float:
        present = self.frequencies[self.frequencies > 0]
        return EPSILON * float(self._raw(present).mean()) if len(present) else 0.0

    def _raw(self, frequency: Ints) -> NDArray[np.float64]:
        result: NDArray[np.float64] = np.log(self.n_chunks - frequency + 0.5) - np.log(frequency + 0.5)
        return result

    def idf(self, frequency: int) -> float:
        raw = float(self._raw(np.asarray(frequency)))
        return self._floor if raw < 0 else raw


def _document_frequencies(words: NDArray[np.generic], starts: Ints, chunk_ids: Ints, n_terms: int) -> Ints:
    """In how many of these chunks each number stands. A chunk's numbers are ascending, so that repeats are neighbours."""
    total = np.zeros(n_terms, dtype=np.int64)
    for first in range(0, len(chunk_ids), _COUNT_BLOCK):
        part, bounds = _gather(words, starts, chunk_ids[first : first + _COUNT_BLOCK])
        if not len(part):
            continue
        distinct = np.empty(len(part), dtype=np.bool_)
        distinct[0] = True
        np.not_equal(part[1:], part[:-1], out=distinct[1:])
        distinct[bounds[:-1][np.diff(bounds) > 0]] = True
        total += np.bincount(part[distinct], minlength=n_terms)
    return total


def _gather(words: NDArray[np.generic], starts: Ints, chunk_ids: Ints) -> tuple[NDArray[np.generic], Ints]:
    """The words of some chunks one after the other, and where each chunk's begin (one more entry than chunks)."""
    lengths = starts[chunk_ids + 1] - starts[chunk_ids]
    bounds = np.zeros(len(chunk_ids) + 1, dtype=np.int64)
    np.cumsum(lengths, out=bounds[1:])
    places = np.arange(bounds[-1], dtype=np.int64) + np.repeat(starts[chunk_ids] - bounds[:-1], lengths)
    return words[places], bounds


def _counts(words: NDArray[np.generic], bounds: Ints, numbers: Ints) -> NDArray[np.float64]:
    """How often each of these numbers (ascending) stands within each pair of bounds: (n_bounds - 1, n_numbers)."""
    n_rows, n_numbers = len(bounds) - 1, len(numbers)
    if not len(words):
        return np.zeros((n_rows, n_numbers))
    if words.dtype.itemsize == 2:
        # By one look into a table: ten times as fast as to compare with each.
        table = np.full(_SHORT_MAX + 1, -1, dtype=np.int16)
        inside = np.flatnonzero(numbers <= _SHORT_MAX)
        table[numbers[inside]] = inside
        columns = table[words]
        where = np.flatnonzero(columns >= 0)
        columns = columns[where]
    else:
        places = np.minimum(np.searchsorted(numbers, words), n_numbers - 1)
        where = np.flatnonzero(numbers[places] == words)
        columns = places[where]
    rows = np.searchsorted(bounds, where, side="right") - 1
    flat = np.bincount(rows * n_numbers + columns, minlength=n_rows * n_numbers)
    return flat.reshape(n_rows, n_numbers).astype(np.float64)
