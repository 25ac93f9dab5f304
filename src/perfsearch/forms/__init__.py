"""Document to Filing: one declarative description a form, and one engine that reads by it."""

from __future__ import annotations

from perfsearch.forms.description import Form
from perfsearch.forms.engine import read_filings as _read
from perfsearch.forms.national import NATIONAL
from perfsearch.forms.shanghai_2020 import SHANGHAI_2020
from perfsearch.forms.shanghai_2023 import SHANGHAI_2023
from perfsearch.forms.statement import STATEMENT
from perfsearch.model import Filing
from perfsearch.readers import Document

FORMS: tuple[Form, ...] = (SHANGHAI_2020, SHANGHAI_2023, NATIONAL, STATEMENT)
"""Every form that is described."""

__all__ = ["FORMS", "Form", "read_filings"]


def read_filings(document: Document, forms: tuple[Form, ...] = FORMS, n_max: int = 10_000) -> list[Filing]:
    """Read the filings of a Document, in the order in which they stand; ids, citations and values are not filled.

    Raises:
        NoFiling: no filing of the forms is in it.
        UnreadableFile: it holds more than `n_max` filings.
    """
    return _read(document, forms, n_max)
