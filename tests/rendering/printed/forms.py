"""The three forms in the arrangements in which offices print them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from random import Random
from typing import Any

from tests.rendering.printed.grid import Box, Printed, Sheet, label
from tests.rendering.records import SECTION_LABELS, Record

_WIDE = str.maketrans("0123456789-,.", "０１２３４５６７８９－，．")
_DATES: tuple[Callable[[int, int, int], str], ...] = (
    lambda y, m, d: f"{y}-{m:02d}-{d:02d}",
    lambda y, m, d: f"{y}年{m}月{d}日",
    lambda y, m, d: f"{y}年{m:02d}月{d:02d}日",
    lambda y, m, d: f"{y}/{m}/{d}",
    lambda y, m, d: f"{y}.{m:02d}.{d:02d}",
    lambda y, m, d: f"{y}-{m:02d}-{d:02d}".translate(_WIDE),
)
LEVELS = {
    "产出指标": ("数量指标", "质量指标", "时效指标", "成本指标"),
    "效益指标": ("经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标"),
    "满意度指标": ("服务对象满意度指标",),
}


class Hand:
    """How one office prints: its colon, dates, amounts and the rest, the same over the whole form."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.colon = rng.choice(("", "", "：", ":"))
        self.date = rng.choice(_DATES)
        self.wide = rng.random() < 0.1
        self.spaced = rng.random() < 0.15
        self.thousands = rng.random() < 0.6
        self.decimals = rng.random() < 0.4
        self.blank = rng.choice(("", "", "", "/", "无", "-"))
        self.unit_in_value = rng.random() < 0.1

    def label(self, text: str) -> str:
        """A label with its colon, wide where it is short and the office likes that."""
        if self.spaced and len(text) == 4:
            text = "  ".join((text[:2], text[2:])) if self.rng.random() < 0.5 else " ".join(text)
        return text + self.colon

    def day(self, iso: str) -> str:
        """A date."""
        year, month, day = (int(part) for part in iso.split("-"))
        return self.date(year, month, day)

    def money(self, yuan: float | None, unit: str = "元") -> str:
        """An amount in a unit, which is printed beside the number where the office does that."""
        if yuan is None:
            return self.blank
        if unit == "万元":
            number = f"{yuan / 10_000:,.6f}" if self.thousands else f"{yuan / 10_000:.6f}"
            number = number.rstrip("0").rstrip(".")
            if self.decimals and "." not in number:
                number += ".00"
        else:
            number = f"{yuan:,.2f}" if self.thousands else f"{yuan:.2f}"
            if not self.decimals:
                number = number.removesuffix(".00")
        if self.wide:
            number = number.translate(_WIDE)
        return number + (unit if self.unit_in_value else "")

    def year(self, year: int) -> str:
        """The year line."""
        text = self.rng.choice(("（{}年度）", "({}年度)", "（ {} 年度）", "（{}年）", "{}年度")).format(year)
        return text.translate(_WIDE).replace("－", "-") if self.wide else text


def rows_of(record: Record, rng: Random) -> list[dict[str, str]]:
    """Indicator rows in the national framework with the names and targets of a record, cost in the old or new place."""
    names = [(row["name"], row["target"]) for row in record["indicators"]]
    rng.shuffle(names)
    levels = dict(LEVELS)
    if rng.random() < 0.4:
        cost = {"成本指标": ("经济成本指标", "社会成本指标", "生态环境成本指标")}
        rest = {**levels, "产出指标": ("数量指标", "质量指标", "时效指标")}
        levels = {**cost, **rest} if rng.random() < 0.5 else {**rest, **cost}
    rows: list[dict[str, str]] = []
    for level1, level2s in levels.items():
        for level2 in level2s:
            for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
                if names:
                    name, target = names.pop()
                    rows.append({"level1": level1, "level2": level2, "name": name, "target": target})
    return rows or [{"level1": "产出指标", "level2": "数量指标", "name": names[0][0], "target": names[0][1]}]


def levels_merged(rows: Sequence[dict[str, str]], repeat: bool) -> list[list[Box]]:
    """The level cells before each row: merged over the rows they hold for, or printed in each."""
    found: list[list[Box]] = [[] for _ in rows]
    at = 0
    for _, group in groupby(rows, key=lambda row: row["level1"]):
        first = list(group)
        inner = at
        for _, subgroup in groupby(first, key=lambda row: row["level2"]):
            second = list(subgroup)
            if not repeat:
                found[inner] = [Box(second[0]["level2"], rows=len(second))]
            inner += len(second)
        if not repeat:
            found[at].insert(0, Box(first[0]["level1"], rows=len(first)))
        at += len(first)
    if repeat:
        return [[Box(row["level1"]), Box(row["level2"])] for row in rows]
    return found


