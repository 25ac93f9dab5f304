"""Prints filings in the layouts in which real ones come.

The content lies in `tests/data/corpus_gold.jsonl`; `render` prints one filing in a `Style`, `render_file` several with
text around them, `encode` makes the bytes. A filing read back from the print has to equal the content it was printed
from, so the same code makes the sample corpus and feeds the parser's property tests.

    from random import Random
    from tests.rendering import Style, load_records, random_style, render

    text = render(load_records()[0], Style(layout="wrapped", width=34))
    text = render(load_records()[0], random_style(Random(7)))
"""

from tests.rendering.files import encode, render, render_file
from tests.rendering.records import GOLD, Budget, Indicator, Record, load_records
from tests.rendering.style import Style, random_style

__all__ = [
    "GOLD",
    "Budget",
    "Indicator",
    "Record",
    "Style",
    "encode",
    "load_records",
    "random_style",
    "render",
    "render_file",
]
