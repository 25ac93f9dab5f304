"""Stretches of a sheet as chunks of text: joined without layout, page-break repeats gone, and shared out to labels.

Between two labels stands the value of the first and, where the second label is centred beside its value or fell
on the next page, the beginning of the second's. Which is which is told by how the text runs, not by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from perfsearch.forms.folding import display_width, fold
from perfsearch.forms.sheet import Sheet

SENTENCE_ENDS = "。！？!?…"
_CLOSERS = "”』」》）)\"'’"
_NO_START = "，。、；：！？,.;:!?）)》”’】〕％%"
_OPENERS = {"（": "）", "(": ")", "《": "》", "〔": "〕", "【": "】", "「": "」"}
_FIRST_ITEM = re.compile(r"(?:一、|1[、.．)）]|[（(][一1][)）]|①|第一)")
"""The first item of a list: a text begins here, it does not go on."""
_BLANKS = re.compile(r"[^\S\v]+")
_PAGE_NUMBER = re.compile(r"[0-9０-９]{1,3}")
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
    column: int = 0
    """Number of its cell in the row."""


def chunks(sheet: Sheet, start: int, end: int, *, blanks_part: bool = False) -> list[Chunk]:
    """The non-blank rows of a stretch as chunks; the first is `inline` where it shares its row with what ends at `start`.

    `blanks_part`: runs of blanks part the columns, as tabs do elsewhere.
    """
    found: list[Chunk] = []
    first_row = sheet.row_of(start)
    last_row = sheet.row_of(max(start, end - 1))
    gap = 0
    edges = ("\t", "   ") if blanks_part else ("\t",)
    for row in range(first_row, last_row + 1):
        row_start = sheet.starts[row]
        row_end = sheet.starts[row + 1] - 1 if row + 1 < len(sheet.starts) else len(sheet.text) - 1
        raw = sheet.text[max(start, row_start) : min(end, row_end)]
        if not raw or raw.isspace():
            gap += 0 if row == first_row and row_start < start else 1
            continue
        inline = row == first_row and row_start < start
        indented = not inline and fold(raw).startswith(edges)
        column = sheet.text.count("\t", row_start, start) if inline else 0
        for number, cell in enumerate(raw.split("\t"), start=column):
            text = tidy(cell)
            if text:
                found.append(Chunk(text, row, gap, inline, indented, number))
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


def without_page_numbers(parts: Sequence[Chunk]) -> list[Chunk]:
    """Drop bare numbers that stand alone between blank rows amid a text; page numbers that count up are gone before."""
    kept: list[Chunk] = []
    dropped = False
    for number, part in enumerate(parts):
        below = parts[number + 1].gap if number + 1 < len(parts) else 1
        alone = part.gap and below and len(parts) > 1 and not part.inline
        if alone and _PAGE_NUMBER.fullmatch(part.text):
            dropped = True
            continue
        kept.append(replace(part, gap=0) if dropped else part)
        dropped = False
    return kept


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


@dataclass(frozen=True, slots=True)
class Setting:
    """How the prose of a filing is set: what the evidence about its line ends is measured by."""

    gap: int
    """Blank rows between lines of one text: 0, unless nearly every line is followed by blank ones."""
    n_characters: int
    n_columns: int
    """Length of a full line in characters, and in columns of a terminal: prints wrap by either."""
    wrapped: bool
    """Texts run over lines of one width; else each is one row."""

    def is_full(self, text: str) -> bool:
        """Does a line reach the right edge, so that the text may go on in the next?"""
        return len(text) >= self.n_characters - 2 or display_width(text) >= self.n_columns - 3


def setting_of(regions: Sequence[Sequence[Chunk]]) -> Setting:
    """Measure the setting on all stretches of a filing."""
    gaps = sorted(part.gap for parts in regions for part in parts[1:])
    lines = [part.text for parts in regions for part in parts if not part.inline]
    lengths = sorted(len(line) for line in lines)
    columns = sorted(display_width(line) for line in lines if len(line) <= 200)
    at = 9 * len(lengths) // 10
    return Setting(
        gap=gaps[3 * len(gaps) // 10] if gaps else 0,
        n_characters=lengths[at] if lengths else 0,
        n_columns=columns[min(at, len(columns) - 1)] if columns else 0,
        wrapped=len(lengths) >= 4 and lengths[at] <= 80,
    )


def cut(
    parts: Sequence[Chunk],
    after: Sequence[Chunk],
    setting: Setting,
    *,
    gap_after: int,
    tabular: bool,
    whole: bool = False,
) -> int:
    """How many of the chunks between two labels belong to the first; the rest begins the second's value.

    `whole`: the first label is one whose value is short and ends in its row. `after` are the chunks below the second
    label, `gap_after` counts the blank rows just before that label.
    """
    n = len(parts)
    floor = 1 if parts and parts[0].inline else 0
    if n <= floor or not after:
        return n
    best, cut_at = 0.0, n
    n_after = next(
        (i for i, part in enumerate(after[:400]) if (i and part.gap > setting.gap) or not setting.is_full(part.text)),
        len(after),
    )
    for at in range(n - 1, max(floor, n - 400) - 1, -1):
        if tabular:
            score = _head_score(parts, at, after, whole=whole)
        else:
            score = _centred_score(parts, at, after, setting, gap_after=gap_after, whole=whole)
            score += 1.5 if abs(n - at - n_after) <= 1 else -0.5
        if score > best:
            best, cut_at = score, at
    return cut_at


def _head_score(parts: Sequence[Chunk], at: int, after: Sequence[Chunk], *, whole: bool) -> float:
    """Rows with an empty label: do they begin the next value (their label is on the next page), or end this one?"""
    if not parts[at].indented or not after:
        return -9.0
    score = -2.0
    left = parts[at - 1].text if at else ""
    if left:
        score += 2.0 if whole else _completeness(left)
    score += -1.5 if ends_sentence(parts[-1].text) else 1.0
    score += 2.0 if _FIRST_ITEM.match(parts[at].text) else 0.0
    score += -1.0 if after[0].inline else 1.5
    if after[0].text[0] in _NO_START:
        score += 4.0
    return score


def _completeness(text: str) -> float:
    """Whether a text seems to end here: a misprinted quotation mark says less than an open bracket."""
    if not _is_balanced(text) or text[-1] in "，、；：,;:":
        return -3.0
    misprint = 1.0 if text[-400:].count("“") > text[-400:].count("”") else 0.0
    return (2.0 if ends_sentence(text) else 0.0) - misprint


def _centred_score(
    parts: Sequence[Chunk], at: int, after: Sequence[Chunk], setting: Setting, *, gap_after: int, whole: bool
) -> float:
    """Lines above a label: is it centred beside a text that begins above it?"""
    if not at:
        return -9.0
    left, last = parts[at - 1].text, parts[-1].text
    score = -3.0
    score += 2.5 if parts[at].gap > setting.gap else -1.0
    if whole:
        score += 2.0 if at == 1 else -2.0
    elif setting.is_full(left):
        score += 0.0 if ends_sentence(left) else -3.0
    else:
        score += 2.5 if ends_sentence(left) else 1.0
    if ends_sentence(last):
        score -= 2.0
    elif setting.is_full(last):
        score += 2.0
    score += 1.0 if gap_after <= setting.gap else -3.0
    score += 0.5 if after[0].gap <= setting.gap else -2.0
    if after[0].text[0] in _NO_START:
        score += 3.0
    if parts[at].text[0] in _NO_START:
        score -= 4.0
    if _FIRST_ITEM.match(parts[at].text):
        score += 2.0
    return score


def ends_sentence(text: str) -> bool:
    """Does a text end with the end of a sentence (closing quotes and brackets aside)?"""
    stripped = text.rstrip(_CLOSERS)
    return bool(stripped) and stripped[-1] in SENTENCE_ENDS


def _is_balanced(text: str) -> bool:
    """Are the brackets of the last stretch of a text closed?"""
    recent = text[-400:]
    return all(recent.count(opener) <= recent.count(closer) for opener, closer in _OPENERS.items())
