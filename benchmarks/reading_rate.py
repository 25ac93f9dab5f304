"""How many files a second of processor time are read, by format: `python -m benchmarks.reading_rate [--files 300]`.

Once within this process (the reader, the form and what is derived) and once as `add` and `parse` do it, by one reading
process, whose start is counted too; real PDFs and texts of ../shared beside the made ones, where that folder is there.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from fuzzing.seeds import seeds
from perfsearch.parsing import iter_inputs
from perfsearch.parsing.documents import documents
from perfsearch.parsing.pool import POOL
from perfsearch.settings import Settings

MADE = ("text", "html", "docx", "xlsx", "xls", "pdf")
SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "filings"
SETTINGS = Settings(reading_workers=1)


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300, help="Files of each format.")
    n_files = parser.parse_args().files
    print("| format | mean size, KB | filings a file | within the process, files/s | by a reading process, files/s |")
    print("| --- | --- | --- | --- | --- |")
    for kind in MADE:
        _print(kind, [(f"a.{kind}", seed) for seed in seeds(kind)], n_files)
    for suffix in (".txt", ".pdf"):
        found = sorted(SHARED.glob(f"*{suffix}")) if SHARED.is_dir() else []
        if found:
            _print(f"real {suffix}", [(path.name, path.read_bytes()) for path in found], min(n_files, 4 * len(found)))
    real = sorted((Path(__file__).resolve().parent.parent / "corpus").glob("*.txt"))
    _print("corpus .txt", [(path.name, path.read_bytes()) for path in real], n_files)


def _print(label: str, files: Sequence[tuple[str, bytes]], n_files: int) -> None:
    chosen = [files[number % len(files)] for number in range(n_files)]
    for name, data in files:  # imports and caches
        _read(name, data)
    started = time.process_time()
    n_filings = sum(_read(name, data) for name, data in chosen)
    within = n_files / (time.process_time() - started)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, data) in enumerate(chosen):
            (Path(folder) / f"{number:05d}-{name}").write_bytes(data)
        before = os.times()
        assert sum(len(parsed.filings) for parsed in iter_inputs([folder], SETTINGS)) == n_filings
        POOL.close()
        after = os.times()
    spent = sum(after[:4]) - sum(before[:4])
    size = sum(len(data) for _, data in chosen) / n_files / 1000
    print(f"| {label} | {size:.1f} | {n_filings / n_files:.2f} | {within:.0f} | {n_files / spent:.0f} |", flush=True)


def _read(name: str, data: bytes) -> int:
    return sum(len(read()) for _, read in documents(data, name, name, SETTINGS))


if __name__ == "__main__":
    main()
