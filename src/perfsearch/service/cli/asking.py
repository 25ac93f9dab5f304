"""Commands that ask the library a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from perfsearch.service.cli.context import Context, existing_path, json_option, library_option, print_json, read_filters
from perfsearch.service.cli.keeping import header_filters
from perfsearch.service.terminal import describe_hits


def _paging(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--offset", type=click.IntRange(min=0), default=0, help="Skip so many.")(command)
    return click.option("--limit", type=click.IntRange(min=1), default=10, help="At most so many hits.")(command)


_section = click.option("--section", metavar="S", help="Only passages of this section, such as basis.")
_cites = click.option("--cites", metavar="POLICY", help="Only filings that cite this policy.")
_explain = click.option("--explain", is_flag=True, help="Show scores, fusion, lanes and matched terms.")


@click.command()
@click.argument("query")
@click.option("--by", type=click.Choice(["filing", "passage"]), default="filing", help="What a hit is.")
@click.option("--mode", type=click.Choice(["hybrid", "lexical", "semantic"]), default="hybrid", help="What to ask.")
@click.option("--exact", is_flag=True, help="Only the query's own words: no words of the same meaning.")
@_section
@header_filters
@_cites
@_paging
@_explain
@library_option
@json_option
@click.pass_obj
def search(
    context: Context, /, query: str, by: str, mode: str, exact: bool, limit: int, offset: int, explain: bool,
    library: str | None, as_json: bool, **filters: str | None,
) -> int:  # fmt: skip
    """Find filings or passages by words and by meaning, best first."""
    with context.at(library).read() as opened:
        result = opened.search(
            query, by=by, mode=mode, exact=exact, limit=limit, offset=offset, explain=explain,
            filters=read_filters(**filters),
        )  # fmt: skip
    if as_json:
        print_json(result)
    else:
        click.echo(describe_hits(result))
    return 0


@click.command()
@click.argument("draft", metavar="ID|PATH")
@_section
@header_filters
@_cites
@_paging
@_explain
@library_option
@json_option
@click.pass_obj
def similar(
    context: Context, /, draft: str, limit: int, offset: int, explain: bool, library: str | None, as_json: bool,
    **filters: str | None,
) -> int:  # fmt: skip
    """Find past projects like a stored filing or a draft file."""
    with context.at(library).read() as opened:
        result = opened.similar(
            existing_path(draft) or draft, limit=limit, offset=offset, explain=explain, filters=read_filters(**filters)
        )
    if as_json:
        print_json(result)
    else:
        click.echo(describe_hits(result))
    return 0


COMMANDS = (search, similar)
