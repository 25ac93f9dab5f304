"""The indicator table: lines put together to rows, and the levels carried down to each row.

Where columns are lost, a row may run over several lines: its name wraps, its target stands beside any of them, its level
labels above. The cheapest way to divide the lines into rows is found by dynamic programming over the lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from perfsearch.forms.folding import fold, squeeze
from perfsearch.forms.lines import MISSING_NAME, MISSING_TARGET, Reading, TableLine, Vocabulary, readings
from perfsearch.forms.prose import join
from perfsearch.forms.targets import is_signed
from perfsearch.model import Warning

_SPAN_MAX = 8
"""Lines that one row may take: two level labels, five lines of a name and a target."""

LINES_MAX = 4_000
"""Lines read of one table; real tables have fewer than 200."""

_NO_START = "，。、；：,.;:)）》”％%】〕"
_GOES_ON = "、，（(《“〔和及与或的"
_BRACKETS = (("（", "）"), ("(", ")"), ("《", "》"), ("“", "”"))


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row as put together, before the levels above are carried down; `row` is its row in the sheet."""

    level1: str
    level2: str
    name: str
    target: str
    row: int
    moved: bool


@dataclass(frozen=True, slots=True)
class _Partial:
    """A row in the making."""

    cost: float
    level1: str = ""
    level2: str = ""
    names: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    moved: bool = False
    in_columns: bool = False


