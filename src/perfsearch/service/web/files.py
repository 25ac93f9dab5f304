"""Charts as files: SVG to look at elsewhere, CSV to reckon with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.responses import Response

from perfsearch.errors import NotFound
from perfsearch.service.exporting import CSV, csv_lines


def chart_svg(text: str | None, name: str) -> Response:
    """An SVG file.

    Raises:
        NotFound: there is no such chart.
    """
    if text is None:
        raise NotFound(f"no chart {name!r}", "chart")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.svg"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(text, media_type="image/svg+xml", headers=headers)


def chart_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]] | None, name: str) -> Response:
    """A CSV file.

    Raises:
        NotFound: there is no such chart.
    """
    if rows is None:
        raise NotFound(f"no chart {name!r}", "chart")
    lines = csv_lines((dict(zip(columns, row, strict=True)) for row in rows), columns)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("".join(lines).encode(), media_type=CSV, headers=headers)
