"""One reader under libFuzzer: any bytes give filings or an InputError, and nothing else."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["perfsearch", "docx", "openpyxl", "pdfplumber", "pdfminer", "xlrd", "zipfile", "html"]
):
    import docx  # noqa: F401
    import openpyxl  # noqa: F401
    import pdfplumber  # noqa: F401
    import xlrd  # noqa: F401

    from fuzzing.seeds import SHEET_PART, WORD_PART, repacked, seeds
    from perfsearch.errors import InputError
    from perfsearch.parsing import iter_inputs, parse_bytes
    from perfsearch.settings import Settings

SETTINGS = Settings(unpacked_bytes_max=20_000_000, pdf_pages_max=50)
READER = sys.argv[1]


def read_once(data: bytes) -> None:
    """Read an input as the reader's format."""
    part = {"docx": WORD_PART, "xlsx": SHEET_PART}.get(READER)
    if part is not None and not data.startswith(b"PK"):
        data = repacked(seeds(READER)[0], part, data)
    if READER in ("zip", "jsonl"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"a.{READER}"
            path.write_bytes(data)
            for _ in iter_inputs([path], SETTINGS):
                pass
        return
    with contextlib.suppress(InputError):
        parse_bytes(data, f"a.{READER}", SETTINGS)


def main() -> None:
    """Hand over to libFuzzer, with its own arguments."""
    atheris.Setup([sys.argv[0], *sys.argv[2:]], read_once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
