"""Rules of the form: blank and empty sections, dates, and whether purchases are declared."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from itertools import islice

from perfsearch.model.review import Evidence
from perfsearch.queries.review.draft import SECTION_NAMES, Draft
from perfsearch.queries.review.rule import Check, Hit, Verdict, insufficient, not_applicable, verdict

SHORT = 15
"""Characters below which a section says nothing that could be examined: 车改后聘用司机工资等 has 10, the shortest section
of the sample filings that says something 25."""
PLACES_MAX = 50
"""Places of one kind that are looked at in a section."""
EXAMINED = ("overview", "necessity", "safeguards", "plan", "goals", "annual_goals")
_POINTER = re.compile(r"^(?:详见|见|参见|同上|见附件)")
_MARKS = re.compile(r"[\s\W_]+")


def _bare(text: str) -> str:
    return _MARKS.sub("", text)


def _blank(draft: Draft) -> Verdict:
    sections = draft.filing.sections
    if not sections:
        return not_applicable("此表式没有文字栏目")
    blank = [name for name, text in sections.items() if not _bare(text or "")]
    missing = [
        warning.field for warning in draft.filing.warnings if warning.code in ("missing-section", "missing_section")
    ]
    return verdict(
        Hit(f"“{SECTION_NAMES.get(name, name)}”为空。", (Evidence(section=name, start=0, end=0, text=""),))
        for name in dict.fromkeys([*blank, *(name for name in missing if name)])
    )


def _short(draft: Draft) -> Verdict:
    project = _bare(draft.filing.project_name or "")
    groups: dict[str, list[str]] = defaultdict(list)
    for name in EXAMINED:
        text = draft.text(name)
        bare = _bare(text)
        if bare and not _POINTER.match(text.strip()) and (bare == project or len(bare) < SHORT):
            groups[bare].append(name)
    hits = []
    for bare, names in groups.items():
        titles = "、".join(f"“{SECTION_NAMES[name]}”" for name in names)
        places = tuple(draft.whole(name) for name in names)
        if bare == project:
            hits.append(Hit(f"{titles}只重复了项目名称。", places, (draft.field("project_name"),)))
        else:
            hits.append(Hit(f"{titles}只有 {len(bare)} 个字，看不出要做什么、做到什么程度。", places))
    return verdict(hits)


def _repeated(draft: Draft) -> Verdict:
    groups: dict[str, list[str]] = defaultdict(list)
    for name, text in draft.filing.sections.items():
        bare = _bare(text or "")
        if len(bare) >= 4 and not _POINTER.match((text or "").strip()):
            groups[bare].append(name)
    hits = []
    for names in groups.values():
        # In a project of one year the goal and the goal of the year are one.
        if len(names) < 2 or (set(names) == {"goals", "annual_goals"} and _within_a_year(draft)):
            continue
        titles = "、".join(f"“{SECTION_NAMES.get(name, name)}”" for name in names)
        first, *others = (draft.whole(name) for name in names)
        hits.append(Hit(f"{titles}的内容完全相同。", (first,), tuple(others)))
    return verdict(hits)


def _within_a_year(draft: Draft) -> bool:
    start, end, year = draft.filing.start_date, draft.filing.end_date, draft.filing.fiscal_year
    if start and end:
        return start[:4] == end[:4]
    total, current = draft.filing.budget.total, draft.filing.budget.current_year
    return year is not None and (total is None or current is None or total == current)


def _vague_basis(draft: Draft) -> Verdict:
    text = draft.text("basis")
    bare = _bare(text)
    if not bare:
        return not_applicable("没有立项依据可查")
    named = [c for c in draft.filing.citations if c.section == "basis" and (c.document_number or c.title)]
    if named or len(bare) > 24 or re.search(r"《[^》]{3,}》", text):
        return verdict(())
    if re.fullmatch(
        r"(?:按|按照|根据|依据|依照|执行|参照)?.{0,6}?(?:有关|相关|上级|国家|财政|车改)?.{0,4}?(?:规定|政策|制度|文件|要求|精神)(?:执行|办理)?",
        bare,
    ):
        return verdict([Hit(f"立项依据只写“{text.strip()}”，没有写明是哪个文件。", (draft.whole("basis"),))])
    return verdict(())


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _dates_order(draft: Draft) -> Verdict:
    start, end = _date(draft.filing.start_date), _date(draft.filing.end_date)
    if draft.filing.start_date is None and draft.filing.end_date is None:
        return not_applicable("此表式没有起止日期，或未填")
    if start is None or end is None:
        return insufficient("起止日期缺一个，或不是有效日期")
    hits = []
    if start > end:
        hits.append(Hit("计划开始日期晚于计划完成日期。", (draft.field("start_date"),), (draft.field("end_date"),)))
    return verdict(hits)


def _dates_year(draft: Draft) -> Verdict:
    start, end, year = _date(draft.filing.start_date), _date(draft.filing.end_date), draft.filing.fiscal_year
    if draft.filing.start_date is None and draft.filing.end_date is None:
        return not_applicable("此表式没有起止日期，或未填")
    if start is None or end is None or year is None:
        return insufficient("起止日期或年度未填，或不是有效日期")
    if start > end:
        return not_applicable("起止日期颠倒，另行提示")
    hits = []
    if start.year > year or end.year < year:
        hits.append(
            Hit(
                f"起止日期不在 {year} 年度内。",
                (draft.field("start_date"), draft.field("end_date")),
                (draft.field("fiscal_year"),),
                severity="error",
            )
        )
    elif (start.year < year or end.year > year) and not _several_years(draft):
        late = draft.field("end_date") if end.year > year else draft.field("start_date")
        hits.append(
            Hit(
                f"项目期限超出 {year} 年度，而总预算与当年预算相同，没有写成跨年度项目。",
                (late,),
                (draft.field("fiscal_year"), draft.amount_field("total"), draft.amount_field("current_year")),
            )
        )
    elif end.year > year:
        hits.append(
            Hit(
                f"计划完成日期在 {year} 年度之后：确认年度目标只写当年要做到的部分。",
                (draft.field("end_date"),),
                (draft.field("fiscal_year"),),
                severity="notice",
            )
        )
    return verdict(hits)


def _several_years(draft: Draft) -> bool:
    total, current = draft.filing.budget.total, draft.filing.budget.current_year
    return total is not None and current is not None and total > current


_BUYS = re.compile(
    r"(?:采取|采用|通过|以|实行)?政府购买(?:社会组织|社会力量)?服务|向社会(?:力量|组织)?购买|购买(?:[^，。；、“”\s]{0,10})(?:服务(?!器|端|台|站|点|车)|岗位)|"
    r"(?:承办单位|承接单位|受托单位|中标单位)[：:]\s*[^，。；\s]{2,20}公司|物业管理服务(?=[、，。费])"
)
_BUYS_NOT = re.compile(
    r"不(?:得|含|涉及|属于|采用|采取|通过|再)[^，。；]{0,8}$|未[^，。；]{0,6}$|(?:承接|承担|参与|通过)[^，。；]{0,12}(?:职能|项)[^，。；]{0,6}$|暂行|办法|目录|《[^》]{0,30}$"
)


_BUYS_RULES = re.compile(r"[^，。；]{0,6}(?:办法|目录|条例)")


def _speaks_of_buying(text: str, match: re.Match[str]) -> bool:
    """Whether the words say that services are bought here, and not that they are not, by others, or by which rules."""
    denied = _BUYS_NOT.search(text[max(0, match.start() - 20) : match.start()])
    return not denied and not _BUYS_RULES.match(text, match.end())


def _procurement(draft: Draft) -> Verdict:
    declared = draft.filing.government_procurement
    if declared is None:
        return not_applicable("此表式没有“是否含有政府购买服务”，或未填")
    if declared:
        return verdict(())
    places = [
        draft.at(name, match.start(), match.end())
        for name in ("overview", "plan", "goals", "safeguards", "annual_goals")
        for match in islice(_BUYS.finditer(draft.text(name)), PLACES_MAX)
        if _speaks_of_buying(draft.text(name), match)
    ]
    if not places:
        return verdict(())
    return verdict(
        [
            Hit(
                "“是否含有政府购买服务”填“否”，文字中却写到购买服务。",
                tuple(places[:3]),
                (draft.field("government_procurement"),),
            )
        ]
    )


_PLANNED = re.compile(
    r"(?<!\d)(?P<year>20\d\d)年(?:度)?[，,]?(?:本?项目|我[局委办会区市院校]|全[市区县]|[市区县])?"
    r"(?:计划(?!完成|任务|执行|指标|书|的)|拟|将|预计|继续(?:安排|开展|实施|推进)(?!了))"
)
_DONE = re.compile(r"实际|已经?|完成了|开展了|实施了|上年|去年")


def _sentence(text: str, position: int) -> str:
    """The sentence around a position."""
    start = max(text.rfind(mark, 0, position) for mark in "。；;\n") + 1
    stop = min((end for mark in "。；;\n" if (end := text.find(mark, position)) >= 0), default=len(text))
    return text[start:stop]


def _plans_other_year(draft: Draft) -> Verdict:
    year = draft.filing.fiscal_year
    if year is None:
        return insufficient("年度未填")
    hits = []
    for name in ("overview", "plan", "goals", "annual_goals"):
        for match in islice(_PLANNED.finditer(draft.text(name)), PLACES_MAX):
            # A project that began earlier may say so (自2021年起); what is planned for a past year was copied.
            text = draft.text(name)
            before = text[max(0, match.start() - 2) : match.start()]
            sentence = _sentence(text, match.start())
            told = _DONE.search(sentence) or str(year) in sentence  # what was done, or a plan of several years
            if int(match["year"]) < year and not told and not re.search(r"[自从至到—\-]$|底", before):
                hits.append(
                    Hit(
                        f"{year} 年度的申报表写的是 {match['year']} 年的计划，像是沿用旧稿未改。",
                        (draft.at(name, match.start(), match.end()),),
                        (draft.field("fiscal_year"),),
                    )
                )
    return verdict(hits)


_BODY = re.compile(
    r"^(?P<city>.{2,6}?(?:市|自治州|盟|省))?(?P<place>[^市]{1,5}(?:新区|区|县|旗|街道|镇|乡))?(?P<body>.{3,})$"
)


def _other_body(draft: Draft) -> Verdict:
    applicant = draft.filing.applicant
    match = _BODY.match(applicant or "")
    if applicant is None or match is None or not match["place"]:
        return not_applicable("申报单位不是区县或街镇的单位")
    place, body = match["place"], match["body"]
    kind = "新区" if place.endswith("新区") else re.escape(re.sub(r"^.*?(?=街道$|.$)", "", place))
    # The other place stands at the head of a phrase, or behind the city's name: 由区教育局 has no name before 区.
    pattern = re.compile(
        rf"(?:^|[，。；：、《“（(\s]|[一-鿿]{{2,4}}市)(?P<name>(?P<place>[一-鿿]{{2,4}}?{kind}){re.escape(body)})"
    )
    ending = 2 if kind in ("新区", "街道") else 1
    hits = []
    for name in ("overview", "necessity", "plan", "goals", "annual_goals", "safeguards"):
        text = draft.text(name)
        for found in islice(pattern.finditer(text), PLACES_MAX):
            start = found.start("name")
            stem = found["place"][:-ending]
            verb = next((word for word in _VERBS if stem.startswith(word)), "")
            stem, start = stem[len(verb) :], start + len(verb)
            around = text[max(0, start - 8) : start] + text[found.end() : found.end() + 4]
            if len(stem) < 2 or found["place"].endswith(place) or _FUNCTION.search(stem) or _TOGETHER.search(around):
                continue
            span = draft.at(name, start, found.end("name"))
            hits.append(
                Hit(f"文中写的是“{span.text}”，申报单位是“{applicant}”。", (span,), (draft.field("applicant"),))
            )
    return verdict(hits)


_VERBS = (
    "执行", "参照", "会同", "报送", "提交", "联合", "通过", "依托", "配合", "协助", "经由", "上报", "按照", "根据",
    "委托", "负责", "牵头", "协同", "落实", "贯彻", "遵守", "遵照", "依照", "接受", "服从", "组织", "协调", "督促",
    "指导", "要求", "建立", "制定", "印发", "成立", "联系", "上级", "主管", "相关", "有关", "所在", "所属", "辖区",
    "学习", "借鉴", "支持", "请示", "报请", "向",
)  # fmt: skip
"""What stands in front of 区民政局 and is no name of a district."""
_FUNCTION = re.compile(
    r"[由报到经在对与和及向归属按该本全各我请将把为从须应市]$|^(?:由|报|经|在|对|与|和|及|向|归|按|该|本|全|各|我|请|将|把|为|从|须|应|等|其他|其它|市)"
)
_TOGETHER = re.compile(r"参照|借鉴|联合|会同|学习|协同|对口|支援|协作|合作|例如|比如|共建|共同")


CHECKS: dict[str, Check] = {
    "form.blank-section": _blank,
    "form.section-says-nothing": _short,
    "form.sections-repeated": _repeated,
    "form.basis-unnamed": _vague_basis,
    "form.dates-order": _dates_order,
    "form.dates-outside-year": _dates_year,
    "form.procurement-denied": _procurement,
    "form.plans-another-year": _plans_other_year,
    "form.another-body": _other_body,
}
