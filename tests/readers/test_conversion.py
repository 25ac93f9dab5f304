"""What only an office suite reads is converted by LibreOffice where it is, and refused with what to install where it is not."""

from __future__ import annotations

import os
import struct
import subprocess
import time
from pathlib import Path
from random import Random

import pytest

from perfsearch.errors import UnreadableFile
from perfsearch.forms import read_filings
from perfsearch.readers import read_bytes
from perfsearch.readers.archive import is_archive
from perfsearch.readers.conversion import office_command
from perfsearch.settings import Settings
from tests.forms import tabled
from tests.forms.test_tables import RECORDS, lost

needs_office = pytest.mark.skipif(office_command() is None, reason="soffice is absent: nothing is converted here")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600


def container() -> bytes:
    """The smallest OLE container with a stream of the name that Word's document has."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    head = OLE[:8] + b"\0" * 16 + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + b"\0" * 10
    head += struct.pack("<IIIIIIIII", 1, 1, 0, 4096, end, 0, end, 0, 0) + struct.pack("<I", free) * 108
    sectors = struct.pack("<II", table, end) + b"".join(struct.pack("<I", n + 1) for n in range(2, 9))
    sectors += struct.pack("<I", end) + struct.pack("<I", free) * (128 - 10)

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        raw = name.encode("utf-16-le")
        return (
            raw.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(raw) + 2, kind, 1, free, free, child)
            + b"\0" * 36
            + struct.pack("<III", start, size, 0)
        )

    folder = entry("Root Entry", 5, 1, end, 0) + entry("WordDocument", 2, free, 2, 4096) + b"\0" * 256
    return head.ljust(512, b"\0") + sectors + folder + b"\0" * 4096


DOC = container()


def office(data: bytes, suffix: str, target: str, folder: Path) -> bytes:
    """A document saved by LibreOffice in another format."""
    (folder / f"a{suffix}").write_bytes(data)
    command = office_command()
    assert command is not None
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [command, "--headless", profile, "--convert-to", target, "--outdir", str(folder), str(folder / f"a{suffix}")],
        check=True,
        capture_output=True,
        timeout=200,
    )
    return (folder / f"a.{target.partition(':')[0]}").read_bytes()


@pytest.mark.parametrize(
    ("data", "name", "what"),
    [
        (DOC, "表.doc", "DOC is read through LibreOffice, which is not here: install libreoffice-writer"),
        (DOC, "表.wps", "WPS is read through LibreOffice"),
        (b"{\\rtf1 a}", "a.rtf", "RTF is read through LibreOffice"),
        (OLE, "表.et", "ET is read through LibreOffice, which is not here: install libreoffice-calc"),
    ],
)
def test_without_an_office_suite_the_reason_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, data: bytes, name: str, what: str
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnreadableFile, match=what):
        read_bytes(data, name)


def test_a_conversion_that_takes_too_long_is_ended_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in = tmp_path / "soffice"
    stand_in.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {tmp_path}/child\nwait\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UnreadableFile, match="reading_seconds_max"):
        read_bytes(DOC, "a.doc", Settings(reading_seconds_max=1.5))
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes():
            break
        time.sleep(0.1)
    else:
        pytest.fail("what the conversion started still runs")


@needs_office
@pytest.mark.slow
@pytest.mark.parametrize("target", ["doc", "rtf", "odt"])
def test_a_word_document_in_another_format_is_read_as_it_was(target: str, tmp_path: Path) -> None:
    filled = tabled.shanghai_2023(RECORDS[4], Random(4))
    data = office(tabled.as_docx(filled, after="填报人：王工"), ".docx", target, tmp_path)
    assert not is_archive(data)
    document = read_bytes(data, f"表.{target}")
    assert document.format == target
    (filing,) = read_filings(document)
    assert lost(filing, filled.expected) == []


@needs_office
@pytest.mark.slow
def test_an_open_document_table_is_read_as_it_was(tmp_path: Path) -> None:
    filled = tabled.national(RECORDS[4], Random(4))
    (filing,) = read_filings(read_bytes(office(tabled.as_xlsx(filled), ".xlsx", "ods", tmp_path), "表.ods"))
    assert lost(filing, filled.expected) == []
