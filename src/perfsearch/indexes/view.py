"""What a query sees: records and indexes of one moment, and the questions that all queries ask of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from perfsearch.encoding import Encoder
from perfsearch.errors import LibraryError
from perfsearch.indexes.bodies import Leaf
from perfsearch.indexes.headers import HeaderRow, Headers, KeptHeaders
from perfsearch.indexes.identity import Lines, applicant_key, core_name
from perfsearch.indexes.passages import texts_of
from perfsearch.indexes.shelf import Shelf
from perfsearch.indexes.store import Store
from perfsearch.model import Filing, FilingSummary, Filters
from perfsearch.settings import Settings
from perfsearch.text.chunk import Chunk
from perfsearch.text.segment import Segmenter
from perfsearch.text.thesaurus import widen

KEPT_FILINGS = 512
"""Filings kept ready in memory, about 30 KB each."""
KEPT_FILTERS = 16
"""Filters whose chunks a view keeps (8 bytes each): the pages and facets of an answer ask for the same ones."""
SINGLE_CHARACTER_WORDS = 20
"""Words that a query of one character stands for: the most frequent ones that contain it."""
THESAURUS_WEIGHT = 0.6
"""Of an official term beside the everyday word of the query that it stands for (see training/LOG.md)."""

Ints = NDArray[np.int64]
T = TypeVar("T")
WeightedTerms = tuple[tuple[str, float], ...]


class StaleViewError(LibraryError):
    """A filing of the view was removed while the query ran: ask again of a fresh view."""


class _Asked(Protocol):
    @property
    def terms(self) -> tuple[str, ...]: ...

    @property
    def normalized(self) -> str: ...

    @property
    def spans(self) -> tuple[tuple[str, int, int], ...]: ...


@dataclass(frozen=True, slots=True)
class ChunkRecord:
    """A chunk with its text and the filing that it is of: `text` is `[start:end]` of the filing's section."""

    chunk_id: int
    filing_no: int
    section: str
    start: int
    end: int
    text: str
    filing: Leaf


