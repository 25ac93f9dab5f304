"""What is shared without being copied: stock phrases of public prose, titles and quotations of policies.

`stock_grams.npy` holds hashes of 111,521 runs of six characters that stand in at least 10 of 30,742 stretches of 3,000
characters of public prose (laws, policy documents, government work reports, the daily news of 2012 to 2026). They cover
15 % of the real filings; made by `benchmarks/duplicates_stock.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from perfsearch.extract.fingerprints import Folded, gram_hashes

STOCK_GRAM = 6
QUOTATION_MIN = 8
"""Characters from which words in quotation marks behind 指出, 强调 or 提出 are a quotation, and no catchword."""

Mask = NDArray[np.bool_]

_TITLE = re.compile(
    r"《[^《》\n]{2,150}(?:《[^《》\n]{1,100}》[^《》\n]{0,100})*》"
    r"(?:\s*[（(【\[][^（）()【】\[\]]{0,20}(?:[〔\[［【（(]?(?:19|20)\d\d[〕\]］】）)]?)[^（）()】]{0,14}[号文]?[）)】\]])?"
)
_NUMBER = re.compile(r"[\u4e00-\u9fff]{1,10}[〔\[［【（(](?:19|20)\d\d[〕\]］】）)]\s*第?\d{1,4}号")
_QUOTATION = re.compile(rf"(?:指出|强调|提出|要求|明确|规定|指示)[^“”。；]{{0,12}}“([^“”]{{{QUOTATION_MIN},400}})”")


@cache
def _grams() -> NDArray[np.uint32]:
    with resources.files("perfsearch.extract").joinpath("stock_grams.npy").open("rb") as file:
        found: NDArray[np.uint32] = np.load(file, allow_pickle=False)
    return found


def stock_mask(folded: Folded) -> Mask:
    """(n,) for each folded character whether it says nothing of a common origin.

    Stock phrases of public prose; digits, because schedules and sums are alike everywhere; and of a word in ASCII all
    but two characters, however long it is.
    """
    known = _phrases(folded)
    known |= (folded.codes >= ord("0")) & (folded.codes <= ord("9"))
    ascii_ = folded.codes < 128
    known[2:] |= ascii_[2:] & ascii_[1:-1] & ascii_[:-2]
    return known


def _phrases(folded: Folded) -> Mask:
    hashes = (gram_hashes(folded.codes, STOCK_GRAM) >> np.uint64(32)).astype(np.uint32)
    if not len(hashes):
        return np.zeros(len(folded), dtype=np.bool_)
    known = _grams()
    place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return covered(known[place] == hashes, STOCK_GRAM, len(folded))


def covered(grams: Mask, length: int, n_characters: int) -> Mask:
    """(n_characters,) whether a character lies in one of the marked grams; gram i begins at character i."""
    steps = np.zeros(n_characters + 1, dtype=np.int32)
    places = np.flatnonzero(grams)
    np.add.at(steps, places, 1)
    np.add.at(steps, places + length, -1)
    found: Mask = np.cumsum(steps[:-1]) > 0
    return found


def quotations(text: str) -> list[tuple[int, int]]:
    """Half-open spans of titles in 《》 (with the number behind them), document numbers, and quoted words."""
    spans = [match.span() for match in _TITLE.finditer(text)]
    spans += [match.span() for match in _NUMBER.finditer(text)]
    spans += [match.span(1) for match in _QUOTATION.finditer(text)]
    return sorted(spans)


def quoted_mask(folded: Folded, spans: Iterable[tuple[int, int]]) -> Mask:
    """(n,) for each folded character whether it lies in one of the spans of the original text."""
    mask = np.zeros(len(folded), dtype=np.bool_)
    for start, end in spans:
        first, last = np.searchsorted(folded.starts, (start, end))
        mask[first:last] = True
    return mask
