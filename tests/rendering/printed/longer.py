"""A department's whole budget document around filings: a cover, a table of contents that names the form, cost tables, a glossary."""

from __future__ import annotations

import io
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.rendering.printed.grid import Box, Printed, Sheet, label
from tests.rendering.printed.pages import as_pdf, pdf_table

_CHAPTERS = (
    "部门主要职能", "部门机构设置", "名词解释", "部门预算编制说明", "财务收支预算总表", "收入预算总表", "支出预算总表",
    "财政拨款收支预算总表", "一般公共预算支出功能分类预算表", "“三公”经费和机关运行经费预算表", "其他相关情况说明",
    "项目经费情况说明", "项目支出绩效目标表",
)  # fmt: skip
_GLOSSARY = (
    "财政拨款收入：指本级财政当年拨付的资金。",
    "绩效目标：指财政预算资金计划在一定期限内达到的产出和效果，绩效指标包括产出指标、效益指标和满意度指标。",
    "项目支出绩效目标表：部门填报的反映项目名称、主管部门、实施单位和年度目标的表格。",
    "“三公”经费：指因公出国（境）费用、公务接待费、公务用车购置及运行费。",
)
_DUTIES = "负责贯彻执行国家和本市有关法律、法规、规章和方针、政策，研究起草有关地方性法规、规章草案和政策，并组织实施。"


def budget_document(filings: Sequence[Printed], rng: Random, *, n_pages: int = 40) -> bytes:
    """A PDF of about so many pages with the filings in its middle."""
    from pypdfium2 import PdfDocument

    whole = PdfDocument.new()
    parts = [front(rng), *[costs(rng) for _ in range(max(1, n_pages // 4))]]
    middle = len(parts) // 2 + 1
    parts.insert(middle, as_pdf(filings, rng, furniture=True))
    for part in parts:
        whole.import_pages(PdfDocument(part))
    out = io.BytesIO()
    whole.save(out)
    return out.getvalue()


def _story(rng: Random) -> tuple[Any, Any, Any]:
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    from tests.rendering.printed.pages import pdf_styles

    out = io.BytesIO()
    _, body, centred = pdf_styles(rng)
    return SimpleDocTemplate(out, pagesize=A4), (body, centred), out


def front(rng: Random) -> bytes:
    """Cover, table of contents, duties, glossary."""
    from reportlab.platypus import PageBreak, Paragraph

    document, (body, centred), out = _story(rng)
    story: list[Any] = [
        Paragraph("云江市2024年市级部门预算", centred),
        Paragraph("预算主管部门：云江市财政局", centred),
        PageBreak(),
    ]
    story += [Paragraph("目录", centred)]
    story += [
        Paragraph(f"{number}、{chapter}{'.' * 40}{3 * number}", body) for number, chapter in enumerate(_CHAPTERS, 1)
    ]
    story += [
        PageBreak(),
        Paragraph("部门主要职能", centred),
        *[Paragraph(f"{n}、{_DUTIES}", body) for n in range(1, 20)],
    ]
    story += [PageBreak(), Paragraph("名词解释", centred), *[Paragraph(line, body) for line in _GLOSSARY]]
    document.build(story)
    return bytes(out.getvalue())


def costs(rng: Random) -> bytes:
    """A cost table of a page or more: item codes, names, amounts."""
    from reportlab.platypus import Paragraph

    document, (body, centred), out = _story(rng)
    sheet = Sheet((1, 3, 1.5, 1.5, 1.5))
    sheet.add(label("科目编码"), label("项目"), label("合计"), label("基本支出"), label("项目支出"))
    for _ in range(rng.randrange(30, 120)):
        amounts = [f"{rng.randrange(1, 9_000_000):,}" for _ in range(3)]
        sheet.add(Box(str(rng.randrange(2_000_000, 2_300_000))), Box(rng.choice(_CHAPTERS)), *map(Box, amounts))
    title = f"2024年预算单位{rng.choice(('财务收支预算总表', '支出预算总表', '一般公共预算支出功能分类预算表'))}"
    document.build([Paragraph(title, centred), Paragraph("单位：元", body), pdf_table(sheet, 450, body, rng)])
    return bytes(out.getvalue())
