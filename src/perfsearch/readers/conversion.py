"""Formats that only an office suite reads (DOC, WPS, ET, RTF, ODT, ODS): converted by LibreOffice where it is installed.

It runs without a window, with a profile of its own that allows no macros and follows no links, and is ended with all its
processes when its time is up.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

from perfsearch.errors import UnreadableFile
from perfsearch.readers.document import Document
from perfsearch.settings import Settings

Kind = Literal["text", "sheet"]

_COMMANDS = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice")
_FILTERS: dict[Kind, tuple[str, str]] = {
    "text": ("docx", "docx:MS Word 2007 XML"),
    "sheet": ("xlsx", "xlsx:Calc MS Excel 2007 XML"),
}
_PACKAGE: dict[Kind, str] = {"text": "libreoffice-writer", "sheet": "libreoffice-calc"}
_TIME_SHARE = 0.6
"""Share of the time for a document that its conversion may take; the rest is for reading it."""
_RULES = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Setup/Office"><prop oor:name="ooSetupInstCompleted" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


def office_command() -> str | None:
    """The command that starts LibreOffice, or None where it is not installed."""
    return next((found for command in _COMMANDS if (found := shutil.which(command))), None)


def read_converted(data: bytes, name: str, settings: Settings, *, suffix: str, kind: Kind) -> Document:
    """Convert a file's content, which is of the format that `suffix` stands for (`.doc`), and read what comes out.

    Raises:
        UnreadableFile: LibreOffice is not installed, takes too long, or can't open the file.
    """
    command = office_command()
    format_name = suffix.lstrip(".").upper()
    if command is None:
        instead = "DOCX" if kind == "text" else "XLSX"
        reason = f"{format_name} is read through LibreOffice, which is not here: install {_PACKAGE[kind]}, or save the file as {instead} or PDF"
        raise UnreadableFile(name, reason)
    extension, output_filter = _FILTERS[kind]
    with tempfile.TemporaryDirectory(prefix="perfsearch-office-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder, f"document{suffix}"), Path(folder, "out", f"document.{extension}")
        source.write_bytes(data)
        profile = Path(folder, "profile")
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_RULES, encoding="utf-8")
        arguments = [command, "--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo"]
        arguments += [f"-env:UserInstallation={profile.as_uri()}", "--convert-to", output_filter]
        arguments += ["--outdir", str(target.parent), str(source)]
        seconds = _TIME_SHARE * settings.reading_seconds_max
        if not _run(arguments, folder, seconds):
            limit = f"{settings.reading_seconds_max:g} seconds (reading_seconds_max)"
            raise UnreadableFile(name, f"LibreOffice took more than its share of {limit} to convert it: save it as PDF")
        if not target.is_file() or not target.stat().st_size:
            reason = f"LibreOffice can't open it: the {format_name} file is encrypted or damaged, or no {format_name}"
            raise UnreadableFile(name, reason)
        if target.stat().st_size > settings.file_size_bytes_max:
            limit = f"{settings.file_size_bytes_max:,} bytes (file_size_bytes_max)"
            raise UnreadableFile(name, f"converted, the file is larger than the limit of {limit}")
        converted = target.read_bytes()
    return replace(_read(converted, name, settings, kind), format=suffix.lstrip("."))


def _read(data: bytes, name: str, settings: Settings, kind: Kind) -> Document:
    if kind == "text":
        from perfsearch.readers.docx import read_docx

        return read_docx(data, name, settings)
    from perfsearch.readers.workbook import read_xlsx

    return read_xlsx(data, name, settings)


def _run(arguments: list[str], folder: str, seconds: float) -> bool:
    """Run a command to its end, or end it with all its processes when its time is up; whether it ended by itself."""
    environment = {**os.environ, "HOME": folder, "TMPDIR": folder, "SAL_USE_VCLPLUGIN": "svp"}
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        process.wait(timeout=seconds)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        # Also where the wait itself is interrupted: nothing it started is left behind.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
