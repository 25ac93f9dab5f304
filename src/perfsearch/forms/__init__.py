"""Document to Filing: one declarative description a form, and one engine that reads by it."""

from __future__ import annotations

from perfsearch.errors import InputError, NoFiling
from perfsearch.forms.description import Form
from perfsearch.forms.engine import read_filings as _read
from perfsearch.forms.national import NATIONAL
from perfsearch.forms.shanghai_2020 import SHANGHAI_2020
from perfsearch.forms.shanghai_2023 import SHANGHAI_2023
from perfsearch.forms.statement import STATEMENT
from perfsearch.forms.unknown import unknown_form
from perfsearch.model import Filing, Warning
from perfsearch.readers import Document, Line

FORMS: tuple[Form, ...] = (SHANGHAI_2020, SHANGHAI_2023, NATIONAL, STATEMENT)
"""Every form that is described."""

_FALLBACK = unknown_form(FORMS)

__all__ = ["FORMS", "Form", "read_filings"]


def read_filings(document: Document, forms: tuple[Form, ...] = FORMS, n_max: int = 10_000) -> list[Filing]:
    """Read the filings of a Document, in the order in which they stand; ids, citations and values are not filled.

    A document with none of the forms, but with a table of goals by other labels, is read as far as the labels of all
    forms go: `form` is `unknown`, and a warning says so.

    Raises:
        NoFiling: no filing of the forms is in it.
        UnreadableFile: it holds more than `n_max` filings.
    """
    try:
        return _read(document, forms, n_max)
    except NoFiling:
        if forms is not FORMS or not _names_goals(document):
            raise
        try:
            filings = _read(document, (_FALLBACK,), n_max)
        except InputError:
            filings = []
        found = [
            filing for filing in filings if filing.project_name and (filing.indicators or len(filing.sections) > 1)
        ]
        if not found:
            raise
        message = "no described form: read by the labels that other forms have, as far as they go"
        warning = Warning(code="form-unknown", message=message, field="form")
        return [filing.model_copy(update={"warnings": (warning, *filing.warnings)}) for filing in found]


def _names_goals(document: Document) -> bool:
    """Does a document speak of performance goals or indicators at all?"""
    for block in document.blocks:
        texts = [block.text] if isinstance(block, Line) else [cell.text for cell in block.cells]
        if any("绩" in text or "指" in text for text in texts):
            return True
    return False
