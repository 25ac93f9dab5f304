"""Keeps the indexes in step with the records: what was written is applied, what was missed is caught up with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from perfsearch.encoding import Encoder
from perfsearch.indexes.passages import Passages, encode_passages, read_passages
from perfsearch.indexes.shelf import NAMES, Shelf
from perfsearch.indexes.store import Store
from perfsearch.indexes.writing import Change, Stored
from perfsearch.text.segment import Segmenter

BATCH_FILINGS = 256
"""Changes that are read, segmented and encoded together."""
PUBLISH_FILINGS = 4_096
"""Filings after which a long catching-up is published, so that a crash does not lose it (about 20 s of work)."""

Progress = Callable[[int, "int | None"], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some changes in order: the filings that came, with what the indexes read of them, and what went."""

    added: Sequence[tuple[Stored, Passages]] = ()
    removed: Sequence[Change] = ()


class Updater:
    """Writes to the indexes of a shelf. Only under the library's lock."""

    def __init__(self, shelf: Shelf, encoder: Callable[[], Encoder], segmenter: Segmenter) -> None:
        self.shelf = shelf
        self._encoder = encoder
        self._segmenter = segmenter
        self._aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="perfsearch-encode")
        self._encoding: deque[tuple[NDArray[np.int64], Future[NDArray[np.float32]]]] = deque()

    def apply(self, batch: Batch, only: Collection[str] = NAMES) -> None:
        """Keep a batch for the next `publish`, in the indexes named; what an index knows already does no harm."""
        takers = {
            "vectors": self._into_vectors,
            "indicators": self._into_indicators,
            "fingerprints": self._into_fingerprints,
            "lexical": self._into_lexical,
            "catalog": self._into_catalog,
        }
        for name in only:
            takers[name](batch)

    def _into_vectors(self, batch: Batch) -> None:
        for is_encoded, group in groupby(batch.added, lambda pair: pair[1].vectors is not None):
            pairs = list(group)
            passages = [one for _, one in pairs]
            chunk_ids = np.concatenate([stored.first_chunk + one.owners for stored, one in pairs])
            if is_encoded:
                encoded: Future[NDArray[np.float32]] = Future()
                encoded.set_result(np.concatenate([one.vectors for one in passages if one.vectors is not None]))
            else:
                # Encoding is half of the work and leaves Python alone: it goes on beside the next batch.
                encoded = self._aside.submit(encode_passages, passages, self._encoder())
            self._encoding.append((chunk_ids, encoded))
            self._collect(waiting_max=2)
        self.shelf.vectors.remove([chunk_id for change in batch.removed for chunk_id in change.chunk_ids])

    def _collect(self, waiting_max: int) -> None:
        """Take over the vectors of the batches encoded first, until so many wait."""
        while len(self._encoding) > waiting_max:
            chunk_ids, encoded = self._encoding.popleft()
            self.shelf.vectors.append(chunk_ids, encoded.result())

    def _into_indicators(self, batch: Batch) -> None:
        self.shelf.indicators.append([stored for stored, _ in batch.added])

    def _into_fingerprints(self, batch: Batch) -> None:
        for stored, passages in batch.added:
            self.shelf.fingerprints.append(stored.filing_no, passages.fingerprints)
        self.shelf.fingerprints.remove([change.filing_no for change in batch.removed])

    def _into_lexical(self, batch: Batch) -> None:
        for stored, passages in batch.added:
            self.shelf.lexical.append(stored.first_chunk, passages.words)
        for change in batch.removed:
            self.shelf.lexical.remove(change.chunk_ids)

    def _into_catalog(self, batch: Batch) -> None:
        self.shelf.catalog.append([(stored, passages.chunks) for stored, passages in batch.added])
        self.shelf.catalog.remove([change.filing_no for change in batch.removed])

    def publish(self, seq: int, only: Collection[str] = NAMES) -> None:
        """Make what was kept visible, in the order of the shelf."""
        self._collect(waiting_max=0)
        for name, index in self.shelf.indexes().items():
            if name in only:
                index.publish(seq)

    def finish(self, store: Store) -> None:
        """Tidy up after the last `publish`: what took too long to do at each."""
        self.shelf.lexical.finish()
        known = self.shelf.catalog["filing_no"]
        if len(known):
            self.shelf.headers.keep(store.header_rows, int(known[-1]))

    def close(self) -> None:
        """End the thread that encodes."""
        self._aside.shutdown(wait=True, cancel_futures=True)

    def discard(self) -> None:
        """Forget what was kept and not published."""
        self._encoding.clear()
        for index in self.shelf.indexes().values():
            index.discard()

    def catch_up(self, store: Store, progress: Progress | None = None) -> None:
        """Read what the records hold beyond each index, in order."""
        seq = store.seq()
        for name, read in self.shelf.seqs().items():
            if read > seq:  # of other records than these
                self.shelf.indexes()[name].clear()
                self.shelf.headers.forget()
        stale = {name: read for name, read in self.shelf.seqs().items() if read != seq}
        # Indexes that stopped at the same change are caught up with together.
        for start in sorted(set(stale.values())):
            self._follow(store, start, [name for name in NAMES if stale.get(name) == start], progress)
        if stale:
            self.finish(store)

    def _follow(self, store: Store, after: int, only: Collection[str], progress: Progress | None) -> None:
        done = unpublished = 0
        total = store.count()
        while changes := store.changes(after, BATCH_FILINGS):
            added = store.stored([change.filing_no for change in changes if change.kind == "add"])
            removed = [change for change in changes if change.kind == "remove"]
            passages = read_passages([one.filing for one in added], self._segmenter)
            self.apply(Batch(list(zip(added, passages, strict=True)), removed), only)
            after = changes[-1].seq
            unpublished += len(added)
            done += len(added)
            if progress is not None:
                progress(min(done, total), total)
            if unpublished >= PUBLISH_FILINGS:
                self.publish(after, only)
                unpublished = 0
        self.publish(after, only)

    def build(self, store: Store, progress: Progress | None = None) -> dict[int, int]:
        """Fill empty indexes with every filing that stands, chunks numbered from 0; the chunks of each, by number.

        The numbers of chunks are not those of the records until these have taken them over.
        """
        counts: dict[int, int] = {}
        numbers = store.numbers()
        first = unpublished = 0
        for start in range(0, len(numbers), BATCH_FILINGS):
            added: list[tuple[Stored, Passages]] = []
            batch = store.stored(numbers[start : start + BATCH_FILINGS])
            for one, passages in zip(batch, read_passages([s.filing for s in batch], self._segmenter), strict=True):
                n_chunks = counts[one.filing_no] = len(passages.chunks)
                added.append((Stored(one.filing_no, first, n_chunks, one.filing, one.lineage), passages))
                first += n_chunks
            self.apply(Batch(added))
            unpublished += len(added)
            if unpublished >= PUBLISH_FILINGS:
                self.publish(0)
                unpublished = 0
            if progress is not None:
                progress(len(counts), len(numbers))
        self.publish(store.seq())
        self.finish(store)
        return counts
