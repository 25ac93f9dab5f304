"""Past projects like a filing or a draft are found by what their sections say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perfsearch.errors import NotFound, UsageError
from perfsearch.library import Library
from perfsearch.model import Filters
from perfsearch.parsing import parse_file

Ids = dict[tuple[str, int], str]


def test_the_other_years_of_a_project_come_first_and_are_marked(
    sample: Library, sample_ids: Ids, facts: dict[str, Any]
) -> None:
    for lineage in facts["lineages"]:
        ids = [sample_ids[file, index] for file, index in lineage["filings"]]
        hits = sample.similar(ids[0], limit=len(ids) + 2).hits
        marked = {hit.filing_id for hit in hits if hit.lineage == "same-project"}
        assert marked == set(ids[1:]), lineage["project"]


def test_the_filing_itself_is_no_answer(sample: Library) -> None:
    some = sample.list(limit=5)
    for summary in some:
        assert summary.id not in {hit.filing_id for hit in sample.similar(summary.id, limit=50).hits}


def test_a_draft_file_finds_what_the_stored_filing_finds(sample: Library, sample_ids: Ids, corpus: Path) -> None:
    file = corpus / "linjiang-minzheng-laonian-zhucan-2023.txt"
    stored = sample.similar(sample_ids[file.name, 0], limit=5)
    draft = sample.similar(file, limit=5)
    assert [hit.filing_id for hit in draft.hits] == [hit.filing_id for hit in stored.hits]
    # The same argument of another district in other words.
    assert sample_ids["yunping-minzheng-laonian-shitang-2024.txt", 0] in {hit.filing_id for hit in draft.hits}


def test_a_draft_that_is_not_in_the_library_is_compared_section_by_section(sample: Library, corpus: Path) -> None:
    draft = parse_file(corpus / "linjiang-hedao-yanghu-2018.txt")[0]
    changed = draft.model_copy(
        update={"id": "draft", "applicant": "云江市新设区水务局", "project_name": "中小河道长效管护"}
    )
    hits = sample.similar(changed, limit=4).hits
    assert "河道" in (hits[0].project_name or "") + hits[0].snippet
    assert hits[0].lineage is None
    assert hits[0].section_scores is not None
    assert hits[0].section_scores["overview"] > 0.8


def test_filters_narrow_what_is_compared(sample: Library, sample_ids: Ids) -> None:
    filing = sample_ids["linjiang-hedao-yanghu-2018.txt", 0]
    hits = sample.similar(filing, filters=Filters(year_from=2020, year_to=2020), limit=5).hits
    assert hits
    assert {hit.fiscal_year for hit in hits} == {2020}


def test_what_is_neither_an_id_nor_a_file_is_not_found(sample: Library) -> None:
    with pytest.raises(NotFound):
        sample.similar("2020-0000000000")


def test_a_limit_out_of_bounds_is_wrong_usage(sample: Library, sample_ids: Ids) -> None:
    with pytest.raises(UsageError):
        sample.similar(next(iter(sample_ids.values())), limit=0)
