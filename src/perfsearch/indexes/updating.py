"""Keeps the indexes in step with the records: what was written is applied, what was missed is caught up with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from perfsearch.encoding import Encoder
from perfsearch.errors import LibraryDamaged
from perfsearch.indexes.catalog import Catalog
from perfsearch.indexes.indicators import IndicatorIndex
from perfsearch.indexes.lexical import LexicalIndex
from perfsearch.indexes.passages import Passages, encode_passages, read_passages
from perfsearch.indexes.store import Change, Store, Stored
from perfsearch.indexes.vector import VectorIndex
from perfsearch.text.segment import Segmenter

BATCH_FILINGS = 256
"""Filings that are read, segmented and encoded together."""
PUBLISH_FILINGS = 4_096
"""Filings after which a long catching-up is published, so that a crash does not lose it (about 20 s of work)."""

_Index = TypeVar("_Index", Catalog, LexicalIndex, VectorIndex, IndicatorIndex)

CATALOG, LEXICAL, VECTORS, INDICATORS = "catalog", "lexical", "vectors", "indicators"
ALL = (CATALOG, LEXICAL, VECTORS, INDICATORS)


class Indexes:
    """The indexes as one writer has them open. Only under the library's lock."""

    def __init__(
        self,
        directory: Path,
        identity: str,
        encoder_identity: str,
        encoder: Callable[[], Encoder],
        dim: int,
        segmenter: Segmenter,
        on_damage: Callable[[str], None],
    ) -> None:
        """Open the indexes; a damaged one is emptied, said to `on_damage`, and will be caught up with."""
        self._encoder = encoder
        self._segmenter = segmenter
        self.catalog = _open_or_empty(directory / CATALOG, lambda path: Catalog(path, identity), on_damage)
        self.lexical = _open_or_empty(directory / LEXICAL, lambda path: LexicalIndex(path, identity), on_damage)
        self.vectors = _open_or_empty(
            directory / VECTORS, lambda path: VectorIndex(path, encoder_identity, dim), on_damage
        )
        self.indicators = _open_or_empty(
            directory / INDICATORS, lambda path: IndicatorIndex(path, encoder_identity, dim, encoder), on_damage
        )

    def apply(
        self, added: Sequence[tuple[Stored, Passages]], removed: Iterable[Change], only: Sequence[str] | None = None
    ) -> None:
        """Keep filings and removals for the next `publish`, in the indexes named in `only` (None: in all)."""
        wanted = ALL if only is None else only
        removed = list(removed)
        if CATALOG in wanted:
            self.catalog.append([(stored, passages.chunks) for stored, passages in added])
            self.catalog.remove([change.filing_no for change in removed])
        if LEXICAL in wanted:
            for stored, passages in added:
                self.lexical.append(stored.filing_no, stored.first_chunk, passages.words)
            for change in removed:
                self.lexical.remove(change.filing_no, change.chunk_ids)
        if VECTORS in wanted:
            if added:
                owners, vectors = encode_passages([passages for _, passages in added], self._encoder())
                chunk_ids = np.concatenate(
                    [np.arange(s.first_chunk, s.first_chunk + s.n_chunks, dtype=np.int64) for s, _ in added]
                )
                self.vectors.append(chunk_ids[owners], vectors)
            self.vectors.remove([chunk_id for change in removed for chunk_id in change.chunk_ids])
        if INDICATORS in wanted:
            self.indicators.append([stored for stored, _ in added])

    def publish(self, seq: int, only: Sequence[str] | None = None) -> None:
        """Make what was kept visible. The catalog comes last: readers go by it."""
        wanted = ALL if only is None else only
        if VECTORS in wanted:
            self.vectors.publish(seq)
        if INDICATORS in wanted:
            self.indicators.publish(seq)
        if LEXICAL in wanted:
            self.lexical.publish(seq)
        if CATALOG in wanted:
            self.catalog.publish(seq)

    def finish(self) -> None:
        """Let background work end."""
        self.lexical.finish()

    def discard(self) -> None:
        """Forget what was kept and not published."""
        self.catalog.discard()
        self.lexical.discard()
        self.vectors.discard()
        self.indicators.discard()

    def is_current(self) -> bool:
        """Whether nobody has published anything since these were opened."""
        return (
            self.catalog.renewed() is self.catalog
            and self.lexical.renewed() is self.lexical
            and self.vectors.renewed() is self.vectors
            and self.indicators.renewed() is self.indicators
        )

    def stale(self, seq: int) -> dict[str, int]:
        """The indexes that have not read up to `seq`, and how far each has."""
        read = {
            CATALOG: self.catalog.seq,
            LEXICAL: self.lexical.seq,
            VECTORS: self.vectors.seq,
            INDICATORS: self.indicators.seq,
        }
        return {name: value for name, value in read.items() if value != seq}

    def catch_up(self, store: Store, progress: Callable[[int, int | None], None] | None = None) -> None:
        """Read what the records hold beyond each index, in order; what an index knows already does no harm."""
        seq = store.seq()
        stale = self.stale(seq)
        if not stale:
            return
        for name, read in stale.items():
            if read > seq:  # of records that were restored from a backup
                getattr(self, name).clear()
        # Indexes that stopped at the same change are caught up with together.
        stale = self.stale(seq)
        done = 0
        total = store.count()
        for start in sorted(set(stale.values())):
            only = [name for name, read in stale.items() if read == start]
            after, unpublished = start, 0
            while changes := store.changes(after, BATCH_FILINGS):
                added = store.stored([change.filing_no for change in changes if change.kind == "add"])
                removed = [change for change in changes if change.kind == "remove"]
                self.apply([(stored, read_passages(stored.filing, self._segmenter)) for stored in added], removed, only)
                after = changes[-1].seq
                unpublished += len(added)
                done += len(added)
                if progress is not None:
                    progress(min(done, total), total)
                if unpublished >= PUBLISH_FILINGS:
                    self.publish(after, only)
                    unpublished = 0
            self.publish(after, only)
        self.finish()


def _open_or_empty(directory: Path, make: Callable[[Path], _Index], on_damage: Callable[[str], None]) -> _Index:
    try:
        return make(directory)
    except LibraryDamaged as error:
        on_damage(str(error))
        shutil.rmtree(directory, ignore_errors=True)
        return make(directory)
