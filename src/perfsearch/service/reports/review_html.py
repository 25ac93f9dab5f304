"""The review as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from perfsearch.model.review import SEVERITIES, Finding, ReviewReport
from perfsearch.service.reports.review_text import (
    FAMILY_NAMES,
    SEVERITY_NAMES,
    number,
    place_of,
    ratio,
    shortened,
)
from perfsearch.service.wording import SECTION_NAMES, yuan


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("perfsearch.service.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(yuan=yuan, ratio=ratio, place=place_of, shortened=shortened, number=number)
    return environment.get_template("review.html")


def render_html(reports: Sequence[ReviewReport], accepted: Callable[[Finding], bool] | None = None) -> str:
    """One page for one draft or for a folder of them; a folder's begins with a table of all.

    Findings that a reviewer `accepted` are marked.
    """
    reviews = [one for report in reports for one in report.reviews]
    return _template().render(
        reports=reports,
        accepted=accepted or (lambda finding: False),
        reviews=reviews,
        severities=SEVERITIES,
        severity_names=SEVERITY_NAMES,
        family_names=FAMILY_NAMES,
        section_names=SECTION_NAMES,
        library_filings=max((report.library_filings for report in reports), default=0),
        messages=list(dict.fromkeys(message for report in reports for message in report.messages)),
    )
