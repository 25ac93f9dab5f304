"""How well filings are read back from every format in which they are printed.

    python -m benchmarks.reading [--count 60] [--seed 1] [--formats html pdf ...] [--scans 12] [--show N] [--write]

Prints `--count` filings of each form in every format with the generator in `tests/rendering/printed`, reads them, and
compares white space aside: header fields and amounts, sections exact, indicator rows as F1. `--show N` prints the first N
differences of each format. `--write` puts the table into RESULTS.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from rapidfuzz.distance import Indel

from perfsearch.errors import InputError
from perfsearch.forms import read_filings
from perfsearch.model import Filing
from perfsearch.readers import read_bytes
from perfsearch.readers.conversion import office_command
from tests.rendering.printed import forms, pages
from tests.rendering.printed.grid import Printed
from tests.rendering.records import load_records
from tests.rendering.scanning import as_scan

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
# The font of the PDFs has no middle dot.
RECORDS: list[Any] = json.loads(json.dumps(load_records(), ensure_ascii=False).replace("·", ""))
ROW = ("level1", "level2", "name", "target")
BUDGET = "budget"


def bare(value: Any) -> Any:
    """A value without white space; blank is None."""
    return "".join(value.split()) or None if isinstance(value, str) else value


@dataclass
class Score:
    """What was read of what was printed, over many filings."""

    n_filings: int = 0
    n_lost: int = 0
    """Filings that were not found at all."""
    n_extra: int = 0
    """Filings that nobody printed."""
    fields: Counter[bool] = field(default_factory=Counter)
    sections: Counter[bool] = field(default_factory=Counter)
    similarity: list[float] = field(default_factory=list)
    rows_right: int = 0
    rows_read: int = 0
    rows_printed: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, expected: dict[str, Any], filing: Filing | None, where: str) -> None:
        """Compare one filing with what was printed; None is a filing that was not found."""
        self.n_filings += 1
        self.n_lost += filing is None
        if filing is None:
            self.differences.append(f"{where}: not found")
        for name, printed, read in _fields(expected, filing):
            self.fields[printed == read] += 1
            if printed != read:
                self.differences.append(f"{where}: {name} {read!r}, printed {printed!r}")
        for name, text in expected["sections"].items():
            read = bare((filing.sections.get(name) if filing else None) or "") or ""
            printed = bare(text) or ""
            self.sections[read == printed] += 1
            self.similarity.append(Indel.normalized_similarity(read, printed))
            if read != printed:
                self.differences.append(f"{where}: {name} {read!r}, printed {printed!r}")
        printed_rows = Counter(tuple(bare(row[key]) for key in ROW) for row in expected["indicators"])
        read_rows = Counter(
            tuple(bare(getattr(row, key)) for key in ROW) for row in (filing.indicators if filing else ())
        )
        self.rows_right += (printed_rows & read_rows).total()
        self.rows_read += read_rows.total()
        self.rows_printed += printed_rows.total()
        self.differences += [f"{where}: row lost {row}" for row in (printed_rows - read_rows).elements()]
        self.differences += [f"{where}: row gained {row}" for row in (read_rows - printed_rows).elements()]

    @property
    def figures(self) -> tuple[float, float, float, float]:
        """Fields right, sections exact, mean similarity of sections, F1 of rows."""
        rows = 2 * self.rows_right / max(1, self.rows_read + self.rows_printed)
        mean = sum(self.similarity) / max(1, len(self.similarity))
        return _share(self.fields), _share(self.sections), mean, rows


def _share(counts: Counter[bool]) -> float:
    return counts[True] / max(1, counts.total())


def _fields(expected: dict[str, Any], filing: Filing | None) -> Iterator[tuple[str, Any, Any]]:
    """Name, printed and read value of every field; what the form does not print is not counted."""
    for name, value in expected.items():
        if name == BUDGET:
            for part, amount in value.items():
                yield f"budget.{part}", amount, getattr(filing.budget, part) if filing else _Nothing
        elif name not in ("sections", "indicators"):
            yield name, bare(value), bare(getattr(filing, name)) if filing else _Nothing


class _Nothing:
    """Read of a filing that was not found."""


Writer = Callable[[Sequence[Printed], Random], tuple[bytes, str]]
"""Filings to the content of a file and its suffix."""


def _plain(write: Callable[[Sequence[Printed], Random], bytes], suffix: str) -> Writer:
    return lambda filings, rng: (write(filings, rng), suffix)


def through_office(write: Writer, target: str) -> Writer:
    """What LibreOffice makes of a file."""

    def converted(filings: Sequence[Printed], rng: Random) -> tuple[bytes, str]:
        data, suffix = write(filings, rng)
        command = office_command()
        assert command is not None
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, f"a.{suffix}")
            source.write_bytes(data)
            profile = f"-env:UserInstallation=file://{tempfile.gettempdir()}/perfsearch-benchmark-office-{os.getpid()}"
            subprocess.run(
                [command, "--headless", profile, "--convert-to", target, "--outdir", folder, str(source)],
                check=True, capture_output=True, timeout=300,
            )  # fmt: skip
            return Path(folder, f"a.{target.partition(':')[0]}").read_bytes(), target.partition(":")[0]

    return converted


def scanned(filings: Sequence[Printed], rng: Random) -> tuple[bytes, str]:
    """A PDF as its scan at 150 or 200 dpi."""
    pdf = pages.as_pdf(filings, rng)
    return as_scan(pdf, rng, "pdf", dpi=rng.choice((150, 200))), "pdf"


DIRECT: dict[str, Writer] = {
    "text": _plain(pages.as_text, "txt"),
    "html": _plain(pages.as_html, "html"),
    "docx": _plain(pages.as_docx, "docx"),
    "xlsx": _plain(pages.as_xlsx, "xlsx"),
    "pdf": _plain(pages.as_pdf, "pdf"),
}
OFFICE: dict[str, Writer] = {
    f"{source} → {target}": through_office(DIRECT[source], target)
    for source, target in (
        ("docx", "pdf"), ("docx", "html"), ("docx", "doc"), ("docx", "rtf"), ("docx", "odt"), ("xlsx", "pdf"), ("xlsx", "xls"), ("xlsx", "html"),
    )
}  # fmt: skip
"""Made by LibreOffice, where it is installed."""


def measure(write: Writer, seeds: Sequence[int], form: Callable[[Any, Random], Printed]) -> Score:
    """Print and read files of one to three filings of a form, one for each seed."""
    score = Score()
    for seed in seeds:
        rng = Random(seed)
        n_filings = rng.choice((1, 1, 1, 2, 3))
        printed = [form(record, rng) for record in rng.sample(RECORDS, n_filings)]
        data, suffix = write(printed, rng)
        where = f"{form.__name__} seed {seed}"
        try:
            found = read_filings(read_bytes(data, f"表.{suffix}"))
        except InputError as error:
            score.differences.append(f"{where}: {error.reason}")
            found = []
        by_name = {bare(filing.project_name): filing for filing in reversed(found)}
        for number, one in enumerate(printed):
            name = bare(one.expected["project_name"])
            nth = found[number] if len(found) == len(printed) else by_name.get(name)
            score.add(one.expected, nth, f"{where} #{number}")
        score.n_extra += max(0, len(found) - len(printed))
        if len(found) > len(printed):
            score.differences.append(f"{where}: {len(found)} filings, printed {len(printed)}")
    return score


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.reading", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=60, help="files of each form in each format")
    parser.add_argument("--scans", type=int, default=12, help="files of each form as scans")
    parser.add_argument("--office", type=int, default=6, help="files of each form through LibreOffice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", nargs="*")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    chosen: list[tuple[str, Writer, int]] = [(name, write, options.count) for name, write in DIRECT.items()]
    if office_command():
        chosen += [(name, write, options.office) for name, write in OFFICE.items()]
    chosen.append(("scan", scanned, options.scans))
    if options.formats:
        chosen = [one for one in chosen if one[0] in options.formats]
    lines = [
        "| format | form | filings | not found | too many | fields | sections exact | similarity | rows F1 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    print(*lines, sep="\n")
    for name, write, count in chosen:
        for form in forms.FORMS:
            seeds = range(options.seed * 1_000, options.seed * 1_000 + count)
            score = measure(write, seeds, form)
            figures = " | ".join(f"{figure:.3f}" for figure in score.figures)
            line = f"| {name} | {form.__name__.replace('_', '-')} | {score.n_filings} | {score.n_lost} | {score.n_extra} | {figures} |"
            lines.append(line)
            print(line, flush=True)
            for difference in score.differences[: options.show]:
                print("   ", difference[:400])
    if options.write:
        _write("\n".join(lines), options)


def _write(table: str, options: argparse.Namespace) -> None:
    text = RESULTS.read_text(encoding="utf-8")
    heading = "### Generated documents, measured again"
    command = f"python -m benchmarks.reading --count {options.count} --scans {options.scans} --office {options.office} --seed {options.seed}"
    section = f"{heading}\n\n{datetime.date.today().isoformat()}, `{command}`:\n\n{table}\n\n"
    if heading in text:
        text = re.sub(
            rf"{re.escape(heading)}\n.*?(?=\n##|\Z)", lambda _: section.rstrip("\n") + "\n", text, flags=re.DOTALL
        )
    else:
        text = re.sub(r"(## Reading,.*?\n)(?=## )", lambda match: match[1] + section, text, count=1, flags=re.DOTALL)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
