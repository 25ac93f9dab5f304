"""Documents named without 《》: laws by name, plans after 按照, meetings and speeches, references back."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass

from perfsearch.extract.genres import Kind

__all__ = ["Named", "find_named"]


@dataclass(frozen=True, slots=True)
class Named:
    """A document named without marks; `title` is null for a mere pointer (该办法)."""

    start: int
    end: int
    title: str | None
    kind: Kind | None = None


_YEARS = r"(?:[（(](?:[0-9]{4}|十[一二三四五])[^（）()《》\n]{0,20}[）)])"
_GENRES = (
    r"规划纲要|行动计划纲要|发展规划要点|规划要点|行动计划|实施方案|指导意见|实施意见|实施细则|实施条例|管理条例|管理办法|管理规定|暂行办法|暂行条例|暂行规定|工作要点|会计制度|会计准则|规划|纲要|条例|办法|细则"
)
# A plan or a rule with a sign that it is one certain document: a period, a place or a body at its head, 中华人民共和国.
_PLAN = re.compile(
    r"(?:根据|依据|按照|依照|遵照|贯彻落实|贯彻|落实|执行|遵循|参照|(?:^|[；;。、，,：:\n])[ \t\u3000]{0,4}(?:\d{1,2}[、.．][ \t\u3000]{0,4})?)(?P<name>"
    r"(?:中华人民共和国|国家|全国|中国|全民|[京沪津渝]|本?[省市区县]|[\u4e00-\u9fff]{2,3}[省市区县]|[\u4e00-\u9fff]{2,14}(?:科协|协会|局|委员会|委|厅|部|中心|基础设施|事业))"
    r"[\u4e00-\u9fff“”\"·、]{0,36}?"
    rf"(?:[“\"]?十[一二三四五][”\"]?[\u4e00-\u9fff]{{0,16}}?)?(?P<genre>{_GENRES}){_YEARS}?(?P<period>)"
    r")"
)
_PERIOD = re.compile(r"十[一二三四五]|[（(][0-9]{4}|中华人民共和国|^全民|^[\u4e00-\u9fff]{2,3}市[\u4e00-\u9fff]{4,}条例$")
_VERBS_INSIDE = re.compile(r"根据|按照|依据|贯彻|落实|推进|加强|提高|制定|有关|相关|以及|要求|我[市区县省]|进一步|开展|完成|做好|[，。；]|其他|编制|各项|等")
_LAWS = re.compile(
    r"(?<![《〈“\u4e00-\u9fff])(?P<bare>(?:中华人民共和国)?(?:新)?[\u4e00-\u9fff]{2,14}?法)(?=[，、；。,;\s]|和|及|以及|第|等(?:法律|有关|相关)|$)"
    r"|(?:根据|依据|按照|依照|遵守|遵照|贯彻|执行|落实|违反|符合|和|、|及)(?P<cited>(?:中华人民共和国)?[\u4e00-\u9fff]{2,14}?法)(?=[，、；。,;\s]|和|及|以及|第|等(?:法律|有关|相关)|规定|的(?:规定|要求|有关|相关)|要求|$)"
)
_SPIRIT = re.compile(
    r"(?P<name>(?:党的[一二三四五六七八九十]{2,3}(?:大|届[一二三四五六七八九]中全会)(?:[、和及](?:[一二三四五六七八九十]{2,3}(?:大|届[一二三四五六七八九]中全会)))*(?:历次全会)?|(?:全国|中央)?[“\"]?两会[”\"]?|"
    r"(?:中央|全国|市委|省委|区委|国务院)[\u4e00-\u9fff]{2,12}(?:会议|全会)|习近平(?:总书记|主席)[\u4e00-\u9fff“”、]{0,40}?(?:重要)?(?:讲话|指示|批示|论述)|[十百一二三四五六七八九]{1,3}届[一二三四五六七八九十]{1,2}次全会)"
    r"精神)"
)


def find_named(text: str, taken: list[tuple[int, int]], section: str) -> list[Named]:
    """Return the documents that `text` names without marks, outside the spans `taken` (in order)."""
    starts = [start for start, _ in taken]

    def free(start: int, end: int) -> bool:
        i = bisect.bisect_right(starts, start) - 1
        if i >= 0 and taken[i][1] > start:
            return False
        return i + 1 >= len(taken) or taken[i + 1][0] >= end

    found: list[Named] = []
    for match in _SPIRIT.finditer(text):
        if free(match.start("name"), match.end("name")):
            found.append(Named(match.start("name"), match.end("name"), match["name"], "meeting"))
    for match in _PLAN.finditer(text):
        name = match["name"]
        if _PERIOD.search(name) and not _VERBS_INSIDE.search(name) and free(match.start("name"), match.end("name")):
            found.append(Named(match.start("name"), match.end("name"), name))
    return sorted(found, key=lambda n: n.start)
