"""Where the filings of one form stand in a sheet: each begins at its title, or where its first labels come again."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from perfsearch.forms.description import Field, Form, Heading, Section
from perfsearch.forms.labels import Found, best_chain, scan
from perfsearch.forms.sheet import Sheet

_GAP = r"[^\S\t]{0,40}"
_CLOSING = r"(?=[^\S\n\t\v]{0,80}(?:[\n\t\v(\[]|$|\d{4}|申))"

_FAR = 300
"""Characters between a label and the title below it, from which on they do not belong together."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A filing's stretch of the sheet: `start` to `end`, its title's end, and the labels in it."""

    form: Form
    start: int
    title_end: int
    end: int
    chain: tuple[Found, ...]
    repeats: tuple[Found, ...]
    """Candidates that the chain left out."""
    candidates: tuple[Found, ...]
    titled: bool
    score: float
    """How well the form fits: the sum of its labels' scores, more for a title and a table."""

    @property
    def core_end(self) -> int:
        """The end of its last label: what follows may belong to the next filing."""
        return max((found.end for found in self.chain), default=self.title_end)


@lru_cache(maxsize=32)
def _title_pattern(form: Form) -> re.Pattern[str]:
    titles = "|".join(_GAP.join(re.escape(c) for c in title) for title in sorted(form.titles, key=len, reverse=True))
    prefix = f"(?P<prefix>[^\n\t\v。;,《》]{{0,{form.prefix_length_max}}}?)"
    opening = rf"(?:^|(?<=[\n\t\v]))[^\S\n\t\v]{{0,80}}{prefix}"
    return re.compile(f"{opening}(?:{titles}){_GAP}(?:[(][^()\n\t\v]{{0,12}}[)])?{_CLOSING}")


@lru_cache(maxsize=32)
def column_header(form: Form) -> re.Pattern[str]:
    """The line of column titles of the indicator table, over folded text; also with one title a line."""
    titles = []
    for column in form.columns:
        if column.optional:
            continue
        words = "|".join(_GAP.join(re.escape(c) for c in title) for title in sorted(column.titles, key=len)[::-1])
        titles.append(f"(?:{words})" + r"(?:[(][^()\n\t\v]{0,20}[)])?")
    return re.compile(r"\s{0,60}".join(titles))


def titles(form: Form, sheet: Sheet) -> list[tuple[int, int]]:
    """Start and end of every line that is the form's title (a sentence that names the form is none)."""
    if not any(title[:2] in sheet.norm for title in form.titles):
        return []
    return [match.span() for match in _title_pattern(form).finditer(sheet.norm)]


def split(form: Form, sheet: Sheet) -> Iterator[Segment]:
    """The filings of a form, in order."""
    candidates = scan(form, sheet.norm)
    heads = titles(form, sheet)
    tables = [match.start() for match in column_header(form).finditer(sheet.norm)] if form.columns else []
    starts = _starts(form, candidates, heads, tables, sheet)
    position = 0
    for number, (start, title_end) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(sheet.text)
        inside = []
        while position < len(candidates) and candidates[position].start < end:
            if candidates[position].start >= start:
                inside.append(candidates[position])
            position += 1
        at = bisect_left(tables, start)
        has_table = at < len(tables) and tables[at] < end
        segment = _segment(form, sheet.norm, (start, title_end, end), inside, has_table=has_table)
        if segment is not None:
            yield replace(segment, end=_end_of(form, segment, sheet.norm))


def _end_of(form: Form, segment: Segment, norm: str) -> int:
    """Where the filing ends at the latest: at a line that only the document around it has."""
    line_end = norm.find("\n", segment.core_end)
    if not form.ends or line_end < 0:
        return segment.end
    found = _ends_pattern(form.ends).search(norm, line_end, segment.end)
    return segment.end if found is None else found.start()


@cache
def _ends_pattern(ends: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=[\n\v])[ \t]*(?:{ends})[ \t]*(?=[\n\v]|$)")


