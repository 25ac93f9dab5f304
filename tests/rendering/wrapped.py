"""The hard-wrapped layout: lines of one width, columns lost, a label and its text on lines of their own."""

from __future__ import annotations

from random import Random

from tests.rendering.records import SECTION_LABELS, Indicator, Record
from tests.rendering.style import Style
from tests.rendering.tabular import COLUMNS, TITLE

_LABEL_BREAKS = {
    "是否含有政府购买服务": 7,
    "保证项目实施的制度、措施": 7,
    "项目设立的必要性": 5,
    "总目标及阶段性目标": 5,
}
"""Where the narrow label column breaks a long label."""

_NAME_COLUMN = 12
"""Characters of a project name on one line, as the real forms wrap it."""


def render_wrapped(record: Record, style: Style) -> list[str]:
    """Print a filing as lines of at most `style.width` characters."""
    rng = Random(style.seed)
    year = style.digits(str(record["fiscal_year"]))
    lines = [TITLE, style.bracketed(f"{year}年度"), "", f"申报单位名称{style.colon}{record['applicant']}", ""]
    lines += _header_lines(record, style)
    for key, label in SECTION_LABELS.items():
        lines += _section(label, record["sections"][key], style)
    lines += ["本项目上年度市级财政资金使用情况", *_budget_lines(record, style)]
    lines += [f" {year}年绩效目标", " ".join(COLUMNS), *_indicator_lines(record["indicators"], style, rng)]
    return _with_page_numbers(lines, rng) if style.page_numbers else lines


def wrap(text: str, width: int) -> list[str]:
    """Break a text every `width` characters; a blank at the break goes with the line before."""
    lines = []
    while text:
        cut = width
        while " " in text[cut - 1 : cut + 1]:
            cut -= 1
        lines.append(text[:cut])
        text = text[cut:]
    return lines


def _label(text: str, style: Style) -> list[str]:
    """A label with its colon, in one line or in two."""
    cut = _LABEL_BREAKS.get(text) if style.wrap_labels else None
    if cut is None:
        return [style.label(text) + style.colon]
    return [text[:cut], text[cut:] + style.colon]


def _header_lines(record: Record, style: Style) -> list[str]:
    blank = [""] if style.loose else []
    start, end = style.digits(record["start_date"]), style.digits(record["end_date"])
    procured = "是" if record["government_procurement"] else "否"
    head = _label("是否含有政府购买服务", style)
    return [
        *_name_lines(record, style),
        *blank,
        style.blank.join((f"计划开始日期{style.colon}", start, f"计划完成日期{style.colon}", end)),
        *blank,
        *head[:-1],
        style.blank.join((head[-1], procured, style.label("绩效类型") + style.colon, record["performance_type"])),
        "",
    ]


def _name_lines(record: Record, style: Style) -> list[str]:
    name, label = record["project_name"], style.label("项目名称") + style.colon
    category = f"{style.label('项目类别')}{style.colon}{style.blank}{record['category']}"
    parts = wrap(name, _NAME_COLUMN)
    if style.name_place == "inline" or len(parts) == 1:
        return [style.blank.join((label, name, category))]
    if style.name_place == "own-line":
        return [label, *[part for piece in parts for part in (piece, "")][:-1], category]
    middle = (len(parts) + 1) // 2
    return [*parts[:middle], label, *parts[middle:], category]


def _section(label: str, text: str, style: Style) -> list[str]:
    head = _label(label, style)
    lines = wrap(text, style.width)
    gap = [""] * max(style.gap_lines, 1)
    if not lines:
        return [*head, ""] if style.loose else head
    if style.centred and len(lines) > 2:
        middle = len(lines) // 2
        return [*lines[:middle], *head, *lines[middle:], *gap]
    if style.label_inline:
        room = max(style.width - len(head[-1]) - 1, 8)
        lines = wrap(text, room)[:1] + wrap(text[len(wrap(text, room)[0]) :], style.width)
        return [*head[:-1], f"{head[-1]}{style.blank}{lines[0]}", *lines[1:], *gap]
    return [*head, *gap, *lines, *gap]


def _budget_lines(record: Record, style: Style) -> list[str]:
    budget = record["budget"]
    unit = style.bracketed("元") + style.colon
    rows = [
        ("项目总预算", budget["total"], "项目当年预算", budget["current_year"]),
        ("同名项目上年预算额", budget["previous_year"], "同名项目上年预算执行数", budget["previous_year_executed"]),
    ]
    first, second = [
        style.blank.join(part for part in (a + unit, style.amount(b), c + unit, style.amount(d)) if part)
        for a, b, c, d in rows
    ]
    return [first, "", second] if style.loose else [first, second]


def _indicator_lines(indicators: list[Indicator], style: Style, rng: Random) -> list[str]:
    groups: dict[str, dict[str, list[str]]] = {}
    for row in indicators:
        rows = groups.setdefault(row["level1"], {}).setdefault(row["level2"], [])
        rows.append(f"{row['name']}{style.blank}{row['target']}".strip())
    lines: list[str] = []
    for level1, level2s in groups.items():
        opening = level1 + style.blank
        if style.levels == "alone" or rng.random() < 0.5:
            lines.append(level1)
            opening = ""
        for level2, rows in level2s.items():
            if style.levels == "alone" and len(rows) > 1:
                lines += [f"{opening}{level2}", *rows]
            else:
                lines += [f"{opening}{level2}{style.blank}{rows[0]}", *rows[1:]]
            opening = ""
    return [part for line in lines for part in (line, "")] if style.loose else lines


def _with_page_numbers(lines: list[str], rng: Random) -> list[str]:
    """Put a page number, on a line between blank lines, after every 30 to 45 lines."""
    page, out, left = rng.randrange(2, 60), list[str](), rng.randrange(30, 45)
    for line in lines:
        out.append(line)
        left -= 1
        if left <= 0 and line:
            out += ["", str(page), ""]
            page += 1
            left = rng.randrange(30, 45)
    return out
