"""Documents named without 《》: laws by name, plans after 按照, meetings and speeches, references back."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from perfsearch.extract.catalogue import shipped_catalogue
from perfsearch.extract.genres import Kind

__all__ = ["BackReference", "Named", "find_back_references", "find_named"]


@dataclass(frozen=True, slots=True)
class Named:
    """A document named without marks; `title` is null for a mere pointer (按有关规定)."""

    start: int
    end: int
    title: str | None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class BackReference:
    """该办法: points at the last document of that genre before it."""

    start: int
    end: int
    genre: str


_CITES = r"根据|依据|按照|依照|遵照|贯彻落实|贯彻|落实|执行|遵循|遵守|参照|符合|违反"
_ITEM = r"(?:^|[；;。、，,：:\n])[ \t\u3000]{0,4}(?:\d{1,2}[、.．][ \t\u3000]{0,4})?"
_YEARS = r"(?:[（(](?:[0-9]{4}|十[一二三四五])[^（）()《》\n]{0,20}[）)])"
_GENRES = (
    r"规划纲要|行动计划纲要|发展规划要点|规划要点|行动计划|实施方案|指导意见|实施意见|实施细则|实施条例|管理条例|管理办法|管理规定|"
    r"暂行办法|暂行条例|暂行规定|工作要点|会计制度|会计准则|规划|纲要|条例|办法|细则"
)
# A plan or a rule with a sign that it is one certain document: a period, a place or a body at its head, 中华人民共和国.
_PLAN = re.compile(
    rf"(?:{_CITES}|{_ITEM})(?P<name>"
    r"(?:中华人民共和国|国家|全国|中国|全民|[京沪津渝]|本?[省市区县]|[\u4e00-\u9fff]{2,3}[省市区县]|"
    r"[\u4e00-\u9fff]{2,14}(?:科协|协会|局|委员会|委|厅|部|中心|基础设施|事业))"
    rf"[\u4e00-\u9fff“”\"·、]{{0,36}}?(?:{_GENRES}){_YEARS}?)"
)
_CERTAIN = re.compile(
    r"十[一二三四五]|[（(][0-9]{4}|中华人民共和国|^全民|^[\u4e00-\u9fff]{2,3}市[\u4e00-\u9fff]{4,}条例$"
)
_VERBS_INSIDE = re.compile(
    r"根据|按照|依据|贯彻|落实|推进|加强|提高|制定|有关|相关|以及|要求|我[市区县省]|进一步|开展|完成|做好|[，。；]|其他|编制|各项|等|的.*和"
)
_CERTAIN_ANCHOR = re.compile(r"十[一二三四五]|[（(][0-9]{4}|中华人民共和国|全民|市[\u4e00-\u9fff]{4,20}条例")
# A law by its name: the catalogue decides. 和 and 及 part a list.
_LAW_END = re.compile(
    r"(?:法|条例|会计制度)"
    r"(?=[，、；。,;\s（(]|和|及|以及|与|第[一二三四五六七八九十]|等(?:法律|有关|相关|规)|规定|的(?:规定|要求|有关|相关)|要求|$)"
)
_LAW_START = re.compile(rf"{_CITES}|{_ITEM}|和|及|与")
_HAN_ONLY = re.compile(r"[\u4e00-\u9fff]+")
_SPIRIT_ANCHOR = re.compile("精神")
_SPIRIT = re.compile(
    r"(?:党的[一二三四五六七八九十]{1,3}(?:大|届[一二三四五六七八九]中全会)(?:[、和及](?:[一二三四五六七八九十]{1,3}(?:大|届[一二三四五六七八九]中全会)))*(?:历次全会)?|"
    r"(?:全国|中央)?[“\"]?两会[”\"]?|(?:中央|全国|市委|省委|区委|国务院)[\u4e00-\u9fff]{2,12}(?:会议|全会)|"
    r"习近平(?:总书记|主席)[\u4e00-\u9fff“”、]{0,40}?(?:重要)?(?:讲话|指示|批示|论述)(?:和?[\u4e00-\u9fff]{0,4}批示)?|[十百一二三四五六七八九]{1,3}届[一二三四五六七八九十]{1,2}次全会)"
    r"精神"
)
# Items of a basis that name what to follow without naming a paper.
_GUIDANCE = re.compile(
    rf"(?:{_ITEM}(?:{_CITES})?|{_CITES}|和)(?P<name>(?!{_CITES})[\u4e00-\u9fff“”]{{2,40}}?"
    r"(?P<genre>指示精神|讲话精神|会议精神|工作指示|建设要求|方针政策|指导方针|规划思路|次全委会|次全会|重点工作))(?=[，、；。,;和\s]|通过|$)"
)
_GUIDANCE_KIND: dict[str, Kind] = {
    "方针政策": "policy", "指导方针": "policy", "规划思路": "policy", "建设要求": "other", "重点工作": "plan",
}  # fmt: skip
_POINTER = re.compile(
    r"\s*(?:按照?|根据|依据|依照)?(?:国家|上级|单位|本单位|市|区)?(?:的)?(?:有关|相关)(?:的)?[\u4e00-\u9fff]{0,4}(?:规定|政策|要求|制度|文件)[。；;]?\s*"
)
_BACK = re.compile(
    r"(?:该|上述|此|前述|以上)(?:份|项|部|个)?"
    r"(?P<genre>条例|办法|规定|意见|通知|方案|规划|纲要|细则|决定|计划|标准|规范|制度|法|文件|批复|复函|要点)(?![律治人规定官制])"
)


def find_named(text: str, taken: list[tuple[int, int]], section: str) -> list[Named]:
    """Return the documents that `text` names without marks, outside the spans `taken` (in order), each place once."""
    starts = [start for start, _ in taken]

    def free(start: int, end: int) -> bool:
        i = bisect.bisect_right(starts, start) - 1
        if i >= 0 and taken[i][1] > start:
            return False
        return i + 1 >= len(taken) or taken[i + 1][0] >= end

    candidates = [*_spirits(text), *_plans(text), *_laws(text)]
    if section == "basis":
        candidates.extend(_guidance(text))
    if section in {"basis", "safeguards"} and len(text) < 40 and _POINTER.fullmatch(text):
        start = len(text) - len(text.lstrip())
        candidates.append(Named(start, len(text.rstrip().rstrip("。；;")), None, "other"))
    found: list[Named] = []
    for named in sorted(candidates, key=lambda n: (n.start, -n.end)):
        if free(named.start, named.end) and (not found or named.start >= found[-1].end):
            found.append(named)
    return found


def _spirits(text: str) -> Iterator[Named]:
    floor = 0
    for anchor in _SPIRIT_ANCHOR.finditer(text):
        # The leftmost reading that ends here; the longest name has 63 characters.
        base = max(floor, anchor.start() - 64)
        match = _SPIRIT.search(text, base, anchor.end())
        if match:
            floor = match.end()
            yield Named(match.start(), match.end(), match.group(), "meeting")


def _plans(text: str) -> Iterator[Named]:
    floor = 0
    for anchor in _CERTAIN_ANCHOR.finditer(text):
        position = max(floor, anchor.start() - 50)
        while (match := _PLAN.search(text, position, min(len(text), anchor.end() + 60))) is not None:
            position = floor = match.end("name")
            name = match["name"]
            if _CERTAIN.search(name) and not _VERBS_INSIDE.search(name):
                yield Named(match.start("name"), match.end("name"), name)


def _laws(text: str) -> Iterator[Named]:
    catalogue = None
    floor = 0
    for anchor in _LAW_END.finditer(text):
        end = anchor.end()
        for boundary in _LAW_START.finditer(text, max(floor, end - 30), anchor.start()):
            name = text[boundary.end() : end]
            if len(name) < 3 or not _HAN_ONLY.fullmatch(name):
                continue
            catalogue = catalogue or shipped_catalogue()
            known = catalogue.with_key("t:" + name.removeprefix("中华人民共和国"))
            if known:
                floor = end
                yield Named(boundary.end(), end, name, "law" if known[0].kind == "law" else None)
                break


def _guidance(text: str) -> Iterator[Named]:
    position = 0
    while (match := _GUIDANCE.search(text, position)) is not None:
        position = match.end("name")
        name = match["name"]
        if not _POINTER.fullmatch(name):
            kind = _GUIDANCE_KIND.get(match["genre"], "meeting")
            yield Named(match.start("name"), match.end("name"), None if name.endswith("工作指示") else name, kind)


def find_back_references(text: str) -> list[BackReference]:
    """Return the places that point back at a document named before: 该办法, 上述通知."""
    return [BackReference(match.start(), match.end(), match["genre"]) for match in _BACK.finditer(text)]
