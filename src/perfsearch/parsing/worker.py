"""A reading process: reads what it is given, one input after the other, until its master hangs up.

It may be killed at any moment, and may die of what it reads: nothing but the input is lost by that.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfsearch.errors import InputError, NoFiling, UnreadableFile
from perfsearch.model import Filing
from perfsearch.parsing import wire
from perfsearch.parsing.results import stamp_of
from perfsearch.parsing.wire import Wire
from perfsearch.settings import Settings

if TYPE_CHECKING:
    from perfsearch.parsing.documents import Reading

OUT_OF_MEMORY = 3
"""Exit code of a process that had no memory left to say so."""
TASKS_MAX = 500
"""Inputs after which a process is replaced by a fresh one, so that what C libraries leak does not add up."""
RESIDENT_SHARE_MAX = 0.5
"""Share of the memory limit that a process may keep between two inputs."""


def serve(end: Wire, memory_bytes_max: int) -> None:
    """Read inputs until the other end is closed."""
    _limit_memory(memory_bytes_max)
    settings_text, settings = "", Settings()
    for count in range(1, TASKS_MAX + 1):
        try:
            _, payload = end.receive()
        except EOFError:
            return
        task = json.loads(payload)
        if task["settings"] != settings_text:
            settings_text = task["settings"]
            settings = Settings.model_validate_json(settings_text)
        data = end.receive()[1] if task["has_data"] else None
        try:
            mark = _read(end, task, data, settings)
        except MemoryError:
            # There may be none left to say so.
            os._exit(OUT_OF_MEMORY)
        del data
        is_tired = count == TASKS_MAX or _resident_bytes() > RESIDENT_SHARE_MAX * memory_bytes_max
        end.send(wire.DONE, {**mark, "is_tired": is_tired})
        if is_tired:
            return


def out_of_memory(limit: int) -> str:
    """The reason where a document needs too much memory."""
    return (
        f"reading it needs more than {limit:,} bytes of memory (reading_memory_bytes_max): split the document, or "
        "raise the limit"
    )


def _read(end: Wire, task: dict[str, Any], data: bytes | None, settings: Settings) -> dict[str, Any]:
    """Read one task and send what it gives; what the master needs to know the file again."""
    if task["lines_from"] is not None:
        _read_lines(end, task, data or b"", settings)
        return {}
    mark: dict[str, Any] = {}
    if data is None:
        try:
            data, mark = _content(task["path"], task["shown"], settings)
        except InputError as error:
            _send_refusal(end, error, task["shown"])
            return {}
        if task["known_digest"] is not None and mark["digest"] == task["known_digest"]:
            return {**mark, "is_known": True}
    from perfsearch.parsing.documents import documents

    found = enumerate(documents(data, task["shown"], task["name"], settings))
    while (document := _next(found, task["shown"])) is not None:
        number, (shown, read) = document
        if number >= task["skip"]:
            end.send(wire.BEGIN, {"shown": shown})
            _send_filings(end, shown, read, settings)
            end.send(wire.END)
    return mark


def _next(found: Iterator[tuple[int, tuple[str, Reading]]], shown: str) -> tuple[int, tuple[str, Reading]] | None:
    """The next document; where even finding it fails, one that says so, and then no more."""
    try:
        return next(found, None)
    except MemoryError:
        raise
    except Exception as error:
        failure = _failure(error, shown)

    def read() -> list[Filing]:
        raise failure

    return sys.maxsize, (shown, read)


def _send_filings(end: Wire, shown: str, read: Reading, settings: Settings) -> None:
    try:
        filings = read()
        sizes, dumped = 0, []
        for filing in filings:
            dumped.append(_dump(filing, shown))
            sizes += len(dumped[-1])
            if sizes > settings.filings_bytes_max:
                raise UnreadableFile(shown, too_much(settings))
    except InputError as error:
        _send_refusal(end, error, shown)
    except RecursionError:
        _send_refusal(end, UnreadableFile(shown, "it is nested too deeply to be read; save it anew"), shown)
    except MemoryError:
        raise
    except Exception as error:
        _send_refusal(end, _failure(error, shown), shown)
    else:
        for one in dumped:
            end.send(wire.FILING, one)


def too_much(settings: Settings) -> str:
    """The reason where a document gives too much."""
    return (
        f"its filings take more than {settings.filings_bytes_max:,} bytes (filings_bytes_max): split the document, or "
        "raise the limit"
    )


def _dump(filing: Filing, shown: str) -> bytes:
    try:
        return filing.model_dump_json().encode()
    except (ValueError, UnicodeError) as error:  # half of a surrogate pair, from a badly decoded file
        raise UnreadableFile(shown, f"its text is no text ({error})") from error


def _failure(error: Exception, shown: str) -> UnreadableFile:
    """An error that no reader foresaw: a mistake of ours, which must not cost more than the document."""
    what = f"{type(error).__name__}: {error}"[:200]
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    return UnreadableFile(shown, f"the reader failed on it ({what}, in {place}); please report it with the file")


def _send_refusal(end: Wire, error: InputError, shown: str) -> None:
    kind = "NoFiling" if isinstance(error, NoFiling) else "UnreadableFile"
    reason = error.reason.encode("utf-8", "replace").decode()
    end.send(wire.REFUSED, {"reason": reason, "kind": kind, "shown": shown})


def _content(path: str, shown: str, settings: Settings) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a file, and its mark."""
    from perfsearch.readers import read_content

    try:
        data = read_content(Path(path), settings)
    except UnreadableFile as error:
        raise UnreadableFile(shown, error.reason) from error
    return data, asdict(stamp_of(path, data))


def _read_lines(end: Wire, task: dict[str, Any], data: bytes, settings: Settings) -> None:
    from perfsearch.parsing.finishing import enrich, filing_id
    from perfsearch.parsing.json_lines import filing_of

    shown = task["shown"]
    end.send(wire.BEGIN, {"shown": shown})
    lines = [(number, raw) for number, raw in enumerate(data.split(b"\n"), task["lines_from"]) if raw.strip()]
    for number, raw in lines[task["skip"] :]:
        try:
            filing = enrich(filing_of(raw.decode("utf-8", "replace"), task["name"], number))
            if not filing.id:
                end.send(wire.NUMBERED, _dump(filing.model_copy(update={"id": filing_id(filing)}), shown))
            else:
                end.send(wire.FILING, _dump(filing, shown))
        except ValueError as error:
            _send_refusal(end, UnreadableFile(shown, f"line {number}: {error}"), shown)
        except InputError as error:
            _send_refusal(end, UnreadableFile(shown, f"line {number}: {error.reason}"), shown)
        except MemoryError:
            raise
        except Exception as error:
            reason = f"line {number}: {_failure(error, shown).reason}"
            _send_refusal(end, UnreadableFile(shown, reason), shown)
    end.send(wire.END)


def _limit_memory(limit: int) -> None:
    """Let allocations beyond the limit fail; address space is reserved more freely than it is used."""
    for which, most in ((resource.RLIMIT_DATA, limit), (resource.RLIMIT_AS, 2 * limit + (1 << 30))):
        _, hard = resource.getrlimit(which)
        if hard == resource.RLIM_INFINITY or hard > most:
            resource.setrlimit(which, (most, most))
    # No core files of what was killed.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # no Linux: the most it ever had
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
