"""Cut a filing into the passages that are searched; together they hold every character of every section.

Two more sections are written out of the other fields: `header` (what the form is about, amounts in words that people
type) and `indicators` (the rows of the table). `section_text` gives the whole text of any section, and a chunk is
always `section_text(filing, chunk.section)[chunk.start:chunk.end]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from perfsearch.model import SECTIONS, Filing

CHUNKER = "chunk-1"
"""Names how text is cut and how header and indicators are written; a library records it."""

LENGTH_TARGET = 300
"""A passage grows sentence by sentence up to this many characters."""
LENGTH_MAX = 400
"""No passage is longer: a sentence beyond it is cut at a comma, or anywhere where it has none."""
LENGTH_ITEM = 120
"""A passage of at least this length ends where a numbered item begins."""
LENGTH_TAIL = 60
"""A last passage shorter than this joins the one before it, where both fit into LENGTH_MAX."""

_SENTENCE_END = re.compile(r"[。！？；!?;\n]+[”’」』）)】》\"']*\s*")
_ITEM = re.compile(
    r"(?:(?<=^)|(?<=[。；;：:！？\s”）)]))"
    r"(?:[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})(?:[)）]|[、．]|\.(?!\d))"
    r"|[①-⑳]"
    r"|[一二三四五六七八九十]是"
    r"|第[一二三四五六七八九十\d]{1,3}(?:[，、,]|阶段|步|季度)"
    r"|其[一二三四五]、)"
)
_PAUSE = re.compile(r"[，、,：:]\s*")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: `text` is `section_text(filing, section)[start:end]`."""

    section: str
    start: int
    end: int
    text: str


def chunk_filing(filing: Filing) -> list[Chunk]:
    """The passages of a filing: header, then the sections in the order of the form, then the indicators."""
    chunks = list(_passages("header", section_text(filing, "header")))
    for section in _sections(filing):
        chunks.extend(_passages(section, filing.sections[section]))
    chunks.extend(_indicator_chunks(filing))
    return chunks


def section_text(filing: Filing, section: str) -> str:
    """The text that chunks of this section are cut from; "" where the filing has no such section."""
    if section == "header":
        return header_text(filing)
    if section == "indicators":
        return "".join(text for _, text in _indicator_rows(filing))
    return filing.sections.get(section, "")


def _sections(filing: Filing) -> list[str]:
    known = [name for name in SECTIONS if name in filing.sections]
    return known + [name for name in filing.sections if name not in SECTIONS]


def header_text(filing: Filing) -> str:
    """What the filing is about, a field a line; amounts in yuan and in 万元, because people type either."""
    year = f"{filing.fiscal_year}年" if filing.fiscal_year is not None else None
    period = "至".join(date for date in (filing.start_date, filing.end_date) if date)
    lines = [
        ("项目名称", filing.project_name),
        ("申报单位", filing.applicant),
        ("主管部门", filing.department),
        ("年度", year),
        ("项目类别", filing.category),
        ("项目性质", filing.project_nature),
        ("绩效类型", filing.performance_type),
        ("实施期", period or None),
        ("政府购买服务", {True: "是", False: "否", None: None}[filing.government_procurement]),
        ("项目总预算", _amount(filing.budget.total)),
        ("当年预算", _amount(filing.budget.current_year)),
        ("上年预算", _amount(filing.budget.previous_year)),
        ("上年执行", _amount(filing.budget.previous_year_executed)),
    ]
    return "\n".join(f"{label}：{value}" for label, value in lines if value)


def _amount(yuan: float | None) -> str | None:
    if yuan is None:
        return None
    return f"{_plain(yuan)}元（{_plain(yuan / 10_000)}万元）"


def _plain(number: float) -> str:
    """At most six decimals, none that are zero: 540000.0 is 540000, and 54.5 stays."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _indicator_rows(filing: Filing) -> list[tuple[str, str]]:
    """(level1, line) of each row; a line is `level2 name target`."""
    return [
        (row.level1, " ".join(part for part in (row.level2, row.name, row.target) if part) + "\n")
        for row in filing.indicators
    ]


def _indicator_chunks(filing: Filing) -> Iterator[Chunk]:
    """The rows of one level1 together, parted where they grow past the limit; a row stays whole where it fits."""
    begin = end = 0
    current: str | None = None
    text = section_text(filing, "indicators")
    for level1, line in _indicator_rows(filing):
        if end > begin and (level1 != current or end + len(line) - begin > LENGTH_TARGET):
            yield from _passages("indicators", text[begin:end], begin)
            begin = end
        current = level1
        end += len(line)
    yield from _passages("indicators", text[begin:end], begin)


def _passages(section: str, text: str, offset: int = 0) -> Iterator[Chunk]:
    """Chunks that tile `text`: its sentences, packed up to LENGTH_TARGET; `offset` is where it begins in the section."""
    if not text.strip():
        return
    spans: list[tuple[int, int]] = []
    begin = 0
    units = _units(text, LENGTH_MAX)
    items = {match.start() for match in _ITEM.finditer(text)}
    for start, end in units:
        length = start - begin
        if length and (end - begin > LENGTH_TARGET or (start in items and length >= LENGTH_ITEM)):
            spans.append((begin, start))
            begin = start
    spans.append((begin, len(text)))
    if len(spans) > 1 and spans[-1][1] - spans[-1][0] < LENGTH_TAIL:
        joined = (spans[-2][0], spans[-1][1])
        if joined[1] - joined[0] <= LENGTH_MAX:
            spans[-2:] = [joined]
    for start, end in spans:
        yield Chunk(section, start + offset, end + offset, text[start:end])


def sentences(text: str, max_len: int = 90) -> list[tuple[int, int]]:
    """Spans of at most `max_len` characters that tile the text: sentences, short ones together, long ones at commas."""
    spans: list[tuple[int, int]] = []
    for start, end in _units(text, max_len):
        if spans and end - spans[-1][0] <= max_len:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _units(text: str, length_max: int) -> list[tuple[int, int]]:
    """Spans that tile the text, cut at sentence ends and before items; one longer than the limit is cut smaller."""
    cuts = {match.end() for match in _SENTENCE_END.finditer(text)}
    cuts.update(match.start() for match in _ITEM.finditer(text))
    cuts.discard(0)
    cuts.add(len(text))
    units: list[tuple[int, int]] = []
    start = 0
    for end in sorted(cuts):
        if end - start > length_max:
            units.extend(_shorten(text, start, end, length_max))
        elif end > start:
            units.append((start, end))
        start = end
    return units


def _shorten(text: str, start: int, end: int, length_max: int) -> Iterator[tuple[int, int]]:
    """Parts of one long sentence: each ends at the last comma within the limit, or at the limit."""
    pauses = [match.end() for match in _PAUSE.finditer(text, start, end)]
    position = 0
    while end - start > length_max:
        stop = start + length_max
        while position < len(pauses) and pauses[position] <= stop:
            position += 1
        cut = pauses[position - 1] if position and pauses[position - 1] > start else stop
        yield start, cut
        start = cut
    if end > start:
        yield start, end
