"""Commands that change the library, list it, or look after it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from perfsearch.errors import NotFound, UsageError
from perfsearch.model import AddReport
from perfsearch.service.cli.context import Context, json_option, library_option, print_json, read_filters
from perfsearch.service.terminal import (
    describe_filing,
    describe_summary,
    file_progress,
    progress_bar,
    report_rejections,
)

_workers = click.option(
    "--workers", type=click.IntRange(1, 256), default=None, help="Processes that read at once; one for each core."
)
_quiet = click.option("--quiet", is_flag=True, help="No progress.")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--again", is_flag=True, help="Read files again that are as they were.")
@_workers
@library_option
@json_option
@_quiet
@click.pass_obj
def add(
    context: Context,
    /,
    paths: tuple[str, ...],
    again: bool,
    workers: int | None,
    library: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Read files and folders into the library; a new version of a filing replaces the old one."""
    from perfsearch.parsing import count_files, warm

    warm()
    with (
        context.at(library).write(create=True, reading_workers=workers) as opened,
        file_progress("读入", count_files(paths), disable=quiet) as on_file,
    ):
        try:
            report = opened.add([Path(path) for path in paths], on_file=on_file, again=again)
        except KeyboardInterrupt:
            click.echo("已中断：读入的都已入库，再次运行会接着读。", err=True)
            raise
    return _told(report, as_json)


def _told(report: AddReport, as_json: bool) -> int:
    """Print what was added; the exit code."""
    if as_json:
        print_json(report)
    else:
        click.echo(
            f"新增 {report.added} 份，更新 {report.updated} 份，未变 {report.unchanged} 份，"
            f"未能读入 {len(report.rejected)} 个文件"
        )
    report_rejections(report.rejected, sys.stderr)
    return 1 if report.rejected else 0


