"""Forms as grids of cells with spans, filled with values, and their files: HTML, DOCX, XLSX, PDF."""

from __future__ import annotations

import html
import io
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.forms.printing import DATES, fold_to
from tests.rendering.records import SECTION_LABELS, Record


@dataclass
class Grid:
    """Cells by row and column with their spans."""

    n_columns: int
    cells: list[tuple[int, int, int, int, str]] = field(default_factory=list)
    n_rows: int = 0

    def row(self, *cells: tuple[int, str] | tuple[int, str, int]) -> None:
        """Add a row of (column span, text[, row span]); a column span of 0 leaves the place to a span from above."""
        column = 0
        taken = {
            (row + i, col + j)
            for row, col, row_span, col_span, _ in self.cells
            for i in range(row_span)
            for j in range(col_span)
        }
        for cell in cells:
            span, text = cell[0], cell[1]
            row_span = cell[2] if len(cell) > 2 else 1  # type: ignore[misc]
            while (self.n_rows, column) in taken:
                column += 1
            self.cells.append((self.n_rows, column, row_span, span, text))
            column += span
        self.n_rows += 1


@dataclass
class Filled:
    """A form filled: the grid, what is to be read, and lines above the grid."""

    grid: Grid
    expected: dict[str, Any]
    above: list[str]


NATIONAL_LEVELS = {
    "产出指标": ("数量指标", "质量指标", "时效指标", "成本指标"),
    "效益指标": ("经济效益指标", "社会效益指标", "可持续影响指标"),
    "满意度指标": ("服务对象满意度指标",),
}


def indicators_for(record: Record, rng: Random, *, new_cost: bool) -> list[dict[str, str]]:
    """Rows in the national framework, with the names and targets of a record."""
    names = [(row["name"], row["target"]) for row in record["indicators"]]
    rng.shuffle(names)
    levels = dict(NATIONAL_LEVELS)
    if new_cost:
        levels = {"成本指标": ("经济成本指标",), **levels, "产出指标": ("数量指标", "质量指标", "时效指标")}
    rows: list[dict[str, str]] = []
    for level1, level2s in levels.items():
        for level2 in level2s:
            if rng.random() < 0.2:
                continue
            for _ in range(rng.randrange(1, 3)):
                if names:
                    name, target = names.pop()
                    rows.append({"level1": level1, "level2": level2, "name": name, "target": target})
    return rows


def _money(yuan: float | None, rng: Random, unit: str) -> str:
    if yuan is None:
        return ""
    value = yuan / 10_000 if unit == "万元" else yuan
    return rng.choice((f"{value:,.2f}", f"{value:.2f}")) if unit == "元" else f"{value:.4f}".rstrip("0").rstrip(".")


def _table(
    grid: Grid, rows: list[dict[str, str]], widths: tuple[int, int, int, int], side: str, extra: str | None
) -> None:
    """Indicator rows with merged level cells, a merged heading along the side, and a column of weights."""
    tail: tuple[tuple[int, str], ...] = ((1, extra),) if extra else ()
    w1, w2, w3, w4 = widths
    lead: tuple[Any, ...] = ((1, side, len(rows) + 1),) if side else ()
    grid.row(*lead, (w1, "一级指标"), (w2, "二级指标"), (w3, "三级指标"), (w4, rows_title(extra)), *tail)
    for number, row in enumerate(rows):
        cells: list[Any] = []
        previous = rows[number - 1] if number else {"level1": None, "level2": None}
        if row["level1"] != previous["level1"]:
            count = sum(1 for _ in takewhile_same(rows[number:], ("level1",)))
            cells.append((w1, row["level1"], count))
        if (row["level1"], row["level2"]) != (previous["level1"], previous["level2"]):
            count = sum(1 for _ in takewhile_same(rows[number:], ("level1", "level2")))
            cells.append((w2, row["level2"], count))
        cells += [(w3, row["name"]), (w4, row["target"])]
        if extra:
            cells.append((1, "10"))
        grid.row(*cells)


def rows_title(extra: str | None) -> str:
    """The title of the column of targets."""
    return "指标值" if extra else "年度(/项目)指标值"


