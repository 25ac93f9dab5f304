"""How policies are found by the words of their titles: pairs of characters, and a score for how well a query fits."""

from __future__ import annotations

import re
from collections.abc import Iterable

from perfsearch.extract.folding import TitleKey, fold_title

TERM_LENGTH = 2
"""Characters a search term has: pairs find any part of a title and need no dictionary."""
_COMMON = re.compile(r"(?<=.)(?:事业|工作|建设|发展)(?=.)")


def terms_of(titles: Iterable[str]) -> set[str]:
    """Return the pairs of characters of folded titles, by which `find` looks."""
    found: set[str] = set()
    for title in titles:
        found.update(title[i : i + TERM_LENGTH] for i in range(len(title) - TERM_LENGTH + 1))
    return found


def search_body(folded: TitleKey) -> str:
    """Return what a short name keeps of a title: without 事业, 工作, 建设, 发展 (科普规划 for 科普事业发展规划)."""
    return _COMMON.sub("", folded.issuer + folded.body)


def score(bodies: list[str], period: str, query: str, title: str) -> float:
    """Score a title: the share of the query's pairs in it, whether its characters come in order, whether periods agree.

    A period in the words of the query (十三五) counts a little more than the same period in years.
    """
    folded = fold_title(title)
    whole, short = folded.issuer + folded.body, search_body(folded)
    wanted = terms_of(bodies)
    if wanted:
        here = terms_of([whole])
        shared = max(len(wanted & here), len(wanted & (here | terms_of([short])))) / len(wanted)
    else:
        shared = 1.0 if all(body in whole for body in bodies) else 0.0
    ordered = sum(_in_order(body, whole) for body in bodies) / max(len(bodies), 1)
    agree = 0.5
    if period:
        word = _FIVE_WORD.search(query)
        agree = 0.0 if folded.period != period else 1.0 if word and word.group() in title else 0.9
    return round(0.55 * shared + 0.25 * ordered + 0.19 * agree, 4)


_FIVE_WORD = re.compile(r"十[一二三四五六]?五")


def _in_order(short: str, long: str) -> bool:
    position = 0
    for character in short:
        position = long.find(character, position) + 1
        if not position:
            return False
    return True
