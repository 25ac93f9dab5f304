"""Commands that read files and store nothing."""

from __future__ import annotations

import sys

import click

from perfsearch.model import Filing, Rejection
from perfsearch.service.cli.context import Context, json_option, print_json, print_json_lines
from perfsearch.service.terminal import describe_filing, report_rejections


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--jsonl", is_flag=True, help="One filing a line, in the shape that `add` reads again.")
@json_option
@click.pass_obj
def parse(context: Context, /, paths: tuple[str, ...], jsonl: bool, as_json: bool) -> int:
    """Read filings from files and folders; store nothing."""
    from perfsearch.parsing import iter_inputs, warm

    warm()
    rejected: list[Rejection] = []
    filings: list[Filing] = []
    for item in iter_inputs(paths, context.settings):
        rejected.extend(item.rejections)
        if jsonl:
            print_json_lines(item.filings)
        elif as_json:
            filings.extend(item.filings)
        else:
            for filing in item.filings:
                click.echo(describe_filing(filing))
    if as_json and not jsonl:
        print_json([filing.model_dump(mode="json") for filing in filings])
    report_rejections(rejected, sys.stderr)
    return 1 if rejected else 0


COMMANDS = (parse,)
