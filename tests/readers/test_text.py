"""Plain text: encodings, line ends, tags, limits."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.errors import UnreadableFile
from perfsearch.model import Place
from perfsearch.readers import SOFT_BREAK, Line, Table, read_bytes
from perfsearch.settings import Settings

FORM = (
    "财政项目支出绩效目标表\n(2020年度)\n项目名称：\t基层科普服务\t项目类别：\t其他一次性项目\n数量\t受众群众\t=16区\n"
)


def texts(data: bytes) -> list[str]:
    return [block.text for block in read_bytes(data, "x.txt").blocks if isinstance(block, Line)]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("gb18030", b""),
        ("gbk", b""),
    ],
)
def test_every_encoding_gives_the_same_lines(encoding: str, mark: bytes) -> None:
    assert texts(mark + FORM.encode(encoding)) == FORM.split("\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_end_gives_the_same_lines(newline: str) -> None:
    assert texts(FORM.replace("\n", newline).encode()) == FORM.split("\n")


def test_a_few_damaged_bytes_are_read_with_a_warning() -> None:
    data = (FORM * 20).encode()
    damaged = data[:100] + b"\xff" + data[100:]
    document = read_bytes(damaged, "x.txt")
    assert [warning.code for warning in document.warnings] == ["encoding-damaged"]


def test_a_character_cut_off_by_the_end_of_the_file_is_no_damage() -> None:
    document = read_bytes((FORM * 5 + "绩").encode()[:-1], "x.txt")
    assert document.warnings == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("<p>一段</p>", "一段"),
        ('<h2 style="text-align: center;">财政项目支出绩效目标表</h2>\t\t\t', "财政项目支出绩效目标表\t\t\t"),
        ("项目概况：\t<p>甲</p> <p>乙</p>\t\t", f"项目概况：\t甲{SOFT_BREAK}乙\t\t"),
        ("甲<br>乙<br/>丙", f"甲{SOFT_BREAK}乙{SOFT_BREAK}丙"),
        ("甲&nbsp;乙&amp;丙&ldquo;丁&rdquo;", "甲\u00a0乙&丙“丁”"),
        ("AT&T 与 R&D; 5<6 且 7>2", "AT&T 与 R&D; 5<6 且 7>2"),
        ("预算<5万元，<strong>重点</strong>", "预算<5万元，重点"),
        ("<!-- 注释 -->甲", "甲"),
        ("    <p>甲", "    甲"),
        ("甲\x07乙\x00", "甲乙"),
    ],
)
def test_tags_go_and_the_text_stays(line: str, expected: str) -> None:
    assert texts(f"{line}\n第二行".encode())[0] == expected


def test_form_feeds_count_pages() -> None:
    document = read_bytes("甲\n\f乙\n丙".encode(), "x.txt")
    assert document.blocks == (Line("甲", Place(page=1)), Line("乙", Place(page=2)), Line("丙", Place(page=2)))


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \n\t\n", b"\xff\xfe", "　\n".encode()])
def test_an_empty_file_is_said_to_be_empty(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="empty"):
        read_bytes(data, "x.txt")


@pytest.mark.parametrize("seed", range(5))
def test_binary_junk_is_said_to_be_no_text(seed: int) -> None:
    with pytest.raises(UnreadableFile, match="binary or damaged"):
        read_bytes(b"\x00\x01\x02" + random.Random(seed).randbytes(20_000), "x.txt")


def test_fifty_megabytes_on_one_line_are_rejected_without_decoding() -> None:
    line = "项目".encode() * 8_500_000
    with pytest.raises(UnreadableFile, match="line_length_max"):
        read_bytes(line, "x.txt")


def test_a_long_line_within_the_bytes_but_not_the_characters_is_rejected() -> None:
    settings = Settings(line_length_max=10_000)
    with pytest.raises(UnreadableFile, match="10,001 characters"):
        read_bytes(b"a" * 10_001, "x.txt", settings)


def reading(data: bytes) -> tuple[Line | Table, ...] | str:
    """The blocks of a file, or the reason why there are none."""
    try:
        return read_bytes(data, "x.txt").blocks
    except UnreadableFile as error:
        return error.reason


@given(st.text(max_size=400))
def test_any_text_is_read_or_rejected_with_a_reason(text: str) -> None:
    blocks = reading(text.encode("utf-8", "surrogatepass"))
    assert blocks
    assert all("\n" not in block.text for block in blocks if isinstance(block, Line))


@given(st.binary(max_size=400))
@settings(deadline=None)  # the first that looks like an image loads Pillow
def test_any_bytes_are_read_or_rejected_with_a_reason(data: bytes) -> None:
    assert reading(data)