class Recent(Generic[T]):
    """What was asked for last, by filing number. What stands under a number never changes, so nothing goes stale."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._found: OrderedDict[int, T] = OrderedDict()

    def get(self, numbers: Sequence[int], load: Callable[[list[int]], dict[int, T]]) -> dict[int, T]:
        """These filings, the missing ones by `load`."""
        found: dict[int, T] = {}
        with self._lock:
            for number in numbers:
                if number in self._found:
                    self._found.move_to_end(number)
                    found[number] = self._found[number]
        missing = [number for number in dict.fromkeys(numbers) if number not in found]
        if missing:
            loaded = load(missing)
            found.update(loaded)
            with self._lock:
                self._found.update(loaded)
                while len(self._found) > self._size:
                    self._found.popitem(last=False)
        return found


class Memory:
    """What is carried from view to view of one library: the filings used last, and the headers of all."""

    def __init__(self, size: int = KEPT_FILINGS) -> None:
        self.filings: Recent[Filing] = Recent(size)
        self.leaves: Recent[Leaf] = Recent(size)
        self._headers_lock = threading.Lock()
        self._headers: Headers | None = None

    def headers(self, kept: KeptHeaders, read_after: Callable[[int], Iterable[HeaderRow]]) -> Headers:
        """All headers: those that were read before, or are kept, joined by what `read_after(last number)` gives."""
        with self._headers_lock:
            known = kept.read() if self._headers is None else self._headers
            self._headers = known.joined(read_after(known.last))
            return self._headers


class View:
    """Records and indexes as of change `seq`; safe to use from many threads.

    Chunk ids and filing numbers are int64 arrays throughout. A number never used again names one version of a filing.
    """

    def __init__(
        self,
        store: Store,
        shelf: Shelf,
        encoder: Callable[[], Encoder],
        segmenter: Segmenter,
        settings: Settings,
        memory: Memory,
    ) -> None:
        self.store = store
        self.shelf = shelf
        self.catalog = shelf.catalog
        self.lexical = shelf.lexical.bounded(shelf.catalog.n_chunks)
        self.vectors = shelf.vectors.bounded(shelf.catalog.n_chunks)
        self.indicators = shelf.indicators
        self.fingerprints = shelf.fingerprints
        self.segmenter = segmenter
        self.settings = settings
        self._encoder = encoder
        self._memory = memory
        self._allowed: dict[Filters, Ints] = {}

    @property
    def seq(self) -> int:
        """The last change of the library that the view shows; it names the library's state."""
        return self.catalog.seq

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder that made the library's vectors, loaded when it is first asked for."""
        return self._encoder()

    @property
    def n_filings(self) -> int:
        """Filings that stand."""
        return self.catalog.n_filings

    # -- chunks and filings

    def filing_of(self, chunk_ids: Ints) -> Ints:
        """The filing number of each chunk, aligned."""
        return self.catalog.filing_of(chunk_ids)

    def chunks(self, chunk_ids: Ints) -> list[ChunkRecord]:
        """Chunks with their texts, aligned with the ids.

        Raises:
            StaleViewError: a filing was removed meanwhile.
        """
        numbers = self.filing_of(chunk_ids).tolist()
        sections = self.catalog.section_of(chunk_ids)
        starts = self.catalog["chunk_start"][chunk_ids].tolist()
        ends = self.catalog["chunk_end"][chunk_ids].tolist()
        leaves = self._memory.leaves.get(numbers, self.store.leaves)
        found = []
        for chunk_id, number, section, start, end in zip(
            np.asarray(chunk_ids).tolist(), numbers, sections, starts, ends, strict=True
        ):
            leaf = leaves.get(number)
            if leaf is None:
                raise StaleViewError("the library changed while it was asked; ask again")
            text = leaf.section_text(section)[start:end]
            found.append(ChunkRecord(chunk_id, number, section, start, end, text, leaf))
        return found

    def filing(self, filing_no: int) -> Filing:
        """A filing by its number.

        Raises:
            StaleViewError: it was removed meanwhile.
        """
        return self._filings([filing_no])[filing_no]

    def filings(self, filing_nos: Sequence[int]) -> list[Filing]:
        """Filings, aligned with the numbers.

        Raises:
            StaleViewError: one was removed meanwhile.
        """
        found = self._filings(filing_nos)
        return [found[number] for number in filing_nos]

    def _filings(self, numbers: Sequence[int]) -> dict[int, Filing]:
        found = self._memory.filings.get(numbers, self.store.filings)
        if any(number not in found for number in numbers):
            raise StaleViewError("the library changed while it was asked; ask again")
        return found

    def summaries(self, filing_nos: Ints) -> list[FilingSummary]:
        """Headers of filings, aligned with the numbers.

        Raises:
            StaleViewError: a filing was removed meanwhile.
        """
        numbers = np.asarray(filing_nos).tolist()
        found = self.store.summaries(list(dict.fromkeys(numbers)))
        try:
            return [found[number] for number in numbers]
        except KeyError:
            raise StaleViewError("the library changed while it was asked; ask again") from None

    def filing_no(self, filing_id: str) -> int | None:
        """The number of the filing of that id as the view knows it; None where there is none."""
        found = self.store.find_number(filing_id)
        return found if found is not None and self.catalog.knows(np.asarray([found]))[0] else None

    @cached_property
    def headers(self) -> Headers:
        """The names and amounts of all filings, for the lanes; numbers of removed filings may be among them."""
        return self._memory.headers(self.shelf.headers, self._headers_after)

    def _headers_after(self, filing_no: int) -> Iterator[HeaderRow]:
        """The headers of the view's filings with greater numbers, ascending."""
        known = self.catalog["filing_no"]
        last = int(known[-1]) if len(known) else 0
        return (row for row in self.store.header_rows(filing_no) if row.filing_no <= last)

    def with_id(self, filing_id: str) -> Ints:
        """The filing of that id, as numbers of filings: one or none."""
        found = self.filing_no(filing_id)
        return np.asarray([] if found is None else [found], dtype=np.int64)

    def with_year(self, year: int) -> Ints:
        """Filings of that fiscal year."""
        numbers: Ints = self.catalog["filing_no"][self.catalog["fiscal_year"] == year].astype(np.int64)
        return numbers

    # -- narrowing

    def filing_nos(self, filters: Filters) -> Ints:
        """Numbers of the filings that the conditions on filings hold for, ascending."""
        citing = self.store.citing(filters.cites) if filters.cites is not None else None
        return self.catalog.filing_nos(filters, citing)

    def allowed_chunks(self, filters: Filters) -> Ints | None:
        """Ids of the chunks that the filters let through, ascending; None where nothing is narrowed."""
        if filters.is_empty():
            return None
        found = self._allowed.get(filters)
        if found is None:
            narrowed = filters.of_filings()
            filings = None if narrowed.is_empty() else self.filing_nos(narrowed)
            found = self.catalog.chunks_of(filings, filters.section)
            if len(self._allowed) >= KEPT_FILTERS:
                self._allowed.clear()
            self._allowed[filters] = found
        return found

    def chunks_of(self, filing_nos: Ints) -> Ints:
        """Ids of all chunks of these filings, ascending."""
        return self.catalog.chunks_of(filing_nos, None)

    def section_chunks(self, filing_nos: Ints, section: str) -> Ints:
        """Ids of these filings' chunks of one section, ascending."""
        return self.catalog.chunks_of(filing_nos, section)

    def chunk_ranges(self, filing_nos: Ints) -> tuple[Ints, Ints]:
        """The first chunk id of each filing and the one behind its last, aligned."""
        rows = np.searchsorted(self.catalog["filing_no"], filing_nos)
        first = self.catalog["first_chunk"][rows].astype(np.int64)
        return first, first + self.catalog["n_chunks"][rows]

    def header_chunks(self, filing_nos: Ints) -> Ints:
        """Ids of the first chunk of these filings' headers, ascending."""
        return self.section_chunks(filing_nos, "header")

    def citing_number(self, code: str, year: int, number: int) -> Ints:
        """Filings that cite the document `code〔year〕number号`; `code` may have a word too many in front."""
        found = [
            filing_no
            for filing_no, text in self.store.document_numbers(year, number)
            if code.endswith(text.split("〔")[0]) or text.split("〔")[0].endswith(code)
        ]
        numbers = np.unique(np.asarray(found, dtype=np.int64))
        return numbers[self.catalog.knows(numbers)]

    # -- words, vectors, lineage

    def tokens(self, text: str) -> list[str]:
        """The search tokens of a text, as the library cuts them."""
        return self.segmenter.tokens(text)

    def query_terms(self, question: _Asked, *, exact: bool = False) -> tuple[WeightedTerms, WeightedTerms]:
        """The words of a question with their weights, and the words they were widened by.

        A question of one character is widened by the words that contain it, any other by the official terms of its
        everyday words; neither if `exact`.
        """
        own = tuple((term, 1.0) for term in question.terms)
        if exact or not own:
            return own, ()
        if len(own) != 1 or len(own[0][0]) != 1:
            official = widen(question.spans, question.normalized)
            asked = {term for term, _ in own}
            return own, tuple(
                (term, THESAURUS_WEIGHT) for term in official if term not in asked and self.lexical.doc_freq(term)
            )
        wider = self.lexical.terms_with(own[0][0], SINGLE_CHARACTER_WORDS)
        return own, tuple((term, 0.5) for term in wider if term != own[0][0])

    def encode_chunks(self, filing: Filing, chunks: Sequence[Chunk]) -> NDArray[np.float32]:
        """One vector of unit length a chunk, (n_chunks, dim): of the same texts as the library's vectors."""
        texts = [texts_of(filing, chunk) for chunk in chunks]
        counts = np.asarray([len(part) for part in texts], dtype=np.int64)
        vectors = np.zeros((len(chunks), self.encoder.dim), dtype=np.float32)
        flat = [text for part in texts for text in part]
        if not flat:
            return vectors
        filled = np.flatnonzero(counts)
        bounds = (np.cumsum(counts) - counts)[filled]
        sums = np.add.reduceat(self.encoder.encode(flat, kind="passage"), bounds, axis=0)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        vectors[filled] = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
        return vectors

    def lineage_of(self, filing: Filing) -> str | None:
        """The line of the same applicant's same project that the library knows, if any."""
        applicant, name = applicant_key(filing), core_name(filing.project_name)
        if not applicant or not name:
            return None
        return Lines(self.store.lineages([applicant]).get(applicant)).find(name)
