"""Further ways in which a form is printed, beside the two of `tests.rendering`: columns of blanks, one cell a line, bare labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.rendering.records import SECTION_LABELS, Record

TITLE = "财政项目支出绩效目标表"
TITLES = ("一级目标", "二级目标", "三级目标", "指标目标值")

DATES: tuple[Callable[[str], str], ...] = (
    lambda iso: iso,
    lambda iso: "{}年{}月{}日".format(*(int(part) for part in iso.split("-"))),
    lambda iso: "{}年{}月{}日".format(*iso.split("-")),
    lambda iso: "{}/{}/{}".format(*(int(part) for part in iso.split("-"))),
    lambda iso: iso.replace("-", "."),
    lambda iso: iso.replace("-", ""),
    lambda iso: iso.translate(str.maketrans("0123456789-", "０１２３４５６７８９－")),
)
AMOUNTS: tuple[Callable[[int], str], ...] = (
    lambda yuan: f"{yuan:,}",
    lambda yuan: f"{yuan}",
    lambda yuan: f"{yuan:,.2f}",
    lambda yuan: f"{yuan}.00",
    lambda yuan: f"{yuan:,}元",
    lambda yuan: f"{yuan:,}".translate(str.maketrans("0123456789,", "０１２３４５６７８９，")),
    lambda yuan: f"{yuan / 10_000:g}万元",
)
YEARS = ("（{}年度）", "({}年度)", "（ {} 年度 ）", "{}年度", "({} 年度)", "（{}年）")


@dataclass(frozen=True)
class Print:
    """One way to print a form."""

    colon: str = "："
    after: str = " "
    date: int = 0
    amount: int = 0
    unit: str = "元"
    year: str = "（{}年度）"
    spaced: bool = False
    """Blanks between the characters of short labels."""
    gap: int = 0
    """Blank lines after every line."""

    def label(self, text: str) -> str:
        """A label with its colon."""
        if self.spaced and len(text) <= 4:
            text = " ".join(text)
        return text + self.colon

    def money(self, yuan: int | None) -> str:
        """An amount."""
        if yuan is None:
            return ""
        if self.unit == "万元":
            return f"{yuan / 10_000:.6f}".rstrip("0").rstrip(".")
        return AMOUNTS[self.amount](yuan)


def random_print(rng: Random, colons: Sequence[str] = ("：", "：", ":", "")) -> Print:
    """Draw any way of printing."""
    return Print(
        colon=rng.choice(colons),
        after=rng.choice((" ", "  ", "　", "\t")),
        date=rng.randrange(len(DATES)),
        amount=rng.randrange(len(AMOUNTS)),
        unit=rng.choice(("元", "元", "万元")),
        year=rng.choice(YEARS),
        spaced=rng.random() < 0.3,
        gap=rng.choice((0, 0, 1)),
    )


def pairs(record: Record, how: Print) -> list[list[tuple[str, str]]]:
    """The header's labels and values, by row."""
    bought = record["government_procurement"]
    return [
        [("项目名称", record["project_name"]), ("项目类别", record["category"])],
        [
            ("计划开始日期", DATES[how.date](record["start_date"])),
            ("计划完成日期", DATES[how.date](record["end_date"])),
        ],
        [("是否含有政府购买服务", "是" if bought else "否"), ("绩效类型", record["performance_type"])],
    ]


def budget_pairs(record: Record, how: Print) -> list[list[tuple[str, str]]]:
    """The budget's labels and values, by row."""
    budget, unit = record["budget"], f"（{how.unit}）"
    return [
        [("项目总预算" + unit, how.money(budget["total"])), ("项目当年预算" + unit, how.money(budget["current_year"]))],
        [
            ("同名项目上年预算额" + unit, how.money(budget["previous_year"])),
            ("同名项目上年预算执行数" + unit, how.money(budget["previous_year_executed"])),
        ],
    ]


def one_cell_a_line(record: Record, how: Print) -> str:
    """Every label and every value on a line of its own; blank cells leave nothing."""
    lines = [TITLE, how.year.format(record["fiscal_year"]), how.label("申报单位名称"), record["applicant"]]
    for row in pairs(record, how):
        for label, value in row:
            lines += [how.label(label), value]
    for key, label in SECTION_LABELS.items():
        lines += [how.label(label), record["sections"][key]]
    lines.append("本项目上年度市级财政资金使用情况")
    for row in budget_pairs(record, how):
        for label, value in row:
            lines += [how.label(label), value]
    lines += [f"{record['fiscal_year']}年绩效目标", *TITLES]
    level1 = level2 = ""
    for indicator in record["indicators"]:
        if indicator["level1"] != level1:
            level1, level2 = indicator["level1"], ""
            lines.append(level1)
        if indicator["level2"] != level2:
            level2 = indicator["level2"]
            lines.append(level2)
        lines += [indicator["name"], indicator["target"]]
    return ("\n" * (how.gap + 1)).join(line for line in lines if line) + "\n"


