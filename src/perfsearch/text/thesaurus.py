"""Everyday words with the official terms that say the same, for widening a query by words.

`thesaurus.tsv` holds one official term a line, a tab, its everyday words separated by spaces; `python -m training
thesaurus` writes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources


@cache
def official_terms() -> Mapping[str, tuple[str, ...]]:
    """Everyday word -> the official terms it stands for."""
    found: dict[str, list[str]] = defaultdict(list)
    data = resources.files("perfsearch.text").joinpath("thesaurus.tsv").read_text(encoding="utf-8")
    for line in data.splitlines():
        term, _, words = line.partition("\t")
        for word in words.split():
            found[word].append(term)
    return {word: tuple(terms) for word, terms in found.items()}


def widen(spans: Iterable[tuple[str, int, int]], text: str) -> list[str]:
    """The official terms of the everyday words in a text, each once, in the order of the words.

    `spans` are the text's tokens with their places: a word counts where tokens begin and end with it (开车师傅 is two
    tokens), the longest at a place alone.
    """
    known = official_terms()
    spans = list(spans)
    starts, ends = {start for _, start, _ in spans}, {end for _, _, end in spans}
    found: dict[str, None] = {}
    covered = 0
    for start in sorted(starts):
        for end in sorted((end for end in ends if start < end), reverse=True):
            if end > covered and text[start:end] in known:
                found.update(dict.fromkeys(known[text[start:end]]))
                covered = end
                break
    return list(found)
