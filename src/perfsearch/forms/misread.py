"""Printed words that the recognition of a scan got wrong by a character (主管部内): put right where they stand alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_LENGTH_MIN = 4
"""A wrong character in four leaves no doubt; 数量 and 质量 are both right."""
_PIECE = re.compile(r"[^\t\v:：]+")
_TAIL = re.compile(r"[(（][^()（）]{1,12}[)）]\s*$")


@lru_cache(maxsize=8)
def _by_length(printed: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for word in printed:
        if len(word) >= _LENGTH_MIN:
            found[len(word)] = (*found.get(len(word), ()), word)
    return found


def mend_misread(row: str, printed: Sequence[str]) -> str:
    """A row with each piece (a cell, a paragraph, what stands before a colon) that is a printed word but for a character
    as that word.

    >>> mend_misread("主管部内\\t财政局", ("主管部门", "实施单位"))
    '主管部门\\t财政局'
    """
    words = _by_length(tuple(printed))
    return _PIECE.sub(lambda match: _mended(match[0], words), row)


def _mended(piece: str, words: dict[int, tuple[str, ...]]) -> str:
    tail = _TAIL.search(piece)
    head = piece[: tail.start()] if tail else piece
    squeezed = "".join(head.split())
    same_length = words.get(len(squeezed), ())
    if not same_length or squeezed in same_length:
        return piece
    near = [word for word in same_length if sum(a != b for a, b in zip(word, squeezed, strict=True)) == 1]
    return near[0] + (tail[0] if tail else "") if len(near) == 1 else piece
