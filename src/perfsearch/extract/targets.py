"""Targets of indicators as conditions: `>=80%`, `≥13459.00(平方米)`, `不低于5次`, `=20万人次`, `3-5天`, `合理`.

The text as printed is never changed; what is read out of it stands beside it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from perfsearch.model import TargetValue

TARGET_LENGTH_MAX = 500
"""A longer text is no target but prose that slipped into the column; it has no condition."""

_SIGN_WORDS = {
    ">=": "≥ >= => ≧ ⩾ 不低于 不少于 不小于 至少 达到 达 大于等于 大于或等于 高于等于 最少 不得低于 不得少于",
    "<=": "≤ <= =< ≦ ⩽ 不高于 不超过 不多于 不大于 至多 小于等于 小于或等于 最多 控制在 不得超过 不得高于 不迟于 不晚于",
    ">": "> 大于 高于 超过 多于 优于",
    "<": "< 小于 低于 少于",
    "=": "= == 等于 为 定值",
}
_SIGNS = {word: sign for sign, words in _SIGN_WORDS.items() for word in words.split()}
_BEHIND = {
    "以上": ">=",
    "及以上": ">=",
    "或以上": ">=",
    "以内": "<=",
    "之内": "<=",
    "以下": "<=",
    "及以下": "<=",
    "左右": "=",
    "前": "<=",
}
_SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)))
_NUMBER = r"(?P<{0}>[+-]?\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|[+-]?\d+(?:\.\d+)?)"
_VALUE = re.compile(
    _NUMBER.format("low")
    + r"\s*(?:(?P<unit_low>%|‰)?\s*(?:-|~|—|–|至|到|～)\s*"
    + _NUMBER.format("high")
    + r")?\s*[(\[]?\s*(?P<scale>百万|千万|亿|万|千)?\s*(?P<unit>%|‰|个百分点|[^\d\s()\[\]<>=,，。；;、]{0,12})\s*[)\]]?"
)
_SCALES = {"千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8}
_CHINESE_PERCENT = re.compile(r"百分之([零一二两三四五六七八九十百\d.]+)")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_DATE = re.compile(r"^(?:19|20)\d{2}\s*(?:年|[-/.]\d{1,2}[-/.]\d{1,2})")
_UNIT_IN_NAME = re.compile(r"[(（【\[]\s*([^()（）\[\]【】]{1,8}?)\s*[)）\]】]\s*[。.]?$")
_NO_UNIT = re.compile(r"^(?:含|不含|试行|暂行|复审|运维|一期|二期|三期)")

# What a higher value means, by the words of the name. Cost and time are better when lower.
_LOWER_BETTER = re.compile(
    r"成本|费用|支出|单价|投诉|事故|违规|差错|失误|延误|能耗|排放|损耗|缺陷|流失|死亡|发病|发案|逾期|响应时间|办理时限|耗时|结余"
)

Direction = Literal["higher", "lower", "none"]


def parse_target(text: str, name: str = "") -> TargetValue:
    """Read a target as printed into a condition; a target without a number gives its words in `qualitative`.

    `name` is the indicator's name: its unit in brackets (`设备购置数量（个）`) serves where the target has none.
    The number is scaled (20万人次 is 200,000 人次); per cent stays per cent. Never raises.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain or len(plain) > TARGET_LENGTH_MAX:
        return TargetValue(qualitative=None if not plain else text.strip()[:TARGET_LENGTH_MAX])
    plain = _CHINESE_PERCENT.sub(lambda m: f"{_chinese_number(m[1]):g}%", plain)
    if _DATE.match(plain):
        return TargetValue(qualitative=text.strip())
    sign = _SIGN.search(plain)
    value = _VALUE.search(plain, sign.end() if sign and not re.search(r"\d", plain[: sign.start()]) else 0)
    if value is None or (sign is None and not _is_value(plain, value)):
        return TargetValue(qualitative=plain.lstrip("=") or None)
    return _condition(plain, value, sign, name)


def direction(name: str, op: str | None = None) -> Direction:
    """Whether a higher or a lower value is better, by the comparator, else by the words of the name."""
    if op in (">=", ">"):
        return "higher"
    if op in ("<=", "<"):
        return "lower"
    if _LOWER_BETTER.search(name):
        return "lower"
    return "higher" if name else "none"


def unit_in_name(name: str) -> str | None:
    """The unit that stands in brackets at a name's end: `设备购置数量（个）` gives 个."""
    match = _UNIT_IN_NAME.search(unicodedata.normalize("NFKC", name).strip())
    unit = match[1].strip() if match else ""
    return unit if unit and not _NO_UNIT.match(unit) and not any(c.isdigit() for c in unit) else None


def _is_value(plain: str, value: re.Match[str]) -> bool:
    """Whether a number without a comparator is the target itself (500次, 满意度95%), and not part of a sentence."""
    before = plain[: value.start()]
    return not before or (len(plain) <= 24 and (value["unit"] in ("%", "‰") or len(before) <= 6))


def _condition(plain: str, value: re.Match[str], sign: re.Match[str] | None, name: str) -> TargetValue:
    unit = (value["unit"] or value["unit_low"] or "").strip()
    op = _SIGNS[sign[0]] if sign and sign.start() < value.start() else None
    for word, meaning in _BEHIND.items():
        if unit.endswith(word) or plain[value.end() :].lstrip().startswith(word):
            unit = unit.removesuffix(word).removesuffix("及").removesuffix("或")
            op = op if op and op != "=" else meaning
            break
    scale = _SCALES.get(value["scale"] or "", 1.0)
    low = _number(value["low"]) * scale
    high = _number(value["high"]) * scale if value["high"] else None
    if high is not None and high < low:
        high = None
    if not unit:
        unit = unit_in_name(name) or ""
    return TargetValue(op=op or "=", number=low, number_to=high, unit=unit or None)


def _number(digits: str) -> float:
    return float(digits.replace(",", ""))


def _chinese_number(text: str) -> float:
    """百分之 takes numbers up to a hundred and beyond: 九十五, 一百二十, 98.5."""
    try:
        return float(text)
    except ValueError:
        pass
    total, current = 0, 0
    for character in text:
        if character in _DIGITS:
            current = _DIGITS[character]
        elif character == "十":
            total, current = total + (current or 1) * 10, 0
        elif character == "百":
            total, current = total + (current or 1) * 100, 0
    return float(total + current)
