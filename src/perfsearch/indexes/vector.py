"""Nearest chunks by dot product: exact over a few thousand vectors, a quantised scan with exact re-ranking over more.

A chunk may have several vectors; its score is that of the closest. Vectors are kept as 8-bit rows with a scale each
(recall@10 0.994 of float's on 36,000 chunks; 6 bits give 0.965, 4 bits 0.87), in columns that are mapped, not read.
Above FAST_FROM vectors, `PQ{dim/2}x4fs` codes of all vectors choose candidates, whose chunks are then scored exactly.
At 113,000 chunks 400 candidates give a recall@10 of 0.982 in 0.4 ms; `PQ{dim/4}x4fs` needs half the memory and 3,200
candidates for as much, in 0.5 ms. The codes are packed in blocks of 32 vectors that never change, so they too are only
appended to.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import EncoderError
from perfsearch.indexes.arrays import ArrayLog, Column
from perfsearch.indexes.quantised import BLOCK, QuantisedScan

FAST_FROM = 16_384
"""Vectors up to which every query scans them all exactly (256 wide: 1.1 ms and 16 MB on a core)."""
TAIL_MAX = 1_024
"""Vectors behind the quantised ones that are scanned exactly (0.05 ms) until so many are quantised together."""
CANDIDATES_MIN = 600
"""Vectors that the quantised scan hands to the exact scores (0.15 ms): recall@10 0.985 at 113,000 chunks. They grow with
the cube root of the number of vectors beyond."""
CANDIDATES_MEASURED_AT = 100_000
CANDIDATES_MAX = 32_768
_LEVELS = 127
_SUM_GROUPS = 4

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def quantise(vectors: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Rows as 8-bit integers and the scale of each: `codes * scales[:, None]` is the vectors again, nearly."""
    peaks = np.abs(vectors).max(axis=1, initial=0.0)
    scales = np.maximum(peaks, 1e-12).astype(np.float32) / np.float32(_LEVELS)
    codes = np.rint(vectors / scales[:, None]).astype(np.int8)
    return codes, scales


