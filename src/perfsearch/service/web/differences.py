"""Two texts side by side, sentence by sentence: what is the same is matched, what differs is set off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_SENTENCE = re.compile(r"[^。；;！？\n]*[。；;！？\n]?")
SENTENCES_MAX = 400
"""difflib takes quadratic time; a section of the real filings has 60 sentences at most."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Text of both sides that belongs together; `same` where it is equal."""

    left: str
    right: str
    same: bool


def side_by_side(left: str, right: str) -> list[Pair]:
    """Both texts whole, in order, cut where they begin or cease to be the same."""
    a = [part for part in _SENTENCE.findall(left) if part]
    b = [part for part in _SENTENCE.findall(right) if part]
    if len(a) > SENTENCES_MAX or len(b) > SENTENCES_MAX:
        return [Pair(left, right, left == right)]
    found = []
    matcher = SequenceMatcher(None, [part.strip() for part in a], [part.strip() for part in b], autojunk=False)
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        found.append(Pair("".join(a[a1:a2]), "".join(b[b1:b2]), kind == "equal"))
    return found
