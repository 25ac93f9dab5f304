"""Two texts side by side, sentence by sentence: what is the same is matched, what differs is set off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_SENTENCE = re.compile(r"[^。；;！？\n]*[。；;！？\n]?")
_TOKEN = re.compile(r"[0-9][0-9.,]*%?|[A-Za-z]+|.", re.DOTALL)
"""A number differs as a whole, Chinese by its characters."""
SENTENCES_MAX = 400
"""difflib takes quadratic time; a section of the real filings has 60 sentences at most."""
CHARACTERS_MAX = 1_200
"""Of two sentences that are compared by characters: 10 ms for two of that length."""
ALIKE_MIN = 0.4
"""Below, two sentences have only small words in common, and marks between them would be noise."""
RUN_MIN = 2
"""Characters; a shorter run that two sentences share is chance."""

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Text of both sides that belongs together; `same` where it is equal, else the spans of each that differ."""

    left: str
    right: str
    same: bool
    left_marks: Spans = ()
    right_marks: Spans = ()


def side_by_side(left: str, right: str) -> list[Pair]:
    """Both texts whole, in order, cut where they begin or cease to be the same."""
    a = [part for part in _SENTENCE.findall(left) if part]
    b = [part for part in _SENTENCE.findall(right) if part]
    if len(a) > SENTENCES_MAX or len(b) > SENTENCES_MAX:
        return [_pair(left, right)]
    found = []
    matcher = SequenceMatcher(None, [part.strip() for part in a], [part.strip() for part in b], autojunk=False)
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        one, other = "".join(a[a1:a2]), "".join(b[b1:b2])
        found.append(Pair(one, other, True) if kind == "equal" else _pair(one, other))
    return found


def _pair(left: str, right: str) -> Pair:
    """Two texts that differ, with what differs in each."""
    if left == right:
        return Pair(left, right, True)
    whole = Pair(left, right, False, _whole(left), _whole(right))
    if not left or not right or len(left) > CHARACTERS_MAX or len(right) > CHARACTERS_MAX:
        return whole
    one, other = _TOKEN.findall(left), _TOKEN.findall(right)
    left_at, right_at = _starts(one), _starts(other)
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    shared = [
        (left_at[block.a], right_at[block.b], left_at[block.a + block.size] - left_at[block.a])
        for block in blocks
        if left_at[block.a + block.size] - left_at[block.a] >= RUN_MIN
    ]
    if 2 * sum(size for _, _, size in shared) < ALIKE_MIN * (len(left) + len(right)):
        return whole
    return Pair(
        left,
        right,
        False,
        _between([(at, at + size) for at, _, size in shared], len(left)),
        _between([(at, at + size) for _, at, size in shared], len(right)),
    )


def _starts(parts: list[str]) -> list[int]:
    """Where each part begins in the text, and where the last ends."""
    found = [0]
    for part in parts:
        found.append(found[-1] + len(part))
    return found


def _whole(text: str) -> Spans:
    return ((0, len(text)),) if text.strip() else ()


def _between(shared: list[tuple[int, int]], length: int) -> Spans:
    """What lies between spans in order."""
    found, position = [], 0
    for start, end in [*shared, (length, length)]:
        if start > position:
            found.append((position, start))
        position = max(position, end)
    return tuple(found)
