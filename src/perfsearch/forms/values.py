"""Header values as printed to values: dates, amounts, yes and no, years."""

from __future__ import annotations

import calendar
import re

from perfsearch.forms.folding import fold, squeeze

_NUMERALS = {numeral: digit for digit, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0}
_CHINESE_YEAR = re.compile("[〇○零一二三四五六七八九]{4}")
_DATE = re.compile(
    r"(?P<year>(?:19|20)\d\d)\s*(?:年度?|[-/.,])\s*"
    r"(?:(?P<month>\d{1,2})\s*(?:月份?|[-/.,](?=\s*\d)|(?=\s*$))\s*(?:(?P<day>\d{1,2})\s*[日号]?)?)?"
)
_PACKED_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_AMOUNT = re.compile(
    r"(?<![\d.,])(?P<number>-?\d{1,3}(?:\s*,\s*\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?|-?\.\d+)\s*(?P<unit>亿元?|[百千]?万元?|千元|元)?"
)
_FACTORS = {
    "元": 1.0,
    "千元": 1e3,
    "万": 1e4,
    "万元": 1e4,
    "百万": 1e6,
    "百万元": 1e6,
    "千万": 1e7,
    "千万元": 1e7,
    "亿": 1e8,
    "亿元": 1e8,
}
_YES = ("是", "有", "√是", "含有", "含", "包含", "yes", "true", "y", "1")
_NO = ("否", "无", "不含", "不含有", "没有", "不是", "未含", "no", "false", "n", "0")
_CHECKED = re.compile(r"[√☑■✓✔☒●◉](是|有|否|无)|(是|有|否|无)[(\[]?[√☑■✓✔☒●◉]")
BLANKS = frozenset({"", "-", "--", "/", "\\", "无", "——", "—", "_", "暂无", "不适用", "n/a", "N/A"})
"""How a blank is printed."""


def parse_date(text: str, *, end: bool = False) -> str | None:
    """A date in ISO 8601, or None; a month or a year alone is its first day, or its last for `end`.

    >>> parse_date("2020年1月1日"), parse_date("2020.12", end=True)
    ('2020-01-01', '2020-12-31')
    """
    folded = fold(text).replace("一一", "--")
    packed = _PACKED_DATE.search(folded)
    match = packed or _DATE.search(folded) or _YEAR.search(folded)
    if match is None:
        return None
    if packed:
        year, month, day = (int(part) for part in packed.groups())
    else:
        groups = match.groupdict()
        year = int(groups.get("year") or match[1])
        month = int(groups.get("month") or (12 if end else 1))
        if not 1 <= month <= 12:
            return None
        day = int(groups.get("day") or (calendar.monthrange(year, month)[1] if end else 1))
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return f"{year:04d}-{month:02d}-{day:02d}"


def parse_amount(text: str, unit: str = "元") -> float | None:
    """The first amount of a text in yuan, or None; a unit beside the number goes before the label's `unit`.

    >>> parse_amount("540,000"), parse_amount("54万元"), parse_amount("54", "万元")
    (540000.0, 540000.0, 540000.0)
    """
    folded = fold(text)
    match = _AMOUNT.search(folded)
    if match is None:
        return None
    number = "".join(match["number"].replace(",", "").split())
    if len(number) > 18:
        return None
    factor = _FACTORS[match["unit"] or unit]
    return round(float(number) * factor, 2)


def is_amount(text: str) -> bool:
    """Is the text one amount and nothing else (currency signs and blanks aside)?"""
    squeezed = squeeze(text).strip("¥￥约共计合:")
    return _AMOUNT.fullmatch(squeezed) is not None


def parse_yes_no(text: str) -> bool | None:
    """True for 是, False for 否, also where both are printed and one is ticked; else None."""
    squeezed = squeeze(text).lower()
    ticked = {match[1] or match[2] for match in _CHECKED.finditer(squeezed)}
    if len(ticked) == 1:
        return ticked.pop() in "是有"
    squeezed = squeezed.strip("。,.;；()[]□○")
    if squeezed in _YES:
        return True
    return False if squeezed in _NO else None


def parse_year(text: str) -> int | None:
    """The year of a text, in digits or in Chinese numerals (二〇二〇).

    >>> parse_year("（2020 年度）"), parse_year("二〇二一年度")
    (2020, 2021)
    """
    squeezed = squeeze(text)
    match = _YEAR.search(squeezed)
    if match:
        return int(match[1])
    chinese = _CHINESE_YEAR.search(squeezed)
    if chinese:
        year = int("".join(str(_NUMERALS[numeral]) for numeral in chinese[0]))
        return year if 1990 <= year <= 2099 else None
    return None
