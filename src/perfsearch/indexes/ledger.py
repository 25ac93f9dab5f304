"""The books of one `add`: which files need not be read again, what came of each, and what is said and kept of it."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.metadata import version

from perfsearch.indexes.file_book import FileRecord
from perfsearch.indexes.intake import Intake
from perfsearch.indexes.store import Store
from perfsearch.model import AddReport, Filing, Rejection
from perfsearch.parsing import InputFile, Parsed, Stamp
from perfsearch.settings import Settings

_LIMITS = (
    "file_size_bytes_max",
    "line_length_max",
    "filings_per_file_max",
    "filings_bytes_max",
    "reading_seconds_max",
    "reading_memory_bytes_max",
    "pdf_pages_max",
    "table_cells_max",
    "unpacked_bytes_max",
    "archive_files_max",
)
"""Settings that decide whether a file is taken: with others, one that was not is read again."""
WRITE_FILES = 256
WRITE_SECONDS = 2.0
"""Files are written down after so many or so long; a kill in between costs that they are read again."""


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far an `add` is: files that are done and safe, filings in them, documents that were not taken."""

    files: int
    filings: int
    rejected: int


class Tally:
    """Counts what becomes of filings, in order."""

    def __init__(self) -> None:
        self._counts = {"added": 0, "updated": 0, "unchanged": 0}
        self._ids: list[str] = []
        self.rejected: list[Rejection] = []

    @property
    def n_stored(self) -> int:
        """Filings that are safe on disk."""
        return len(self._ids)

    def store(self, intakes: Sequence[Intake]) -> None:
        """Take note of filings that have been committed, in the order in which they were given."""
        for intake in intakes:
            self._note(intake.filing_id, outcome_of(intake))

    def _note(self, filing_id: str, outcome: str) -> None:
        self._counts[outcome] += 1
        self._ids.append(filing_id)

    def finish(self) -> None:
        """Everything is stored."""

    def report(self) -> AddReport:
        """What was done."""
        return AddReport(**self._counts, filings=tuple(self._ids), rejected=tuple(self.rejected))


def outcome_of(intake: Intake) -> str:
    """Whether a filing was added, updated, or unchanged."""
    if intake.record is None:
        return "unchanged"
    return "updated" if intake.replaces else "added"


@dataclass(slots=True)
class _File:
    """What has come of a file so far."""

    path: str | None
    ids: list[str] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(slots=True)
class _Document:
    """A document whose filings are waited for."""

    parsed: Parsed
    n_waiting: int


class Ledger(Tally):
    """A tally by files. It is the `Memory` of the reading, too."""

    def __init__(
        self, store: Store, settings: Settings, on_file: Callable[[FileProgress], None] | None, again: bool
    ) -> None:
        super().__init__()
        self._store = store
        self._book = store.files
        self._on_file = on_file
        self._again = again
        self._limits = blake2b(repr([getattr(settings, name) for name in _LIMITS]).encode(), digest_size=8).hexdigest()
        self._reader = version("perfsearch")
        self._known: dict[str, FileRecord] = {}
        self._open: deque[_Document] = deque()
        self._file = _File(None)
        self._n_files = 0
        self._records: list[FileRecord] = []
        self._written = time.monotonic()

    # -- before reading

    def recall(self, files: Sequence[InputFile]) -> Mapping[str, Stamp]:
        """Marks of the files that need not be read again if they still have them.

        A file that was found in a folder is passed over while the filings that it gave stand, in whatever version; one
        that is named by itself, only while they stand as they came from it, and all of it was taken.
        """
        if self._again:
            return {}
        records = self._book.recall([file.key for file in files])
        sources = self._store.sources([one for record in records.values() for one in record.ids])
        marks: dict[str, Stamp] = {}
        for file in files:
            record = records.get(file.key)
            if record is None or record.stamp is None or record.reader != self._reader:
                continue
            if record.rejections and (file.is_named or record.limits != self._limits):
                continue
            if all(one in sources and (not file.is_named or sources[one] == file.key) for one in record.ids):
                marks[file.key] = record.stamp
                self._known[file.key] = record
        return marks

    # -- while reading

    def filings(self, inputs: Iterable[Parsed]) -> Iterator[Filing]:
        """The filings of the inputs, to be stored in this order."""
        for parsed in inputs:
            self.rejected.extend(parsed.rejections)
            self._open.append(_Document(parsed, len(parsed.filings)))
            self._settle()
            yield from parsed.filings

    def _note(self, filing_id: str, outcome: str) -> None:
        super()._note(filing_id, outcome)
        # Those without filings have been settled: the first that is open waits for this one.
        self._file_of(self._open[0].parsed).ids.append(filing_id)
        self._open[0].n_waiting -= 1
        self._settle()

    def _settle(self) -> None:
        """Close the documents at the head whose filings are all stored."""
        while self._open and not self._open[0].n_waiting:
            parsed = self._open.popleft().parsed
            file = self._file_of(parsed)
            if parsed.is_known and parsed.file in self._known:
                self._pass_over(parsed, file, self._known.pop(parsed.file))
            file.rejections.extend(one.model_copy(update={"path": parsed.inner}) for one in parsed.rejections)
            if parsed.is_last:
                self._close_file(parsed, file)

    def _file_of(self, parsed: Parsed) -> _File:
        if self._file.path is None:
            self._file = _File(parsed.file)
        return self._file

    def _pass_over(self, parsed: Parsed, file: _File, record: FileRecord) -> None:
        """Say of a file that was not read what was said when it was."""
        for one in record.ids:
            super()._note(one, "unchanged")
        file.ids.extend(record.ids)
        file.rejections.extend(record.rejections)
        self.rejected.extend(Rejection(path=parsed.path + one.path, reason=one.reason) for one in record.rejections)

    def _close_file(self, parsed: Parsed, file: _File) -> None:
        self._file = _File(None)
        self._n_files += 1
        if parsed.file is not None and (parsed.stamp is not None or file.rejections):
            is_there = os.path.lexists(parsed.file)
            rejections = tuple(file.rejections) if is_there else ()
            record = FileRecord(parsed.file, parsed.stamp, self._reader, tuple(file.ids), rejections, self._limits)
            self._records.append(record)
        self._say()

    def _say(self) -> None:
        if self._on_file is not None:
            self._on_file(FileProgress(self._n_files, self.n_stored, len(self.rejected)))

    # -- after commits

    def store(self, intakes: Sequence[Intake]) -> None:
        """Take note of filings that have been committed; now and then, write down the files that are done."""
        super().store(intakes)
        self.write(only_when_due=True)
        self._say()

    def write(self, *, only_when_due: bool = False) -> None:
        """Write down the files that are done."""
        is_due = len(self._records) >= WRITE_FILES or time.monotonic() - self._written > WRITE_SECONDS
        if self._records and (is_due or not only_when_due):
            self._book.write(self._records)
            self._records = []
            self._written = time.monotonic()

    def finish(self) -> None:
        """Everything is stored: write down the rest."""
        self.write()
