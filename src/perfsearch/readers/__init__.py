"""Bytes to Document: one reader a format, chosen by content first and by the file's extension second."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path

from perfsearch.errors import UnreadableFile
from perfsearch.readers.conversion import Kind
from perfsearch.readers.document import SOFT_BREAK, Cell, Document, Line, Table
from perfsearch.readers.html import looks_like_html, looks_like_web_archive, read_html, read_web_archive
from perfsearch.readers.image import looks_like_image, read_image
from perfsearch.readers.text import check_line_lengths, read_text
from perfsearch.settings import Settings

__all__ = [
    "SOFT_BREAK",
    "Cell",
    "Document",
    "Line",
    "Table",
    "read_bytes",
    "read_content",
    "read_document",
    "read_lines",
]

Reader = Callable[[bytes, str, Settings], Document]
"""Content, file name and limits to a Document; raises UnreadableFile."""

_UNREAD: tuple[tuple[bytes, str], ...] = (
    (b"Rar!", "RAR archives are not read; pack the files as ZIP"),
    (b"7z\xbc\xaf\x27\x1c", "7z archives are not read; pack the files as ZIP"),
    (b"\x1f\x8b", "GZIP archives are not read; pack the files as ZIP"),
)
"""How formats begin that are not read, and what to do instead."""


_OFFICE_XML: tuple[tuple[bytes, str, Kind], ...] = (
    (b'progid="Word.Document"', ".xml", "text"),
    (b'progid="Excel.Sheet"', ".xml", "sheet"),
)
"""How the XML of Office 2003 begins."""


def read_document(path: Path | str, settings: Settings | None = None) -> Document:
    """Read a file into a Document, whatever its format.

    Raises:
        UnreadableFile: missing, a folder, no permission, empty, too large, or of a format that is not read.
    """
    path = Path(path)
    settings = settings or Settings()
    data = read_content(path, settings)
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
    data = read_content(path, settings)
    if not data.strip():
        raise UnreadableFile(str(path), "the file is empty")
    check_line_lengths(data, str(path), settings)
    if b"\x00" in data:
        raise UnreadableFile(str(path), "the file is binary, not lines of JSON in UTF-8")
    for line in BytesIO(data.removeprefix(b"\xef\xbb\xbf")):
        yield line.decode("utf-8", errors="replace")


def read_content(path: Path, settings: Settings) -> bytes:
    """The bytes of a file within the limits.

    Raises:
        UnreadableFile: missing, a folder, no regular file, no permission, or too large.
    """
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

        return _guarded(read_pdf, data, name, settings)
    if data.startswith(b"PK\x03\x04"):
        return _guarded(_read_office, data, name, settings)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _guarded(_read_old_office, data, name, settings)
    if looks_like_image(data):
        return _guarded(read_image, data, name, settings)
    for signature, reason in _UNREAD:
        if data.startswith(signature):
            raise UnreadableFile(name, reason)
    if data.startswith(b"{\\rtf"):
        return _guarded(_converter(".rtf", "text"), data, name, settings)
    for mark, suffix, kind in _OFFICE_XML:
        if mark in data[:2_000]:
            return _guarded(_converter(suffix, kind), data, name, settings)
    if looks_like_web_archive(data):
        return _guarded(read_web_archive, data, name, settings)
    if looks_like_html(data):
        return _guarded(read_html, data, name, settings)
    return read_text(data, name, settings)


def _guarded(reader: Reader, data: bytes, name: str, settings: Settings) -> Document:
    """Run a reader that stands on other people's parsers: on damaged input they raise whatever comes."""
    try:
        return reader(data, name, settings)
    except (UnreadableFile, MemoryError):  # without memory there is no saying whose fault it is
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}"[:200]
        raise UnreadableFile(name, f"the file is damaged ({what})") from error


def _read_office(data: bytes, name: str, settings: Settings) -> Document:
    """A ZIP container by what is in it."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as container:
            members = container.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFile(name, f"the file is damaged: a ZIP container that can't be opened ({error})") from error
    size = sum(member.file_size for member in members)
    if size > settings.unpacked_bytes_max:
        limit = f"{settings.unpacked_bytes_max:,} (unpacked_bytes_max)"
        raise UnreadableFile(name, f"it unpacks to {size:,} bytes, the limit is {limit}")
    names = {member.filename for member in members}
    if "word/document.xml" in names:
        from perfsearch.readers.docx import read_docx

        return read_docx(data, name, settings)
    if "xl/workbook.xml" in names:
        from perfsearch.readers.workbook import read_xlsx

        return read_xlsx(data, name, settings)
    if "content.xml" in names and "META-INF/manifest.xml" in names:
        return _read_open_document(data, name, settings)
    if "OFD.xml" in names:
        raise UnreadableFile(name, "OFD is not read; save it as PDF")
    raise UnreadableFile(name, "the ZIP container is neither a Word document nor an Excel workbook")


def _read_old_office(data: bytes, name: str, settings: Settings) -> Document:
    """An OLE container: a workbook is read, a Word document must be converted; a DOCX in one is encrypted."""
    wide = "EncryptedPackage".encode("utf-16-le")
    if wide in data:
        raise UnreadableFile(name, "the document is encrypted: save it without a password")
    if "WordDocument".encode("utf-16-le") in data:
        _check_container(data, name)
        suffix = Path(name).suffix.lower()
        return _converter(suffix if suffix in (".wps", ".dot") else ".doc", "text")(data, name, settings)
    if "PowerPoint Document".encode("utf-16-le") in data:
        raise UnreadableFile(name, "PowerPoint presentations are not read; save it as PDF")
    from perfsearch.readers.workbook import read_xls

    if Path(name).suffix.lower() not in (".et", ".ett"):
        return read_xls(data, name, settings)
    try:
        return read_xls(data, name, settings)
    except Exception:
        # Kingsoft's own tables are mostly workbooks; what is none, an office suite may still open.
        return _converter(".et", "sheet")(data, name, settings)


def _check_container(data: bytes, name: str) -> None:
    """An office suite takes a damaged container for plain text.

    Raises:
        UnreadableFile: it is no OLE container with a Word document in it.
    """
    from xlrd.compdoc import CompDoc, CompDocError

    try:
        found = CompDoc(data, logfile=StringIO()).locate_named_stream("WordDocument")
    except (CompDocError, AssertionError, ValueError, IndexError, OverflowError) as error:
        raise UnreadableFile(name, f"the old Word document (DOC, WPS) is damaged ({error})"[:300]) from error
    if not found or found[0] is None:
        raise UnreadableFile(name, "the old Word document (DOC, WPS) is damaged: it holds no text")


def _read_open_document(data: bytes, name: str, settings: Settings) -> Document:
    """An OpenDocument text or table."""
    with zipfile.ZipFile(BytesIO(data)) as container:
        if "mimetype" in container.namelist() and b"spreadsheet" in container.read("mimetype")[:100]:
            return _converter(".ods", "sheet")(data, name, settings)
    return _converter(".odt", "text")(data, name, settings)


def _converter(suffix: str, kind: Kind) -> Reader:
    """The reader of a format that LibreOffice converts."""

    def read(data: bytes, name: str, settings: Settings) -> Document:
        from perfsearch.readers.conversion import read_converted

        return read_converted(data, name, settings, suffix=suffix, kind=kind)

    return read