def plain_lines(record: Record, how: Print) -> str:
    """A label and its value on one line, two pairs a line in the header."""
    lines = [TITLE, how.year.format(record["fiscal_year"]), how.label("申报单位名称") + how.after + record["applicant"]]
    lines += [how.after.join(how.label(a) + how.after + b for a, b in row) for row in pairs(record, how)]
    lines += [how.label(label) + how.after + record["sections"][key] for key, label in SECTION_LABELS.items()]
    lines.append("本项目上年度市级财政资金使用情况")
    lines += [how.after.join(how.label(a) + how.after + b for a, b in row) for row in budget_pairs(record, how)]
    lines += [f"{record['fiscal_year']}年绩效目标", how.after.join(TITLES)]
    for indicator in record["indicators"]:
        lines.append(how.after.join((indicator["level1"], indicator["level2"], indicator["name"], indicator["target"])))
    return ("\n" * (how.gap + 1)).join(lines) + "\n"


def display_width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def fold_to(text: str, width: int) -> list[str]:
    """Break a text at a display width."""
    lines, line = [], ""
    for character in text:
        if display_width(line + character) > width:
            lines.append(line)
            line = character.lstrip()
        else:
            line += character
    return [*lines, line] if line else lines


def ruled(rows: Sequence[Sequence[str]], widths: Sequence[int], *, centred: bool, between: str = "  ") -> list[str]:
    """Print rows of cells in columns of blanks, cells wrapped in their columns, at the top or centred."""
    lines = []
    for row in rows:
        cells = [fold_to(cell, width) for cell, width in zip(row, widths, strict=False)]
        height = max([len(cell) for cell in cells] + [1])
        for number in range(height):
            line = ""
            for cell, width in zip(cells, widths, strict=False):
                top = (height - len(cell)) // 2 if centred else 0
                text = cell[number - top] if 0 <= number - top < len(cell) else ""
                line += text + " " * (width - display_width(text)) + between
            lines.append(line.rstrip())
    return lines


def blank_columns(record: Record, how: Print, *, centred: bool, label_width: int = 14, width: int = 60) -> str:
    """Columns parted by blanks, as `pdftotext -layout` prints a table; labels wrap in their narrow column."""
    header = (label_width, 24, 16, 24)
    lines = [" " * 20 + TITLE, " " * 25 + how.year.format(record["fiscal_year"])]
    lines += ["", how.label("申报单位名称") + " " + record["applicant"], ""]
    for row in pairs(record, how):
        cells = [cell for a, b in row for cell in (how.label(a), b)]
        lines += ruled([cells], header, centred=centred)
    for key, label in SECTION_LABELS.items():
        lines += ruled([[how.label(label), record["sections"][key]]], (label_width, width), centred=centred)
    lines.append("本项目上年度市级财政资金使用情况")
    for row in budget_pairs(record, how):
        cells = [cell for a, b in row for cell in (how.label(a), b)]
        lines += ruled([cells], (24, 14, 28, 14), centred=centred)
    lines.append(" " * 22 + f"{record['fiscal_year']}年绩效目标")
    table = [list(TITLES)]
    level1 = level2 = ""
    for indicator in record["indicators"]:
        new1 = indicator["level1"] != level1
        new2 = new1 or indicator["level2"] != level2
        level1, level2 = indicator["level1"], indicator["level2"]
        table.append([level1 if new1 else "", level2 if new2 else "", indicator["name"], indicator["target"]])
    return "\n".join([*lines, *ruled(table, (12, 10, 28, 20), centred=centred)]) + "\n"


def wrapped_table(record: Record, rng: Random, *, width: int, place: str, levels: str, gap: int) -> list[str]:
    """Indicator rows without columns: names wrapped at `width`, the target beside one of their lines.

    `place` is the line of the name beside which the target stands (top, middle, bottom); `levels` says where the level
    labels stand: `inline` before the target's line or the first, `alone` above the row, `mixed`.
    """
    lines: list[str] = []
    level1 = level2 = ""
    for indicator in record["indicators"]:
        name = indicator["name"]
        parts = [name[i : i + width] for i in range(0, len(name), width)]
        at = {"top": 0, "middle": (len(parts) - 1) // 2, "bottom": len(parts) - 1}[place]
        row = [part if number != at else f"{part} {indicator['target']}" for number, part in enumerate(parts)]
        labels = []
        if indicator["level1"] != level1:
            level1, level2 = indicator["level1"], ""
            labels.append(level1)
        if indicator["level2"] != level2:
            level2 = indicator["level2"]
            labels.append(level2)
        if labels and (levels == "alone" or (levels == "mixed" and rng.random() < 0.5)):
            lines += labels if rng.random() < 0.5 else [" ".join(labels)]
        elif labels:
            row[0] = " ".join([*labels, row[0]])
        lines += row
    return [part for line in lines for part in [line] + [""] * gap]
