"""perfsearch as a contestant: `Library.search`, with lanes, collapse and snippets."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

from benchmarks.measuring import memory_mb, queries, size_bytes, text_bytes, time_queries


def main() -> None:
    """Build the library where there is none, search it, print one JSON line."""
    from perfsearch.library import Library

    folder = Path(sys.argv[1])
    directory = folder / "library"
    built = folder / "built.json"
    n_filings = sum(1 for _ in (folder / "corpus.jsonl").open(encoding="utf-8"))
    if not built.exists():
        shutil.rmtree(directory, ignore_errors=True)
        started = time.perf_counter()
        with Library.open(directory) as library:
            library.add([folder / "corpus.jsonl"])
        built.write_text(json.dumps({"filings_per_s": n_filings / (time.perf_counter() - started)}), encoding="utf-8")
    texts = queries(folder)
    before = memory_mb()
    started = time.perf_counter()
    with Library.open(directory, create=False, readonly=True) as library:
        library.search(texts[0])
        first = time.perf_counter() - started
        row = time_queries(library.search, texts)
        modes = {
            mode: time_queries(lambda text, mode=mode: library.search(text, mode=mode), texts)  # type: ignore[misc]
            for mode in ("lexical", "semantic")
        }
        held = memory_mb() - before
    print(
        json.dumps(
            {
                "name": "perfsearch hybrid",
                **row,
                **json.loads(built.read_text(encoding="utf-8")),
                "memory_mb": held,
                "disk_per_text": size_bytes(directory) / text_bytes(folder),
                "first_answer_s": first,
                "stages": ", ".join(f"{mode} alone p50 {found['p50_ms']:.2f} ms" for mode, found in modes.items()),
            }
        )
    )


if __name__ == "__main__":
    main()