class VectorIndex:
    """The vectors of one library; `identity` names the encoder that made them, `dim` is their width.

    Raises:
        LibraryDamaged: a file of it can't be read, or is of another encoder.
    """

    def __init__(self, directory: Path, identity: str, dim: int) -> None:
        self.dim = dim
        columns = {
            "codes": Column(np.int8, dim),
            "scales": Column(np.float32),
            "chunks": Column(np.int32),
            "removed": Column(np.int32),
        }
        self._log = ArrayLog(directory, columns, f"{identity}/{dim}/int8")
        self._scan = QuantisedScan(directory / "scan", f"{identity}/{dim}", dim)
        self._load()

    @property
    def seq(self) -> int:
        """The last change of the records that the index has read."""
        return self._log.seq

    @property
    def log(self) -> ArrayLog:
        """The files underneath, for `verify`."""
        return self._log

    @property
    def scan(self) -> QuantisedScan:
        """The quantised copy, for `verify`."""
        return self._scan

    @property
    def n_vectors(self) -> int:
        """Vectors, those of removed chunks included."""
        return self._log.rows("chunks")

    def _load(self) -> None:
        chunks = self._log["chunks"]
        removed = self._log["removed"]
        size = 1 + int(max(chunks[-1] if len(chunks) else 0, removed.max(initial=0)))
        self._dead: NDArray[np.bool_] | None = None
        if len(removed):
            self._dead = np.zeros(size, dtype=np.bool_)
            self._dead[removed] = True
        # What the quantised scan does not hold yet is scanned exactly, from a float copy made at the first search.
        self._n_scanned = min(self._scan.n_vectors, len(chunks)) if self._scan.usable(self._log.generation) else 0
        self._exact: tuple[Floats, Ints, Ints] | None = None
        # Mostly chunk i has just the vector i; then nothing need be looked up.
        self._one_each = bool(len(chunks)) and int(chunks[-1]) == len(chunks) - 1 and bool((np.diff(chunks) == 1).all())

    def renewed(self) -> VectorIndex:
        """This, or where something was published since, a copy that has taken it over; this stays as it is."""
        log, scan = self._log.renewed(), self._scan.renewed()
        if log is self._log and scan is self._scan:
            return self
        twin = copy.copy(self)
        twin._log, twin._scan = log, scan
        twin._load()
        return twin

    def bounded(self, n_chunks: int) -> VectorIndex:
        """A copy that finds no chunk from that id on: what the catalog does not know yet."""
        if not self.n_vectors or int(self._log["chunks"][-1]) < n_chunks:
            return self
        twin = copy.copy(self)
        # Marked like removed ones.
        dead = np.zeros(int(self._log["chunks"][-1]) + 1, dtype=np.bool_)
        if self._dead is not None:
            dead[: len(self._dead)] = self._dead[: len(dead)]
        dead[n_chunks:] = True
        twin._dead = dead
        return twin

    # -- searching

    def search(self, vector: Floats, k: int, allowed: Ints | None = None) -> tuple[Ints, Floats]:
        """The closest `k` chunks: ids int64 and scores (dot products) float32, best first.

        `allowed` are the only chunks to look at, ascending ids.
        """
        if k <= 0 or not self.n_vectors or (allowed is not None and not len(allowed)):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        query = self._checked(vector)
        if allowed is not None:
            share = len(allowed) / (int(self._log["chunks"][-1]) + 1)
            wanted = self._n_candidates(k) / share * 1.3
            n_vectors = self.n_vectors * share
            if not self._n_scanned or n_vectors <= wanted or wanted > CANDIDATES_MAX:
                return _best(allowed, self._pool(query, allowed), k)
            return self._search_scan(query, k, int(wanted), allowed)
        if not self._n_scanned:
            chunks, scores = self._scores_behind(query)
            return _best(chunks, scores, k)
        return self._search_scan(query, k, self._n_candidates(k), None)

    def _n_candidates(self, k: int) -> int:
        return int(max(CANDIDATES_MIN, 4 * k) * max(1.0, self.n_vectors / CANDIDATES_MEASURED_AT) ** (1 / 3))

    def _search_scan(self, query: Floats, k: int, n_candidates: int, allowed: Ints | None) -> tuple[Ints, Floats]:
        dead = 0 if self._dead is None else len(self._log["removed"])
        share_dead = dead / max(1, int(self._log["chunks"][-1]) + 1)
        n_candidates = int(n_candidates / max(0.05, 1 - share_dead))
        rows = self._scan.search(query, min(n_candidates, self._n_scanned))
        owners = rows if self._one_each else self._log["chunks"][rows]
        if allowed is not None:
            wanted = np.zeros(int(self._log["chunks"][-1]) + 1, dtype=np.bool_)
            wanted[allowed[allowed < len(wanted)]] = True
            owners = owners[wanted[owners]]
        chunks = np.unique(owners).astype(np.int64)
        scores = self._pool(query, chunks)
        tail_chunks, tail_scores = self._scores_behind(query)
        if not len(tail_chunks):
            return _best(chunks, scores, k)
        if allowed is not None and len(tail_chunks):
            inside = wanted[tail_chunks]
            tail_chunks, tail_scores = tail_chunks[inside], tail_scores[inside]
        # A chunk whose vectors lie on both sides of the border is in both lists.
        fresh = slice(None) if self._one_each else ~np.isin(tail_chunks, chunks)
        return _best(np.concatenate([chunks, tail_chunks[fresh]]), np.concatenate([scores, tail_scores[fresh]]), k)

    def score_pool(self, vector: Floats, chunk_ids: Ints) -> Floats:
        """The score of each chunk, 0 for a chunk without a vector; (n,) float32."""
        if not self.n_vectors:
            return np.zeros(len(chunk_ids), dtype=np.float32)
        scores = self._pool(self._checked(vector), np.asarray(chunk_ids, dtype=np.int64))
        return np.where(np.isneginf(scores), np.float32(0), scores)

    def score_means(self, vector: Floats, first: Ints, stop: Ints) -> Floats:
        """The cosine of the mean of all vectors of the chunks `first[i]` to `stop[i] - 1`, 0 where there are none; (n,).

        With a static encoder that is the vector of the whole text, be it a passage or a filing.
        """
        query = self._checked(vector)
        starts = self._rows_from(first)
        counts = self._rows_from(stop) - starts
        result = np.zeros(len(first), dtype=np.float32)
        filled = counts > 0
        if not filled.any():
            return result
        sums = self._sums(starts[filled], counts[filled])
        norms = np.linalg.norm(sums, axis=1)
        result[filled] = np.divide(sums @ query, norms, out=np.zeros_like(norms), where=norms > 0)
        return result

    def _sums(self, starts: Ints, counts: Ints) -> Floats:
        """The sum of `counts[i]` rows from row `starts[i]` on, (n, dim).

        By a product of matrices, a tenth of the time of `np.add.reduceat`: shorter runs are filled up with weights of
        zero, and runs of like length go together, so that little is filled up.
        """
        sums = np.empty((len(starts), self.dim), dtype=np.float32)
        for part in np.array_split(np.argsort(counts, kind="stable"), min(_SUM_GROUPS, len(starts))):
            steps = np.arange(int(counts[part].max()))
            inside = steps < counts[part, None]
            rows = np.where(inside, starts[part, None] + steps, starts[part, None])
            weights = self._log["scales"][rows] * inside
            sums[part] = np.matmul(weights[:, None, :], self._log["codes"][rows].astype(np.float32))[:, 0]
        return sums

    def _pool(self, query: Floats, chunk_ids: Ints) -> Floats:
        """The same with minus infinity for a chunk that has no vector or is removed."""
        starts = self._rows_from(chunk_ids)
        counts = self._rows_from(chunk_ids + 1) - starts
        result = np.full(len(chunk_ids), -np.inf, dtype=np.float32)
        filled = counts > 0
        if self._dead is not None:
            filled &= ~self._dead[np.minimum(chunk_ids, len(self._dead) - 1)]
        if not filled.any():
            return result
        starts, counts = starts[filled], counts[filled]
        if self._one_each:
            result[filled] = self._dots(query, starts)
            return result
        bounds = np.cumsum(counts) - counts
        rows = np.arange(int(counts.sum()), dtype=np.int64) + np.repeat(starts - bounds, counts)
        result[filled] = np.maximum.reduceat(self._dots(query, rows), bounds)
        return result

    def _rows_from(self, chunk_ids: Ints) -> Ints:
        """The first row of each chunk; of a chunk without a vector the row where it would stand."""
        if self._one_each:
            return np.minimum(chunk_ids, self.n_vectors)
        return np.searchsorted(self._log["chunks"], chunk_ids.astype(np.int32), side="left")

    def _dots(self, query: Floats, rows: Ints) -> Floats:
        """The dot product of the query and each of these rows."""
        return _dot(self._log["codes"][rows].astype(np.float32), query) * self._log["scales"][rows]

    def _scores_behind(self, query: Floats) -> tuple[Ints, Floats]:
        """Chunks behind the quantised scan (all, where there is none) and their exact scores."""
        if self._exact is None:
            begin = self._n_scanned
            owners = self._log["chunks"][begin:].astype(np.int64)
            floats = self._log["codes"][begin:].astype(np.float32) * self._log["scales"][begin:, None]
            bounds = np.flatnonzero(np.diff(owners, prepend=-1))
            self._exact = (floats, owners[bounds], bounds)
        floats, chunks, bounds = self._exact
        if not len(chunks):
            return chunks, np.empty(0, dtype=np.float32)
        scores = _dot(floats, query)
        if not self._one_each:
            scores = np.maximum.reduceat(scores, bounds)
        if self._dead is not None:
            scores = np.where(self._dead[chunks], np.float32(-np.inf), scores)
        return chunks, scores

    def _checked(self, vector: Floats) -> Floats:
        query = np.asarray(vector, dtype=np.float32).reshape(-1)
        if len(query) != self.dim:
            raise EncoderError(
                f"a vector of {len(query)} numbers where the library's have {self.dim}: it was made with another "
                "encoder; `perfsearch rebuild --model` makes the vectors again"
            )
        return query

    # -- writing (under the library's lock)

    def append(self, chunk_ids: Ints, vectors: Floats) -> None:
        """Keep vectors, one row each with the chunk that it belongs to (ascending), for the next `publish`.

        Chunks that the index knows already are left out.
        """
        known = self._log["chunks"]
        fresh = np.asarray(chunk_ids) > (int(known[-1]) if len(known) else -1)
        codes, scales = quantise(np.asarray(vectors, dtype=np.float32)[fresh])
        self._log.append("codes", codes)
        self._log.append("scales", scales)
        self._log.append("chunks", np.asarray(chunk_ids)[fresh])

    def remove(self, chunk_ids: Iterable[int]) -> None:
        """Keep removals for the next `publish`; what is removed already is left out."""
        self._log.append_new("removed", np.fromiter(chunk_ids, dtype=np.int32))

    def publish(self, seq: int) -> None:
        """Make what was kept visible to every reader, and quantise what has come together."""
        self._log.publish(seq)
        n_vectors = self.n_vectors
        if n_vectors >= FAST_FROM:
            held = self._scan.n_vectors if self._scan.usable(self._log.generation) else 0
            if n_vectors - held >= TAIL_MAX:
                self._scan.extend(
                    lambda start, end: (
                        self._log["codes"][start:end].astype(np.float32) * self._log["scales"][start:end, None]
                    ),
                    n_vectors - n_vectors % BLOCK,
                    self._log.generation,
                    seq,
                )
        self._load()

    def discard(self) -> None:
        """Forget what was kept and not published."""
        self._log.discard()

    def verify(self) -> None:
        """Read everything and compare; raises LibraryDamaged where a file is not what was written."""
        self._log.verify()
        self._scan.log.verify()

    def size_bytes(self) -> int:
        """Bytes of the files."""
        return self._log.size_bytes() + self._scan.log.size_bytes()

    def clear(self) -> None:
        """Empty the index."""
        self._log.clear()
        self._scan.clear()
        self._load()


def _dot(rows: Floats, query: Floats) -> Floats:
    """The dot product of each row and the query, (n,), on this thread alone.

    For some thousand rows BLAS starts threads, which wait for each other wherever the cores are busy (4,000 rows: 0.4
    ms of processor time and 2.9 ms against 0.1 and 0.5).
    """
    result: Floats = np.einsum("ij,j->i", rows, query)
    return result


def _best(chunk_ids: Ints, scores: Floats, k: int) -> tuple[Ints, Floats]:
    """The best k that have a score, best first; the lower id first where scores are equal."""
    if len(scores) > 4 * k:
        kept = np.argpartition(-scores, k)[: k + 1]
        # All that equal the last one kept stay, so that ties go by id whatever the partition did.
        kept = np.flatnonzero(scores >= scores[kept].min())
        chunk_ids, scores = chunk_ids[kept], scores[kept]
    order = np.lexsort((chunk_ids, -scores))[:k]
    order = order[~np.isneginf(scores[order])]
    return chunk_ids[order], scores[order]
