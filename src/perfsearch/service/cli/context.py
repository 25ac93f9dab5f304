"""What every command shares: the settings, the library, and how an answer is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from perfsearch.errors import NotFound, UsageError
from perfsearch.model import Filters, parse_budget_range, parse_year_range
from perfsearch.settings import Settings, load_settings

if TYPE_CHECKING:
    from pydantic import BaseModel

    from perfsearch.library import Library

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Context:
    """The settings of one call, and the library they name."""

    def __init__(self, library: str | None) -> None:
        self._library = library

    @property
    def library(self) -> str | None:
        """The directory that was named before the command, if any."""
        return self._library

    @cached_property
    def settings(self) -> Settings:
        """The settings of this call: environment, then `--library`."""
        return load_settings(library=self._library)

    def at(self, library: str | None) -> Context:
        """The same context; a `--library` given after the command's name wins over one before it."""
        return Context(library) if library is not None else self

    def read(self) -> Library:
        """Open the library to ask it.

        Raises:
            NotFound: there is none in that directory.
        """
        from perfsearch.library import Library

        directory = self.settings.library
        if not directory.exists():
            raise NotFound(
                f"no library in {directory}: make one with `perfsearch add PATH...`, or name another with --library"
            )
        return Library.open(directory, create=False, settings=self.settings, readonly=True)

    def write(self, create: bool = False, **settings: Any) -> Library:
        """Open the library to change it; with settings of this call, where they are not None."""
        from perfsearch.library import Library

        directory = self.settings.library
        if not create and not directory.exists():
            raise NotFound(f"no library in {directory}: make one with `perfsearch add PATH...`")
        given = {name: value for name, value in settings.items() if value is not None}
        return Library.open(directory, create=create, settings=self.settings.model_copy(update=given))


def library_option(command: _Command) -> _Command:
    """`--library` after the command's name too, as people type it."""
    return click.option("--library", type=click.Path(), default=None, help="Directory of the library.")(command)


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON value on stdout, nothing else.")


def print_json(value: BaseModel | Any) -> None:
    """Print one JSON value on stdout, UTF-8 as it is."""
    plain = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    click.echo(json.dumps(plain, ensure_ascii=False))


def print_json_lines(values: Iterable[BaseModel]) -> None:
    """Print one JSON value a line."""
    for value in values:
        print_json(value)


def read_filters(year: str | None = None, budget: str | None = None, **names: str | None) -> Filters:
    """The filters of the options; ranges are read from their text.

    Raises:
        UsageError: a range is none.
    """
    year_from, year_to = parse_year_range(year) if year else (None, None)
    budget_min, budget_max = parse_budget_range(budget) if budget else (None, None)
    try:
        return Filters(
            year_from=year_from,
            year_to=year_to,
            budget_min=budget_min,
            budget_max=budget_max,
            **names,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


def existing_path(text: str) -> Path | None:
    """The path that the text names, or None where there is no such file."""
    try:
        path = Path(text)
        return path if path.exists() else None
    except OSError:
        return None