def takewhile_same(rows: list[dict[str, str]], keys: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows at the beginning that agree with the first in some keys."""
    found = []
    for row in rows:
        if any(row[key] != rows[0][key] for key in keys):
            break
        found.append(row)
    return found


def shanghai_2023(record: Record, rng: Random) -> Filled:
    """The form of 2023, with amounts in yuan or ten thousands."""
    unit = rng.choice(("元", "元", "万元"))
    year = record["fiscal_year"]
    total = float(record["budget"]["total"] or 0)
    current = float(record["budget"]["current_year"] or 0)
    carried = rng.choice((0.0, 10_000.0))
    department = rng.choice((record["applicant"], "上海市普陀区教育局"))
    nature, category = rng.choice(("经常性项目", "阶段性项目", "一次性项目")), rng.choice(("特定目标类", "其他运转类"))
    date = rng.randrange(len(DATES))
    goals, annual = record["sections"]["goals"], record["sections"]["plan"]
    rows = indicators_for(record, rng, new_cost=rng.random() < 0.3)
    grid = Grid(8)
    grid.row((8, rng.choice(("财政项目支出绩效目标填报表", "财政项目支出绩效目标申报表"))))
    grid.row((8, f"（{year}年度）"))
    grid.row((2, "项目名称"), (2, record["project_name"]), (1, "项目性质"), (1, nature), (1, "项目类别"), (1, category))
    grid.row((2, "主管部门"), (2, department), (1, "实施单位"), (3, record["applicant"]))
    grid.row(
        (2, "计划开始日期"),
        (2, DATES[date](record["start_date"])),
        (1, "计划完成日期"),
        (3, DATES[date](record["end_date"])),
    )
    grid.row(
        (2, f"项目资金\n（{unit}）", 4),
        (2, "项目资金总额"),
        (1, _money(total, rng, unit)),
        (2, "年度资金申请总额"),
        (1, _money(current, rng, unit)),
    )
    grid.row(
        (2, "其中：财政资金", 2),
        (1, _money(total, rng, unit), 2),
        (2, "其中：当年财政拨款"),
        (1, _money(current - carried, rng, unit)),
    )
    grid.row((2, "上年结转资金"), (1, _money(carried, rng, unit)))
    grid.row((2, "其他资金"), (1, _money(0, rng, unit)), (2, "其他资金"), (1, _money(0, rng, unit)))
    grid.row((1, "项目\n绩效\n目标", 2), (4, "项目总目标"), (3, "年度总体目标"))
    grid.row((4, goals), (3, annual))
    _table(grid, rows, (1, 1, 3, 2), "绩效指标", None)
    expected = {
        "form": "shanghai-2023", "fiscal_year": year, "applicant": record["applicant"], "department": department,
        "project_name": record["project_name"], "project_nature": nature, "category": category,
        "start_date": record["start_date"], "end_date": record["end_date"],
        "budget": {
            "total": total, "current_year": current, "total_fiscal": total, "current_year_fiscal": current - carried,
            "carried_over": carried, "total_other": 0, "current_year_other": 0,
        },
        "sections": {"goals": goals, "annual_goals": annual}, "indicators": rows,
    }  # fmt: skip
    return Filled(grid, expected, [])


def national(record: Record, rng: Random) -> Filled:
    """The national form: with or without medium-term goals and weights, cost indicators in the old or the new place."""
    year = record["fiscal_year"]
    unit = rng.choice(("万元", "万元", "元"))
    total = float(record["budget"]["total"] or 0)
    current = float(record["budget"]["current_year"] or 0)
    department, nature = "云江市财政局", rng.choice(("新增项目", "延续项目"))
    rows = indicators_for(record, rng, new_cost=rng.random() < 0.5)
    goals = record["sections"]["goals"]
    title, year_line = rng.choice(("项目支出绩效目标表", "项目支出绩效目标申报表")), f"（{year}年度）"
    expected: dict[str, Any] = {
        "form": "national", "fiscal_year": year, "applicant": record["applicant"], "department": department,
        "project_name": record["project_name"], "project_nature": nature,
        "sections": {"goals": goals}, "indicators": rows,
    }  # fmt: skip
    grid = Grid(7)
    above: list[str] = []
    if rng.random() < 0.5:
        above = [title, year_line]
    else:
        grid.row((7, title))
        grid.row((7, year_line))
    grid.row((2, "项目名称"), (5, record["project_name"]))
    grid.row(
        (2, rng.choice(("主管部门及代码", "主管部门"))), (2, department), (1, "实施单位"), (2, record["applicant"])
    )
    grid.row((2, "项目属性"), (2, nature), (1, "项目期"), (2, "1年"))
    if rng.random() < 0.5:
        grid.row(
            (2, f"项目资金\n（{unit}）", 3),
            (2, "中期资金总额：" if rng.random() < 0.5 else "中期资金总额"),
            (1, _money(total, rng, unit)),
            (1, "年度资金总额"),
            (1, _money(current, rng, unit)),
        )
        grid.row(
            (2, "其中：财政拨款"), (1, _money(total, rng, unit)), (1, "其中：财政拨款"), (1, _money(current, rng, unit))
        )
        grid.row((2, "其他资金"), (1, ""), (1, "其他资金"), (1, _money(0, rng, unit)))
        expected["budget"] = {
            "total": total, "total_fiscal": total, "total_other": None,
            "current_year": current, "current_year_fiscal": current, "current_year_other": 0,
        }  # fmt: skip
    else:
        grid.row((2, f"项目资金（{unit}）", 3), (2, "年度资金总额"), (3, _money(current, rng, unit)))
        grid.row((2, "其中：财政拨款"), (3, _money(current, rng, unit)))
        grid.row((2, "其他资金"), (3, _money(0, rng, unit)))
        expected["budget"] = {
            "total": None, "total_fiscal": None, "total_other": None,
            "current_year": current, "current_year_fiscal": current, "current_year_other": 0,
        }  # fmt: skip
    shape = rng.randrange(3)
    if shape == 0:
        grid.row((1, "总体目标", 2), (3, f"中期目标（{year}年—{year + 2}年）"), (3, "年度目标"))
        grid.row((3, record["sections"]["overview"]), (3, goals))
        expected["sections"]["mid_term_goals"] = record["sections"]["overview"]
    elif shape == 1:
        grid.row((1, "年度\n总体\n目标"), (6, goals))
    else:
        grid.row((1, "总体目标", 2), (6, "年度目标"))
        grid.row((6, goals))
    weights = rng.random() < 0.5
    _table(grid, rows, (1, 1, 2, 1) if weights else (1, 1, 2, 2), "绩\n效\n指\n标", "权重" if weights else None)
    return Filled(grid, expected, above)


def shanghai_2020(record: Record, rng: Random) -> Filled:
    """The form of 2020 as a ruled table."""
    grid = Grid(4)
    money = lambda yuan: "" if yuan is None else f"{yuan:,}"  # noqa: E731
    grid.row((1, "项目名称："), (1, record["project_name"]), (1, "项目类别："), (1, record["category"]))
    grid.row((1, "计划开始日期："), (1, record["start_date"]), (1, "计划完成日期："), (1, record["end_date"]))
    bought = "是" if record["government_procurement"] else "否"
    grid.row((1, "是否含有政府购买服务："), (1, bought), (1, "绩效类型："), (1, record["performance_type"]))
    for key, label in SECTION_LABELS.items():
        grid.row((1, label + "："), (3, record["sections"][key]))
    budget = record["budget"]
    grid.row((4, "本项目上年度市级财政资金使用情况"))
    grid.row(
        (1, "项目总预算（元）："),
        (1, money(budget["total"])),
        (1, "项目当年预算（元）："),
        (1, money(budget["current_year"])),
    )
    grid.row(
        (1, "同名项目上年预算额（元）："), (1, money(budget["previous_year"])),
        (1, "同名项目上年预算执行数（元）："), (1, money(budget["previous_year_executed"])),
    )  # fmt: skip
    grid.row((4, f"{record['fiscal_year']}年绩效目标"))
    grid.row((1, "一级目标"), (1, "二级目标"), (1, "三级目标"), (1, "指标目标值"))
    rows = [dict(row) for row in record["indicators"]]
    for number, row in enumerate(rows):
        cells: list[Any] = []
        previous = rows[number - 1] if number else {"level1": None, "level2": None}
        if row["level1"] != previous["level1"]:
            cells.append((1, row["level1"], len(takewhile_same(rows[number:], ("level1",)))))
        if (row["level1"], row["level2"]) != (previous["level1"], previous["level2"]):
            cells.append((1, row["level2"], len(takewhile_same(rows[number:], ("level1", "level2")))))
        grid.row(*cells, (1, row["name"]), (1, row["target"]))
    expected: dict[str, Any] = {"form": "shanghai-2020", **{k: v for k, v in record.items() if k != "source"}}
    above = ["财政项目支出绩效目标表", f"（{record['fiscal_year']}年度）", f"申报单位名称：{record['applicant']}"]
    return Filled(grid, expected, above)


def as_html(filled: Filled, rng: Random) -> bytes:
    """An HTML page, sometimes as Word exports it: paragraphs and styles in cells, a layout table around."""
    word = rng.random() < 0.5
    rows: dict[int, list[tuple[int, int, int, int, str]]] = {}
    for cell in sorted(filled.grid.cells):
        rows.setdefault(cell[0], []).append(cell)
    lines = []
    for number in range(filled.grid.n_rows):
        tds = ""
        for _, _, row_span, column_span, text in rows.get(number, []):
            spans = (f' rowspan="{row_span}"' if row_span > 1 else "") + (
                f' colspan="{column_span}"' if column_span > 1 else ""
            )
            body = html.escape(text).replace("\n", "<br>")
            if word:
                body = f'<p class=MsoNormal style="text-align:center"><span lang=EN-US>{body}<o:p></o:p></span></p>'
            tds += f"<td{spans}>{body}</td>"
        lines.append(f"<tr>{tds}</tr>")
    above = "".join(f"<p>{html.escape(line)}</p>" for line in filled.above)
    table = f'<table border="1">{"".join(lines)}</table>'
    if rng.random() < 0.3:
        table = f"<table><tr><td>{table}</td></tr></table>"
    encoding = rng.choice(("utf-8", "gb18030"))
    page = f'<html><head><meta charset="{encoding}"><title>公开</title><style>p {{}}</style></head><body>{above}{table}</body></html>'
    return page.encode(encoding)


def as_docx(filled: Filled, after: str = "") -> bytes:
    """A Word document with merged cells, and a line below them."""
    import docx

    document = docx.Document()
    for line in filled.above:
        document.add_paragraph(line)
    table = document.add_table(filled.grid.n_rows, filled.grid.n_columns)
    for row, column, row_span, column_span, text in filled.grid.cells:
        first = table.cell(row, column)
        merged = first.merge(table.cell(row + row_span - 1, column + column_span - 1))
        merged.text = text
    if after:
        document.add_paragraph(after)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_xlsx(filled: Filled) -> bytes:
    """A workbook with merged cells and numbers as numbers."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    offset = 1
    for line in filled.above:
        sheet.cell(offset, 1, line)
        offset += 1
    for row, column, row_span, column_span, text in filled.grid.cells:
        plain = text.replace(",", "")
        is_amount = plain.replace(".", "", 1).isdigit() and "." in plain and len(plain) < 15
        cell = sheet.cell(row + offset, column + 1, float(plain) if is_amount else text)
        if not is_amount:
            cell.data_type = "s"
        if row_span > 1 or column_span > 1:
            sheet.merge_cells(
                start_row=row + offset,
                end_row=row + offset + row_span - 1,
                start_column=column + 1,
                end_column=column + column_span,
            )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_pdf(filled: Filled, *, page_height: float = 842, size: float = 9) -> bytes:
    """A PDF of ruled cells with wrapped text, over as many pages as it takes; rows break between pages."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen import canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    grid, margin, width = filled.grid, 40.0, 515.0
    column = width / grid.n_columns
    leading = size * 1.3
    wrapped = {
        (row, col): [
            part for line in text.split("\n") for part in (fold_to(line, int(column * span / size * 2) - 2) or [""])
        ]
        for row, col, _, span, text in grid.cells
    }
    heights = [leading + 4.0] * grid.n_rows
    for row, col, row_span, _, _ in sorted(grid.cells, key=lambda cell: cell[2]):
        need = len(wrapped[row, col]) * leading + 4
        have = sum(heights[row : row + row_span])
        if need > have:
            heights[row + row_span - 1] += need - have
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(595, page_height))
    y = page_height - margin
    page.setFont("STSong-Light", size)
    for line in filled.above:
        page.drawString(200, y - size, line)
        y -= 2 * leading
    start = 0
    while start < grid.n_rows:
        end, bottom = start, y
        while end < grid.n_rows and bottom - heights[end] > margin:
            bottom -= heights[end]
            end += 1
        end = max(end, start + 1)
        tops = [y - sum(heights[start:row]) for row in range(start, end + 1)]
        for row, col, row_span, span, _ in grid.cells:
            first, last = max(row, start), min(row + row_span, end)
            if first >= last:
                continue
            top, low = tops[first - start], tops[last - start]
            page.rect(margin + col * column, low, span * column, top - low)
            if row >= start:
                lines = wrapped[row, col]
                text_y = top - max(0.0, (top - low - len(lines) * leading) / 2) - size
                for number, line in enumerate(lines):
                    page.drawString(margin + col * column + 2, text_y - number * leading, line)
        page.showPage()
        page.setFont("STSong-Light", size)
        y = page_height - margin
        start = end
    page.save()
    return out.getvalue()
