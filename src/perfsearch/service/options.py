"""Every option of the service, and where options come from: flags, environment, a settings file, in that order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from perfsearch.errors import UsageError
from perfsearch.settings import CONFIG_VARIABLE, ENVIRONMENT_PREFIX, Settings, read_config

_RATE_BEYOND = 1_200
"""Twenty a second: more than a person's pages ask for, and a tenth of what one process answers."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ServiceOptions(BaseModel):
    """Frozen options of the service; `Settings` are those of the library."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on. Beyond this machine only with API keys.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that answer; they share the library.")
    threads: int = Field(
        12, ge=2, le=200, description="Requests that one process works on at once; more wait for their turn."
    )
    insecure: bool = Field(False, description="Listen beyond this machine without API keys.")
    allowed_hosts: str = Field(
        "", description="Names under which the service is reached, with commas between; `*` for any. Empty: its host."
    )
    rate_per_minute: int | None = Field(
        None,
        ge=0,
        description="Requests a minute that one key or address may send, half of them at once; 0 is no limit. "
        "Empty: none on this machine alone, 1,200 beyond it.",
    )
    wrong_keys_per_minute: int = Field(
        20, ge=0, description="Wrong keys a minute from one address before it has to wait; 0 is no limit."
    )
    requests_at_once_max: int = Field(
        200, ge=1, description="Requests that one process holds at once; further ones are refused (503)."
    )
    upload_size_bytes_max: int = Field(64_000_000, ge=1_000, description="A larger upload is refused (413).")
    body_size_bytes_max: int = Field(
        4_000_000, ge=1_000, description="A larger body of any other request is refused (413)."
    )
    session_hours: float = Field(12.0, gt=0, le=720, description="How long a sign-in on the web lasts.")
    jobs_kept: int = Field(200, ge=1, description="Finished jobs that are remembered.")
    graceful_seconds: int = Field(20, ge=0, le=600, description="How long a stop waits for requests and jobs.")
    mcp: bool = Field(False, description="Answer assistants too: MCP over streamable HTTP at /mcp.")
    log_format: Literal["json", "console"] = Field("json", description="Logs as JSON lines or for a terminal.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host in LOOPBACK

    @property
    def rate(self) -> int:
        """Requests a minute that one caller may send; 0 is no limit."""
        if self.rate_per_minute is not None:
            return self.rate_per_minute
        return 0 if self.is_loopback else _RATE_BEYOND

    @property
    def host_names(self) -> tuple[str, ...]:
        """Names that a request's Host may have; empty for any."""
        given = tuple(name.strip() for name in self.allowed_hosts.split(",") if name.strip())
        if "*" in given:
            return ()
        if given:
            return (*given, *sorted(LOOPBACK))
        return (self.host, *sorted(LOOPBACK)) if self.is_loopback else ()


def load_options(
    environment: Mapping[str, str] | None = None, config: Path | None = None, **flags: Any
) -> tuple[Settings, ServiceOptions]:
    """Settings of the library and options of the service: flags that are not None, then `PERFSEARCH_*`, then the file.

    The file is TOML: names and values as in the reference, without tables. It is `config`, or what `PERFSEARCH_CONFIG`
    names.

    Raises:
        UsageError: the file can't be read, or a name or value is wrong.
    """
    environment = os.environ if environment is None else environment
    if config is None and environment.get(CONFIG_VARIABLE):
        config = Path(environment[CONFIG_VARIABLE])
    values = read_config(config) if config is not None else {}
    known = {**Settings.model_fields, **ServiceOptions.model_fields}
    for name in known:
        given = environment.get(ENVIRONMENT_PREFIX + name.upper())
        if given:
            values[name] = given
    values.update({name: value for name, value in flags.items() if value is not None})
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UsageError(f"settings: {unknown[0]!r} is none; docs/settings.md lists them", unknown[0])
    try:
        return (
            Settings(**{name: value for name, value in values.items() if name in Settings.model_fields}),
            ServiceOptions(**{name: value for name, value in values.items() if name in ServiceOptions.model_fields}),
        )
    except ValueError as error:
        raise UsageError(f"settings: {error}") from error


def reference() -> str:
    """The page that lists every setting, as Markdown (docs/settings.md)."""
    lines = [
        "# Settings",
        "",
        "A flag of `perfsearch serve` wins over the environment, the environment over the file, the file over the default.",
        "The file is TOML, named by `--config FILE` or `PERFSEARCH_CONFIG`: one `name = value` a line; every command reads",
        "its settings of the library. Flags are the names with dashes (`--rate-per-minute 600`).",
        "This page is generated: `python -m perfsearch.service.options > docs/settings.md`.",
    ]
    for title, model in (("The library", Settings), ("The service", ServiceOptions)):
        lines += ["", f"## {title}", "", "| name | environment | default | |", "| --- | --- | --- | --- |"]
        for name, field in model.model_fields.items():
            default = "" if field.default in ("", None) else f"`{field.default}`"
            about = (field.description or "").replace("|", "\\|")
            lines.append(f"| `{name}` | `{ENVIRONMENT_PREFIX}{name.upper()}` | {default} | {about}{_bounds(field)} |")
    return "\n".join([*lines, ""])


def _bounds(field: Any) -> str:
    low = next((getattr(rule, "ge", None) for rule in field.metadata if getattr(rule, "ge", None) is not None), None)
    high = next((getattr(rule, "le", None) for rule in field.metadata if getattr(rule, "le", None) is not None), None)
    if low is None and high is None:
        return ""
    return f" ({'' if low is None else f'{low:,}'} to {'…' if high is None else f'{high:,}'})"


if __name__ == "__main__":
    print(reference(), end="")
