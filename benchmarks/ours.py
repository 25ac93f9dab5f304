"""perfsearch as a contestant: `Library.search`, with lanes, collapse and snippets."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measuring import memory_mb, parts, percentiles, queries, size_bytes, text_bytes, time_queries

if TYPE_CHECKING:
    from perfsearch.indexes.view import View
    from perfsearch.library import Library

K = 10
RECALL_QUERIES = 100
BLOCK = 65_536
FILTERS: dict[str, dict[str, Any]] = {
    "most years": {"year_from": 2014},
    "one category of three": {"category": "经常性项目"},
    "one year of 15": {"year_from": 2020, "year_to": 2020},
    "one year, one kind of body": {"year_from": 2020, "year_to": 2020, "applicant": "教育局"},
    "one section": {"section": "goals"},
}


def main() -> None:
    """Build the library where there is none, search it, print one JSON line."""
    from perfsearch.library import Library

    folder = Path(sys.argv[1])
    directory = folder / "library"
    built = folder / "built.json"
    if not built.exists():
        built.write_text(json.dumps(_build(folder, directory)), encoding="utf-8")
    texts = queries(folder)
    before = memory_mb()
    started = time.perf_counter()
    with Library.open(directory, create=False, readonly=True) as library:
        library.search(texts[0])
        first = time.perf_counter() - started
        row = time_queries(library.search, texts)
        held = memory_mb() - before
        notes = [*_modes(library, texts), *_stages(library.view(), texts), *_filtered(library, texts, row["p50_ms"])]
        notes.append(f"recall@{K} of the vectors against an exact scan {_recall(library.view(), texts):.3f}")
    print(
        json.dumps(
            {
                "name": "perfsearch hybrid",
                **row,
                **json.loads(built.read_text(encoding="utf-8")),
                "memory_mb": held,
                "disk_per_text": size_bytes(directory) / text_bytes(folder),
                "first_answer_s": first,
                "notes": notes,
            },
            ensure_ascii=False,
        )
    )


def _build(folder: Path, directory: Path) -> dict[str, Any]:
    """Add the corpus; filings a second in all, and in the first and the last quarter."""
    from perfsearch.library import Library

    shutil.rmtree(directory, ignore_errors=True)
    started = time.perf_counter()
    seen: list[tuple[int, float]] = [(0, 0.0)]
    with Library.open(directory) as library:
        library.add(parts(folder), lambda done, _: seen.append((done, time.perf_counter() - started)))
    count, seconds = seen[-1][0], time.perf_counter() - started
    quarter = next(found for found in seen if found[0] >= count / 4)
    late = next(found for found in seen if found[0] >= count * 3 / 4)
    return {
        "filings_per_s": count / seconds,
        "first_quarter_per_s": quarter[0] / quarter[1],
        "last_quarter_per_s": (count - late[0]) / (seconds - late[1]),
    }


def _modes(library: Library, texts: list[str]) -> list[str]:
    def asked(mode: str) -> str:
        found = time_queries(lambda text: library.search(text, mode=mode), texts)
        return f"{mode} alone p50 {found['p50_ms']:.2f}, p99 {found['p99_ms']:.2f} ms"

    return [asked(mode) for mode in ("lexical", "semantic")]


def _stages(view: View, texts: list[str]) -> list[str]:
    """What the parts of a search take, each by itself and for other words than the last."""
    terms = [[(word, 1.0) for word in view.tokens(text)] for text in texts]
    vectors = [view.encoder.encode([text], kind="query")[0] for text in texts]
    stages = {
        "cutting the query": lambda n: view.tokens(texts[n]),
        "encoding it": lambda n: view.encoder.encode([texts[n]], kind="query"),
        "words over all chunks": lambda n: view.lexical.search(terms[n], 100),
        "vectors over all chunks": lambda n: view.vectors.search(vectors[n], 100),
    }
    found = []
    for name, stage in stages.items():
        times = []
        for number in range(len(texts)):
            started = time.perf_counter()
            stage(number)
            times.append((time.perf_counter() - started) * 1000)
        part = percentiles(times)
        found.append(f"{name} p50 {part['p50_ms']:.2f}, p99 {part['p99_ms']:.2f} ms")
    return found


def _filtered(library: Library, texts: list[str], unfiltered_ms: float) -> list[str]:
    found = []
    for name, conditions in FILTERS.items():
        row = time_queries(lambda text, conditions=conditions: library.search(text, **conditions), texts)  # type: ignore[misc]
        found.append(
            f"filtered by {name} p50 {row['p50_ms']:.2f} ms ({row['p50_ms'] / unfiltered_ms:.2f} of unfiltered)"
        )
    return found


def _recall(view: View, texts: list[str]) -> float:
    """Of the K best by an exact scan of the stored vectors, the share that the index finds; equal scores count as found."""
    log = view.vectors.log
    vectors = view.encoder.encode(texts[:RECALL_QUERIES], kind="query")
    best = np.full((len(vectors), K), -np.inf, dtype=np.float32)
    for start in range(0, log.rows("chunks"), BLOCK):
        rows = log["codes"][start : start + BLOCK].astype(np.float32) * log["scales"][start : start + BLOCK, None]
        best = np.sort(np.concatenate([best, vectors @ rows.T], axis=1), axis=1)[:, -K:]
    shares = [
        float((view.vectors.search(vector, K)[1] >= least - 1e-6).mean())
        for vector, least in zip(vectors, best[:, 0], strict=True)
    ]
    return sum(shares) / len(shares)


if __name__ == "__main__":
    main()
