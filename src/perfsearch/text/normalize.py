"""One spelling for search: width folded, lower case, simplified; every position maps back to the original."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Normalized:
    """`text` as search sees it; `offsets[i]` is where character i began in the original, `offsets[-1]` its length."""

    text: str
    offsets: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the original that the half-open span of `text` was made of."""
        begin = self.offsets[start]
        if end <= start:
            return begin, begin
        # Several characters can come of one (㎡ -> m2): the span ends where the next original character begins.
        last, stop = self.offsets[end - 1], end
        while self.offsets[stop] == last and stop < len(self.text):
            stop += 1
        return begin, self.offsets[stop]


def normalize(text: str) -> Normalized:
    """Fold width and compatibility forms (NFKC), lower the case, make traditional characters simplified.

    Works by combining sequences (a character and the marks on it), so that the map is exact; linear in the text.
    """
    if text.isascii():
        return Normalized(text.lower(), range(len(text) + 1))
    if _ordinary().fullmatch(text):
        return Normalized(_fold_widths(text), range(len(text) + 1))
    simple = simplify(text)
    length = len(simple)
    if not any(map(unicodedata.combining, set(simple))):
        folded = simple.translate(_FOLDED)
        if len(folded) == length:  # no character folds to nothing, so each became exactly one
            return Normalized(simplify(folded), range(length + 1))
    pieces: list[str] = []
    offsets: list[int] = []
    start = 0
    while start < length:
        end = start + 1
        while end < length and unicodedata.combining(simple[end]):
            end += 1
        piece = _fold(simple[start:end])
        pieces.append(piece)
        offsets.extend([start] * len(piece))
        start = end
    offsets.append(length)
    # Once more: a compatibility form (U+FA33) folds to a traditional character. It is never longer or shorter for it.
    return Normalized(simplify("".join(pieces)), offsets)


def _fold(piece: str) -> str:
    # Twice, because lower case may leave what NFKC folds again (and the other way round).
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).lower()).lower() or piece


class _FoldTable(dict[int, str]):
    """Characters to their folded forms, filled as they are met."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        self[code] = folded
        return folded


_FOLDED = _FoldTable()


@cache
def _ordinary() -> re.Pattern[str]:
    """Text of simplified ideographs, ASCII, and the signs of Chinese type whose folding is one for one.

    Nearly all text is of these alone, and to know it takes 2 ns a character; folding by table takes 100.
    """
    traditional = _traditional()
    runs: list[list[int]] = []
    for code in range(0x4E00, 0xA000):
        if chr(code) in traditional:
            continue
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    ideographs = "".join(f"{chr(first)}-{chr(last)}" for first, last in runs)
    return re.compile(rf"[\x00-\x7f\u3000-\u3017“”‘’—·\uff01-\uff5e{ideographs}]*")


_WIDE = re.compile(r"[\u3000\uff01-\uff5e]")


def _fold_widths(text: str) -> str:
    for wide in set(_WIDE.findall(text)):
        text = text.replace(wide, _FOLDED[ord(wide)])
    return text.lower()


def simplify(text: str) -> str:
    """Traditional to simplified characters, one for one; a text without traditional characters comes back as it is."""
    if _traditional().isdisjoint(text):
        return text
    converted = _converter()(text)
    if len(converted) == len(text):
        return converted
    # A phrase of another length would break the offsets: then character by character.
    single = {c: s for c in set(text) if len(s := _converter()(c)) == 1}
    return "".join(single.get(c, c) for c in text)


@cache
def _traditional() -> frozenset[str]:
    """Characters that only traditional text has: those OpenCC simplifies and GB 2312 (the simplified set) lacks.

    So 著, 乾 or 瞭, which simplified text uses too, do not set off a conversion.
    """
    data = resources.files("perfsearch.text").joinpath("traditional.txt").read_text(encoding="utf-8")
    return frozenset(data) - {"\n"}


@cache
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert
