from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.rendering import Record, Style, encode, load_records, random_style, render, render_file
from tests.rendering.records import by_file
from tests.rendering.write_corpus import print_file

RECORDS = load_records()


def squeezed(text: str) -> str:
    return "".join(re.sub(r"</?(?:p|span)[^>]*>|&nbsp;", "", text).split())


@pytest.mark.parametrize("seed", range(60))
def test_any_style_prints_every_value_of_the_filing(seed: int) -> None:
    rng = Random(seed)
    record = rng.choice(RECORDS)
    style = replace(random_style(rng), page_break="none", centred=False, page_numbers=False)
    if style.name_place == "centred":
        style = replace(style, name_place="own-line")
    printed = squeezed(render(record, style))
    for value in (record["applicant"], record["project_name"], style.digits(record["start_date"])):
        assert squeezed(value) in printed
    for text in record["sections"].values():
        assert squeezed(text) in printed
    for row in record["indicators"]:
        assert squeezed(row["name"] + row["target"]) in printed


def test_one_seed_always_prints_the_same() -> None:
    for record in RECORDS:
        assert render(record, random_style(Random(3))) == render(record, random_style(Random(3)))


def test_no_wrapped_line_is_longer_than_the_width_but_table_rows_and_headers() -> None:
    text = RECORDS[0]["sections"]["overview"]
    lines = render(RECORDS[0], Style(layout="wrapped", width=34)).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("项目概况"))
    body = [line for line in lines[start + 1 :] if line][: len(text) // 34]
    assert {len(line) for line in body} == {34}


def test_a_page_break_before_the_label_puts_the_head_in_a_row_without_label() -> None:
    style = Style(page_break="head", break_section="goals")
    lines = render(RECORDS[0], style).splitlines()
    at = lines.index("总目标及阶段性目标：")
    head, rest = lines[at - 2].strip("\t"), lines[at + 2]
    assert head + rest == RECORDS[0]["sections"]["goals"]


def test_a_file_holds_its_filings_in_order_between_other_text() -> None:
    text = render_file(RECORDS[:3], Style(layout="wrapped"), before="附件3\n", after="第 9 页\n")
    positions = [text.index(f"（{record['fiscal_year']}年度）") for record in RECORDS[:3]]
    assert positions == sorted(positions)
    assert text.startswith("附件3")
    assert text.endswith("第 9 页\n")


def test_bytes_carry_the_encoding_the_mark_and_the_line_ends() -> None:
    assert encode("年度\n", "gb18030", newline="\r\n") == "年度\r\n".encode("gb18030")
    assert encode("年度\n", bom=True).startswith(b"\xef\xbb\xbf")


def test_the_corpus_on_disk_is_what_the_content_prints(corpus: Path) -> None:
    files: dict[str, list[Record]] = by_file(RECORDS)
    assert {path.name for path in corpus.glob("*.txt")} == set(files)
    for name, records in files.items():
        assert (corpus / name).read_bytes() == print_file(name, records), f"{name}: run tests.rendering.write_corpus"
