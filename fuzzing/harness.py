"""One reader under libFuzzer: any bytes give filings or an InputError, and nothing else."""

from __future__ import annotations

import contextlib
import sys

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
    from perfsearch.parsing.documents import documents
    from perfsearch.parsing.finishing import enrich
    from perfsearch.parsing.json_lines import filing_of
    from perfsearch.settings import Settings

SETTINGS = Settings(unpacked_bytes_max=20_000_000, pdf_pages_max=50)
READER = sys.argv[1]


def read_once(data: bytes) -> None:
    """Read an input as the reader's format, in this process."""
    part = {"docx": WORD_PART, "xlsx": SHEET_PART}.get(READER)
    if READER == "jsonl":
        for number, line in enumerate(data.split(b"\n"), start=1):
            with contextlib.suppress(ValueError):
                enrich(filing_of(line.decode("utf-8", "replace"), "a.jsonl", number)).model_dump_json()
        return
    if part is not None and not data.startswith(b"PK"):
        data = repacked(seeds(READER)[0], part, data)
    for _, read in documents(data, f"a.{READER}", f"a.{READER}", SETTINGS):
        with contextlib.suppress(InputError):
            for filing in read():
                filing.model_dump_json()


def main() -> None:
    """Hand over to libFuzzer, with its own arguments."""
    atheris.Setup([sys.argv[0], *sys.argv[2:]], read_once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
