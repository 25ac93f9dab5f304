"""Text folded for comparison: half-width forms, plain blanks, radicals as characters."""

from __future__ import annotations

import unicodedata


def _folding() -> dict[int, str]:
    """Characters whose compatibility form is one other character, and every kind of blank."""
    table: dict[int, str] = {}
    for first, last in ((0xA0, 0x24F), (0x2E80, 0x2FDF), (0x2000, 0x22FF), (0xF900, 0xFAFF), (0xFE30, 0xFFEF)):
        for code in range(first, last + 1):
            folded = unicodedata.normalize("NFKC", chr(code))
            if len(folded) == 1 and folded != chr(code):
                table[code] = folded
    table.update(dict.fromkeys((0xA0, 0x3000, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD), " "))
    table.update({0x2236: ":", 0xFE55: ":", 0x02D0: ":", 0x2C: ",", 0xFF0C: ",", 0x2010: "-", 0x2013: "-", 0x2014: "-"})
    return table


_FOLD = _folding()


def fold(text: str) -> str:
    """Half-width forms for full-width ones, a plain blank for every kind of blank; the length stays."""
    return text.translate(_FOLD)


def squeeze(text: str) -> str:
    """Fold, and drop all white space: what labels and vocabulary are compared by."""
    return "".join(fold(text).split())


def display_width(text: str) -> int:
    """Columns of a terminal that a text takes: wide characters take two."""
    return sum(1 if character < "\u1100" else 2 for character in text)
