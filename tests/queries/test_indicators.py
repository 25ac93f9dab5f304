"""Indicators are found by words and by meaning, with how they are used; sets that filings share are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perfsearch.errors import NotFound, UsageError
from perfsearch.extract.indicators import fold_indicator
from perfsearch.library import Library
from perfsearch.model import Filters
from perfsearch.parsing import parse_file

Ids = dict[tuple[str, int], str]


def test_an_indicator_comes_with_how_often_where_and_with_which_targets_it_is_filed(sample: Library) -> None:
    first = sample.indicators("预算执行率（%）").indicators[0]
    holders = [
        s.id for s in sample.list() if any(fold_indicator(r.name) == "预算执行率" for r in sample.get(s.id).indicators)
    ]
    assert (first.name, first.level1, first.level2) == ("预算执行率", "投入与管理", "投入管理")
    assert first.filings == len(holders)
    assert set(first.examples) <= set(holders)
    assert sum(target.filings for target in first.targets) == len(holders)
    assert sum(first.years.values()) == len(holders)


def test_the_distribution_of_targets_is_counted_by_unit(sample: Library) -> None:
    use = next(u for u in sample.indicators("群众满意度").indicators if u.name == "群众满意度")
    spread = next(s for s in use.spreads if s.unit == "%")
    numbers = sorted(
        row.value.number
        for summary in sample.list()
        for row in sample.get(summary.id).indicators
        if fold_indicator(row.name) == "群众满意度" and row.value and row.value.unit == "%" and row.value.number
    )
    assert (spread.min, spread.max, spread.filings) == (numbers[0], numbers[-1], len(numbers))
    assert sum(bar.filings for bar in spread.histogram) == len(numbers)
    assert use.direction == "higher"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("老人满意", "老人满意度"),
        ("水质", "水质监测次数（次）"),
        ("培训了多少人", "培训人数（人）"),
        ("按时完成", "项目计划完成及时率"),
        ("垃圾回收", "生活垃圾回收利用率"),
    ],
)
def test_words_and_meaning_find_indicators(sample: Library, query: str, expected: str) -> None:
    assert expected in {use.name for use in sample.indicators(query, limit=20).indicators}


def test_nonsense_finds_nothing_and_says_so(sample: Library) -> None:
    result = sample.indicators("qqqq")
    assert (result.indicators, result.total) == ((), 0)
    assert result.message


def test_filters_and_pages_narrow_the_indicators(sample: Library) -> None:
    year = sample.indicators("满意度", filters=Filters(year_from=2020, year_to=2020))
    assert all(set(use.years) == {"2020"} for use in year.indicators)
    first, second = (sample.indicators(limit=5, offset=offset) for offset in (0, 5))
    assert not {u.name for u in first.indicators} & {u.name for u in second.indicators}
    with pytest.raises(UsageError):
        sample.indicators(limit=0)


def test_every_planted_set_is_found_around_one_of_its_indicators(
    sample: Library, sample_ids: Ids, facts: dict[str, Any]
) -> None:
    for planted in facts["indicator_sets"]:
        wanted = {sample_ids[file, index] for file, index in planted["filings"]}
        row = next(r for r in sample.get(min(wanted)).indicators if r.level1 == "产出目标")
        found = sample.indicators(row.name).sets
        assert any(wanted <= set(one.filings) and one.kind == planted["kind"] for one in found), planted


def test_a_set_s_filings_really_have_its_indicators(sample: Library) -> None:
    sets = sample.indicators().sets
    assert {one.kind for one in sets} == {"exact", "near", "frequent"}
    for one in sets:
        folds = {fold_indicator(name) for name in one.indicators}
        assert one.size == len(one.indicators) >= 3
        assert one.n_filings >= len(one.filings) >= 2
        for filing_id in one.filings:
            own = {fold_indicator(row.name) for row in sample.get(filing_id).indicators}
            assert folds <= own
            if one.kind == "exact":
                assert folds == own


def test_a_closed_set_can_take_no_further_indicator(sample: Library) -> None:
    for one in sample.indicators().sets:
        if one.kind != "frequent" or one.n_filings != len(one.filings):
            continue
        common = set.intersection(
            *({fold_indicator(row.name) for row in sample.get(filing_id).indicators} for filing_id in one.filings)
        )
        assert common == {fold_indicator(name) for name in one.indicators}


def test_a_draft_is_recommended_what_similar_filings_have_and_it_lacks(sample: Library, corpus: Path) -> None:
    draft = parse_file(corpus / "linjiang-hedao-yanghu-2021.txt")[0]
    kept = tuple(row for row in draft.indicators if row.name not in ("水面保洁率", "沿河居民满意度"))
    result = sample.indicators(like=draft.model_copy(update={"indicators": kept}))
    found = {one.name: (group, one) for group in result.recommended for one in group.indicators}
    assert {"水面保洁率", "沿河居民满意度"} <= set(found)
    assert not {fold_indicator(name) for name in found} & {fold_indicator(row.name) for row in kept}
    group, one = found["沿河居民满意度"]
    assert (group.level1, group.level2) == ("效果目标", "满意度")
    assert one.typical_target == ">=85%"
    assert 1 <= len(one.precedents) <= 3
    assert all(p.filing_id != draft.id for p in one.precedents)
    assert 0 < one.support <= 1
    assert "预算执行率" in result.already


def test_a_draft_like_nothing_gets_a_message(tmp_path: Path, corpus: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        result = library.indicators(like=corpus / "linjiang-hedao-yanghu-2021.txt")
    assert result.recommended == ()
    assert result.message


def test_a_query_and_a_draft_together_or_an_unknown_draft_are_refused(sample: Library) -> None:
    with pytest.raises(UsageError):
        sample.indicators("满意度", like="x")
    with pytest.raises(NotFound):
        sample.indicators(like="no-such-filing")
