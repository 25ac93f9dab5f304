"""The review is shown in the terminal, as one HTML page, as a Word document and as a table."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest

from perfsearch.library import Library
from perfsearch.model import Filing, Indicator, Source
from perfsearch.model.review import Evidence, ReviewReport
from perfsearch.queries.review import list_rules, review
from perfsearch.service.reports.review_docx import write_docx
from perfsearch.service.reports.review_html import render_html
from perfsearch.service.reports.review_text import (
    describe_review,
    describe_rules,
    describe_summary_table,
    place_of,
    summary_rows,
)


@pytest.fixture(scope="module")
def report(sample: Library, corpus: Path) -> ReviewReport:
    return sample.review(corpus / "kexie-bangongfei-2018.txt")


@pytest.fixture(scope="module")
def hostile() -> ReviewReport:
    """A report on text that would break a page, a document or a spreadsheet."""
    nasty = "<script>alert(1)</script>&\x00\x0b=1+1"
    filing = Filing(
        id="x",
        source=Source(file="=cmd.txt"),
        form="shanghai-2020",
        project_name=nasty,
        sections={"overview": nasty, "necessity": nasty},
        indicators=(Indicator(level1="产出目标", level2="数量", name=nasty, target="=025%"),),
    )
    return review(None, [filing], "=cmd.txt")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_says_everything_and_needs_nothing_else(report: ReviewReport) -> None:
    page = render_html([report])
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.seen & {"script", "link", "img", "iframe"}
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!#)", page)
    assert "default-src 'none'" in page
    for finding in report.findings:
        assert finding.title in page
        assert finding.code in page


def test_text_of_a_filing_is_shown_and_never_run(hostile: ReviewReport, tmp_path: Path) -> None:
    page = render_html([hostile])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    write_docx([hostile], tmp_path / "r.docx")
    docx.Document(str(tmp_path / "r.docx"))
    for row in list(summary_rows([hostile]))[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_the_word_document_opens_and_holds_every_finding(report: ReviewReport, tmp_path: Path) -> None:
    write_docx([report], tmp_path / "r.docx")
    document = docx.Document(str(tmp_path / "r.docx"))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for finding in report.findings:
        assert finding.title in text
        assert finding.message in text
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert {finding.settle for finding in report.findings} <= cells


def test_several_filings_begin_with_a_table_of_all(sample: Library, corpus: Path, tmp_path: Path) -> None:
    reports = [
        sample.review(corpus / name) for name in ("danganguan-shuzihua-2020-2022.txt", "kexie-bangongfei-2018.txt")
    ]
    page = render_html(reports)
    assert page.index("<table>") < page.index("<article")
    assert page.count("<article") == 4
    text = describe_summary_table(reports)
    assert text.splitlines()[1].endswith("kexie-bangongfei-2018.txt")  # most findings first
    write_docx(reports, tmp_path / "r.docx")
    assert len(docx.Document(str(tmp_path / "r.docx")).tables[0].rows) == 5


def test_the_table_has_a_row_for_every_finding_and_for_every_clean_filing(sample: Library, corpus: Path) -> None:
    reports = [
        sample.review(corpus / name) for name in ("yunjiang-xiaofang-zhuangbei-2023.txt", "kexie-bangongfei-2018.txt")
    ]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(summary_rows(reports))
    head, clean, *rows = list(csv.reader(io.StringIO(buffer.getvalue())))
    assert clean[head.index("级别")] == "未发现问题"
    assert len(rows) == len(reports[1].findings)
    assert all(len(row) == len(head) for row in (clean, *rows))


def test_the_terminal_names_place_text_comparison_and_what_would_settle_it(report: ReviewReport) -> None:
    text = describe_review(report)
    for finding in report.findings:
        assert finding.message in text
        assert finding.settle in text
    assert "数据不足" in text


def test_a_place_is_named_in_words() -> None:
    assert place_of(Evidence(text="", field="budget.total")) == "项目总预算"
    assert place_of(Evidence(text="x", section="plan", start=4, end=9)) == "项目实施计划 第 5—9 字"
    assert place_of(Evidence(text="x", row=2)) == "指标表第 3 行"
    assert place_of(Evidence(text="x", field="end_date", filing_id="2020-1")) == "2020-1 计划完成日期"


def test_the_list_of_rules_names_every_rule_and_its_source() -> None:
    rules = list_rules(["money"])
    text = describe_rules(rules)
    for rule in rules:
        assert rule.code in text
        assert rule.source in text
    assert text.count("（已关闭）") == sum(rule.family == "money" for rule in rules)


def test_a_finding_without_evidence_text_is_shown_as_blank() -> None:
    filing = Filing(id="x", source=Source(file="a.txt"), sections={"plan": ""})
    one = review(None, [filing], "a.txt")
    assert one.findings[0].code == "form.blank-section"
    assert "（空）" in render_html([one])
