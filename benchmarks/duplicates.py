"""Measure the duplicate finder: planted copies (plagdet), and speed, size and clusters of a large library.

python -m benchmarks.duplicates planted FILINGS.jsonl... [--drafts 120] [--seed 1] [--recipe usual] [--apart 13]
python -m benchmarks.duplicates scale [--filings 100000] [--library DIR] [--peer]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import generate, planted_copies
from perfsearch.extract.fingerprints import fold
from perfsearch.library import Library
from perfsearch.model import DuplicateReport, Filing
from perfsearch.queries.duplicates import duplicates
from perfsearch.queries.duplicates_clusters import clusters


def found_in(report: DuplicateReport, boilerplate: bool = False) -> list[planted_copies.Found]:
    """The matches with other filings as detections; boilerplate and quotations only on demand."""
    return [
        planted_copies.Found(
            m.section, m.start, m.end, m.source_filing_id, m.source_section, m.source_start, m.source_end
        )
        for m in report.matches
        if not m.within_filing and (boilerplate or not m.boilerplate)
    ]


def measure_planted(
    paths: Sequence[Path], n_drafts: int, seed: int, recipe: planted_copies.Recipe, run: int, paraphrase: bool
) -> dict[str, Any]:
    """plagdet and its parts over drafts with planted copies, asked of a library that holds the sources."""
    library_rows, drafts = planted_copies.make(paths, n_drafts, seed, recipe, run)
    results, every, times = [], [], []
    with tempfile.TemporaryDirectory() as folder, Library.open(folder) as library:
        library.add_filings(Filing.model_validate(row) for row in library_rows)
        view = library.view()
        for draft in drafts:
            # Where the host's citations stood, its text is another now.
            filing = Filing.model_validate({**draft.filing, "id": "", "citations": []})
            started = time.perf_counter()
            report = duplicates(view, filing, min(15, recipe.low), paraphrase=paraphrase)
            times.append(time.perf_counter() - started)
            results.append((draft.copies, found_in(report)))
            every.append((draft.copies, found_in(report, boilerplate=True)))
    figures = {name: round(value, 4) for name, value in planted_copies.score(results).items()}
    marked = {name: round(value, 4) for name, value in planted_copies.score(every).items()}
    return {**figures, "with_boilerplate": marked, "p50_ms": round(statistics.median(times) * 1000, 1)}


def copies_among(filings: Iterable[dict[str, Any]], every: int = 20) -> Iterator[dict[str, Any]]:
    """Filings, and after every so many one that is most of an earlier one: what clusters are there to find."""
    kept: dict[str, Any] | None = None
    for number, filing in enumerate(filings):
        if number % every == every - 1 and kept is not None:
            sections = dict(filing["sections"])
            for name in list(sections)[: 3 + number % 3]:
                sections[name] = kept["sections"].get(name, "")
            filing = {**filing, "sections": sections}
        elif number % every == every // 2:
            kept = filing
        yield filing


def measure_scale(n_filings: int, folder: Path, n_asked: int, peer: bool) -> dict[str, Any]:
    """p50 and p95 of one filing against the library, bytes of the index by bytes of text, and one pass for clusters."""
    with Library.open(folder) as library:
        if library.count() < n_filings:
            started = time.perf_counter()
            rows = copies_among(generate.generate(n_filings))
            library.add_filings(
                # Indicators take a third of the time, and have nothing to do with copies.
                (Filing.model_validate({**row, "indicators": []}) for row in rows),
                progress=lambda done, _: print(f"\r{done:,}", end="", file=sys.stderr) if done % 6400 == 0 else None,
            )
            print(f"\nadded in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        view = library.view()
        asked = view.catalog["filing_no"][:: max(1, n_filings // n_asked)][:n_asked].tolist()
        text_bytes = _text_bytes(view.store, asked) * n_filings
        figures: dict[str, Any] = {
            "filings": library.count(),
            "index_bytes": view.fingerprints.size_bytes(),
            "index_share_of_text": round(view.fingerprints.size_bytes() / text_bytes, 4),
            "segments": view.fingerprints.n_segments,
        }
        for name, paraphrase in (("aligned", False), ("with_paraphrases", True)):
            times = _times(lambda filing, p=paraphrase: duplicates(view, filing, paraphrase=p), view.filings(asked))
            figures[name] = {"p50_ms": round(statistics.median(times), 1), "p95_ms": round(_percentile(times, 0.95), 1)}
        report = clusters(view)
        figures["clusters"] = {
            "seconds": round(report.took_ms / 1000, 1), "pairs": report.n_pairs, "clusters": len(report.clusters)
        }  # fmt: skip
        if peer:
            figures["datasketch"] = measure_peer(view.filings(view.catalog["filing_no"].tolist()))
    return figures


def _text_bytes(store: Any, numbers: Sequence[int]) -> float:
    filings = store.filings(numbers).values()
    return statistics.mean(sum(len(t.encode()) for t in filing.sections.values()) for filing in filings)


def _times(ask: Callable[[Filing], object], filings: Sequence[Filing]) -> list[float]:
    for filing in filings[:3]:
        ask(filing)
    found = []
    for filing in filings:
        started = time.perf_counter()
        ask(filing)
        found.append((time.perf_counter() - started) * 1000)
    return found


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure_peer(filings: Iterable[Filing], threshold: float = 0.3) -> dict[str, Any]:
    """datasketch's MinHashLSH (64 permutations) over grams of five characters of the same texts."""
    from datasketch import MinHash, MinHashLSH

    started = time.perf_counter()
    index = MinHashLSH(threshold=threshold, num_perm=64)
    sketches = {}
    for filing in filings:
        text = "".join(fold(part).string() for part in filing.sections.values())
        sketch = MinHash(num_perm=64)
        sketch.update_batch([text[i : i + 5].encode() for i in range(max(1, len(text) - 4))])
        sketches[filing.id] = sketch
        index.insert(filing.id, sketch)
    built = time.perf_counter()
    pairs = {
        tuple(sorted((name, other)))
        for name, sketch in sketches.items()
        for other in index.query(sketch)
        if other != name and sketch.jaccard(sketches[other]) >= threshold / 2
    }
    return {
        "filings": len(sketches), "pairs": len(pairs), "build_seconds": round(built - started, 1),
        "query_seconds": round(time.perf_counter() - built, 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    planted = commands.add_parser("planted")
    planted.add_argument("filings", nargs="+", type=Path)
    planted.add_argument("--drafts", type=int, default=120)
    planted.add_argument("--seed", type=int, default=1)
    planted.add_argument("--recipe", choices=planted_copies.RECIPES, default="usual")
    planted.add_argument("--apart", type=int, default=0, help="characters of a run that no two base filings share")
    planted.add_argument("--paraphrase", action="store_true")
    scale = commands.add_parser("scale")
    scale.add_argument("--filings", type=int, default=100_000)
    scale.add_argument("--library", type=Path, help="kept there and used again")
    scale.add_argument("--asked", type=int, default=100)
    scale.add_argument("--peer", action="store_true", help="datasketch over the same texts")
    options = parser.parse_args()
    if options.command == "planted":
        figures = measure_planted(
            options.filings, options.drafts, options.seed, planted_copies.RECIPES[options.recipe], options.apart,
            options.paraphrase,
        )  # fmt: skip
    elif options.library is not None:
        figures = measure_scale(options.filings, options.library, options.asked, options.peer)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure_scale(options.filings, Path(folder), options.asked, options.peer)
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
