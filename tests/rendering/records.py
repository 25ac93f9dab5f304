"""The content of filings, in the shape that `perfsearch parse --jsonl` prints, without what is derived."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict

GOLD = Path(__file__).resolve().parent.parent / "data" / "corpus_gold.jsonl"

SECTION_LABELS: dict[str, str] = {
    "overview": "项目概况",
    "basis": "立项依据",
    "necessity": "项目设立的必要性",
    "safeguards": "保证项目实施的制度、措施",
    "plan": "项目实施计划",
    "goals": "总目标及阶段性目标",
}
"""Key of a section and its label, in the order of the form."""


class Budget(TypedDict):
    """Amounts in yuan; None where the cell is blank."""

    total: int | None
    current_year: int | None
    previous_year: int | None
    previous_year_executed: int | None


class Indicator(TypedDict):
    """One row of the indicator table, as printed."""

    level1: str
    level2: str
    name: str
    target: str


class Record(TypedDict):
    """One filled form."""

    source: dict[str, Any]
    fiscal_year: int
    applicant: str
    project_name: str
    category: str
    performance_type: str
    start_date: str
    end_date: str
    government_procurement: bool
    budget: Budget
    sections: dict[str, str]
    indicators: list[Indicator]


def load_records(path: Path = GOLD) -> list[Record]:
    """Read the filings of a JSONL file, in its order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def by_file(records: list[Record]) -> dict[str, list[Record]]:
    """Group filings by the file they are printed in, in the order of `source.index`."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record["source"]["file"], []).append(record)
    for group in groups.values():
        group.sort(key=lambda record: int(record["source"]["index"]))
    return groups
