"""Real files of every format, damaged: each is read, or refused with a reason, and no reader fails in a way of its own."""

from __future__ import annotations

import io
import zipfile
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzing.seeds import FORMATS, SHEET_PART, WORD_PART, part_of, repacked, seeds
from perfsearch.parsing import Parsed
from perfsearch.parsing.pool import POOL
from perfsearch.parsing.progress import Task
from perfsearch.settings import Settings
from tests.parsing import hostile
from tests.parsing.test_parsing import FORM

LIMITS = Settings(reading_seconds_max=60, unpacked_bytes_max=20_000_000, pdf_pages_max=50)
EXAMPLES = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BEGINNINGS = (b"", b"%PDF-1.7\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html>", b"{")
TREES = st.recursive(
    st.sampled_from(["text", "html", "xlsx", "junk"]), lambda inner: st.lists(inner, max_size=3), max_leaves=6
)


def read(data: bytes, kind: str) -> list[Parsed]:
    """What a process reads of it; a failure that no reader foresaw is a mistake of ours."""
    name = f"a.{kind}"
    lines = {"lines_from": 1} if kind == "jsonl" else {}
    results = list(POOL.read(Task(name, name, data=data, **lines), LIMITS))  # type: ignore[arg-type]
    for parsed in results:
        for rejection in parsed.rejections:
            assert "please report" not in rejection.reason, rejection.reason
    assert results
    if kind != "jsonl":
        assert all(bool(parsed.filings) != bool(parsed.rejections) for parsed in results)
    return results


def damaged(data: bytes, other: bytes, rng: Random) -> bytes:
    """The data cut off, with flipped bits, with a piece of another file in it, or without one of its own."""
    way = rng.randrange(5)
    a, b = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    if way == 0:
        return data[:b]
    if way == 1:
        return data[:a] + data[b:]
    if way == 2:
        c, d = sorted((rng.randrange(len(other) + 1), rng.randrange(len(other) + 1)))
        return data[:a] + other[c:d] + data[b:]
    if way == 3:
        piece = data[a : min(b, a + 64)]
        return data[:a] + piece * rng.randrange(2, 200) + data[a:]
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 30, 300))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_seeds_hold_filings(kind: str) -> None:
    for seed in seeds(kind):
        assert any(parsed.filings for parsed in read(seed, kind))


@pytest.mark.parametrize("kind", FORMATS)
@EXAMPLES
@given(st.randoms(use_true_random=False), st.sampled_from(FORMATS))
def test_a_damaged_file_is_read_or_refused(kind: str, rng: Random, other: str) -> None:
    read(damaged(rng.choice(seeds(kind)), rng.choice(seeds(other)), rng), kind)


@pytest.mark.parametrize(("kind", "part"), [("docx", WORD_PART), ("xlsx", SHEET_PART)])
@EXAMPLES
@given(st.randoms(use_true_random=False))
def test_an_office_document_with_a_damaged_part_is_read_or_refused(kind: str, part: str, rng: Random) -> None:
    seed = rng.choice(seeds(kind))
    content = part_of(seed, part)
    read(repacked(seed, part, damaged(content, content, rng)), kind)


@EXAMPLES
@given(st.binary(max_size=2_000), st.sampled_from(BEGINNINGS), st.sampled_from(FORMATS))
def test_any_bytes_behind_any_beginning_are_read_or_refused(data: bytes, beginning: bytes, kind: str) -> None:
    read(beginning + data, kind)


@EXAMPLES
@given(TREES, st.randoms(use_true_random=False))
def test_archives_in_archives_are_read_as_deep_as_they_are_opened(tree: object, rng: Random) -> None:
    def packed(node: object) -> bytes:
        if isinstance(node, str):
            return b"\x00\x01junk" if node == "junk" else rng.choice(seeds(node))
        assert isinstance(node, list)
        return hostile.zipped({f"{n}.bin": packed(one) for n, one in enumerate(node)})

    data = packed([tree])
    read(data, "zip")
    read(damaged(data, data, rng), "zip")


# -- found by `make fuzz`


def test_a_file_without_a_name_in_an_archive_is_refused_and_the_rest_is_read() -> None:
    data = hostile.zipped({"x": FORM.encode(), "b.txt": FORM.encode()}, zipfile.ZIP_STORED)
    at = data.index(b"PK\x01\x02")
    # The length of the first name in the directory, and the name: gone.
    directory = data[at:].replace(b"x", b"", 1)
    directory = directory[:28] + b"\x00\x00" + directory[30:]
    size = data.rindex(b"PK\x05\x06") - at
    end = directory.rindex(b"PK\x05\x06") + 12
    directory = directory[:end] + (size - 1).to_bytes(4, "little") + directory[end + 4 :]
    nameless, good = read(data[:at] + directory, "zip")
    assert nameless.rejections[0].reason
    assert good.filings


def test_a_cell_in_the_last_row_and_column_of_an_old_workbook_costs_no_sixteen_million_others() -> None:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for row, line in enumerate(FORM.splitlines()):
        sheet.write(row, 0, line)
    for row in range(60_000, 65_536):
        sheet.write(row, 255, "x")
    out = io.BytesIO()
    book.save(out)
    limits = Settings(reading_memory_bytes_max=200_000_000)
    (parsed,) = POOL.read(Task("a.xls", "a.xls", data=out.getvalue()), limits)
    assert [filing.project_name for filing in parsed.filings] == ["基层科普服务"]
