"""The grammar of Chinese document numbers (文号): find them in running text and bring them to one shape.

The shape is that of GB/T 9704-2012, clause 7.2.5: 发文机关代字, the year in full in hexagonal brackets, the serial without
第 and without leading zeros, 号. Orders and announcements that carry no year keep 第: `国务院令第711号`. The code of the
issuing body stays as printed, also where it is likely wrong: what is printed is evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["DocumentNumber", "find_document_numbers", "normalize_document_number", "number_key", "number_year"]

HAN = r"\u4e00-\u9fff"
DIGIT = "0-9０-９"
OPEN = r"〔\[［【（(﹝〖{｛〈<＜「『"
CLOSE = r"〕\]］】）)﹞〗}｝〉>＞」』"
GAP = r"\s{0,4}"
WRAP = r"(?:\n[ \t\u3000]{0,8})?"
YEAR = rf"[1１]{WRAP}[9９]{WRAP}[{DIGIT}]{WRAP}[{DIGIT}]|[2２]{WRAP}[0０]{WRAP}[{DIGIT}]{WRAP}[{DIGIT}]|[一二][九〇○零０0][一二三四五六七八九〇○零]{{2}}"
SERIAL = rf"[{DIGIT}]{WRAP}(?:[{DIGIT}]{WRAP}){{0,4}}(?![{DIGIT}])"
CHINESE_SERIAL = r"[一二三四五六七八九十百零〇]{1,7}"
# Parts of the code that filings print behind the year: 沪组委2019发字126号.
DISPLACED = r"(?:[\u4e00-\u9fff]{1,2}字|字|发|规|函)"
TAIL = r"号(?:文(?!件))?|文(?!件|[化明书物创体旅献字])"
# What may follow a serial that lacks its 号.
STOP_AHEAD = rf"(?=\s{{0,4}}(?:[，。；、：,;:》《{CLOSE}]|$))"
# 号 also ends addresses and lines: 10号线, 3号楼.
NO_PLACE = r"(?![线楼院馆厅门机井库房桥站台室路弄坑厂仓泊段])"

_BRACKETED = re.compile(
    rf"(?P<open>[{OPEN}]){GAP}(?P<year>{YEAR}|[5-9][0-9])(?P<nian>{GAP}年度?)?{GAP}(?P<close>[{CLOSE}]){GAP}"
    rf"(?P<displaced>{DISPLACED})?{GAP}(?P<di>第|[-—－])?{GAP}(?P<serial>{SERIAL}){GAP}"
    rf"(?P<tail>[{CLOSE}]{GAP}号|(?:{TAIL}){NO_PLACE}|{STOP_AHEAD})"
)
_BARE = re.compile(
    rf"(?<=[{HAN}])(?P<year>{YEAR})(?:(?P<nian>{GAP}年)|[ \u3000]?[-—－/]|{GAP}){GAP}(?P<displaced>{DISPLACED})?{GAP}"
    rf"(?P<di>第)?{GAP}(?P<serial>{SERIAL}){GAP}(?P<tail>(?:{TAIL}){NO_PLACE})"
)
_ORDER = re.compile(
    rf"(?P<genre>令|公告|通告){GAP}(?P<bracket>[（(〔\[【](?!{GAP}(?:{YEAR}){GAP}年?{GAP}[{CLOSE}]){GAP})?"
    rf"(?:(?:[{OPEN}]{GAP})?(?P<year>{YEAR}){GAP}年?{GAP}(?:[{CLOSE}]{GAP})?)?"
    rf"第{GAP}(?P<serial>{SERIAL}|{CHINESE_SERIAL}){GAP}号(?(bracket){GAP}[）)〕\]】])"
)
_ORDER_LAST = re.compile(
    rf"(?:(?P<year>{YEAR}){GAP}年{GAP})?第{GAP}(?P<serial>{SERIAL}|{CHINESE_SERIAL}){GAP}号{GAP}(?P<genre>令|公告|通告)"
)
_ORDER_LAST_HINT = re.compile(rf"号{GAP}(?:令|公告|通告)")
STANDARD = re.compile(
    r"(?<![A-Za-z])(?P<code>(?:GB|GBJ|GBZ|HJ|CJJ?|JGJ|JTG|JTJ|SL|DL|DB\d{2}|DG|DGJ|DBJ|WS|GA|MZ|NY|QX|YD|LY|TD|RB|JT|CECS|T/[A-Z]{2,8})(?:\s?/\s?[TJZ]?)?)"
    r"(?:\s?[A-Z]?\d{1,2})?\s?[-—]?\s?(?P<serial>\d{1,6}(?:\.\d{1,3})?)\s?[-—－–]\s?(?P<year>(?:19|20)\d{2})(?!\d)"
)
"""The number of a national, trade or local standard (GB 3838-2002), as GB/T 1.1-2020 writes it."""

# First characters of issuing codes: provinces and big cities by their short names, the centre, and the ministries.
CODE_STARTS = frozenset(
    "京津沪渝冀豫云滇辽黑湘皖鲁新苏浙赣鄂桂甘陇晋蒙内陕秦吉闽贵黔粤川蜀青藏琼宁港澳穗深杭甬蓉汉哈昆厦"
    "国中厅财教科工公民司人自环建住交水农商文卫退应审市监体统医税金银证保能林海气地测粮烟铁邮药知党团妇残协法高检政安计发外侨台宗"
    "普徐长静虹杨黄浦闵宝嘉松奉崇闸南卢组宣府"
)
# Last characters of codes in use; a bare year counts only after one of them.
CODE_ENDS = frozenset(
    "发办函字规政文财教科卫民建环水农商社保安监管局委府组宣审会协厅综经工信资交体旅预行库企投税通令呈报批人法党团电明传党秘"
)
# Never part of a code: what stands before the last of them belongs to the sentence. Single characters occur in codes too
# (沪经信, 沪人社就): they part the sentence from a code only before a character that begins codes.
_NOT_CODE = re.compile(
    r"(?:根据|依据|按照|依照|遵照|参照|对照|结合|执行|落实|贯彻|遵循|符合|详见|参见|文号为?|编号为?|文件|通知|纪要|议题|要求|精神|规定|意见|办法|方案|条例|批复|"
    r"印发|下发|发布|颁布|出台|转发|批转|下达|联合|分别|现行|关于|最新|以及|同时|其中|[的了]|^[见按据即及与由]|"
    rf"[按据见即和及与或是为在由经以并将等对于从到至这该此我有被把让就](?=\s*[{''.join(sorted(CODE_STARTS))}]))"
)
_ORGAN_END = re.compile(r"(?:人民政府|政府|办公厅|办公室|委员会|总局|[局部院厅署委会办行])")
_ORDER_BODY = re.compile(r"(?:主席|国务院|政府|委员会|[部委局院会署府厅行]|总局|人大|人大常委会|法院|检察院|办公室)$")
_RUN_BEFORE = re.compile(rf"(?:[{HAN}]|(?<=[{HAN}])[ \t\u3000]{{1,4}}(?=[{HAN}])|(?<=[{HAN}])\s{{1,4}}(?=[{HAN}]))+$")
_SPACE = re.compile(r"\s+")
_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_HAN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0}
WINDOW = 40
"""Characters looked back for a code; the longest real one met (对外贸易经济合作部令) has 10."""


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """A number in a text: half-open span, as printed and in its normal form; `irregular` says that the typography is off."""

    start: int
    end: int
    text: str
    normal: str
    code: str
    year: int | None
    serial: str
    irregular: bool
    weak: bool = False
    """True for an order that does not say whose (第39号令): it counts only where a title stands beside it."""


def _number(digits: str) -> int:
    """Read Arabic digits of either width, with wraps inside, or a Chinese numeral below 10,000."""
    plain = _SPACE.sub("", digits).translate(_DIGITS)
    if plain.isascii():
        return int(plain)
    if not any(c in "十百千" for c in plain):
        return int("".join(str(_HAN_DIGITS[c]) for c in plain))
    total, current = 0, 0
    for c in plain:
        unit = {"十": 10, "百": 100, "千": 1000}.get(c)
        if unit is None:
            current = _HAN_DIGITS[c]
        else:
            total += (current or 1) * unit
            current = 0
    return total + current


def _year(digits: str) -> int:
    plain = _SPACE.sub("", digits).translate(_DIGITS)
    if len(plain) == 2:
        return 1900 + int(plain)
    return int("".join(str(_HAN_DIGITS.get(c, c)) for c in plain))


def _run_before(text: str, position: int) -> tuple[int, str]:
    """Return the start and the text of the run of Han characters (blanks between them included) that ends at `position`."""
    base = max(0, position - WINDOW)
    window = text[base:position]
    stripped = window.rstrip()
    if len(window) - len(stripped) > 4:
        return position, ""
    match = _RUN_BEFORE.search(stripped)
    if match is None:
        return position, ""
    return base + match.start(), match.group()


def _last_word(run: str) -> int:
    """Return where the last blank-free piece that can begin a code begins in `run`."""
    start = len(run)
    for match in reversed(list(re.finditer(r"\S+", run))):
        start = match.start()
        piece = run[start:]
        if len(_SPACE.sub("", piece)) >= 2 and piece[0] in CODE_STARTS:
            break
    return start


def code_before(text: str, position: int) -> tuple[int, str]:
    """Return the start and the printed issuing code that ends at `position`; an empty code where there is none.

    What belongs to the sentence (根据, the name of the issuer in full) is cut off at the left.
    """
    start, run = _run_before(text, position)
    if not run:
        return position, ""
    cut = 0
    for match in _NOT_CODE.finditer(run):
        cut = match.end()
    run_start = start + cut
    run = run[cut:]
    lead = len(run) - len(run.lstrip())
    run_start, run = run_start + lead, run.lstrip()
    if not run:
        return position, ""
    word = _last_word(run)
    run_start, run = run_start + word, run[word:]
    for match in _ORGAN_END.finditer(run):
        rest = run[match.end() :]
        if len(rest.strip()) >= 2 and match.end() >= 3:
            body = run[: match.end()]
            first = rest.lstrip()[0]
            if first in body or (
                first in "京津沪渝冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽黔贵粤川藏琼国中厅财"
                and len(body) >= 3
                and body[0] != first
            ):
                lead = len(rest) - len(rest.lstrip())
                return run_start + match.end() + lead, rest.strip()
    return run_start, run.rstrip()


def _plausible(code: str, strict: bool) -> bool:
    """Tell whether `code` can be an issuing code; `strict` where nothing else marks the number as one."""
    plain = _SPACE.sub("", code)
    if strict:
        return 2 <= len(plain) <= 9 and plain[0] in CODE_STARTS and plain[-1] in CODE_ENDS and plain[-2:] not in _NAMES
    return 2 <= len(plain) <= 18 and plain[-2:] not in _NO_CODES


_NO_CODES = frozenset(("编号", "合同", "发票", "批次", "期刊", "项目", "年度", "预算", "决算"))
"""Words before a bracketed year and a number that is no document's."""


