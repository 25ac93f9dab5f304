"""One line of an indicator table as level labels, name and target: the ways to read it, each with its cost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from perfsearch.forms.description import Form
from perfsearch.forms.folding import fold, squeeze
from perfsearch.forms.prose import join
from perfsearch.forms.targets import is_signed, split_glued, target_cost

_WIDE_GAP = re.compile(r"[^\S\t]{2,}")
_N_READINGS_MAX = 4
_PLAIN_WORD = re.compile(r"[\u4e00-\u9fff()（）/、]{2,10}")

MISSING_NAME = 7.0
MISSING_TARGET = 4.0


@dataclass(frozen=True, slots=True)
class Columns:
    """Column numbers of the roles in a table whose cells are kept."""

    level1: int = 0
    level2: int = 1
    name: int = 2
    target: int = 3
    operator: int | None = None
    unit: int | None = None
    ignored: frozenset[int] = frozenset()

    @property
    def roles(self) -> tuple[int, int, int, int]:
        """The four columns of a row."""
        return (self.level1, self.level2, self.name, self.target)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The level labels of a form by their squeezed spelling, and the column in which each role is printed."""

    level1: Mapping[str, str]
    level2: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]
    """Level-1 labels under which a level-2 label is printed."""
    columns: Columns


def vocabulary(form: Form, columns: Columns) -> Vocabulary:
    """The vocabulary of a form, for a table with these columns."""
    parents: dict[str, tuple[str, ...]] = {}
    for level1, level2s in form.levels.items():
        for level2 in level2s:
            parents[squeeze(level2)] = (*parents.get(squeeze(level2), ()), level1)
    return Vocabulary(
        {squeeze(level1): level1 for level1 in form.levels},
        {squeeze(level2): level2 for level2s in form.levels.values() for level2 in level2s},
        parents,
        columns,
    )


