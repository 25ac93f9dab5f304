"""The one door to a library directory: open, add, remove, ask, verify, rebuild, backup; the only writer."""

from __future__ import annotations

import builtins
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from perfsearch.errors import (
    EncoderError,
    LibraryDamaged,
    LibraryError,
    LibraryLocked,
    NotFound,
    UsageError,
)
from perfsearch.indexes.catalog import Catalog
from perfsearch.indexes.intake import Intake, Reception
from perfsearch.indexes.indicators import IndicatorIndex
from perfsearch.indexes.lexical import LexicalIndex
from perfsearch.indexes.lock import write_lock
from perfsearch.indexes.passages import CONTEXT_IDENTITY
from perfsearch.indexes.store import Store
from perfsearch.indexes.updating import CATALOG, INDICATORS, LEXICAL, VECTORS, Indexes
from perfsearch.indexes.vector import VectorIndex
from perfsearch.indexes.view import FilingCache, StaleViewError, View
from perfsearch.model import (
    AddReport,
    Filing,
    FilingSummary,
    Filters,
    PolicyPage,
    PolicyResult,
    Rejection,
    SearchResult,
)
from perfsearch.settings import Settings
from perfsearch.text.chunk import CHUNKER
from perfsearch.text.segment import Segmenter, default_segmenter

if TYPE_CHECKING:
    from perfsearch.encoding import Encoder

RECORDS_FILE = "records.db"
INDEXES_FOLDER = "indexes"
COMMIT_FILINGS = 64
"""Filings a commit; one is promised after each."""
PUBLISH_SECONDS = 5.0
"""During a long `add`, readers see what was added after at most so long."""
CATCH_UP_EVERY_SECONDS = 1.0
"""How often an open library looks whether a writer died between its records and its indexes."""
STALE_RETRIES = 40
STALE_WAIT_SECONDS = 0.05

Progress = Callable[[int, "int | None"], None]
_T = TypeVar("_T")
_log = logging.getLogger("perfsearch")


