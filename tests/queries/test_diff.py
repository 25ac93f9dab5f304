"""Two filings' trees are compared indicator by indicator, and one project over the years."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfsearch.errors import NotFound
from perfsearch.library import Library
from perfsearch.model import Budget, Filing, Indicator, Source
from perfsearch.queries.diff import diff_filings

Row = tuple[str, str, str, str]


def filing(*rows: Row, **fields: object) -> Filing:
    indicators = tuple(Indicator(level1=a, level2=b, name=n, target=t) for a, b, n, t in rows)
    return Filing(id="x", source=Source(file="a.txt"), indicators=indicators, **fields)  # type: ignore[arg-type]


BASE: Row = ("产出目标", "数量", "培训人数（人）", "=300")


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (("产出目标", "数量", "培训人数(人)", "300人"), "same"),
        (("产出指标", "数量指标", "培训人数", "=300人"), "same"),
        (("产出目标", "数量", "培训人数（人）", "=400"), "target"),
        (("产出目标", "数量", "培训人数（人）", ">=300"), "target"),
        (("产出目标", "数量", "培训人数", "=300%"), "unit"),
        (("效果目标", "社会效益", "培训人数（人）", "=300"), "level"),
        (("产出目标", "数量", "培训总人数（人）", "=300"), "renamed"),
    ],
)
def test_a_row_is_paired_by_what_it_means(other: Row, kind: str) -> None:
    (change,) = diff_filings(filing(BASE), filing(other)).indicators
    assert change.kind == kind


def test_rows_that_came_or_went_and_dimensions_that_are_missing_are_named() -> None:
    found = diff_filings(filing(BASE), filing(("效果目标", "满意度", "学员满意度", ">=90%")))
    assert found.counts == {"removed": 1, "added": 1}
    assert found.missing_in_a == ("满意度",)
    assert found.missing_in_b == ("产出·数量",)


def test_the_change_of_a_number_is_a_share_of_what_it_was() -> None:
    found = diff_filings(
        filing(BASE, budget=Budget(total=100.0)),
        filing(("产出目标", "数量", "培训人数（人）", "=360"), budget=Budget(total=150.0)),
    )
    assert found.indicators[0].change == pytest.approx(0.2)
    assert next(f for f in found.fields if f.field == "budget.total").change == pytest.approx(0.5)


def test_a_filing_does_not_differ_from_itself(sample: Library) -> None:
    some = sample.list(limit=1)[0].id
    found = sample.diff(some, some)
    assert set(found.counts) == {"same"}
    assert found.fields == ()


def test_a_project_is_followed_over_its_years(sample: Library, corpus: Path) -> None:
    history = sample.history(corpus / "linjiang-shuiwu-heliuyanghu-2025.txt")
    assert [year.fiscal_year for year in history.years] == [2018, 2019, 2020, 2021, 2025]
    assert len(history.steps) == 4
    length = next(row for row in history.indicators if row.name.startswith("养护河道长度"))
    assert list(length.targets.values()) == ["=118.4", "=124.0", "=124.0", "=124.0", "=127.5"]
    assert length.changed


def test_a_project_of_one_year_has_no_history(sample: Library, corpus: Path) -> None:
    with pytest.raises(NotFound):
        sample.history(corpus / "yunjiang-xinfang-2022.txt")
