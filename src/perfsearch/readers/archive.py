"""ZIP archives to the files in them, in memory: nothing is written, so no name can climb out."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from perfsearch.errors import UnreadableFile
from perfsearch.settings import Settings

_OFFICE = frozenset(
    {"word/document.xml", "xl/workbook.xml", "ppt/presentation.xml", "[Content_Types].xml"}
    | {"META-INF/manifest.xml", "OFD.xml"}
)
_PASSED_OVER = ("__MACOSX/", ".DS_Store", "Thumbs.db")


def is_archive(data: bytes) -> bool:
    """Is the content a ZIP of files, and not an Office document?"""
    if not data.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(BytesIO(data)) as container:
            return _OFFICE.isdisjoint(container.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False


@dataclass(slots=True)
class Unpacked:
    """What an archive, with all archives in it, has unpacked to so far."""

    size_bytes: int = 0


def members(
    data: bytes, name: str, settings: Settings, unpacked: Unpacked | None = None
) -> Iterator[tuple[str, bytes | UnreadableFile]]:
    """The files of a ZIP, sorted by name: the name inside it, and the content or the reason why there is none.

    Names that are not in UTF-8 are read as GBK, as Chinese Windows writes them. Hidden files are passed over. What the
    archive unpacks to is added to `unpacked`, and counts to the limit with what is in it already.

    Raises:
        UnreadableFile: it has too many files, or unpacks to too much.
    """
    unpacked = unpacked or Unpacked()
    with zipfile.ZipFile(BytesIO(data)) as container:
        # A name may be missing altogether, and then is not asked whether it ends in a slash.
        infos = [info for info in container.infolist() if not info.filename.endswith("/")]
        size = unpacked.size_bytes + sum(info.file_size for info in infos)
        if len(infos) > settings.archive_files_max:
            limit = f"{settings.archive_files_max:,} (archive_files_max)"
            raise UnreadableFile(name, f"the archive holds {len(infos):,} files, the limit is {limit}")
        if size > settings.unpacked_bytes_max:
            limit = f"{settings.unpacked_bytes_max:,} (unpacked_bytes_max)"
            raise UnreadableFile(name, f"it unpacks to {size:,} bytes, the limit is {limit}")
        unpacked.size_bytes = size
        named = sorted(((_name(info), info) for info in infos), key=lambda pair: pair[0])
        for inner, info in ((inner, info) for inner, info in named if not _is_hidden(inner)):
            if not inner:
                yield "?", UnreadableFile(f"{name}/?", "it has no name in the archive; pack it anew")
            elif inner.startswith("/") or inner[1:3] == ":/" or ".." in inner.split("/"):
                yield inner, UnreadableFile(f"{name}/{inner}", "its name leads out of the archive; pack it anew")
            elif info.flag_bits & 0x1:
                yield inner, UnreadableFile(f"{name}/{inner}", "it is encrypted in the archive")
            elif info.file_size > settings.file_size_bytes_max:
                limit = f"{settings.file_size_bytes_max:,} (file_size_bytes_max)"
                yield inner, UnreadableFile(f"{name}/{inner}", f"it has {info.file_size:,} bytes, the limit is {limit}")
            else:
                try:
                    yield inner, container.read(info)
                except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError) as error:
                    yield inner, UnreadableFile(f"{name}/{inner}", f"it is damaged in the archive ({error})")


def _name(info: zipfile.ZipInfo) -> str:
    if not info.flag_bits & 0x800:
        raw = info.orig_filename.encode("cp437", errors="replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                return raw.decode(encoding).replace("\\", "/")
            except UnicodeDecodeError:
                continue
    return info.filename.replace("\\", "/")


def _is_hidden(inner: str) -> bool:
    return inner.startswith(_PASSED_OVER) or any(part.startswith(".") and part != ".." for part in inner.split("/"))
