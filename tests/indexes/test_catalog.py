from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perfsearch.indexes.catalog import Catalog
from perfsearch.indexes.writing import Stored
from perfsearch.model import Budget, Filing, Filters
from perfsearch.text.chunk import chunk_filing
from tests.indexes.samples import make_filing

FORMS = [make_filing(number) for number in range(30)]


def stored(forms: list[Filing], first_no: int = 1, first_chunk: int = 0) -> list[tuple[Stored, Any]]:
    pairs = []
    for number, form in enumerate(forms, first_no):
        chunks = chunk_filing(form)
        pairs.append((Stored(number, first_chunk, len(chunks), form, lineage=f"{number % 5:012x}"), chunks))
        first_chunk += len(chunks)
    return pairs


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    found = Catalog(tmp_path, "test")
    found.append(stored(FORMS))
    found.publish(30)
    return found


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"year_from": 2018, "year_to": 2019}, lambda f, n: f.fiscal_year in (2018, 2019)),
        ({"year_from": 2020}, lambda f, n: f.fiscal_year >= 2020),
        ({"year_to": 2016}, lambda f, n: f.fiscal_year <= 2016),
        ({"applicant": "第3街道"}, lambda f, n: "第3街道" in f.applicant),
        ({"applicant": "第 ３ 街道"}, lambda f, n: "第3街道" in f.applicant),
        ({"applicant": "没有这个单位"}, lambda f, n: False),
        ({"department": "街道"}, lambda f, n: False),  # null in all of them
        ({"category": "经常性"}, lambda f, n: f.category == "经常性项目"),
        ({"form": "shanghai-2020"}, lambda f, n: True),
        ({"form": "shanghai"}, lambda f, n: False),  # a form is named whole
        ({"budget_min": 50_000.0, "budget_max": 100_000.0}, lambda f, n: 50_000 <= f.budget.total <= 100_000),
        ({"lineage": f"{3:012x}"}, lambda f, n: n % 5 == 3),
        ({"category": "经常性", "year_from": 2018}, lambda f, n: f.category == "经常性项目" and f.fiscal_year >= 2018),
    ],
)
def test_filters_choose_the_filings_that_every_condition_holds_for(
    catalog: Catalog, conditions: dict[str, Any], holds: Any
) -> None:
    expected = [number for number, form in enumerate(FORMS, 1) if holds(form, number)]
    assert catalog.filing_nos(Filters(**conditions)).tolist() == expected


def test_null_fields_satisfy_no_condition(tmp_path: Path) -> None:
    bare = make_filing(1, fiscal_year=None, applicant=None, budget=Budget(), category=None)
    catalog = Catalog(tmp_path, "test")
    catalog.append(stored([bare]))
    catalog.publish(1)
    for conditions in (
        {"year_to": 2030},
        {"applicant": ""},
        {"budget_min": 0.0},
        {"budget_max": 1e9},
        {"end_to": "2030-01-01"},
    ):
        assert catalog.filing_nos(Filters(**conditions)).tolist() == []
    assert catalog.filing_nos(Filters()).tolist() == [1]


def test_dates_and_procurement_filter(tmp_path: Path) -> None:
    forms = [
        make_filing(1, start_date="2020-01-01", end_date="2020-12-31", government_procurement=True),
        make_filing(2, start_date="2021-03-01", end_date="2021-06-30", government_procurement=False),
        make_filing(3, start_date="二〇二一年", end_date=None, government_procurement=None),
    ]
    catalog = Catalog(tmp_path, "test")
    catalog.append(stored(forms))
    catalog.publish(1)
    assert catalog.filing_nos(Filters(start_from="2021-01-01")).tolist() == [2]
    assert catalog.filing_nos(Filters(end_to="2020-12-31")).tolist() == [1]
    assert catalog.filing_nos(Filters(government_procurement=False)).tolist() == [2]


def test_a_budget_that_stands_only_in_the_current_year_counts(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path, "test")
    catalog.append(stored([make_filing(1, budget=Budget(current_year=5_000.0))]))
    catalog.publish(1)
    assert catalog.filing_nos(Filters(budget_min=5_000.0, budget_max=5_000.0)).tolist() == [1]


def test_chunks_know_their_filing_and_section(catalog: Catalog) -> None:
    chunk_id = 0
    for pair, chunks in stored(FORMS):
        assert list(catalog.chunk_range(pair.filing_no)) == list(range(chunk_id, chunk_id + len(chunks)))
        ids = np.arange(chunk_id, chunk_id + len(chunks), dtype=np.int64)
        assert set(catalog.filing_of(ids).tolist()) == {pair.filing_no}
        assert catalog.section_of(ids) == [chunk.section for chunk in chunks]
        chunk_id += len(chunks)
    assert catalog.n_chunks == chunk_id
    assert len(catalog.chunk_range(99)) == 0


def test_chunks_of_filings_and_sections(catalog: Catalog) -> None:
    numbers = np.asarray([4, 2, 99], dtype=np.int64)
    ids = catalog.chunks_of(numbers, None)
    assert ids.tolist() == [*catalog.chunk_range(2), *catalog.chunk_range(4)]
    goals = catalog.chunks_of(numbers, "goals")
    assert set(catalog.section_of(goals)) == {"goals"}
    assert len(catalog.chunks_of(None, "no such section")) == 0
    assert len(catalog.chunks_of(None, None)) == catalog.n_chunks


@pytest.mark.parametrize("again", [False, True], ids=["at once", "opened again"])
def test_removed_filings_are_gone_from_every_answer(catalog: Catalog, tmp_path: Path, again: bool) -> None:
    gone = catalog.chunk_range(7)
    catalog.remove([7])
    catalog.remove([7])
    catalog.publish(31)
    found = Catalog(tmp_path, "test") if again else catalog
    assert 7 not in found.filing_nos(Filters()).tolist()
    assert found.n_filings == 29
    assert not set(gone) & set(found.chunks_of(None, None).tolist())
    assert len(found.chunks_of(np.asarray([7]), None)) == 0
    assert found.knows(np.asarray([6, 7, 99])).tolist() == [True, False, False]
    assert not found.standing(np.asarray(list(gone))).any()


def test_known_filings_are_left_out_and_gaps_are_kept_open(catalog: Catalog) -> None:
    before = catalog.n_chunks
    catalog.append(stored(FORMS[:3]))
    catalog.append(stored([make_filing(77)], first_no=40, first_chunk=before + 6))
    catalog.publish(31)
    assert catalog.n_filings == 31
    assert catalog.filing_of(np.arange(before, before + 6)).tolist() == [-1] * 6
    assert not catalog.standing(np.arange(before, before + 6)).any()
    assert not set(range(before, before + 6)) & set(catalog.chunks_of(None, None).tolist())


def test_a_section_of_no_known_form_has_a_name_too(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path, "test")
    catalog.append(stored([make_filing(1, sections={"附件说明": "科普教育。"})]))
    catalog.publish(1)
    again = Catalog(tmp_path, "test")
    assert again.section_of(again.chunks_of(None, "附件说明")) == ["附件说明"]


def test_a_reader_is_renewed_when_something_was_published(catalog: Catalog, tmp_path: Path) -> None:
    reader = Catalog(tmp_path, "test")
    assert reader.renewed() is reader
    catalog.append(stored([make_filing(50, applicant="新单位")], first_no=31, first_chunk=catalog.n_chunks))
    catalog.publish(31)
    renewed = reader.renewed()
    assert renewed.filing_nos(Filters(applicant="新单位")).tolist() == [31]
    assert reader.filing_nos(Filters(applicant="新单位")).tolist() == []
