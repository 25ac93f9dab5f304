"""Files, folders and archives in order, read by several processes at once and given out in order."""

from __future__ import annotations

import os
import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Protocol

from perfsearch.errors import InputError, PerfsearchError
from perfsearch.model import Rejection
from perfsearch.parsing.json_lines import SUFFIX, batches
from perfsearch.parsing.pool import POOL, n_workers
from perfsearch.parsing.progress import Task
from perfsearch.parsing.results import Parsed, Stamp
from perfsearch.parsing.wire import StoppedError
from perfsearch.settings import Settings

AHEAD = 16
"""Inputs that are begun for each process before the first of them is taken: one slow file does not stop the rest."""
_KEPT_DOCUMENTS = 32
"""Documents of one input that are read before the first is taken: an archive of thousands does not fill the memory."""
_RECALLED = 256
"""Files whose marks are looked up together."""
_WAIT_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to be read."""

    path: str
    """As it is opened."""
    shown: str
    """As results name it: `path`, with a name in another encoding than UTF-8 made readable."""
    key: str
    """Its absolute path, links resolved, readable."""
    is_named: bool
    """It was named by itself, and not found in a folder."""
    problem: str | None = None
    """Why there is nothing to open."""

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.shown).name


class Memory(Protocol):
    """What was read before."""

    def recall(self, files: Sequence[InputFile]) -> Mapping[str, Stamp]:
        """Marks by key of the files that need not be read again if they still have that mark."""
        ...


def iter_inputs(
    paths: Iterable[Path | str],
    settings: Settings | None = None,
    *,
    memory: Memory | None = None,
    waiting: Callable[[], None] = lambda: None,
) -> Generator[Parsed, None, None]:
    """Read files, folders and archives in sorted order: one result a document, with its filings or its rejection.

    Never raises InputError. Folders and ZIP archives are walked whole; hidden files and folders are passed over. A file
    given or found twice is read once. Results come in the order of the inputs, whichever process was faster. `waiting`
    is called four times a second while there is nothing to give; what it raises ends the reading.

    Raises:
        ReadersError: no reading process can be started.
    """
    settings = settings or Settings()
    with closing(_Ahead(settings, _jobs(paths, settings, memory), waiting)) as ahead:
        yield from ahead


def count_files(paths: Iterable[Path | str]) -> int:
    """How many files the inputs are, as far as can be told without opening them."""
    return sum(1 for _ in find_files(paths))


def find_files(paths: Iterable[Path | str]) -> Iterator[InputFile]:
    """The files of the inputs, each once, and what of the inputs holds none."""
    seen: set[bytes] = set()
    for path in (Path(given) for given in paths):
        is_folder = path.is_dir()
        is_empty = True
        for file in _walk(path) if is_folder else (str(path),):
            is_empty = False
            real = os.path.realpath(file) if "\0" not in file else file
            key = os.fsencode(real)
            if key not in seen:
                seen.add(key)
                yield InputFile(file, readable(file), readable(real), is_named=not is_folder)
        if is_empty:
            may = os.access(path, os.R_OK | os.X_OK)
            problem = "the folder holds no files" if may else "no permission to read the folder"
            yield InputFile(str(path), readable(str(path)), readable(os.path.abspath(path)), True, problem)


def _walk(folder: Path) -> Iterator[str]:
    """The files below a folder, each folder's files before its folders, both sorted by name."""
    for here, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        # A note beside the filings (README.md) is none of them; named by itself it is read.
        yield from (
            os.path.join(here, name)
            for name in sorted(files)
            if not name.startswith(".") and not name.lower().endswith(".md")
        )


