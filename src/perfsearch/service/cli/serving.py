"""Commands that start a service."""

from __future__ import annotations

import click

from perfsearch.service.cli.context import Context, library_option


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port to listen on.")
@library_option
@click.pass_obj
def serve(context: Context, /, host: str, port: int, library: str | None) -> int:
    """Serve the web page, the REST API and its docs."""
    from perfsearch.service.app import run

    run(context.at(library).settings, host=host, port=port)
    return 0


COMMANDS = (serve,)
