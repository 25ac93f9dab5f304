"""A document's filings, made whole: their stable ids, and what is derived from their texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

from perfsearch.forms import read_filings
from perfsearch.forms.folding import squeeze
from perfsearch.model import Filing
from perfsearch.readers import Document
from perfsearch.settings import Settings


def finish(document: Document, settings: Settings) -> list[Filing]:
    """The filings of a document, with ids and what is derived from their texts.

    Raises:
        NoFiling: no filing is in it.
        UnreadableFile: too many are.
    """
    found = read_filings(document, n_max=settings.filings_per_file_max)
    return identify([enrich(filing) for filing in found])


def identify(filings: Sequence[Filing]) -> list[Filing]:
    """Give each filing of one file its id; where a key comes again, an ordinal keeps the ids apart."""
    counts: Counter[str] = Counter()
    identified = []
    for filing in filings:
        if filing.id:
            identified.append(filing)
            continue
        key = filing_id(filing)
        counts[key] += 1
        unique = key if counts[key] == 1 else f"{key}-{counts[key]}"
        identified.append(filing.model_copy(update={"id": unique}))
    return identified


def filing_id(filing: Filing) -> str:
    """The stable id `{year}-{10 hex digits}` of a filing, from its natural key.

    The key is year, applicant and project name, widths and blanks aside, so that a corrected filing keeps its id; where
    applicant or project name is missing, it is the file's name and the filing's place in it.
    """
    if filing.applicant and filing.project_name:
        parts = [str(filing.fiscal_year or ""), squeeze(filing.applicant), squeeze(filing.project_name)]
    else:
        parts = ["file", filing.source.file, str(filing.source.index)]
    digest = blake2b("|".join(parts).encode(), digest_size=5).hexdigest()
    return f"{filing.fiscal_year or '0000'}-{digest}"


def enrich(filing: Filing) -> Filing:
    """Fill in what is derived from a filing's text: citations of its sections and values of its targets."""
    # Imported here: the catalogues behind them are not needed to list, show or search.
    from perfsearch.extract.citations import extract_filing_citations
    from perfsearch.extract.targets import parse_target

    citations = extract_filing_citations(filing.sections, filing.project_name, filing.applicant, filing.fiscal_year)
    indicators = tuple(
        indicator.model_copy(update={"value": parse_target(indicator.target, indicator.name)})
        for indicator in filing.indicators
    )
    return filing.model_copy(update={"citations": tuple(citations), "indicators": indicators})
