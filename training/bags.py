"""Texts as bags of token ids, and their pooled vectors: the arithmetic shared by training and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer


@dataclass(frozen=True)
class Bags:
    """Token ids of many texts in one row: text i is `ids[starts[i]:starts[i + 1]]`."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def chosen(self, rows: NDArray[np.int64]) -> Bags:
        """The chosen texts as bags of their own."""
        ids, offsets = self.select(rows)
        return Bags(ids.astype(np.int32), np.append(offsets, len(ids)))

    def select(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(flat ids, offsets) of the chosen texts, as `torch.nn.EmbeddingBag` takes them."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        positions = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths) + np.repeat(self.starts[rows], lengths)
        return self.ids[positions].astype(np.int64), offsets[:-1]


def tokenise(tokenizer: Tokenizer, texts: Sequence[str], batch_size: int = 20_000) -> Bags:
    """The bags of the texts, in their order."""
    parts: list[NDArray[np.int32]] = []
    lengths: list[int] = []
    for start in range(0, len(texts), batch_size):
        encodings = tokenizer.encode_batch_fast(list(texts[start : start + batch_size]), add_special_tokens=False)
        lists = [encoding.ids for encoding in encodings]
        lengths.extend(map(len, lists))
        parts.append(np.array([token for ids in lists for token in ids], dtype=np.int32))
    ids = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    return Bags(ids, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


def pool(bags: Bags, table: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n_texts, dim) float32 rows of unit length: the sum of each bag's token vectors, normalised."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(bags.ids), dtype=np.float32)
    matrix = csr_matrix((ones, bags.ids, bags.starts), shape=(len(bags), len(table)))
    vectors = np.asarray(matrix @ table, dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors
