"""All indexes of one library, opened together: what each was made with, and in which order they become visible."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from perfsearch.encoding import Encoder
from perfsearch.errors import LibraryDamaged
from perfsearch.extract.fingerprints import GRAM, WINDOW
from perfsearch.indexes.catalog import Catalog
from perfsearch.indexes.fingerprints import FingerprintIndex
from perfsearch.indexes.headers import KeptHeaders
from perfsearch.indexes.indicators import IndicatorIndex
from perfsearch.indexes.lexical import LexicalIndex
from perfsearch.indexes.passages import CONTEXT_IDENTITY
from perfsearch.indexes.vector import VectorIndex
from perfsearch.text.chunk import CHUNKER
from perfsearch.text.segment import Segmenter


@dataclass(frozen=True, slots=True)
class Made:
    """What a library's indexes were made with: how words are cut, the encoder's name and the width of its vectors.

    `epoch` grows when chunks are numbered anew, so that an index of the old numbers is never taken for one of the new.
    """

    words: str
    encoder: str | None = None
    dim: int = 1
    epoch: int = 0

    @property
    def words_identity(self) -> str:
        """Identity of indexes that go by words and chunks."""
        return f"{self.words}/{self.epoch}"

    @property
    def meaning_identity(self) -> str:
        """Identity of indexes that go by vectors of chunks."""
        return f"{self.encoder}/{CHUNKER}/{CONTEXT_IDENTITY}/{self.epoch}"


def words_made_by(segmenter: Segmenter) -> str:
    """Names how this perfsearch cuts chunks and words."""
    return f"{segmenter.identity}/{CHUNKER}/{CONTEXT_IDENTITY}"


class Index(Protocol):
    """What every index is to whoever keeps it in step with the records."""

    @property
    def seq(self) -> int:
        """The last change of the records that it has read."""

    def renewed(self) -> Self:
        """This, or where something was published since, a copy that has taken it over."""

    def publish(self, seq: int) -> None:
        """Make what was kept visible to every reader."""

    def discard(self) -> None:
        """Forget what was kept and not published."""

    def clear(self) -> None:
        """Empty the index."""

    def verify(self) -> None:
        """Read everything and compare; raises LibraryDamaged."""

    def size_bytes(self) -> int:
        """Bytes on disk."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The indexes of one library as of one moment.

    Fields are in the order in which they are published. The catalog is last, because readers go by it: the others may
    have read further than it, never less far.
    """

    vectors: VectorIndex
    indicators: IndicatorIndex
    fingerprints: FingerprintIndex
    lexical: LexicalIndex
    catalog: Catalog
    headers: KeptHeaders
    """No index: what is read of the headers is kept here, so that a library opens at once."""

    @classmethod
    def open(
        cls,
        folder: Path,
        made: Made,
        encoder: Callable[[], Encoder],
        on_damage: Callable[[str], None] | None = None,
    ) -> Shelf:
        """Open every index below a folder; with `on_damage`, a damaged one is said to it and emptied (writers only).

        Raises:
            LibraryDamaged: an index is damaged, and `on_damage` is None.
        """

        def opened(name: str, make: Callable[[Path], Any]) -> Any:
            try:
                return make(folder / name)
            except LibraryDamaged as error:
                if on_damage is None:
                    raise
                on_damage(str(error))
                shutil.rmtree(folder / name, ignore_errors=True)
                return make(folder / name)

        return cls(
            opened("vectors", lambda path: VectorIndex(path, made.meaning_identity, made.dim)),
            opened("indicators", lambda path: IndicatorIndex(path, made.meaning_identity, made.dim, encoder)),
            opened("fingerprints", lambda path: FingerprintIndex(path, f"{GRAM}/{WINDOW}")),
            opened("lexical", lambda path: LexicalIndex(path, made.words_identity)),
            opened("catalog", lambda path: Catalog(path, made.words_identity)),
            KeptHeaders(folder / HEADERS),
        )

    def indexes(self) -> dict[str, Index]:
        """The indexes by name, in the order in which they are published."""
        return {name: getattr(self, name) for name in NAMES}

    def renewed(self) -> Shelf:
        """This, where the catalog has not changed (one stat); else the indexes as they are now."""
        catalog = self.catalog.renewed()
        if catalog is self.catalog:
            return self
        return Shelf(
            self.vectors.renewed(),
            self.indicators.renewed(),
            self.fingerprints.renewed(),
            self.lexical.renewed(),
            catalog,
            self.headers,
        )

    def is_current(self) -> bool:
        """Whether nobody has published anything in any index since these were opened."""
        return all(index.renewed() is index for index in self.indexes().values())

    def seqs(self) -> dict[str, int]:
        """How far each index has read."""
        return {name: index.seq for name, index in self.indexes().items()}


HEADERS = "headers"
NAMES = ("vectors", "indicators", "fingerprints", "lexical", "catalog")
