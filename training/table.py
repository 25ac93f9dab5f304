"""The first table: each token's vector is the mean of the teacher's vectors of its glosses, times its SIF weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.bags import Bags

Glosses = Mapping[str, Sequence[tuple[str, float]]]


def gloss_vectors(
    glosses: Glosses, senses: Sequence[str], vectors: NDArray[np.float16]
) -> tuple[list[str], NDArray[np.float32]]:
    """(words, their mean gloss vectors), centred on the mean of all senses."""
    place = {sense: index for index, sense in enumerate(senses)}
    centred = vectors.astype(np.float32)
    centred -= centred.mean(axis=0)
    words = list(glosses)
    rows = np.zeros((len(words), centred.shape[1]), dtype=np.float32)
    for index, word in enumerate(words):
        found = glosses[word]
        weights = np.array([weight for _, weight in found], dtype=np.float32)
        rows[index] = weights @ centred[[place[sense] for sense, _ in found]] / weights.sum()
    return words, rows


def sif_weights(bags: Bags, size: int, a: float = 3e-4) -> NDArray[np.float32]:
    """a / (a + p) of each token id over the bags (Arora et al. 2017): frequent tokens say little."""
    counts = np.bincount(bags.ids, minlength=size).astype(np.float64)
    return np.asarray(a / (a + counts / counts.sum()), dtype=np.float32)


def first_table(
    tokenizer: Tokenizer, words: Sequence[str], vectors: NDArray[np.float32], weights: NDArray[np.float32], seed: int
) -> NDArray[np.float32]:
    """(vocabulary, dim) float32: gloss vectors where there are some, else composed of the parts, else faint noise."""
    size, dim = tokenizer.get_vocab_size(), vectors.shape[1]
    known = {word: vectors[index] for index, word in enumerate(words)}
    lowered = {word.lower(): vector for word, vector in known.items()}
    rng = np.random.default_rng(seed)
    table = np.zeros((size, dim), dtype=np.float32)
    for token, index in tokenizer.get_vocab().items():
        vector = known.get(token)
        if vector is None:
            vector = lowered.get(token)
        if vector is None and len(token) > 1:
            vector = _compose(token, known)
        if vector is None:
            vector = 0.2 / np.sqrt(dim) * rng.standard_normal(dim)
        factor = 0.15 if len(token) == 1 and not token.isalpha() else 1.0  # digits and punctuation
        table[index] = vector * weights[index] * factor
    table[0] = 0.0
    return table


def _compose(token: str, known: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32] | None:
    """The mean over the longest known parts, from the left; None where no part is known."""
    parts: list[NDArray[np.float32]] = []
    start = 0
    while start < len(token):
        for end in range(len(token), start, -1):
            if token[start:end] in known:
                parts.append(known[token[start:end]])
                start = end
                break
        else:
            start += 1
    return np.mean(parts, axis=0) if parts else None
