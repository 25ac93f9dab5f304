"""Commands that start a service, and those that say who may ask it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from perfsearch.service.cli.context import Context, json_option, library_option, print_json


@click.command()
@click.option("--host", default=None, help="Address to listen on [127.0.0.1]; beyond this machine with API keys only.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port to listen on [8000].")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="Processes that answer [1].")
@click.option("--insecure", is_flag=True, default=None, help="Listen beyond this machine without API keys.")
@click.option("--mcp", is_flag=True, default=None, help="Answer assistants too, at /mcp.")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings file (TOML).")
@click.option("--log-format", type=click.Choice(["json", "console"]), default=None, help="How logs look [json].")
@library_option
@click.pass_obj
def serve(context: Context, /, library: str | None, config: Path | None, **flags: Any) -> int:
    """Serve the web page, the REST API and its docs."""
    from perfsearch.service.options import load_options
    from perfsearch.service.running import run

    named = library if library is not None else context.library
    settings, options = load_options(config=config, library=named, **flags)
    run(settings, options)
    return 0


@click.command()
@library_option
@click.pass_obj
def mcp(context: Context, /, library: str | None) -> int:
    """Answer assistants over MCP on stdin and stdout."""
    from perfsearch.service.mcp import run_stdio

    with context.at(library).read() as opened:
        run_stdio(opened)
    return 0


@click.group()
def keys() -> None:
    """API keys of the service: who may ask it, and who may change the library."""


@keys.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["reader", "editor", "admin"]), default="reader", show_default=True)
@library_option
@click.pass_obj
def add_key(context: Context, /, name: str, role: Any, library: str | None) -> int:
    """Make a key and print it, this once."""
    from perfsearch.service.guard.keys import key_ring

    click.echo(key_ring(context.at(library).settings.library).make(name, role))
    click.echo("这个密钥只显示这一次。", err=True)
    return 0


@keys.command("list")
@library_option
@json_option
@click.pass_obj
def list_keys(context: Context, /, library: str | None, as_json: bool) -> int:
    """Show the keys' ids, names and roles."""
    from perfsearch.service.guard.keys import key_ring

    found = key_ring(context.at(library).settings.library).listed()
    if as_json:
        print_json(found)
    else:
        for key in found:
            click.echo(f"{key['id']}  {key['role']:<7} {key['made'][:10]}  {key['name']}")
    return 0


@keys.command("revoke")
@click.argument("key_id", metavar="ID")
@library_option
@click.pass_obj
def revoke_key(context: Context, /, key_id: str, library: str | None) -> int:
    """Take a key away; sessions that were opened with it end."""
    from perfsearch.service.guard.keys import key_ring

    key_ring(context.at(library).settings.library).revoke(key_id)
    return 0


COMMANDS = (serve, mcp, keys)
