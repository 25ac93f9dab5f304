"""Is what stands in 《》 a basis document? Judged by its genre and by the words around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perfsearch.extract.genres import genre_of, is_law_title, strip_suffixes
from perfsearch.extract.titles import QuotedTitle

__all__ = ["Surroundings", "is_basis", "same_name", "surroundings"]

_CITES = re.compile(
    r"(?:根据|依据|按照|依照|遵照|参照|遵循|贯彻|落实|执行|实施|符合|满足|响应|对照|结合|围绕|推进|以及|基于|遵守|违反|适用|制度化|印发|下发|发布|颁布|出台|公布|转发|批转|下达|"
    r"制定了|修订了|出台了|印发了|建立了|形成了|完善了|依 ?据[:：]|文件[:：]|政策[:：]|法规[:：]|制度[:：]|规定[:：])"
    r"(?:的|了|关于|落实|国家|国务院|上级|好|执行|\s|[:：]|\d+[.、)）:：]|[（(]?[一二三四五六七八九十]{1,2}[）)、])*$"
)
_MAKES = re.compile(
    r"(?:编制|编写|编印|编辑出版|编辑|编撰|编纂|撰写|起草|拟定|拟制|修编|印制|出版|发行|制作|拍摄|录制|摄制|排演|创作|上演|演出|首演|播出|播放|放映|推出|开设|开办|开播|刊登|刊发|登载|发表|完成|"
    r"提交|形成|汇编|整理|绘制|设计|开发|订阅|征订|购买|采购|赠送|发放|派发|翻译|改编|续编|连载|承办|举办|主办|打造|策划|研究|申报|研究编制|组织编制|委托编制|启动编制|开展|展出|观看|学唱|演唱|签订|签署|续签|参演|参展|阅读|诵读|研读)"
    r"(?:好|大型|系列|完成|一[部本册期套份档]|\d+[部本册期套份档]|年度|本年度|原创|优秀|本|新编|新版|第[一二三四五六七八九十\d]+[期集季版卷辑])*$"
)
_MEDIA = (
    "节目|栏目|专栏|专刊|版面|电影|影片|影视|纪录片|专题片|宣传片|动画片?|微电影|微视频|短视频|视频|广告片?|电视剧|广播剧|歌曲|舞蹈|歌舞剧?|舞剧|话剧|歌剧|戏曲|沪剧|越剧|京剧|昆剧|淮剧|评弹|"
    "音乐剧|儿童剧|剧目|小品|相声|大戏|图书|书籍|丛书|专著|著作|读本|绘本|漫画|教材|教程|课本|课程|讲座|刊物|期刊|会刊|杂志|报纸|日报|晚报|周刊|月刊|季刊|画册|图册|图集|手册|小册子|"
    "折页|宣传册|宣传品|展板|海报|挂图|公众号|微博|APP|软件|系统|平台|游戏|展览|特展|展|作品|诗歌|小说|散文|论文|文章|报告文学|课题|名著|古籍|年鉴|地方志|蓝皮书|白皮书|广播版|电视版|动漫|一书|一文|一剧|专辑|纪念册|通讯|内刊|简报"
)
_MEDIA_BEFORE = re.compile(rf"(?:{_MEDIA})(?:为|是|—+|[:：])?$")
_MEDIA_AFTER = re.compile(
    r"^(?:等|的)?(?:\d+|[一二两三四五六七八九十多几]+)?[部本册期套份档个首集篇张种余]?(?:大型|系列|专题|服务|宣传|原创|优秀|科普|精品|大众)?"
    rf"(?:{_MEDIA}|材料|资料|排演|巡演|演出|首映|改编|摄制|拍摄|记载|显示|统计)"
)
_BASIS_AFTER = re.compile(
    r"^\s*(?:等)?(?:\d+[个项份部]|[一二三四五六七八九十多数几]+[个项份部]|有关|相关|上级|系列|一系列|规范性|制度性|政策性|指导性|纲领性|法律){0,3}"
    r"(?:文件|法律|法规|规章|制度|规定|政策|要求|精神|条款|部署|办法|规范|标准|第[一二三四五六七八九十百\d])"
)
_LIST_JOIN = re.compile(
    r"[、，,；;和及与\s]|以及|或|和其|\d{1,2}\s*[.、:：)）]|[（(][一二三四五六七八九十\d]{1,3}[）)]"
)
_ITEM_START = re.compile(
    r"(?:^|[。；;\n]|[:：])\s*"
    r"(?:\d{1,2}\s*[.、:：)）．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,2}、|[①-⑳])?\s*$"
)
_NOT_TITLE = re.compile(
    r"(?:日报|晚报|时报|晨报|周报|早报|周刊|月刊|季刊|学报|杂志|画报|新闻联播|焦点访谈|新闻|报道|字典|词典|辞典|全书|大全|丛书|选集|文集|读本|图鉴|问答|一本通)$|"
    r"^(?:[\d\W_]+|[A-Za-z0-9 .,'&:\-]+)$"
)
_WORK_OUTPUTS = re.compile(
    r"(?:规划|方案|预案|标准|规范|规程|指引|导则|目录|清单|名录|计划|流程|程序|制度|规划图|体系|要求|范围|须知|定额)$"
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The words before the list that a title stands in, and after it; `joined` counts the titles before it in the list.

    `item_start` says that the list begins an item or a sentence.
    """

    before: str
    after: str
    joined: int
    item_start: bool