def _segment(
    form: Form, norm: str, span: tuple[int, int, int], inside: Sequence[Found], *, has_table: bool
) -> Segment | None:
    """The filing in a stretch (start, end of its title, end), or None where its labels are too few."""
    start, title_end, end = span
    chain = best_chain(form, inside, norm)
    titled = title_end > start
    if not _is_filing(form, chain, titled):
        return None
    taken = {found.start for found in chain}
    repeats = tuple(found for found in inside if found.start not in taken)
    score = sum(found.score for found in chain) + (8.0 if titled else 0.0) + (8.0 if has_table else 0.0)
    return Segment(form, start, title_end, end, tuple(chain), repeats, tuple(inside), titled, score)


def _starts(
    form: Form, candidates: Sequence[Found], heads: Sequence[tuple[int, int]], tables: Sequence[int], sheet: Sheet
) -> list[tuple[int, int]]:
    """Start and title end of each filing; the title end is the start where it has no title.

    A title opens a filing if a label that opens the form follows before the next title, and is no running head.
    Without a title, a filing opens where the first labels come again after an indicator table.
    """
    events: list[tuple[int, int, object]] = [(start, 0, (start, end)) for start, end in heads]
    events += [(found.start, 1, found) for found in candidates]
    events += [(start, 2, None) for start in tables]
    events.sort(key=lambda event: event[:2])
    starts: list[tuple[int, int]] = []
    title: tuple[int, int] | None = None
    seen: set[str] = set()
    body = table = False
    last = 0
    for number, (position, _, event) in enumerate(events):
        if isinstance(event, tuple):
            title = event
        elif event is None:
            body = table = True
        elif isinstance(event, Found):
            name = event.role.name
            anchor = name in form.anchors
            # A lone label far above the title, on a cover, opens no filing.
            far = title is not None and len(seen) < 2 and title[0] - last > _FAR
            fresh = not starts or (anchor and (title is not None or table) and (name in seen or body or far))
            if fresh and (title is not None or _opens(events, number, form)):
                starts.append(title if title is not None else (_row_start(sheet, position),) * 2)
                seen, body, table = set(), False, False
                title = None
            elif title is not None and starts and (anchor or body):
                title = None
            seen.add(name)
            last = position
            body = body or isinstance(event.role, Section) or (isinstance(event.role, Heading) and bool(seen))
    return starts


def _opens(events: Sequence[tuple[int, int, object]], number: int, form: Form) -> bool:
    """Without a title: do other labels of the form follow, as many as make a filing?"""
    following = {event.role.name for _, _, event in events[number : number + 12] if isinstance(event, Found)}
    return len(following) >= 3


def _row_start(sheet: Sheet, offset: int) -> int:
    return sheet.starts[sheet.row_of(offset)]


def _is_filing(form: Form, chain: Sequence[Found], titled: bool) -> bool:
    n_fields = sum(isinstance(found.role, Field) for found in chain)
    n_sections = sum(isinstance(found.role, Section) for found in chain)
    n_labels = n_fields + n_sections
    named = any(found.role.name == "project_name" for found in chain)
    return n_labels >= form.n_labels_min and (titled or (named and n_sections >= 1 and n_labels >= 3))


def without_overlaps(segments: Sequence[Segment], norm: str) -> list[Segment]:
    """Of segments of several forms, those that fit best, in order; each ends where the next begins."""
    taken: list[Segment] = []
    waiting = sorted(segments, key=lambda segment: (segment.score, -segment.start))
    while waiting:
        segment: Segment | None = waiting.pop()
        assert segment is not None
        at = bisect_right(taken, segment.start, key=lambda other: other.start)
        before = taken[at - 1] if at else None
        after = taken[at] if at < len(taken) else None
        if before and before.core_end > segment.start:
            continue
        if after and segment.core_end > after.start:
            segment = _trim(segment, after.start, norm)
            if segment is None:
                continue
        taken.insert(at, segment)
    ends = [segment.start for segment in taken[1:]]
    last = [taken[-1].end] if taken else []
    return [replace(segment, end=min(segment.end, end)) for segment, end in zip(taken, [*ends, *last], strict=True)]


def _trim(segment: Segment, end: int, norm: str) -> Segment | None:
    """A segment that runs into a better one, up to where that begins, if it is still a filing."""
    inside = [found for found in segment.candidates if found.end <= end]
    return _segment(segment.form, norm, (segment.start, segment.title_end, end), inside, has_table=False)