@dataclass(slots=True)
class TableLine:
    """A line of the table: pieces with their column (None where columns are lost), and the blank lines before it."""

    pieces: list[tuple[int | None, str]]
    row: int
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a line; parts that the line does not have are empty."""

    cost: float
    level1: str = ""
    level2: str = ""
    name: str = ""
    target: str = ""
    moved: bool = False
    """Cells stand in other columns than their titles."""


def pieces_of(raw: str, words: Vocabulary) -> list[tuple[int | None, str]]:
    """The pieces of a row of the sheet: its cells, or its words where columns are lost."""
    if "\t" in raw.strip(" "):
        cells = [
            join([" ".join(part.split()) for part in cell.split("\v") if part.strip()]) for cell in raw.split("\t")
        ]
        return _cells(cells, words.columns)
    stripped = raw.replace("\v", " ").strip()
    if not stripped:
        return []
    if not _WIDE_GAP.search(stripped):
        return [(None, word) for word in stripped.split()]
    found: list[tuple[int | None, str]] = []
    for piece in _WIDE_GAP.split(stripped):
        parts = piece.split()
        while parts and squeeze(parts[0]) in (words.level1 if not found else words.level2) and len(parts) > 1:
            found.append((None, parts.pop(0)))
        signed = next((i for i, part in enumerate(parts) if i and is_signed(fold(part))), len(parts))
        found.extend((None, " ".join(part)) for part in (parts[:signed], parts[signed:]) if part)
    return found


def join_broken_levels(lines: Sequence[TableLine], words: Vocabulary) -> None:
    """Put a level label that its narrow column broke together again, in the line where it begins."""
    labels = [*words.level1, *words.level2]
    starts = {label[:length]: label for label in labels for length in range(2, len(label))}
    for number, line in enumerate(lines[:-1]):
        for at, (column, text) in enumerate(line.pieces[:2]):
            label = starts.get(squeeze(text))
            if label is None or squeeze(text) in labels:
                continue
            rest = label[len(squeeze(text)) :]
            for below in lines[number + 1 : number + 6]:
                match = next(
                    (i for i, (c, t) in enumerate(below.pieces[:2]) if squeeze(t) == rest and c == column), None
                )
                if match is not None:
                    line.pieces[at] = (column, label)
                    del below.pieces[match]
                if match is not None or column is None or any(c == column for c, _ in below.pieces):
                    break


def _cells(cells: list[str], columns: Columns) -> list[tuple[int | None, str]]:
    """The cells that matter: not those left of the levels (绩效指标, along the side), nor weights and scores.

    A sign and a unit in columns of their own become part of the target.
    """
    for number, after in ((columns.operator, False), (columns.unit, True)):
        if number is not None and number < len(cells) and columns.target < len(cells) and cells[number]:
            target, extra = cells[columns.target], cells[number]
            if target and extra not in target:
                cells[columns.target] = target + extra if after else extra + target
            cells[number] = ""
    return [
        (column, cell)
        for column, cell in enumerate(cells)
        if cell and column not in columns.ignored and column >= min(columns.level1, columns.level2)
    ]


def readings(line: TableLine, words: Vocabulary) -> list[Reading]:
    """The cheapest ways to read a line, cheapest first."""
    in_columns = any(column is not None for column, _ in line.pieces)
    found = _by_column(line.pieces, words) if in_columns else _by_order([text for _, text in line.pieces], words)
    found.sort(key=lambda reading: reading.cost)
    return found[:_N_READINGS_MAX]


def _name_cost(text: str, words: Vocabulary) -> float:
    squeezed = squeeze(text)
    if squeezed in words.level1:
        return 5.0
    if squeezed in words.level2:
        return 1.5
    cost = target_cost(squeezed)
    if cost == 0:
        return 6.0
    return 5.0 if cost < 0.3 else 1.0 if cost < 0.5 else 0.0


def _target_cost(text: str, words: Vocabulary) -> float:
    squeezed = squeeze(text)
    known = squeezed in words.level1 or squeezed in words.level2
    return target_cost(fold(text)) + (4.0 if known else 0.0)


def _level1_cost(text: str, words: Vocabulary, *, expected: bool) -> float:
    squeezed = squeeze(text)
    if squeezed in words.level1:
        # 成本指标 is a label of both levels: its column tells.
        return 1.0 if squeezed in words.level2 and not expected else -2.0
    return 6.0 if squeezed in words.level2 or not _PLAIN_WORD.fullmatch(squeezed) else 3.0


def _level2_cost(text: str, words: Vocabulary, *, expected: bool) -> float:
    squeezed = squeeze(text)
    if squeezed in words.level2:
        return -1.5
    if squeezed in words.level1 or not _PLAIN_WORD.fullmatch(squeezed) or target_cost(squeezed) < 0.3:
        return 6.0
    return 0.5 if expected else 2.0


def _by_column(pieces: list[tuple[int | None, str]], words: Vocabulary) -> list[Reading]:
    """Cells of a row to roles, in order: by their column, and by their words where rows are printed a column off."""
    cells = [(column or 0, text) for column, text in pieces]
    if len(cells) > 4:
        last = words.columns.target
        kept = [cell for cell in cells if cell[0] <= last]
        # More cells than columns: what stands beyond the target's column is none of ours, the rest is one target.
        cells = kept if len(kept) <= 4 else [*kept[:3], (kept[3][0], " ".join(text for _, text in kept[3:]))]
    found = []
    for roles in combinations(range(4), len(cells)):
        cost = 0.0
        values = ["", "", "", ""]
        shifts = [column - words.columns.roles[role] for (column, _), role in zip(cells, roles, strict=True)]
        cost += 0.5 * sum(abs(shift) for shift in shifts)
        for (column, text), role in zip(cells, roles, strict=True):
            values[role] = text
            expected = column == words.columns.roles[role]
            if role == 0:
                cost += _level1_cost(text, words, expected=expected)
            elif role == 1:
                cost += _level2_cost(text, words, expected=expected)
            elif role == 2:
                cost += _name_cost(text, words)
            else:
                cost += _target_cost(text, words) * (0.4 if expected else 1.6)
        # A row is whole or goes on in the next: what is missing is counted where rows are put together.
        missing = (0.0 if values[2] else MISSING_NAME) + (0.0 if values[3] else MISSING_TARGET)
        reading = Reading(cost, values[0], values[1], values[2], values[3], any(shifts))
        found.append((cost + missing, reading))
    found.sort(key=lambda pair: pair[0])
    return [reading for _, reading in found[: 2 * _N_READINGS_MAX]]


def _by_order(pieces: list[str], words: Vocabulary) -> list[Reading]:
    """Words of a line to roles, where no columns are left: levels by vocabulary, the last word is the target."""
    found: list[Reading] = []
    for level1, level2, taken, cost in _level_prefixes(pieces, words):
        rest = pieces[taken:]
        for name, target, more in _name_and_target(rest, words):
            found.append(Reading(cost + more, level1, level2, name, target))
    return found


def _level_prefixes(pieces: list[str], words: Vocabulary) -> list[tuple[str, str, int, float]]:
    squeezed = [squeeze(piece) for piece in pieces[:3]]
    level1 = pieces[0] if squeezed[0] in words.level1 else ""
    if level1 and squeezed[0] in words.level2 and len(pieces) > 1:
        # 成本指标 is a label of both levels: as the first it is followed by one of its second.
        below = words.parents.get(squeezed[1], ())
        if words.level1[squeezed[0]] not in below:
            level1 = ""
    taken = 1 if level1 else 0
    skipped = len(pieces) > taken + 1 and squeezed[taken] in words.level2
    prefixes = [(level1, "", taken, 2.0 if skipped else 0.0)]
    if level1:
        prefixes.append(("", "", 0, 5.0 if len(pieces) > 1 else 0.0))
    if len(pieces) > taken:
        n_left = len(pieces) - taken
        if squeezed[taken] in words.level2:
            prefixes.insert(0, (level1, pieces[taken], taken + 1, 0.0))
        elif n_left >= 3 and _level2_cost(pieces[taken], words, expected=True) < 1:
            prefixes.append((level1, pieces[taken], taken + 1, 0.3 if level1 else 0.8))
    return prefixes


def _name_and_target(rest: list[str], words: Vocabulary) -> list[tuple[str, str, float]]:
    if not rest:
        return [("", "", 0.0)]
    signed = next((i for i, piece in enumerate(rest) if is_signed(fold(piece))), None)
    if signed is not None:
        name = " ".join(rest[:signed])
        tail = " ".join(rest[signed:])
        more = 0.6 * max(0, signed - 1)
        return [(name, tail, more + (_name_cost(name, words) if name else 0.0))]
    if len(rest) == 1:
        glued = split_glued(fold(rest[0]))
        if glued:
            cut = len(glued[0])
            return [(rest[0][:cut], rest[0][cut:], 0.0)]
        return [(rest[0], "", _name_cost(rest[0], words)), ("", rest[0], _target_cost(rest[0], words))]
    name, target, everything = " ".join(rest[:-1]), rest[-1], " ".join(rest)
    more = 0.6 * (len(rest) - 2)
    found = [
        (name, target, more + _name_cost(name, words) + 0.5 * _target_cost(target, words)),
        (everything, "", 0.6 * (len(rest) - 1) + 1.5),
    ]
    if len(rest) > 2:
        found.append((rest[0], " ".join(rest[1:]), more + 0.5 * _target_cost("".join(rest[1:]), words)))
    return found
