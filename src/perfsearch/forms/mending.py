"""Labels that a narrow column broke and that other text came between: put together again, before labels are looked for.

A label on two lines beside a taller value is printed, line by line, with pieces of the value between its own::

    保证项目实施  上海科学会堂作为项目的具体实施单位，成立了项目
    的制度、措施： 工作领导班子，组建了专门项目团队负责具体项目任务。
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from perfsearch.forms.folding import fold, squeeze

_REACH = 6
"""Rows below a label's first piece among which the next piece is looked for."""

_PIECE = re.compile(r"[^\s][^\s]*(?: [^\s]+)*?(?=\s{2,}|\t|\v|$)|[^\s]+")
_WORD = re.compile(r"\S+")
_TAIL = re.compile(r"(?:\((?:百万元|[千万亿]元|元)\))?:?")


@lru_cache(maxsize=8)
def _prefixes(labels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Every beginning of a label, of two characters or more, with the labels it begins."""
    found: dict[str, tuple[str, ...]] = {}
    for label in labels:
        for length in range(2, len(label)):
            found[label[:length]] = (*found.get(label[:length], ()), label)
    return found


def mend(rows: Sequence[str], labels: Iterable[str]) -> list[str]:
    """Rows with each broken label whole where its first piece stands; the other pieces are blanked out."""
    known = tuple(labels)
    prefixes = _prefixes(known)
    whole = frozenset(known)
    mended = list(rows)
    for number, row in enumerate(rows):
        if not row or len(row) > 400:
            continue
        for start, end in _openings(mended[number]):
            piece = squeeze(mended[number][start:end])
            if piece in prefixes and piece not in whole and _complete(mended, number, start, end, prefixes[piece]):
                break
    return mended


def _openings(row: str) -> list[tuple[int, int]]:
    """Spans where a label's first piece may stand: the first word, and what blanks or tabs set off."""
    spans = [match.span() for match in _PIECE.finditer(row)][:8]
    first = _WORD.search(row)
    if first and first.span() not in spans:
        spans.insert(0, first.span())
    return spans


def _complete(rows: list[str], number: int, start: int, end: int, labels: Sequence[str]) -> bool:
    """Find the rest of one of the labels in the rows below, at the same indent; rewrite the rows if it is there."""
    for label in labels:
        rest = label[len(squeeze(rows[number][start:end])) :]
        pieces = _rest(rows, number, start, rest)
        if pieces is None:
            continue
        spans, tail = pieces
        for row, low, high in spans:
            rows[row] = rows[row][:low] + " " * (high - low) + rows[row][high:]
        rows[number] = rows[number][:start] + label + tail + "  " + rows[number][end:]
        return True
    return False


def _rest(rows: Sequence[str], number: int, start: int, rest: str) -> tuple[list[tuple[int, int, int]], str] | None:
    """Where the rest of a label stands below row `number`, piece by piece, and the unit and colon that close it."""
    spans: list[tuple[int, int, int]] = []
    looked = 0
    row = number
    while rest and looked < _REACH and row + 1 < len(rows):
        row += 1
        if not rows[row].strip():
            continue
        looked += 1
        for low, high in _openings(rows[row]):
            if abs(_indent(rows[row], low) - _indent(rows[number], start)) > 2:
                continue
            piece = squeeze(rows[row][low:high])
            if piece.startswith(rest) and _TAIL.fullmatch(piece, len(rest)):
                if len(rest) < 3 and ":" not in piece and not _alone(rows[row], low, high):
                    return None
                spans.append((row, low, high))
                return spans, piece[len(rest) :]
            if len(piece) > 1 and rest.startswith(piece):
                spans.append((row, low, high))
                rest = rest[len(piece) :]
                break
    return None


def _alone(row: str, start: int, end: int) -> bool:
    """Do wide gaps or the row's ends stand on both sides of a piece?"""
    return not row[max(0, start - 2) : start].strip() and not row[end : end + 2].strip()


def _indent(row: str, offset: int) -> int:
    """The column in which a character stands, full-width characters as two."""
    return sum(1 if character < "\u1100" else 2 for character in fold(row[:offset]))
