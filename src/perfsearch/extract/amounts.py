"""Amounts of money in prose: what they are in yuan, and which belong together (quarters, parts of a whole, a total).

An amount is only read where 元 or a scale (万, 亿) before a stop says that it is money; per-head amounts and standards
(每人50元, 300元/生) are told apart, because they add up to nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

_WIDE = str.maketrans("０１２３４５６７８９．", "0123456789.")
_AMOUNT = re.compile(
    r"(?<![\d.,A-Za-z〔\[（(第])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*"
    r"(?P<scale>百万|千万|亿|万|千)?\s*(?P<yuan>元)?(?P<more>[/／每一]?)"
)
_SCALES = {None: 1.0, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8}
_STOP = re.compile(r"[，。；、,;.)）：:\s其合共和及与用]|$")
_PER_BEFORE = re.compile(
    r"(?:每[^，。；、]{0,10}|人均|户均|均价|单价|标准[^，。；、]{0,8}|平均|日均|年均|最高|最低|不超过)$"
)
_PER_BEHIND = re.compile(r"^\s*(?:/|／|每|一[人户次场个天]|的标准|至\s*\d|[-—~～]\s*\d|以上|以下|左右的?标准)")
_OTHER_TIME = re.compile(
    r"(?:上年|上一年|去年|往年|历年|前[一二两三]年|前期|以前年度|累计|已(?:经)?(?:投入|支出|拨付|完成)|总投资|结转|后续|下一?年度?|次年)[^，。；]{0,16}$"
)
_YEAR_BEFORE = re.compile(r"(?P<year>(?:19|20)\d\d)\s*年(?:度)?(?!至|-)[^，。；]{0,14}$")
_QUARTER = re.compile(r"第?\s*(?P<quarter>[一二三四1-4])\s*(?:个)?季度|[Qq](?P<letter>[1-4])(?!\d)|(?P<half>上|下)半年")
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_SENTENCE = re.compile(r"[^。！？\n]+[。！？\n]?")
_TOTAL = re.compile(
    r"(?:总经费|经费总额|总预算|预算总额|资金总额|总金额|项目预算|经费预算|预算金额|年度预算)"
    r"(?:总额|合计|共计)?(?:预计|约|为|共|共计|合计|总计|是|计|需)?[:：]?\s*(?=[\d０-９])"
)
_SUM_WORD = re.compile(r"(?:合计|共计|总计|总额为?|小计)[:：为]?\s*$")
_AND_MORE = re.compile(r"其余|剩余|余款|另有|等(?=$|[，。；、]|费|支出|项|方面)|尚有|还有|不足部分")
"""What says that a list of parts does not name them all."""
MARKS_MAX = 400
"""Mentions of a quarter that are looked at in one text."""
LABEL_LENGTH_MAX = 28
"""Characters between two amounts of one enumeration; a longer stretch is prose."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount at `[start:end]`, in yuan; `per` marks a rate or a standard, `elsewhen` another time than the year."""

    start: int
    end: int
    yuan: float
    per: bool = False
    elsewhen: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Amounts that belong together: `start`, `end` enclose them; `cumulative` is said of them, `complete` proved."""

    start: int
    end: int
    parts: tuple[Amount, ...]
    cumulative: bool = False
    complete: bool = True
    stated: Amount | None = None
    """The total that the text itself names for them."""

    @property
    def total(self) -> float:
        """Their sum; of cumulative amounts the last one, in yuan."""
        return self.parts[-1].yuan if self.cumulative else round(sum(part.yuan for part in self.parts), 2)


def find_amounts(text: str, fiscal_year: int | None = None) -> list[Amount]:
    """All amounts of money in a text, in order; linear in its length."""
    found = []
    plain = text.translate(_WIDE)
    for match in _AMOUNT.finditer(plain):
        scale, yuan = match["scale"], match["yuan"]
        end = match.end("yuan") if yuan else match.end("scale") if scale else match.end("number")
        if not yuan and not (scale in ("万", "亿", "百万", "千万") and _STOP.match(plain, end)):
            continue
        before = plain[max(0, match.start() - 24) : match.start()]
        year = _YEAR_BEFORE.search(before)
        elsewhen = bool(_OTHER_TIME.search(before)) or bool(year and fiscal_year and int(year["year"]) != fiscal_year)
        per = bool(_PER_BEFORE.search(before)) or bool(_PER_BEHIND.match(plain[end : end + 8]))
        number = float(match["number"].replace(",", "")) * _SCALES[scale]
        found.append(Amount(match.start(), end, round(number, 2), per, elsewhen))
    return found


def quarters(text: str, amounts: list[Amount]) -> Group | None:
    """The amounts of four quarters (or two halves); None where none is given.

    `complete` is False where a quarter has no amount of its own, or more than one: then nothing can be added up.
    """
    by_quarter: dict[int, list[Amount]] = {}
    marks = list(islice(_QUARTER.finditer(text.translate(_WIDE)), MARKS_MAX))
    starts = [amount.start for amount in amounts]
    cumulative = False
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        stop = text.find("。", mark.end())
        end = min(following.start() if following else len(text), stop if stop >= 0 else len(text))
        inside = [a for a in amounts[bisect_left(starts, mark.end()) : bisect_left(starts, end)] if not a.per]
        if "累计" in text[mark.end() : end] and inside:
            cumulative = True
        key = (10 + (mark["half"] == "下")) if mark["half"] else _QUARTERS[mark["quarter"] or mark["letter"]]
        by_quarter.setdefault(key, []).extend(inside)
    keys = [1, 2, 3, 4] if any(by_quarter.get(k) for k in (1, 2, 3, 4)) else [10, 11]
    parts = [amount for key in keys for amount in by_quarter.get(key, ())]
    if len(parts) < 2:
        return None
    complete = all(len(by_quarter.get(key, ())) == 1 for key in keys)
    if cumulative:
        # Cumulative amounts never fall; otherwise 累计 is about something else.
        complete = complete and all(a.yuan <= b.yuan for a, b in pairwise(parts))
    return Group(min(p.start for p in parts), max(p.end for p in parts), tuple(parts), cumulative, complete)


def enumerations(text: str, amounts: list[Amount]) -> Iterator[Group]:
    """Runs of three or more amounts of one sentence, each behind its own short label: 设备60万元、家具75万元、信息化40万元.

    A total that stands before 其中 or behind 合计 in the sentence is `stated`.
    """
    starts = [amount.start for amount in amounts]
    for sentence in _SENTENCE.finditer(text):
        span = slice(bisect_left(starts, sentence.start()), bisect_left(starts, sentence.end()))
        inside = [a for a in amounts[span] if not a.per and not a.elsewhen]
        if len(inside) < 3 or _QUARTER.search(sentence[0]):
            continue
        stated = None
        lead = text.find("其中", sentence.start(), sentence.end())
        if lead >= 0:
            before = [a for a in inside if a.end <= lead]
            inside = [a for a in inside if a.start > lead]
            stated = before[-1] if before else None
        if len(inside) > 1 and _SUM_WORD.search(text[max(0, inside[-1].start - 6) : inside[-1].start]):
            stated, inside = inside[-1], inside[:-1]
        if len(inside) < 3 or not _labelled(text, inside) or _AND_MORE.search(text, inside[0].start, sentence.end()):
            continue
        yield Group(inside[0].start, inside[-1].end, tuple(inside), stated=stated)


def _labelled(text: str, amounts: list[Amount]) -> bool:
    """Whether every amount but the first follows the one before it within a label's length."""
    gaps = [text[a.end : b.start] for a, b in pairwise(amounts)]
    return all(1 < len(gap) <= LABEL_LENGTH_MAX and re.match(r"\s*[，、,；;和及]", gap) for gap in gaps)


def stated_totals(text: str, amounts: list[Amount]) -> Iterator[Amount]:
    """Amounts that the text calls the project's total: 该项目预计总经费54万元."""
    starts = {a.start: a for a in amounts if not a.per and not a.elsewhen}
    for match in _TOTAL.finditer(text.translate(_WIDE)):
        amount = starts.get(match.end())
        before = text[max(0, match.start() - 14) : match.start()]
        if amount is not None and not re.search(
            r"其中|上年|去年|往年|历年|累计|结转|区级|市级|中央|镇级|自筹|每|单位|配套", before
        ):
            yield amount
