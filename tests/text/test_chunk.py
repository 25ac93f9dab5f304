from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.model import Budget, Filing, Indicator, Source
from perfsearch.text.chunk import LENGTH_MAX, chunk_filing, section_text, sentences

prose = st.text(alphabet='科普教育基地，。；：！？、（一）1.2\n”" ①', max_size=1500)


def filing(**fields: object) -> Filing:
    return Filing.model_validate({"source": Source(file="a.txt"), **fields})


@given(prose | st.text(max_size=300), prose)
@settings(max_examples=150)
def test_chunks_tile_every_section(overview: str, goals: str) -> None:
    rows = (Indicator(level1="产出", level2="数量", name=goals[:30], target="=1"),)
    form = filing(project_name="甲", sections={"overview": overview, "goals": goals, "其他": "完"}, indicators=rows)
    chunks = chunk_filing(form)
    for section in ("header", "overview", "goals", "其他", "indicators"):
        text, place = section_text(form, section), 0
        for chunk in (c for c in chunks if c.section == section):
            assert chunk.start == place
            assert chunk.text == text[chunk.start : chunk.end]
            assert 0 < len(chunk.text) <= LENGTH_MAX
            place = chunk.end
        assert place == len(text) or not text.strip()


@given(prose | st.text(max_size=300), st.integers(1, 120))
def test_sentences_tile_the_text_within_the_limit(text: str, limit: int) -> None:
    spans = sentences(text, limit)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(0 < b - a <= limit for a, b in spans)


def test_items_begin_passages() -> None:
    item = "开展科普进社区活动，组织专家讲座，发放宣传资料，提升居民科学素质，营造爱科学学科学用科学的良好氛围。"
    text = "".join(f"{n}、{item * 3}" for n in range(1, 6))
    chunks = [c for c in chunk_filing(filing(sections={"plan": text})) if c.section == "plan"]
    assert [c.text[:2] for c in chunks] == ["1、", "2、", "3、", "4、", "5、"]


def test_a_number_inside_a_sentence_is_no_item() -> None:
    text = "全年举办活动3.5万场，投入1.2亿元，覆盖16个区。" * 3
    assert len([c for c in chunk_filing(filing(sections={"plan": text})) if c.section == "plan"]) == 1


def test_a_quotation_mark_stays_with_the_sentence_that_it_closes() -> None:
    spans = sentences("他说：“开展科普。”随后结束。", 10)
    assert [("他说：“开展科普。”随后结束。")[a:b] for a, b in spans] == ["他说：“开展科普。”", "随后结束。"]


def test_the_header_has_amounts_in_both_units() -> None:
    form = filing(
        project_name="科普进社区",
        applicant="市科协",
        fiscal_year=2020,
        category="经常性项目",
        budget=Budget(total=540000, current_year=123456.7),
    )
    text = section_text(form, "header")
    assert text.splitlines() == [
        "项目名称：科普进社区",
        "申报单位：市科协",
        "年度：2020年",
        "项目类别：经常性项目",
        "项目总预算：540000元（54万元）",
        "当年预算：123456.7元（12.34567万元）",
    ]


def test_rows_of_one_first_level_stand_together() -> None:
    rows = tuple(
        Indicator(level1=level, level2="数量", name=f"指标{n}", target=f"={n}")
        for level in ("产出目标", "效果目标")
        for n in range(3)
    )
    chunks = [c for c in chunk_filing(filing(indicators=rows)) if c.section == "indicators"]
    assert [c.text for c in chunks] == ["数量 指标0 =0\n数量 指标1 =1\n数量 指标2 =2\n"] * 2


def test_many_rows_are_parted_between_rows() -> None:
    rows = tuple(Indicator(level1="产出", level2="数量", name="指标" * 10, target=f"={n}") for n in range(60))
    chunks = [c for c in chunk_filing(filing(indicators=rows)) if c.section == "indicators"]
    assert len(chunks) > 3
    assert all(c.text.endswith("\n") and c.text.startswith("数量") for c in chunks)


def test_a_filing_of_nothing_has_no_chunks() -> None:
    assert chunk_filing(filing(sections={"overview": "", "goals": "  \n"})) == []


@pytest.mark.parametrize("text", ["科" * 1_000_000, "，" * 1_000_000, "1、" * 300_000, "。" * 1_000_000])
def test_a_megabyte_without_end_is_cut_in_linear_time(text: str) -> None:
    started = time.perf_counter()
    chunks = chunk_filing(filing(sections={"overview": text}))
    assert time.perf_counter() - started < 10
    assert max(len(c.text) for c in chunks) <= LENGTH_MAX


@pytest.mark.real
def test_the_real_filings_are_cut_without_loss(shared: Path) -> None:
    for line in (shared / "gold" / "filings.jsonl").read_text(encoding="utf-8").splitlines():
        form = Filing(**json.loads(line))
        chunks = chunk_filing(form)
        for section, text in form.sections.items():
            assert "".join(c.text for c in chunks if c.section == section) == text