def indicator_rows(
    sheet: Sheet, rows: Sequence[dict[str, str]], rng: Random, titles: Sequence[str], spans: Sequence[int], side: str
) -> None:
    """The indicator table below the last row of a sheet: titles, then rows; `spans` are the columns of the titles.

    `titles` beyond the first four are of columns that say nothing (weights, remarks).
    """
    repeat = rng.random() < 0.2
    lead = [label(side, rows=len(rows) + 1)] if side else []
    sheet.add(*lead, *(label(title, span) for title, span in zip(titles, spans, strict=True)))
    for number, (row, levels) in enumerate(zip(rows, levels_merged(rows, repeat), strict=True)):
        widened = [
            Box(box.text, spans[0] if len(levels) == 2 and i == 0 else spans[1], box.rows)
            for i, box in enumerate(levels)
        ]
        more = [Box(_filler(title, rng, number), span) for title, span in zip(titles[4:], spans[4:], strict=True)]
        sheet.add(*widened, Box(row["name"], spans[2]), Box(row["target"], spans[3]), *more)


def _filler(title: str, rng: Random, number: int) -> str:
    if "备注" in title or "说明" in title:
        return ""
    return str(rng.choice((5, 10, 20))) + ("%" if "%" not in title and rng.random() < 0.2 else "")


def shanghai_2020(record: Record, rng: Random) -> Printed:
    """财政项目支出绩效目标表 of 2020."""
    hand = Hand(rng)
    year, budget = record["fiscal_year"], record["budget"]
    rows = [dict(row) for row in record["indicators"]]
    stacked = rng.random() < 0.15
    sheet = Sheet((1.3, 2, 1.3, 2) if rng.random() < 0.7 else (1, 1.8, 1.2, 1.4))
    title, above = "财政项目支出绩效目标表", []
    applicant = f"申报单位名称{hand.colon or '：'}{record['applicant']}"
    placed = rng.randrange(3)
    if placed == 0:
        above = [title, hand.year(year), applicant]
    elif placed == 1:
        above = [title]
        sheet.add(Box(hand.year(year), 4))
        sheet.add(label(hand.label("申报单位名称")), Box(record["applicant"], 3))
    else:
        sheet.add(Box(title, 4))
        sheet.add(Box(hand.year(year), 4))
        sheet.add(Box(applicant, 4))
    pairs = [
        ("项目名称", record["project_name"], "项目类别", record["category"]),
        ("计划开始日期", hand.day(record["start_date"]), "计划完成日期", hand.day(record["end_date"])),
        (
            "是否含有政府购买服务",
            "是" if record["government_procurement"] else "否",
            "绩效类型",
            record["performance_type"],
        ),
    ]
    for a, b, c, d in pairs:
        sheet.add(label(hand.label(a)), Box(b), label(hand.label(c)), Box(d))
    for key, name in SECTION_LABELS.items():
        if stacked:
            sheet.add(label(hand.label(name), 4))
            sheet.add(Box(record["sections"][key], 4))
        else:
            sheet.add(label(hand.label(name)), Box(record["sections"][key], 3))
    sheet.add(Box("本项目上年度市级财政资金使用情况", 4))
    unit = rng.choice(("（元）", "(元)"))
    money = [
        ("项目总预算", budget["total"], "项目当年预算", budget["current_year"]),
        ("同名项目上年预算额", budget["previous_year"], "同名项目上年预算执行数", budget["previous_year_executed"]),
    ]
    for a, x, c, y in money:
        sheet.add(label(hand.label(a + unit)), Box(hand.money(x)), label(hand.label(c + unit)), Box(hand.money(y)))
    tables = [sheet]
    if rng.random() < 0.25:
        below = Sheet((1, 1, 2, 1.4))
        tables.append(below)
    else:
        below = sheet
    below.add(Box(f"{year}年绩效目标", 4))
    titles = ("一级目标", "二级目标", "三级目标", "指标目标值")
    indicator_rows(below, rows, rng, titles, (1, 1, 1, 1), "")
    expected: dict[str, Any] = {"form": "shanghai-2020", **{k: v for k, v in record.items() if k != "source"}}
    return Printed(above, tables, _below(rng), expected)


