"""Bytes to Document: one reader a format, chosen by content first and by the file's extension second."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from perfsearch.errors import UnreadableFile
from perfsearch.readers.document import SOFT_BREAK, Cell, Document, Line, Table
from perfsearch.readers.text import check_line_lengths, read_text
from perfsearch.settings import Settings

__all__ = ["SOFT_BREAK", "Cell", "Document", "Line", "Table", "read_bytes", "read_document", "read_lines"]

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (DOC, XLS)"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a GZIP archive"),
    (b"{\\rtf", "an RTF document"),
)
"""How formats begin that are no text, and what to call them."""


def read_document(path: Path | str, settings: Settings | None = None) -> Document:
    """Read a file into a Document, whatever its format.

    Raises:
        UnreadableFile: missing, a folder, no permission, empty, too large, or of a format that is not read.
    """
    path = Path(path)
    settings = settings or Settings()
    data = _content(path, settings)
    try:
        return read_bytes(data, path.name, settings)
    except UnreadableFile as error:
        raise UnreadableFile(str(path), error.reason) from error


def read_lines(path: Path | str, settings: Settings | None = None) -> Iterator[str]:
    """Read a UTF-8 file line by line, for files of records; an undecodable byte shows as U+FFFD.

    Raises:
        UnreadableFile: missing, a folder, no permission, empty, too large, or with an overlong line.
    """
    path = Path(path)
    settings = settings or Settings()
    data = _content(path, settings)
    if not data.strip():
        raise UnreadableFile(str(path), "the file is empty")
    check_line_lengths(data, str(path), settings)
    if b"\x00" in data:
        raise UnreadableFile(str(path), "the file is binary, not lines of JSON in UTF-8")
    for line in BytesIO(data.removeprefix(b"\xef\xbb\xbf")):
        yield line.decode("utf-8", errors="replace")


def _content(path: Path, settings: Settings) -> bytes:
    try:
        if path.is_dir():
            raise UnreadableFile(str(path), "this is a folder, not a file")
        if not path.exists():
            raise UnreadableFile(str(path), "there is no such file")
        if not path.is_file():
            raise UnreadableFile(str(path), "this is not a regular file")
        size = path.stat().st_size
        if size > settings.file_size_bytes_max:
            limit = f"{settings.file_size_bytes_max:,} bytes (file_size_bytes_max)"
            raise UnreadableFile(str(path), f"the file has {size:,} bytes, the limit is {limit}")
        return path.read_bytes()
    except PermissionError as error:
        raise UnreadableFile(str(path), "no permission to read it") from error
    except (OSError, ValueError) as error:
        raise UnreadableFile(str(path), f"it could not be read: {getattr(error, 'strerror', None) or error}") from error


def read_bytes(data: bytes, name: str, settings: Settings | None = None) -> Document:
    """Read the content of a file named `name` into a Document.

    Raises:
        UnreadableFile: empty, junk, beyond a limit, or of a format that is not read.
    """
    settings = settings or Settings()
    if b"%PDF-" in data[:1024]:
        from perfsearch.readers.pdf import read_pdf

        return read_pdf(data, name, settings)
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise UnreadableFile(name, f"{what} is not read yet; save it as text (UTF-8) and add that")
    return read_text(data, name, settings)
