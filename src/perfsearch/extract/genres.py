"""What kind of paper a title names: by its genre word (文种), and by who stands at its head.

The genres are those of the 党政机关公文处理工作条例 (2012), clause 8, of legislation (立法法; 规章制定程序条例, clause 7), and the
ones that units use for their own rules.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

__all__ = ["Kind", "genre_of", "has_genre", "is_law_title", "kind_of", "strip_suffixes"]

Kind = Literal["law", "policy", "plan", "internal", "meeting", "other"]

_FAMILIES: dict[str, tuple[str, ...]] = {
    "law": ("宪法", "法典", "法", "条例", "司法解释"),
    "rule": (
        "规定",
        "办法",
        "细则",
        "规则",
        "规范",
        "规程",
        "准则",
        "守则",
        "标准",
        "制度",
        "指引",
        "导则",
        "定额",
        "目录",
        "清单",
        "名录",
        "机制",
        "须知",
        "内控手册",
        "制度汇编",
        "标准表",
        "负面清单",
        "职责",
        "程序",
        "流程",
        "要求",
        "纪律",
        "规章",
        "标准化",
        "范围",
    ),
    "paper": (
        "意见",
        "通知",
        "决定",
        "决议",
        "方案",
        "批复",
        "复函",
        "函",
        "公告",
        "通告",
        "措施",
        "举措",
        "政策",
        "通报",
        "命令",
        "令",
        "批示",
        "指示",
        "建议",
        "请示",
        "议案",
        "提案",
        "解释",
        "条款",
        "补充说明",
        "意见书",
        "行动",
        "倡议",
        "宣言",
        "战略",
        "批准书",
        "答复",
        "工程",
        "任务分工",
        "分工",
        "部署",
        "改革",
        "十条",
        "二十条",
        "三十条",
        "四十条",
        "五十条",
        "百条",
    ),
    "plan": (
        "规划",
        "纲要",
        "计划",
        "要点",
        "任务书",
        "安排",
        "行动纲领",
        "规划图",
        "思路",
        "蓝图",
        "预案",
        "路线图",
        "远景目标",
        "目标任务",
        "工作任务",
        "实事项目",
        "重点工作",
        "总体设计",
    ),
    "meeting": ("纪要", "工作报告", "会议精神", "讲话", "重要讲话", "讲话精神", "指示精神"),
    "charter": ("章程", "党章", "公约", "协议", "协议书", "责任书", "备忘录", "议定书", "承诺书", "协定"),
}
"""Genre words by family; `rule` is what units and departments set, `paper` what authorities send out."""

_WEAK = (
    "指南",
    "手册",
    "汇编",
    "报告",
    "白皮书",
    "蓝皮书",
    "公报",
    "年鉴",
    "说明",
    "说明书",
    "大纲",
    "合同",
    "体系",
    "办法解读",
    "指标",
    "简报",
    "总结",
    "案例",
)
"""Genres that are a basis at times: only what stands around the title can tell."""

_GENRE_FAMILY = {word: family for family, words in _FAMILIES.items() for word in words}
_BY_LENGTH = sorted((*_GENRE_FAMILY, *_WEAK), key=len, reverse=True)
_GENRE = re.compile("(?:" + "|".join(map(re.escape, _BY_LENGTH)) + ")$")
# 法 also ends words for ways of doing, 令 and 函 words of other kinds.
_NOT_GENRE = re.compile(
    r"(?:[方做想书魔看说用手疗技算兵语文句针枪刀拳剑心执司立违守非合佛教学阅读写画唱养灸]法|"
    r"(?:测定|检测|检验|试验|分析|鉴定|计算|评价|光度|色谱|质谱|滴定|重量|[盐色光]度?)[\u4e00-\u9fff \-]{0,12}法|"
    r"(?:记忆|操作|学习|训练|推拿|按摩|思维|教学|烹饪|种植|养殖|栽培|治疗|针灸)法|"
    r"(?:口|司|夏|冬|时|法|禁|密)令|(?:信|来|公|邀请)函|(?:不|大|小|新)?改革$|(?:大|小)?行动$|规矩|(?:百|千|万)条|(?:文化|民生|安居|希望|阳光|民心)工程)$"
)
_TRAILER = re.compile(
    r"\s*(?:[（(〔\[【][^（）()〔〕\[\]【】]{0,40}[）)〕\]】]|[”’\"'〉》」』]|(?:19|20)\d{2}\s*(?:年)?(?:修订|修正)?版?|"
    r"(?<=[\u4e00-\u9fff])(?:试行|暂行|修订版|修订稿|征求意见稿|讨论稿|送审稿|草案|全文|文件|节选)|\s*第\s?\d{1,2}\s?部分[:：]?.{0,30}|[\s·\-—－]+(?:19|20)?\d{2,4}(?:[—\-－~～至到]+\d{4})*年?)$"
)


@lru_cache(maxsize=8_192)
def strip_suffixes(title: str) -> str:
    """Return a title without what may follow its genre word: （试行）, years, marks."""
    for _ in range(4):
        shorter = _TRAILER.sub("", title)
        if shorter == title or not shorter:
            return title
        title = shorter
    return title


@lru_cache(maxsize=8_192)  # asked several times for each title
def genre_of(title: str) -> tuple[str, str] | None:
    """Return the genre word that ends a title and its family (`weak` included), None where it ends in none."""
    head = strip_suffixes(title.strip())
    match = _GENRE.search(head[-8:])
    if match is None or _NOT_GENRE.search(head):
        return None
    return match.group(), _GENRE_FAMILY.get(match.group(), "weak")


def has_genre(title: str) -> bool:
    """Tell whether a title ends in the genre word of a document that can be a basis by itself."""
    genre = genre_of(title)
    return genre is not None and genre[1] != "weak"


def is_law_title(title: str) -> bool:
    """Tell whether a title names a statute or regulations by its form alone."""
    genre = genre_of(title)
    if genre is None:
        return False
    head = strip_suffixes(title)
    return genre[1] == "law" or head.endswith("法实施细则") or bool(_LOCAL_RULES.search(head))


# 上海市实施《中华人民共和国残疾人保障法》办法 and 某省人民代表大会常务委员会关于…的决定 are local regulations.
_LOCAL_RULES = re.compile(
    r"^.{2,8}[省市区]?(?:实施|贯彻|执行)[《〈]?(?:中华人民共和国)?.{2,30}法[》〉]?(?:办法|细则|规定|若干规定)$|"
    r"^(?:全国|.{2,8}[省市区])?人民代表大会(?:常务委员会)?关于.{4,60}(?:决定|规定)$|^中华人民共和国.{2,30}(?:细则|规定)$"
)
_ORDER_NUMBER = re.compile(r"(?:令(?:第\d+号|〔\d{4}〕\d+号)|^法释〔)")
# A body at the head of a title: its plan is its own, not the government's.
_BODY_HEAD = re.compile(
    r"^(?:中国|全国|上海市?|.{2,10}?[省市区县])?[\u4e00-\u9fff]{0,14}?(?:科协|协会|学会|联合会|联盟|基金会|研究会|总工会|工会|妇联|残联|文联|作协|社联|侨联|红十字会|团委|共青团|"
    r"委员会|办公室|办事处|中心|医院|学院|大学|学校|中学|小学|幼儿园|研究院|研究所|图书馆|博物馆|档案馆|文化馆|美术馆|体育馆|纪念馆|公司|集团|"
    r"[水公民司财税统审商法人教体文交建农林环国规卫粮气绿容城]\w{0,8}?局|[街镇]道?|支队|总队|消防救援队|监狱|法院|检察院|信息部|会堂|机关|单位|本级)(?!改革)"
)
_PROJECT_PLAN = re.compile(
    r"项目|进[地社校农企]|工作要点|(?:年|年度).{0,10}工作(?:计划|安排|任务)|重点工作|培训计划|活动计划|课程计划|目标任务|任务书"
)
_GOVERNMENT_PAPER = re.compile(
    r"人民政府|国务院|中共中央|中共.{2,10}委员会|[省市区县]委(?:员会)?[、 ]?(?:.{2,8}[省市区县])?"
)


def kind_of(title: str | None, number: str | None, applicant: str | None = None) -> Kind:
    """Judge what a document is, by its title, its number and, for plans, whether its own unit set it.

    law: statutes and regulations, orders of ministries; policy: papers of authorities by genre; internal: rules of
    departments and units; plan: plans of a body or a project; meeting: minutes, speeches, reports; other: charters, pointers.
    """
    if number and _ORDER_NUMBER.search(number):
        return "law"
    if not title:
        return "policy" if number else "other"
    if is_law_title(title):
        return "law"
    head = strip_suffixes(title)
    if head.endswith("精神") and not genre_of(title):
        return "meeting"
    genre = genre_of(title)
    if genre is None:
        return "policy"  # what rests on no genre word and is a basis all the same: 《中国制造2025》
    word, family = genre
    if family == "plan":
        return _kind_of_plan(head, word, applicant)
    if family == "weak":
        return (
            "internal"
            if word in {"指南", "手册", "体系", "指标", "大纲"}
            else "meeting"
            if head.endswith("工作报告")
            else "other"
        )
    by_family: dict[str, Kind] = {"rule": "internal", "paper": "policy", "meeting": "meeting", "charter": "other"}
    if word == "要求":
        return "other"
    return by_family[family]


def _kind_of_plan(head: str, word: str, applicant: str | None) -> Kind:
    if word == "纲要":
        return "policy"
    if word == "预案":
        return "internal"
    if applicant and len(applicant) >= 4 and head.startswith(applicant):
        return "plan"
    if _PROJECT_PLAN.search(head) or word in {"要点", "任务书", "安排", "重点工作", "目标任务"}:
        return "plan"
    if head.startswith("关于") or _GOVERNMENT_PAPER.match(head):
        return "policy"
    return "plan" if _BODY_HEAD.match(head) else "policy"
