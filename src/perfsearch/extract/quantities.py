"""Quantities that a text promises: 培训科普员300名, 满意度达到90%以上, each with the clause that says of what.

Money, dates, document numbers, ordinals and the quantities of a comparison are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = (
    "万人次|人次|万人|人|名|场次|场|次|个|项|家|户|台|套|辆|块|件|份|篇|册|本|期|处|座|所|条|只|张|部|片|批|起|例|站|点位|课时|学时|页|路|盏|株|棵|班|支|组|"
    "平方米|平方公里|公里|千米|米|公顷|亩|吨|立方米|小时|分钟|个工作日|工作日|天"
)
_QUANTITY = re.compile(
    r"(?<![\d.,A-Za-z〔第近])(?<!\d[\-—~～至])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?P<more>余|多)?\s*"
    rf"(?:(?P<percent>%|％|‰)|(?P<scale>亿|万|千|百)?\s*(?P<unit>{_UNITS}))(?P<behind>以上|以下|以内|左右)?"
)
_CLAUSE = re.compile(r"[^，。；;！？\n]+")
_STOP = re.compile(r"[。！？\n]")
_LIST = re.compile(r"[^、，。；;！？\n]+")
_SCALES = {None: 1.0, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_FOLDED_UNIT = {"名": "人", "场次": "场", "千米": "公里", "个工作日": "工作日", "学时": "课时"}
_LOW = re.compile(r"(?:不(?:低|少|小)于|至少|达到?|超过|高于|以上)$")
_HIGH = re.compile(r"(?:不(?:超过|高于|多于|大于)|以内|控制在|低于|少于)$")
_RELATIVE = re.compile(r"(?:比|较|同比|环比|提高|提升|增长|增加|下降|减少|降低|缩短|上升|压减|由|从)[^，。；]{0,12}$")
_PAST = re.compile(
    r"截止|截至|目前|现有|已(?:有|经|建|完成|覆盖)|上年|去年|近年|历年|累计|曾|(?:19|20)\d\d年(?:底|末|度)?(?:已|共|实际|完成了)|原有|共有|现共?有|拥有"
)
_PER = re.compile(r"每(?:[^，。；\d]{0,6})$|(?:人均|户均|平均|每)[^，。；]{0,6}$")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A promised quantity at `[start:end]` of its text; `clause` is `[clause_start:clause_end]`.

    `number` is without scale (2万人 is 20,000 人); `unit` is folded (300名 counts 人); `op` is >=, <= or =.
    """

    start: int
    end: int
    number: float
    unit: str
    op: str
    clause_start: int
    clause_end: int
    past: bool = False
    """Said of what is there already, or of another year."""
    relative: bool = False
    """A change against something else (比上年提高5%), or a rate per head."""


def find_quantities(text: str, fiscal_year: int | None = None) -> list[Quantity]:
    """All quantities of a text, in order; linear in its length."""
    found = []
    since = 0
    behind = False
    for clause in _CLAUSE.finditer(text):
        if _STOP.search(text, since, clause.start()):
            behind = False  # a new sentence
        since = clause.start()
        # 近年来 and 截至 hold for the rest of their sentence, a year for its clause.
        behind = behind or bool(_PAST.search(clause[0]))
        past = behind or _other_year(clause[0], fiscal_year)
        for item in _LIST.finditer(clause[0]):
            offset = clause.start() + item.start()
            for match in _QUANTITY.finditer(item[0]):
                before = item[0][: match.start()]
                found.append(
                    Quantity(
                        start=offset + match.start(),
                        end=offset + match.end(),
                        number=round(
                            float(match["number"].replace(",", "")) * _SCALES[match["scale"]] * _unit_scale(match), 6
                        ),
                        unit=_unit(match),
                        op=_op(before, match["behind"] or match["more"]),
                        clause_start=offset,
                        clause_end=clause.start() + item.end(),
                        past=past,
                        relative=bool(_RELATIVE.search(before)) or bool(_PER.search(before)),
                    )
                )
    return found


def _other_year(clause: str, fiscal_year: int | None) -> bool:
    years = {int(year) for year in re.findall(r"(?<!\d)((?:19|20)\d\d)(?=\s*年)", clause)}
    return bool(fiscal_year and years and fiscal_year not in years)


def _unit(match: re.Match[str]) -> str:
    if match["percent"]:
        return "‰" if match["percent"] == "‰" else "%"
    unit = match["unit"].removeprefix("万")
    return _FOLDED_UNIT.get(unit, unit)


def _unit_scale(match: re.Match[str]) -> float:
    return 1e4 if (match["unit"] or "").startswith("万") else 1.0


def _op(before: str, behind: str | None) -> str:
    if behind in ("以上", "余", "多") or _LOW.search(before.rstrip()):
        return ">="
    if behind in ("以下", "以内") or _HIGH.search(before.rstrip()):
        return "<="
    return "="


def fold_unit(unit: str | None) -> str | None:
    """A unit as quantities are compared: 名 counts 人, 场次 counts 场."""
    return None if unit is None else _FOLDED_UNIT.get(unit, unit)
