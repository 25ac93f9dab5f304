"""What was copied and not updated: a year, place, unit, project or amount of the source, and misprints that came along.

Only what is the same on both sides counts, outside titles and quotations; the two headers say what should differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from perfsearch.extract.reuse import Passage
from perfsearch.extract.stock import quotations
from perfsearch.model import Budget, Filing

What = Literal["year", "place", "unit", "project", "amount", "misprint"]
Certainty = Literal["sure", "possible"]

_YEAR = re.compile(
    r"(?<![\d—–\-－~至])((?:19|20)\d\d)(?=\s*年|\s*[-./]\s*\d{1,2}(?!\d))(?!\s*年?\s*[—–\-－~至到]+\s*(?:19|20)\d\d)"
)
_AHEAD = re.compile(
    r"\s*(?:年度?)?[，,]?\s*(?:度|计划|预计|将|拟|目标|我|本|全年|\d{1,2}\s*月|[一二三四上下]\S?季|[上下]半年|底前)"
)
_UNTIL = re.compile(r"(?:截至|截止|截止到|截至到)\s*$")
_AMOUNT = re.compile(r"(?<![\d.,])(\d[\d,]*(?:\.\d+)?)\s*(亿元|万元|千元|元)")
_UNITS = {"亿元": 100_000_000, "万元": 10_000, "千元": 1_000, "元": 1}
_PLACE = re.compile(r"[\u4e00-\u9fff]{2,6}?(?:自治区|自治州|街道|省|市|州|县|区|旗|镇|乡)")
_PLANNED = ("plan", "goals", "schedule", "annual_goals")
_NAME_MIN = 5
"""Characters from which a name is taken for itself: 民政局 stands in many texts, 科普工作联席会议办公室 does not."""

_MISPRINTS = (
    (re.compile(r"(?<=[\u4e00-\u9fff])(?:and|or|the|of)(?=[\u4e00-\u9fff])"), "中文里夹着英文词"),
    (
        re.compile(r"(?<=[\u4e00-\u9fff])[?？](?=[\u4e00-\u9fff])(?=[^。？?]{0,6}[的地得了和与])"),
        "词中间的问号，可能是丢失的字",
    ),
    (re.compile(r"[，、；：。]{2,}(?!\.)"), "标点重复"),
    (re.compile(r"的的|了了|和和|在在|与与|及及|并并|为为|对对"), "叠字"),
    (re.compile(r"\ufffd|□|■"), "缺字"),
    (re.compile(r"([\u4e00-\u9fff，]{6,40})\1"), "同一段话连写两遍"),
    (re.compile(r"截止(?=(?:19|20)\d\d年)"), "“截止”应为“截至”"),
    (re.compile(r"”(?=[\u4e00-\u9fff]{1,12}”)(?<![\u4e00-\u9fff]”)"), "引号方向不对"),
)


@dataclass(frozen=True, slots=True)
class Stale:
    """One finding; spans are offsets into the sections of the passage."""

    what: What
    start: int
    end: int
    source_start: int
    source_end: int
    text: str
    expected: str | None
    certainty: Certainty
    message: str


def find_stale(draft: Filing, source: Filing, passage: Passage) -> list[Stale]:
    """What a passage of the draft still says as the source did; the source is the older of the two."""
    text = draft.sections[passage.section]
    known = quotations(text)
    found: list[Stale] = []
    finders = (_years, _names, _amounts, _misprints)
    for finder in finders:
        for what, start, end, expected, certainty, message in finder(draft, source, passage, text):
            if what != "misprint" and any(a < end and start < b for a, b in known):
                continue
            place = _same_place(passage, text, start, end)
            if place is not None:
                found.append(Stale(what, start, end, *place, text[start:end], expected, certainty, message))
    return found


_Found = tuple[What, int, int, str | None, Certainty, str]


def _same_place(passage: Passage, text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where in the source the same characters stand; None where they are not the same there."""
    # Marks are not part of the runs: a run must hold the letters and digits, or touch a finding of marks alone.
    letters = [place for place in range(start, end) if text[place].isalnum()] or [start]
    for a, b, c, d in passage.blocks:
        if a <= letters[0] <= letters[-1] <= (b - 1 if text[start:end].strip("，、；：。 ") else b):
            # Marks may differ in number on both sides.
            at = c + (start - a if b - a == d - c else round((start - a) * (d - c) / (b - a)))
            return max(0, at), at + end - start
    return None


