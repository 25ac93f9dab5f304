"""What the indexes read of a filing: its chunks, the words of each, and the texts that become vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfsearch.encoding import Encoder
from perfsearch.model import Filing
from perfsearch.text.chunk import Chunk, chunk_filing, sentences
from perfsearch.text.segment import Segmenter

CONTEXT_IDENTITY = "context-1"
"""Names what `words_of` and `texts_of` add to a chunk; a library records it."""


@dataclass(frozen=True, slots=True)
class Passages:
    """A filing's chunks, and aligned with them the words of each and the texts that are encoded of each."""

    chunks: list[Chunk]
    words: list[list[str]]
    texts: list[list[str]]


def read_passages(filing: Filing, segmenter: Segmenter) -> Passages:
    """Cut a filing and segment its chunks."""
    chunks = chunk_filing(filing)
    name = segmenter.tokens(filing.project_name or "")
    return Passages(
        chunks,
        [_with_context(segmenter.tokens(chunk.text), name) for chunk in chunks],
        [texts_of(chunk) for chunk in chunks],
    )


def words_of(filing: Filing, text: str, segmenter: Segmenter) -> list[str]:
    """The words under which a chunk of this text is found."""
    return _with_context(segmenter.tokens(text), segmenter.tokens(filing.project_name or ""))


def _with_context(words: list[str], name: list[str]) -> list[str]:
    # A word of the project's name counts once where the passage does not have it, and not more where it has.
    own = set(words)
    return words + [word for word in dict.fromkeys(name) if word not in own]


def texts_of(chunk: Chunk) -> list[str]:
    """The sentences of a chunk, which become its vectors."""
    return [text for start, end in sentences(chunk.text) if (text := chunk.text[start:end].strip())]


def encode_passages(passages: Sequence[Passages], encoder: Encoder) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The vectors of all texts in one call, and for each the ordinal of its chunk among the chunks of all passages."""
    texts: list[str] = []
    owners: list[int] = []
    ordinal = 0
    for one in passages:
        for part in one.texts:
            texts.extend(part)
            owners.extend([ordinal] * len(part))
            ordinal += 1
    if not texts:
        return np.empty(0, dtype=np.int64), np.empty((0, encoder.dim), dtype=np.float32)
    return np.asarray(owners, dtype=np.int64), encoder.encode(texts, kind="passage")
