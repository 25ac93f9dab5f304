"""The one door to a library directory: open, add, remove, ask, verify, rebuild, backup; the only writer."""

from __future__ import annotations

import builtins
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from perfsearch.errors import LibraryDamaged, NotFound, UsageError
from perfsearch.indexes.care import read_backup, write_backup
from perfsearch.indexes.intake import Intake, Reception
from perfsearch.indexes.keeper import RECORDS_FILE, Keeper
from perfsearch.indexes.preparation import Preparation
from perfsearch.indexes.reports import LibraryStats, OwnWords, VerifyReport
from perfsearch.indexes.updating import Batch, Progress, Updater
from perfsearch.indexes.view import StaleViewError, View
from perfsearch.model import (
    CONDITIONS,
    AddReport,
    CitationGraph,
    ClusterReport,
    DuplicateReport,
    Filing,
    FilingSummary,
    Filters,
    MissingResult,
    PolicyPage,
    PolicyResult,
    ReadCitations,
    RejectedResult,
    Rejection,
    SearchResult,
    named_conditions,
)
from perfsearch.model.facets import Facets
from perfsearch.model.indicators import FilingDiff, IndicatorResult, ProjectHistory
from perfsearch.model.review import ReviewReport
from perfsearch.settings import Settings

if TYPE_CHECKING:
    from perfsearch.encoding import Encoder
    from perfsearch.indexes.ledger import FileProgress, Tally

COMMIT_FILINGS = 64
"""Filings a commit; they are safe after each."""
PUBLISH_SECONDS = 5.0
"""During a long `add`, readers see what was added after at most so long."""
STALE_RETRIES = 40
STALE_WAIT_SECONDS = 0.05
"""A removal is committed some 50 ms before the indexes have it; a query that meets it in between asks again."""
LIKE_FILINGS = 20
"""Past projects whose legal bases a draft's are compared with."""

_T = TypeVar("_T")


