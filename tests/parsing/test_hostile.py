"""Whatever a document does to its reader costs that one document, with a reason that says what and which limit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perfsearch.errors import InputError, UnreadableFile
from perfsearch.parsing import iter_inputs, parse_bytes
from perfsearch.settings import Settings
from tests.parsing import hostile
from tests.parsing.test_parsing import FORM, printed

SMALL = Settings(reading_memory_bytes_max=400_000_000, reading_seconds_max=60)


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("pages.pdf", lambda: hostile.pdf_of_pages(10_000), "10,000 pages, the limit is 5,000 .pdf_pages_max"),
        ("loop.pdf", hostile.pdf_whose_pages_loop, "no text layer|damaged"),
        ("multiply.pdf", hostile.pdf_whose_pages_multiply, "damaged|pdf_pages_max"),
        ("itself.pdf", hostile.pdf_that_draws_itself, r"crashed on it .*reading_memory_bytes_max|took longer"),
        ("blank.pdf", lambda: hostile.pdf_of_text(b" " * 100_000_000), "no text layer"),
        ("laugh.docx", hostile.laughing_word, "damaged .*amplification"),
        ("laugh.xlsx", hostile.laughing_workbook, "damaged .*amplification"),
        ("laugh.html", hostile.laughing_page, "no filing|no text"),
        ("nested.docx", lambda: hostile.nested_word(20_000), "damaged|nested"),
        ("nested.html", lambda: b"<html>" + b"<table><tr><td>" * 20_000 + "绩效".encode(), "no text|nested|no filing"),
        ("lie.docx", lambda: hostile.lying_zip("word/document.xml", b"0" * 3_000_000, 1_000), "damaged"),
        ("line.txt", lambda: "立项依据：".encode() * 3_400_000, "line_length_max"),
    ],
)
def test_a_bomb_is_one_rejection_with_its_reason(name: str, make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_bytes(make(), name, SMALL)
    assert parse_bytes(FORM.encode(), "next.txt", SMALL)


def test_a_document_that_needs_too_much_memory_is_rejected_by_name_of_the_limit() -> None:
    data = hostile.word_paragraphs(b"x" * 400, 300_000)
    limits = Settings(reading_memory_bytes_max=200_000_000)
    with pytest.raises(UnreadableFile, match=r"more than 200,000,000 bytes of memory .reading_memory_bytes_max"):
        parse_bytes(data, "large.docx", limits)
    assert parse_bytes(FORM.encode(), "next.txt", limits)


def test_a_document_without_end_is_rejected_when_its_time_is_up() -> None:
    limits = Settings(reading_seconds_max=0.5)
    with pytest.raises(UnreadableFile, match=r"longer than 0\.5 s .reading_seconds_max"):
        parse_bytes(hostile.slow_pdf(3_000_000), "slow.pdf", limits)
    assert parse_bytes(FORM.encode(), "next.txt", limits)


def test_more_text_than_the_limit_is_refused() -> None:
    text = FORM.replace("开展活动。", "开展活动。\n" + "围绕全民科学素质提升组织科普活动。\n" * 3_000)
    with pytest.raises(UnreadableFile, match=r"more than 50,000 bytes .filings_bytes_max"):
        parse_bytes(text.encode(), "long.txt", Settings(filings_bytes_max=50_000))


def test_a_bad_file_of_an_archive_costs_itself_and_not_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    files = {
        "a.txt": FORM.encode(),
        "b.pdf": hostile.pdf_that_draws_itself(),
        "c.pdf": hostile.slow_pdf(3_000_000),
        "d.txt": printed("第二个").encode(),
        "e.zip": hostile.zipped({"f.pdf": hostile.pdf_that_draws_itself(), "g.txt": printed("第三个").encode()}),
    }
    path.write_bytes(hostile.zipped(files))
    limits = Settings(reading_memory_bytes_max=400_000_000, reading_seconds_max=3)
    results = list(iter_inputs([path], limits))
    assert [(r.path.removeprefix(f"{path}/"), len(r.filings), len(r.rejections)) for r in results] == [
        ("a.txt", 1, 0),
        ("b.pdf", 0, 1),
        ("c.pdf", 0, 1),
        ("d.txt", 1, 0),
        ("e.zip/f.pdf", 0, 1),
        ("e.zip/g.txt", 1, 0),
    ]
    assert [r.is_last for r in results] == [False] * 5 + [True]
    assert results[-1].stamp is not None


def test_archives_in_an_archive_share_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "outer.zip"
    inner = {f"{n}.zip": hostile.zipped({"a.txt": b"0" * 40_000}) for n in range(3)}
    path.write_bytes(hostile.zipped(inner))
    results = list(iter_inputs([path], Settings(unpacked_bytes_max=100_000)))
    reasons = [r.rejections[0].reason for r in results]
    assert ["unpacked_bytes_max" in reason for reason in reasons] == [False, False, True]


def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "climb.zip"
    names = ("../up.txt", "/abs.txt", "C:\\windows.txt", "a/../../b.txt", "good.txt")
    path.write_bytes(hostile.zipped(dict.fromkeys(names, FORM.encode())))
    results = {r.path.removeprefix(f"{path}/"): r for r in iter_inputs([path])}
    assert [name for name, r in results.items() if r.filings] == ["good.txt"]
    assert all("leads out" in r.rejections[0].reason for name, r in results.items() if name != "good.txt")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("files", [{}, {"README.md": b"note"}, {".hidden": b"1"}])
def test_an_archive_without_documents_is_a_rejection(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = tmp_path / "empty.zip"
    path.write_bytes(hostile.zipped(files))
    (parsed,) = iter_inputs([path])
    assert parsed.rejections
