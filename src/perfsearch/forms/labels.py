"""Labels in a sheet: where each printed label of a form stands, and how sure it is that it is one.

A label is sure by what stands around it (a cell or a line begins before it; a colon or the cell's end follows),
never by its words alone: the same words occur in prose. Among the candidates, the chain that follows the order of
the form and has the best sum of scores is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from perfsearch.forms.description import Field, Form, Heading, Kind, Section

Role = Field | Section | Heading

_GAP = r"[^\S\t]{0,40}"
"""White space inside a label, line ends too: labels wrap in narrow columns. Cells are not crossed."""

_NOTE = re.compile(r"[^\S\n\t]*[(\[][^()\[\]\n\t:]{1,40}[)\]](?=\s*:|[^\S\n\t]*(?:[\n\t\v]|$))")
_UNIT = re.compile(r"[^\S\t]{0,40}[(\[]?[^\S\t]{0,4}(?:单位\s?:\s?)?(?P<unit>百万元|[千万亿]元|元)[^\S\t]{0,4}[)\]]?")
_COLON = re.compile(r"\s{0,20}:+")
_NUMBERING = re.compile(r"[*★●■◆]|[(]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)]?[、.]?")

ACCEPTED = 3.5
"""A candidate with less is no label: cell start 3 + blank after 0.5, or blank before 1 + colon 3, is just one."""
RESCUED = -1.0
"""The least score at which a header label that is nowhere else is taken, between labels that are sure."""


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate: `role` stands at `start`, its value begins at `end`."""

    role: Role
    start: int
    end: int
    score: float
    unit: str | None = None
    alone: bool = False
    """Nothing else stands in its cell (tabular) or on its line."""
    whole_cell: bool = False
    """It is the whole of a cell with further cells in the row."""


class _Scanner:
    """Finds the labels of a form: one expression for all, branching character by character, so that text is read once."""

    def __init__(self, form: Form) -> None:
        self.roles: dict[str, tuple[Role, ...]] = {}
        for role in form.labelled:
            for label in role.labels:
                self.roles[label] = (*self.roles.get(label, ()), role)
        self.headings = [
            (re.compile(_spaced(pattern)), heading) for heading in form.headings for pattern in heading.patterns
        ]
        branches = [_branches(sorted(self.roles))]
        branches += [expression.pattern for expression, _ in self.headings]
        self.expression = re.compile("|".join(branches))

    def roles_of(self, printed: str) -> tuple[Role, ...]:
        """The roles whose label is printed so, the last in print first, so that a chain takes only one of them."""
        roles = self.roles.get("".join(printed.split()))
        if roles is not None:
            return roles[::-1]
        return (next(heading for expression, heading in self.headings if expression.fullmatch(printed)),)


def _branches(labels: Sequence[str]) -> str:
    """An expression that matches the longest of sorted literals, white space allowed between their characters."""
    heads: dict[str, list[str]] = {}
    for label in labels:
        heads.setdefault(label[0], []).append(label[1:])
    parts = []
    for head, rests in heads.items():
        longer = [rest for rest in rests if rest]
        tail = f"{_GAP}(?:{_branches(longer)})" if longer else ""
        optional = "?" if len(longer) < len(rests) and longer else ""
        parts.append(re.escape(head) + (f"(?:{tail}){optional}" if tail else ""))
    return "|".join(parts)


@lru_cache(maxsize=32)
def _scanner(form: Form) -> _Scanner:
    return _Scanner(form)


def _spaced(pattern: str) -> str:
    """Allow white space after every Chinese character of an expression."""
    return re.sub(r"([\u4e00-\u9fff])(?![?*{+])(?=[\u4e00-\u9fff])", r"\1" + _GAP.replace("\\", r"\\"), pattern)


def scan(form: Form, norm: str, start: int = 0, end: int | None = None, least: float = ACCEPTED) -> list[Found]:
    """All candidates of a form's labels in folded text with at least the score `least`, by position."""
    scanner = _scanner(form)
    found: list[Found] = []
    for match in scanner.expression.finditer(norm, start, len(norm) if end is None else end):
        roles = scanner.roles_of(match[0])
        candidate = _judge(norm, match, roles[0])
        if candidate.score >= least:
            found.extend(replace(candidate, role=role) for role in roles)
    return found


def _judge(norm: str, match: re.Match[str], role: Role) -> Found:
    start, end = match.span()
    before, first, start = _before(norm, start)
    unit = None
    score = before
    note = _NOTE.match(norm, end)
    if isinstance(role, Field) and role.kind in (Kind.AMOUNT, Kind.UNIT):
        unit_match = _UNIT.match(norm, end)
        if unit_match:
            unit, end, note = unit_match["unit"], unit_match.end(), None
    if note:
        end = note.end()
    colon = _COLON.match(norm, end)
    after = _after(norm, end)
    if colon:
        end = colon.end()
        score += 3
    elif after in "\n\t\v":
        score += 2.5
    elif unit:
        score += 2
    else:
        score += 0.5 if norm[end : end + 1] == " " else -2
    follows = _after(norm, end)
    whole_cell = first and follows == "\t"
    if whole_cell:
        score += 1
    score -= 0.25 * norm.count("\n", match.start(), match.end())
    return Found(role, start, end, score, unit, alone=first and follows in "\n\v", whole_cell=whole_cell)


