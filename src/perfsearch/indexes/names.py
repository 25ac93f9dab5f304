"""Names of projects and applicants as they are compared, and the short forms that everybody uses for bodies."""

from __future__ import annotations

import re
from functools import lru_cache

from perfsearch.text.normalize import normalize

NAME_LENGTH_MIN = 4
"""A shorter name is no name: 培训, 维修 occur in every query."""

_NOISE = re.compile(r"[\s\W_]+")
# What changes between two years of one project, and what people leave away when they type its name.
_YEARLY = re.compile(r"(?:19|20)\d{2}\s*(?:[-—－~至]\s*(?:19|20)?\d{2})?\s*(?:年度|年)?")
_TAIL = re.compile(r"(?:专项经费|专项资金|经费项目|项目经费|项目|经费)$")

# Bodies and the short forms that everybody uses for them (国务院机构简称; 上海市 and other cities use the same).
_BODIES = (
    ("科学技术协会", "科协"),
    ("科学技术委员会", "科委"),
    ("教育委员会", "教委"),
    ("卫生健康委员会", "卫健委"),
    ("卫生健康委员会", "卫生健康委"),
    ("卫生和计划生育委员会", "卫计委"),
    ("发展和改革委员会", "发改委"),
    ("经济和信息化委员会", "经信委"),
    ("住房和城乡建设管理委员会", "住建委"),
    ("住房和城乡建设局", "住建局"),
    ("交通委员会", "交通委"),
    ("农业农村委员会", "农业农村委"),
    ("商务委员会", "商务委"),
    ("国有资产监督管理委员会", "国资委"),
    ("人力资源和社会保障局", "人社局"),
    ("生态环境局", "环保局"),
    ("市场监督管理局", "市场监管局"),
    ("市场监督管理局", "市监局"),
    ("规划和自然资源局", "规资局"),
    ("自然资源和规划局", "资规局"),
    ("文化和旅游局", "文旅局"),
    ("文化和旅游局", "文化旅游局"),
    ("绿化和市容管理局", "绿化市容局"),
    ("城市管理行政执法局", "城管执法局"),
    ("城市管理行政执法局", "城管局"),
    ("退役军人事务局", "退役军人局"),
    ("机关事务管理局", "机管局"),
    ("残疾人联合会", "残联"),
    ("妇女联合会", "妇联"),
    ("工商业联合会", "工商联"),
    ("文学艺术界联合会", "文联"),
    ("社会科学界联合会", "社联"),
    ("归国华侨联合会", "侨联"),
    ("总工会", "工会"),
    ("共产主义青年团", "团"),
    ("红十字会", "红会"),
    ("人民政府办公厅", "政府办公厅"),
    ("人民政府办公室", "政府办"),
    ("街道办事处", "街道"),
    ("疾病预防控制中心", "疾控中心"),
    ("消防救援支队", "消防支队"),
    ("人民代表大会常务委员会", "人大常委会"),
    ("人民代表大会", "人大"),
    ("监督管理局", "监管局"),
)
_PLACE = re.compile(r"^(?:中国共产党|中共)?(?:.{2,3}?省)?(.{2,7}?(?:市|自治州|盟))?(?:(.{1,6}?[区县旗]))?")


@lru_cache(maxsize=200_000)
def fold_name(name: str) -> str:
    """A name as it is compared: width, case and script folded, without white space and punctuation."""
    return _NOISE.sub("", normalize(name).text)


@lru_cache(maxsize=200_000)
def fold_project_name(name: str) -> str:
    """A project's name without the year that changes and the tail (项目, 经费) that people leave away."""
    folded = _YEARLY.sub("", fold_name(name))
    return _TAIL.sub("", folded) or folded


def short_forms(applicant: str) -> set[str]:
    """The names under which a body is known besides its full one: 市科协, 上海科协 for 上海市科学技术协会."""
    name = fold_name(applicant)
    forms: set[str] = set()
    match = _PLACE.match(name)
    city, district = (match[1], match[2]) if match else (None, None)
    rest = name[match.end() :] if match else name
    bodies = {rest} | {rest.replace(full, short) for full, short in _BODIES if full in rest}
    for body in bodies:
        if len(body) < 2:
            continue
        prefixes = {""} if len(body) >= NAME_LENGTH_MIN else set()
        if district:
            prefixes |= {district, district[:-1], "区" if district.endswith("区") else district[-1:]}
            if city:
                prefixes |= {city + district, city[:-1] + district}
        elif city:
            prefixes |= {city, city[:-1], "市"}
        forms |= {prefix + body for prefix in prefixes}
    return {form for form in forms if len(form) >= 3 and form != name}
