"""The quantised copy of all vectors that faiss scans: four bits for every two numbers, 32 vectors a block."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes.arrays import ArrayLog, Column

BLOCK = 32
"""Vectors whose codes are interleaved; faiss's own number."""
TRAIN_MAX = 40_000
"""Vectors the codebook is learnt from; more change nothing (0.7 s for 20,000)."""
RETRAIN_GROWTH = 8
"""The codebook is learnt anew when the library is so many times as large as when it was learnt last."""
_ENCODE_BLOCK = 65_536

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class QuantisedScan:
    """Product-quantised codes of vectors 0 to `n_vectors`, a multiple of BLOCK.

    Raises:
        LibraryDamaged: a file of it can't be read.
    """

    def __init__(self, directory: Path, identity: str, dim: int) -> None:
        self._dim = dim
        self._n_parts = _n_parts(dim)
        self._block_bytes = BLOCK * (self._n_parts + self._n_parts % 2) // 2
        columns = {"packed": Column(np.uint8, self._block_bytes), "codebook": Column(np.float32)}
        self._log = ArrayLog(directory, columns, f"{identity}/pq{self._n_parts}x4fs")
        self._index: Any = None

    @property
    def log(self) -> ArrayLog:
        """The files underneath, for `verify`."""
        return self._log

    @property
    def n_vectors(self) -> int:
        """How many vectors are held."""
        return self._log.rows("packed") * BLOCK

    def usable(self, generation: int) -> bool:
        """Whether anything is held, and of the columns of that generation."""
        return self.n_vectors > 0 and self._log.extra.get("vectors_generation") == generation

    def renewed(self) -> QuantisedScan:
        """This, or where something was published since, a copy that has taken it over; this stays as it is."""
        log = self._log.renewed()
        if log is self._log:
            return self
        twin = copy.copy(self)
        twin._log, twin._index = log, None
        return twin

    def search(self, query: Floats, k: int) -> Ints:
        """The rows of about the `k` closest vectors, in no order that counts."""
        index = self._index
        if index is None:
            index = self._index = self._loaded()
        _, rows = index.search(query[None, :], k)
        found: Ints = rows[0]
        return found[(found >= 0) & (found < self.n_vectors)]

    def extend(self, vectors: Callable[[int, int], Floats], n_vectors: int, generation: int, seq: int) -> None:
        """Hold the vectors up to `n_vectors`, a multiple of BLOCK; `vectors(start, end)` gives their rows."""
        held = self.n_vectors if self.usable(generation) else 0
        learnt_from = self._log.extra.get("learnt_from", 0) if held else 0
        if not held or n_vectors > RETRAIN_GROWTH * learnt_from:
            index, held, learnt_from = self._learn(vectors, n_vectors), 0, n_vectors
        else:
            index = self._empty()
        packed = []
        for start in range(held, n_vectors, _ENCODE_BLOCK):
            index.reset()
            index.add(np.ascontiguousarray(vectors(start, min(start + _ENCODE_BLOCK, n_vectors))))
            packed.append(_codes_of(index).reshape(-1, self._block_bytes))
        extra = {"vectors_generation": generation, "learnt_from": learnt_from}
        if held:
            self._log.append("packed", np.concatenate(packed))
            self._log.publish(seq, **extra)
        else:
            self._log.replace({"packed": np.concatenate(packed), "codebook": _codebook_of(index)}, seq, **extra)
        self._index = None

    def clear(self) -> None:
        """Hold nothing."""
        if self.n_vectors:
            self._log.clear()
        self._index = None

    def _learn(self, vectors: Callable[[int, int], Floats], n_vectors: int) -> Any:
        faiss = _faiss()
        # Slices from all over, so that the codebook knows late filings as well as early ones.
        n_slices = 16
        size = max(1, min(TRAIN_MAX, n_vectors) // n_slices)
        starts = np.linspace(0, n_vectors - size, n_slices).astype(int)
        sample = np.concatenate([vectors(start, start + size) for start in starts.tolist()])
        index = faiss.IndexPQFastScan(self._dim, self._n_parts, 4, faiss.METRIC_INNER_PRODUCT)
        index.train(np.ascontiguousarray(sample))
        return index

    def _empty(self) -> Any:
        faiss = _faiss()
        index = faiss.IndexPQFastScan(self._dim, self._n_parts, 4, faiss.METRIC_INNER_PRODUCT)
        codebook = np.ascontiguousarray(self._log["codebook"])
        if len(codebook) != index.pq.centroids.size():
            raise LibraryDamaged(f"{self._log.directory}: a codebook of {len(codebook)} numbers")
        faiss.copy_array_to_vector(codebook, index.pq.centroids)
        index.is_trained = True
        return index

    def _loaded(self) -> Any:
        faiss = _faiss()
        index = self._empty()
        faiss.copy_array_to_AlignedTable(np.ascontiguousarray(self._log["packed"]).reshape(-1), index.codes)
        index.ntotal = index.ntotal2 = self.n_vectors
        return index


def _n_parts(dim: int) -> int:
    """Sub-vectors of two numbers; of three or more where two does not divide the width."""
    return next(dim // size for size in (2, 3, 5, 7, 1) if dim % size == 0)


def _codes_of(index: Any) -> NDArray[np.uint8]:
    codes: NDArray[np.uint8] = _faiss().AlignedTable_to_array(index.codes)
    return codes


def _codebook_of(index: Any) -> Floats:
    codebook: Floats = _faiss().vector_to_array(index.pq.centroids)
    return codebook


def _faiss() -> Any:
    import os

    # OpenMP threads that wait actively starve whoever shares the cores (44 s against 0.5 s for a training).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import faiss

    return faiss
