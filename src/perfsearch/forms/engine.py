"""The engine: reads a Document by the descriptions of forms, into filings without what is derived from them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from perfsearch.errors import NoFiling, UnreadableFile
from perfsearch.forms.description import Form
from perfsearch.forms.filing_reader import FilingReader
from perfsearch.forms.folding import squeeze
from perfsearch.forms.sheet import Sheet, lay_out
from perfsearch.forms.split import split, without_overlaps
from perfsearch.model import Filing
from perfsearch.readers import Document


def read_filings(document: Document, forms: Sequence[Form], n_max: int) -> list[Filing]:
    """Read the filings of a Document, in the order in which they stand; ids, citations and values are not filled.

    Raises:
        NoFiling: no filing of the forms is in it; the reason says what was looked for and what was found.
        UnreadableFile: it holds more than `n_max` filings.
    """
    printed = tuple(sorted({word for form in forms for word in _printed_words(form)}))
    labels = tuple(sorted({label for form in forms for role in form.labelled for label in role.labels}))
    levels = tuple(sorted({level2 for form in forms for level2s in form.levels.values() for level2 in level2s}))
    sheet = lay_out(document, printed, labels, levels)
    found = [segment for form in forms for segment in islice(split(form, sheet), n_max + 1)]
    segments = without_overlaps(found, sheet.norm)
    if len(segments) > n_max:
        raise UnreadableFile(document.name, f"it holds more than {n_max:,} filings (filings_per_file_max): split it")
    filings: list[Filing] = []
    blank = 0
    for segment in segments:
        filing = FilingReader(sheet, segment, document).read(len(filings))
        if _says_something(filing):
            filings.append(filing)
        else:
            blank += 1
    if not filings:
        unread = "".join(f"; {warning.message}" for warning in document.warnings if warning.code == "page-scanned")
        raise NoFiling(document.name, _why_none(sheet, forms, blank) + unread)
    return filings


def _printed_words(form: Form) -> list[str]:
    words = [*form.titles, *form.levels]
    words += [label for role in form.labelled for label in role.labels]
    return words + [title for column in form.columns for title in column.titles]


def _says_something(filing: Filing) -> bool:
    return bool(filing.project_name or filing.indicators or any(filing.sections.values()))


def _why_none(sheet: Sheet, forms: Sequence[Form], blank: int) -> str:
    if blank:
        return "the form in it is not filled in: no project name, no text and no indicators"
    squeezed = squeeze(sheet.text[:2_000_000])
    named = [title for form in forms for title in form.titles if title in squeezed]
    if named:
        return f"it names the form {named[0]}, but the form's labels do not follow: no filled form is in it"
    known = "、".join(form.titles[0] for form in forms)
    return f"it holds no filing of a known form (looked for {known} and the labels printed on it)"