def shanghai_2023(record: Record, rng: Random) -> Printed:
    """财政项目支出绩效目标填报表 or 申报表."""
    hand = Hand(rng)
    unit, year = rng.choice(("元", "元", "万元")), record["fiscal_year"]
    total, current = float(record["budget"]["total"] or 0), float(record["budget"]["current_year"] or 0)
    carried = rng.choice((0.0, 10_000.0, 25_000.0))
    department = rng.choice((record["applicant"], "云江市财政局", "云江市望潮区教育局"))
    nature = rng.choice(("经常性项目", "阶段性项目", "一次性项目"))
    category = rng.choice(("特定目标类", "其他运转类"))
    goals, annual, rows = record["sections"]["goals"], record["sections"]["plan"], rows_of(record, rng)
    sheet = Sheet((0.9, 1, 1.2, 1.2, 1.3, 1.2, 1.2, 1.3))
    title = rng.choice(("财政项目支出绩效目标填报表", "财政项目支出绩效目标申报表"))
    above: list[str] = []
    if rng.random() < 0.5:
        above = [title, hand.year(year)]
    else:
        sheet.add(Box(title, 8))
        sheet.add(Box(hand.year(year), 8))
    lab, money = hand.label, hand.money
    sheet.add(
        label(lab("项目名称"), 2), Box(record["project_name"], 2), label(lab("项目性质")), Box(nature),
        label(lab("项目类别")), Box(category),
    )  # fmt: skip
    sheet.add(label(lab("主管部门"), 2), Box(department, 2), label(lab("实施单位")), Box(record["applicant"], 3))
    sheet.add(
        label(lab("计划开始日期"), 2), Box(hand.day(record["start_date"]), 2), label(lab("计划完成日期")),
        Box(hand.day(record["end_date"]), 3),
    )  # fmt: skip
    sheet.add(
        label(f"项目资金（{unit}）" if rng.random() < 0.5 else f"项目资金\n（{unit}）", 2, 4),
        label(lab("项目资金总额"), 2), Box(money(total, unit)), label(lab("年度资金申请总额"), 2), Box(money(current, unit)),
    )  # fmt: skip
    sheet.add(
        label(lab("其中：财政资金"), 2), Box(money(total, unit)), label(lab("其中：当年财政拨款"), 2),
        Box(money(current - carried, unit)),
    )  # fmt: skip
    sheet.add(Box("", 2), Box(""), label(lab("上年结转资金"), 2), Box(money(carried, unit)))
    sheet.add(label(lab("其他资金"), 2), Box(money(0, unit)), label(lab("其他资金"), 2), Box(money(0, unit)))
    if rng.random() < 0.7:
        sheet.add(label("项目绩效目标", 1, 2), label("项目总目标", 4), label("年度总体目标", 3))
        sheet.add(Box(goals, 4), Box(annual, 3))
    else:
        sheet.add(label(lab("项目总目标"), 2), Box(goals, 6))
        sheet.add(label(lab("年度总体目标"), 2), Box(annual, 6))
    titles = [
        "一级指标",
        "二级指标",
        "三级指标",
        rng.choice(("年度(/项目)指标值", "年度指标值", "年度（/项目）指标值", "年度目标值")),
    ]
    spans = [1, 1, 3, 2]
    if rng.random() < 0.3:
        titles.append(rng.choice(("权重", "备注", "指标权重（%）")))
        spans = [1, 1, 3, 1, 1]
    indicator_rows(sheet, rows, rng, titles, spans, "绩效指标")
    expected: dict[str, Any] = {
        "form": "shanghai-2023", "fiscal_year": year, "applicant": record["applicant"], "department": department,
        "project_name": record["project_name"], "project_nature": nature, "category": category,
        "start_date": record["start_date"], "end_date": record["end_date"],
        "budget": {
            "total": total, "current_year": current, "total_fiscal": total, "current_year_fiscal": current - carried,
            "carried_over": carried, "total_other": 0, "current_year_other": 0,
        },
        "sections": {"goals": goals, "annual_goals": annual}, "indicators": rows,
    }  # fmt: skip
    return Printed(above, [sheet], _below(rng), expected)


