"""Forms as ruled tables in every format: the same filing is read from HTML, Word, Excel and PDF."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.reading import DIRECT, measure
from perfsearch.errors import NoFiling
from perfsearch.forms import read_filings
from perfsearch.model import Filing
from perfsearch.readers import read_bytes, read_document
from tests.forms import tabled
from tests.forms.reading import bare, read, rows
from tests.rendering.printed import forms
from tests.rendering.records import load_records

# The font of the test PDFs has no middle dot.
RECORDS: list[Any] = json.loads(json.dumps(load_records(), ensure_ascii=False).replace("·", ""))


def lost(filing: Filing, expected: dict[str, Any]) -> list[str]:
    found = []
    for name, value in expected.items():
        if name == "budget":
            found += [
                f"{k}: {getattr(filing.budget, k)} != {v}" for k, v in value.items() if getattr(filing.budget, k) != v
            ]
        elif name == "sections":
            found += [
                f"{k}: {filing.sections.get(k)!r} != {v!r}"
                for k, v in value.items()
                if bare(filing.sections.get(k)) != bare(v)
            ]
        elif name == "indicators":
            found += (
                [f"rows: {rows(filing.indicators)} != {rows(value)}"] if rows(filing.indicators) != rows(value) else []
            )
        elif bare(getattr(filing, name)) != bare(value):
            found.append(f"{name}: {getattr(filing, name)!r} != {value!r}")
    return found


def printed(filled: tabled.Filled, kind: str, rng: Random) -> bytes:
    if kind == "html":
        return tabled.as_html(filled, rng)
    if kind == "docx":
        return tabled.as_docx(filled)
    return tabled.as_xlsx(filled) if kind == "xlsx" else tabled.as_pdf(filled)


@pytest.mark.parametrize(("kind", "count"), [("html", 40), ("docx", 4), ("xlsx", 20), ("pdf", 12)])
@pytest.mark.parametrize("form", [tabled.shanghai_2020, tabled.shanghai_2023, tabled.national])
def test_a_filled_table_is_read_back_from_every_format(form: Any, kind: str, count: int) -> None:
    for seed in range(count):
        rng = Random(seed)
        filled = form(rng.choice(RECORDS), rng)
        (filing,) = read_filings(read_bytes(printed(filled, kind, rng), f"表.{kind}"))
        assert lost(filing, filled.expected) == [], seed


def test_a_pdf_whose_table_runs_over_pages_is_read_back_but_for_a_few() -> None:
    wrong = 0
    for seed in range(24):
        rng = Random(seed)
        filled = rng.choice((tabled.shanghai_2020, tabled.shanghai_2023, tabled.national))(rng.choice(RECORDS), rng)
        (filing,) = read_filings(read_bytes(tabled.as_pdf(filled, page_height=rng.choice((600, 420, 360))), "表.pdf"))
        wrong += bool(lost(filing, filled.expected))
        assert filing.source.pages is not None
        assert len(filing.source.pages) > 1 or filing.source.pages == (1,)
    assert wrong <= 2


def test_values_from_a_pdf_say_where_they_stand() -> None:
    rng = Random(3)
    filled = tabled.shanghai_2023(RECORDS[0], rng)
    (filing,) = read_filings(read_bytes(tabled.as_pdf(filled), "表.pdf"))
    assert filing.places is not None
    (place,) = filing.places["goals"]
    assert place.page == 1
    assert place.box is not None
    assert place.box[0] < place.box[2]
    assert place.box[1] < place.box[3]
    assert all(row.place is not None and row.place.page == 1 for row in filing.indicators)


GRID = """<table><tr><td colspan=4>项目支出绩效目标表</td></tr><tr><td>项目名称</td><td colspan=3>平台</td></tr>
<tr><td>主管部门</td><td>水务局</td><td>实施单位</td><td>信息中心</td></tr>
<tr><td>年度目标</td><td colspan=3>上线运行。</td></tr>{}</table>"""


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            "<tr><td>一级指标<td>二级指标<td>三级指标<td>指标值</tr><tr><td>产出指标<td>成本指标<td>成本<td>≤5万元</tr>",
            [("产出指标", "成本指标", "成本", "≤5万元")],
        ),
        (
            "<tr><td>一级指标<td>二级指标<td>三级指标<td>指标值</tr><tr><td>成本指标<td>经济成本指标<td>成本<td>≤5万元</tr>",
            [("成本指标", "经济成本指标", "成本", "≤5万元")],
        ),
        (
            "<tr><td>一级指标<td>二级指标<td>三级指标<td>指标方向<td>指标值<td>计量单位<td>权重</tr>"
            "<tr><td>产出指标<td>数量指标<td>场次<td>≥<td>12<td>场<td>10</tr>",
            [("产出指标", "数量指标", "场次", "≥12场")],
        ),
        (
            "<tr><td>一级指标<td>二级指标<td>三级指标<td>指标值<td>二级指标<td>三级指标<td>指标值</tr>"
            "<tr><td>产出指标<td>数量指标<td>三年场次<td>36<td>数量指标<td>场次<td>12</tr>",
            [("产出指标", "数量指标", "场次", "12")],
        ),
        (
            "<tr><td rowspan=3>绩效指标<td>一级指标<td>二级指标<td>三级指标<td>指标值</tr>"
            "<tr><td rowspan=2>产出指标<td>数量指标<td>场次<td>12</tr><tr><td>质量指标<td>合格率<td>100%</tr>",
            [("产出指标", "数量指标", "场次", "12"), ("产出指标", "质量指标", "合格率", "100%")],
        ),
    ],
)
def test_tables_with_more_columns_than_four(table: str, expected: list[tuple[str, ...]]) -> None:
    (filing,) = read_filings(read_bytes(("<html>" + GRID.format(table)).encode(), "a.html"))
    assert [(row.level1, row.level2, row.name, row.target) for row in filing.indicators] == expected


def test_the_title_in_a_table_of_contents_is_no_filing() -> None:
    text = "目录\n七、项目经费情况说明 ……… 12\n八、绩效目标 ……… 13\n部门主要职能\n一、项目概述见附件\n"
    with pytest.raises(NoFiling):
        read(text)


def test_a_statement_takes_its_name_from_the_title_and_its_unit_from_the_cover() -> None:
    text = (
        "某区2025年区级部门预算\n预算主管部门：某区商务委员会\n\n目录\n七、项目经费情况说明\n\n科技创新专项经费情况说明\n一、项目概述\n推动创新\n发展。\n"
        "二、立项依据\n《意见》（某规〔2023〕1号）。\n三、实施主体\n某区商务委员会\n四、实施方案\n按程序。\n五、实施周期\n2025.1.1-2025.12.31\n"
        "六、年度预算安排\n2025年度项目总预算1720.00万，其中认定1720.00万。\n七、绩效目标\n详见目标表\n"
    )
    (filing,) = read(text)
    assert (filing.form, filing.project_name, filing.applicant) == ("statement", "科技创新专项", "某区商务委员会")
    assert (filing.fiscal_year, filing.start_date, filing.end_date) == (2025, "2025-01-01", "2025-12-31")
    assert (filing.budget.total, filing.budget.current_year) == (17_200_000, 17_200_000)
    assert list(filing.sections) == ["overview", "basis", "executor", "plan", "schedule", "budget_plan", "goals"]
    assert filing.sections["overview"] == "推动创新发展。"


def test_a_form_that_nobody_described_is_read_as_far_as_its_labels_go() -> None:
    text = (
        "重点支出绩效目标公开表\n（2022年度）\n项目名称\t智慧平台\n项目类别\t其他\n绩效类型\t其他类\n项目概况\t建设平台一套。\n"
        "立项依据\t《办法》\n一级目标\t二级指标\t三级目标\t目标值\n产出目标\t数量\t平台\t1套\n"
    )
    (filing,) = read(text)
    assert filing.project_name == "智慧平台"
    assert filing.sections["overview"] == "建设平台一套。"
    assert len(filing.indicators) == 1


@pytest.mark.real
def test_the_real_pdf_filings_are_read_as_the_gold_was(shared: Path) -> None:
    gold = [json.loads(line) for line in (shared / "gold" / "putuo_filings.jsonl").read_text().splitlines()]
    read_back = {
        (path.name, filing.source.index): filing
        for path in sorted((shared / "filings").glob("*.pdf"))
        for filing in read_filings(read_document(path))
    }
    renamed = {"fiscal_total": "total_fiscal", "other_total": "total_other"}
    report: dict[Any, list[str]] = {}
    for expected in gold:
        key = (expected["source"]["file"], expected["source"]["index"])
        header = (
            "form",
            "fiscal_year",
            "applicant",
            "department",
            "project_name",
            "category",
            "project_nature",
            "start_date",
            "end_date",
        )
        wanted = {name: expected[name] for name in header}
        wanted["budget"] = {renamed.get(k, k): v for k, v in expected["budget"].items()}
        wanted |= {"sections": expected["sections"], "indicators": expected["indicators"]}
        report[key] = lost(read_back[key], wanted)
        assert list(read_back[key].source.pages or ()) == expected["source"]["pages"]
    for key, found in report.items():
        if found:
            print(*key, *found, sep="\n    ")
    assert read_back.keys() == report.keys()
    assert not any(report.values())


@pytest.mark.parametrize(("kind", "count"), [("text", 25), ("html", 25), ("docx", 4), ("xlsx", 12), ("pdf", 8)])
def test_what_other_offices_print_is_read_back(kind: str, count: int) -> None:
    for form in forms.FORMS:
        score = measure(DIRECT[kind], range(count), form)
        fields, sections, _, rows_f1 = score.figures
        assert (score.n_lost, score.n_extra) == (0, 0), score.differences
        assert fields >= 0.99, score.differences
        assert sections >= 0.97, score.differences
        assert rows_f1 >= 0.98, score.differences
