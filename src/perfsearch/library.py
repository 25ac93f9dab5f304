"""The one door to a library directory: open, ask (`asking`), add, remove, verify, rebuild, backup; the only writer."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from perfsearch.asking import Asking
from perfsearch.errors import NotFound, UsageError
from perfsearch.indexes.care import read_backup, write_backup
from perfsearch.indexes.intake import Intake, Reception
from perfsearch.indexes.keeper import RECORDS_FILE, Keeper
from perfsearch.indexes.preparation import Preparation
from perfsearch.indexes.reports import LibraryStats, OwnWords, VerifyReport
from perfsearch.indexes.updating import Batch, Progress, Updater
from perfsearch.model import (
    AddReport,
    Filing,
    RejectedResult,
    Rejection,
)
from perfsearch.settings import Settings

if TYPE_CHECKING:
    from perfsearch.encoding import Encoder
    from perfsearch.indexes.ledger import FileProgress, Tally

COMMIT_FILINGS = 64
"""Filings a commit; they are safe after each."""
PUBLISH_SECONDS = 5.0
"""During a long `add`, readers see what was added after at most so long."""


class Library(Asking):
    """A library directory, open (use `Library.open`). Safe to use from many threads; close it, or use a `with` block."""

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