# Runs before a bracketed year that are words of the sentence: 预算（2019）12.
_NAMES = frozenset(
    (
        "中国",
        "全国",
        "国家",
        "上海",
        "北京",
        "预算",
        "决算",
        "项目",
        "年度",
        "编号",
        "合同",
        "发票",
        "批次",
        "标准",
        "期刊",
        "第三",
    )
)


def _bracketed(text: str) -> list[DocumentNumber]:
    found = []
    for match in _BRACKETED.finditer(text):
        tail = match["tail"]
        round_ = match["open"] in "（(〈<＜「『{｛"
        if len(match["year"]) == 2 and (round_ or not tail):
            continue
        start, code = code_before(text, match.start())
        if not _plausible(code, strict=not tail and round_):
            continue
        end = match.end()
        if tail and tail[0] in CLOSE and text[start - 1 : start] not in tuple("（(〔[［【"):
            # The bracket closes something opened earlier: `42）号` counts only right after the opening.
            end = match.start("tail")
            tail = ""
        plain = _SPACE.sub("", code) + _SPACE.sub("", match["displaced"] or "")
        year, serial = _year(match["year"]), str(_number(match["serial"]))
        irregular = (
            match["open"] not in "〔[［﹝（("
            or bool(match["displaced"] or match["di"] or match["nian"])
            or not tail.startswith("号")
            or len(match["year"]) == 2
        )
        end = _trim(text, end)
        found.append(
            DocumentNumber(start, end, text[start:end], f"{plain}〔{year}〕{serial}号", plain, year, serial, irregular)
        )
    return found


