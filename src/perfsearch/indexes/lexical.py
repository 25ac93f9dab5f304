"""BM25 over chunks, exact for all of them: the lists of the words asked for are added up, and the best are taken.

New chunks come as a segment of their own behind the others; segments are joined as they grow in number, so that there
are few. Rows that nothing names any more stay until they are a share of all; then every column is written anew.
"""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes.arrays import ArrayLog, Column
from perfsearch.indexes.bm25 import Statistics, statistics_of
from perfsearch.indexes.postings import COLUMNS, Columns, Extent, Segment, counted, encoded, joined
from perfsearch.indexes.vocabulary import ChunkWords, Vocabulary

CHUNK_WORDS_MAX = 65_535
"""Words of one chunk that count; its length has two bytes. Chunks of 400 characters have some 250."""
GROWTH = 3
"""Segments at the end are joined with the one before them until that has so many times their postings; there are
then few (8 of a library that grew by single filings to 100,000 chunks), and each posting is written few times."""
WASTE_MAX = 0.3
"""Share of bytes that no segment names any more, above which all is written anew."""
WASTE_KEPT = 0.05
"""The same after a long load has ended."""
DROPPED_AT_ONCE = 1_000_000
"""Postings up to which a segment is written anew as soon as a chunk of it is removed (20 ms). In larger ones removed
chunks are not found either, but count in the rarity of words until they are DEAD_MAX of the segment."""
DEAD_MAX = 0.02
WIDE = 20_000
"""Allowed chunks above which they are looked for among the best of all chunks first."""
CACHED_BYTES = 64_000_000
CACHED_BYTES_A_CHUNK = 200
"""Lists of frequent words are kept decoded up to so many bytes: of 1,000,000 chunks 264 MB, half of what they ask for."""

_OWN_COLUMNS = {"terms": Column(np.uint8), "lengths": Column(np.uint16), "removed": Column(np.int32)}

