"""Join what was found: a title with the number beside it, in either order, and with the words that wrap it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from perfsearch.extract.genres import has_genre
from perfsearch.extract.issuers import organs_at_end
from perfsearch.extract.numbers import STANDARD, DocumentNumber
from perfsearch.extract.titles import QuotedTitle, clean_title

__all__ = ["Mention", "pair_numbers", "pinpoint_after", "unquoted_before", "wrap_titles"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a document is named: its span, the title and the number that stand in it."""

    start: int
    end: int
    title: str | None
    number: DocumentNumber | None = None
    standard: str | None = None
    quoted: bool = True


_WRAPPED = re.compile(
    r"^\s*(?:的|等)?(?:意见的|情况的|有关事项的|有关问题的|工作的|工作方案的)?(?P<genre>通知|批复|复函|函|请示|报告|公告|通告|决定|意见|命令|通报)(?!精神为|书|会|栏|单|中|里|牌)"
)
_WRAPS = re.compile(
    r"关于[^《》。；;！？\n]{0,40}?(?:印发|同意|转发|批转|下达|下发|发布|公布|颁布|实施|调整|修订|修改|开展|贯彻|落实|报送|申请|批准|核准|审批|推广|废止|延长|征求|学习|宣传|执行|做好|组织|延续|明确|呈报|报批|补充|对|将)"
    r"[^《》。；;！？\n]{0,30}$"
)
_JOINED_BEFORE = re.compile(r"[、和及与，,\s]+$")
_IMPLEMENTS = re.compile(r"(?P<head>[\u4e00-\u9fff]{2,24}?)(?:贯彻实施|贯彻落实|实施|贯彻|执行|落实|适用)\s*$")
_IMPLEMENTING = re.compile(
    r"^\s*的?(?:若干|具体|暂行|补充|工作)?"
    r"(?:实施细则|实施办法|实施意见|实施方案|细则|办法|规定|意见|方案|解释|措施)(?!中|所|的(?:要求|精神|规定))"
)
_CLAUSE_EDGE = re.compile(
    r"[。；;：:，,、！？\n《》（）()【】\[\]“”\"]|\d[.．、]|根据|依据|按照|依照|遵照|贯彻落实|执行|遵循"
)
_CLOSERS = {"（": "）", "(": ")", "【": "】", "[": "]", "［": "］", "〔": "〕", "﹝": "﹞"}
_BEFORE_NUMBER = re.compile(
    r"^\s*(?:文件)?\s*(?:[（(](?:试行|暂行|修订|修订稿|修订版|\d{4}年?(?:修订|修正|版|修订版)?|草案)[）)])?\s*(?P<open>[（(\[【［〔﹝])?\s*"
    r"(?:\d{4}年(?:\d{1,2}月)?(?:\d{1,2}日)?(?:修订|修正|发布|公布|起施行|施行)?[，,、]\s*)?(?:[\u4e00-\u9fff]{2,12}[，,]\s*)?(?:文号|发文字号)?[:：]?\s*$"
)
_BETWEEN_NUMBERS = re.compile(r"^\s*(?:[、，,；;/和及]|\s)\s*$|^\s*$")
_NUMBER_THEN_TITLE = re.compile(r"^(?:文件|文)?\s*[：:]?\s*(?:印发|发布|下发|转发|公布|颁布)?(?:的|了)?\s*$")
_UNQUOTED_TAIL = re.compile(
    r"(?:通知|意见|批复|复函|函|公告|通告|决定|决议|办法|规定|方案|细则|条例|规划|纲要|计划|要点|措施|制度|标准|规范|指南|指引|请示|纪要)$"
)
PINPOINT = re.compile(
    r"\s*(?P<text>(?:[（(]\s*)?(?:中的?|的|之)?\s*(?:第[一二三四五六七八九十百千零〇0-9０-９]+(?:条|章|节|款|项|部分|编|点|款第)(?:之[一二三四五])?"
    r"(?:\s*第[一二三四五六七八九十百零〇0-9]+(?:条|款|项|目|节))*(?:[、和及至到\-—～~，,]*第[一二三四五六七八九十百零〇0-9]+(?:条|章|节|款|项|部分|点))*)(?:\s*[）)])?|整篇|全文|附件\s*\d{0,2}|总则|附则|前言|序言)"
)


def pinpoint_after(text: str, end: int) -> str | None:
    """Return the place within a document that the words after a mention point to: 第十三条, 第四部分, 整篇."""
    match = PINPOINT.match(text, end, min(len(text), end + 60))
    if match is None:
        return None
    return match["text"].strip("（）() 中的之") or None


