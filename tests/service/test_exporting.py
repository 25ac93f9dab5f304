"""Exports: no cell is a formula, numbers stay numbers, and cursors are what they say."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.errors import UsageError
from perfsearch.service.cursors import CursorExpiredError, Cursors
from perfsearch.service.exporting import cell, csv_lines
from perfsearch.service.uploads import safe_name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('=HYPERLINK("x")', "'=HYPERLINK(\"x\")"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
        ("  =1", "'  =1"), ("＝1", "'＝1"), ("\n=1", "'\n=1"), (-5, -5), (54.0, 54), (0.5, 0.5), (None, ""), (True, "true"),
        ("正常", "正常"), ("a=b", "a=b"), (["=1"], '["=1"]'),
    ],
)  # fmt: skip
def test_a_cell_is_never_a_formula(value: Any, expected: Any) -> None:
    assert cell(value) == expected


@given(st.lists(st.text(), min_size=1))
def test_what_is_exported_is_read_back(texts: list[str]) -> None:
    text = "".join(csv_lines(({"a": one} for one in texts), ["a"]))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    for row, one in zip(rows[1:], texts, strict=True):
        assert (row or [""])[0] in (one, "'" + one)
        assert not (row or [""])[0].startswith(("=", "+", "-", "@"))


@given(st.integers(0, 10**6), st.integers(0, 10**9), st.text(max_size=30))
def test_a_cursor_gives_its_offset_for_its_query_and_state_only(offset: int, seq: int, question: str) -> None:
    cursors = Cursors(b"k" * 32)
    made = cursors.make(question, seq, offset)
    assert cursors.read(made, question, seq) == offset
    with pytest.raises(CursorExpiredError):
        cursors.read(made, question, seq + 1)
    with pytest.raises(UsageError, match="another query"):
        cursors.read(made, question + "x", seq)
    with pytest.raises(UsageError):
        Cursors(b"l" * 32).read(made, question, seq)


@given(st.text(max_size=300))
def test_any_text_is_refused_as_a_cursor_or_was_made_here(text: str) -> None:
    with pytest.raises(UsageError):
        Cursors(b"k" * 32).read(text, "q", 1)


@given(st.text(max_size=400))
def test_an_uploads_name_stays_in_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe not in ("", ".", "..")
    assert "/" not in safe
    assert "\\" not in safe
    assert "\x00" not in safe
    assert not safe.startswith(".")
    assert len(safe.encode()) <= 255


def test_an_uploads_suffix_survives() -> None:
    assert safe_name("../../etc/x.pdf") == "x.pdf"
    assert safe_name("目" * 300 + ".docx").endswith(".docx")