class Library:
    """A library directory, open. Safe to use from many threads; close it, or use it in a `with` block."""

    def __init__(self, keeper: Keeper, readonly: bool) -> None:
        """Use `Library.open`."""
        self._keeper = keeper
        self.readonly = readonly

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
        `encoder` is the one for a new library (else the built-in one), and must be the one that made an old one.

        Raises:
            NotFound: there is none, and none is to be made.
            LibraryVersion: a newer perfsearch made it.
            LibraryDamaged: its records can't be read.
        """
        keeper = Keeper(Path(directory), settings or Settings(), encoder, create and not readonly)
        try:
            # A library of another segmenter opens too, so that it can be rebuilt; asking it says so.
            if keeper.foreign_words() is None:
                keeper.view()
        except BaseException:
            keeper.close()
            raise
        return cls(keeper, readonly)

    @property
    def directory(self) -> Path:
        """Where the library lies."""
        return self._keeper.directory

    @property
    def settings(self) -> Settings:
        """The settings it was opened with."""
        return self._keeper.settings

    @property
    def encoder(self) -> Encoder:
        """The encoder that makes the library's vectors, loaded when it is first asked for.

        Raises:
            EncoderError: it can't be loaded, or the one given on opening is another.
        """
        return self._keeper.encoder

    def close(self) -> None:
        """Let go of all files."""
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def view(self) -> View:
        """Records and indexes as they are now, for one query; costs microseconds where nothing has changed.

        Raises:
            LibraryError: the library was made with another segmenter.
            LibraryDamaged: an index is damaged and could not be made again.
        """
        return self._keeper.view()

    def _ask(self, question: Callable[[View], _T]) -> _T:
        """Put a question to a view; to a fresh one where a filing, or an index, went away under it."""
        for attempt in range(STALE_RETRIES):
            try:
                return question(self.view())
            except StaleViewError:
                time.sleep(STALE_WAIT_SECONDS)
            except LibraryDamaged:
                if attempt == 0:  # another process made the indexes anew
                    self._keeper.forget_view()
                elif attempt > 1 or not self.verify().repaired:
                    raise
        return question(self.view())

    # -- questions

    def search(
        self,
        query: str,
        limit: int = 10,
        offset: int = 0,
        mode: str = "hybrid",
        by: str = "filing",
        *,
        filters: Filters | None = None,
        **options: Any,
    ) -> SearchResult:
        """Filings or passages that answer a query, best first; see `perfsearch.queries.search.search`."""
        from perfsearch.queries.search import search

        narrowed, rest = _split(filters, options)
        asked = {"limit": limit, "offset": offset, "mode": mode, "by": by, **rest}
        return self._ask(lambda view: search(view, query, filters=narrowed, **asked))

    def similar(
        self,
        draft: Filing | str | Path,
        limit: int = 10,
        offset: int = 0,
        *,
        filters: Filters | None = None,
        **options: Any,
    ) -> SearchResult:
        """Filings like a stored filing (its id), a draft file (its path), or a filing at hand.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
            InputError: the file holds no filing.
        """
        from perfsearch.queries.similar import similar

        narrowed, rest = _split(filters, options)
        filing = self._draft(draft)
        return self._ask(lambda view: similar(view, filing, limit=limit, offset=offset, filters=narrowed, **rest))

    def indicators(
        self,
        query: str | None = None,
        like: Filing | str | Path | None = None,
        *,
        filters: Filters | None = None,
        **options: Any,
    ) -> IndicatorResult:
        """Indicators that answer a query and the sets they stand in; with `like` (id, path, filing) what a draft lacks.

        Raises:
            NotFound: `like` is neither the id of a filing nor a file.
            UsageError: both a query and a draft are given, or an option is out of bounds.
        """
        from perfsearch.queries.indicators import find_indicators
        from perfsearch.queries.recommending import recommend

        narrowed, rest = _split(filters, options)
        if like is None:
            return self._ask(lambda view: find_indicators(view, query, filters=narrowed, **rest))
        if query is not None:
            raise UsageError("indicators: give a query or a draft (like), not both", "like")
        _no_more(rest)
        draft = self._draft(like)
        return self._ask(lambda view: recommend(view, draft))

    def diff(self, a: Filing | str | Path, b: Filing | str | Path) -> FilingDiff:
        """What differs between two filings' header, amounts and indicator trees."""
        from perfsearch.queries.diff import diff_filings

        return diff_filings(self._draft(a), self._draft(b))

    def history(self, filing: Filing | str | Path) -> ProjectHistory:
        """One project over the years: its indicators, and what changed from each year to the next.

        Raises:
            NotFound: the library knows no other year of it.
        """
        from perfsearch.queries.diff import project_history

        draft = self._draft(filing)
        return self._ask(lambda view: project_history(view, draft))

    def review(self, path: Filing | str | Path, *, details: bool = True) -> ReviewReport:
        """Everything a reviewer checks in a draft, all filings of its file; `path` may also be the id of a filing.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
            InputError: the file holds no filing.
            UsageError: the settings switch off a rule that does not exist.
        """
        name, filings = self._drafts(path)
        return self.review_filings(filings, name, details=details)

    def review_filings(self, filings: Sequence[Filing], name: str, *, details: bool = True) -> ReviewReport:
        """The same for the filings of one file at hand; without `details`, only what the rules need is looked up."""
        from perfsearch.queries.review import review

        off = self.settings.rules_off_names()
        return self._ask(lambda view: review(view, filings, name, off=off, details=details))

    def duplicates(self, draft: Filing | str | Path, min_length: int = 15, **options: Any) -> DuplicateReport:
        """Text that a filing (its id), a draft file (its path) or a filing at hand shares with others and with itself.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
            UsageError: `min_length` is out of bounds.
        """
        from perfsearch.queries.duplicates import duplicates

        filing = self._draft(draft)
        return self._ask(lambda view: duplicates(view, filing, min_length, **options))

    def duplicate_clusters(
        self, threshold: float = 0.3, progress: Callable[[int, int], None] | None = None
    ) -> ClusterReport:
        """Clusters of filings that share text; a pass that was broken off goes on where it stopped.

        Raises:
            UsageError: the threshold is out of bounds.
        """
        from perfsearch.queries.duplicates_clusters import clusters

        checkpoint = None if self.readonly else self.directory / "clusters.partial.npz"
        return self._ask(lambda view: clusters(view, threshold, checkpoint=checkpoint, progress=progress))

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

    def facets(self, query: str | None = None, *, filters: Filters | None = None, mode: str = "hybrid") -> Facets:
        """How the filings that answer a query, or that the filters let through, spread over years, names and amounts."""
        from perfsearch.queries.facets import facets

        return self._ask(lambda view: facets(view, query, filters=filters, mode=mode))

    def citation_graph(
        self, *, policy: str | None = None, applicant: str | None = None, limit: int = 20
    ) -> CitationGraph:
        """What is cited around a policy, or by an applicant.

        Raises:
            NotFound: no such policy, or no filing of such an applicant cites one.
            UsageError: not just one of the two is named.
        """
        from perfsearch.queries.citations import applicant_graph, policy_graph

        if policy is not None and applicant is None:
            return self._ask(lambda view: policy_graph(view, policy, limit))
        if applicant is not None and policy is None:
            return self._ask(lambda view: applicant_graph(view, applicant, limit))
        raise UsageError("a citation graph is of a policy or of an applicant: name one of the two", "policy")

    def read_citations(self, text: str, fiscal_year: int | None = None) -> ReadCitations:
        """The mentions of policies in a text, each with the policy that it means, or with candidates.

        Raises:
            UsageError: the text is too long.
        """
        from perfsearch.queries.citations import read_citations

        return self._ask(lambda view: read_citations(view, text, fiscal_year))

    def missing_policies(self, draft: Filing | str | Path, limit: int = 10) -> MissingResult:
        """Policies that past projects like a filing or draft cite and it does not, with the sentence of one of them.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
        """
        from perfsearch.queries.policies import missing_policies

        filing = self._draft(draft)
        ids = [hit.filing_id for hit in self.similar(filing, limit=LIKE_FILINGS).hits]
        return self._ask(lambda view: missing_policies(view, filing, ids, limit))

    def _drafts(self, draft: Filing | str | Path) -> tuple[str, builtins.list[Filing]]:
        """What a draft is called, and all its filings: a file may hold several."""
        if isinstance(draft, Filing):
            return draft.source.file, [draft]
        if isinstance(draft, str) and not os.path.exists(draft):
            return draft, [self._draft(draft)]
        from perfsearch.parsing import parse_file

        return str(draft), parse_file(Path(draft), self.settings)

    def _draft(self, draft: Filing | str | Path) -> Filing:
        if isinstance(draft, Filing):
            return draft
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
            return self._keeper.store.listed(None, limit, offset)
        numbers = self._ask(lambda view: view.filing_nos(narrowed)).tolist()
        return self._keeper.store.listed(numbers, limit, offset)

    def count(self, *, filters: Filters | None = None, **conditions: Any) -> int:
        """How many filings the filters let through."""
        narrowed, rest = _split(filters, conditions)
        _no_more(rest)
        if narrowed is None or narrowed.of_filings().is_empty():
            return self._keeper.store.count()
        return len(self._ask(lambda view: view.filing_nos(narrowed)))

    def get(self, filing_id: str) -> Filing:
        """A filing as it stands.

        Raises:
            NotFound: there is none of that id.
        """
        return self._keeper.store.get(filing_id)

    def versions(self, filing_id: str) -> builtins.list[Filing]:
        """All versions of a filing, newest first.

        Raises:
            NotFound: there is none of that id.
        """
        return self._keeper.store.versions(filing_id)

    # -- writing

    def _check_writable(self) -> None:
        if self.readonly:
            raise UsageError(f"{self.directory}: this library was opened to be read only")

    def add(
        self,
        paths: Iterable[Path | str] | Path | str,
        progress: Progress | None = None,
        *,
        on_file: Callable[[FileProgress], None] | None = None,
        again: bool = False,
    ) -> AddReport:
        """Read files, folders and archives into the library, by as many processes as the settings say.

        `progress(done, total or None)` is called after every commit, and while files are waited for, with the filings
        that are safe on disk; `on_file` after every file and every commit. A file in a folder that is as it was when it was read before
        is passed over, unless `again`: an `add` that was broken off goes on where it stopped. What could not be read is
        remembered (`rejected`).

        Raises:
            LibraryLocked: another process is writing.
            LibraryError: the disk is full, or the library can't be written; what was reported before stands.
            ReadersError: no process can be started to read files.
        """
        from perfsearch.indexes.ledger import Ledger
        from perfsearch.parsing import iter_inputs

        self._check_writable()
        given = [paths] if isinstance(paths, str | Path) else builtins.list(paths)
        with self._keeper.writing() as updater:
            self._keeper.store.files.prepare()
            ledger = Ledger(self._keeper.store, self.settings, on_file, again)

            def waiting() -> None:
                if progress is not None:
                    progress(ledger.n_stored, None)

            with closing(iter_inputs(given, self.settings, memory=ledger, waiting=waiting)) as inputs:
                self._take(ledger.filings(inputs), ledger, updater, progress)
        return ledger.report()

    def add_filings(self, filings: Iterable[Filing], progress: Progress | None = None) -> AddReport:
        """The same for filings at hand."""
        from perfsearch.indexes.ledger import Tally

        self._check_writable()
        tally = Tally()

        def storable() -> Iterator[Filing]:
            for filing in filings:
                problem = _unstorable(filing)
                if problem is None:
                    yield filing
                else:
                    tally.rejected.append(Rejection(path=filing.source.path or filing.source.file, reason=problem))

        with self._keeper.writing() as updater:
            self._take(storable(), tally, updater, progress)
        return tally.report()

    def _take(self, filings: Iterable[Filing], tally: Tally, updater: Updater, progress: Progress | None) -> None:
        """Store filings in their order, some a commit."""
        keeper = self._keeper
        waiting: builtins.list[Filing] = []
        published, seq = time.monotonic(), None
        with Preparation(keeper.segmenter, lambda: keeper.encoder) as preparation:
            reception = Reception(keeper.store, preparation)
            for filing, last in _with_last(preparation.ahead(filings)):
                if filing is not None:
                    waiting.append(filing)
                while waiting and (last or len(waiting) >= COMMIT_FILINGS):
                    intakes = reception.receive(waiting[:COMMIT_FILINGS])
                    del waiting[: len(intakes)]
                    seq = self._store(intakes, updater) or seq
                    tally.store(intakes)
                    if progress is not None:
                        progress(tally.n_stored, None)
                    if seq is not None and time.monotonic() - published > PUBLISH_SECONDS:
                        updater.publish(seq)
                        published, seq = time.monotonic(), None
        if seq is not None:
            updater.publish(seq)
        tally.finish()
        updater.finish(self._keeper.store)

    # -- what could not be read

    def rejected(self, limit: int | None = None, offset: int = 0, below: str | None = None) -> RejectedResult:
        """What `add` could not take and has not taken since, newest first; of a file or folder only with `below`."""
        book = self._keeper.store.files
        return RejectedResult(total=book.count_rejected(below), rejected=tuple(book.rejected(limit, offset, below)))

    def retry_rejected(
        self,
        below: str | None = None,
        progress: Progress | None = None,
        on_file: Callable[[FileProgress], None] | None = None,
    ) -> AddReport:
        """Read again what could not be taken; what can be now is forgotten, and so is what is gone."""
        found = dict.fromkeys(one.file for one in self.rejected(below=below).rejected)
        return self.add(builtins.list(found), progress, on_file=on_file, again=True)

    def forget_rejected(self, below: str | None = None) -> int:
        """Forget what could not be taken; how many documents that were."""
        self._check_writable()
        found = self.rejected(below=below).rejected
        with self._keeper.writing():
            self._keeper.store.files.forget(builtins.list(dict.fromkeys(one.file for one in found)))
        return len(found)

    def _store(self, intakes: Sequence[Intake], updater: Updater) -> int | None:
        """Commit one batch, then hand it to the indexes; the number of its last change, None where nothing changed."""
        fresh = [(one.record, one.passages) for one in intakes if one.record is not None and one.passages is not None]
        if not fresh:
            return None
        store = self._keeper.store
        with store.write() as writing:
            before = writing.seq
            stored = writing.add([record for record, _ in fresh])
            seq = writing.seq
        replaced = [change for change in store.changes(before, seq - before) if change.kind == "remove"]
        added = [(one, passages) for one, (_, passages) in zip(stored, fresh, strict=True)]
        updater.apply(Batch(added, replaced))
        return seq

    def remove(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Take filings and all their versions out of the library; the ids that were removed.

        Raises:
            NotFound: one of them is not in the library; then nothing is removed.
        """
        self._check_writable()
        store = self._keeper.store
        with self._keeper.writing() as updater:
            standing = store.standing(ids)
            for filing_id in ids:
                if filing_id not in standing:
                    raise NotFound(f"no filing {filing_id!r} in this library; nothing was removed", "id")
            with store.write() as writing:
                before = writing.seq
                removed = writing.remove(builtins.list(dict.fromkeys(ids)))
                seq = writing.seq
            updater.apply(Batch((), store.changes(before, seq - before)))
            updater.publish(seq)
            updater.finish(self._keeper.store)
        return tuple(removed)

    # -- care

    def verify(self) -> VerifyReport:
        """Read every byte and compare; an index that is damaged is made again at once, and said to have been."""
        return self._keeper.verify()

    def rebuild(self, model: str | None = None, progress: Progress | None = None) -> None:
        """Make every index anew from the records, with another encoder if `model` names one.

        Readers go on with the old indexes until the new ones are whole; `progress(done, total)` counts filings.

        Raises:
            EncoderError: there is no such model.
            LibraryLocked: another process is writing.
            LibraryError: the disk is full; the old indexes stand.
        """
        self._check_writable()
        self._keeper.rebuild(model, progress)

    def own_words(self) -> OwnWords:
        """The words and stop words that the library has beside the package's."""
        return self._keeper.own_words()

    def set_own_words(
        self, words: Iterable[str] = (), stops: Iterable[str] = (), progress: Progress | None = None
    ) -> OwnWords:
        """Give the library words and stop words of its own in place of those it had, and make its indexes anew.

        Raises:
            LibraryLocked: another process is writing.
        """
        self._check_writable()
        own = OwnWords(words=tuple(dict.fromkeys(words)), stops=tuple(dict.fromkeys(stops)))
        self._keeper.rebuild(None, progress, own)
        return own

    def backup(self, file: Path | str) -> None:
        """Write the records into one file, also while others write; the indexes are made again by `restore`.

        Raises:
            LibraryError: the file can't be written.
        """
        write_backup(self._keeper.store, Path(file))

    @classmethod
    def restore(
        cls,
        file: Path | str,
        directory: Path | str,
        settings: Settings | None = None,
        encoder: Encoder | None = None,
    ) -> Library:
        """Make a library of a backup in a directory that holds none yet, and open it.

        Raises:
            UsageError: there is a library already.
            UnreadableFile: the file is missing, no backup, or damaged.
            LibraryVersion: a newer perfsearch wrote it.
        """
        read_backup(Path(file), Path(directory) / RECORDS_FILE)
        return cls.open(directory, create=False, settings=settings, encoder=encoder)

    def stats(self) -> LibraryStats:
        """Counts and sizes."""
        return self._keeper.stats()


def _with_last(filings: Iterable[Filing]) -> Iterator[tuple[Filing | None, bool]]:
    """Each filing, then (None, True)."""
    for filing in filings:
        yield filing, False
    yield None, True


def _unstorable(filing: Filing) -> str | None:
    try:
        filing.model_dump_json()
    except ValueError as error:  # half of a surrogate pair, from a badly decoded file
        return f"its text is no text ({error})"
    return None


def _split(filters: Filters | None, options: dict[str, Any]) -> tuple[Filters | None, dict[str, Any]]:
    """Conditions given by name joined to the filters, and the options that are none."""
    named = {name: value for name, value in options.items() if name in Filters.model_fields or name in CONDITIONS}
    rest = {name: value for name, value in options.items() if name not in named}
    if named:
        base = filters.model_dump() if filters is not None else {}
        try:
            filters = Filters(**{**base, **named_conditions(**named)})
        except ValueError as error:
            raise UsageError(f"filters: {error}") from error
    return filters, rest


def _no_more(options: dict[str, Any]) -> None:
    if options:
        raise UsageError(f"unknown condition {next(iter(options))!r}")
