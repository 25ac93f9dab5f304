"""Files to filings: every document is read in a process of its own kind, so that a bad one costs only itself.

`documents` reads and `finishing` fills in what is derived, in the reading processes; `nursery` forks these, `worker` is
what they do, `wire` how they speak, `pool` watches over them; `inputs` walks folders and keeps several at work.
"""

from __future__ import annotations

import os
from pathlib import Path

from perfsearch.errors import InputError, NoFiling, UnreadableFile
from perfsearch.model import Filing
from perfsearch.parsing.inputs import InputFile, Memory, count_files, find_files, iter_inputs, readable
from perfsearch.parsing.json_lines import SUFFIX
from perfsearch.parsing.pool import POOL, ReadersError
from perfsearch.parsing.progress import Task
from perfsearch.parsing.results import Parsed, Stamp
from perfsearch.settings import Settings

__all__ = [
    "InputFile",
    "Memory",
    "Parsed",
    "ReadersError",
    "Stamp",
    "count_files",
    "find_files",
    "iter_inputs",
    "parse_bytes",
    "parse_file",
    "readable",
    "warm",
]

_BESIDE = 2
"""Processes for single files beside those for folders."""


def parse_file(path: Path | str, settings: Settings | None = None) -> list[Filing]:
    """Read the filings of one file: a document of any format that is read, a ZIP of them, or a `.jsonl` of filings.

    Raises:
        UnreadableFile: missing, no permission, empty, junk, beyond a limit; of a `.jsonl`, also a bad line.
        NoFiling: it was read, but no filing of a known form is in it.
        ReadersError: no reading process can be started.
    """
    settings = settings or Settings()
    shown = readable(str(path))
    if Path(path).is_dir():
        raise UnreadableFile(shown, "this is a folder, not a file")
    if shown.lower().endswith(SUFFIX):
        return _filings_of_lines(list(iter_inputs([path], settings)), shown)
    source = readable(os.path.realpath(path)) if "\0" not in str(path) else None
    return _filings_or_raise(Task(shown, Path(shown).name, str(path), source_path=source), settings)


def parse_bytes(data: bytes, name: str, settings: Settings | None = None) -> list[Filing]:
    """Read the filings in the content of a file named `name` (an upload); raises as `parse_file` does."""
    return _filings_or_raise(Task(name, name, data=data), settings or Settings())


def warm() -> None:
    """Let the reading processes be made ready while something else is done."""
    POOL.warm()


def _filings_or_raise(task: Task, settings: Settings) -> list[Filing]:
    filings: list[Filing] = []
    errors: list[InputError] = []
    for parsed in POOL.read(task, settings, n_beside=_BESIDE):
        filings.extend(parsed.filings)
        if parsed.error is not None:
            errors.append(parsed.error)
    if filings:
        return filings
    raise errors[0] if errors else NoFiling(task.shown, "it holds no filing")


def _filings_of_lines(results: list[Parsed], shown: str) -> list[Filing]:
    rejections = [rejection for parsed in results for rejection in parsed.rejections]
    if rejections:
        raise UnreadableFile(rejections[0].path, rejections[0].reason)
    filings = [filing for parsed in results for filing in parsed.filings]
    if not filings:
        raise NoFiling(shown, "it holds no filing")
    return filings
