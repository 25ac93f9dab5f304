"""Duplicated text as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from perfsearch.model import DuplicateReport, Filing
from perfsearch.service.reports.duplicates_text import (
    CATEGORY_NAMES,
    CERTAINTY_NAMES,
    FIRST_NAMES,
    KIND_NAMES,
    PARTS,
    STALE_NAMES,
    both_sides,
    css_kind,
    figures,
    marked_section,
    percent,
    section_name,
)

FILTERS = (
    ("verbatim", "逐字相同"),
    ("edited", "略有改动"),
    ("paraphrase", "换了说法"),
    ("within", "本表内重复"),
    ("quotation", "政策标题和引文"),
    ("boilerplate", "通用套话"),
)

SOURCES_FILTERED = 20
"""Sources with a switch of their own."""


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("perfsearch.service.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, section=section_name)
    return environment.get_template("duplicates.html")


def render_duplicates(report: DuplicateReport, filing: Filing) -> str:
    """The page: figures, what was not updated, sources, the filing with its matches, and both sides of each match."""
    numbered = list(enumerate(report.matches, 1))
    stale = list(enumerate(report.copied_not_updated, 1))
    ranks = {source.filing_id: rank for rank, source in enumerate(report.sources[:SOURCES_FILTERED], 1)}
    sections = [
        (
            name,
            marked_section(
                text,
                [(n, m) for n, m in numbered if m.section == name],
                [(n, s) for n, s in stale if s.section == name],
            ),
        )
        for name, text in filing.sections.items()
    ]
    kinds = {css_kind(match) for match in report.matches}
    return _template().render(
        report=report,
        filing=filing,
        figures=figures(report.rates),
        parts=PARTS,
        ranks=ranks,
        sections=sections,
        pairs=[(number, match, css_kind(match), *both_sides(match)) for number, match in numbered],
        filters=[(kind, name) for kind, name in FILTERS if kind in kinds],
        kind_names=KIND_NAMES,
        category_names=CATEGORY_NAMES,
        first_names=FIRST_NAMES,
        stale_names=STALE_NAMES,
        certainty_names=CERTAINTY_NAMES,
        relation_names=CATEGORY_NAMES,
        histogram=_histogram(report),
    )


def _histogram(report: DuplicateReport) -> list[tuple[str, int]]:
    """How many matches with other filings lie in each tenth of similarity."""
    edges = [0.0, 0.6, 0.7, 0.8, 0.9, 0.999, 1.01]
    names = ["60% 以下", "60–70%", "70–80%", "80–90%", "90% 以上", "完全相同"]
    found = [match.similarity for match in report.matches if not match.within_filing]
    return [
        (name, sum(low <= value < high for value in found))
        for name, (low, high) in zip(names, pairwise(edges), strict=True)
    ]
