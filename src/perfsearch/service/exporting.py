"""Lists as CSV and JSON lines: for spreadsheets, where no cell may become a formula, and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

CSV = "text/csv; charset=utf-8"
JSON_LINES = "application/jsonl; charset=utf-8"
_BYTE_ORDER_MARK = "\ufeff"
"""Excel takes a CSV without one for GBK."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Starts of a cell that spreadsheets take for a formula, full width too (OWASP, CSV injection)."""


def cell(value: Any) -> str | int | float:
    """One cell: numbers stay numbers, lists are joined, and text that could be a formula gets a quote in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, int | float):
        return value
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list | tuple) else str(value)
    risky = text.startswith(("\t", "\r", "\n")) or text.lstrip(" \u3000\ufeff").startswith(_FORMULA)
    return "'" + text if risky else text


def csv_lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    """The rows as lines of CSV (RFC 4180) under their columns' names."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    yield _BYTE_ORDER_MARK + buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([cell(row.get(name)) for name in columns])
        yield buffer.getvalue()


def csv_of(batches: Iterable[Sequence[BaseModel | Mapping[str, Any]]]) -> Iterator[str]:
    """Batches of values as lines of CSV; the columns are those of the first batch."""
    columns: list[str] | None = None
    for batch in batches:
        rows, found = table(batch)
        first = columns is None
        columns = found if columns is None else columns
        lines = csv_lines(rows, columns)
        head = next(lines)
        if first:
            yield head
        yield from lines


def json_lines_of(batches: Iterable[Sequence[BaseModel | Mapping[str, Any]]]) -> Iterator[str]:
    """One JSON value a line, in the shape of the API."""
    for batch in batches:
        for value in batch:
            yield json.dumps(plain(value), ensure_ascii=False) + "\n"


def plain(value: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    """A value as JSON has it."""
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else dict(value)


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects as `outer.inner` columns."""
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            found.update(flat(inner, f"{prefix}{name}."))
        else:
            found[prefix + name] = inner
    return found


def table(values: Sequence[BaseModel | Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Models as flat rows, and the columns that any of them has, in order."""
    rows = [flat(plain(value)) for value in values]
    columns: dict[str, None] = {}
    for row in rows:
        columns.update(dict.fromkeys(row))
    return rows, list(columns)
