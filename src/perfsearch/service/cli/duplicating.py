"""The command about duplicated text: of one filing, or of the whole library."""

from __future__ import annotations

from pathlib import Path

import click

from perfsearch.errors import UsageError
from perfsearch.model import ClusterReport, DuplicateReport, Filing
from perfsearch.service.cli.context import Context, existing_path, json_option, library_option, print_json
from perfsearch.service.reports.duplicates_text import describe_clusters, describe_duplicates
from perfsearch.service.terminal import progress_bar


@click.command()
@click.argument("draft", metavar="ID|PATH", required=False)
@click.option(
    "--min-length", type=click.IntRange(min=5), default=15, help="Shorter passages are left out (characters)."
)
@click.option("--all", "every", is_flag=True, help="Clusters of filings that share text, over the whole library.")
@click.option("--threshold", type=click.FloatRange(0.1, 1.0), default=0.3, help="With --all: share that links two.")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write one page that needs nothing else.")
@click.option("--docx", "docx_file", type=click.Path(path_type=Path), help="Write a Word document.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@library_option
@json_option
@click.pass_obj
def duplicates(
    context: Context,
    /,
    draft: str | None,
    min_length: int,
    every: bool,
    threshold: float,
    html_file: Path | None,
    docx_file: Path | None,
    quiet: bool,
    library: str | None,
    as_json: bool,
) -> int:
    """Find the text that a filing (its id, or a draft file) shares with others and with itself."""
    if every == (draft is not None):
        raise UsageError("duplicates: give the id or the file of a filing, or --all for the whole library")
    at = context.at(library)
    if every:
        if html_file is not None or docx_file is not None:
            raise UsageError("duplicates: --html and --docx are for one filing; with --all use --json")
        return _clusters(at, threshold, quiet, as_json)
    assert draft is not None
    with at.read() as opened:
        path = existing_path(draft)
        filing = _first(path, at) if path is not None else opened.get(draft)
        report = opened.duplicates(filing, min_length=min_length)
    _write(report, filing, html_file, docx_file)
    if as_json:
        print_json(report)
    else:
        click.echo(describe_duplicates(report, filing))
    return 0


def _first(path: Path, context: Context) -> Filing:
    from perfsearch.parsing import parse_file

    filings = parse_file(path, context.settings)
    if len(filings) > 1:
        click.echo(f"{path}：有 {len(filings)} 份申报表，只比对第一份。", err=True)
    return filings[0]


def _clusters(context: Context, threshold: float, quiet: bool, as_json: bool) -> int:
    with context.read() as opened, progress_bar("查重", "段", disable=quiet) as progress:
        report: ClusterReport = opened.duplicate_clusters(threshold, progress=progress)
    if as_json:
        print_json(report)
    else:
        click.echo(describe_clusters(report))
    return 0


def _write(report: DuplicateReport, filing: Filing, html: Path | None, docx: Path | None) -> None:
    try:
        if html is not None:
            from perfsearch.service.reports.duplicates_html import render_duplicates

            html.write_text(render_duplicates(report, filing), encoding="utf-8", errors="replace")
        if docx is not None:
            from perfsearch.service.reports.duplicates_docx import write_duplicates

            write_duplicates(report, filing, docx)
    except OSError as error:
        raise UsageError(f"{error.filename}: can't be written ({error.strerror})") from error


COMMANDS = (duplicates,)
