"""Commands about indicators and the review of drafts."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from perfsearch.errors import NotFound, UsageError
from perfsearch.model import Filing, Rejection
from perfsearch.model.review import ReviewReport
from perfsearch.service.cli.context import Context, existing_path, json_option, library_option, print_json, read_filters
from perfsearch.service.cli.keeping import header_filters
from perfsearch.service.reports.review_text import (
    describe_diff,
    describe_history,
    describe_indicators,
    describe_recommended,
    describe_review,
    describe_rules,
    describe_summary_table,
    summary_rows,
)
from perfsearch.service.terminal import progress_bar, report_rejections

_Reviewer = Callable[[Sequence[Filing], str, bool], ReviewReport]


@click.command()
@click.argument("query", required=False)
@click.option("--like", metavar="ID|PATH", help="Recommend what filings like this one have and it lacks.")
@click.option("--limit", type=click.IntRange(min=1), default=20, help="At most so many indicators.")
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Skip so many.")
@header_filters
@library_option
@json_option
@click.pass_obj
def indicators(
    context: Context,
    /,
    query: str | None,
    like: str | None,
    limit: int,
    offset: int,
    library: str | None,
    as_json: bool,
    **filters: str | None,
) -> int:
    """Find indicators in use and the sets that filings share; with --like, what a draft lacks."""
    if like is not None and query is not None:
        raise UsageError("indicators: give a query or --like, not both")
    with context.at(library).read() as opened:
        if like is not None:
            result = opened.indicators(like=existing_path(like) or like)
        else:
            result = opened.indicators(query, limit=limit, offset=offset, filters=read_filters(**filters))
    if as_json:
        print_json(result)
    else:
        click.echo(describe_recommended(result) if like is not None else describe_indicators(result))
    return 0


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B", required=False)
@library_option
@json_option
@click.pass_obj
def diff(context: Context, /, a: str, b: str | None, library: str | None, as_json: bool) -> int:
    """Compare the indicator trees of two filings (ids or files); with one, its project over the years."""
    with context.at(library).read() as opened:
        first = existing_path(a) or a
        if b is None:
            history = opened.history(first)
            click.echo(describe_history(history)) if not as_json else print_json(history)
            return 0
        found = opened.diff(first, existing_path(b) or b)
    if as_json:
        print_json(found)
    else:
        click.echo(describe_diff(found))
    return 0


@click.command()
@json_option
@click.pass_obj
def rules(context: Context, /, as_json: bool) -> int:
    """List the rules of the review, each with where it comes from."""
    from perfsearch.queries.review import find_rules, list_rules

    off = context.settings.rules_off_names()
    find_rules(off)  # says so where a name is unknown
    listed = list_rules(off)
    if as_json:
        print_json([rule.model_dump(mode="json") for rule in listed])
    else:
        click.echo(describe_rules(listed))
    return 0


@click.command()
@click.argument("path", metavar="PATH")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write one page that needs nothing else.")
@click.option("--docx", "docx_file", type=click.Path(path_type=Path), help="Write a Word document.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write the findings as a table.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@library_option
@json_option
@click.pass_obj
def review(
    context: Context,
    /,
    path: str,
    html_file: Path | None,
    docx_file: Path | None,
    csv_file: Path | None,
    quiet: bool,
    library: str | None,
    as_json: bool,
) -> int:
    """Review a draft: everything a reviewer checks, on one report. Of a folder: a summary table first."""
    at = context.at(library)
    rejected: list[Rejection] = []
    found = existing_path(path)
    if found is None:
        with at.read() as opened:
            reports = [opened.review(path)]
    else:
        with _reviewer(at) as reviewer:
            reports = list(_reviewed(reviewer, found, at, rejected, quiet))
    _write(reports, html_file, docx_file, csv_file)
    folder = found is not None and found.is_dir()
    if as_json:
        plain = [report.model_dump(mode="json") for report in reports]
        print_json({"summary": [r.brief() for r in reports], "reports": plain} if folder else plain[0])
    else:
        if folder:
            click.echo(describe_summary_table(reports))
        for report in reports if not folder else ():
            click.echo(describe_review(report))
    report_rejections(rejected, sys.stderr)
    return 1 if rejected else 0


@contextmanager
def _reviewer(context: Context) -> Iterator[_Reviewer]:
    """What reviews the filings of one file; without a library by the rules that need none."""
    try:
        library = context.read()
    except NotFound:
        from perfsearch.queries.review import review as review_filings

        click.echo(f"{context.settings.library} 中没有库：只按不需要库的规则审核。", err=True)
        off = context.settings.rules_off_names()
        yield lambda filings, name, details: review_filings(None, filings, name, off=off, details=details)
        return
    with library:
        yield lambda filings, name, details: library.review_filings(filings, name, details=details)


def _reviewed(
    reviewer: _Reviewer, path: Path, context: Context, rejected: list[Rejection], quiet: bool
) -> Iterator[ReviewReport]:
    """The reports of a file, or of every file below a folder that holds a filing."""
    from perfsearch.parsing import iter_inputs, parse_file

    if not path.is_dir():
        yield reviewer(parse_file(path, context.settings), str(path), True)
        return
    total = sum(len(files) for _, _, files in os.walk(path))
    with progress_bar("审核", "个文件", disable=quiet) as progress:
        for done, item in enumerate(iter_inputs([path], context.settings), 1):
            rejected.extend(item.rejections)
            if item.filings:
                yield reviewer(item.filings, item.path, False)
            progress(done, max(done, total))


def _write(reports: list[ReviewReport], html: Path | None, docx: Path | None, table: Path | None) -> None:
    try:
        if html is not None:
            from perfsearch.service.reports.review_html import render_html

            html.write_text(render_html(reports), encoding="utf-8")
        if docx is not None:
            from perfsearch.service.reports.review_docx import write_docx

            write_docx(reports, docx)
        if table is not None:
            # With a byte order mark: the spreadsheet that most people open it with needs it for Chinese.
            with table.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows(summary_rows(reports))
    except OSError as error:
        raise UsageError(f"the report can't be written: {error}") from error
    for written in (html, docx, table):
        if written is not None:
            click.echo(f"已写入 {written}", err=True)


COMMANDS = (indicators, diff, review, rules)