def _years(draft: Filing, source: Filing, passage: Passage, text: str) -> Iterator[_Found]:
    old, new = source.fiscal_year, draft.fiscal_year
    if old is None or new is None or old >= new:
        return
    for match in _YEAR.finditer(text, passage.start, passage.end):
        year = int(match[1])
        if year == old:
            ahead = _AHEAD.match(text, match.end()) is not None
            certainty: Certainty = "sure" if ahead or passage.section in _PLANNED else "possible"
            yield "year", *match.span(1), str(new), certainty, f"来源是 {old} 年度的申报表，本表是 {new} 年度，年份未改"
        elif year == old - 1 and _UNTIL.search(text, max(0, match.start() - 6), match.start()):
            message = f"来源（{old} 年度）写的是上一年，本表是 {new} 年度，年份未改"
            yield "year", *match.span(1), str(new - 1), "possible", message


def _names(draft: Filing, source: Filing, passage: Passage, text: str) -> Iterator[_Found]:
    header = "".join(filter(None, (draft.applicant, draft.department, draft.project_name)))
    own_project = draft.project_name or ""
    project = source.project_name or ""
    if (
        len(project) >= _NAME_MIN
        and project != own_project
        and project not in own_project
        and own_project not in project
    ):
        for start in _all(text, project, passage):
            message = f"出现了来源项目的名称“{project}”"
            yield "project", start, start + len(project), own_project or None, "sure", message
    if not source.applicant or not draft.applicant or source.applicant == draft.applicant:
        return
    units = [source.applicant]
    short = _without_place(source.applicant)
    if len(short) >= _NAME_MIN and short != source.applicant and short not in header:
        units.append(short)
    taken: list[int] = []
    for unit in units:
        if unit in header:
            continue
        for start in _all(text, unit, passage):
            if not any(at <= start < at + len(source.applicant) for at in taken):
                taken.append(start)
                certainty: Certainty = "sure" if unit == source.applicant else "possible"
                message = f"出现了来源单位“{source.applicant}”的名称"
                yield "unit", start, start + len(unit), draft.applicant, certainty, message
    yield from _of_place(source.applicant, header, passage, text, taken)


def _of_place(applicant: str, header: str, passage: Passage, text: str, taken: list[int]) -> Iterator[_Found]:
    """The places of the source's applicant; cities and provinces also without 市 and 省 (上海科创中心)."""
    own_places = _places(header)
    for place in _places(applicant):
        stem = place[:-1] if place[-1] in "省市" and len(place) > 2 else place
        for start in [] if stem == place or stem in header else _all(text, stem, passage):
            if not text.startswith(place, start) and not any(at <= start < at + len(applicant) for at in taken):
                yield "place", start, start + len(stem), None, "possible", f"出现了来源单位所在地“{stem}”"
        if place in header:
            continue
        same_level = [own for own in own_places if own[-1] == place[-1]]
        for start in _all(text, place, passage):
            if not any(at <= start < at + len(applicant) for at in taken):
                expected = same_level[0] if same_level else None
                message = f"出现了来源单位所在地“{place}”"
                yield "place", start, start + len(place), expected, "sure" if expected else "possible", message


def _all(text: str, name: str, passage: Passage) -> Iterator[int]:
    at = text.find(name, passage.start, passage.end)
    while at >= 0:
        yield at
        at = text.find(name, at + len(name), passage.end)


def _places(name: str) -> list[str]:
    """The places that a unit's name begins with, the largest first."""
    found: list[str] = []
    at = 0
    while match := _PLACE.match(name, at):
        found.append(match[0])
        at = match.end()
    return found


def _without_place(name: str) -> str:
    return name[sum(map(len, _places(name))) :]


def _amounts(draft: Filing, source: Filing, passage: Passage, text: str) -> Iterator[_Found]:
    theirs, ours = _budget(source.budget), _budget(draft.budget)
    if not ours:
        return
    for match in _AMOUNT.finditer(text, passage.start, passage.end):
        yuan = float(match[1].replace(",", "")) * _UNITS[match[2]]
        fields = [name for name, amount in theirs.items() if abs(amount - yuan) < 0.5]
        if yuan < 1_000 or not fields or any(abs(amount - yuan) < 0.5 for amount in ours.values()):
            continue
        own = next((ours[name] for name in fields if name in ours), None)
        expected = None if own is None else f"{_plain(own / _UNITS[match[2]])}{match[2]}"
        yield "amount", *match.span(), expected, "sure", "与来源的预算金额相同，与本表的预算不符"


def _budget(budget: Budget) -> dict[str, float]:
    return {name: amount for name, amount in budget if amount}


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _misprints(draft: Filing, source: Filing, passage: Passage, text: str) -> Iterator[_Found]:
    theirs = source.sections.get(passage.source_section, "")[passage.source_start : passage.source_end]
    for pattern, name in _MISPRINTS:
        for match in pattern.finditer(text, passage.start, passage.end):
            before = text[max(passage.start, match.start() - 2) : match.end()]
            behind = text[match.start() : min(passage.end, match.end() + 2)]
            # A name that was updated may stand on one side of it.
            if before in theirs or behind in theirs:
                yield "misprint", *match.span(), None, "possible", f"与来源相同的笔误：{name}"
