"""Reads filings for the indexes before their turn to be stored comes: in a second process where there are many.

Whatever the second process has no time for is read in this one when it is wanted, so that both are busy; and if it
ends, all is. What it gives is the same, to the bit.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from perfsearch.encoding import Encoder
from perfsearch.encoding.static import StaticEncoder
from perfsearch.indexes.passages import Passages, read_passages
from perfsearch.model import Filing
from perfsearch.text.segment import Segmenter

LARGE_FILINGS = 300
"""Filings that come before a second process is begun: it takes a second to be ready, in which these are half done."""
BATCH_FILINGS = 64
"""Filings that are given to it at a time."""
AHEAD_BATCHES = 4
"""Batches that are read ahead of the one that is stored."""
GIVEN_BATCHES = 2
"""Batches that it has at a time: one at work, one waiting."""
SLOW_SECONDS = 1.0
"""Where a batch takes longer to come, none is held back."""

_log = logging.getLogger("perfsearch")


class Preparation:
    """What is read ahead of one `add`; used in a `with` block, by one thread."""

    def __init__(self, segmenter: Segmenter, encoder: Callable[[], Encoder], large: int = LARGE_FILINGS) -> None:
        self._segmenter = segmenter
        self._encoder = encoder
        self._large = large
        self._second: SecondProcess | None = None
        self._may_help = (os.cpu_count() or 1) > 1
        self._given: dict[int, tuple[Filing, Future[list[Passages]], int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        second, self._second = self._second, None
        if second is not None:
            second.close()

    # -- in the order in which they come

    def ahead(self, filings: Iterable[Filing]) -> Iterator[Filing]:
        """The same filings; where there are many, some batches are read from the source before they are given out."""
        waiting: deque[list[Filing]] = deque()
        batch: list[Filing] = []
        count, since = 0, time.monotonic()
        for filing in filings:
            count += 1
            if count <= self._large or not self._may_help:
                yield filing
                continue
            batch.append(filing)
            if len(batch) == BATCH_FILINGS:
                self._offer(batch)
                waiting.append(batch)
                batch = []
                kept = 0 if time.monotonic() - since > SLOW_SECONDS else AHEAD_BATCHES
                while len(waiting) > kept:
                    yield from waiting.popleft()
                since = time.monotonic()
        for rest in (*waiting, batch):
            yield from rest

    def _offer(self, batch: list[Filing]) -> None:
        if self._second is None:
            self._second = SecondProcess(self._segmenter, self._encoder())
        given = self._second.offer(batch)
        if given is not None:
            self._given.update((id(filing), (filing, given, place)) for place, filing in enumerate(batch))

    # -- one by one

    def taken(self, filing: Filing) -> Passages | None:
        """What the second process has read of a filing; None where it was not given to it."""
        found = self._given.get(id(filing))
        if found is None:
            return None
        try:
            return found[1].result()[found[2]]
        except Exception as error:  # whatever ended it: all that it was to do is done here
            _log.warning("the second process has ended (%s); going on with one", error or type(error).__name__)
            self._given.clear()
            self._may_help = False
            self._end()
            return None

    def read(self, filings: Sequence[Filing], hashes: Sequence[str]) -> list[Passages]:
        """What is read of filings with these content hashes, here and now."""
        return read_passages(filings, self._segmenter, hashes)

    def done(self, filings: Sequence[Filing]) -> None:
        """Forget what was read of filings that are stored."""
        for filing in filings:
            self._given.pop(id(filing), None)


class SecondProcess:
    """The second process. It is begun with the first offer, and asked by a thread of its own."""

    def __init__(self, segmenter: Segmenter, encoder: Encoder) -> None:
        # Another model may be too large for two of it, or be no file that the other process can open.
        model = encoder.name if isinstance(encoder, StaticEncoder) else None
        self._opening = pickle.dumps((segmenter.words, segmenter.stops, segmenter.identity, model))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="perfsearch-second-process")
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = self._thread.submit(self._start)
        self._asked: deque[Future[list[Passages]]] = deque()

    def _start(self) -> None:
        # By its own module, not by forking or importing `__main__` again: the caller may have threads, or no guard.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "perfsearch.indexes.second_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._exchange(self._opening)

    def offer(self, filings: Sequence[Filing]) -> Future[list[Passages]] | None:
        """Let it read these, unless it is not ready yet or has enough to do."""
        while self._asked and self._asked[0].done():
            self._asked.popleft()
        if not self._ready.done() or self._ready.exception() is not None or len(self._asked) >= GIVEN_BATCHES:
            return None
        texts = [filing.model_dump_json(exclude=_DERIVED, exclude_defaults=True) for filing in filings]
        self._asked.append(self._thread.submit(self._ask, texts))
        return self._asked[-1]

    def _ask(self, texts: list[str]) -> list[Passages]:
        found: list[Passages] = self._exchange(pickle.dumps(texts))
        return found

    def _exchange(self, payload: bytes) -> Any:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EOFError("it could not be begun")
        # Past Python's buffer, which would keep what a process that is gone did not take, and complain of it at the end.
        rest = memoryview(payload)
        while len(rest):
            rest = rest[os.write(process.stdin.fileno(), rest) :]
        return pickle.load(process.stdout)

    def close(self) -> None:
        """End it: it ends by itself when nobody can write to it any more."""
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
        # Whatever it was asked last comes to an end now.
        self._thread.shutdown(wait=True, cancel_futures=True)
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


_DERIVED = {"citations", "warnings", "places"}
"""What `read_passages` does not look at."""
