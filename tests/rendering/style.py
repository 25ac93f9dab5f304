"""How a filing is printed: every way in which two real prints of one form may differ."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

Layout = Literal["tabular", "wrapped"]
Tags = Literal["none", "p", "h2", "one-line", "joined"]
PageBreak = Literal["none", "head", "tail", "spill", "repeat"]
NamePlace = Literal["inline", "own-line", "centred"]
Levels = Literal["inline", "alone"]

SECTION_KEYS = ("overview", "basis", "necessity", "safeguards", "plan", "goals")

_FULL_WIDTH = str.maketrans("0123456789-,", "０１２３４５６７８９－，")


@dataclass(frozen=True)
class Style:
    """One way to print a filing. The defaults are the plain form of each layout.

    Both layouts: `colon` after labels, `brackets` of the year line and of （元）, `fullwidth_digits` in dates, amounts
    and the year line, `thousands` separators, `gap_lines` blank lines between the parts of the form, `wide_spaces` uses
    the ideographic space where blanks part things, `spaced_labels` sets labels of four characters wide (项 目 概 况).

    Tabular only: `tags` are the HTML left-overs, `separator` stands between cells, `trailing` prints the empty cells at
    the end of a row, `page_break` says what the break inside `break_section` does to it:

    - `head`: a row with an empty label holds the first part, then come the label alone on its line and the rest;
    - `tail`: the rest stands in a row with an empty label below;
    - `spill`: the rest stands below the row as a plain paragraph;
    - `repeat`: the cell is whole, its last characters are repeated as a plain paragraph.

    `shifted` prints some indicator rows one column too far left. `repeat_table_header` prints the column titles again
    in the middle of the indicator table. `spans` and `entities` leave more of the HTML: styled spans inside the
    paragraphs of sections, and `&nbsp;` before them.

    Wrapped only: `width` characters a line, `wrap_labels` breaks long labels in two lines, `label_inline` starts the
    text on the label's line, `centred` prints the first lines of a text above its label (blank lines part the cells),
    `loose` puts a blank line after every line of the header and of the indicator table, `name_place` is where a
    project name too long for its cell stands, `levels` says whether level labels share a line with the first row below
    them, `page_numbers` puts bare page numbers between lines.
    """

    layout: Layout = "tabular"
    seed: int = 0
    colon: str = "："
    brackets: str = "（）"
    fullwidth_digits: bool = False
    thousands: bool = True
    gap_lines: int = 1
    tags: Tags = "none"
    separator: str = "\t"
    trailing: bool = True
    page_break: PageBreak = "none"
    break_section: str = "goals"
    shifted: bool = False
    repeat_table_header: bool = False
    width: int = 40
    wrap_labels: bool = False
    label_inline: bool = False
    centred: bool = False
    loose: bool = True
    name_place: NamePlace = "inline"
    levels: Levels = "alone"
    page_numbers: bool = False
    wide_spaces: bool = False
    spaced_labels: bool = False
    spans: bool = False
    entities: bool = False

    @property
    def blank(self) -> str:
        """The blank that parts a label from its value and a name from its target."""
        return "\u3000" if self.wide_spaces else " "

    def label(self, text: str) -> str:
        """A label without its colon, set wide where the style says so."""
        return self.blank.join(text) if self.spaced_labels and len(text) == 4 else text

    def digits(self, text: str) -> str:
        """Print figures and dates in the width of this style."""
        return text.translate(_FULL_WIDTH) if self.fullwidth_digits else text

    def bracketed(self, text: str) -> str:
        """Put text in the brackets of this style."""
        return f"{self.brackets[0]}{text}{self.brackets[1]}"

    def amount(self, yuan: int | None) -> str:
        """Print an amount, blank for None."""
        if yuan is None:
            return ""
        return self.digits(f"{yuan:,}" if self.thousands else str(yuan))


def random_style(rng: Random, layout: Layout | None = None) -> Style:
    """Draw any style of `layout`, or of both layouts without one."""
    chosen: Layout = layout or ("tabular" if rng.random() < 0.5 else "wrapped")
    tabular = chosen == "tabular"
    centred = not tabular and rng.random() < 0.15
    return Style(
        layout=chosen,
        seed=rng.randrange(1 << 30),
        colon=rng.choice("：：：:"),
        brackets=rng.choice(("（）", "()")),
        fullwidth_digits=rng.random() < 0.15,
        thousands=rng.random() < 0.8,
        gap_lines=rng.choice((0, 1, 1, 2)) if tabular else rng.choice((1, 1, 2)),
        tags=rng.choice(("none", "none", "p", "h2", "one-line", "joined")),
        separator="\t" if rng.random() < 0.8 else "    ",
        trailing=rng.random() < 0.7,
        page_break=rng.choice(("none", "none", "head", "tail", "spill", "repeat")),
        break_section=rng.choice(SECTION_KEYS) if rng.random() < 0.4 else "goals",
        shifted=rng.random() < 0.2,
        repeat_table_header=rng.random() < 0.15,
        width=rng.choice((28, 34, 38, 40, 40, 40, 44)),
        wrap_labels=rng.random() < 0.25,
        label_inline=not centred and rng.random() < 0.25,
        centred=centred,
        loose=rng.random() < 0.7,
        name_place=rng.choice(("inline", "inline", "own-line", "centred")),
        levels=rng.choice(("inline", "alone")),
        page_numbers=rng.random() < 0.2,
        wide_spaces=rng.random() < 0.1,
        spaced_labels=rng.random() < 0.1,
        spans=rng.random() < 0.15,
        entities=rng.random() < 0.15,
    )
