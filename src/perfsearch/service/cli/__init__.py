"""The command line: `perfsearch COMMAND`. People read Chinese, programs read `--json`."""

from __future__ import annotations

import sys

import click

from perfsearch import __version__
from perfsearch.errors import PerfsearchError, UsageError
from perfsearch.service.cli import asking, citing, duplicating, keeping, measuring, reading, reviewing, serving
from perfsearch.service.cli.context import Context

EXIT_REJECTED = 1
EXIT_USAGE = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--library", type=click.Path(), default=None, help="Its directory [PERFSEARCH_LIBRARY, index/].")
@click.version_option(__version__, prog_name="perfsearch")
@click.pass_context
def cli(ctx: click.Context, library: str | None) -> None:
    """Search and precedent for Chinese public-budget filings (财政项目支出绩效目标表)."""
    ctx.obj = Context(library)


for module in (reading, keeping, asking, citing, duplicating, reviewing, measuring, serving):
    for command in module.COMMANDS:
        cli.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; our own errors become one line on stderr and an exit code, never a traceback."""
    try:
        code = cli.main(args=arguments, prog_name="perfsearch", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = EXIT_USAGE
    except click.Abort:
        click.echo("interrupted", err=True)
        code = 130
    except UsageError as error:
        click.echo(f"perfsearch: {error}", err=True)
        code = EXIT_USAGE
    except PerfsearchError as error:
        click.echo(f"perfsearch: {error}", err=True)
        code = EXIT_REJECTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is wrong.
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