def readable(path: str) -> str:
    """A path that can be printed and stored: a name that is not in UTF-8 is read as GB18030, or escaped."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raw = os.fsencode(path)
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            return raw.decode("utf-8", "backslashreplace")
    return path


@dataclass(slots=True)
class _Job:
    """One task and what came of it so far; without a task, the result that needs no reading."""

    task: Task | None = None
    ready: Parsed | None = None
    stamp: Stamp | None = None
    """Of a whole `.jsonl`, with its last lines."""
    is_last: bool = True
    results: queue.Queue[Parsed | PerfsearchError | None] = field(
        default_factory=lambda: queue.Queue(maxsize=_KEPT_DOCUMENTS)
    )


def _jobs(paths: Iterable[Path | str], settings: Settings, memory: Memory | None) -> Iterator[_Job]:
    files = find_files(paths)
    while part := list(islice(files, _RECALLED)):
        marks = memory.recall(part) if memory is not None else {}
        for file in part:
            yield from _jobs_of(file, marks.get(file.key), settings)


def _jobs_of(file: InputFile, mark: Stamp | None, settings: Settings) -> Iterator[_Job]:
    if file.problem is not None:
        yield _rejected(file, file.problem)
        return
    if mark is not None and _is_as_it_was(file.path, mark):
        yield _Job(ready=Parsed(file.shown, file=file.key, stamp=mark, is_known=True))
        return
    digest = mark.digest if mark is not None else None
    if file.path.lower().endswith(SUFFIX):
        yield from _line_jobs(file, digest, settings)
        return
    yield _Job(Task(file.shown, file.name, file.path, known_digest=digest, source_path=file.key))


def _line_jobs(file: InputFile, known_digest: str | None, settings: Settings) -> Iterator[_Job]:
    """The lines of a `.jsonl` by batches, which several processes may read at once."""
    counts: Counter[str] = Counter()
    waiting: _Job | None = None
    stamp: Stamp | None = None
    try:
        for first, lines, stamp in batches(file.path, settings):
            if stamp.digest == known_digest:
                yield _Job(ready=Parsed(file.shown, file=file.key, stamp=stamp, is_known=True))
                return
            if waiting is not None:
                yield waiting
            data = b"".join(lines)
            task = Task(file.shown, file.name, data=data, lines_from=first, source_path=file.key, counts=counts)
            waiting = _Job(task, is_last=False)
    except InputError as error:
        yield _rejected(file, error.reason)
    if waiting is not None:
        waiting.is_last, waiting.stamp = True, stamp
        yield waiting


def _rejected(file: InputFile, reason: str) -> _Job:
    rejection = Rejection(path=file.shown, reason=reason)
    return _Job(ready=Parsed(file.shown, rejections=(rejection,), file=file.key))


def _is_as_it_was(path: str, mark: Stamp) -> bool:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return False
    return found.st_size == mark.size_bytes and found.st_mtime_ns == mark.mtime_ns


class _Ahead:
    """Runs jobs in threads, each of which waits for a reading process, some jobs ahead of the one that is given out."""

    def __init__(self, settings: Settings, jobs: Iterator[_Job], waiting: Callable[[], None]) -> None:
        self._settings = settings
        self._jobs = jobs
        self._waiting = waiting
        self._n_threads = n_workers(settings)
        self._begun: deque[_Job] = deque()
        self._open: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()

    def close(self) -> None:
        """End the threads; what they read is let go of."""
        self._stopped.set()
        for _ in self._threads:
            self._open.put(None)
        for thread in self._threads:
            thread.join()

    def __iter__(self) -> Iterator[Parsed]:
        while self._begin():
            job = self._begun.popleft()
            if job.ready is not None:
                yield job.ready
                continue
            while (found := self._next(job)) is not None:
                if isinstance(found, PerfsearchError):
                    raise found
                if job.stamp is not None:
                    found = replace(found, stamp=job.stamp)
                yield found if job.is_last else replace(found, is_last=False)

    def _begin(self) -> bool:
        """Begin jobs until enough are; whether there is one to wait for."""
        while len(self._begun) < AHEAD * self._n_threads:
            job = next(self._jobs, None)
            if job is None:
                break
            self._begun.append(job)
            if job.task is not None:
                self._open.put(job)
                if len(self._threads) < self._n_threads:
                    # Daemons: an iteration that is left half-way must not keep the program from ending.
                    thread = threading.Thread(target=self._work, name="perfsearch-read", daemon=True)
                    self._threads.append(thread)
                    thread.start()
        return bool(self._begun)

    def _next(self, job: _Job) -> Parsed | PerfsearchError | None:
        while True:
            try:
                return job.results.get(timeout=_WAIT_SECONDS)
            except queue.Empty:
                self._waiting()

    def _work(self) -> None:
        while (job := self._open.get()) is not None and not self._stopped.is_set():
            try:
                self._read(job)
            except StoppedError:
                return
            except PerfsearchError as error:
                self._put(job, error)
            self._put(job, None)

    def _read(self, job: _Job) -> None:
        assert job.task is not None
        for parsed in POOL.read(job.task, self._settings, self._stopped.is_set):
            self._put(job, parsed)

    def _put(self, job: _Job, found: Parsed | PerfsearchError | None) -> None:
        while not self._stopped.is_set():
            try:
                job.results.put(found, timeout=_WAIT_SECONDS)
                return
            except queue.Full:
                continue