def _bare(text: str) -> list[DocumentNumber]:
    found = []
    for match in _BARE.finditer(text):
        start, code = code_before(text, match.start())
        if not _plausible(code, strict=True) or (match["di"] and code.endswith(("令", "公告", "通告"))):
            continue
        plain = _SPACE.sub("", code) + _SPACE.sub("", match["displaced"] or "")
        year, serial = _year(match["year"]), str(_number(match["serial"]))
        end = _trim(text, match.end())
        found.append(
            DocumentNumber(start, end, text[start:end], f"{plain}〔{year}〕{serial}号", plain, year, serial, True)
        )
    return found


def _orders(text: str) -> list[DocumentNumber]:
    found = []
    for pattern in (_ORDER, _ORDER_LAST) if _ORDER_LAST_HINT.search(text) else (_ORDER,):
        for match in pattern.finditer(text):
            start, body = _order_body(text, match.start())
            genre = match["genre"]
            plain = _SPACE.sub("", body) + genre
            year = _year(match["year"]) if match["year"] else None
            serial = str(_number(match["serial"]))
            normal = f"{plain}〔{year}〕{serial}号" if year else f"{plain}第{serial}号"
            end = match.end()
            odd = year is not None and match.group().find("年") < 0  # an order prints its year as 2018年 or not at all
            found.append(DocumentNumber(start, end, text[start:end], normal, plain, year, serial, odd, weak=not body))
    return found