def put_together(lines: Sequence[TableLine], words: Vocabulary) -> tuple[list[TableRow], list[TableLine]]:
    """Divide lines into rows; also returns the lines at the end that belong to no row."""
    lines, options = _without_page_numbers(lines, [readings(line, words) for line in lines])
    width = max((len(option[0].name) for option in options if option), default=0)
    gaps = sorted(line.gap for line in lines[1:])
    usual_gap = gaps[len(gaps) // 2] if gaps else 0
    n = len(lines)
    best: list[float] = [0.0] + [float("inf")] * n
    back: list[tuple[int, _Partial | None]] = [(0, None)] * (n + 1)
    for start in range(n):
        for end, partial in _rows_from(lines, options, start, width, usual_gap):
            cost = best[start] + partial.cost + _row_cost(partial)
            if cost < best[end]:
                best[end], back[end] = cost, (start, partial)
    end = _last_row_end(best, options)
    rows: list[TableRow] = []
    position = end
    while position > 0:
        start, row = back[position]
        if row is not None:
            rows.append(_finish(row, lines[start].row))
        position = start
    return rows[::-1], list(lines[end:])


def _without_page_numbers(
    lines: Sequence[TableLine], options: Sequence[list[Reading]]
) -> tuple[list[TableLine], list[list[Reading]]]:
    """Drop bare numbers between blank rows, unless the line above is a name that waits for its target."""
    kept: list[int] = []
    for index, line in enumerate(lines):
        words = [text for _, text in line.pieces]
        bare = len(words) == 1 and words[0].isdecimal() and len(words[0]) <= 3 and line.gap > 0
        above = options[kept[-1]][0] if kept else None
        if bare and not (above and above.name and not above.target):
            continue
        kept.append(index)
    return [lines[index] for index in kept], [options[index] for index in kept]


def _last_row_end(best: Sequence[float], options: Sequence[Sequence[Reading]]) -> int:
    """Where the rows end: lines after them are dropped at a cost, and dearly where they look like rows."""
    dropped, end, least = 0.0, len(options), best[-1]
    for index in range(len(options) - 1, -1, -1):
        reading = options[index][0]
        is_row = bool(reading.level1 or reading.level2 or (reading.target and is_signed(fold(reading.target))))
        dropped += 8.0 if is_row else 2.5
        if dropped > least:
            break
        if best[index] + dropped < least:
            least, end = best[index] + dropped, index
    return end


def _rows_from(
    lines: Sequence[TableLine], options: Sequence[Sequence[Reading]], start: int, width: int, usual_gap: int
) -> list[tuple[int, _Partial]]:
    """All rows that begin at a line, each with the line after it: the cheapest of each length."""
    partials = [_Partial(0.0)]
    found: list[tuple[int, _Partial]] = []
    for index in range(start, min(start + _SPAN_MAX, len(lines))):
        gap_cost = 0.7 if index > start and lines[index].gap > usual_gap else 0.0
        grown: dict[tuple[bool, bool, bool, bool], _Partial] = {}
        in_columns = lines[index].pieces[0][0] is not None
        for partial in partials:
            for reading in options[index]:
                step = _extend(partial, reading, index > start, width, in_columns=in_columns)
                if step is None:
                    continue
                extended, cost = step
                key = (bool(extended.level1), bool(extended.level2), bool(extended.names), bool(extended.targets))
                total = cost + gap_cost
                if key not in grown or total < grown[key].cost:
                    grown[key] = _with_cost(extended, total)
        partials = list(grown.values())
        if not partials:
            break
        whole = min(partials, key=lambda partial: partial.cost + _row_cost(partial))
        found.append((index + 1, whole))
        # A line that is a whole row by itself, with all four parts, is never the first of several.
        if index == start and whole.names and whole.targets and whole.in_columns:
            partials = [partial for partial in partials if not (partial.names and partial.targets)]
    return found


def _with_cost(partial: _Partial, cost: float) -> _Partial:
    return _Partial(
        cost, partial.level1, partial.level2, partial.names, partial.targets, partial.moved, partial.in_columns
    )


def _extend(
    partial: _Partial, reading: Reading, later: bool, width: int, *, in_columns: bool
) -> tuple[_Partial, float] | None:
    """A row with one more line, and its cost so far; None where the line can't belong to it."""
    if (reading.level1 and (partial.level1 or partial.level2)) or (reading.level2 and partial.level2):
        return None
    if later and (reading.level1 or reading.level2) and (partial.targets or (partial.names and not reading.target)):
        return None
    cost = partial.cost + reading.cost
    if reading.level2 and partial.names:
        # A label that is centred beside a wrapped name stands on its middle line; usually it opens the row.
        cost += 1.5 if reading.name else 0.5
    if reading.name and partial.names:
        cost += _wrap_cost(partial.names[-1], reading.name, width, in_columns=in_columns)
        if partial.targets:
            cost += 0.5
    elif reading.name:
        cost += 5.0 if reading.name[0] in _NO_START else 0.0
        if partial.targets:
            cost += 3.0
    if reading.target and partial.targets:
        if is_signed(fold(reading.target)) or is_signed(fold(partial.targets[-1])):
            return None
        cost += 2.0 if len(partial.targets[-1]) >= 5 else 5.0
    extended = _Partial(
        cost,
        partial.level1 or reading.level1,
        partial.level2 or reading.level2,
        (*partial.names, reading.name) if reading.name else partial.names,
        (*partial.targets, reading.target) if reading.target else partial.targets,
        partial.moved or reading.moved,
        partial.in_columns or in_columns,
    )
    return extended, cost


def _wrap_cost(upper: str, lower: str, width: int, *, in_columns: bool) -> float:
    """How unlikely two lines are one name: a name wraps where the column is full, and not before punctuation."""
    cost = 1.0
    if len(upper) < width - 2 and not in_columns:
        cost += 2.5
    if lower[0] in _NO_START:
        cost -= 3.0
    if upper[-1] in _GOES_ON or not _is_balanced(upper):
        cost -= 2.0
    if upper[-1] in "。；":
        cost += 1.0
    return cost


def _row_cost(partial: _Partial) -> float:
    """The cost of a row as a whole."""
    cost = 0.0 if partial.targets else MISSING_TARGET
    if not partial.names:
        # A level label without a name below it may be the name itself (满意度 ≥90%).
        cost += 3.5 if partial.level2 and partial.targets else MISSING_NAME
    elif not _is_balanced(join(partial.names)):
        cost += 3.0
    return cost


def _is_balanced(text: str) -> bool:
    return all(text.count(opener) == text.count(closer) for opener, closer in _BRACKETS)


def _finish(partial: _Partial, row: int) -> TableRow:
    name, level2 = join(partial.names), partial.level2
    if not name and level2:
        name = level2
    return TableRow(partial.level1, level2, name, join(partial.targets), row, partial.moved)


def carry_levels(rows: Sequence[TableRow], words: Vocabulary) -> tuple[list[TableRow], list[Warning]]:
    """Give every row its levels: those printed in it, else those above it."""
    level1 = level2 = ""
    carried: list[TableRow] = []
    warnings: list[Warning] = []
    for row in rows:
        if row.level1:
            level1, level2 = row.level1, ""
        if row.level2:
            level2 = row.level2
            parents = words.parents.get(squeeze(level2), ())
            if not row.level1 and len(parents) == 1 and squeeze(level1) != squeeze(parents[0]):
                level1 = parents[0]
                message = f"the level of “{level2}” is not printed above it; {level1} is taken, where the form has it"
                warnings.append(Warning(code="level1-inferred", message=message, field="indicators"))
        warnings.extend(_row_warnings(row, level1, level2, words))
        carried.append(TableRow(level1, level2, row.name, row.target, row.row, row.moved))
    return carried, warnings


def _row_warnings(row: TableRow, level1: str, level2: str, words: Vocabulary) -> list[Warning]:
    found = []
    if row.moved:
        found.append(("row-shifted", f"the row of “{row.name}” is printed in other columns than its titles say"))
    if not row.target:
        found.append(("target-missing", f"“{row.name}” has no target"))
    if not level1 or not level2:
        found.append(("level-missing", f"“{row.name}” stands under no {'level 1' if not level1 else 'level 2'} label"))
    if row.level1 and squeeze(row.level1) not in words.level1:
        found.append(("level-unknown", f"“{row.level1}” is no level 1 label of this form"))
    if row.level2 and squeeze(row.level2) not in words.level2:
        found.append(("level-unknown", f"“{row.level2}” is no level 2 label of this form"))
    return [Warning(code=code, message=message, field="indicators") for code, message in found]


_STOP = re.compile(
    r"\s*(?:(?:备注|注|说明|附注|填表说明|填报说明|附件|附表|附)\s*\d{0,2}\s*:|.{0,12}(?:填表人|填报人|审核人|经办人|制表人|签字|签章|盖章|联系电话))"
)
_OTHER_LABEL = re.compile(r"\s*[\u4e00-\u9fff]{2,12}\s*:")
_PROSE_LENGTH = 120


def ends_table(raw: str) -> bool:
    """Is a line below the table rather than in it: a note, a signature, a label, a paragraph?"""
    folded = fold(raw)
    if _STOP.match(folded):
        return True
    if "\t" in raw.strip():
        return False
    if _OTHER_LABEL.match(folded) and not re.search(r"[=<>≥≤]\s*\d", folded):
        return True
    return len(raw.strip()) > _PROSE_LENGTH and " " not in raw.strip()
