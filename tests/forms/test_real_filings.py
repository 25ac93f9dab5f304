"""The real filings against their hand-read gold: says what was gained and what was lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perfsearch.forms import read_filings
from perfsearch.readers import read_document
from tests.forms.reading import bare, differences, rows


@pytest.mark.real
def test_the_real_text_filings_are_read_as_the_gold_was(shared: Path) -> None:
    gold = [json.loads(line) for line in (shared / "gold" / "filings.jsonl").read_text().splitlines()]
    read = {
        (path.name, filing.source.index): filing
        for path in sorted((shared / "filings").glob("*.txt"))
        for filing in read_filings(read_document(path))
    }
    expected = {(filing["source"]["file"], filing["source"]["index"]): filing for filing in gold}
    assert read.keys() == expected.keys()
    report = {key: differences(read[key], filing) for key, filing in expected.items()}
    lost = {key: found for key, found in report.items() if found}
    for key, found in lost.items():
        print(*key, *found, sep="\n    ")
    n_right = sum((rows(read[key].indicators) & rows(expected[key]["indicators"])).total() for key in expected)
    n_rows = sum(len(filing["indicators"]) for filing in gold)
    print(f"indicator rows: {n_right} of {n_rows} right")
    assert not lost


@pytest.mark.real
def test_the_real_sections_keep_the_blanks_that_stand_inside_a_line(shared: Path) -> None:
    gold = [json.loads(line) for line in (shared / "gold" / "filings.jsonl").read_text().splitlines()]
    read = [
        filing for path in sorted((shared / "filings").glob("*.txt")) for filing in read_filings(read_document(path))
    ]
    exact = sum(
        f.sections[name] == text for f, g in zip(read, gold, strict=True) for name, text in g["sections"].items()
    )
    total = sum(bare(text) is not None or text == "" for g in gold for text in g["sections"].values())
    assert exact == total