@click.command()
@click.argument("path", required=False)
@click.option("--retry", is_flag=True, help="Read them again; what can be read now is forgotten here.")
@click.option("--clear", is_flag=True, help="Forget them.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="At most so many.")
@_workers
@library_option
@json_option
@_quiet
@click.pass_obj
def rejected(
    context: Context,
    /,
    path: str | None,
    retry: bool,
    clear: bool,
    limit: int | None,
    workers: int | None,
    library: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """List the files that could not be read and why, newest first; of one file or folder with PATH."""
    if retry and clear:
        raise UsageError("rejected: --retry or --clear, not both")
    from perfsearch.parsing import readable

    below = readable(os.path.realpath(path)) if path is not None else None
    at = context.at(library)
    if retry:
        with at.write(reading_workers=workers) as opened:
            total = len({one.file for one in opened.rejected(below=below).rejected})
            with file_progress("重读", total, disable=quiet) as on_file:
                return _told(opened.retry_rejected(below, on_file=on_file), as_json)
    if clear:
        with at.write() as opened:
            n_forgotten = opened.forget_rejected(below)
        if as_json:
            print_json({"forgotten": n_forgotten})
        else:
            click.echo(f"已清除 {n_forgotten} 条")
        return 0
    with at.read() as opened:
        found = opened.rejected(limit=limit, below=below)
    if as_json:
        print_json(found)
        return 0
    for one in found.rejected:
        click.echo(f"{one.at}  {one.path}：{one.reason}")
    click.echo(f"共 {found.total} 条未能读入" if found.total else "没有未能读入的文件。", err=True)
    return 0


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@library_option
@json_option
@click.pass_obj
def remove(context: Context, /, ids: tuple[str, ...], library: str | None, as_json: bool) -> int:
    """Remove filings from the library."""
    with context.at(library).write() as opened:
        removed = opened.remove(list(ids))
    if as_json:
        print_json({"removed": list(removed)})
    else:
        click.echo(f"已移除 {len(removed)} 份")
    return 0


def header_filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that narrow by header fields."""
    for option in reversed(
        (
            click.option("--year", metavar="Y|Y..Y", help="Fiscal year, or a range of years."),
            click.option("--applicant", metavar="A", help="Part of the applicant's name."),
            click.option("--department", metavar="D", help="Part of the department's name."),
            click.option("--category", metavar="C", help="Part of the project's category."),
            click.option("--performance-type", metavar="T", help="Part of the performance type."),
            click.option("--form", metavar="F", help="Form, such as shanghai-2020."),
            click.option("--budget", metavar="MIN..MAX", help="Total budget in yuan, such as 10万..50万."),
        )
    ):
        command = option(command)
    return command


@click.command("list")
@header_filters
@click.option("--limit", type=click.IntRange(min=1), default=None, help="At most so many.")
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Skip so many.")
@library_option
@json_option
@click.pass_obj
def list_filings(
    context: Context, /, limit: int | None, offset: int, library: str | None, as_json: bool, **filters: str | None
) -> int:
    """List the filings, newest fiscal year first."""
    with context.at(library).read() as opened:
        summaries = opened.list(limit=limit, offset=offset, filters=read_filters(**filters))
    if as_json:
        print_json([summary.model_dump(mode="json") for summary in summaries])
    else:
        for summary in summaries:
            click.echo(describe_summary(summary))
        if not summaries:
            click.echo("没有符合条件的申报表。", err=True)
    return 0


@click.command()
@click.argument("filing_id", metavar="ID")
@click.option("--versions", is_flag=True, help="All versions, newest first.")
@library_option
@json_option
@click.pass_obj
def show(context: Context, /, filing_id: str, versions: bool, library: str | None, as_json: bool) -> int:
    """Show one filing, or all its versions."""
    with context.at(library).read() as opened:
        filings = opened.versions(filing_id) if versions else [opened.get(filing_id)]
    if as_json:
        dumped = [filing.model_dump(mode="json") for filing in filings]
        print_json(dumped if versions else dumped[0])
        return 0
    for number, filing in zip(range(len(filings), 0, -1), filings, strict=True):
        if versions:
            click.echo(f"—— 第 {number} 版 ——")
        click.echo(describe_filing(filing))
    return 0


@click.command()
@library_option
@json_option
@click.pass_obj
def verify(context: Context, /, library: str | None, as_json: bool) -> int:
    """Check the records and every index against each other."""
    with context.at(library).read() as opened:
        report = opened.verify()
    if as_json:
        print_json(report)
    else:
        for problem in report.problems:
            click.echo(f"问题：{problem}")
        click.echo("一切正常。" if report.ok else "可用 `perfsearch rebuild` 重建索引。")
    return 0 if report.ok else 1


@click.command()
@click.option("--model", default=None, help="Another encoder: a sentence-transformers name or a folder.")
@library_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_obj
def rebuild(context: Context, /, model: str | None, library: str | None, quiet: bool) -> int:
    """Make every index again from the records."""
    with context.at(library).write() as opened, progress_bar("重建", "份", disable=quiet) as progress:
        opened.rebuild(model=model, progress=progress)
    click.echo("索引已重建。")
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@library_option
@click.pass_obj
def backup(context: Context, /, file: Path, library: str | None) -> int:
    """Write the whole library into one file, also while it is served."""
    with context.at(library).read() as opened:
        opened.backup(file)
    click.echo(f"已备份到 {file}")
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@library_option
@click.pass_obj
def restore(context: Context, /, file: Path, library: str | None) -> int:
    """Make the library again from a backup; the library must not exist yet or be empty."""
    from perfsearch.library import Library

    settings = context.at(library).settings
    with Library.restore(file, settings.library, settings=settings) as opened:
        count = opened.stats().filings
    click.echo(f"已恢复 {count} 份")
    return 0


@click.command()
@library_option
@json_option
@click.pass_obj
def stats(context: Context, /, library: str | None, as_json: bool) -> int:
    """Size of the library and of each index."""
    with context.at(library).read() as opened:
        counted = opened.stats()
    if as_json:
        print_json(counted)
    else:
        for name, value in counted.model_dump(mode="json").items():
            click.echo(f"{name:<16} {value}")
    return 0


@click.group()
def words() -> None:
    """Words and stop words of the library's own, beside the package's; a change makes the indexes anew."""


@words.command("list")
@library_option
@json_option
@click.pass_obj
def list_words(context: Context, /, library: str | None, as_json: bool) -> int:
    """Show the library's own words."""
    with context.at(library).read() as opened:
        own = opened.own_words()
    if as_json:
        print_json(own)
    else:
        for label, values in (("词语", own.words), ("停用词", own.stops)):
            click.echo(f"{label}：{'　'.join(values) or '（无）'}")
    return 0


def _change_words(context: Context, library: str | None, names: tuple[str, ...], stop: bool, keep: bool) -> int:
    with context.at(library).write() as opened:
        own = opened.own_words()
        old = own.stops if stop else own.words
        missing = [name for name in names if name not in old]
        if not keep and missing:
            raise NotFound(
                f"{missing[0]!r} is none of the library's own words; `perfsearch words list` shows them", "word"
            )
        new = (*old, *names) if keep else tuple(name for name in old if name not in names)
        with progress_bar("重建", "份") as progress:
            own = opened.set_own_words(*((own.words, new) if stop else (new, own.stops)), progress=progress)
    click.echo(f"词语 {len(own.words)} 个，停用词 {len(own.stops)} 个")
    return 0


_stop = click.option("--stop", is_flag=True, help="As stop words, which are not searched.")


@words.command("add")
@click.argument("names", nargs=-1, required=True, metavar="WORD...")
@_stop
@library_option
@click.pass_obj
def add_words(context: Context, /, names: tuple[str, ...], stop: bool, library: str | None) -> int:
    """Give the library words that are to be kept whole (names, jargon)."""
    return _change_words(context, library, names, stop, keep=True)


@words.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="WORD...")
@_stop
@library_option
@click.pass_obj
def remove_words(context: Context, /, names: tuple[str, ...], stop: bool, library: str | None) -> int:
    """Take words of the library's own away again."""
    return _change_words(context, library, names, stop, keep=False)


COMMANDS = (add, rejected, remove, list_filings, show, verify, rebuild, backup, restore, stats, words)
