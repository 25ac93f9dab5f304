"""BM25 over chunks: tantivy finds the best of all of them, the forward index scores any of them exactly."""

from __future__ import annotations

import copy
import os
import shutil
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes.forward import Forward
from perfsearch.indexes.segments import check_segments, remove_leftovers

EXACT_CHUNKS_MAX = 2_000
"""Up to so many allowed chunks are all scored exactly (1 ms), instead of asking tantivy."""
FILING_SET_MAX = 3_000
"""Up to so many allowed filings are named to tantivy (1 ms); more are sorted out of a longer list of hits."""
HITS_MAX = 50_000
"""The longest list of hits that tantivy is asked for when many are sorted out."""
WRITER_HEAP_BYTES = 64_000_000

Terms = Sequence[tuple[str, float]] | Sequence[str]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class LexicalIndex:
    """The lexical index of one library; `identity` names the segmenter and chunker that made it.

    Raises:
        LibraryDamaged: a file of it can't be read, or was made with another segmenter.
    """

    def __init__(self, directory: Path, identity: str) -> None:
        self._directory = directory / "tantivy"
        self._forward = Forward(directory, identity)
        self._schema = _schema()
        self._index: Any = None
        self._searcher: Any = None
        self._writer: Any = None
        self._bound: int | None = None
        self._links: _Links | None = None
        if self._forward.log.seq:
            self._open()

    def _open(self) -> None:
        import tantivy

        if not self._directory.exists() and self._forward.log.seq:
            raise LibraryDamaged(f"{self._directory}: the index is missing")
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._forward.log.seq:
            check_segments(self._directory, deep=False)
        path = self._directory
        if not os.access(path, os.W_OK):
            self._links = _Links(path)
            path = self._links.path
        try:
            self._index = tantivy.Index(self._schema, path=str(path), reuse=True)
            self._index.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
            self._index.config_reader("manual")
            self._index.reload()
            self._searcher = self._index.searcher()
        except (ValueError, OSError) as error:
            raise LibraryDamaged(f"{self._directory}: can't be read ({error})") from error

    @property
    def seq(self) -> int:
        """The last change of the records that the index has read."""
        return self._forward.log.seq

    @property
    def forward(self) -> Forward:
        """The words of every chunk."""
        return self._forward

    @property
    def n_chunks(self) -> int:
        """Chunks that stand and hold at least one word."""
        return self._forward.n_chunks

    @property
    def mean_length(self) -> float:
        """Mean number of words of a chunk."""
        return self._forward.mean_length

    def doc_freq(self, term: str) -> int:
        """In how many chunks a term stands."""
        return self._forward.doc_freq(term)

    def idf(self, term: str) -> float:
        """The weight of a term, as BM25 takes it; 0 where no chunk has it."""
        return self._forward.idf(term)

    def refresh(self) -> bool:
        """Take over what another process has published since; whether there was anything."""
        if not self._forward.refresh():
            return False
        self._reload()
        return True

    def renewed(self) -> LexicalIndex:
        """This, or where something was published since, a copy that has taken it over; this stays as it is."""
        forward = self._forward.renewed()
        if forward is self._forward:
            return self
        twin = copy.copy(self)
        twin._forward, twin._writer = forward, None
        twin._reload()
        return twin

    def bounded(self, n_chunks: int) -> LexicalIndex:
        """A copy that finds no chunk from that id on: what the catalog does not know yet."""
        twin = copy.copy(self)
        twin._bound = n_chunks
        return twin

    def _reload(self) -> None:
        if self._index is None or self._links is not None:
            self._open()
        else:
            self._index.reload()
            self._searcher = self._index.searcher()

    # -- searching

    def search(
        self, terms: Terms, k: int, allowed: Ints | None = None, filings: Ints | None = None
    ) -> tuple[Ints, Floats]:
        """The best `k` chunks for weighted terms: ids int64 and exact BM25 scores float32, best first.

        `allowed` are the only chunks to look at (ascending ids); `filings`, if given with it, the filings that all of
        them belong to. Tantivy's own ranking (its k1 is 1.2 and its lengths are rounded) chooses the hits, exact BM25
        orders them.
        """
        weighted = _weighted(terms)
        if not weighted or self._searcher is None or k <= 0:
            return _nothing()
        if allowed is None:
            found = self._hits(self._query(weighted), k)
        elif len(allowed) <= EXACT_CHUNKS_MAX:
            found = allowed
        else:
            found = self._hits_among(weighted, k, allowed, filings)
        scores = self._forward.score_pool(weighted, found)
        return _best(found, scores, k)

    def score_pool(self, terms: Terms, chunk_ids: Ints) -> Floats:
        """Exact BM25 (rank-bm25's Okapi, statistics of the whole library) of each chunk; (n,) float32."""
        return self._forward.score_pool(_weighted(terms), chunk_ids)

    def _query(self, weighted: Sequence[tuple[str, float]]) -> Any:
        from tantivy import Occur, Query

        clauses = []
        for term, weight in weighted:
            query = Query.term_query(self._schema, "body", term, index_option="freq")
            clauses.append((Occur.Should, query if weight == 1.0 else Query.boost_query(query, weight)))
        return Query.boolean_query(clauses)

    def _hits(self, query: Any, limit: int) -> Ints:
        try:
            hits = self._searcher.search(query, limit, count=False).hits
            addresses = [address for _, address in hits]
            values = self._searcher.fast_field_values("chunk_id", addresses)
        except BaseException as error:
            # A garbled file makes tantivy panic, which comes as a class of its own below BaseException.
            if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
                raise
            raise LibraryDamaged(f"{self._directory}: can't be searched ({error})") from error
        found = np.asarray(values, dtype=np.int64)
        # Ahead of the columns is only what another process is about to publish.
        return found[found < (self._forward.n_rows if self._bound is None else self._bound)]

    def _hits_among(self, weighted: Sequence[tuple[str, float]], k: int, allowed: Ints, filings: Ints | None) -> Ints:
        from tantivy import Occur, Query

        query = self._query(weighted)
        wanted = np.zeros(max(self._forward.n_rows, int(allowed[-1]) + 1), dtype=np.bool_)
        wanted[allowed] = True
        share = len(allowed) / max(1, self._forward.n_rows)
        if filings is not None and len(filings) <= FILING_SET_MAX:
            named = Query.const_score_query(Query.term_set_query(self._schema, "filing_no", filings.tolist()), 0.0)
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, named)])
            share = 0.5  # of these filings' chunks, at least: only the section can sort out more
        limit = min(HITS_MAX, int(k / share * 1.5) + 10)
        while True:
            hits = self._hits(query, limit)
            found = hits[wanted[hits]]
            if len(found) >= k or len(hits) < limit or limit >= HITS_MAX:
                return found[: max(k, 1)]
            limit = min(HITS_MAX, limit * 4)

    # -- writing (under the library's lock)

    def append(self, filing_no: int, first_chunk: int, chunks: Sequence[Sequence[str]]) -> None:
        """Keep the words of a filing's chunks for the next `publish`; repeating a filing does no harm."""
        from tantivy import Document

        writer = self._begin()
        # A crash between the two halves of the index leaves documents that the forward half does not know.
        writer.delete_documents_by_term("filing_no", filing_no)
        for chunk_id, words in enumerate(chunks, first_chunk):
            if words:
                writer.add_document(Document(body=" ".join(words), chunk_id=chunk_id, filing_no=filing_no))
        self._forward.append(first_chunk, chunks)

    def remove(self, filing_no: int, chunk_ids: Iterable[int]) -> None:
        """Keep a filing's removal for the next `publish`; repeating it does no harm."""
        self._begin().delete_documents_by_term("filing_no", filing_no)
        self._forward.remove(chunk_ids)

    def publish(self, seq: int) -> None:
        """Make what was kept visible to every reader."""
        if self._writer is not None:
            try:
                self._writer.commit()
            except (ValueError, OSError) as error:
                raise LibraryDamaged(f"{self._directory}: can't be written ({error})") from error
        self._forward.publish(seq)
        self._reload()

    def finish(self) -> None:
        """Let tantivy's merges end and go of its writer; after the last `publish`."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()
            self._reload()

    def discard(self) -> None:
        """Forget what was kept and not published."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.rollback()
        self._forward.discard()

    def clear(self) -> None:
        """Empty the index."""
        self.discard()
        self._index = self._searcher = None
        self._forward.clear()
        shutil.rmtree(self._directory, ignore_errors=True)

    def verify(self) -> None:
        """Read everything and compare.

        Raises:
            LibraryDamaged: something is not what was written.
        """
        self._forward.verify()
        if self._searcher is not None:
            check_segments(self._directory, deep=True)
            if self._searcher.num_docs != self.n_chunks:
                raise LibraryDamaged(
                    f"{self._directory}: holds {self._searcher.num_docs} chunks where {self.n_chunks} were written"
                )

    def size_bytes(self) -> int:
        """Bytes of the files."""
        files = self._directory.iterdir() if self._directory.exists() else ()
        return self._forward.size_bytes() + sum(_size(path) for path in files)

    def _begin(self) -> Any:
        if self._index is None:
            if not self._forward.n_rows:
                shutil.rmtree(self._directory, ignore_errors=True)
            self._open()
        if self._writer is None:
            remove_leftovers(self._directory)
            try:
                self._writer = self._index.writer(heap_size=WRITER_HEAP_BYTES, num_threads=1)
            except (ValueError, OSError) as error:
                raise LibraryDamaged(f"{self._directory}: can't be written ({error})") from error
        return self._writer


class _Links:
    """A folder of links to the files of one that can't be written: tantivy wants a lock file of its own to read."""

    def __init__(self, directory: Path) -> None:
        self.path = Path(mkdtemp(prefix="perfsearch-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        for path in directory.iterdir():
            if path.suffix != ".lock":
                (self.path / path.name).symlink_to(path.absolute())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # merged away meanwhile
        return 0


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body", stored=False, tokenizer_name="words", index_option="freq")
    # add_unsigned_field makes deletes do nothing.
    builder.add_integer_field("chunk_id", stored=False, indexed=False, fast=True)
    builder.add_integer_field("filing_no", stored=False, indexed=True, fast=False)
    return builder.build()


def _weighted(terms: Terms) -> list[tuple[str, float]]:
    return [(term, 1.0) if isinstance(term, str) else term for term in terms]


def _nothing() -> tuple[Ints, Floats]:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)


def _best(chunk_ids: Ints, scores: Floats, k: int) -> tuple[Ints, Floats]:
    """The best k that any term matches, best first; the lower id first where scores are equal."""
    order = np.lexsort((chunk_ids, -scores))[:k]
    order = order[scores[order] != 0]
    return chunk_ids[order], scores[order]
