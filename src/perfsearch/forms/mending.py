"""Labels that a narrow column broke and that other text came between: put together again, before labels are looked for.

A label on two lines beside a taller value is printed, line by line, with pieces of the value between its own::

    保证项目实施  上海科学会堂作为项目的具体实施单位，成立了项目
    的制度、措施： 工作领导班子，组建了专门项目团队负责具体项目任务。
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from perfsearch.forms.folding import display_width, squeeze

_REACH = 6
"""Rows below a label's first piece among which the next piece is looked for."""

_SET_OFF = re.compile(r"[^\s][^\s]*(?: [^\s]+)*?(?=\s{2,}|\t|\v|$)|[^\s]+")
_ROW_LENGTH_MAX = 400
"""A longer row is a text in one line, and its label is not broken."""

_IN_VAIN_MAX = 20_000
"""So many beginnings of labels that go on nowhere, and the rest of the file is left alone: a 300-page budget has 2,000."""

_WORD = re.compile(r"\S+")
_UNIT_TAIL = re.compile(r"(?:\((?:百万元|[千万亿]元|元)\))?:?$")
_TAIL = re.compile(r"(?:\((?:百万元|[千万亿]元|元)\))?:?")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of text in a row, squeezed, and the column in which it begins."""

    row: int
    start: int
    end: int
    text: str
    indent: int


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
    heads = frozenset(label[0] for label in known)
    mended = list(rows)
    pieces: dict[int, list[_Piece]] = {}
    in_vain = 0
    for number in range(len(mended)):
        if not _may_open(mended[number], heads):
            continue
        for piece in _pieces(mended, number, pieces):
            if piece.text not in prefixes or piece.text in whole or _is_spaced(mended[number], piece, whole):
                continue
            if _complete(mended, number, piece, prefixes[piece.text], pieces):
                pieces.clear()
                break
            in_vain += 1
        if in_vain > _IN_VAIN_MAX:
            break
        pieces.pop(number - 1, None)
    return mended


def _is_spaced(row: str, piece: _Piece, whole: frozenset[str]) -> bool:
    """Is a piece the beginning of a whole label that is set wide in its cell (项目  概况)?"""
    if "\t" not in row:
        return False
    end = row.find("\t", piece.start)
    cell = squeeze(row[row.rfind("\t", 0, piece.start) + 1 : end if end >= 0 else len(row)])
    return _UNIT_TAIL.sub("", cell) in whole


def _may_open(row: str, heads: frozenset[str]) -> bool:
    """Does a label's first character stand where a piece may begin?"""
    if not row or len(row) > _ROW_LENGTH_MAX:
        return False
    first = row.lstrip()[:1]
    return first in heads or (bool(first) and ("  " in row or "\t" in row or "\u3000" in row))


def _pieces(rows: Sequence[str], number: int, known: dict[int, list[_Piece]]) -> list[_Piece]:
    """The pieces of a row: its first word, and what wide gaps or tabs set off."""
    if number not in known:
        row = rows[number]
        spans: list[tuple[int, int]] = []
        if row and len(row) <= _ROW_LENGTH_MAX:
            spans = [match.span() for match in _SET_OFF.finditer(row)][:8]
            first = _WORD.search(row)
            if first and first.span() not in spans:
                spans.insert(0, first.span())
        known[number] = [
            _Piece(number, start, end, squeeze(row[start:end]), display_width(row[:start])) for start, end in spans
        ]
    return known[number]


def _complete(
    rows: list[str], number: int, first: _Piece, labels: Sequence[str], known: dict[int, list[_Piece]]
) -> bool:
    """Find the rest of one of the labels in the rows below, at the same indent; rewrite the rows if it is there."""
    near = _below(rows, number, first, known)
    begins = {piece.text[0] for pieces in near for piece in pieces}
    for label in labels:
        rest = label[len(first.text) :]
        found = _rest(rows, near, rest) if rest[0] in begins else None
        if found is None:
            continue
        others, tail = found
        for piece in others:
            row = rows[piece.row]
            rows[piece.row] = row[: piece.start] + " " * (piece.end - piece.start) + row[piece.end :]
        rows[number] = rows[number][: first.start] + label + tail + "  " + rows[number][first.end :]
        return True
    return False


def _below(rows: Sequence[str], number: int, first: _Piece, known: dict[int, list[_Piece]]) -> list[list[_Piece]]:
    """The pieces of the next rows that begin in the column of the first piece, row by row."""
    near: list[list[_Piece]] = []
    looked = 0
    for row in range(number + 1, min(number + 3 * _REACH, len(rows))):
        if rows[row] and not rows[row].isspace():
            looked += 1
            if looked > _REACH:
                break
            near.append([p for p in _pieces(rows, row, known) if p.text and abs(p.indent - first.indent) <= 2])
    return near


def _rest(rows: Sequence[str], near: Sequence[Sequence[_Piece]], rest: str) -> tuple[list[_Piece], str] | None:
    """Where the rest of a label stands, piece by piece, and the unit and colon that close it."""
    found: list[_Piece] = []
    for pieces in near:
        for piece in pieces:
            if piece.text.startswith(rest) and _TAIL.fullmatch(piece.text, len(rest)):
                if len(rest) < 3 and ":" not in piece.text and not _alone(rows[piece.row], piece.start, piece.end):
                    return None
                return [*found, piece], piece.text[len(rest) :]
            if 1 < len(piece.text) < len(rest) and rest.startswith(piece.text):
                found.append(piece)
                rest = rest[len(piece.text) :]
                break
    return None


def _alone(row: str, start: int, end: int) -> bool:
    """Do wide gaps or the row's ends stand on both sides of a piece?"""
    return not row[max(0, start - 2) : start].strip() and not row[end : end + 2].strip()
