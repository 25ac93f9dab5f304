"""One key for the many prints of one title: wrappers, names of bodies, periods, years, marks and width folded."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from perfsearch.extract.issuers import issuer_in_title
from perfsearch.extract.numbers import number_key

__all__ = [
    "TitleKey",
    "fold_title",
    "is_short_form",
    "number_lookup_key",
    "period_of",
    "policy_id_of",
    "title_lookup_key",
]

_MARKS = re.compile(r"[\s《》〈〉<>≪≫«»“”\"'‘’「」『』`·•・,，。；;:：、!！]+")
_DASHES = re.compile(r"[-—–－―~～﹣]+|(?<=\d)[至到](?=\d)")
_WRAPPER = re.compile(
    r"^(?P<issuer>.{0,60}?)关于(?:联合|重新|修订)?(?:印发|发布|公布|下发|颁布|转发|批转|下达|施行|实施)(?P<inner>.{4,}?)的?(?:通知|公告|通告|决定|命令|函)$"
)
_ENDS_IN_GENRE = re.compile(
    r"(?:规划|纲要|计划|要点|方案|办法|细则|规定|意见|条例|规范|标准|制度|指南|指引|措施|举措|目录|清单|导则|规程|规则|准则|预案|法)(?:\([^()]*\))*$"
)
_SUFFIX = re.compile(
    r"\((?P<suffix>试行|暂行|试点|修订版|修订稿|修订|修正|草案|征求意见稿|讨论稿|送审稿|(?:19|20)\d\d年?(?:版|本|修订|修正|修订版)?|"
    r"\d{4}年\d{1,2}月\d{1,2}日.{0,8}|[一二三四五六七八九十])\)$"
)
_YEARS = re.compile(r"\(?(?P<first>(?:19|20)\d\d)年?(?:-(?:19|20)?\d\d年?)?-(?P<last>(?:19|20)?\d\d)年?\)?")
_FIVE = re.compile(
    r"\(?(?:国家)?第?(?P<ordinal>十[一二三四五六]|十|九|八)(?:个)?五(?:年)?(?:时期|期间)?\)?(?!年规划|个|条|年)"
)
_ORDINALS = {"八": 8, "九": 9, "十": 10, "十一": 11, "十二": 12, "十三": 13, "十四": 14, "十五": 15, "十六": 16}
_BODIES = (
    ("科学技术协会", "科协"),
    ("科学技术委员会", "科委"),
    ("科学技术部", "科技部"),
    ("人民政府", "政府"),
    ("教育委员会", "教委"),
    ("卫生和计划生育委员会", "卫生计生委"),
    ("卫生健康委员会", "卫生健康委"),
    ("发展和改革委员会", "发展改革委"),
    ("发改委", "发展改革委"),
    ("残疾人联合会", "残联"),
    ("妇女联合会", "妇联"),
    ("文学艺术界联合会", "文联"),
    ("经济和信息化委员会", "经济信息化委"),
    ("经信委", "经济信息化委"),
    ("住房和城乡建设", "住房城乡建设"),
    ("人力资源和社会保障", "人力资源社会保障"),
    ("农业农村委员会", "农业农村委"),
    ("国有资产监督管理委员会", "国资委"),
    ("商务委员会", "商务委"),
    ("总工会", "工会"),
    ("代表大会常务委员会", "代表大会常委会"),
)
_SHORT = re.compile(
    r"^(?:本|该|此|上述|新)?(?:若干|实施|管理|暂行|指导|行动|工作|建设|发展|总体|资金|项目|专项|三年|改革|试行|规划|财务|内控|内部控制|采购|合同|资产|考核|服务|评价|创建)*"
    r"(?:纲要|规划|办法|意见|通知|方案|规定|决定|细则|计划|指南|标准|规范|章程|制度|要点|措施|政策|批复|准则|规则|协议|规程|目录|决议|建议|函|公告|指引|手册|报告)$|"
    r"^(?:本|该)?(?:法|(?:实施|管理|暂行|工作)?条例)$"
)


@dataclass(frozen=True, slots=True)
class TitleKey:
    """A folded title: `body` without issuer, period and suffix; `issuer` as far as the title itself says it."""

    body: str
    issuer: str
    period: str
    suffix: str

    @property
    def full(self) -> str:
        """All that tells one document from another."""
        return self.body + (f"@{self.period}" if self.period else "") + (f"#{self.suffix}" if self.suffix else "")


def _plain(title: str) -> str:
    text = unicodedata.normalize("NFKC", title)
    text = _DASHES.sub("-", text.replace("〔", "(").replace("〕", ")").replace("[", "(").replace("]", ")"))
    text = text.replace("【", "(").replace("】", ")")
    return _MARKS.sub("", text)


def period_of(title: str) -> tuple[int, int] | None:
    """Return the first and last year that a title says its plan covers: “十三五” is 2016 to 2020."""
    plain = _plain(title)
    match = _YEARS.search(plain)
    if match:
        first, last = int(match["first"]), match["last"]
        end = int(last) if len(last) == 4 else first // 100 * 100 + int(last)
        return (first, end) if first < end <= first + 40 else None
    five = _FIVE.search(plain)
    if five:
        start = 2001 + (_ORDINALS[five["ordinal"]] - 10) * 5
        return start, start + 4
    return None


def _unwrap(text: str) -> tuple[str, str]:
    """Return issuer and inner title of `X关于印发…的通知`; the title itself where it is no wrapper."""
    issuer = ""
    for _ in range(3):
        match = _WRAPPER.match(text)
        if match is None or not _ENDS_IN_GENRE.search(match["inner"]):
            break
        issuer = issuer or match["issuer"]
        text = match["inner"]
    return issuer, text


@lru_cache(maxsize=16_384)  # one title is printed by many filings: 3 MB spare most of the work
def fold_title(title: str) -> TitleKey:
    """Fold a title to what the prints of one document share.

    Kept apart: another issuer at the head, another period, （试行） and （修订版）.
    """
    text = _plain(title).replace("中华人民共和国", "")
    for long, short in _BODIES:
        text = text.replace(long, short)
    issuer, text = _unwrap(text)
    if not issuer:
        head = issuer_in_title(text)
        if head and text.startswith(head):
            issuer, text = head, text[len(head) :]
    suffix = ""
    for _ in range(3):
        match = _SUFFIX.search(text)
        if match is None:
            break
        if match["suffix"] in {"试行", "暂行", "试点", "修订版", "修订稿", "修订"} or len(match["suffix"]) == 1:
            suffix = {"修订版": "修订", "修订稿": "修订"}.get(match["suffix"], match["suffix"])
        text = text[: match.start()]
    span = period_of(text)
    period = ""
    if span:
        period = f"{span[0]}-{span[1]}"
        shorter = _FIVE.sub("", _YEARS.sub("", text, count=1), count=1)
        text = shorter or text
    text = text.replace("()", "").replace("规划规划", "规划").replace("发展规划", "规划")
    text = re.sub(r"规划(?=.{0,4}规划$)", "", text)
    return TitleKey(text.strip("-()"), issuer, period, suffix)


def is_short_form(title: str) -> bool:
    """Tell whether a title is only a genre word (《纲要》, 《实施意见》): it says nothing outside the filing that defines it."""
    return len(title) <= 8 and bool(_SHORT.match(_plain(title)))


def number_lookup_key(normal: str) -> str:
    """Return the key under which a document number is looked up."""
    return "n:" + number_key(normal)


def title_lookup_key(key: TitleKey, with_issuer: bool = False) -> str:
    """Return the key under which a folded title is looked up."""
    return "t:" + (key.issuer + "|" if with_issuer and key.issuer else "") + key.full


def policy_id_of(key: str) -> str:
    """Return the stable id of the policy that `key` identifies: `p-` and 12 hexadecimal digits."""
    return "p-" + hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
