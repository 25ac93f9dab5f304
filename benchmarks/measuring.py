"""What every contestant shares: the queries, the clock, the memory, the disk."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

QUERIES = 300
WARM_UP = 30
_WORD = re.compile(r"[一-鿿]{2,6}")


def filings(folder: Path) -> Iterator[dict[str, Any]]:
    """The corpus of a folder."""
    for part in parts(folder):
        with part.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def parts(folder: Path) -> list[Path]:
    """The files of the corpus of a folder."""
    return sorted((folder / "corpus").glob("*.jsonl"))


def queries(folder: Path, count: int = QUERIES + WARM_UP) -> list[str]:
    """Queries of two to five phrases cut out of random filings, as drafters type them; always the same."""
    rng = random.Random(11)
    sample: list[dict[str, Any]] = []
    for number, filing in enumerate(filings(folder)):
        if number >= 20_000:
            break
        sample.append(filing)
    found = []
    while len(found) < count:
        text = rng.choice(list(rng.choice(sample)["sections"].values()))
        words = _WORD.findall(text)
        if len(words) >= 5:
            found.append(" ".join(rng.sample(words, rng.randint(2, 5))))
    return found


def time_queries(search: Callable[[str], object], texts: list[str]) -> dict[str, float]:
    """p50 and p99 in milliseconds of single queries, after a warm-up."""
    for text in texts[:WARM_UP]:
        search(text)
    return percentiles([_timed(search, text) for text in texts[WARM_UP:]])


def _timed(search: Callable[[str], object], text: str) -> float:
    started = time.perf_counter()
    search(text)
    return (time.perf_counter() - started) * 1000


def percentiles(times: list[float]) -> dict[str, float]:
    """p50 and p99 of times in milliseconds."""
    times = sorted(times)
    return {"p50_ms": times[len(times) // 2], "p99_ms": times[int(len(times) * 0.99)]}


def memory_mb() -> float:
    """What this process holds, in MB; pages of mapped files, which processes share, are not counted."""
    fields = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if ":" in line
    )
    return float(fields["RssAnon"].split()[0]) / 1024


def size_bytes(path: Path) -> int:
    """Bytes of a file or of a whole folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def text_bytes(folder: Path) -> int:
    """Bytes of the corpus's text: sections, header and indicators in UTF-8."""
    total = 0
    for filing in filings(folder):
        parts = [*filing["sections"].values(), filing["project_name"], filing["applicant"]]
        parts += [row["level1"] + row["level2"] + row["name"] + row["target"] for row in filing["indicators"]]
        total += sum(len(part.encode()) for part in parts)
    return total
