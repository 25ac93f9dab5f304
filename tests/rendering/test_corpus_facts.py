"""The sample corpus shows what its README says it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.rendering import GOLD, Record, load_records

RECORDS = {(record["source"]["file"], record["source"]["index"]): record for record in load_records()}
FACTS: dict[str, Any] = json.loads(GOLD.with_name("corpus_facts.json").read_text(encoding="utf-8"))


def filing(place: list[Any]) -> Record:
    return RECORDS[(place[0], place[1])]


def names(record: Record) -> set[str]:
    return {row["name"] for row in record["indicators"]}


def test_at_least_sixty_filings_of_fourteen_departments_over_eight_years() -> None:
    assert len(RECORDS) >= 64
    assert {record["fiscal_year"] for record in RECORDS.values()} == set(range(2018, 2026))
    assert len({record["applicant"] for record in RECORDS.values()}) >= 40


def test_every_filing_has_prose_of_its_own_length_and_enough_indicators() -> None:
    for record in RECORDS.values():
        assert 8 <= len(record["indicators"]) <= 25, record["source"]
        assert all(len(text) <= 520 for text in record["sections"].values()), record["source"]


def test_a_lineage_is_one_applicants_project_in_rising_years() -> None:
    assert len(FACTS["lineages"]) >= 8
    for lineage in FACTS["lineages"]:
        records = [filing(place) for place in lineage["filings"]]
        years = [record["fiscal_year"] for record in records]
        assert years == sorted(set(years))
        assert len({record["applicant"] for record in records}) == 1


def test_a_shared_passage_stands_in_both_filings_of_two_applicants() -> None:
    for passage in FACTS["shared_passages"]:
        source, copy = filing(passage["source"]), filing(passage["copy"])
        assert source["applicant"] != copy["applicant"]
        assert passage["text"] in source["sections"][passage["section"]]
        assert passage["text"] in copy["sections"][passage["section"]]


def test_the_boilerplate_sentence_stands_in_the_filings_of_many_applicants() -> None:
    section, text = FACTS["boilerplate"]["section"], FACTS["boilerplate"]["text"]
    assert len({record["applicant"] for record in RECORDS.values() if text in record["sections"][section]}) >= 10


def test_shared_indicator_sets_are_equal_or_near() -> None:
    for shared in FACTS["indicator_sets"]:
        sets = [names(filing(place)) for place in shared["filings"]]
        overlap = len(set.intersection(*sets)) / len(set.union(*sets))
        assert overlap == 1 if shared["kind"] == "exact" else 0.6 < overlap < 1


def test_text_left_from_the_source_stands_in_the_copy() -> None:
    for stale in FACTS["stale"]:
        assert stale["text"] in filing(stale["filing"])["sections"][stale["section"]]


def test_planted_problems_that_can_be_counted_are_there_and_nowhere_else() -> None:
    problems = {code: {tuple(place) for place in places} for code, places in FACTS["problems"].items()}
    found: dict[str, set[tuple[str, int]]] = {code: set() for code in problems}
    for place, record in RECORDS.items():
        budget = record["budget"]
        if "满意度" not in {row["level2"] for row in record["indicators"]}:
            found["no_satisfaction"].add(place)
        if not all(record["sections"].values()):
            found["blank_section"].add(place)
        if (budget["previous_year_executed"] or 0) > (budget["previous_year"] or 0):
            found["executed_over_budget"].add(place)
        if (budget["current_year"] or 0) > (budget["total"] or 0):
            found["current_year_over_total"].add(place)
        if record["end_date"][:4] != str(record["fiscal_year"]):
            found["dates_outside_year"].add(place)
        if any(re.fullmatch(r"=0\d+%", row["target"]) for row in record["indicators"]):
            found["garbled_number"].add(place)
        if record["sections"]["overview"] == record["sections"]["necessity"]:
            found["sections_repeated"].add(place)
    for code, places in found.items():
        if places:
            assert places == problems[code], code
    for place in set().union(*problems.values()):
        assert place in RECORDS


def test_queries_and_policies_name_filings_that_exist() -> None:
    for fact in [*FACTS["queries"], *FACTS["policies"]]:
        assert [filing(place) for place in fact["filings"]]


def test_the_readme_names_files_that_exist(corpus: Path) -> None:
    text = (corpus / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`]+\.txt)`", text))
    assert named
    assert not {name for name in named if not (corpus / name).exists()}
