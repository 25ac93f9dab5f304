"""Who issued a document, as the text says it: bodies in front of a title, before a verb of issuing, or inside the title."""

from __future__ import annotations

import re

__all__ = ["ISSUING_VERB", "issuer_before", "issuer_in_title", "organs_at_end"]

_VERB = (
    r"(?:联合|共同|先后|正式|统一|研究|修订|最新|新|还|又|已|均|也|分别|陆续){0,2}(?:印发|下发|发布|颁布|颁发|公布|出台|制定|制订|转发|批转|发出|下达|审议通过|通过|编辑印制|印制|颁布实施|"
    r"发布实施|制定实施|制定出台|制定印发|修订|建立|建立健全|形成|批准|发文|提出|拟定|编制)(?:实施|施行)?"
)
ISSUING_VERB = re.compile(
    _VERB + r"(?:了|的|过)?(?:以下[^。；《]{0,12}[:：])?(?:有关)?(?:关于)?\s*(?:文件)?[:：]?\s*(?:\d[.、:：])?\s*$"
)
_OF = re.compile(r"(?:的|文件|有关文件|相关文件|关于)+\s*$")

_ORGAN_WORDS = (
    r"人民政府|政府|党委|党组|委员会|办公厅|办公室|办事处|常委会|人大|政协|总局|总署|分局|联席会议|领导小组|指挥部|中心|科协|协会|学会|联合会|总工会|红十字会|"
    r"法院|检察院|研究院|研究所|大学|学院|学校|医院|公司|集团|会堂|信息部|组织部|宣传部|统战部|国务院|中共中央|党中央|中央|理事会|董事会|管委会|"
    r"[委部局院厅署会室处科办队站所馆园校]|市府|省府|区府"
)
_ORGAN = re.compile(rf"^(?:[\u4e00-\u9fff（）()]{{0,24}}?(?:{_ORGAN_WORDS})|[市区省县]委市政府|上海市委市政府)$")
_ORGAN_ALIASES = re.compile(r"^(?:国务院|中共中央|党中央|中央|全国人大|[省市区县]委|[省市区县]政府|[省市区县]府)")
_LEAD = re.compile(
    r"^.*(?:根据|依据|按照|依照|遵照|参照|贯彻落实|贯彻|落实|执行|遵循|符合|结合|通过|为|由|经|据|自|对|在|是|与|年|月|日|及其|以来|[\d０-９])"
)
_CLAUSE = re.compile(r"[。；;：:！？\n《》（）()【】\[\]“”\"]")
_JOIN = re.compile(r"[、，, \u3000]|和(?!改革|社会|信息|规划|国)|与|及(?!其)|会同|联合")
_STOP_PIECE = re.compile(r"[了的着过把将被使让能可应须要已]|加强|推进|开展|实施|提高|工作|要求|项目|我[市区县省国]")
_SUBJECT = re.compile(
    rf"(?:^|[。；;，,：:\n])\s*(?:此外|同时|另外|其中|目前|近年来|\d{{4}}年)?[，,]?(?P<organ>[\u4e00-\u9fff]{{1,20}}?(?:{_ORGAN_WORDS}))"
    r"(?=已|将|为|先后|还|又|也|严格|根据|按照|结合|于|在|自|不断|高度|专门|[，,]|制|印|出|发|建|形|修|编|$)"
)


def _plain_organ(piece: str) -> str:
    """Return the body's name at the end of `piece`, words of the sentence before it cut off; empty where there is none."""
    stripped = piece.strip()
    lead = _LEAD.match(stripped)
    if lead:
        stripped = stripped[lead.end() :].strip()
    if len(stripped) < 2 or len(stripped) > 30 or not _ORGAN.match(stripped) or _STOP_PIECE.search(stripped[:-1]):
        return ""
    return stripped


def organs_at_end(text: str) -> str:
    """Return the list of bodies that ends `text` as it is printed (A、B和C), empty where none does."""
    clause = text
    for match in _CLAUSE.finditer(text):
        clause = text[match.end() :]
    clause = clause.rstrip()
    right = clause
    begin = len(clause)
    while right:
        joins = list(_JOIN.finditer(right))
        cut = joins[-1].end() if joins else 0
        organ = _plain_organ(right[cut:])
        if not organ:
            break
        begin = len(right) - len(organ) if right.endswith(organ) else cut + right[cut:].rfind(organ)
        if not joins or begin > cut + (len(right[cut:]) - len(right[cut:].lstrip())):
            break
        if joins[-1].group() in "，," and not _ORGAN_ALIASES.match(organ):
            break
        right = right[: joins[-1].start()]
    return clause[begin:].strip()


def issuer_before(text: str, start: int, floor: int) -> str | None:
    """Return who the words before `start` (not before `floor`) say issued the document there: `X印发`, `X联合下发`, `X《…》`."""
    before = text[max(floor, start - 120) : start].rstrip()
    verb = ISSUING_VERB.search(before[-40:])
    if verb:
        head = before[: len(before) - (len(before[-40:]) - verb.start())]
        organ = organs_at_end(head)
        if organ:
            return organ
        return _subject(head)
    plain = _OF.sub("", before)
    return organs_at_end(plain) or None


def _subject(head: str) -> str | None:
    """Return the body that is the subject of the sentence which ends in a verb of issuing."""
    sentence = re.split(r"[。；;\n！？]", head)[-1]
    last = None
    for match in _SUBJECT.finditer(sentence):
        last = match["organ"]
    if last is None:
        return None
    return _plain_organ(last) or None


_IN_TITLE = re.compile(
    r"^(?P<issuer>[^《》〈〉“”（）()，。；]{2,60}?)(?:关于(?!.{0,3}关于)|(?:印发|转发|批转|贯彻落实|贯彻)(?=[〈《“]))"
)


def issuer_in_title(title: str) -> str | None:
    """Return the issuer that a title of the form `X关于…` begins with."""
    match = _IN_TITLE.match(title)
    if match is None:
        return None
    issuer = match["issuer"].strip()
    pieces = [piece for piece in re.split(r"[、，\s]+", issuer) if piece]
    return (
        issuer
        if pieces and all(_ORGAN.match(piece) or piece.endswith(("科协", "省", "市")) for piece in pieces)
        else None
    )
