"""Stretches of a sheet as chunks of text: joined without layout, page-break repeats gone, and shared out to labels.

Between two labels stands the value of the first and, where the second label is centred beside its value or fell
on the next page, the beginning of the second's. Which is which is told by how the text runs, not by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from perfsearch.forms.sheet import Sheet

SENTENCE_ENDS = "。！？!?…"
_CLOSERS = "”』」》）)\"'’"
_NO_START = "，。、；：！？,.;:!?）)》”’】〕％%"
_OPENERS = {"（": "）", "(": ")", "《": "》", "“": "”", "〔": "〕", "【": "】", "「": "」"}
_BLANKS = re.compile(r"[^\S\v]+")
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of text in one row of the sheet, after its label or below it."""

    text: str
    row: int
    """Number of the row in the sheet."""
    gap: int
    """Blank rows before it."""
    inline: bool = False
    """It stands in the row of its label."""
    indented: bool = False
    """The row's first cell, where labels stand, is empty."""


def chunks(sheet: Sheet, start: int, end: int) -> list[Chunk]:
    """The non-blank rows of a stretch as chunks; the first is `inline` where it shares its row with what ends at `start`."""
    found: list[Chunk] = []
    first_row = sheet.row_of(start)
    last_row = sheet.row_of(max(start, end - 1))
    gap = 0
    for row in range(first_row, last_row + 1):
        row_start = sheet.starts[row]
        row_end = sheet.starts[row + 1] - 1 if row + 1 < len(sheet.starts) else len(sheet.text) - 1
        raw = sheet.text[max(start, row_start) : min(end, row_end)]
        text = tidy(raw)
        if not text:
            gap += 0 if row == first_row and row_start < start else 1
            continue
        inline = row == first_row and row_start < start
        found.append(Chunk(text, row, gap, inline, indented=not inline and raw.startswith("\t")))
        gap = 0
    return found


def tidy(text: str) -> str:
    """Text of one row without tabs at its ends, runs of blanks as one, soft breaks joined."""
    text = _INVISIBLE.sub("", text)
    pieces = [_BLANKS.sub(" ", piece).strip() for piece in text.split("\v")]
    return join([piece for piece in pieces if piece])


def join(pieces: Sequence[str]) -> str:
    """Join wrapped lines: nothing between Chinese characters or digits, a blank between two Latin words."""
    joined: list[str] = []
    last = ""
    for piece in pieces:
        if last and _is_latin(piece[0]) and (_is_latin(last[-1]) or (last[-1] in ",;:.!?" and _is_latin(last[-2:-1]))):
            joined.append(" ")
        joined.append(piece)
        last = piece
    return "".join(joined)


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def join_chunks(parts: Sequence[Chunk]) -> str:
    """Join the chunks of one value, without those that only repeat the end of the text before (a page break's)."""
    pieces: list[str] = []
    tail = ""
    for part in parts:
        if pieces and (part.gap or part.indented) and _repeats(part.text, tail):
            continue
        pieces.append(part.text)
        tail = (tail + part.text)[-2000:]
    return join(pieces)


def _repeats(text: str, tail: str) -> bool:
    squeezed = "".join(text.split())
    return len(squeezed) > 1 and "".join(tail.split()).endswith(squeezed)


def cut(parts: Sequence[Chunk], after: Sequence[Chunk], *, gap_after: int, tabular: bool) -> int:
    """How many of the chunks between two labels belong to the first; the rest begins the second's value.

    `after` are the chunks below the second label, `gap_after` counts the blank rows just before that label.
    """
    n = len(parts)
    floor = 1 if parts and parts[0].inline else 0
    if n <= floor:
        return n
    best, cut_at = 0.0, n
    width = max(len(part.text) for part in [*parts[-200:], *after[:200]])
    lowest = max(floor, n - 400)
    gaps = sorted(part.gap for part in parts[max(1, lowest) :])
    usual_gap = gaps[len(gaps) // 2] if gaps else 0
    for at in range(n - 1, lowest - 1, -1):
        score = (
            _head_score(parts, at, after)
            if tabular
            else _centred_score(parts, at, after, width=width, usual_gap=usual_gap, gap_after=gap_after)
        )
        if score > best:
            best, cut_at = score, at
    return cut_at


def _head_score(parts: Sequence[Chunk], at: int, after: Sequence[Chunk]) -> float:
    """Rows with an empty label: do they begin the next value (their label is on the next page), or end this one?"""
    if not parts[at].indented or not after:
        return -9.0
    score = -2.0
    left = parts[at - 1].text if at else ""
    if left:
        score += _completeness(left)
    score += -1.5 if ends_sentence(parts[-1].text) else 1.0
    score += -1.0 if after[0].inline else 1.5
    if after[0].text[0] in _NO_START:
        score += 4.0
    return score


def _completeness(text: str) -> float:
    if ends_sentence(text) and _is_balanced(text):
        return 2.0
    return -0.5 if text[-1] not in "，、；：,;:" and _is_balanced(text) else -3.0


def _centred_score(
    parts: Sequence[Chunk], at: int, after: Sequence[Chunk], *, width: int, usual_gap: int, gap_after: int
) -> float:
    """Lines above a label: is it centred beside a text that begins above it?"""
    if not after or not at:
        return -9.0
    left, last = parts[at - 1], parts[-1].text
    score = -3.0
    score += 1.5 if parts[at].gap > usual_gap else -1.0
    if ends_sentence(left.text):
        score += 1.5
    elif len(left.text) >= width - 2:
        score -= 4.0
    if len(left.text) < width - 2:
        score += 1.0
    if ends_sentence(last):
        score -= 2.0
    elif len(last) >= width - 2:
        score += 2.0
    score += 1.0 if gap_after <= usual_gap else -3.0
    score += 0.5 if after[0].gap <= usual_gap else -2.0
    if after[0].text[0] in _NO_START:
        score += 3.0
    if parts[at].text[0] in _NO_START:
        score -= 4.0
    n_after = next((i for i, part in enumerate(after) if i and part.gap > usual_gap), len(after))
    score += 1.5 if abs(len(parts) - at - n_after) <= 1 else -0.5
    return score


def ends_sentence(text: str) -> bool:
    """Does a text end with the end of a sentence (closing quotes and brackets aside)?"""
    stripped = text.rstrip(_CLOSERS)
    return bool(stripped) and stripped[-1] in SENTENCE_ENDS


def _is_balanced(text: str) -> bool:
    """Are the brackets of the last stretch of a text closed?"""
    recent = text[-400:]
    return all(recent.count(opener) <= recent.count(closer) for opener, closer in _OPENERS.items())