class Library:
    """A library directory, open. Safe to use from many threads; close it, or use it in a `with` block."""

    def __init__(self, directory: Path, store: Store, settings: Settings, encoder: Encoder | None, readonly: bool):
        """Use `Library.open`."""
        self.directory = directory
        self.settings = settings
        self.readonly = readonly
        self._store = store
        self._given_encoder = encoder
        self._encoder: Encoder | None = None
        self._segmenter: Segmenter = default_segmenter()
        self._cache = FilingCache()
        self._view: View | None = None
        self._view_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._indexes: Indexes | None = None
        self._looked = 0.0

    # -- open and close

    @classmethod
    def open(
        cls,
        directory: Path | str,
        create: bool = True,
        settings: Settings | None = None,
        encoder: Encoder | None = None,
        readonly: bool = False,
    ) -> Library:
        """Open the library in a directory; it is made where there is none, unless `create` is False or `readonly`.

        What a writer that was killed left undone is made up for, and a damaged index is made again from the records.

        Raises:
            NotFound: there is none, and none is to be made.
            LibraryVersion: a newer perfsearch made it.
            LibraryDamaged: its records can't be read.
        """
        directory = Path(directory)
        settings = settings or Settings()
        path = directory / RECORDS_FILE
        if not path.exists():
            if not create or readonly:
                raise NotFound(f"no library in {directory}: make one with `perfsearch add PATH...`")
            _make_directory(directory)
            with write_lock(directory, settings.lock_wait_seconds):
                Store(path).close()
        library = cls(directory, Store(path, create=False), settings, encoder, readonly)
        try:
            if library._identity_problem() is None:
                library.view()
        except BaseException:
            library.close()
            raise
        return library

    def close(self) -> None:
        """Let go of all files."""
        self._view = None
        self._indexes = None
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- identity: what the library was made with

    def _identity_problem(self) -> str | None:
        made_with = self._store.facts().get("segmenter")
        if made_with is None or made_with == self._segmenter_identity():
            return None
        return (
            f"{self.directory}: its words were cut with {made_with}, and this perfsearch cuts with "
            f"{self._segmenter_identity()}; `perfsearch rebuild` makes the indexes again"
        )

    def _segmenter_identity(self) -> str:
        return f"{self._segmenter.identity}/{CHUNKER}/{CONTEXT_IDENTITY}"

    @property
    def encoder(self) -> Encoder:
        """The encoder that made the library's vectors (for an empty library: that will make them).

        Raises:
            EncoderError: it can't be loaded, or the one given on opening is another.
        """
        with self._view_lock:
            if self._encoder is None:
                self._encoder = self._find_encoder()
            return self._encoder

    def _find_encoder(self) -> Encoder:
        from perfsearch.encoding import load_encoder

        recorded = self._store.facts().get("encoder")
        found = self._given_encoder or load_encoder(recorded)
        if recorded is not None and found.name != recorded:
            raise EncoderError(
                f"{self.directory}: its vectors are of {recorded}, not of {found.name}; `perfsearch rebuild --model "
                f"{found.name}` makes them again"
            )
        return found

    # -- reading

    def view(self) -> View:
        """Records and indexes as they are now, for one query; costs microseconds where nothing has changed.

        Raises:
            LibraryError: the library was made with another segmenter.
            LibraryDamaged: an index is damaged and could not be made again.
        """
        with self._view_lock:
            self._look_for_orphans()
            if self._view is not None:
                try:
                    catalog = self._view.catalog.renewed()
                    if catalog is self._view.catalog:
                        return self._view
                    old = self._view
                    self._view = self._make_view(
                        catalog, old.lexical.renewed(), old.vectors.renewed(), old.indicators.renewed()
                    )
                    return self._view
                except LibraryDamaged as error:  # made anew meanwhile, or really damaged
                    _log.info("opening the indexes again: %s", error)
            self._view = self._open_view()
            return self._view

    def _look_for_orphans(self) -> None:
        """Catch up with records that no index has read, if whoever wrote them is no longer at it."""
        now = time.monotonic()
        if self._view is not None and now - self._looked < CATCH_UP_EVERY_SECONDS:
            return
        self._looked = now
        catalog = self._view.catalog.renewed() if self._view is not None else None
        if catalog is not None and catalog.seq == self._store.seq():
            return
        if catalog is None and self._peek_seq() == self._store.seq():
            return
        try:
            with self._writing(wait_seconds=0.0):
                pass
        except LibraryLocked:
            return  # a living writer does it
        except LibraryError as error:
            if not self.readonly:
                raise
            _log.warning("the indexes are behind the records and could not be brought up to date: %s", error)

    def _peek_seq(self) -> int:
        try:
            found = self._open_indexes_to_read()
        except LibraryDamaged:
            return -1
        return min(index.seq for index in found)

    def _open_indexes_to_read(self) -> tuple[Catalog, LexicalIndex, VectorIndex, IndicatorIndex]:
        identity, encoder_identity, dim = self._identities()
        folder = self.directory / INDEXES_FOLDER
        return (
            Catalog(folder / CATALOG, identity),
            LexicalIndex(folder / LEXICAL, identity),
            VectorIndex(folder / VECTORS, encoder_identity, dim),
            IndicatorIndex(folder / INDICATORS, encoder_identity, dim, lambda: self.encoder),
        )

    def _identities(self) -> tuple[str, str, int]:
        facts = self._store.facts()
        epoch = facts.get("epoch", "0")
        encoder = facts.get("encoder", "none")
        return (
            f"{self._segmenter_identity()}/{epoch}",
            f"{encoder}/{CHUNKER}/{CONTEXT_IDENTITY}/{epoch}",
            int(facts.get("dim", "1")),
        )

    def _open_view(self) -> View:
        problem = self._identity_problem()
        if problem is not None:
            raise LibraryError(problem)
        try:
            return self._make_view(*self._open_indexes_to_read())
        except LibraryDamaged as error:
            _log.warning("%s; making it again from the records", error)
        with self._writing(self.settings.lock_wait_seconds):
            pass
        return self._make_view(*self._open_indexes_to_read())

    def _make_view(
        self, catalog: Catalog, lexical: LexicalIndex, vectors: VectorIndex, indicators: IndicatorIndex
    ) -> View:
        return View(
            self._store,
            catalog,
            lexical,
            vectors,
            indicators,
            lambda: self.encoder,
            self._segmenter,
            self.settings,
            self._cache,
        )

    def _ask(self, question: Callable[[View], _T]) -> _T:
        """Put a question to a view, and to a fresh one where a filing went away under it."""
        for _ in range(STALE_RETRIES):
            try:
                return question(self.view())
            except StaleViewError:
                time.sleep(STALE_WAIT_SECONDS)
        return question(self.view())

    # -- questions

    def search(self, query: str, *, filters: Filters | None = None, **options: Any) -> SearchResult:
        """Filings or passages that answer a query, best first; see `perfsearch.queries.search.search`."""
        from perfsearch.queries.search import search

        narrowed, rest = _split(filters, options)
        return self._ask(lambda view: search(view, query, filters=narrowed, **rest))

    def similar(self, draft: Filing | str | Path, *, filters: Filters | None = None, **options: Any) -> SearchResult:
        """Filings like a stored filing (its id), a draft file (its path), or a filing at hand.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
            InputError: the file holds no filing.
        """
        from perfsearch.queries.similar import similar

        narrowed, rest = _split(filters, options)
        filing = draft if isinstance(draft, Filing) else self._draft(draft)
        return self._ask(lambda view: similar(view, filing, filters=narrowed, **rest))

    def policies(self, query: str | None = None, limit: int = 20, offset: int = 0) -> PolicyResult:
        """Cited policies that match a title, a short name or a number; most cited first without a query."""
        from perfsearch.queries.policies import policies

        return self._ask(lambda view: policies(view, query, limit, offset))

    def policy(self, policy: str, limit: int = 100, offset: int = 0) -> PolicyPage:
        """One policy, named by id, number, title or short name: who cites it, where, since when, with what.

        Raises:
            NotFound: no policy of that name is cited or known.
        """
        from perfsearch.queries.policies import policy as ask

        return self._ask(lambda view: ask(view, policy, limit, offset))

    def _draft(self, draft: str | Path) -> Filing:
        if isinstance(draft, str):
            try:
                return self.get(draft)
            except NotFound:
                if not os.path.exists(draft):
                    raise NotFound(f"{draft!r} is neither the id of a filing here nor a file", "id") from None
        from perfsearch.parsing import parse_file

        return parse_file(Path(draft), self.settings)[0]

    def list(
        self, *, filters: Filters | None = None, limit: int | None = None, offset: int = 0, **conditions: Any
    ) -> list[FilingSummary]:
        """Headers of the filings, newest fiscal year first."""
        narrowed, rest = _split(filters, conditions)
        _no_more(rest)
        if narrowed is None or narrowed.of_filings().is_empty():
            return self._store.listed(None, limit, offset)
        numbers = self._ask(lambda view: view.filing_nos(narrowed)).tolist()
        return self._store.listed(numbers, limit, offset)

    def count(self, *, filters: Filters | None = None, **conditions: Any) -> int:
        """How many filings the filters let through."""
        narrowed, rest = _split(filters, conditions)
        _no_more(rest)
        if narrowed is None or narrowed.of_filings().is_empty():
            return self._store.count()
        return len(self._ask(lambda view: view.filing_nos(narrowed)))

    def get(self, filing_id: str) -> Filing:
        """A filing as it stands.

        Raises:
            NotFound: there is none of that id.
        """
        return self._store.get(filing_id)

    def versions(self, filing_id: str) -> builtins.list[Filing]:
        """All versions of a filing, newest first.

        Raises:
            NotFound: there is none of that id.
        """
        return self._store.versions(filing_id)

    # -- writing

    @contextmanager
    def _writing(self, wait_seconds: float | None = None) -> Iterator[Indexes]:
        """The indexes, in step with the records, under the lock; what fails half-way is forgotten.

        Raises:
            LibraryLocked: another process is writing.
        """
        wait = self.settings.lock_wait_seconds if wait_seconds is None else wait_seconds
        with self._write_lock, write_lock(self.directory, wait):
            try:
                indexes = self._indexes
                if indexes is None or not indexes.is_current():
                    indexes = self._indexes = self._open_indexes()
                indexes.catch_up(self._store)
                yield indexes
            except BaseException:
                if self._indexes is not None:
                    self._indexes.discard()
                    self._indexes = None
                raise

    def _open_indexes(self) -> Indexes:
        problem = self._identity_problem()
        if problem is not None:
            raise LibraryError(problem)
        facts = self._store.facts()
        missing = {}
        if "segmenter" not in facts:
            missing["segmenter"] = self._segmenter_identity()
        if "encoder" not in facts:
            missing["encoder"], missing["dim"] = self.encoder.name, str(self.encoder.dim)
        if missing:
            with self._store.write() as writing:
                for key, value in missing.items():
                    writing.set_fact(key, value)
        identity, encoder_identity, dim = self._identities()
        return Indexes(
            self.directory / INDEXES_FOLDER,
            identity,
            encoder_identity,
            lambda: self.encoder,
            dim,
            self._segmenter,
            lambda message: _log.warning("%s; making it again from the records", message),
        )

    def _check_writable(self) -> None:
        if self.readonly:
            raise UsageError(f"{self.directory}: this library was opened to be read only")

    def add(self, paths: Iterable[Path | str] | Path | str, progress: Progress | None = None) -> AddReport:
        """Read files, folders and archives into the library; what is reported is on disk and can be found.

        `progress(done, total or None)` is called after every commit with the filings that are safe on disk.

        Raises:
            LibraryLocked: another process is writing.
            LibraryError: the disk is full, or the library can't be written; what was reported before stands.
        """
        from perfsearch.parsing import iter_inputs

        given = [paths] if isinstance(paths, str | Path) else paths
        rejected: builtins.list[Rejection] = []

        def filings() -> Iterator[Filing]:
            for parsed in iter_inputs(given, self.settings):
                rejected.extend(parsed.rejections)
                yield from parsed.filings

        report = self.add_filings(filings(), progress)
        return report.model_copy(update={"rejected": (*rejected, *report.rejected)})

    def add_filings(self, filings: Iterable[Filing], progress: Progress | None = None) -> AddReport:
        """The same for filings at hand."""
        self._check_writable()
        counts = {"added": 0, "updated": 0, "unchanged": 0}
        ids: builtins.list[str] = []
        rejected: builtins.list[Rejection] = []
        with self._writing() as indexes:
            reception = Reception(self._store, self._segmenter)
            published = time.monotonic()
            seq: int | None = None
            waiting: builtins.list[Filing] = []
            for filing, last in _with_last(filings):
                if filing is not None:
                    problem = _unstorable(filing)
                    if problem is None:
                        waiting.append(filing)
                    else:
                        rejected.append(Rejection(path=filing.source.path or filing.source.file, reason=problem))
                while waiting and (last or len(waiting) >= COMMIT_FILINGS):
                    intakes = reception.receive(waiting)
                    del waiting[: len(intakes)]
                    seq = self._store_batch(intakes, indexes) or seq
                    for intake in intakes:
                        counts[_outcome(intake)] += 1
                        ids.append(intake.filing_id)
                    if progress is not None:
                        progress(len(ids), None)
                    if seq is not None and time.monotonic() - published > PUBLISH_SECONDS:
                        indexes.publish(seq)
                        published, seq = time.monotonic(), None
            if seq is not None:
                indexes.publish(seq)
            indexes.finish()
        return AddReport(**counts, filings=tuple(ids), rejected=tuple(rejected))

    def _store_batch(self, intakes: Sequence[Intake], indexes: Indexes) -> int | None:
        """Commit one batch and hand it to the indexes; the number of its last change, None where it changed nothing."""
        fresh = [(one.record, one.passages) for one in intakes if one.record is not None and one.passages is not None]
        if not fresh:
            return None
        with self._store.write() as writing:
            before = writing.seq
            stored = writing.add([record for record, _ in fresh])
            seq = writing.seq
        replaced = [change for change in self._store.changes(before, seq - before) if change.kind == "remove"]
        indexes.apply([(one, passages) for one, (_, passages) in zip(stored, fresh, strict=True)], replaced)
        return seq

    def remove(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Take filings and all their versions out of the library; the ids that were removed.

        Raises:
            NotFound: one of them is not in the library; then nothing is removed.
        """
        self._check_writable()
        with self._writing() as indexes:
            standing = self._store.standing(ids)
            for filing_id in ids:
                if filing_id not in standing:
                    raise NotFound(f"no filing {filing_id!r} in this library; nothing was removed", "id")
            with self._store.write() as writing:
                before = writing.seq
                removed = writing.remove(list(dict.fromkeys(ids)))
                seq = writing.seq
            indexes.apply([], self._store.changes(before, seq - before))
            indexes.publish(seq)
            indexes.finish()
        return tuple(removed)


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"{directory}: the library can't be made ({error.strerror})") from error


def _with_last(filings: Iterable[Filing]) -> Iterator[tuple[Filing | None, bool]]:
    """Each filing, then (None, True)."""
    for filing in filings:
        yield filing, False
    yield None, True


def _outcome(intake: Intake) -> str:
    if intake.record is None:
        return "unchanged"
    return "updated" if intake.replaces else "added"


def _unstorable(filing: Filing) -> str | None:
    try:
        filing.model_dump_json()
    except ValueError as error:  # half of a surrogate pair, from a badly decoded file
        return f"its text is no text ({error})"
    return None


def _split(filters: Filters | None, options: dict[str, Any]) -> tuple[Filters | None, dict[str, Any]]:
    """Conditions given by name joined to the filters, and the options that are none."""
    named = {name: value for name, value in options.items() if name in Filters.model_fields}
    rest = {name: value for name, value in options.items() if name not in named}
    if named:
        base = filters.model_dump() if filters is not None else {}
        try:
            filters = Filters(**{**base, **named})
        except ValueError as error:
            raise UsageError(f"filters: {error}") from error
    return filters, rest


def _no_more(options: dict[str, Any]) -> None:
    if options:
        raise UsageError(f"unknown condition {next(iter(options))!r}")
