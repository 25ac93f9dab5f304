"""The header of a filing: labelled values on short lines, with their types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from perfsearch.forms.description import Field, Kind
from perfsearch.forms.folding import fold, squeeze
from perfsearch.forms.prose import Chunk, join_chunks
from perfsearch.forms.values import BLANKS, is_amount, parse_amount, parse_date, parse_yes_no
from perfsearch.model import Warning

Value = str | float | bool | None

_UNKNOWN_LABEL = re.compile(r"\s*[\u4e00-\u9fff（）()]{2,14}\s*:")


@dataclass(slots=True)
class Slot:
    """A header label with the chunks that may be its value."""

    field: Field
    unit: str | None
    row: int
    inline: list[Chunk]
    below: list[Chunk]


def share_out(slots: Sequence[Slot]) -> None:
    """Give lines between two rows of labels to the label they belong to.

    A line below a row of labels continues the value of the last label in it, unless that value is complete (a choice
    that the form prints, a date, an amount, a yes or no) or an earlier one is blank or longer: cells wrap, and the long one did.
    """
    rows: dict[int, list[Slot]] = {}
    for slot in slots:
        rows.setdefault(slot.row, []).append(slot)
    for row in rows.values():
        last = row[-1]
        if len(row) < 2 or not last.below:
            continue
        stray, last.below = last.below, []
        for chunk in stray:
            blank = [slot for slot in row if not slot.inline and not slot.below]
            words = chunk.text.split(" ")
            if len(blank) > 1 and len(words) == len(blank):
                for slot, word in zip(blank, words, strict=True):
                    slot.below.append(replace(chunk, text=word))
            else:
                _owner(row, chunk).below.append(chunk)


def value_above(field: Field, parts: Sequence[Chunk], after: Sequence[Chunk], gap_after: int) -> int:
    """How many of the chunks between a header label and the next belong to the first; the rest begins the second's value.

    A label that is centred beside a wrapped value stands between its lines and has none of them in its own row. Blank
    rows part the fields; `gap_after` counts those between the chunks and the second label.
    """
    floor = 1 if parts and parts[0].inline else 0
    if len(parts) <= floor or not floor or (after and after[0].inline):
        return len(parts)
    at = next((index for index in range(floor, len(parts)) if parts[index].gap > gap_after), floor)
    score = 1.5 if parts[at].gap > gap_after else -3.0 if gap_after > parts[at].gap else 0.0
    score += 2.0 if field.kind is not Kind.TEXT or parts[0].text in field.values else 0.0
    score += -2.0 if len(parts[at].text) < 3 else 1.0 if after else 0.0
    return at if score > 0 else len(parts)


def _owner(row: Sequence[Slot], chunk: Chunk) -> Slot:
    last = row[-1]
    blank = [slot for slot in row if not slot.inline and not slot.below and _suits(slot.field, chunk.text)]
    if blank:
        return blank[0]
    texts = [slot for slot in row if slot.field.kind is Kind.TEXT]
    if not texts:
        return last
    if last in texts and not _complete(last) and len(_printed(last)) >= max(len(_printed(slot)) for slot in texts):
        return last
    open_slots = [slot for slot in texts if not _complete(slot)]
    return max(open_slots, key=lambda slot: len(_printed(slot))) if open_slots else last


def _printed(slot: Slot) -> str:
    return "".join(chunk.text for chunk in (*slot.inline, *slot.below))


def _complete(slot: Slot) -> bool:
    return _printed(slot) in slot.field.values


def _suits(field: Field, text: str) -> bool:
    if field.kind is Kind.AMOUNT:
        return is_amount(text)
    if field.kind in (Kind.DATE, Kind.END_DATE):
        return parse_date(text) is not None
    if field.kind is Kind.YES_NO:
        return parse_yes_no(text) is not None
    return True


def read_value(slot: Slot) -> tuple[Value, Warning | None]:
    """The typed value of a slot, with a warning where something is printed that is no such value."""
    parts = _until_unknown_label([*slot.inline, *slot.below])
    text = join_chunks(parts)
    value = read_text_value(slot.field, text, slot.unit)
    if value is None and slot.field.kind is Kind.YES_NO and parts:
        value = parse_yes_no(parts[0].text.split(" ")[0])
    if value is not None or squeeze(text) in BLANKS:
        return value, None
    message = f"“{text[:60]}” is no {slot.field.kind.value}"
    return None, Warning(code="value-unreadable", message=message, field=slot.field.name)


def read_text_value(field: Field, text: str, unit: str | None = None) -> Value:
    """Text as the field's kind of value; None where it is blank or no such value."""
    if field.kind is Kind.YES_NO:
        return parse_yes_no(text)
    if squeeze(text) in BLANKS:
        return None
    if field.kind is Kind.TEXT:
        return text
    if field.kind is Kind.AMOUNT:
        return parse_amount(text, unit or "元")
    return parse_date(text, end=field.kind is Kind.END_DATE)


def _until_unknown_label(parts: Sequence[Chunk]) -> list[Chunk]:
    """A line below a value that is itself a label with a value (联系人：张三) is no part of the value."""
    kept: list[Chunk] = []
    for part in parts:
        if kept and not part.inline and _UNKNOWN_LABEL.match(fold(part.text)):
            break
        kept.append(part)
    return kept
