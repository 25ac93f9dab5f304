"""Whatever the print, the same is read; whatever the text, nothing breaks."""

from __future__ import annotations

import contextlib
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.errors import InputError
from perfsearch.forms.prose import join
from tests.forms.printing import blank_columns, one_cell_a_line, plain_lines, random_print, wrapped_table
from tests.forms.reading import differences, read
from tests.rendering.files import render, render_file
from tests.rendering.records import Record, load_records
from tests.rendering.style import Style, random_style

RECORDS = load_records()
PIECES = st.sampled_from(
    ["财政项目支出绩效目标表", "（2020年度）", "申报单位名称：", "项目名称", "项目类别：", "立项依据：", "项目实施", "计划：", "一级目标", "二级目标",
     "三级目标", "指标目标值", "投入与管理", "数量", "=100%", "合理", "\t", "\n", "\n\n", " ", "\f", "<p>", "</p>", "（", "）", "项目总预算（元）：", "5,000",
     "是否含有政府购买服务", "2020-01-01", "12", "，按照要求", "。"]
)  # fmt: skip


def drawn(seed: int) -> tuple[Record, Random]:
    rng = Random(seed)
    return rng.choice(RECORDS), rng


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_a_filing_printed_in_any_style_is_read_back(seed: int) -> None:
    record, rng = drawn(seed)
    (filing,) = read(render(record, random_style(rng)))
    assert differences(filing, record) == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([one_cell_a_line, plain_lines]))
def test_a_filing_with_one_cell_a_line_or_bare_labels_is_read_back(seed: int, printed: object) -> None:
    record, rng = drawn(seed)
    (filing,) = read(printed(record, random_print(rng)))  # type: ignore[operator]
    assert differences(filing, record) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 6))
def test_filings_one_after_another_are_each_read_back(seed: int, count: int) -> None:
    rng = Random(seed)
    records = [rng.choice(RECORDS) for _ in range(count)]
    between = rng.choice(["", "\n", "\n\n\f", "\n第 3 页\n", "\n附件：说明\n\n"])
    text = render_file(
        records, [random_style(rng) for _ in records], before="目录\n\n", between=between, after="\n联系电话：12345\n"
    )
    filings = read(text)
    assert [differences(filing, record) for filing, record in zip(filings, records, strict=True)] == [[]] * count


def test_columns_of_blanks_are_read_back_but_for_a_few() -> None:
    wrong = 0
    for seed in range(60):
        record, rng = drawn(seed)
        (filing,) = read(blank_columns(record, random_print(rng, colons=("：", ":")), centred=False))
        wrong += bool(differences(filing, record))
    assert wrong <= 9


def test_names_wrapped_without_columns_are_put_together_but_for_a_few() -> None:
    wrong = 0
    for seed in range(100):
        record, rng = drawn(seed)
        printed = render(record, Style(layout="wrapped"))
        rows = wrapped_table(
            record,
            rng,
            width=rng.choice((10, 12, 14, 18)),
            place=rng.choice(("top", "middle", "bottom")),
            levels=rng.choice(("inline", "alone", "mixed")),
            gap=rng.choice((0, 1)),
        )
        head = printed[: printed.index("一级目标")]
        (filing,) = read(head + "一级目标 二级目标 三级目标 指标目标值\n" + "\n".join(rows) + "\n")
        wrong += bool(differences(filing, record))
    assert wrong <= 4


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_scraps_of_a_form_never_break_the_engine(text: str) -> None:
    with contextlib.suppress(InputError):
        for filing in read(text):
            assert all(row.name or row.target for row in filing.indicators)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_a_filing_cut_anywhere_never_breaks_the_engine(seed: int) -> None:
    record, rng = drawn(seed)
    text = render(record, random_style(rng))
    with contextlib.suppress(InputError):
        read(text[rng.randrange(len(text)) :])
    with contextlib.suppress(InputError):
        read(text[: rng.randrange(1, len(text))])


@given(st.lists(st.text(alphabet="甲乙 ab12，。", min_size=1, max_size=8).map(str.strip).filter(bool), max_size=6))
def test_joining_lines_loses_nothing_but_white_space(pieces: list[str]) -> None:
    assert "".join(join(pieces).split()) == "".join("".join(pieces).split())


NASTY = {
    "labels": "项目概况：\n" * 40_000,
    "half labels": "项目\n" * 100_000,
    "blank lines": "财政项目支出绩效目标表\n项目名称：甲\n" + "\n" * 200_000,
    "rows": "财政项目支出绩效目标表\n项目名称：甲\n一级目标 二级目标 三级目标 指标目标值\n" + "预算 \n" * 40_000,
    "page numbers": "1\n\n" * 80_000,
    "one character": "项 \n" * 100_000,
    "blanks": "财政项目支出绩效目标表\n项目名称：甲\n立项依据：" + " " * 1_500_000,
}


@pytest.mark.parametrize("name", NASTY)
def test_time_grows_with_the_length_of_a_nasty_text_and_not_faster(name: str) -> None:
    started = time.process_time()
    with contextlib.suppress(InputError):
        read(NASTY[name])
    # Half a second to two on the machine it was written on; a quadratic step takes minutes.
    assert time.process_time() - started < 15
