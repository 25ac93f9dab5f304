"""Speed and size of search beside its peers, on the same chunks and the same vectors, in one run.

    python -m benchmarks [--chunks 10000 100000 1000000] [--peers rank-bm25 bm25s txtai milvus-lite]
                         [--limit-s 1800] [--memory-gb 16] [--work DIR] [--write]

Every contestant runs in a process of its own, warm, one query at a time; a peer that needs more than the time or the
memory is left out, and the table says so. Figures are ratios to trust and times to smile at: the machine is shared.
`--write` appends the tables to RESULTS.md with the date and the machine, and draws the cost of a query by size in
curve.svg.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.curve import curve
from benchmarks.generate import generate

HERE = Path(__file__).resolve().parent
PART_FILINGS = 2_000
"""Filings a file of the corpus, 12 MB."""
PEERS = ("rank-bm25", "bm25s", "txtai", "milvus-lite")


def main() -> None:
    """Prepare, run every contestant, print the tables."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    parser.add_argument(
        "--limit-s", type=float, default=1_800, help="of each peer: to build, and to answer all queries"
    )
    parser.add_argument("--memory-gb", type=float, default=16, help="of each peer")
    parser.add_argument("--work", type=Path, default=Path("/tmp/perfsearch-bench"))
    parser.add_argument("--write", action="store_true", help="append the tables to RESULTS.md")
    options = parser.parse_args()
    tables = []
    sizes: dict[int, list[dict[str, Any]]] = {}
    for n_chunks in options.chunks:
        folder = options.work / f"{n_chunks}"
        _prepare(folder, n_chunks)
        rows = [_run(["-m", "benchmarks.ours", str(folder)])]
        for peer in options.peers:
            limits = [str(options.memory_gb)]
            rows.append(_run(["-m", "benchmarks.peers", peer, str(folder), *limits], options.limit_s))
        sizes[n_chunks] = rows
        tables.append(_table(n_chunks, rows))
        print(tables[-1], flush=True)
    if options.write:
        asked = f"--chunks {' '.join(map(str, options.chunks))} --peers {' '.join(options.peers)}"
        head = f"\n## Search, {datetime.date.today().isoformat()}\n\n{_machine()}\n`python -m benchmarks {asked}`\n"
        with (HERE / "RESULTS.md").open("a", encoding="utf-8") as target:
            target.write("\n".join([head, *tables]))
        if len(sizes) > 1:
            (HERE / "curve.svg").write_text(curve(sizes), encoding="utf-8")


def _prepare(folder: Path, n_chunks: int) -> None:
    """The corpus as JSON lines, once for all contestants."""
    corpus = folder / "corpus"
    if corpus.exists():
        return
    making = folder / "corpus.making"
    making.mkdir(parents=True, exist_ok=True)
    source = generate(n_chunks // 10)
    number = 0
    while lines := [json.dumps(filing, ensure_ascii=False) + "\n" for filing in islice(source, PART_FILINGS)]:
        (making / f"{number:04d}.jsonl").write_text("".join(lines), encoding="utf-8")
        number += 1
    making.rename(corpus)


def _run(arguments: list[str], limit_s: float | None = None) -> dict[str, Any]:
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    name = arguments[2] if "peers" in arguments[1] else "perfsearch"
    try:
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        return {"name": name, "missing": f"more than {limit_s:,.0f} s"}
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        return {"name": name, "missing": reason[:200]}
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def _table(n_chunks: int, rows: list[dict[str, Any]]) -> str:
    ours = rows[0]
    lines = [
        f"\n### {n_chunks:,} chunks\n",
        "| | p50 ms | p99 ms | p50 against ours | build, filings/s | memory MB | disk / text |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        if "missing" in row:
            lines.append(f"| {row['name']} | not run: {row['missing']} | | | | | |")
            continue
        ratio = row["p50_ms"] / ours["p50_ms"] if "p50_ms" in ours else float("nan")
        lines.append(
            f"| {row['name']} | {row['p50_ms']:.2f} | {row['p99_ms']:.2f} | {ratio:.1f} | {row['filings_per_s']:.0f} "
            f"| {row['memory_mb']:.0f} | {row['disk_per_text']:.2f} |"
        )
    if "first_answer_s" in ours:
        rates = ", ".join(f"{ours[f'{part}_quarter_per_s']:.0f} in the {part} quarter" for part in ("first", "last"))
        lines.append(f"\nperfsearch: open and first answer {ours['first_answer_s']:.2f} s; filings/s {rates}.\n")
        lines += [f"- {note}" for note in ours["notes"]]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    try:
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        processor = names[0].split(":")[1].strip()
    except (OSError, IndexError):
        processor = platform.processor()
    return f"{os.cpu_count()} cores of {processor}, Python {platform.python_version()}, {platform.system()}\n"


if __name__ == "__main__":
    main()