def _order_body(text: str, position: int) -> tuple[int, str]:
    """Return start and name of the body whose order ends at `position`; joint bodies with blanks or 、 between."""
    start, run = _run_before(text, position)
    cut = 0
    for match in _NOT_ORDER_BODY.finditer(run):
        cut = match.end()
    body = run[cut:]
    lead = len(body) - len(body.lstrip())
    body, start = body.strip(), start + cut + lead
    if not body or not _ORDER_BODY.search(_SPACE.sub("", body)):
        return position, ""
    return start, body


_NOT_ORDER_BODY = re.compile(
    r"(?:根据|依据|按照|依照|遵照|参照|执行|落实|贯彻|遵循|详见|以及|关于|发布|公布|印发|颁布|文号|按(?!理)|据|和(?!国|改革|旅游|城乡|社会|信息|计划|体育|生态|农村|技术)|及|与|或|的|了|是|在|由|经(?![济贸委])|以|并|等|于)"
)


def _trim(text: str, end: int) -> int:
    while text[end - 1].isspace():
        end -= 1
    return end


def find_document_numbers(text: str) -> list[DocumentNumber]:
    """Return the document numbers of a text in order, none overlapping another.

    Takes time in proportion to the length of the text: every pattern is anchored at a year, a 令 or a 第 and looks back a
    bounded window.
    """
    found = sorted(_bracketed(text) + _bare(text) + _orders(text), key=lambda n: (n.start, -n.end))
    kept: list[DocumentNumber] = []
    for number in found:
        if not kept or number.start >= kept[-1].end:
            kept.append(number)
    return kept


_QUERY = re.compile(
    rf"\s*(?P<code>[{HAN}][{HAN}\s]{{0,20}}?)\s*(?:[{OPEN}]\s*)?(?P<year>{YEAR})\s*年?\s*(?:[{CLOSE}])?\s*"
    rf"(?P<displaced>{DISPLACED})?\s*[-—－/,，]?\s*第?\s*(?P<serial>{SERIAL})\s*(?:号?文?件?)\s*"
)


def normalize_document_number(text: str) -> str | None:
    """Return the normal form of the number that `text` consists of (brackets around it do not matter), else None.

    More forgiving than the search in running text: 号 may lack and the year may stand bare.
    """
    stripped = text.strip().strip("《》").strip()
    if len(stripped) > 60:
        return None
    if stripped[:1] in tuple("（(【[〔［") and stripped[-1:] in tuple("）)】]〕］"):
        stripped = stripped[1:-1].strip()
    found = find_document_numbers(stripped)
    if len(found) == 1 and stripped[found[0].end :].strip() in {"", "文", "文件"} and "《" not in stripped:
        return found[0].normal
    match = _QUERY.fullmatch(stripped)
    if match is None:
        return None
    code = _SPACE.sub("", match["code"]) + (match["displaced"] or "")
    if not _plausible(code, strict=False) or code.endswith(("年", "第")):
        return None
    return f"{code}〔{_year(match['year'])}〕{_number(match['serial'])}号"


_KEY_DROPS = re.compile(r"[〔〕第号\s]|字(?=〔)|^中华人民共和国")


def number_key(normal: str) -> str:
    """Return what two prints of one number share: the code without 字 at its end and without 中华人民共和国, year, serial."""
    year = number_year(normal)
    head, _, tail = normal.partition("〔")
    if year is None or not tail:
        return _KEY_DROPS.sub("", normal)
    serial = tail.partition("〕")[2].removesuffix("号")
    code = head.removeprefix("中华人民共和国").removesuffix("字")
    return f"{code}|{year}|{serial}"


def number_year(normal: str | None) -> int | None:
    """Return the year inside a normal form, None where it has none."""
    match = re.search(r"〔(\d{4})〕", normal or "")
    return int(match[1]) if match else None