Terms = Sequence[tuple[str, float]] | Sequence[str]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class LexicalIndex:
    """The lexical index of one library; `identity` names the segmenter and chunker that made it.

    Raises:
        LibraryDamaged: a file of it can't be read, or was made with another segmenter.
    """

    def __init__(self, directory: Path, identity: str) -> None:
        self._log = ArrayLog(directory, {**_OWN_COLUMNS, **COLUMNS}, f"postings-1/{identity}")
        self._vocabulary = Vocabulary()
        self._lists = _ListCache()
        self._bound: int | None = None
        self._pending: list[tuple[Ints, Ints]] = []
        self._pending_chunks = 0
        self._numbered: tuple[list[str], Ints] | None = None
        self._load()

    def _load(self) -> None:
        self._segments = [Segment(self._log, Extent.from_json(row)) for row in self._log.extra.get("segments", [])]
        self._lists.bytes_max = CACHED_BYTES + CACHED_BYTES_A_CHUNK * self.n_rows
        self._last: tuple[tuple[tuple[str, float], ...], Floats] | None = None
        for name in ("_statistics", "_known"):
            self.__dict__.pop(name, None)

    @property
    def seq(self) -> int:
        """The last change of the records that the index has read."""
        return self._log.seq

    @property
    def log(self) -> ArrayLog:
        """The files underneath, for `verify`."""
        return self._log

    def renewed(self) -> LexicalIndex:
        """This, or where something was published since, a copy that has taken it over; this stays as it is."""
        log = self._log.renewed()
        if log is self._log:
            return self
        twin = copy.copy(self)
        if log.generation != self._log.generation:
            twin._vocabulary, twin._lists = Vocabulary(), _ListCache()
        twin._log, twin._pending, twin._pending_chunks, twin._numbered = log, [], 0, None
        twin._load()
        return twin

    def bounded(self, n_chunks: int) -> LexicalIndex:
        """A copy that finds no chunk from that id on: what the catalog does not know yet."""
        twin = copy.copy(self)
        twin._bound, twin._last = n_chunks, None
        return twin

    # -- statistics

    @property
    def n_rows(self) -> int:
        """Chunk ids given so far, those of removed chunks included."""
        return self._log.rows("lengths")

    @property
    def n_chunks(self) -> int:
        """Chunks that stand and hold at least one word."""
        return self._statistics.n_chunks

    @property
    def n_segments(self) -> int:
        """Segments that a question goes through."""
        return len(self._segments)

    @property
    def n_terms(self) -> int:
        """Different words, those of removed chunks included."""
        return len(self._words)

    @property
    def mean_length(self) -> float:
        """Mean number of words of the chunks that stand."""
        return self._statistics.mean_length

    def doc_freq(self, term: str) -> int:
        """In how many chunks a term stands."""
        number = self._words.number(term)
        frequencies = self._statistics.frequencies
        return 0 if number is None or number >= len(frequencies) else int(frequencies[number])

    def idf(self, term: str) -> float:
        """The weight of a term; 0 where no chunk has it. Never negative (rank-bm25's floor)."""
        frequency = self.doc_freq(term)
        return self._statistics.idf(frequency) if frequency else 0.0

    def terms_with(self, part: str, limit: int = 50) -> list[str]:
        """The most frequent terms that contain `part` (a single character, say), in the order of their frequency."""
        frequencies = self._statistics.frequencies
        found = [(term, int(frequencies[n])) for term, n in self._words.containing(part) if n < len(frequencies)]
        found = [pair for pair in found if pair[1] > 0]
        return [term for term, _ in sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]]

    @property
    def _words(self) -> Vocabulary:
        self._vocabulary.read(self._log["terms"])
        return self._vocabulary

    @cached_property
    def _statistics(self) -> Statistics:
        return statistics_of(self._log, self._segments, len(self._words))

    # -- searching

    def search(self, terms: Terms, k: int, allowed: Ints | None = None) -> tuple[Ints, Floats]:
        """The best `k` chunks for weighted terms: ids int64 and BM25 scores float32, best first.

        `allowed` are the only chunks to look at (ascending ids).
        """
        weighted = _weighted(terms)
        if not weighted or k <= 0 or not self.n_rows:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        scores = self._scores(weighted)
        found = _leading(scores, k) if allowed is None else _leading_among(scores, k, allowed)
        return _best(found, scores[found], k)

    def score_pool(self, terms: Terms, chunk_ids: Ints) -> Floats:
        """BM25 of each chunk for weighted terms, a term as often as it is given; (n,) float32."""
        weighted = _weighted(terms)
        pool = np.asarray(chunk_ids, dtype=np.int64)
        if not weighted or not self.n_rows or not len(pool):
            return np.zeros(len(pool), dtype=np.float32)
        scores = self._scores(weighted)
        known = pool < len(scores)
        return np.where(known, scores[np.where(known, pool, 0)], np.float32(0))

    def _scores(self, weighted: tuple[tuple[str, float], ...]) -> Floats:
        """BM25 of every chunk; (n_rows,) float32. The answer to the last terms is kept: a query asks for it twice."""
        last = self._last
        if last is not None and last[0] == weighted:
            return last[1]
        statistics = self._statistics
        weights: dict[int, float] = {}
        for term, weight in weighted:
            number = self._words.number(term)
            if number is not None and number < len(statistics.frequencies) and statistics.frequencies[number]:
                weights[number] = weights.get(number, 0.0) + weight
        try:
            sums = self._summed(weights)
        except (IndexError, ValueError) as error:
            raise LibraryDamaged(f"{self._log.directory}: its lists are garbled ({error})") from error
        self._last = (weighted, sums)
        return sums

    def _summed(self, weights: Mapping[int, float]) -> Floats:
        # What one occurrence gives is the same for all words of a chunk but for their idf: sum the idf, then multiply.
        statistics = self._statistics
        sums = np.zeros(self.n_rows, dtype=np.float32)
        norms = statistics.norms
        for number, weight in weights.items():
            idf = weight * statistics.idf(int(statistics.frequencies[number]))
            for segment in self._segments:
                found = self._lists.get(segment, number)
                if found is None:
                    continue
                chunks, places, counts = found
                sums[chunks] += np.float32(idf)
                if len(places):
                    several = chunks[places]
                    norm = norms[several]
                    sums[several] += idf * (counts * (1 + norm) / (counts + norm) - 1)
        sums *= statistics.unit
        removed = self._log["removed"]
        sums[removed[removed < len(sums)]] = 0
        if self._bound is not None:
            sums[self._bound :] = 0
        return sums

    # -- writing (under the library's lock)

    def append(self, first_chunk: int, words: ChunkWords) -> None:
        """Keep the words of chunks with ids from `first_chunk` on for the next `publish`; known ids are left out."""
        next_chunk = self.n_rows + self._pending_chunks
        known = max(0, next_chunk - first_chunk)
        lengths = words.lengths[known:]
        if not len(lengths):
            return
        # Ids that were never filled hold nothing.
        gap = max(0, first_chunk - next_chunk)
        places = words.places[int(words.lengths[:known].sum()) :]
        owners = np.repeat(np.arange(next_chunk + gap, next_chunk + gap + len(lengths), dtype=np.int64), lengths)
        if len(lengths) and int(lengths.max()) > CHUNK_WORDS_MAX:
            within = np.arange(len(places)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            places, owners = places[within < CHUNK_WORDS_MAX], owners[within < CHUNK_WORDS_MAX]
            lengths = np.minimum(lengths, CHUNK_WORDS_MAX)
        if self._numbered is None or self._numbered[0] is not words.different:
            self._numbered = (words.different, self._words.numbered(words.different))
        self._pending.append((self._numbered[1][places], owners))
        self._pending_chunks += gap + len(lengths)
        self._log.append("lengths", np.concatenate([np.zeros(gap, dtype=np.int64), lengths]))

    def remove(self, chunk_ids: Iterable[int]) -> None:
        """Keep removals for the next `publish`; what is removed already is left out."""
        self._log.append_new("removed", np.fromiter(chunk_ids, dtype=np.int32))

    def publish(self, seq: int) -> None:
        """Make what was kept visible to every reader."""
        self._log.append("terms", self._words.taken())
        extents = [segment.extent for segment in self._segments]
        if self._pending_chunks:
            extents.append(self._append_pending())
        self._pending, self._pending_chunks = [], 0
        self._publish(seq, extents)
        while (tail := self._to_join()) is not None:
            self._join(seq, tail)
        for place, segment in enumerate(self._segments):
            if self._to_clean(segment.extent):
                self._join(seq, slice(place, place + 1))
        self._write_anew(seq, WASTE_MAX)

    def _publish(self, seq: int, extents: Sequence[Extent]) -> None:
        self._log.publish(seq, segments=[extent.as_json() for extent in extents])
        self._load()

    def _append_pending(self) -> Extent:
        first = self.n_rows
        words = np.concatenate([words for words, _ in self._pending])
        owners = np.concatenate([owners for _, owners in self._pending])
        return self._append_segment([encoded(counted(words, owners), first)], first, self._pending_chunks, 0)

    def _append_segment(self, parts: Iterable[Columns], first_chunk: int, n_chunks: int, n_dropped: int) -> Extent:
        firsts = {name: self._log.rows(name) + self._log.pending_rows(name) for name in COLUMNS}
        for part in parts:
            for name, values in part.items():
                if len(values):
                    self._log.append(name, values)
        rows = {
            name: (first, self._log.rows(name) + self._log.pending_rows(name) - first) for name, first in firsts.items()
        }
        return Extent(first_chunk, n_chunks, n_dropped, rows)

    def _to_join(self) -> slice | None:
        """The segments at the end that are to become one, if any."""
        sizes = [segment.extent.n_postings for segment in self._segments]
        start, total = len(sizes) - 1, sizes[-1] if sizes else 0
        while start > 0 and sizes[start - 1] <= GROWTH * total:
            start -= 1
            total += sizes[start]
        return slice(start, len(sizes)) if start < len(sizes) - 1 else None

    def _to_clean(self, extent: Extent) -> bool:
        removed = self._log["removed"][extent.n_dropped :]
        inside = int(((removed >= extent.first_chunk) & (removed < extent.first_chunk + extent.n_chunks)).sum())
        if not inside:
            return False
        return extent.n_postings <= DROPPED_AT_ONCE or inside > DEAD_MAX * extent.n_chunks

    def _join(self, seq: int, which: slice) -> None:
        """Write these segments as one behind the others, without what was removed."""
        segments = self._segments[which]
        removed = self._log["removed"]
        first, end = segments[0].extent.first_chunk, segments[-1].extent.first_chunk + segments[-1].extent.n_chunks
        dead: NDArray[np.bool_] | None = None
        if len(removed):
            dead = np.zeros(max(end, int(removed.max()) + 1), dtype=np.bool_)
            dead[removed] = True
        parts = joined(segments, dead, len(self._words))
        one = self._append_segment(parts, first, end - first, len(removed))
        extents = [segment.extent for segment in self._segments]
        extents[which] = [one]
        self._publish(seq, extents)

    def _write_anew(self, seq: int, waste_max: float) -> None:
        """Write every column without the rows that no segment names, where these are more than a share of all."""
        total = sum(self._log.rows(name) * column.row_bytes for name, column in COLUMNS.items())
        named = sum(segment.extent.n_bytes for segment in self._segments)
        if total - named <= waste_max * total:
            return
        arrays = {name: np.asarray(self._log[name]) for name in _OWN_COLUMNS}
        rows: list[dict[str, tuple[int, int]]] = [{} for _ in self._segments]
        for name, column in COLUMNS.items():
            parts, place = [], 0
            for segment, own in zip(self._segments, rows, strict=True):
                first, n = segment.extent.rows[name]
                parts.append(self._log[name][first : first + n])
                own[name] = (place, n)
                place += n
            empty = np.empty((0, column.width) if column.width else 0, dtype=column.dtype)
            arrays[name] = np.concatenate(parts) if parts else empty
        extents = [
            Extent(segment.extent.first_chunk, segment.extent.n_chunks, segment.extent.n_dropped, own)
            for segment, own in zip(self._segments, rows, strict=True)
        ]
        self._log.replace(arrays, seq, segments=[extent.as_json() for extent in extents])
        self._lists = _ListCache()
        self._load()

    def finish(self) -> None:
        """Give back what joining has left, at the end of a load."""
        self._write_anew(self.seq, WASTE_KEPT)

    def discard(self) -> None:
        """Forget what was kept and not published."""
        self._log.discard()
        self._vocabulary, self._numbered = Vocabulary(), None
        self._pending, self._pending_chunks = [], 0

    def clear(self) -> None:
        """Empty the index."""
        self.discard()
        self._log.clear()
        self._lists = _ListCache()
        self._load()

    def verify(self) -> None:
        """Read everything and compare; raises LibraryDamaged where a file is not what was written."""
        self._log.verify()

    def size_bytes(self) -> int:
        """Bytes of the files."""
        return self._log.size_bytes()


class _ListCache:
    """The lists that were asked for last, decoded: chunks, where the count is more than one, and the counts."""

    def __init__(self) -> None:
        self.bytes_max = CACHED_BYTES
        self._lock = threading.Lock()
        self._lists: OrderedDict[tuple[object, int], tuple[Ints, Ints, Ints] | None] = OrderedDict()
        self._bytes = 0

    def get(self, segment: Segment, number: int) -> tuple[Ints, Ints, Ints] | None:
        """A word's list in a segment; None where the segment does not have it."""
        key = (segment.key, number)
        with self._lock:
            if key in self._lists:
                self._lists.move_to_end(key)
                return self._lists[key]
        row = int(np.searchsorted(segment.words, np.int32(number)))  # of another type, it would convert all of them
        found = None
        if row < len(segment.words) and int(segment.words[row]) == number:
            chunks, places, counts = segment.lists(row)
            found = (chunks, places, counts.astype(np.int64))
        with self._lock:
            if key not in self._lists:
                self._lists[key] = found
                self._bytes += _size(found)
            while self._bytes > self.bytes_max:
                self._bytes -= _size(self._lists.popitem(last=False)[1])
        return found


def _size(found: tuple[Ints, Ints, Ints] | None) -> int:
    return 200 + (sum(part.nbytes for part in found) if found is not None else 0)


def _weighted(terms: Terms) -> tuple[tuple[str, float], ...]:
    return tuple((term, 1.0) if isinstance(term, str) else term for term in terms)


_GROUP = 64


def _leading(scores: Floats, k: int) -> Ints:
    """At least the `k` chunks of the highest scores above 0, ascending ids; all that score as high as the last."""
    n_groups = len(scores) // _GROUP
    floor = np.float32(0)
    if n_groups > 2 * k:
        # Of every _GROUP chunks the best: the k-th highest of these is a score that k chunks reach. The chunks of a
        # group lie apart, which is ten times as fast as neighbours.
        best = scores[: n_groups * _GROUP].reshape(_GROUP, n_groups).max(axis=0)
        floor = np.partition(best, n_groups - k)[n_groups - k]
    if floor > 0:
        return np.flatnonzero(scores >= floor)
    return np.flatnonzero(scores > 0)


def _leading_among(scores: Floats, k: int, allowed: Ints) -> Ints:
    """The same of the allowed chunks."""
    if len(allowed) > WIDE:
        # Enough of the leading ones of all are probably among many allowed ones.
        leading = _leading(scores, int(k * len(scores) / len(allowed) * 1.5) + _GROUP)
        places = np.minimum(np.searchsorted(allowed, leading), len(allowed) - 1)
        found: Ints = leading[allowed[places] == leading]
        if len(found) >= k:
            return found
    found = allowed[allowed < len(scores)]
    return found[scores[found] > 0]


def _best(chunk_ids: Ints, scores: Floats, k: int) -> tuple[Ints, Floats]:
    """The best k, best first; the lower id first where scores are equal."""
    if len(scores) > 4 * k:
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        kept = np.flatnonzero(scores >= least)
        chunk_ids, scores = chunk_ids[kept], scores[kept]
    order = np.lexsort((chunk_ids, -scores))[:k]
    return chunk_ids[order], scores[order]
