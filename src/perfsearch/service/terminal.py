"""How answers look in a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from perfsearch.model import Filing, FilingSummary, Rejection, SearchHit, SearchResult
from perfsearch.service.wording import BUDGET_NAMES, SECTION_NAMES, yuan

if TYPE_CHECKING:
    from perfsearch.indexes.ledger import FileProgress

SAY_SECONDS = 10.0
"""Where stderr is no terminal, a line of progress after so long."""


def describe_filing(filing: Filing) -> str:
    """One filing as a person reads it: header, budget, sections, indicators, warnings."""
    header = [
        ("编号", filing.id),
        ("来源", f"{filing.source.file} #{filing.source.index}"),
        ("表式", filing.form),
        ("年度", filing.fiscal_year),
        ("申报单位", filing.applicant),
        ("主管部门", filing.department),
        ("项目名称", filing.project_name),
        ("项目类别", filing.category),
        ("项目性质", filing.project_nature),
        ("绩效类型", filing.performance_type),
        ("起止日期", " 至 ".join(date for date in (filing.start_date, filing.end_date) if date) or None),
        (
            "政府购买服务",
            None if filing.government_procurement is None else "是" if filing.government_procurement else "否",
        ),
    ]
    lines = [f"{name}：{value}" for name, value in header if value not in (None, "")]
    budget = filing.budget.model_dump()
    lines += [f"{label}：{yuan(budget[key])}" for key, label in BUDGET_NAMES.items() if budget.get(key) is not None]
    for name, text in filing.sections.items():
        lines += ["", f"【{SECTION_NAMES.get(name, name)}】", text or "（空）"]
    if filing.indicators:
        lines += ["", "【绩效指标】"]
        previous: tuple[str, str] | None = None
        for row in filing.indicators:
            if (row.level1, row.level2) != previous:
                previous = (row.level1, row.level2)
                lines.append(f"{row.level1} / {row.level2}")
            lines.append(f"    {row.name}  {row.target}")
    lines += [f"注意 {warning.code}：{warning.message}" for warning in filing.warnings]
    return "\n".join([*lines, ""])


def describe_summary(summary: FilingSummary) -> str:
    """One line of a list."""
    amount = summary.budget.total if summary.budget.total is not None else summary.budget.current_year
    parts = [summary.id, str(summary.fiscal_year or "----"), summary.applicant or "—", summary.project_name or "—"]
    return "  ".join([*parts, yuan(amount) if amount is not None else "—"])


def describe_hits(result: SearchResult) -> str:
    """The hits with their snippets, matched words marked."""
    if not result.hits:
        return result.message or "没有相关的结果。"
    lines = [f"共 {result.total} 条，用时 {result.took_ms:.0f} 毫秒"]
    for number, hit in enumerate(result.hits, 1):
        lines += ["", *_describe_hit(number, hit)]
    if result.message:
        lines += ["", result.message]
    return "\n".join(lines)


def _describe_hit(number: int, hit: SearchHit) -> list[str]:
    title = click.style(hit.project_name or "（无项目名称）", bold=True)
    where = " · ".join(
        str(part) for part in (hit.fiscal_year, hit.applicant, SECTION_NAMES.get(hit.section, hit.section)) if part
    )
    lines = [
        f"{number}. {title}  {hit.score:.3f}",
        f"   {where} · {hit.filing_id} · {hit.source.file}#{hit.source.index}",
    ]
    if hit.lineage:
        lines.append("   同一项目的其他年度")
    if hit.snippet:
        lines.append(f"   {_mark(hit.snippet, hit.highlights)}")
    if hit.section_scores:
        lines.append(
            "   分部分相似度：" + "，".join(f"{SECTION_NAMES.get(k, k)} {v:.2f}" for k, v in hit.section_scores.items())
        )
    if hit.explain:
        fusion = "，".join(f"{key}={value}" for key, value in hit.explain.fusion.items())
        lines.append(f"   词面 {_score(hit.scores.lexical)}，语义 {_score(hit.scores.semantic)}；{fusion}")
        if hit.explain.lanes:
            lines.append("   直达：" + "，".join(hit.explain.lanes))
        if hit.explain.terms:
            lines.append("   命中词：" + " ".join(hit.explain.terms))
        if hit.explain.expanded:
            lines.append("   同义扩展：" + " ".join(hit.explain.expanded))
    return lines


def _score(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"


def _mark(text: str, highlights: Sequence[tuple[int, int]]) -> str:
    marked, position = [], 0
    for start, end in highlights:
        marked += [text[position:start], click.style(text[start:end], fg="red", bold=True)]
        position = end
    return "".join([*marked, text[position:]]).replace("\n", " ")


def report_rejections(rejected: Sequence[Rejection], stream: TextIO) -> None:
    """Name every input that was not taken, with the reason."""
    for item in rejected:
        click.echo(f"未能读入 {item.path}：{item.reason}", file=stream)


@contextmanager
def progress_bar(label: str, unit: str, disable: bool = False) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on stderr, shown on a terminal only; the callback takes (done, total or None)."""
    from tqdm import tqdm

    with tqdm(desc=label, unit=unit, disable=True if disable else None, leave=False, dynamic_ncols=True) as bar:

        def update(done: int, total: int | None = None) -> None:
            if total is not None and bar.total != total:
                bar.total = total
            bar.update(done - bar.n)

        yield update


@contextmanager
def file_progress(label: str, total: int, disable: bool = False) -> Iterator[Callable[[FileProgress], None]]:
    """Progress by files on stderr, with rate and remaining time: a bar on a terminal, else a line now and then."""
    from tqdm import tqdm

    is_terminal = sys.stderr.isatty()
    began = said = time.monotonic()
    with tqdm(
        desc=label, unit="个文件", total=total, disable=disable or not is_terminal, leave=False, dynamic_ncols=True
    ) as bar:

        def update(progress: FileProgress) -> None:
            nonlocal said
            now = time.monotonic()
            bar.set_postfix_str(
                f"{progress.filings} 份（每秒 {progress.filings / (now - began):.0f}），未能读入 {progress.rejected}",
                refresh=False,
            )
            bar.update(progress.files - bar.n)
            if not disable and not is_terminal and now - said >= SAY_SECONDS:
                said = now
                click.echo(_progress_line(label, progress, total, now - began), err=True)

        yield update


def _progress_line(label: str, progress: FileProgress, total: int, seconds: float) -> str:
    rate = progress.files / seconds
    left = max(0, total - progress.files) / rate if rate else 0
    minutes, rest = divmod(round(left), 60)
    return (
        f"{label} {progress.files}/{total} 个文件，{progress.filings} 份，未能读入 {progress.rejected}；"
        f"每秒 {rate:.1f} 个，约剩 {minutes} 分 {rest:02d} 秒"
    )
