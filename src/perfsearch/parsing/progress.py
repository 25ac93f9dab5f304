"""How far a reading process is with its task, by the frames it has sent; what is kept when it dies in the middle."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from perfsearch.errors import InputError, NoFiling, UnreadableFile
from perfsearch.model import Filing, Rejection
from perfsearch.parsing import wire
from perfsearch.parsing.results import Parsed, Stamp
from perfsearch.parsing.wire import TooMuchError
from perfsearch.settings import Settings

LOST_MAX = 20
"""Documents of one archive, or lines of one batch, that may cost a process; then the rest is not read."""


@dataclass(frozen=True, slots=True)
class Task:
    """What one process reads in one go: a file, the content of one, or some lines of a `.jsonl`."""

    shown: str
    """The path as results name it."""
    name: str
    """The file's name, for its filings."""
    path: str | None = None
    """Where it lies; None where `data` is given."""
    data: bytes | None = None
    lines_from: int | None = None
    """`data` are lines of a `.jsonl`, and this is the number of the first."""
    known_digest: str | None = None
    """A file of this digest need not be read again."""
    source_path: str | None = None
    """Absolute path that its filings carry."""
    counts: Counter[str] | None = None
    """Of a `.jsonl`: how often each id came in the lines before."""


@dataclass(slots=True)
class Progress:
    """The documents of a task that are done, the one that is being read, and what it has given so far."""

    task: Task
    done: int = 0
    """Documents (of a `.jsonl`: lines) that need not be read again."""
    at: str | None = None
    filings: list[Filing] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    error: InputError | None = None
    lost: int = 0
    retried: int = -1
    size_bytes: int = 0
    """Of what the document has given."""
    stamp: Stamp | None = None
    is_known: bool = False
    is_tired: bool = False

    def order(self, settings: Settings) -> dict[str, Any]:
        """The task as the process is told it."""
        task = self.task
        return {
            "settings": settings.model_dump_json(),
            "shown": task.shown,
            "name": task.name,
            "path": task.path,
            "has_data": task.data is not None,
            "lines_from": task.lines_from,
            "known_digest": task.known_digest,
            "skip": self.done,
        }

    def take_in(self, kind: bytes, payload: bytes, size_bytes_max: int) -> Parsed | None:
        """Take in a frame; a document that ends with it.

        Raises:
            TooMuchError: the document gives more than `size_bytes_max`.
        """
        self.size_bytes += len(payload)
        if self.size_bytes > size_bytes_max:
            raise TooMuchError
        if kind == wire.BEGIN:
            self.at = json.loads(payload)["shown"]
        elif kind in (wire.FILING, wire.NUMBERED):
            self._take_filing(payload, is_numbered=kind == wire.NUMBERED)
        elif kind == wire.REFUSED:
            self._refuse(json.loads(payload))
            if self.at is None:  # the file as a whole
                return self._end()
        elif kind == wire.END:
            return self._end()
        elif kind == wire.DONE:
            self._take_mark(json.loads(payload))
        return None

    def _take_filing(self, payload: bytes, *, is_numbered: bool) -> None:
        filing = Filing.model_validate_json(payload)
        if self.task.source_path is not None:
            source = filing.source.model_copy(update={"path": self.task.source_path})
            filing = filing.model_copy(update={"source": source})
        if is_numbered and self.task.counts is not None:
            filing = numbered(filing, self.task.counts)
        self.filings.append(filing)
        self._count_line()

    def _refuse(self, given: dict[str, Any]) -> None:
        path = given["shown"]
        self.error = (NoFiling if given["kind"] == "NoFiling" else UnreadableFile)(path, given["reason"])
        self.rejections.append(Rejection(path=path, reason=given["reason"]))
        self._count_line()

    def _count_line(self) -> None:
        if self.task.lines_from is not None:
            self.done += 1

    def _end(self) -> Parsed:
        task = self.task
        shown = self.at or task.shown
        parsed = Parsed(
            shown,
            tuple(self.filings),
            tuple(self.rejections),
            task.source_path,
            shown.removeprefix(task.shown),
            error=self.error,
        )
        self._clear()
        if task.lines_from is None:
            self.done += 1
        return parsed

    def _take_mark(self, mark: dict[str, Any]) -> None:
        self.is_tired = mark["is_tired"]
        self.is_known = mark.get("is_known", False)
        if "digest" in mark:
            self.stamp = Stamp(mark["size_bytes"], mark["mtime_ns"], mark["digest"])

    def _clear(self) -> None:
        self.filings, self.rejections, self.at, self.error, self.size_bytes = [], [], None, None, 0

    # -- when the process has died

    def again(self) -> bool:
        """Whether what was being read may be read once more; then it is as if it had not begun."""
        if self.retried == self.done:
            return False
        self.retried = self.done
        if self.task.lines_from is None:
            self._clear()
        return True

    def lose(self, reason: str) -> Parsed | None:
        """Go on behind what the process died of; the document that it cost, None where a line did."""
        self.lost += 1
        shown = self.at or self.task.shown
        if self.task.lines_from is not None:
            reason = f"line {self._line()}: {reason}"
        self.error = UnreadableFile(shown, reason)
        self.rejections.append(Rejection(path=shown, reason=reason))
        if self.task.lines_from is not None and self.lost <= LOST_MAX:
            self.done += 1
            return None
        if self.task.lines_from is None:
            self.filings = []
        return self._end()

    def goes_on(self, shown: str | None) -> bool:
        """Whether there may be more to read behind what was lost at `shown`."""
        if self.lost > LOST_MAX:
            return False
        return self.task.lines_from is not None or (shown is not None and shown != self.task.shown)

    def _line(self) -> int:
        numbers = [n for n, line in enumerate((self.task.data or b"").split(b"\n")) if line.strip()]
        return (self.task.lines_from or 1) + (numbers[self.done] if self.done < len(numbers) else 0)


def numbered(filing: Filing, counts: Counter[str]) -> Filing:
    """A filing whose id may come again in its file, with an ordinal where it does."""
    counts[filing.id] += 1
    if counts[filing.id] == 1:
        return filing
    return filing.model_copy(update={"id": f"{filing.id}-{counts[filing.id]}"})
