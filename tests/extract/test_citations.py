"""What `extract_citations` promises, over many domains and every typography met."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.extract.citations import extract_citations, extract_filing_citations
from perfsearch.model import Citation
from tests.extract.citation_sentences import RUNNING, SENTENCES

MARKS = {"⟦": "⟧", "⦅": "⦆"}


def unmark(marked: str) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the text without the marks, the explicit spans and the implicit ones."""
    plain = ""
    explicit: list[tuple[int, int]] = []
    implicit: list[tuple[int, int]] = []
    start = 0
    for character in marked:
        if character in MARKS:
            start = len(plain)
        elif character == "⟧":
            explicit.append((start, len(plain)))
        elif character == "⦆":
            implicit.append((start, len(plain)))
        else:
            plain += character
    return plain, explicit, implicit


def spans(citations: list[Citation], implicit: bool) -> list[tuple[int, int]]:
    return [(c.start, c.end) for c in citations if c.implicit == implicit]


@pytest.mark.parametrize(("marked", "numbers"), SENTENCES, ids=[marked[:24] for marked, _ in SENTENCES])
def test_finds_the_mentions_a_reader_sees(marked: str, numbers: list[str]) -> None:
    text, explicit, implicit = unmark(marked)
    citations = extract_citations(text, "basis")
    assert [text[a:b] for a, b in spans(citations, False)] == [text[a:b] for a, b in explicit]
    assert spans(citations, False) == explicit
    assert spans(citations, True) == implicit
    found = [c.document_number for c in citations if c.document_number and not c.document_number.isascii()]
    assert [n for n in found if n[0] not in "GJCHD"] == numbers


def test_reads_a_running_paragraph_without_its_products() -> None:
    text, explicit, _ = unmark(RUNNING)
    assert spans(extract_citations(text), False) == explicit


WORDS = st.sampled_from(
    [
        *"《》〈〉〔〕[]【】（）()“”、，。；\n 第号文令年字发",
        *[
            "国办发",
            "沪府",
            "2016",
            "１０",
            "办法",
            "通知",
            "关于印发",
            "根据",
            "该",
            "《纲要》",
            "十三五",
            "规划",
            "法",
            "精神",
        ],
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=80).map("".join)))
def test_spans_point_at_their_text_in_order_whatever_the_text(text: str) -> None:
    citations = extract_citations(text, "basis")
    end = 0
    for citation in citations:
        assert text[citation.start : citation.end] == citation.text
        assert citation.text
        assert citation.start >= end
        end = citation.end


MONOTONE = [
    "《",
    "》",
    "〔",
    "1",
    "２",
    "第",
    "〈",
    "《关于",
    "《法、",
    "2016",
    "〔2016〕",
    "令第",
    "根据",
    "国办发",
    "\n",
    "党的",
    "该",
    "习近平",
    "按照上海市",
    "市委、",
    "》号",
    " ",
    "、",
]


@pytest.mark.parametrize("unit", MONOTONE)
def test_takes_linear_time_on_a_megabyte_of_one_thing(unit: str) -> None:
    half = unit * (170_000 // len(unit))  # with its double, 1 MB in UTF-8
    started = time.perf_counter()
    extract_citations(half)
    once = time.perf_counter() - started
    started = time.perf_counter()
    extract_citations(half + half)
    twice = time.perf_counter() - started
    assert twice < 10
    assert twice < 4 * once + 0.5


def test_a_name_of_the_project_itself_is_no_citation() -> None:
    text = "根据《科普进社区三年行动计划》的安排，依据《科普法》实施。"
    assert [c.title for c in extract_citations(text, "basis", project_name="科普进社区三年行动计划")] == ["科普法"]


def test_a_filing_lists_its_sections_in_the_order_of_the_form() -> None:
    sections = {"goals": "《水法》", "executor": "《消防法》", "basis": "《预算法》", "overview": "《审计法》"}
    assert [c.section for c in extract_filing_citations(sections)] == ["overview", "basis", "goals", "executor"]


def test_pinpoints_are_kept_beside_the_mention() -> None:
    (citation,) = extract_citations("《中国科学技术协会章程》第十三条第二款")
    assert (citation.text, citation.pinpoint) == ("《中国科学技术协会章程》", "第十三条第二款")


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        ("国务院办公厅下发《关于印发方案的通知》", "国务院办公厅"),
        (
            "由中共上海市委组织部、上海市科学技术协会联合发布的《关于加强党建的意见》",
            "中共上海市委组织部、上海市科学技术协会",
        ),
        ("按照市委、市政府《上海市水务规划》要求", "市委、市政府"),
        ("《国务院关于加强防汛工作的意见》", "国务院"),
        ("《社会组织评估管理办法》（民政部令〔2010〕第39号）", "民政部"),
        ("《上海市科协机关差旅费管理办法》", None),
    ],
)
def test_names_the_issuer_that_the_text_names(text: str, issuer: str | None) -> None:
    assert extract_citations(text)[0].issuer == issuer


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.real
def test_reaches_the_agreed_scores_on_the_hand_read_filings(shared: Path) -> None:
    """Explicit mentions F1 0.98, normal form of numbers 0.98; prints what was missed and what is too much."""
    gold: dict[tuple[str, int], list[dict]] = defaultdict(list)
    for line in (shared / "gold" / "citations.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        gold[row["source"]["file"], row["source"]["index"]].append(row)
    hit = extra = missed = numbers = exact = 0
    for line in (shared / "gold" / "filings.jsonl").read_text("utf-8").splitlines():
        filing = json.loads(line)
        rows = gold[filing["source"]["file"], filing["source"]["index"]]
        wanted = [row for row in rows if row["kind"] != "not_policy" and not row["implicit"]]
        for citation in extract_filing_citations(filing["sections"], filing["project_name"], filing["applicant"]):
            if citation.implicit:
                continue
            match = next(
                (
                    w
                    for w in wanted
                    if w["section"] == citation.section and squeezed(w["text"]) == squeezed(citation.text)
                ),
                None,
            )
            if match is None:
                extra += 1
                print("too much:", citation.text)
                continue
            wanted.remove(match)
            hit += 1
            if match["document_number"]:
                numbers += 1
                exact += match["document_number"] == citation.document_number
        missed += len(wanted)
        for row in wanted:
            print("missed:", row["text"])
    assert 2 * hit / (2 * hit + extra + missed) >= 0.98
    assert exact / numbers >= 0.98
