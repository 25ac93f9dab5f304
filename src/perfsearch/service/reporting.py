"""A review as a file to hand on."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from fastapi import Response

from perfsearch.model.review import Finding, ReviewReport

ReportForm = Literal["html", "docx", "csv"]
REPORT_TYPES: dict[ReportForm, str] = {
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv",
}
Accepted = Callable[[Finding], bool]


def report_response(
    report: ReviewReport, form: ReportForm, name: str = "review", accepted: Accepted | None = None
) -> Response:
    """The report as an attachment; findings that a reviewer `accepted` are marked in it."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    if form == "html":
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return Response(_report_file(report, form, accepted), media_type=REPORT_TYPES[form], headers=headers)


def _report_file(report: ReviewReport, form: ReportForm, accepted: Accepted | None) -> bytes:
    if form == "html":
        from perfsearch.service.reports.review_html import render_html

        return render_html([report], accepted).encode("utf-8", "replace")
    if form == "csv":
        from perfsearch.service.reports.review_text import summary_rows

        buffer = io.StringIO()
        csv.writer(buffer).writerows(summary_rows([report], accepted))
        return buffer.getvalue().encode("utf-8-sig", "replace")
    from perfsearch.service.reports.review_docx import write_docx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.docx"
        write_docx([report], path, accepted)
        return path.read_bytes()
