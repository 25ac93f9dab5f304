"""The built-in kind of model: one vector a token, summed and normalised, read with tokenizers and numpy alone.

The folder is a sentence-transformers model (a StaticEmbedding and a Normalize module). Its `model.safetensors` holds
`embeddings` (vocabulary, dim) int8 and `weights` (vocabulary,) float32; the vector of token t is
`embeddings[t] * weights[t]`. sentence-transformers multiplies the two while loading, this module only for the tokens
that occur: the file is memory-mapped, so that one query reads a few pages of it. Large batches are split by `unigram`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.encoding.protocol import Kind
from perfsearch.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from perfsearch.encoding.unigram import BatchTokenizer

WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
# Large enough that the work of a batch hides Python's, small enough for a steady progress bar and little memory.
BATCH_SIZE = 2_000
# Above this many tokens in a call the whole table is widened to float32 once (67 MB, 50 ms) and kept; below it only
# the rows of the tokens that occur.
TABLE_TOKENS_MIN = 100_000
# Below this many tokens numpy's reduceat is used: importing scipy costs a cold search 0.1 to 0.2 s.
SPARSE_TOKENS_MIN = 20_000
# From this many texts on, over all calls, plain ones are split by numpy in step, in a third of the time: reading the
# pieces for that costs 0.2 s once, which 2,000 passages of 200 characters win back. A batch needs some texts for it.
IN_STEP_TEXTS_MIN = 2_000
IN_STEP_BATCH_MIN = 200
# Up to this many texts are split one after the other: a batch starts threads, which wait for each other on busy cores.
SINGLY_TEXTS_MAX = 4
_TYPES = {"I8": np.int8, "F32": np.float32, "F16": np.float16}


class StaticEncoder:
    """A static model read from its folder."""

    def __init__(self, folder: Path, label: str) -> None:
        """Open the folder; `label` is the model's part of the name.

        Raises:
            EncoderError: a file of the model is missing or damaged.
        """
        try:
            from tokenizers import Tokenizer

            self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            tensors, metadata = map_tensors(folder / WEIGHTS_FILE)
            self._codes, self._weights = tensors["embeddings"], tensors["weights"]
            self._name = f"{label}@{metadata['fingerprint']}"
        except Exception as error:  # tokenizers raises bare Exception for a missing or broken file
            raise EncoderError(
                f"the static model in {folder} can't be read ({error}); reinstall perfsearch or run `make model`"
            ) from error
        if self._codes.ndim != 2 or len(self._codes) != self._tokenizer.get_vocab_size():
            raise EncoderError(
                f"the static model in {folder} has {len(self._codes)} vectors for "
                f"{self._tokenizer.get_vocab_size()} tokens: its files are of different models"
            )
        self._table: NDArray[np.float32] | None = None
        self._in_step: BatchTokenizer | None = None
        self._texts_read = 0

    @property
    def name(self) -> str:
        """`label@fingerprint`; the fingerprint is of the weights and the tokenizer."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._codes.shape[1])

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: bool = False) -> NDArray[np.float32]:
        """(n_texts, dim) float32 rows of unit length, zeros for a text without a known token.

        Queries and passages are read alike: `kind` changes nothing.
        """
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        self._texts_read += len(texts)
        if self._in_step is None and self._texts_read >= IN_STEP_TEXTS_MIN and len(texts) >= IN_STEP_BATCH_MIN:
            self._in_step = self._read_in_step()
        for start in _batches(len(texts), progress):
            batch = list(texts[start : start + BATCH_SIZE])
            vectors[start : start + len(batch)] = self._encode_batch(batch)
        return vectors

    def _read_in_step(self) -> BatchTokenizer | None:
        from perfsearch.encoding.unigram import BatchTokenizer

        try:
            return BatchTokenizer(self._tokenizer)
        except ValueError:  # a tokenizer of another kind, in a folder that somebody else made
            return None

    def _encode_batch(self, texts: list[str]) -> NDArray[np.float32]:
        if self._in_step is None or len(texts) < IN_STEP_BATCH_MIN:
            return self._pooled(*self._tokens(texts))
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        plain = self._in_step.plain(texts)
        for rows, read in ((np.flatnonzero(plain), self._in_step.ids), (np.flatnonzero(~plain), self._tokens)):
            if len(rows):
                vectors[rows] = self._pooled(*read([texts[row] for row in rows]))
        return vectors

    def _tokens(self, texts: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(flat ids, starts): text i owns `ids[starts[i]:starts[i + 1]]`."""
        # A lone surrogate (from a badly decoded file) is not text to the tokenizer: it becomes a question mark.
        clean = [text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        if len(clean) <= SINGLY_TEXTS_MAX:
            lists = [self._tokenizer.encode(text, add_special_tokens=False).ids for text in clean]
        else:
            lists = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(clean, add_special_tokens=False)]
        starts = np.zeros(len(lists) + 1, dtype=np.int64)
        np.cumsum([len(ids) for ids in lists], out=starts[1:])
        return np.fromiter(chain.from_iterable(lists), dtype=np.int32, count=int(starts[-1])), starts

    def _pooled(self, ids: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
        positions, table = self._rows(ids)
        return _pool(positions, starts, table)

    def _rows(self, ids: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """(positions of the ids in a table, the table): all tokens for a large batch, those that occur for a small."""
        if self._table is None and len(ids) >= TABLE_TOKENS_MIN:
            self._table = self._widen(np.arange(len(self._codes)))
        if self._table is not None:
            return ids, self._table
        unique, positions = np.unique(ids, return_inverse=True)
        return positions.astype(np.int32), self._widen(unique)

    def _widen(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        wide: NDArray[np.float32] = self._codes[rows].astype(np.float32)
        wide *= self._weights[rows, None]
        return wide


def _pool(positions: NDArray[np.int32], starts: NDArray[np.int64], table: NDArray[np.float32]) -> NDArray[np.float32]:
    """The normalised sum of each text's rows: text i owns `positions[starts[i]:starts[i + 1]]`."""
    count = len(starts) - 1
    if len(positions) < SPARSE_TOKENS_MIN:
        sums = np.zeros((count, table.shape[1]), dtype=np.float32)
        filled = np.flatnonzero(np.diff(starts))
        if len(filled):
            sums[filled] = np.add.reduceat(table[positions], starts[filled], axis=0)
    else:
        from scipy.sparse import csr_matrix

        ones = np.ones(len(positions), dtype=np.float32)
        sums = np.asarray(csr_matrix((ones, positions, starts), shape=(count, len(table))) @ table)
    norms = np.sqrt(np.einsum("ij,ij->i", sums, sums))[:, None]
    vectors: NDArray[np.float32] = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
    return vectors


def _batches(count: int, progress: bool) -> Iterator[int]:
    starts = range(0, count, BATCH_SIZE)
    if not progress:
        return iter(starts)
    from tqdm import tqdm

    return iter(tqdm(starts, desc="encoding", unit="batch"))


def map_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """(tensors by name, metadata) of a safetensors file, memory-mapped: nothing is read before it is used.

    The format: 8 bytes little-endian length, a JSON header of that length, the tensors' bytes
    (https://github.com/huggingface/safetensors#format).
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 0 < size <= path.stat().st_size - 8:
            raise ValueError(f"{path.name} has no safetensors header")
        header = json.loads(file.read(size))
    metadata = header.pop("__metadata__", {})
    tensors: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        start, shape = 8 + size + entry["data_offsets"][0], tuple(entry["shape"])
        tensors[name] = np.memmap(path, dtype=_TYPES[entry["dtype"]], mode="r", offset=start, shape=shape)
    return tensors, metadata
