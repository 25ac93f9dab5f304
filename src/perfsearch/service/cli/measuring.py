"""Commands that measure the answers."""

from __future__ import annotations

from pathlib import Path

import click

from perfsearch.errors import UsageError
from perfsearch.service.cli.context import Context, json_option, library_option, print_json


@click.command()
@click.argument("queries", type=click.Path(path_type=Path), metavar="QUERIES.jsonl")
@click.option(
    "--mode", "modes", multiple=True, type=click.Choice(["hybrid", "lexical", "semantic"]), help="Repeatable."
)
@click.option("--save", type=click.Path(path_type=Path), help="Keep the run in this file.")
@click.option("--against", type=click.Path(path_type=Path), help="Print what changed against a kept run.")
@library_option
@json_option
@click.pass_obj
def evaluate(
    context: Context,
    /,
    queries: Path,
    modes: tuple[str, ...],
    save: Path | None,
    against: Path | None,
    library: str | None,
    as_json: bool,
) -> int:
    """Score the library on judged queries: nDCG@10, recall@10 and MRR, by type and mode."""
    from perfsearch.queries.evaluation import HITS, Evaluation, compare, read_queries
    from perfsearch.queries.evaluation import evaluate as score

    judged = read_queries(queries)
    with context.at(library).read() as opened:
        ids = {(summary.source.file, summary.source.index): summary.id for summary in opened.list()}
        result = score(
            judged,
            lambda query, mode: [
                (hit.filing_id, hit.score) for hit in opened.search(query, mode=mode, limit=HITS).hits
            ],
            ids,
            modes or ("hybrid", "lexical", "semantic"),
        )
    if save:
        save.write_text(result.model_dump_json(indent=1), encoding="utf-8")
    if as_json:
        print_json(result)
        return 0
    click.echo(f"{'mode':<10}{'type':<16}{'queries':>8}{'nDCG@10':>9}{'R@10':>8}{'MRR':>8}")
    for row in result.measured:
        click.echo(f"{row.mode:<10}{row.type:<16}{row.queries:>8}{row.ndcg:>9.1f}{row.recall:>8.1f}{row.mrr:>8.1f}")
    if result.missing:
        click.echo(f"not in the library: {', '.join(result.missing)}", err=True)
    if against:
        try:
            before = Evaluation.model_validate_json(against.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{against}: no kept run: {error}") from error
        texts = {query.id: query.query for query in judged}
        for mode, query, old, new in compare(result, before):
            click.echo(f"{mode:<10}{query}  {100 * old:5.1f} → {100 * new:5.1f}  {texts[query]}")
    return 0


COMMANDS = (evaluate,)
