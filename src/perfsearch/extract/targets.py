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


Fault = Literal[
    "leading-zero", "double-sign", "no-value", "two-points", "double-unit", "letter", "bracket", "backwards"
]

FAULT_WORDS: dict[Fault, str] = {
    "leading-zero": "数字前有多余的 0",
    "double-sign": "比较符号重复或相互矛盾",
    "no-value": "只有比较符号或单位，没有数值",
    "two-points": "一个数中有两个小数点",
    "double-unit": "单位重复",
    "letter": "数字中夹有字母",
    "bracket": "括号不成对",
    "backwards": "区间的下限大于上限",
}
_FAULTS: tuple[tuple[Fault, re.Pattern[str]], ...] = (
    ("leading-zero", re.compile(r"(?<![\d.,:/\-年月第])0\d+(?![\d.]*[月日号:/\-])")),
    (
        "double-sign",
        re.compile(r"(?:[≥≤]|[<>]=?|=)\s*(?:[≥≤]|[<>])|==|[<>≥≤]{2,}|=\s*(?:不低于|不少于|不超过|不高于|大于|小于)"),
    ),
    ("no-value", re.compile(r"^(?:[=<>≥≤]+\s*(?:%|‰)?|%|‰)$")),
    ("two-points", re.compile(r"\d\.\d+\.\d|\d\.\.\d|\d,,\d")),
    ("double-unit", re.compile(r"[%‰]\s*[%‰]|元元|万万元")),
    ("letter", re.compile(r"\d[OoIl]\d|(?<=[=<>≥≤])[OoIl]\d|\d[Oo](?=%)")),
)
_BRACKET_PAIRS = ("()", "[]", "【】", "《》")


def target_faults(text: str) -> list[Fault]:
    """What is wrong with a target as it is printed (`=025%`, `≥`, `=1O0%`), whatever it may have meant; [] is sound.

    A date (2020.06.30), a document's number and a number with a text before it are no targets of the kind and pass.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain or len(plain) > TARGET_LENGTH_MAX or re.search(r"(?:19|20)\d\d\s*[年./-]\s*\d", plain):
        return []
    found = [fault for fault, pattern in _FAULTS if pattern.search(plain) and not _excused(fault, plain)]
    if any(plain.count(pair[0]) != plain.count(pair[1]) for pair in _BRACKET_PAIRS) and not re.match(
        r"\d{1,2}\)", plain
    ):
        found.append("bracket")
    value = _VALUE.search(plain)
    if value and value["high"] and _is_range(plain, value) and _number(value["low"]) > _number(value["high"]) >= 0:
        found.append("backwards")
    return found


def _excused(fault: Fault, plain: str) -> bool:
    # 0.5 and 0 are fine and not matched; a code such as 01号 or a clock time is not a quantity.
    return fault == "leading-zero" and bool(re.search(r"\d:\d|[A-Za-z]-?0\d|0\d号", plain))


def _is_range(plain: str, value: re.Match[str]) -> bool:
    """Whether `-` stands between two values of one kind: 5-3天, and not 2020-1, 3-5%."""
    return not plain[: value.start()].strip("=≥≤<> 约") and "±" not in plain


_SCALED_UNIT = re.compile(r"^(百万|千万|亿|万|千)(?=.)")


def in_base_unit(value: TargetValue) -> tuple[float, str | None] | None:
    """The number and its unit without a scale: 5 万人次 is 50,000 人次. None where the target has no number.

    `parse_target` scales what stands in the target; a unit that comes from the indicator's name (（万人次）) is scaled here.
    """
    if value.number is None:
        return None
    match = _SCALED_UNIT.match(value.unit or "")
    if value.unit is None or match is None:
        return value.number, value.unit
    return value.number * _SCALES[match[1]], value.unit[match.end() :]
