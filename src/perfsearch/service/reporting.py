"""A review as a file to hand on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from fastapi import Response

from perfsearch.model.review import ReviewReport

ReportForm = Literal["html", "docx"]
REPORT_TYPES: dict[ReportForm, str] = {
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def report_response(report: ReviewReport, form: ReportForm, name: str = "review") -> Response:
    """The report as an attachment."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    if form == "html":
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return Response(_report_file(report, form), media_type=REPORT_TYPES[form], headers=headers)


def _report_file(report: ReviewReport, form: ReportForm) -> bytes:
    if form == "html":
        from perfsearch.service.reports.review_html import render_html

        return render_html([report]).encode("utf-8", "replace")
    from perfsearch.service.reports.review_docx import write_docx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.docx"
        write_docx([report], path)
        return path.read_bytes()