def surroundings(text: str, titles: list[QuotedTitle]) -> list[Surroundings]:
    """Return for each title what stands before and after the list of titles that it belongs to."""
    count = len(titles)
    joins = [i > 0 and _joined(text, titles[i - 1].end, titles[i].start) for i in range(count)]
    result: list[Surroundings] = []
    first = 0
    while first < count:
        last = first
        while last + 1 < count and joins[last + 1]:
            last += 1
        floor = titles[first - 1].end if first else 0
        before = text[max(floor, titles[first].start - 48) : titles[first].start].rstrip()
        ceiling = titles[last + 1].start if last + 1 < count else len(text)
        after = text[titles[last].end : min(ceiling, titles[last].end + 48)]
        opens = bool(_ITEM_START.search(before[-8:])) or not before
        result.extend(Surroundings(before, after, i - first, opens) for i in range(first, last + 1))
        first = last + 1
    return result


def _joined(text: str, end: int, start: int) -> bool:
    """Tell whether only what joins the items of a list (and a bracket after the first) stands between two titles."""
    if start - end > 60:
        return False
    between = re.sub(r"^\s*[（(\[【〔][^《》]{0,50}?[）)\]】〕]+\s*号?", "", text[end:start])
    return not _LIST_JOIN.sub("", between).strip()


_PUNCTUATION = re.compile(r"[\s《》〈〉“”‘’\"'（）()\[\]【】·、，,。—\-－]+")


def same_name(title: str, name: str | None) -> bool:
    """Tell whether a title is the name of the project itself."""
    if not name:
        return False
    a, b = _PUNCTUATION.sub("", title), _PUNCTUATION.sub("", name)
    return bool(a) and (a == b or a.removesuffix("项目") == b.removesuffix("项目"))


def is_basis(title: QuotedTitle, around: Surroundings, section: str, project_name: str | None) -> bool:
    """Tell whether a title in marks is a document that a filing rests on, and not a book, a programme or a product.

    A genre word counts for it; words for making and showing count against it, except with statutes; without a genre word
    it counts only where the sentence says that something rests on it.
    """
    name = title.title.strip()
    if (len(name) < 2 and name != "法") or _NOT_TITLE.match(name) or same_name(name, project_name):
        return False
    genre = genre_of(name)
    if title.substituted and (genre is None or genre[1] == "weak"):
        return False
    cited = bool(_CITES.search(around.before)) or bool(_BASIS_AFTER.search(around.after))
    made = bool(_MAKES.search(around.before))
    media = bool(_MEDIA_BEFORE.search(around.before[-8:])) or bool(_MEDIA_AFTER.search(around.after))
    if genre is None:
        return _unknown_is_basis(name, around, section, cited, made or media)
    if is_law_title(name):
        return not (
            media and len(strip_suffixes(name)) > 6 and genre[0] == "法" and not name.startswith("中华") and made
        )
    if genre[1] == "weak":
        return _weak_is_basis(genre[0], name, around, section, cited, made or media)
    if media and not cited:
        return False
    if made and not cited:
        return not (_WORK_OUTPUTS.search(strip_suffixes(name)) or genre[1] in {"plan", "rule", "charter"})
    return True


def _unknown_is_basis(name: str, around: Surroundings, section: str, cited: bool, against: bool) -> bool:
    if against:
        return False
    if name.startswith("关于") or name.endswith(("的精神", "重要论述")):
        return True
    return (cited and (section != "plan" or around.item_start)) or (section == "basis" and around.item_start)


def _weak_is_basis(word: str, name: str, around: Surroundings, section: str, cited: bool, against: bool) -> bool:
    if name.endswith(("政府工作报告", "委员会工作报告", "大会工作报告", "代表大会报告", "大会报告")) or re.search(
        r"(?:党的|代表大会).*报告$", name
    ):
        return True
    if against and not _BASIS_AFTER.search(around.after):
        return False
    if word in {"指南", "手册", "大纲", "体系", "指标"}:
        return len(name) > 4 or cited
    if word in {"合同", "说明", "公报", "说明书"}:
        return cited and around.item_start
    return False