def national(record: Record, rng: Random) -> Printed:
    """项目支出绩效目标表 of the Ministry of Finance."""
    hand = Hand(rng)
    unit, year = rng.choice(("万元", "万元", "元")), record["fiscal_year"]
    total, current = float(record["budget"]["total"] or 0), float(record["budget"]["current_year"] or 0)
    department = rng.choice(("云江市财政局", "［107］云江市科学技术局"))
    goals, middle = record["sections"]["goals"], record["sections"]["overview"]
    rows = rows_of(record, rng)
    title = rng.choice(("项目支出绩效目标表", "项目支出绩效目标申报表", "项目绩效目标表"))
    sheet = Sheet((0.7, 1.1, 1.2, 2, 1.3, 1.2, 0.9))
    above: list[str] = [title, hand.year(year)]
    if rng.random() < 0.4:
        sheet.add(Box(title, 7))
        sheet.add(Box(hand.year(year), 7))
        above = []
    lab, money = hand.label, hand.money
    expected: dict[str, Any] = {
        "form": "national", "fiscal_year": year, "applicant": record["applicant"], "department": department,
        "project_name": record["project_name"], "sections": {"goals": goals}, "indicators": rows,
    }  # fmt: skip
    sheet.add(label(lab("项目名称"), 2), Box(record["project_name"], 5))
    sheet.add(
        label(lab(rng.choice(("主管部门及代码", "主管部门"))), 2), Box(department, 2), label(lab("实施单位")),
        Box(record["applicant"], 2),
    )  # fmt: skip
    if rng.random() < 0.6:
        nature = rng.choice(("新增项目", "延续项目", "一次性项目"))
        sheet.add(label(lab("项目属性"), 2), Box(nature, 2), label(lab("项目期")), Box(rng.choice(("1年", "3年")), 2))
        expected["project_nature"] = nature
    both = rng.random() < 0.4
    funds = f"项目资金（{unit}）" if rng.random() < 0.5 else f"项目资金\n（{unit}）"
    if both:
        sheet.add(
            label(funds, 2, 3), label(lab("中期资金总额"), 1), Box(money(total, unit)), label(lab("年度资金总额")),
            Box(money(current, unit), 2),
        )  # fmt: skip
        sheet.add(
            label(lab("其中：财政拨款")),
            Box(money(total, unit)),
            label(lab("其中：财政拨款")),
            Box(money(current, unit), 2),
        )
        sheet.add(label(lab("其他资金")), Box(money(0, unit)), label(lab("其他资金")), Box(money(0, unit), 2))
    else:
        sheet.add(label(funds, 2, 3), label(lab("年度资金总额"), 2), Box(money(current, unit), 3))
        sheet.add(label(lab("其中：财政拨款"), 2), Box(money(current, unit), 3))
        sheet.add(label(lab("其他资金"), 2), Box(money(0, unit), 3))
    expected["budget"] = {
        "total": total if both else None, "total_fiscal": total if both else None, "total_other": 0 if both else None,
        "current_year": current, "current_year_fiscal": current, "current_year_other": 0,
    }  # fmt: skip
    shape = rng.randrange(4)
    if shape == 0:
        sheet.add(label("总体目标", 1, 2), label(f"中期目标（{year}年—{year + 2}年）", 3), label("年度目标", 3))
        sheet.add(Box(middle, 3), Box(goals, 3))
        expected["sections"]["mid_term_goals"] = middle
    elif shape == 1:
        sheet.add(label("总体目标", 1, 2), label("中期目标", 2), Box(middle, 4))
        sheet.add(label("年度目标", 2), Box(goals, 4))
        expected["sections"]["mid_term_goals"] = middle
    elif shape == 2:
        sheet.add(label("年度\n总体\n目标"), Box(goals, 6))
    else:
        sheet.add(label(lab("年度绩效目标"), 2), Box(goals, 5))
    side = rng.choice(("绩\n效\n指\n标", "绩效指标"))
    extra = rng.randrange(4)
    if extra == 0:
        indicator_rows(sheet, rows, rng, ("一级指标", "二级指标", "三级指标", "指标值", "权重"), (1, 1, 2, 1, 1), side)
    elif extra == 1:
        indicator_rows(
            sheet, rows, rng, ("一级指标", "二级指标", "三级指标", "指标值", "分值", "备注"), (1, 1, 1, 1, 1, 1), side
        )
    elif extra == 2:
        indicator_rows(sheet, rows, rng, ("一级指标", "二级指标", "三级指标", "年度指标值"), (1, 1, 2, 2), side)
    else:
        indicator_rows(sheet, rows, rng, ("一级指标", "二级指标", "三级指标", "指标值"), (1, 1, 2, 2), side)
    return Printed(above, [sheet], _below(rng), expected)


def _below(rng: Random) -> list[str]:
    return rng.choice(([], [], ["填报人：陈工    联系电话：略"], ["注：本表由项目实施单位填报，主管部门审核。"]))


Form = Callable[[Record, Random], Printed]
FORMS: tuple[Form, ...] = (shanghai_2020, shanghai_2023, national)
