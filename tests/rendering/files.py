"""Whole files: filings one after another, text around them, and the bytes."""

from __future__ import annotations

from collections.abc import Sequence

from tests.rendering.records import Record
from tests.rendering.style import Style
from tests.rendering.tabular import render_tabular
from tests.rendering.wrapped import render_wrapped


def render(record: Record, style: Style | None = None) -> str:
    """Print one filing; the text ends with a newline."""
    style = style or Style()
    lines = render_tabular(record, style) if style.layout == "tabular" else render_wrapped(record, style)
    return "\n".join(lines) + "\n"


def render_file(
    records: Sequence[Record],
    styles: Sequence[Style] | Style,
    *,
    before: str = "\n\n",
    between: str = "\n",
    after: str = "",
) -> str:
    """Print filings one after another, each in its style, with text before, between and after."""
    if isinstance(styles, Style):
        styles = [styles] * len(records)
    printed = [render(record, style) for record, style in zip(records, styles, strict=True)]
    return before + between.join(printed) + after


def encode(text: str, encoding: str = "utf-8", *, bom: bool = False, newline: str = "\n") -> bytes:
    """Make the bytes of a file; `bom` is for UTF-8 and UTF-16-LE."""
    if newline != "\n":
        text = text.replace("\n", newline)
    return (("\ufeff" if bom else "") + text).encode(encoding)