def _before(norm: str, start: int) -> tuple[float, bool, int]:
    """The score of what stands before a label, whether it opens a line or cell, and where it begins with its number."""
    position = start - 1
    while position >= 0 and norm[position] == " " and start - position < 200:
        position -= 1
    if position < 0 or norm[position] in "\n\t":
        return 3.0, True, start
    if norm[position] == "\v":
        # A paragraph inside a cell of a row: where labels stand, only if it is the row's first cell.
        row = norm.rfind("\n", max(0, position - 4_000), position) + 1
        return (1.0, False, start) if norm.rfind("\t", row, position) >= 0 else (3.0, True, start)
    if position < start - 1:
        return 1.0, False, start
    opening = max(norm.rfind(edge, max(0, start - 8), start) for edge in "\n\t\v ") + 1
    if start - opening < 8 and (opening > 0 or start < 8) and _NUMBERING.fullmatch(norm, opening, start):
        return 2.75, True, opening
    return -3.0, False, start


def _after(norm: str, end: int) -> str:
    """The first character after blanks, or a line end where the text ends."""
    while norm[end : end + 1] == " ":
        end += 1
    return norm[end : end + 1] or "\n"


def rank_of(form: Form) -> dict[str, int]:
    """The place of every label in the order of print."""
    names = form.order or tuple(role.name for role in (*form.labelled, *form.headings))
    return {name: rank for rank, name in enumerate(names)}


def best_chain(form: Form, candidates: Sequence[Found], norm: str) -> list[Found]:
    """The candidates that are taken: in the order of the form with the best sum of scores, each label once.

    A label that the chain leaves out but that opens a line of its own elsewhere is taken too: forms get reordered.
    """
    ranks = rank_of(form)
    names = {found.role.name for found in candidates}
    candidates = [found for found in candidates if not isinstance(found.role, Field) or _applies(found.role, names)]
    weights = [found.score + _context(found, norm) for found in candidates]
    weights = [weight + _preference(found, norm) for weight, found in zip(weights, candidates, strict=True)]
    chain = _increasing(candidates, weights, ranks)
    style = _majority(candidates[index].alone for index in chain if isinstance(candidates[index].role, Section))
    if style is not None:
        for index, found in enumerate(candidates):
            if isinstance(found.role, Section) and found.alone is style:
                weights[index] += 1
        chain = _increasing(candidates, weights, ranks)
    taken = {candidates[index].role.name for index in chain}
    places = {candidates[index].start for index in chain}
    for index, found in enumerate(candidates):
        if found.role.name not in taken and weights[index] >= 5 and found.start not in places:
            places.add(found.start)
            taken.add(found.role.name)
            chain.append(index)
    return [candidates[index] for index in sorted(chain)]


def _applies(field: Field, names: set[str]) -> bool:
    return field.beside is None or field.beside in names


def _preference(found: Found, norm: str) -> float:
    """Of two labels for one field the one named first in the description is the likelier."""
    if isinstance(found.role, Heading):
        return 0.0
    printed = norm[found.start : found.end]
    squeezed = "".join(printed.split())
    at = next((n for n, label in enumerate(found.role.labels) if label in squeezed), len(found.role.labels))
    return -0.05 * min(at, 10)


def _context(found: Found, norm: str) -> float:
    """What the line before says: a label after a blank line or a finished sentence is likelier than one amid prose."""
    if found.whole_cell:
        return 2.0
    edge = norm.rfind("\n", max(0, found.start - 300), found.start)
    before = norm[max(0, edge - 1) : max(0, edge)]
    if edge <= 0 or not before.strip():
        return 1.0
    return 0.5 if before in "。;:!?)" else 0.0


def _majority(values: Iterable[bool]) -> bool | None:
    counted = list(values)
    if len(counted) < 2 or counted.count(True) * 2 == len(counted):
        return None
    return counted.count(True) * 2 > len(counted)


def _increasing(candidates: Sequence[Found], weights: Sequence[float], ranks: dict[str, int]) -> list[int]:
    """Indices of the heaviest chain whose ranks increase; of equal ones the earliest."""
    n_ranks = max(ranks.values(), default=0) + 1
    top: list[tuple[float, int]] = [(0.0, -1)] * (n_ranks + 1)
    back: list[int] = []
    for index, found in enumerate(candidates):
        rank = ranks[found.role.name]
        weight, previous = max(top[: rank + 1], key=lambda pair: pair[0])
        back.append(previous)
        if weight + weights[index] > top[rank + 1][0]:
            top[rank + 1] = (weight + weights[index], index)
    _, index = max(top, key=lambda pair: pair[0])
    chain = []
    while index >= 0:
        chain.append(index)
        index = back[index]
    return chain[::-1]


def rescue(form: Form, norm: str, start: int, end: int, missing: set[str]) -> list[Found]:
    """Header labels that no separator parts from what stands before or after them, in a stretch of the header."""
    weak = scan(form, norm, start, end, least=RESCUED)
    best: dict[str, Found] = {}
    for found in weak:
        name = found.role.name
        if name in missing and (name not in best or found.score > best[name].score):
            best[name] = found
    return [replace(found, alone=False) for found in best.values()]
