"""How a form is described: what is printed on it, and what each printed thing means.

A description holds no code. The engine reads every form by its description; a new form is a new description.
Labels are written in half-width characters without white space: widths and blanks of the print do not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal


class Kind(Enum):
    """What a header field's value is."""

    TEXT = "text"
    DATE = "date"
    END_DATE = "end date"
    """A date that, given as a month or year only, means that period's last day."""
    YES_NO = "yes or no"
    AMOUNT = "amount"
    """Yuan; the unit may stand in the label or beside the number."""
    UNIT = "unit"
    """A heading whose unit (项目资金（万元）) holds for the amounts after it."""
    IGNORED = "ignored"
    """Printed on the form, but no part of a filing: it only ends the value before it."""


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled value. `name` is the attribute of `Filing`, or of `Budget` for an amount."""

    name: str
    labels: tuple[str, ...]
    kind: Kind = Kind.TEXT
    values: tuple[str, ...] = ()
    """Values that the form prints for choice, where they are known: they tell where a value ends."""
    required: bool = False
    """Its absence is worth a warning."""
    beside: str | None = None
    """The label means this field only where that other field's label is printed too (其他资金 stands in two columns)."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that the form has no label for: found in its title, its text, or the document around it by a pattern.

    The group `v` of the first match is the value; patterns of one name are tried in order, and only for a blank value.
    """

    name: str
    source: str
    """`title`, `cover` (the beginning of the document), or the name of a section."""
    pattern: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Section:
    """A labelled text. `name` is a key of `Filing.sections`."""

    name: str
    labels: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Heading:
    """A printed line that parts the form and has no value. `table` marks the heading of the indicator table."""

    name: str
    patterns: tuple[str, ...]
    """Regular expressions over folded text; white space is allowed between any two characters of a literal."""
    table: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the indicator table."""

    role: Literal["level1", "level2", "name", "operator", "target", "unit", "ignored"]
    """`operator` and `unit` are columns beside the target in some prints; they become part of it."""
    titles: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One form, compared by identity. The order of `fields`, `sections`, `headings` and `budget` in `order` is the order of print."""

    name: str
    titles: tuple[str, ...]
    fields: tuple[Field, ...]
    sections: tuple[Section, ...]
    budget: tuple[Field, ...]
    headings: tuple[Heading, ...]
    columns: tuple[Column, ...]
    levels: Mapping[str, tuple[str, ...]]
    """Level-1 labels of the indicator table, and the level-2 labels under each."""
    anchors: tuple[str, ...] = ("applicant", "project_name")
    """Fields that open a form: met again, another filing has begun."""
    derived: tuple[Derived, ...] = ()
    n_labels_min: int = 1
    """So many labels must follow the title: a table of contents names the form too."""
    prefix_length_max: int = 30
    """What may stand before the title in its line: a year, an issuer, the project's name."""
    ends: str = ""
    """A pattern of lines that stand behind a filing in the document around it: what follows its last label's line ends
    there, where no table ends it."""
    order: tuple[str, ...] = field(default=())
    """Names of all fields, headings and sections in the order of print; without it: fields, sections, budget, table."""

    @property
    def labelled(self) -> tuple[Field | Section, ...]:
        """Everything with a label and a value."""
        return (*self.fields, *self.sections, *self.budget)
