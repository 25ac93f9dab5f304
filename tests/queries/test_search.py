"""Search answers by words and by meaning, whatever is exact first, and says when it has nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfsearch.errors import UsageError
from perfsearch.library import Library
from perfsearch.model import Filters, SearchResult
from perfsearch.queries import pool
from perfsearch.queries.question import Question

Ids = dict[tuple[str, int], str]


def top(result: SearchResult, n: int = 5) -> list[str]:
    return [hit.filing_id for hit in result.hits[:n]]


def test_a_need_told_in_everyday_words_finds_the_filings_that_meet_it(
    sample: Library, sample_ids: Ids, facts: dict[str, Any]
) -> None:
    missed = []
    for query in facts["queries"]:
        wanted = {sample_ids[file, index] for file, index in query["filings"]}
        if not wanted & set(top(sample.search(query["query"]), 3)):
            missed.append(query["query"])
    assert len(missed) <= 2, missed


@pytest.mark.parametrize(
    "query",
    ["红色号推荐口红", "比特币行情走势", "莎士比亚十四行诗", "qwertyuiop asdfgh", "恐龙化石灭绝原因", "股票涨停板"],
)
def test_a_query_about_nothing_in_the_library_gets_an_empty_answer_that_says_so(sample: Library, query: str) -> None:
    result = sample.search(query)
    assert result.hits == ()
    assert result.total == 0
    assert result.message


def test_a_filing_is_one_hit_however_many_of_its_passages_match(sample: Library) -> None:
    by_filing = sample.search("课后服务", limit=50)
    assert len({hit.filing_id for hit in by_filing.hits}) == len(by_filing.hits)
    by_passage = sample.search("课后服务", by="passage", limit=50)
    assert len({hit.filing_id for hit in by_passage.hits}) < len(by_passage.hits)


def test_a_limit_is_filled_with_filings_although_passages_of_one_filing_crowd_the_top(sample: Library) -> None:
    result = sample.search("项目 资金 管理", limit=40)
    assert len(result.hits) == 40
    assert len(set(top(result, 40))) == 40


def test_pages_follow_on_from_each_other(sample: Library) -> None:
    whole = top(sample.search("科普 活动", limit=12), 12)
    pages = [top(sample.search("科普 活动", limit=4, offset=offset), 4) for offset in (0, 4, 8)]
    assert [hit for page in pages for hit in page] == whole


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "semantic"])
def test_highlights_are_exact_offsets_of_the_matched_words(sample: Library, mode: str) -> None:
    for hit in sample.search("河道 保洁 养护", mode=mode, by="passage", limit=20).hits:
        for start, end in hit.highlights:
            assert 0 <= start < end <= len(hit.snippet)
            assert hit.snippet[start:end].strip("，。 ")
    words = {
        hit.snippet[start:end]
        for hit in sample.search("河道 养护", mode="lexical").hits
        for start, end in hit.highlights
    }
    assert words & {"河道", "养护", "河道养护"}


def test_a_passage_stands_where_the_hit_says(sample: Library) -> None:
    for hit in sample.search("院士专家", by="passage", limit=20).hits:
        assert hit.start is not None
        assert hit.end is not None
        section = sample.get(hit.filing_id).sections.get(hit.section)
        if section is not None:
            assert hit.snippet.strip("…") in section
            assert section[hit.start : hit.end]


@pytest.mark.parametrize(
    "typed",
    ["国办发〔2016〕10号", "国办发[2016]10 号", "国办发2016 10号", "国办发（2016）10", "国办发【２０１６】１０号"],
)
def test_a_document_number_in_any_typography_finds_the_filings_that_cite_it(
    sample: Library, sample_ids: Ids, facts: dict[str, Any], typed: str
) -> None:
    policy = next(p for p in facts["policies"] if p["document_number"] == "国办发〔2016〕10号")
    wanted = {sample_ids[file, index] for file, index in policy["filings"]}
    result = sample.search(typed, explain=True)
    assert wanted <= set(top(result, len(wanted) + 1))
    assert result.hits[0].explain is not None
    assert any("国办发〔2016〕10号" in lane for lane in result.hits[0].explain.lanes)


def test_a_filing_id_and_a_full_project_name_stand_first(sample: Library) -> None:
    some = sample.list(limit=20)
    for summary in some:
        assert top(sample.search(f"请找 {summary.id}"), 1) == [summary.id]
        found = sample.search(f"{summary.project_name}", limit=10)
        names = {hit.project_name for hit in found.hits[:1]}
        assert names == {summary.project_name}


def test_an_amount_finds_the_filing_that_asks_for_it_in_any_unit(sample: Library) -> None:
    summary = next(s for s in sample.list() if s.budget.total and s.budget.total >= 100_000)
    amount = summary.budget.total
    assert amount is not None
    for typed in (f"{amount:,.0f}元", f"{amount / 10_000:g}万元的项目", f"{amount / 10_000:g}万"):
        assert summary.id in top(sample.search(typed), 10), typed


def test_traditional_and_full_width_characters_find_the_same(sample: Library) -> None:
    assert top(sample.search("河道養護"), 3) == top(sample.search("河道养护"), 3)
    assert top(sample.search("群众满意度８５％"), 3) == top(sample.search("群众满意度85%"), 3)


def test_filters_narrow_before_the_cut(sample: Library) -> None:
    result = sample.search("培训", filters=Filters(year_from=2021, year_to=2021), limit=30)
    assert result.hits
    assert {hit.fiscal_year for hit in result.hits} == {2021}
    assert {hit.section for hit in sample.search("培训", section="plan", by="passage", limit=30).hits} == {"plan"}
    some = sample.search("培训", filters=Filters(budget_min=500_000, budget_max=2_000_000), limit=30)
    assert all(500_000 <= (sample.get(hit.filing_id).budget.total or 0) <= 2_000_000 for hit in some.hits)


def test_filters_can_be_named_as_on_the_command_line(sample: Library) -> None:
    one_year = sample.search("培训", 30, year=2021)
    assert one_year == sample.search("培训", 30, year="2021").model_copy(update={"took_ms": one_year.took_ms})
    assert {hit.fiscal_year for hit in one_year.hits} == {2021}
    assert {s.fiscal_year for s in sample.list(year="2020..2021")} == {2020, 2021}
    assert all(500_000 <= (s.budget.total or 0) <= 2_000_000 for s in sample.list(budget="50万..200万"))
    assert sample.list(budget=(None, 100_000)) == sample.list(budget="..10万")


def test_a_filter_that_lets_nothing_through_says_so(sample: Library) -> None:
    result = sample.search("培训", filters=Filters(year_from=1999, year_to=1999))
    assert result.hits == ()
    assert "筛选" in (result.message or "")


def test_the_filter_on_citations_takes_a_number_or_a_short_name(
    sample: Library, sample_ids: Ids, facts: dict[str, Any]
) -> None:
    policy = next(p for p in facts["policies"] if p["document_number"] == "国发〔2021〕9号")
    wanted = {sample_ids[file, index] for file, index in policy["filings"]}
    found = {summary.id for summary in sample.list(cites="国发〔2021〕9号")}
    assert found == wanted


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"mode": "magic"}, "mode"),
        ({"by": "word"}, "by"),
        ({"limit": 0}, "limit"),
        ({"limit": 10**6}, "limit"),
        ({"offset": -1}, "offset"),
    ],
)
def test_wrong_usage_names_the_argument(sample: Library, options: dict[str, Any], field: str) -> None:
    with pytest.raises(UsageError) as caught:
        sample.search("培训", **options)
    assert caught.value.field == field


def test_an_empty_query_is_wrong_usage(sample: Library) -> None:
    with pytest.raises(UsageError):
        sample.search("  ")


def test_reciprocal_rank_fusion_is_there_to_be_compared_with(sample: Library) -> None:
    assert sample.search("河道养护", fusion="rrf").hits


def test_a_very_long_query_is_cut_and_the_answer_says_so(sample: Library) -> None:
    result = sample.search("河道养护" * 5_000)
    assert "过长" in (result.message or "")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(min_size=1, max_size=60), by=st.sampled_from(["filing", "passage"]))
def test_no_query_makes_the_search_fail(sample: Library, query: str, by: str) -> None:
    if query.strip():
        result = sample.search(query, by=by)
        assert result.total >= len(result.hits)
        assert [hit.score for hit in result.hits] == sorted((hit.score for hit in result.hits), reverse=True)


def test_everyday_words_are_widened_by_official_terms_that_count_less_and_are_named(sample: Library) -> None:
    result = sample.search("楼顶渗水", mode="lexical", explain=True)
    assert result.hits
    explain = result.hits[0].explain
    assert explain is not None
    assert {"屋面", "渗漏"} & set(explain.expanded)
    own, expanded = sample.view().query_terms(Question("楼顶渗水", sample.view().segmenter.token_spans))
    assert expanded
    assert max(weight for _, weight in expanded) < min(weight for _, weight in own)


def test_an_exact_search_is_not_widened(sample: Library) -> None:
    result = sample.search("楼顶渗水", exact=True, explain=True)
    assert all(hit.explain is not None and hit.explain.expanded == () for hit in result.hits)
    plain = sample.search("楼顶渗水", mode="lexical", exact=True)
    assert len(plain.hits) < len(sample.search("楼顶渗水", mode="lexical").hits)


@pytest.mark.parametrize("query", ["yunjiangshi jiguan shiwu guanliju", "云江市机关事物管理局的项目"])
def test_an_applicant_is_found_by_pinyin_and_by_a_character_of_the_same_sound(sample: Library, query: str) -> None:
    result = sample.search(query, explain=True)
    assert result.hits[0].applicant == "云江市机关事务管理局"


def test_a_query_whose_words_are_known_asks_for_no_sounds(sample: Library) -> None:
    result = sample.search("河道保洁", explain=True)
    assert not any("读音" in lane for hit in result.hits if hit.explain for lane in hit.explain.lanes)


@pytest.mark.parametrize("query", ["楼顶漏雨", "河道养护 经费", "国办发2016 10号"])
def test_vectors_that_are_scanned_beside_the_words_give_the_same_answer(
    sample: Library, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    alone = sample.search(query, year_from=2019).hits
    monkeypatch.setattr(pool, "BESIDE_MIN", 0)
    assert sample.search(query, year_from=2019).hits == alone
