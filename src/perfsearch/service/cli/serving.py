"""Commands that start a service, and those that say who may ask it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click
from pydantic.fields import FieldInfo

from perfsearch.service.cli.context import Context, json_option, library_option, print_json
from perfsearch.service.options import ServiceOptions, load_options


def options_of_service(command: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for every option of the service, as its model describes them."""
    for name, field in reversed(ServiceOptions.model_fields.items()):
        default = "" if field.default in (None, "", False) else f" [{field.default}]"
        command = click.option(
            "--" + name.replace("_", "-"), name, default=None, help=f"{field.description}{default}", **_kind(field)
        )(command)
    return command


def _kind(field: FieldInfo) -> dict[str, Any]:
    """How click reads the values of a field; its bounds are the model's to check."""
    choices = get_args(field.annotation)
    if field.annotation is bool:
        return {"is_flag": True}
    if choices and all(isinstance(one, str) for one in choices):
        return {"type": click.Choice(choices)}
    kinds: dict[Any, click.ParamType[Any]] = {int: click.INT, float: click.FLOAT}
    plain = next((one for one in choices if one is not type(None)), field.annotation)
    return {"type": kinds.get(plain, click.STRING)}


@click.command()
@options_of_service
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings file (TOML).")
@library_option
@click.pass_obj
def serve(context: Context, /, library: str | None, config: Path | None, **flags: Any) -> int:
    """Serve the web page, the REST API and its docs."""
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
