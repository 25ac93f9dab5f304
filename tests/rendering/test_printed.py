"""Filings in the middle of a long document are found, and what only names the form is none."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.reading import RECORDS, Score
from perfsearch.errors import NoFiling
from perfsearch.forms import read_filings
from perfsearch.readers import read_bytes
from tests.rendering.printed import forms
from tests.rendering.printed.longer import budget_document, costs, front


@pytest.mark.parametrize("form", forms.FORMS)
def test_filings_amid_a_departments_budget_are_read(form: forms.Form) -> None:
    score = Score()
    for seed in range(2):
        rng = Random(seed)
        printed = [form(record, rng) for record in rng.sample(RECORDS, 2 - seed)]
        found = read_filings(read_bytes(budget_document(printed, rng, n_pages=8), "预算.pdf"))
        assert len(found) == len(printed)
        for one, filing in zip(printed, found, strict=True):
            score.add(one.expected, filing, f"seed {seed}")
    assert score.differences == []


@pytest.mark.parametrize("seed", range(3))
def test_a_table_of_contents_a_glossary_and_cost_tables_hold_no_filing(seed: int) -> None:
    for data in (front(Random(seed)), costs(Random(seed))):
        with pytest.raises(NoFiling):
            read_filings(read_bytes(data, "预算.pdf"))
