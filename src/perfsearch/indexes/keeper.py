"""Keeps records and indexes of one directory together: views for readers, turns for writers, mending for both."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perfsearch.encoding import Encoder, load_encoder
from perfsearch.errors import EncoderError, LibraryDamaged, LibraryError, LibraryLocked, NotFound
from perfsearch.indexes.care import check_indexes
from perfsearch.indexes.lock import write_lock
from perfsearch.indexes.reports import LibraryStats, OwnWords, VerifyReport
from perfsearch.indexes.restart import checked_in_this_boot, note_checked
from perfsearch.indexes.schema import SCHEMA_VERSION
from perfsearch.indexes.shelf import Made, Shelf, words_made_by
from perfsearch.indexes.store import Store
from perfsearch.indexes.updating import Progress, Updater
from perfsearch.indexes.view import Memory, View
from perfsearch.settings import Settings
from perfsearch.text.segment import Segmenter, default_segmenter

RECORDS_FILE = "records.db"
LOOK_EVERY_SECONDS = 1.0
"""How often an open library looks whether a writer died between its records and its indexes."""

_log = logging.getLogger("perfsearch")


class Keeper:
    """One library directory, open. Safe to use from many threads.

    Raises:
        NotFound: there is no library, and `create` is False.
        LibraryVersion: a newer perfsearch made it.
        LibraryDamaged: its records can't be read.
    """

    def __init__(self, directory: Path, settings: Settings, encoder: Encoder | None, create: bool) -> None:
        self.directory = directory
        self.settings = settings
        path = directory / RECORDS_FILE
        if not path.exists():
            if any(directory.glob("indexes-*")):
                raise LibraryDamaged(
                    f"{path}: the records are missing; restore a backup with `perfsearch restore`, or remove the "
                    "directory and add the files again"
                )
            if not create:
                raise NotFound(f"no library in {directory}: make one with `perfsearch add PATH...`")
            _make_directory(directory)
            with write_lock(directory, settings.lock_wait_seconds):
                Store(path).close()
        # Records without a table are a library whose making was cut short, unless there are indexes of what is gone.
        self.store = Store(path, create=False, make_tables=not any(directory.glob("indexes-*")))
        self._segmenter: Segmenter = default_segmenter()
        self._own_words = OwnWords()
        self._given = encoder
        self._encoder: Encoder | None = None
        self._memory = Memory()
        self._view: View | None = None
        self._view_lock = threading.RLock()
        self._turn = threading.RLock()
        self._updater: Updater | None = None
        self._looked: float | None = None

    def close(self) -> None:
        """Let go of all files."""
        self._view = None
        self._drop_updater()
        self.store.close()

    # -- what the library was made with

    def made(self) -> Made:
        """What the indexes were made with, by the records."""
        facts = self.store.facts()
        return Made(
            facts.get("words", words_made_by(self._segmenter)),
            facts.get("encoder"),
            int(facts.get("dim", "1")),
            int(facts.get("epoch", "0")),
        )

    def own_words(self) -> OwnWords:
        """The words and stop words that the library has beside the package's."""
        recorded = self.store.facts().get("own_words")
        return OwnWords() if recorded is None else OwnWords.model_validate_json(recorded)

    def foreign_words(self) -> str | None:
        """Why this perfsearch can't use the library's indexes, if so: they were made with another segmenter."""
        own = self.own_words()
        if own != self._own_words:  # changed by another process, or just opened
            self._segmenter, self._own_words = segmenter_of(own), own
        made, ours = self.made().words, words_made_by(self._segmenter)
        if made == ours:
            return None
        return (
            f"{self.directory}: its words were cut with {made}, and this perfsearch cuts with {ours}; "
            "`perfsearch rebuild` makes the indexes again"
        )

    @property
    def encoder(self) -> Encoder:
        """The encoder that made the library's vectors (for an empty library: that will make them).

        Raises:
            EncoderError: it can't be loaded, or the one given on opening is another.
        """
        with self._view_lock:
            if self._encoder is None:
                recorded = self.made().encoder
                found = self._given or load_encoder(recorded)
                if recorded is not None and found.name != recorded:
                    raise EncoderError(
                        f"{self.directory}: its vectors are of {recorded}, not of {found.name}; "
                        f"`perfsearch rebuild --model {found.name.split('@')[0]}` makes them again"
                    )
                self._encoder = found
            return self._encoder

    def _folder(self, made: Made) -> Path:
        return self.directory / f"indexes-{made.epoch}"

    def _open_shelf(self) -> Shelf:
        made = self.made()
        return Shelf.open(self._folder(made), made, lambda: self.encoder)

    # -- reading

    def view(self) -> View:
        """Records and indexes as they are now, for one query; costs microseconds where nothing has changed.

        Raises:
            LibraryError: the library was made with another segmenter.
            LibraryDamaged: an index is damaged and could not be made again.
        """
        with self._view_lock:
            if self._looked is None or time.monotonic() - self._looked >= LOOK_EVERY_SECONDS:
                self._look_for_orphans()
                self._looked = time.monotonic()
            view = self._view
            if view is not None:
                try:
                    shelf = view.shelf.renewed()
                    if shelf is view.shelf:
                        return view
                    self._view = self._make_view(shelf)
                    return self._view
                except LibraryDamaged as error:  # made anew by another process, or really damaged
                    _log.info("opening the indexes again: %s", error)
            self._view = self._open_view()
            return self._view

    def forget_view(self) -> None:
        """Open the indexes anew for the next view."""
        with self._view_lock:
            self._view = None

    def _open_view(self) -> View:
        problem = self.foreign_words()
        if problem is not None:
            raise LibraryError(problem)
        try:
            return self._make_view(self._open_shelf())
        except LibraryDamaged as error:
            _log.info("mending: %s", error)
        with self.writing():
            pass
        return self._make_view(self._open_shelf())

    def _make_view(self, shelf: Shelf) -> View:
        return View(self.store, shelf, lambda: self.encoder, self._segmenter, self.settings, self._memory)

    def _look_for_orphans(self) -> None:
        """Catch up with records that no index has read, if whoever wrote them is no longer at it."""
        if self.foreign_words() is not None:
            return
        self._check_after_restart()
        try:
            shelf = self._view.shelf.renewed() if self._view is not None else self._open_shelf()
            behind = set(shelf.seqs().values()) != {self.store.seq()}
        except LibraryDamaged:
            behind = True
        if not behind:
            return
        try:
            with self.writing(wait_seconds=0.0):
                pass
        except LibraryLocked:
            return  # a living writer does it
        except LibraryError as error:
            _log.warning("the indexes are behind the records and can't be brought up to date: %s", error)

    def _check_after_restart(self) -> None:
        """Check the indexes whole where the machine was started anew since they were written."""
        if self._looked is not None or checked_in_this_boot(self.directory):
            return
        try:
            if self.made().encoder is not None:  # there is nothing to check in a library that was never written
                report = self.verify()
                if not report.ok:
                    return
            with write_lock(self.directory, 0.0):
                note_checked(self.directory)
        except (LibraryError, OSError) as error:
            _log.info("the check after a restart is put off: %s", error)

    # -- writing

    @contextmanager
    def writing(self, wait_seconds: float | None = None) -> Iterator[Updater]:
        """A turn as the only writer, with the indexes in step with the records; what fails half-way is forgotten.

        Raises:
            LibraryLocked: another process, or thread, is writing.
            LibraryError: the disk is full, or the directory can't be written.
        """
        wait = self.settings.lock_wait_seconds if wait_seconds is None else wait_seconds
        if not self._turn.acquire(timeout=wait):
            raise LibraryLocked(f"{self.directory}: this process is writing to the library; waited {wait:g} s")
        try:
            with write_lock(self.directory, wait):
                try:
                    yield self._updater_in_step()
                except BaseException as error:
                    self._drop_updater()
                    if isinstance(error, OSError):
                        raise LibraryError(
                            f"{self.directory}: could not be written ({error.strerror or error}); make room on the "
                            "disk. What was reported as added is safe; add the rest again"
                        ) from error
                    raise
        finally:
            self._turn.release()

    def _updater_in_step(self) -> Updater:
        if self._updater is None or not self._updater.shelf.is_current():
            self._drop_updater()
            self._updater = self._open_updater()
        try:
            self._updater.catch_up(self.store)
        except LibraryDamaged as error:
            # Files that open and can't be written on: begin the words' index, whose files are not ours, anew.
            _log.warning("%s; making this index again from the records", error)
            self._drop_updater()
            shutil.rmtree(self._folder(self.made()) / "lexical", ignore_errors=True)
            self._updater = self._open_updater()
            self._updater.catch_up(self.store)
        return self._updater

    def _drop_updater(self) -> None:
        updater, self._updater = self._updater, None
        if updater is not None:
            updater.close()
            try:
                updater.discard()
            except Exception as error:  # the writer that failed may fail again in being put away
                _log.info("putting the indexes away: %s", error)

    def _open_updater(self) -> Updater:
        problem = self.foreign_words()
        if problem is not None:
            raise LibraryError(problem)
        facts = self.store.facts()
        fresh: dict[str, str] = {}
        if "words" not in facts:
            fresh["words"] = words_made_by(self._segmenter)
        if "encoder" not in facts:
            fresh["encoder"], fresh["dim"] = self.encoder.name, str(self.encoder.dim)
        if fresh:
            with self.store.write() as writing:
                for key, value in fresh.items():
                    writing.set_fact(key, value)
        made = self.made()
        folder = self._folder(made)
        for other in self.directory.glob("indexes-*"):
            if other != folder:  # left by a rebuild that was killed, or that replaced it
                shutil.rmtree(other, ignore_errors=True)
        shelf = Shelf.open(
            folder,
            made,
            lambda: self.encoder,
            lambda message: _log.warning("%s; making this index again from the records", message),
        )
        return Updater(shelf, lambda: self.encoder, self._segmenter)

    @property
    def segmenter(self) -> Segmenter:
        """The segmenter of this perfsearch."""
        return self._segmenter

    # -- care

    def rebuild(self, model: str | None, progress: Progress | None = None, own_words: OwnWords | None = None) -> None:
        """Make every index anew beside the old ones and change over; with another encoder or own words, if given.

        Readers keep the old ones until then; a crash leaves them in place.
        """
        with self._turn, write_lock(self.directory, self.settings.lock_wait_seconds):
            made = self.made()
            if model is not None:
                encoder = load_encoder(model)
            elif self._given is not None:
                encoder = self._given
            else:
                # The model of that name as it is here now: its weights may have changed since.
                encoder = load_encoder(made.encoder.split("@")[0] if made.encoder else None)
            own = self.own_words() if own_words is None else own_words
            segmenter = segmenter_of(own)
            new = Made(words_made_by(segmenter), encoder.name, encoder.dim, made.epoch + 1)
            folder = self._folder(new)
            shutil.rmtree(folder, ignore_errors=True)
            updater = Updater(Shelf.open(folder, new, lambda: encoder), lambda: encoder, segmenter)
            try:
                counts = updater.build(self.store, progress)
            except OSError as error:
                shutil.rmtree(folder, ignore_errors=True)
                raise LibraryError(f"{folder}: could not be written ({error.strerror or error})") from error
            finally:
                updater.close()
            with self.store.write() as writing:
                writing.renumber_chunks(counts)
                for key, value in (
                    ("words", new.words),
                    ("encoder", encoder.name),
                    ("dim", str(encoder.dim)),
                    ("epoch", str(new.epoch)),
                    ("own_words", own.model_dump_json()),
                ):
                    writing.set_fact(key, value)
            shutil.rmtree(self._folder(made), ignore_errors=True)
            self._drop_updater()
            with self._view_lock:
                self._given = self._encoder = encoder
                self._segmenter, self._own_words = segmenter, own
                self._view = None

    def verify(self) -> VerifyReport:
        """Read everything and compare; a damaged index is made again at once."""
        problems = self.store.verify()
        repaired: list[str] = []
        if not problems and (foreign := self.foreign_words()) is not None:
            problems.append(foreign)
        elif not problems:
            try:
                damaged = check_indexes(self.store, self._open_shelf())
            except LibraryDamaged as error:  # so damaged that it does not open: the next writer makes it again
                damaged = {"": str(error)}
            problems.extend(damaged.values())
            if damaged:
                repaired = self._mend(damaged)
        return VerifyReport(problems=tuple(problems), repaired=tuple(repaired))

    def _mend(self, damaged: dict[str, str]) -> list[str]:
        try:
            # What does not open is made again on the way to a turn.
            with self.writing() as updater:
                # Checked once more, now that nobody is in the middle of writing.
                still = check_indexes(self.store, updater.shelf)
                if still:
                    self._drop_updater()
                    for name in still:
                        shutil.rmtree(self._folder(self.made()) / name, ignore_errors=True)
                    self._updater_in_step()
        except LibraryError as error:
            _log.warning("the damaged indexes could not be made again: %s", error)
            return []
        self.forget_view()
        return [f"{message}; made again from the records" for message in damaged.values()]

    def stats(self) -> LibraryStats:
        """Counts and sizes."""
        view = self.view()
        facts = self.store.facts()
        made = self.made()
        return LibraryStats(
            filings=view.n_filings,
            chunks=view.lexical.n_chunks,
            vectors=view.vectors.n_vectors,
            terms=view.lexical.n_terms,
            mean_chunk_words=round(view.lexical.mean_length, 2),
            changes=view.seq,
            records_bytes=self.store.size_bytes(),
            indexes_bytes={name: index.size_bytes() for name, index in view.shelf.indexes().items()},
            encoder=made.encoder,
            dim=made.dim if made.encoder else None,
            segmenter=made.words,
            schema_version=int(facts.get("schema", SCHEMA_VERSION)),
            created=facts.get("created", ""),
        )


def segmenter_of(own: OwnWords) -> Segmenter:
    """The package's segmenter, or where a library has words of its own, one that knows these too."""
    return Segmenter(own.words, own.stops) if own.words or own.stops else default_segmenter()


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"{directory}: the library can't be made ({error.strerror})") from error
