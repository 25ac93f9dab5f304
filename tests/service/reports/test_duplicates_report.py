from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from docx import Document

from perfsearch.model import (
    DuplicateMatch,
    DuplicateRates,
    DuplicateReport,
    DuplicateSource,
    Filing,
    SectionRates,
    Source,
    StaleFinding,
)
from perfsearch.service.reports.duplicates_docx import write_duplicates
from perfsearch.service.reports.duplicates_html import render_duplicates
from perfsearch.service.reports.duplicates_text import (
    describe_duplicates,
    marked_section,
    percent,
    same_pieces,
)

HOSTILE = "<script>alert(1)</script>每站停留四天，夜间派人值守。\x00\ud800"
TEXT = HOSTILE + "损坏件由厂家两周内更换。"


def _match(start: int, end: int, **changes: object) -> DuplicateMatch:
    plain: dict[str, object] = {
        "section": "overview", "start": start, "end": end, "source_filing_id": 'f2"><img src=//x>', "source": Source(file="b.txt"),
        "source_section": "goals", "source_start": 0, "source_end": end - start, "similarity": 0.93, "kind": "edited",
        "text": TEXT[start:end], "source_text": TEXT[start:end], "blocks": ((start, start + 5, 0, 5),),
        "source_project_name": "<b>项目</b>", "first": "source",
    }  # fmt: skip
    return DuplicateMatch.model_validate({**plain, **changes})


@pytest.fixture
def filing() -> Filing:
    return Filing(
        id="f1", source=Source(file="a.txt"), project_name="<i>送餐</i>", sections={"overview": TEXT, "basis": ""}
    )


@pytest.fixture
def report() -> DuplicateReport:
    figures = DuplicateRates(characters=40, duplicated=20, total=0.5, largest_source=0.5)
    return DuplicateReport(
        filing_id="f1",
        coverage=0.5,
        matches=(_match(0, 30), _match(20, len(TEXT)), _match(26, 40, within_filing=True, category="within")),
        rates=figures,
        sections=(SectionRates(section="overview", **figures.model_dump()),),
        sources=(DuplicateSource(filing_id="f2", source=Source(file="b.txt"), matches=2, characters=20, share=0.5),),
        copied_not_updated=(
            StaleFinding(
                what="year", section="overview", start=0, end=4, text="<2020>", expected="2021", certainty="sure",
                source_filing_id="f2", source_section="goals", source_start=0, source_end=4, message="年份未改",
            ),
        ),
    )  # fmt: skip


def test_the_page_escapes_everything_and_needs_no_other_host(report: DuplicateReport, filing: Filing) -> None:
    page = render_duplicates(report, filing)
    page.encode("utf-8", "replace")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;scr" in page
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page)


def test_matches_are_linked_both_ways(report: DuplicateReport, filing: Filing) -> None:
    page = render_duplicates(report, filing)
    for number in range(1, len(report.matches) + 1):
        assert page.count(f'id="p{number}"') == page.count(f'href="#p{number}"') == 1
        assert page.count(f'id="m{number}"') == page.count(f'href="#m{number}"') == 1


def test_every_link_has_its_place_and_what_was_not_updated_is_marked_in_the_text(
    report: DuplicateReport, filing: Filing
) -> None:
    page = render_duplicates(report, filing)
    for number in range(1, len(report.copied_not_updated) + 1):
        assert page.count(f'id="u{number}"') == page.count(f'href="#u{number}"') == 1
    for target in re.findall(r'href="#([^"]+)"', page) + re.findall(r'for="([^"]+)"', page):
        assert page.count(f'id="{target}"') == 1
    assert 'left">' in page


def test_the_page_holds_the_whole_filing(report: DuplicateReport, filing: Filing) -> None:
    page = render_duplicates(report, filing)
    body = page[page.index('<h3 id="s-overview">') : page.index('<h3 id="s-basis">')]
    shown = html.unescape(re.sub(r"<sup>.*?</sup>|<h3.*?</h3>|<[^>]+>", "", body))
    assert shown.strip().replace("\x00", "").replace("\ufffd", "") == TEXT.replace("\x00", "").strip()


def test_an_empty_report_has_a_page_and_a_document(filing: Filing, tmp_path: Path) -> None:
    empty = DuplicateReport(filing_id="f1", coverage=0.0, message="没有发现重复文字。")
    assert "没有发现重复文字。" in render_duplicates(empty, filing)
    write_duplicates(empty, filing, tmp_path / "report.docx")
    assert Document(str(tmp_path / "report.docx")).paragraphs


def test_the_document_holds_figures_findings_sources_and_both_sides(
    report: DuplicateReport, filing: Filing, tmp_path: Path
) -> None:
    write_duplicates(report, filing, tmp_path / "report.docx")
    document = Document(str(tmp_path / "report.docx"))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "总文字复制比" in cells
    assert "年份" in cells
    assert any(text.startswith("<script>alert(1)</script>") for text in cells)


def test_the_terminal_names_kinds_places_and_sources(report: DuplicateReport, filing: Filing) -> None:
    text = describe_duplicates(report, filing)
    assert "总文字复制比 50.0%" in text
    assert "略有改动 93.0%" in text
    assert "[应改未改]" in text


def test_pieces_of_a_section_make_up_the_section() -> None:
    matches = [(1, _match(0, 30)), (2, _match(20, 40))]
    pieces = marked_section(TEXT, matches)
    assert "".join(piece.text for piece in pieces) == TEXT
    assert [piece.matches for piece in pieces] == [(1,), (1, 2), (2,), ()]


def test_pieces_of_a_passage_make_up_the_passage() -> None:
    pieces = same_pieces("甲乙丙，丁戊己。", [(4, 6), (0, 3), (5, 7)])
    assert "".join(piece.text for piece in pieces) == "甲乙丙，丁戊己。"
    assert all(piece.same for piece in pieces)


@pytest.mark.parametrize(("share", "shown"), [(0.0, "0.0%"), (0.1234, "12.3%"), (0.9999, "99.9%"), (1.0, "100.0%")])
def test_only_all_is_100_percent(share: float, shown: str) -> None:
    assert percent(share) == shown