def wrap_titles(text: str, titles: list[QuotedTitle]) -> list[QuotedTitle]:
    """Widen titles to the unquoted ones that hold them: 关于同意《…》的批复, X实施《…》细则. Keeps order and count of spans down."""
    result: list[QuotedTitle] = []
    for title in titles:
        floor = result[-1].end if result else 0
        after = text[title.end : title.end + 24]
        wider = None
        tail = _WRAPPED.match(after)
        if tail:
            wider = _wrapped(text, title, title.end + tail.end(), result)
        elif (tail := _IMPLEMENTING.match(after)) is not None:
            head = _IMPLEMENTS.search(text, max(floor, title.start - 40), title.start)
            if head:
                wider = _implementing(text, title, title.end + tail.end(), floor)
        if wider is None:
            result.append(title)
            continue
        while result and result[-1].start >= wider.start:
            result.pop()
        result.append(wider)
    return result


def _wrapped(text: str, title: QuotedTitle, end: int, before: list[QuotedTitle]) -> QuotedTitle | None:
    base = max(0, title.start - 90)
    inner_floor = base
    for earlier in reversed(before):  # titles joined to this one by 和 may stand inside the wrapper as well
        if earlier.end < base or not _JOINED_BEFORE.fullmatch(
            text[earlier.end : title.start if earlier is before[-1] else earlier.end] or "、"
        ):
            inner_floor = max(inner_floor, earlier.end)
            break
        if earlier is before[-1]:
            title = replace(title, start=earlier.start)
            continue
        inner_floor = max(inner_floor, earlier.end)
        break
    match = _WRAPS.search(text, max(0, inner_floor), title.start)
    if match is None:
        return None
    start = text.rfind("关于", match.start(), match.start() + 2)
    organ = organs_at_end(text[inner_floor:start])
    if organ and text[inner_floor:start].endswith(organ):
        start -= len(organ)
    if end - start > 300:
        return None
    return QuotedTitle(start, end, clean_title(text[start:end]))


def _implementing(text: str, title: QuotedTitle, end: int, floor: int) -> QuotedTitle | None:
    base = max(floor, title.start - 40)
    window = text[base : title.start]
    cut = 0
    for match in _CLAUSE_EDGE.finditer(window):
        if match.end() < len(window):
            cut = match.end()
    head = window[cut:].lstrip()
    start = title.start - len(head)
    name = re.sub(r"(?:贯彻实施|贯彻落实|实施|贯彻|执行|落实|适用)\s*$", "", head)
    if not re.search(r"(?:[省市区县州]|会|局|委|厅|部|院|科协|自治区|中心|法院|学会)$", name):
        return None
    return QuotedTitle(start, end, clean_title(text[start:end]))


def _end_of_bracket(text: str, opened: str | None, end: int) -> int | None:
    """Return where the bracket around a number ends if nothing else stands in it, None if something does."""
    if opened is None:
        return end
    closers = set(_CLOSERS.values())
    match = re.compile(r"\s*文?件?\s*").match(text, end)
    position = match.end() if match else end
    if position < len(text) and text[position] in closers:
        tail = re.compile(r"\s*号").match(text, position + 1)
        return tail.end() if tail else position + 1
    return None


def pair_numbers(text: str, titles: list[QuotedTitle], numbers: list[DocumentNumber]) -> list[Mention]:
    """Attach each number to the title it belongs to, and return all mentions in order: titles, and numbers that stand alone."""
    mentions: list[Mention] = []
    used = 0
    inside = 0
    for index, title in enumerate(titles):
        while used < len(numbers) and numbers[used].end <= title.start:
            number = numbers[used]
            used += 1
            gap = text[number.end : title.start]
            if len(gap) <= 8 and _NUMBER_THEN_TITLE.match(gap) and text[number.end - 1] not in "）)】]":
                mentions.append(Mention(number.start, title.end, title.title, number))
                break
            mentions.append(_alone(text, number, mentions[-1].end if mentions else 0))
        else:
            mentions.append(Mention(title.start, title.end, title.title))
        while used < len(numbers) and numbers[used].start < title.end:  # a number inside the marks
            inside += 1
            number = numbers[used]
            if numbers[used].start >= title.start and mentions[-1].number is None and not number.weak:
                mentions[-1] = _inside(mentions[-1], number)
            used += 1
        ceiling = titles[index + 1].start if index + 1 < len(titles) else len(text)
        if mentions[-1].number is None or mentions[-1].start >= title.start:
            used = _attach(text, mentions, numbers, used, ceiling)
        if mentions[-1].number is None:
            mentions[-1] = _attach_standard(text, mentions[-1], ceiling)
    for number in numbers[used:]:
        mentions.append(_alone(text, number, mentions[-1].end if mentions else 0))
    return [
        mention for mention in mentions if mention.title is not None or not (mention.number and mention.number.weak)
    ]


