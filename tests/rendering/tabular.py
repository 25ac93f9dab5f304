"""The tab-separated layout: cells of a row on one line, HTML left-overs, rows torn by page breaks."""

from __future__ import annotations

from random import Random

from tests.rendering.records import SECTION_LABELS, Indicator, Record
from tests.rendering.style import Style

TITLE = "财政项目支出绩效目标表"
COLUMNS = ("一级目标", "二级目标", "三级目标", "指标目标值")


def render_tabular(record: Record, style: Style) -> list[str]:
    """Print a filing as lines of tab-separated cells."""
    rng = Random(style.seed)
    gap = [""] * style.gap_lines
    year = style.digits(str(record["fiscal_year"]))
    lines = [*_head(record, style), *_header_rows(record, style)]
    for key, label in SECTION_LABELS.items():
        torn = style.page_break != "none" and key == style.break_section
        lines += _section(label, record["sections"][key], style, rng, torn=torn)
    lines += [*gap, _row(["本项目上年度市级财政资金使用情况"], style), *gap[1:], *_budget_rows(record, style)]
    lines += [*gap, f"{year}年绩效目标", *gap, *_indicator_rows(record["indicators"], style, rng)]
    return lines


def _row(cells: list[str], style: Style, width: int = 4) -> str:
    if style.separator != "\t":
        return style.separator.replace(" ", style.blank).join(cells).rstrip(style.blank)
    padded = cells + [""] * (width - len(cells)) if style.trailing else cells
    return style.separator.join(padded)


def _head(record: Record, style: Style) -> list[str]:
    parts = [
        TITLE,
        style.bracketed(f"{style.digits(str(record['fiscal_year']))}年度"),
        f"申报单位名称{style.colon}{record['applicant']}",
    ]
    if style.tags == "h2":
        names = ("h2", "p", "p")
        parts = [f'<{n} style="text-align: center;">{p}</{n}>' for n, p in zip(names, parts, strict=True)]
    elif style.tags == "one-line":
        parts = [" ".join(f'<p style="text-align: center;">{part}</p>' for part in parts)]
    elif style.tags == "joined":
        parts = [" ".join(parts)]
    return [_row([part], style) for part in parts]


def _header_rows(record: Record, style: Style) -> list[str]:
    pairs = [
        ("项目名称", record["project_name"], "项目类别", record["category"]),
        ("计划开始日期", style.digits(record["start_date"]), "计划完成日期", style.digits(record["end_date"])),
        (
            "是否含有政府购买服务",
            "是" if record["government_procurement"] else "否",
            "绩效类型",
            record["performance_type"],
        ),
    ]
    return [_row([style.label(a) + style.colon, b, style.label(c) + style.colon, d], style) for a, b, c, d in pairs]


def _section(label: str, text: str, style: Style, rng: Random, *, torn: bool) -> list[str]:
    tagged = style.tags in ("p", "h2", "one-line") and bool(text)
    opening, closing = _tags(style) if tagged else ("", "")
    label = style.label(label) + style.colon
    whole = _row([label, opening + _paragraphs(text, rng, tagged=tagged) + closing], style)
    if not torn or len(text) < 60:
        return [whole]
    cut = rng.randrange(len(text) // 3, 2 * len(text) // 3)
    while text[cut - 1] in "。；" or " " in text[cut - 1 : cut + 1]:
        cut += 1
    first, rest = text[:cut], text[cut:]
    if style.page_break == "head":
        return [_row(["", opening + first + closing], style), "", label, "", rest]
    if style.page_break == "tail":
        return [_row([label, opening + first], style), "", _row(["", rest + closing], style)]
    if style.page_break == "spill":
        return [_row([label, opening + first + closing], style), "", rest]
    return [whole, "", text[-rng.randrange(5, 20) :]]


def _tags(style: Style) -> tuple[str, str]:
    """What stands before and after the text of a tagged cell."""
    opening, closing = "<p>", "</p>"
    if style.spans:
        opening, closing = '<p style="text-indent: 2em;"><span style="font-size: 14px;">', "</span></p>"
    return opening + "&nbsp;&nbsp;" * style.entities, closing


def _paragraphs(text: str, rng: Random, *, tagged: bool) -> str:
    """Break a tagged text after some sentence into two paragraphs, as `</p> <p>`."""
    ends = [position + 1 for position, character in enumerate(text[:-1]) if character == "。"]
    if not tagged or not ends or rng.random() < 0.6:
        return text
    cut = rng.choice(ends)
    return f"{text[:cut]}</p> <p>{text[cut:]}"


def _budget_rows(record: Record, style: Style) -> list[str]:
    budget = record["budget"]
    unit = style.bracketed("元") + style.colon
    pairs = [
        ("项目总预算", budget["total"], "项目当年预算", budget["current_year"]),
        ("同名项目上年预算额", budget["previous_year"], "同名项目上年预算执行数", budget["previous_year_executed"]),
    ]
    return [_row([a + unit, style.amount(b), c + unit, style.amount(d)], style) for a, b, c, d in pairs]


def _indicator_rows(indicators: list[Indicator], style: Style, rng: Random) -> list[str]:
    header = _row(list(COLUMNS), style)
    lines = [header]
    level1 = level2 = ""
    break_at = len(indicators) // 2 if style.repeat_table_header else -1
    for number, row in enumerate(indicators):
        if number == break_at:
            lines += ["", header]
        new1 = row["level1"] != level1
        new2 = new1 or row["level2"] != level2
        level1, level2 = row["level1"], row["level2"]
        cells = [level1 if new1 else "", level2 if new2 else "", row["name"], row["target"]]
        if style.shifted and style.separator == "\t" and not new1 and rng.random() < 0.3:
            cells = [level2, row["name"], row["target"], ""] if new2 else [row["name"], "", row["target"], ""]
        lines.append(_row(cells, style))
    return lines
