"""Titles in 《》: pair the marks, also where they nest in either style, are unbalanced, substituted or wrapped over lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perfsearch.extract.genres import has_genre

__all__ = ["QuotedTitle", "clean_title", "find_quoted_titles"]

TITLE_LENGTH_MAX = 220
"""Longest title in characters; the longest of the 6,057 known documents has 133."""

_MARK = re.compile(r"《+|》+|≪|≫|«|»|⟪|⟫|<<|>>|＜＜|＞＞|〈|〉|＜|＞|﹤|﹥|「|」|『|』")
_PARTNER = {
    "〉": "〈",
    "＞": "＜",
    "﹥": "﹤",
    "」": "「",
    "』": "『",
    "≫": "≪",
    "»": "«",
    "⟫": "⟪",
    ">>": "<<",
    "＞＞": "＜＜",
}
_OPENING = frozenset(_PARTNER.values())
_SEPARATORS = "、；;。，,"
_JOINS = frozenset("、和及与，,")
# A 《 within a title begins a title within the title after these.
_NESTS = re.compile(
    r"(?:关于|印发|转发|批转|发布|公布|颁布|下发|下达|同意|批准|贯彻|落实|实施|执行|适用|修改|修订|调整|废止|解读|学习|宣传|推广|报送|报批|呈报|申请|"
    r"审查|征求|根据|依据|按照|依照|推进|推动|制定|制订|完善|与|和|及|对|就|的|为|[省市部委局院厅署会])$"
)
_LINE = re.compile(r"[ \t\u3000]*\r?\n[ \t\u3000]*")
_LEFT_EDGE = re.compile(
    r"[。；;，,：:、！？\n\t（(【\[“》]|\d{1,2}[.．](?!\d)|根据|依据|按照|依照|遵照|贯彻落实|贯彻|执行"
)
_RIGHT_EDGE = re.compile(r"[。；;：:、！？《]|(?=[（(〔\[【])|，(?!推进|深入|促进|加快|加强|进一步)")


@dataclass(frozen=True, slots=True)
class QuotedTitle:
    """A title between marks: `start` and `end` take in the marks, `title` is what stands between them, unwrapped."""

    start: int
    end: int
    title: str
    balanced: bool = True
    substituted: bool = False
    """True where other marks than 《》 were used; they count only around what has the shape of a document's name."""


def clean_title(inner: str) -> str:
    """Return a title without the wraps inside it; blanks within a line stay."""
    return _LINE.sub("", inner).strip()


class _Reader:
    """Pairs the marks of one text from left to right; `found` are the outermost titles."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[QuotedTitle] = []
        self.stack: list[tuple[str, int]] = []
        self.inner: list[QuotedTitle] = []

    def read(self) -> list[QuotedTitle]:
        for match in _MARK.finditer(self.text):
            run, position = match.group(), match.start()
            if self.stack and position - self.stack[0][1] > TITLE_LENGTH_MAX:
                self.give_up(position)
            if run[0] == "《":
                self.open_title(position, len(run))
            elif run[0] == "》":
                self.close_title(position, len(run))
            elif run in _OPENING:
                if len(self.stack) < 6:
                    self.stack.append((run, position))
            elif self.stack:
                self.close_other(run, position)
        self.give_up(len(self.text))
        return self.found

    def take(self, title: QuotedTitle | None) -> None:
        if title is not None and (not self.found or title.start >= self.found[-1].end):
            self.found.append(title)

    def title(
        self, start: int, end: int, left: int, right: int, balanced: bool, substituted: bool = False
    ) -> QuotedTitle:
        return QuotedTitle(start, end, clean_title(self.text[start + left : end - right]), balanced, substituted)

    def open_title(self, position: int, width: int) -> None:
        if width > 3:  # noise: no title nests so deep at one place
            self.give_up(position)
            return
        if self.stack and (self.stack[0][0] != "《" or not self.may_nest(position)):
            self.give_up(position)
        self.stack.extend(("《", position + i) for i in range(width))

    def may_nest(self, position: int) -> bool:
        """Tell whether a 《 at `position` begins a title within the open one, or the open one was never closed."""
        opened = self.stack[-1][1] + 1
        if self.inner and self.inner[-1].start >= opened:
            since = self.text[self.inner[-1].end : position].rstrip()
            return not since or since in _JOINS or bool(_NESTS.search(since))
        before = self.text[opened:position].rstrip()
        if not before or _NESTS.search(before):
            return True
        return before[-1] not in _SEPARATORS and not has_genre(before)

    def close_title(self, position: int, width: int) -> None:
        for i in range(min(width, 3)):
            while len(self.stack) > 1 and self.stack[-1][0] != "《":
                self.stack.pop()
            if not self.stack:
                if i == 0:
                    self.take(self.unopened(position + 1))
                return
            mark, start = self.stack.pop()
            title = self.title(start, position + i + 1, 1, 1, True, mark != "《")
            if self.stack:
                self.inner.append(title)
            else:
                self.inner.clear()
                self.take(title)

    def close_other(self, run: str, position: int) -> None:
        if self.stack[-1][0] != _PARTNER[run]:
            return
        mark, start = self.stack.pop()
        if not self.stack:
            self.take(self.title(start, position + len(run), len(mark), len(run), True, True))
            self.inner.clear()

    def give_up(self, limit: int) -> None:
        """Leave the open marks; the outermost 《 may be a title that was never closed, else the inner ones stand alone."""
        if self.stack and self.stack[0][0] == "《":
            whole = self.unclosed(self.stack[0][1], limit)
            if whole is not None:
                self.take(whole)
            else:
                for title in self.inner:
                    self.take(title)
        self.stack.clear()
        self.inner.clear()

    def unclosed(self, start: int, limit: int) -> QuotedTitle | None:
        """Read a title whose 》 is missing: up to the next separator, if that gives a document's name."""
        limit = min(limit, start + 1 + TITLE_LENGTH_MAX)
        edge = _RIGHT_EDGE.search(self.text, self.inner[-1].end if self.inner else start + 1, limit)
        end = edge.start() if edge else limit
        inner = self.text[start + 1 : end]
        lines = inner.split("\n")
        if not has_genre(inner.rstrip()) and len(lines) > 1:
            inner = lines[0]
        end = start + 1 + len(inner.rstrip())
        if len(inner.strip()) < 3 or not has_genre(inner):
            return None
        return self.title(start, end, 1, 0, False)

    def unopened(self, end: int) -> QuotedTitle | None:
        """Read a title whose 《 is missing: back to the last separator, if that gives a document's name."""
        base = max(self.found[-1].end if self.found else 0, end - 80)
        window = self.text[base : end - 1]
        cut = 0
        for match in _LEFT_EDGE.finditer(window):
            cut = match.end()
        inner = window[cut:]
        start = base + cut + len(inner) - len(inner.lstrip())
        if len(inner.strip()) < 4 or not has_genre(inner):
            return None
        return self.title(start, end, 0, 1, False)


def find_quoted_titles(text: str) -> list[QuotedTitle]:
    """Return the outermost titles of a text in order; none overlaps another. Linear in the length of the text.

    Unbalanced marks: a 《 that comes while another is open begins a nested title only after words that take one
    (关于印发, 转发); otherwise the first is read as unclosed. A run of more than three 《 is noise.
    """
    return _Reader(text).read()
