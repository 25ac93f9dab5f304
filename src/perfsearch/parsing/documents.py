"""The documents of one input: the file itself, or the files of an archive. Runs in the reading processes only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from perfsearch.errors import InputError, UnreadableFile
from perfsearch.model import Filing
from perfsearch.parsing.finishing import finish
from perfsearch.readers import read_bytes
from perfsearch.readers.archive import Unpacked, is_archive, members
from perfsearch.settings import Settings

_ARCHIVE_DEPTH_MAX = 2

Reading = Callable[[], list[Filing]]
"""Reads one document; raises InputError."""


def documents(data: bytes, shown: str, name: str, settings: Settings) -> Iterator[tuple[str, Reading]]:
    """The documents in a file's content: the path to show for each, and what reads it.

    An archive in an archive is opened too, one in that is not.
    """
    if is_archive(data):
        yield from _of_archive(data, shown, settings, Unpacked(), depth=1)
    else:
        yield shown, lambda: read_filings_of(data, name, settings)


def read_filings_of(data: bytes, name: str, settings: Settings) -> list[Filing]:
    """The filings of one document.

    Raises:
        InputError: it can't be read, or holds none.
    """
    return finish(read_bytes(data, name, settings), settings)


def _of_archive(
    data: bytes, shown: str, settings: Settings, unpacked: Unpacked, *, depth: int
) -> Iterator[tuple[str, Reading]]:
    is_empty = True
    try:
        for inner, content in members(data, shown, settings, unpacked):
            path = f"{shown}/{inner}"
            if isinstance(content, UnreadableFile):
                yield path, _refuse(content)
            elif depth < _ARCHIVE_DEPTH_MAX and is_archive(content):
                yield from _of_archive(content, path, settings, unpacked, depth=depth + 1)
            elif is_note(inner):
                continue
            else:
                yield path, _reading(content, Path(inner).name, settings)
            is_empty = False
    except InputError as error:
        yield shown, _refuse(error)
        return
    if is_empty:
        yield shown, _refuse(UnreadableFile(shown, "the archive holds no files"))


def _reading(content: bytes, name: str, settings: Settings) -> Reading:
    return lambda: read_filings_of(content, name, settings)


def _refuse(error: InputError) -> Reading:
    def read() -> list[Filing]:
        raise error

    return read


def is_note(name: str) -> bool:
    """Whether a file in a folder is a note beside the filings (README.md); named by itself it is read like any other."""
    return name.lower().endswith(".md")
