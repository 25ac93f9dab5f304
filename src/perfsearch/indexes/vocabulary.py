"""The words of a library by number: they get their numbers in the order in which they first occur."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ChunkWords:
    """The words of some chunks, one after the other, as places in a list of different words.

    `lengths` says how many words each chunk has. Filings that were read together share the list.
    """

    different: list[str]
    places: NDArray[np.int32]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, chunks: Sequence[Sequence[str]]) -> ChunkWords:
        """The words of these chunks."""
        return chunk_words([chunks])[0]


def chunk_words(groups: Sequence[Sequence[Sequence[str]]]) -> list[ChunkWords]:
    """The words of each group of chunks; the groups share one list of different words."""
    numbers = _Numbers()
    found = []
    for chunks in groups:
        flat = [word for words in chunks for word in words]
        places = np.fromiter(map(numbers.__getitem__, flat), dtype=np.int32, count=len(flat))
        found.append((places, np.asarray([len(words) for words in chunks], dtype=np.int64)))
    return [ChunkWords(numbers.fresh, places, lengths) for places, lengths in found]


class Vocabulary:
    """Words and their numbers; new ones are kept until `taken`. Not safe for two writers at once."""

    def __init__(self) -> None:
        self._numbers = _Numbers()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._numbers)

    def read(self, text: NDArray[np.uint8]) -> None:
        """Take over the words of a column of what `taken` gave, of which those before may be known already."""
        with self._lock:
            if len(text) <= self._n_bytes:
                return
            words = text[self._n_bytes :].tobytes().decode("utf-8", "surrogatepass").split("\n")[:-1]
            first = len(self._numbers)
            self._numbers.update(zip(words, range(first, first + len(words)), strict=True))
            self._n_bytes = len(text)

    def number(self, word: str) -> int | None:
        """The number of a word; None for one that never occurred."""
        return self._numbers.get(word)

    def containing(self, part: str) -> list[tuple[str, int]]:
        """The words that contain `part`, with their numbers."""
        # A copy of the items: another thread may read on meanwhile.
        return [(word, number) for word, number in list(self._numbers.items()) if part in word]

    def numbered(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The numbers of words, aligned; words that are new get the next ones."""
        return np.fromiter(map(self._numbers.__getitem__, words), dtype=np.int64, count=len(words))

    def taken(self) -> NDArray[np.uint8]:
        """The words that are new since this was asked last, as bytes to be written behind the others."""
        fresh, self._numbers.fresh = self._numbers.fresh, []
        payload = "".join(f"{word}\n" for word in fresh).encode("utf-8", "surrogatepass")
        self._n_bytes += len(payload)
        return np.frombuffer(payload, dtype=np.uint8)


class _Numbers(dict[str, int]):
    """Words to numbers; a word that is asked for by `[]` and is not there gets the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh: list[str] = []

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        self.fresh.append(word)
        return number