_NUMBER_INSIDE = re.compile(r"[（(\[【〔]?\s*$")


def _inside(mention: Mention, number: DocumentNumber) -> Mention:
    """Take a number that stands within the marks, at the end of the title, out of the title."""
    title = mention.title or ""
    at = title.find(number.text)
    if at < 4 or len(title) - at - len(number.text) > 2:
        return mention
    return replace(mention, title=_NUMBER_INSIDE.sub("", title[:at]).strip(), number=number)


def _attach(text: str, mentions: list[Mention], numbers: list[DocumentNumber], used: int, ceiling: int) -> int:
    """Attach the numbers directly after the last mention to it (the first gives the number); return the next unused."""
    mention = mentions[-1]
    if used >= len(numbers) or numbers[used].start >= ceiling or numbers[used].start - mention.end > 45:
        return used
    number = numbers[used]
    gap = _BEFORE_NUMBER.match(text[mention.end : number.start])
    if gap is None:
        return used
    used += 1
    end = number.end
    while used < len(numbers) and gap["open"] and numbers[used].start < ceiling:
        if not _BETWEEN_NUMBERS.match(text[end : numbers[used].start]):
            break
        end = numbers[used].end
        used += 1
    closed = _end_of_bracket(text, gap["open"], end)
    mentions[-1] = replace(mention, end=closed or end, number=mention.number or number)
    return used


def _attach_standard(text: str, mention: Mention, ceiling: int) -> Mention:
    match = STANDARD.search(text, mention.end, min(ceiling, mention.end + 40))
    if match is None:
        return mention
    gap = re.fullmatch(r"\s*(?P<open>[（(\[【])?\s*", text[mention.end : match.start()])
    if gap is None:
        return mention
    end = _end_of_bracket(text, gap["open"], match.end())
    return replace(mention, end=end or match.end(), standard=re.sub(r"\s+", "", match.group()))


_TITLE_BEHIND = re.compile(
    r"\s*(?:文件|文)?\s*(?P<title>关于[^。；;，,《》（）()\n]{4,80}?(?:的(?:通知|批复|复函|意见|函|决定|方案|公告|通告|请示)|通知|批复))"
    r"(?=[，。；;、,（(）)\s]|$|和|及|要求|精神|文件|规定|执行|进行|开展|明确|提出)"
)


def _alone(text: str, number: DocumentNumber, floor: int) -> Mention:
    """Return a number without a title; brackets that hold nothing else belong to it, so does an unquoted title before it."""
    start, end = number.start, number.end
    opened = re.search(r"[（(【\[［]\s*$", text[max(floor, start - 3) : start])
    if opened:
        closed = _end_of_bracket(text, "（", end)
        if closed:
            start, end = start - (len(text[max(floor, start - 3) : start]) - opened.start()), closed
    behind = _TITLE_BEHIND.match(text, end, min(len(text), end + 120))
    if behind and not opened:
        return Mention(start, behind.end("title"), clean_title(behind["title"]), number, quoted=False)
    unquoted = unquoted_before(text, start, floor) if opened or text[start - 1 : start].isspace() else None
    if unquoted is not None:
        return Mention(unquoted, end, clean_title(text[unquoted:start]), number, quoted=False)
    return Mention(start, end, None, number)


_UNQUOTED_EDGE = re.compile(
    r"[。；;：:！？\n《》（）()【】\[\]]|\d{1,2}[.．、](?!\d)|根据|依据|按照|依照|遵照|贯彻落实|贯彻|执行|遵循|参照|下发了?|印发了?(?=[\u4e00-\u9fff]{0,20}关于)|出台了?|发布了?|(?:印发|下发|颁布|制定|公布|转发|批转|制订)的"
)


def unquoted_before(text: str, position: int, floor: int) -> int | None:
    """Return the start of a title without marks that ends at `position`: 市教委关于做好…的通知; None where there is none."""
    base = max(floor, position - 90)
    window = text[base:position].rstrip()
    if not _UNQUOTED_TAIL.search(window):
        return None
    about = window.rfind("关于")
    cut = 0
    for match in _UNQUOTED_EDGE.finditer(window, 0, about if about >= 0 else len(window)):
        cut = match.end()
    if about >= 0:
        if re.search(r"[。；;！？\n《》]", window[about:]):
            return None
        organ = organs_at_end(window[cut:about])
        start = about - len(organ) if organ and window[:about].endswith(organ) else about
        return base + start
    segment = window[cut:]
    for match in re.finditer(r"[，,、]|(?<!纳)和(?!国)|以及", segment):
        segment = window[cut + match.end() :] if cut + match.end() < len(window) else segment
    segment = segment.strip()
    if 6 <= len(segment) <= 60 and has_genre(segment):
        return base + len(window) - len(segment)
    return None
